"""A run directory: one training run and all it left."""

from collections.abc import Iterator
from collections.abc import Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from keras_qlae.files import locked
from keras_qlae.files import read_csv
from keras_qlae.files import read_json
from keras_qlae.files import write_csv
from keras_qlae.files import write_json

# What may differ between the first and a later call of one run.
_FREE = ("versions",)
# Settings that runs of earlier versions did not have, and what they did.
_EARLIER = {"protocol": "held_out"}


class RunDirectory:
    """The files of a run, by name.

    Args:
        path: The directory; made when first written to.

    Attributes:
        path: The directory.
        config: Everything needed to repeat the run.
        metrics: A line an epoch.
        codebooks: The codebooks after each epoch.
        scores: InfoMEC of the trained model.
        model: The trained model.
        encoder: Its encoder, for TensorFlow alone.
        checkpoints: What a killed run goes on from.
        figures: The pictures.
        report: What came out; the last file that a run writes.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self.config = self.path / "config.json"
        self.metrics = self.path / "metrics.csv"
        self.codebooks = self.path / "codebooks.json"
        self.scores = self.path / "infomec.json"
        self.model = self.path / "model.keras"
        self.encoder = self.path / "encoder"
        self.checkpoints = self.path / "checkpoint"
        self.figures = self.path / "figures"
        self.report = self.path / "report.md"

    @property
    def is_finished(self) -> bool:
        """Whether the run ended."""
        return self.report.exists()

    def read_config(self) -> dict[str, Any]:
        """The configuration of the run.

        Raises:
            FileNotFoundError: The directory holds no run.
        """
        if not self.config.exists():
            raise FileNotFoundError(
                f"There is no run in {self.path}: it has no config.json. Train "
                "one with `keras-qlae train`."
            )
        config: dict[str, Any] = read_json(self.config)
        return config | {"settings": _EARLIER | config.get("settings", {})}

    def read_trained_config(self) -> dict[str, Any]:
        """The configuration of a run that has a trained model.

        Raises:
            FileNotFoundError: The directory holds no run, or no model yet.
        """
        config = self.read_config()
        if not self.model.exists():
            raise FileNotFoundError(
                f"The run in {self.path} has no trained model yet: call "
                "`keras-qlae train` with its settings to finish it."
            )
        return config

    def claim(self, config: dict[str, Any]) -> None:
        """Makes the directory that of a run, new or to be resumed.

        Args:
            config: Everything needed to repeat the run.

        Raises:
            ValueError: As `check` does.
        """
        self.check(config)
        if not self.config.exists():
            write_json(self.config, config)

    def check(self, config: dict[str, Any]) -> None:
        """Raises unless the directory is free, or holds the run of `config`.

        Args:
            config: Everything needed to repeat the run.

        Raises:
            ValueError: The directory holds a run of other settings, or files
                that are no run.
        """
        if not self.config.exists():
            if self.path.exists() and any(self._visible_files()):
                raise ValueError(
                    f"{self.path} is not empty and holds no run: choose a new "
                    "directory, so that nothing in it is overwritten."
                )
            return
        differences = list(_differences(self.read_config(), config))
        if differences:
            listed = "\n".join(f"  {line}" for line in differences)
            raise ValueError(
                f"{self.path} holds a run of other settings:\n{listed}\n"
                "Choose another directory, or the same settings to go on with "
                "that run."
            )

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keeps a second process from training in the same directory.

        The lock goes with the process, however it ends. Without `fcntl`
        (Windows) there is none.

        Raises:
            RuntimeError: Another process holds it.
        """
        with locked(
            self.path,
            f"Another process is training in {self.path}: wait for it, or "
            "choose another directory.",
        ):
            yield

    def read_metrics(self) -> dict[str, list[float]]:
        """The columns of `metrics.csv`."""
        rows = read_csv(self.metrics)
        names = rows[0] if rows else {}
        return {
            name: [float(row[name] or "nan") for row in rows] for name in names
        }

    def write_metrics(self, rows: Sequence[dict[str, Any]]) -> None:
        """Writes `metrics.csv`, whole or not at all."""
        write_csv(self.metrics, rows)

    def _visible_files(self) -> Iterator[Path]:
        return (p for p in self.path.iterdir() if not p.name.startswith("."))


def _differences(old: dict[str, Any], new: dict[str, Any]) -> Iterator[str]:
    """A line for each setting that differs."""
    for name in [*old, *(name for name in new if name not in old)]:
        before, after = old.get(name), new.get(name)
        if name in _FREE or before == after:
            continue
        if isinstance(before, dict) and isinstance(after, dict):
            yield from _differences(before, after)
        else:
            yield f"{name}: {before} there, {after} asked for"
