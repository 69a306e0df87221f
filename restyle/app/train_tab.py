"""Train: a network for a painting, on a visitor's photos."""

from pathlib import Path
from typing import Any

import gradio as gr
from gradio.components import Component

from restyle.app.job_view import Asked, JobView, Room, name_of, newest, paths_of
from restyle.app.training import training
from restyle.app.visitors import Visitor
from restyle.errors import UserError
from restyle.models.objective_config import ObjectiveConfig
from restyle.models.transform_config import TransformConfig
from restyle.networks import network_title, pretrained_names
from restyle.training.settings import TrainConfig
from restyle.training.task import BASE, NOTHING

DEFAULTS, OBJECTIVE, SHAPE = TrainConfig(), ObjectiveConfig(), TransformConfig()
WIDTHS = (8, 16, 24, 32)


def train_tab(room: Room, page: gr.Blocks, *, own_machine: bool) -> None:
    """The blocks of the tab, and what they do.

    own_machine: whether a folder may be named instead of uploaded.
    """
    with gr.Row(equal_height=False):
        with gr.Column(scale=4, min_width=300):
            painting = gr.Image(
                label="Painting",
                type="filepath",
                sources=["upload", "clipboard"],
                height=230,
                placeholder="Drop a painting here, or click",
                elem_id="train-painting",
            )
            photos = gr.File(
                label="A folder of photos to learn from",
                file_count="directory",
                height=150,
                elem_id="train-photos",
            )
            place = gr.Textbox(
                label="Or the path of a folder on this machine",
                placeholder="/home/me/Pictures",
                visible=own_machine,
            )
            minutes = gr.Slider(
                1, 240, 30, step=1, label="Minutes", info="Half an hour makes a usable network."
            )
            name = gr.Textbox(label="Name", placeholder="The painting's name")
            settings = _settings()
            start = gr.Button("Train", variant="primary", elem_id="train-start")
        with gr.Column(scale=6, min_width=300):
            shown = gr.Image(
                label="How it paints photos that it was not trained on",
                interactive=False,
                height=460,
                buttons=["fullscreen"],
                elem_id="train-preview",
            )
            view = JobView(room, "train", start, shown, newest)

    def ask(visitor: Visitor, folder: Path, *values: Any) -> Asked:
        return _ask(visitor, folder, own_machine, *values)

    view.starts(ask, [painting, photos, place, minutes, name, *settings])
    view.look_on_load(page)


def _settings() -> list[Component]:
    """In the order in which `_ask` takes them."""
    with gr.Accordion("More settings", open=False):
        content = gr.Slider(
            *(0, 1, OBJECTIVE.content_weight),
            step=0.01,
            label="Content weight",
            info="How much of the photo's scene is kept.",
        )
        stroke = gr.Slider(
            *(64, 1024, DEFAULTS.style_size[0]),
            step=32,
            label="Stroke size",
            info="Long side in pixels at which the painting is seen.",
        )
        side = gr.Slider(
            *(64, 512, DEFAULTS.largest_side),
            step=32,
            label="Side of a crop",
            info="In pixels, of the largest: crops grow during the run.",
        )
        starts = [("Scratch", NOTHING), *((network_title(n), n) for n in pretrained_names())]
        start_from = gr.Dropdown(starts, value=BASE, label="Start from")
        width = gr.Radio(
            WIDTHS,
            value=SHAPE.width,
            label="Width",
            info="Wider is finer, but slower. Used when starting from scratch.",
        )
        strength = gr.Checkbox(SHAPE.strength, label="With a dial from photo to style")
    return [content, stroke, side, width, strength, start_from]


def _ask(visitor: Visitor, folder: Path, own_machine: bool, *values: Any) -> Asked:
    painting, photos, place, minutes, name, content, stroke, side, width, strength, start = values
    if not painting:
        raise UserError("Choose a painting.")
    if place and not own_machine:
        raise UserError("A folder of this machine can only be named on it. Upload photos instead.")
    if not photos and not place:
        raise UserError("Choose a folder of photos.")
    (style,) = visitor.take(paths_of(painting))
    learned = visitor.take(paths_of(photos))[0].parent.parent if photos else Path(place)
    target = visitor.network_file(name or style.stem)
    settings = {"minutes": minutes, "content_weight": content, "style_size": int(stroke)}
    sides = [size for size in DEFAULTS.image_size if size < side]
    settings |= {"image_size": (*sides, int(side)), "strength": strength, "start_from": start}
    if start == NOTHING:
        settings["width"] = int(width)
    title = f"{name_of(target)}, a network"
    return title, training([style], learned, target, settings, folder)
