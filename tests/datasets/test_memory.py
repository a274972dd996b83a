"""Preparing takes little memory, however large the file."""

import pytest

from tests.subprocesses import run_python

SCRIPT = """
import dataclasses, os, sys, zipfile
import numpy as np
from keras_qlae import datasets
from keras_qlae.datasets import registry

def memory(kind):
    lines = open("/proc/self/status").read().splitlines()
    (line,) = [line for line in lines if line.startswith(kind)]
    return int(line.split()[1]) * 1024

info = datasets.info("mpi3d")
sizes = (2, 2, 2, 3, 3, 17, 20)  # 24,480 images, 301 MB
(file,) = info.files
info = dataclasses.replace(
    info,
    factors=dict(zip(info.factors, sizes)),
    files=(dataclasses.replace(file, num_bytes=10**6),),
)
registry._INFOS["mpi3d"] = info
path = sys.argv[1] + "/mpi3d/downloads/" + file.name
os.makedirs(os.path.dirname(path))
with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as out:
    with out.open("images.npy", "w") as member:
        shape = (info.num_values, 64, 64, 3)
        header = {"descr": "|u1", "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(member, header)
        for i in range(0, info.num_values, 240):
            block = np.arange(i, i + 240).astype("u1")[:, None, None, None]
            member.write(np.broadcast_to(block, (240, 64, 64, 3)).tobytes())
before = memory("VmRSS")
datasets.prepare("mpi3d", sys.argv[1], show_progress=False)
print("RESULT", memory("VmHWM") - before)
images = datasets.load("mpi3d", data_dir=sys.argv[1]).images([0, 77, 24_479])
assert images[:, 0, 0, 0].tolist() == [0, 77, 24_479 % 256]
"""


@pytest.mark.slow
@pytest.mark.backend_free
def test_300_megabytes_stream(tmp_path):
    output = run_python(SCRIPT, tmp_path, backend="jax")
    assert int(output.rpartition("RESULT ")[2]) < 250_000_000
