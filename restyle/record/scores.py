"""Scores as a person reads them: a table of all results, a sheet of those of one photo."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from restyle.files import AnyPath, check_target, written_beside
from restyle.media.contact_sheet import contact_sheet

Row = Mapping[str, Any]

TABLES = (".csv", ".json")


def write_scores(path: AnyPath, rows: Sequence[Row]) -> None:
    """Writes one line for each result, .csv or .json by the path's name: whole, or not at all.

    rows: values by column. A CSV has the columns of all rows, in the order in which they first
    come; what a row lacks is left empty.

    Raises UserError for another name, or where it cannot be written.
    """
    check_target(path, TABLES)
    text = (
        _csv(rows)
        if Path(path).suffix.lower() == ".csv"
        else json.dumps(list(rows), indent=1) + "\n"
    )
    with written_beside(path) as file:
        file.write(text.encode())


def comparison_sheet(
    pictures: Mapping[str, np.ndarray],
    scores: Mapping[str, Mapping[str, float]],
    *,
    long_side: int = 400,
) -> np.ndarray:
    """Pictures beside each other under their names and terms, (h, w, 3) in [0, 1].

    pictures: the photo, the painting, the results ... by name, in this order. scores: terms by
    the names of those that have any. long_side: at which pictures are shown, in pixels.
    """
    if unknown := scores.keys() - pictures.keys():
        raise ValueError(f"Got scores of {unknown}, expected names among {list(pictures)}.")
    labels = [score_label(name, scores.get(name, {})) for name in pictures]
    row = list(pictures.values())
    return contact_sheet([row], row_labels=[""], column_labels=labels, long_side=long_side)


def score_label(name: str, terms: Mapping[str, float]) -> str:
    """A name, and below it each term on a line of its own."""
    return "\n".join([name, *(f"{term} {value:.5g}" for term, value in terms.items())])


def _csv(rows: Sequence[Row]) -> str:
    columns = dict.fromkeys(column for row in rows for column in row)
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(columns), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
