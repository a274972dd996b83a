"""JAX's train steps are lowered for CUDA and TPU, on a machine without one."""

import keras
import pytest

from tests.cases import slow
from tests.models import small

if keras.backend.backend() != "jax":
    pytest.skip("lowering is JAX's", allow_module_level=True)

import jax
from jax import export


@pytest.fixture(params=["float32", *slow("mixed_bfloat16")])
def policy(request):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(request.param)
    yield request.param
    keras.config.set_dtype_policy(before)


@pytest.mark.parametrize("name", ["small_autoencoder", *slow("small_gan")])
def test_train_steps_lower_for_cuda_and_tpu(policy, name):
    model = getattr(small, name)()
    images = small.float_images(4)
    # Makes the variables of metrics and optimizers.
    model.fit(images, batch_size=4, epochs=1, verbose=0)
    state = tuple(
        [variable.value for variable in group]
        for group in (
            model.trainable_variables,
            model.non_trainable_variables,
            model.optimizer.variables,
            model.metrics_variables,
        )
    )
    for platform in ("cuda", "tpu"):
        exported = export.export(
            jax.jit(model.train_step), platforms=(platform,)
        )(state, (images,))
        assert exported.platforms == (platform,)
        code = exported.mlir_module()
        assert "stablehlo.convolution" in code
        assert ("bf16" in code) == (policy == "mixed_bfloat16")
        # The step gives back the state it was given.
        given = [(a.shape, a.dtype) for a in jax.tree.leaves(state)]
        results = [(a.shape, a.dtype) for a in exported.out_avals]
        assert results[-len(given) :] == given
