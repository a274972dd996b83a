"""Runs the page's own JavaScript in node."""

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from keras_qlae import explorer

ASSETS = Path(explorer.__file__).parent / "assets"
needs_node = pytest.mark.skipif(
    shutil.which("node") is None,
    reason="NOT TESTED: the page's engine. Install node 20 or later "
    "(apt-get install nodejs)",
)
_RUN = """
import fs from "node:fs";
const [assets, folder] = process.argv.slice(2);
const { useWebAssembly } = await import(`${assets}/memory.js`);
const { network } = await import(`${assets}/network.js`);
const bytes = path => new Uint8Array(fs.readFileSync(path));
const job = JSON.parse(fs.readFileSync(`${folder}/job.json`));
if (job.wasm) await useWebAssembly(bytes(`${assets}/gemm.wasm`));
const all = new Float32Array(new Uint8Array(fs.readFileSync(`${folder}/inputs`)).buffer);
const run = network(job.plan, new Uint8Array(fs.readFileSync(`${folder}/weights`)));
const size = all.length / job.count, outputs = [];
for (let i = 0; i < job.count; i++) outputs.push(run(all.subarray(i * size, (i + 1) * size)));
const whole = new Float32Array(job.count * outputs[0].length);
outputs.forEach((each, i) => whole.set(each, i * each.length));
fs.writeFileSync(`${folder}/outputs`, whole);
"""


def run_node(source, *arguments):
    """What a script prints; `ASSETS` is its first argument."""
    result = subprocess.run(
        ["node", "--input-type=module", "-", str(ASSETS), *map(str, arguments)],
        input=source,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


def run_network(network, inputs, folder, wasm=True):
    """The outputs of a `Network` for inputs `(n, ...)`: `(n, ...)` flat."""
    inputs = np.ascontiguousarray(inputs, "<f4")
    job = {"plan": network.plan, "count": len(inputs), "wasm": wasm}
    (folder / "job.json").write_text(json.dumps(job))
    (folder / "inputs").write_bytes(inputs.tobytes())
    (folder / "weights").write_bytes(network.weights)
    run_node(_RUN, folder)
    outputs = np.fromfile(folder / "outputs", "<f4")
    return outputs.reshape(len(inputs), -1)
