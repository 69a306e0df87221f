"""What a person can fix: the scripts print it as one line and exit with status 1."""

import importlib.util

MODULES = {"opencv-python": "cv2", "opencv-python-headless": "cv2"}


class UserError(Exception):
    """A mistake of the user's: what was got, what was expected, and what to do about it."""


def check_installed(what: str, *packages: str) -> None:
    """Raises UserError, with the command that helps, unless all packages are here.

    what: needs them, the beginning of the sentence. packages: by their names for pip.
    """
    modules = {name: MODULES.get(name, name.replace("-", "_")) for name in packages}
    missing = [name for name in packages if importlib.util.find_spec(modules[name]) is None]
    if missing:
        raise UserError(
            f"{what} needs {' and '.join(missing)}, which is not installed. Run "
            f"pip install {' '.join(missing)}"
        )
