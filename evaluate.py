"""Paint pictures, folders and video with a trained network, in one pass each.

  python evaluate.py --model starry_night --input photo.jpg --output out.jpg
  python evaluate.py --model starry_night --input PHOTOS --output PAINTED --skip_existing
  python evaluate.py --model starry_night --input clip.mp4 --output painted.mp4 --smooth 0.7

Measure results of any program, the optimiser's or another's, by the same objective:
  python evaluate.py --score a.png --score b.jpg --content photo.jpg --style painting.jpg
"""

import json
import os
import sys
from collections.abc import Generator, Sequence
from fractions import Fraction

from absl import flags

from restyle.errors import UserError
from restyle.media.contact_sheet import contact_sheet
from restyle.media.folders import Job
from restyle.media.images import check_writable, image_size, read_image, read_recipe, write_image
from restyle.media.standard_streams import STREAM, as_files
from restyle.networks import SUFFIX, load_network, pretrained_names, read_network_recipe
from restyle.page.runtime import runtime_folder
from restyle.paint.cluster import paint_on_cluster
from restyle.paint.pictures import Outcome, Watch, make_ready, paint_pictures, shrunk
from restyle.paint.stylizer import strength_note
from restyle.programs import command_line
from restyle.programs import evaluate_task as task
from restyle.programs.evaluate_flags import define_evaluate_flags
from restyle.programs.interruption import Interruption
from restyle.programs.progress import ProgressDisplay
from restyle.programs.scoring import read_compared, score_results
from restyle.record.scores import check_table_name, comparison_sheet, score_label, write_scores
from restyle.tensorflow_start import quiet_start

FLAGS = flags.FLAGS


def main() -> int:
    os.environ["KERAS_BACKEND"] = "tensorflow"  # Only train_fast.py may take another.
    if FLAGS.list:
        print("\n".join(pretrained_names()))
        return 0
    if FLAGS.show_recipe:
        print(_recipe_of(FLAGS.show_recipe))
        return 0
    if FLAGS.score:
        return _score()
    if FLAGS.export:
        return _export()
    if FLAGS.export_page:
        return _export_page()
    if FLAGS.sheet:
        return _sheet()
    for name in ("model", "input", "output"):
        if not getattr(FLAGS, name) and not (name == "output" and task.is_camera(FLAGS.input)):
            raise UserError(f"Pass --{name}. See --help.")
    if FLAGS.output == STREAM and FLAGS.json:
        raise UserError("Standard output cannot take the picture and --json. Drop one of them.")
    if FLAGS.ray and STREAM in (FLAGS.input, FLAGS.output):
        raise UserError("--ray paints the pictures of a folder, not a stream. Give a folder.")
    with ProgressDisplay() as display:
        if note := strength_note(task.look(), [task.shape_of(FLAGS.model)]):
            display.say(f"note: {note}")
        if task.is_camera(FLAGS.input):
            return _camera(display)
        if task.is_for_video():
            return _video(display)
        task.check_no_video_flags()
        with as_files(FLAGS.input, FLAGS.output, FLAGS.format or ".png") as (source, target):
            return _pictures(task.picture_jobs(source, target), display)


def _recipe_of(path: str) -> str:
    is_network = path.endswith(SUFFIX) or path in pretrained_names()
    return read_network_recipe(path) if is_network else read_recipe(path)


def _pictures(found: Sequence[Job], display: ProgressDisplay) -> int:
    """Paints a picture or many; 1 if one of them failed."""
    if not found:
        display.say("Nothing is left to paint.")
        return 0
    if len(found) == 1:
        image_size(found[0].source)  # What is no picture is found before TensorFlow is started.
    make_ready(found[0].target)
    done, failed = _painted(found, display)
    if done < len(found):
        what_now = "--skip_existing goes on" if len(found) > 1 else "nothing was written"
        display.say(f"Interrupted after {done} of {len(found)}: {what_now}.")
        return command_line.INTERRUPTED
    if failed and len(found) == 1:
        raise UserError(failed[0].error)
    for outcome in failed:
        display.say(f"failed: {outcome.error}")
    display.say(f"{done - len(failed)} painted, {len(failed)} failed.")
    return command_line.FAILED if failed else 0


def _painted(found: Sequence[Job], display: ProgressDisplay) -> tuple[int, list[Outcome]]:
    """Paints and reports until all is done or interrupted: how many, and which of them failed."""
    done, failed = 0, []

    def watch(job: Job, frames: int, of: int) -> None:
        display.show((done + frames / (of + 1)) / len(found), f"{frames} of {of}  {job.source}")
        if interruption:
            raise KeyboardInterrupt

    outcomes = _outcomes(found, watch)
    interruption = Interruption()
    try:
        for done, outcome in enumerate(outcomes, 1):
            display.show(done / len(found), f"{done} of {len(found)}  {outcome.job.source}")
            if outcome.note:
                display.say(f"note: {outcome.note}")
            if FLAGS.json:
                print(_json_line(outcome), flush=True)
            failed += [outcome] if outcome.error else []
            if interruption:
                break
    except KeyboardInterrupt:  # Raised by `watch`, between two frames.
        pass
    outcomes.close()
    return done, failed


def _outcomes(found: Sequence[Job], watch: Watch) -> Generator[Outcome, None, None]:
    """Of the pictures as they are painted, here or on a cluster."""
    make_stylizer, recipe = task.stylizer_maker(FLAGS.model), task.recipe_maker(FLAGS.model)
    how = {"max_size": FLAGS.max_size, "recipe": recipe, "smooth": task.smoothing()}
    with quiet_start():
        if FLAGS.ray:
            return paint_on_cluster(found, make_stylizer, **how)
        stylizer = make_stylizer()
    return paint_pictures(found, stylizer, watch=watch, **how)


