import math

import numpy as np
import pytest

from benchmarks.worth import Measured, counted_at, evaluations_worth, table, worth_text

COUNTS = [1, 10, 100]


@pytest.mark.parametrize("power", [0.3, 1.0, 2.5])
def test_at_the_points_and_between_them_a_power_law_is_met_exactly(power):
    objectives = [count**-power for count in COUNTS]

    for worth in (2.0, 9.5, 10.0, 10.5, 73.0, 100.0):
        assert evaluations_worth(COUNTS, objectives, worth**-power) == pytest.approx(worth)


def test_no_better_than_the_start_is_worth_nothing_and_better_than_the_end_has_no_number():
    assert evaluations_worth(COUNTS, [2.0, 0.5, 0.1], 2.0) == 0
    assert evaluations_worth(COUNTS, [2.0, 0.5, 0.1], 3.0) == 0
    assert evaluations_worth(COUNTS, [2.0, 0.5, 0.1], 0.0999) == math.inf


def test_where_the_curve_stands_still_or_rises_its_first_arrival_counts():
    assert evaluations_worth([1, 2, 4, 8], [2.0, 1.0, 1.0, 0.5], 1.0) == pytest.approx(2)
    assert 4 < evaluations_worth([1, 2, 4, 8, 16], [2.0, 1.0, 1.5, 0.5, 0.7], 0.6) < 8


def test_evaluations_are_counted_at_steps_of_a_quarter_and_at_those_of_the_table():
    counts = counted_at(300)

    assert {1, 2, 5, 10, 20, 50, 100, 200, 300} <= set(counts)
    assert counts == sorted(set(counts)) and counts[-1] == 300
    steps = np.array(counts[8:]) / counts[7:-1]
    assert steps.max() <= 1.3


MEASURED = [
    Measured("a.jpg", 0.2, {"noise": [4.0, 0.2, 0.02], "the photo": [2.0, 0.1, 0.01]}, 3.0, 0.2),
    Measured("b.jpg", 0.4, {"noise": [2.0, 0.4, 0.04], "the photo": [0.3, 0.2, 0.01]}, 3.0, 0.2),
]


def test_the_sentence_tells_what_is_worth_and_how_much_time_it_saves():
    first, noise, photo = worth_text(256, COUNTS, MEASURED).splitlines()

    assert "256 pixels" in first and "0.3000" in first
    assert "worth 10 evaluations from noise (10 to 10 by photo), 150 times faster" in noise
    worth = evaluations_worth(COUNTS, [1.15, 0.15, 0.01], 0.3)
    assert f"worth {worth:.0f} evaluations from the photo (less than 1 to 6 by photo)" in photo
    assert f", {worth * 15:.0f} times faster" in photo
    better = [each._replace(network=0.001) for each in MEASURED]
    _, noise, _ = worth_text(256, COUNTS, better).splitlines()
    assert "worth more than 100 evaluations from noise" in noise
    assert "more than 1500 times faster" in noise


def test_the_table_has_the_means_of_the_photos_and_the_network_last():
    lines = table(COUNTS, MEASURED).splitlines()

    assert lines[0] == "| evaluations | from noise | from the photo |"
    assert lines[2:] == [
        "| 1 | 3.0000 | 1.1500 |",
        "| 10 | 0.3000 | 0.1500 |",
        "| 100 | 0.0300 | 0.0100 |",
        "| the network, one pass | 0.3000 | 0.3000 |",
    ]
