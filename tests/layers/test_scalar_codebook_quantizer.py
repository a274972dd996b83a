"""The quantizer: values that can be checked by hand, and against NumPy."""

import importlib
import time

import keras
import numpy as np
import pytest
from keras import ops

from keras_qlae.layers import ScalarCodebookQuantizer
from tests.gradients import gradients_of
from tests.subprocesses import run_python


def numpy(tensor):
    return np.asarray(ops.convert_to_numpy(tensor))


def quantizer(*args, **kwargs):
    layer = ScalarCodebookQuantizer(*args, **kwargs)
    layer.build((None, layer.num_inputs))
    return layer


class TestByHand:
    """Two latents, three values: -0.5, 0, 0.5."""

    z = np.array([[-0.4, 0.1], [9.0, 0.26]], "float32")

    def test_values_and_codes(self):
        layer = quantizer(2, 3)
        assert numpy(layer(self.z)).tolist() == [[-0.5, 0.0], [0.5, 0.5]]
        assert numpy(layer.codes(self.z)).tolist() == [[0, 1], [2, 2]]

    def test_losses(self):
        """(0.1² + 0.1²) / 2 = 0.01; (8.5² + 0.24²) / 2 = 36.1538."""
        result = quantizer(2, 3).compute(self.z)
        for name in ("quantization_loss", "commitment_loss"):
            np.testing.assert_allclose(
                numpy(result.losses[name]), [0.01, 36.1538], rtol=1e-5
            )

    def test_call_adds_the_weighted_means(self):
        layer = quantizer(2, 3, quantization_weight=0.5, commitment_weight=2)
        mean = (0.01 + 36.1538) / 2
        for training in (True, False, None):
            layer(self.z, training=training)
            losses = [float(numpy(loss)) for loss in layer.losses]
            np.testing.assert_allclose(losses, [0.5 * mean, 2 * mean], 1e-5)

    def test_compute_adds_nothing(self):
        layer = quantizer(2, 3)
        layer.compute(self.z)
        assert layer.losses == []

    def test_a_tie_goes_to_the_first_index(self):
        layer = quantizer(2, 3)
        assert numpy(layer.codes([[-0.25, 0.25]])).tolist() == [[0, 1]]
        layer.codebook.assign([[0.5, 0.5, 0.5], [0.5, -0.5, 0.5]])
        assert numpy(layer.codes([[0.0, 0.0]])).tolist() == [[0, 0]]


def by_numpy(z, codebooks):
    codes = np.stack(
        [
            np.abs(z[..., j, None] - book).argmin(-1)
            for j, book in enumerate(codebooks)
        ],
        axis=-1,
    )
    values = [book[codes[..., j]] for j, book in enumerate(codebooks)]
    return codes, np.stack(values, axis=-1)


SETTINGS = {
    "equal": {"num_values": 5},
    "ragged": {"num_values": [2, 7, 3, 4]},
    "shared": {"num_values": 6, "shared": True},
}


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS.keys())
@pytest.mark.parametrize(
    "shape", [(50, 4), (9, 5, 4), (4, 3, 3, 4)], ids=["2", "3", "4"]
)
def test_equals_numpy(settings, shape):
    """Vectors, sequences and feature maps; codebooks in any order."""
    rng = np.random.default_rng(0)
    layer = quantizer(4, **settings)
    layer.codebook.assign(rng.normal(size=layer.codebook.shape))
    z = rng.normal(size=shape).astype("float32")
    codes, values = by_numpy(z, layer.codebooks)
    result = layer.compute(z)
    assert numpy(result.codes).dtype == "int32"
    np.testing.assert_array_equal(numpy(result.codes), codes)
    np.testing.assert_array_equal(numpy(layer.codes(z)), codes)
    # To the last bit: the decoder meets codebook values and nothing else.
    np.testing.assert_array_equal(numpy(result.outputs), values)
    np.testing.assert_array_equal(numpy(layer.values(codes)), values)
    for loss in result.losses.values():
        # Four roundings of float32.
        np.testing.assert_allclose(
            numpy(loss), np.mean((z - values) ** 2, axis=-1), rtol=1e-5
        )


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS.keys())
def test_large_codebooks_are_searched_a_part_at_a_time(settings, monkeypatch):
    module = importlib.import_module(ScalarCodebookQuantizer.__module__)
    rng = np.random.default_rng(0)
    layer = quantizer(4, **settings)
    layer.codebook.assign(rng.normal(size=layer.codebook.shape))
    z = rng.normal(size=(5, 3, 4)).astype("float32")
    whole = numpy(layer.codes(z))
    for limit in (1, 2 * layer.codebook.shape[1], 3 * layer.codebook.shape[1]):
        monkeypatch.setattr(module, "_MAX_DISTANCES", limit)
        np.testing.assert_array_equal(numpy(layer.codes(z)), whole)


