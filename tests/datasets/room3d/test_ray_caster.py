"""The rays of room3d, against calculations by hand."""

import numpy as np
import pytest

from keras_qlae.datasets.room3d import ray_caster

pytestmark = pytest.mark.backend_free


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


def test_only_floor_and_object_depend_on_the_object():
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
