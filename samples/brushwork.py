"""A painting without a subject: bands and swirls of oriented, bristly strokes of thick paint."""

import numpy as np
from canvas import SUPERSAMPLING, Pen, coordinates, facing, fractal_noise, to_array, to_picture
from numpy.random import Generator
from PIL import Image, ImageColor, ImageFilter

PIGMENTS = [  # Cold, then warm, each from dark to light.
    [ImageColor.getrgb(name) for name in ramp.split()]
    for ramp in (
        "#10142e #1d2a86 #20409f #2f6bb8 #78aecb #efe9d3",
        "#2b1a22 #8f3420 #c2702a #d99b2b #f5c52c #f7ecc0",
    )
]
SWIRLS = (  # x, y, radius, turn.
    (0.24, 0.70, 0.21, 1.0),
    (0.70, 0.30, 0.17, -1.0),
    (0.80, 0.80, 0.12, 1.0),
    (0.27, 0.20, 0.10, -1.0),
    (0.53, 0.55, 0.07, 1.0),
    (0.94, 0.54, 0.06, -1.0),
    (0.50, 0.93, 0.06, -1.0),
)


def nearness(x, y) -> np.ndarray:
    """Returns 1 at the middle of the nearest swirl, 0 at its radius, negative beyond."""
    return np.max([1 - np.hypot(x - u, y - v) / radius for u, v, radius, _ in SWIRLS], axis=0)


def stream_function(rng: Generator, size: tuple[int, int]) -> np.ndarray:
    """Returns humps and hollows (the swirls) on slow waves; strokes follow its contour lines."""
    x, y = coordinates(size)
    stream = 0.28 * fractal_noise(rng, size, (3, 3), 2) + 1.1 * (y - 0.35 * x)
    for u, v, radius, turn in SWIRLS:
        stream += 2.2 * turn * np.exp(-((np.hypot(x - u, y - v) / radius) ** 1.5))
    return stream


def at(values: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Returns the values at (x, y) places in pixels; those outside get the border's."""
    x, y = np.clip(places.astype(int), 0, np.array(values.shape[1::-1]) - 1).T
    return values[y, x]


def trace_strokes(middles: np.ndarray, stream: np.ndarray, stride: float) -> np.ndarray:
    """Returns curves that spiral along the contour lines, (strokes, 9, 2), all in pixels."""
    down, right = np.gradient(stream)
    flow = np.stack([0.22 * right - down, 0.22 * down + right], axis=-1)
    flow *= stride / (np.linalg.norm(flow, axis=-1, keepdims=True) + 1e-9)
    path = [middles]
    for _ in range(4):
        path = [path[0] - at(flow, path[0]), *path, path[-1] + at(flow, path[-1])]
    return np.stack(path, axis=1)


def choose_pigments(rng: Generator, places: np.ndarray, stream: np.ndarray) -> np.ndarray:
    """Returns a colour for each stroke, (strokes, 3): bands along the flow, warm in the swirls."""
    level, near = at(stream, places), nearness(*places.T / len(stream))
    doubt, blur = rng.normal(size=(2, len(places)))
    warm = 1.3 * near.clip(0, 1) + 0.9 * np.sin(3.1 * level + 1) + 0.25 * doubt > 0.6
    tone = 0.43 + 0.31 * np.sin(7 * level) + 0.3 * near.clip(0, 1) + 0.13 * blur
    return np.array(PIGMENTS)[warm.astype(int), (6 * tone).clip(0, 5).astype(int)] / 255


def lay_stroke(pens: tuple[Pen, Pen], rng: Generator, path: np.ndarray, width: float, color):
    """Draws one stroke as hairs with ragged ends, in colour and in thickness of the paint."""
    along = np.gradient(path, axis=0)
    across = along[:, ::-1] * (-width, width)
    across /= np.linalg.norm(along, axis=-1, keepdims=True) + 1e-9
    load = rng.uniform(0.45, 0.85)
    for offset in np.linspace(-0.5, 0.5, 6):
        hair = (path + offset * across)[rng.integers(0, 2) : len(path) - rng.integers(0, 2)]
        pens[0].line(hair, width / 4.5, color + 0.05 * rng.normal())
        pens[1].line(hair, width / 4.5, [load + 0.15 * rng.normal() - 0.5 * offset**2])


def light_paint(picture: Image.Image, thickness: Image.Image) -> Image.Image:
    """Returns the painting lit from the upper left, where each ridge of paint glints."""
    relief = to_array(thickness.filter(ImageFilter.GaussianBlur(0.5 * SUPERSAMPLING)))
    light = facing(relief, -0.6, -0.8)[..., None] * SUPERSAMPLING
    shaded = to_array(picture) * (1 + 0.9 * np.clip(light, -0.5, 0.4))
    return to_picture(shaded + 0.35 * np.clip(light - 0.12, 0, 1))


def draw_brushwork(size: tuple[int, int], seed: int) -> Image.Image:
    """Returns a painting of swirls; its brushes are as many pixels wide for any (height, width)."""
    rng = np.random.default_rng(seed)
    stream = stream_function(rng, size)
    height, width = size
    large = (width * SUPERSAMPLING, height * SUPERSAMPLING)
    picture, thickness = Image.new("RGB", large, PIGMENTS[0][1]), Image.new("L", large)
    pens = Pen(picture, length=1 / height), Pen(thickness, length=1 / height)
    for density, length, broad in ((0.012, 30, 9.0), (0.024, 22, 5.0), (0.022, 13, 3.4)):
        middles = rng.uniform(-10, (width + 10, height + 10), (int(density * height * width), 2))
        colors = choose_pigments(rng, middles, stream)
        for path, color in zip(trace_strokes(middles, stream, length / 8), colors, strict=True):
            lay_stroke(pens, rng, path, broad, color)
    return light_paint(picture, thickness).resize((width, height), Image.Resampling.LANCZOS)
