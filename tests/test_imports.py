import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SCRIPTS = tuple(path.stem for path in ROOT.glob("*.py"))
FILES = [
    path.relative_to(ROOT).as_posix()
    for path in [*ROOT.glob("*.py"), *ROOT.glob("models/**/*.py"), *ROOT.glob("restyle/**/*.py")]
]

# What files below a path must not import. The first path that fits counts.
FORBIDDEN = {
    "models/": ("restyle", "tensorflow", "jax", *SCRIPTS),
    "restyle/media/": (
        *("models", "tensorflow", "jax", "keras", *SCRIPTS),
        *("restyle.exact", "restyle.fast", "restyle.color", "restyle.masks", "restyle.run_folder"),
    ),
    "restyle/exact/": ("restyle.fast", *SCRIPTS),
    "restyle/fast/": ("restyle.exact", *SCRIPTS),
    "restyle/": ("restyle.exact", "restyle.fast", *SCRIPTS),
    "": SCRIPTS,
}


def imported(source):
    """All modules that a source names, wherever the import stands; a.b for `from a import b`."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports would escape this test"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def wrong_imports(path, source):
    forbidden = next(names for start, names in FORBIDDEN.items() if path.startswith(start))
    return [
        module
        for module in imported(source)
        if any(f"{module}.".startswith(f"{name}.") for name in forbidden)
    ]


@pytest.mark.parametrize("path", FILES)
def test_imports_go_one_way(path):
    assert wrong_imports(path, (ROOT / path).read_text()) == []


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("models/losses.py", "from restyle.errors import UserError"),
        ("models/vgg19.py", "def f():\n    import tensorflow as tf"),
        ("restyle/media/images.py", "import keras.ops"),
        ("restyle/media/images.py", "from restyle import masks"),
        ("restyle/exact/lbfgs.py", "from restyle.fast import trainer"),
        ("restyle/fast/trainer.py", "import restyle.exact.lbfgs"),
        ("restyle/fast/session.py", "import train_fast"),
        ("restyle/color.py", "from restyle.exact.problem import Problem"),
        ("restyle/run_folder.py", "from restyle.fast.training_loop import train"),
        ("optimize_style.py", "import optimize_style"),
    ],
)
def test_a_wrong_import_is_seen(path, source):
    assert wrong_imports(path, source)


@pytest.mark.parametrize(
    ("script", "flag"), [("optimize_style", "--content"), ("train_fast", "--train_path")]
)
def test_help_starts_no_tensorflow(script, flag):
    code = (
        f"import sys, {script} as program; from restyle import command_line\n"
        "status = command_line.run(program.main, program.__doc__, ['p', '--help'])\n"
        "heavy = {'tensorflow', 'keras', 'matplotlib', 'scipy'} & set(sys.modules)\n"
        "sys.exit(f'imported {heavy}' if heavy else status)"
    )
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)

    assert (result.returncode, result.stderr) == (0, "")
    assert f"\n  {flag}:" in result.stdout
