"""Runs in people's trackers, and callbacks by name."""

import re
import sys
import types

import keras
import pytest

from keras_qlae import runs
from keras_qlae.callbacks.trackers import MLflow
from keras_qlae.files import read_json
from keras_qlae.files import write_json
from keras_qlae.runs import tracking
from tests.runs.small import recipe

pytestmark = pytest.mark.one_backend


class FakeWandB(types.ModuleType):
    """The part of wandb that is used, according to its documentation."""

    def __init__(self):
        super().__init__("wandb")
        self.calls = []
        self.summary = {}

    def init(self, **arguments):
        self.calls.append(("init", arguments))
        return self

    def log(self, values, step):
        self.calls.append(("log", step, values))

    def finish(self, exit_code):
        self.calls.append(("finish", exit_code))


class FakeMLflow(types.ModuleType):
    """What is used of mlflow, as its documentation says."""

    def __init__(self):
        super().__init__("mlflow")
        self.calls = []

    def start_run(self, run_id, run_name):
        self.calls.append(("start_run", run_id, run_name))
        info = types.SimpleNamespace(run_id=run_id or "0123abcd")
        return types.SimpleNamespace(info=info)

    def log_params(self, params):
        self.calls.append(("log_params", params))

    def log_metrics(self, metrics, step=None):
        for name in metrics:
            assert re.fullmatch(r"[\w./: -]+", name)
        self.calls.append(("log_metrics", step, metrics))

    def end_run(self, status):
        self.calls.append(("end_run", status))


@pytest.fixture
def wandb(monkeypatch):
    fake = FakeWandB()
    monkeypatch.setitem(sys.modules, "wandb", fake)
    return fake


@pytest.fixture
def mlflow(monkeypatch):
    fake = FakeMLflow()
    monkeypatch.setitem(sys.modules, "mlflow", fake)
    return fake


def train(path, steps=4, **options):
    return runs.train(path, recipe(steps=steps), verbose=0, **options)


