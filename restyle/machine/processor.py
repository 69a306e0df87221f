"""What the processor says it can do, tried once in a process of its own before a library does it.

Some virtual machines list AMX, the matrix tiles of Intel's processors, which do not work there:
CPUID leaf 0x1D, which describes them, is empty. oneDNN, which computes for TensorFlow, OpenVINO and
PyTorch, then ends the process by a signal: https://github.com/uxlfoundation/oneDNN/issues/5689.
"""

import contextlib
import functools
import hashlib
import importlib.metadata
import importlib.util
import itertools
import json
import logging
import os
import platform
import signal
import subprocess
import sys
from collections.abc import Collection, Mapping
from pathlib import Path

from restyle.errors import UserError
from restyle.files import written_beside
from restyle.models.cache import cache_home

LOGGER = logging.getLogger(__name__)

ROOT = Path(__file__).resolve().parents[2]
TRIALS = Path(__file__).with_name("trials.py")
CPU_INFO = Path("/proc/cpuinfo")
TILES = "amx_tile"

# oneDNN takes instructions up to the first one's value; OpenVINO's own kernels go by the second,
# which is meant to be the same.
LIMIT, OPENVINO_LIMIT = "ONEDNN_MAX_CPU_ISA", "OV_CPU_MAX_ISA"
NO_LIMIT, NO_TILES = "DEFAULT", "AVX512_CORE_FP16"

LIBRARIES = ("tensorflow", "openvino", "onnxruntime")
DISTRIBUTIONS = (*LIBRARIES, "tensorflow-cpu")
SECONDS = 180.0
LEAST_SHARE = 0.005  # Of a core: below, a trial hangs.


@functools.cache
def hold_back() -> Mapping[str, str]:
    """Keeps oneDNN from tiles that do not work; libraries that fail even so, and how.

    To be called before any of the libraries is imported. Where the processor lists no tiles, or the
    user has set ONEDNN_MAX_CPU_ISA, nothing is done. Else each library is tried in another process;
    the verdict is remembered in Keras' folder until processor, kernel or a version changes.
    """
    listed = _listed()
    if TILES not in listed or os.environ.get(LIMIT):
        return {}
    path = _verdict_path(listed)
    try:
        verdict = json.loads(path.read_text())
        limit, failed, unusable = (verdict[name] for name in ("limit", "failed", "unusable"))
    except (OSError, ValueError, KeyError):
        limit, failed, unusable = _tried()
        _remember(path, {"limit": limit, "failed": failed, "unusable": unusable})
    if limit != NO_LIMIT:
        os.environ |= _limited(limit)
        library, how = next(iter(failed.items()))
        LOGGER.warning(
            "the processor lists matrix tiles (AMX), but %s %s when it tried them; they are left "
            "alone (%s=%s).",
            *(library, how, LIMIT, limit),
        )
    return unusable


def check_usable(library: str) -> None:
    """Raises UserError if a library ends the process or hangs here whatever it is told."""
    if how := hold_back().get(library):
        raise UserError(
            f"{library} cannot be used on this processor: it {how} when tried. To try it again, "
            f"delete '{_verdict_path(_listed())}'."
        )


def _listed() -> str:
    """What Linux says of the first processor and is the same at each start; "" elsewhere."""
    names = ("vendor_id", "cpu family", "model", "stepping", "microcode", "flags")
    try:
        with open(CPU_INFO) as lines:
            first = itertools.takewhile(str.strip, lines)  # The next follows an empty line.
            return "".join(line for line in first if line.startswith(names))
    except OSError:
        return ""


def _verdict_path(listed: str) -> Path:
    """restyle/processor-<all that a verdict depends on>.json in $KERAS_HOME, or ~/.keras."""
    versions = [
        f"{found.name} {found.version}"
        for name in DISTRIBUTIONS
        for found in importlib.metadata.distributions(name=name)
    ]
    known = "\n".join([listed, platform.release(), *versions, TRIALS.read_text()])
    digest = hashlib.sha256(known.encode()).hexdigest()[:16]
    return cache_home() / f"processor-{digest}.json"


def _tried() -> tuple[str, Mapping[str, str], Mapping[str, str]]:
    """The limit to keep to, what failed without it, and what fails with it; each with how."""
    installed = [name for name in LIBRARIES if importlib.util.find_spec(name)]
    failed = _failures(installed, NO_LIMIT)
    unusable = _failures(failed, NO_TILES)
    return NO_TILES if len(unusable) < len(failed) else NO_LIMIT, failed, unusable


def _failures(libraries: Collection[str], limit: str) -> dict[str, str]:
    found = {name: _failure(name, limit) for name in libraries}
    return {name: how for name, how in found.items() if how}


def _failure(library: str, limit: str) -> str:
    """How a library fails with oneDNN kept to a limit, "" if it does not.

    An error that Python can tell of is none: who uses the library will tell of it.
    """
    same_libraries = {"PYTHONPATH": os.pathsep.join(sys.path), "CUDA_VISIBLE_DEVICES": "-1"}
    environment = {**os.environ, **same_libraries, **_limited(limit)}
    quiet = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.DEVNULL)
    with subprocess.Popen(trial_command(library), cwd=ROOT, env=environment, **quiet) as trial:
        code = _end_of(trial)
    if code is None:
        return f"gave no answer in {SECONDS:g} seconds"
    return f"ended by a signal ({signal.strsignal(-code) or -code})" if code < 0 else ""


def _end_of(trial: subprocess.Popen[str] | subprocess.Popen[bytes]) -> int | None:
    """The exit code of a trial, None if it hangs; then it is ended.

    On a busy machine a trial takes long without hanging. While it computes it is waited for, until
    it has had `SECONDS` of the processor's time.
    """
    import psutil  # Not for a start without trials.

    process, used = psutil.Process(trial.pid), 0.0
    while True:
        with contextlib.suppress(subprocess.TimeoutExpired):
            return trial.wait(SECONDS)
        before, used = used, sum(process.cpu_times()[:2])
        if used - before < LEAST_SHARE * SECONDS or used > SECONDS:
            trial.kill()
            return None


def _limited(limit: str) -> dict[str, str]:
    return {LIMIT: limit, OPENVINO_LIMIT: limit}


def _remember(path: Path, verdict: Mapping[str, object]) -> None:
    with contextlib.suppress(OSError, UserError):  # Where nothing can be kept, try at each start.
        path.parent.mkdir(parents=True, exist_ok=True)
        with written_beside(path) as file:
            file.write(json.dumps(verdict).encode())


def trial_command(library: str) -> list[str]:
    """What is run, in the program's own folder, to try a library."""
    return [sys.executable, "-m", "restyle.machine.trials", library]
