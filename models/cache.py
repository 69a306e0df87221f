"""Where restyle keeps what was fetched or made once."""

import os
from pathlib import Path


def cache_home() -> Path:
    """The folder restyle/ in Keras' own: in $KERAS_HOME, or ~/.keras."""
    return Path(os.environ.get("KERAS_HOME") or "~/.keras").expanduser() / "restyle"
