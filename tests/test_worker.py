import argparse

from restyle.models.weights.load import random_vgg_weights

from benchmarks import engines, training_speed, value_and_gradient
from benchmarks.worker import Round, Worker, take_turns

TURNS = [Round(1.0, 2.0, 0.5, 10**9), Round(2.0, 3.0, 0.5, 2 * 10**9)]


def test_a_worker_that_ends_is_named_and_the_others_go_on(capsys):
    names = ("dies", "fails", "lives")
    turns = take_turns({name: Worker("tests.ending_worker", [name]) for name in names}, 3)

    assert list(turns) == ["lives"]
    assert [turn.value for turn in turns["lives"]] == [7.0] * 4
    failed, died = capsys.readouterr().err.splitlines()
    assert failed == (
        "note: fails is left out: it ended by itself (exit status 1). error: no such thing"
    )
    assert died == "note: dies is left out: it ended by itself (Illegal instruction)"


def test_a_table_has_the_cells_of_the_workers_that_are_left():
    weights = random_vgg_weights(width_divisor=8)
    row = value_and_gradient._row

    whole = row(64, "float32", weights, {f"{k} float32": TURNS for k in ("ours", "product")})
    alone = row(64, "float32", weights, {"ours float32": TURNS})
    theirs = row(64, "float32", weights, {"PyTorch float32": TURNS})

    assert [whole[2], whole[6], whole[8]] == ["1.00", "", "2.00"]
    assert alone == [*whole[:5], "", *whole[6:]]
    assert theirs == [*whole[:2], "", whole[3], "", "", "1.00", "", ""]


def test_the_other_tables_do_without_a_worker_too():
    both = {"ours gram float32": TURNS, "PyTorch gram float32": TURNS}
    flags = argparse.Namespace(style_losses=["gram"], precisions=["float32"], batch_size=4)
    kind = ("gram", "float32")

    row = training_speed._row(kind, both, flags)
    without_us = training_speed._row(kind, {"PyTorch gram float32": TURNS}, flags)

    assert row == [*kind, "2.00", "2.00", "1.00", "2.00", "1.00", "2.00"]
    assert without_us == [*kind, "", "", "", "2.00", "", ""]
    assert engines._cells(("openvino", "int8"), {("openvino", "int8"): TURNS}, {}) == [
        *("1.000", "", "", "")
    ]
