"""Two machines of a cluster, as two workers on this one."""

import os
import sys
from pathlib import Path

import numpy as np
import pytest
from painters import negative, stylizer
from PIL import Image
from test_painting_pictures import paint

from restyle.errors import UserError
from restyle.media.folders import jobs
from restyle.media.images import read_image, read_recipe
from restyle.paint.cluster import PART, paint_on_cluster
from restyle.paint.pictures import PaintConfig

RNG = np.random.default_rng(3)


def painter_of_negatives():
    """A stylizer that kills its process when it sees a picture of one row."""

    def engine(inputs):
        if inputs["images"].shape[1] == 1:
            os._exit(1)
        return negative(inputs)

    return stylizer(engine)


def recipe(job):
    return f"painted by {os.getpid()} in {os.getcwd()}"


def save(path, width):
    Image.fromarray(RNG.integers(0, 256, (5, width, 3), dtype=np.uint8)).save(path)


@pytest.fixture(scope="module")
def cluster():
    """Sets RAY_ADDRESS to a cluster of two."""
    pytest.importorskip("ray")
    from ray.cluster_utils import Cluster

    with pytest.MonkeyPatch.context() as patch:
        here = Path(__file__).parent
        patch.setenv("PYTHONPATH", f"{here}{os.pathsep}{here.parent}")
        head = {"num_cpus": 1, "include_dashboard": False}
        cluster = Cluster(initialize_head=True, head_node_args=head)
        cluster.add_node(num_cpus=1)
        patch.setenv("RAY_ADDRESS", cluster.address)
        yield
        cluster.shutdown()


@pytest.fixture
def photos(tmp_path, monkeypatch):
    """A folder "in" of many pictures in the current one."""
    monkeypatch.chdir(tmp_path)
    Path("in").mkdir()
    for number in range(2 * PART + 5):
        save(f"in/{number:02}.png", width=4 + number % 20)
    return Path("in")


def test_two_workers_paint_what_one_program_paints_but_what_a_dying_one_had(cluster, photos):
    save(photos / "99.png", width=77)  # With a long side of 12 it has one row.
    (photos / "00.png").write_text("no picture")
    found = jobs(photos, "cluster")
    broken, whole, last = found[0], found[1 : 2 * PART], found[2 * PART :]

    outcomes = {
        each.job: each
        for each in paint_on_cluster(found, painter_of_negatives, PaintConfig(12), recipe=recipe)
    }

    assert outcomes.keys() == set(found)
    assert "is not a picture" in outcomes.pop(broken).error
    failed = {job: each.error for job, each in outcomes.items() if each.error}
    assert failed.keys() <= set(last)
    assert "'in/99.png' was with a worker that ended: " in failed[last[-1]]
    recipes = {read_recipe(job.target) for job in whole}
    assert len(recipes) == 2 and all(text.endswith(f" in {Path.cwd()}") for text in recipes)
    painted = paint(jobs(photos, "local"), negative, max_size=12)
    for local, job in zip(painted[1:], whole, strict=False):
        assert outcomes[job].size == local.size
        expected = read_image(local.job.target).pixels
        np.testing.assert_array_equal(read_image(job.target).pixels, expected)


def test_without_the_package_the_user_is_told_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(UserError, match="pip install ray"):
        list(paint_on_cluster([], painter_of_negatives, PaintConfig(), recipe=recipe))