LARGE = """
import resource
import numpy as np
from keras_qlae.layers import ScalarCodebookQuantizer

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20

layer = ScalarCodebookQuantizer(1000, 1000)
layer(np.zeros((1, 1000), "float32"))
before = peak()
layer(np.zeros((256, 1000), "float32"))
print("RESULT", peak() - before)
"""


@pytest.mark.slow
def test_a_thousand_codebooks_of_a_thousand_values_take_little_memory():
    """256 x 1,000 x 1,000 distances would be 1 GB, one-hot codes another."""
    output = run_python(LARGE)
    assert float(output.rpartition("RESULT ")[2]) < 0.5


@pytest.mark.skipif(
    keras.backend.backend() != "torch", reason="others compile the step"
)
def test_a_thousand_latents_take_milliseconds():
    """With one-hot codes it took 137 ms, of 100 latents 14."""
    layer = quantizer(1000, 10)
    z = np.random.default_rng(0).normal(size=(128, 1000)).astype("float32")

    def seconds():
        start = time.perf_counter()
        z_in = keras.ops.convert_to_tensor(z).requires_grad_()
        (layer(z_in).sum() + sum(layer.losses)).backward()
        return time.perf_counter() - start

    assert min(seconds() for _ in range(12)) < 0.06


def test_outputs_are_codebook_values_however_far_the_input():
    """At 1e6, `z + (value - z)` would be off by 0.03."""
    outputs = numpy(quantizer(2, 3)(np.array([[1e6, -1e6]], "float32")))
    assert outputs.tolist() == [[0.5, -0.5]]


class TestCodebooks:
    def test_start_evenly_spaced(self):
        layer = quantizer(3, [2, 3, 5], low=-1.0, high=3.0)
        expected = [[-1, 3], [-1, 1, 3], [-1, 0, 1, 2, 3]]
        assert [book.tolist() for book in layer.codebooks] == expected

    def test_of_a_shared_table_is_the_same_for_all(self):
        layer = quantizer(3, 2, shared=True)
        assert tuple(layer.codebook.shape) == (1, 2)
        assert [b.tolist() for b in layer.codebooks] == [[-0.5, 0.5]] * 3

    def test_exist_before_the_first_call(self):
        fresh = ScalarCodebookQuantizer
        assert fresh(1, 3).codebooks[0].tolist() == [-0.5, 0.0, 0.5]
        assert numpy(fresh(1, 3).values([[2]])).tolist() == [[0.5]]
        z = np.array([[0.1]], "float32")
        assert numpy(fresh(1, 3).codes(z)).tolist() == [[1]]
        assert fresh(1, 3).sample(5, seed=0).shape == (5, 1)

    def test_are_copies(self):
        layer = quantizer(1, 2)
        layer.codebooks[0][:] = 7
        assert layer.codebooks[0].tolist() == [-0.5, 0.5]

    def test_padding_is_never_chosen(self):
        """Even if it holds the input itself, at any distance."""
        layer = quantizer(2, [2, 4])
        table = numpy(layer.codebook).copy()
        table[0, 2:] = [0.3, 100.0]
        layer.codebook.assign(table)
        z = np.array([[0.3, 0.0], [100.0, 0.0], [-1e30, 0.0]], "float32")
        assert numpy(layer.codes(z))[:, 0].tolist() == [1, 1, 0]

    def test_padding_gets_no_gradient(self):
        layer = quantizer(2, [2, 4])
        z = np.random.default_rng(0).normal(size=(64, 2)).astype("float32")

        def loss():
            losses = layer.compute(z).losses.values()
            outputs = layer.values(np.ones((3, 2), "int32"))
            return sum(map(ops.sum, losses)) + ops.sum(outputs)

        gradient = gradients_of(loss, layer)[id(layer.codebook)]
        assert gradient[0, 2:].tolist() == [0, 0]
        assert np.all(gradient[1] != 0)


