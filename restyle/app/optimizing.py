"""A picture optimized, as a job."""

import collections
import dataclasses
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import restyle
from restyle.app.jobs import Job
from restyle.exact.plan import largest_side, plan_for, room_for
from restyle.exact.problem import saved_alpha
from restyle.exact.settings import OptimizeConfig, PictureObjective, result_size
from restyle.keywords import configured
from restyle.media.images import image_size, write_image
from restyle.media.transparency import without_white
from restyle.record.recipe import file_sha256, recipe_text

if TYPE_CHECKING:
    from restyle.exact.step import Step

SECONDS_BETWEEN_PICTURES = 1.0
# A page may still be fetching one of those before the last.
KEPT_PICTURES = 5
MOST_POINTS = 200
SMALLEST_SIZE, LARGEST_SIZE, STEP_OF_SIZE = 64, 4096, 64


def optimizing(
    photo: Path,
    paintings: Sequence[Path],
    weights: Sequence[float],
    settings: Mapping[str, Any],
    folder: Path,
) -> Callable[[Job], None]:
    """The work of a picture; refuses now what needs no waiting to be refused.

    settings: fields of `PictureObjective` and `OptimizeConfig`. folder: takes the result.

    Raises UserError for files that are no pictures, and a size for which memory lacks.
    """
    objective, config = configured(settings, PictureObjective, OptimizeConfig)
    for painting in paintings:
        image_size(painting)
    size = result_size(image_size(photo), config)
    precision = "float32" if config.precision == "auto" else config.precision
    plan_for(size, precision, config, room_for(config))

    def work(job: Job) -> None:
        job.tell(line="Loading TensorFlow and VGG-19")
        steps = restyle.steps(photo, paintings, style_blend_weights=weights, **settings)
        watch, step = Watch(job, folder), None
        for step in steps:
            watch.see(step)
            if job.ending:
                break
        assert step, "a run has a step"
        recipe = _recipe(step, photo, paintings, weights, objective)
        result = _written(step, folder / f"{photo.stem}_{paintings[0].stem}.png", recipe)
        job.tell(pictures=[result], files=[result], line=_line(step))

    return work


def largest_size() -> int:
    """Long side in pixels of the largest square that fits in the memory that is free."""
    config, square = OptimizeConfig(), (LARGEST_SIZE, LARGEST_SIZE)
    side = largest_side(square, "float32", config, room_for(config))
    return max(SMALLEST_SIZE, side - side % STEP_OF_SIZE)


class Watch:
    """Shows a run's steps in its job: numbers at once, pictures at intervals."""

    def __init__(self, job: Job, folder: Path):
        self._job, self._folder = job, folder
        self._curve: list[tuple[float, float]] = []
        self._next, self._shown = 0.0, collections.deque[Path]()

    def see(self, step: "Step") -> None:
        """Tells the job of a step."""
        self._curve.append((step.iteration_of_run, step.value))
        every = 1 + len(self._curve) // MOST_POINTS
        terms = {"objective": step.value, **step.terms}
        news: dict[str, Any] = {"share": step.progress, "line": _line(step), "terms": terms}
        if time.monotonic() >= self._next:
            news["pictures"] = [self._picture(step)]
            self._next = time.monotonic() + SECONDS_BETWEEN_PICTURES
        self._job.tell(curve=self._curve[::every], **news)

    def _picture(self, step: "Step") -> Path:
        """A file of the picture as it is, under a new name, or a browser would show the old one."""
        path = self._folder / f"after_{step.iteration_of_run}.jpg"
        write_image(path, step.finished())
        self._shown.append(path)
        if len(self._shown) > KEPT_PICTURES:
            self._shown.popleft().unlink()
        return path


def _written(step: "Step", path: Path, recipe: str) -> Path:
    picture = step.finished()
    alpha = saved_alpha(step.problem, (picture.shape[0], picture.shape[1]))
    drawn = without_white(picture, alpha)
    write_image(path, drawn, alpha=alpha, recipe=recipe)
    return path


def _recipe(
    step: "Step",
    photo: Path,
    paintings: Sequence[Path],
    weights: Sequence[float],
    objective: PictureObjective,
) -> str:
    made_of = {"content": photo.name, "style": [path.name for path in paintings]}
    return recipe_text(
        "restyle.app",
        {**made_of, "style_blend_weights": list(weights)}
        | dataclasses.asdict(objective)
        | dataclasses.asdict(step.config),
        inputs={path.name: file_sha256(str(path)) for path in (photo, *paintings)},
        weights=_vgg_weights(),
        terms={"last step": {"objective": step.value, **step.terms}},
    )


def _line(step: "Step") -> str:
    planned = sum(scale.iterations for scale in step.schedule)
    height, width = step.scale.size
    return f"Iteration {step.iteration_of_run} of {planned}, {width} × {height}"


def _vgg_weights() -> dict[str, str]:
    """Source and sha256 of the VGG-19 in the cache, which the run has just used."""
    from restyle.models.weights.load import load_vgg_weights

    weights = load_vgg_weights(None, report=lambda line: None)
    return {"source": weights.source, "sha256": weights.sha256}
