"""What programs may ask of the app: Gradio's API, by names that stay.

Each job waits in the same queue as the visitors', and is answered when it is done.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.events import api

from restyle.app.job_view import Room, told
from restyle.app.jobs import CANCELED, FAILED, Job
from restyle.app.optimizing import optimizing
from restyle.app.painting import painting_pictures, painting_video
from restyle.app.visitors import Visitor
from restyle.errors import UserError
from restyle.exact.settings import STARTS
from restyle.networks import pretrained_names
from restyle.paint.painter import Painter

KIND = "asked by a program"


class Endpoints:
    """The functions that programs may call.

    Args:
      painter: a network that a visitor may use, by name.
    """

    def __init__(self, room: Room, painter: Callable[[Visitor, str], Painter]):
        self._room, self._painter = room, painter
        for endpoint in (self.optimize, self.paint, self.video, self.networks):
            api(endpoint, api_name=endpoint.__name__, concurrency_limit=None)

    async def optimize(
        self,
        request: gr.Request,
        photo: gr.FileData,
        paintings: list[gr.FileData],
        weights: list[float] | None = None,
        settings: dict | None = None,
    ) -> gr.FileData:
        """A photo repainted in the style of paintings, as optimize_style.py does it.

        weights: one for each painting, or equal. settings: by the flags' names, such as size,
        iterations and content_weight.
        """

        def ask(visitor: Visitor, folder: Path) -> Callable[[Job], None]:
            chosen = settings or {}
            if chosen.get("init", "content") not in STARTS:
                raise UserError(f"Got an init other than {', '.join(STARTS)}. Give one of these.")
            if not paintings:
                raise UserError("Got no painting, expected one or more.")
            content, *styles = _taken(visitor, photo, *paintings)
            return optimizing(content, styles, tuple(weights or ()), chosen, folder)

        return await self._done(request, ask)

    async def paint(
        self,
        request: gr.Request,
        photo: gr.FileData,
        network: str = "starry_night",
        settings: dict | None = None,
    ) -> gr.FileData:
        """A photo painted by a network in one pass.

        settings: strength, stroke, style_blend_weights, preserve_color, max_size.
        """

        def ask(visitor: Visitor, folder: Path) -> Callable[[Job], None]:
            look = dict(settings or {})
            size = int(look.pop("max_size", 0))
            painter, files = self._painter(visitor, network), _taken(visitor, photo)
            return painting_pictures(painter, files, _safe(look), size, folder)

        return await self._done(request, ask)

    async def video(
        self,
        request: gr.Request,
        video: gr.FileData,
        network: str = "starry_night",
        settings: dict | None = None,
    ) -> gr.FileData:
        """A video painted by a network. settings: as of paint; smooth, start, duration, fps."""

        def ask(visitor: Visitor, folder: Path) -> Callable[[Job], None]:
            look = _safe(dict(settings or {}))
            names = look.keys() & {"max_size", "smooth", "start", "duration", "fps"}
            how = {name: look.pop(name) for name in names}
            (file,) = _taken(visitor, video)
            return painting_video(self._painter(visitor, network), file, look, how, folder)

        return await self._done(request, ask)

    def networks(self) -> list[str]:
        """The names of the networks that come with restyle."""
        return pretrained_names()

    async def _done(
        self, request: gr.Request, ask: Callable[[Visitor, Path], Callable[[Job], None]]
    ) -> Any:
        """The file that a job makes. A program that goes away cancels its job."""
        visitor = self._room.visitor(request)
        job = Job(KIND, "", told(ask)(visitor, visitor.new_folder()))
        visitor.keep(job)
        self._room.jobs.add(job)
        assert job.future
        try:
            await asyncio.wrap_future(job.future)
        except asyncio.CancelledError:
            job.cancel()
            raise
        if job.state in (FAILED, CANCELED):
            raise gr.Error(job.error or "Canceled.", print_exception=False)
        return gr.FileData(path=str(job.report.files[0])).model_dump()


def _taken(visitor: Visitor, *files: Any) -> list[Path]:
    return visitor.take([file["path"] for file in files])


def _safe(look: dict[str, Any]) -> dict[str, Any]:
    """The look, but for a mask, which would name a file of this machine."""
    if "mask" in look:
        raise UserError("Got a mask, which only a program on this machine can give. Drop it.")
    return look
