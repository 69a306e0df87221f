"""Optimize: the photo and paintings that a visitor chose, and the picture as it grows."""

from pathlib import Path
from typing import Any

import gradio as gr
from gradio.components import Component

from restyle.app.job_view import QUIET, Asked, JobView, Room, name_of, newest, paths_of
from restyle.app.optimizing import SMALLEST_SIZE, STEP_OF_SIZE, largest_size, optimizing
from restyle.app.visitors import Visitor
from restyle.errors import UserError
from restyle.exact.settings import COLORS, OptimizeConfig, PictureObjective

MOST_PAINTINGS = 4
DEFAULTS, OBJECTIVE = OptimizeConfig(), PictureObjective()
STARTS = [("The photo", "content"), ("Noise", "noise"), ("The painting", "style")]
DESPECKLE = 3
KEPT_COLORS = dict(zip(COLORS, ("The painting's", "The photo's", "Matched first"), strict=True))


def optimize_tab(room: Room, page: gr.Blocks) -> None:
    """The blocks of the tab, and what they do."""
    with gr.Row(equal_height=False):
        with gr.Column(scale=4, min_width=300):
            photo = gr.Image(
                label="Photo",
                type="filepath",
                sources=["upload", "clipboard"],
                height=230,
                placeholder="Drop a photo here, or click",
                elem_id="optimize-photo",
            )
            paintings = gr.Gallery(
                label="One or more paintings",
                type="filepath",
                interactive=True,
                sources=["upload"],
                file_types=["image"],
                columns=4,
                elem_id="optimize-paintings",
                height=200,
            )
            weights = [
                gr.Slider(0, 10, 1, step=0.1, label=f"Weight {n}", visible=False)
                for n in range(1, MOST_PAINTINGS + 1)
            ]
            size, settings = _settings()
            start = gr.Button("Paint", variant="primary", elem_id="optimize-start")
        with gr.Column(scale=6, min_width=300):
            shown = gr.Image(
                label="The picture",
                interactive=False,
                height=520,
                buttons=["fullscreen"],
                elem_id="optimize-picture",
            )
            view = JobView(room, "optimize", start, shown, newest)
    paintings.change(_weights, paintings, weights, preprocess=False, **QUIET)
    view.starts(_ask, [photo, paintings, *weights, size, *settings])
    view.look_on_load(page)
    page.load(lambda: gr.Slider(maximum=largest_size()), None, size, **QUIET)


def _settings() -> tuple[gr.Slider, list[Component]]:
    """The size, and the other settings in the order in which `_ask` takes them."""
    size = gr.Slider(
        SMALLEST_SIZE,
        largest_size(),
        DEFAULTS.size,
        step=STEP_OF_SIZE,
        label="Size",
        info="Long side in pixels; as large as the free memory allows.",
    )
    iterations = gr.Slider(10, 1000, DEFAULTS.iterations, step=10, label="Iterations")
    content = gr.Slider(
        *(0, 1, OBJECTIVE.content_weight),
        step=0.01,
        label="Content weight",
        info="How much of the photo's scene is kept.",
    )
    with gr.Accordion("More settings", open=False):
        scale = gr.Slider(
            *(0.5, 2, DEFAULTS.style_scale),
            step=0.1,
            label="Stroke size",
            info="How large the painting is beside the photo.",
        )
        smoothness = gr.Slider(0, 10, OBJECTIVE.tv_weight, step=0.1, label="Smoothness")
        choices = [(label, value) for value, label in KEPT_COLORS.items()]
        specks = gr.Checkbox(
            label="Without specks",
            info="Takes out the painting's specks, which come back as bright dots.",
        )
        colors = gr.Radio(choices, value=DEFAULTS.preserve_color, label="Colors")
        init = gr.Radio(STARTS, value=DEFAULTS.init, label="Start from")
    return size, [iterations, content, scale, smoothness, specks, colors, init]


def _weights(paintings: Any) -> list[Any]:
    """A slider for each painting, if there are several to weigh."""
    names = [name_of(Path(path)) for path in paths_of(paintings)]
    shown = names[:MOST_PAINTINGS] if len(names) > 1 else []
    hidden = [gr.Slider(visible=False)] * (MOST_PAINTINGS - len(shown))
    return [gr.Slider(visible=True, label=f"Weight of {name}") for name in shown] + hidden


def _ask(visitor: Visitor, folder: Path, photo: Any, paintings: Any, *values: Any) -> Asked:
    styles = paths_of(paintings)
    if not photo or not styles:
        raise UserError("Choose a photo and a painting.")
    if len(styles) > MOST_PAINTINGS:
        raise UserError(f"Got {len(styles)} paintings, expected {MOST_PAINTINGS} at most.")
    weights, values = values[: len(styles)], values[MOST_PAINTINGS:]
    names = ("size", "iterations", "content_weight", "style_scale", "tv_weight", "despeckle")
    settings: dict[str, Any] = dict(zip((*names, "preserve_color", "init"), values, strict=True))
    settings["despeckle"] = DESPECKLE if settings["despeckle"] else 0
    content, *paths = visitor.take([*paths_of(photo), *styles])
    title = f"{name_of(content)} after {', '.join(map(name_of, paths))}"
    blend = tuple(weights) if len(paths) > 1 else ()
    return title, optimizing(content, paths, blend, settings, folder)
