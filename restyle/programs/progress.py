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
        self.console = Console(stderr=True, highlight=False, markup=False, emoji=False)
        self.next_line = 0.0
        self.began, self.share_at_begin = time.monotonic(), 1.0
        self.bar = Progress(
            BarColumn(bar_width=20),
            TextColumn("{task.description}", markup=False),
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
        """Shows `text` and the `share` of the work that is done, in [0, 1].

        The time left is judged from the first call on, whatever was done by then: a run may have
        been resumed. A share that falls back is the next run of a sweep.
        """
        now = time.monotonic()
        if share <= self.share_at_begin:
            self.began, self.share_at_begin = now, share
            self.bar.reset(self.task)
        self.bar.update(self.task, completed=share, description=text)
        if self.console.is_terminal or (now < self.next_line and share < 1.0):
            return
        self.next_line = now + SECONDS_BETWEEN_LINES
        done = share - self.share_at_begin
        left = f"{(now - self.began) * (1.0 - share) / done:.0f}" if done > 0 else "?"
        print(f"{share:4.0%}  {text}  left {left} s", file=sys.stderr, flush=True)

    def say(self, line: str) -> None:
        """Shows a line of its own, above the bar if there is one."""
        if self.console.is_terminal:
            self.bar.console.print(line, soft_wrap=True)
        else:
            print(line, file=sys.stderr, flush=True)
