"""The training, from a clone: see restyle/programs/train.py."""

import sys

from restyle.programs.train import main

if __name__ == "__main__":
    sys.exit(main())
