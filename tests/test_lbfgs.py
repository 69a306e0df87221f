"""L-BFGS takes the steps of the book, downhill only and inside the box."""

import numpy as np
import pytest
import scipy.optimize
import tensorflow as tf
from full_disk import files_limited_to
from user_errors import message_of

from restyle.exact.lbfgs import LBFGS
from restyle.exact.pairs import PairFiles, PairsInFiles, PairsInMemory
from restyle.measure import Measured

SHAPE = (1, 2, 2, 3)
SIZE = 12
KEEPINGS = ("memory", "half", "disk")


def pairs(keeping, history, folder):
    if keeping == "disk":
        return PairsInFiles(history, SIZE, PairFiles(folder))
    return PairsInMemory(history, SIZE, "float32" if keeping == "memory" else "bfloat16")


def image_of(values):
    return tf.constant(np.reshape(np.broadcast_to(values, SIZE), SHAPE), tf.float32)


def hessian(seed=0, condition=30.0):
    rng = np.random.default_rng(seed)
    basis = np.linalg.qr(rng.normal(size=(SIZE, SIZE)))[0]
    return basis * np.geomspace(1, condition, SIZE) @ basis.T


def by_gradient(function):
    """The evaluation of a scalar function of an image, itself the only term."""

    def evaluate(image):
        with tf.GradientTape() as tape:
            tape.watch(image)
            value = function(tf.reshape(image, [-1]))
        return Measured(value, tape.gradient(value, image), value[tf.newaxis])

    return evaluate


def quadratic(matrix, lowest):
    matrix = tf.constant(matrix, tf.float32)
    lowest = tf.constant(np.broadcast_to(lowest, SIZE), tf.float32)

    def function(values):
        away = values - lowest
        return 0.5 * tf.tensordot(away, tf.linalg.matvec(matrix, away), 1)

    return by_gradient(function)


def rosenbrock(values):
    stretched = 3.0 * values - 1.5
    left, right = stretched[:-1], stretched[1:]
    return tf.reduce_sum(100.0 * (right - left**2) ** 2 + (1.0 - left) ** 2)


def walk(optimizer, steps):
    """Images, gradients, values and evaluations from the start to the last of `steps`."""
    visited = []
    for index in range(steps + 1):
        if index:
            optimizer.step()
        names = ("image", "gradient", "value", "evaluations")
        visited.append([getattr(optimizer, name).numpy() for name in names])
    images, gradients, values, evaluations = zip(*visited, strict=True)
    flat = [np.reshape(arrays, (steps + 1, SIZE)).astype(float) for arrays in (images, gradients)]
    return (*flat, np.array(values), np.array(evaluations))


def dense_inverse_hessian(moves, turns):
    """Nocedal and Wright (2006), eq. 7.16 from eq. 7.20's multiple of the identity."""
    estimate = moves[-1] @ turns[-1] / (turns[-1] @ turns[-1]) * np.eye(SIZE)
    for move, turn in zip(moves, turns, strict=True):
        rho = 1 / (move @ turn)
        side = np.eye(SIZE) - rho * np.outer(turn, move)
        estimate = side.T @ estimate @ side + rho * np.outer(move, move)
    return estimate


@pytest.mark.parametrize("history", [1, 3, 20])
def test_a_step_is_the_dense_inverse_hessian_of_the_last_pairs_times_the_gradient(history):
    optimizer = LBFGS(
        quadratic(hessian(), 0.5), image_of(np.linspace(0.35, 0.6, SIZE)), history=history
    )
    images, gradients, _, evaluations = walk(optimizer, 9)
    moves, turns = np.diff(images, axis=0), np.diff(gradients, axis=0)

    full_steps = 0
    for step in range(1, 9):
        if evaluations[step + 1] - evaluations[step] > 1:
            continue  # The step was shortened.
        full_steps += 1
        recent = slice(max(0, step - history), step)
        expected = -dense_inverse_hessian(moves[recent], turns[recent]) @ gradients[step]
        error = np.linalg.norm(moves[step] - expected)
        assert error < 2e-3 * np.linalg.norm(expected) + 1e-6
    assert full_steps >= 4


def test_the_first_step_is_down_the_gradient():
    start = np.linspace(0.35, 0.6, SIZE)
    images, gradients, _, evaluations = walk(LBFGS(quadratic(hessian(), 0.5), image_of(start)), 1)

    move = images[1] - images[0]
    assert evaluations[1] == 2
    np.testing.assert_allclose(np.abs(move).max(), 0.05, rtol=1e-4)
    cosine = -move @ gradients[0] / np.linalg.norm(move) / np.linalg.norm(gradients[0])
    assert cosine == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("seed", range(2))
