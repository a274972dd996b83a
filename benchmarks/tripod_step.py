"""Times a train step of `tripod` against its passes through the decoder.

    KERAS_BACKEND=tensorflow python benchmarks/tripod_step.py

A step of Tripod costs about ten passes of its batch through the decoder: one
for the reconstruction, eight for the Hessian penalty, and about one more for
the encoder, which mirrors the decoder. "Ten passes" computes the value and the
gradients of a loss of the decoder's output, by its weights and its input, for
ten times the batch in one call, without penalty and optimizer. "Step" is a
compiled step of the recipe's model on one fixed batch: encoder, quantizer,
decoder, both penalties, all gradients, optimizer, logs.

The two alternate, so that other work on the machine affects both. Prints the
least and the median time of each, in milliseconds, and their ratio. Bar: 1.25,
on TensorFlow and JAX. With `--operations` it measures no time, and prints what
the compiled programs compute: the number of floating-point operations on JAX,
the nodes of the graph by kind on TensorFlow.
"""

import argparse
import os
import statistics
import time
from collections import Counter

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
from keras import ops

from keras_qlae import backend
from keras_qlae import recipes

SIZE = 32
PASSES = 10


def parsed():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=30)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--operations", action="store_true")
    return parser.parse_args()


class TenPasses(backend.StepModel, keras.Model):
    """The decoder alone, with a step that changes no weights."""

    def __init__(self, decoder):
        super().__init__()
        self.decoder = decoder
        self.total = keras.metrics.Sum(name="total")
        self.built = True

    def update(self, values):
        variables = self.decoder.trainable_variables
        inputs = keras.tree.flatten(values)[0]

        def compute():
            # The input is multiplied by a variable, so that the gradient by
            # the input is computed too.
            logits = self.decoder(inputs * self.one, training=True)
            return ops.mean(ops.square(logits)), ()

        loss, _, gradients = backend.value_and_gradients(
            compute, [*variables, self.one], self.variables
        )
        sums = [ops.sum(gradient) for gradient in gradients]
        self.total.update_state(loss + sum(sums))
        return self.get_metrics_result()


def both():
    """The model of the recipe and its decoder alone, ready to step."""
    recipe = recipes.get("tripod")
    batch = recipe.training.batch_size
    model = recipes.compiled_model(recipe, (SIZE, SIZE, 3), num_factors=6)
    images = np.random.default_rng(0).random((batch, SIZE, SIZE, 3), "float32")
    width = model.latent.num_outputs
    values = np.random.default_rng(1).uniform(-1, 1, (PASSES * batch, width))
    passes = TenPasses(model.decoder)
    passes.one = keras.Variable(1.0, name="one")
    passes.compile(keras.optimizers.SGD(0.0), jit_compile=model.jit_compile)
    passes.optimizer.build(passes.trainable_variables)
    return (model, images), (passes, values.astype("float32"))


def stepper(model, data):
    """Returns a function that does one step and waits for its end."""
    model.make_train_function()
    data = ops.convert_to_tensor(data)
    if keras.backend.backend() == "jax":
        return jax_stepper(model, data)
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        step = tf.function(
            lambda: model.train_step((data,)), jit_compile=model.jit_compile
        )
        return lambda: {k: float(v) for k, v in step().items()}
    return lambda: {k: float(v) for k, v in model.train_step((data,)).items()}


def jax_stepper(model, data):
    import jax

    groups = (
        model.trainable_variables,
        model.non_trainable_variables,
        model.optimizer.variables,
        model.metrics_variables,
    )
    state = [tuple([v.value for v in group] for group in groups)]
    step = jax.jit(model.train_step, donate_argnums=0)

    def take():
        logs, state[0] = step(state[0], (data,))
        return {k: float(v) for k, v in logs.items()}

    # Donated: a copy, or the variables would be lost.
    state[0] = jax.tree.map(jax.numpy.copy, state[0])
    take.compiled = lambda: step.lower(state[0], (data,)).compile()
    return take


def seconds(take, steps):
    start = time.perf_counter()
    for _ in range(steps):
        take()
    return (time.perf_counter() - start) / steps


def operations(name, model, data):
    """Prints the operations of a compiled step."""
    if keras.backend.backend() == "jax":
        costs = stepper(model, data).compiled().cost_analysis()
        print(f"{name}: {costs['flops'] / 1e6:.0f} million operations")
        return
    if keras.backend.backend() != "tensorflow":
        raise SystemExit("`--operations` needs KERAS_BACKEND=jax or tensorflow")
    import tensorflow as tf

    data = tf.constant(data)
    step = tf.function(lambda: model.train_step((data,)))
    graph = step.get_concrete_function().graph
    kinds = Counter(node.type for node in graph.get_operations())
    convolutions = {k: v for k, v in kinds.items() if "Conv2D" in k}
    print(f"{name}: {sum(kinds.values())} nodes, {convolutions}")


def main():
    options = parsed()
    pairs = dict(zip(("step", "ten passes"), both(), strict=True))
    if options.operations:
        for name, pair in pairs.items():
            operations(name, *pair)
        return
    takers = {name: stepper(*pair) for name, pair in pairs.items()}
    times = {name: [] for name in takers}
    for take in takers.values():
        seconds(take, 2)  # compiles
    for _ in range(options.repeats):
        for name, take in takers.items():
            times[name].append(1000 * seconds(take, options.steps))
    print(f"{keras.backend.backend()}, milliseconds, least (median):")
    for name, each in times.items():
        print(f"  {name}: {min(each):.1f} ({statistics.median(each):.1f})")
    one, other = times.values()
    ratio = min(one) / min(other)
    print(f"  ratio: {ratio:.2f} (bar: at most 1.25)")


if __name__ == "__main__":
    main()
