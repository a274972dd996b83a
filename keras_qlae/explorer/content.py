"""What the page shows of a model: plain values, measured on images."""

import io
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any
from typing import NamedTuple
from typing import TypedDict

import keras
import numpy as np

from keras_qlae import metrics
from keras_qlae.explorer.document import data_url
from keras_qlae.explorer.latent import values_of_codes
from keras_qlae.layers.latent import spread
from keras_qlae.models import InfoWGANGP

_NUM_STOPS = 41  # steps of the control of a continuous latent
_MOST_STOPS = 32  # largest codebook of which all values are offered
_MOST_SHOWN = 12  # most thumbnails of a latent
_NUM_SEEN = 2000  # images whose codes are in the page
_NUM_DRAWN = 2000  # codes from the prior, if there are no images
_FAR = 0.99  # share of images whose nearest image is not far
LEAST_NMI = 0.05  # below it a latent is listed under no factor


class Content(TypedDict, total=False):
    """What can be shown with the model; every key is optional.

    Attributes:
        images: `(n, height, width, channels)`, integers in `[0, 255]` or
            floats in `[0, 1]`, not used for training. They are encoded to
            find which values and combinations occur. Continuous latents
            without a prior need them.
        factors: `(n, num_factors)` integers, the factors of the images.
        factor_names: One per factor. Defaults to `factor 0` and so on.
        nmi: `(num_factors, num_latents)` in `[0, 1]`. Measured on `images`
            and `factors` if missing.
        is_active: `(num_latents,)` booleans. Measured on `images` if missing.
        scores: `(name, value, meaning)` of each score, as strings.
        title: Heading of the page. Defaults to the model's name.
        about: More about the model by name: recipe, data set, versions.
        num_samples: How many of the images to include in the page, as
            starting points; 0 to include no image of the data set. Defaults
            to 12.
    """

    images: Any
    factors: Any
    factor_names: Sequence[str]
    nmi: Any
    is_active: Any
    scores: Sequence[tuple[str, str, str]]
    title: str
    about: Mapping[str, Any]
    num_samples: int


class Described(NamedTuple):
    """What the page reads: values for JSON, bytes of the codes of images."""

    values: dict[str, Any]
    seen: bytes | None


def describe(model: Any, content: Content) -> Described:
    """Measures what the page shows of a model."""
    if not model.has_images:
        raise ValueError(
            "The page shows images, but this model is for vectors: see the "
            "figures of the run (`keras-qlae figures RUN`), or "
            "`model.traverse(vectors)`. Received: vectors of shape "
            f"{model.image_shape}"
        )
    images = content.get("images")
    codes = None if images is None else model.codes(np.asarray(images))
    if codes is not None and not len(codes):
        raise ValueError("`images` must have at least one image. Received: 0")
    nmi = _nmi(model, codes, content)
    names = None if nmi is None else _factor_names(content, len(nmi))
    is_active = _is_active(model, codes, content)
    latents = _latents(model.latent, codes)
    for i, latent in enumerate(latents):
        latent["isActive"] = bool(is_active[i])
        latent |= _best_factor(None if nmi is None else nmi[:, i])
    samples = _samples(model, images, codes, content.get("num_samples", 12))
    values = {
        "name": model.name,
        "imageShape": list(model.image_shape),
        "latents": latents,
        "numImages": 0 if codes is None else len(codes),
        "factorNames": names,
        "nmi": None if nmi is None else nmi.round(4).tolist(),
        "scores": [list(map(str, row)) for row in content.get("scores", ())],
        "about": {k: str(v) for k, v in content.get("about", {}).items()},
        "samples": samples,
        "start": _start(latents, images, codes),
        "seen": None,
    }
    if codes is None or isinstance(model, InfoWGANGP):
        # A generator has seen all combinations: it was trained on drawn codes.
        return Described(values, None)
    seen, values["seen"] = _seen(latents, codes, is_active)
    return Described(values, seen)


def _nmi(model: Any, codes: Any, content: Content) -> np.ndarray | None:
    factors: Any = content.get("factors")
    if content.get("nmi") is None:
        if factors is None:
            return None
        if codes is None:
            raise ValueError(
                "`factors` belong to `images`: pass both. Received: images=None"
            )
        return metrics.normalized_mutual_information(factors, codes)
    nmi: np.ndarray = np.asarray(content["nmi"], float)
    if nmi.ndim != 2 or nmi.shape[1] != model.latent.num_latents:
        raise ValueError(
            "`nmi` must have shape (num_factors, num_latents) = (num_factors, "
            f"{model.latent.num_latents}). Received: shape={nmi.shape}"
        )
    if not ((nmi >= 0) & (nmi <= 1)).all():
        raise ValueError(
            f"`nmi` must be in [0, 1]. Received: {nmi.min():g} to {nmi.max():g}"
        )
    return nmi


def _factor_names(content: Content, number: int) -> list[str]:
    names = content.get("factor_names")
    if names is None:
        names = [f"factor {i}" for i in range(number)]
    if len(names) != number or len(set(names)) != number:
        raise ValueError(
            f"`factor_names` must be {number} different names, one per factor. "
            f"Received: factor_names={list(names)!r}"
        )
    return list(map(str, names))


def _is_active(model: Any, codes: Any, content: Content) -> np.ndarray:
    number = model.latent.num_latents
    is_active = content.get("is_active")
    if is_active is None:
        if codes is None:
            return np.ones(number, bool)
        return metrics.active_latents(codes)
    is_active = np.asarray(is_active)
    if is_active.shape != (number,) or is_active.dtype != bool:
        raise ValueError(
            f"`is_active` must be {number} booleans, one per latent. Received: "
            f"shape={is_active.shape}, dtype={is_active.dtype}"
        )
    return is_active


