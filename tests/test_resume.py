import json
import shutil
import signal
from pathlib import Path

import pytest
from patience import wait_until
from picture_files import assert_same_pixels
from records import PowerCut, board_of, counted_in, cut_at
from video_clips import frames_of

from restyle.media.images import image_size
from restyle.media.video.files import video_info
from restyle.record.run_folder import RunFolder

LONG = ["--smallest_scale=32", "--iterations=9", "--save_every=2", "--optimizer=adam"]

KILLED = Path(__file__).parent / "killed_run.py"


@pytest.fixture(scope="module")
def whole(tmp_path_factory, run, quick):
    """A run that nothing has disturbed: a folder with out.png and run/."""
    folder = tmp_path_factory.mktemp("whole")
    assert run(*quick, *LONG, f"--output={folder}/out.png", f"--run_dir={folder}/run") == 0
    return folder


def test_a_killed_run_goes_on_as_if_nothing_had_been(
    whole, start, run, quick, tmp_path, monkeypatch
):
    monkeypatch.setenv("DIES_AT", "3")
    where = [f"--output={tmp_path}/out.png", f"--run_dir={tmp_path}/run"]
    process = start(*quick, *LONG, *where, script=KILLED)
    _, error = process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL, error
    assert counted_in(tmp_path / "run") == [1, 2, 3]  # The state is that of 2.
    assert int(RunFolder(str(tmp_path / "run")).state()["iteration"]) == 2

    assert run(f"--resume={tmp_path}/run", f"--output={tmp_path}/out.png") == 0
    assert_same_pixels(tmp_path / "out.png", whole / "out.png")
    assert counted_in(tmp_path / "run") == list(range(1, 10))


@pytest.mark.parametrize("dies_at", [1, 6])  # Before the first state, and at the second scale.
def test_wherever_a_run_was_cut_it_ends_the_same(whole, run, quick, tmp_path, monkeypatch, dies_at):
    where = [f"--output={tmp_path}/out.png", f"--run_dir={tmp_path}/run"]
    with monkeypatch.context() as patch, pytest.raises(PowerCut):
        cut_at(patch, dies_at)
        run(*quick, *LONG, *where)

    assert run(f"--resume={tmp_path}/run", f"--output={tmp_path}/out.png") == 0
    assert_same_pixels(tmp_path / "out.png", whole / "out.png")
    assert counted_in(tmp_path / "run") == list(range(1, 10))


def test_a_finished_run_only_writes_its_picture_again(whole, run, tmp_path):
    before = (whole / "run" / "metrics.csv").read_bytes()

    assert run(f"--resume={whole}/run", f"--output={tmp_path}/again.png") == 0
    assert_same_pixels(tmp_path / "again.png", whole / "out.png")
    assert (whole / "run" / "metrics.csv").read_bytes() == before


def test_a_resumed_run_keeps_to_a_weight_that_was_given_beside_a_preset(run, quick, tmp_path):
    where = [f"--output={tmp_path}/out.png", f"--run_dir={tmp_path}/run"]
    given = ["--preset=gatys", "--content_weight=0.1", "--iterations=1", "--optimizer=adam"]
    assert run(*quick, *given, *where) == 0
    before = (tmp_path / "out.png").read_bytes()

    assert run(f"--resume={tmp_path}/run", f"--output={tmp_path}/out.png") == 0
    assert (tmp_path / "out.png").read_bytes() == before  # The recipe is in it.


def test_what_shows_a_run_goes_on_with_it(run, quick, tmp_path, monkeypatch):
    shown = [f"--tensorboard={tmp_path}/board", f"--time_lapse={tmp_path}/run.mp4"]
    where = [f"--output={tmp_path}/out.png", f"--run_dir={tmp_path}/run", *shown]
    with monkeypatch.context() as patch, pytest.raises(PowerCut):
        cut_at(patch, 5)
        run(*quick, *LONG, *where)
    before = len(frames_of(tmp_path / "run.mp4"))
    assert run(f"--resume={tmp_path}/run", f"--output={tmp_path}/out.png", *shown) == 0

    assert list(board_of(tmp_path / "board")["objective"]) == list(range(1, 10))
    after = len(frames_of(tmp_path / "run.mp4"))
    assert (before, after) == (4 + 1, 5 + 1)  # Iterations 1 to 4, then 5 to 9.


@pytest.mark.parametrize("name", ["content_weight=3", "size=64", "run_dir=new", "sweep=seed=1,2"])
def test_a_resumed_run_takes_no_other_setting(whole, run, tmp_path, capsys, name):
    status = run(f"--resume={whole}/run", f"--output={tmp_path}/out.png", f"--{name}")

    flag = name.split("=")[0]
    error = capsys.readouterr().err.splitlines()[-1]
    assert status == 2
    assert error.startswith(f"error: Got --{flag} together with --resume")
    assert not (tmp_path / "out.png").exists()


def broken_states(folder):
    for name in ("state.npz", "state_before.npz"):
        data = (folder / name).read_bytes()
        (folder / name).write_bytes(data[: len(data) // 2])


def another_program(folder):
    (folder / "config.json").write_text('{"batch_size": 4}')


def other_picture(folder):
    record = json.loads((folder / "config.json").read_text())
    record["settings"]["content"] = record["settings"]["style"][0]
    (folder / "config.json").write_text(json.dumps(record))


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (broken_states, "state.npz' is broken"),
        (another_program, "another program or version"),
        (shutil.rmtree, "holds no run to resume"),
        (other_picture, "has changed since"),
    ],
)
def test_a_folder_that_cannot_be_resumed_is_one_line(whole, run, tmp_path, capsys, damage, said):
    shutil.copytree(whole / "run", tmp_path / "run")
    damage(tmp_path / "run")
    capsys.readouterr()

    assert run(f"--resume={tmp_path}/run", f"--output={tmp_path}/out.png") == 1
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and error.startswith("error: ") and said in error
    assert not (tmp_path / "out.png").exists()


def test_ctrl_c_saves_the_picture_at_its_full_size(start, run, quick, tmp_path):
    where = [f"--output={tmp_path}/out.png", f"--run_dir={tmp_path}/run"]
    where.append(f"--time_lapse={tmp_path}/run.mp4")
    process = start(*quick, "--iterations=100000", "--optimizer=adam", *where)

    def under_way():
        assert process.poll() is None
        return (tmp_path / "run" / "metrics.csv").exists()

    wait_until(under_way, 60)
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=60)

    assert process.returncode == 130, error
    said = f"Interrupted: the best picture so far is in {tmp_path}/out.png."
    assert error.splitlines()[-1] == said
    assert "Traceback" not in error
    assert image_size(tmp_path / "out.png") == (32, 48)
    assert video_info(tmp_path / "run.mp4").size == (32, 48)
    state = RunFolder(str(tmp_path / "run")).state()
    assert int(state["iteration"]) == len(counted_in(tmp_path / "run"))
