"""Casts rays at an arm that holds an object over a table.

As in room3d, colours do not change the rays: the table of light has the light
from each material to each pixel, for 4 x 2 x 3 x 20 x 10 geometries.
"""

import itertools
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from keras_qlae.datasets.casting import solids

Array = np.ndarray

MATERIALS = ("object", "background", "table", "arm")
SHAPES = {
    "cube": solids.cube,
    "cylinder": solids.cylinder,
    "sphere": solids.sphere,
    "cone": solids.cone,
}
SIZES = (0.52, 0.76)
CAMERAS = np.array([14.0, 30.0, 46.0])  # degrees above the table
HORIZONTAL = np.linspace(-76.0, 76.0, 20)  # degrees from the camera's side
VERTICAL = np.linspace(-50.0, 40.0, 10)  # degrees of the forearm above level
GRID = tuple(map(len, (SHAPES, SIZES, CAMERAS, HORIZONTAL, VERTICAL)))

SAMPLES = 9  # rays of a pixel, in three rows

TARGET = np.array([0.0, -0.15, 0.78])
CAMERA_DISTANCE = 5.2
FIELD_OF_VIEW = np.deg2rad(46.5)

TABLE_RADIUS, TABLE_THICKNESS = 1.95, 0.14
SHOULDER = 0.9  # above the table
UPPER_ARM, FOREARM = 0.55, 0.72
UPPER_ARM_ANGLE = np.deg2rad(38.0)
OBJECT_BEYOND = 0.55  # its size: from the arm's end to its middle
MIDDLE = 0.58  # height of an object's middle at size 1
REACH = 1.0  # from there to its farthest point
TURN = np.deg2rad(28.0)  # of the object: a cube shows two sides

_LAMP = np.array([-0.45, -0.30, 1.0])
LAMP = _LAMP / np.linalg.norm(_LAMP)
LAMP_WIDTH = 0.34  # radians
SHADOW = 0.42
NUM_LAMPS = 7  # that stand for a wide lamp


class Scene(NamedTuple):
    """What rays meet without an object.

    Attributes:
        distance: `(num_rays,)`.
        table_point: `(3, num_rays)`, far away for a ray that misses.
        light: `(num_rays, 4)`.
    """

    distance: Array
    table_point: Array
    light: Array


def camera_rays(elevation: float, image_size: int) -> tuple[Array, Array]:
    """Aims the rays of a square picture from some degrees above the table.

    Returns `(origin, direction)`: `(3, 1)` and `(3, image_size ** 2 *
    SAMPLES)`. Rays of a pixel follow one another, pixels go row by row.
    """
    angle = np.deg2rad(elevation)
    ahead = np.array([0.0, np.cos(angle), -np.sin(angle)])
    up = np.array([0.0, np.sin(angle), np.cos(angle)])
    right = np.array([1.0, 0.0, 0.0])
    side = round(SAMPLES**0.5)
    steps = (np.arange(image_size * side) + 0.5) / (image_size * side) * 2 - 1
    steps = (steps * np.tan(FIELD_OF_VIEW / 2)).reshape(image_size, side)
    down, across = np.broadcast_arrays(
        steps[:, None, :, None], steps[None, :, None, :]
    )
    direction = (
        ahead[:, None]
        + right[:, None] * across.reshape(1, -1)
        - up[:, None] * down.reshape(1, -1)
    )
    direction /= np.linalg.norm(direction, axis=0)
    return (TARGET - CAMERA_DISTANCE * ahead)[:, None], direction


def joints(horizontal: float, vertical: float) -> tuple[Array, Array, Array]:
    """Places the arm: elbow, end and direction of the forearm, `(3, 1)` each.

    The arm is turned by `horizontal` degrees from the camera's side; the
    forearm is `vertical` degrees above level.
    """
    turn, tilt = np.deg2rad(horizontal), np.deg2rad(vertical)
    outward = np.array([[np.sin(turn)], [-np.cos(turn)], [0.0]])
    up = np.array([[0.0], [0.0], [1.0]])
    elbow = SHOULDER * up + UPPER_ARM * (
        np.cos(UPPER_ARM_ANGLE) * outward + np.sin(UPPER_ARM_ANGLE) * up
    )
    forearm = np.cos(tilt) * outward + np.sin(tilt) * up
    return elbow, elbow + FOREARM * forearm, forearm


