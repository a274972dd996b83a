"""The runs of a study."""

import dataclasses
import functools
from collections.abc import Sequence
from pathlib import Path

from keras_qlae.comparing.study import Contender
from keras_qlae.comparing.study import Study
from keras_qlae.recipes import Recipe
from keras_qlae.runs.data import folder_of
from keras_qlae.runs.directory import RunDirectory
from keras_qlae.runs.execution import Task
from keras_qlae.runs.records import Configuration

_UNROTATED = "unrotated"


@dataclasses.dataclass(frozen=True)
class Planned:
    """One model on one data set with one seed.

    The source is the directory of the run whose latents are rotated; without a
    rotation, that of the run itself.
    """

    contender: Contender
    dataset: str
    seed: int
    precision: str
    directory: Path
    source: Path
    callbacks: Sequence[str] = ()

    @property
    def name(self) -> str:
        """Its name in messages."""
        return f"{self.contender.shown} on {self.dataset}, seed {self.seed}"

    @functools.cached_property
    def recipe(self) -> Recipe:
        """The recipe that is trained."""
        return self.contender.recipe_for(self.dataset)

    @property
    def steps(self) -> int:
        """Number of steps of the whole run."""
        return self.recipe.training.steps

    @property
    def run(self) -> RunDirectory:
        """The run directory."""
        return RunDirectory(self.directory)

    @property
    def log(self) -> Path:
        """The file with what the run printed."""
        return self.directory.with_name(f"{self.directory.name}.log")

    @property
    def is_finished(self) -> bool:
        """Whether the run is finished."""
        is_done = self.run.is_finished
        if self.contender.rotate:
            is_done = self.run.scores.exists()
        return is_done and not self.run.wants_more(self.config)

    @property
    def step(self) -> int:
        """Steps trained and saved so far; if rotated, those of the source."""
        source = RunDirectory(self.source)
        if not source.metrics.exists():
            return 0
        return int(source.read_metrics()["step"][-1])

    @functools.cached_property
    def task(self) -> Task:
        """The run as plain data."""
        source = self.source if self.contender.rotate else None
        return Task.of(
            self.directory,
            self.recipe,
            self.dataset,
            self.seed,
            self.precision,
            source,
            self.callbacks,
        )

    @functools.cached_property
    def config(self) -> Configuration:
        """Everything needed to repeat it, without loading the data set."""
        return self.task.describe()

    def check(self) -> None:
        """Raises if its directories have runs with other settings or are links.

        Links are refused since the comparison may come from somebody else.
        """
        data_set, model = self.directory.parents[1], self.directory.parents[0]
        for folder in (data_set, model, self.directory, self.source):
            if folder.is_symlink():
                raise ValueError(
                    f"{folder} is a link, but a comparison writes only into "
                    "its own directory: remove the link."
                )
        self.run.check(self.config)
        if self.source.exists() and self.source != self.directory:
            plain = self.config.model_copy(update={"rotate": None})
            RunDirectory(self.source).check(plain)


def runs_of(
    study: Study,
    directory: Path,
    precision: str,
    callbacks: Sequence[str] = (),
) -> list[Planned]:
    """Lists the runs of a study, in the order of its table.

    The directory of a run is `<directory>/<data set>/<model>/seed-<seed>`. A
    rotated model uses the run of the model with the same settings and no
    rotation. If the study has none, it trains one inside its own directory.
    """
    planned = []
    for dataset in study.datasets:
        folder = directory / folder_of(dataset)
        for contender in study.contenders:
            for seed in study.seeds:
                name = f"seed-{seed}"
                own = folder / contender.folder / name
                source = own
                if contender.rotate:
                    source = own / _UNROTATED
                    for other in study.contenders:
                        if _is_source(other, contender, dataset):
                            source = folder / other.folder / name
                planned.append(
                    Planned(
                        contender,
                        dataset,
                        seed,
                        precision,
                        own,
                        source,
                        callbacks,
                    )
                )
    return planned


def _is_source(other: Contender, contender: Contender, dataset: str) -> bool:
    """Whether `other` is `contender` without its rotation."""
    mine, others = (c.recipe_for(dataset) for c in (contender, other))
    return (
        not other.rotate
        and other.recipe == contender.recipe
        and others.to_dict() == mine.to_dict()
    )
