"""The rays of room3d, against sums done by hand."""

import numpy as np
import pytest

from keras_qlae.datasets.room3d import ray_caster
from keras_qlae.datasets.room3d import solids

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
    ],
)
def test_a_ray_from_above_meets_the_top(solid, height):
    distance, normal = meet(solid, (0.01, 0.01, 5), (1e-9, 1e-9, -1))
    assert distance == pytest.approx(5 - height, abs=1e-3)
    np.testing.assert_allclose(normal, [0, 0, 1], atol=0.03)


@pytest.mark.parametrize("name", solids.SOLIDS)
def test_normals_are_unit_vectors_that_face_the_ray(name):
    rng = np.random.default_rng(0)
    origin = np.concatenate([rng.normal(size=(2, 500)) + 5, np.ones((1, 500))])
    target = rng.uniform(0.1, 0.3, (3, 500))
    hit = solids.SOLIDS[name](origin, target - origin)
    assert np.isfinite(hit.distance).all()
    np.testing.assert_allclose(np.linalg.norm(hit.normal, axis=0), 1, 1e-9)
    assert ((hit.normal * (target - origin)).sum(axis=0) < 0).all()


def test_the_camera_looks_at_the_object_from_every_side():
    for orientation in ray_caster.ORIENTATIONS:
        rays = ray_caster.camera_rays(orientation, 2)
        middle = rays.direction.mean(axis=1)
        x, y, _ = rays.origin[:, 0]
        assert middle[0] * y == pytest.approx(middle[1] * x)
        assert middle[0] * x + middle[1] * y < 0
        np.testing.assert_allclose(np.linalg.norm(rays.direction, axis=0), 1)


def test_each_ray_sees_one_material():
    rays = ray_caster.camera_rays(20.0, 40)
    room = ray_caster.cast_room(rays)
    light = ray_caster.cast_geometry(rays, room, "cylinder", 1.0)
    assert ((light > 0).sum(axis=1) == 1).all()
    assert ((light > 0).sum(axis=0) > 30).all()


def test_only_floor_and_object_tell_that_there_is_an_object():
    rays = ray_caster.camera_rays(0.0, 64)
    room = ray_caster.cast_room(rays)
    light = ray_caster.cast_geometry(rays, room, "cube", 0.75)
    elsewhere = light[:, 2] == 0
    shaded = elsewhere & (light[:, 0] < room.light[:, 0])
    assert shaded.sum() > 20
    np.testing.assert_allclose(
        light[shaded, 0], ray_caster.SHADOW * room.light[shaded, 0]
    )
    np.testing.assert_array_equal(
        light[elsewhere & ~shaded], room.light[elsewhere & ~shaded]
    )
