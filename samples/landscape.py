"""An evening lake with a village under layered hills, in place of a photograph.

Places are (x, y) in picture heights from the top left corner, so the right edge is at 4 / 3.
"""

import numpy as np
from canvas import (
    SUPERSAMPLING,
    Pen,
    coordinates,
    facing,
    fractal_noise,
    mix,
    to_array,
    to_picture,
)
from numpy.random import Generator
from PIL import Image, ImageFilter

SUN = (0.93, 0.30)
SHORE = 0.635  # The waterline under the village.
HAZE = np.array([0.95, 0.80, 0.68])
HILLS = (  # Skyline, rise, colour, haze.
    (0.385, 0.085, (0.20, 0.27, 0.50), 0.40),
    (0.45, 0.055, (0.14, 0.25, 0.36), 0.24),
    (0.515, 0.035, (0.15, 0.26, 0.19), 0.12),
    (0.575, 0.02, (0.20, 0.30, 0.11), 0.03),
)
FLOWERS = ((0.85, 0.20, 0.16), (0.98, 0.83, 0.30), (0.94, 0.92, 0.95), (0.55, 0.38, 0.75))


def box(left: float, top: float, right: float, bottom: float) -> list[tuple[float, float]]:
    return [(left, top), (right, top), (right, bottom), (left, bottom)]


# Polygons around the middle of the foot, in widths (for the church and the boat, in heights).
HOUSE = (
    ("wall", 0.6, box(-0.5, -0.55, 0.1, 0)),
    ("wall", 1.0, [(0.1, 0), (0.1, -0.55), (0.3, -0.97), (0.5, -0.55), (0.5, 0)]),
    ("roof", 0.7, box(-0.25, -1.12, -0.15, -0.8)),
    ("roof", 1.0, [(-0.32, -0.98), (0.3, -0.98), (0.08, -0.5), (-0.56, -0.5)]),
    *(
        ("roof", 0.75, box(-0.38 - i / 8, 0.1 * i - 0.85, 0.2 - i / 11, 0.1 * i - 0.83))
        for i in (0, 1, 2)
    ),
    ("roof", 0.6, [(0.3, -1.0), (0.56, -0.5), (0.5, -0.5), (0.28, -0.93)]),
    *(("glass", 1.0, box(x, -0.4, x + 0.09, -0.2)) for x in (-0.43, -0.25, -0.07)),
    ("wood", 1.0, box(0.24, -0.28, 0.36, 0)),
    ("wood", 1.2, box(0.26, -0.66, 0.34, -0.52)),
)
CHURCH = (
    ("wall", 0.62, box(-0.09, -0.52, 0, 0)),
    ("wall", 1.0, box(0, -0.52, 0.09, 0)),
    ("slate", 0.6, [(-0.11, -0.52), (0, -0.95), (0.015, -0.52)]),
    ("slate", 1.2, [(0, -0.52), (0, -0.95), (0.11, -0.52)]),
    ("glass", 0.9, box(-0.005, -1.04, 0.005, -0.93)),
    ("wood", 0.7, box(-0.06, -0.36, -0.03, -0.24)),
    ("wood", 0.7, box(0.03, -0.36, 0.06, -0.24)),
    ("glass", 0.9, box(0.03, -0.47, 0.06, -0.43)),
)
BOAT = (
    *(
        ("wall", 0.6, box(-0.2 - 0.04 * (i % 2), 0.09 * i, 0.24 - 0.04 * i, 0.09 * i + 0.02))
        for i in range(1, 6)
    ),
    ("roof", 0.6, [(-0.36, -0.06), (0.4, -0.07), (0.26, 0.06), (-0.26, 0.06)]),
    ("wall", 0.8, [(-0.02, -0.1), (-0.02, -0.9), (-0.32, -0.13)]),
    ("wall", 1.05, [(0.02, -0.1), (0.02, -1.0), (0.35, -0.13)]),
    ("wood", 1.0, box(-0.015, -1.04, 0.015, -0.06)),
)
PAINTS = {
    "wall": np.array([0.95, 0.89, 0.78]),
    "roof": np.array([0.68, 0.29, 0.18]),
    "wood": np.array([0.27, 0.17, 0.14]),
    "glass": np.array([1.0, 0.80, 0.36]),
    "slate": np.array([0.34, 0.36, 0.46]),
}


def paint_sky(rng: Generator, size: tuple[int, int]) -> np.ndarray:
    """Shows an evening sky that warms downwards, a low sun, and clouds lit from its side."""
    x, y = coordinates(size)
    bands = ((26, 66, 146), (84, 142, 202), (214, 196, 190), (255, 200, 128))
    column = [np.interp(y[:, 0], (0, 0.22, 0.36, 0.5), band) for band in np.transpose(bands)]
    sky = np.broadcast_to(np.stack(column, axis=-1)[:, None] / 255, (*size, 3))
    distance = np.hypot(x - SUN[0], y - SUN[1])
    noise = fractal_noise(rng, size, (5, 4), 7, 0.45)
    light = facing(noise, 0.5, 0.85) * size[0] / 40
    cloud = mix((0.46, 0.46, 0.62), (1.0, 0.92, 0.82), 0.6 + 0.35 * light - 0.15 * noise)
    sky = mix(sky, cloud, 0.95 * np.clip(1.2 * noise + 0.1 - 0.5 * y, 0, 1))
    sky = mix(sky, (1.0, 0.84, 0.50), 0.85 * np.exp(-distance / 0.11))
    return mix(sky, (1.0, 0.98, 0.86), (0.034 - distance) / 0.008)