class TestSampling:
    def test_is_uniform_over_each_codebook(self):
        """Chi-squared of 20,000 draws, ragged sizes.

        Its 1 - 1e-4 quantile is below 40 for at most 10 degrees of freedom.
        """
        sizes = (2, 3, 10, 7)
        codes = numpy(quantizer(4, sizes).sample_codes(20_000, seed=1))
        assert codes.dtype == "int32"
        for column, size in zip(codes.T, sizes, strict=True):
            counts = np.bincount(column, minlength=size)
            assert len(counts) == size
            expected = 20_000 / size
            assert np.sum((counts - expected) ** 2 / expected) < 40

    def test_latents_are_independent(self):
        codes = numpy(quantizer(2, 4).sample_codes(20_000, seed=2))
        joint = np.bincount(4 * codes[:, 0] + codes[:, 1], minlength=16)
        # 15 degrees of freedom: as above, 1 - 1e-4 is at 44.
        assert np.sum((joint - 1250) ** 2 / 1250) < 44

    def test_a_seed_repeats_and_another_does_not(self):
        layer = quantizer(3, 5)
        first = numpy(layer.sample_codes(100, seed=3))
        np.testing.assert_array_equal(first, numpy(layer.sample_codes(100, 3)))
        assert np.any(first != numpy(layer.sample_codes(100, seed=4)))

    def test_sample_looks_the_codes_up(self):
        layer = quantizer(2, [3, 4])
        np.testing.assert_array_equal(
            numpy(layer.sample(50, seed=5)),
            numpy(layer.values(layer.sample_codes(50, seed=5))),
        )


class LinearEncoder(keras.layers.Layer):
    """A kernel and a quantizer, whose variables are tested too."""

    def __init__(self, quantizer):
        super().__init__()
        self.quantizer = quantizer

    def build(self, input_shape):
        initializer = keras.initializers.RandomUniform(seed=0)
        self.kernel = self.add_weight(
            name="kernel", shape=(2, 2), initializer=initializer
        )

    def call(self, inputs):
        return ops.matmul(inputs, self.kernel)


