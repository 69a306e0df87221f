"""The program that paints in one pass, from a clone: see restyle/programs/evaluate.py."""

import sys

from restyle.programs.evaluate import main

if __name__ == "__main__":
    sys.exit(main())
