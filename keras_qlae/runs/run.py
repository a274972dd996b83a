"""An opened run: its settings and its results."""

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

# Keras and the frameworks are imported only when needed: a list of runs does
# not need them.
if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from keras_qlae.datasets import FactorDataset
    from keras_qlae.recipes import Recipe

_DEPTH = 6  # runs are searched in folders down to this depth
_NUM_SEEN = 2000  # images to find the range of continuous latents
_WRITTEN = ("checkpoint", "encoder", "figures")  # folders of a run


class Run:
    """A training run: its settings and its results.

    It is made by `keras_qlae.open_run` from a run directory, in which it
    changes nothing. Large files are loaded when they are first used, and kept.
    Nothing in the directory is trusted: files are compared with their hashes,
    and modules that the run names are imported only if `imports` names them
    too.

    Args:
        directory: The run directory.
        dataset: The data set, as in `open_run`.
        imports: As in `open_run`.

    Attributes:
        directory: The run directory, with the path of each file.
        config: The names of recipe and data set, the seed and all settings.
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
        """Whether training, scoring and the report are finished."""
        return self.directory.is_finished

    @property
    def step(self) -> int:
        """Steps trained so far."""
        return int(self.metrics["step"][-1]) if self.metrics else 0

    @property
    def steps(self) -> int:
        """Steps of the whole run."""
        return int(self.config.setting("training", "steps", 0))

    @property
    def metrics(self) -> dict[str, np.ndarray]:
        """What was logged: columns by name, with one number per epoch.

        `pandas.DataFrame(run.metrics)` makes a table. There are no columns
        before the first epoch has ended.
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
        return self.directory.read_scores()

    @property
    def recipe(self) -> "Recipe":
        """The recipe that was trained, to train it again or longer.

        Raises:
            ValueError: The run is from an earlier version, or names code that
                may not be imported.
        """
        from keras_qlae.runs.loading import allow
        from keras_qlae.runs.loading import recipe_of

        allow(self.config, self._imports)
        if self.config.format != FORMAT:
            raise ValueError(
                f"{self.path} has a run of an earlier version of keras-qlae, "
                "whose settings have other names: it can be evaluated, drawn "
                f"and exported. Received: format={self.config.format}"
            )
        return recipe_of(self.config)

    @functools.cached_property
    def model(self) -> Any:
        """The trained model, compiled as in training.

        Raises:
            FileNotFoundError: Its training is not finished.
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
        """The data set of training and scoring.

        Raises:
            ValueError: It is not found or not the one used for training, or
                the run names code that may not be imported.
        """
        from keras_qlae.runs import data as run_data
        from keras_qlae.runs.loading import allow

        allow(self.config, self._imports)
        given = self._given
        if given is None:
            given = self.config.dataset
            if not run_data.is_known(given):
                raise ValueError(
                    f"The data set of the run in {self.path} is not found: it "
                    "was an array, or a folder or file that was moved. Give it "
                    "as `dataset`. "
                    f"Received: dataset={given!r}"
                )
        image_size = self.config.setting("training", "image_size")
        data = run_data.load(given, image_size)
        fingerprint = data.fingerprint()
        if self.config.fingerprint not in (None, fingerprint):
            raise ValueError(
                f"The data set {self.config.dataset} has changed since the run "
                f"in {self.path} was trained, so that training images may be "
                "scored. Restore it, or train again. "
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
        """Computes the codes of images, which are what is scored.

        (`run.model.encode` returns the encoder's outputs before that.)

        Args:
            images: NumPy `(n, height, width, channels)` of the model's size,
                integers in `[0, 255]` or floats in `[0, 1]`; or vectors, as
                they were trained on.

        Returns:
            `(n, num_latents)`: indices into the codebooks, or floats if the
            latents are continuous.
        """
        codes: np.ndarray = self.model.codes(images)
        return codes

    def traverse(self, image: Any, num_values: int = 8) -> list[np.ndarray]:
        """Sets one latent at a time to each of its values, for an image.

        `figures.traversals(run.model, images)` draws the result.

        Args:
            image: `(height, width, channels)`, integers in `[0, 255]` or
                floats in `[0, 1]`; or several, `(n, height, width, channels)`.
            num_values: How many values of a latent without a codebook, which
                come from the held-out images.

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
        is_one = image.ndim == len(self.model.image_shape)
        images = image[None] if is_one else image
        levels = latent.levels(codes, num_values)
        grids: list[np.ndarray] = self.model.traverse(images, levels)
        return [grid[0] for grid in grids] if is_one else grids

    def figures(self) -> dict[str, "Figure"]:
        """Draws the figures of the run's report, by name; writes nothing."""
        from keras_qlae.runs.reporting import drawn_figures

        return drawn_figures(self.directory, self.model, self.held_out)

    def to_dict(self) -> dict[str, Any]:
        """Everything known without loading the model, as plain values."""
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
        lines = "\n  ".join([f"Run {str(self.path)!r}", *parts])
        return f"<{lines}>"

    @property
    def _known_scores(self) -> Scores | None:
        """The scores; `None` if there are none or they cannot be read."""
        try:
            return self.scores
        except (OSError, ValueError):
            return None


def open_run(
    directory: RunDirectory | os.PathLike[str] | str,
    dataset: Any = None,
    imports: Sequence[str] = (),
) -> Run:
    """Opens a training run to read its results and use its model.

    The run may still be training, and may come from somebody else: no code of
    it is run, unless `imports` allows that.

    Args:
        directory: The run directory of `runs.train` or `keras-qlae train`.
        dataset: The data set, as in `runs.train`, if the run does not find it
            by its name: it was an object or arrays, or a folder that was
            moved.
        imports: Modules that the run names and that may be imported, for its
            latents, networks, metrics or data set.

    Returns:
        The run.

    Raises:
        FileNotFoundError: There is no run there.
        ValueError: A file is damaged, or from another version.

    Example:
        ```python
        run = keras_qlae.open_run("runs/qlae-room3d-0")
        print(run.scores.infom, run.metrics["val_psnr"][-1])
        codes = run.encode(images)
        ```
    """
    return Run(directory_of(directory), dataset, imports)


def find(folder: os.PathLike[str] | str) -> Iterator[RunDirectory]:
    """Finds the run directories in a folder and below it, sorted by path.

    Links to folders and hidden folders are skipped.

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
