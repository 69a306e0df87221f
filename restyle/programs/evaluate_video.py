"""evaluate.py on a video, or on a camera as it films."""

from fractions import Fraction

from restyle.errors import UserError
from restyle.machine.tensorflow_start import quiet_start
from restyle.programs import command_line
from restyle.programs.evaluate_task import CAMERA, Task
from restyle.programs.interruption import Interruption
from restyle.programs.progress import ProgressDisplay


def paint_video_of(task: Task, display: ProgressDisplay, dry_run: bool) -> int:
    """Paints a video; says how much of a broken one could be decoded."""
    if dry_run:
        print(task.plan(f"{task.source} -> {task.target}"))
        return 0
    with task.painter.begin_video(
        *(task.source, task.target, task.look, task.config, task.video)
    ) as painting:
        with quiet_start():
            stylizer = task.painter.stylizer(task.look)
        if painting.finished_until is not None:
            display.say(f"Resuming after {float(painting.finished_until):.2f} s.")
        interruption = Interruption()
        times = painting.frames(stylizer)
        for count, time in enumerate(times, 1):
            display.show(painting.progress(time), f"{float(time):.2f} s  {count} frames")
            if interruption:
                times.close()
                display.say(f"Interrupted: run again to resume{_where(painting.finished_until)}.")
                return command_line.INTERRUPTED
    display.say(f"Wrote {task.target}.")
    if painting.trouble:
        display.say(f"note: {painting.trouble}")
    return command_line.FAILED if painting.trouble else 0


def paint_camera_of(task: Task, display: ProgressDisplay, dry_run: bool) -> int:
    """Paints what a camera films until Ctrl-C, --duration, or the window is closed."""
    from restyle.media.video.camera import Camera, open_capture
    from restyle.media.video.live import live_output
    from restyle.paint.camera import paint_live
    from restyle.paint.videos import video_size

    number, seconds = camera_number(task.source), task.video.duration
    if dry_run:
        print(task.plan(f"{task.source} -> {task.target or 'a window'}"))
        return 0
    smoother = task.config.smoother()
    with Camera(open_capture(number)) as camera:
        size = video_size(camera.info.size, task.config.max_size)
        with live_output(task.target or None, camera, size, task.video.encoding) as output:
            with quiet_start():
                stylizer = task.painter.stylizer(task.look)
            interruption = Interruption()
            times = paint_live(camera.frames(), output, stylizer, size=size, smoother=smoother)
            for count, time in enumerate(times, 1):
                display.show(0.0, f"{float(time):.2f} s  {count} frames")
                if interruption or (seconds and time >= seconds):
                    break
    if task.target:
        display.say(f"Wrote {task.target}.")
    return 0


def camera_number(source: str) -> int:
    """Which camera "camera" or "camera:1" means."""
    number = source.removeprefix(CAMERA).removeprefix(":") or "0"
    if not number.isdecimal():
        raise UserError(f"Got --input {source}, expected a number, such as {CAMERA}:1.")
    return int(number)


def _where(finished_until: Fraction | None) -> str:
    return "" if finished_until is None else f" after {float(finished_until):.2f} s"
