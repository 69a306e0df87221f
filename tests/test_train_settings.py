import math
import re
from types import SimpleNamespace

import pytest
from imported_by import imported_by

from restyle.programs.train_record import mean_terms_line, train_line, train_row
from restyle.training.settings import TrainConfig, learning_rate_at

CONFIG = TrainConfig(learning_rate=0.01, warmup=10)


TERMS = {
    "content conv4_2": 0.25,
    "style conv1_1": 0.125,
    "style conv2_1": 0.75,
    "total variation": 0.01,
}
STEP = SimpleNamespace(step=7, seconds=1.23456, learning_rate=0.001, value=0.5, terms=TERMS)


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


@pytest.mark.parametrize(
    "given, photos, steps",
    [
        ({"epochs": 2.0, "batch_size": 4}, 100, 50),
        ({"epochs": 0.5, "batch_size": 4}, 100, 12),
        ({"epochs": 2.0, "batch_size": 4}, 1, 1),
        ({"epochs": 2.0, "steps": 7}, 100, 7),
    ],
)
def test_epochs_become_steps_unless_steps_are_given(given, photos, steps):
    assert TrainConfig(**given).steps_for(photos) == steps


def test_the_rate_rises_in_a_line_to_its_highest_and_never_starts_at_nothing():
    rates = [learning_rate_at(step, 0.0, CONFIG) for step in range(13)]

    assert rates == pytest.approx([0.01 * min(1, (step + 1) / 11) for step in range(13)])


def test_the_rate_falls_in_half_a_cosine_to_nothing():
    rates = [learning_rate_at(100, progress, CONFIG) for progress in (0, 0.25, 0.5, 0.75, 1)]

    half = math.sqrt(0.5)
    assert rates == pytest.approx([0.01, 0.005 * (1 + half), 0.005, 0.005 * (1 - half), 0.0])


def test_the_configuration_is_read_without_tensorflow():
    _, modules, _ = imported_by("restyle.programs.train")

    assert "restyle.training.settings" in modules and not {"tensorflow", "keras"} & modules


def test_a_step_is_a_line_and_a_row():
    line = train_line(STEP, 3.21)
    assert line == "step 7  loss 0.5000  content 0.250  style 0.125 0.750  3.2 images/s"
    assert train_row(STEP, {"loss": 2.0, "style conv1_1": 3.0}) == {
        "step": 7,
        "seconds": 1.23,
        "learning rate": 0.001,
        "loss": 0.5,
        **TERMS,
        "held out loss": 2.0,
        "held out style conv1_1": 3.0,
    }


def test_steadiness_is_shown_where_it_is_trained():
    step = SimpleNamespace(**vars(STEP) | {"terms": {**TERMS, "temporal": 0.031}})

    assert "style 0.125 0.750  temporal 0.031  3.2 images/s" in train_line(step, 3.21)


def test_terms_held_out_are_shown_by_their_means():
    line = mean_terms_line({"loss": 0.5, **TERMS})

    assert line == "held out: loss 0.5000  content 0.250  style 0.438"
