"""A training that is cut off goes on as if nothing had been, bit for bit."""

import signal
from pathlib import Path

import numpy as np
import pytest
from records import counted_in

from restyle.networks import load_network
from restyle.record.run_folder import RunFolder

KILLED = Path(__file__).parent / "killed_training.py"


def same_run(folder, other):
    """All that a step changes, the network that is written, and a line for each step."""
    mine, theirs = (RunFolder(str(path / "run")).state() for path in (folder, other))
    assert mine.keys() == theirs.keys()
    for name in mine.keys() - {"seconds"}:
        np.testing.assert_array_equal(mine[name], theirs[name], err_msg=name)
    networks = [load_network(str(path / "out.keras")).get_weights() for path in (folder, other)]
    for values, expected in zip(*networks, strict=True):
        np.testing.assert_array_equal(values, expected)
    assert counted_in(folder / "run", "step") == list(range(1, 7))


def where(folder):
    return [f"--output={folder}/out.keras", f"--run_dir={folder}/run"]


@pytest.fixture(scope="module")
def changing(quick_training, pictures):
    """Arguments of a training in which chance plays all its parts."""
    wants = ["--temporal_weight=1", "--learning_rate=0.01", "--warmup=2", "--image_size=16,32"]
    wants += ["--style_layers=conv1_1,conv3_1", "--deep_from=0.3"]
    return [*quick_training, f"--style={pictures}/other.png", *wants]


@pytest.fixture(scope="module")
def whole(train, changing, tmp_path_factory):
    """A run that nothing has disturbed: a folder with out.keras and run/."""
    folder = tmp_path_factory.mktemp("whole")
    assert train(*changing, *where(folder)).status == 0
    return folder


def test_the_steps_of_a_run_differ(whole):
    before, after = np.load(whole / "run/state_before.npz"), np.load(whole / "run/state.npz")

    assert (before["step"], after["step"]) == (4, 6)
    assert (before["network 0"] != after["network 0"]).all()


def test_a_run_that_was_killed_and_then_interrupted_goes_on_as_if_nothing_had_been(
    whole, start, train, changing, tmp_path
):
    def kept():
        state = RunFolder(str(tmp_path / "run")).state()
        return state is not None and int(state["step"])

    process = start(*changing, *where(tmp_path), script=KILLED)
    _, error = process.communicate(timeout=240)
    assert process.returncode == -signal.SIGKILL, error
    assert (kept(), counted_in(tmp_path / "run", "step")) == (2, [1, 2, 3, 4])

    go_on = [f"--resume={tmp_path}/run", f"--output={tmp_path}/out.keras"]
    answer = train(*go_on, stub=("interrupted_at_the_first_step",))
    assert answer.status == 130, answer
    assert answer.error.splitlines()[-1] == f"Interrupted: go on with {' '.join(go_on)}."
    assert counted_in(tmp_path / "run", "step") == [1, 2, 3]
    assert kept() == 3  # Otherwise at 2, 4 and 6.
    assert not (tmp_path / "out.keras").exists()

    assert train(*go_on).status == 0
    same_run(tmp_path, whole)


def test_a_run_that_had_ended_only_writes_its_network_again(whole, train, tmp_path):
    before = (whole / "run" / "metrics.csv").read_bytes()

    assert train(f"--resume={whole}/run", f"--output={tmp_path}/again.keras").status == 0
    first, again = (load_network(str(p)) for p in (whole / "out.keras", tmp_path / "again.keras"))
    for values, expected in zip(again.get_weights(), first.get_weights(), strict=True):
        np.testing.assert_array_equal(values, expected)
    assert (whole / "run" / "metrics.csv").read_bytes() == before
