"""A trained network, ready to paint pictures and videos."""

import functools
import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from restyle.engines.engines import Engine, engine_named
from restyle.keywords import configured
from restyle.media.image_source import ImageSource, picture_from
from restyle.models.transform_config import TransformConfig
from restyle.networks import load_network, network_path, read_network_recipe, read_network_shape
from restyle.paint.band_plan import bytes_needed_whole
from restyle.paint.pictures import shrunk
from restyle.paint.smoothing import Smoother
from restyle.paint.stylizer import Look, Stylizer
from restyle.record.recipe import file_sha256, pixels_sha256
from restyle.tensorflow_start import keras_on_tensorflow, quiet_start

LOGGER = logging.getLogger(__name__)


class Painter:
    """A trained network that paints a picture, of any size, in one pass.

      starry = Painter("starry_night")
      picture = starry("photo.jpg", strength=0.7)

    The network is made ready when it first paints.

    Args:
      network: a .keras file, or the name of a network that comes with restyle.
      engine, precision, device: see `engine_named`.
      memory_gb: what one picture may take; larger ones are painted in bands, with the same result.
        0: half of what is free.

    Attributes:
      shape: what the network can do: its styles, its dials.

    Raises:
      UserError: there is no such network.
    """

    def __init__(
        self,
        network: str | Path,
        *,
        engine: str = "auto",
        precision: str = "auto",
        device: str | None = None,
        memory_gb: float = 0.0,
    ):
        self.path = network_path(str(network))
        self.shape = TransformConfig(**read_network_shape(str(network)))
        self._how: dict[str, Any] = {"precision": precision, "device": device}
        self._kind, self._memory_gb = engine, memory_gb

    @property
    def styles(self) -> tuple[str, ...]:
        """The names of the styles that it paints."""
        return self.shape.styles

    @property
    def recipe(self) -> str:
        """How it was trained, JSON text."""
        return read_network_recipe(str(self.path))

    def __call__(self, picture: ImageSource, *, max_size: int = 0, **look: Any) -> np.ndarray:
        """A picture painted, (h, w, 3) float32 in [0, 1], as large as it is given.

        Args:
          picture: a path, a PIL image or an array. What is transparent is laid on white.
          max_size: long side in pixels to which a larger one is shrunk first; 0: none is.
          look: the fields of `Look`; and `style`, one of `styles` by its name.

        Raises:
          UserError: the network cannot paint so, or the picture cannot be read.
          TypeError, ValueError: a setting that there is not, or that cannot be meant.
        """
        stylizer = self.stylizer(self.look(**look))
        return stylizer.picture(shrunk(picture_from(picture), max_size).pixels)

    def video(
        self,
        source: str | Path,
        target: str | Path,
        *,
        max_size: int = 0,
        smooth: float = 0.0,
        start: float = 0.0,
        duration: float = 0.0,
        fps: float = 0.0,
        codec: str = "libx264",
        crf: int = 18,
        batch_size: int = 1,
        watch: Callable[[float], object] = lambda seconds: None,
        **look: Any,
    ) -> None:
        """Paints a video, with its sound; goes on where a run that was killed had come to.

        Args:
          source, target: paths; .mp4, .mkv, .mov or .webm is written.
          smooth: steadiness by optical flow, 0 to below 1; needs OpenCV.
          start, duration: seconds of the source; 0: from its beginning, to its end.
          fps: frames per second of the result; 0: every frame at its own time.
          codec, crf: encoder and quality; 0 is lossless, 51 the worst.
          batch_size: frames painted at once.
          watch: told after each frame at how many seconds it is.
          max_size, look: as for a picture.
        """
        from restyle.media.video.reader import VideoReader
        from restyle.media.video.segments import SegmentedVideo
        from restyle.media.video.writer import Encoding
        from restyle.paint.videos import paint_video, video_size

        asked = self.look(**look)
        smoother = Smoother(smooth) if smooth else None
        reader = VideoReader(
            source, start=start, duration=duration or None, frames_per_second=fps or None
        )
        size = video_size(reader.info.size, max_size)
        settings = {**self._made_with(asked), "smooth": smooth, "max_size": max_size}
        encoding = Encoding(codec, crf)
        with SegmentedVideo(
            target, reader, size=size, encoding=encoding, settings=settings
        ) as video:
            times = paint_video(
                *(reader, video, self.stylizer(asked)),
                size=size,
                smoother=smoother,
                batch_size=batch_size,
            )
            for time in times:
                watch(float(time))
        if reader.trouble:
            LOGGER.warning(reader.trouble)

    def look(self, *, style: str | None = None, **settings: Any) -> Look:
        """How it is asked to paint. style: one of `styles`; else the fields of `Look`."""
        if style is not None:
            settings["style_blend_weights"] = self._only(style, settings)
        (look,) = configured(settings, Look, also=("style", "max_size"))
        look.check(self.shape)
        return look

    def stylizer(self, look: Look | None = None) -> Stylizer:
        """The network as it is asked to paint, on its engine."""
        budget = int(self._memory_gb * 1e9) or psutil.virtual_memory().available // 2

        def in_bands(inputs: Mapping[str, np.ndarray]) -> np.ndarray:
            from restyle.paint.bands import stylize_in_bands

            return stylize_in_bands(self._network, inputs, memory=budget)

        def fits(size: tuple[int, int]) -> bool:
            return bytes_needed_whole(self.shape, size) <= budget

        look = look or Look()
        return Stylizer(self._engine, self.shape, look, in_bands=in_bands, fits=fits)

    @functools.cached_property
    def _engine(self) -> Engine:
        keras_on_tensorflow()
        with quiet_start():
            return engine_named(self._kind, self.path, **self._how)

    @functools.cached_property
    def _network(self) -> Any:
        """For the first picture that is too large for the engine."""
        with quiet_start("tensorflow"):
            return load_network(str(self.path))

    def _only(self, style: str, settings: Mapping[str, Any]) -> Sequence[float]:
        if style not in self.styles or "style_blend_weights" in settings:
            raise ValueError(
                f"Got style {style!r}, expected one of {self.styles}, and no style_blend_weights "
                "beside it."
            )
        return tuple(float(name == style) for name in self.styles)

    def _made_with(self, look: Look) -> dict[str, Any]:
        """All that a painted frame depends on beside the video, as JSON can hold it."""
        mask = pixels_sha256(picture_from(look.mask).pixels) if look.masked else ""
        fields = {name: value for name, value in vars(look).items() if name != "mask"}
        made_by = {"network": file_sha256(str(self.path)), "engine": self._kind, **self._how}
        return {**fields, **made_by, "mask": mask}
