"""What is built from `pyproject.toml`: requirements, files, links."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

pytestmark = pytest.mark.backend_free

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
README = (ROOT / "README.md").read_text()
LINK = re.compile(r"\]\((?!https?:|#)([^)]+)\)")


def needed_on(python):
    """Names of what is required on a version of Python."""
    required = map(Requirement, PROJECT["project"]["dependencies"])
    return {
        each.name
        for each in required
        if each.marker is None
        or each.marker.evaluate({"python_version": python})
    }


def test_tensorflow_is_required_where_it_supports_python():
    only = {"tensorflow", "tensorflow-datasets", "tensorboard"}
    assert only <= needed_on("3.13")
    assert needed_on("3.13") - needed_on("3.14") == only


def test_the_source_distribution_has_what_the_readme_uses():
    included = PROJECT["tool"]["hatch"]["build"]["targets"]["sdist"]["include"]
    used = {*LINK.findall(README), "constraints.txt", "Makefile"}
    assert len(used) > 8
    for path in used:
        assert (ROOT / path).exists(), path
        assert path.partition("/")[0] in included, path


def test_links_of_the_readme_work_on_a_package_index():
    text = README
    hook = PROJECT["tool"]["hatch"]["metadata"]["hooks"]["fancy-pypi-readme"]
    for each in hook["substitutions"]:
        text = re.sub(each["pattern"], each["replacement"], text)
    assert not LINK.findall(text)
    home = PROJECT["project"]["urls"]["Homepage"]
    assert f"]({home}/blob/main/docs/python.md)" in text
    raw = home.replace("github.com", "raw.githubusercontent.com")
    pictures = re.findall(r"!\[[^\]]*\]\(([^)]+)\)", text)
    assert pictures
    for picture in pictures:
        assert picture.startswith(f"{raw}/main/docs/")


def test_the_readme_is_short():
    assert len(README.split()) <= 700


def test_make_targets_that_are_named_exist():
    makefile = (ROOT / "Makefile").read_text().replace("\\\n", " ")
    targets = set(
        re.search(r"^\.PHONY:(.*)", makefile, re.MULTILINE)[1].split()
    )
    named = set()
    for pattern in (".github/workflows/*.yml", ".pre-commit*", "*.md", ".ci/*"):
        for path in ROOT.glob(pattern):
            text = path.read_text().replace("${{ matrix.backend }}", "torch")
            for found in re.findall(
                r"^(?:.*run: |.*entry: |.*`)?make ((?:[a-z][a-z-]*\s?)+)",
                text,
                re.MULTILINE,
            ):
                named |= set(found.split())
    assert {"test", "lint", "docs"} <= named
    assert named <= targets


def test_the_version_stands_in_one_place():
    assert "version" in PROJECT["project"]["dynamic"]
    assert "version" not in PROJECT["project"]
    assert "\nversion:" not in (ROOT / "CITATION.cff").read_text()
