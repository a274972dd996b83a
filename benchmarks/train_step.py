"""Times the train step of the default recipe on every backend.

    python benchmarks/train_step.py
    python benchmarks/train_step.py --against ../before  # another checkout

It measures `fit` on the tf.data pipeline of room3d; a bare compiled step of the
same model, losses and optimizer on one fixed batch; both with and without XLA;
and the same network and optimizer written by hand in PyTorch, channels last.
Each row is measured in its own process, one after another. Two checkouts
alternate, each with its own copy of this file, and the least time of all rounds
is used. The machine should be idle otherwise.
"""

import argparse
import itertools
import json
import os
import subprocess
import sys
import time
from pathlib import Path

CASES = [
    ("tensorflow", False),
    ("tensorflow", True),
    ("jax", False),
    ("jax", True),
    ("torch", False),
    ("torch by hand", False),
]


HERE = Path(__file__).parents[1]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--against", type=Path, help="root of a checkout")
    parser.add_argument("--backends", nargs="*", help="of these alone")
    parser.add_argument("--child", nargs=2)
    options = parser.parse_args()
    if options.child:
        backend, jit = options.child
        print(json.dumps(measure(backend, jit == "True", options)))
        return
    trees = [HERE]
    if options.against:
        trees.append(options.against.resolve())
    rows = {}
    for backend, jit in CASES:
        if options.backends and backend.split()[0] not in options.backends:
            continue
        results = run_in_turn(trees, backend, jit, options)
        rows[backend, jit] = results[0]
        print(f"{backend:<14} jit_compile={jit!s:<6} ms a step:")
        for tree, result in zip(trees, results, strict=True):
            times = ", ".join(f"{k} {v:.1f}" for k, v in result.items())
            print(f"    {times}  ({tree.name})")
        for name in results[0] if options.against else ():
            ratio = results[0][name] / results[1][name]
            print(f"    {name}: {ratio:.2f} of {trees[1].name}")
    report(rows)


def report(rows):
    """Prints the ratios of all cases that were timed."""

    def ratio(text, name, above, below):
        if above in rows and below in rows:
            value = rows[above][name] / rows[below][name]
            print(f"{text}: {value:.2f}")

    for (backend, jit), row in rows.items():
        if "fit" in row and (backend, jit) != ("jax", False):
            value = row["fit"] / row["bare"]
            print(f"fit / bare step, {backend}, jit {jit}: {value:.2f}")
    tensorflow, hand = ("tensorflow", False), ("torch by hand", False)
    for name in ("fit", "bare"):
        ratio(f"JAX / TensorFlow, {name}", name, ("jax", True), tensorflow)
    ratio("TensorFlow / PyTorch by hand", "bare", tensorflow, hand)
    ratio("PyTorch / PyTorch by hand", "bare", ("torch", False), hand)


def run_in_turn(trees, backend, jit, options):
    """The least times of each checkout over the rounds."""
    results = [{} for _ in trees]
    for _ in range(options.rounds):
        for tree, result in zip(trees, results, strict=True):
            for name, time_ms in run_child(tree, backend, jit, options).items():
                result[name] = min(time_ms, result.get(name, time_ms))
    return results


def run_child(tree, backend, jit, options):
    environment = {
        **os.environ,
        "KERAS_BACKEND": backend.split()[0],
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "PYTHONPATH": str(tree),
    }
    command = [
        *(sys.executable, str(tree / "benchmarks" / "train_step.py")),
        *("--child", backend, str(jit)),
        *("--steps", str(options.steps), "--repeats", str(options.repeats)),
    ]
    result = subprocess.run(
        command, env=environment, check=True, stdout=subprocess.PIPE, text=True
    )
    return json.loads(result.stdout.splitlines()[-1])


def measure(backend, jit, options):
    """Milliseconds per step: the least of the repeats."""
    if backend == "torch by hand":
        step = torch_by_hand()
        return {"bare": timed(lambda: repeat(step, options), options)}
    import keras_qlae
    from keras_qlae import recipes
    from keras_qlae.callbacks import FiniteLoss
    from keras_qlae.callbacks import Progress

    if backend == "jax" and not jit:  # not compiled: a step takes seconds
        options.steps, options.repeats = 2, 1
    dataset = keras_qlae.datasets.load("room3d", image_size=32)
    recipe = recipes.get("qlae")
    model = recipes.compiled_model(recipe, (32, 32, 3), 6, jit_compile=jit)
    batches = dataset.as_tf_dataset(
        recipe.training.batch_size,
        shuffle=True,
        repeat=True,
        with_factors=False,
    )
    batch = next(iter(batches)).numpy()

    def fit(**kwargs):
        model.fit(batches, steps_per_epoch=options.steps, verbose=0, **kwargs)

    def fit_as_the_command_does():
        progress = Progress(options.steps, bar=False)
        fit(callbacks=[FiniteLoss(), progress])

    fit_ms = timed(fit, options)
    command_ms = timed(fit_as_the_command_does, options)
    bare = {"tensorflow": bare_tensorflow, "jax": bare_jax, "torch": bare_torch}
    step = bare[backend](model, batch, jit)
    return {
        "fit": fit_ms,
        "fit with callbacks": command_ms,
        "bare": timed(lambda: repeat(step, options), options),
    }


def repeat(step, options):
    for _ in range(options.steps):
        result = step()
    float(result)


def timed(run, options):
    run()
    best = float("inf")
    for _ in range(options.repeats):
        start = time.perf_counter()
        run()
        best = min(best, time.perf_counter() - start)
    return 1000 * best / options.steps


