"""Independent components of known mixtures."""

import numpy as np
import pytest
from scipy.stats import ortho_group

from keras_qlae.metrics import infomec
from keras_qlae.runs.rotation import fit_ica

pytestmark = pytest.mark.backend_free


@pytest.fixture(scope="module")
def sources():
    """Three independent sources of five values each."""
    return np.random.default_rng(0).integers(0, 5, (2000, 3))


def mixed(sources, seed=0, scales=(1.0, 2.0, 0.5)):
    """The sources, centred, scaled and rotated."""
    rotation = ortho_group.rvs(3, random_state=seed)
    return (sources - 2.0) * scales @ rotation


def match(sources, components):
    """The best correlation of each source with a component."""
    both = np.corrcoef(sources.T, components.T)
    return np.abs(both[: sources.shape[1], sources.shape[1] :]).max(axis=1)


def test_recovers_independent_sources(sources):
    latents = mixed(sources)
    rotation = fit_ica(latents)
    assert rotation.converged
    assert (match(sources, rotation(latents)) > 0.99).all()


def test_makes_a_mixture_modular(sources):
    # Nearest neighbours want no two latents alike.
    blurred = sources + np.random.default_rng(1).normal(0, 0.3, sources.shape)
    latents = mixed(blurred)
    before = infomec(sources, latents, discrete=False)
    after = infomec(sources, fit_ica(latents)(latents), discrete=False)
    ideal = infomec(sources, blurred, discrete=False)
    assert before.infom < ideal.infom - 0.2
    assert after.infom == pytest.approx(ideal.infom, abs=0.05)
    assert after.infoc == pytest.approx(ideal.infoc, abs=0.05)
    assert ideal.infom > 0.85


def test_components_have_unit_variance_and_can_be_undone(sources):
    latents = mixed(sources) + 3.0
    rotation = fit_ica(latents)
    components = rotation(latents)
    np.testing.assert_allclose(np.cov(components.T), np.eye(3), atol=2e-3)
    back = components @ np.linalg.inv(rotation.matrix).T + rotation.mean
    np.testing.assert_allclose(back, latents, atol=1e-9)


def test_is_applied_to_latents_it_was_not_fitted_to(sources):
    latents = mixed(sources)
    components = fit_ica(latents[:1500])(latents[1500:])
    assert (match(sources[1500:], components) > 0.99).all()


def test_inactive_latents_are_left_out(sources):
    """A faint latent would else come out as loud as the others."""
    noise = 1e-3 * np.random.default_rng(1).normal(size=(2000, 1))
    latents = np.hstack([mixed(sources), noise])
    rotation = fit_ica(latents)
    assert rotation.is_active.tolist() == [True, True, True, False]
    assert rotation(latents).shape == (2000, 3)


def test_dependent_latents_give_fewer_components(sources):
    latents = mixed(sources)
    copied = np.hstack([latents, latents[:, :1]])
    components = fit_ica(copied)(copied)
    assert components.shape == (2000, 3)
    assert (match(sources, components) > 0.99).all()


def test_constant_latents_are_left_as_they_are():
    latents = np.full((50, 3), 0.5)
    rotation = fit_ica(latents)
    np.testing.assert_array_equal(rotation(latents), latents)
    assert rotation.converged


def test_same_seed_same_rotation(sources):
    latents = mixed(sources)
    np.testing.assert_array_equal(
        fit_ica(latents, 3).matrix, fit_ica(latents, 3).matrix
    )


def test_warns_if_it_did_not_converge(sources, monkeypatch):
    monkeypatch.setattr("keras_qlae.runs.rotation._MAX_ITERATIONS", 1)
    assert not fit_ica(mixed(sources)).converged
