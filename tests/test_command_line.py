import dataclasses
import logging
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from restyle.models.settings import setting

from restyle.errors import UserError
from restyle.exact.settings import OptimizeConfig, PictureObjective
from restyle.machine.tensorflow_start import quiet_start
from restyle.media.images import WRITABLE
from restyle.programs import command_line, optimize
from restyle.programs.flags import Flags, fields_of
from restyle.programs.optimize_settings import FLAGS as OPTIMIZE_FLAGS

ROOT = Path(__file__).resolve().parent.parent
OWN = [field for fields in OPTIMIZE_FLAGS.groups.values() for field in fields]


@dataclasses.dataclass(frozen=True)
class Greeting:
    run_count: int = setting(3, "How often.")
    name: tuple[str, ...] = setting((), "Whom.", repeated=True)
    share: tuple[float, ...] = setting((0.5,), "How much.")
    tone: str = setting("kind", "How.", choices=("kind", "curt"))
    secret: int = 7


FLAGS = Flags({"Group": fields_of(Greeting)}, {"times": "run_count"})


def run(*arguments, main=lambda given: None):
    return command_line.run_program(main, FLAGS, "What it is for.", arguments)


def given(*arguments):
    found = []
    assert run(*arguments, main=found.append) == 0
    return found[0]


@pytest.mark.parametrize("flag", ["--help", "-h", "--h"])
def test_help_is_asked_for_in_three_ways_and_runs_nothing(flag, capsys):
    assert run(flag, "--run_count=2", main=lambda given: pytest.fail("it ran")) == 0
    assert capsys.readouterr().out == (
        "What it is for.\n"
        "\n"
        "Group:\n"
        "  --run_count: How often. Default: 3.\n"
        "  --name (may be given several times): Whom.\n"
        "  --share: How much. Default: 0.5.\n"
        "  --tone: <kind|curt>: How. Default: kind.\n"
        "\n"
        "Names from other programs:\n"
        "  --times: Alias for --run_count. Default: 3.\n"
    )


@pytest.fixture(scope="module")
def help_text():
    return (optimize.__doc__ or "") + OPTIMIZE_FLAGS.help()


def test_help_shows_an_example_before_the_flags(help_text):
    example = "python optimize_style.py --content photo.jpg --style painting.jpg --output out.png"
    assert 0 < help_text.index(example) < help_text.index("\nPictures:\n")


def test_help_names_every_flag_once(help_text):
    listed = [line.split()[0] for line in help_text.splitlines() if line.startswith("  --")]
    assert sorted(name.strip("-:") for name in listed) == sorted(field.name for field in OWN)


@pytest.mark.parametrize("defaults", [PictureObjective(), OptimizeConfig()])
def test_defaults_in_help_are_those_of_the_dataclasses(help_text, defaults):
    paragraphs = [" ".join(text.split()) for text in help_text.split("\n  --")]
    for field in dataclasses.fields(defaults):
        value = field.default
        if field.name == "formula" or value == ():  # Set by --preset; nothing to show.
            continue
        shown = ",".join(value) if isinstance(value, tuple) else str(value)
        told = [text for text in paragraphs if text.startswith(f"{field.name}:")]
        assert f"Default: {shown}." in told[0]


def test_defaults_in_the_readme_are_those_of_the_dataclasses():
    stated = re.findall(r"`--(\w+) \S+` \(default (\S+)\)", (ROOT / "README.md").read_text())

    assert {name: float(value) for name, value in stated}.items() <= vars(
        PictureObjective()
    ).items()
    assert len(stated) > 1


def test_help_names_only_formats_that_can_be_written(help_text):
    paragraph = help_text.split("\n  --output:")[1].split("\n  --")[0]
    named = {word.strip(",.:") for word in paragraph.split() if word.startswith(".")}
    assert {f".{word.lstrip('.')}" for word in named} <= set(WRITABLE)
    assert len(named) >= 5


@pytest.mark.parametrize("argument", ["--run-count=7", "--run_count=7"])
def test_a_flag_is_written_with_hyphens_or_underscores(argument):
    values = given(argument, "--name=a-b", "--name", "c-d")  # Values stay as they are.
    assert values == {"run_count": 7, "name": ("a-b", "c-d")}


def test_what_is_given_has_the_type_of_its_field_and_nothing_else_is_there():
    assert given("--name=a", "--run_count=7") and given("--name=b") == {"name": ("b",)}
    assert given() == {}
    assert given("--share=1,2.5") == {"share": (1.0, 2.5)}
    assert given("--share=") == {"share": ()}
    assert given("--times=2", "--run_count=4") == {"run_count": 4}


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--run_cuont=2"], "run_cuont"),
        (["--run_count=two"], "two"),
        (["--share=1,much"], "expected numbers"),
        (["--tone=loud"], "kind|curt"),
        (["--secret=8"], "secret"),
        (["--run_count"], "run_count"),
        (["photo.jpg"], "photo.jpg"),
        (["--run_count=2", "--", "photo.jpg"], "photo.jpg"),
    ],
)
def test_wrong_flags_are_one_line_and_status_2(arguments, named, capsys):
    status = run(*arguments, main=lambda given: pytest.fail("it ran"))

    out, err = capsys.readouterr()
    assert (status, out) == (2, "")
    assert err.startswith("error: ") and err.count("\n") == 1
    assert named in err


