"""Bad images are refused before anything starts."""

import keras
import numpy as np
import pytest

from keras_qlae.models.images import check_images
from keras_qlae.models.inputs import check_fit_data
from tests.models.small import SHAPE
from tests.models.small import float_images
from tests.models.small import integer_images
from tests.models.small import small_autoencoder


def with_pixel(value, images=None, at=2):
    images = float_images(4) if images is None else images
    images[at, 3, 4, 0] = value
    return images


BAD = {
    "rank": (np.zeros((4, 8, 8)), r"\(batch, 8, 8, 1\).*shape=\(.*, 8, 8\)"),
    "channels": (np.zeros((4, 8, 8, 3)), r"shape=\(.*, 8, 8, 3\)"),
    "size": (np.zeros((4, 16, 8, 1)), r"shape=\(4, 16, 8, 1\)"),
    "channels_first": (np.zeros((4, 1, 8, 8)), r"moveaxis\(\w+, 1, -1\)"),
    "unscaled": (with_pixel(200.0), r"in \[0, 1\]: divide by 255.*to 200"),
    "negative": (with_pixel(-0.5), r"in \[0, 1\].*-0\.5 to"),
    "nan": (with_pixel(np.nan), "finite.*NaN or infinity in image 2"),
    "infinite": (with_pixel(-np.inf), "finite.*in image 2"),
    "int16": (np.full((4, *SHAPE), 256, "int16"), r"in \[0, 255\].*to 256"),
    "boolean": (np.zeros((4, *SHAPE), bool), "integers in.*dtype=bool"),
    "text": (np.full((4, *SHAPE), "a"), "integers in.*dtype=<U1"),
}
each_bad = pytest.mark.parametrize(
    ("images", "message"), BAD.values(), ids=BAD.keys()
)


@each_bad
def test_check_images(images, message):
    with pytest.raises(ValueError, match=message):
        check_images(images, SHAPE)


@pytest.mark.parametrize("at", [4095, 4096, 9000])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_large_arrays_are_checked_completely(value, at):
    images = np.full((9001, *SHAPE), 0.5, "float16")
    with pytest.raises(ValueError, match=f"in image {at}$"):
        check_images(with_pixel(value, images, at), SHAPE)
    with pytest.raises(ValueError, match=r"0\.5 to 2"):
        check_images(with_pixel(2.0, images, at), SHAPE)


def test_rounding_just_outside_is_let_through():
    check_images(with_pixel(1.0005), SHAPE)
    with pytest.raises(ValueError, match=r"in \[0, 1\]"):
        check_images(with_pixel(1.01), SHAPE)


class NoBatches(keras.utils.PyDataset):
    """A data set of none."""

    def __len__(self):
        return 0

    def __getitem__(self, index):
        raise IndexError


