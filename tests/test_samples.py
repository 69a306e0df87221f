"""The samples depend on a seed alone, and the files in the folder are what the program draws."""

import importlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

SAMPLES = Path(__file__).parent.parent / "samples"


@pytest.fixture
def draw(monkeypatch):
    monkeypatch.syspath_prepend(SAMPLES)  # As for `python samples/draw.py`.
    return importlib.import_module("draw")


def pixels(picture: Image.Image, reduced: int = 1) -> np.ndarray:
    return np.asarray(picture.reduce(reduced), np.float32)


@pytest.mark.parametrize("name", ["draw_landscape", "draw_brushwork"])
def test_a_seed_alone_decides_the_picture(draw, name):
    first, again, other = (pixels(getattr(draw, name)((48, 64), seed)) for seed in (3, 3, 4))

    assert first.shape == (48, 64, 3)
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).mean() > 4


def test_the_landscape_is_the_same_scene_at_any_size(draw):
    small = draw.draw_landscape((48, 64), 7)
    large = draw.draw_landscape((96, 128), 7)

    assert np.abs(pixels(small) - pixels(large, reduced=2)).mean() < 8


@pytest.mark.parametrize(
    ("name", "width", "height", "kilobytes"),
    [("landscape", 512, 384, 150), ("brushwork", 512, 512, 200)],
)
def test_the_file_is_what_the_program_draws(draw, name, width, height, kilobytes):
    seed = getattr(draw, f"{name.upper()}_SEED")
    drawn = getattr(draw, f"draw_{name}")((height, width), seed)

    with Image.open(SAMPLES / f"{name}.jpg") as stored:
        assert stored.size == (width, height)
        # JPEG changes pixels, but hardly the mean of its blocks of 8 x 8.
        difference = np.abs(pixels(stored, reduced=8) - pixels(drawn, reduced=8))
    assert difference.max() < 8
    assert (SAMPLES / f"{name}.jpg").stat().st_size < kilobytes * 1000
