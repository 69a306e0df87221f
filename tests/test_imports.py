import ast
from pathlib import Path

import pytest
from imported_by import imported_by

ROOT = Path(__file__).resolve().parent.parent
SCRIPTS = tuple(path.stem for path in ROOT.glob("*.py"))
FILES = [
    path.relative_to(ROOT).as_posix()
    for path in ROOT.glob("**/*.py")
    if path.relative_to(ROOT).parts[0] in ("models", "restyle", "benchmarks", path.name)
]

PATHS = ("restyle.exact", "restyle.training", "restyle.paint", "restyle.page")
GRADIO = ("gradio", "restyle.app")
PROGRAMS = ("absl", "restyle.programs", *GRADIO, *SCRIPTS)
EVERYTHING = ("models", *SCRIPTS)

# What files below a path must not import, and what of it they may. The first path that fits counts.
RULES = {
    "models/": (
        ("restyle", "gradio", "absl", "tensorflow", "jax", *EVERYTHING),
        ("restyle.models",),
    ),
    "restyle/media/": (
        ("restyle", "gradio", "absl", "tensorflow", "jax", "keras", *EVERYTHING),
        ("restyle.media", "restyle.errors", "restyle.files"),
    ),
    "restyle/exact/": ((*PATHS, "restyle.engines", *PROGRAMS), ("restyle.exact",)),
    "restyle/training/": ((*PATHS, "restyle.engines", *PROGRAMS), ("restyle.training",)),
    "restyle/paint/": ((*PATHS, *PROGRAMS), ("restyle.paint",)),
    "restyle/page/": ((*PATHS, *PROGRAMS), ("restyle.page",)),
    "restyle/engines/": ((*PATHS, *PROGRAMS), ()),
    "restyle/record/": ((*PATHS, "restyle.engines", *PROGRAMS), ()),
    "restyle/app/__main__.py": (("absl", "gradio", *EVERYTHING), ()),
    "restyle/app/": (("absl", "restyle.programs", *EVERYTHING), ()),
    "restyle/programs/flags.py": (EVERYTHING, ()),
    "restyle/programs/": (("absl", "gradio", *EVERYTHING), ()),
    "restyle/api/": (PROGRAMS, ()),
    "restyle/": ((*PATHS, "restyle.engines", "restyle.record", *PROGRAMS), ()),
    "": (("absl", *GRADIO, *EVERYTHING), ()),
}


def imported(source):
    """All modules that a source names, wherever the import stands; a.b for `from a import b`."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports would escape this test"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def below(module, names):
    return any(f"{module}.".startswith(f"{name}.") for name in names)


def wrong_imports(path, source):
    forbidden, allowed = next(rule for start, rule in RULES.items() if path.startswith(start))
    return [
        module
        for module in imported(source)
        if below(module, forbidden) and not below(module, allowed)
    ]


def test_imports_go_one_way():
    wrong = {path: wrong_imports(path, (ROOT / path).read_text()) for path in FILES}

    assert {path: modules for path, modules in wrong.items() if modules} == {}


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("models/losses.py", "from restyle.errors import UserError"),
        ("models/vgg19.py", "def f():\n    import tensorflow as tf"),
        ("restyle/media/images.py", "import keras.ops"),
        ("restyle/exact/lbfgs.py", "from restyle.training import trainer"),
        ("restyle/training/loop.py", "from restyle.programs.train_record import TrainRecord"),
        ("restyle/paint/stylizer.py", "from absl import flags"),
        ("restyle/engines/export.py", "from restyle.training.trainer import Trainer"),
        ("restyle/page/export.py", "from restyle.paint.stylizer import Look"),
        ("restyle/api/fast.py", "from restyle.programs import command_line"),
        ("restyle/app/jobs.py", "from restyle.programs import command_line"),
        ("restyle/paint/painter.py", "import gradio"),
        ("restyle/color.py", "from restyle.exact.problem import Problem"),
        ("restyle/record/run_folder.py", "from restyle.training.loop import train"),
        ("restyle/programs/train_record.py", "import train_fast"),
        ("benchmarks/worth.py", "import models.losses"),
        ("optimize_style.py", "import optimize_style"),
    ],
)
def test_a_wrong_import_is_seen(path, source):
    assert wrong_imports(path, source)


@pytest.mark.parametrize("program", ["optimize", "train", "evaluate", "app"])
def test_help_starts_no_tensorflow(program):
    status, modules, error = imported_by(f"restyle.programs.{program}", "main", ["--help"])

    assert (status, error) == (0, "")
    assert not {"tensorflow", "keras", "matplotlib", "scipy", "gradio"} & modules
