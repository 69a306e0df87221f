"""A static site that paints in its visitor's browser: the sources in page/, and networks.

Nothing is asked of a server but to send files. See page/README.md for what lies where.
"""

import dataclasses
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from restyle.engines.export import MOST_DIFFERENT, Run, max_difference
from restyle.errors import UserError
from restyle.media.images import fit_long_side, read_image, resize, write_image
from restyle.models.transform_net import TransformNet
from restyle.networks import network_title, painted_by
from restyle.page.network import PAINTED, PHOTO, convolution, page_network, weight_table

# page/ lies at the top of a clone, installed inside this package.
_HERE = Path(__file__).resolve().parent
SOURCES = next(path for path in (_HERE / "site", _HERE.parents[1] / "page") if path.is_dir())
SAMPLE = "sample.jpg"
TABLE = "networks.json"
NETWORKS = "networks"
PAINTED_SIDE, THUMBNAIL_SIDE = 560, 240  # Strokes are seen best a little smaller than painted.

# What the service worker keeps at once; the rest it keeps when it was asked for.
KEPT_LATER = (".onnx", ".mjs", ".gz")
NOT_FOR_VISITORS = ("README.md", "_headers", "index.html", "LICENSE")


@dataclasses.dataclass(frozen=True)
class PageNetwork:
    """A network of the page: its size, and its largest difference from Keras on 0..255."""

    title: str
    bytes: int
    max_difference: float

    def __str__(self) -> str:
        return f"{self.title}: {self.bytes / 1e6:.2f} MB, {self.max_difference:.2g} of 255 off"


def export_page(
    networks: Mapping[str, TransformNet], folder: str | os.PathLike[str], *, runtime: Path
) -> list[PageNetwork]:
    """Writes the site, and says what became of each network.

    Each has been compared with Keras at several sizes. A site that was exported here before is
    replaced, file by file; other files in the folder stay.

    Args:
      networks: by name, in the order in which the page shows them.
      runtime: see restyle/page/runtime.py.

    Raises:
      UserError: the folder cannot be written, holds another site, or a network cannot be exported.
    """
    target = Path(folder)
    if (target / "index.html").exists() and not (target / TABLE).exists():
        raise UserError(f"'{folder}' holds another site. Give a new folder.")
    try:
        target.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".writing-", dir=target) as work:
            site = Path(work) / "site"
            written = _write_site(networks, site, runtime)
            _move_into(target, site, Path(work) / "before")
    except OSError as error:
        raise UserError(f"Cannot export into '{folder}': {error.strerror or error}.") from error
    return written


def _write_site(
    networks: Mapping[str, TransformNet], site: Path, runtime: Path
) -> list[PageNetwork]:
    shutil.copytree(SOURCES, site)
    shutil.copytree(runtime, site / runtime.name)
    (site / NETWORKS).mkdir()
    for stride in (1, 2):
        _write_named(site, f"convolution{stride}", convolution(stride).SerializeToString())
    entries, written = [], []
    for name, network in networks.items():
        entry, row = _write_network(name, network, site)
        entries.append(entry)
        written.append(row)
    sizes = {path.name: path.stat().st_size for path in (site / runtime.name).iterdir()}
    convolutions = sorted(f"{NETWORKS}/{path.name}" for path in site.glob("networks/convolution*"))
    table = {
        "networks": entries,
        "runtime": {"folder": runtime.name, "bytes": sizes},
        "convolutions": convolutions,
    }
    (site / TABLE).write_text(json.dumps(table, separators=(",", ":")))
    (site / "files.js").write_text(f"self.SITE = {json.dumps(_kept_files(site), indent=1)};\n")
    return written


