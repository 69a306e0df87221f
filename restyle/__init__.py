"""Neural style transfer: one objective, minimized exactly or by a network trained for it."""

from pathlib import Path

# In a clone `restyle.models` and `restyle.samples` lie beside this package, installed inside it.
_HERE = Path(__file__).resolve().parent
if not (_HERE / "models").is_dir():
    __path__.append(str(_HERE.parent))
