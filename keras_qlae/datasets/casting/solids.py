"""Intersections of rays with solids, in closed form, and the light of solids.

A solid stands on the floor `z = 0`, centred on the vertical axis, at scale 1.
A vector is an array whose first axis is x, y, z; all other axes broadcast.
Each solid is a function of `(origin, direction)` that returns a `Hit`. The
distance of a ray that misses is `inf`.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

Array = np.ndarray

CUBE_EDGE = 1.0
CYLINDER_RADIUS, CYLINDER_HEIGHT = 0.5, 1.15
SPHERE_RADIUS = 0.59
CAPSULE_RADIUS, CAPSULE_HEIGHT = 0.41, 1.65
CONE_RADIUS, CONE_HEIGHT = 0.64, 1.3

AMBIENT, DIFFUSE, HEADLIGHT = 0.38, 0.52, 0.22


class Hit(NamedTuple):
    """The first intersection of each ray with a solid.

    Attributes:
        distance: In units of the length of `direction`; `inf` for a miss.
        normal: `(3, ...)`, pointing outwards; undefined for a miss.
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
    """Intersects rays with the cube, whose faces are normal to the axes."""
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
    """Intersects rays with the upright cylinder."""
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
    """Intersects rays with the sphere."""
    distance = _first(*_ball(origin, direction, SPHERE_RADIUS, SPHERE_RADIUS))
    at = np.where(distance < np.inf, distance, 0.0)
    x, y, z = (origin[i] + at * direction[i] for i in range(3))
    return Hit(distance, np.stack([x, y, z - SPHERE_RADIUS]) / SPHERE_RADIUS)


def capsule(origin: Array, direction: Array) -> Hit:
    """Intersects rays with the capsule, a cylinder between two half balls."""
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


def cone(origin: Array, direction: Array) -> Hit:
    """Intersects rays with the upright cone."""
    slope = CONE_RADIUS / CONE_HEIGHT
    (x, y, z), (dx, dy, dz) = origin, direction
    # Below its tip a cone is x^2 + y^2 = (slope * depth)^2.
    depth, deeper = slope * (CONE_HEIGHT - z), -slope * dz
    a = dx * dx + dy * dy - deeper * deeper
    half_b = x * dx + y * dy - depth * deeper
    c = x * x + y * y - depth * depth
    root = np.sqrt(np.maximum(half_b * half_b - a * c, 0.0))
    is_real = half_b * half_b > a * c
    sides = [(-half_b - root) / a, (-half_b + root) / a]
    distance = np.full(np.shape(a + c), np.inf)
    for side in sides:
        height = z + side * dz
        on_side = is_real & (side > 0) & (height >= 0) & (height <= CONE_HEIGHT)
        distance = np.where(on_side, np.minimum(distance, side), distance)
    bottom = -z / dz
    out = (x + bottom * dx) ** 2 + (y + bottom * dy) ** 2 > CONE_RADIUS**2
    is_bottom = (bottom > 0) & ~out & (bottom < distance)
    distance = np.where(is_bottom, bottom, distance)
    at = np.where(distance < np.inf, distance, 0.0)
    px, py, pz = x + at * dx, y + at * dy, z + at * dz
    normal = np.stack([px, py, slope**2 * (CONE_HEIGHT - pz)])
    normal /= np.maximum(np.sqrt((normal**2).sum(axis=0)), 1e-9)
    down = np.array([0.0, 0.0, -1.0]).reshape(3, *[1] * is_bottom.ndim)
    return Hit(distance, np.where(is_bottom, down, normal))


def rod(
    origin: Array, direction: Array, start: Array, end: Array, radius: float
) -> Hit:
    """Intersects rays with a rod with round ends, anywhere in space.

    The directions, `(3, n)`, are of unit length; origin and both ends of the
    axis are `(3, 1)`.
    """
    axis, away = end - start, origin - start
    length2 = _dot(axis, axis)
    along, off = _dot(axis, direction), _dot(axis, away)
    near, _ = _roots(
        length2 - along * along,
        length2 * _dot(direction, away) - off * along,
        length2 * (_dot(away, away) - radius * radius) - off * off,
    )
    place = off + np.where(near < np.inf, near, 0.0) * along
    is_side = (place > 0) & (place < length2)
    side = np.where(is_side & (near > 0), near, np.inf)
    ends = [
        _first(*_ball(origin - centre, direction, radius, 0.0))
        for centre in (start, end)
    ]
    distance = np.minimum(side, np.minimum(*ends))
    at = np.where(distance < np.inf, distance, 0.0)
    point = away + at * direction
    place = (_dot(axis, point) / length2).clip(0.0, 1.0)
    return Hit(distance, (point - place * axis) / radius)


def rod_shadow(
    point: Array,
    lamp: Array,
    start: Array,
    end: Array,
    radius: float,
    softness: float,
) -> Array:
    """The part of a wide lamp's light that reaches points behind a rod.

    From `(3, n)` to `(n,)`, from 0 in the shadow to 1. `lamp` is a unit vector
    towards the lamp and `softness` its width, seen from a point, in radians.
    The ends of the axis are `(3, 1)`.
    """
    axis, away = end - start, point - start
    length2, slant = _dot(axis, axis), _dot(lamp, axis)
    off, ahead = _dot(away, axis), _dot(away, lamp)
    scale = np.maximum(length2 - slant * slant, 1e-6)
    place = ((off - ahead * slant) / scale).clip(0.0, 1.0)
    # The point of the lamp's ray that is nearest to that place of the axis.
    nearest = np.maximum(place * slant - ahead, 1e-3)
    gap = away + nearest * lamp - place * axis
    width = softness * nearest + 0.02
    seen = ((np.sqrt(_dot(gap, gap)) - radius) / width + 0.5).clip(0.0, 1.0)
    left: Array = seen * seen * (3 - 2 * seen)
    return left


def shade(hit: Hit, direction: Array, lamp: Array) -> Array:
    """The light of a solid, in `[0, 1]`, from a distant lamp and a headlight.

    `direction` and `lamp`, `(3,)`, are of unit length; `lamp` is towards the
    lamp.
    """
    toward_lamp = np.tensordot(lamp, hit.normal, axes=1)
    toward_eye = -(hit.normal * direction).sum(axis=0)
    light: Array = (
        AMBIENT
        + DIFFUSE * np.maximum(toward_lamp, 0.0)
        + HEADLIGHT * np.maximum(toward_eye, 0.0)
    )
    return light.clip(0.0, 1.0)


SOLIDS: dict[str, Callable[[Array, Array], Hit]] = {
    "cube": cube,
    "cylinder": cylinder,
    "sphere": sphere,
    "capsule": capsule,
}
