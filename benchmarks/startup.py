"""Time and memory of starting commands, and their lines on standard error.

    python benchmarks/startup.py

The best of five, each in a separate process. Bars: 0.5 s and 100 MB for
commands that need no framework, 1 s for the metrics, nothing on standard error.
"""

import os
import subprocess
import sys
import time

REPEATS = 5
COMMANDS = (
    "--help",
    "--version",
    "datasets list",
    "datasets info room3d",
    "evaluate --help",
    "evaluate run --metric all",
    "train --recipe qlea",
    "train --stpes 3",
    "train --help",
    "tune --help",
    "train --recipe qlae --help",
)
IMPORTS = (
    "from keras_qlae.metrics import infomec",
    "import keras_qlae",
    "import keras",
    "import keras_qlae; import keras",
)
# The peak is printed by the process: `getrusage` counts its parent too.
MEMORY = """
with open("/proc/self/status") as file:
    peak = next(line for line in file if line.startswith("VmHWM"))
print("PEAK", int(peak.split()[1]) / 1024)
"""
RUN = """
import sys
from keras_qlae.cli.main import main
try:
    main(sys.argv[1:], prog_name="keras-qlae")
except SystemExit:
    pass
"""


def measured(source, *arguments):
    """Seconds, megabytes and lines on standard error of the fastest start."""
    environment = {
        k: v for k, v in os.environ.items() if not k.startswith("TF")
    }
    found = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-c", source + MEMORY, *arguments],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        seconds = time.perf_counter() - start
        megabytes = float(done.stdout.rpartition("PEAK ")[2])
        found.append((seconds, megabytes, len(done.stderr.splitlines())))
    return min(found)


def main():
    print("| what | seconds | MB | lines on standard error |")
    print("| --- | --- | --- | --- |")
    rows = {f"keras-qlae {c}": (RUN, *c.split()) for c in COMMANDS}
    rows |= {line: (line,) for line in IMPORTS}
    for name, call in rows.items():
        seconds, megabytes, lines = measured(*call)
        print(f"| `{name}` | {seconds:.2f} | {megabytes:.0f} | {lines} |")


if __name__ == "__main__":
    main()
