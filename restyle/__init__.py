"""Neural style transfer: one objective, minimized exactly or by a network trained for it."""

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from restyle.api import (
        UserError,
        load,
        read_image,
        score,
        steps,
        stylize,
        train,
        write_image,
    )

# In a clone `restyle.models` and `restyle.samples` lie beside this package, installed inside it.
_HERE = Path(__file__).resolve().parent
if not (_HERE / "models").is_dir():
    __path__.append(str(_HERE.parent))

__all__ = [
    "UserError",
    "load",
    "read_image",
    "score",
    "steps",
    "stylize",
    "train",
    "write_image",
]


def __getattr__(name: str) -> Any:
    """The names of restyle/api/, which is imported when the first of them is asked for."""
    if name not in __all__:
        raise AttributeError(f"module 'restyle' has no attribute '{name}'")
    return getattr(importlib.import_module("restyle.api"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
