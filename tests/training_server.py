"""Trains by one list of arguments after another in one process: TensorFlow is slow to start.

  python tests/training_server.py tensorflow

reads lines of JSON, (arguments, name of a function in tests/training_stubs.py or "", its
arguments), and answers each with the status, standard output and standard error. What escapes from
the program is a traceback in place of the status.
"""

import contextlib
import io
import json
import sys
import traceback

import pytest
import training_stubs


def start(backend):
    """Two devices for TensorFlow; for JAX, a place where TensorFlow and PyAV are not installed."""
    if backend == "jax":
        sys.modules.update(dict.fromkeys(("tensorflow", "av")))
        return
    import tensorflow

    processor = tensorflow.config.list_physical_devices("CPU")[0]
    halves = [tensorflow.config.LogicalDeviceConfiguration() for _ in range(2)]
    tensorflow.config.set_logical_device_configuration(processor, halves)


def answer(arguments, stub, stub_arguments):
    from restyle.programs import train

    with (
        pytest.MonkeyPatch.context() as patch,
        contextlib.redirect_stdout(io.StringIO()) as out,
        contextlib.redirect_stderr(io.StringIO()) as error,
    ):
        try:
            if stub:
                getattr(training_stubs, stub)(patch, *stub_arguments)
            status = train.main(arguments)
        except BaseException:
            status = traceback.format_exc()
    return status, out.getvalue(), error.getvalue()


if __name__ == "__main__":
    start(sys.argv[1])
    for line in sys.stdin:
        print(json.dumps(answer(*json.loads(line))), flush=True)
