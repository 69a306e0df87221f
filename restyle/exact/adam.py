"""Adam on the pixels: a smaller memory than L-BFGS, and more evaluations."""

import keras
import tensorflow as tf

from restyle.measure import Evaluation


class Adam:
    """keras.optimizers.Adam with the image clipped to [0, 1] after each step.

    Unlike L-BFGS it may step uphill. It has the same face: `step`, `image`, `value`, `terms`.
    """

    def __init__(self, evaluate: Evaluation, image: tf.Tensor, *, learning_rate: float):
        """image: (1, h, w, 3) in [0, 1], the start. learning_rate: about the change a step."""
        self.evaluate = evaluate
        self.image = tf.Variable(image)
        measured = evaluate(tf.convert_to_tensor(image))
        self.value = tf.Variable(measured.value)
        self.gradient = tf.Variable(measured.gradient)
        self.terms = tf.Variable(measured.terms)
        self.evaluations = tf.Variable(tf.constant(1))
        self.stalled = tf.Variable(tf.constant(False))
        self.rule = keras.optimizers.Adam(learning_rate, name="adam")
        self.rule.build([self.image])
        self.step = tf.function(self._step)

    @property
    def variables(self) -> dict[str, tf.Variable]:
        """All that must be saved for the next step to be what it would have been."""
        names = "image value gradient terms evaluations stalled"
        moments = {f"adam {v.path}": v.value for v in self.rule.variables}
        return {name: getattr(self, name) for name in names.split()} | moments

    def forget(self) -> None:
        """Frees what only another step would need: nothing that counts."""

    def _step(self) -> None:
        """Moves the image; sets `stalled`, and moves nothing, if the value is not finite there."""
        start = tf.identity(self.image)
        self.rule.apply_gradients([(self.gradient, self.image)])
        self.image.assign(tf.clip_by_value(self.image, 0.0, 1.0))
        measured = self.evaluate(self.image.value())
        self.evaluations.assign_add(1)
        if tf.math.is_finite(measured.value):
            self.value.assign(measured.value)
            self.gradient.assign(measured.gradient)
            self.terms.assign(measured.terms)
        else:
            self.stalled.assign(True)
            self.image.assign(start)
