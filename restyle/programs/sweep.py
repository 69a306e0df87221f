"""A sweep: the values of one or two flags, whose every combination is run."""

import dataclasses
from collections.abc import Iterator, Sequence

from restyle.errors import UserError


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
        raise UserError(
            f"Got --sweep={text}, expected a flag and its values: style_weight=0.1,1,10."
        )
    return SweptFlag(name.strip().lstrip("-").replace("-", "_"), parts)


def combinations(rows: SweptFlag, columns: SweptFlag) -> Iterator[dict[str, str]]:
    """The settings of each cell of the sheet, row after row."""
    for row in rows.values:
        for column in columns.values:
            yield {rows.name: row, columns.name: column}
