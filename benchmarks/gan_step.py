"""Times `fit` of the GAN against the same losses in a loop written by hand.

    KERAS_BACKEND=tensorflow python benchmarks/gan_step.py

Networks, optimizers and sizes are those of the recipe `ql-info-wgan-gp`, here
with learned codebooks. The loop has one fixed batch, its own formulas, and the
framework's own gradients and compilation. The two alternate, so that other work
on the machine affects both. Prints the least and the median time of each, in
milliseconds per train step (`generator_period` critic updates and one generator
update). On a busy machine use `--cpu-time`: it measures the processor time of
pipeline and model instead of the wall time.
"""

import argparse
import os
import statistics
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
from keras import ops

from keras_qlae import datasets
from keras_qlae import recipes

RECIPE = recipes.get(
    "ql-info-wgan-gp",
    schedule="constant",
    trainable_codebook=True,
    quantization_weight=0.01,
)
PERIOD, BATCH = RECIPE.generator_period, RECIPE.batch_size


def new_model():
    return recipes.compiled_model(RECIPE, (32, 32, 3), num_factors=6)


class ByHand:
    """The losses as functions of lists of weights, as in the paper."""

    def __init__(self, model):
        self.generator, self.trunk = model.generator, model.trunk
        self.latent = model.latent

    def generate(self, weights, z):
        logits, _ = self.generator.stateless_call(weights, [], z)
        return ops.sigmoid(logits)

    def judge(self, weights, images):
        outputs, _ = self.trunk.stateless_call(weights, [], images)
        return outputs

    def values(self, codebook, codes):
        one_hot = ops.one_hot(codes, RECIPE.num_values, dtype="float32")
        return ops.sum(one_hot * codebook, axis=-1)

    def latent_terms(self, latents, codebook, z):
        gap = ops.expand_dims(ops.stop_gradient(latents), -1)
        gap = ops.abs(gap - ops.stop_gradient(codebook))
        value = self.values(codebook, ops.argmin(gap, axis=-1))
        fixed = ops.stop_gradient(value)
        outputs = fixed + (latents - ops.stop_gradient(latents))
        return (
            RECIPE.latent_weight * ops.mean(ops.square(outputs - z))
            + RECIPE.quantization_weight
            * ops.mean(ops.square(ops.stop_gradient(latents) - value))
            + RECIPE.commitment_weight * ops.mean(ops.square(latents - fixed))
        )

    def critic_loss(self, critic, others, x, codes, epsilon, slope):
        """`slope` is the gradient of a function's sum by its input."""
        *generator, codebook = others
        z = self.values(codebook, codes)
        fake = ops.stop_gradient(self.generate(generator, z))
        latents, fake_values = self.judge(critic, fake)
        _, real_values = self.judge(critic, x)
        between = epsilon * x + (1 - epsilon) * fake
        gradient = slope(lambda x: self.judge(critic, x)[1], between)
        squares = ops.sum(ops.square(gradient), axis=(1, 2, 3))
        penalty = ops.mean(ops.square(ops.sqrt(squares + 1e-12) - 1))
        return (
            ops.mean(fake_values)
            - ops.mean(real_values)
            + RECIPE.gradient_weight * penalty
            + self.latent_terms(latents, codebook, ops.stop_gradient(z))
        )

    def generator_loss(self, others, critic, codes):
        *generator, codebook = others
        z = self.values(codebook, codes)
        latents, values = self.judge(critic, self.generate(generator, z))
        return self.latent_terms(latents, codebook, z) - ops.mean(values)


