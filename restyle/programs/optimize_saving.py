"""The result of a run, saved with its recipe."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from restyle.media.images import as_saved, write_image
from restyle.media.transparency import without_white
from restyle.programs.optimize_task import Task
from restyle.programs.progress import ProgressDisplay
from restyle.record.recipe import recipe_text

if TYPE_CHECKING:
    from restyle.models.weights.load import VGGWeights

PROGRAM = "optimize_style.py"


def save_picture(
    task: Task,
    output: str,
    weights: "VGGWeights",
    picture: np.ndarray,
    display: ProgressDisplay,
) -> None:
    """Writes the picture with its recipe and says what the network sees in it.

    A large one, in which to see once takes as long as an iteration, is measured as saved alone.
    """
    from restyle.exact.evaluation import measure_stages
    from restyle.exact.problem import saved_alpha
    from restyle.measure import scoring_tile

    size = task.scales[-1].size
    alpha = saved_alpha(task.problem, size)
    drawn = without_white(picture, alpha)
    saved = as_saved(drawn, Path(output).suffix, alpha=alpha)
    stages = {"saved": saved} if scoring_tile(size) else {"before saving": picture, "saved": saved}
    terms = measure_stages(stages, task.problem, task.objective, task.config, weights)
    recipe = recipe_text(
        PROGRAM,
        task.settings(),
        inputs=task.inputs,
        weights={"source": weights.source, "sha256": weights.sha256},
        terms=terms,
    )
    write_image(output, drawn, alpha=alpha, recipe=recipe)
    for stage, values in terms.items():
        display.say(f"{stage:>13}: " + "  ".join(f"{k} {v:.5f}" for k, v in values.items()))
    display.say(f"Wrote {output}, {size[1]} x {size[0]}.")
