"""Results computed by threads while the caller still works on those before."""

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def read_ahead(
    function: Callable[[Item], Result], items: Iterable[Item], *, workers: int, ahead: int
) -> Generator[tuple[Item, Result | Exception], None, None]:
    """Yields each item with function(item), in the items' order, or with the exception it raised.

    While the caller has one result, at most `ahead` further ones exist or are being computed: this
    bounds the memory. Items are taken as they are needed, so there may be no end of them. Closing
    the generator waits for what has begun and cancels the rest.

    Args:
      function: runs in a thread, so it should be one that lets others run: decoding, not Python.
      workers: the number of threads.
      ahead: at least `workers`, or some of them idle.
    """
    if ahead < 1:
        raise ValueError(f"Got ahead={ahead}, expected at least 1. Call the function instead.")
    waiting: deque[tuple[Item, Future[Result]]] = deque()
    pool = ThreadPoolExecutor(workers)
    try:
        for item in items:
            waiting.append((item, pool.submit(function, item)))
            if len(waiting) > ahead:
                yield _outcome(*waiting.popleft())
        while waiting:
            yield _outcome(*waiting.popleft())
    finally:
        pool.shutdown(cancel_futures=True)


def _outcome(item: Item, future: "Future[Result]") -> tuple[Item, Result | Exception]:
    error = future.exception()
    # Not KeyboardInterrupt or SystemExit, which are for the program.
    return (item, error) if isinstance(error, Exception) else (item, future.result())
