"""The records of a run, written and read again."""

import copy
import functools
import json

import pytest

from keras_qlae import recipes
from keras_qlae import runs
from keras_qlae.recipes import parts
from keras_qlae.runs.records import Configuration

pytestmark = pytest.mark.backend_free


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ([], "damaged"),
        ({"entropy": [[1]], "perplexity": [["x"]], "num_dead": []}, "number"),
        ({"entropy": 3}, "list"),
    ],
)
def test_damaged_use_of_codes_is_named(tmp_path, content, message):
    run = runs.RunDirectory(tmp_path)
    run.code_usage.write_text(json.dumps(content))
    with pytest.raises(ValueError, match=f"code_usage.json is .*{message}"):
        run.read_code_usage()


def configuration(dataset, **training):
    return Configuration(
        format=2,
        recipe="qlae",
        dataset=dataset,
        seed=0,
        backend="tensorflow",
        precision="float32",
        settings={"training": training},
    )


def test_code_that_is_not_the_packages_is_known():
    """Modules that a stranger's run may not import without permission."""
    known = {
        "room3d": [],
        "tfds:mnist@train:label": [],
        "/photos:2024": [],
        "mine:images": ["mine:images"],
    }
    for dataset, paths in known.items():
        assert configuration(dataset).foreign_parts == paths
    supports = {"full": [], "corner:6": [], "mine:keep": ["mine:keep"]}
    for support, paths in supports.items():
        config = configuration("room3d", support=support)
        assert config.foreign_parts == paths
        assert config.support == support
    assert configuration("room3d").support == "full"  # of an earlier version


def settings(*names, **changes):
    """A Tripod run's settings, and its settings without some."""
    asked = recipes.get("tripod", "", changes).to_dict()
    before = copy.deepcopy(asked)
    for name in names:
        *path, last = name.split("/")
        del functools.reduce(dict.__getitem__, path, before)[last]
    base = configuration("room3d")
    return [
        base.model_copy(update={"settings": each}) for each in (before, asked)
    ]


NEW = (
    "optimizer/codebook_rate",
    "training/support",
    "penalties/HessianPenalty/normalized",
)


def test_a_setting_that_an_earlier_version_lacked_is_no_difference():
    before, asked = settings(*NEW)
    assert before.settings != asked.settings
    assert before.differences(asked) == []


def test_a_new_setting_that_is_not_at_its_default_is_a_difference():
    before, asked = settings(*NEW, codebook_rate=0.5, normalized=False)
    assert before.differences(asked) == [
        "optimizer.codebook_rate: 1.0 there, 0.5 asked for",
        "penalties.HessianPenalty.normalized: True there, False asked for",
    ]


def test_a_part_that_is_only_in_the_file_is_not_imported(monkeypatch):
    monkeypatch.setattr(parts, "import_object", lambda path: 1 / 0)
    before, asked = settings()
    before.settings["latent"] = {"part": "theirs:Latent"}
    before.settings["penalties"]["theirs:Penalty"] = {"weight": 1.0}
    found = "\n".join(before.differences(asked))
    assert "latent.part: theirs:Latent there" in found
    assert "theirs:Penalty.weight: 1.0 there, None asked for" in found
