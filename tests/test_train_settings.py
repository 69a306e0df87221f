import math
import re
from types import SimpleNamespace

import pytest

from restyle.programs.train_record import mean_terms_line, train_line
from restyle.training.settings import TrainConfig, learning_rate_at

CONFIG = TrainConfig(learning_rate=0.01, warmup=10)


@pytest.mark.parametrize(
    "field, value, expected",
    [
        ("image_size", (15, 32), "16 pixels or more"),
        ("image_size", (), "16 pixels or more"),
        ("image_size", (64, 32), "sizes from small to large"),
        ("image_size", (32, 32), "sizes from small to large"),
        ("deep_from", 1.0, "at least 0 and below 1"),
        ("deep_from", math.nan, "at least 0 and below 1"),
        ("style_size", (384, 0), "16 pixels or more"),
        ("batch_size", 0, "1 or more"),
        ("steps", -1, "0 or more"),
        ("minutes", math.nan, "0 or more"),
        ("minutes", math.inf, "0 or more"),
        ("temporal_weight", -0.1, "0 or more"),
        ("warmup", -1, "0 or more"),
        ("held_out", -1, "0 or more"),
        ("save_every", 0, "1 or more"),
        ("retries", -1, "0 or more"),
        ("epochs", 0.0, "a number above 0"),
        ("learning_rate", 0.0, "a number above 0"),
        ("learning_rate", math.nan, "a number above 0"),
        ("gradient_clip", math.inf, "a number above 0"),
    ],
)
def test_a_number_out_of_range_is_named_with_its_range(field, value, expected):
    with pytest.raises(ValueError, match=re.escape(f"Got {field} {value}, expected {expected}.")):
        TrainConfig(**{field: value})


def test_what_is_tuned_is_all_or_the_norms():
    with pytest.raises(ValueError, match="Got tune 'some'"):
        TrainConfig(tune="some")


def test_steps_and_minutes_do_not_go_together():
    with pytest.raises(ValueError, match="Got both steps and minutes"):
        TrainConfig(steps=10, minutes=1.0)


def test_the_rate_rises_in_a_line_to_its_highest_and_never_starts_at_nothing():
    rates = [learning_rate_at(step, 0.0, CONFIG) for step in range(13)]

    assert rates == pytest.approx([0.01 * min(1, (step + 1) / 11) for step in range(13)])


def test_the_rate_falls_in_a_line_to_nothing():
    rates = [learning_rate_at(100, progress, CONFIG) for progress in (0, 0.25, 0.5, 0.75, 1)]

    assert rates == pytest.approx([0.01, 0.0075, 0.005, 0.0025, 0.0])


def test_a_line_shows_the_terms_of_a_step_or_the_means_of_those_held_out():
    terms = {"content conv4_2": 0.25, "style conv1_1": 0.125, "style conv2_1": 0.75}
    left_out = terms | {"temporal": 0.031, "style conv2_1": math.nan}

    line = train_line(SimpleNamespace(step=7, value=0.5, terms=left_out), 3.21)

    assert line == "step 7  loss 0.5000  content 0.250  style 0.125 -  temporal 0.031  3.2 images/s"
    means = mean_terms_line({"loss": 0.5, **terms, "total variation": 0.01})
    assert means == "held out: loss 0.5000  content 0.250  style 0.438"
