"""Where frames go as they are made: a window, a file, or a camera that other programs see."""

import contextlib
import importlib
import os
import re
import sys
from pathlib import Path
from typing import Any, Protocol, Self

from av.error import FFmpegError

from restyle.errors import UserError, check_installed
from restyle.files import AnyPath, check_target, written_beside
from restyle.media.images import quantize
from restyle.media.video.camera import opencv
from restyle.media.video.joining import WRITABLE, container_format
from restyle.media.video.reader import Frame
from restyle.media.video.writer import Encoding, PartWriter, Source, plan_track

TITLE = "restyle"
ESCAPE = 27
DEVICES = "/dev/"


class LiveOutput(Protocol):
    """Takes frames of one size, (h, w, 3) in [0, 1]; a context manager.

    Attributes:
      closed: whether the user wants no more.
    """

    closed: bool

    def write(self, frame: Frame) -> None: ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *exception) -> None: ...


def live_output(
    output: str | None, source: Source, size: tuple[int, int], encoding: Encoding
) -> LiveOutput:
    """What shows or keeps the frames of a camera.

    Args:
      output: None for a window, a device such as "/dev/video2", or a file to write.
      size: (height, width) of the frames that will come.

    Raises:
      UserError: as the three.
    """
    if output is None:
        return Window()
    if output.startswith(DEVICES):
        return VirtualCamera(output, size, float(source.frames_per_second))
    return Recording(output, source, size, encoding)


class Window:
    """Shows frames until Escape or q is pressed, or the window is closed.

    Raises:
      UserError: OpenCV is missing or was built without windows, or there is no screen.
    """

    def __init__(self):
        self.closed = False
        self._cv2 = opencv()
        advice = "Give a file to write: --output out.mp4."
        screens = ("DISPLAY", "WAYLAND_DISPLAY")
        if re.search(r"GUI: +NONE", self._cv2.getBuildInformation()):
            raise UserError(
                "This OpenCV has no windows: pip uninstall opencv-python-headless, then pip "
                f"install opencv-python. {advice}"
            )
        # Without a screen, Qt would end the process.
        if sys.platform == "linux" and not any(os.environ.get(name) for name in screens):
            raise UserError(f"There is no screen to show a window on. {advice}")

    def write(self, frame: Frame) -> None:
        """Shows the frame."""
        cv2 = self._cv2
        cv2.imshow(TITLE, quantize(frame.pixels)[..., ::-1])
        pressed = cv2.waitKey(1) & 0xFF in (ESCAPE, ord("q"))
        self.closed = pressed or cv2.getWindowProperty(TITLE, cv2.WND_PROP_VISIBLE) < 1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception) -> None:
        self._cv2.destroyAllWindows()


class Recording:
    """Writes frames into a video file, each at its time; whatever ends it, the file is whole.

    Raises:
      UserError: the file cannot be written, or the encoder is unknown or refuses the size.
    """

    def __init__(self, output: AnyPath, source: Source, size: tuple[int, int], encoding: Encoding):
        check_target(output, WRITABLE)
        self.closed = False
        self._output, self._format = Path(output), container_format(output)
        self._track = plan_track(source, size, encoding)
        self._open = contextlib.ExitStack()
        self._writer: PartWriter | None = None

    def write(self, frame: Frame) -> None:
        """Adds the frame."""
        with self._writing():
            if self._writer is None:
                file = self._open.enter_context(written_beside(self._output))
                self._writer = PartWriter(file, self._track, file_format=self._format)
            self._writer.write(frame.pixels, frame.time)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception) -> None:
        if self._writer is not None:
            with self._open, self._writing():
                self._writer.finish()

    @contextlib.contextmanager
    def _writing(self):
        try:
            yield
        except (FFmpegError, OSError) as error:
            reason = error.strerror or error
            raise UserError(f"'{self._output}' cannot be written: {reason}.") from error


class VirtualCamera:
    """Sends frames to a device that other programs see as a camera.

    Raises:
      UserError: pyvirtualcam is not installed, or there is no such device.
    """

    def __init__(self, device: str, size: tuple[int, int], frames_per_second: float):
        check_installed(f"Writing to '{device}'", "pyvirtualcam")
        pyvirtualcam = importlib.import_module("pyvirtualcam")
        self.closed = False
        height, width = size
        try:
            self._device: Any = pyvirtualcam.Camera(width, height, frames_per_second, device=device)
        except RuntimeError as error:
            raise UserError(
                f"'{device}' takes no frames ({error}). On Linux, load v4l2loopback and give its "
                "device."
            ) from error

    def write(self, frame: Frame) -> None:
        """Sends the frame."""
        self._device.send(quantize(frame.pixels))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception) -> None:
        self._device.close()
