"""The optimizer, from a clone: see restyle/programs/optimize.py."""

import sys

from restyle.programs.optimize import main

if __name__ == "__main__":
    sys.exit(main())
