import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from PIL import Image
from records import where

from restyle.machine.tensorflow_start import prepare_libraries
from restyle.programs import evaluate, optimize

pytest.register_assert_rewrite("browsers")  # To say what a page complained of.
prepare_libraries()  # Before a test, or what it starts, loads TensorFlow.

ROOT = Path(__file__).resolve().parent.parent
QUICK = (
    "--size=48 --smallest_scale=48 --iterations=4 --precision=float32 "
    "--style_layers=conv1_1,conv2_1 --content_layers=conv2_2"
).split()
QUICK_TRAINING = (
    "--image_size=32 --style_size=64 --width=2 --residual_blocks=1 --batch_size=2 --held_out=1 "
    "--steps=6 --save_every=2 --preview_every=0 --precision=float32 "
    "--style_layers=conv1_1,conv2_1 --content_layers=conv2_2"
).split()

JAX_SETTINGS = {
    "KERAS_BACKEND": "jax",
    "JAX_PLATFORMS": "cpu",
    "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
    # Two devices, and a compiler that takes less trouble.
    "XLA_FLAGS": "--xla_force_host_platform_device_count=2 --xla_backend_optimization_level=0 "
    "--xla_llvm_disable_expensive_passes=true",
}


class Answer(NamedTuple):
    status: int | str
    out: str
    error: str


@pytest.fixture(scope="session")
def keras_home(tmp_path_factory):
    """A folder whose cache of VGG-19 weights holds a narrow random network."""
    from restyle.models.weights.load import random_vgg_weights

    home = tmp_path_factory.mktemp("keras_home")
    weights = random_vgg_weights(width_divisor=8)
    arrays = {"source": np.asarray(weights.source), "sha256": np.asarray(weights.sha256)}
    for name, (kernel, bias) in weights.filters.items():
        arrays |= {f"{name}/kernel": kernel, f"{name}/bias": bias}
    (home / "restyle").mkdir()
    np.savez(home / "restyle" / "vgg19_normalized.npz", **arrays)
    return home


@contextlib.contextmanager
def handlers_kept():
    """What a program does when it is interrupted is as before at the end."""
    handlers = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


@pytest.fixture(scope="session")
def run(keras_home):
    """Runs optimize_style.py in this process."""

    def run(*arguments):
        with pytest.MonkeyPatch.context() as patch, handlers_kept():
            patch.setenv("KERAS_HOME", str(keras_home))
            return optimize.main([str(each) for each in arguments])

    return run


@pytest.fixture
def paint_with(keras_home, monkeypatch, capsys):
    """Runs evaluate.py in this process."""

    def paint_with(*arguments):
        capsys.readouterr()
        with handlers_kept():
            status = evaluate.main([str(each) for each in arguments])
        return Answer(status, *capsys.readouterr())

    monkeypatch.setenv("KERAS_HOME", str(keras_home))
    return paint_with


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
    """A folder with a photo of 60 x 40, two paintings, and an empty folder for results."""
    folder = tmp_path_factory.mktemp("pictures")
    generator = np.random.default_rng(7)
    for name, (width, height) in (("photo", (5, 3)), ("painting", (9, 9)), ("other", (4, 7))):
        levels = generator.integers(40, 216, (height, width, 3), dtype=np.uint8)
        sides = 12 * width, 12 * height
        large = Image.fromarray(levels).resize(sides, Image.Resampling.BICUBIC)
        large.resize((60, 40) if name == "photo" else large.size).save(folder / f"{name}.png")
    return folder


@pytest.fixture(scope="session")
def quick(pictures):
    """Arguments of a run that takes a second or two; more may follow, and the last one counts."""
    return [f"--content={pictures}/photo.png", f"--style={pictures}/painting.png", *QUICK]


@contextlib.contextmanager
def training_server(backend, settings):
    """A process that runs train_fast.py with one list of arguments after another.

    settings: of its environment.
    """
    with subprocess.Popen(
        [sys.executable, ROOT / "tests" / "training_server.py", backend],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), **settings},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        asked, answers = process.stdin, process.stdout

        def train(*arguments, stub=()):
            name, *others = stub or ("",)
            question = [[str(each) for each in arguments], name, others]
            print(json.dumps(question), file=asked, flush=True)
            return Answer(*json.loads(answers.readline()))

        yield train
        asked.close()


@pytest.fixture(scope="session")
def train(keras_home):
    """Runs train_fast.py with arguments, in a process that sees two processors.

    stub: a function of tests/training_stubs.py to be called before, and its arguments.
    """
    with training_server("tensorflow", {"KERAS_HOME": str(keras_home)}) as train:
        yield train


@pytest.fixture(scope="session")
def train_on_jax(keras_home, tmp_path_factory):
    """As `train`, on JAX, where neither TensorFlow nor PyAV can be imported."""
    compiled = {"JAX_COMPILATION_CACHE_DIR": str(tmp_path_factory.mktemp("compiled"))}
    settings = {"KERAS_HOME": str(keras_home), **JAX_SETTINGS, **compiled}
    with training_server("jax", settings) as train:
        yield train


@pytest.fixture(scope="session")
def photos(tmp_path_factory):
    """A folder with eight photos of 90 x 70."""
    folder = tmp_path_factory.mktemp("photos")
    generator = np.random.default_rng(8)
    for number in range(8):
        levels = generator.integers(0, 256, (5, 7, 3), dtype=np.uint8)
        photo = Image.fromarray(levels).resize((90, 70), Image.Resampling.BICUBIC)
        photo.save(folder / f"{number}.jpg")
    return folder


@pytest.fixture(scope="session")
def quick_training(pictures, photos):
    """Arguments of a training of 6 steps, saved after each second; the last one given counts."""
    return [f"--style={pictures}/painting.png", f"--train_path={photos}", *QUICK_TRAINING]


# The bound is far below the gradients' length, and near Adam's epsilon for each weight: gradients
# that are added up twice, or shortened before they are added, give other steps.
SENSITIVE = "--gradient_clip=1e-6 --learning_rate=0.01 --warmup=0 --batch_size=4".split()


@pytest.fixture(scope="session")
def changing(quick_training, pictures):
    """Arguments of a training in which chance plays all its parts."""
    dials = [f"--style={pictures}/other.png", "--style_size=48,64"]
    grows = ["--image_size=16,32", "--style_layers=conv1_1,conv3_1", "--deep_from=0.3"]
    return [*quick_training, *dials, *grows, "--temporal_weight=1", *SENSITIVE]


@pytest.fixture(scope="session")
def on_tensorflow(train, changing, tmp_path_factory):
    """A folder with out.keras and run/, of such a training that nothing has disturbed."""
    folder = tmp_path_factory.mktemp("on_tensorflow")
    answer = train(*changing, *where(folder))
    assert answer.status == 0, answer
    return folder


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
