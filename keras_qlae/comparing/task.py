"""The runs that a study is made of."""

import dataclasses
from pathlib import Path
from typing import Any

from keras_qlae.comparing.study import Contender
from keras_qlae.comparing.study import Study
from keras_qlae.comparing.study import folder_of
from keras_qlae.recipes import Recipe
from keras_qlae.runs.directory import RunDirectory
from keras_qlae.runs.training import describe

_UNROTATED = "unrotated"


@dataclasses.dataclass(frozen=True)
class Task:
    """One model on one data set with one seed.

    Attributes:
        contender: The model.
        dataset: Name of the data set.
        seed: The seed.
        precision: Keras dtype policy.
        directory: The run directory.
        source: The directory of the run whose latents are rotated; that of
            the task itself if there is no rotation.
    """

    contender: Contender
    dataset: str
    seed: int
    precision: str
    directory: Path
    source: Path

    @property
    def name(self) -> str:
        """What a person calls it."""
        return f"{self.contender.shown} on {self.dataset}, seed {self.seed}"

    @property
    def recipe(self) -> Recipe:
        """What is trained."""
        return self.contender.recipe_for(self.dataset)

    @property
    def run(self) -> RunDirectory:
        """The run directory."""
        return RunDirectory(self.directory)

    @property
    def log(self) -> Path:
        """What the run printed."""
        return self.directory.with_name(f"{self.directory.name}.log")

    @property
    def is_finished(self) -> bool:
        """Whether there is nothing left to do."""
        if self.contender.rotate:
            return self.run.scores.exists()
        return self.run.is_finished

    @property
    def step(self) -> int:
        """Steps trained and saved so far, those of the source if rotated."""
        source = RunDirectory(self.source)
        if source.is_finished:
            return self.recipe.steps
        if not source.metrics.exists():
            return 0
        return int(source.read_metrics()["step"][-1])

    def config(self) -> dict[str, Any]:
        """Everything needed to repeat it, as `config.json` holds it."""
        config = describe(self.recipe, self.dataset, self.seed, self.precision)
        rotate = self.contender.rotate
        return config | ({"rotate": rotate} if rotate else {})

    def check(self) -> None:
        """Raises if its directories hold runs of other settings."""
        self.run.check(self.config())
        if self.source.exists() and self.source != self.directory:
            config = self.config()
            del config["rotate"]
            RunDirectory(self.source).check(config)

    def to_dict(self) -> dict[str, Any]:
        """Plain values that `from_dict` makes the task of again."""
        contender = dataclasses.replace(
            self.contender,
            recipe=self.recipe.name,
            settings=self.recipe.to_dict(),
        )
        return {
            "contender": dataclasses.asdict(contender),
            "dataset": self.dataset,
            "seed": self.seed,
            "precision": self.precision,
            "directory": str(self.directory.absolute()),
            "source": str(self.source.absolute()),
        }

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "Task":
        """A task from what `to_dict` returned."""
        return cls(
            Contender(**values["contender"]),
            values["dataset"],
            values["seed"],
            values["precision"],
            Path(values["directory"]),
            Path(values["source"]),
        )


def tasks_of(study: Study, directory: Path, precision: str) -> list[Task]:
    """The runs of a study, in the order of its table.

    Runs go to `<directory>/<data set>/<model>/seed-<seed>`. A rotated model
    takes the run of the model of the same settings that is not rotated, or
    trains it inside its own directory if the study has none.

    Args:
        study: The study.
        directory: Where it goes.
        precision: Keras dtype policy of every run.
    """
    tasks = []
    for dataset in study.datasets:
        for contender in study.contenders:
            for seed in study.seeds:
                name = f"seed-{seed}"
                runs = directory / folder_of(dataset)
                own = runs / contender.folder / name
                source = own
                if contender.rotate:
                    source = own / _UNROTATED
                    for other in study.contenders:
                        if _is_source(other, contender, dataset):
                            source = runs / other.folder / name
                tasks.append(
                    Task(contender, dataset, seed, precision, own, source)
                )
    return tasks


def _is_source(other: Contender, contender: Contender, dataset: str) -> bool:
    """Whether `other` is `contender` without its rotation."""
    recipe = contender.recipe_for(dataset)
    return not other.rotate and other.recipe_for(dataset) == recipe
