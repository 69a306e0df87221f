import importlib
import re
import tempfile
import threading
import tomllib
from pathlib import Path

import pytest
from imported_by import imported_by
from user_errors import message_of

import restyle.api  # noqa: F401
from restyle.app.jobs import CANCELED, DONE, FAILED, RUNNING, WAITING, Canceled, Job, Jobs, plain
from restyle.app.settings import AppConfig
from restyle.app.visitors import Visitors
from restyle.errors import UserError
from restyle.programs import app

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 60


@pytest.fixture
def jobs():
    jobs = Jobs()
    yield jobs
    jobs.close()


class Held:
    """Work that goes on until it is let go, and tells of every turn."""

    def __init__(self):
        self.begun, self.go = threading.Event(), threading.Event()

    def __call__(self, job):
        self.begun.set()
        while not self.go.wait(0.01) and not job.ending:
            job.tell(share=0.5)


def finished(job):
    assert job.future.exception(PATIENCE) is None
    return job.state


def test_jobs_are_done_one_at_a_time_in_the_order_of_their_asking(jobs):
    order, first_work = [], Held()
    first = Job("paint", "first", first_work)
    others = [Job("paint", name, lambda job: order.append(job.title)) for name in "abc"]
    for job in [first, *others]:
        jobs.add(job)
    assert first_work.begun.wait(PATIENCE)

    assert (first.state, [job.state for job in others]) == (RUNNING, [WAITING] * 3)
    assert [jobs.before(job) for job in [first, *others]] == [0, 1, 2, 3]

    first_work.go.set()
    assert [finished(job) for job in [first, *others]] == [DONE] * 4
    assert order == ["a", "b", "c"] and jobs.before(others[-1]) == 0


def test_a_job_is_canceled_while_it_waits_and_while_it_runs(jobs):
    held, never = Held(), []
    running, waiting = Job("paint", "one", held), Job("paint", "two", never.append)
    jobs.add(running)
    jobs.add(waiting)
    assert held.begun.wait(PATIENCE)

    waiting.cancel()
    assert waiting.state == CANCELED and running.state == RUNNING
    running.cancel()
    assert finished(running) == CANCELED and never == []
    with pytest.raises(Canceled):
        running.tell(share=1.0)


def test_a_job_that_is_asked_to_end_is_done_and_not_canceled(jobs):
    job = Job("paint", "one", Held())
    jobs.add(job)
    job.ending.make()

    assert finished(job) == DONE


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (UserError("Too large. Pass --size=64 or less."), "Too large. Pass size 64 or less."),
        (ValueError("Got strength 2."), "Got strength 2."),
        (ZeroDivisionError("by\nzero"), "restyle made a mistake: ZeroDivisionError: by zero"),
    ],
)
def test_a_failed_job_says_why_in_one_line_and_the_next_is_done(jobs, error, line):
    def fail(job):
        raise error

    failing, next_one = Job("paint", "one", fail), Job("paint", "two", lambda job: None)
    jobs.add(failing)
    jobs.add(next_one)

    assert (finished(failing), failing.error) == (FAILED, line)
    assert finished(next_one) == DONE


def test_an_error_names_uploads_without_folders_and_settings_without_dashes():
    upload = Path(tempfile.gettempdir(), "a b", "c.png")
    error = UserError(f"'{upload}' is no .keras file. Pass --style_size=64, or --optimizer.")

    assert plain(error) == "'c.png' is no .keras file. Pass style size 64, or optimizer."


def test_an_error_says_in_which_folder_a_file_of_the_person_is():
    error = UserError("Delete '/home/me/.keras/restyle/processor-1f.json' to try again.")

    assert plain(error) == str(error)


def test_the_time_left_is_that_of_the_work_that_was_seen():
    job = Job("paint", "one", lambda job: None)
    assert job.seconds_left() is None
    job.tell(share=0.2)
    assert job.seconds_left() is None
    job._first = (job._first[0] - 10, 0.2)  # So long ago.
    job.tell(share=0.4)

    assert job.seconds_left() == pytest.approx(30, abs=1)


@pytest.fixture
def visitors(tmp_path):
    (tmp_path / "root").mkdir()
    return Visitors(tmp_path / "root", 60)


@pytest.fixture
def given(tmp_path):
    """Two uploaded files of one name."""
    files = [tmp_path / name / "photo.jpg" for name in "ab"]
    for number, file in enumerate(files):
        file.parent.mkdir()
        file.write_text(str(number))
    return files