def _write_network(
    name: str, network: TransformNet, site: Path
) -> tuple[dict[str, Any], PageNetwork]:
    """Writes a network and its thumbnails; returns what the page has to know of it."""
    file = page_network(network).SerializeToString()
    run = _runner(network, file)
    difference = max_difference(network, run)
    if not difference <= MOST_DIFFERENT:
        raise UserError(
            f"What the page paints with '{name}' differs from Keras by {difference:.2g} of 255, "
            f"expected at most {MOST_DIFFERENT}."
        )
    config = network.config
    pictures = _sample_in_each_style(network, run)
    shown = {style: _write_thumbnail(site, picture) for style, picture in pictures.items()}
    entry = {
        "name": name,
        "title": network_title(name),
        "file": _write_named(site, name, file),
        "bytes": len(file),
        "thumbnail": _write_thumbnail(site, _strips(list(pictures.values()))),
        "styles": [_style(each, shown[each]) for each in config.styles],
        "dials": [name for name in config.input_shapes if name not in ("images", "style_weights")],
        "width": config.width,
        "residual_blocks": config.residual_blocks,
        "epsilon": network.get_layer("in_norm").epsilon,
        "weights": weight_table(file),
    }
    return entry, PageNetwork(network_title(name), len(file), difference)


def _style(name: str, thumbnail: str) -> dict[str, str]:
    return {
        "title": network_title(name),
        "painter": painted_by(name),
        "thumbnail": thumbnail,
    }


def _runner(network: TransformNet, file: bytes) -> Run:
    """Paints as the page does: with the file, and with what is left to the page done by Keras."""
    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    pad, crop = network.get_layer("pad"), network.get_layer("crop")

    def run(inputs: Mapping[str, np.ndarray]) -> np.ndarray:
        images = inputs["images"]
        photo = np.transpose(np.asarray(pad(images)), (0, 3, 1, 2))
        steering = {name: value for name, value in inputs.items() if name != "images"}
        (painted,) = session.run([PAINTED], {PHOTO: np.ascontiguousarray(photo), **steering})
        pixels = crop([np.transpose(painted, (0, 2, 3, 1)), images])
        if network.config.strength:
            pixels = network.get_layer("dial")([images, pixels, inputs["strength"]])
        return np.asarray(pixels)

    return run


def _sample_in_each_style(network: TransformNet, run: Run) -> dict[str, np.ndarray]:
    photo = read_image(SOURCES / SAMPLE).pixels
    photo = resize(photo, fit_long_side(photo.shape[:2], PAINTED_SIDE))[np.newaxis]
    styles = network.config.styles
    pictures = {}
    for weights, style in zip(np.eye(len(styles)), styles, strict=True):
        pictures[style] = run(network.config.inputs(photo, tuple(weights)))[0]
    return pictures


def _strips(pictures: Sequence[np.ndarray]) -> np.ndarray:
    """One picture of several of a size: a strip of each, side by side."""
    edges = np.linspace(0, pictures[0].shape[1], len(pictures) + 1).astype(int)
    strips = [
        picture[:, first:last]
        for picture, first, last in zip(pictures, edges[:-1], edges[1:], strict=True)
    ]
    return np.concatenate(strips, axis=1)


def _write_thumbnail(site: Path, picture: np.ndarray) -> str:
    small = resize(picture, fit_long_side(picture.shape[:2], THUMBNAIL_SIDE))
    path = site / NETWORKS / f"{hashlib.sha256(small.tobytes()).hexdigest()[:12]}.webp"
    write_image(path, small)
    return f"{NETWORKS}/{path.name}"


def _write_named(site: Path, name: str, content: bytes) -> str:
    """Writes a file that has its content in its name: a page never gets one of another export."""
    path = f"{NETWORKS}/{name}-{hashlib.sha256(content).hexdigest()[:12]}.onnx"
    (site / path).write_bytes(content)
    return path


def _kept_files(site: Path) -> dict[str, Any]:
    """The files that the service worker keeps at once, and a version that changes with any."""
    digest, kept = hashlib.sha256(), []
    for path in sorted(_files(site)):
        digest.update(path.encode() + (site / path).read_bytes())
        if not path.endswith((*KEPT_LATER, *NOT_FOR_VISITORS)):
            kept.append(path)
    return {"version": digest.hexdigest()[:12], "files": ["./", *kept]}


def _files(site: Path) -> Iterator[str]:
    return (path.relative_to(site).as_posix() for path in site.rglob("*") if path.is_file())


def _move_into(target: Path, site: Path, before: Path) -> None:
    """Each file or folder of the site to its place; index.html last."""
    before.mkdir()
    for made in sorted(site.iterdir(), key=lambda path: path.name == "index.html"):
        place = target / made.name
        if place.is_dir():
            os.replace(place, before / made.name)
        os.replace(made, place)