class TestGradients:
    """Which loss moves which variable, and which it must not."""

    @pytest.fixture
    def parts(self):
        """An encoder of one kernel, a quantizer, and where they meet."""
        layer = quantizer(2, 3)
        encoder = LinearEncoder(layer)
        encoder.build((None, 2))
        x = np.array([[0.3, -0.6], [0.1, 0.4], [-0.2, 0.2]], "float32")
        return encoder, layer, x

    def gradients(self, loss, encoder, layer):
        found = gradients_of(loss, encoder)
        codebook = found[id(layer.codebook)]
        return found[id(encoder.kernel)], codebook

    def test_reconstruction_moves_the_encoder_only(self, parts):
        """As if the quantizer were not there: d sum(w z) / dK = x^T w."""
        encoder, layer, x = parts
        weights = np.array([[1.0, -2.0], [3.0, 0.5], [0.0, 1.0]], "float32")
        kernel, codebook = self.gradients(
            lambda: ops.sum(
                layer.compute(encoder(x)).outputs * ops.array(weights)
            ),
            encoder,
            layer,
        )
        np.testing.assert_allclose(kernel, x.T @ weights, rtol=1e-5)
        assert codebook is None or not np.any(codebook)

    def test_quantization_loss_moves_the_codebook_only(self, parts):
        """d mean((z - c)²) / dc, summed over the inputs nearest to c."""
        encoder, layer, x = parts
        kernel, codebook = self.gradients(
            lambda: ops.sum(
                layer.compute(encoder(x)).losses["quantization_loss"]
            ),
            encoder,
            layer,
        )
        assert kernel is None or not np.any(kernel)
        z = numpy(encoder(x))
        codes, values = by_numpy(z, layer.codebooks)
        expected = np.zeros((2, 3))
        for j in range(2):
            np.add.at(expected[j], codes[:, j], (values - z)[:, j])
        np.testing.assert_allclose(codebook, expected, atol=1e-6)

    def test_commitment_loss_moves_the_encoder_only(self, parts):
        encoder, layer, x = parts
        kernel, codebook = self.gradients(
            lambda: ops.sum(
                layer.compute(encoder(x)).losses["commitment_loss"]
            ),
            encoder,
            layer,
        )
        z = numpy(encoder(x))
        _, values = by_numpy(z, layer.codebooks)
        np.testing.assert_allclose(kernel, x.T @ (z - values), atol=1e-6)
        assert codebook is None or not np.any(codebook)

    def test_values_move_the_codebook(self, parts):
        encoder, layer, _ = parts
        codes = np.array([[0, 2], [0, 1]])
        kernel, codebook = self.gradients(
            lambda: ops.sum(layer.values(codes) * ops.array([3.0, 5.0])),
            encoder,
            layer,
        )
        assert codebook.tolist() == [[6, 0, 0], [0, 5, 5]]
        assert kernel is None or not np.any(kernel)

    def test_samples_move_the_codebook(self, parts):
        encoder, layer, _ = parts
        codes = numpy(layer.sample_codes(9, seed=6))
        _, codebook = self.gradients(
            lambda: ops.sum(layer.sample(9, seed=6)), encoder, layer
        )
        counts = [np.bincount(column, minlength=3) for column in codes.T]
        np.testing.assert_array_equal(codebook, counts)

    def test_a_shared_codebook_gets_the_sum(self):
        layer = quantizer(3, 2, shared=True)
        gradient = gradients_of(
            lambda: ops.sum(layer.values([[0, 0, 1]])), layer
        )[id(layer.codebook)]
        assert gradient.tolist() == [[2, 1]]

    def test_a_fixed_codebook_is_not_trainable(self):
        layer = quantizer(2, 3, trainable_codebook=False)
        assert layer.trainable_variables == []
        assert len(layer.non_trainable_variables) == 1


def test_the_codebook_stays_float32_under_a_mixed_policy():
    layer = quantizer(1, 3, dtype="mixed_float16")
    assert layer.codebook.dtype == "float32"
    # 1 + 2**-12 is 1 in float16, where the two values would tie.
    layer.codebook.assign([[1.0, 1 + 2**-12, 5.0]])
    z = np.array([[1 + 2**-12]], "float32")
    result = layer.compute(z)
    assert numpy(result.codes).tolist() == [[1]]
    assert numpy(result.outputs).dtype == "float16"
    for loss in result.losses.values():
        assert numpy(loss).dtype == "float32"


