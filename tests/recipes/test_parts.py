"""Settings: from signatures and docstrings, by name, of their type."""

import math
from collections.abc import Sequence
from typing import Any
from typing import Literal

import pytest

from keras_qlae import layers
from keras_qlae.recipes.parts import Part
from keras_qlae.recipes.parts import SettingError
from keras_qlae.recipes.parts import find
from keras_qlae.recipes.parts import names_at
from keras_qlae.recipes.parts import settings_of

pytestmark = pytest.mark.backend_free


def maker(
    num_latents: int,
    seed: int | None = None,
    width: int = 3,
    rate: float = 0.5,
    kind: Literal["low", "high"] = "low",
    sizes: int | Sequence[int] = 10,
    clip: float | None = None,
    anything: Any = 1e-3,
    network: object = None,
    **kwargs: Any,
) -> dict[str, Any]:
    """Makes something.

    Args:
        num_latents: Number of latents.
        seed: What a run supplies.
        width: How wide it is, in
            two lines.
        rate: A number.
        kind: One of two.
        sizes: One or several.
        clip: Perhaps a number.
        anything: A number by its default.
        network: No plain value.
        **kwargs: More.
    """
    return {"num_latents": num_latents, "seed": seed, "width": width, **kwargs}


PATH = f"{__name__}:maker"


def test_settings_are_the_plain_arguments():
    settings = settings_of(maker, "latent")
    assert list(settings) == [
        *("num_latents", "width", "rate", "kind", "sizes", "clip"),
        "anything",
    ]
    assert settings["width"].help == "How wide it is, in two lines."
    assert settings["width"].default == 3
    assert settings["width"].full_name == "latent.width"
    assert settings["num_latents"].default is None


@pytest.mark.parametrize(
    ("name", "given", "value"),
    [
        ("width", "7", 7),
        ("rate", 2, 2.0),
        ("rate", "1e-3", 1e-3),
        ("kind", "high", "high"),
        ("sizes", "4, 8", [4, 8]),
        ("sizes", 4, 4),
        ("clip", None, None),
        ("anything", "0.1", 0.1),
        ("num_latents", None, None),
    ],
)
def test_values_take_the_type_of_their_setting(name, given, value):
    found = settings_of(maker, "latent")[name].parse(given)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("name", "given", "message"),
    [
        ("width", "wide", "`width` must be an integer. Received: width='wide'"),
        ("width", 2.5, "must be an integer"),
        ("width", None, "must be an integer"),
        ("rate", math.nan, "must be a finite number. Received: rate=nan"),
        ("rate", "inf", "must be a finite number"),
        ("kind", "middle", "must be one of low, high. Received: kind='middle'"),
        ("sizes", "4,x", "an integer or a list, each an integer"),
        ("clip", "x", "a finite number or none"),
    ],
)
def test_values_of_another_type_are_refused(name, given, message):
    with pytest.raises(SettingError, match=message):
        settings_of(maker, "latent")[name].parse(given)


def test_your_own_part_gets_the_arguments_that_a_run_supplies():
    part = Part("latent", PATH).override({"width": "5"})
    built = part.build(num_latents=4, seed=1, dtype="float32", other=3)
    assert built == {
        "num_latents": 4,
        "seed": 1,
        "width": 5,
        "dtype": "float32",
    }
    own = part.override({"num_latents": 6}).build(num_latents=4)
    assert own["num_latents"] == 6


def test_every_latent_of_the_package_is_known():
    known = set(names_at("latent"))
    assert "Latent" not in known
    assert known == {
        name
        for name in layers.__all__
        if issubclass(getattr(layers, name), layers.Latent)
    } - {"Latent"}


@pytest.mark.parametrize(
    ("seat", "name", "message"),
    [
        ("latent", "GausianLatent", "Did you mean 'GaussianLatent'"),
        ("encoder", "image_decoder", "must be one of .*image_encoder"),
        ("latent", "no_such_module:A", "no module 'no_such_module'"),
        ("latent", f"{__name__}:PATH", "no class or function 'PATH'"),
    ],
)
def test_unknown_parts_are_refused_with_a_list(seat, name, message):
    with pytest.raises(SettingError, match=message):
        find(name, seat)


def test_an_error_inside_a_module_of_ones_own_is_not_hidden(
    tmp_path, monkeypatch
):
    (tmp_path / "broken_module.py").write_text("import not_there_at_all\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="not_there_at_all"):
        find("broken_module:A", "latent")


def test_a_module_is_found_in_the_current_directory(tmp_path, monkeypatch):
    (tmp_path / "module_of_here.py").write_text("def make(): pass\n")
    monkeypatch.chdir(tmp_path)
    assert find("module_of_here:make", "latent").__name__ == "make"
