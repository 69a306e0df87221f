"""Where a picture file keeps the text that says how the picture was made."""

from PIL import ExifTags, Image, PngImagePlugin

PNG_KEY = "restyle"
# Cameras write descriptions too: ours begin with this, and only ours are read back.
MARK = b"restyle recipe: "


def recipe_options(file_format: str, recipe: str | None) -> dict:
    """What `Image.save` needs to put `recipe` into a file of this format.

    PNG gets an iTXt chunk, GIF a comment; JPEG, WebP and TIFF get the EXIF ImageDescription. BMP
    has no place for text, and Pillow leaves it out.
    """
    if recipe is None:
        return {}
    if file_format == "PNG":
        chunks = PngImagePlugin.PngInfo()
        chunks.add_itxt(PNG_KEY, recipe)
        return {"pnginfo": chunks}
    if file_format == "GIF":
        return {"comment": MARK + recipe.encode()}
    exif = Image.Exif()
    # Given as bytes: Pillow would write a str as ASCII, with "?" for the rest.
    exif[ExifTags.Base.ImageDescription] = MARK + recipe.encode()
    return {"exif": exif}


def recipe_of(image: Image.Image) -> str | None:
    """The text that `recipe_options` put into the file, or None if there is none."""
    if PNG_KEY in image.info:
        return str(image.info[PNG_KEY])
    if image.format == "GIF":
        text = image.info.get("comment", b"")
    else:
        # Pillow decodes EXIF text as Latin-1, whatever was written.
        description = image.getexif().get(ExifTags.Base.ImageDescription, "")
        text = str(description).encode("latin-1", errors="replace")
    return text.removeprefix(MARK).decode(errors="replace") if text.startswith(MARK) else None
