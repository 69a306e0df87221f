"""Pictures for the tests, as files and as pixels."""

import numpy as np
from PIL import Image, ImageCms

from restyle.media.images import read_image, resize


def ramp(height=6, width=8):
    """uint8 levels (h, w, 3) that differ in every corner, so that turning shows."""
    y, x = np.mgrid[:height, :width]
    levels = np.stack([255 * y / (height - 1), 255 * x / (width - 1), 40 + 0 * x], axis=-1)
    return levels.astype(np.uint8)


def gray(levels):
    """A gray picture of these levels."""
    return np.repeat(levels[..., np.newaxis], 3, axis=-1).astype(np.float32) / 255


def save(path, levels, mode=None, **options):
    image = levels if isinstance(levels, Image.Image) else Image.fromarray(levels)
    (image.convert(mode) if mode else image).save(path, **options)
    return path


def scenery(generator, size, sides):
    """Pixels with detail at several sizes, so that motion shows everywhere."""
    height, width = size
    coarse = [generator.random((height // s + 2, width // s + 2, 3), np.float32) for s in sides]
    return np.clip(sum(resize(layer, size) for layer in coarse) / len(sides), 0, 1)


def pixels_of(path):
    return read_image(path).pixels


def assert_same_pixels(path, other):
    np.testing.assert_array_equal(pixels_of(path), pixels_of(other))


def profile_with_red_and_blue_swapped():
    """sRGB's profile with its red and blue primary exchanged."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return profile.replace(b"rXYZ", b"????").replace(b"bXYZ", b"rXYZ").replace(b"????", b"bXYZ")
