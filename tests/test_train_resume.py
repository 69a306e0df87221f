"""A training that is cut off goes on as if nothing had been, bit for bit."""

import signal
from pathlib import Path

import numpy as np
from records import assert_same_network, counted_in, state_of, where

KILLED = Path(__file__).parent / "killed_training.py"


def same_run(folder, other):
    """All that a step changes, the network that is written, and a line for each step."""
    mine, theirs = state_of(folder / "run"), state_of(other / "run")
    assert mine.keys() == theirs.keys()
    for name, values in mine.items():
        np.testing.assert_array_equal(values, theirs[name], err_msg=name)
    assert_same_network(folder / "out.keras", other / "out.keras")
    assert counted_in(folder / "run", "step") == list(range(1, 7))


def test_the_steps_of_a_run_differ(on_tensorflow):
    run = on_tensorflow / "run"
    before, after = np.load(run / "state_before.npz"), np.load(run / "state.npz")

    assert (before["step"], after["step"]) == (4, 6)
    assert (before["network 0"] != after["network 0"]).all()


def test_a_run_that_was_killed_and_then_interrupted_goes_on_as_if_nothing_had_been(
    on_tensorflow, start, train, changing, tmp_path
):
    def kept():
        return int(state_of(tmp_path / "run")["step"])

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
    same_run(tmp_path, on_tensorflow)


def test_a_run_that_had_ended_only_writes_its_network_again(on_tensorflow, train, tmp_path):
    metrics = on_tensorflow / "run" / "metrics.csv"
    before = metrics.read_bytes()

    assert train(f"--resume={on_tensorflow}/run", f"--output={tmp_path}/again.keras").status == 0
    assert_same_network(tmp_path / "again.keras", on_tensorflow / "out.keras")
    assert metrics.read_bytes() == before
