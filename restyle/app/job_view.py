"""What a page shows of a job, and lets its visitor do with it."""

import functools
import html
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import gradio as gr
import pandas as pd
from gradio.components import Component
from gradio.events import Dependency

from restyle.app.jobs import DONE, FAILED, WAITING, Job, Jobs, Report, plain
from restyle.app.visitors import Visitor, Visitors
from restyle.errors import UserError

COOKIE = "restyle_visitor"
SECONDS_BETWEEN_LOOKS = 1.0
# A job that is asked for: its title, and its work.
Asked = tuple[str, Callable[[Job], object]]
QUIET = {"show_progress": "hidden", "api_visibility": "private", "queue": False}


class Room:
    """The visitors of an app and their jobs."""

    def __init__(self, visitors: Visitors, jobs: Jobs):
        self.visitors, self.jobs = visitors, jobs

    def visitor(self, request: gr.Request) -> Visitor:
        """Who asks: a browser by its cookie, a program by its session."""
        return self.visitors.named(request.cookies.get(COOKIE) or str(request.session_hash))


class JobView:
    """The latest job of a kind, in a column of a page; made inside it.

    A page that is loaded anew shows the job again: it looks at the job, and does not own it.

    Args:
      shown: the component for what is made. value_of: what of a report it shows.
      start: the button that begins a job.
    """

    def __init__(
        self,
        room: Room,
        kind: str,
        start: gr.Button,
        shown: Component,
        value_of: Callable[[Report], Any],
    ):
        self._room, self._kind, self._value_of = room, kind, value_of
        self._seen, self._timer = gr.State(), gr.Timer(SECONDS_BETWEEN_LOOKS, active=False)
        self._status = gr.HTML(_status(None, 0), elem_id=f"{kind}-status")
        with gr.Row(elem_classes="actions"):
            stop = gr.Button("Stop and keep", visible=False, elem_id=f"{kind}-stop")
            cancel = gr.Button("Cancel", visible=False, elem_id=f"{kind}-cancel")
            download = gr.DownloadButton(
                "Download", visible=False, variant="primary", elem_id=f"{kind}-download"
            )
        self._curve = gr.LinePlot(
            x="step", y="value", visible=False, height=180, show_label=False, y_title=" "
        )
        self._start = start
        self._outputs = [self._seen, self._timer, shown, self._status, self._curve]
        self._outputs += [stop, cancel, download, start]
        look = {"inputs": self._seen, "outputs": self._outputs, **QUIET}
        self._timer.tick(self._look, **look)
        stop.click(self._stop, **look)
        cancel.click(self._cancel, **look)
        self.look_on_load = lambda page: page.load(self._look, **look)

    def starts(self, ask: Callable[..., Asked], inputs: Sequence[Component]) -> Dependency:
        """Has the button begin the job that is asked for by a visitor with these inputs.

        ask: is given the visitor, an empty folder, and the inputs as the browser sends them.
        """

        @told
        def start(request: gr.Request, *values: Any) -> list[Any]:
            visitor = self._room.visitor(request)
            latest = visitor.latest(self._kind)
            if latest and not latest.over:
                raise UserError(
                    "Your last one is still being made. Cancel it, or wait until it is done."
                )
            title, work = ask(visitor, visitor.new_folder(), *values)
            job = Job(self._kind, title, work)
            visitor.keep(job)
            self._room.jobs.add(job)
            return self._look(request, None)

        return self._start.click(
            start, list(inputs), self._outputs, preprocess=False, api_visibility="private"
        )

    def _look(self, request: gr.Request, seen: Any) -> list[Any]:
        job = self._room.visitor(request).latest(self._kind)
        before = self._room.jobs.before(job) if job else 0
        now = (job.number, job.version, before) if job else ()
        if now == seen:
            return [gr.skip()] * len(self._outputs)
        report, busy = (job.report, not job.over) if job else (Report(), False)
        kept = bool(job and job.state == DONE and report.files)
        points = pd.DataFrame(report.curve, columns=["step", "value"])
        return [
            now,
            gr.Timer(active=busy),
            self._value_of(report),
            _status(job, before),
            gr.LinePlot(points, visible=len(points) > 1),
            gr.Button(visible=busy and bool(job and job.state != WAITING), interactive=busy),
            gr.Button(visible=busy),
            gr.DownloadButton(value=str(report.files[0]) if kept else None, visible=kept),
            gr.Button(interactive=not busy),
        ]

    def _stop(self, request: gr.Request, seen: Any) -> list[Any]:
        if job := self._room.visitor(request).latest(self._kind):
            job.ending.make()
            job.version += 1
        return self._look(request, seen)

    def _cancel(self, request: gr.Request, seen: Any) -> list[Any]:
        if job := self._room.visitor(request).latest(self._kind):
            job.cancel()
        return self._look(request, seen)


