"""One pass of a transform network of one style in PyTorch, for benchmarks/engines.py to time.

The same weights and the same layers as ours, in the faster of PyTorch's two layouts: which one that
is depends on the precision. Run by a Python that has PyTorch, not TensorFlow:

  python -m benchmarks.pytorch_network INPUTS.npz float32 PICTURE.npy
"""

import sys
import time

import numpy as np
import torch  # pyright: ignore[reportMissingImports]
from torch.nn import functional  # pyright: ignore[reportMissingImports]

from benchmarks.worker import serve


class Network:
    """models/transform_net.py by its weights: kernel, bias, gamma, beta of each layer in turn."""

    def __init__(self, weights, precision, layout):
        *layers, last = [weights[start : start + 4] for start in range(0, len(weights), 4)]
        self.precision, self.layout = precision, layout
        self.layers = [self._on_processor(*layer) for layer in layers]
        self.last = self._on_processor(*last)

    def _on_processor(self, kernel, bias, *norm):
        kernel = torch.from_numpy(kernel.transpose(3, 2, 0, 1).copy()).to(self.precision)
        kernel = kernel.contiguous(memory_format=self.layout)
        return kernel, torch.from_numpy(bias).to(self.precision), *map(torch.from_numpy, norm)

    def __call__(self, images):
        height, width = images.shape[2:]
        images = images.contiguous(memory_format=self.layout)
        edges = (0, -width % 4, 0, -height % 4)
        values = functional.pad(images, edges, mode="reflect").to(self.precision)
        layers = iter(self.layers)
        for stride in (1, 2, 2):
            values = self._block(values, next(layers), stride=stride).relu_()
        for _ in range((len(self.layers) - 5) // 2):
            changed = self._block(values, next(layers)).relu_()
            values = values + self._block(changed, next(layers))
        for layer in layers:
            values = functional.interpolate(values, scale_factor=2, mode="nearest")
            values = self._block(values, layer).relu_()
        pixels = self._convolution(values, *self.last).float().sigmoid()
        return pixels[:, :, :height, :width]

    def _block(self, values, layer, *, stride=1):
        kernel, bias, gamma, beta = layer
        values = self._convolution(values, kernel, bias, stride=stride).float()
        return functional.instance_norm(values, weight=gamma, bias=beta, eps=1e-5).to(
            self.precision
        )

    def _convolution(self, values, kernel, bias, *, stride=1):
        edge = kernel.shape[-1] // 2
        values = functional.pad(values, [edge] * 4, mode="reflect")
        return functional.conv2d(values, kernel, bias, stride=stride)


def _one_pass(arrays, precision, picture):
    """A function that runs the network once; the picture has been written."""
    weights = [arrays[name] for name in sorted(arrays) if name.startswith("weight ")]
    images = torch.from_numpy(arrays["images"].transpose(0, 3, 1, 2).copy())
    networks = [
        Network(weights, getattr(torch, precision), layout)
        for layout in (torch.contiguous_format, torch.channels_last)
    ]
    with torch.inference_mode():
        network = min(networks, key=lambda each: _seconds(each, images))
        np.save(picture, network(images).numpy().transpose(0, 2, 3, 1))

    def work() -> float:
        with torch.inference_mode():
            return network(images)[0, 0, 0, 0].item()

    return work


def _seconds(network, images):
    """The lesser of two passes after a first one."""
    taken = []
    for _ in range(3):
        began = time.perf_counter()
        network(images)
        taken.append(time.perf_counter() - began)
    return min(taken[1:])


if __name__ == "__main__":
    with np.load(sys.argv[1]) as given:
        serve(_one_pass(dict(given), *sys.argv[2:]))
