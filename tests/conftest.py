import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest
from absl import flags
from PIL import Image

import optimize_style as program
from restyle import command_line

ROOT = Path(__file__).resolve().parent.parent
QUICK = (
    "--size=48 --smallest_scale=32 --iterations=4 --precision=float32 "
    "--style_layers=conv1_1,conv2_1 --content_layers=conv2_2"
).split()


@pytest.fixture(scope="session")
def keras_home(tmp_path_factory):
    """A folder whose cache of VGG-19 weights holds a narrow random network."""
    from models.vgg_weights import random_vgg_weights

    home = tmp_path_factory.mktemp("keras_home")
    weights = random_vgg_weights(width_divisor=8)
    arrays = {"source": np.asarray(weights.source), "sha256": np.asarray(weights.sha256)}
    for name, (kernel, bias) in weights.filters.items():
        arrays |= {f"{name}/kernel": kernel, f"{name}/bias": bias}
    (home / "restyle").mkdir()
    np.savez(home / "restyle" / "vgg19_normalized.npz", **arrays)
    return home


@pytest.fixture(scope="session")
def run(keras_home):
    """Runs optimize_style.py in this process, from flags as they are without arguments."""

    def run(*arguments):
        for name in flags.FLAGS:
            flags.FLAGS[name].unparse()
        handlers = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)}
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("KERAS_HOME", str(keras_home))
            try:
                return command_line.run(
                    program.main, program.__doc__ or "", ["optimize_style.py", *map(str, arguments)]
                )
            finally:
                for number, handler in handlers.items():
                    signal.signal(number, handler)

    return run


@pytest.fixture(scope="session")
def start(keras_home):
    """Starts a script as a process, by default optimize_style.py."""

    def start(*arguments, script=ROOT / "optimize_style.py"):
        return subprocess.Popen(
            [sys.executable, script, *map(str, arguments)],
            env={**os.environ, "KERAS_HOME": str(keras_home), "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return start


@pytest.fixture(scope="session")
def pictures(tmp_path_factory):
    """A folder with a photograph of 60 x 40, two paintings, and an empty folder for results."""
    folder = tmp_path_factory.mktemp("pictures")
    generator = np.random.default_rng(7)
    for name, size in (("photo", (5, 3)), ("painting", (9, 9)), ("other", (4, 7))):
        levels = generator.integers(40, 216, (size[1], size[0], 3), dtype=np.uint8)
        large = Image.fromarray(levels).resize(
            (size[0] * 12, size[1] * 12), Image.Resampling.BICUBIC
        )
        large.resize((60, 40) if name == "photo" else large.size).save(folder / f"{name}.png")
    return folder


@pytest.fixture(scope="session")
def quick(pictures):
    """Arguments of a run that takes a second or two; more may follow, and the last one counts."""
    return [f"--content={pictures}/photo.png", f"--style={pictures}/painting.png", *QUICK]


@pytest.fixture
def guarded():
    """Yields a folder whose permissions count, as they do not for root: tests may run as root."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o777)
        as_root = os.geteuid() == 0
        if as_root:
            os.setresuid(65534, 65534, 0)  # Nobody, who may become root again.
        folder = Path(name) / "guarded"
        folder.mkdir()
        yield folder
        folder.chmod(0o777)
        if as_root:
            os.setresuid(0, 0, 0)
