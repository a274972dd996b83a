"""What Falcor3D and Isaac3D have in common: one publication."""

from keras_qlae.datasets.dataset_info import DatasetInfo
from keras_qlae.datasets.dataset_info import RawFile
from keras_qlae.datasets.dataset_info import downloadable


def describe(
    name: str,
    summary: str,
    description: str,
    factors: dict[str, int],
    file_name: str,
    drive_id: str,
    num_bytes: int,
) -> DatasetInfo:
    """Describes one of the two.

    Args:
        name: As of `DatasetInfo`; so are the next three.
        summary: One line.
        description: What the pictures show.
        factors: Names and sizes.
        file_name: The archive.
        drive_id: Its name on Google Drive.
        num_bytes: Its size, about.

    Returns:
        The description.
    """
    return downloadable(
        name=name,
        summary=summary,
        description=description,
        factors=factors,
        native_shape=(128, 128, 3),
        licence="CC BY 4.0, by NVIDIA Corporation",
        citation=(
            "W. Nie, T. Karras, A. Garg, S. Debnath, A. Patney, A. B. Patel, "
            "A. Anandkumar: Semi-Supervised StyleGAN for Disentanglement "
            "Learning. ICML 2020, arXiv:2003.03461"
        ),
        homepage="https://github.com/NVlabs/High-res-disentanglement-datasets",
        files=(
            RawFile(
                name=file_name,
                url=f"https://drive.google.com/uc?id={drive_id}",
                num_bytes=num_bytes,
            ),
        ),
        reader="keras_qlae.datasets.readers.png_zip:read_png_zip",
    )