def tensorflow_loop(model, images):
    import tensorflow as tf

    hand = ByHand(model)
    critic, others = model.critic_variables, model.generator_variables
    x = tf.constant(images)
    latents = model.latent.num_latents

    def codes():
        shape = (BATCH, latents)
        return tf.random.uniform(shape, 0, RECIPE.num_values, tf.int32)

    def slope(function, x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            total = tf.reduce_sum(function(x))
        return tape.gradient(total, x)

    def values(variables):
        return [v.value for v in variables]

    @tf.function
    def step():
        for i in range(PERIOD):
            epsilon = tf.random.uniform((BATCH, 1, 1, 1))
            with tf.GradientTape() as tape:
                loss = hand.critic_loss(
                    values(critic),
                    values(others),
                    x[i::PERIOD],
                    codes(),
                    epsilon,
                    slope,
                )
            gradients = tape.gradient(loss, values(critic))
            model.optimizer.critic.apply(gradients, critic)
        with tf.GradientTape() as tape:
            loss = hand.generator_loss(values(others), values(critic), codes())
        gradients = tape.gradient(loss, values(others))
        model.optimizer.generator.apply(gradients, others)
        return loss

    return step


def jax_loop(model, images):
    import jax

    hand = ByHand(model)
    x = jax.numpy.asarray(images)
    latents = model.latent.num_latents

    def slope(function, x):
        return jax.grad(lambda x: function(x).sum())(x)

    @jax.jit
    def step(key, critic, others, critic_state, generator_state):
        for i in range(PERIOD):
            key, *keys = jax.random.split(key, 3)
            codes = jax.random.randint(
                keys[0], (BATCH, latents), 0, RECIPE.num_values
            )
            epsilon = jax.random.uniform(keys[1], (BATCH, 1, 1, 1))
            gradients = jax.grad(hand.critic_loss)(
                critic, others, x[i::PERIOD], codes, epsilon, slope
            )
            critic, critic_state = model.optimizer.critic.stateless_apply(
                critic_state, gradients, critic
            )
        key, one = jax.random.split(key)
        codes = jax.random.randint(one, (BATCH, latents), 0, RECIPE.num_values)
        loss, gradients = jax.value_and_grad(hand.generator_loss)(
            others, critic, codes
        )
        others, generator_state = model.optimizer.generator.stateless_apply(
            generator_state, gradients, others
        )
        return loss, (key, critic, others, critic_state, generator_state)

    state = (
        jax.random.key(0),
        *(
            [v.value for v in variables]
            for variables in (
                model.critic_variables,
                model.generator_variables,
                model.optimizer.critic.variables,
                model.optimizer.generator.variables,
            )
        ),
    )

    def run():
        nonlocal state
        loss, state = step(*state)
        return loss

    return run


def torch_loop(model, images):
    import torch

    hand = ByHand(model)
    x = torch.from_numpy(images)
    critic, others = model.critic_variables, model.generator_variables
    latents = model.latent.num_latents

    def codes():
        return torch.randint(RECIPE.num_values, (BATCH, latents))

    def slope(function, x):
        x = x.detach().requires_grad_(True)
        total = function(x).sum()
        return torch.autograd.grad(total, x, create_graph=True)[0]

    def values(variables):
        return [v.value for v in variables]

    def update(optimizer, loss, variables):
        gradients = torch.autograd.grad(
            loss, values(variables), allow_unused=True
        )
        with torch.no_grad():
            optimizer.apply(gradients, variables)

    def step():
        for i in range(PERIOD):
            loss = hand.critic_loss(
                values(critic),
                values(others),
                x[i::PERIOD],
                codes(),
                torch.rand(BATCH, 1, 1, 1),
                slope,
            )
            update(model.optimizer.critic, loss, critic)
        loss = hand.generator_loss(values(others), values(critic), codes())
        update(model.optimizer.generator, loss, others)
        return loss.detach()

    return step


LOOPS = {"tensorflow": tensorflow_loop, "jax": jax_loop, "torch": torch_loop}


def main():
    """Prints the times and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--cpu-time", action="store_true")
    options = parser.parse_args()
    clock = time.process_time if options.cpu_time else time.perf_counter
    backend = keras.backend.backend()
    data = datasets.load("room3d", image_size=32)
    batches = data.as_tf_dataset(
        PERIOD * BATCH, shuffle=True, repeat=True, with_factors=False
    )
    model = new_model()
    step = LOOPS[backend](new_model(), next(iter(batches)).numpy())

    def fit():
        model.fit(batches, steps_per_epoch=options.steps, verbose=0)

    def by_hand():
        for _ in range(options.steps):
            loss = step()
        float(loss)  # waits for it

    times = {fit: [], by_hand: []}
    for repeat in range(options.repeats + 1):
        for run, measured in times.items():
            start = clock()
            run()
            if repeat:  # the first compiles
                measured.append(clock() - start)
    least, median = (
        [1000 * of(t) / options.steps for t in times.values()]
        for of in (min, statistics.median)
    )
    print(f"{backend}: ms a train step of {PERIOD} x {BATCH} images")
    for name, (ours, hand) in {"least": least, "median": median}.items():
        ratio = ours / hand
        print(f"{name:<7} fit {ours:.1f}  by hand {hand:.1f}  {ratio:.3f}")


if __name__ == "__main__":
    main()
