"""Work in a process of its own, done once for each line that the parent writes.

Several workers, asked in turn, are compared on the same noisy machine at nearly the same time, and
and the peak memory of each is its own. Needs nothing but the standard library.
"""

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, TypeVar

Name = TypeVar("Name")

REPOSITORY = Path(__file__).resolve().parents[1]


class Round(NamedTuple):
    """One turn of a worker: its seconds, what the work returned, and the process's peak memory."""

    seconds: float
    value: float
    peak_bytes: int


def serve(work: Callable[[], float]) -> None:
    """Does `work` once for each line of standard input; answers each with a `Round` as JSON."""
    for _ in sys.stdin:
        began = time.perf_counter()
        value = work()
        seconds = time.perf_counter() - began
        peak_bytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        print(json.dumps(Round(seconds, value, peak_bytes)), flush=True)


class Worker:
    """A module of benchmarks/ that runs in another process and calls `serve`."""

    def __init__(self, module: str, arguments: Sequence[str], *, python: str = sys.executable):
        self.process = subprocess.Popen(
            [python, "-m", module, *arguments],
            cwd=REPOSITORY,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def round(self) -> Round:
        """The next turn; RuntimeError if the process ended instead."""
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise RuntimeError(f"No answer from {self.process.args}: run it by itself to see why.")
        return Round(*json.loads(answer))

    def close(self) -> None:
        """Ends the process."""
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait()


def take_turns(workers: Mapping[Name, Worker], rounds: int) -> dict[Name, list[Round]]:
    """All rounds of each worker, A B C A B C; one more than asked for, since the first compiles."""
    taken: dict[Name, list[Round]] = {name: [] for name in workers}
    for _ in range(rounds + 1):
        for name, worker in workers.items():
            taken[name].append(worker.round())
    for worker in workers.values():
        worker.close()
    return taken