class TestErrors:
    @pytest.mark.parametrize(
        ("settings", "message"),
        [
            ({"num_latents": 0}, "`num_latents` must be a positive integer"),
            ({"num_latents": 2.0}, r"`num_latents`.*num_latents=2\.0"),
            ({"num_latents": True}, "`num_latents` must be a positive"),
            ({"num_values": 1}, "at least 2: a latent with a single value"),
            ({"num_values": 0}, r"at least 2.*num_values=0"),
            ({"num_values": [3, 1]}, r"at least 2.*\[3, 1\]"),
            ({"num_values": 2.5}, r"integer of at least 2.*2\.5"),
            ({"num_values": None}, "integer of at least 2"),
            ({"num_values": [3]}, "2 integers, one per latent.*1 in"),
            ({"num_values": [3, 3, 3]}, "2 integers, one per latent.*: 3 in"),
            ({"num_values": [2, 3], "shared": True}, "same codebook"),
            ({"low": 0.5}, "`low` must be below `high`"),
            ({"high": float("inf")}, "both finite"),
            ({"quantization_weight": -1}, "`quantization_weight` must be"),
            ({"commitment_weight": float("nan")}, "`commitment_weight` must"),
        ],
    )
    def test_of_the_constructor(self, settings, message):
        with pytest.raises(ValueError, match=message):
            ScalarCodebookQuantizer(**({"num_latents": 2} | settings))

    def test_inputs_of_another_width(self):
        message = r"last axis is 2 wide.*\(5, 3\)"
        wrong = np.zeros((5, 3), "float32")
        with pytest.raises(ValueError, match=message):
            ScalarCodebookQuantizer(2)(wrong)
        layer = quantizer(2)
        for method in (layer, layer.compute, layer.codes):
            with pytest.raises(ValueError, match=message):
                method(wrong)
        # A width of 1 would broadcast to all latents in silence.
        with pytest.raises(ValueError, match="last axis is 2 wide"):
            layer.codes(np.zeros((5, 1), "float32"))

    @pytest.mark.parametrize(
        ("codes", "message"),
        [
            ([[0, 1, 2]], r"\(\.\.\., 2\).*shape=\(1, 3\)"),
            ([[0.0, 1.0]], "must be integers.*float64"),
            ([[0, 3]], "of latent 1 must be from 0 to 2.*3 to 3"),
            ([[-1, 0]], "of latent 0 must be from 0 to 1.*-1 to -1"),
            ([[0, 0], [2, 0]], "of latent 0 must be from 0 to 1.*0 to 2"),
        ],
    )
    def test_codes_outside_their_codebook(self, codes, message):
        with pytest.raises(ValueError, match=message):
            quantizer(2, [2, 3]).values(codes)

    def test_codes_of_any_integer_dtype_are_taken(self):
        codes = np.array([[1, 2]], "uint8")
        assert numpy(quantizer(2, 3).values(codes)).tolist() == [[0.0, 0.5]]


def test_a_mask_passes_through():
    tokens = np.array([[1, 2, 0], [3, 0, 0]])
    embed = keras.layers.Embedding(5, 4, mask_zero=True)
    quantizer = ScalarCodebookQuantizer(num_latents=4, num_values=3)
    read = keras.layers.LSTM(2)
    found = read(quantizer(embed(tokens)))
    short = read(quantizer(embed(tokens[1:, :1])))
    np.testing.assert_allclose(
        keras.ops.convert_to_numpy(found)[1],
        keras.ops.convert_to_numpy(short)[0],
        atol=1e-6,
    )


@pytest.mark.skipif(
    keras.backend.backend() != "torch", reason="PyTorch says what it keeps"
)
def test_many_latents_are_looked_up_and_not_multiplied():
    """Tensors kept for the gradients have no axis of values, no one-hot."""
    torch = importlib.import_module("torch")
    layer = quantizer(50, 20)
    sizes = []

    def keep(tensor):
        sizes.append(tensor.numel())
        return tensor

    z = torch.zeros((8, 50), requires_grad=True)
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda kept: kept):
        ops.sum(layer(z)).backward()
    assert max(sizes, default=0) < 8 * 50 * 20