def _json_line(outcome: Outcome) -> str:
    job, (height, width) = outcome.job, outcome.size
    source = STREAM if FLAGS.input == STREAM else str(job.source)
    result = {"input": source, "output": str(job.target), "error": outcome.error}
    size = {"height": height, "width": width, "seconds": round(outcome.seconds, 4)}
    return json.dumps(result | size)


def _video(display: ProgressDisplay) -> int:
    """Paints a video; says how much of a broken one could be decoded."""
    from restyle.media.video.segments import SegmentedVideo
    from restyle.paint.videos import paint_video

    reader, smoother = task.video_reader(), task.smoother()
    size = task.video_size(reader.info.size)
    with SegmentedVideo(
        FLAGS.output, reader, size=size, encoding=task.encoding(), settings=task.video_settings()
    ) as video:
        with quiet_start():
            stylizer = task.stylizer(FLAGS.model)
        if video.finished_until is not None:
            display.say(f"Going on after {float(video.finished_until):.2f} s.")
        interruption = Interruption()
        times = paint_video(
            reader, video, stylizer, size=size, smoother=smoother, batch_size=FLAGS.batch_size
        )
        for count, time in enumerate(times, 1):
            text = f"{float(time):.2f} s  {count} frames"
            display.show(task.share_of_video(reader, time), text)
            if interruption:
                times.close()
                display.say(f"Interrupted: run again to go on{_where(video.finished_until)}.")
                return command_line.INTERRUPTED
    display.say(f"Wrote {FLAGS.output}.")
    if reader.trouble:
        display.say(f"note: {reader.trouble}")
    return command_line.FAILED if reader.trouble else 0


def _where(finished_until: Fraction | None) -> str:
    return "" if finished_until is None else f" after {float(finished_until):.2f} s"


def _camera(display: ProgressDisplay) -> int:
    """Paints what a camera films until Ctrl-C, --duration, or the window is closed."""
    from restyle.media.video.camera import Camera, open_capture
    from restyle.media.video.live import live_output
    from restyle.paint.camera import paint_live

    smoother = task.smoother()
    with Camera(open_capture(task.camera_number(FLAGS.input))) as camera:
        size = task.video_size(camera.info.size)
        with live_output(FLAGS.output, camera, size, task.encoding()) as output:
            with quiet_start():
                stylizer = task.stylizer(FLAGS.model)
            interruption = Interruption()
            times = paint_live(camera.frames(), output, stylizer, size=size, smoother=smoother)
            for count, time in enumerate(times, 1):
                display.show(0.0, f"{float(time):.2f} s  {count} frames")
                if interruption or (FLAGS.duration and time >= FLAGS.duration):
                    break
    if FLAGS.output:
        display.say(f"Wrote {FLAGS.output}.")
    return 0


def _sheet() -> int:
    """One photo in all networks that come with restyle."""
    if not FLAGS.input:
        raise UserError("Pass --input photo.jpg for the contact sheet.")
    check_writable(FLAGS.sheet)
    photo = shrunk(read_image(FLAGS.input), FLAGS.max_size).pixels
    labels, pictures = ["photo"], [photo]
    with quiet_start():
        for name in pretrained_names():
            stylizer = task.stylizer(name)
            labels.append(name.replace("_", " "))
            pictures.append(stylizer.picture(photo))
    write_image(
        FLAGS.sheet, contact_sheet([pictures], row_labels=[""], column_labels=labels, long_side=512)
    )
    print(f"Wrote {FLAGS.sheet}, {len(pictures) - 1} networks.", file=sys.stderr)
    return 0


def _score() -> int:
    """Measures results of any program by the objective."""
    if not FLAGS.content or not FLAGS.style:
        raise UserError("Pass --content photo.jpg --style painting.jpg with --score.")
    for path, check in ((FLAGS.scores, check_table_name), (FLAGS.compare, check_writable)):
        if path:
            check(path)
    photo, paintings, results = read_compared(FLAGS.content, FLAGS.style, FLAGS.score)
    with quiet_start("tensorflow"):
        scores = score_results(photo, paintings, results, FLAGS.style_size)
    rows = [{"result": name, **terms} for name, terms in scores.items()]
    for name, terms in scores.items():
        print(json.dumps({"result": name, **terms}) if FLAGS.json else score_label(name, terms))
    if FLAGS.scores:
        write_scores(FLAGS.scores, rows)
    if FLAGS.compare:
        pictures = {"photo": photo, **paintings, **results}
        write_image(FLAGS.compare, comparison_sheet(pictures, scores))
    return 0


def _export() -> int:
    """Writes the network in other formats, each checked against Keras; 1 if one failed."""
    if not FLAGS.model:
        raise UserError("Pass --model, the network to export.")
    with quiet_start("tensorflow"):
        from restyle.engines.export import export_network

        rows = export_network(load_network(FLAGS.model), FLAGS.export)
    for row in rows:
        print(row)
    return 0 if all(row.path for row in rows) else command_line.FAILED


def _export_page() -> int:
    """Writes a site that paints in its visitor's browser."""
    models, runtime = task.page_models(), runtime_folder()
    with quiet_start():
        from restyle.page.export import export_page

        networks = {name: load_network(model) for name, model in models.items()}
        rows = export_page(networks, FLAGS.export_page, runtime=runtime)
    for row in rows:
        print(row)
    server = f"python -m http.server --bind 127.0.0.1 --directory {FLAGS.export_page}"
    print(f"To see it run {server}", file=sys.stderr)
    return 0


define_evaluate_flags()

if __name__ == "__main__":
    sys.exit(command_line.run(main, __doc__ or "", sys.argv))
