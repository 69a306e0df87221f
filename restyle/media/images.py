"""Picture files <-> float32 sRGB pixels in [0, 1]."""

import dataclasses
import io
import tempfile
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image, ImageCms, ImageOps

from restyle.errors import UserError
from restyle.files import AnyPath, check_target, written_beside
from restyle.media.gif_files import paletted
from restyle.media.image_files import opened
from restyle.media.recipe_text import recipe_of, recipe_options
from restyle.media.transparency import on_white

WRITABLE = {
    ".bmp": "BMP",
    ".gif": "GIF",
    ".jpeg": "JPEG",
    ".jpg": "JPEG",
    ".png": "PNG",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".webp": "WEBP",
}
WITHOUT_ALPHA = ("BMP", "JPEG")
SAVE_OPTIONS = {
    # Pillow's defaults, quality 75 and halved chroma, smear the color of thin strokes.
    "JPEG": {"quality": 95, "subsampling": 0},
    "TIFF": {"compression": "tiff_adobe_deflate"},
    "WEBP": {"quality": 95},
}

ORIENTATION = ExifTags.Base.Orientation
SIDEWAYS = (5, 6, 7, 8)


@dataclasses.dataclass(frozen=True)
class Picture:
    """A picture as read from a file.

    Attributes:
      pixels: (h, w, 3) float32 sRGB in [0, 1]. What is transparent is laid on white, as paper and
        most viewers do: the network sees what the user saw.
      alpha: (h, w) float32 in [0, 1], 1 is opaque; None if all of the picture is.
      note: what the user should know about the reading, "first of 12 frames"; mostly empty.
    """

    pixels: np.ndarray
    alpha: np.ndarray | None
    note: str = ""


def read_image(path: AnyPath) -> Picture:
    """The picture as it is meant to be seen: upright, in sRGB, with its transparency.

    EXIF orientation (in HEIC, where EXIF does not count, the file's own) and ICC profile are
    applied; CMYK without a profile is converted by the plain formula (1 - c)(1 - k). Of 16-bit
    samples gray ones keep all bits, colors the upper 8. Of an animation the first frame is read.

    Raises:
      UserError: the file is missing, unreadable, broken, too large or not a picture.
    """
    with opened(path) as image:
        return as_picture(image, path, note=_frame_note(image))


def as_picture(image: Image.Image, path: AnyPath, *, note: str = "") -> Picture:
    """What an open file shows, see `read_image`; of several frames the one sought last."""
    image = ImageOps.exif_transpose(image)
    alpha = _alpha(image)
    pixels, color_note = _srgb(image, path)
    if alpha is not None:
        pixels = on_white(pixels, alpha)
    notes = "; ".join(filter(None, [note, color_note]))
    return Picture(pixels, alpha, notes and f"'{path}': {notes}")


def image_size(path: AnyPath) -> tuple[int, int]:
    """The (height, width) that `read_image` would give, from the header alone.

    But a PNG without a known orientation is decoded: the format lets it come after the pixels.
    """
    with opened(path) as image:
        width, height = image.size
        # Pillow turns the size of a TIFF when it opens it, that of other files never.
        turned = image.format != "TIFF" and image.getexif().get(ORIENTATION) in SIDEWAYS
    return (width, height) if turned else (height, width)


def read_recipe(path: AnyPath) -> str:
    """The text that `write_image` put into the file."""
    with opened(path) as image:
        recipe = recipe_of(image)
    if recipe is None:
        raise UserError(
            f"'{path}' holds no recipe: restyle did not write it, or another program saved it "
            "again without its text. Give the file that restyle wrote."
        )
    return recipe


def write_image(
    path: AnyPath,
    pixels: np.ndarray,
    *,
    alpha: np.ndarray | None = None,
    recipe: str | None = None,
) -> None:
    """Writes a picture in the format its name asks for: whole, or not at all.

    It is written beside its place and then moved there: what was there before stays until the new
    picture is complete. JPEG is written at quality 95 without chroma subsampling, WebP at 95, GIF
    in 255 colors.

    Args:
      pixels: (h, w, 3) sRGB in [0, 1]; what lies outside is clipped.
      alpha: (h, w) in [0, 1]. JPEG and BMP have none: the picture is laid on white, as `read_image`
        does. In GIF a pixel is clear or not.
      recipe: text to keep in the file for `read_recipe`. BMP has no place for it.

    Raises:
      UserError: as `check_writable`, and if the disk is full or the format cannot hold the picture.
    """
    check_writable(path)
    file_format = WRITABLE[_extension(path)]
    image = to_image(pixels, alpha, file_format)
    options = SAVE_OPTIONS.get(file_format, {}) | recipe_options(file_format, recipe)
    with written_beside(path) as file:
        image.save(file, file_format, **options)


