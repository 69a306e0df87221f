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


def test_the_sentence_tells_the_share_of_their_time():
    text = reaching_text(OURS, THEIRS, 0.15)

    assert "ends at 0.1500 after 200 s" in text
    assert "as low after 30 s, 0.15 of the time" in text


def test_a_run_that_never_comes_as_low_is_said_not_to():
    assert "restyle, 0.1000 after 30 s, is never as low" in reaching_text(OURS, THEIRS, 0.05)


@pytest.mark.parametrize("cut", [(0.5, 1.0), (1.0, 0.5)])
def test_of_runs_that_were_cut_short_nothing_is_claimed(cut):
    ours, theirs = OURS._replace(share=cut[0]), THEIRS._replace(share=cut[1])

    assert "of the time" not in reaching_text(ours, theirs, 0.15)
    assert "--share 1" in reaching_text(ours, theirs, 0.15)


def test_the_table_says_which_seconds_were_extrapolated():
    results = {"restyle": OURS, "other": THEIRS._replace(share=0.5)}
    lines = table(results, {"restyle": NUMBERS, "other": NUMBERS}).splitlines()

    assert lines[2] == "| restyle | 40 | 30 | 80 | 1.0 | 0.1235 | 3.25 | 1.5% |"
    assert lines[3].startswith("| other | about 500 | about 400 | about 667 | 8.3 |")