def test_visitors_files_are_apart_and_keep_their_names(visitors, given):
    one, two = visitors.named("one"), visitors.named("two")

    taken = one.take(given)
    assert [path.read_text() for path in taken] == ["0", "1"]
    assert {path.name for path in taken} == {"photo.jpg"}
    assert visitors.named("one") is one
    assert not one.made.is_relative_to(two.made) and len(one.made.name) >= 32
    assert not any(path.is_relative_to(visitors.made) for path in taken), "uploads are not served"


def test_a_painted_frame_can_be_asked_for_late_and_is_removed_later(visitors, monkeypatch):
    visitor = visitors.named("films")

    def painted_at(seconds):
        monkeypatch.setattr("time.monotonic_ns", lambda: seconds * 10**9)
        frame = visitor.next_frame()
        frame.touch()
        return frame

    frames = [painted_at(seconds) for seconds in (1, 21, 41, 61)]
    assert all(frame.exists() for frame in frames)
    painted_at(70)
    assert [frame.exists() for frame in frames] == [False, True, True, True]


def test_the_files_of_a_visitor_who_is_gone_are_removed_and_no_others(visitors, given, jobs):
    held = Held()
    gone, busy, here = (visitors.named(name) for name in ("gone", "busy", "here"))
    all_three = (gone, busy, here)
    files = {visitor: [*visitor.take(given), visitor.new_folder()] for visitor in all_three}
    job = Job("train", "long", held)
    busy.keep(job)
    jobs.add(job)
    for visitor in (gone, busy):
        visitor._seen -= 100

    visitors.forget_idle()
    assert [all(p.exists() for p in files[v]) for v in all_three] == [False, True, True]
    assert not any(path.exists() for path in files[gone])
    held.go.set()
    finished(job)
    visitors.forget_idle()
    assert busy.idle_seconds < 60 and files[busy][-1].exists(), "it has just ended"


def test_a_network_gets_a_name_that_is_free_and_none_that_leads_elsewhere(visitors):
    visitor = visitors.named("one")
    first = visitor.network_file("water lilies")
    first.touch()

    assert first.name == "water_lilies.keras"
    assert visitor.network_file("water lilies").name == "water_lilies_2.keras"
    assert visitor.networks == {"water_lilies": first}
    for name in ("../other", "a/b", "", "..", "."):
        assert "expected letters" in message_of(visitor.network_file, name)


@pytest.mark.parametrize("wrong", ["--port=70000", "--keep_hours=0", "--max_upload_mb=0"])
def test_a_wrong_setting_is_refused(wrong, capsys):
    assert app.main([wrong]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_only_this_machine_is_served_unless_asked():
    assert AppConfig().host == "127.0.0.1"
    assert AppConfig().own_machine and AppConfig(host="localhost").own_machine
    assert not AppConfig(host="0.0.0.0").own_machine


def make_page(root):
    from restyle.app.server import make_app

    make_app(AppConfig(), Path(root), {})


def test_the_page_can_be_made_with_the_gradio_that_is_installed(tmp_path):
    """In a process of its own: Gradio's warnings are not ours."""
    _, modules, _ = imported_by("test_app", "make_page", tmp_path)

    assert "gradio" in modules


def test_importing_restyle_or_its_app_imports_no_gradio():
    _, modules, _ = imported_by("test_app")

    named = {"restyle.api", "restyle.app.jobs", "restyle.app.settings", "restyle.programs.app"}
    assert modules >= named
    assert "gradio" not in modules


def instructions(name):
    """The values of an instruction of the Dockerfile, in order."""
    text = re.sub(r"\\\n\s*", "", (ROOT / "Dockerfile").read_text())
    return re.findall(rf"^{name} (.+)$", text, re.MULTILINE)


def test_the_dockerfile_installs_what_there_is_and_starts_the_app_as_a_plain_user():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    runs, (command,) = instructions("RUN"), instructions("CMD")
    extras = re.search(r"/source\[([\w,]+)\]", " ".join(runs))
    assert extras and set(extras[1].split(",")) <= set(project["optional-dependencies"])
    (user,) = instructions("USER")
    assert user != "root" and any("useradd" in run and user in run for run in runs)

    name, *arguments = re.findall(r'"([^"]+)"', command)
    module, function = project["scripts"][name].split(":")
    assert getattr(importlib.import_module(module), function) is app.main
    config = AppConfig(**app.FLAGS.given(arguments))
    assert instructions("EXPOSE") == [str(config.port)] and not config.own_machine
    copied = {name for line in instructions("COPY") for name in line.split()[:-1]}
    assert all((ROOT / name).exists() for name in copied)
    # What pyproject.toml needs to make the package.
    tools = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    needed = {*tools["dynamic"]["dependencies"]["file"], *tools["package-dir"].values()}
    assert copied >= {"pyproject.toml", "restyle", project["readme"], *needed}
