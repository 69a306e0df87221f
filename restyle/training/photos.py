"""The photos to learn from: what a folder holds, and the crops of every step."""

import hashlib
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import psutil

from restyle.errors import UserError
from restyle.media.folders import find_pictures
from restyle.media.image_files import opened
from restyle.media.photo_crops import (
    CropPlan,
    check_large_enough,
    cut_crop,
    kept_size,
    random_crop_plan,
    read_crop,
    read_photo,
)


class Photos:
    """Photos of a folder, those to train on and those held out, and why others are skipped.

    Attributes:
      training, held_out: paths. Which ones are held out depends on their names alone.
      skipped: reason by path, of unreadable and of small files; grows when a file that looked
        sound cannot be decoded.
      fingerprint: sha256 of the names and sizes of all usable files.
    """

    def __init__(self, folder: str, side: int, held_out: int, *, cache: bool = False):
        """side: of the largest crops. cache: whether photos stay in memory, see `read_photo`."""
        self.folder, self.side, self.skipped = folder, side, {}
        self._sizes: dict[Path, tuple[int, int]] = {}
        self._cache: dict[Path, np.ndarray] | None = {} if cache else None
        usable = self._usable(find_pictures(folder))
        by_name = sorted(usable, key=lambda path: hashlib.sha256(os.fsencode(path.name)).digest())
        self.held_out = by_name[: min(held_out, len(usable) // 2)]
        self.training = sorted(set(usable) - set(self.held_out), key=Path.as_posix)
        self.fingerprint = self._fingerprint(usable)
        if cache:
            self._check_memory()

    def _usable(self, paths: Sequence[Path]) -> list[Path]:
        """Those whose header says that they are a picture of enough pixels."""
        with ThreadPoolExecutor() as pool:
            reasons = pool.map(self._reason_to_skip, paths)
            self.skipped |= {path: why for path, why in zip(paths, reasons, strict=True) if why}
        usable = [path for path in paths if path not in self.skipped]
        if not usable:
            first = next(iter(self.skipped.values()))
            raise UserError(
                f"'{self.folder}' has no photo to train on: none of its {len(paths)} pictures can "
                f"be used. The first: {first}"
            )
        return usable

    def _reason_to_skip(self, path: Path) -> str:
        try:
            with opened(path) as image:
                check_large_enough(path, image, self.side)
                self._sizes[path] = image.size
        except UserError as error:
            return str(error)
        return ""

    def _fingerprint(self, paths: Sequence[Path]) -> str:
        lines = [f"{path.name} {path.stat().st_size}\n" for path in paths]
        return hashlib.sha256(os.fsencode("".join(lines))).hexdigest()

    def _check_memory(self) -> None:
        """Raises UserError if the photos to train on would take more than half of what is free."""
        sizes = [kept_size(self._sizes[path], self.side) for path in self.training]
        needed = sum(3 * width * height for width, height in sizes)
        free = psutil.virtual_memory().available
        if needed > free / 2:
            raise UserError(
                f"--cache_photos would take {needed / 1e9:.1f} GB for the {len(sizes)} photos in "
                f"'{self.folder}', more than half of the {free / 1e9:.1f} GB that are free. "
                "Drop it, or train on fewer photos or smaller crops."
            )

    def crop_of(self, place: int, side: int, plan: CropPlan, order: np.ndarray) -> np.ndarray:
        """The crop of the photo at a place of an order, or of the next one that gives any.

        None gives a photo that cannot be decoded, nor one of a single color there, say its black
        border: without variance each instance norm multiplies gradients by 1 / sqrt(epsilon), and
        all of them together beyond float32.

        side: of the crop, at most `self.side`.
        """
        for step in range(len(order)):
            path = self.training[order[(place + step) % len(order)]]
            try:
                crop = self._crop(path, side, plan)
            except UserError as error:
                self.skipped[path] = str(error)
                continue
            if np.ptp(crop, axis=(0, 1)).any():
                return crop
        raise UserError(
            f"'{self.folder}' has no photo left to train on: all {len(order)} were broken, removed "
            "or of a single color. Give a folder of other photos."
        )

    def _crop(self, path: Path, side: int, plan: CropPlan) -> np.ndarray:
        if self._cache is None:
            return read_crop(path, side, plan)
        if path not in self._cache:
            self._cache[path] = read_photo(path, self.side)
        return cut_crop(self._cache[path], side, plan)

    def held_out_crops(self) -> np.ndarray:
        """The largest central squares of the photos held out, (n, side, side, 3)."""
        sound = []
        for path in self.held_out:
            try:
                sound.append(read_crop(path, self.side, CropPlan()))
            except UserError as error:
                self.skipped[path] = str(error)
        return np.stack(sound) if sound else np.zeros((0, self.side, self.side, 3), np.float32)


def skipped_text(skipped: dict[Path, str]) -> str:
    """One line that counts and names what is skipped, "" for nothing."""
    if not skipped:
        return ""
    reasons = list(skipped.values())
    shown = "; ".join(reason.rstrip(".") for reason in reasons[:3])
    more = f"; and {len(reasons) - 3} more" if len(reasons) > 3 else ""
    return f"skipped {len(skipped)} of the pictures: {shown}{more}"


def epoch_order(seed: int, epoch: int, photos: int) -> np.ndarray:
    """The order of the photos in an epoch."""
    return np.random.default_rng([seed, 1, epoch]).permutation(photos)


def crop_plans(seed: int, step: int, batch_size: int) -> list[CropPlan]:
    """Where the crops of a step lie: all that is random about them hangs on seed and step."""
    generator = np.random.default_rng([seed, 2, step])
    return [random_crop_plan(generator) for _ in range(batch_size)]
