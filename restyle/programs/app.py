"""Serve restyle as an app in the browser: optimize, paint and train without a terminal.

  restyle-app

Then open the address that it prints. Everything is computed on this machine.
"""

import os
from collections.abc import Sequence
from typing import Any

from restyle.app.settings import AppConfig
from restyle.errors import check_installed
from restyle.programs import command_line
from restyle.programs.flags import Flags, fields_of
from restyle.programs.settings import built

FLAGS = Flags({"The app": fields_of(AppConfig)})


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the program and returns its exit status; None means the arguments of this process."""
    return command_line.run_program(_serve, FLAGS, __doc__ or "", arguments)


def _serve(given: dict[str, Any]) -> None:
    config = built(AppConfig, given)
    check_installed("The app", "gradio")
    os.environ["KERAS_BACKEND"] = "tensorflow"
    from restyle.app.server import serve

    serve(config)
