"""Makes batches of a data set with `tf.data`."""

import dataclasses
import functools
import warnings
import weakref
from collections.abc import Callable
from typing import Any
from typing import Protocol

import numpy as np

from keras_qlae.datasets.checks import check_integer

# TensorFlow's default of 4 rounds leaves neighbours correlated (0.06 over
# 480,000 images, and batches more even than random ones); 12 leave nothing.
SHUFFLE_ROUNDS = 12
BATCHES_AHEAD = 4

Op = Callable[[Any], Any]


class Source(Protocol):
    """The methods of a data set that the pipeline needs."""

    def _image_op(self) -> Op: ...

    def _factor_op(self) -> Op: ...


@dataclasses.dataclass(frozen=True)
class BatchPlan:
    """Which images form which batch; arguments as in `as_tf_dataset`."""

    num_images: int
    batch_size: int
    drop_remainder: bool
    shuffle: bool = False
    repeat: bool = False
    seed: int = 0
    start_epoch: int = 0
    start_batch: int = 0
    share: int = 0
    num_shares: int = 1

    def __post_init__(self) -> None:
        check_integer("batch_size", self.batch_size, minimum=1)
        for name in ("seed", "start_epoch", "start_batch"):
            check_integer(name, getattr(self, name), minimum=0)
        if self.seed >= 2**64:
            raise ValueError(
                f"`seed` must be below 2 ** 64. Received: seed={self.seed}"
            )
        if self.drop_remainder and self.batch_size > self.num_images:
            raise ValueError(
                "`batch_size` exceeds the number of images, so that every "
                "batch would be dropped as incomplete. Use a smaller "
                "`batch_size` or pass `drop_remainder=False`. Received: "
                f"batch_size={self.batch_size}, {self.num_images} images"
            )
        for name in ("share", "num_shares"):
            check_integer(name, getattr(self, name), minimum=0)
        if self.share >= self.num_shares or self.batch_size % self.num_shares:
            raise ValueError(
                "`num_shares` must divide `batch_size`, and `share` must be "
                f"below `num_shares`. Received: share={self.share}, "
                f"num_shares={self.num_shares}, batch_size={self.batch_size}"
            )
        if self.num_shares > 1 and not self.drop_remainder:
            raise ValueError(
                "Batches can be shared only if all have the same size: pass "
                "`drop_remainder=True`. Received: "
                f"num_shares={self.num_shares}, drop_remainder=False"
            )
        if self.start_batch and not self.repeat:
            raise ValueError(
                "`start_batch` needs `repeat=True`: without it every pass is "
                "a whole epoch. Received: "
                f"start_batch={self.start_batch}, repeat=False"
            )
        if self.start_batch >= self.batches_per_epoch:
            raise ValueError(
                f"`start_batch` must be smaller than the number of batches in "
                f"an epoch, {self.batches_per_epoch}; later batches belong to "
                f"a later `start_epoch`. Received: "
                f"start_batch={self.start_batch}"
            )

    @property
    def batches_per_epoch(self) -> int:
        """The number of batches in one epoch."""
        if self.drop_remainder:
            return self.num_images // self.batch_size
        return -(-self.num_images // self.batch_size)

    def positions(self, epoch: Any, batch: Any) -> Any:
        """The positions of a batch's images: `(batch_size / num_shares,)`.

        `epoch` and `batch`, its number in the epoch, are int64 scalar tensors.
        """
        tf = import_tensorflow()
        size = self.batch_size // self.num_shares
        first = batch * self.batch_size + self.share * size
        place = first + tf.range(size, dtype=tf.int64)
        if not self.drop_remainder:
            place = place[: self.num_images - batch * self.batch_size]
        return self._shuffled(place, epoch) if self.shuffle else place

    def _shuffled(self, place: Any, epoch: Any) -> Any:
        """Maps each place to its image: a bijection of the data set."""
        tf = import_tensorflow()
        low, high = self.seed & 0xFFFFFFFF, self.seed >> 32
        return tf.raw_ops.RandomIndexShuffle(
            index=place,
            seed=tf.stack([low, high, epoch]),
            max_index=tf.constant(self.num_images - 1, tf.int64),
            rounds=SHUFFLE_ROUNDS,
        )


def build(source: Source, plan: BatchPlan, with_factors: bool) -> Any:
    """Builds the `tf.data.Dataset` of a plan, as of `as_tf_dataset`."""
    tf = import_tensorflow()
    with tf.device("CPU:0"):
        image_op = source._image_op()
        factor_op = source._factor_op() if with_factors else None

        def render(epoch: Any, batch: Any) -> Any:
            index = plan.positions(epoch, batch)
            if factor_op is None:
                return image_op(index)
            return image_op(index), factor_op(index)

        if plan.repeat:
            return _endless(tf, plan, render)
        return _passes(tf, plan, render)


def _endless(tf: Any, plan: BatchPlan, render: Callable[..., Any]) -> Any:
    """Batches of one epoch after the other, without end."""
    per_epoch = plan.batches_per_epoch
    first = plan.start_epoch * per_epoch + plan.start_batch
    steps = tf.data.Dataset.counter(start=first)
    batches = steps.map(
        lambda step: render(step // per_epoch, step % per_epoch),
        num_parallel_calls=tf.data.AUTOTUNE,
    )
    return batches.prefetch(BATCHES_AHEAD)


def _passes(tf: Any, plan: BatchPlan, render: Callable[..., Any]) -> Any:
    """One epoch per pass; after a full pass the next pass is the next epoch.

    The number of the epoch is read when a pass starts, and increased when its
    last batch is returned, after prefetching: batches that were rendered ahead
    and never used do not count.
    """
    # Not a variable, which `tf.distribute` would mirror.
    state = tf.lookup.experimental.MutableHashTable(
        tf.int64, tf.int64, default_value=plan.start_epoch
    )
    key = tf.constant(0, tf.int64)
    per_epoch = plan.batches_per_epoch

    def number(epoch: Any, batch: Any) -> Any:
        epoch = tf.where(tf.equal(batch, 0), state.lookup(key), epoch)
        return epoch, (epoch, batch)

    def hand_over(epoch: Any, batch: Any, elements: Any) -> Any:
        tf.cond(
            tf.equal(batch, per_epoch - 1),
            lambda: tf.group(state.insert(key, epoch + 1)),
            tf.no_op,
        )
        return elements

    order = tf.data.Dataset.range(per_epoch).scan(key, number)
    rendered = order.map(
        lambda epoch, batch: (epoch, batch, render(epoch, batch)),
        num_parallel_calls=tf.data.AUTOTUNE,
    )
    dataset = rendered.prefetch(BATCHES_AHEAD).map(hand_over)
    options = tf.data.Options()
    options.experimental_optimization.inject_prefetch = False  # see above
    dataset = dataset.with_options(options)
    dataset._keras_qlae_state = state  # lives as long as the data set
    return dataset


def chain_op(first: Op, second: Op) -> Op:
    """Returns the function that applies `first`, then `second`."""
    return lambda index: second(first(index))


def gather_op(table: np.ndarray) -> Op:
    """Returns the function that looks up rows of a table.

    Rows of a mapped file are read there. Those in memory are copied at most
    once, for all pipelines and iterators, so that they must not change.
    """
    tf = import_tensorflow()
    rows = _shared_rows(table)
    dtype = tf.as_dtype(table.dtype)

    def gather(index: Any) -> Any:
        # `ResourceGather` would copy the whole table.
        whole = tf.raw_ops.ReadVariableOp(resource=rows, dtype=dtype)
        return tf.gather(tf.ensure_shape(whole, table.shape), index)

    return gather


# Keyed by the identity of the array, which the handle keeps alive.
_HANDLES: weakref.WeakValueDictionary[int, Any] = weakref.WeakValueDictionary()
_ALIGNMENT = 64  # bytes
# TensorFlow's name for resources that end with their last handle.
_ANONYMOUS = "cd2c89b7-88b7-44c8-ad83-06c2a9158347"


def _shared_rows(array: np.ndarray) -> Any:
    """Returns the handle of an array's values, one for all pipelines.

    Each iterator copies the tensors that its functions use, but not what is
    behind a handle. It is not a `tf.Variable`, since `tf.distribute` would
    copy that to each device.
    """
    handle = _HANDLES.get(id(array))
    if handle is None:
        tf = import_tensorflow()
        with tf.init_scope(), tf.device("CPU:0"):
            values = _shared_tensor(array)
            handle = tf.raw_ops.VarHandleOp(
                dtype=values.dtype, shape=values.shape, shared_name=_ANONYMOUS
            )
            tf.raw_ops.AssignVariableOp(resource=handle, value=values)
        handle._keras_qlae_array = array
        _HANDLES[id(array)] = handle
    return handle


def _shared_tensor(array: np.ndarray) -> Any:
    """Returns a tensor with the array's values, in its memory if possible.

    TensorFlow's operations need an aligned address. Mapped `.npy` files have
    one; of other arrays it may be necessary to make a copy.
    """
    tf = import_tensorflow()
    array = np.ascontiguousarray(array)
    if array.size == 0 or array.ctypes.data % _ALIGNMENT:
        return tf.convert_to_tensor(array)
    values = np.asarray(_AsWritable(array))
    return tf.experimental.dlpack.from_dlpack(values.__dlpack__())


class _AsWritable:
    """Shows a read-only array as writable, which DLPack asks for.

    Nothing writes to it.
    """

    def __init__(self, array: np.ndarray) -> None:
        self._owner = array  # lives as long as the view
        interface = array.__array_interface__
        address, _ = interface["data"]
        self.__array_interface__ = interface | {"data": (address, False)}


def unit_op() -> Op:
    """Returns the function from 0, 1, ... 255 to float32 in `[0, 1]`."""
    tf = import_tensorflow()
    # Not a plain constant: TensorFlow would multiply by its inverse instead,
    # which is off by one bit for some values.
    divisor = tf.convert_to_tensor(np.float32(255))
    return lambda images: tf.cast(images, tf.float32) / divisor


@functools.cache
def import_tensorflow() -> Any:
    """Imports TensorFlow on first use; on JAX and PyTorch only for data."""
    # Keras first: PyTorch, if it is the backend, must load before TensorFlow.
    import keras

    try:
        import tensorflow as tf  # noqa: TID251
    except ModuleNotFoundError as error:
        if error.name != "tensorflow":
            raise
        raise ImportError(
            "Batches of a data set are made by tf.data, of TensorFlow, on "
            "every backend: pip install tensorflow (it does not exist for "
            "Python 3.14). Without it, train models on arrays: "
            "`model.fit(dataset.images(range(len(dataset))))`"
        ) from error

    if keras.backend.backend() != "tensorflow":
        _hide_gpus_from_tensorflow(tf)
    return tf


def _hide_gpus_from_tensorflow(tf: Any) -> None:
    """Keeps TensorFlow from taking the GPUs' memory."""
    if not tf.config.get_visible_devices("GPU"):
        return
    try:
        tf.config.set_visible_devices([], "GPU")
    except RuntimeError:
        warnings.warn(
            "TensorFlow was used before the first data set and may have taken "
            "the GPU's memory, which Keras' backend needs. Call "
            '`tf.config.set_visible_devices([], "GPU")` right after '
            "importing TensorFlow.",
            stacklevel=2,
        )
