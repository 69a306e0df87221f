"""In the place of a library's trial: notes its name and limit in a file, and does as it is told.

  python tests/trial_of_nothing.py LIBRARY FILE answer|die|hang|raise [tiles]

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
    elif doing == "raise":
        raise ImportError("not for this machine")


if __name__ == "__main__":
    main(*sys.argv[1:])
