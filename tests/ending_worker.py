"""A worker that lives, dies in its second turn, or fails: python -m tests.ending_worker dies."""

import os
import signal
import sys

from benchmarks.worker import serve

turns = []


def work():
    turns.append(7.0)
    if sys.argv[1] == "dies" and len(turns) == 2:
        os.kill(os.getpid(), signal.SIGILL)
    return turns[-1]


if __name__ == "__main__":
    if sys.argv[1] == "fails":
        sys.exit("error: no such thing")
    serve(work)
