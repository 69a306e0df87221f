"""In the place of a library's trial: notes its name and limit in a file, and does as it is told.

  python tests/trial_of_nothing.py LIBRARY FILE answer|die|hang|spin|slow|raise [tiles]

With "tiles" it does so where tiles may be used, and answers elsewhere.
"""

import os
import signal
import sys
import time


def main(library, file, doing, only_with_tiles=""):
    limit = os.environ["ONEDNN_MAX_CPU_ISA"]
    with open(file, "a") as notes:
        print(library, limit, file=notes)
    if only_with_tiles and limit != "DEFAULT":
        return
    if doing == "die":
        os.kill(os.getpid(), signal.SIGILL)
    elif doing == "hang":
        time.sleep(60)
    elif doing == "spin":
        while True:
            pass
    elif doing == "slow":
        for _ in range(15):
            compute(0.01)
            time.sleep(0.1)
    elif doing == "raise":
        raise ImportError("not for this machine")


def compute(seconds):
    """Takes so many seconds of the processor."""
    began = time.process_time()
    while time.process_time() < began + seconds:
        pass


if __name__ == "__main__":
    main(*sys.argv[1:])
