"""A network trained, as a job."""

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import restyle
from restyle.app.jobs import Job
from restyle.media.images import image_size, write_image

if TYPE_CHECKING:
    import numpy as np

    from restyle.training.loop import TrainStep

PREVIEW_EVERY = 25
MOST_POINTS = 200


def training(
    paintings: Sequence[Path],
    photos: Path,
    target: Path,
    settings: Mapping[str, Any],
    folder: Path,
) -> Callable[[Job], None]:
    """The work of training a network, which is written to `target`.

    photos: a folder. settings: as for `restyle.train`. folder: takes previews.

    Raises UserError for files that are no pictures.
    """
    for painting in paintings:
        image_size(painting)

    def work(job: Job) -> None:
        job.tell(line="Reading the photos, loading TensorFlow and VGG-19")
        curve: list[tuple[float, float]] = []
        sheets: list[Path] = []

        def watch(step: "TrainStep") -> None:
            curve.append((step.step, step.value))
            every = 1 + len(curve) // MOST_POINTS
            job.tell(
                share=step.progress,
                line=f"Step {step.step}",
                terms={"loss": step.value, **_known(step.terms)},
                curve=curve[::every],
                notes=[*job.report.notes, *filter(None, [step.event])],
            )

        def preview(sheet: "np.ndarray") -> None:
            path = folder / f"preview_{len(curve)}.jpg"
            write_image(path, sheet)
            sheets.append(path)
            job.tell(pictures=[*sheets])

        restyle.train(
            *(list(paintings), photos, target),
            **{"watch": watch, "preview": preview, "preview_every": PREVIEW_EVERY},
            interrupted=job.ending,
            **settings,
        )
        job.tell(share=1.0, files=[target], line=f"{target.stem}, after {len(curve)} steps")

    return work


def _known(terms: Mapping[str, float]) -> dict[str, float]:
    """Without those that are left out of the objective as yet."""
    return {name: value for name, value in terms.items() if not math.isnan(value)}
