"""Paint pictures, folders and video with a trained network, in one pass each.

  python evaluate.py --model starry_night --input photo.jpg --output out.jpg
  python evaluate.py --model starry_night --input PHOTOS --output PAINTED --skip_existing
  python evaluate.py --model starry_night --input clip.mp4 --output painted.mp4 --smooth 0.7

Paint with the settings of an earlier picture: --like out.jpg, and any flags that should differ.
Measure results of any program, the optimizer's or another's, by the same objective:
  python evaluate.py --score a.png --score b.jpg --content photo.jpg --style painting.jpg
"""

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from restyle.media.images import read_recipe
from restyle.networks import SUFFIX, pretrained_names, read_network_recipe
from restyle.paint.stylizer import strength_note
from restyle.programs import command_line
from restyle.programs.evaluate_exports import export, export_page
from restyle.programs.evaluate_pictures import paint_pictures_of
from restyle.programs.evaluate_scores import score
from restyle.programs.evaluate_settings import CONFIGS, FLAGS, OBEYED_BY_INPUT, OBEYED_BY_MODE
from restyle.programs.evaluate_sheet import sheet
from restyle.programs.evaluate_task import Task, read_task
from restyle.programs.evaluate_video import paint_camera_of, paint_video_of
from restyle.programs.progress import ProgressDisplay
from restyle.programs.settings import chosen, refuse

Given = Mapping[str, Any]

INPUTS = {
    "pictures": "for a picture or several",
    "video": "for a video",
    "camera": "for a camera",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the program and returns its exit status; None means the arguments of this process."""
    return command_line.run_program(_evaluate, FLAGS, __doc__ or "", arguments)


def _evaluate(given: Given) -> int:
    os.environ["KERAS_BACKEND"] = "tensorflow"  # Only training may take another.
    for mode, run in MODES.items():
        if given.get(mode):
            refuse(given, given.keys() - OBEYED_BY_MODE[mode] - {mode}, f"with --{mode}")
            return run(given)
    return _paint(given)


def _paint(given: Given) -> int:
    """Paints what --input names; 1 if some of it could not be painted."""
    task = read_task(chosen(given, *CONFIGS))
    unused = given.keys() - OBEYED_BY_INPUT[task.kind]
    refuse(given, unused, INPUTS[task.kind])
    paint: Callable[[Task, ProgressDisplay, bool], int] = PAINT[task.kind]
    with ProgressDisplay() as display:
        if note := strength_note(task.look, [task.painter.shape]):
            display.say(f"note: {note}")
        return paint(task, display, bool(given.get("dry_run")))


def _list(given: Given) -> int:
    print("\n".join(pretrained_names()))
    return 0


def _show_recipe(given: Given) -> int:
    path = given["show_recipe"]
    is_network = path.endswith(SUFFIX) or path in pretrained_names()
    print(read_network_recipe(path) if is_network else read_recipe(path))
    return 0


# The first of these that is asked for is done.
MODES: Mapping[str, Callable[[Given], int]] = {
    "list": _list,
    "show_recipe": _show_recipe,
    "score": score,
    "export": export,
    "export_page": export_page,
    "sheet": sheet,
}
PAINT = {"pictures": paint_pictures_of, "video": paint_video_of, "camera": paint_camera_of}
