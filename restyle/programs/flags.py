"""Flags made of settings: each field of a dataclass is a flag, with its default and its meaning.

A command line is read once, into the values that were given; nothing of a flag is left then. This
is the only file that knows absl.
"""

import dataclasses
import types
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, get_args, get_origin

from absl import flags

from restyle.errors import UserError


class WrongFlags(UserError):
    """A command line that makes no sense, whatever the files hold: exit status 2."""


class Flags:
    """The flags of a program.

    Args:
      groups: fields by the heading under which --help shows their flags. No two have one name.
      aliases: flags by the other names under which they are accepted.
    """

    def __init__(
        self,
        groups: Mapping[str, Iterable[dataclasses.Field]],
        aliases: Mapping[str, str] | None = None,
    ):
        self.groups = {heading: list(fields) for heading, fields in groups.items()}
        self.aliases = aliases or {}

    def given(self, arguments: Sequence[str]) -> dict[str, Any]:
        """The values that the arguments give, by flag; WrongFlags for no such flag or value.

        A flag may be written with - or with _.
        """
        values = self._defined()
        try:
            unknown = values(["", *map(_with_underscores, arguments)])[1:]
        except flags.Error as error:
            raise WrongFlags(str(error)) from error
        if unknown:
            raise WrongFlags(f"Got '{unknown[0]}', which is not the value of a flag. See --help.")
        given = [field.name for field in self._fields() if values[field.name].present]
        return {name: _frozen(values[name].value) for name in given}

    def help(self) -> str:
        """Every flag under its heading, with its meaning and default."""
        lines = []
        for heading, group in self._defined().flags_by_module_dict().items():
            lines += ["", f"{heading}:"]
            for flag in group:
                lines += flags.text_wrap(_flag_text(flag), 96, "      ", "  ").splitlines()
        return "\n".join(lines)

    def _fields(self) -> Iterator[dataclasses.Field]:
        for fields in self.groups.values():
            yield from fields

    def _defined(self) -> flags.FlagValues:
        values = flags.FlagValues()
        for heading, fields in self.groups.items():
            for field in fields:
                _define(field, {"flag_values": values, "module_name": heading})
        there = {"flag_values": values, "module_name": "Names from other programs"}
        for name, flag in self.aliases.items():
            flags.DEFINE_alias(name, flag, **there)
        return values


def fields_of(config: Any, *names: str) -> list[dataclasses.Field]:
    """Fields of a dataclass that say what they mean: those of these names, or else all."""
    fields = {field.name: field for field in dataclasses.fields(config)}
    return [fields[name] for name in names or fields if "meaning" in fields[name].metadata]


def kind_of(field: dataclasses.Field) -> tuple[Callable[[Any], Any], bool]:
    """The type of a field's values, or of each of several, and whether it holds several."""
    kind = field.type
    if get_origin(kind) is tuple:
        return get_args(kind)[0], True
    if isinstance(kind, types.UnionType):  # X | None, or X and what only a caller can give.
        return get_args(kind)[0], False
    assert isinstance(kind, type), f"{field.name} is of no type that a flag can have: {kind}"
    return kind, False


def _define(field: dataclasses.Field, there: dict[str, Any]) -> None:
    name, meaning = field.name, field.metadata["meaning"]
    default: Any = field.default
    kind, several = kind_of(field)
    if field.metadata["choices"]:
        flags.DEFINE_enum(name, default, field.metadata["choices"], meaning, **there)
    elif field.metadata["repeated"]:
        flags.DEFINE_multi_string(name, list(default), meaning, **there)
    elif several:
        serializer = flags.ListSerializer(",")
        flags.DEFINE(_Several(kind), name, list(default), meaning, serializer=serializer, **there)
    else:
        define: Mapping[Any, Any] = {
            bool: flags.DEFINE_bool,
            int: flags.DEFINE_integer,
            float: flags.DEFINE_float,
            str: flags.DEFINE_string,
        }
        define[kind](name, default, meaning, **there)


class _Several(flags.ListParser):
    """Reads comma-separated values of one type."""

    def __init__(self, kind: Callable[[Any], Any]):
        super().__init__()
        self.kind = kind

    def parse(self, argument: Any) -> list[Any]:
        try:
            return [self.kind(text) for text in super().parse(argument)]
        except ValueError as error:
            numbers = "whole numbers" if self.kind is int else "numbers"
            raise ValueError(f"expected {numbers}, with commas between them") from error


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _flag_text(flag: flags.Flag) -> str:
    several = " (may be given several times)" if isinstance(flag, flags.MultiFlag) else ""
    what = flag.help.split(";\n")[0]
    if flag.value is None or flag.default in ([], ""):
        return f"--{flag.name}{several}: {what}"
    return f"--{flag.name}: {what} Default: {str(flag.default_as_str).strip(chr(39))}."


def _with_underscores(argument: str) -> str:
    if not argument.startswith("--"):
        return argument
    name, equals, value = argument.partition("=")
    return "--" + name[2:].replace("-", "_") + equals + value
