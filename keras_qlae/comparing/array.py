"""A study as independent tasks, for a job array of a cluster."""

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from keras_qlae.comparing import results
from keras_qlae.comparing.claims import claimed
from keras_qlae.comparing.comparison import check_all
from keras_qlae.comparing.comparison import failure
from keras_qlae.comparing.planned import Planned
from keras_qlae.comparing.planned import runs_of
from keras_qlae.comparing.study import Study
from keras_qlae.files import write_text
from keras_qlae.runs.execution import execute_apart

_CLAIMS = ".claims"  # folder of a comparison's directory


def tasks_of(planned: Sequence[Planned]) -> list[list[Planned]]:
    """Divides the runs of a study into tasks that do not wait for each other.

    A run with rotated latents is in one task with the run that it rotates.
    """
    parts: dict[Path, list[Planned]] = {}
    for run in sorted(planned, key=lambda each: bool(each.contender.rotate)):
        shared = run.source if run.source in parts else run.directory
        parts.setdefault(shared, []).append(run)
    return list(parts.values())


def do_task(
    study: Study,
    directory: Path | str,
    number: int,
    precision: str = "float32",
    callbacks: Sequence[str] = (),
) -> bool:
    """Does one task of a study, unless another process is doing it.

    It may be called again at any time, on any machine with access to the
    directory: finished runs are skipped, others resume from their last
    checkpoint, and no two processes work on the same run.

    Args:
        study: As in `compare`.
        directory: As in `compare`, on a disk that all machines share.
        number: Which task, from 0.
        precision: As in `compare`.
        callbacks: As in `compare`.

    Returns:
        Whether its runs are finished. If not, another process is working on
        them.

    Raises:
        ValueError: There is no such task, or as in `compare`.
        RuntimeError: A run failed. The message says how it ended.
        FileNotFoundError: As in `compare`.
    """
    directory = Path(directory)
    planned = runs_of(study, directory, precision, callbacks)
    tasks = tasks_of(planned)
    if not 0 <= number < len(tasks):
        raise ValueError(
            f"The study has {len(tasks)} tasks, from 0 to {len(tasks) - 1}. "
            f"Received: task={number}"
        )
    check_all(tasks[number])
    with claimed(directory / _CLAIMS / str(number)) as is_ours:
        if not is_ours:
            return False
        for run in tasks[number]:
            if run.is_finished:
                continue
            outcome = execute_apart(run.task, str(run.log.absolute()), {})
            if outcome.code:
                raise RuntimeError(failure(run, outcome))
    return True


def gather(
    study: Study, directory: Path | str, precision: str = "float32"
) -> list[dict[str, Any]]:
    """Writes the tables of a study from the existing runs.

    Args:
        study: As in `compare`.
        directory: As in `compare`.
        precision: As in `compare`.

    Returns:
        The rows of `results.csv`.

    Raises:
        ValueError: A directory has a run with other settings.
    """
    directory = Path(directory)
    planned = runs_of(study, directory, precision)
    for each in planned:
        each.check()
    rows = results.rows_of(planned, set())
    results.write(directory, study, planned, rows)
    return rows


def write_slurm(
    path: Path, words: Sequence[str], number: int, directory: Path, backend: str
) -> None:
    """Writes a script that submits a study to Slurm and also runs its tasks.

    `words` are the arguments of `keras-qlae compare` that define the study.
    Slurm's output goes to its directory.
    """
    command = shlex.join(
        [sys.executable, "-m", "keras_qlae", "compare", *words]
    )
    logs = directory.absolute() / "slurm"
    write_text(
        path,
        f"""#!/bin/bash
# A study of {number} tasks. Submit it with:  bash {shlex.quote(path.name)}
# Add what your cluster requires for a task (partition, GPU, time) here:
#SBATCH --job-name=keras-qlae
#SBATCH --requeue
#SBATCH --cpus-per-task=2
export KERAS_BACKEND={backend}

case "${{1:-submit}}" in
submit)
    mkdir -p {shlex.quote(str(logs))}
    job=$(sbatch --parsable --array=0-{number - 1} \\
        --output={shlex.quote(str(logs))}/%A_%a.out "$0" task)
    # The tables are made when all tasks have ended, even if some failed.
    sbatch --parsable --dependency="afterany:${{job%%;*}}" \\
        --output={shlex.quote(str(logs))}/gather.out "$0" gather
    ;;
task)
    exec {command} --task "$SLURM_ARRAY_TASK_ID"
    ;;
gather)
    exec {command} --gather
    ;;
esac
""",
    )
