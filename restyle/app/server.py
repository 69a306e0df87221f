"""The app as a web server: its page, its visitors' cookies and folders, its queue."""

import asyncio
import contextlib
import os
import secrets
import socket
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

# Before Gradio is imported, which reads them then.
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
UPLOADS = "uploads"

import uvicorn  # noqa: E402
from fastapi import FastAPI  # noqa: E402
from starlette.types import ASGIApp, Message, Receive, Scope, Send  # noqa: E402

from restyle.app.jobs import Jobs  # noqa: E402
from restyle.app.settings import AppConfig  # noqa: E402
from restyle.app.visitors import Visitors  # noqa: E402
from restyle.errors import UserError  # noqa: E402
from restyle.networks import network_path, read_network_shape  # noqa: E402

SECONDS_BETWEEN_CLEANINGS = 60


def serve(config: AppConfig) -> None:
    """Serves the app until it is interrupted; nothing of its files is left then.

    Raises UserError if the port is taken, or a network of the user's own is none.
    """
    own = {network_path(model).stem: network_path(model).resolve() for model in config.model}
    for model in config.model:
        read_network_shape(model)
    with _listening(config) as listener, tempfile.TemporaryDirectory(prefix="restyle-") as root:
        # Gradio reads this when it is imported.
        os.environ["GRADIO_TEMP_DIR"] = str(Path(root, UPLOADS))
        app = make_app(config, Path(root), own)
        settings = uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=2)
        port = listener.getsockname()[1]
        print(f"restyle is at http://{config.host}:{port} until Ctrl-C.", flush=True)
        uvicorn.Server(settings).run([listener])


def make_app(config: AppConfig, root: Path, own: dict[str, Path]) -> FastAPI:
    """The web application. root: a folder for its files. own: further networks by name."""
    import gradio as gr

    from restyle.app.appearance import CSS, theme
    from restyle.app.page import make_page

    visitors, jobs = Visitors(root, config.keep_hours * 3600), Jobs()

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        cleaning = asyncio.create_task(_clean(visitors))
        yield
        cleaning.cancel()
        await asyncio.to_thread(jobs.close)

    app = FastAPI(lifespan=lifespan)
    app.add_middleware(VisitorCookie)
    gr.set_static_paths([visitors.made])
    page = make_page(config, visitors, jobs, own)
    return gr.mount_gradio_app(
        app,
        page,
        path="/",
        server_name=config.host,
        footer_links=["api"],
        run_history=False,
        show_error=True,
        max_file_size=f"{config.max_upload_mb}mb",
        ssr_mode=False,
        theme=theme(),
        css_paths=CSS,
    )


class VisitorCookie:
    """Gives each browser a name that nobody can guess, with the page."""

    def __init__(self, app: ASGIApp):
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        from restyle.app.job_view import COOKIE

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                cookie = f"{COOKIE}={secrets.token_urlsafe(24)}; HttpOnly; Path=/; SameSite=Lax"
                message["headers"].append((b"set-cookie", cookie.encode()))
            await send(message)

        known = any(COOKIE.encode() in value for name, value in scope.get("headers", ()))
        wanted = scope["type"] == "http" and scope["path"] == "/" and not known
        await self._app(scope, receive, sending if wanted else send)


async def _clean(visitors: Visitors) -> None:
    while True:
        await asyncio.sleep(SECONDS_BETWEEN_CLEANINGS)
        await asyncio.to_thread(visitors.forget_idle)


def _listening(config: AppConfig) -> socket.socket:
    try:
        return socket.create_server((config.host, config.port))
    except OSError as error:
        raise UserError(
            f"Cannot serve at {config.host}:{config.port} ({error.strerror}). Pass another --port, "
            "or 0 for any free one."
        ) from error
