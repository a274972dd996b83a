"""Which codes occur, counted at the end of each epoch."""

from types import SimpleNamespace

import numpy as np
import pytest

from keras_qlae.callbacks import CodesInUse
from keras_qlae.metrics import code_usage

pytestmark = pytest.mark.backend_free

CODES = np.array([[0, 3], [1, 3], [0, 3], [1, 3]])


def model(**latent):
    return SimpleNamespace(
        latent=SimpleNamespace(**latent), codes=lambda images: CODES
    )


def test_logs_the_value_of_the_metric():
    callback = CodesInUse(np.zeros((4, 8, 8, 1)))
    callback.set_model(model(is_discrete=True, codebook_sizes=(3, 5)))
    logs = {"loss": 1.0}
    callback.on_epoch_end(0, logs)
    usage = code_usage(CODES, [3, 5])
    assert set(logs) == {"loss", *callback.names}
    assert logs["val_code_entropy"] == usage.entropy.mean() == np.log(2) / 2
    assert logs["val_code_perplexity"] == usage.perplexity.mean()
    assert logs["val_dead_codes"] == 1 + 4
    np.testing.assert_array_equal(callback.usage.entropy, usage.entropy)


@pytest.mark.parametrize(
    "latent", [{"is_discrete": False}, {"is_discrete": True}, {}]
)
def test_models_without_codes_are_refused(latent):
    callback = CodesInUse(np.zeros((4, 8, 8, 1)))
    callback.set_model(model(**latent))
    assert not CodesInUse.can_watch(callback.model)
    with pytest.raises(ValueError, match="`codebook_sizes`, one integer"):
        callback.on_epoch_end(0, {})
