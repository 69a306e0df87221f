"""Which pictures a program reads, and where their results go."""

import dataclasses
import glob
import os
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NoReturn

from PIL import Image

from restyle.errors import UserError
from restyle.files import AnyPath
from restyle.media.animations import is_animated
from restyle.media.heif_files import SUFFIXES as HEIF_SUFFIXES
from restyle.media.image_files import READABLE
from restyle.media.images import WRITABLE

READABLE_SUFFIXES = frozenset(
    [suffix for suffix, name in Image.registered_extensions().items() if name in READABLE]
).union(HEIF_SUFFIXES)


@dataclasses.dataclass(frozen=True)
class Job:
    """A picture to read, and the file that its result goes to; its folder may not exist yet."""

    source: Path
    target: Path


def find_pictures(place: AnyPath, *, without: AnyPath | None = None) -> list[Path]:
    """The pictures in a folder and below it, or those that match a pattern.

    They come in the order of their characters, "/" between folders: the same on every machine.
    Hidden files and folders are left out. A folder is read once, however many links lead to it;
    as in a shell, the ** of a pattern follows no links.

    Args:
      place: a folder, a pattern such as "photos/**/*.jpg", or one file, whatever its name.
      without: a folder whose files do not count, as the results of an earlier run.

    Raises:
      UserError: there is no picture, or a folder cannot be read.
    """
    if os.path.isfile(place):
        return [Path(place)]
    base, pattern = _base_and_pattern(place)
    if not os.fspath(place) or not base.is_dir():
        raise UserError(
            f"No picture or folder at '{base if pattern else place}' (looked in {os.getcwd()}). "
            "Give a picture, a folder of pictures or a pattern such as 'photos/*.jpg'."
        )
    files = sorted(_matching(base, pattern) if pattern else _below(base), key=Path.as_posix)
    if without is not None:
        files = [file for file in files if not _is_inside(file.parent, without)]
    pictures = [file for file in files if file.suffix.lower() in READABLE_SUFFIXES]
    if not pictures:
        beside = f" outside '{without}'" if without is not None else ""
        raise UserError(
            f"'{place}' {'matches' if pattern else 'holds'} {_inventory(files)}{beside}. "
            f"Expected names that end with {', '.join(sorted(READABLE_SUFFIXES))}: give another "
            "folder, or convert the files."
        )
    return pictures


def jobs(place: AnyPath, output: AnyPath, *, suffix: str | None = None) -> list[Job]:
    """Each picture of a place with the file that its result goes to.

    The result of one file is `output`, or has the same name in it if that is a folder or ends with
    "/". The results of a folder or a pattern lie in the folder `output` as the pictures lie in
    theirs, the part of a pattern before its first wildcard. Names stay; a format that `write_image`
    does not know becomes PNG, and so does a GIF that does not move: 255 colors are few. If that
    gives two pictures the same result, the one that changed its format keeps its whole name: a.png
    and a.gif become a.png and a.gif.png.

    A folder `output` inside `place` holds results: they are not read.

    Args:
      suffix: the format of all results to which `output` does not give a name, ".png".

    Raises:
      UserError: as `find_pictures`, and if a result had the place of a picture or another result.
    """
    if suffix is not None and suffix not in WRITABLE:
        raise UserError(f"Got the format '{suffix}', expected one of {', '.join(WRITABLE)}.")
    if os.path.isfile(place):
        found = [Job(Path(place), _target_of_one(Path(place), output, suffix))]
    else:
        found = _mirrored(place, output, suffix)
    _check_that_nothing_is_replaced(found)
    return found


def shard(jobs: Sequence[Job], part: str) -> Sequence[Job]:
    """Every 8th job from the 2nd on for "2/8": eight machines share the work by this."""
    numbers = re.fullmatch(r"(\d+)/(\d+)", part)
    first, count = map(int, numbers.groups()) if numbers else (0, 0)
    if not 1 <= first <= count:
        raise UserError(f"Got shard '{part}', expected a part such as 2/8, the second of eight.")
    return jobs[first - 1 :: count]


def unfinished(jobs: Sequence[Job]) -> list[Job]:
    """The jobs without a result. A result is complete if it exists: see `write_image`."""
    return [job for job in jobs if not job.target.exists()]


