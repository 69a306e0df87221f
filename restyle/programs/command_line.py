"""What the programs share: flags in headed groups, errors in one line, a quiet start."""

import errno
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any

from restyle.errors import UserError
from restyle.programs.flags import Flags, WrongFlags

WRONG_FLAGS = 2
FAILED = 1
INTERRUPTED = 130
# As a shell reports a program that SIGPIPE ended, so that scripts with pipefail know it.
NOT_READ = 141


def run_program(
    work: Callable[[dict[str, Any]], int | None],
    own: Flags,
    about: str,
    arguments: Sequence[str] | None,
) -> int:
    """The exit status of a program: of `work`, or 0 for help, 2 for wrong flags, 1 for a mistake,
    130 for Ctrl-C, 141 if whatever reads the output, such as head, has read enough.

    work: is given the values of the flags that were given, by name.
    about: the program's docstring, shown above the flags by --help.
    arguments: None means those of this process.
    """
    arguments = sys.argv[1:] if arguments is None else arguments
    return _guarded(lambda: _status_of(work, own, about, arguments))


def _guarded(status_of: Callable[[], int]) -> int:
    try:
        status = status_of()
        for stream in filter(None, (sys.stdout, sys.stderr)):
            stream.flush()  # Here, where it can fail in silence, and not when Python ends.
        return status
    except BrokenPipeError:
        _discard_output()
        return NOT_READ
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        status = _fail(f"Nothing more can be written: {error}. Free some space.", FAILED)
        _discard_output()
        return status


def _status_of(
    work: Callable[[dict[str, Any]], int | None], own: Flags, about: str, arguments: Sequence[str]
) -> int:
    if {"--help", "-h", "--h"} & set(arguments):
        print(about.strip())
        print(own.help())
        return 0
    try:
        return work(own.given(arguments)) or 0
    except WrongFlags as error:
        return _fail(str(error), WRONG_FLAGS)
    except UserError as error:
        return _fail(str(error), FAILED)
    except KeyboardInterrupt:  # Where nothing is done yet that could be saved.
        return _fail("Interrupted.", INTERRUPTED)


def _discard_output() -> None:
    """Sends what is still held back nowhere, or Python would complain of it when it ends."""
    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), 1)
        os.dup2(nowhere.fileno(), 2)


def _fail(message: str, status: int) -> int:
    print(f"error: {' '.join(message.split())}", file=sys.stderr)
    return status
