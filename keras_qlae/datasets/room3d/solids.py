"""Where a ray meets each of the four solids, in closed form.

A solid stands on the floor `z = 0`, centred on the vertical axis, and is
described at scale 1. A vector is an array whose first axis is x, y, z; all
other axes broadcast. Each solid is a function of `(origin, direction)` that
returns a `Hit`; a ray that passes by has distance `inf`.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

Array = np.ndarray

CUBE_EDGE = 1.0
CYLINDER_RADIUS, CYLINDER_HEIGHT = 0.5, 1.15
SPHERE_RADIUS = 0.59
CAPSULE_RADIUS, CAPSULE_HEIGHT = 0.41, 1.65


class Hit(NamedTuple):
    """The first meeting of each ray with a solid.

    Attributes:
        distance: In units of the length of `direction`; `inf` for a miss.
        normal: `(3, ...)`, pointing outwards; of no meaning for a miss.
    """

    distance: Array
    normal: Array


def _dot(left: Array, right: Array) -> Array:
    product: Array = (
        left[0] * right[0] + left[1] * right[1] + left[2] * right[2]
    )
    return product


def _roots(a: Array, half_b: Array, c: Array) -> tuple[Array, Array]:
    """Solves `a t² + 2 half_b t + c = 0`; `(inf, -inf)` without a root."""
    discriminant = half_b * half_b - a * c
    is_real = discriminant > 0
    root = np.sqrt(np.where(is_real, discriminant, 0.0))
    near = np.where(is_real, (-half_b - root) / a, np.inf)
    far = np.where(is_real, (-half_b + root) / a, -np.inf)
    return near, far


def _slab(
    origin: Array, direction: Array, low: float, high: float
) -> tuple[Array, Array]:
    """The stretch of each ray between two parallel planes."""
    first = (low - origin) / direction
    second = (high - origin) / direction
    return np.minimum(first, second), np.maximum(first, second)


def _round_wall(
    origin: Array, direction: Array, radius: float
) -> tuple[Array, Array]:
    """The stretch of each ray inside an endless upright cylinder."""
    (x, y, _), (dx, dy, _) = origin, direction
    return _roots(
        dx * dx + dy * dy, x * dx + y * dy, x * x + y * y - radius * radius
    )


def _ball(
    origin: Array, direction: Array, radius: float, height: float
) -> tuple[Array, Array]:
    """The stretch of each ray inside a ball centred at `height`."""
    x, y, z = origin[0], origin[1], origin[2] - height
    return _roots(
        _dot(direction, direction),
        x * direction[0] + y * direction[1] + z * direction[2],
        x * x + y * y + z * z - radius * radius,
    )


def _first(near: Array, far: Array) -> Array:
    return np.where((near < far) & (far > 0), near, np.inf)


def cube(origin: Array, direction: Array) -> Hit:
    """Meets the cube, whose faces look along the axes."""
    half = CUBE_EDGE / 2
    stretches = [
        _slab(origin[0], direction[0], -half, half),
        _slab(origin[1], direction[1], -half, half),
        _slab(origin[2], direction[2], 0.0, CUBE_EDGE),
    ]
    nears = np.stack(np.broadcast_arrays(*(near for near, _ in stretches)))
    near = nears.max(axis=0)
    far = np.minimum(
        np.minimum(stretches[0][1], stretches[1][1]), stretches[2][1]
    )
    # The face that the ray enters last is the face that it sees.
    normal = np.where(nears == near, -np.sign(direction), 0.0)
    return Hit(_first(near, far), normal)


def cylinder(origin: Array, direction: Array) -> Hit:
    """Meets the upright cylinder."""
    side_near, side_far = _round_wall(origin, direction, CYLINDER_RADIUS)
    cap_near, cap_far = _slab(origin[2], direction[2], 0.0, CYLINDER_HEIGHT)
    near = np.maximum(side_near, cap_near)
    distance = _first(near, np.minimum(side_far, cap_far))
    at = np.where(distance < np.inf, distance, 0.0)
    is_side = side_near > cap_near
    x, y = (origin[i] + at * direction[i] for i in (0, 1))
    normal = np.stack(
        [
            np.where(is_side, x / CYLINDER_RADIUS, 0.0),
            np.where(is_side, y / CYLINDER_RADIUS, 0.0),
            np.where(is_side, 0.0, -np.sign(direction[2])),
        ]
    )
    return Hit(distance, normal)


def sphere(origin: Array, direction: Array) -> Hit:
    """Meets the sphere."""
    distance = _first(*_ball(origin, direction, SPHERE_RADIUS, SPHERE_RADIUS))
    at = np.where(distance < np.inf, distance, 0.0)
    x, y, z = (origin[i] + at * direction[i] for i in range(3))
    return Hit(distance, np.stack([x, y, z - SPHERE_RADIUS]) / SPHERE_RADIUS)


def capsule(origin: Array, direction: Array) -> Hit:
    """Meets the capsule: a cylinder between two half balls."""
    low, high = CAPSULE_RADIUS, CAPSULE_HEIGHT - CAPSULE_RADIUS
    side = _first(*_round_wall(origin, direction, CAPSULE_RADIUS))
    z_side = origin[2] + np.where(side < np.inf, side, 0.0) * direction[2]
    is_side = (side < np.inf) & (low <= z_side) & (z_side <= high)
    # The solid is convex, so a ray that misses the side sees the nearer ball.
    lower = _first(*_ball(origin, direction, CAPSULE_RADIUS, low))
    upper = _first(*_ball(origin, direction, CAPSULE_RADIUS, high))
    distance = np.where(is_side, side, np.minimum(lower, upper))
    at = np.where(distance < np.inf, distance, 0.0)
    x, y, z = (origin[i] + at * direction[i] for i in range(3))
    normal = np.stack([x, y, z - np.clip(z, low, high)]) / CAPSULE_RADIUS
    return Hit(distance, normal)


SOLIDS: dict[str, Callable[[Array, Array], Hit]] = {
    "cube": cube,
    "cylinder": cylinder,
    "sphere": sphere,
    "capsule": capsule,
}
