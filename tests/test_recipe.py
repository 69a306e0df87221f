import hashlib
import importlib.metadata
import platform
import shutil
import subprocess

import numpy as np
import pytest

from restyle.record import recipe as recipes
from restyle.record.recipe import file_sha256, versions

commit = recipes.commit.__wrapped__  # Whatever was said before.


def test_the_sha256_is_that_of_the_bytes(tmp_path):
    path = tmp_path / "photo.jpg"
    path.write_bytes(b"abc")  # The example of FIPS 180-2.

    assert file_sha256(str(path)).startswith("ba7816bf8f01cfea414140de5dae2223")
    path.write_bytes(b"abd")
    assert file_sha256(str(path)) == hashlib.sha256(b"abd").hexdigest()


def test_versions_are_those_that_are_installed():
    found = versions()

    assert found["python"] == platform.python_version()
    assert found["numpy"] == np.__version__
    assert found["keras"] == importlib.metadata.version("keras")


def test_a_package_under_another_name_does_not_cost_the_picture(monkeypatch):
    monkeypatch.setattr("restyle.record.recipe.PACKAGES", ("numpy", "tensorflow-by-another-name"))

    assert versions()["tensorflow-by-another-name"] == "unknown"
    assert versions()["numpy"] == np.__version__


def git(folder, *arguments):
    author = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
    command = ["git", "-C", folder, *author, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def clone(tmp_path):
    """A repository like restyle's, with two commits and a tag."""
    if not shutil.which("git"):
        pytest.skip("there is no git here")
    folder = tmp_path / "clone"
    (folder / "models").mkdir(parents=True)
    git(folder, "init", "-q")
    for text in ("one", "two"):
        (folder / "models" / "losses.py").write_text(text)
        git(folder, "add", "models")
        git(folder, "commit", "-q", "-m", text)
    git(folder, "tag", "-a", "v1", "-m", "a name is no commit")
    return folder


def test_a_clone_is_named_by_its_commit_and_marked_where_its_files_differ(clone, monkeypatch):
    head = git(clone, "rev-parse", "HEAD")[:12]
    git(clone, "clone", "-q", "--depth=1", f"file://{clone}", clone / "shallow")
    monkeypatch.setattr(recipes, "CLONE", clone)
    monkeypatch.setenv("GIT_DIR", "that of a hook of another repository")

    assert versions()["restyle"] == commit(clone / "shallow") == head
    (clone / "models" / "losses.py").write_text("three")
    assert commit(clone) == f"{head}+"
    assert versions()["restyle"] == head, "what is running is what was there when it was first said"


def test_where_no_commit_can_be_told_none_is(clone, monkeypatch):
    (clone / "installed" / "models").mkdir(parents=True)
    assert commit(clone / "installed") == ""
    with monkeypatch.context() as patch:
        patch.setenv("PATH", "without git")
        assert commit(clone) == ""
    (clone / "models").rename(clone / "models of another program")
    assert commit(clone) == ""
    (clone / "models of another program").rename(clone / "models")
    shutil.rmtree(clone / ".git" / "objects")
    assert commit(clone) == ""

    monkeypatch.setattr(recipes, "CLONE", clone)
    assert "restyle" not in versions() and "numpy" in versions()
