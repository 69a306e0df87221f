"""Jobs, done one at a time: what each is at, and what may be asked of it meanwhile."""

import dataclasses
import itertools
import logging
import re
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from restyle.errors import UserError

LOGGER = logging.getLogger(__name__)

WAITING, RUNNING, DONE, FAILED, CANCELED = "waiting", "running", "done", "failed", "canceled"
Points = Sequence[tuple[float, float]]


class Canceled(Exception):
    """Ends the work of a job that is no longer wanted."""


@dataclasses.dataclass(frozen=True)
class Report:
    """What is known of a job's work.

    Attributes:
      share: of the work that is done, in [0, 1].
      line: what it is at.
      pictures: files to look at, the last one made last.
      video: a file to look at.
      terms: numbers by name, as they are now.
      curve: (iteration, value), as they came.
      files: what there is to download.
      notes: what the user should know.
    """

    share: float = 0.0
    line: str = ""
    pictures: Sequence[Path] = ()
    video: Path | None = None
    terms: Mapping[str, float] = dataclasses.field(default_factory=dict)
    curve: Points = ()
    files: Sequence[Path] = ()
    notes: Sequence[str] = ()


class Wish:
    """False, until it is made."""

    def __init__(self):
        self._made = False

    def make(self) -> None:
        self._made = True

    def __bool__(self) -> bool:
        return self._made


class Job:
    """Work that was asked for; written to by the one thread that does it, read by all.

    Args:
      kind: jobs of a kind are shown in one place.
      title: names it to its visitor.
      work: does it, and `tell`s of it. UserError, or a ValueError, says why it cannot be done.

    Attributes:
      ending: the wish that the work end soon, and what there is be kept.
      error: why it failed, one line.
    """

    _numbers = itertools.count(1)

    def __init__(self, kind: str, title: str, work: "Callable[[Job], object]"):
        self.number = next(self._numbers)
        self.kind, self.title, self._work = kind, title, work
        self.report, self.version = Report(line="Starting"), 0
        self.ending, self._canceling = Wish(), Wish()
        self.state, self.error = WAITING, ""
        self.future: Future[None] | None = None
        self._first: tuple[float, float] | None = None
        self.ended_at: float | None = None

    @property
    def over(self) -> bool:
        """Whether nothing more will come of it."""
        return self.state in (DONE, FAILED, CANCELED)

    def tell(self, **news: Any) -> None:
        """Replaces fields of the report; raises Canceled if no more work is wanted."""
        if self._canceling:
            raise Canceled
        self.report = dataclasses.replace(self.report, **news)
        if self._first is None and self.report.share > 0:
            self._first = time.monotonic(), self.report.share
        self.version += 1

    def seconds_left(self) -> float | None:
        """How long the rest will take if all of it goes as what was done; None if unknown."""
        if self._first is None or self.report.share <= self._first[1]:
            return None
        began, share = self._first
        done = self.report.share - share
        return (time.monotonic() - began) * (1 - self.report.share) / done

    def cancel(self) -> None:
        """Ends it as soon as may be; what there is, is lost."""
        self._canceling.make()
        if self.future and self.future.cancel():
            self._end(CANCELED)

    def do(self) -> None:
        """Does the work; whatever becomes of it is seen in `state`."""
        self.state = RUNNING
        try:
            self.tell()
            self._work(self)
            self._end(DONE)
        except Canceled:
            self._end(CANCELED)
        except (UserError, ValueError, TypeError) as error:
            self._end(FAILED, plain(error))
        except Exception as error:
            LOGGER.exception("A job failed.")
            self._end(FAILED, f"restyle made a mistake: {type(error).__name__}: {plain(error)}")

    def _end(self, state: str, error: str = "") -> None:
        self.error, self.ended_at = error, time.monotonic()
        self.state = state
        self.version += 1


class Jobs:
    """A queue: one job is done after the other, whoever asked for it."""

    def __init__(self):
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="restyle-job")
        self._open: list[Job] = []

    def add(self, job: Job) -> None:
        """Puts a job at the end of the queue."""
        self._open = [*(each for each in self._open if not each.over), job]
        job.future = self._worker.submit(job.do)

    def before(self, job: Job) -> int:
        """How many jobs will be over before this one begins."""
        return sum(not each.over and each.number < job.number for each in self._open)

    def close(self) -> None:
        """Cancels all jobs and waits until nothing is done any more."""
        for job in self._open:
            job.cancel()
        self._worker.shutdown(cancel_futures=True)


def plain(error: Exception) -> str:
    """An error in one line for a person who typed no flags and chose no folders.

    "Pass --size=300" becomes "Pass size 300", and '/tmp/x/photo.png' 'photo.png'. Files outside
    of the temporary folder are the person's own and keep their folders.
    """
    text = re.sub(r"--(\w+)=?", lambda flag: f"{flag[1].replace('_', ' ')} ", str(error))
    text = re.sub(rf"'{re.escape(tempfile.gettempdir())}/[^']*?([^'/]+)'", r"'\1'", text)
    text = re.sub(r" ([.,;:])(?!\w)", r"\1", text)  # But not in "a .keras file".
    return " ".join(text.split()) or type(error).__name__
