"""Writes the scores, figures and report of a finished run."""

from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from keras_qlae import figures
from keras_qlae.datasets import FactorDataset
from keras_qlae.files import markdown_table
from keras_qlae.files import write_text
from keras_qlae.metrics import active_latents
from keras_qlae.models.inputs import codes_in_batches
from keras_qlae.runs import exporting
from keras_qlae.runs.data import spread
from keras_qlae.runs.data import varied
from keras_qlae.runs.directory import RunDirectory
from keras_qlae.runs.exploring import write_page
from keras_qlae.runs.latents import keep_latents
from keras_qlae.runs.records import Configuration
from keras_qlae.runs.scoring import numbers_of
from keras_qlae.runs.scoring import score
from keras_qlae.runs.tables import INFOMEC
from keras_qlae.runs.tables import SETTINGS_HEAD
from keras_qlae.runs.tables import latent_titles
from keras_qlae.runs.tables import score_rows
from keras_qlae.runs.tables import scored_images
from keras_qlae.runs.tables import setting_rows
from keras_qlae.runs.tables import variants

_NUM_ROWS = 4  # images in the grid of interventions
_NUM_SHOWN = 8  # reconstructed images
_NUM_CANDIDATES = 64  # images from which different ones are chosen
_NUM_SAMPLES = 25
_MOST_VALUES = 64  # of a codebook: of more, these many, evenly chosen
_LOOKS_LIKE = {
    "arm3d": "MPI3D",
    "room3d": "3D Shapes",
    "room3d_nuisance": "3D Shapes",
}


def finish(
    run: RunDirectory,
    model: keras.Model,
    held_out: FactorDataset,
    own_metrics: Sequence[str] = (),
    multi_information: float | None = None,
) -> None:
    """Scores a trained model and writes all results.

    The report is written last: a run that has one is finished.
    """
    scores = score(model, held_out, own_metrics)
    scores = scores.model_copy(update={"multi_information": multi_information})
    keep_latents(run, model, held_out)
    run.write_scores(scores)
    write_figures(run, model, held_out)
    if exporting.is_cheap():
        exporting.export_encoder(run, model)
    if held_out.has_images:
        write_page(run, model, held_out, run.page)
    run.seal()
    write_text(run.report, report(run, held_out))


def write_figures(
    run: RunDirectory, model: keras.Model, held_out: FactorDataset
) -> list[Any]:
    """Draws and writes all figures of a run; returns their paths."""
    return [
        figures.save(figure, run.figures / f"{name}.png")
        for name, figure in drawn_figures(run, model, held_out).items()
    ]


def drawn_figures(
    run: RunDirectory, model: keras.Model, held_out: FactorDataset
) -> dict[str, Any]:
    """Draws all figures of a run, by name.

    Without factors there are no `nmi` and `latents_by_factor`; of vectors
    there are no pictures.
    """
    scores = run.read_scores()
    index = spread(len(held_out), min(len(held_out), 2000))
    encoded = model.encode(held_out.images(index))
    codes = codes_in_batches(model.latent, encoded)
    scalars = model.latent.scalars(encoded)
    drawn = {}
    titles = None
    is_active = active_latents(codes, discrete=model.latent.is_discrete)
    if scores.has_infomec:
        names = list(held_out.factor_names)
        nmi = np.array(scores.nmi)
        titles = latent_titles(scores)
        is_active = np.array(scores.active)
        drawn["nmi"] = figures.nmi_heatmap(
            nmi,
            factor_names=names,
            is_active=is_active,
            scores={name: getattr(scores, name.lower()) for name in INFOMEC},
        )
    if held_out.has_factors and not held_out.has_images:
        drawn["latents_by_factor"] = figures.latents_by_factor(
            held_out.factors(index),
            numbers_of(model.latent, codes),
            factor_names=list(held_out.factor_names),
            is_active=is_active,
        )
    if held_out.has_images:
        drawn |= _pictures(model, held_out, codes, titles, is_active)
    drawn["training_curves"] = figures.training_curves(_curves(run))
    if scalars is not None:
        drawn["latent_densities"] = figures.latent_densities(
            keras.ops.convert_to_numpy(scalars),
            codebooks=_shown_codebooks(model.latent),
            is_active=is_active,
        )
    if run.codebooks.exists():
        drawn["codebook_trajectories"] = figures.codebook_trajectories(
            run.read_metrics()["step"],
            _padded(run.read_codebooks()),
            is_active=is_active,
        )
    if run.code_usage.exists():
        usage = run.read_code_usage()
        drawn["code_usage"] = figures.code_usage(
            run.read_metrics()["step"],
            usage.perplexity,
            usage.num_dead,
            model.latent.codebook_sizes,
            is_active=is_active,
        )
    return drawn


