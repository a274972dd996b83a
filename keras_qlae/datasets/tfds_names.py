"""Names of data sets of TensorFlow Datasets: `tfds:mnist@train:label`."""

import re
from collections.abc import Collection
from typing import NamedTuple

from keras_qlae.hints import hint

PREFIX = "tfds:"
_FORM = re.compile(
    r"tfds:(?P<name>[a-z][a-z0-9_]*)"
    r"(/(?P<config>[A-Za-z0-9][\w.+-]*))?"
    r"(@(?P<split>[A-Za-z0-9][\w.-]*))?"
    r"(:(?P<factors>\w+(,\w+)*))?",
    re.ASCII,
)


class TfdsName(NamedTuple):
    """A data set of TensorFlow Datasets, or a part of one.

    Attributes:
        name: Its name there.
        config: The name of its configuration; empty for the default one.
        split: The name of a split; empty for all.
        factors: Names of the features that are its factors; empty for every
            `ClassLabel`.
    """

    name: str
    config: str = ""
    split: str = ""
    factors: tuple[str, ...] = ()

    @property
    def images(self) -> str:
        """The name without the factors, which do not change the images."""
        config = f"/{self.config}" if self.config else ""
        split = f"@{self.split}" if self.split else ""
        return f"{PREFIX}{self.name}{config}{split}"

    @property
    def folder(self) -> str:
        """The name of the folder in which it is prepared."""
        return re.sub(r"[^\w.+-]", "-", self.images)

    def chosen(
        self, known: Collection[str], usual: tuple[str, ...]
    ) -> tuple[str, ...]:
        """The features that are the factors; raises unless all are known."""
        for factor in self.factors:
            if factor not in known:
                raise ValueError(
                    f"`{self.images}` has no feature `{factor}` that is one "
                    f"number or word per image.{hint(factor, known)} It has: "
                    f"{', '.join(known) or 'none'}. Received: {str(self)!r}"
                )
        return self.factors or usual

    def __str__(self) -> str:
        factors = ",".join(self.factors)
        return f"{self.images}:{factors}" if factors else self.images


def is_tfds(name: str) -> bool:
    """Whether a name is meant for TensorFlow Datasets."""
    return name.startswith(PREFIX)


def parse_tfds(name: str) -> TfdsName:
    """Splits a name into its parts."""
    found = _FORM.fullmatch(name)
    if found is None:
        raise ValueError(
            "A data set of TensorFlow Datasets is named "
            "'tfds:NAME/CONFIG@SPLIT:FACTOR,FACTOR'. Only NAME is required. "
            f"Received: {name!r}"
        )
    parts = {key: value or "" for key, value in found.groupdict().items()}
    factors = tuple(filter(None, parts.pop("factors").split(",")))
    return TfdsName(**parts, factors=factors)
