"""Train a network that paints in one style, or several, in a single pass: Johnson et al. (2016).

  python train_fast.py --style painting.jpg --train_path PHOTOS --output painting.keras

It is trained on the objective that optimize_style.py minimises. Go on with a run that was killed:
  python train_fast.py --resume painting_run --output painting.keras
"""

import sys
from collections.abc import Mapping

import numpy as np
from absl import flags

from restyle import command_line
from restyle.errors import UserError
from restyle.fast.photographs import skipped_text
from restyle.fast.train_flags import define_train_flags
from restyle.fast.train_task import (
    TrainTask,
    read_train_task,
    run_folder_path,
    train_settings,
)
from restyle.fast.train_text import mean_terms_line, train_line, train_row
from restyle.flag_settings import take_settings
from restyle.interruption import Interruption
from restyle.progress import ProgressDisplay
from restyle.run_folder import RunFolder

FLAGS = flags.FLAGS


def main() -> int:
    folder = RunFolder(FLAGS.resume or run_folder_path())
    snapshot = _resumed(folder) if FLAGS.resume else None
    task = read_train_task()
    if not FLAGS.resume and FLAGS.strategy != "multi_worker":  # Where another may have begun it.
        folder.make()
    interruption = Interruption()
    with ProgressDisplay() as display:
        session = _session(task, display.say)
        if session.chief and not FLAGS.resume:
            folder.begin(train_settings())
        ended = _train(session, folder, snapshot, display, interruption)
    if not ended:
        print(f"Interrupted: go on with --resume={folder.path}.", file=sys.stderr)
    return 0 if ended else command_line.INTERRUPTED


def _resumed(folder: RunFolder) -> Mapping[str, np.ndarray] | None:
    """The state of the run to go on with, whose settings the flags become."""
    take_settings(folder, train_settings(), ["run_dir"])
    snapshot = folder.state()
    folder.forget_after(int(snapshot["step"]) if snapshot else 0)
    return snapshot


def _session(task: TrainTask, say):
    """Network, loss and photos on the devices; TensorFlow is imported here, not before."""
    with command_line.quiet_start():
        from restyle.fast.session import Session
        from restyle.precision import fastest_precision

    if FLAGS.precision == "auto":
        FLAGS["precision"].value = fastest_precision()  # A resumed run keeps to it.
        task = task.with_precision(FLAGS.precision)
    session = Session(task, FLAGS.strategy, vgg_file=FLAGS.vgg_weights, report=say)
    photographs = task.photographs
    say(
        f"{len(photographs.training)} photos to learn from, {len(photographs.held_out)} held out; "
        f"{FLAGS.precision} on {session.devices} device{'s' * (session.devices > 1)}"
    )
    return session


def _train(session, folder: RunFolder, snapshot, display, interruption) -> bool:
    """Runs to the end, or until interrupted; whether it is the end."""
    from restyle.fast.training_loop import Diverged

    told, step, validation = "", None, {}
    try:
        for step in session.steps(snapshot):
            display.show(step.progress, train_line(step, session.images_per_second(step)))
            skipped = skipped_text(session.task.photographs.skipped)
            for news in ([skipped] if skipped != told else []) + (
                [step.event] if step.event else []
            ):
                display.say(f"note: {news}")
            told = skipped
            if session.chief:
                validation = _keep(session, folder, step, validation, display)
            if interruption:
                break
    except Diverged as error:
        raise UserError(str(error)) from error
    ended = step is None or step.progress >= 1.0  # None: it had ended before it was resumed.
    if session.chief and ended:
        _save(session, folder, display, steps=step.step if step else int(snapshot["step"]))
    return ended


def _keep(session, folder: RunFolder, step, validation, display) -> Mapping[str, float]:
    """Writes what a step leaves in the folder; the last measurement of the photos held out."""
    if step.event:  # It was sent back.
        folder.forget_after(step.step)
        return validation
    due = FLAGS.preview_every and step.step % FLAGS.preview_every == 0
    if due or step.progress >= 1.0 or not validation:
        validation = session.validation()
    if due or step.progress >= 1.0:
        folder.preview(f"{step.step:06d}", session.preview())
        folder.plot(["loss", "held out loss", *step.terms])
        display.say(f"step {step.step}  {mean_terms_line(validation)}" if validation else "")
    folder.log(train_row(step, validation))
    if step.snapshot:
        folder.keep_state(step.snapshot)
    return validation


def _save(session, folder: RunFolder, display, *, steps: int) -> None:
    """Writes the network with its recipe."""
    from restyle.fast.network_file import save_network

    recipe = session.recipe(train_settings(), steps)
    save_network(session.trainer.average, FLAGS.output, recipe)
    display.say(f"Wrote {FLAGS.output} after {steps} steps; the run is in {folder.path}.")


define_train_flags()

if __name__ == "__main__":
    sys.exit(command_line.run(main, __doc__ or "", sys.argv))
