"""The objective's value and gradient in PyTorch, for benchmarks/value_and_gradient.py to time.

The same filters, layers, average pooling and relative errors as ours; channels last, which is the
faster of PyTorch's two layouts on processors. Run by a Python that has PyTorch, not TensorFlow:

  python -m benchmarks.pytorch_objective INPUTS.npz float32
"""

import sys

import numpy as np
import torch  # pyright: ignore[reportMissingImports]
from restyle.models.objective_config import ObjectiveConfig
from torch.nn import functional  # pyright: ignore[reportMissingImports]

from benchmarks.worker import serve

CAFFE_MEANS_BGR = (103.939, 116.779, 123.68)


POOLINGS = {"average": functional.avg_pool2d, "max": functional.max_pool2d}


def features(images, filters, precision, *, pooling="average", replicate=False):
    """{layer: (1, c, h, w)} of RGB images in [0, 1]; the first convolution is in float32.

    replicate: continue the picture by its border for the first convolution, not by zeros.
    """
    means = torch.tensor(CAFFE_MEANS_BGR).reshape(1, 3, 1, 1)
    values = images.flip(1) * 255.0 - means
    if replicate:
        values = functional.pad(values, (1, 1, 1, 1), "replicate")
    activations = {}
    for layer, (kernel, bias) in filters.items():
        if layer.endswith("_1") and layer != "conv1_1":
            values = POOLINGS[pooling](values, 2)
        if layer == "conv1_2":
            values = values.to(precision)
        padding = 0 if replicate and layer == "conv1_1" else 1
        values = functional.conv2d(values, kernel, bias, padding=padding).relu_()
        activations[layer] = values
    return activations


def read_filters(inputs, precision):
    """{layer: (kernel, bias)} of the layers in inputs["layers"], for `features`."""
    filters = {}
    for name in inputs["layers"]:
        kind = torch.float32 if name == "conv1_1" else precision
        kernel = torch.from_numpy(inputs[f"{name} kernel"].transpose(3, 2, 0, 1).copy()).to(kind)
        kernel = kernel.contiguous(memory_format=torch.channels_last)
        filters[str(name)] = kernel, torch.from_numpy(inputs[f"{name} bias"]).to(kind)
    return filters


def gram_matrix(values):
    """(1, c, c), averaged over positions, float32."""
    flat = values.float().flatten(2)
    return flat @ flat.transpose(1, 2) / flat.shape[-1]


def relative_error(values, target):
    """|values - target|^2 / |target|^2."""
    return (values.float() - target).square().sum() / target.square().sum()


def value_and_gradient(inputs, precision):
    """A function that computes the objective and its gradient at the content and returns it."""
    config = ObjectiveConfig(style_loss="gram", pooling="average")
    last_precision = getattr(torch, precision)
    filters = read_filters(inputs, last_precision)
    content, style = (as_image(inputs[name]) for name in ("content", "style"))
    with torch.no_grad():
        of_content = features(content, filters, last_precision)
        of_content = {name: of_content[name].float() for name in config.content_layers}
        of_style = features(style, filters, last_precision)
        grams = {name: gram_matrix(of_style[name]) for name in config.style_layers}
    image = as_image(inputs["start"]).requires_grad_()

    def work() -> float:
        image.grad = None
        seen = features(image, filters, last_precision)
        contents = [relative_error(seen[name], of_content[name]) for name in of_content]
        styles = [relative_error(gram_matrix(seen[name]), grams[name]) for name in grams]
        value = config.content_weight * torch.stack(contents).mean()
        value = value + config.style_weight * torch.stack(styles).mean()
        torch.autograd.backward(value)
        return value.item()

    return work


def as_image(pixels):
    """(1, 3, h, w) of pixels (1, h, w, 3), kept channels last."""
    image = torch.from_numpy(pixels.transpose(0, 3, 1, 2).copy())
    return image.contiguous(memory_format=torch.channels_last)


if __name__ == "__main__":
    with np.load(sys.argv[1]) as arrays:
        serve(value_and_gradient(dict(arrays), sys.argv[2]))
