"""Programs that measure. TensorFlow starts in them, and in their workers, as in those measured."""

from restyle.machine.tensorflow_start import prepare_libraries

prepare_libraries()
