import hashlib
import importlib.metadata
import json
import platform

import numpy as np

from restyle.record.recipe import file_sha256, recipe_text, versions


def recipe(**changes):
    parts = {
        "inputs": {"photo.jpg": "ab12"},
        "weights": {"source": "keras.applications", "sha256": "cd34"},
        "terms": {"before saving": {"objective": 0.25}, "saved": {"objective": 0.3}},
    }
    return recipe_text("optimize_style.py", {"size": 48, "style": ["a.png"]}, **parts | changes)


def test_a_recipe_holds_all_that_it_was_given():
    content = json.loads(recipe())

    assert content.pop("versions") == versions()
    assert content == {
        "program": "optimize_style.py",
        "settings": {"size": 48, "style": ["a.png"]},
        "inputs": {"photo.jpg": "ab12"},
        "weights": {"source": "keras.applications", "sha256": "cd34"},
        "terms": {"before saving": {"objective": 0.25}, "saved": {"objective": 0.3}},
    }


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
