"""evaluate.py on a picture, a folder of them, or a stream."""

import functools
import json
from collections.abc import Generator, Mapping, Sequence
from typing import Any

from restyle.errors import UserError
from restyle.machine.tensorflow_start import quiet_start
from restyle.media.folders import Job, jobs, shard, unfinished
from restyle.media.images import image_size
from restyle.media.standard_streams import STREAM, as_files
from restyle.paint.cluster import paint_on_cluster
from restyle.paint.pictures import Outcome, Watch, make_ready, paint_pictures
from restyle.programs import command_line
from restyle.programs.evaluate_task import Task
from restyle.programs.interruption import Interruption
from restyle.programs.progress import ProgressDisplay
from restyle.record.recipe import file_sha256, recipe_text

PROGRAM = "evaluate.py"


def paint_pictures_of(task: Task, display: ProgressDisplay, dry_run: bool) -> int:
    """Paints a picture or many; 1 if one of them failed."""
    if dry_run and STREAM in (task.source, task.target):
        print(task.plan(f"{task.source} -> {task.target}"))
        return 0
    form = task.results.format or ".png"
    with as_files(task.source, task.target, form) as (source, target):
        found = _jobs(task, source, target)
        if dry_run:
            print(task.plan(*(f"{job.source} -> {job.target}" for job in found)))
            return 0
        return _paint_all(task, found, display)


def _jobs(task: Task, source: str, target: str) -> Sequence[Job]:
    """The pictures of a file, folder or pattern that are to be painted here."""
    found: Sequence[Job] = jobs(source, target, suffix=task.results.format)
    if task.results.shard:
        found = shard(found, task.results.shard)
    return unfinished(found) if task.results.skip_existing else found


def _paint_all(task: Task, found: Sequence[Job], display: ProgressDisplay) -> int:
    if not found:
        display.say("Nothing is left to paint.")
        return 0
    if len(found) == 1:
        image_size(found[0].source)  # What is no picture is found before TensorFlow is started.
    make_ready(found[0].target)
    done, failed = _painted(task, found, display)
    if done < len(found):
        what_now = (
            "run again with --skip_existing to resume" if len(found) > 1 else "nothing was written"
        )
        display.say(f"Interrupted after {done} of {len(found)}: {what_now}.")
        return command_line.INTERRUPTED
    if failed and len(found) == 1:
        raise UserError(failed[0].error)
    for outcome in failed:
        display.say(f"failed: {outcome.error}")
    display.say(f"{done - len(failed)} painted, {len(failed)} failed.")
    return command_line.FAILED if failed else 0


def _painted(
    task: Task, found: Sequence[Job], display: ProgressDisplay
) -> tuple[int, list[Outcome]]:
    """Paints and reports until all is done or interrupted: how many, and which of them failed."""
    done = 0
    failed: list[Outcome] = []

    def watch(job: Job, frames: int, of: int) -> None:
        display.show((done + frames / (of + 1)) / len(found), f"{frames} of {of}  {job.source}")
        if interruption:
            raise KeyboardInterrupt

    outcomes = _outcomes(task, found, watch)
    interruption = Interruption()
    try:
        for done, outcome in enumerate(outcomes, 1):
            display.show(done / len(found), f"{done} of {len(found)}  {outcome.job.source}")
            if outcome.note:
                display.say(f"note: {outcome.note}")
            if task.results.json:
                print(_json_line(task, outcome), flush=True)
            if outcome.error:
                failed.append(outcome)
            if interruption:
                break
    except KeyboardInterrupt:  # Raised by `watch`, between two frames.
        pass
    outcomes.close()
    return done, failed


def _outcomes(task: Task, found: Sequence[Job], watch: Watch) -> Generator[Outcome, None, None]:
    """Of the pictures as they are painted, here or on a cluster."""
    make_stylizer = functools.partial(task.painter.stylizer, task.look)
    recipe = functools.partial(_recipe, task.settings(), _made_with(task), name=_name(task))
    with quiet_start():
        if task.results.ray:
            return paint_on_cluster(found, make_stylizer, task.config, recipe=recipe)
        stylizer = make_stylizer()
    return paint_pictures(found, stylizer, task.config, recipe=recipe, watch=watch)


def _made_with(task: Task) -> dict[str, str]:
    """sha256 of the network, by the name or path that was given, and of a mask."""
    mask = str(task.look.mask)
    masks = {mask: file_sha256(mask)} if mask else {}
    return {task.model: file_sha256(str(task.painter.path)), **masks}


def _recipe(
    settings: Mapping[str, Any], made_with: Mapping[str, str], job: Job, *, name: str
) -> str:
    """The recipe of one result. A function of the module: it may be sent to another process."""
    source = name or str(job.source)
    inputs = {source: file_sha256(str(job.source)), **made_with}
    return recipe_text(PROGRAM, {"input": source, **settings}, inputs=inputs, weights={}, terms={})


def _name(task: Task) -> str:
    """What all sources are called; "": each by its path."""
    return STREAM if task.source == STREAM else ""


def _json_line(task: Task, outcome: Outcome) -> str:
    job, (height, width) = outcome.job, outcome.size
    source = _name(task) or str(job.source)
    result = {"input": source, "output": str(job.target), "error": outcome.error}
    size = {"height": height, "width": width, "seconds": round(outcome.seconds, 4)}
    return json.dumps(result | size)
