"""evaluate.py with a network that turns black to white and takes its time."""

import sys
import time

from restyle.paint import painter
from restyle.programs import evaluate


def negative(inputs):
    time.sleep(0.05)
    return 1 - inputs["images"]


if __name__ == "__main__":
    painter.engine_named = lambda *_, **__: negative
    sys.exit(evaluate.main([*sys.argv[1:], "--model=wave"]))