def rods(elbow: Array, end: Array) -> list[tuple[Array, Array, float]]:
    """The parts of the arm: start, end and radius of each rod."""

    def above(height: float) -> Array:
        return np.array([[0.0], [0.0], [height]])

    return [
        (above(-0.18), above(-0.14), 0.42),
        (above(0.0), above(SHOULDER), 0.18),
        (above(SHOULDER), elbow, 0.15),
        (elbow, end, 0.115),
    ]


def cast_stage(origin: Array, direction: Array) -> Scene:
    """Casts rays at table and background."""
    with np.errstate(divide="ignore"):
        to_table = np.where(direction[2] < 0, -origin[2] / direction[2], 1e3)
        to_below = to_table * (1 + TABLE_THICKNESS / origin[2])
    point = origin + to_table * direction
    below = origin + to_below * direction
    is_table = np.hypot(point[0], point[1]) < TABLE_RADIUS
    is_rim = ~is_table & (np.hypot(below[0], below[1]) < TABLE_RADIUS)
    light = np.zeros((direction.shape[1], len(MATERIALS)))
    light[:, 2] = np.where(is_table, _wood(point), 0.5 * is_rim)
    glow = 0.86 + 0.5 * (direction[2] + 0.35) - 0.25 * direction[0] ** 2
    light[:, 1] = np.where(is_table | is_rim, 0.0, glow.clip(0.55, 1.0))
    distance = np.where(is_table, to_table, np.where(is_rim, to_below, np.inf))
    # A point in the air casts no shadow that is seen.
    return Scene(distance, np.where(is_table, point, 1e3), light)


def _wood(point: Array) -> Array:
    """Planks of several tones, with a grain."""
    x, y = point[0], point[1]
    plank = np.floor(y / 0.42)
    tone = 0.07 * np.sin(2.4 * plank + 0.6)
    grain = 0.03 * np.sin(34 * y + 2.5 * np.sin(1.7 * x + 3.1 * plank))
    seam = np.abs(y / 0.42 - plank - 0.5) > 0.47
    wood: Array = 0.88 + tone + grain - 0.13 * seam
    return wood.clip(0.0, 1.0)


def cast_arm(
    origin: Array,
    direction: Array,
    stage: Scene,
    parts: list[tuple[Array, Array, float]],
) -> Scene:
    """Puts the arm on the stage, with its shadow."""
    distance, light = stage.distance.copy(), stage.light.copy()
    on_table = np.flatnonzero(light[:, 2] > 0)
    point = stage.table_point[:, on_table]
    lit = np.ones(len(on_table))
    lamp = LAMP[:, None]
    for start, end, radius in parts:
        lit = np.minimum(
            lit,
            solids.rod_shadow(point, lamp, start, end, radius, LAMP_WIDTH),
        )
        hit = _near_rays(origin, direction, start, end, radius)
        rays = hit[1]
        closer = hit[0].distance < distance[rays]
        rays = rays[closer]
        near = solids.Hit(hit[0].distance[closer], hit[0].normal[:, closer])
        distance[rays] = near.distance
        light[rays] = 0.0
        light[rays, 3] = solids.shade(near, direction[:, rays], LAMP)
    light[on_table, 2] *= SHADOW + (1 - SHADOW) * lit
    return Scene(distance, stage.table_point, light)


def _near_rays(
    origin: Array, direction: Array, start: Array, end: Array, radius: float
) -> tuple[solids.Hit, Array]:
    """Computes hits of a rod; also returns which rays are near it."""
    middle = (start + end) / 2
    bound = radius + float(np.linalg.norm(end - start)) / 2
    rays = _through(origin, direction, middle, bound)
    return solids.rod(origin, direction[:, rays], start, end, radius), rays


def _through(
    origin: Array, direction: Array, middle: Array, radius: float
) -> Array:
    """Positions of the rays that pass through a ball."""
    to_middle = middle - origin
    along = (to_middle * direction).sum(axis=0)
    off = (to_middle**2).sum(axis=0) - along**2
    return np.flatnonzero((off < radius**2) & (along > 0))


