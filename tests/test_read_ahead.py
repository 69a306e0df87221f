import gc
import itertools
import threading
import time
import weakref

import pytest
from patience import PATIENCE, wait_until

from restyle.media.read_ahead import read_ahead


@pytest.mark.parametrize(("workers", "ahead"), [(1, 1), (2, 1), (3, 5), (4, 100)])
def test_results_come_in_the_order_of_their_items(workers, ahead):
    def slower_when_even(number):
        time.sleep(0.002 * (number % 2 == 0))
        return number**2

    found = list(read_ahead(slower_when_even, range(20), workers=workers, ahead=ahead))

    assert found == [(number, number**2) for number in range(20)]


def test_as_many_run_at_once_as_there_are_workers():
    together = threading.Barrier(3, timeout=PATIENCE)
    results = list(read_ahead(lambda _: together.wait(), range(6), workers=3, ahead=3))

    assert sorted(str(place) for _, place in results) == list("001122")


@pytest.mark.parametrize("ahead", [1, 2, 7])
def test_of_endless_items_no_more_are_begun_than_ahead(ahead):
    begun = []
    results = read_ahead(begun.append, itertools.count(), workers=4, ahead=ahead)

    for used in range(1, 30):
        next(results)
        wait_until(lambda used=used: len(begun) == used + ahead)
        time.sleep(0.0005)
        assert len(begun) == used + ahead
    results.close()


@pytest.mark.parametrize("failing", [False, True])
def test_a_result_that_was_used_takes_no_more_memory(failing):
    class Pixels:
        pass

    made = weakref.WeakSet()

    def decode(_):
        made.add(pixels := Pixels())
        if failing:
            raise OSError("broken")
        return pixels

    gc.disable()  # Or a cycle would be freed now and then.
    try:
        for _, outcome in read_ahead(decode, range(30), workers=2, ahead=3):
            assert isinstance(outcome, OSError if failing else Pixels)
            del outcome
            wait_until(lambda: len(made) <= 3)  # A worker lets go of its result a moment later.
        wait_until(lambda: not made)
    finally:
        gc.enable()


def test_an_exception_is_handed_over_in_its_place_and_the_others_go_on():
    def invert(number):
        return 1 / number

    found = list(read_ahead(invert, [2, 0, 4], workers=2, ahead=2))

    assert [found[0], found[2]] == [(2, 0.5), (4, 0.25)]
    assert found[1][0] == 0 and isinstance(found[1][1], ZeroDivisionError)


def test_a_program_that_ends_itself_is_not_taken_for_a_broken_picture():
    def leave(_):
        raise SystemExit(3)

    with pytest.raises(SystemExit):
        list(read_ahead(leave, [1], workers=1, ahead=1))


@pytest.mark.parametrize("end", ["close", "throw"])
def test_an_early_end_cancels_what_has_not_begun_and_leaves_no_thread(end):
    threads = threading.active_count()
    begun, go_on = [], threading.Event()

    def hold(number):
        begun.append(number)
        assert number == 0 or go_on.wait(PATIENCE)

    results = read_ahead(hold, range(8), workers=1, ahead=6)
    next(results)
    wait_until(lambda: begun == [0, 1])
    threading.Timer(0.05, go_on.set).start()
    if end == "close":
        results.close()
    else:
        with pytest.raises(RuntimeError):
            results.throw(RuntimeError)

    wait_until(lambda: threading.active_count() == threads)
    assert begun == [0, 1]


def test_an_exception_of_the_items_themselves_is_raised_and_leaves_no_thread():
    threads = threading.active_count()

    def items():
        yield 1
        raise LookupError

    with pytest.raises(LookupError):
        list(read_ahead(str, items(), workers=2, ahead=2))

    assert threading.active_count() == threads


@pytest.mark.parametrize(("workers", "ahead"), [(0, 1), (1, 0), (1, -1)])
def test_numbers_that_cannot_be_are_refused(workers, ahead):
    with pytest.raises(ValueError, match="ahead|workers"):
        next(read_ahead(str, [1], workers=workers, ahead=ahead))
