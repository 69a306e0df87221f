"""What the programs share: flags in headed groups, errors in one line, a quiet start."""

import errno
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any

from absl import flags

from restyle.errors import UserError
from restyle.programs.flags import Flags, WrongFlags

WRONG_FLAGS = 2
FAILED = 1
INTERRUPTED = 130
# As a shell reports a program that SIGPIPE ended, so that scripts with pipefail know it.
NOT_READ = 141


def run(main: Callable[[], int | None], about: str, argv: list[str]) -> int:
    """As `run_program`, of a program whose flags are absl's global ones."""
    return _guarded(lambda: _status(main, about, argv))


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


def _status(main: Callable[[], int | None], about: str, argv: list[str]) -> int:
    arguments = [argv[0], *(_with_underscores(argument) for argument in argv[1:])]
    if {"--help", "-h", "--h"} & set(arguments):
        print(help_text(about))
        return 0
    try:
        unknown = flags.FLAGS(arguments)[1:]
        if unknown:
            raise flags.Error(f"Got '{unknown[0]}', which belongs to no flag. See --help.")
    except flags.Error as error:
        return _fail(str(error), WRONG_FLAGS)
    try:
        return main() or 0
    except UserError as error:
        return _fail(str(error), FAILED)
    except KeyboardInterrupt:  # Where nothing is done yet that could be saved.
        return _fail("Interrupted.", INTERRUPTED)


def _discard_output() -> None:
    """Sends what is still held back nowhere, or Python would complain of it when it ends."""
    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), 1)
        os.dup2(nowhere.fileno(), 2)


def help_text(about: str) -> str:
    """The program's docstring and every flag under the heading of its group."""
    lines = [about.strip()]
    for heading, group in headed_groups().items():
        lines += ["", f"{heading}:"]
        for flag in group:
            lines += flags.text_wrap(_flag_text(flag), 96, "      ", "  ").splitlines()
    return "\n".join(lines)


def headed_groups() -> dict[str, list[flags.Flag]]:
    """The program's own flags by heading; those of libraries are grouped by a module's name."""
    groups = flags.FLAGS.flags_by_module_dict()
    return {heading: group for heading, group in groups.items() if heading[:1].isupper()}


def _flag_text(flag: flags.Flag) -> str:
    several = " (may be given several times)" if isinstance(flag, flags.MultiFlag) else ""
    what = flag.help.split(";\n")[0]
    if flag.value is None or flag.default in ([], ""):
        return f"--{flag.name}{several}: {what}"
    return f"--{flag.name}: {what} Default: {str(flag.default_as_str).strip(chr(39))}."


def _with_underscores(argument: str) -> str:
    if not argument.startswith("--"):
        return argument
    name, equals, value = argument.partition("=")
    return "--" + name[2:].replace("-", "_") + equals + value


def _fail(message: str, status: int) -> int:
    print(f"error: {' '.join(message.split())}", file=sys.stderr)
    return status