def _pictures(
    model: Any,
    held_out: FactorDataset,
    codes: np.ndarray,
    titles: list[str] | None,
    is_active: Any,
) -> dict[str, Any]:
    """The figures that show images."""
    shown = held_out.images(spread(len(held_out), _NUM_CANDIDATES))
    shown = shown[varied(shown, _NUM_SHOWN)]
    # Repeated, since a single image has no range.
    levels = model.latent.levels(np.repeat(codes, 2, axis=0))
    levels = [_shown(each) for each in levels]
    drawn = {
        "interventions": figures.interventions(
            model.traverse(shown[:_NUM_ROWS], levels),
            values=_shown_codebooks(model.latent) or levels,
            titles=titles,
            is_active=is_active,
        ),
        "reconstructions": figures.reconstructions(
            shown, model.reconstruct(shown)
        ),
    }
    if model.latent.has_prior:
        drawn["samples"] = figures.samples(model.sample(_NUM_SAMPLES, seed=0))
    return drawn


def report(run: RunDirectory, held_out: FactorDataset) -> str:
    """The text of `report.md`."""
    config = run.read_config()
    title = f"{config.recipe} on {held_out.name}, seed {config.seed}"
    versions = ", ".join(
        f"{name} {version}" for name, version in config.versions.items()
    )
    parts = [
        f"# {title}",
        markdown_table(
            ("score", "value", "of what"), score_rows(run.read_scores())
        ),
        *_listed(variants(run.read_scores(), config)),
        f"Scored on {scored_images(run)} of "
        f"{held_out.name}; higher is better. {_remark(held_out)}",
        *(
            f"## {path.stem.replace('_', ' ').capitalize()}\n\n"
            f"![{path.stem}](figures/{path.name})"
            for path in run.pictures
        ),
        "## In Python",
        _loading(run, config),
        "## Settings",
        f"Backend {config.backend}, precision {config.precision}, "
        f"versions {versions}.",
        markdown_table(SETTINGS_HEAD, setting_rows(config)),
    ]
    return "\n\n".join(parts) + "\n"


def _loading(run: RunDirectory, config: Configuration) -> str:
    """Python that loads the model, in the folder of the run."""
    modules = sorted({p.partition(":")[0] for p in config.foreign_parts})
    imports = f", imports={modules!r}" if modules else ""
    name = run.path.absolute().name
    shape = config.built.image_shape if config.built else (1, 1, 1)
    sizes = ", ".join(map(str, shape))
    call = "run.encode(images)  # (n, height, width, channels)"
    if len(shape) != 3:
        call = f"run.encode(vectors)  # (n, {sizes}), not standardized"
    lines = [
        "import keras_qlae",
        "",
        f"run = keras_qlae.open_run({name!r}{imports})",
        "run.model, run.scores, run.metrics",
        f"codes = {call}",
    ]
    return "\n".join(
        [
            f"In the folder of `{name}`:",
            "",
            "```python",
            *lines,
            "```",
            "",
            "`keras.saving.load_model` needs `import keras_qlae.models` first, "
            "which registers the layers with Keras.",
        ]
    )


def _listed(variants: Mapping[str, str]) -> list[str]:
    lines = [f"* {name}: {variant}." for name, variant in variants.items()]
    return ["\n".join(lines)] if lines else []


def _remark(held_out: FactorDataset) -> str:
    if not held_out.has_factors:
        return (
            "There is no InfoMEC: it scores latents against known factors, "
            f"and these {'images' if held_out.has_images else 'vectors'} have "
            "none."
        )
    return caution(held_out.name)


def caution(dataset: str) -> str:
    """A remark to show with scores on a data set."""
    published = _LOOKS_LIKE.get(dataset)
    if published is None:
        return ""
    return (
        f"This package draws the images of {dataset}: scores on it are not "
        f"comparable with those published for {published}."
    )


def _curves(run: RunDirectory) -> dict[str, list[float]]:
    columns = run.read_metrics()
    columns.pop("step", None)
    return columns


def _shown(values: Any) -> np.ndarray:
    """A codebook, or some of its values if it has many, evenly chosen."""
    index: np.ndarray = spread(len(values), _MOST_VALUES)
    return np.take(values, index)


def _shown_codebooks(latent: Any) -> list[np.ndarray] | None:
    """What figures show of the codebooks of scalars, if there are any."""
    if not hasattr(latent, "codebooks"):
        return None
    return [_shown(values) for values in latent.codebooks]


def _padded(codebooks: list[list[list[float]]]) -> np.ndarray:
    """`(epochs, latents, values shown)`; shorter ones are padded with NaN."""
    size = min(max(len(row) for row in codebooks[0]), _MOST_VALUES)
    table = np.full((len(codebooks), len(codebooks[0]), size), np.nan)
    for epoch, rows in zip(table, codebooks, strict=True):
        for place, row in zip(epoch, rows, strict=True):
            shown = _shown(row)
            place[: len(shown)] = shown
    return table
