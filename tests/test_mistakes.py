"""What a person may get wrong: each is one line, found before anything slow is done."""

import sys

import numpy as np
import psutil
import pytest
from PIL import Image

from restyle.programs import optimize


@pytest.fixture(autouse=True)
def nothing_slow(monkeypatch):
    """The network may not be asked for: a mistake must be found before TensorFlow is started."""

    def network(*_):
        raise AssertionError("The mistake was not found in time.")

    monkeypatch.setattr(optimize, "weights_loader", network)


@pytest.fixture
def mistake(run, quick, tmp_path, capsys):
    """Runs into a mistake; returns the line that says so. What was there before must stay."""

    def mistake(*arguments, status=1):
        output = tmp_path / "out.png"
        output.write_bytes(b"an older picture")
        found = run(*quick, f"--output={output}", *arguments)
        out, error = capsys.readouterr()
        assert (found, out) == (status, "")
        assert error.startswith("error: ") and error.count("\n") == 1
        assert output.read_bytes() == b"an older picture"
        assert not list(tmp_path.glob(".*"))
        return error

    return mistake


@pytest.mark.parametrize("flag", ["content", "style", "init"])
def test_a_bad_picture_is_named(mistake, tmp_path, flag):
    (tmp_path / "text.jpg").write_text("A picture paints a thousand words.")

    said = {"gone.jpg": "No image at", "text.jpg": "is not a picture in a known format"}
    for name, what in said.items():
        error = mistake(f"--{flag}={tmp_path}/{name}")
        assert f"{tmp_path}/{name}" in error and what in error


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("--style_weight=-1", "0 or more"),
        ("--style_layer_weights=1,much", "expected numbers"),
        ("--style_blend_weights=0", "at least one above 0"),
        ("--size=-1", "size -1"),
        ("--iterations=0", "iterations 0"),
        ("--learning_rate=inf", "learning_rate inf"),
        ("--style_scale=0", "style_scale 0"),
        ("--despeckle=2", "despeckle 2"),
        ("--sweep=sky=1,2", "no setting --sky"),
        ("--sweep=output=a.png,b.png", "no setting --output"),
        ("--sweep=size=48,large", "large"),
        ("--sweep=content_weight=0.1,1,-1", "0 or more"),
        ("--sweep=seed=1 --sweep=size=48 --sweep=iterations=1", "3 --sweep flags"),
        *(
            (f"--sweep=seed=1,2 --{flag}=new.mp4", f"--{flag}, which does nothing together")
            for flag in ("run_dir", "tensorboard", "time_lapse")
        ),
    ],
)
def test_settings_that_cannot_be_meant(mistake, arguments, said):
    assert said in mistake(*arguments.split(), status=2)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("--size=1", "--size"),
        ("--style_scale=0.01", "--style_scale"),
        ("--sweep=style=gone.png", "gone.png"),
        ("--init=gone.keras", "No network 'gone.keras'"),
        ("--init=./wave", "No image at './wave'"),
        ("--sweep=init=noise,gone.keras", "No network 'gone.keras'"),
    ],
)
def test_settings_that_do_not_fit_the_files(mistake, arguments, said):
    assert said in mistake(*arguments.split())


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ("--learning_rate=0.1", "with --optimizer=lbfgs"),
        ("--history=5 --optimizer=adam", "with --optimizer=adam"),
        ("--seed=3", "with --init=content"),
        ("--style_scale=2 --style_size=40", "beside --style_size"),
        ("--save_every=1 --sweep=size=40,48", "together with --sweep"),
        ("--seed=3 --sweep=init=content,style", "with --init=content"),
        ("--sweep=seed=1,2", "with --init=content"),
    ],
)
def test_a_flag_that_does_nothing_is_refused(mistake, arguments, why):
    error = mistake(*arguments.split(), status=2)
    assert "which does nothing" in error and why in error


def test_a_picture_of_one_pixel_is_too_small_for_the_layers(mistake, tmp_path):
    Image.new("RGB", (1, 1)).save(tmp_path / "tiny.png")

    assert "need 2 pixels on each side" in mistake(f"--content={tmp_path}/tiny.png", "--size=0")


def test_there_is_a_mask_for_each_style(mistake, pictures, tmp_path):
    Image.new("L", (60, 40), 255).save(tmp_path / "mask.png")
    mask = f"--content_mask={tmp_path}/mask.png"

    pair, other = [mask, f"--style_mask={tmp_path}/mask.png"], f"--style={pictures}/other.png"
    assert "Got 0 content masks and 1 style masks for 1 styles." in mistake(pair[1])
    assert "for 2 styles" in mistake(*pair, other) and "for 2 styles" in mistake(mask, other)
    assert "aspects differ" in mistake(*pair)  # The painting is square.


def test_where_nothing_can_be_written_is_said_before_the_run(mistake, tmp_path):
    (tmp_path / "folder.png").mkdir()
    (tmp_path / "file").write_text("")

    assert "there is no folder" in mistake(f"--output={tmp_path}/gone/out.png")
    assert "is a folder" in mistake(f"--output={tmp_path}/folder.png")
    assert "in which format to write" in mistake(f"--output={tmp_path}/out.xyz")
    assert "Cannot make the folder" in mistake(f"--run_dir={tmp_path}/file/run")
    assert "there is no folder" in mistake(f"--time_lapse={tmp_path}/gone/run.mp4")


def test_without_tensorboard_the_package_is_named(mistake, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "tensorboard", None)

    assert "pip install tensorboard" in mistake(f"--tensorboard={tmp_path}/board")


def test_pictures_must_be_given(run, capsys):
    assert run() == 2
    assert "--content photo.jpg --style painting.jpg" in capsys.readouterr().err


def test_weights_that_are_not_the_network_are_refused(mistake, monkeypatch, tmp_path):
    monkeypatch.undo()  # Only TensorFlow's part finds this one, and the next.
    np.savez(tmp_path / "weights.npz", zeros=np.zeros(3))

    assert "weights.npz" in mistake(f"--vgg_weights={tmp_path}/weights.npz")


def test_a_size_beyond_memory_says_which_would_fit(mistake, monkeypatch, tmp_path):
    monkeypatch.undo()
    memory = psutil.virtual_memory()._replace(available=3_000_000_000)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: memory)

    error = mistake("--size=4000", f"--run_dir={tmp_path}/run")
    assert "3.0 GB are free. Free some memory, or pass --size=" in error
    assert not (tmp_path / "run" / "config.json").exists()  # Another try may take the folder.


def test_as_a_program_a_mistake_is_one_line_too(start, pictures):
    process = start(f"--content={pictures}/gone.jpg", f"--style={pictures}/painting.png")
    out, error = process.communicate(timeout=60)

    assert (process.returncode, out) == (1, "")
    assert error == f"error: No image at '{pictures}/gone.jpg'.\n"
