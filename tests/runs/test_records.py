"""The records of a run, written and read again."""

import json

import pytest

from keras_qlae import runs
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
