"""What a setting is: a field of a configuration, its meaning written beside its default."""

import dataclasses
from collections.abc import Sequence
from typing import Any


def setting(
    default: Any, meaning: str, *, choices: Sequence[str] = (), repeated: bool = False
) -> Any:
    """A field of a dataclass; the programs make a flag of it, with its meaning as the help.

    choices: all values that it may have; empty: any. repeated: whether the flag of a field of
    several values is given once for each, rather than once with commas.
    """
    metadata = {"meaning": meaning, "choices": choices, "repeated": repeated}
    return dataclasses.field(default=default, metadata=metadata)


def check_choices(config: Any) -> None:
    """Raises ValueError for a field of a dataclass that has none of its choices."""
    for field in dataclasses.fields(config):
        choices, value = field.metadata.get("choices"), getattr(config, field.name)
        if choices and value not in choices:
            raise ValueError(f"Got {field.name} {value!r}, expected one of {tuple(choices)}.")
