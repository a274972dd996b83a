"""What is known of the small NORB data set."""

from keras_qlae.datasets.dataset_info import RawFile
from keras_qlae.datasets.dataset_info import downloadable

_HOMEPAGE = "https://cs.nyu.edu/~ylclab/data/norb-v1.0-small/"
_TRAINING = "smallnorb-5x46789x9x18x6x2x96x96-training"
_TEST = "smallnorb-5x01235x9x18x6x2x96x96-testing"
_FILES = (
    (
        *(f"{_TRAINING}-dat.mat.gz", 131_896_188),
        "5ffd6272a07d32695ee1082a26a41a93a37aab8c28da047f8c34ed348d214873",
    ),
    (
        *(f"{_TRAINING}-cat.mat.gz", 348),
        "2784e542c1922060691090952b6cd6278879a216c90f81476f0f00256d42cdaa",
    ),
    (
        *(f"{_TRAINING}-info.mat.gz", 71_052),
        "de7eb932ebe7a4ee16217fead60660d0eb3d23632c2f4d1c51f88c501c17bf32",
    ),
    (
        *(f"{_TEST}-dat.mat.gz", 130_799_817),
        "cf7104eed3e51174d2f65b66d1e5878b9da233b886f161b0d88f4510ba2c7474",
    ),
    (
        *(f"{_TEST}-cat.mat.gz", 347),
        "ecaf6d5bb8c3bc5eab9cf0258f6d2198dd474e016e374836fc097f2e5ff509ff",
    ),
    (
        *(f"{_TEST}-info.mat.gz", 10_428),
        "16adf314226327ee006d1a44db8cfef52773c06c829951d5653a9f6f310248a2",
    ),
)

INFO = downloadable(
    name="smallnorb",
    summary="Small NORB: grey photographs of 50 toys.",
    description=(
        "Small NORB: 50 toys of 5 categories under 6 lights, from 9 "
        "elevations and 18 azimuths; the pictures of the left camera, of the "
        "training and the test part together. Instance 3 of one category has "
        "nothing in common with instance 3 of another, so that no method can "
        "identify this factor. Published at 96 x 96 pixels."
    ),
    factors={
        "category": 5,
        "instance": 10,
        "elevation": 9,
        "azimuth": 18,
        "lighting": 6,
    },
    native_shape=(96, 96, 1),
    licence="For research only; not to be sold",
    citation=(
        "Y. LeCun, F. J. Huang, L. Bottou: Learning Methods for Generic "
        "Object Recognition with Invariance to Pose and Lighting. CVPR 2004"
    ),
    homepage=_HOMEPAGE,
    files=tuple(
        RawFile(name, f"{_HOMEPAGE}{name}", num_bytes, sha256)
        for name, num_bytes, sha256 in _FILES
    ),
    reader="keras_qlae.datasets.readers.norb:read_smallnorb",
    in_order=False,
    tfds_labels=(
        "label_category",
        "instance",
        "label_elevation",
        "label_azimuth",
        "label_lighting",
    ),
)
