"""Train a network that paints in one style, or several, in a single pass: Johnson et al. (2016).

  python train_fast.py --style painting.jpg --train_path PHOTOS --output painting.keras

It is trained on the objective that optimize_style.py minimizes. Resume a run that was killed:
  python train_fast.py --resume painting_run --output painting.keras
"""

import dataclasses
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from restyle.errors import UserError
from restyle.machine.tensorflow_start import quiet_start
from restyle.models.objective_config import ObjectiveConfig
from restyle.programs import command_line
from restyle.programs.flags import WrongFlags
from restyle.programs.interruption import Interruption
from restyle.programs.progress import ProgressDisplay
from restyle.programs.settings import (
    as_settings,
    built,
    chosen,
    recorded_settings,
    refuse,
    refuse_beside_resume,
    settings_text,
)
from restyle.programs.train_record import TrainRecord, train_line
from restyle.programs.train_settings import CONFIGS, FLAGS, SHAPE, Results, Sources, idle
from restyle.record.recipe import run_record
from restyle.record.run_folder import RunFolder
from restyle.record.tensorboard_log import check_tensorboard
from restyle.training.backend import checked_backend
from restyle.training.photos import skipped_text
from restyle.training.settings import TrainConfig
from restyle.training.task import TrainTask, check_output, read_training, shape_for, with_start

if TYPE_CHECKING:
    from restyle.training.session import Session

PROGRAM = "train_fast.py"
Snapshot = Mapping[str, np.ndarray]


@dataclasses.dataclass(frozen=True)
class Training:
    """A training that was asked for: what was read, and what it was read from."""

    sources: Sources
    task: TrainTask
    backend: str

    def settings(self) -> dict[str, Any]:
        """All that shapes the network."""
        shape = {name: getattr(self.task.shape, name) for name in SHAPE}
        return (
            as_settings(self.sources, self.task.objective) | shape | as_settings(self.task.config)
        )

    def plan(self) -> str:
        """The settings and what they come to, a line each."""
        config, photos = self.task.config, len(self.task.photos.training)
        steps = f"{config.steps_for(photos)} steps"
        return "\n".join(
            [
                settings_text(self.settings()),
                f"network: {', '.join(self.task.shape.styles)}",
                f"photos: {photos} to learn from, {len(self.task.photos.held_out)} held out",
                f"training: {f'{config.minutes:g} minutes' if config.minutes else steps}",
            ]
        )


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the program and returns its exit status; None means the arguments of this process."""
    return command_line.run_program(_train, FLAGS, __doc__ or "", arguments)


def _train(given: dict[str, Any]) -> int:
    results = built(Results, given)
    folder, snapshot = RunFolder(results.folder), None
    if results.resume:
        refuse_beside_resume(given, ("output", "tensorboard"))
        settings = recorded_settings(folder.config(), folder.path, *CONFIGS)
        snapshot = folder.state()
    else:
        settings = with_start(chosen(given, *CONFIGS))
    training = _read(settings, results)
    for name, why in idle(training.task.config, training.task.objective).items():
        refuse(given, [name], why)
    if given.get("dry_run"):
        print(training.plan())
        return 0
    if not results.resume:
        folder.make()
    return _run(training, results, folder, snapshot)


def _read(settings: Mapping[str, Any], results: Results) -> Training:
    """Reads and checks all that the settings name, before anything slow is done."""
    sources, config = built(Sources, settings), built(TrainConfig, settings)
    if not sources.style or not sources.train_path:
        raise WrongFlags("Pass --style painting.jpg --train_path PHOTOS. See --help.")
    check_output(results.output)
    backend = checked_backend(sources.strategy)
    check_tensorboard(results.tensorboard)
    objective = built(ObjectiveConfig, settings)
    try:
        shape = shape_for(
            sources.style, config, **{name: settings[name] for name in SHAPE if name in settings}
        )
    except ValueError as error:
        raise WrongFlags(str(error)) from error
    task = read_training(
        sources.style,
        sources.train_path,
        objective,
        shape,
        config,
        tests=sources.test,
        start_from=sources.start_from,
    )
    return Training(sources, task, backend)


def _run(training: Training, results: Results, folder: RunFolder, snapshot: Snapshot | None) -> int:
    """Trains to the end, or until interrupted."""
    interruption = Interruption()
    with ProgressDisplay() as display:
        session = _session(training, display)
        training = dataclasses.replace(training, task=session.task)
        if session.chief and results.resume:
            folder.forget_after(int(snapshot["step"]) if snapshot else 0)
        elif session.chief:
            inputs = training.task.inputs
            folder.begin(run_record(PROGRAM, training.settings(), inputs, training.backend))
        steps = _steps(session, training.sources, results, folder, snapshot, display, interruption)
        if steps is not None and session.chief:
            _save(session, training, results.output, steps)
            told = f"Wrote {results.output} after {steps} steps; the run is in {folder.path}."
            display.say(told)
    if steps is None:
        go_on = f"--resume={folder.path} --output={results.output}"
        print(f"Interrupted: go on with {go_on}.", file=sys.stderr)
    return command_line.INTERRUPTED if steps is None else 0


def _session(training: Training, display: ProgressDisplay) -> "Session":
    """Network, loss and photos on the devices; TensorFlow or JAX is imported here, not before."""
    with quiet_start(training.backend):
        from restyle.training.session import Session

    sources, photos = training.sources, training.task.photos
    session = Session(
        training.task, sources.strategy, vgg_file=sources.vgg_weights, report=display.say
    )
    start = training.task.start or "scratch"
    display.say(
        f"{len(photos.training)} photos to learn from, {len(photos.held_out)} held out; "
        f"starting from {start}; {session.task.config.precision} on {session.devices} "
        f"device{'s' * (session.devices > 1)}"
    )
    return session


def _steps(
    session: "Session",
    sources: Sources,
    results: Results,
    folder: RunFolder,
    snapshot: Snapshot | None,
    display: ProgressDisplay,
    interruption: Interruption,
) -> int | None:
    """Takes the steps of the run and keeps a record: how many it has, or None if interrupted."""
    from restyle.training.loop import Diverged

    record = None
    if session.chief:
        record = TrainRecord(folder, session, sources.preview_every, results.tensorboard)
    told, step = "", None
    try:
        for step in session.steps(snapshot, interruption, sources.preview_every):
            display.show(step.progress, train_line(step, session.images_per_second(step)))
            skipped = skipped_text(session.task.photos.skipped)
            news = [f"note: {text}" for text in (skipped, step.event) if text not in ("", told)]
            if record:
                news.append(record.add(step))
            for line in filter(None, news):
                display.say(line)
            told = skipped
    except Diverged as error:
        raise UserError(str(error)) from error
    if step is None:
        assert snapshot, "a run has a step, unless it had ended before it was resumed"
        return int(snapshot["step"])
    return step.step if step.progress >= 1.0 else None


def _save(session: "Session", training: Training, output: str, steps: int) -> None:
    """Writes the network with its recipe."""
    from restyle.networks import save_network

    save_network(session.trainer.network, output, session.recipe(training.settings(), steps))
