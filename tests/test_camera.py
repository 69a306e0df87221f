import sys
import threading
from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest
from painters import negative, stylizer
from patience import PATIENCE
from user_errors import message_of
from video_clips import frames_of, number_of, numbered

from restyle.errors import UserError
from restyle.media.video.camera import Camera, open_capture
from restyle.media.video.live import Recording, VirtualCamera, Window, live_output
from restyle.media.video.reader import Frame
from restyle.media.video.writer import Encoding
from restyle.paint.camera import paint_live
from restyle.programs.evaluate_task import is_camera
from restyle.programs.evaluate_video import camera_number


class Film:
    """A capture that gives each picture when it is asked to, then no more."""

    def __init__(self, pictures):
        self.pictures, self.taken, self.released = list(pictures), 0, False
        self.may_give, self.gave_all = threading.Semaphore(1), threading.Event()  # The first one.

    def give(self, count):
        self.may_give.release(count)

    def read(self):
        self.may_give.acquire()
        if self.taken == len(self.pictures):
            self.gave_all.set()
            return False, None
        self.taken += 1
        return True, self.pictures[self.taken - 1][..., ::-1]

    def get(self, _):
        return 0.0

    def release(self):
        self.released = True


def all_given(count=6):
    film = Film(numbered(count))
    film.give(count)
    return film


# The camera.


def test_the_newest_frame_wins():
    film = Film(numbered(9))
    film.give(1)
    with Camera(film) as camera:
        frames = camera.frames()
        first = next(frames)
        film.give(7)  # They come while the first one is painted.
        film.give(1)
        assert film.gave_all.wait(PATIENCE)
        newest = next(frames)

    assert (number_of(first.pixels), number_of(newest.pixels)) == (1, 8)
    assert first.time == 0 < newest.time
    assert film.released


def test_frames_are_rgb_between_0_and_1():
    red = np.full((4, 48, 64, 3), (200, 50, 20), np.uint8)
    film = Film(red)
    film.give(4)
    with Camera(film) as camera:
        pixels = next(camera.frames()).pixels

    assert pixels.dtype == np.float32
    np.testing.assert_allclose(255 * pixels, red[0], atol=1e-4)


def test_a_camera_without_a_picture_is_let_go():
    film = Film([])

    assert "gives no picture" in message_of(Camera, film)
    assert film.released


def test_where_there_is_no_camera_that_is_all_that_is_said(capfd):
    message = message_of(open_capture, 63)

    assert message.startswith("There is no camera 63")
    assert capfd.readouterr() == ("", "")


def test_a_missing_opencv_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "cv2", None)

    assert message_of(open_capture, 0).endswith("pip install opencv-python")


def test_cameras_are_chosen_by_number():
    assert is_camera("camera:2") and not is_camera("camera.mp4")
    assert [camera_number(each) for each in ("camera", "camera:1")] == [0, 1]
    assert "camera:1" in message_of(camera_number, "camera:front")


# Where its frames go.


def test_what_a_camera_films_becomes_a_video(tmp_path):
    times = []
    with Camera(all_given()) as camera:
        output = Recording(tmp_path / "o.mp4", camera, (24, 32), Encoding())
        run = paint_live(camera.frames(), output, stylizer(negative), size=(24, 32))
        with pytest.raises(UserError, match="no more pictures"), output:
            for time in run:
                times.append(time)

    frames = frames_of(tmp_path / "o.mp4")
    assert [frame.time for frame in frames] == times != []
    assert frames[0].pixels.shape == (24, 32, 3)
    assert frames[-1].pixels[-1, -1] == pytest.approx(1 - 90 / 255, abs=3 / 255)
    assert [path.name for path in tmp_path.iterdir()] == ["o.mp4"]


def test_a_recording_where_nothing_can_be_written_is_one_line(tmp_path):
    with Camera(all_given()) as camera:
        for name, said in (("gone/o.mp4", "there is no folder"), ("o.png", ".mkv, .mov, .mp4")):
            asked = str(tmp_path / name), camera, (48, 64), Encoding()
            assert said in message_of(live_output, *asked)


def test_an_output_that_is_closed_ends_the_run():
    shown = []
    output = SimpleNamespace(write=shown.append, closed=False)
    frames = [Frame(np.zeros((2, 2, 3), np.float32), Fraction(each)) for each in range(5)]
    for time in paint_live(frames, output, stylizer(negative), size=(2, 2)):
        output.closed = time == 2

    assert [frame.time for frame in shown] == [0, 1, 2]
    np.testing.assert_array_equal(shown[0].pixels, 1)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there is always a screen")
@pytest.mark.parametrize(
    ("interface", "said"), [("NONE", "pip install opencv-python."), ("QT5", "There is no screen")]
)
def test_a_window_needs_an_opencv_that_has_windows_and_a_screen(monkeypatch, interface, said):
    build = SimpleNamespace(getBuildInformation=lambda: f"  GUI:        {interface}\n")
    monkeypatch.setattr("restyle.media.video.live.opencv", lambda: build)
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)

    assert said in message_of(Window)


@pytest.mark.parametrize(("key", "closed"), [(-1, False), (ord("q"), True), (27, True)])
def test_a_window_shows_bgr_until_a_key_closes_it(monkeypatch, key, closed):
    shown = {}
    window = SimpleNamespace(
        getBuildInformation=lambda: "GUI: QT5",
        imshow=lambda title, levels: shown.update({title: levels}),
        waitKey=lambda _: key,
        getWindowProperty=lambda *_: 1.0,
        WND_PROP_VISIBLE=4,
        destroyAllWindows=lambda: None,
    )
    monkeypatch.setattr("restyle.media.video.live.opencv", lambda: window)
    monkeypatch.setenv("DISPLAY", ":0")
    with Window() as output:
        output.write(Frame(np.full((2, 2, 3), (1, 0.5, 0), np.float32), Fraction(0)))

    assert output.closed == closed
    assert shown["restyle"][0, 0].tolist() == [0, 128, 255]


def test_a_virtual_camera_needs_its_package_and_its_device(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyvirtualcam", None)
    assert "pip install pyvirtualcam" in message_of(VirtualCamera, "/dev/video9", (48, 64), 30.0)

    def refuse(*_, **__):
        raise RuntimeError("no such device")

    package = SimpleNamespace(Camera=refuse, __spec__="installed")
    monkeypatch.setitem(sys.modules, "pyvirtualcam", package)
    assert "'/dev/video9' takes no frames (no such device)" in message_of(
        VirtualCamera, "/dev/video9", (48, 64), 30.0
    )


def test_a_virtual_camera_gets_rgb(monkeypatch):
    sent = []
    device = SimpleNamespace(send=sent.append, close=lambda: sent.append("closed"))
    package = SimpleNamespace(Camera=lambda *_, **__: device, __spec__="installed")
    monkeypatch.setitem(sys.modules, "pyvirtualcam", package)
    camera = SimpleNamespace(frames_per_second=Fraction(30))
    with live_output("/dev/video9", camera, (2, 2), Encoding()) as output:
        output.write(Frame(np.full((2, 2, 3), (1, 0.5, 0), np.float32), Fraction(0)))

    assert sent[0][0, 0].tolist() == [255, 128, 0]
    assert sent[1] == "closed"


@pytest.mark.parametrize(("claimed", "rate"), [(0.0, 30), (-1.0, 30), (29.97, 29.97)])
def test_a_rate_that_a_camera_does_not_know_is_taken_for_the_usual_one(claimed, rate):
    film = Film(numbered(1))
    film.get = lambda _: claimed

    assert float(Camera(film).frames_per_second) == pytest.approx(rate, abs=1e-3)
