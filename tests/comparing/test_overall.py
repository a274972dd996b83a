"""Models over all data sets, against differences computed by hand."""

import numpy as np
import pytest
from scipy.stats import ttest_rel

from keras_qlae.comparing import Contender
from keras_qlae.comparing import Study
from keras_qlae.comparing import tables
from keras_qlae.comparing.overall import overall
from keras_qlae.comparing.statistics import holm
from keras_qlae.comparing.statistics import paired_p_value
from keras_qlae.comparing.summary import summaries

pytestmark = pytest.mark.backend_free

DATASETS = ["room3d", "arm3d"]
MODELS = [
    Contender("a", "qlae"),
    Contender("b", "ae"),
    Contender("c", "fsq"),
]


def rows_of(values):
    """Rows from InfoM by model, data set and seed; NaN for no run."""
    return [
        {
            "dataset": dataset,
            "model": model.shown,
            "seed": seed,
            "infom": None if np.isnan(value) else value,
            "psnr": None if np.isnan(value) else 10 * value,
            "udr": None,
            "steps": 1,
            "status": "waiting" if np.isnan(value) else "finished",
        }
        for model, of_model in zip(MODELS, values, strict=True)
        for dataset, of_dataset in zip(DATASETS, of_model, strict=True)
        for seed, value in enumerate(of_dataset)
    ]


def study(seeds=3):
    return Study(MODELS, DATASETS, list(range(seeds)))


@pytest.fixture
def values():
    return np.random.default_rng(0).uniform(
        0.3, 0.9, (len(MODELS), len(DATASETS), 3)
    )


def test_means_and_tests_are_those_of_scipy(values):
    found = overall(study(), rows_of(values))
    means = values.mean((1, 2))
    best = int(means.argmax())
    others = [i for i in range(len(MODELS)) if i != best]
    tests = [ttest_rel(values[i].ravel(), values[best].ravel()) for i in others]
    for i, test, p in zip(
        others, tests, holm([t.pvalue for t in tests]), strict=True
    ):
        own = found[MODELS[i].shown]["infom"]
        low, high = test.confidence_interval(0.95)
        assert own.mean == pytest.approx(means[i])
        assert own.difference.mean == pytest.approx(means[i] - means[best])
        assert own.difference.low == pytest.approx(low)
        assert own.difference.high == pytest.approx(high)
        assert own.p_value == pytest.approx(p)
    own = found[MODELS[best].shown]["infom"]
    assert own.difference is None
    assert own.is_level


def test_a_difference_between_data_sets_is_none_between_models():
    # On the second data set all models are lower by much more than they
    # differ. A test of unpaired runs would find nothing.
    easy = [0.90, 0.91, 0.92]
    values = np.array(
        [
            [easy, np.subtract(easy, 0.5)],
            [np.subtract(easy, 0.021), np.subtract(easy, 0.52)],
            [np.add(easy, [0.001, -0.001, 0.0]), np.subtract(easy, 0.5)],
        ]
    )
    found = overall(study(), rows_of(values))
    assert not found["b"]["infom"].is_level
    assert found["a"]["infom"].is_level
    assert found["c"]["infom"].is_level


def test_each_data_set_counts_the_same(values):
    values[1, 1, 1:] = np.nan  # one seed on the second
    own = overall(study(), rows_of(values))["b"]["infom"]
    assert own.mean == pytest.approx(
        (values[1, 0].mean() + values[1, 1, 0]) / 2
    )


def test_a_model_that_lacks_a_data_set_has_no_mean(values):
    values[0] = 1.0
    values[0, 1] = np.nan
    found = overall(study(), rows_of(values))
    assert found["a"]["infom"].mean is None
    assert not found["a"]["infom"].is_level
    assert any(own["infom"].is_level for own in found.values())


def test_one_seed_on_one_data_set_has_no_test():
    one = Study(MODELS, ["room3d"], [0])
    rows = rows_of(np.full((3, 2, 1), 0.5))
    rows[0]["infom"] = 0.7
    rows = [row for row in rows if row["dataset"] == "room3d"]
    found = overall(one, rows)
    assert found["b"]["infom"].p_value is None
    assert np.isnan(found["b"]["infom"].difference.margin)
    assert found["a"]["infom"].is_level
    assert not found["b"]["infom"].is_level


def test_nothing_is_finished():
    rows = rows_of(np.full((3, 2, 3), np.nan))
    assert overall(study(), rows)["a"] == dict.fromkeys(
        ("infom", "infoe", "infoc", "psnr"), (None, None, None, False)
    )


def test_the_table_of_all_data_sets():
    values = np.array(
        [
            [[0.8, 0.9], [0.6, 0.7]],
            [[0.7, 0.8], [0.5, 0.6]],
            [[0.4, 0.9], [np.nan, np.nan]],
        ]
    )
    rows = rows_of(values)
    two = study(2)
    text = tables.markdown(two, summaries(two, rows), rows)
    table = text.partition("## All data sets\n\n")[2]
    assert table.startswith(
        "| model | InfoM | InfoE | InfoC | PSNR, dB |\n"
        "| --- | --- | --- | --- | --- |\n"
        "| a | **0.750** | - | - | **7.50** |\n"
        "| b | 0.650 (-0.100 ± 0.000) | - | - | 6.50 (-1.00 ± 0.00) |\n"
        "| c | - | - | - | - |\n"
    )
    assert tables.ALL_MEANING in table


def test_one_data_set_has_no_table_of_all(values):
    rows = [row for row in rows_of(values) if row["dataset"] == "room3d"]
    one = Study(MODELS, ["room3d"], [0, 1, 2])
    text = tables.markdown(one, summaries(one, rows), rows)
    assert "All data sets" not in text


@pytest.mark.parametrize(
    ("differences", "p"), [([0.1, 0.1], 0.0), ([0.0, 0.0, 0.0], 1.0)]
)
def test_equal_differences(differences, p):
    assert paired_p_value(differences) == p


def test_holm_is_monotonic_and_at_most_one():
    # By hand: 4 * 0.01, 3 * 0.02, 2 * 0.02 raised to 0.06, 0.9.
    found = holm([0.02, 0.9, 0.01, 0.02])
    np.testing.assert_allclose(found, [0.06, 0.9, 0.04, 0.06])
    assert holm([0.6, 0.7]) == [1.0, 1.0]
    assert holm([]) == []


def test_a_model_without_a_run_in_common_is_not_level_with_the_best():
    values = np.full((3, 2, 2), np.nan)
    values[0, :, 0] = 0.9
    values[1, :, 1] = 0.4
    found = overall(study(2), rows_of(values))
    assert found["a"]["infom"].is_level
    assert found["b"]["infom"].mean == pytest.approx(0.4)
    assert not found["b"]["infom"].is_level
