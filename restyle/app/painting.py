"""Pictures and videos painted by a network, as jobs, and a camera's frames."""

import zipfile
from collections.abc import Callable, Generator, Mapping, Sequence
from pathlib import Path
from typing import Any

import restyle
from restyle.app.jobs import Job
from restyle.errors import UserError
from restyle.keywords import configured
from restyle.media import folders
from restyle.media.images import fit_long_side, image_size, resize, write_image
from restyle.media.video.files import video_info
from restyle.paint.painter import Painter
from restyle.paint.pictures import Outcome, PaintConfig, paint_pictures
from restyle.paint.stylizer import Look
from restyle.record.recipe import file_sha256, recipe_text

SHOWN_LONG_SIDE = 1600


def painting_pictures(
    painter: Painter, photos: Sequence[Path], look: Mapping[str, Any], max_size: int, folder: Path
) -> Callable[[Job], None]:
    """The work of painting photos; one that cannot be read is noted, and the others are painted.

    look: as for `Painter`. max_size: long side to which larger ones are shrunk; 0: none is.
    folder: takes the results.

    Raises UserError if the network cannot paint so, or a single photo is none.
    """
    asked, found = _checked(painter, look), _found(photos, folder)
    made_by = {painter.path.name: file_sha256(str(painter.path))}
    settings = {"model": painter.path.stem, **look, "max_size": max_size}

    def recipe(job: folders.Job) -> str:
        inputs = {job.source.name: file_sha256(str(job.source)), **made_by}
        return recipe_text("restyle.app", settings, inputs=inputs, weights={}, terms={})

    def work(job: Job) -> None:
        job.tell(line="Loading the network")
        outcomes = paint_pictures(
            found,
            painter.stylizer(asked),
            PaintConfig(max_size=max_size),
            recipe=recipe,
            watch=lambda photo, frames, of: job.tell(line=f"Frame {frames} of {of}"),
        )
        files = _told(job, outcomes, len(found))
        job.tell(files=[_zipped(files, folder / "painted.zip")] if files[1:] else files)

    return work


def _found(photos: Sequence[Path], folder: Path) -> list[folders.Job]:
    """The photos among the files, each with a place in the folder; UserError if none is one."""
    found = [
        folders.jobs(photo, _numbered(folder, n) if len(photos) > 1 else folder)[0]
        for n, photo in enumerate(photos)
        if photo.suffix.lower() in folders.READABLE_SUFFIXES or len(photos) == 1
    ]
    if not found:
        raise UserError(f"None of the {len(photos)} files is a picture. Choose photos.")
    if len(found) == 1:
        image_size(found[0].source)
    return found


def _told(job: Job, outcomes: Generator[Outcome, None, None], of: int) -> list[Path]:
    """The files that were painted, until all are or the job is to end; tells of each outcome."""
    shown, files, notes = [], [], []
    for count, outcome in enumerate(outcomes, 1):
        if outcome.error:
            notes.append(outcome.error)
        else:
            files.append(outcome.job.target)
            shown.append(_to_look_at(outcome.job.target))
            notes += filter(None, [outcome.note])
        line = f"{count} of {of} pictures"
        job.tell(share=count / of, line=line, pictures=[*shown], notes=[*notes])
        if job.ending:
            outcomes.close()
            break
    if not files:
        raise UserError(notes[0])
    return files


def painting_video(
    painter: Painter,
    video: Path,
    look: Mapping[str, Any],
    settings: Mapping[str, Any],
    folder: Path,
) -> Callable[[Job], None]:
    """The work of painting a video. settings: as for `Painter.video`. folder: takes the result.

    Raises UserError if the network cannot paint so, or the file is no video.
    """
    _checked(painter, look)
    seconds = video_info(video).seconds
    target = folder / f"{video.stem}_{painter.path.stem}.mp4"

    def work(job: Job) -> None:
        job.tell(line="Loading the network")
        length = min(seconds or 0.0, settings.get("duration") or seconds or 0.0)

        def watch(time: float) -> None:
            share = min(1.0, time / length) if length else 0.0
            job.tell(share=share, line=f"{time:.1f} of {length:.1f} seconds")

        painter.video(video, target, watch=watch, **settings, **look)
        job.tell(share=1.0, video=target, files=[target])

    return work


def network_named(name: str, own: Mapping[str, Path]) -> Painter:
    """A network, by the name of one's own or of one that comes with restyle, and no other file."""
    if name not in own and "/" in name:
        raise UserError(f"There is no network '{name}' here.")
    return restyle.load(own.get(name, name))


def _numbered(folder: Path, number: int) -> Path:
    """A new folder of its own for a photo: two may have one name."""
    inside = folder / str(number)
    inside.mkdir()
    return inside


def _checked(painter: Painter, settings: Mapping[str, Any]) -> Look:
    """The look that is asked for; UserError if the network cannot paint so."""
    (look,) = configured(settings, Look)
    look.check(painter.shape)
    return look


def _to_look_at(picture: Path) -> Path:
    """The picture, or a smaller one beside it that a browser loads faster."""
    size = image_size(picture)
    if max(size) <= SHOWN_LONG_SIDE and picture.suffix.lower() in (".jpg", ".png", ".webp", ".gif"):
        return picture
    smaller = picture.with_name(f"{picture.stem}_to_look_at.jpg")
    pixels = restyle.read_image(picture)
    write_image(smaller, resize(pixels, fit_long_side(size, min(SHOWN_LONG_SIDE, max(size)))))
    return smaller


def _zipped(files: Sequence[Path], target: Path) -> Path:
    """One file with all files, under their own names, with a number where two are the same."""
    names: set[str] = set()
    with zipfile.ZipFile(target, "w") as archive:  # Pictures are compressed as they are.
        for file in files:
            name, number = file.name, 2
            while name in names:
                name, number = f"{file.stem}_{number}{file.suffix}", number + 1
            names.add(name)
            archive.write(file, name)
    return target
