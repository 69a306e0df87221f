"""A run stays within its memory, by tiles, rounding and files, or is refused before it begins."""

import dataclasses
import re

import numpy as np
import psutil
import pytest
from user_errors import message_of

from restyle.exact.plan import (
    AT_START,
    TILES,
    MemoryPlan,
    Room,
    largest_side,
    least_memory,
    plan_for,
    room_for,
)
from restyle.exact.settings import OptimizeConfig
from restyle.media.images import fit_long_side

GB = 10**9
DISK = 1000 * GB
SIZES = [(1000, 1000), (3001, 4507), (9999, 97)]
CONFIGS = [("lbfgs", "float32"), ("lbfgs", "bfloat16"), ("adam", "bfloat16")]


def plan(size, memory, disk=DISK, precision="bfloat16", **settings):
    return plan_for(size, precision, OptimizeConfig(**settings), Room(int(memory), int(disk)))


def test_with_memory_in_plenty_the_picture_is_seen_as_a_whole_and_nothing_is_rounded():
    whole = plan((3000, 4000), 1000 * GB)

    assert (whole.way.tile, whole.keeping, whole.history) == (0, "memory", 20)
    assert "3000" not in str(whole) and "as a whole, 20 pairs of L-BFGS in memory" in str(whole)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("optimizer, precision", CONFIGS)
def test_no_plan_takes_more_than_there_is_and_less_memory_means_more_work(
    size, optimizer, precision
):
    least = least_memory(size, precision, OptimizeConfig(optimizer=optimizer))
    works = []
    for memory in np.geomspace(least, 100 * GB, 30):
        made = plan(size, memory + 1, precision=precision, optimizer=optimizer)
        assert made.peak <= memory + 1 and made.files <= DISK
        assert made.history == (20 if optimizer == "lbfgs" else 0)
        works.append(made.work)
    assert works == sorted(works, reverse=True) and works[0] > works[-1] == 1


def test_a_picture_no_larger_than_a_tile_is_not_cut():
    least = least_memory((400, 500), "float32", OptimizeConfig())

    assert plan((400, 500), least, precision="float32").way.tile == 0


def test_where_files_find_no_room_fewer_pairs_are_kept():
    size, config = (3000, 4000), OptimizeConfig(history=20)
    least = least_memory(size, "bfloat16", config)

    assert plan(size, least).keeping == "disk" and plan(size, least).history == 20
    kept = [plan(size, least + 1.2e7 * 12 * pairs, disk=0) for pairs in (1, 6, 20)]
    assert [(each.keeping, each.history) for each in kept] == [("half", h) for h in (1, 5, 20)]


def test_files_are_counted_with_those_of_states_before():
    size = (2000, 3000)
    made = plan(size, least_memory(size, "bfloat16", OptimizeConfig()))

    assert made.files > 20 * 6e6 * 12
    assert plan(size, made.peak, disk=made.files) == made
    assert plan(size, made.peak, disk=made.files - 1).history == 10


def test_half_the_precision_takes_half_the_memory():
    kept = {}
    for memory in np.geomspace(6 * GB, 60 * GB, 60):
        made = plan((3000, 4000), memory)
        kept[made.way.tile, made.keeping] = made.peak
    for tile in {tile for tile, _ in kept}:
        memory, half, disk = (kept[tile, keeping] for keeping in ("memory", "half", "disk"))
        assert memory - half == half - disk == 20 * 1.2e7 * 12


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("optimizer, precision", CONFIGS)
def test_the_size_and_the_memory_that_the_advice_names_are_the_first_that_do(
    size, optimizer, precision
):
    config = OptimizeConfig(optimizer=optimizer, memory_gb=1.75)
    room = room_for(config)
    size = (9000, 9000) if max(size) == 1000 else size
    message = message_of(plan_for, size, precision, config, room)

    assert "--memory_gb=1.75 allows less" in message
    memory = float(re.search(r"Pass --memory_gb=([\d.]+),", message)[1])
    assert f"{size[1]} x {size[0]} needs {memory} GB" in message
    more = dataclasses.replace(config, memory_gb=memory)
    assert plan_for(size, precision, more, room_for(more))
    less = dataclasses.replace(config, memory_gb=memory - 0.1)
    message_of(plan_for, size, precision, less, room_for(less))
    side = int(re.search(r"--size=(\d+) or less", message)[1])
    assert side == largest_side(size, precision, config, room)
    assert plan_for(fit_long_side(size, side), precision, config, room)
    message_of(plan_for, fit_long_side(size, side + 1), precision, config, room)


@pytest.mark.parametrize("memory", [0, AT_START - 1, AT_START])
def test_no_size_is_advised_where_none_would_fit(memory):
    message = message_of(plan, (300, 400), memory)

    assert "--size" not in message
    assert message.endswith(f"{memory / GB:.1f} GB are free. Free some memory.")


def test_what_may_be_taken_is_what_is_free_or_was_given_or_was_before(monkeypatch, tmp_path):
    free = psutil.virtual_memory()._replace(available=5 * GB)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: free)
    before = {"room": np.array([3 * GB, 7])}

    assert room_for(OptimizeConfig()).memory == 5 * GB
    assert room_for(OptimizeConfig(memory_gb=2.5)).memory == 2.5 * GB
    assert room_for(OptimizeConfig(), tmp_path / "run" / "pairs").disk > 0
    assert room_for(OptimizeConfig(), tmp_path, before) == Room(3 * GB, 7, tmp_path)


# What optimize_style.py took at most, in tiles and two scales; see docs/benchmarks.md.
RUNS = [((1500, 3000), "half", 4.53), ((2828, 5657), "disk", 6.58)]


@pytest.mark.parametrize("size, keeping, peak", RUNS)
def test_whole_runs_took_no_more_than_is_expected_and_nearly_as_much(size, keeping, peak):
    expected = MemoryPlan(size, "bfloat16", TILES, keeping, history=20).peak

    assert peak * GB <= expected <= 1.2 * peak * GB


@pytest.mark.parametrize("memory_gb", [-1, float("inf"), float("nan")])
def test_a_memory_that_cannot_be_meant_is_refused(memory_gb):
    with pytest.raises(ValueError, match="Got memory_gb .*, expected 0 or more"):
        OptimizeConfig(memory_gb=memory_gb)


def test_time_grows_with_the_pixels_and_the_work():
    whole, tiled = plan((1000, 1000), 100 * GB), plan((2000, 2000), 4 * GB)

    assert tiled.work > whole.work
    expected = 4 * tiled.work / whole.work * whole.seconds(1e11)
    assert tiled.seconds(1e11) == pytest.approx(expected)
    assert whole.seconds(1e11) == pytest.approx(20, rel=0.1)  # 1.5e12 at 80% of the speed.