def skyline(rng: Generator, width: int, level: float, rise: float) -> np.ndarray:
    """Returns the y of a mountain ridge for each column, (1, w)."""
    line = np.full(width, level)
    for octave in range(7):
        edges = 3 << octave
        knots = rng.uniform(-rise, rise, edges + 1) / 2.1**octave
        line += np.interp(np.linspace(0, edges, width), range(edges + 1), knots)
    return line[None]


def paint_hill(rng: Generator, pixels: np.ndarray, top: np.ndarray, color, haze: float):
    """Covers all below the line `top` with slopes that are paler far away and in the valleys."""
    size = pixels.shape[:2]
    depth = coordinates(size)[1] - top
    relief = fractal_noise(rng, size, (6, 8), 6, 0.45)
    patches = fractal_noise(rng, size, (14, 5), 4)
    woods = np.clip(0.5 - 2 * patches, 0, 1)
    crowns = fractal_noise(rng, size, (90, 120), 2)
    light = facing(relief + 0.16 * woods * crowns, 0.8, -0.6) * size[0] / 60
    slope = mix(np.multiply(color, (1.9, 1.5, 0.9)), color, woods)
    slope *= (1 + 0.4 * np.clip(light, -1.5, 1.5))[..., None]
    slope = mix(slope, HAZE, haze + 0.8 * haze * np.clip(depth / 0.1, 0, 1))
    pixels[:] = np.where((depth > 0)[..., None], slope, pixels)


def draw_parts(pen: Pen, parts, paints):
    for name, brightness, points in parts:
        pen.polygon(points, paints[name] * brightness)


def draw_house(pen: Pen, rng: Generator):
    """Shows a gabled house from its corner, in tints of its own, its windows lit or dark."""
    tints = {"wall": rng.uniform(0.84, 1.04, 3), "roof": rng.uniform(0.65, 1.15, 1)}
    tints["glass"] = np.ones(3) if rng.random() < 0.75 else np.array([0.2, 0.25, 0.8])
    draw_parts(pen, HOUSE, {name: PAINTS[name] * tints.get(name, 1) for name in PAINTS})


def draw_fir(pen: Pen, rng: Generator):
    """Shows a fir of drooping boughs that are brighter on the right."""
    green = np.array([0.10, 0.19, 0.12]) * rng.uniform(0.8, 1.4)
    for share in np.repeat(np.linspace(0.05, 1, 16), 4):
        reach, y = rng.uniform(-0.24, 0.24) * share, 0.95 * share - 1.02
        pen.line([(0, y), (reach, y + 0.08)], 0.05, green * (1 if reach < 0.03 else 1.9))


def draw_tree(pen: Pen, rng: Generator, leaves: int):
    """Shows a forked trunk and clumps of leaves, golden where they face the sun."""
    hue = np.array([0.26, 0.33, 0.09]) * (rng.uniform(0.7, 1.6), rng.uniform(0.8, 1.1), 1)
    for x in (-0.18, -0.05, 0.08, 0.2):
        pen.line([(0, 0), (0.2 * x, -0.3), (x, -0.62)], 0.025, (0.18, 0.12, 0.10))
    clumps = rng.normal(size=(16, 2)).clip(-1.6, 1.6) * (0.17, 0.14) + (0, -0.64)
    for x, y in clumps:
        pen.blob(x, y, 0.2, 0.4 * hue)
    owner = rng.integers(0, 16, leaves)
    offset = rng.normal(size=(leaves, 2)) * (0.06, 0.05)
    places = clumps[owner] + offset
    sunny = offset @ (3.5, -5.5) + clumps[owner] @ (0.9, -0.7) + rng.normal(size=leaves) * 0.15
    sunny = np.clip(sunny, 0, 1)
    for i in np.lexsort((sunny, clumps[owner] @ (1, -1))):
        color = hue * (0.4 + 0.9 * sunny[i]) + np.array([0.30, 0.19, 0.03]) * sunny[i] ** 2
        x, y = places[i]
        pen.blob(x, y, rng.uniform(0.5, 1.3) * leaves**-0.5, color)