def _best_factor(nmi: np.ndarray | None) -> dict[str, Any]:
    if nmi is None:
        return {"best": None, "factor": None, "nmi": None}
    best = int(nmi.argmax())
    factor = best if nmi[best] >= LEAST_NMI else None
    return {"best": best, "factor": factor, "nmi": round(float(nmi[best]), 4)}


def _latents(latent: Any, codes: np.ndarray | None) -> list[dict[str, Any]]:
    if latent.is_discrete:
        table = values_of_codes(latent)
        return [
            _discrete(
                size,
                table[i % len(table), :size],
                None if codes is None else codes[:, i],
            )
            for i, size in enumerate(latent.codebook_sizes)
        ]
    if codes is None:
        if not latent.has_prior:
            raise ValueError(
                "Continuous latents without a prior need `images`: the page "
                "offers the values that these are encoded to. "
                f"Received: latent={type(latent).__name__}, images=None"
            )
        codes = _drawn(latent)
    return [_continuous(column) for column in codes.T]


def _drawn(latent: Any) -> np.ndarray:
    codes = latent.sample_codes(_NUM_DRAWN, seed=0)
    return np.asarray(keras.ops.convert_to_numpy(codes))


def _discrete(
    size: int, table: np.ndarray, codes: np.ndarray | None
) -> dict[str, Any]:
    """A latent by its values `(size, width)` and the images' codes."""
    is_scalar = table.shape[1] == 1
    stops = np.arange(size)
    if is_scalar:
        stops = np.argsort(table[:, 0], kind="stable")
    counts = None
    if codes is not None:
        found = np.bincount(codes, minlength=size)
        if size > _MOST_STOPS:  # a large table: only values in use
            stops = stops[found[stops] > 0]
        counts = found[stops].tolist()
    return {
        "isDiscrete": True,
        "size": size,
        "stops": stops.tolist(),
        "shown": _spread(len(stops)),
        "values": _rounded(table[:, 0]) if is_scalar else None,
        "counts": counts,
    }


def _continuous(codes: np.ndarray) -> dict[str, Any]:
    levels = np.linspace(0.01, 0.99, _NUM_STOPS)
    stops = np.unique(np.quantile(codes, levels).astype("float32"))
    return {
        "isDiscrete": False,
        "size": 0,
        "stops": stops.astype(float).tolist(),
        "shown": _spread(len(stops)),
        "values": None,
        "counts": None,
    }


def _spread(number: int) -> list[int]:
    """Positions of the thumbnails among the stops."""
    shown = np.linspace(0, number - 1, min(number, _MOST_SHOWN))
    return [int(position) for position in np.unique(shown.round())]


def _rounded(values: np.ndarray) -> list[float]:
    return [float(f"{value:.6g}") for value in values]


def _start(
    latents: list[dict[str, Any]], images: Any, codes: np.ndarray | None
) -> list[float]:
    """Codes with which the page opens: those of an image, or middle values.

    The image is the one with most contrast of a dozen: little can be seen if
    all parts have the same colour.
    """
    if images is None or codes is None:
        return [each["stops"][len(each["stops"]) // 2] for each in latents]
    index = spread(len(codes), 12)
    shown = np.asarray(images)[index].astype("float32")
    contrast = shown.std(axis=(1, 2)).mean(axis=-1)
    return list(codes[index[contrast.argmax()]].tolist())


def _samples(
    model: Any, images: Any, codes: np.ndarray | None, number: int
) -> list[dict[str, Any]]:
    """Some of the images and their codes, starting with the first."""
    if images is None or codes is None or not number:
        return []
    return [
        {"png": _png(np.asarray(images[i])), "codes": codes[i].tolist()}
        for i in spread(len(codes), number)
    ]


def _png(image: np.ndarray) -> str:
    """An image as a `data:` address of a PNG."""
    from PIL import Image

    if image.dtype.kind == "f":
        image = (image * 255).round().clip(0, 255)
    channels = [0, 1, 2] if image.shape[-1] >= 3 else 0
    picture = Image.fromarray(image[..., channels].astype("uint8"))
    file = io.BytesIO()
    picture.save(file, "PNG", optimize=True)
    return data_url("image/png", file.getvalue())


def _seen(
    latents: list[dict[str, Any]], codes: np.ndarray, is_active: np.ndarray
) -> tuple[bytes, dict[str, Any]]:
    """Codes of some images, and the distance above which codes are far.

    The distance is Euclidean, each latent divided by its standard deviation,
    without inactive latents. If values are vectors it is the number of
    latents that differ. 99 of 100 images are not far from the nearest other
    image.
    """
    from scipy.spatial.distance import cdist

    codes = codes[spread(len(codes), _NUM_SEEN)]
    is_discrete = latents[0]["isDiscrete"]
    scales = None
    if is_discrete and latents[0]["values"] is None:
        distances = cdist(codes, codes, "hamming") * codes.shape[1]
    else:
        values = codes
        if is_discrete:
            books = [np.array(latent["values"]) for latent in latents]
            columns = zip(books, codes.T, strict=True)
            values = np.stack([book[own] for book, own in columns], axis=1)
        deviation = values.std(axis=0)
        is_used = is_active & (deviation > 0)
        scales = np.where(is_used, 1 / np.where(is_used, deviation, 1), 0)
        distances = cdist(values * scales, values * scales)
    np.fill_diagonal(distances, np.inf)
    limit = float(np.quantile(distances.min(axis=1), _FAR))
    dtype = "uint16" if is_discrete else "float32"
    described = {
        "dtype": dtype,
        # With one image no distance is far.
        "limit": limit if np.isfinite(limit) else 1e9,
        "scales": None if scales is None else _rounded(scales),
    }
    return codes.astype(np.dtype(dtype).newbyteorder("<")).tobytes(), described
