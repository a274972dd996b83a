"""What a run writes down, read again."""

import json

import pytest

from keras_qlae import runs

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
