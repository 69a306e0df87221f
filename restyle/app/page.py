"""The page: three tabs over the same queue, and the endpoints for programs."""

from pathlib import Path

import gradio as gr

from restyle.app.endpoints import Endpoints
from restyle.app.job_view import QUIET, Room
from restyle.app.jobs import Jobs
from restyle.app.optimize_tab import optimize_tab
from restyle.app.paint_tab import PaintTab
from restyle.app.settings import AppConfig
from restyle.app.train_tab import train_tab
from restyle.app.visitors import Visitors

MASTHEAD = "<div class='masthead'><h1>restyle</h1><p>Your photo, painted on this machine.</p></div>"
# Uploads are the only files that Gradio keeps; it looks for old ones so often.
SECONDS_BETWEEN_CLEANINGS = 600


def make_page(config: AppConfig, visitors: Visitors, jobs: Jobs, own: dict[str, Path]) -> gr.Blocks:
    """The page. own: further networks by name."""
    keep = (SECONDS_BETWEEN_CLEANINGS, round(config.keep_hours * 3600))
    with gr.Blocks(title="restyle", analytics_enabled=False, delete_cache=keep) as page:
        room = Room(visitors, jobs)
        gr.HTML(MASTHEAD)
        with gr.Tabs():
            with gr.Tab("Optimize"):
                optimize_tab(room, page)
            with gr.Tab("Paint") as painting:
                paint = PaintTab(room, page, own)
            with gr.Tab("Train"):
                train_tab(room, page, own_machine=config.own_machine)
        # A network that was trained meanwhile is there when the tab is opened.
        painting.select(paint.offer, None, paint.network, **QUIET)
        Endpoints(room, paint.painter)
    return page
