"""Where rays meet solids, against sums done by hand and steps along rays."""

import numpy as np
import pytest

from keras_qlae.datasets.casting import solids

pytestmark = pytest.mark.backend_free


def vector(*values):
    return np.array(values, float)[:, None]


def meet(solid, origin, direction):
    with np.errstate(divide="ignore", invalid="ignore"):
        hit = solid(vector(*origin), vector(*direction))
    return hit.distance[0], hit.normal[:, 0].tolist()


@pytest.mark.parametrize(
    ("solid", "half_width"),
    [
        (solids.cube, solids.CUBE_EDGE / 2),
        (solids.cylinder, solids.CYLINDER_RADIUS),
        (solids.sphere, solids.SPHERE_RADIUS),
        (solids.capsule, solids.CAPSULE_RADIUS),
    ],
)
def test_a_level_ray_meets_the_side(solid, half_width):
    height = solids.SPHERE_RADIUS  # where the sphere is widest
    distance, normal = meet(solid, (0.01, -3, height), (1e-9, 1, 1e-9))
    assert distance == pytest.approx(3 - half_width, abs=1e-3)
    np.testing.assert_allclose(normal, [0, -1, 0], atol=0.03)
    distance, _ = meet(solid, (1.5, -3, height), (1e-9, 1, 1e-9))
    assert distance == np.inf
    distance, _ = meet(solid, (0.01, 3, height), (1e-9, 1, 1e-9))
    assert distance == np.inf  # the solid lies behind


@pytest.mark.parametrize(
    ("solid", "height"),
    [
        (solids.cube, solids.CUBE_EDGE),
        (solids.cylinder, solids.CYLINDER_HEIGHT),
        (solids.sphere, 2 * solids.SPHERE_RADIUS),
        (solids.capsule, solids.CAPSULE_HEIGHT),
        (solids.cone, solids.CONE_HEIGHT),
    ],
)
def test_a_ray_from_above_meets_the_top(solid, height):
    distance, normal = meet(solid, (0.01, 0.01, 5), (1e-9, 1e-9, -1))
    assert distance == pytest.approx(5 - height, abs=0.03)
    if solid is not solids.cone:  # whose tip has no normal
        np.testing.assert_allclose(normal, [0, 0, 1], atol=0.03)


@pytest.mark.parametrize("solid", [*solids.SOLIDS.values(), solids.cone])
def test_normals_are_unit_vectors_that_face_the_ray(solid):
    rng = np.random.default_rng(0)
    origin = np.concatenate([rng.normal(size=(2, 500)) + 5, np.ones((1, 500))])
    target = rng.uniform(0.1, 0.3, (3, 500))
    hit = solid(origin, target - origin)
    assert np.isfinite(hit.distance).all()
    np.testing.assert_allclose(np.linalg.norm(hit.normal, axis=0), 1, 1e-9)
    assert ((hit.normal * (target - origin)).sum(axis=0) < 0).all()


START = np.array([[-0.3], [0.2], [0.4]])
END = np.array([[0.5], [0.1], [0.9]])


def in_cone(point):
    slope = solids.CONE_RADIUS / solids.CONE_HEIGHT
    height = point[2]
    out = np.hypot(point[0], point[1])
    return (height > 0) & (out < slope * (solids.CONE_HEIGHT - height))


def in_rod(point):
    start, end = START[..., None], END[..., None]
    axis = end - start
    place = (axis * (point - start)).sum(0) / (axis**2).sum()
    gap = point - start - place.clip(0, 1) * axis
    return np.sqrt((gap**2).sum(0)) < 0.25


def rod(origin, direction):
    return solids.rod(origin, direction, START, END, 0.25)


@pytest.mark.parametrize(
    ("solid", "inside"), [(solids.cone, in_cone), (rod, in_rod)]
)
def test_small_steps_along_a_ray_find_the_same_place(solid, inside):
    rng = np.random.default_rng(1)
    for height in (2.5, 0.3, -1.0):
        origin = np.array([[0.7], [-3.0], [height]])
        direction = rng.uniform(-0.9, 0.9, (3, 200)) - origin
        direction[2] += 0.5
        direction /= np.linalg.norm(direction, axis=0)
        steps = np.linspace(0, 6, 6001)
        met = inside(origin[..., None] + direction[..., None] * steps)
        wanted = np.where(met.any(1), steps[met.argmax(1)], np.inf)
        with np.errstate(divide="ignore", invalid="ignore"):
            found = solid(origin, direction)
        both = (wanted < np.inf) & (found.distance < np.inf)
        assert both.sum() > 20
        # A ray that grazes may be missed by steps.
        assert ((wanted < np.inf) != (found.distance < np.inf)).sum() <= 2
        gap = wanted[both] - found.distance[both]
        assert (np.abs(gap) < 2e-3).mean() > 0.98
        normal = found.normal[:, both]
        np.testing.assert_allclose(np.linalg.norm(normal, axis=0), 1, 1e-6)
        assert ((normal * direction[:, both]).sum(0) < 1e-9).all()


def test_a_rods_shadow_is_dark_inside_and_softer_farther_away():
    lamp = vector(0, 0, 1)

    def left(height, x):
        ends = np.array([[0, 0], [-5, 5], [height, height]], float)
        points = np.stack([x, 0 * x, 0 * x])
        return solids.rod_shadow(
            points, lamp, ends[:, :1], ends[:, 1:], 0.2, 0.3
        )

    x = np.linspace(-1, 1, 2001)
    for height, width in ((0.4, 0.14), (1.0, 0.32)):
        light = left(height, x)
        assert light[1000] < 1e-6
        assert light[0] == light[-1] == 1
        np.testing.assert_allclose(light, light[::-1], atol=1e-9)
        soft = (light > 0) & (light < 1) & (x > 0)
        assert np.ptp(x[soft]) == pytest.approx(width, abs=0.01)
        assert np.interp(0.5, light[1000:], x[1000:]) == pytest.approx(
            0.2, abs=1e-3
        )
