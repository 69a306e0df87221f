"""Pictures for the tests, as files and as pixels."""

import numpy as np
from PIL import Image, ImageCms

from restyle.media.images import read_image


def ramp(height=6, width=8):
    """uint8 levels (h, w, 3) that differ in every corner, so that turning shows."""
    y, x = np.mgrid[:height, :width]
    levels = np.stack([255 * y / (height - 1), 255 * x / (width - 1), 40 + 0 * x], axis=-1)
    return levels.astype(np.uint8)


def save(path, levels, mode=None, **options):
    image = levels if isinstance(levels, Image.Image) else Image.fromarray(levels)
    (image.convert(mode) if mode else image).save(path, **options)
    return path


def pixels_of(path):
    return read_image(path).pixels


def assert_same_pixels(path, other):
    np.testing.assert_array_equal(pixels_of(path), pixels_of(other))


def profile_with_red_and_blue_swapped():
    """sRGB's profile with its red and blue primary exchanged."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return profile.replace(b"rXYZ", b"????").replace(b"bXYZ", b"rXYZ").replace(b"????", b"bXYZ")