def lamps() -> Array:
    """Directions to the points that stand for the lamp, `(3, NUM_LAMPS)`."""
    angles = 2 * np.pi * np.arange(NUM_LAMPS - 1) / (NUM_LAMPS - 1)
    offsets = [[0.0, 0.0, 0.0]]
    offsets += [[np.cos(a), np.sin(a), 0.0] for a in angles]
    points = LAMP[:, None] + 0.36 * LAMP_WIDTH * np.array(offsets).T
    normal: Array = points / np.linalg.norm(points, axis=0)
    return normal


def _turned(vectors: Array) -> Array:
    """Turns vectors around the object, so that a cube shows two sides."""
    x, y, z = vectors
    cos, sin = np.cos(TURN), np.sin(TURN)
    return np.stack([cos * x + sin * y, cos * y - sin * x, z])


def cast_object(
    origin: Array,
    direction: Array,
    scene: Scene,
    middle: Array,
    shape: str,
    size: float,
) -> tuple[Array, Array]:
    """Puts an object into the scene, with its shadow.

    `middle` is that of the object, `(3, 1)`, and `shape` a key of `SHAPES`.
    Returns the pixels that it changes, and the light of their rays,
    `(num_pixels, SAMPLES, 4)`.
    """
    solid, bound = SHAPES[shape], REACH * size
    seen = _through(origin, direction, middle, bound)
    shadowed = _through(scene.table_point, LAMP[:, None], middle, 1.45 * bound)
    shadowed = shadowed[scene.light[shadowed, 2] > 0]
    pixels = np.unique(np.concatenate([seen, shadowed]) // SAMPLES)
    foot = middle - np.array([[0.0], [0.0], [MIDDLE * size]])
    light = scene.light.reshape(-1, SAMPLES, len(MATERIALS))[pixels]
    rows = light.reshape(-1, len(MATERIALS))  # a view
    place = np.full(scene.light.shape[0] // SAMPLES, -1)
    place[pixels] = np.arange(len(pixels)) * SAMPLES

    def row_of(rays: Array) -> Array:
        rows: Array = place[rays // SAMPLES] + rays % SAMPLES
        return rows

    with np.errstate(divide="ignore", invalid="ignore"):
        points = _turned(scene.table_point[:, shadowed] - foot) / size
        cover = solid(points[..., None], _turned(lamps())[:, None])
        lit = 1 - np.mean(cover.distance < np.inf, axis=1)
        # The object's shadow does not make the arm's shadow darker.
        full = _wood(scene.table_point[:, shadowed])
        changed = row_of(shadowed)
        rows[changed, 2] = np.minimum(
            rows[changed, 2], full * (SHADOW + (1 - SHADOW) * lit)
        )
        turned = _turned(direction[:, seen])
        hit = solid(_turned(origin - foot) / size, turned)
    closer = hit.distance * size < scene.distance[seen]
    near = solids.Hit(hit.distance[closer], hit.normal[:, closer])
    changed = row_of(seen[closer])
    rows[changed] = 0.0
    rows[changed, 0] = solids.shade(
        near, turned[:, closer], _turned(LAMP[:, None])[:, 0]
    )
    return pixels, light


def cast(image_size: int) -> Iterator[tuple[int, Array]]:
    """Casts all geometries, one after the other to save memory.

    Args:
        image_size: Positive integer, height and width of the pictures.

    Yields:
        `(geometry, light)`. The number of the geometry counts through shape,
        size, camera, horizontal and vertical angle, the last fastest. Light
        is float64 in `[0, 1]`, `(image_size ** 2, 4)`.
    """
    for k, elevation in enumerate(CAMERAS):
        origin, direction = camera_rays(elevation, image_size)
        stage = cast_stage(origin, direction)
        angles = itertools.product(enumerate(HORIZONTAL), enumerate(VERTICAL))
        for (i, horizontal), (j, vertical) in angles:
            elbow, end, forearm = joints(horizontal, vertical)
            scene = cast_arm(origin, direction, stage, rods(elbow, end))
            bare = scene.light.reshape(-1, SAMPLES, len(MATERIALS)).mean(1)
            for m, shape in enumerate(SHAPES):
                for n, size in enumerate(SIZES):
                    middle = end + OBJECT_BEYOND * size * forearm
                    pixels, light = cast_object(
                        origin, direction, scene, middle, shape, size
                    )
                    mean = bare.copy()
                    mean[pixels] = light.mean(axis=1)
                    number = np.ravel_multi_index((m, n, k, i, j), GRID)
                    yield int(number), mean