def as_saved(pixels: np.ndarray, extension: str, *, alpha: np.ndarray | None = None) -> np.ndarray:
    """What a file of this kind gives back: rounded to 8 bits, and whatever JPEG does."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"picture{extension}"
        write_image(path, pixels, alpha=alpha)
        return read_image(path).pixels


def check_writable(path: AnyPath) -> None:
    """Raises UserError if `write_image` could not write here: ask before a long run, not after."""
    check_target(path, WRITABLE)


def fit_long_side(size: tuple[int, int], long_side: int) -> tuple[int, int]:
    """The (height, width) of the same aspect whose longer side is `long_side` pixels."""
    scale = long_side / max(size)
    height, width = (max(1, round(side * scale)) for side in size)
    return height, width


def resize(pixels: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """The picture or the mask at another size, filtered so that nothing aliases.

    Pictures take the Lanczos kernel, the sharpest; its overshoot is clipped. Masks take the linear
    one, which adds no ripples beside an edge.

    Args:
      pixels: (h, w, 3) or, for a mask, (h, w), in [0, 1].
      size: the wanted (height, width).

    Returns:
      (height, width, 3) or (height, width), float32 in [0, 1].
    """
    height, width = size
    kernel = Image.Resampling.BILINEAR if pixels.ndim == 2 else Image.Resampling.LANCZOS
    planes = np.moveaxis(np.atleast_3d(pixels), -1, 0).astype(np.float32)
    resized = [Image.fromarray(plane).resize((width, height), kernel) for plane in planes]
    stacked = np.stack([np.asarray(plane) for plane in resized], axis=-1)
    return np.clip(stacked.reshape(height, width, *pixels.shape[2:]), 0, 1)


def quantize(pixels: np.ndarray) -> np.ndarray:
    """uint8 levels: [0, 1] clipped, times 255, to the nearest. Undone by `dequantize`."""
    return np.rint(np.clip(pixels, 0, 1) * 255).astype(np.uint8)


def dequantize(levels: np.ndarray) -> np.ndarray:
    """float32 in [0, 1] for uint8 levels. Undone by `quantize`, exactly."""
    return levels.astype(np.float32) / 255


def _frame_note(image: Image.Image) -> str:
    # An "MPO" is a phone's JPEG with a second picture inside, its depth or gain map: no animation.
    frames = 1 if image.format == "MPO" else getattr(image, "n_frames", 1)
    if frames == 1:
        return ""
    return f"{'main' if image.format == 'HEIF' else 'first'} of {frames} frames"


def _alpha(image: Image.Image) -> np.ndarray | None:
    """(h, w) float32 in [0, 1], or None if there is no transparent pixel."""
    if not image.has_transparency_data:
        return None
    if image.mode.startswith("I"):  # Deep gray, which convert() would clip; one level is clear.
        alpha = (np.asarray(image) != image.info["transparency"]).astype(np.float32)
    else:
        alpha = dequantize(np.asarray(image.convert("RGBA").getchannel("A")))
    return None if alpha.min() == 1 else alpha


def _srgb(image: Image.Image, path: AnyPath) -> tuple[np.ndarray, str]:
    """(h, w, 3) float32 sRGB in [0, 1] without regard to alpha, and a note or ""."""
    if image.mode == "F" or image.mode.startswith("I"):
        return np.repeat(deep_gray(image, path)[..., np.newaxis], 3, axis=-1), ""
    # In the mode its profile was made for, and without alpha, which profiles do not know.
    bare = {"1": "L", "LA": "L", "CMYK": "CMYK", "LAB": "LAB", "L": "L"}.get(image.mode, "RGB")
    plain = image.convert(bare)
    note = ""
    if profile := image.info.get("icc_profile"):
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            srgb = ImageCms.createProfile("sRGB")
            converted = ImageCms.profileToProfile(plain, source, srgb, outputMode="RGB")
            plain = converted or plain
        except (OSError, ImageCms.PyCMSError):
            note = "its color profile is broken and was ignored"
    return dequantize(np.asarray(plain.convert("RGB"))), note


def deep_gray(image: Image.Image, path: AnyPath) -> np.ndarray:
    """(h, w) float32 in [0, 1] from 16-bit or float samples, which convert() would clip."""
    samples = np.asarray(image)
    white = 1 if image.mode == "F" else 65535
    low, high = samples.min(), samples.max()
    if not (-0.01 * white <= low and high <= 1.01 * white):  # Also for NaN.
        raise UserError(
            f"'{path}' has samples from {low:g} to {high:g}, expected 0 to {white}. "
            "Save it as an 8 or 16-bit PNG."
        )
    return np.clip(samples.astype(np.float32) / white, 0, 1)


def _extension(path: AnyPath) -> str:
    return Path(path).suffix.lower()


def to_image(pixels: np.ndarray, alpha: np.ndarray | None, file_format: str) -> Image.Image:
    """The 8-bit picture, with an alpha channel if there is one and the format has it."""
    if pixels.ndim != 3 or pixels.shape[-1] != 3 or not np.isfinite(pixels).all():
        raise ValueError(f"Expected finite pixels of shape (h, w, 3), got shape {pixels.shape}.")
    if alpha is not None and file_format in WITHOUT_ALPHA:
        pixels, alpha = on_white(pixels, alpha), None
    image = Image.fromarray(quantize(pixels if alpha is None else np.dstack([pixels, alpha])))
    return paletted(image) if file_format == "GIF" else image
