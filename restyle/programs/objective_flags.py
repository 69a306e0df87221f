"""Flags of the objective, the same in every program that minimises or measures it."""

from typing import Any

from absl import flags

from restyle.models.objective_config import POOLINGS, PRESETS, STYLE_LOSSES, ObjectiveConfig

GROUP = "The objective"
FLAGS = flags.FLAGS


def define_objective_flags() -> None:
    """Defines the flags, each with the default of `ObjectiveConfig`."""
    defaults = ObjectiveConfig
    flags.DEFINE_enum(
        "preset",
        "restyle",
        list(PRESETS),
        "restyle: relative errors. gatys: the 2016 paper's own formula, Gram matrices and average "
        "pooling, with content_weight 1 and style_weight 1000 unless given.",
        module_name=GROUP,
    )
    for name, choices, what in (
        ("style_loss", STYLE_LOSSES, "wasserstein: means and covariances; gram: Gram matrices."),
        ("pooling", POOLINGS, "In VGG-19; max as it was trained, average as in the paper."),
    ):
        flags.DEFINE_enum(name, getattr(defaults, name), choices, what, module_name=GROUP)
    for name, what in (
        ("content_weight", "How much of the scene is kept; 0 gives a pure texture."),
        ("style_weight", "How much of the style is taken; 0 reconstructs the content."),
        ("tv_weight", "Smoothness: weight of the total variation. Try 0.1 to 10."),
    ):
        flags.DEFINE_float(name, getattr(defaults, name), f"{what} 0 or more.", module_name=GROUP)
    for kind in ("content", "style"):
        flags.DEFINE_list(
            f"{kind}_layers",
            list(getattr(defaults, f"{kind}_layers")),
            f"VGG-19 layers of the {kind}, comma-separated; conv4_2 and relu4_2 mean the same.",
            module_name=GROUP,
        )
        flags.DEFINE_list(
            f"{kind}_layer_weights",
            [],
            f"One number for each of the {kind}_layers; only the ratios matter. Empty: equal.",
            module_name=GROUP,
        )


def objective_config() -> ObjectiveConfig:
    """The objective that the flags ask for; ValueError if they cannot be meant."""
    return ObjectiveConfig(
        **preset_settings(),
        content_layers=tuple(FLAGS.content_layers),
        style_layers=tuple(FLAGS.style_layers),
        content_layer_weights=numbers("content_layer_weights"),
        style_layer_weights=numbers("style_layer_weights"),
        formula=PRESETS[FLAGS.preset].get("formula", ObjectiveConfig.formula),
    )


def preset_settings() -> dict[str, Any]:
    """The flags that a preset may change: as given, or else by the preset."""
    preset = PRESETS[FLAGS.preset]
    return {
        name: preset[name] if name in preset and not FLAGS[name].present else getattr(FLAGS, name)
        for name in ("content_weight", "style_weight", "tv_weight", "style_loss", "pooling")
    }


def whole_numbers(flag: str) -> tuple[int, ...]:
    """The value of a comma-separated flag as whole numbers; ValueError if one is none."""
    values = numbers(flag)
    if not all(value.is_integer() for value in values):
        raise ValueError(f"Got --{flag} {','.join(getattr(FLAGS, flag))}, expected whole numbers.")
    return tuple(int(value) for value in values)


def numbers(flag: str) -> tuple[float, ...]:
    """The value of a comma-separated flag as numbers; ValueError if one is none."""
    try:
        return tuple(float(value) for value in getattr(FLAGS, flag))
    except ValueError as error:
        raise ValueError(
            f"Got --{flag} {','.join(getattr(FLAGS, flag))}, expected numbers."
        ) from error