def test_the_minimum_in_the_box_is_that_of_scipy(seed):
    matrix = hessian(seed)
    lowest = np.random.default_rng(seed).uniform(-0.7, 1.7, SIZE)
    expected = scipy.optimize.minimize(
        lambda values: 0.5 * (values - lowest) @ matrix @ (values - lowest),
        np.full(SIZE, 0.5),
        jac=lambda values: matrix @ (values - lowest),
        method="L-BFGS-B",
        bounds=[(0, 1)] * SIZE,
    )
    assert np.sum((expected.x == 0) | (expected.x == 1)) >= 3

    optimizer = LBFGS(quadratic(matrix, lowest), image_of(0.5))
    walk(optimizer, 80)

    np.testing.assert_allclose(np.ravel(optimizer.image), expected.x, atol=2e-3)
    assert float(optimizer.value) == pytest.approx(expected.fun, rel=1e-5)


def test_the_value_never_rises_and_ends_at_the_minimum_of_a_curved_valley():
    optimizer = LBFGS(by_gradient(rosenbrock), image_of(0.2), history=5)

    images, _, values, _ = walk(optimizer, 200)

    assert np.all(np.diff(values) <= 0)
    assert values[0] > 50
    np.testing.assert_allclose(images[-1], 2.5 / 3, atol=1e-2)


def test_no_image_leaves_the_box():
    evaluated = []

    def evaluate(image):
        tf.py_function(lambda values: evaluated.append(values.numpy()), [image], [])
        return quadratic(hessian(), np.linspace(-3, 4, SIZE))(image)

    images = walk(LBFGS(evaluate, image_of(0.5)), 30)[0]

    assert len(evaluated) > 30
    assert np.min(evaluated) == 0 and np.max(evaluated) == 1
    assert np.min(images) == 0 and np.max(images) == 1


def test_an_image_whose_value_is_not_finite_is_never_kept():
    matrix = hessian()

    def function(values):
        away = tf.linalg.matvec(tf.constant(matrix, tf.float32), values - 0.9)
        value = tf.reduce_sum((values - 0.9) * away)
        return tf.where(tf.reduce_max(values) > 0.6, float("nan"), value)

    images, gradients, values, evaluations = walk(LBFGS(by_gradient(function), image_of(0.3)), 25)

    assert evaluations[-1] > 26  # It was tried.
    assert np.all(np.isfinite(values)) and np.all(np.isfinite(gradients))
    assert np.max(images) <= 0.6
    assert values[-1] < 0.5 * values[0]


def test_a_step_that_lowers_the_value_by_next_to_nothing_is_shortened():
    def function(values):  # A slope of 12, but far away the value is nearly that of the start.
        far = tf.reduce_max(tf.abs(values - 0.5)) > 0.03
        return tf.where(far, 6.0 - 1e-5, tf.reduce_sum(values))

    optimizer = LBFGS(by_gradient(function), image_of(0.5))
    optimizer.step()

    np.testing.assert_allclose(optimizer.image, 0.475, atol=1e-3)


def test_what_is_reported_is_what_was_measured_at_the_image():
    evaluate = quadratic(hessian(), 0.7)
    optimizer = LBFGS(evaluate, image_of(0.4))

    for _ in range(4):
        optimizer.step()
        measured = evaluate(optimizer.image.value())
        np.testing.assert_allclose(optimizer.value, measured.value, rtol=1e-5)
        np.testing.assert_allclose(optimizer.gradient, measured.gradient, rtol=1e-3, atol=1e-5)
        np.testing.assert_allclose(optimizer.terms, measured.terms, rtol=1e-5)


@pytest.mark.parametrize("lowest", [0.5, 2.0])
def test_it_stalls_at_a_minimum_inside_or_on_the_bound(lowest):
    start = image_of(min(lowest, 1.0))
    optimizer = LBFGS(quadratic(np.eye(SIZE), lowest), start)

    optimizer.step()

    assert optimizer.stalled
    np.testing.assert_array_equal(optimizer.image, start)


def test_a_memory_that_leads_uphill_is_dropped():
    optimizer = LBFGS(quadratic(hessian(), 0.5), image_of(np.linspace(0.35, 0.6, SIZE)))
    before = walk(optimizer, 4)[2][-1]
    optimizer.curvatures.assign(-optimizer.curvatures)

    optimizer.step()

    assert optimizer.value < before
    assert len(optimizer.remembered) == 1


