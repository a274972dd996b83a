"""The run directory: the files of one training run."""

import os
from collections.abc import Iterator
from collections.abc import Sequence
from contextlib import contextmanager
from pathlib import Path

from keras_qlae.files import digest
from keras_qlae.files import locked
from keras_qlae.files import read_csv
from keras_qlae.files import read_json
from keras_qlae.files import write_csv
from keras_qlae.files import write_json
from keras_qlae.runs.records import Configuration
from keras_qlae.runs.records import Row
from keras_qlae.runs.records import Scores
from keras_qlae.runs.records import Usage
from keras_qlae.runs.records import read_codebooks
from keras_qlae.runs.records import read_usage


class RunDirectory:
    """The files of a run, by name.

    Args:
        path: The directory; created when it is first written to.

    Attributes:
        path: The directory.
        config: Everything needed to repeat the run.
        metrics: One line per epoch.
        codebooks: The codebooks after each epoch.
        code_usage: How each latent uses its codes after each epoch.
        latents: Latents of some scored images.
        scores: InfoMEC of the trained model.
        model: The trained model.
        encoder: Its encoder, as a SavedModel that needs only TensorFlow.
        checkpoints: The checkpoints, from which a killed run is resumed.
        figures: The figures.
        page: The results, for a browser.
        report: The results; the last file that a run writes.
        hashes: Hashes of the files of a finished run.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self.config = self.path / "config.json"
        self.metrics = self.path / "metrics.csv"
        self.codebooks = self.path / "codebooks.json"
        self.code_usage = self.path / "code_usage.json"
        self.latents = self.path / "latents.npy"
        self.scores = self.path / "infomec.json"
        self.model = self.path / "model.keras"
        self.encoder = self.path / "encoder"
        self.checkpoints = self.path / "checkpoint"
        self.figures = self.path / "figures"
        self.page = self.path / "report.html"
        self.report = self.path / "report.md"
        self.hashes = self.path / "sha256.json"

    def __repr__(self) -> str:
        return f"<RunDirectory {str(self.path)!r}>"

    @property
    def pictures(self) -> list[Path]:
        """The existing pictures, without links and other files."""
        return [
            path
            for path in sorted(self.figures.glob("*.png"))
            if path.is_file() and not path.is_symlink()
        ]

    @property
    def is_finished(self) -> bool:
        """Whether the run has ended and its model exists."""
        return self.report.exists() and self.model.exists()

    def read_config(self) -> Configuration:
        """The configuration of the run.

        Raises:
            FileNotFoundError: The directory has no run.
            ValueError: The file is damaged, or from another version.
        """
        if not self.config.exists():
            raise FileNotFoundError(
                f"There is no run in {self.path}: it has no config.json. Train "
                "one with `keras-qlae train`."
            )
        return Configuration.read(self.config)

    def read_trained_config(self) -> Configuration:
        """The configuration of a run that has a trained model.

        Raises:
            FileNotFoundError: There is no run, or it is not trained.
        """
        config = self.read_config()
        if not self.model.exists():
            raise FileNotFoundError(
                f"The training of the run in {self.path} is not finished: it "
                "has no model.keras. Resume it with `keras-qlae train`."
            )
        return config

    def claim(self, config: Configuration) -> None:
        """Prepares the directory for a run, new or resumed.

        Args:
            config: Everything needed to repeat the run.

        Raises:
            ValueError: As `check` does.
        """
        self.check(config)
        if not self.config.exists():
            config.write(self.config)
        elif self.wants_more(config):
            # In this order: without a report the run counts as stopped.
            self.report.unlink(missing_ok=True)
            self.hashes.unlink(missing_ok=True)
            config.write(self.config)

    def check(self, config: Configuration) -> None:
        """Raises unless the directory is empty or has the run of `config`.

        A run with the same settings but fewer steps is accepted: it continues.

        Args:
            config: Everything needed to repeat the run.

        Raises:
            ValueError: The directory has a run with other settings, or files
                that are not a run.
        """
        self.check_links()
        if not self.config.exists():
            if self.path.exists() and any(self._visible_files()):
                raise ValueError(
                    f"{self.path} is not empty and has no run: choose a new "
                    "directory, so that nothing is overwritten."
                )
            return
        there = self.read_config()
        if there.format != config.format:
            raise ValueError(
                f"{self.path} has a run of an earlier version of keras-qlae, "
                f"{there.versions.get('keras-qlae', 'unknown')}: it can be "
                "evaluated, drawn and exported, but not trained further. "
                "Choose another directory."
            )
        differences = there.differences(config)
        if differences:
            listed = "\n".join(f"  {line}" for line in differences[:10])
            raise ValueError(
                f"{self.path} has a run with other settings:\n{listed}\n"
                "Choose another directory, or the same settings to resume "
                "that run."
            )

    def wants_more(self, config: Configuration) -> bool:
        """Whether `config` has more steps than the existing run."""
        there = self.read_config().setting("training", "steps", 0)
        return bool(config.setting("training", "steps", 0) > there)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keeps a second process from training in the same directory.

        Raises:
            RuntimeError: Another process is using it.
        """
        with locked(
            self.path,
            f"Another process is training in {self.path}: wait for it, or "
            "choose another directory.",
        ):
            yield

    def read_metrics(self) -> dict[str, list[float]]:
        """The columns of `metrics.csv`.

        Raises:
            ValueError: The file is damaged.
        """
        self.verify(self.metrics)
        rows = read_csv(self.metrics)
        names = rows[0] if rows else {}
        try:
            return {
                name: [float(row[name] or "nan") for row in rows]
                for name in names
            }
        except (TypeError, ValueError) as error:
            raise ValueError(f"{self.metrics} is damaged: {error}") from error

    def write_metrics(self, rows: Sequence[Row]) -> None:
        """Writes `metrics.csv`, completely or not at all."""
        write_csv(self.metrics, rows)

    def read_code_usage(self) -> Usage:
        """How each latent used its codes, `(num_epochs, num_latents)` each.

        Raises:
            FileNotFoundError: The latents have no codes.
            ValueError: The file is damaged.
        """
        self.verify(self.code_usage)
        return read_usage(self.code_usage)

    def read_scores(self) -> Scores:
        """The scores of the trained model.

        Raises:
            FileNotFoundError: It is not scored.
            ValueError: The file is damaged.
        """
        self.verify(self.scores)
        return Scores.read(self.scores)

    def write_scores(self, scores: Scores) -> None:
        """Writes the scores of the trained model, with their hash."""
        scores.write(self.scores)
        if self.hashes.exists():
            self.seal()

    def read_codebooks(self) -> list[list[list[float]]]:
        """The codebooks after each epoch.

        Raises:
            ValueError: The file is damaged.
        """
        self.verify(self.codebooks)
        return read_codebooks(self.codebooks)

    def seal(self) -> None:
        """Writes the hashes of the files of a finished run."""
        files = (
            self.config,
            self.metrics,
            self.codebooks,
            self.code_usage,
            self.latents,
            self.scores,
            self.model,
        )
        write_json(
            self.hashes, {f.name: digest(f) for f in files if f.exists()}
        )

    def verify(self, *files: Path) -> None:
        """Raises if files of a finished run have changed.

        A run of an earlier version, without hashes, is not checked.

        Raises:
            ValueError: A file has changed. The message names it.
        """
        if not self.hashes.exists():
            return
        known = read_json(self.hashes)
        for file in files:
            is_known = isinstance(known, dict) and file.name in known
            if file.exists() and not (
                is_known and known[file.name] == digest(file)
            ):
                raise ValueError(
                    f"{file} is damaged: it is not what the run wrote (its "
                    f"hash differs from that in {self.hashes.name})."
                )

    def check_links(self) -> None:
        """Raises if a folder to write to is a link.

        The directory may come from somebody else.
        """
        for folder in (self.checkpoints, self.figures, self.encoder):
            if folder.is_symlink():
                raise ValueError(
                    f"{folder} is a link, but a run writes only into its own "
                    "directory: remove the link, or choose another directory."
                )

    def _visible_files(self) -> Iterator[Path]:
        return (p for p in self.path.iterdir() if not p.name.startswith("."))


def directory_of(
    directory: RunDirectory | os.PathLike[str] | str,
) -> RunDirectory:
    """Returns a run directory, from its path if necessary."""
    if isinstance(directory, RunDirectory):
        return directory
    return RunDirectory(os.fspath(directory))
