"""What the optimizer's program is asked: its flags, as the settings that they are read into."""

import dataclasses

from restyle.exact.settings import OptimizeConfig, PictureObjective
from restyle.masks import WHOLE
from restyle.models.settings import setting
from restyle.programs.flags import Flags, fields_of
from restyle.programs.settings import Request

SAVE_EVERY = 50


@dataclasses.dataclass(frozen=True)
class Sources:
    """What a picture is made of, as files."""

    content: str | None = setting(None, "The photo to repaint.")
    style: tuple[str, ...] = setting(
        (), "A painting. Give it several times to blend styles.", repeated=True
    )
    content_mask: tuple[str, ...] = setting(
        (),
        "A grayscale picture, white where the style applies in the content: one for each --style, "
        "in the same order.",
        repeated=True,
    )
    style_mask: tuple[str, ...] = setting(
        (),
        "A grayscale picture, white where the painting's strokes may be taken from, or "
        f'"{WHOLE}" for the whole painting: one for each --style. Without any, paintings are used '
        "whole.",
        repeated=True,
    )
    style_blend_weights: tuple[float, ...] = setting(
        (), "One number for each --style, comma-separated; only the ratios matter. Empty: equal."
    )
    vgg_weights: str | None = setting(
        None,
        "VGG-19 weights, .npz or .h5. If not given: the cache, Keras, the Python package index.",
    )


@dataclasses.dataclass(frozen=True)
class Results:
    """What a run leaves, and where. Nothing of it changes the picture."""

    output: str = setting(
        "out.png", "The result: .png, .jpg, .webp, .tif or .bmp. All but .bmp carry their recipe."
    )
    run_dir: str | None = setting(
        None, "Keep config.json, metrics.csv, loss.png, previews and the state in this folder."
    )
    resume: str | None = setting(None, "Resume the run in this folder, with its settings.")
    tensorboard: str | None = setting(
        None,
        "Write TensorBoard's curves and pictures into this folder (needs `pip install "
        "tensorboard`). A resumed run continues the curves if given the same folder.",
    )
    time_lapse: str | None = setting(
        None,
        "Film the picture taking shape: .mp4, .mov, .m4v or .mkv. With --resume the video begins "
        "where the run resumes.",
    )
    show_recipe: str | None = setting(None, "Print how this picture was made, and stop.")
    save_every: int | None = setting(
        None,
        f"Iterations between previews in --run_dir, {SAVE_EVERY} if not given; 0: none. The state "
        "is saved after every iteration anyway. Without --run_dir this flag writes previews "
        "beside the output.",
    )
    sweep: tuple[str, ...] = setting(
        (),
        'Try several values of a flag, such as "style_weight=0.1,1,10", and write one contact '
        "sheet of all results. Give it twice for rows and columns. Separate values that contain "
        "commas by |.",
        repeated=True,
    )

    def __post_init__(self):
        if self.save_every is not None and self.save_every < 0:
            raise ValueError(f"Got save_every {self.save_every}, expected 0 or more.")


# What shapes a picture, and is kept with it.
CONFIGS = (Sources, PictureObjective, OptimizeConfig)
SWEPT = {"preset", *(field.name for config in CONFIGS for field in fields_of(config))}
_STYLE = ("style_scale", "style_size", "despeckle", "preserve_color")
_RUN = [field for field in fields_of(OptimizeConfig) if field.name not in _STYLE]

FLAGS = Flags(
    {
        "Pictures": [
            *fields_of(Sources, "content", "style"),
            *fields_of(Results, "output"),
            *fields_of(Sources, "content_mask", "style_mask"),
        ],
        "The objective": [*fields_of(Request, "preset"), *fields_of(PictureObjective)],
        "Style and color": [
            *fields_of(Sources, "style_blend_weights", "vgg_weights"),
            *fields_of(OptimizeConfig, *_STYLE),
        ],
        "The run": [*_RUN, *fields_of(Request, "like", "dry_run")],
        "What is kept": [each for each in fields_of(Results) if each.name != "output"],
    }
)


def idle(config: OptimizeConfig) -> dict[str, str]:
    """The flags of fields that do nothing in a run, and why."""
    flags = {}
    if config.optimizer == "lbfgs":
        flags["learning_rate"] = "with --optimizer=lbfgs, which searches along its own steps"
    else:
        flags["history"] = f"with --optimizer={config.optimizer}"
    if config.init != "noise":
        flags["seed"] = f"with --init={config.init}: only --init=noise is drawn at random"
    if config.style_size:
        flags["style_scale"] = "beside --style_size"
    return flags