def _base_and_pattern(place: AnyPath) -> tuple[Path, str]:
    """The folder without wildcards and the pattern below it, "" if there is none.

    What exists is no pattern: "album [2019]" is a folder.
    """
    parts = Path(place).parts
    for count, part in enumerate(parts):
        if glob.has_magic(part) and not Path(*parts[: count + 1]).exists():
            ending = ["*"] if parts[-1] == "**" else []
            return Path(*parts[:count]), "/".join([*parts[count:], *ending])
    return Path(place), ""


def _matching(base: Path, pattern: str) -> Iterator[Path]:
    """Yields the files that match, but none that is hidden. Unlike glob.glob it ends in a loop."""
    try:
        for path in base.glob(pattern):
            hidden = any(part.startswith(".") for part in path.relative_to(base).parts)
            if not hidden and path.is_file():
                yield path
    except ValueError as error:
        raise UserError(f"Got the pattern '{base / pattern}', but: {error}.") from error


def _below(top: Path) -> Iterator[Path]:
    """Yields the files in a folder and below it, but none that is hidden."""
    seen: set[str] = set()
    starts = [top]
    for start in starts:  # Grows by the links: real folders come first, so that names are theirs.
        for folder, folders, files in os.walk(start, onerror=_refuse):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            if (real := os.path.realpath(folder)) in seen:
                folders.clear()
                continue
            seen.add(real)
            paths = (Path(folder, name) for name in folders)
            starts.extend(path for path in paths if path.is_symlink())
            yield from (Path(folder, name) for name in files if not name.startswith("."))


def _refuse(error: OSError) -> NoReturn:
    raise UserError(
        f"'{error.filename}' cannot be read: {error.strerror}. "
        "Change its permissions, or choose another folder."
    ) from error


def _inventory(files: Sequence[Path]) -> str:
    """What there is: "12 files, none of them a picture (.txt 10, .mp4 2)"."""
    if not files:
        return "no files"
    kinds = Counter(file.suffix.lower() or "without extension" for file in files)
    kinds_text = ", ".join(f"{kind} {count}" for kind, count in kinds.most_common(5))
    more = ", ..." if len(kinds) > 5 else ""
    number = f"{len(files):,} files" if len(files) > 1 else "1 file"
    return f"{number}, none of them a picture ({kinds_text}{more})"


def _mirrored(place: AnyPath, output: AnyPath, suffix: str | None) -> list[Job]:
    base, _ = _base_and_pattern(place)
    same = os.path.realpath(base) == os.path.realpath(output)
    nested = _is_inside(output, base) and not same
    sources = find_pictures(place, without=output if nested else None)
    if same:
        raise UserError(
            f"The pictures are read from '{output}'. Choose another folder for the results."
        )
    if not _is_folder(output) and (os.path.exists(output) or Path(output).suffix in WRITABLE):
        raise UserError(
            f"'{place}' can be many pictures, but '{output}' is the name of one file. "
            "Give a folder for the results."
        )
    targets = [
        Path(output, source.relative_to(base).parent, _result_name(source, suffix))
        for source in sources
    ]
    counts = Counter(targets)
    return [
        Job(source, target)
        if counts[target] == 1 or source.name == target.name
        else Job(source, target.with_name(source.name + target.suffix))
        for source, target in zip(sources, targets, strict=True)
    ]


def _target_of_one(source: Path, output: AnyPath, suffix: str | None) -> Path:
    return Path(output, _result_name(source, suffix)) if _is_folder(output) else Path(output)


def _result_name(source: Path, suffix: str | None) -> str:
    """The source's own name if its format is the wanted one."""
    own = source.suffix.lower()
    stays = own in WRITABLE and (own != ".gif" or is_animated(source))
    wanted = suffix or (own if stays else ".png")
    return source.name if own == wanted else source.with_suffix(wanted).name


def _is_folder(output: AnyPath) -> bool:
    return os.path.isdir(output) or os.fspath(output).endswith(("/", os.sep))


def _is_inside(path: AnyPath, folder: AnyPath) -> bool:
    """Whether a path is the folder or below it, wherever links lead."""
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder))


def _check_that_nothing_is_replaced(found: Sequence[Job]) -> None:
    by_target = {job.target: job for job in found}
    for job in found:
        if (other := by_target[job.target]) is not job:
            raise UserError(
                f"'{job.source}' and '{other.source}' would both become '{job.target}'. "
                "Rename one of them."
            )
    existing = {os.path.realpath(job.target): job for job in found if job.target.exists()}
    for job in found if existing else ():
        if other := existing.get(os.path.realpath(job.source)):
            raise UserError(
                f"The result of '{other.source}' would replace the picture '{job.source}'. "
                "Choose another place for the results."
            )
