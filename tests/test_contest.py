import math

import pytest

from benchmarks.contest import Result, reaching_text, seconds_to, table

OURS = Result(40.0, 80.0, 30.0, 1.0, [(10.0, 0.5), (20.0, 0.2), (30.0, 0.1)])
THEIRS = Result(300.0, 400.0, 200.0, 1.0, [(100.0, 0.3), (200.0, 0.15)])
NUMBERS = {"objective": 0.12345, "kurtosis in flat areas": 3.25, "foreign colors": 0.015}


def test_of_a_shortened_run_only_the_iterations_are_multiplied():
    tenth = Result(
        whole_seconds=15.0, processor_seconds=24.0, loop_seconds=5.0, share=0.1, curve=[]
    )

    assert tenth.full_loop_seconds == pytest.approx(50)
    assert tenth.full_seconds == pytest.approx(60)
    assert tenth.full_processor_seconds == pytest.approx(96)
    assert OURS.full_seconds == OURS.whole_seconds


def test_a_run_is_as_low_as_a_value_when_it_first_meets_it():
    assert seconds_to(OURS.curve, 0.3) == 20
    assert seconds_to(OURS.curve, 0.2) == 20
    assert math.isinf(seconds_to(OURS.curve, 0.05))


def test_the_share_of_their_time_is_told_of_whole_runs_that_come_as_low():
    text = reaching_text(OURS, THEIRS, 0.15)

    assert "ends at 0.1500 after 200 s" in text and "after 30 s, 0.15 of the time" in text
    assert "restyle, 0.1000 after 30 s, is never as low" in reaching_text(OURS, THEIRS, 0.05)
    half = OURS._replace(share=0.5), THEIRS._replace(share=0.5)
    for runs in ((half[0], THEIRS), (OURS, half[1])):
        assert "of the time" not in reaching_text(*runs, 0.15)
        assert "--share 1" in reaching_text(*runs, 0.15)


def test_the_table_says_which_seconds_were_extrapolated():
    results = {"restyle": OURS, "other": THEIRS._replace(share=0.5)}
    lines = table(results, {"restyle": NUMBERS, "other": NUMBERS}).splitlines()

    assert lines[2] == "| restyle | 40 | 30 | 80 | 1.0 | 0.1235 | 3.25 | 1.5% |"
    assert lines[3].startswith("| other | about 500 | about 400 | about 667 | 8.3 |")
