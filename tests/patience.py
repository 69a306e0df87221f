"""Waiting for what another thread or process does."""

import time

PATIENCE = 20  # Seconds: a test that fails should not hang, and machines are busy at times.


def wait_until(condition, seconds=PATIENCE):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.001)
