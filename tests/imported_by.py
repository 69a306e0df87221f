"""What a call imports, in a process of its own.

  python tests/imported_by.py MODULE FUNCTION ARGUMENTS

imports the module, calls the function with the arguments, a list in JSON, and prints what it
returned and the modules that are imported then, in JSON. Without a function it imports only.
"""

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def imported_by(module, function="", *arguments):
    """What a function returns, the modules imported by then, and what is on standard error."""
    done = subprocess.run(
        [sys.executable, __file__, module, function, json.dumps(arguments, default=str)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    returned, modules = json.loads(done.stdout.splitlines()[-1])
    return returned, set(modules), done.stderr


def main(module, function, arguments):
    imported, returned = importlib.import_module(module), None
    if function:
        returned = getattr(imported, function)(*json.loads(arguments))
    # None stands for a module that is kept from being imported.
    print(json.dumps([returned, [name for name, each in sys.modules.items() if each]]))


if __name__ == "__main__":
    main(*sys.argv[1:])
