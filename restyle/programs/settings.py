"""Settings by name: what a command line and a recipe say, and the dataclasses made of them."""

import dataclasses
import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, TypeVar

from restyle.errors import UserError
from restyle.media.images import read_recipe
from restyle.models.objective_config import PRESETS
from restyle.models.settings import setting
from restyle.networks import SUFFIX, pretrained_names, read_network_recipe
from restyle.programs.flags import WrongFlags, kind_of
from restyle.record.recipe import current_settings

Settings = Mapping[str, Any]
Config = TypeVar("Config")


@dataclasses.dataclass(frozen=True)
class Request:
    """Where settings come from that no flag says, and whether anything is done with them."""

    preset: str = setting(
        "restyle",
        "restyle: relative errors. gatys: the 2016 paper's own formula, Gram matrices and average "
        "pooling, with content_weight 1 and style_weight 1000 unless given.",
        choices=tuple(PRESETS),
    )
    like: str | None = setting(
        None,
        "Use the settings of a picture or network that this program made, or of a run's "
        "config.json, except where a flag says otherwise.",
    )
    dry_run: bool = setting(False, "Print what would be done, and stop.")


def chosen(given: Settings, *configs: type) -> dict[str, Any]:
    """The settings that are not left to the defaults: given, by --preset, or else by --like.

    configs: the dataclasses whose fields a recipe holds.
    """
    settings = read_settings(given["like"], *configs) if given.get("like") else {}
    if "preset" in given:
        changed = {name for preset in PRESETS.values() for name in preset}
        kept = {name: value for name, value in settings.items() if name not in changed}
        settings = kept | PRESETS[given["preset"]]
    # The weights that a recipe has are those of its own layers, and of its style loss.
    if given.keys() & {"style_layers", "style_loss"}:
        settings.pop("style_layer_weights", None)
    if "content_layers" in given:
        settings.pop("content_layer_weights", None)
    return settings | dict(given)


def built(config: type[Config], settings: Settings) -> Config:
    """The dataclass with those settings that are its fields; WrongFlags if they make no sense."""
    fields = {field.name for field in dataclasses.fields(config)}  # type: ignore[arg-type]
    try:
        return config(**{name: settings[name] for name in settings.keys() & fields})
    except ValueError as error:
        raise WrongFlags(str(error)) from error


def as_settings(*configs: Any) -> dict[str, Any]:
    """The fields of dataclasses by name: what `read_settings` reads."""
    return {name: value for config in configs for name, value in dataclasses.asdict(config).items()}


def read_settings(path: str, *configs: type) -> dict[str, Any]:
    """The settings in a picture's recipe, a network's, or a config.json."""
    if path.endswith(".json"):
        text = _read_text(path)
    elif path.endswith(SUFFIX) or path in pretrained_names():
        text = read_network_recipe(path)
    else:
        text = read_recipe(path)
    try:
        record = dict(json.loads(text))
    except (TypeError, ValueError) as error:
        raise UserError(
            f"'{path}' holds no settings ({type(error).__name__}). Give a result of this program, "
            "or the config.json of a run."
        ) from error
    return recorded_settings(record, path, *configs)


def recorded_settings(record: Settings, where: object, *configs: type) -> dict[str, Any]:
    """The settings in a recipe or in what config.json holds, as fields of these dataclasses."""
    fields = {f.name: f for config in configs for f in dataclasses.fields(config)}
    settings = current_settings(record)
    try:
        return {name: _typed(fields[name], value) for name, value in settings.items()}
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(
            f"'{where}' was made by another program or version (unknown here: {error}). "
            "Give a result of this program and version."
        ) from error


def refuse(given: Settings, names: Collection[str], why: str) -> None:
    """Raises WrongFlags if one of these flags is given, which then does nothing."""
    for name in given:
        if name in names:
            raise WrongFlags(f"Got --{name}, which does nothing {why}. Drop it.")


def refuse_beside_resume(given: Settings, allowed: Collection[str]) -> None:
    """Raises WrongFlags if a flag is given that a resumed run cannot obey.

    allowed: those that it can, but for --resume and --dry_run themselves.
    """
    for name in given:
        if name not in (*allowed, "resume", "dry_run"):
            raise WrongFlags(
                f"Got --{name} together with --resume: a resumed run keeps its own settings. "
                f"Drop --{name}, or start a new run."
            )


def settings_text(settings: Settings) -> str:
    """The settings as flags, a line each."""
    return "\n".join(f"{name}: {json.dumps(value)}" for name, value in settings.items())


def _typed(field: dataclasses.Field, value: Any) -> Any:
    kind, several = kind_of(field)
    if not several:
        return value
    return tuple(kind(each) for each in (value if isinstance(value, list) else [value]))


def _read_text(path: str) -> str:
    try:
        return Path(path).read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"'{path}' cannot be read: {error}. Give a config.json.") from error
