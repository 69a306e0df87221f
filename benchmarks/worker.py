"""Work in a process of its own, done once for each line that the parent writes.

Several workers, asked in turn, are compared on the same noisy machine at nearly the same time, and
the peak memory of each is its own. Needs nothing but the standard library.
"""

import contextlib
import json
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, TypeVar

Name = TypeVar("Name", str, tuple[str, str])

REPOSITORY = Path(__file__).resolve().parents[1]


class Round(NamedTuple):
    """One turn of a worker.

    Attributes:
      seconds: on the clock.
      processor_seconds: of all cores, which other work on the machine hardly changes.
      value: what the work returned.
      peak_bytes: of the process so far.
    """

    seconds: float
    processor_seconds: float
    value: float
    peak_bytes: int


def serve(work: Callable[[], float]) -> None:
    """Does `work` once for each line of standard input; answers each with a `Round` as JSON."""
    for _ in sys.stdin:
        began, used = time.perf_counter(), time.process_time()
        value = work()
        seconds, used = time.perf_counter() - began, time.process_time() - used
        peak_bytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        print(json.dumps(Round(seconds, used, value, peak_bytes)), flush=True)


class WorkerEnded(RuntimeError):
    """A worker's process ended instead of doing its work; the message says how."""


class Worker:
    """A module of benchmarks/ that runs in another process and calls `serve`."""

    def __init__(self, module: str, arguments: Sequence[str], *, python: str = sys.executable):
        self.errors = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(
            [python, "-m", module, *arguments],
            cwd=REPOSITORY,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            text=True,
        )

    def round(self) -> Round:
        """The next turn; WorkerEnded if there is none."""
        assert self.process.stdin and self.process.stdout
        with contextlib.suppress(BrokenPipeError):
            print(file=self.process.stdin, flush=True)
        answer = self.process.stdout.readline()
        if not answer:
            raise WorkerEnded(self._end())
        return Round(*json.loads(answer))

    def _end(self) -> str:
        status = self.process.wait()
        self.errors.seek(0)
        said = self.errors.read().splitlines()[-1:]
        how = signal.strsignal(-status) if status < 0 else f"exit status {status}"
        return ". ".join([f"it ended by itself ({how})", *said])

    def close(self) -> None:
        """Ends the process."""
        assert self.process.stdin
        with self.errors, self.process, contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()


def turn_of(name: str, worker: Worker) -> Round | None:
    """The worker's next turn; None, and a note, if it has ended."""
    try:
        return worker.round()
    except WorkerEnded as error:
        print(f"note: {name} is left out: {error}", file=sys.stderr)
        return None


def take_turns(workers: Mapping[Name, Worker], rounds: int) -> dict[Name, list[Round]]:
    """All rounds of each worker, A B C A B C; one more than asked for, since the first compiles.

    A worker that ends on the way is noted, and left out of the result.
    """
    taken: dict[Name, list[Round]] = {name: [] for name in workers}
    for _ in range(rounds + 1):
        for name in list(taken):
            label = name if isinstance(name, str) else " ".join(name)
            turn = turn_of(label, workers[name])
            if turn is None:
                del taken[name]
            else:
                taken[name].append(turn)
    for worker in workers.values():
        worker.close()
    return taken
