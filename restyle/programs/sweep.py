"""A sweep: the values of one or two flags, whose every combination is run."""

import dataclasses
import itertools
from collections.abc import Collection, Iterator, Mapping, Sequence

from restyle.programs.flags import Flags, WrongFlags


@dataclasses.dataclass(frozen=True)
class SweptFlag:
    """A flag and the values that it takes in turn, as they would be written."""

    name: str
    values: Sequence[str]

    def labels(self) -> list[str]:
        """Words for a contact sheet, one for each value."""
        return [f"{self.name} {value}" for value in self.values]


def parse_sweep(text: str) -> SweptFlag:
    """Reads "style_weight=0.1,1,10"; values that hold commas themselves are separated by |."""
    name, equals, values = text.partition("=")
    parts = [value.strip() for value in values.split("|" if "|" in values else ",")]
    if not equals or not name or not all(parts):
        raise WrongFlags(
            f"Got --sweep={text}, expected a flag and its values: style_weight=0.1,1,10."
        )
    return SweptFlag(name.strip().lstrip("-").replace("-", "_"), parts)


def combinations(*swept: SweptFlag) -> Iterator[dict[str, str]]:
    """The cells of the sheet, row after row: what each flag is there."""
    for values in itertools.product(*(flag.values for flag in swept)):
        yield dict(zip((flag.name for flag in swept), values, strict=True))


def swept_settings(cell: Mapping[str, str], flags: Flags, settings: Collection[str]) -> dict:
    """What a cell's flags say, as if they had been given.

    settings: the flags that may be swept.
    """
    for name, value in cell.items():
        if name not in settings:
            raise WrongFlags(
                f"Got --sweep={name}=..., but there is no setting --{name}. See --help."
            )
        try:
            flags.given([f"--{name}={value}"])
        except WrongFlags as error:
            raise WrongFlags(f"Got --sweep={name}={value}: {error}") from error
    return flags.given([f"--{name}={value}" for name, value in cell.items()])
