import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from video_clips import numbered, write_clip

import restyle
from restyle.engines import engines

DOC = (Path(__file__).resolve().parent.parent / "docs" / "python.md").read_text()
EXAMPLES = re.findall(r"```python\n(.*?)```", DOC, re.DOTALL)

# What would take minutes with the settings of the page.
QUICKER = {
    "size=400": "size=32, precision='float32'",
    "iterations=200": "iterations=3",
    "start=2": "start=0.1",
    "minutes=30": "steps=1, image_size=32, width=2, residual_blocks=1, batch_size=1, held_out=1, "
    "style_size=32, precision='float32'",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory, pictures, photos):
    """A folder with all files that the examples read."""
    folder = tmp_path_factory.mktemp("examples")
    for name, source in (
        ("photo.jpg", "photo"),
        ("painting.jpg", "painting"),
        ("ours.png", "photo"),
        ("theirs.png", "other"),
    ):
        with Image.open(pictures / f"{source}.png") as picture:
            picture.save(folder / name)
    (folder / "PHOTOS").symlink_to(photos)
    write_clip(folder / "clip.mp4", numbered(4), tone_seconds=0.4)
    return folder


def test_the_page_has_five_examples_and_all_that_make_them_quicker():
    assert len(EXAMPLES) == 5
    assert all(slow in "".join(EXAMPLES) for slow in QUICKER)


@pytest.mark.parametrize("example", EXAMPLES, ids=["stylize", "steps", "load", "train", "score"])
def test_an_example_runs(example, folder, keras_home, monkeypatch, capsys):
    monkeypatch.setenv("KERAS_HOME", str(keras_home))
    monkeypatch.chdir(folder)
    monkeypatch.setattr(engines, "_candidates", lambda precision: ["tensorflow"])
    for slow, quick in QUICKER.items():
        example = example.replace(slow, quick)

    exec(example, {})

    for name in re.findall(r'write_image\("(.*?)"', example):
        assert np.ptp(restyle.read_image(name)) > 0.1
    if "print" in example:
        assert "content conv4_2" in capsys.readouterr().out
