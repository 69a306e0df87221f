"""Who uses the app, each with jobs and files that no other visitor sees."""

import os
import secrets
import shutil
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from restyle.app.jobs import Job
from restyle.errors import UserError
from restyle.networks import SUFFIX

# How long a painted frame of a camera can be asked for.
FRAME_SECONDS = 60


class Visitor:
    """One browser, or one program.

    Files are in two folders whose names nobody can guess: what was uploaded is in one that is not
    served, and what was made of it in one that is.

    Attributes:
      made: the folder of results.
    """

    def __init__(self, given: Path, made: Path):
        token = secrets.token_urlsafe(24)
        self._given, self.made = given / token, made / token
        self._jobs: list[Job] = []
        self._seen = time.monotonic()

    def seen(self) -> None:
        """Notes that something was asked just now."""
        self._seen = time.monotonic()

    @property
    def idle_seconds(self) -> float:
        """Since something was asked, or a job ended; 0 while there is one."""
        if not all(job.over for job in self._jobs):
            return 0.0
        ends = [job.ended_at or 0.0 for job in self._jobs]
        return time.monotonic() - max(self._seen, *ends, 0.0)

    def latest(self, kind: str) -> Job | None:
        """The last job of a kind, or None."""
        return next((job for job in reversed(self._jobs) if job.kind == kind), None)

    def keep(self, job: Job) -> None:
        """Remembers a job."""
        self._jobs.append(job)

    def take(self, files: Sequence[str | Path]) -> list[Path]:
        """The files as this visitor's own, under their names, in a new folder if they are several.

        They are linked where that can be, not copied.
        """
        folder = self._given / secrets.token_hex(4)
        return [_linked(Path(file), folder / str(n)) for n, file in enumerate(files)]

    def new_folder(self) -> Path:
        """An empty folder for results."""
        folder = self.made / secrets.token_hex(4)
        folder.mkdir(parents=True)
        return folder

    def next_frame(self) -> Path:
        """Where the next picture of a camera is to be written; old ones are removed.

        Each has a name of its own, or a browser would show the old one. A slow browser asks for one
        when others have been painted since.
        """
        folder, now = self.made / "camera", time.monotonic_ns()
        folder.mkdir(parents=True, exist_ok=True)
        for frame in folder.glob("*.jpg"):
            if now - int(frame.stem) > FRAME_SECONDS * 10**9:
                frame.unlink(missing_ok=True)
        return folder / f"{now:020d}.jpg"

    @property
    def networks(self) -> dict[str, Path]:
        """The networks trained here, by name."""
        files = sorted((self.made / "networks").glob(f"*{SUFFIX}"))
        return {file.stem: file for file in files}

    def network_file(self, name: str) -> Path:
        """Where a network of this name is to be written: one of a name that is taken gets a number.

        Raises UserError if no file can have that name.
        """
        stem = name.strip().replace(" ", "_")
        if not stem or not stem.replace("_", "").replace("-", "").isalnum():
            raise UserError(
                f"Got the name '{name}', expected letters, digits, - and _. Choose another."
            )
        folder, number, free = self.made / "networks", 2, stem
        folder.mkdir(parents=True, exist_ok=True)
        while (folder / f"{free}{SUFFIX}").exists():
            free, number = f"{stem}_{number}", number + 1
        return folder / f"{free}{SUFFIX}"

    def forget(self) -> None:
        """Cancels all jobs and removes all files."""
        for job in self._jobs:
            job.cancel()
        for folder in (self._given, self.made):
            shutil.rmtree(folder, ignore_errors=True)


class Visitors:
    """All visitors, by a name that only their browser knows.

    Args:
      root: a folder of the app's own.
      keep_seconds: idle for longer, a visitor is forgotten.

    Attributes:
      made: the folder that is served.
    """

    def __init__(self, root: Path, keep_seconds: float):
        self._given, self.made = root / "given", root / "made"
        for folder in (self._given, self.made):
            folder.mkdir()
        self._keep_seconds = keep_seconds
        self._visitors: dict[str, Visitor] = {}
        self._lock = threading.Lock()

    def named(self, name: str) -> Visitor:
        """The visitor of a name, a new one at the first time."""
        with self._lock:
            visitor = self._visitors.setdefault(name, Visitor(self._given, self.made))
        visitor.seen()
        return visitor

    def forget_idle(self) -> None:
        """Removes the files of those who are gone."""
        with self._lock:
            gone = {
                name: visitor
                for name, visitor in self._visitors.items()
                if visitor.idle_seconds > self._keep_seconds
            }
            for name in gone:
                del self._visitors[name]
        for visitor in gone.values():
            visitor.forget()


def _linked(file: Path, folder: Path) -> Path:
    folder.mkdir(parents=True)
    target = folder / file.name
    try:
        os.link(file, target)
    except OSError:
        shutil.copyfile(file, target)
    return target
