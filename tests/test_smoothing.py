import numpy as np
import picture_files
import pytest

from restyle.paint import flow
from restyle.paint.smoothing import Smoother

RNG = np.random.default_rng(0)


def scenery(height=48, width=64):
    return picture_files.scenery(RNG, (height, width), (6, 2))


def flickering(frame, spread=0.05):
    return frame + RNG.normal(0, spread, frame.shape).astype(np.float32)


def pan(count, step=2):
    """Frames of a camera that pans over one scenery, and versions of them that flicker."""
    wide = scenery(48, 64 + step * count)
    frames = [wide[:, step * index : step * index + 64] for index in range(count)]
    return frames, [flickering(1 - frame) for frame in frames]


def run(smoother, frames, stylized):
    return [smoother(*pair) for pair in zip(frames, stylized, strict=True)]


def test_the_result_is_the_blend_of_the_formula():
    (first, second), stylized = pan(2)
    smoother = Smoother(0.6)
    last, result = run(smoother, (first, second), stylized)

    to_last, back = (flow.optical_flow(second, first), flow.optical_flow(first, second))
    difference = second - flow.warp(first, to_last)
    visible = np.exp(-50 * (difference**2).sum(-1))
    mask = (flow.consistent(to_last, back) * visible)[..., np.newaxis]
    blend = (1 - 0.6 * mask) * stylized[1] + 0.6 * mask * flow.warp(last, to_last)

    assert result.dtype == np.float32
    assert 0.5 < mask.mean() < 1
    np.testing.assert_allclose(result, blend, atol=1e-6)


@pytest.mark.parametrize("amount", [0.5, 0.8])
def test_a_still_scene_keeps_the_stated_share_of_its_flickers_variance(amount):
    frame = scenery()
    results = run(Smoother(amount), [frame] * 30, [flickering(frame) for _ in range(30)])

    variance = np.mean([np.var(result - frame) for result in results[15:]])
    np.testing.assert_allclose(variance / 0.05**2, (1 - amount) / (1 + amount), rtol=0.05)


@pytest.mark.parametrize("amount", [-0.1, 1])
def test_an_amount_that_would_never_settle_is_refused(amount):
    with pytest.raises(ValueError, match=f"amount={amount}"):
        Smoother(amount)


# Where nothing can be carried over.


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (scenery(), scenery()),
        (scenery(), np.zeros((48, 64, 3), np.float32)),
        (np.zeros((48, 64, 3), np.float32), scenery()),
        (np.zeros((48, 64, 3), np.float32), np.ones((48, 64, 3), np.float32)),
        (scenery(), scenery(40, 64)),
    ],
    ids=["another scene", "to black", "from black", "black to white", "another size"],
)
def test_a_cut_leaves_no_trace_of_the_scene_before(before, after):
    smoother = Smoother()
    smoother(before, flickering(before))
    stylized = flickering(after)

    np.testing.assert_array_equal(smoother(after, stylized), stylized)


def test_after_a_cut_the_new_scene_is_smoothed_as_if_it_were_the_first():
    frames, stylized = pan(4)
    smoother, fresh = Smoother(), Smoother()
    smoother(scenery(), scenery())

    np.testing.assert_array_equal(run(smoother, frames, stylized), run(fresh, frames, stylized))


def test_what_stays_is_smoothed_even_if_most_of_the_picture_changes():
    before, after = scenery(), scenery()
    after[:, :28] = before[:, :28]
    smoother = Smoother(0.5)
    smoother(before, before)
    stylized = flickering(after)
    flicker = (smoother(after, stylized) - after)[:, :16] / (stylized - after)[:, :16]

    np.testing.assert_allclose(np.median(flicker), 0.5, atol=0.02)


def test_a_lamp_that_is_switched_on_does_not_fade_in():
    dark = scenery() / 2
    lit = dark.copy()
    lit[10:30, 20:40] += 0.4
    smoother = Smoother()
    smoother(dark, dark)

    np.testing.assert_allclose(smoother(lit, lit)[12:28, 22:38], lit[12:28, 22:38], atol=1e-3)


def test_a_stylized_frame_of_another_size_is_refused():
    with pytest.raises(ValueError, match=r"\(48, 64, 3\).*\(48, 60, 3\)"):
        Smoother()(scenery(), scenery(48, 60))


# Going on after an interruption.


@pytest.mark.parametrize("stop", [0, 1, 4])
def test_a_resumed_video_has_the_same_bits(stop, tmp_path):
    frames, stylized = pan(6)
    whole = run(Smoother(), frames, stylized)
    first = Smoother()
    run(first, frames[:stop], stylized[:stop])
    np.savez(tmp_path / "state.npz", **first.state())

    resumed = Smoother()
    with np.load(tmp_path / "state.npz") as state:
        resumed.restore(state)

    np.testing.assert_array_equal(run(resumed, frames[stop:], stylized[stop:]), whole[stop:])


def test_restoring_forgets_what_was_seen_since():
    frames, stylized = pan(3)
    smoother = Smoother()
    state = smoother.state()
    smoother(frames[0], stylized[0])
    smoother.restore(state)

    np.testing.assert_array_equal(smoother(frames[1], stylized[1]), stylized[1])


def test_the_callers_arrays_may_be_written_to_afterwards():
    frames, stylized = pan(2)
    whole = run(Smoother(), frames, stylized)
    smoother, frame = Smoother(), frames[0].copy()
    result = smoother(frame, stylized[0])
    frame[:], result[:] = 0, 0

    np.testing.assert_array_equal(smoother(frames[1], stylized[1]), whole[1])
