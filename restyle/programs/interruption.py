"""Ctrl-C as a wish that a loop looks at, so that it ends between two steps and can save."""

import signal
from types import FrameType


class Interruption:
    """True once Ctrl-C or a termination was asked for; a second one ends the program at once."""

    def __init__(self):
        self.wanted = False
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._want)

    def __bool__(self) -> bool:
        return self.wanted

    def _want(self, number: int, frame: FrameType | None) -> None:
        self.wanted = True
        signal.signal(number, signal.SIG_DFL)
