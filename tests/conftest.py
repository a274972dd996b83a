"""What every test shares: backend set-up, and what runs on which backend."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# What JAX compiles is kept, for the tests that follow, for child processes and
# for the next call: most of the time goes into compiling small models anew.
os.environ.setdefault(
    "JAX_COMPILATION_CACHE_DIR",
    os.path.abspath(os.path.join(__file__, "../../.pytest_cache/jax")),
)
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES", "-1")
# Small models that take a few steps are compiled longer than they run: XLA
# leaves out what would make them faster.
os.environ.setdefault(
    "XLA_FLAGS",
    "--xla_backend_optimization_level=0 "
    "--xla_llvm_disable_expensive_passes=true",
)

import ctypes
import gc
import importlib
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

if os.environ.get("KERAS_BACKEND") == "torch":
    importlib.import_module("torch")  # before TensorFlow, or it crashes

import keras
import pytest

from tests.quick_python import CLIENT
from tests.worker_memory import pytest_sessionfinish as pytest_sessionfinish
from tests.worker_memory import (
    pytest_terminal_summary as pytest_terminal_summary,
)
from tests.worker_memory import pytest_testnodedown as pytest_testnodedown

ONCE = {"backend_free", "one_backend"}
# It compiles nothing, and so is the fastest for small models.
ONE_BACKEND = "torch"
ENOUGH_MEMORY = 1.7e9  # a worker may have no more than `worker_memory.LIMIT`
MORE_MEMORY = 0.2e9  # what stays after a clearance is not looked at each time


@pytest.hookimpl(tryfirst=True)  # before `-m "not slow"` looks at markers
def pytest_collection_modifyitems(config, items):
    """Chooses what runs on this backend; the longest files come first.

    A worker that begins a long file at the end would leave the others idle.
    """
    for item in items:
        for mark in item.iter_markers("slow_on"):
            if keras.backend.backend() in mark.args:
                item.add_marker("slow")
    slow = Counter(item.path for item in items if "slow" in item.keywords)
    tests = Counter(item.path for item in items)
    items.sort(key=lambda item: (-slow[item.path], -tests[item.path]))
    if keras.backend.backend() == ONE_BACKEND:
        return
    left_out = [item for item in items if ONCE & set(item.keywords)]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if not ONCE & set(item.keywords)]


@pytest.fixture(autouse=True)
def fresh_state(request):
    """Every test starts from the same names and seeds."""
    if "backend_free" not in request.keywords:
        keras.utils.clear_session(free_memory=False)  # collecting is slow
        keras.utils.set_random_seed(0)


def pytest_collection_finish():
    """What was imported stays: the collector need not look at it again."""
    gc.collect()
    gc.freeze()


def resident_memory():
    """Bytes of this process, where Linux says it; else 0."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


@pytest.fixture(scope="session")
def memory_limit():
    """At how many bytes a worker lets go of what it can: a list of one."""
    return [ENOUGH_MEMORY]


@pytest.fixture(autouse=True)
def bounded_memory(memory_limit):
    """What tests compiled is let go before a worker grows to gigabytes.

    That takes seconds. Where most of it stays, as on TensorFlow, it is done
    again when there is more, and not after each test.
    """
    yield
    if resident_memory() < memory_limit[0]:
        return
    keras.utils.clear_session(free_memory=False)
    if keras.backend.backend() == "jax":
        sys.modules["jax"].clear_caches()
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)  # else it stays with the process
    memory_limit[0] = max(ENOUGH_MEMORY, resident_memory() + MORE_MEMORY)


@pytest.fixture(scope="session")
def quick_client(tmp_path_factory):
    """The program of `quick_python`, whose server lives as long as tests do."""
    folder = tmp_path_factory.mktemp("quick")
    client, address = folder / "python", folder / "socket"
    client.write_text(
        CLIENT.format(python=sys.executable, address=str(address))
    )
    client.chmod(0o700)
    command = [sys.executable, "-m", "tests.quick_python", address, client]
    environment = os.environ | {
        "KERAS_BACKEND": keras.backend.backend(),
        "PYTHONPATH": str(Path(__file__).parents[1]),
    }
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, env=environment
    ) as server:
        while not address.exists():
            assert server.poll() is None
            time.sleep(0.05)
        yield str(client)
        server.stdin.close()


@pytest.fixture(scope="module")
def quick_python(quick_client):
    """Processes that tests, and the package in them, start, start at once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "executable", quick_client)
        patch.setenv("PYTHONPATH", str(Path(__file__).parents[1]))
        patch.setenv("KERAS_BACKEND", keras.backend.backend())
        yield


@pytest.fixture
def light_processes(quick_python, monkeypatch):
    """Runs in processes that a test starts draw no figures."""
    monkeypatch.setenv("LIGHT_RUNS", "1")


@pytest.fixture
def float64(monkeypatch):
    """Runs a test in float64, the precision of the reference values.

    On JAX and PyTorch some Keras operations (a mean, a matrix product) cast
    to float32 whatever they are given: the table that says so is corrected
    for the test. It is private, and only tests may touch it.
    """
    dtypes = importlib.import_module("keras.src.backend.common.dtypes")
    monkeypatch.setitem(dtypes.BIT64_TO_BIT32_DTYPE, "float64", "float64")
    before = keras.config.floatx()
    keras.config.set_floatx("float64")
    keras.config.set_dtype_policy("float64")
    if keras.backend.backend() == "jax":
        sys.modules["jax"].config.update("jax_enable_x64", True)
    yield
    keras.config.set_floatx(before)
    keras.config.set_dtype_policy(before)
    if keras.backend.backend() == "jax":
        sys.modules["jax"].config.update("jax_enable_x64", False)


@pytest.fixture
def small_model():
    """A compiled autoencoder of 8x8x1 images, as small as they come."""
    from keras_qlae import layers
    from keras_qlae import models
    from keras_qlae import networks
    from keras_qlae import optimizers

    latent = layers.ScalarCodebookQuantizer(3, 4)
    size = {"blocks": [(4, 4, 2)], "dense_units": [8], "seed": 1}
    model = models.Autoencoder(
        networks.image_encoder((8, 8, 1), latent.num_inputs, **size),
        latent,
        networks.style_image_decoder(latent.num_outputs, (8, 8, 1), **size),
    )
    model.compile(optimizers.RegularizedAdamW(1e-3, clip=1.0))
    return model
