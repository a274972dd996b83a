#!/usr/bin/env bash
# Builds the source distribution, a wheel from it and a wheel from the checkout,
# and compares the wheels. Installs the wheel in an environment outside the
# checkout, and uses it there.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
python=${PYTHON:-python3}
export TF_CPP_MIN_LOG_LEVEL=3
unset PYTHONPATH

"$python" -m venv build/tools
build/tools/bin/python -m pip install --quiet build twine
rm -rf dist build/direct
build/tools/bin/python -m build --outdir dist .
build/tools/bin/python -m build --wheel --outdir build/direct .
build/tools/bin/python - dist/*.whl build/direct/*.whl <<'PYTHON'
import sys
import zipfile

first, second = (
    {name: archive.read(name) for name in archive.namelist()}
    for archive in map(zipfile.ZipFile, sys.argv[1:])
)
different = {n for n in {*first, *second} if first.get(n) != second.get(n)}
sys.exit(f"The wheels differ in {sorted(different)}" if different else 0)
PYTHON
build/tools/bin/python -m twine check --strict dist/*

elsewhere=$(mktemp -d)
trap 'rm -rf "$elsewhere"' EXIT
cd "$elsewhere"
"$python" -m venv venv
venv/bin/python -m pip install --quiet --constraint "$root/constraints.txt" "$root"/dist/*.whl
PATH="$elsewhere/venv/bin:$PATH"
keras-qlae --version
keras-qlae train --steps 20 --steps-per-epoch 10 --image-size 16 \
    --num-scored 200 --directory run --quiet
keras-qlae evaluate run
keras-qlae explore run --no-open
keras-qlae explore qlae-room3d --no-open  # it comes with the wheel
keras-qlae export run --part decoder
keras-qlae show run
test -s run/explorer.html
test -s qlae-room3d.html
test -s run/decoder/saved_model.pb
python - <<'PYTHON'
import subprocess
import urllib.request

import numpy as np

import keras_qlae
from keras_qlae.metrics import infomec

print(infomec([[0], [1]], [[0], [1]]))
run = keras_qlae.load("qlae-room3d")
print(run.scores, run.encode(run.held_out.images([0])))

command = ["keras-qlae", "explore", "run", "--serve", "--no-open"]
with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
    url = server.stdout.readline().strip()
    with urllib.request.urlopen(url) as answer:
        page = answer.read()
    codes = np.zeros(run.model.latent.num_latents, "<i4").tobytes()
    with urllib.request.urlopen(f"{url}decode", codes) as answer:
        image = np.frombuffer(answer.read(), "<f4")
    server.terminate()
assert b"</html>" in page, page[-100:]
assert image.size == 16 * 16 * 3, image.size
PYTHON
echo "The wheel works."
