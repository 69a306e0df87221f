import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from restyle.errors import UserError
from restyle.machine import processor

ROOT = Path(__file__).resolve().parent.parent
TRIAL = ROOT / "tests" / "trial_of_nothing.py"
WITH_TILES = "processor\t: 0\nmodel name\t: Xeon\ncpu MHz\t: 2100\nflags\t: avx amx_tile\n\n"

# What a trial does, as tests/trial_of_nothing.py is told.
ANSWERS, DIES = ("answer",), ("die",)
DIES_OF_TILES, HANGS_ON_TILES = ("die", "tiles"), ("hang", "tiles")
SPINS_ON_TILES, IS_SLOW = ("spin", "tiles"), ("slow",)


@pytest.fixture
def tried(tmp_path, monkeypatch):
    """Replaces the trials; gives the libraries tried and their limits, in order.

    The processor lists tiles, and nothing is remembered yet.
    """
    (tmp_path / "cpuinfo").write_text(WITH_TILES)
    monkeypatch.setattr(processor, "CPU_INFO", tmp_path / "cpuinfo")
    monkeypatch.setattr(processor, "LIBRARIES", ("tensorflow", "openvino"))
    monkeypatch.setattr(processor.importlib.util, "find_spec", lambda name: name)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    for name in (processor.LIMIT, processor.OPENVINO_LIMIT):
        monkeypatch.setenv(name, "")  # So that it is as before at the end.
        monkeypatch.delenv(name)
    log = tmp_path / "tried"
    log.touch()

    def tried(**doings):
        def command(library):
            return [sys.executable, "-S", TRIAL, library, log, *doings.get(library, ANSWERS)]

        monkeypatch.setattr(processor, "trial_command", command)
        return lambda: log.read_text().splitlines()

    yield tried
    processor.hold_back.cache_clear()


def hold_back():
    """As another process would, which starts without what this one has set."""
    for name in (processor.LIMIT, processor.OPENVINO_LIMIT):
        os.environ.pop(name, None)
    processor.hold_back.cache_clear()
    return processor.hold_back()


def limits():
    return [os.environ.get(name) for name in (processor.LIMIT, processor.OPENVINO_LIMIT)]


def test_without_tiles_nothing_is_tried(tried, tmp_path, monkeypatch):
    trials = tried(tensorflow=DIES)
    for text in ("flags : avx avx512f\n\nflags : amx_tile\n", ""):
        (tmp_path / "cpuinfo").write_text(text)
        assert hold_back() == {}
    monkeypatch.setattr(processor, "CPU_INFO", tmp_path / "not linux")

    assert hold_back() == {}
    assert (trials(), limits()) == ([], [None, None])


def test_tiles_that_work_are_used(tried, caplog):
    trials = tried()

    assert hold_back() == {}
    assert trials() == ["tensorflow DEFAULT", "openvino DEFAULT"]
    assert (limits(), caplog.messages) == ([None, None], [])


@pytest.mark.parametrize(
    ("doing", "how"),
    [
        (DIES_OF_TILES, "tensorflow ended by a signal (Illegal instruction) when it tried them"),
        (HANGS_ON_TILES, "tensorflow gave no answer in 0.5 seconds when it tried them"),
        (SPINS_ON_TILES, "tensorflow gave no answer in 0.5 seconds when it tried them"),
    ],
)
def test_tiles_that_do_not_work_are_left_alone_with_one_note(
    doing, how, tried, monkeypatch, caplog
):
    monkeypatch.setattr(processor, "SECONDS", 0.5)
    trials = tried(tensorflow=doing)

    assert hold_back() == {}
    assert sorted(trials()) == [
        *("openvino DEFAULT", "tensorflow AVX512_CORE_FP16", "tensorflow DEFAULT")
    ]
    assert limits() == ["AVX512_CORE_FP16"] * 2
    (note,) = caplog.messages
    assert how in note and "ONEDNN_MAX_CPU_ISA=AVX512_CORE_FP16" in note


def test_a_trial_that_still_computes_is_waited_for(tried, monkeypatch, caplog):
    monkeypatch.setattr(processor, "SECONDS", 0.5)
    tried(tensorflow=IS_SLOW)

    assert (hold_back(), limits(), caplog.messages) == ({}, [None, None], [])


def test_the_verdict_is_remembered(tried, caplog):
    trials = tried(tensorflow=DIES_OF_TILES, openvino=DIES)
    first, notes, started = hold_back(), caplog.messages, trials()
    caplog.clear()

    assert hold_back() == first == {"openvino": "ended by a signal (Illegal instruction)"}
    assert (caplog.messages, trials()) == (notes, started)
    assert limits() == ["AVX512_CORE_FP16"] * 2


@pytest.mark.parametrize("changed", ["version", "kernel", "processor", "clock"])
def test_the_verdict_is_forgotten_when_something_changes_but_the_clock(
    changed, tried, tmp_path, monkeypatch
):
    trials = tried()
    hold_back()
    started = len(trials())
    if changed == "version":
        newer = [SimpleNamespace(name="openvino", version="9999.1")]
        monkeypatch.setattr(processor.importlib.metadata, "distributions", lambda **of: newer)
    elif changed == "kernel":
        monkeypatch.setattr(processor.platform, "release", lambda: "9.9")
    else:
        old, new = {"processor": ("avx", "avx avx512_fp16"), "clock": ("2100", "3500")}[changed]
        (tmp_path / "cpuinfo").write_text(WITH_TILES.replace(old, new))
    hold_back()

    assert len(trials()) == (1 if changed == "clock" else 2) * started


def test_where_nothing_can_be_kept_it_is_tried_each_time(tried, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "file"))
    trials = tried(tensorflow=DIES_OF_TILES)
    hold_back()
    hold_back()

    assert len(trials()) == 6
    assert limits() == ["AVX512_CORE_FP16"] * 2


def test_a_variable_that_the_user_has_set_is_kept(tried, monkeypatch):
    trials = tried(tensorflow=DIES)
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", "AVX2")
    processor.hold_back.cache_clear()

    assert processor.hold_back() == {}
    assert (trials(), limits()) == ([], ["AVX2", None])


def test_an_error_that_python_tells_of_is_left_to_who_uses_the_library(tried):
    tried(tensorflow=("raise",))

    assert hold_back() == {}
    assert limits() == [None, None]


def test_a_library_that_dies_in_any_case_is_refused_and_slows_no_other(tried, tmp_path):
    tried(openvino=DIES)

    assert hold_back() == {"openvino": "ended by a signal (Illegal instruction)"}
    assert limits() == [None, None]
    processor.check_usable("tensorflow")
    (kept,) = (tmp_path / "keras" / "restyle").iterdir()
    with pytest.raises(UserError, match=f"Illegal instruction.* delete '{kept}'"):
        processor.check_usable("openvino")


@pytest.mark.parametrize("library", processor.LIBRARIES)
def test_each_library_lives_through_its_trial_here(library):
    command = processor.trial_command(library)

    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)

    assert result.returncode == 0, result.stderr
