"""The paper's networks have the paper's numbers of parameters."""

import pytest

from keras_qlae import networks

SHAPE = (64, 64, 3)
NUM_LATENTS = 12
COUNTS = {
    ("image_encoder", "large"): 3_684_524,
    ("image_encoder", "small"): 6_958_476,
    ("style_image_decoder", "large"): 3_967_136,
    ("style_image_decoder", "small"): 7_948_352,
    ("image_decoder", "large"): 4_277_664,
    ("image_decoder", "small"): 11_158_080,
    ("dense_encoder", None): 37_797_900,
    ("dense_decoder", None): 37_810_176,
}


@pytest.mark.one_backend
@pytest.mark.parametrize(
    ("name", "size"), COUNTS, ids=lambda part: part or "only"
)
def test_count(name, size):
    sizes = [] if size is None else [size]
    if name.endswith("encoder"):
        network = getattr(networks, name)(SHAPE, NUM_LATENTS, *sizes)
    else:
        network = getattr(networks, name)(NUM_LATENTS, SHAPE, *sizes)
    assert network.count_params() == COUNTS[name, size]
    assert not network.non_trainable_variables
