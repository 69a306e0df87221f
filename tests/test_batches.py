import contextlib
import dataclasses

import numpy as np
import pytest
from PIL import Image
from restyle.models.transform_config import TransformConfig
from user_errors import message_of

from restyle.training.batches import NOISE, Batches
from restyle.training.photos import Photos
from restyle.training.settings import TrainConfig

SIDE = 16
CONFIG = TrainConfig(image_size=(SIDE,), batch_size=3, held_out=2, seed=4, temporal_weight=1.0)
SHAPE = TransformConfig(styles=("a", "b", "c"), strength=True, stroke_sizes=tuple(range(16, 66)))
PHOTOS = 9


@pytest.fixture
def folder(tmp_path):
    """Eleven photos, of which two are held out, each of noise and a blue of its own."""
    for index in range(PHOTOS + 2):
        levels = np.random.default_rng(index).integers(0, 256, (SIDE + 5, SIDE + index, 3))
        levels[..., 2] = 20 * index
        Image.fromarray(levels.astype(np.uint8)).save(tmp_path / f"{index}.png")
    return tmp_path


@pytest.fixture
def batches(folder):
    def make(config=CONFIG, shape=SHAPE, rows=None):
        found = Photos(str(folder), SIDE, config.held_out)
        return Batches(found, config, shape, rows or range(config.batch_size))

    return make


def blues(batch):
    return [round(float(255 * image[0, 0, 2])) for image in batch.images]


def assert_equal(batch, other):
    for values, others in zip(batch, other, strict=True):
        np.testing.assert_array_equal(values, others)


def test_every_photo_is_seen_once_in_every_epoch_and_none_that_is_held_out(batches):
    config = dataclasses.replace(CONFIG, batch_size=2)  # Epochs begin within a batch.
    source = batches(config)
    held_out = {20 * int(path.stem) for path in source.photos.held_out}

    seen = [blue for step in range(PHOTOS) for blue in blues(source.at(step, SIDE))]

    epochs = seen[:PHOTOS], seen[PHOTOS:]
    for epoch in epochs:
        assert sorted(epoch) == sorted({20 * i for i in range(PHOTOS + 2)} - held_out)
    assert epochs[0] != epochs[1]


@pytest.mark.parametrize("begin", [0, 3])
def test_wherever_a_stream_begins_it_gives_the_batches_in_the_order_of_the_steps(batches, begin):
    source = batches()

    with contextlib.closing(source.beginning_at(begin, SIDE)) as stream:
        for step, batch in zip(range(begin, 9), stream, strict=False):
            assert_equal(batch, source.at(step, SIDE))


@pytest.mark.parametrize("field", range(6))
def test_all_of_a_batch_hangs_on_seed_and_step(batches, field):
    others = [batches().at(6, SIDE), batches(dataclasses.replace(CONFIG, seed=5)).at(5, SIDE)]
    for other in others:
        assert (np.asarray(other[field]) != batches().at(5, SIDE)[field]).any()


def test_the_rows_of_two_workers_are_together_the_joint_batch(batches):
    joint = batches().at(5, SIDE)
    workers = [batches(rows=rows).at(5, SIDE) for rows in (range(0, 1), range(1, 3))]

    assert [len(worker.images) for worker in workers] == [1, 2]
    whole = {name for name, values in joint._asdict().items() if values.dtype == np.int32}
    assert whole == {"style", "stroke"}
    assert {values.dtype.name for values in joint} == {"int32", "float32"}
    for values, *parts in zip(joint, *workers, strict=True):
        np.testing.assert_array_equal(np.concatenate(parts), values)


def test_what_ends_the_photos_ends_the_stream(batches, folder):
    source = batches()
    for path in folder.iterdir():
        path.unlink()

    assert "no photo left to train on" in message_of(next, source.beginning_at(0, SIDE))


def test_styles_are_drawn_alike_and_two_thirds_of_the_photos_have_full_strength(batches):
    source = batches(dataclasses.replace(CONFIG, batch_size=900))
    style, strength, *_ = source._chance(np.random.default_rng(0), SIDE)

    assert style.dtype == np.int32 and strength.shape == (900, 1)
    np.testing.assert_allclose(np.bincount(style) / 900, [1 / 3] * 3, atol=0.05)
    assert 0 <= strength.min() < 0.01 and strength.max() == 1
    assert np.mean(strength == 1) == pytest.approx(2 / 3, abs=0.05)
    assert np.mean(strength < 0.5) == pytest.approx(1 / 6, abs=0.05)


def test_without_a_dial_all_photos_have_full_strength_and_without_motion_no_noise(batches):
    config = dataclasses.replace(CONFIG, temporal_weight=0.0)
    batch = batches(config, TransformConfig(strength=False)).at(0, SIDE)

    np.testing.assert_array_equal(batch.strength, np.ones((3, 1)))
    np.testing.assert_array_equal(batch.style, np.zeros(3))
    np.testing.assert_array_equal(batch.noise, np.zeros((3, SIDE, SIDE, 3)))
    assert batches().at(0, SIDE).noise.std() == pytest.approx(NOISE, rel=0.1)


@pytest.mark.parametrize("cache", [False, True])
def test_a_smaller_crop_is_of_the_same_photo_in_the_same_style(folder, cache):
    found = Photos(str(folder), SIDE, CONFIG.held_out, cache=cache)
    source = Batches(found, CONFIG, SHAPE, range(CONFIG.batch_size))
    large, small = source.at(2, SIDE), source.at(2, 8)

    assert small.images.shape == small.noise.shape == (3, 8, 8, 3)
    assert blues(small) == blues(large)
    for name in ("style", "strength", "stroke"):
        np.testing.assert_array_equal(getattr(small, name), getattr(large, name))
