"""Programs that measure. As in those that are measured, libraries are held back, before they are
loaded, from what the processor only claims, and TensorFlow gets a second thread where it needs
one; worker processes inherit both.
"""

from restyle.machine.processor import hold_back
from restyle.machine.tensorflow_start import leave_a_thread_for_python

hold_back()
leave_a_thread_for_python()
