"""Flags of evaluate.py, under the names that users of other programs know."""

from absl import flags

from restyle.paint.stylizer import COLORS
from restyle.programs.objective_flags import define_objective_flags

FLAGS = flags.FLAGS
PICTURES = "Pictures"
LOOK = "How it paints"
MANY = "Many pictures"
VIDEO = "Video"
ENGINE = "Engine and export"
SCORE = "Scores"
OTHER_NAMES = "Names from other programs"
ENGINES = ("auto", "tensorflow", "openvino", "onnxruntime")
PRECISIONS = ("auto", "float32", "bfloat16", "int8")
ALIASES = {"checkpoint": "model", "in_path": "input", "out_path": "output"}


class LastOfSeveral(flags.Flag):
    """A string of which, as of other flags, the last one given counts; `given` has all."""

    def __init__(self, name: str, what: str):
        super().__init__(flags.ArgumentParser(), flags.ArgumentSerializer(), name, None, what)
        self.given: list[str] = []

    def parse(self, argument: str) -> None:
        super().parse(argument)
        self.given.append(argument)

    def unparse(self) -> None:
        super().unparse()
        self.given = []


def define_evaluate_flags() -> None:
    """Defines all flags of the program, group by group."""
    _define_picture_flags()
    _define_look_flags()
    _define_many_flags()
    _define_video_flags()
    _define_engine_flags()
    _define_score_flags()
    define_objective_flags()
    for name, flag in ALIASES.items():
        flags.DEFINE_alias(name, flag, module_name=OTHER_NAMES)
    flags.DEFINE_bool(
        "allow_different_dimensions",
        True,
        "Pictures may always differ in size; only for scripts that pass it.",
        module_name=OTHER_NAMES,
    )


def _define_picture_flags() -> None:
    what = "A network: a name (--list prints them) or a .keras file; several for --export_page."
    flags.DEFINE_flag(LastOfSeveral("model", what), module_name=PICTURES)
    for name, what in (
        (
            "input",
            'A picture, a folder, a pattern such as "photos/*.jpg", a video, camera (or camera:1 '
            "for the second), or - for standard input.",
        ),
        ("output", "The result; for a folder or a pattern, a folder; - for standard output."),
        ("sheet", "Write a contact sheet of the input in all networks that come with restyle."),
        ("show_recipe", "Print how a network or a picture was made, and stop."),
    ):
        flags.DEFINE_string(name, None, what, module_name=PICTURES)
    flags.DEFINE_bool("list", False, "Print the networks that come with it.", module_name=PICTURES)


def _define_look_flags() -> None:
    flags.DEFINE_list(
        "style_blend_weights",
        [],
        "One number for each style of the network, comma-separated; only the ratios matter. Empty: "
        "equal.",
        module_name=LOOK,
    )
    flags.DEFINE_float(
        "strength",
        1.0,
        "0 gives the photo, 1 the style.",
        lower_bound=0,
        upper_bound=1,
        module_name=LOOK,
    )
    flags.DEFINE_float(
        "stroke",
        None,
        "0 gives the finest strokes that the network has learnt, 1 the broadest. If not given: "
        "those in the middle.",
        lower_bound=0,
        upper_bound=1,
        module_name=LOOK,
    )
    what = "luminance: the photo's colours, the picture's brightness."
    flags.DEFINE_enum("preserve_color", COLORS[0], COLORS, what, module_name=LOOK)
    what = "A grey picture, white where the style applies."
    flags.DEFINE_string("mask", "", what, module_name=LOOK)
    what = "Long side in pixels to which larger inputs are shrunk; 0: every size is kept."
    flags.DEFINE_integer("max_size", 0, what, lower_bound=0, module_name=LOOK)


def _define_many_flags() -> None:
    for name, what in (
        ("skip_existing", "Leave out pictures whose result exists: goes on after a kill."),
        ("json", "Print one line of JSON for each result."),
        ("ray", "Share a folder among the workers of a Ray cluster."),
    ):
        flags.DEFINE_bool(name, False, what, module_name=MANY)
    what = "2/8: the second of eight parts of a folder, for eight machines."
    flags.DEFINE_string("shard", None, what, module_name=MANY)
    what = "Format of the results, such as .png; for a folder or standard output."
    flags.DEFINE_string("format", None, what, module_name=MANY)


def _define_video_flags() -> None:
    flags.DEFINE_string("codec", "libx264", "Encoder of the video.", module_name=VIDEO)
    for name, default, least, what in (
        ("crf", 18, 0, "Quality of the video: 0 is lossless, 23 usual, 51 the worst."),
        ("batch_size", 1, 1, "Frames painted at once."),
    ):
        flags.DEFINE_integer(name, default, what, lower_bound=least, module_name=VIDEO)
    for name, what in (
        ("start", "Seconds of the video to leave out at its beginning."),
        ("duration", "Seconds of the video, or of a camera, to paint; 0: to the end."),
        ("fps", "Frames per second of the result; 0: every frame at its own time."),
        ("smooth", "Steadiness by optical flow, of animations too, 0 to below 1; try 0.7."),
    ):
        flags.DEFINE_float(name, 0.0, what, lower_bound=0, module_name=VIDEO)


def _define_engine_flags() -> None:
    what = "auto: the fastest one that is installed."
    flags.DEFINE_enum("engine", ENGINES[0], ENGINES, what, module_name=ENGINE)
    what = "Of activations; auto: the faster one here."
    flags.DEFINE_enum("precision", PRECISIONS[0], PRECISIONS, what, module_name=ENGINE)
    what = "TensorFlow's name of a device, such as /gpu:1."
    flags.DEFINE_string("device", None, what, module_name=ENGINE)
    what = "Memory for one picture; larger ones are painted in bands. 0: what is free."
    flags.DEFINE_float("memory_gb", 0.0, what, lower_bound=0, module_name=ENGINE)
    what = "Write the network as SavedModel, ONNX, OpenVINO and LiteRT into this folder."
    flags.DEFINE_string("export", None, what, module_name=ENGINE)
    what = "Write a web page that paints in its visitor's browser into this folder; with --model, "
    what += "given once or more, with these networks in the place of all that come with restyle."
    flags.DEFINE_string("export_page", None, what, module_name=ENGINE)


def _define_score_flags() -> None:
    what = "A result of any program: print the objective's terms of it."
    flags.DEFINE_multi_string("score", [], what, module_name=SCORE)
    for name, what in (
        ("content", "The photograph of the results."),
        ("scores", "Write the terms into this .csv or .json file."),
        ("compare", "Write a contact sheet of photo, painting and results with their terms."),
        ("vgg_weights", "VGG-19 weights, .npz or .h5. If not given: cache, Keras, package index."),
    ):
        flags.DEFINE_string(name, None, what, module_name=SCORE)
    flags.DEFINE_multi_string("style", [], "The painting of the results.", module_name=SCORE)
    what = "Long side in pixels of the painting; 0: that of each result."
    flags.DEFINE_integer("style_size", 0, what, lower_bound=0, module_name=SCORE)
