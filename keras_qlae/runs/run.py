"""A run, opened: what it was, and what came out."""

import functools
import os
from collections.abc import Iterator
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from typing import Any

import numpy as np

from keras_qlae.runs.directory import RunDirectory
from keras_qlae.runs.directory import directory_of
from keras_qlae.runs.records import FORMAT
from keras_qlae.runs.records import Configuration
from keras_qlae.runs.records import Scores
from keras_qlae.runs.tables import score_rows

# Keras and the frameworks are imported by what needs them: a list of runs
# does not.
if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from keras_qlae.datasets import FactorDataset
    from keras_qlae.recipes import Recipe

_DEPTH = 6  # folders below which runs are not looked for
_NUM_SEEN = 2000  # images that tell the range of continuous latents
_WRITTEN = ("checkpoint", "encoder", "figures")  # folders of a run


class Run:
    """A training run: what it was, and what came out.

    Made by `keras_qlae.open_run`. It stands on a run directory and changes
    nothing in it. What is large is loaded when it is first asked for, and
    kept. Nothing in the directory is trusted: files are compared with their
    hashes, and modules that the run names are imported only if `imports` names
    them too.

    Args:
        directory: The run directory.
        dataset: The data set, as of `open_run`.
        imports: As of `open_run`.

    Attributes:
        directory: The run directory, with the path of each file.
        config: The recipe's name, the data set's, the seed and all settings.
    """

    def __init__(
        self,
        directory: RunDirectory,
        dataset: Any = None,
        imports: Sequence[str] = (),
    ) -> None:
        self.directory = directory
        directory.check_links()
        directory.verify(directory.config, directory.metrics)
        directory.verify(directory.codebooks, directory.code_usage)
        self.config: Configuration = directory.read_config()
        self._given = dataset
        self._imports = tuple(imports)

    @property
    def path(self) -> Path:
        """The path of the directory."""
        return self.directory.path

    @property
    def is_finished(self) -> bool:
        """Whether it was trained to the end, scored and reported."""
        return self.directory.is_finished

    @property
    def step(self) -> int:
        """Steps trained so far."""
        return int(self.metrics["step"][-1]) if self.metrics else 0

    @property
    def steps(self) -> int:
        """Steps that were asked for."""
        return int(self.config.setting("training", "steps", 0))

    @property
    def metrics(self) -> dict[str, np.ndarray]:
        """What was logged: a column by its name, a number an epoch.

        `pandas.DataFrame(run.metrics)` is a table of it. Before the first
        epoch has ended there are no columns.
        """
        if not self.directory.metrics.exists():
            return {}
        columns = self.directory.read_metrics()
        return {name: np.array(values) for name, values in columns.items()}

    @property
    def scores(self) -> Scores:
        """The scores of the trained model.

        Raises:
            FileNotFoundError: It is not scored yet.
            ValueError: The file is damaged.
        """
        self.directory.verify(self.directory.scores)
        return self.directory.read_scores()

    @property
    def recipe(self) -> "Recipe":
        """What was trained, to train it again or longer.

        Raises:
            ValueError: A run of an earlier version, or code that may not be
                imported.
        """
        from keras_qlae.runs.loading import allow
        from keras_qlae.runs.loading import recipe_of

        allow(self.config, self._imports)
        if self.config.format != FORMAT:
            raise ValueError(
                f"{self.path} holds a run of an earlier version of keras-qlae, "
                "whose settings have other names: it can be evaluated, drawn "
                f"and exported. Received: format={self.config.format}"
            )
        return recipe_of(self.config)

    @functools.cached_property
    def model(self) -> Any:
        """The trained model, compiled as in training.

        Raises:
            FileNotFoundError: It is not trained to the end.
            ValueError: The file is damaged, or the run names code that may
                not be imported.
        """
        from keras_qlae.runs.loading import allow
        from keras_qlae.runs.loading import load_model

        self.directory.read_trained_config()
        allow(self.config, self._imports)
        self.directory.verify(self.directory.model)
        return load_model(self.directory)

    @functools.cached_property
    def dataset(self) -> "FactorDataset":
        """The data set that it was trained on and is scored on.

        Raises:
            ValueError: It is not the one that was trained on or is not found,
                or the run names code that may not be imported.
        """
        from keras_qlae.runs import data as run_data
        from keras_qlae.runs.loading import allow

        allow(self.config, self._imports)
        given = self._given
        if given is None:
            given = self.config.dataset
            if not run_data.is_known(given):
                raise ValueError(
                    f"The data set of the run in {self.path} is not here: an "
                    "array, or a folder or file that was moved. Give it as "
                    "`dataset`. "
                    f"Received: dataset={given!r}"
                )
        image_size = self.config.setting("training", "image_size")
        data = run_data.load(given, image_size)
        fingerprint = data.fingerprint()
        if self.config.fingerprint not in (None, fingerprint):
            raise ValueError(
                f"The data set {self.config.dataset} is not what it was when "
                f"the run in {self.path} was trained, so that images may be "
                "scored that were trained on. Restore it, or train anew. "
                f"Received: fingerprint {fingerprint}, "
                f"{self.config.fingerprint} in training"
            )
        return data

    @functools.cached_property
    def held_out(self) -> "FactorDataset":
        """The images of `dataset` that are scored."""
        from keras_qlae.recipes.protocol import Scoring
        from keras_qlae.runs import data as run_data

        known = self.config.settings.get("scoring", {})
        names = ("num_scored", "protocol", "scored_support")
        scoring = Scoring(**{k: known[k] for k in names if k in known})
        support = self.config.support
        return run_data.split(scoring, self.dataset, support, warns=False)[1]

    def encode(self, images: Any) -> np.ndarray:
        """The codes of images: what is scored.

        (`run.model.encode` gives what the encoder says before that.)

        Args:
            images: NumPy `(n, height, width, channels)` of the model's size,
                integers in `[0, 255]` or floats in `[0, 1]`.

        Returns:
            `(n, num_latents)`: indices into the codebooks, or floats where
            latents are continuous.
        """
        codes: np.ndarray = self.model.codes(images)
        return codes

    def traverse(self, image: Any, num_values: int = 8) -> list[np.ndarray]:
        """An image with each latent set to each of its values, the rest kept.

        `figures.traversals(run.model, images)` draws it.

        Args:
            image: `(height, width, channels)`, integers in `[0, 255]` or
                floats in `[0, 1]`; or several, `(n, height, width, channels)`.
            num_values: How many values of a latent that has no codebook. They
                are taken from the held-out images.

        Returns:
            For each latent `(num_values, height, width, channels)`, floats in
            `[0, 1]`; with a first axis of `n` for several images.
        """
        image = np.asarray(image)
        latent = self.model.latent
        codes = None
        if not hasattr(latent, "codebooks"):
            from keras_qlae.runs.data import spread

            index = spread(len(self.held_out), _NUM_SEEN)
            codes = self.model.codes(self.held_out.images(index))
        images = image[None] if image.ndim == 3 else image
        levels = latent.levels(codes, num_values)
        grids: list[np.ndarray] = self.model.traverse(images, levels)
        return [grid[0] for grid in grids] if image.ndim == 3 else grids

    def figures(self) -> dict[str, "Figure"]:
        """Draws the figures of the run's report, by name; writes nothing."""
        from keras_qlae.runs.reporting import drawn_figures

        self.directory.verify(self.directory.scores)
        return drawn_figures(self.directory, self.model, self.held_out)

    def to_dict(self) -> dict[str, Any]:
        """All that is known without loading the model, as plain values."""
        return {
            "path": str(self.path),
            "is_finished": self.is_finished,
            "step": self.step,
            "steps": self.steps,
            "scores": self._known_scores and self._known_scores.to_dict(),
            "config": self.config.to_dict(),
        }

    def __repr__(self) -> str:
        config = self.config
        parts = [f"{config.recipe} on {config.dataset}, seed {config.seed}"]
        parts.append(f"{self.step:,} of {self.steps:,} steps")
        scores = self._known_scores
        if scores is not None:
            shown = [f"{name} {value}" for name, value, _ in score_rows(scores)]
            parts.append(", ".join(shown))
        return f"<Run {str(self.path)!r}: {'; '.join(parts)}>"

    @property
    def _known_scores(self) -> Scores | None:
        """The scores; `None` if there are none, or none that can be read."""
        try:
            return self.scores
        except (OSError, ValueError):
            return None


