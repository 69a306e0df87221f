"""L-BFGS on the device, for an image whose pixels stay in [0, 1]."""

import tensorflow as tf

from restyle.exact.pairs import Pairs, PairsInMemory
from restyle.measure import Evaluation, Measured

SUFFICIENT_DECREASE = 1e-4
MOST_TRIALS = 12
FIRST_STEP = 0.05


class LBFGS:
    """Limited-memory BFGS with projection: every image it visits is one that can be saved.

    Nocedal and Wright (2006), algorithm 7.4 (two-loop recursion) and Armijo's condition, eq. 3.6.
    We depart for the box [0, 1]^n: pixels that sit on a bound and would leave it are held
    (Bertsekas 1982), every trial is clipped, and the decrease asked for is that of the clipped
    step. Gatys et al. (2016) optimize without bounds; what is clipped only at the end was never
    what the optimizer saw.

    A trial that is not finite or not lower is never accepted. One call of `step` is one graph:
    nothing visits the host between evaluations.
    """

    def __init__(
        self,
        evaluate: Evaluation,
        image: tf.Tensor,
        *,
        history: int = 20,
        pairs: Pairs | None = None,
    ):
        """image: (1, h, w, 3) in [0, 1], the start. history: pairs kept in memory, 20 as a rule.

        pairs: another place for them, of a history of its own.
        """
        self.evaluate = evaluate
        self.pairs = pairs or PairsInMemory(history, int(tf.size(image)))
        measured = evaluate(tf.convert_to_tensor(image))
        self.image = tf.Variable(image)
        self.value = tf.Variable(measured.value)
        self.gradient = tf.Variable(measured.gradient)
        self.terms = tf.Variable(measured.terms)
        self.curvatures = tf.Variable(tf.ones(self.pairs.history))
        # Pairs are counted from the first; those before `first` are dropped.
        self.first = tf.Variable(tf.constant(0))
        self.made = tf.Variable(tf.constant(0))
        self.evaluations = tf.Variable(tf.constant(1))
        self.stalled = tf.Variable(tf.constant(False))
        self.step = tf.function(self._step)

    @property
    def variables(self) -> dict[str, tf.Variable]:
        """With `remembered`, all that must be saved for the next step to be the same."""
        names = "image value gradient terms curvatures first made evaluations stalled"
        return {name: getattr(self, name) for name in names.split()}

    @property
    def remembered(self) -> range:
        """Numbers of the pairs that the next step will use."""
        return range(int(self._oldest()), int(self.made))

    def forget(self) -> None:
        """Frees the pairs: no other step will be made."""
        self.first.assign(self.made)
        self.pairs.free()

    def _step(self) -> None:
        """Moves the image to a lower value, or sets `stalled` if no direction leads down."""
        direction = self._direction()
        if _dot(direction, self.gradient) >= 0.0:
            self.first.assign(self.made)
            direction = -self._free(self.gradient)
        length = 1.0
        if self.made == self.first:
            length = FIRST_STEP / (tf.reduce_max(tf.abs(direction)) + 1e-30)
        image, measured, trials, lower = self._search(direction, length)
        self.evaluations.assign_add(trials)
        if lower:
            self._remember(image - self.image, measured.gradient - self.gradient)
            self.image.assign(image)
            self.value.assign(measured.value)
            self.gradient.assign(measured.gradient)
            self.terms.assign(measured.terms)
        else:
            self.stalled.assign(self.made == self.first)
            self.first.assign(self.made)

    def _free(self, values: tf.Tensor) -> tf.Tensor:
        """Zero where a pixel is on a bound and going down the gradient would cross it."""
        held = ((self.image <= 0.0) & (self.gradient > 0.0)) | (
            (self.image >= 1.0) & (self.gradient < 0.0)
        )
        return tf.where(held, 0.0, values)

    def _direction(self) -> tf.Tensor:
        """Minus the inverse Hessian's estimate times the gradient, by the two-loop recursion."""
        vector = tf.reshape(self._free(self.gradient), [-1])
        history, oldest = self.pairs.history, self._oldest()
        alphas = tf.zeros(history)
        for pair in tf.range(self.made - 1, oldest - 1, -1):
            row = pair % history
            alpha = _dot(self.pairs.move(pair), vector) / self.curvatures[row]
            vector -= alpha * self.pairs.turn(pair)
            alphas = tf.tensor_scatter_nd_update(alphas, [[row]], [alpha])
        if self.made > self.first:
            turn = self.pairs.turn(self.made - 1)
            vector *= self.curvatures[tf.math.floormod(self.made - 1, history)] / _dot(turn, turn)
        for pair in tf.range(oldest, self.made):
            row = pair % history
            beta = _dot(self.pairs.turn(pair), vector) / self.curvatures[row]
            vector += (alphas[row] - beta) * self.pairs.move(pair)
        return -self._free(tf.reshape(vector, self.image.shape))

    def _oldest(self) -> tf.Tensor:
        return tf.maximum(self.first, self.made - self.pairs.history)

    def _search(self, direction, length):
        """Shortens the step until Armijo's condition holds; a parabola proposes the next length.

        Returns the image, what was measured there, the evaluations spent, and whether it holds.
        """
        start = self.image.value()
        image, trials, lower = start, tf.constant(0), tf.constant(False)
        measured = Measured(self.value.value(), self.gradient.value(), self.terms.value())
        while not lower and trials < MOST_TRIALS:
            image = tf.clip_by_value(start + length * direction, 0.0, 1.0)
            measured = Measured(*self.evaluate(image))
            trials += 1
            slope = _dot(self.gradient, image - start)
            lower = self._is_lower(measured.value, slope)
            shorter = -0.5 * slope / (measured.value - self.value - slope)
            shorter = tf.where(tf.math.is_finite(shorter), shorter, 0.1)
            length *= tf.clip_by_value(shorter, 0.1, 0.5)
        return image, measured, trials, lower

    def _is_lower(self, value, slope):
        enough = value <= self.value + SUFFICIENT_DECREASE * slope
        return tf.math.is_finite(value) & enough & (slope < 0.0) & (value < self.value)

    def _remember(self, move, turn):
        """Keeps a pair whose curvature is positive; another would make the estimate indefinite."""
        move, turn = self._rounded(move), self._rounded(turn)
        curvature = _dot(move, turn)
        if curvature > 1e-6 * tf.sqrt(_dot(move, move) * _dot(turn, turn)):
            row = tf.math.floormod(self.made, self.pairs.history)
            self.pairs.put(self.made.value(), move, turn)
            self.curvatures.scatter_update(tf.IndexedSlices(curvature, row))
            self.made.assign_add(1)

    def _rounded(self, values: tf.Tensor) -> tf.Tensor:
        """As they will be read again, so that the curvature is that of what is kept."""
        return tf.cast(tf.cast(tf.reshape(values, [-1]), self.pairs.dtype), tf.float32)


def _dot(left: tf.Tensor, right: tf.Tensor) -> tf.Tensor:
    return tf.reduce_sum(left * right)
