"""The numbers in the documents are those of the files in benchmarks/."""

import importlib.util
import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.one_backend

ROOT = Path(__file__).parents[1]
# Pages that repeat numbers of the tables.
PAGES = [
    ROOT / "docs" / f"{name}.md"
    for name in (
        *("results", "which_model"),
        *("background/pitfalls", "background/weight_decay"),
    )
]


@pytest.fixture(scope="module")
def results():
    path = ROOT / "tools" / "results.py"
    spec = importlib.util.spec_from_file_location("results", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    "name",
    [
        "benchmarks/README.md",
        "docs/explorer.md",
        "docs/results.md",
        "docs/which_model.md",
    ],
)
def test_tables_are_those_of_the_files(results, name):
    text = (ROOT / name).read_text()
    assert results.document(text) == text, "`make results` writes them anew"


def test_every_table_has_a_file(results):
    text = (ROOT / "benchmarks" / "README.md").read_text()
    bare = results.TABLE.sub("", text)
    assert not re.findall(r"^\|", bare, re.MULTILINE)
    shown = {found[1] for found in results.TABLE.findall(text)}
    files = {path.stem for path in results.RAW.glob("*.csv")}
    assert files <= shown | results.ONLY_DRAWN


def numbers_in(text):
    """Numbers with decimals in a text, without code, links and versions."""
    text = re.sub(r"```.*?```|`[^`]*`|\]\([^)]*\)", "", text, flags=re.DOTALL)
    versions = r"(arXiv|Python|Keras|TensorFlow|JAX|PyTorch|Version|to)\s+"
    text = re.sub(versions + r"\d[\d.]*", "", text)
    return set(re.findall(r"(?<![\d.])\d+\.\d{2,}", text))


def numbers_of_the_files(results):
    """Those of the tables, and those of the files to two and three digits."""
    rows = [
        cell
        for path in results.RAW.glob("*.csv")
        for cell in re.findall(r"\d+\.\d+", path.read_text())
    ]
    known = {f"{float(cell):.{digits}f}" for cell in rows for digits in (2, 3)}
    for name in results.DOCUMENTS:
        for found in results.TABLE.findall((ROOT / name).read_text()):
            known |= set(re.findall(r"\d+\.\d+", results.table(found[1])))
    return known


@pytest.mark.parametrize(
    "path", [ROOT / "README.md", *PAGES], ids=lambda path: path.name
)
def test_numbers_that_are_repeated_are_those_of_the_files(results, path):
    missing = numbers_in(path.read_text()) - numbers_of_the_files(results)
    assert not missing, f"{path} has numbers that no file backs"


def test_a_number_that_no_file_backs_is_found():
    text = "InfoM 0.828 on Python 3.11, `--weight-decay 0.125`, and 29.999 dB"
    assert numbers_in(text) == {"0.828", "29.999"}
