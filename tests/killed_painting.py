"""Paints a folder as it is, into another one: python tests/killed_painting.py IN OUT"""

import sys

from test_painting_pictures import paint

from restyle.media.folders import jobs

if __name__ == "__main__":
    paint(jobs(*sys.argv[1:]))
