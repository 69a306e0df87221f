import pytest

from restyle.errors import UserError
from restyle.programs.sweep import SweptFlag, parse_sweep


@pytest.mark.parametrize(
    ("text", "name", "values"),
    [
        ("style_weight=0.1,1,10", "style_weight", ["0.1", "1", "10"]),
        ("--style-weight = 1 , 10", "style_weight", ["1", "10"]),
        ("style_layers=conv1_1,conv2_1|conv3_1", "style_layers", ["conv1_1,conv2_1", "conv3_1"]),
        ("init=a=b.png,noise", "init", ["a=b.png", "noise"]),
        ("seed=3", "seed", ["3"]),
    ],
)
def test_a_sweep_is_a_flag_and_its_values(text, name, values):
    assert parse_sweep(text) == SweptFlag(name, values)


@pytest.mark.parametrize("text", ["style_weight", "=1,2", "seed=", "seed=1,,2", "seed=1|"])
def test_what_is_no_sweep_is_refused_with_an_example(text):
    with pytest.raises(UserError, match="style_weight=0.1,1,10") as caught:
        parse_sweep(text)
    assert f"--sweep={text}," in str(caught.value)
