"""Programs that measure. As in those that are measured, libraries are held back, before they are
loaded, from what the processor only claims; worker processes inherit it.
"""

from restyle.machine.processor import hold_back
from restyle.machine.tensorflow_start import leave_a_thread_for_python

hold_back()
leave_a_thread_for_python()
