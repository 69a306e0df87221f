"""What both pictures are made with: noise, light, and a pen.

Places are (x, y), y downwards, and colours RGB in [0, 1]. A picture is drawn `SUPERSAMPLING` times
too large and then reduced, since Pillow's lines and polygons have jagged edges.
"""

import numpy as np
from numpy.random import Generator
from PIL import Image, ImageDraw

SUPERSAMPLING = 3


class Pen:
    """Draws in a frame of its own: the origin at (x, y) and `length` as the unit."""

    def __init__(self, picture: Image.Image, x: float = 0, y: float = 0, length: float = 1):
        self.origin = np.array([x, y]) * picture.height
        self.unit = length * picture.height
        self.draw = ImageDraw.Draw(picture)

    def pixels(self, points) -> list[tuple[float, ...]]:
        return [tuple(point) for point in np.asarray(points) * self.unit + self.origin]

    def line(self, points, width: float, color):
        self.draw.line(self.pixels(points), ink(color), max(1, round(width * self.unit)))

    def polygon(self, points, color):
        self.draw.polygon(self.pixels(points), ink(color))

    def blob(self, x: float, y: float, size: float, color):
        half = np.array([size / 2, 0.4 * size])
        self.draw.ellipse(self.pixels([(x, y) - half, (x, y) + half]), ink(color))


def ink(color) -> tuple[int, ...]:
    return tuple(int(255 * min(max(channel, 0.0), 1.0)) for channel in color)


def mix(first, second, share) -> np.ndarray:
    """Returns `first` where `share` is 0 and `second` where it is 1, place by place."""
    share = np.clip(share, 0, 1)[..., None]
    return np.asarray(first) * (1 - share) + np.asarray(second) * share


def to_array(picture: Image.Image) -> np.ndarray:
    return np.asarray(picture, np.float32) / 255


def to_picture(pixels: np.ndarray) -> Image.Image:
    return Image.fromarray(np.uint8(np.clip(pixels, 0, 1) * 255 + 0.5))


def coordinates(size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Returns the x of each column, (1, w), and the y of each row, (h, 1)."""
    return np.arange(size[1])[None] / size[0], np.arange(size[0])[:, None] / size[0]


def fractal_noise(rng: Generator, size, grid, octaves: int, rough: float = 0.5) -> np.ndarray:
    """Returns cloudy noise of mean 0 and deviation 1, each octave `rough` times as strong.

    The coarsest octave has `grid` (rows, columns) cells, each next one twice as many.
    """
    noise = np.zeros(size, np.float32)
    for octave in range(octaves):
        values = rng.normal(size=(grid[0] << octave, grid[1] << octave)).astype(np.float32)
        stretched = Image.fromarray(values).resize(size[::-1], Image.Resampling.BICUBIC)
        noise += np.asarray(stretched) * rough**octave
    return (noise - noise.mean()) / noise.std()


def facing(relief: np.ndarray, x: float, y: float) -> np.ndarray:
    """Returns how steeply each place of a relief faces a light that shines from (x, y)."""
    down, right = np.gradient(relief)
    return -(right * x + down * y)
