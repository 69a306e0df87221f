"""train_fast.py ended as the system would end it, in the midst of writing its second state."""

import os
import signal
import sys

import numpy as np

from restyle.programs import train

savez, calls = np.savez, []


def dying(file, **arrays):
    calls.append(file)
    if len(calls) == 2:
        file.write(b"half of a state")
        os.kill(os.getpid(), signal.SIGKILL)
    savez(file, **arrays)


np.savez = dying
sys.exit(train.main())