class TestNothingStarts:
    """The check comes before the first step: no weight changes."""

    @pytest.fixture
    def model(self):
        return small_autoencoder()

    @pytest.fixture(autouse=True)
    def unchanged(self, model):
        before = model.get_weights()
        yield
        assert int(model.optimizer.iterations) == 0
        for a, b in zip(before, model.get_weights(), strict=True):
            np.testing.assert_array_equal(a, b)

    @each_bad
    def test_arrays(self, model, images, message):
        with pytest.raises(ValueError, match=message):
            model.fit(images, verbose=0)
        with pytest.raises(ValueError, match=message):
            model.evaluate(images, verbose=0)

    @pytest.mark.parametrize("bad", ["channels", "unscaled", "nan"])
    def test_validation_data(self, model, bad):
        images, message = BAD[bad]
        factors = np.zeros((4, 2))
        for validation in (images, (images, factors), self.data_set(images)):
            with pytest.raises(ValueError, match=f"validation_data.*{message}"):
                model.fit(
                    float_images(4), validation_data=validation, verbose=0
                )

    @pytest.mark.parametrize("bad", ["rank", "channels", "unscaled", "nan"])
    def test_data_sets(self, model, bad):
        images, message = BAD[bad]
        for data in (images, (images, np.zeros((4, 2)))):
            with pytest.raises(ValueError, match=message):
                model.fit(self.data_set(data), verbose=0)

    @pytest.mark.parametrize(
        "form", ["array", "data set", "filtered", "dropped", "PyDataset"]
    )
    def test_no_images(self, model, form, tmp_path):
        """On JAX, Keras then loses the weights."""
        empty = float_images(0)
        data = {
            "array": lambda: empty,
            "data set": lambda: self.data_set(empty),
            "filtered": lambda: self.data_set(float_images(4)).filter(
                lambda x: False
            ),
            "dropped": lambda: (
                self.data_set(float_images(4))
                .unbatch()
                .batch(5, drop_remainder=True)
            ),
            "PyDataset": NoBatches,
        }[form]()
        good = float_images(4)
        for name, call in {
            "x": lambda: model.fit(data, verbose=0),
            "validation_data": lambda: model.fit(
                good, validation_data=data, verbose=0
            ),
        }.items():
            with pytest.raises(ValueError, match=f"`{name}` must have at"):
                call()
        with pytest.raises(ValueError, match="`x` must have at least one"):
            model.evaluate(data, verbose=0)
        model.save(tmp_path / "model.keras")

    @pytest.mark.parametrize("kind", ["ragged", "sparse"])
    @pytest.mark.parametrize("form", ["tensor", "data set", "with factors"])
    def test_ragged_and_sparse_images(self, model, kind, form):
        tf = pytest.importorskip("tensorflow")
        images = tf.constant(float_images(4))
        images = {
            "ragged": lambda: tf.RaggedTensor.from_tensor(images),
            "sparse": lambda: tf.sparse.from_dense(images),
        }[kind]()
        if form != "tensor":
            images = tf.data.Dataset.from_tensor_slices(images).batch(2)
        if form == "with factors":
            images = images.map(lambda x: (x, tf.zeros((2, 1))))
        with pytest.raises(ValueError, match=r"`x` must be dense tensors"):
            model.fit(images, verbose=0)

    def test_class_weights(self, model):
        with pytest.raises(ValueError, match="does not use class weights"):
            model.fit(float_images(4), class_weight={0: 2.0}, verbose=0)

    def test_a_data_set_that_is_not_batched(self, model):
        data = self.data_set(float_images(4)).unbatch()
        with pytest.raises(ValueError, match=r"shape=\(8, 8, 1\)"):
            model.fit(data, verbose=0)

    @staticmethod
    def data_set(data):
        tf = pytest.importorskip("tensorflow")
        return tf.data.Dataset.from_tensor_slices(data).batch(4)


class TestTheCheckOfADataSet:
    def test_is_made_of_validation_data_once(self):
        """Not again in each epoch, but in each `evaluate` of the user."""
        tf = pytest.importorskip("tensorflow")
        begun = []

        def batches():
            begun.append(1)
            yield float_images(2)

        spec = tf.TensorSpec((2, *SHAPE), tf.float32)
        data = tf.data.Dataset.from_generator(batches, output_signature=spec)
        data = data.apply(tf.data.experimental.assert_cardinality(1))
        model = small_autoencoder()
        model.fit(float_images(4), validation_data=data, epochs=3, verbose=0)
        assert len(begun) == 1 + 3
        model.evaluate(data, verbose=0)
        assert len(begun) == 4 + 2

    def test_reads_one_batch_and_consumes_none(self):
        tf = pytest.importorskip("tensorflow")
        read = []

        def batches():
            for i in range(3):
                read.append(i)
                yield float_images(2, seed=i)

        spec = tf.TensorSpec((2, *SHAPE), tf.float32)
        data = tf.data.Dataset.from_generator(batches, output_signature=spec)
        check_fit_data(data, SHAPE, "x")
        assert read == [0]
        for i, batch in enumerate(data):
            np.testing.assert_array_equal(batch, float_images(2, seed=i))
        assert read == [0, 0, 1, 2]

    def test_of_unknown_shape_reads_it_off_the_batch(self):
        tf = pytest.importorskip("tensorflow")
        spec = tf.TensorSpec(None, tf.float32)
        data = tf.data.Dataset.from_generator(
            lambda: iter([np.zeros((2, 8, 8, 3))]), output_signature=spec
        )
        with pytest.raises(ValueError, match=r"shape=\(2, 8, 8, 3\)"):
            check_fit_data(data, SHAPE, "x")

    def test_generators_are_not_consumed(self):
        generator = (batch for batch in [integer_images(2)])
        check_fit_data(generator, SHAPE, "x")
        assert next(generator).shape == (2, *SHAPE)
