"""room3d_nuisance: room3d with light, discs and noise, none of them a factor.

The nuisance of a picture is chosen from three pools, by numbers that depend on
the picture's position and a seed. The pools are computed from raw random bits
with exact integer arithmetic, so that they are the same on every machine.
"""

import dataclasses
import functools
from collections.abc import Iterator
from typing import Any
from typing import NamedTuple

import numpy as np

from keras_qlae.datasets import pipeline
from keras_qlae.datasets.checks import check_integer
from keras_qlae.datasets.checks import check_memory
from keras_qlae.datasets.factor_dataset import Op
from keras_qlae.datasets.room3d.dataset import INFO as ROOM_INFO
from keras_qlae.datasets.room3d.dataset import VERSION as ROOM_VERSION
from keras_qlae.datasets.room3d.dataset import Room3D

VERSION = 1  # of what is added: counted up when it changes
POOL = 128  # of each kind; 128 ** 3 combinations
BYTES_PER_PIXEL = POOL * (1 + 1 + 3 + 3) * 5  # the last: while it is made
FULL_GAIN = 128  # brightness as in room3d
FULL_COVER = 64
_FULL = FULL_GAIN * FULL_COVER
NUM_THINGS = 3
NOISE = 5  # values of one of the four parts of noise: -8 to 8 levels in all


class Pools(NamedTuple):
    """What is drawn from, `POOL` of each, read-only.

    Attributes:
        gain: uint8 `(POOL, num_pixels, 1)`, of `FULL_GAIN`.
        cover: uint8 `(POOL, num_pixels, 1)`, of `FULL_COVER`: how much of a
            pixel small things hide.
        thing: uint16 `(POOL, num_pixels, 3)`: `cover` times their colour.
        noise: int8 `(POOL, num_pixels, 3)`, levels.
    """

    gain: np.ndarray
    cover: np.ndarray
    thing: np.ndarray
    noise: np.ndarray


