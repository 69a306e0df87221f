"""Train a network that paints in one style, or several, in a single pass: Johnson et al. (2016).

  python train_fast.py --style painting.jpg --train_path PHOTOS --output painting.keras

It is trained on the objective that optimize_style.py minimises. Go on with a run that was killed:
  python train_fast.py --resume painting_run --output painting.keras
"""

import sys
from collections.abc import Mapping

import numpy as np
from absl import flags

from restyle.errors import UserError
from restyle.programs import command_line
from restyle.programs.flag_settings import take_settings
from restyle.programs.interruption import Interruption
from restyle.programs.progress import ProgressDisplay
from restyle.programs.train_flags import define_train_flags
from restyle.programs.train_task import (
    TrainTask,
    read_train_task,
    run_folder_path,
    train_settings,
)
from restyle.programs.train_text import train_line
from restyle.record.run_folder import RunFolder
from restyle.tensorflow_start import quiet_start
from restyle.training.backend import checked_backend
from restyle.training.photos import skipped_text

FLAGS = flags.FLAGS


def main() -> int:
    folder = RunFolder(FLAGS.resume or run_folder_path())
    snapshot = None
    if FLAGS.resume:
        take_settings(folder, train_settings(), ["run_dir"])
        snapshot = folder.state()
    task = read_train_task()
    if not FLAGS.resume:
        folder.make()
    interruption = Interruption()
    with ProgressDisplay() as display:
        session = _session(task, display.say)
        if session.chief:
            _begin(folder, snapshot)
        ended = _train(session, folder, snapshot, display, interruption)
    if not ended:
        go_on = f"--resume={folder.path} --output={FLAGS.output}"
        print(f"Interrupted: go on with {go_on}.", file=sys.stderr)
    return 0 if ended else command_line.INTERRUPTED


def _session(task: TrainTask, say):
    """Network, loss and photos on the devices; TensorFlow or JAX is imported here, not before."""
    with quiet_start(checked_backend(FLAGS.strategy)):
        from restyle.training.session import Session

    session = Session(task, FLAGS.strategy, vgg_file=FLAGS.vgg_weights, report=say)
    FLAGS["precision"].value = session.task.config.precision  # A resumed run keeps to it.
    photographs = task.photographs
    say(
        f"{len(photographs.training)} photos to learn from, {len(photographs.held_out)} held out; "
        f"{FLAGS.precision} on {session.devices} device{'s' * (session.devices > 1)}"
    )
    return session


def _begin(folder: RunFolder, snapshot: Mapping[str, np.ndarray] | None) -> None:
    """Makes the folder ready for the steps to come."""
    if FLAGS.resume:
        folder.forget_after(int(snapshot["step"]) if snapshot else 0)
    else:
        folder.begin(train_settings())


def _train(session, folder: RunFolder, snapshot, display, interruption) -> bool:
    """Runs to the end, or until interrupted; whether it is the end."""
    from restyle.programs.train_record import TrainRecord
    from restyle.training.loop import Diverged

    record = None
    if session.chief:
        record = TrainRecord(folder, session, FLAGS.preview_every, FLAGS.tensorboard)
    told, step = "", None
    try:
        for step in session.steps(snapshot, interruption, FLAGS.preview_every):
            display.show(step.progress, train_line(step, session.images_per_second(step)))
            skipped = skipped_text(session.task.photographs.skipped)
            for news in {skipped, step.event} - {"", told}:
                display.say(f"note: {news}")
            told = skipped
            if measured := record.add(step) if record else "":
                display.say(measured)
    except Diverged as error:
        raise UserError(str(error)) from error
    ended = step is None or step.progress >= 1.0  # None: it had ended before it was resumed.
    if record and ended:
        _save(session, folder, display, steps=step.step if step else int(snapshot["step"]))
    return ended


def _save(session, folder: RunFolder, display, *, steps: int) -> None:
    """Writes the network with its recipe."""
    from restyle.networks import save_network

    recipe = session.recipe(train_settings(), steps)
    save_network(session.trainer.network, FLAGS.output, recipe)
    display.say(f"Wrote {FLAGS.output} after {steps} steps; the run is in {folder.path}.")


define_train_flags()

if __name__ == "__main__":
    sys.exit(command_line.run(main, __doc__ or "", sys.argv))
