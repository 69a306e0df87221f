"""What the programs do, from Python: `import restyle` hands these names out.

Pictures are paths, PIL images or arrays (uint8, or float in [0, 1]); results are (h, w, 3) float32
in [0, 1]. Every setting is a keyword with its flag's name; --help of the programs says what each
means. A mistake that a person can fix is a `UserError`, as are files that cannot be used; a wrong
keyword is a TypeError, a value out of range a ValueError.
"""

from restyle.api.exact import score, scorer, steps, stylize
from restyle.api.fast import load, train
from restyle.api.pictures import read_image, write_image
from restyle.errors import UserError

__all__ = [
    "UserError",
    "load",
    "read_image",
    "score",
    "scorer",
    "steps",
    "stylize",
    "train",
    "write_image",
]
