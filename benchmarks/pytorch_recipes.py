"""Whole runs of style transfer in PyTorch, for benchmarks/beside_others.py to time and compare.

crowsonkb and jcjohnson are those of benchmarks/recipes.py; lbfgs minimizes our own objective as
jcjohnson's program would, with PyTorch's L-BFGS at one scale. All on the same filters, in float32,
channels last, the faster of PyTorch's two layouts on processors. Run by a Python that has PyTorch,
NumPy and Pillow, and for lbfgs Keras, on whose PyTorch backend models/losses.py is computed:

  KERAS_BACKEND=torch python -m benchmarks.pytorch_recipes INPUTS.npz crowsonkb RESULT.npz 1.0
"""

import sys
import time
from typing import Any

import numpy as np
import torch  # pyright: ignore[reportMissingImports]
from torch.nn import functional  # pyright: ignore[reportMissingImports]

from benchmarks.pytorch_objective import CAFFE_MEANS_BGR, as_image, features, read_filters
from benchmarks.recipes import (
    CAFFE_UNITS,
    TORCHVISION_UNITS,
    Crowsonkb,
    Jcjohnson,
    RunningAverage,
    gaussian,
    gram_by_elements,
    in_units,
    layer_shares,
    mean_square,
    nine_point_variation,
    shortened,
    summed_variation,
    wasserstein_term,
)
from restyle.exact.settings import PictureObjective
from restyle.media.images import fit_long_side, resize

# PyTorch's L-BFGS leaves out pairs whose product is below 1e-10, which our objective, in relative
# units, comes to. The steps themselves do not depend on the factor.
LIFT = 1e6


class Pictures:
    """Photo, painting and network, at whatever size a recipe asks for."""

    def __init__(self, inputs):
        self.content, self.style = inputs["content"], inputs["style"]
        self.size = int(inputs["size"])
        self.filters = read_filters(inputs, torch.float32)

    def at(self, long_side):
        """The photo and the painting, (1, 3, h, w), both this long."""
        return tuple(
            as_image(resize(pixels, fit_long_side(pixels.shape[:2], long_side))[None])
            for pixels in (self.content, self.style)
        )

    def features(self, image, **how):
        """{layer: (1, c, h, w)}, see benchmarks.pytorch_objective."""
        return features(image, self.filters, torch.float32, **how)


class Run:
    """What a run has come to.

    Attributes:
      image: (1, 3, h, w).
      curve: seconds since the run began and the objective, after each evaluation that told it.
    """

    def __init__(self):
        self.image: Any = None
        self.curve = []
        self.began = time.perf_counter()

    def seconds(self):
        """Since the run began."""
        return time.perf_counter() - self.began


def crowsonkb(pictures, share):
    """Adam from coarse to fine on means and covariances; the mean of its iterates is the result."""
    recipe, run, optimizer = Crowsonkb(), Run(), None
    for stage in shortened(recipe.stages(pictures.size), share):
        content, style = pictures.at(stage.long_side)
        start = content if run.image is None else _bicubic(run.image, content).clamp(0, 1)
        image = start.clone().requires_grad_()
        objective = _crowsonkb_objective(recipe, pictures, content, style)
        optimizer = _adam(image, recipe, optimizer)
        average = RunningAverage(start, recipe.average_decay)
        for _ in range(stage.iterations):
            optimizer.zero_grad()
            torch.autograd.backward(objective(image))
            optimizer.step()
            with torch.no_grad():
                image.clamp_(0, 1)
                average.update(image)
        run.image = average.value
    return run


def _crowsonkb_objective(recipe, pictures, content, style):
    """A function of an image, with the photo and the painting at its size."""
    shares = dict(zip(recipe.style_layers, layer_shares(recipe.style_layer_weights), strict=True))

    def seen(image):
        found = pictures.features(image, pooling="max", replicate=True)
        return in_units(found, TORCHVISION_UNITS)

    with torch.no_grad():
        of_content = seen(content)[recipe.content_layer]
        of_style = seen(style)
        identities = {layer: torch.eye(of_style[layer].shape[1]) for layer in shares}
        targets = {
            layer: gaussian(of_style[layer][0].flatten(1), identities[layer]) for layer in shares
        }

    def objective(image):
        found = seen(image)
        value = recipe.content_weight * mean_square(found[recipe.content_layer], of_content)
        for layer, share in shares.items():
            flat = found[layer][0].flatten(1)
            value = value + share * wasserstein_term(flat, targets[layer], identities[layer])
        return value + recipe.tv_weight * nine_point_variation(image)

    return objective


