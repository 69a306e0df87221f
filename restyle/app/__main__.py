"""`python -m restyle.app`: see restyle/programs/app.py."""

import sys

from restyle.programs.app import main

if __name__ == "__main__":
    sys.exit(main())
