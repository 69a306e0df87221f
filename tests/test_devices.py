"""Several devices train as one does with their joint batch."""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from conftest import SENSITIVE
from records import rows_of, state_of

ROOT = Path(__file__).resolve().parent.parent


def losses(run_dir):
    return {int(row["step"]): float(row["loss"]) for row in rows_of(run_dir)}


def nearly_the_losses(run_dir):
    # Other sums of the same numbers are rounded otherwise.
    return pytest.approx(losses(run_dir), rel=1e-5)


def nearly_the_same(state, other):
    shared = [name for name in state if name.startswith(("network", "optimizer"))]
    for name in shared:
        # A step is up to 0.01 long, wherever rounding sends it.
        np.testing.assert_allclose(state[name], other[name], rtol=1e-3, atol=1e-5, err_msg=name)
    assert len(shared) > 30


@pytest.fixture(scope="module")
def one(train, quick_training, tmp_path_factory):
    """The folder of a run on one device."""
    folder = tmp_path_factory.mktemp("one")
    assert train(*quick_training, *SENSITIVE, f"--output={folder}/out.keras").status == 0
    return folder / "out_run"


def test_mirrored_devices_train_as_one(one, train, quick_training, tmp_path):
    answer = train(
        *(*quick_training, *SENSITIVE, "--strategy=mirrored"), f"--output={tmp_path}/out.keras"
    )

    assert answer.status == 0, answer
    assert "float32 on 2 devices" in answer.error
    assert losses(tmp_path / "out_run") == nearly_the_losses(one)
    nearly_the_same(state_of(tmp_path / "out_run"), state_of(one))


@pytest.mark.parametrize(("batch", "advised"), [(3, 4), (1, 2)])
def test_a_batch_that_the_devices_cannot_share_is_one_line(
    train, quick_training, tmp_path, batch, advised
):
    output = f"--output={tmp_path}/out.keras"
    answer = train(*quick_training, f"--batch_size={batch}", "--strategy=mirrored", output)

    assert answer.status == 1
    assert answer.error == (
        f"error: Got a batch of {batch} for 2 devices, which cannot share it evenly. "
        f"Pass --batch_size={advised}.\n"
    )


@pytest.fixture
def workers(keras_home, tmp_path):
    """Starts two workers, each with its own arguments, on this machine."""
    started = []

    def workers(*arguments_of_each):
        with socket.create_server(("", 0)) as one, socket.create_server(("", 0)) as other:
            ports = [server.getsockname()[1] for server in (one, other)]
        cluster = {"worker": [f"127.0.0.1:{port}" for port in ports]}
        for index, arguments in enumerate(arguments_of_each):
            task = {"cluster": cluster, "task": {"type": "worker", "index": index}}
            surroundings = {"TF_CONFIG": json.dumps(task), "KERAS_HOME": str(keras_home)}
            surroundings |= {"PYTHONPATH": str(ROOT), "WEIGHTS": str(tmp_path / f"{index}.npz")}
            process = subprocess.Popen(
                [sys.executable, ROOT / "tests" / "training_worker.py", *arguments],
                env={**os.environ, **surroundings},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            started.append(process)
        return started[-2:]

    yield workers
    for process in started:
        process.kill()
        process.communicate()


def until_step(processes, count):
    """Lets both workers make steps until they have made this many, the last not yet told."""
    for number in range(1, count + 1):
        for process in processes:
            assert process.stdout.readline() == "step\n", process.stderr.read()
        if number < count:
            go_on(processes)


def go_on(processes):
    for process in processes:
        process.stdin.write("\n")
        process.stdin.flush()


def ended(processes):
    """Lets the workers run to their end."""
    for process in processes:
        process.stdin.close()
        process.stdin = None
    told = [process.communicate(timeout=600)[1] for process in processes]
    return [process.returncode for process in processes], told


def test_workers_train_as_one_process_through_an_interruption(
    one, workers, quick_training, tmp_path
):
    places = [tmp_path / "chief", tmp_path / "other"]
    for place in places:
        place.mkdir()
    outputs = [f"--output={place}/out.keras" for place in places]
    asked = [*quick_training, *SENSITIVE, "--strategy=multi_worker"]

    processes = workers(*([*asked, output] for output in outputs))
    until_step(processes, 3)
    processes[1].send_signal(signal.SIGINT)  # One is told, and both must end after the same step.
    assert processes[1].stdout.readline() == "interrupted\n"
    codes, told = ended(processes)
    assert codes == [130, 130], told
    assert all("Interrupted: go on with --resume=" in text for text in told)
    assert int(state_of(places[0] / "out_run")["step"]) == 3

    codes, told = ended(workers(*([f"--resume={places[0]}/out_run", o] for o in outputs)))
    assert codes == [0, 0], told
    assert losses(places[0] / "out_run") == nearly_the_losses(one)
    first, second = (np.load(tmp_path / f"{index}.npz") for index in (0, 1))
    for name in first:
        np.testing.assert_array_equal(first[name], second[name], err_msg=name)
    nearly_the_same(dict(first), state_of(one))
    nearly_the_same(dict(first), state_of(places[0] / "out_run"))
    # Only the first one writes.
    assert (places[0] / "out.keras").is_file()
    assert not [path for path in places[1].rglob("*") if path.is_file()]


def test_workers_that_were_asked_for_different_trainings_say_so(train, quick_training, tmp_path):
    answer = train(
        *quick_training, f"--output={tmp_path}/out.keras", stub=("another_worker_asked_for_more",)
    )

    assert answer.status == 1
    assert answer.error.startswith("error: The workers were asked for different trainings")