def test_the_status_is_that_of_the_program():
    assert run() == 0
    assert run(main=lambda given: 130) == 130


def test_a_users_mistake_is_one_line_and_status_1(capsys):
    def main(given):
        raise UserError("No image at\n  'gone.jpg'.")

    assert run(main=main) == 1
    assert capsys.readouterr() == ("", "error: No image at 'gone.jpg'.\n")


def test_our_own_mistake_keeps_its_traceback():
    def main(given):
        raise ValueError("ours")

    with pytest.raises(ValueError, match="ours"):
        run(main=main)


def test_ctrl_c_before_a_loop_listens_is_no_traceback(capsys):
    def main(given):
        raise KeyboardInterrupt

    assert run(main=main) == 130
    assert capsys.readouterr().err == "error: Interrupted.\n"


# A reader that goes away, as head does, and a disk that is full. The pipes are real ones.

PROGRAM = "tests/talking_program.py"
LINES, PICTURE, NOTE = ([PROGRAM, what] for what in ("lines", "picture", "note"))


def status_and_rest(arguments, *, stream="stdout", to, unbuffered=""):
    """The status of a process of which one stream goes elsewhere, and its other stream."""
    other = {"stdout": "stderr", "stderr": "stdout"}[stream]
    result = subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": unbuffered},
        **{stream: to, other: subprocess.PIPE},
    )
    return result.returncode, getattr(result, other)


@pytest.fixture
def left_pipe():
    """A pipe whose reader is gone."""
    reading, writing = os.pipe()
    os.close(reading)
    yield writing
    os.close(writing)


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize(
    "arguments",
    [
        *(["optimize_style.py", "--help"], ["evaluate.py", "--show_recipe=starry_night"]),
        *(LINES, PICTURE),
    ],
    ids=["help", "recipe", "lines", "picture"],
)
def test_a_program_whose_output_is_not_read_ends_without_a_word(left_pipe, arguments, unbuffered):
    ended = status_and_rest(arguments, to=left_pipe, unbuffered=unbuffered)
    assert ended == (command_line.NOT_READ, b"")


@pytest.mark.parametrize("arguments", [["evaluate.py", "--modle=x"], NOTE], ids=["flag", "note"])
def test_so_does_one_whose_errors_are_not_read(left_pipe, arguments):
    ended = status_and_rest(arguments, stream="stderr", to=left_pipe)
    assert ended == (command_line.NOT_READ, b"")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="only Linux has such a device")
@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("arguments", [LINES, PICTURE], ids=["lines", "picture"])
def test_a_full_disk_is_one_line(arguments, unbuffered):
    with open("/dev/full", "wb") as full:
        status, error = status_and_rest(arguments, to=full, unbuffered=unbuffered)

    assert status == 1
    assert error.startswith(b"error: Nothing more can be written") and error.count(b"\n") == 1


def test_a_quiet_start_swallows_what_is_printed_below_python_and_nothing_after(capfd):
    with quiet_start():
        os.write(2, b"greetings\n")
    os.write(2, b"news\n")

    assert capfd.readouterr().err == "news\n"


def test_what_is_noted_in_a_quiet_start_is_told_in_the_end(capfd):
    with quiet_start():
        logging.getLogger("restyle.engines.engines").warning("no %s", "luck")
        assert capfd.readouterr().err == ""

    assert capfd.readouterr().err == "note: no luck\n"


def test_python_computes_within_a_compiled_function_on_one_core_too():
    program = """
from restyle.machine.tensorflow_start import quiet_start
with quiet_start():
    import tensorflow as tf
inner = tf.function(lambda x: x + 1)
outer = tf.function(lambda x: tf.numpy_function(lambda y: inner(y).numpy(), [x], tf.float32))
print(outer(tf.constant(1.0)).numpy())
"""
    one_thread = {**os.environ, "TF_NUM_INTEROP_THREADS": "1", "PYTHONPATH": str(ROOT)}

    done = subprocess.run(
        [sys.executable, "-c", program], env=one_thread, timeout=120, stdout=subprocess.PIPE
    )

    assert done.stdout == b"2.0\n"


def test_an_error_in_a_quiet_start_is_raised_and_heard(capfd):
    with pytest.raises(ImportError, match="broken"), quiet_start():
        raise ImportError("broken")
    os.write(2, b"news\n")

    assert capfd.readouterr().err == "news\n"