def bare_tensorflow(model, batch, jit):
    import tensorflow as tf

    x = tf.constant(batch)
    variables = model.trainable_variables
    values = [v.value for v in variables]

    @tf.function(jit_compile=jit)
    def step():
        with tf.GradientTape() as tape:
            loss = model.compute_losses(x)["loss"]
        model.optimizer.apply(tape.gradient(loss, values), variables)
        return loss

    return step


def bare_jax(model, batch, jit):
    import jax
    import keras

    x = jax.numpy.asarray(batch)
    groups = (
        model.trainable_variables,
        model.non_trainable_variables,
        model.optimizer.variables,
        model.metrics_variables,
    )

    def loss_of(trainable, others, metrics):
        mapping = [
            *zip(groups[0], trainable, strict=True),
            *zip(groups[1], others, strict=True),
            *zip(groups[3], metrics, strict=True),
        ]
        with keras.StatelessScope(mapping) as scope:
            loss = model.compute_losses(x)["loss"]
        return loss, [scope.get_current_value(v) for v in groups[3]]

    @jax.jit
    def step(state):
        trainable, others, optimizer, metrics = state
        (loss, metrics), gradients = jax.value_and_grad(loss_of, has_aux=True)(
            trainable, others, metrics
        )
        trainable, optimizer = model.optimizer.stateless_apply(
            optimizer, gradients, trainable
        )
        return loss, (trainable, others, optimizer, metrics)

    state = [tuple([v.value for v in group] for group in groups)]

    def run():
        loss, state[0] = step(state[0])
        return loss

    return run


def bare_torch(model, batch, jit):
    import torch

    x = torch.from_numpy(batch)
    variables = model.trainable_variables

    def step():
        loss = model.compute_losses(x)["loss"]
        gradients = torch.autograd.grad(loss, [v.value for v in variables])
        with torch.no_grad():
            model.optimizer.apply(gradients, variables)
        return loss.detach()

    return step


def torch_by_hand():
    """The network of the default recipe in plain PyTorch."""
    import torch
    from torch import nn
    from torch.nn import functional

    from keras_qlae import recipes
    from keras_qlae.networks.sizes import SIZES

    recipe = recipes.get("qlae")
    size = SIZES[recipe.part("encoder").value("size")]
    widths = [block.width for block in size.blocks]
    units = list(size.dense_units)
    latents, values = 12, 10
    last = widths[-1] * (32 // 2 ** len(widths)) ** 2
    side = 32 // 2 ** len(widths)

    def dense(sizes):
        pairs = itertools.pairwise(sizes)
        return [m for a, b in pairs for m in (nn.Linear(a, b), nn.ReLU())]

    class Style(nn.Module):
        def __init__(self, channels_in, channels_out):
            super().__init__()
            self.convolution = nn.ConvTranspose2d(
                channels_in, channels_out, 4, 2, 1, bias=False
            )
            self.dense = nn.Linear(units[-1], 2 * channels_out)

        def forward(self, x, style):
            x = functional.leaky_relu(self.convolution(x), 0.2)
            x = functional.instance_norm(x, eps=1e-6)
            scale, shift = self.dense(style).relu().chunk(2, dim=1)
            return scale[..., None, None] * x + shift[..., None, None]

    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            encoder, channels = [], 3
            for width in widths:
                encoder += [
                    nn.Conv2d(channels, width, 4, 2, 1, bias=False),
                    nn.InstanceNorm2d(width, eps=1e-6, affine=True),
                    nn.LeakyReLU(0.2),
                ]
                channels = width
            encoder += [nn.Flatten(), *dense([last, *units])]
            self.encoder = nn.Sequential(
                *encoder, nn.Linear(units[-1], latents)
            )
            self.codebook = nn.Parameter(
                torch.linspace(-0.5, 0.5, values).repeat(latents, 1)
            )
            self.style = nn.Sequential(*dense([latents, *units]))
            self.map = nn.Parameter(
                torch.full((1, widths[-1], side, side), 0.1)
            )
            back = [widths[-1], *reversed(widths)]
            self.blocks = nn.ModuleList(
                Style(a, b) for a, b in itertools.pairwise(back)
            )
            self.out = nn.Conv2d(widths[0], 3, 3, padding=1, bias=False)

        def forward(self, x):
            z = self.encoder(x)
            index = (z[..., None] - self.codebook).abs().argmin(-1)
            value = self.codebook[torch.arange(latents), index]
            quantization = ((z.detach() - value) ** 2).mean()
            commitment = ((z - value.detach()) ** 2).mean()
            style = self.style(value.detach() + z - z.detach())
            y = self.map.expand(len(x), -1, -1, -1)
            for block in self.blocks:
                y = block(y, style)
            logits = self.out(y)
            loss = functional.binary_cross_entropy_with_logits(logits, x)
            return loss + 0.01 * quantization + 0.01 * commitment, logits

    torch.manual_seed(0)
    model = Model().to(memory_format=torch.channels_last)
    x = torch.rand(recipe.training.batch_size, 3, 32, 32).to(
        memory_format=torch.channels_last
    )
    names = ("bias", "codebook")
    named = dict(model.named_parameters())
    decayed = [p for n, p in named.items() if not n.endswith(names)]
    free = [p for n, p in named.items() if n.endswith(names)]
    optimizer = torch.optim.AdamW(
        [
            {"params": decayed, "weight_decay": recipe.value("weight_decay")},
            {"params": free, "weight_decay": 0.0},
        ],
        lr=recipe.value("learning_rate"),
    )

    def step():
        optimizer.zero_grad()
        loss, logits = model(x)
        loss.backward()
        nn.utils.clip_grad_value_(decayed, 1.0)
        optimizer.step()
        with torch.no_grad():  # the metric that fit logs
            error = ((logits.sigmoid() - x) ** 2).mean(dim=(1, 2, 3))
            (-10 * error.log10()).mean()
        return loss.detach()

    return step


if __name__ == "__main__":
    main()