def told(ask: Callable[..., Any]) -> Callable[..., Any]:
    """The function, with a mistake of the user's told as one line, in the page or to a program."""

    @functools.wraps(ask)
    def guarded(*values: Any) -> Any:
        try:
            return ask(*values)
        except (UserError, ValueError, TypeError) as error:
            raise gr.Error(plain(error), title="Not yet", print_exception=False) from error

    return guarded


def paths_of(files: Any) -> list[str]:
    """The paths of what a component for files sent: of one, of several, of a gallery, or none."""
    if not files:
        return []
    if isinstance(files, list):
        return [path for file in files for path in paths_of(file)]
    return [files["path"]] if "path" in files else paths_of(files.get("image"))


def newest(report: Report) -> str | None:
    """The picture made last."""
    return str(report.pictures[-1]) if report.pictures else None


def gallery(report: Report) -> list[tuple[str, str]]:
    """All pictures, with their names."""
    return [(str(path), path.stem.removesuffix("_to_look_at")) for path in report.pictures]


def video(report: Report) -> str | None:
    """The video, once it is whole."""
    return str(report.video) if report.video else None


def _status(job: Job | None, before: int) -> str:
    if job is None:
        return "<div class='status empty'></div>"
    report = job.report
    share = 1.0 if job.state == DONE else report.share
    lines = [
        f"<p class='title'>{html.escape(job.title)}</p>",
        f"<div class='bar' role='progressbar' aria-label='Progress' aria-valuemin='0' "
        f"aria-valuemax='100' aria-valuenow='{100 * share:.0f}'>"
        f"<i style='width:{share:.1%}'></i></div>",
        f"<p class='line'>{html.escape(_line(job, before))}</p>",
    ]
    if job.state == FAILED:
        lines = [lines[0], f"<p class='error' role='alert'>{html.escape(job.error)}</p>"]
    lines += [
        f"<p class='note'>{html.escape(plain(ValueError(note)))}</p>" for note in report.notes
    ]
    if report.terms:
        cells = (
            f"<div><dt>{html.escape(name)}</dt><dd>{value:.4f}</dd></div>"
            for name, value in report.terms.items()
        )
        lines.append(f"<dl class='terms'>{''.join(cells)}</dl>")
    return f"<div class='status {job.state}' aria-live='polite'>{''.join(lines)}</div>"


def _line(job: Job, before: int) -> str:
    if job.over:
        return f"{job.state.capitalize()}. {job.report.line}".strip()
    if job.state == WAITING:
        return f"Waiting for {before} {'job' if before == 1 else 'jobs'} before it"
    if job.ending:
        return "Stopping, and keeping what there is"
    left = job.seconds_left()
    return job.report.line + (f" · {_duration(left)} left" if left is not None else "")


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def name_of(path: Path) -> str:
    """A file's name as a person says it: "the_scream.jpg" is "The Scream"."""
    return path.stem.replace("_", " ").title()
