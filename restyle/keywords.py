"""Settings as keywords: sorted into the configurations that own them, or refused by name."""

import dataclasses
import difflib
from collections.abc import Collection, Mapping
from typing import Any

from restyle.models.objective_config import PRESETS


def configured(
    settings: Mapping[str, Any], *configs: type, also: Collection[str] = ()
) -> list[Any]:
    """An instance of each configuration, a frozen dataclass, from the settings that it has.

    A setting that two have goes to both. Where several values are expected, one will do.

    also: names of further keywords, which a wrong name may have meant.

    Raises:
      TypeError: none has a setting of this name; the text names those most like it.
      ValueError: a value that makes no sense.
    """
    fields = [{field.name: field for field in dataclasses.fields(config)} for config in configs]
    known = sorted({*also, *(name for each in fields for name in each)})
    for name in settings:
        if name not in known or name in also:
            raise TypeError(_unknown(name, known))
    return [
        config(**{name: _value(own[name], settings[name]) for name in own.keys() & settings.keys()})
        for config, own in zip(configs, fields, strict=True)
    ]


def with_preset(preset: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of a preset, but for those that are given."""
    if preset not in PRESETS:
        raise ValueError(f"Got preset {preset!r}, expected one of {tuple(PRESETS)}.")
    return {**PRESETS[preset], **settings}


def _value(field: dataclasses.Field, value: Any) -> Any:
    if not isinstance(field.default, tuple):
        return value
    return (value,) if isinstance(value, str | int | float) else tuple(value)


def _unknown(name: str, known: Collection[str]) -> str:
    nearest = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    if nearest:
        return f"Got {name}, which is no setting here. Did you mean {' or '.join(nearest)}?"
    return f"Got {name}, which is no setting here. There are: {', '.join(known)}."
