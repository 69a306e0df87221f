"""What a person sees while a program works: a bar on a terminal, plain lines elsewhere."""

import sys
import time
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

SECONDS_BETWEEN_LINES = 10.0


class ProgressDisplay:
    """Shows how far a run is, on standard error; a context manager."""

    def __init__(self):
        self.console = Console(stderr=True, highlight=False)
        self.next_line = 0.0
        self.began = time.monotonic()
        self.bar = Progress(
            BarColumn(bar_width=20),
            TextColumn("{task.description}"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=self.console,
            disable=not self.console.is_terminal,
        )
        self.task = self.bar.add_task("starting", total=1.0)

    def __enter__(self) -> "ProgressDisplay":
        self.bar.start()
        return self

    def __exit__(
        self, kind: type | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.bar.stop()

    def show(self, share: float, text: str) -> None:
        """Shows `text` and the `share` of the work that is done, in [0, 1]."""
        self.bar.update(self.task, completed=share, description=text)
        now = time.monotonic()
        if self.console.is_terminal or (now < self.next_line and share < 1.0):
            return
        self.next_line = now + SECONDS_BETWEEN_LINES
        left = (now - self.began) * (1.0 / share - 1.0) if share else float("inf")
        print(f"{share:4.0%}  {text}  left {left:.0f} s", file=sys.stderr, flush=True)

    def say(self, line: str) -> None:
        """Shows a line of its own, above the bar if there is one."""
        if self.console.is_terminal:
            self.bar.console.print(line, markup=False)
        else:
            print(line, file=sys.stderr, flush=True)
