"""What is known of a data set before it is loaded."""

import dataclasses
import math


@dataclasses.dataclass(frozen=True)
class RawFile:
    """A file that a data set is published as.

    Attributes:
        name: Its name on the disk.
        url: Where it is.
        num_bytes: Its size; an estimate unless `sha256` is known.
        sha256: Its hash, empty if none is published.
        md5: The same.
        is_strict: Whether a file of another hash is refused, or used with a
            warning.
    """

    name: str
    url: str
    num_bytes: int
    sha256: str = ""
    md5: str = ""
    is_strict: bool = True


@dataclasses.dataclass(frozen=True)
class DatasetInfo:
    """What is known of a data set before it is loaded.

    Attributes:
        name: What `load` takes.
        summary: One line.
        description: What the pictures show, and what to mind when scoring.
        factors: The name and the number of values of each factor, in index
            order.
        image_shape: `(height, width, channels)` of the pictures by default.
        options: What `load` takes besides the name, and what it does.
        licence: The licence of the pictures.
        citation: How to cite the data set.
        homepage: Where it comes from; empty for an embedded data set.
        download_bytes: Size of the download; 0 for an embedded data set.
        loader: `"module:name"` of what makes an embedded data set, imported
            by `load` alone.
        files: What `prepare` downloads; none for an embedded data set.
        reader: `"module:name"` of what reads the files, imported by
            `prepare` alone.
        in_order: Whether the reader gives the images in index order.
        native_shape: `(height, width, channels)` in the files.
        tfds_labels: For each factor the feature that holds it in the data set
            of this name in TensorFlow Datasets; empty if there is none.
    """

    name: str
    summary: str
    description: str
    factors: dict[str, int]
    image_shape: tuple[int, int, int]
    options: dict[str, str]
    licence: str
    citation: str
    homepage: str
    download_bytes: int
    loader: str = ""
    files: tuple[RawFile, ...] = ()
    reader: str = ""
    in_order: bool = True
    native_shape: tuple[int, int, int] = (0, 0, 0)
    tfds_labels: tuple[str, ...] = ()

    @property
    def num_values(self) -> int:
        """The number of combinations of factors."""
        return math.prod(self.factors.values())


def downloadable(
    *,
    name: str,
    summary: str,
    description: str,
    factors: dict[str, int],
    native_shape: tuple[int, int, int],
    licence: str,
    citation: str,
    homepage: str,
    files: tuple[RawFile, ...],
    reader: str,
    in_order: bool = True,
    tfds_labels: tuple[str, ...] = (),
) -> DatasetInfo:
    """Describes a data set that `prepare` downloads and puts on the disk.

    Args:
        name: As of `DatasetInfo`; so are the others.
        summary: One line.
        description: What the pictures show.
        factors: Names and sizes.
        native_shape: Of the images in the files.
        licence: The licence.
        citation: How to cite it.
        homepage: Where it comes from.
        files: What is downloaded.
        reader: What reads the files.
        in_order: Whether it gives the images in index order.
        tfds_labels: Names in TensorFlow Datasets.

    Returns:
        A description whose pictures have 64 x 64 pixels by default.
    """
    return DatasetInfo(
        name=name,
        summary=summary,
        description=description,
        factors=factors,
        image_shape=(64, 64, native_shape[2]),
        options={
            "image_size": (
                "height and width (default 64), as prepared with `--image-size`"
            ),
            "data_dir": (
                "where it was prepared (default KERAS_QLAE_DATA_DIR, or "
                "~/.keras/datasets/keras_qlae)"
            ),
        },
        licence=licence,
        citation=citation,
        homepage=homepage,
        download_bytes=sum(file.num_bytes for file in files),
        files=files,
        reader=reader,
        in_order=in_order,
        native_shape=native_shape,
        tfds_labels=tfds_labels,
    )
