"""The base class of data sets with factors of variation."""

import abc
import hashlib
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Sequence
from typing import Any
from typing import Self

import numpy as np

from keras_qlae.datasets import pipeline
from keras_qlae.datasets.checks import check_factors
from keras_qlae.datasets.checks import check_index
from keras_qlae.datasets.checks import check_integer
from keras_qlae.datasets.rows import find_rows
from keras_qlae.datasets.support import FULL
from keras_qlae.datasets.support import Counts
from keras_qlae.datasets.support import Support
from keras_qlae.datasets.support import occurrences
from keras_qlae.datasets.support import split_positions

Op = Callable[[Any], Any]
_NUM_SAMPLES = 1000


class FactorDataset(abc.ABC):
    """Images with the values of their factors.

    Images have positions `0 .. len(dataset) - 1`. The values of a factor are
    numbered: factor `f` has the values `0 .. factor_sizes[f] - 1`. A data set
    without factors can be used for training, but not for scores.

    A data set may have vectors, or sequences of vectors, in place of images.
    The same holds for them, except that they are float32 of any range.

    A data set never changes, holds no TensorFlow object, and can be pickled;
    `copy.deepcopy` returns the data set itself, which may be large.

    A subclass defines `__len__`, `_factors`, `_images` and `_image_op`. It may
    override `_factor_op` and `_index_of` with faster methods, and `_content`
    with a more reliable one.

    Args:
        name: Name of the data set.
        factor_names: One name for each factor; none if they are unknown.
        factor_sizes: The number of values of each factor.
        image_shape: `(height, width, channels)`; of vectors `(width,)`, of
            sequences `(length, width)`.
    """

    def __init__(
        self,
        name: str,
        factor_names: Sequence[str],
        factor_sizes: Sequence[int],
        image_shape: Sequence[int],
    ) -> None:
        self.name = name
        self.factor_names = tuple(factor_names)
        self.factor_sizes = tuple(int(size) for size in factor_sizes)
        self.image_shape = tuple(int(length) for length in image_shape)
        self._fingerprint = ""

    def __repr__(self) -> str:
        sizes = zip(self.factor_names, self.factor_sizes, strict=True)
        factors = ", ".join(f"{name} {size}" for name, size in sizes)
        factors = factors or "no factors"
        return (
            f"<{type(self).__name__} {self.name!r}: {len(self)} "
            f"{'images' if self.has_images else 'vectors'} of "
            f"{self.image_shape}; {factors}>"
        )

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self

    @abc.abstractmethod
    def __len__(self) -> int:
        """Returns the number of images."""

    @abc.abstractmethod
    def _factors(self, index: np.ndarray) -> np.ndarray:
        """Factors of valid positions: int64 `(n,)` -> int32 `(n, F)`."""

    @abc.abstractmethod
    def _images(self, index: np.ndarray) -> np.ndarray:
        """Images of valid positions: int64 `(n,)` -> uint8 `(n, H, W, C)`.

        Vectors are float32 `(n, *image_shape)`.
        """

    @abc.abstractmethod
    def _image_op(self) -> Op:
        """Builds the TensorFlow counterpart of `_images`, on the CPU.

        Returns:
            A function of TensorFlow ops from int64 positions `(n,)` to float32
            images `(n, H, W, C)`, exactly `_images(index) / 255`, or vectors
            as they are. It may be traced many times; large constants are made
            once, before it.
        """

    def _factor_op(self) -> Op:
        """Builds the TensorFlow counterpart of `_factors`, on the CPU."""
        return pipeline.gather_op(self._factors(np.arange(len(self))))

    def _index_of(self, factors: np.ndarray) -> np.ndarray:
        """Finds valid factors; -1 if the data set has no such image."""
        return find_rows(self._factors(np.arange(len(self))), factors)

    def _content(self) -> Iterator[Any]:
        """The bytes that `fingerprint` hashes: here some images and factors."""
        step = max(1, len(self) // _NUM_SAMPLES)
        index = np.arange(0, len(self), step)
        yield np.ascontiguousarray(self._images(index))
        yield np.ascontiguousarray(self._factors(index))

    def fingerprint(self) -> str:
        """Computes a hash that differs for other or changed data sets.

        It is a hash of the version of the pictures for an embedded data set,
        of the hashes of all pixels for a prepared one, of the names and the
        content of all files for a folder, of the content for arrays, and
        otherwise of at least 1,000 images spread over the data set. It does
        not depend on the place of the data, their time of writing or the
        name.

        Returns:
            16 hexadecimal digits; computed at the first call and kept.
        """
        if not self._fingerprint:
            known = (self.factor_names, self.factor_sizes, self.image_shape)
            digest = hashlib.sha256(repr((*known, len(self))).encode())
            for part in self._content():
                digest.update(part)
            self._fingerprint = digest.hexdigest()[:16]
        return self._fingerprint

    @property
    def has_images(self) -> bool:
        """Whether it has images, not vectors."""
        return len(self.image_shape) == 3

    @property
    def has_factors(self) -> bool:
        """Whether factors are known, so that models can be scored."""
        return bool(self.factor_names)

    def factors(self, index: Any) -> np.ndarray:
        """Looks up factors.

        Args:
            index: Positions, integers of shape `(n,)`.

        Returns:
            int32 of shape `(n, num_factors)`.

        Raises:
            ValueError: If a position is outside the data set.
        """
        return self._factors(check_index(index, len(self)))

    def images(self, index: Any) -> np.ndarray:
        """Looks up images.

        Args:
            index: Positions, integers of shape `(n,)`.

        Returns:
            uint8 of shape `(n, height, width, channels)`; vectors float32 of
            shape `(n, *image_shape)`.

        Raises:
            ValueError: If a position is outside the data set.
        """
        return self._images(check_index(index, len(self)))

    def index_of(self, factors: Any) -> np.ndarray:
        """Finds the images that have given factors.

        Args:
            factors: Integers of shape `(n, num_factors)`.

        Returns:
            int64 of shape `(n,)`: for each row the first position with these
            factors, so that `dataset.factors(dataset.index_of(f)) == f`.

        Raises:
            ValueError: If a value is not one of its factor's, or the data set
                has no image with these factors.
        """
        wanted = check_factors(factors, self.factor_names, self.factor_sizes)
        index = self._index_of(wanted)
        missing = np.flatnonzero(index < 0)
        if missing.size:
            raise ValueError(
                f"{missing.size} of {len(wanted)} rows of `factors` belong to "
                "no image here. A part of a split has only some of the "
                "images: use the whole data set. Received first: "
                f"{wanted[missing[0]].tolist()}"
            )
        return index

    def subset(self, index: Any) -> "Subset":
        """Takes some of the images.

        Args:
            index: Positions, integers of shape `(n,)`, at least one.

        Returns:
            A data set whose image `i` is image `index[i]` of this one.
        """
        return Subset(self, check_index(index, len(self)))

    def split(
        self,
        validation: int = 10_000,
        seed: int = 0,
        protocol: str = "held_out",
        support: Support = FULL,
        scored_support: str = "same",
    ) -> tuple["FactorDataset", "FactorDataset"]:
        """Draws images to score on, at random from the whole data set.

        Args:
            validation: Number of different images to score on. Defaults to
                `10_000`.
            seed: Integer of at least 0. The same seed draws the same images,
                on every machine.
            protocol: `"held_out"`, the default, keeps them out of training.
                `"paper"` also uses them for training, as the paper does; it
                scores the first 10,000 training images, stored in a random
                order.
            support: Which combinations of factors are used for training, as
                in `with_support`. Defaults to `"full"`: all.
            scored_support: `"same"`, the default, draws from the images of
                the support, and repeats those that it repeats; `"full"` draws
                from all images.

        Returns:
            `(train, validation)`, each in the order of this data set; without
            a common image unless `protocol="paper"`.

        Raises:
            ValueError: If `validation` leaves no image, as `with_support`
                does, or an argument has an unknown value.
        """
        for name, value, known in (
            ("protocol", protocol, ("held_out", "paper")),
            ("scored_support", scored_support, ("same", "full")),
        ):
            if value not in known:
                raise ValueError(
                    f"`{name}` must be {' or '.join(map(repr, known))}. "
                    f"Received: {name}={value!r}"
                )
        validation = check_integer("validation", validation, minimum=1)
        seed = check_integer("seed", seed, minimum=0)
        counts = self.occurrences(support)
        train, scored = split_positions(
            counts, validation, seed, protocol, scored_support
        )
        is_whole = protocol == "paper" and (counts == 1).all()
        return self if is_whole else self.subset(train), self.subset(scored)

    def with_support(self, support: Support) -> "FactorDataset":
        """Leaves out combinations of factors, or repeats some.

        So independent factors become correlated, or some combinations never
        occur. The numbers below are those of the factors' values, from 0.

        Args:
            support: One of

                - `"corner:C"`: images of which the factors' numbers have a sum
                  of at least C;
                - `"diagonal_remove:R"`: all images except those in which the
                  second and the third factor have the same number of at most
                  R;
                - `"diagonal_strengthen:N"`: all, and N more, drawn at random
                  with replacement from those in which the second, third, fifth
                  and sixth factor have the same number;
                - `"full"`: all images;
                - your own function of factors, int32 `(n, num_factors)`, that
                  returns `n` booleans, which images are kept, or `n`
                  integers, how often each occurs.

                Name other factors at the end, as in
                `"diagonal_remove:2:scale,shape"`. If the data set has fewer
                factors than these, all are used.

        Returns:
            A data set of the remaining images, in the same order.

        Raises:
            ValueError: If `support` is invalid, leaves no image, or names a
                factor that does not exist; or if no factors are known.

        Example:
            >>> dataset = keras_qlae.datasets.load("room3d", image_size=32)
            >>> len(dataset), len(dataset.with_support("corner:25"))
            (480000, 265981)

        Reference:
            "Range, not Independence, Drives Modularity in Biologically
            Inspired Representations", ICLR 2025, arXiv 2410.06232, and the
            code published with it.
        """
        counts = self.occurrences(support)
        return self.subset(np.repeat(np.arange(len(self)), counts))

    def occurrences(self, support: Support) -> Counts:
        """Computes how often each image occurs under a support.

        Args:
            support: As in `with_support`.

        Returns:
            int64 `(n,)`, not all of them 0.

        Raises:
            ValueError: As `with_support`.
        """
        if isinstance(support, str) and support == FULL:
            return np.ones(len(self), np.int64)
        factors = self._factors(np.arange(len(self)))
        return occurrences(support, factors, self.factor_names)

    def batches_per_epoch(
        self, batch_size: int, drop_remainder: bool = True
    ) -> int:
        """Counts the batches of one epoch.

        `divmod(step, dataset.batches_per_epoch(batch_size))` is the
        `start_epoch` and `start_batch` with which `as_tf_dataset` continues
        after `step` batches.

        Args:
            batch_size: Number of images in a batch.
            drop_remainder: Whether a last, smaller batch is left out.

        Returns:
            The number of batches.
        """
        return pipeline.BatchPlan(
            num_images=len(self),
            batch_size=batch_size,
            drop_remainder=drop_remainder,
        ).batches_per_epoch

    def as_tf_dataset(
        self,
        batch_size: int,
        *,
        shuffle: bool = False,
        repeat: bool = False,
        seed: int = 0,
        start_epoch: int = 0,
        start_batch: int = 0,
        with_factors: bool = True,
        drop_remainder: bool | None = None,
        share: int = 0,
        num_shares: int = 1,
    ) -> Any:
        """Builds a `tf.data.Dataset` of batches, ready for `fit`.

        It consists of TensorFlow ops only, prefetches, and works with models
        on every Keras backend. Keras can read the number of batches.

        With `shuffle`, an epoch has a random order of the whole data set. The
        order depends only on `seed` and on the number of the epoch, and is
        not stored in memory. With `repeat` the stream runs through epochs
        `start_epoch`, `start_epoch + 1`, ... without end. Without it, each
        pass over the returned data set, such as one epoch of `fit`, uses the
        next of these orders; a pass that stops before its last batch does not
        count. A data set of up to 16 images has only 256 orders. Pass
        `shuffle=False` to `fit`, which otherwise warns that it does not
        shuffle a second time.

        On the JAX and PyTorch backends the first call hides the GPUs from
        TensorFlow, so that it does not take their memory.

        Args:
            batch_size: Number of images in a batch.
            shuffle: Whether to shuffle. Defaults to `False`: index order.
            repeat: Whether to continue without end. Defaults to `False`.
            seed: Integer in `[0, 2 ** 64)`.
            start_epoch: Number of the first epoch.
            start_batch: Only with `repeat`: the number of batches of the
                first epoch to skip, at no cost.
            with_factors: Whether an element is `(images, factors)`, the
                default, or `images`.
            drop_remainder: Whether to leave out a last, smaller batch of an
                epoch. Defaults to `True` with `shuffle` or `repeat`, since on
                JAX another batch size is compiled again, else to `False`.
            share: Which part of each batch to make, from 0, where several
                processes train one model.
            num_shares: How many parts a batch has, of equal size: an element
                has `batch_size / num_shares` images.

        Returns:
            A `tf.data.Dataset` of float32 images in `[0, 1]`, equal to
            `images(index) / 255`, of shape
            `(batch_size, height, width, channels)`, or of vectors as they
            are, and int32 factors of shape `(batch_size, num_factors)`.

        Raises:
            ValueError: If an argument is out of range, or the remainder is
                dropped and `batch_size` exceeds the number of images.

        Example:
            >>> dataset = keras_qlae.datasets.load("room3d", image_size=32)
            >>> train, validation = dataset.split()
            >>> batches = train.as_tf_dataset(64, shuffle=True, seed=1)
            >>> images, factors = next(iter(batches))
            >>> tuple(images.shape), tuple(factors.shape)
            ((64, 32, 32, 3), (64, 6))
        """
        if drop_remainder is None:
            drop_remainder = shuffle or repeat
        plan = pipeline.BatchPlan(
            num_images=len(self),
            batch_size=batch_size,
            drop_remainder=drop_remainder,
            shuffle=shuffle,
            repeat=repeat,
            seed=seed,
            start_epoch=start_epoch,
            start_batch=start_batch,
            share=share,
            num_shares=num_shares,
        )
        return pipeline.build(self, plan, with_factors)


class Subset(FactorDataset):
    """Some images of another data set; made by `FactorDataset.subset`."""

    def __init__(self, base: FactorDataset, index: np.ndarray) -> None:
        if not index.size:
            raise ValueError(
                "A data set must have an image: `index` must hold at least "
                "one position. Received: an empty `index`"
            )
        super().__init__(
            base.name, base.factor_names, base.factor_sizes, base.image_shape
        )
        self._base: FactorDataset = base
        self._index: np.ndarray = index
        if isinstance(base, Subset):  # one look-up, however often it is split
            self._base = base._base
            self._index = base._index[index]
        self._index.flags.writeable = False

    def __len__(self) -> int:
        return len(self._index)

    def _factors(self, index: np.ndarray) -> np.ndarray:
        return self._base._factors(self._index[index])

    def _images(self, index: np.ndarray) -> np.ndarray:
        return self._base._images(self._index[index])

    def _content(self) -> Iterator[Any]:
        yield self._base.fingerprint().encode()
        yield self._index

    def _image_op(self) -> Op:
        place = pipeline.gather_op(self._index)
        return pipeline.chain_op(place, self._base._image_op())

    def _factor_op(self) -> Op:
        place = pipeline.gather_op(self._index)
        return pipeline.chain_op(place, self._base._factor_op())