def draw_village(picture: Image.Image, rng: Generator):
    """Shows firs, then a church, houses and round trees in rows down to the far shore."""
    for x in rng.uniform(0, 1.34, 130):
        draw_fir(Pen(picture, x, SHORE - rng.uniform(0.03, 0.07), rng.uniform(0.05, 0.1)), rng)
    for x in (0.38, 0.52, 0.66, 0.75):
        draw_house(Pen(picture, x, SHORE - 0.055, rng.uniform(0.07, 0.085)), rng)
    draw_parts(Pen(picture, 0.60, SHORE - 0.03, 0.26), CHURCH, PAINTS)
    for x in (0.34, 0.47, 0.70, 0.82, 1.02, 1.25):
        draw_tree(Pen(picture, x, SHORE - 0.02, rng.uniform(0.08, 0.13)), rng, 300)
    for x in (0.29, 0.43, 0.55, 0.68, 0.88):
        draw_house(Pen(picture, x, SHORE - 0.008, rng.uniform(0.09, 0.115)), rng)
    for x in (0.06, 0.16, 0.22, 0.36, 0.62, 0.78, 0.96, 1.12):
        draw_tree(Pen(picture, x, SHORE + 0.002, rng.uniform(0.06, 0.12)), rng, 300)


def paint_lake(rng: Generator, pixels: np.ndarray) -> np.ndarray:
    """Fills all below the shore with a darker, rippled mirror image and the sun's glitter."""
    size = pixels.shape[:2]
    x, y = coordinates(size)
    depth = np.maximum(y - SHORE, 0)
    ripples = fractal_noise(rng, size, (48, 4), 4, 0.6)
    rows = np.clip(SHORE - 1.25 * depth + ripples * 0.05 * depth, 0, SHORE) * (size[0] - 1)
    columns = np.clip((x + ripples * 0.02 * depth) * size[0], 0, size[1] - 1)
    mirror = pixels[rows.astype(int), columns.astype(int)] * (0.80, 0.84, 0.90)
    water = mix(mirror, (0.08, 0.20, 0.34), 0.12 + 0.8 * depth + 0.08 * ripples)
    path = np.exp(-(((x - SUN[0]) / (0.03 + 0.25 * depth)) ** 2))
    water = mix(water, (1.0, 0.88, 0.60), path * (0.9 * ripples - 0.1))
    water = mix(water, HAZE, 0.5 * np.exp(-depth / 0.006))
    return np.where((depth > 0)[..., None], water, pixels)


def draw_meadow(picture: Image.Image, rng: Generator, top: np.ndarray):
    """Shows bent blades of grass and small flowers, taller the nearer they are."""
    pen = Pen(picture)
    for near in np.sort(rng.uniform(size=5200)):
        x = rng.uniform(0, 1.34)
        start = top[0, min(int(x * pen.unit), top.shape[1] - 1)]
        y, bend = start + near * (1.04 - start), rng.normal() * 0.01
        tip = (x + bend, y - (0.02 + 0.035 * near) * rng.uniform(0.5, 1.2))
        color = rng.uniform((0.10, 0.15, 0.04), (0.48, 0.45, 0.14))
        knee = (x + 0.3 * bend, 0.4 * y + 0.6 * tip[1])
        pen.line([(x, y), knee, tip], 0.002 + 0.001 * near, color)
        if rng.random() < 0.06:
            pen.blob(*tip, 0.005 + 0.007 * near, FLOWERS[rng.integers(4)])


def add_soft_light(rng: Generator, pixels: np.ndarray) -> np.ndarray:
    """Returns the picture as a lens sees it: bright parts bleed, the sun warms the air, grain."""
    x, y = coordinates(pixels.shape[:2])
    blurred = to_picture(pixels).filter(ImageFilter.GaussianBlur(len(pixels) / 40))
    air = 0.35 * np.exp(-np.hypot(x - SUN[0], y - SUN[1]) / 0.2)[..., None]
    grain = 1 + 0.025 * fractal_noise(rng, pixels.shape[:2], (384, 512), 1)[..., None]
    veil = (1 - 0.25 * to_array(blurred) ** 2) * (1 - air * (1, 0.7, 0.35))
    return 1 - (1 - pixels * grain) * veil


def draw_landscape(size: tuple[int, int], seed: int) -> Image.Image:
    """Returns an evening lake with a village under hills; the same scene at any size of 3 to 4."""
    rng = np.random.default_rng(seed)
    large = (size[0] * SUPERSAMPLING, size[1] * SUPERSAMPLING)
    pixels = paint_sky(rng, large)
    for level, rise, color, haze in HILLS:
        paint_hill(rng, pixels, skyline(rng, large[1], level, rise), color, haze)
    picture = to_picture(pixels)
    draw_village(picture, rng)
    pixels = paint_lake(rng, to_array(picture))
    bank = skyline(rng, large[1], 0.95, 0.02) - 0.15 * (coordinates(large)[0] - 0.8) ** 2
    paint_hill(rng, pixels, bank, (0.14, 0.19, 0.07), 0.0)
    picture = to_picture(pixels)
    draw_parts(Pen(picture, 0.74, 0.79, 0.15), BOAT, PAINTS)
    draw_tree(Pen(picture, 0.10, 0.93, 0.66), rng, 7000)
    draw_meadow(picture, rng, bank)
    pixels = add_soft_light(rng, to_array(picture))
    return to_picture(pixels).resize((size[1], size[0]), Image.Resampling.LANCZOS)
