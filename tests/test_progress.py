import re
from types import SimpleNamespace

import pytest

from restyle.programs import progress
from restyle.programs.progress import SECONDS_BETWEEN_LINES, ProgressDisplay


@pytest.fixture
def clock(monkeypatch):
    """A clock that the test sets; to the display only, which is no terminal's."""

    clock = SimpleNamespace(now=1000.0)
    clock.monotonic = lambda: clock.now
    monkeypatch.setattr(progress, "time", clock)
    return clock


def show(clock, display, *steps):
    for seconds, share in steps:
        clock.now += seconds
        display.show(share, f"at {share}")


def test_off_a_terminal_progress_is_plain_lines(capsys):
    with ProgressDisplay() as display:
        display.show(0.25, "scale 1/2  objective 0.5")
        display.say("note: [b] :smile: a file")

    out, err = capsys.readouterr()
    first, second = err.splitlines()
    assert out == ""
    assert re.fullmatch(r" 25%  scale 1/2  objective 0.5  left \? s", first)
    assert second == "note: [b] :smile: a file"


def test_on_a_terminal_what_is_said_stands_there_letter_by_letter(monkeypatch, capsys):
    monkeypatch.setenv("FORCE_COLOR", "1")
    with ProgressDisplay() as display:
        display.say(f"note: [b] :smile: {'a file ' * 20}")
        display.show(0.5, "[i] 1 of 2")

    said = capsys.readouterr().err
    assert f"note: [b] :smile: {'a file ' * 20}\n" in said and "[i] 1 of 2" in said


def test_lines_come_now_and_then_but_the_last_step_is_always_shown(clock, capsys):
    with ProgressDisplay() as display:
        show(clock, display, *[(SECONDS_BETWEEN_LINES / 4, step / 10) for step in range(1, 11)])

    shown = [line.split()[2] for line in capsys.readouterr().err.splitlines()]
    assert shown == ["0.1", "0.5", "0.9", "1.0"]


def test_a_resumed_run_is_not_judged_by_what_others_did(clock, capsys):
    with ProgressDisplay() as display:
        show(clock, display, (1, 0.5), (100, 0.6))

    assert capsys.readouterr().err.splitlines()[-1].endswith("left 400 s")
