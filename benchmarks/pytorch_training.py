"""A step of training in PyTorch, for benchmarks/training_speed.py to time.

The network of models/transform_net.py with the same weights, the same loss and the same optimizer.
Run by a Python that has PyTorch and Keras, on whose PyTorch backend models/losses.py computes the
style term:

  python -m benchmarks.pytorch_training INPUTS.npz wasserstein float32
"""

import os
import sys

import numpy as np
import torch  # pyright: ignore[reportMissingImports]
from restyle.models.objective_config import ObjectiveConfig, shares
from restyle.models.vgg_layers import LAYER_NAMES
from torch import nn  # pyright: ignore[reportMissingImports]
from torch.nn import functional  # pyright: ignore[reportMissingImports]

from benchmarks.pytorch_objective import features


class Convolution(nn.Module):
    """Reflection padding, convolution, and instance norm unless it is the last one."""

    def __init__(self, inputs, outputs, size, *, stride=1, norm=True):
        super().__init__()
        self.padding = [size // 2] * 4
        self.convolution = nn.Conv2d(inputs, outputs, size, stride)
        self.norm = nn.InstanceNorm2d(outputs, affine=True) if norm else nn.Identity()

    def forward(self, values):
        return self.norm(self.convolution(functional.pad(values, self.padding, mode="reflect")))


class TransformNet(nn.Module):
    """models/transform_net.py for one style without a dial, sides multiples of 4."""

    def __init__(self, width, residual_blocks):
        super().__init__()
        self.entry = Convolution(3, width, 9)
        self.down = nn.ModuleList(
            Convolution(factor * width // 2, factor * width, 3, stride=2) for factor in (2, 4)
        )
        self.residual = nn.ModuleList(
            Convolution(4 * width, 4 * width, 3) for _ in range(2 * residual_blocks)
        )
        self.up = nn.ModuleList(
            Convolution(2 * factor * width, factor * width, 3) for factor in (2, 1)
        )
        self.exit = Convolution(width, 3, 9, norm=False)

    def forward(self, images):
        values = functional.relu(self.entry(images))
        for convolution in self.down:
            values = functional.relu(convolution(values))
        for first, second in zip(self.residual[::2], self.residual[1::2], strict=True):
            values = values + second(functional.relu(first(values)))
        for convolution in self.up:
            enlarged = functional.interpolate(values, scale_factor=2, mode="nearest")
            values = functional.relu(convolution(enlarged))
        return torch.sigmoid(self.exit(values).float())


class Optimizer:
    """restyle/training/muon.py: Muon for the convolutions between the ends, Adam for all else."""

    def __init__(self, network, rate):
        ends = network.entry.convolution.weight, network.exit.convolution.weight
        weights = list(network.parameters())
        self.kernels = [w for w in weights if w.ndim == 4 and all(w is not end for end in ends)]
        others = [w for w in weights if all(w is not kernel for kernel in self.kernels)]
        self.adam = torch.optim.Adam(others, rate / 4, eps=1e-7, fused=True)
        self.rate, self.momenta = rate, [torch.zeros_like(kernel) for kernel in self.kernels]

    @torch.no_grad()
    def step(self):
        self.adam.step()
        for kernel, momentum in zip(self.kernels, self.momenta, strict=True):
            momentum.mul_(0.9).add_(kernel.grad)
            ahead = (kernel.grad + 0.9 * momentum).flatten(1)
            length = self.rate * 0.2 * max(ahead.shape) ** 0.5
            kernel.sub_(length * _orthogonal(ahead).reshape(kernel.shape))


def _orthogonal(matrix):
    """A matrix wider than high with its singular values near 1: Jordan et al. (2024)."""
    matrix = matrix / matrix.norm()
    for _ in range(5):
        square = matrix @ matrix.T
        matrix = 3.4445 * matrix + (-4.7750 * square + 2.0315 * square @ square) @ matrix
    return matrix


def relative_errors(values, target):
    """|values - target|^2 / |target|^2 of each photo, (b,)."""
    difference = (values.float() - target).square().flatten(1).sum(1)
    return difference / target.square().flatten(1).sum(1)


def training_step(inputs, style_loss, precision):
    """A function that makes one step on the batch and returns the loss before it."""
    from restyle.models.losses import asked_of, style_error, style_statistics

    config, last_precision = ObjectiveConfig(style_loss=style_loss), getattr(torch, precision)
    filters = _filters(inputs, last_precision)
    deepest = max(LAYER_NAMES.index(layer) for layer in config.content_layers)
    content_filters = {name: filters[name] for name in LAYER_NAMES[: deepest + 1]}
    precise = _filters(inputs, torch.float32)

    def style(seen):
        return {n: style_statistics(_as_ours(seen[n]), config) for n in config.style_layers}

    with torch.no_grad():
        painting = features(
            _images(inputs["painting"]), precise, torch.float32, pooling=config.pooling
        )
        targets = {name: asked_of(found, config) for name, found in style(painting).items()}
    network = _network(inputs)
    weights = list(network.parameters())
    rate, clip = float(inputs["learning_rate"]), float(inputs["gradient_clip"])
    optimizer = Optimizer(network, rate)
    photos = _images(inputs["photos"])
    by_layer = shares(config.style_layer_weights, config.style_layers, "style_layer_weights")
    share_of = dict(zip(config.style_layers, by_layer, strict=True))

    def loss():
        with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bfloat16"):
            stylized = network(photos)
        with torch.no_grad():
            content = features(photos, content_filters, last_precision, pooling=config.pooling)
        seen = features(stylized, filters, last_precision, pooling=config.pooling)
        contents = [relative_errors(seen[n], content[n].float()) for n in config.content_layers]
        styles = [
            share_of[n] * style_error(found, targets[n], config) for n, found in style(seen).items()
        ]
        losses = config.content_weight * torch.stack(contents).mean(0)
        return (losses + config.style_weight * torch.stack(styles).sum(0)).mean()

    def work() -> float:
        network.zero_grad()
        value = loss()
        torch.autograd.backward(value)
        nn.utils.clip_grad_norm_(weights, clip)
        optimizer.step()
        return value.item()

    return work


def _filters(inputs, precision):
    filters = {}
    for name in LAYER_NAMES:
        if f"{name} kernel" in inputs:
            kind = torch.float32 if name == "conv1_1" else precision
            bias = torch.from_numpy(inputs[f"{name} bias"]).to(kind)
            filters[name] = _kernel(inputs[f"{name} kernel"]).to(kind), bias
    return filters


def _network(inputs):
    """Our network's weights: kernel, bias, gamma, beta of each convolution, layer after layer."""
    network = TransformNet(int(inputs["width"]), int(inputs["residual_blocks"]))
    arrays = [inputs[f"weight {index}"] for index in range(len(list(network.parameters())))]
    with torch.no_grad():
        for parameter, array in zip(network.parameters(), arrays, strict=True):
            parameter.copy_(_kernel(array) if array.ndim == 4 else torch.from_numpy(array))
    return network.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]


def _kernel(array):
    kernel = torch.from_numpy(array.transpose(3, 2, 0, 1).copy())
    return kernel.contiguous(memory_format=torch.channels_last)


def _as_ours(values):
    """Channels last in shape too, without a copy."""
    return values.permute(0, 2, 3, 1)


def _images(pixels):
    image = torch.from_numpy(pixels.transpose(0, 3, 1, 2).copy())
    return image.contiguous(memory_format=torch.channels_last)


if __name__ == "__main__":
    from benchmarks.worker import serve

    os.environ["KERAS_BACKEND"] = "torch"
    with np.load(sys.argv[1]) as arrays:
        serve(training_step(dict(arrays), *sys.argv[2:]))
