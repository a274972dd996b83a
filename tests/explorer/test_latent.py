import json

import keras
import numpy as np
import pytest
from keras import ops

from keras_qlae.explorer.latent import latent_table
from tests.explorer.models import LATENTS
from tests.explorer.node import needs_node
from tests.explorer.node import run_node


@needs_node
@pytest.mark.parametrize("kind", LATENTS)
def test_codes_and_values_are_the_latents_own(kind, tmp_path):
    latent = LATENTS[kind]()
    latent.build((None, latent.num_inputs))
    rule, values = latent_table(latent)
    outputs = np.random.default_rng(0).normal(0, 0.7, (50, latent.num_inputs))
    outputs = outputs.astype("float32")
    job = {
        "rule": rule,
        "values": None if values is None else values.ravel().tolist(),
        "outputs": outputs.tolist(),
    }
    (tmp_path / "job.json").write_text(json.dumps(job))
    codes, read = json.loads(run_node("latent.mjs", tmp_path))
    wanted = ops.convert_to_numpy(latent.codes(outputs))
    assert np.array_equal(np.array(codes, wanted.dtype), wanted)
    wanted = ops.convert_to_numpy(latent.values(wanted))
    assert np.array_equal(np.array(read, "float32"), wanted)


def test_one_table_is_stored_where_latents_share_it():
    for kind, tables in (("vector", 1), ("grid", 1), ("scalar", 4)):
        latent = LATENTS[kind]()
        latent.build((None, latent.num_inputs))
        assert len(latent_table(latent).values) == tables


def test_an_unknown_latent_is_refused():
    class Doubled(keras.layers.Layer):
        num_latents = 3

    with pytest.raises(ValueError, match=r"--serve.*Received: Doubled"):
        latent_table(Doubled())