def _adam(image, recipe, before):
    """Adam on an image; its moments are those of the scale before, enlarged."""
    optimizer = torch.optim.Adam([image], recipe.step_size, recipe.betas)
    if before is not None:
        (state,) = before.state.values()
        optimizer.state[image] = {
            "step": state["step"],
            "exp_avg": _bicubic(state["exp_avg"], image),
            "exp_avg_sq": functional.interpolate(
                state["exp_avg_sq"], image.shape[2:], mode="bilinear"
            ),
        }
    return optimizer


def _bicubic(image, like):
    with torch.no_grad():
        return functional.interpolate(image, like.shape[2:], mode="bicubic")


def jcjohnson(pictures, share):
    """L-BFGS on Gram matrices in 0..255, from noise; what lies outside is clipped at the end."""
    recipe, run = Jcjohnson(), Run()
    (stage,) = shortened(recipe.stages(pictures.size), share)
    content, style = pictures.at(stage.long_side)
    means = torch.tensor(CAFFE_MEANS_BGR).flip(0).reshape(1, 3, 1, 1)

    def seen(levels):
        return in_units(pictures.features((levels + means) / 255, pooling="max"), CAFFE_UNITS)

    with torch.no_grad():
        of_content = seen(255 * content - means)[recipe.content_layer]
        of_style = seen(255 * style - means)
        grams = {
            name: gram_by_elements(of_style[name][0].flatten(1)) for name in recipe.style_layers
        }

    def objective(levels):
        found = seen(levels)
        value = recipe.content_weight * mean_square(found[recipe.content_layer], of_content)
        for layer, wanted in grams.items():
            gram = gram_by_elements(found[layer][0].flatten(1))
            value = value + recipe.style_weight * mean_square(gram, wanted)
        return value + recipe.tv_weight * summed_variation(levels)

    noise = torch.randn(content.shape, generator=torch.Generator().manual_seed(0))
    levels = (recipe.noise * noise).requires_grad_()
    _lbfgs(objective, levels, stage.iterations, run)
    run.image = (levels.detach() + means) / 255
    run.curve.clear()  # Of their objective, which is another.
    return run


def lbfgs(pictures, share):
    """Our objective by PyTorch's L-BFGS at one scale, from the photo; clipped at the end."""
    from restyle.models.losses import Objective, style_target  # Needs Keras, the recipes do not.

    config, run = PictureObjective(), Run()
    (stage,) = shortened(Jcjohnson().stages(pictures.size), share)
    content, style = pictures.at(stage.long_side)

    def seen(image):
        found = pictures.features(image, pooling=config.pooling)
        return {layer: found[layer].permute(0, 2, 3, 1) for layer in config.layers}

    with torch.no_grad():
        of_content = seen(content)
        ours = Objective(config, [style_target(seen(style), config)])

    def objective(image):
        terms = ours.terms(image.permute(0, 2, 3, 1), seen(image), of_content)
        return LIFT * ours.total(terms)[0]

    image = content.contiguous().requires_grad_()
    _lbfgs(objective, image, stage.iterations, run)
    run.image = image.detach()
    run.curve = [(seconds, value / LIFT) for seconds, value in run.curve]
    return run


def _lbfgs(objective, variable, iterations, run):
    """Minimizes `objective` in place as Torch's optim.lbfgs does: steps of one, no line search.

    variable: contiguous, which PyTorch's L-BFGS asks for.
    """
    optimizer = torch.optim.LBFGS(
        [variable],
        max_iter=iterations,
        history_size=Jcjohnson().history,
        tolerance_grad=-1,
        tolerance_change=-1,
    )

    def evaluate():
        optimizer.zero_grad()
        value = objective(variable)
        torch.autograd.backward(value)
        run.curve.append((run.seconds(), value.item()))
        return value

    optimizer.step(evaluate)


RECIPES = {"crowsonkb": crowsonkb, "jcjohnson": jcjohnson, "lbfgs": lbfgs}


def main(inputs_path, name, result_path, share):
    """Carries out a recipe and saves its picture, (h, w, 3), its seconds and its curve."""
    with np.load(inputs_path) as arrays:
        pictures = Pictures(dict(arrays))
    run = RECIPES[name](pictures, float(share))
    seconds = run.seconds()
    picture = run.image[0].clamp(0, 1).permute(1, 2, 0).numpy()
    np.savez(result_path, picture=picture, seconds=seconds, curve=np.reshape(run.curve, (-1, 2)))


if __name__ == "__main__":
    main(*sys.argv[1:])
