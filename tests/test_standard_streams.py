import io
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from restyle.errors import UserError
from restyle.media.images import read_image
from restyle.media.standard_streams import STREAM, as_files


@pytest.fixture
def standard_input(monkeypatch):
    """Makes bytes the standard input."""

    def standard_input(content):
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(content)))

    return standard_input


def test_paths_of_files_stay_as_they_are(capfdbinary):
    with as_files("in.png", "out.png", ".png") as paths:
        assert paths == ("in.png", "out.png")
    assert capfdbinary.readouterr().out == b""


def test_bytes_go_through_as_they_are_in_files_that_last_as_long_as_they_are_needed(
    standard_input, capfdbinary
):
    content = bytes(range(256)) * 1000
    standard_input(content)

    with as_files(STREAM, STREAM, ".webp") as (source, target):
        assert target.endswith(".webp") and Path(source).read_bytes() == content
        Path(target).write_bytes(content)
    assert capfdbinary.readouterr().out == content
    assert not Path(source).exists() and not Path(target).exists()


def test_without_a_result_nothing_is_written(capfdbinary):
    with as_files("in.png", STREAM, ".png"):
        pass
    with pytest.raises(ZeroDivisionError), as_files("in.png", STREAM, ".png") as (_, target):
        Path(target).write_bytes(b"half of it")
        raise ZeroDivisionError
    assert capfdbinary.readouterr().out == b""


def test_errors_name_the_stream_and_not_the_file_that_stands_for_it(standard_input):
    standard_input(b"no picture")

    with pytest.raises(UserError, match=r"^'standard input' is not a picture"):
        with as_files(STREAM, STREAM, ".png") as (source, _):
            read_image(source)
    standard_input(b"again")
    with pytest.raises(UserError, match="^'standard output' is full"):
        with as_files(STREAM, STREAM, ".png") as (_, target):
            raise UserError(f"'{target}' is full")


@pytest.mark.parametrize("content", [b"", None], ids=["empty", "closed"])
def test_an_empty_standard_input_is_said_to_be_so(standard_input, monkeypatch, content):
    if content is None:
        monkeypatch.setattr(sys, "stdin", None)
    else:
        standard_input(content)
    with pytest.raises(UserError, match="Standard input is empty"):
        with as_files(STREAM, "out.png", ".png"):
            pytest.fail("it went on")