def open_run(
    directory: RunDirectory | os.PathLike[str] | str,
    dataset: Any = None,
    imports: Sequence[str] = (),
) -> Run:
    """Opens a training run, to look at it and to use its model.

    It may still be in training, and may come from somebody else: nothing in
    it runs code, unless `imports` allows that.

    Args:
        directory: The run directory, as of `runs.train` or `keras-qlae train`.
        dataset: The data set, as of `runs.train`, where the run does not find
            it by its name: it was an object or arrays, or a folder that was
            moved.
        imports: Modules of one's own that the run names and that may be
            imported, for its latents, networks, metrics or data set.

    Returns:
        The run.

    Raises:
        FileNotFoundError: There is no run there.
        ValueError: A file is damaged, or of another version.

    Example:
        ```python
        run = keras_qlae.open_run("runs/qlae-room3d-0")
        print(run.scores.infom, run.metrics["val_psnr"][-1])
        codes = run.encode(images)
        ```
    """
    return Run(directory_of(directory), dataset, imports)


def find(folder: os.PathLike[str] | str) -> Iterator[RunDirectory]:
    """The run directories in a folder and below it, in order of their paths.

    Links to folders and hidden folders are passed over.

    Args:
        folder: The folder; a run directory itself is one.
    """
    top = Path(folder)
    for place, folders, files in os.walk(top):
        depth = len(Path(place).relative_to(top).parts)
        is_run = "config.json" in files
        folders[:] = sorted(
            name
            for name in folders
            if depth < _DEPTH
            and not name.startswith(".")
            and not (is_run and name in _WRITTEN)
        )
        if is_run:
            yield RunDirectory(place)
