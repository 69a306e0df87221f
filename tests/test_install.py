import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from restyle.media.images import read_image

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ("pyproject.toml", "README.md", "LICENSE", "requirements.txt")
FOLDERS = ("restyle", "models", "samples", "page")


def pip(*arguments):
    quiet = ["-q", "--no-deps", "--no-index", "--disable-pip-version-check"]
    command = [sys.executable, "-m", "pip", *arguments, *quiet]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel of a copy of the clone, where a build may leave what it likes."""
    clone, made = tmp_path_factory.mktemp("clone"), tmp_path_factory.mktemp("wheel")
    for name in SOURCES:
        shutil.copy(ROOT / name, clone)
    for name in FOLDERS:
        shutil.copytree(ROOT / name, clone / name, ignore=shutil.ignore_patterns("__pycache__"))
    pip("wheel", clone, "--no-build-isolation", f"--wheel-dir={made}")
    (path,) = made.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """A folder with what installing the wheel puts there, and nothing else."""
    folder = tmp_path_factory.mktemp("installed")
    pip("install", wheel, f"--target={folder}")
    return folder


def place_when_installed(path):
    parts = path.relative_to(ROOT).parts
    if parts[0] == "page":
        return "/".join(("restyle/page/site", *parts[1:]))
    return "/".join(parts if parts[0] == "restyle" else ("restyle", *parts))


def test_the_wheel_holds_the_package_alone_and_all_of_it(wheel):
    wanted = {
        place_when_installed(path)
        for folder in FOLDERS
        for path in (ROOT / folder).rglob("*")
        if path.suffix in (".py", ".css", ".keras", ".npz", ".jpg") or folder == "page"
    }

    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}

    assert names == wanted


def run_installed(installed, command, *arguments, cwd):
    return subprocess.run(
        [sys.executable, installed / "bin" / command, *arguments],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
    )


def test_an_installed_network_paints_in_any_folder(installed, keras_home, tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(keras_home))
    photo = installed / "restyle" / "samples" / "landscape.jpg"
    asked = [f"--input={photo}", "--output=out.png", "--max_size=32", "--engine=tensorflow"]

    done = run_installed(installed, "restyle-evaluate", "--model=wave", *asked, cwd=tmp_path)

    assert done.returncode == 0, done.stderr
    assert read_image(tmp_path / "out.png").pixels.shape == (24, 32, 3)


@pytest.mark.parametrize("command", ["optimize", "train", "evaluate", "app"])
def test_each_command_says_what_it_does_in_any_folder(installed, tmp_path, command):
    done = run_installed(installed, f"restyle-{command}", "--help", cwd=tmp_path)

    assert (done.returncode, done.stderr) == (0, "")
    assert ("--port" if command == "app" else "--style") in done.stdout
