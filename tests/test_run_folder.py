import os

import numpy as np
import pytest
from records import PowerCut, counted_in
from user_errors import message_of

from restyle.errors import UserError
from restyle.record.run_folder import RunFolder


@pytest.fixture
def folder(tmp_path):
    folder = RunFolder(str(tmp_path / "runs" / "first"))
    folder.begin({"size": 48})
    return folder


def log(folder, *iterations):
    for iteration in iterations:
        folder.log({"iteration": iteration, "objective": 1 / iteration, "unused": 0.0})


def test_what_the_run_was_asked_comes_back(tmp_path):
    config = {"content": "é.jpg", "style": ["a", "b"], "size": 48, "tv_weight": 0.1, "init": None}
    RunFolder(str(tmp_path)).begin(config)

    assert RunFolder(str(tmp_path)).config() == config


def test_a_folder_that_holds_a_run_is_refused_and_left_as_it_is(folder):
    for begin in (folder.make, lambda: folder.begin({"size": 64})):
        assert f"already holds a run. Pass --resume={folder.path} " in message_of(begin)
    assert folder.config() == {"size": 48}


def test_a_folder_that_was_only_made_holds_no_run_yet(tmp_path):
    folder = RunFolder(str(tmp_path))
    folder.make()
    folder.make()
    folder.begin({"size": 48})

    assert folder.config() == {"size": 48}


def test_a_file_in_the_way_of_the_folder_is_named(tmp_path):
    (tmp_path / "file").write_text("mine")

    with pytest.raises(UserError, match="Cannot make the folder.*another --run_dir"):
        RunFolder(str(tmp_path / "file")).make()
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.parametrize("content", [None, "", "{", "[1, 2]", "7", "null"])
def test_a_folder_without_a_run_cannot_be_resumed(tmp_path, content):
    if content is not None:
        (tmp_path / "config.json").write_text(content)

    with pytest.raises(UserError, match="holds no run to resume"):
        RunFolder(str(tmp_path)).config()


def test_the_state_that_was_kept_last_comes_back(folder):
    assert folder.state() is None
    for iteration in (1, 2):
        image = np.full((1, 4, 5, 3), iteration, np.float32)
        folder.keep_state({"state image": image, "iteration": np.array(iteration)})
    state = folder.state()

    assert state.keys() == {"state image", "iteration"}
    assert state["iteration"] == 2 and state["state image"].dtype == np.float32
    np.testing.assert_array_equal(state["state image"], np.full((1, 4, 5, 3), 2))


def cut_off(path, kept):
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * kept) if kept == 0.5 else kept])


@pytest.mark.parametrize("kept", [0, 3, 40, 0.5, -1, -40])
def test_a_broken_state_gives_way_to_the_one_before_or_is_a_line_that_names_it(folder, kept):
    folder.keep_state({"image": np.random.default_rng(0).random((20, 20))})
    cut_off(folder.state_path, kept)

    assert "state.npz' is broken" in message_of(folder.state)
    for iteration in (1, 2, 3):
        folder.keep_state({"image": np.full((20, 20), iteration)})
    cut_off(folder.state_path, kept)
    assert (folder.state()["image"] == 2).all()


@pytest.mark.parametrize(
    ("owner", "function", "call"),
    [(np, "savez", 1), (os, "replace", 1), (os, "replace", 2), (os, "replace", 3)],
)
def test_wherever_saving_is_cut_off_a_whole_state_is_there(
    folder, monkeypatch, owner, function, call
):
    for iteration in (1, 2):
        folder.keep_state({"iteration": np.array(iteration)})
    calls, original = [], getattr(owner, function)

    def cut(*args, **kwargs):
        calls.append(1)
        if len(calls) == call:
            raise PowerCut
        return original(*args, **kwargs)

    with monkeypatch.context() as patch, pytest.raises(PowerCut):
        patch.setattr(owner, function, cut)
        folder.keep_state({"iteration": np.array(3)})
    assert folder.state()["iteration"] == 2

    folder.keep_state({"iteration": np.array(3)})
    assert folder.state()["iteration"] == 3


def test_a_log_whose_last_line_was_cut_off_loses_that_line(folder):
    log(folder, *range(1, 13))
    whole = folder.metrics_path.read_text()
    folder.metrics_path.write_text(whole[: whole.rindex("12,") + 1])  # "1": a line of step 1?
    folder.forget_after(12)
    log(folder, 12)

    assert folder.metrics_path.read_text() == whole


@pytest.mark.parametrize("iteration", [0, 1, 10, 12, 99])
def test_what_is_written_again_after_a_resumption_is_not_there_twice(folder, iteration):
    log(folder, *range(1, 13))
    folder.forget_after(iteration)
    log(folder, *range(min(iteration, 12) + 1, 15))

    assert counted_in(folder.path) == list(range(1, 15))


def test_without_a_log_or_its_head_there_is_nothing_to_forget(folder):
    folder.forget_after(3)
    assert not folder.metrics_path.exists()

    folder.metrics_path.write_text("")
    folder.forget_after(0)
    log(folder, 1)

    assert counted_in(folder.path) == [1]


def test_the_plot_draws_the_columns_of_the_log(folder, monkeypatch):
    from matplotlib import axes

    drawn = {}
    monkeypatch.setattr(
        axes.Axes, "semilogy", lambda self, x, y, label: drawn.update({label: (list(x), list(y))})
    )
    monkeypatch.setattr(axes.Axes, "legend", lambda self, **options: None)
    log(folder, 1, 2, 4)
    folder.plot(["objective", "unused"])

    # A term that is zero all along has no place on a logarithmic axis.
    assert drawn == {"objective": ([1, 2, 4], [1, 1 / 2, 1 / 4])}
