import base64
import io

import numpy as np
import pytest
from PIL import Image

from keras_qlae import metrics
from keras_qlae.explorer.content import describe
from tests.explorer.models import small_model
from tests.explorer.models import some_images

pytestmark = pytest.mark.one_backend


def test_values_are_offered_in_order_with_how_often_they_occur():
    model = small_model()
    book = np.array([[0.5, -0.5, 0.0, 0.2, 9.0]] * 4, "float32")
    model.latent.codebook.assign(book)
    images = some_images(60)
    codes = model.codes(images)
    values = describe(model, {"images": images}).values
    first = values["latents"][0]
    assert first["stops"] == [1, 2, 3, 0, 4]
    assert first["values"] == pytest.approx(book[0].tolist())
    counted = np.bincount(codes[:, 0], minlength=5)
    assert first["counts"] == counted[[1, 2, 3, 0, 4]].tolist()
    assert [len(each["stops"]) for each in values["latents"]] == [5, 3, 4, 5]


def test_the_page_opens_on_an_image_with_contrast():
    model, images = small_model(), some_images(24)
    images[[0, 23]] = 200
    images[12:] //= 2
    dozen = np.linspace(0, 23, 12).astype(int)
    best = max(dozen, key=lambda i: images[i].std(axis=(0, 1)).mean())
    assert 0 < best < 12
    values = describe(model, {"images": images}).values
    assert values["start"] == model.codes(images)[best].tolist()


def test_of_a_large_table_the_vectors_in_use_are_offered():
    model, images = small_model("vector"), some_images(30)
    codes = model.codes(images)
    for i, latent in enumerate(
        describe(model, {"images": images}).values["latents"]
    ):
        assert latent["stops"] == np.unique(codes[:, i]).tolist()
        assert sum(latent["counts"]) == 30
        assert latent["values"] is None
        assert len(latent["shown"]) <= 12
    for latent in describe(model, {}).values["latents"]:
        assert latent["stops"] == list(range(40))
        assert latent["counts"] is None


@pytest.mark.parametrize("kind", ["continuous", "gaussian"])
def test_continuous_latents_offer_quantiles_of_the_images(kind):
    model, images = small_model(kind), some_images(40)
    codes = model.codes(images)
    for i, latent in enumerate(
        describe(model, {"images": images}).values["latents"]
    ):
        assert latent["stops"][0] == pytest.approx(
            np.quantile(codes[:, i], 0.01)
        )
        assert latent["stops"][-1] == pytest.approx(
            np.quantile(codes[:, i], 0.99)
        )
        assert latent["stops"] == sorted(latent["stops"])


def test_without_images_continuous_latents_need_a_prior():
    stops = describe(small_model("gaussian"), {}).values["latents"][0]["stops"]
    assert stops[0] == pytest.approx(-2.33, abs=0.2)  # of a normal variable
    with pytest.raises(ValueError, match="without a prior need `images`"):
        describe(small_model("continuous"), {})


def test_information_is_measured_or_taken_as_given():
    model, images = small_model(), some_images(50)
    factors = np.random.default_rng(1).integers(0, 3, (50, 2))
    content = {"images": images, "factors": factors}
    nmi = metrics.normalized_mutual_information(factors, model.codes(images))
    values = describe(model, content).values
    assert np.allclose(values["nmi"], nmi, atol=1e-4)
    assert values["factorNames"] == ["factor 0", "factor 1"]
    given = np.array([[0.1, 0.9, 0.01, 0.2], [0.3, 0.2, 0.04, 0.8]])
    active = np.array([True, True, True, False])
    values = describe(
        model, {"nmi": given, "is_active": active, "factor_names": ["a", "b"]}
    ).values
    assert [each["factor"] for each in values["latents"]] == [1, 0, None, 1]
    assert [each["nmi"] for each in values["latents"]] == [0.3, 0.9, 0.04, 0.8]
    assert [each["isActive"] for each in values["latents"]] == active.tolist()


def test_samples_are_the_images():
    images = some_images(20)
    samples = describe(
        small_model(), {"images": images / 255.0, "num_samples": 2}
    ).values["samples"]
    for sample, image in zip(samples, images[[0, 19]], strict=True):
        png = base64.b64decode(
            sample["png"].removeprefix("data:image/png;base64,")
        )
        assert np.array_equal(np.asarray(Image.open(io.BytesIO(png))), image)
    none = describe(small_model(), {"images": images, "num_samples": 0})
    assert none.values["samples"] == []


def test_one_image_in_a_hundred_counts_as_far():
    """One image in a hundred is that far from all others."""
    model, images = small_model("continuous"), some_images(200)
    codes = model.codes(images)
    described = describe(model, {"images": images})
    seen = np.frombuffer(described.seen, "<f4").reshape(codes.shape)
    assert np.array_equal(seen, codes)
    scales = np.array(described.values["seen"]["scales"])
    assert np.allclose(scales, 1 / codes.std(axis=0), rtol=1e-5)
    distances = np.linalg.norm((codes[:, None] - codes) * scales, axis=-1)
    nearest = np.sort(distances, axis=1)[:, 1]
    assert (nearest > described.values["seen"]["limit"]).sum() == 2


def test_a_generator_has_seen_every_combination():
    model = small_model("uniform", adversarial=True)
    assert describe(model, {"images": some_images(20)}).seen is None


@pytest.mark.parametrize(
    ("content", "match"),
    [
        ({"factors": np.zeros((3, 2), int)}, "pass both"),
        ({"nmi": np.zeros((2, 3))}, r"\(num_factors, 4\)"),
        ({"nmi": np.full((2, 4), 1.5)}, r"\[0, 1\]"),
        ({"nmi": np.full((2, 4), np.nan)}, r"\[0, 1\]"),
        ({"nmi": np.zeros((2, 4)), "factor_names": ["a"]}, "2 different names"),
        ({"is_active": [1, 1, 1, 1]}, "4 booleans"),
        ({"images": np.zeros((0, 16, 16, 3), "uint8")}, "at least one image"),
        ({"images": np.zeros((2, 8, 8, 3), "uint8")}, "16, 16, 3"),
    ],
)
def test_content_that_does_not_fit_is_refused(content, match):
    with pytest.raises(ValueError, match=match):
        describe(small_model(), content)