def test_wandb_gets_settings_epochs_and_scores(wandb, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WANDB_PROJECT", "thesis")
    run = train(tmp_path / "runs" / "a", callbacks=["wandb"])
    (_, begun), *logged, ended = wandb.calls
    assert begun["project"] == "thesis"
    assert begun["name"] == "runs/a"
    assert begun["config"]["latent.num_values"] == 3
    assert begun["config"]["seed"] == 0
    assert begun["dir"] == str(run.path)
    assert [(kind, step) for kind, step, _ in logged] == [
        ("log", 1),
        ("log", 2),
    ]
    for row, (_, _, values) in enumerate(logged):
        for name in ("loss", "val_psnr", "val_infom"):
            assert values[name] == run.read_metrics()[name][row]
    assert wandb.summary["infom"] == run.read_scores().infom
    assert ended == ("finish", 0)


def test_a_resumed_run_is_resumed_at_the_tracker(wandb, mlflow, tmp_path):
    both = ["wandb", "mlflow"]
    train(tmp_path, callbacks=both)
    first = wandb.calls[0][1]["id"]
    assert read_json(tmp_path / "trackers.json") == {
        "wandb": first,
        "mlflow": "0123abcd",
    }
    for fake in (wandb, mlflow):
        fake.calls.clear()
    train(tmp_path, steps=6, callbacks=both)
    assert wandb.calls[0][1]["id"] == first
    assert wandb.calls[0][1]["resume"] == "allow"
    assert [call[1] for call in wandb.calls if call[0] == "log"] == [3]
    assert mlflow.calls[0][1] == "0123abcd"
    assert "log_params" not in [call[0] for call in mlflow.calls]


def test_mlflow_gets_settings_epochs_and_scores(mlflow, tmp_path):
    run = train(tmp_path, callbacks=["mlflow"])
    started, params, *logged, final, ended = mlflow.calls
    assert started[1] is None
    assert params[1]["latent.num_values"] == 3
    assert [call[1] for call in logged] == [1, 2]
    assert logged[1][2]["val_infom"] == run.read_metrics()["val_infom"][1]
    assert final[2]["final_psnr"] == run.read_scores().psnr
    assert ended == ("end_run", "FINISHED")


def test_mlflow_allows_few_characters_in_names(mlflow, tmp_path):
    with MLflow(tmp_path, "run", {}) as tracker:
        tracker.on_train_begin()
        tracker.summarize({"MCC (Pearson)": 0.5})
    assert mlflow.calls[-2][2] == {"final_MCC _Pearson_": 0.5}


def test_a_run_that_fails_is_ended_as_failed(
    wandb, mlflow, tmp_path, monkeypatch
):
    def fail(*_):
        raise OSError(28, "No space left")

    monkeypatch.setattr("keras_qlae.runs.training.finish", fail)
    with pytest.raises(OSError, match="No space left"):
        train(tmp_path, callbacks=["wandb", "mlflow"])
    assert wandb.calls[-1] == ("finish", 1)
    assert mlflow.calls[-1] == ("end_run", "FAILED")
    assert not wandb.summary


@pytest.mark.parametrize("name", ["wandb", "mlflow"])
def test_a_library_that_is_not_installed_is_said_first(
    name, tmp_path, monkeypatch
):
    monkeypatch.setitem(sys.modules, name, None)
    wanted = rf"pip install 'keras-qlae\[{name}\]'"
    with pytest.raises(ImportError, match=wanted):
        train(tmp_path / "run", callbacks=[name])
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("content", [{"wandb": "../../x"}, ["x"], {"wandb": 3}])
def test_an_id_that_is_none_is_not_used(content, wandb, tmp_path):
    """The run may come from somebody else, and an id is part of paths."""
    train(tmp_path, steps=2)
    write_json(tmp_path / "trackers.json", content)
    with pytest.raises(ValueError, match=r"trackers\.json is damaged"):
        train(tmp_path, callbacks=["wandb"])
    assert not wandb.calls


def test_tensorboard_shows_every_score(tmp_path):
    from tensorboard.backend.event_processing import event_accumulator
    from tensorboard.util.tensor_util import make_ndarray

    run = train(tmp_path, callbacks=["tensorboard"])
    train(tmp_path, steps=6, callbacks=["tensorboard"])
    events = event_accumulator.EventAccumulator(
        str(tmp_path / "tensorboard" / "validation"),
        size_guidance={"tensors": 0},
    )
    events.Reload()
    points = events.Tensors("epoch_infom")
    assert [point.step for point in points] == [0, 1, 2]
    values = [float(make_ndarray(point.tensor_proto)) for point in points]
    assert values == pytest.approx(run.read_metrics()["val_infom"])


class Counter(keras.callbacks.Callback):
    """A callback of one's own that wants to know the directory."""

    def __init__(self, directory):
        super().__init__()
        self.directory = directory

    def on_epoch_end(self, epoch, logs=None):
        with (self.directory / "seen.txt").open("a") as file:
            file.write(f"{epoch} {'val_infom' in logs}\n")


def stops_early():
    return keras.callbacks.EarlyStopping("val_loss", min_delta=1e9)


def no_callback():
    return 3


def test_callbacks_of_ones_own_by_their_names(tmp_path):
    train(tmp_path, callbacks=[f"{__name__}:Counter"])
    assert (tmp_path / "seen.txt").read_text() == "0 True\n1 True\n"


def test_a_callback_may_stop_the_run(tmp_path, caplog):
    run = train(tmp_path, steps=8, callbacks=[f"{__name__}:stops_early"])
    assert run.is_finished
    assert run.read_metrics()["step"] == [2, 4]
    assert "stopped training at step 4 of 8" in caplog.text


@pytest.mark.parametrize(
    ("named", "message"),
    [
        ("wanbd", "Did you mean 'wandb'"),
        ("json:nothing", "no class or function 'nothing'"),
        (f"{__name__}:no_callback", r"must return a .*Callback.*Received: int"),
        (3, "names of trackers"),
    ],
)
def test_objects_other_than_callbacks_are_refused_first(
    named, message, tmp_path
):
    with pytest.raises(ValueError, match=message):
        train(tmp_path / "run", callbacks=[named])
    assert not (tmp_path / "run").exists()
    with pytest.raises(ValueError, match=message):
        tracking.callbacks_of([named], runs.RunDirectory(tmp_path), None)