@pytest.mark.parametrize("mends", [True, False])
def test_where_a_direction_fails_the_gradient_is_tried_before_it_stalls(mends):
    broken = tf.Variable(False)
    whole = quadratic(hessian(), 0.5)

    def evaluate(image):
        measured = whole(image)
        return measured._replace(value=tf.where(broken, float("nan"), measured.value))

    optimizer = LBFGS(evaluate, image_of(np.linspace(0.35, 0.6, SIZE)))
    images, _, values, evaluations = walk(optimizer, 3)
    broken.assign(True)
    optimizer.step()

    assert not optimizer.stalled
    assert optimizer.evaluations == evaluations[-1] + 12
    np.testing.assert_array_equal(np.ravel(optimizer.image), images[-1].astype(np.float32))
    if mends:
        broken.assign(False)
    optimizer.step()
    assert bool(optimizer.stalled) != mends
    assert bool(optimizer.value < values[-1]) == mends


@pytest.mark.parametrize("history", [2, 20])
@pytest.mark.parametrize("keeping", KEEPINGS)
def test_one_that_is_given_the_state_of_another_goes_on_as_it_would(history, keeping, tmp_path):
    evaluate = by_gradient(rosenbrock)
    first = LBFGS(evaluate, image_of(0.2), pairs=pairs(keeping, history, tmp_path / "first"))
    walk(first, 5)
    second = LBFGS(evaluate, image_of(0.9), pairs=pairs(keeping, history, tmp_path / "second"))
    for name, variable in second.variables.items():
        variable.assign(first.variables[name])
    for number in first.remembered:
        second.pairs.restore(number, first.pairs.arrays(number))

    for _ in range(5):
        first.step()
        second.step()
        for name, variable in second.variables.items():
            np.testing.assert_array_equal(variable, first.variables[name])


@pytest.mark.parametrize("keeping", KEEPINGS)
def test_a_curvature_is_that_of_the_pair_as_it_is_kept(keeping, tmp_path):
    optimizer = LBFGS(by_gradient(rosenbrock), image_of(0.2), pairs=pairs(keeping, 9, tmp_path))
    walk(optimizer, 5)

    kept, numbers = optimizer.pairs, map(tf.constant, optimizer.remembered)
    dots = [np.dot(kept.move(number), kept.turn(number)) for number in numbers]
    np.testing.assert_allclose(optimizer.curvatures[:5], dots, rtol=1e-5)


def test_pairs_in_files_are_those_in_memory_of_the_same_precision(tmp_path):
    optimizers = [
        LBFGS(by_gradient(rosenbrock), image_of(0.2), pairs=pairs(keeping, 3, tmp_path / "kept"))
        for keeping in ("half", "disk")
    ]

    in_memory, in_files = (walk(optimizer, 8) for optimizer in optimizers)

    for ours, theirs in zip(in_memory, in_files, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    numbers = {int(path.stem.split("_")[1]) for path in (tmp_path / "kept").iterdir()}
    assert numbers == {3, 4, 5, 6, 7}  # Those of three states, the last of which is not saved yet.


def test_what_is_saved_of_pairs_is_what_two_states_need(tmp_path):
    optimizer = LBFGS(by_gradient(rosenbrock), image_of(0.2), history=2)
    before, here = PairFiles(tmp_path / "0"), PairFiles(tmp_path / "1")
    before.write(0, (np.ones(3), np.ones(3)))
    for made in range(1, 6):
        walk(optimizer, 1)
        here.save(optimizer.pairs, optimizer.remembered)

        assert int(optimizer.made) == made
        kept = {int(path.stem.split("_")[1]) for path in here.folder.iterdir()}
        assert kept == set(range(max(0, made - 3), made))
        assert before.folder.exists() == (made < 3)
    for number in optimizer.remembered:
        for saved, own in zip(here.read(number), optimizer.pairs.arrays(number), strict=True):
            np.testing.assert_array_equal(saved, own)


@pytest.mark.parametrize("damage", [lambda path: path.unlink(), lambda path: path.write_bytes(b"")])
def test_a_pair_that_is_missing_or_broken_is_named(tmp_path, damage):
    files = PairFiles(tmp_path)
    files.write(3, (np.ones(4), np.ones(4)))
    damage(tmp_path / "turn_00003.npy")

    assert "turn_00003.npy', which the state of this run needs" in message_of(files.read, 3)


def test_a_full_disk_is_one_line_that_says_what_to_do(tmp_path):
    files = PairFiles(tmp_path / "pairs")
    optimizer = LBFGS(by_gradient(rosenbrock), image_of(0.2), pairs=PairsInFiles(2, SIZE, files))

    def step():
        with files.failing_plainly():
            optimizer.step()

    step()
    before = sorted(files.folder.iterdir())
    with files_limited_to(1):
        message = message_of(step)

    assert "cannot be written: File too large. Nothing was changed. Free some" in message
    assert "larger --memory_gb, or with a --run_dir on another disk." in message
    assert sorted(files.folder.iterdir()) == before
