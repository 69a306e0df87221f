"""A start of TensorFlow that says nothing but what the user is to know."""

import contextlib
import logging
import logging.handlers
import os
import sys
from collections.abc import Iterator

from restyle.errors import UserError
from restyle.machine.processor import check_usable, hold_back

THREADS = "TF_NUM_INTEROP_THREADS"


@contextlib.contextmanager
def quiet_start(needs: str = "") -> Iterator[None]:
    """Keeps TensorFlow's greetings, which its C++ prints while it is imported, from the user.

    They are written to file descriptor 2 whatever the log level says; what Python raises meanwhile
    is raised as ever, and what restyle notes is told in the end.

    needs: a library without which there is nothing to start.

    Raises:
      UserError: that library cannot be used here.
    """
    with _notes_in_the_end():
        prepare_libraries()
        check_usable(needs)
        with _silent_errors():
            yield


def prepare_libraries() -> None:
    """Sets what TensorFlow reads when it is imported, in this process and those it starts.

    Libraries are held back from what the processor only claims, and TensorFlow gets a second thread
    where it needs one.
    """
    hold_back()
    _leave_a_thread_for_python()


def keras_on_tensorflow() -> None:
    """Has Keras compute with TensorFlow; UserError if it is imported and computes with another."""
    keras = sys.modules.get("keras")
    if keras is None:
        os.environ["KERAS_BACKEND"] = "tensorflow"
    elif (backend := keras.backend.backend()) != "tensorflow":
        raise UserError(
            f"Keras computes with {backend} in this process, but everything except training "
            "needs TensorFlow. Start another process with KERAS_BACKEND=tensorflow."
        )


def _leave_a_thread_for_python() -> None:
    """Gives TensorFlow two threads where it would have one, as on a machine of one core.

    A compiled function that calls Python holds a thread until Python returns. What Python computes
    with TensorFlow meanwhile, say an evaluation in tiles, needs another, or waits for ever.
    """
    if os.environ.get(THREADS, str(_cores())) == "1":
        os.environ[THREADS] = "2"


def _cores() -> int:
    """How many this process may use, where the system tells; else how many there are."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextlib.contextmanager
def _notes_in_the_end() -> Iterator[None]:
    told = logging.StreamHandler()
    told.setFormatter(logging.Formatter("note: %(message)s"))
    kept = logging.handlers.MemoryHandler(1000, logging.CRITICAL, told)
    logger = logging.getLogger("restyle")
    if any(isinstance(handler, type(kept)) for handler in logger.handlers):
        yield  # Within another start, which tells all.
        return
    logger.addHandler(kept)
    try:
        yield
    finally:
        logger.removeHandler(kept)
        kept.close()


@contextlib.contextmanager
def _silent_errors() -> Iterator[None]:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    sys.stderr.flush()
    kept = os.dup(2)
    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)