class Room3DNuisance(Room3D):
    """room3d with light, things and noise that no factor names.

    The six factors and their order are those of `Room3D`. Each picture also
    has

    - different, uneven light: brighter or darker by up to a quarter;
    - three small coloured discs near the border;
    - noise with a standard deviation of about 3 levels.

    These depend on the picture's position and `seed`, so that a picture is
    always the same. They are independent of the factors. Compare with
    `Room3D` to measure the effect of nuisance on a model. The pictures do not
    imitate photographs.

    Args:
        image_size: Height and width, at least 8. Defaults to `64`.
        seed: Integer in `[0, 2 ** 32)`. Defaults to `0`.

    Example:
        >>> dataset = Room3DNuisance(image_size=32)
        >>> bool((dataset.images([7]) == dataset.images([7])).all())
        True
    """

    def __init__(self, image_size: int = 64, seed: int = 0) -> None:
        super().__init__(image_size)
        self.seed = check_integer("seed", seed, minimum=0)
        if self.seed >= 2**32:
            raise ValueError(
                f"`seed` must be below 2 ** 32. Received: seed={seed}"
            )
        check_memory(
            f"image_size={image_size}", image_size**2 * BYTES_PER_PIXEL
        )
        self.name = "room3d_nuisance"

    def _content(self) -> Iterator[bytes]:
        yield f"{self.name} {ROOM_VERSION} {VERSION} {self.seed}".encode()

    def _images(self, index: np.ndarray) -> np.ndarray:
        pools = load_pools(self.image_size)
        images = super()._images(index)
        flat = images.reshape(len(index), -1, 3)
        for place, position in enumerate(index):
            light, things, noise = draws(position, self.seed)
            open_part = FULL_COVER - pools.cover[things].astype(np.int32)
            total = flat[place] * (pools.gain[light] * open_part)
            total += FULL_GAIN * pools.thing[things].astype(np.int32)
            level = (total + _FULL // 2) // _FULL + pools.noise[noise]
            flat[place] = level.clip(0, 255)
        return images

    def _level_op(self) -> Op:
        tf = pipeline.import_tensorflow()
        pools = load_pools(self.image_size)
        gain_of, cover_of, thing_of, noise_of = map(pipeline.gather_op, pools)
        room_of = super()._level_op()
        flat = (-1, self.image_size**2, 3)

        def levels(index: Any) -> Any:
            light, things, noise = draws(index, self.seed)

            def of(pool: Op, choice: Any) -> Any:
                return tf.cast(pool(choice), tf.float32)

            # All are whole numbers below 2 ** 24: float32 is exact.
            room = tf.reshape(room_of(index), flat)
            keep = of(gain_of, light) * (FULL_COVER - of(cover_of, things))
            total = room * keep + FULL_GAIN * of(thing_of, things)
            level = tf.floor(total / _FULL + 0.5) + of(noise_of, noise)
            level = tf.clip_by_value(level, 0.0, 255.0)
            return tf.reshape(level, (-1, *self.image_shape))

        return levels


def draws(index: Any, seed: int) -> tuple[Any, Any, Any]:
    """Chooses three numbers below `POOL` for each position, int64.

    Works on NumPy and TensorFlow integers alike. The seed is in `[0, 2 ** 32)`.
    """
    mixed = _mix(_mix(index) ^ int(_mix(seed)))
    choices = [_mix((mixed + 7919 * k) % 2**32) % POOL for k in range(1, 4)]
    return choices[0], choices[1], choices[2]


def _mix(number: Any) -> Any:
    """A bijection of 32 bits under which neighbours become different."""
    for _ in range(2):
        number = ((number // 2**16) ^ number) * 0x45D9F3B % 2**32
    return (number // 2**16) ^ number


@functools.lru_cache(maxsize=2)
def load_pools(image_size: int) -> Pools:
    """Makes the pools of a size; the last ones used are cached."""
    steps = (np.arange(image_size) + 0.5) / image_size
    y, x = (a.ravel() for a in np.meshgrid(steps, steps, indexing="ij"))
    bits = np.random.PCG64(0)

    def uniform(*shape: int) -> np.ndarray:
        raw = bits.random_raw(int(np.prod(shape))) >> np.uint64(40)
        values: np.ndarray = raw.reshape(shape) / 2**24
        return values

    level, across, down = 2 * uniform(3, POOL, 1) - 1
    gain = 1 + 0.12 * level + 0.13 * (across * (x - 0.5) + down * (y - 0.5))
    cover = np.zeros((POOL, image_size**2, 1), np.uint8)
    thing = np.zeros((POOL, image_size**2, 3), np.uint16)
    for k in range(POOL):
        for side in range(NUM_THINGS):
            place, depth, size = uniform(3)
            # Near the left, right or upper border.
            near, far = 0.05 + 0.13 * depth, 0.08 + 0.84 * place
            middle = [(near, far), (1 - near, far), (far, near)][side]
            radius = 0.03 + 0.035 * size
            color = np.rint(60 + 180 * uniform(3)).astype(np.uint16)
            gap = np.sqrt((x - middle[0]) ** 2 + (y - middle[1]) ** 2)
            part = ((radius - gap) * image_size + 0.5).clip(0, 1)
            hidden = np.rint(FULL_COVER * part).astype(np.uint8)
            over = hidden > cover[k, :, 0]
            cover[k, over, 0] = hidden[over]
            thing[k, over] = hidden[over, None] * color
    raw = bits.random_raw(POOL * image_size**2 * 3).reshape(POOL, -1, 3)
    # A sum of four even variables is close to normal.
    shifts = np.arange(0, 64, 16, dtype=np.uint64)
    parts = (raw[..., None] >> shifts) % np.uint64(NOISE)
    noise = parts.sum(axis=-1).astype(np.int8)
    pools = Pools(
        np.rint(FULL_GAIN * gain).astype(np.uint8)[..., None],
        cover,
        thing,
        noise - np.int8(2 * (NOISE - 1)),
    )
    for pool in pools:
        pool.flags.writeable = False
    return pools


INFO = dataclasses.replace(
    ROOM_INFO,
    name="room3d_nuisance",
    summary="room3d with light, discs and noise as nuisance; embedded.",
    description=(
        "The pictures of room3d, each with different light, three small discs "
        "near the border and noise, which are independent of the factors. They "
        "depend on the picture's position and a seed. Compare scores with "
        "those on room3d only to measure the effect of this nuisance, and not "
        "with those published for 3D Shapes."
    ),
    options=ROOM_INFO.options
    | {"seed": "for the nuisance, below 2 ** 32 (default 0); in Python"},
    make=Room3DNuisance,
)
