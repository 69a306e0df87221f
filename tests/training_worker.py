"""A worker that says how far it is and ends by writing the weights that it came to, to WEIGHTS."""

import os
import sys

import numpy as np

from restyle.programs import train

sessions, session_of = [], train._session


def kept(*args):
    sessions.append(session_of(*args))
    trainer, step = sessions[0].trainer, sessions[0].trainer.step

    def counted(*args):
        result = step(*args)
        print("step", flush=True)
        sys.stdin.readline()
        return result

    trainer.step = counted
    return sessions[0]


train._session = kept
status = train.main()
np.savez(os.environ["WEIGHTS"], **sessions[0].trainer.snapshot())
sys.exit(status)
