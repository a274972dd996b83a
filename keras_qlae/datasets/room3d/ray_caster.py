"""Casts rays into the room and computes the light from each material.

Hues do not change the rays: a picture is the light from floor, walls, object
and sky to each pixel, times their four colours. So 480,000 pictures need rays
for 8 x 4 x 15 geometries only.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from keras_qlae.datasets.casting.solids import SOLIDS
from keras_qlae.datasets.casting.solids import shade

Array = np.ndarray

MATERIALS = ("floor", "wall", "object", "sky")
SCALES = np.linspace(0.75, 1.25, 8)
SHAPES = tuple(SOLIDS)
ORIENTATIONS = np.linspace(-30.0, 30.0, 15)  # degrees
NUM_GEOMETRIES = len(SCALES) * len(SHAPES) * len(ORIENTATIONS)

SAMPLES_PER_SIDE = 2  # of a pixel: 2 x 2 rays are averaged

# The camera circles the object and looks down at it.
CAMERA_DISTANCE = 4.0
CAMERA_HEIGHT = 2.0
CAMERA_PITCH = np.deg2rad(15.0)
FIELD_OF_VIEW = np.deg2rad(45.0)

SIDE_WALL, BACK_WALL = 2.6, 3.2  # distance from the object
WALL_HEIGHT = 2.1

# The lamp stays in its place in the room: the shadow turns with the picture.
_LAMP = np.array([-0.60, -0.12, 1.0])
LAMP = _LAMP / np.linalg.norm(_LAMP)
SHADOW = 0.45
WALL_LIGHT = {"back": 0.86, "left": 0.60, "right": 0.74}


class Rays(NamedTuple):
    """One ray per sample, all from one point.

    Attributes:
        origin: `(3, 1)`.
        direction: `(3, num_rays)`, of unit length.
    """

    origin: Array
    direction: Array


class Room(NamedTuple):
    """What each ray meets in the room without its object.

    Attributes:
        distance: `(num_rays,)`.
        floor_point: `(3, num_rays)`, the origin for a ray that misses.
        light: `(num_rays, 4)`, a row has one entry that is not zero.
    """

    distance: Array
    floor_point: Array
    light: Array


def camera_rays(orientation: float, samples_per_side: int) -> Rays:
    """Aims the rays of a square picture, row by row from the top left.

    The camera has circled the object by `orientation` degrees. There are
    `samples_per_side ** 2` rays.
    """
    steps = (np.arange(samples_per_side) + 0.5) / samples_per_side * 2 - 1
    steps *= np.tan(FIELD_OF_VIEW / 2)
    down, right = (a.ravel() for a in np.meshgrid(steps, steps, indexing="ij"))
    angle = np.deg2rad(orientation)
    sine, cosine = np.sin(angle), np.cos(angle)
    ahead = np.cos(CAMERA_PITCH) - down * np.sin(CAMERA_PITCH)
    up = -np.sin(CAMERA_PITCH) - down * np.cos(CAMERA_PITCH)
    direction = np.stack(
        [cosine * right - sine * ahead, sine * right + cosine * ahead, up]
    )
    direction /= np.linalg.norm(direction, axis=0)
    origin = np.array(
        [CAMERA_DISTANCE * sine, -CAMERA_DISTANCE * cosine, CAMERA_HEIGHT]
    )
    return Rays(origin[:, None], direction)


def cast_room(rays: Rays) -> Room:
    """Casts rays into the room without its object."""
    (x, y, z), (dx, dy, dz) = rays.origin, rays.direction
    with np.errstate(divide="ignore"):
        to_floor = np.where(dz < 0, -z / dz, np.inf)
        to_back = np.where(dy > 0, (BACK_WALL - y) / dy, np.inf)
        to_side = (np.copysign(SIDE_WALL, dx) - x) / dx
    to_wall = np.minimum(to_back, to_side)
    is_floor = to_floor < to_wall
    is_wall = ~is_floor & (z + to_wall * dz < WALL_HEIGHT)
    point = rays.origin + np.where(is_floor, to_floor, 0.0) * rays.direction
    light = np.zeros((len(dx), len(MATERIALS)))
    light[:, 0] = np.where(is_floor, _floor_light(point), 0.0)
    light[:, 1] = np.where(is_wall, _wall_light(dx, to_back < to_side), 0.0)
    light[:, 3] = ~is_floor & ~is_wall
    return Room(np.minimum(to_floor, to_wall), point, light)


def _floor_light(point: Array) -> Array:
    squared_distance = point[0] ** 2 + point[1] ** 2
    light: Array = np.clip(1.0 - 0.012 * squared_distance, 0.0, 1.0)
    return light


def _wall_light(dx: Array, is_back: Array) -> Array:
    side = np.where(dx > 0, WALL_LIGHT["right"], WALL_LIGHT["left"])
    return np.where(is_back, WALL_LIGHT["back"], side)


def cast_geometry(rays: Rays, room: Room, shape: str, scale: float) -> Array:
    """Casts rays into the room, `cast_room(rays)`, with one object in it.

    Returns the light that each of `MATERIALS` sends along each ray: `(num_rays,
    4)`, in `[0, 1]`.
    """
    solid = SOLIDS[shape]
    # A ray along a face divides by 0, which correctly gives infinity.
    with np.errstate(divide="ignore", invalid="ignore"):
        # Scaling the object up looks the same as scaling the room down.
        hit = solid(rays.origin / scale, rays.direction)
        cover = solid(room.floor_point / scale, LAMP[:, None])
    is_object = hit.distance * scale < room.distance
    shadow = cover.distance < np.inf
    light = room.light.copy()
    light[shadow, 0] *= SHADOW
    light[is_object] = 0.0
    light[is_object, 2] = shade(hit, rays.direction, LAMP)[is_object]
    return light


def cast(image_size: int) -> Iterator[tuple[int, Array]]:
    """Casts all geometries, one after the other to save memory.

    Args:
        image_size: Positive integer, height and width of the pictures.

    Yields:
        `(geometry, light)`. The number of the geometry counts through scale,
        shape and orientation, of which the last varies fastest. The mean light
        of each pixel is float64 in `[0, 1]`, `(image_size, image_size, 4)`;
        the four materials of a pixel sum to at most 1.
    """
    grid = (len(SCALES), len(SHAPES), len(ORIENTATIONS))
    for k, orientation in enumerate(ORIENTATIONS):
        rays = camera_rays(orientation, image_size * SAMPLES_PER_SIDE)
        room = cast_room(rays)
        for i, scale in enumerate(SCALES):
            for j, shape in enumerate(SHAPES):
                samples = cast_geometry(rays, room, shape, scale)
                geometry = int(np.ravel_multi_index((i, j, k), grid))
                yield geometry, _average(samples, image_size)


def _average(samples: Array, image_size: int) -> Array:
    n = SAMPLES_PER_SIDE
    grid = samples.reshape(image_size, n, image_size, n, len(MATERIALS))
    mean: Array = grid.mean(axis=(1, 3))
    return mean
