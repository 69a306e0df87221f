"""Paint: photos, videos and the camera, by a network in one pass."""

import functools
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np

from restyle.app.job_view import (
    QUIET,
    Asked,
    JobView,
    Room,
    gallery,
    name_of,
    paths_of,
    told,
    video,
)
from restyle.app.painting import network_named, painting_pictures, painting_video
from restyle.app.visitors import Visitor
from restyle.errors import UserError
from restyle.media.image_source import picture_from
from restyle.media.images import write_image
from restyle.networks import network_title, pretrained_names
from restyle.paint.painter import Painter
from restyle.paint.pictures import shrunk

MOST_STYLES = 8
CAMERA_LONG_SIDE = 480


class PaintTab:
    """The blocks of the tab, and what they do.

    Args:
      own: further networks, by name, that all visitors may use.
    """

    def __init__(self, room: Room, page: gr.Blocks, own: dict[str, Path]):
        self._room, self._own = room, own
        with gr.Row(equal_height=False):
            with gr.Column(scale=4, min_width=300):
                self.network = gr.Radio(
                    self._choices({}), value=[*own, *pretrained_names()][0], label="Network"
                )
                self._dials()
            with gr.Column(scale=6, min_width=300), gr.Tabs():
                with gr.Tab("Photos"):
                    self._photos(page)
                with gr.Tab("Video"):
                    self._video(page)
                with gr.Tab("Camera"):
                    self._camera()
        dials = [self._stroke, *self._blend]
        for happens in (self.network.change, page.load):
            happens(self._fitting, self.network, dials, preprocess=False, **QUIET)
        page.load(self.offer, None, self.network, **QUIET)

    def offer(self, request: gr.Request) -> Any:
        """The networks that there are for a visitor."""
        return gr.Radio(self._choices(self._room.visitor(request).networks))

    def painter(self, visitor: Visitor, name: str) -> Painter:
        """A network that a visitor may use; the same object as long as its file is the same."""
        own = {**self._own, **visitor.networks}
        file = own.get(name)
        return _painter(name, file, file.stat().st_mtime_ns if file else 0)

    def _choices(self, trained: dict[str, Path]) -> list[tuple[str, str]]:
        return [(network_title(name), name) for name in [*trained, *self._own, *pretrained_names()]]

    def _dials(self) -> None:
        """How it is painted."""
        self._strength = gr.Slider(0, 1, 1, step=0.01, label="Strength")
        self._stroke = gr.Slider(
            0, 1, 0.5, step=0.01, label="Stroke", info="From fine to broad.", visible=False
        )
        self._blend = [
            gr.Slider(0, 1, float(n == 0), step=0.01, label=f"Style {n}", visible=False)
            for n in range(MOST_STYLES)
        ]
        self._colors = gr.Checkbox(False, label="Keep the photo's colors")
        self._size = gr.Number(
            0, precision=0, minimum=0, label="Largest side", info="In pixels; 0 keeps every size."
        )
        self._look = [self.network, self._strength, self._stroke, self._colors, *self._blend]

    def _photos(self, page: gr.Blocks) -> None:
        files = gr.File(label="Photos", file_count="multiple", height=130, elem_id="paint-photos")
        folder = gr.UploadButton("Or a whole folder", file_count="directory", size="sm")
        start = gr.Button("Paint", variant="primary", elem_id="paint-start")
        shown = gr.Gallery(
            label="Painted", columns=3, height=460, object_fit="contain", elem_id="paint-gallery"
        )
        view = JobView(self._room, "paint", start, shown, gallery)
        folder.upload(lambda files: files, folder, files, preprocess=False, **QUIET)
        view.starts(self._ask_pictures, [files, self._size, *self._look])
        view.look_on_load(page)

    def _video(self, page: gr.Blocks) -> None:
        source = gr.Video(label="Video", sources=["upload"], height=220, elem_id="video-source")
        with gr.Row():
            smooth = gr.Slider(
                0, 0.95, 0, step=0.05, label="Steadiness", info="By optical flow; costs time."
            )
            seconds = gr.Number(0, minimum=0, label="Seconds", info="Of its beginning; 0: all.")
        start = gr.Button("Paint", variant="primary", elem_id="video-start")
        shown = gr.Video(label="Painted", interactive=False, height=360, elem_id="video-painted")
        view = JobView(self._room, "video", start, shown, video)
        view.starts(self._ask_video, [source, smooth, seconds, self._size, *self._look])
        view.look_on_load(page)

    def _camera(self) -> None:
        with gr.Row():
            camera = gr.Image(
                label="Camera", sources=["webcam"], streaming=True, type="numpy", height=340
            )
            painted = gr.Image(
                label="Painted", interactive=False, height=340, elem_id="camera-painted", buttons=[]
            )
        camera.stream(
            self._frame,
            [camera, *self._look],
            painted,
            stream_every=0.2,
            show_progress="hidden",
            concurrency_limit=None,
            api_visibility="private",
        )

    def _fitting(self, request: gr.Request, name: str) -> list[Any]:
        """The dials that a network has."""
        shape = self.painter(self._room.visitor(request), name).shape
        styles = shape.styles[:MOST_STYLES] if len(shape.styles) > 1 else ()
        shown = [gr.Slider(visible=True, label=network_title(style)) for style in styles]
        hidden = [gr.Slider(visible=False)] * (MOST_STYLES - len(styles))
        return [gr.Slider(visible=shape.strokes > 1), *shown, *hidden]

    def _asked(self, visitor: Visitor, *look: Any) -> tuple[Painter, dict[str, Any]]:
        """A network, and the look that the dials ask for."""
        name, strength, stroke, colors, *blend = look
        painter = self.painter(visitor, name)
        asked = {"strength": strength, "preserve_color": "luminance" if colors else "none"}
        if painter.shape.strokes > 1:
            asked["stroke"] = stroke
        if (count := len(painter.styles)) > 1:
            asked["style_blend_weights"] = tuple([*blend, *[0.0] * count][:count])
        return painter, asked

    def _ask_pictures(
        self, visitor: Visitor, folder: Path, files: Any, size: Any, *look: Any
    ) -> Asked:
        if not files:
            raise UserError("Choose photos, or a folder.")
        painter, asked = self._asked(visitor, *look)
        photos = visitor.take(paths_of(files))
        what = name_of(photos[0]) if len(photos) == 1 else f"{len(photos)} files"
        title = f"{what} by {network_title(painter.path.stem)}"
        return title, painting_pictures(painter, photos, asked, int(size or 0), folder)

    def _ask_video(
        self, visitor: Visitor, folder: Path, source: Any, smooth: float, *values: Any
    ) -> Asked:
        if not source:
            raise UserError("Choose a video.")
        seconds, size, *look = values
        painter, asked = self._asked(visitor, *look)
        (file,) = visitor.take(paths_of(source) or paths_of(source.get("video")))
        settings = {"smooth": smooth, "duration": seconds or 0, "max_size": int(size or 0)}
        title = f"{name_of(file)} by {network_title(painter.path.stem)}"
        return title, painting_video(painter, file, asked, settings, folder)

    @property
    def _frame(self) -> Any:
        @told
        def frame(request: gr.Request, pixels: np.ndarray | None, *look: Any) -> str | None:
            """A frame of the camera, painted at once: it waits for no job."""
            if pixels is None:
                return None
            visitor = self._room.visitor(request)
            painter, asked = self._asked(visitor, *look)
            small = shrunk(picture_from(pixels), CAMERA_LONG_SIDE).pixels
            path = visitor.next_frame()
            write_image(path, painter(small, **asked))
            return str(path)

        return frame


@functools.lru_cache(maxsize=8)
def _painter(name: str, file: Path | None, version: int) -> Painter:
    return network_named(name, {name: file} if file else {})
