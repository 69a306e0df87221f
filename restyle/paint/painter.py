"""A trained network, ready to paint pictures and videos."""

import dataclasses
import functools
import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import psutil

from restyle.engines.engines import ENGINES, PRECISIONS, Engine, engine_named
from restyle.keywords import configured
from restyle.machine.tensorflow_start import keras_on_tensorflow, quiet_start
from restyle.media.image_source import ImageSource, picture_from
from restyle.models.settings import check_choices, setting
from restyle.models.transform_config import TransformConfig
from restyle.networks import load_network, network_path, read_network_recipe, read_network_shape
from restyle.paint.band_plan import bytes_needed_whole
from restyle.paint.pictures import PaintConfig, shrunk
from restyle.paint.stylizer import Look, Stylizer
from restyle.record.recipe import file_sha256, pixels_sha256

if TYPE_CHECKING:
    from restyle.paint.videos import VideoConfig, VideoPainting

LOGGER = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True)
class EngineConfig:
    """What runs a network, and in how much memory; `Painter` obeys every field."""

    engine: str = setting(
        "auto", "What runs the network; auto: the fastest one installed.", choices=ENGINES
    )
    precision: str = setting(
        "auto",
        "Precision of the activations; auto: whichever is faster on this machine.",
        choices=PRECISIONS,
    )
    device: str | None = setting(
        None, "Device to paint on, by its name in TensorFlow, such as /gpu:1."
    )
    memory_gb: float = setting(
        0.0,
        "Memory for one picture; larger ones are painted in bands, with the same result. 0: half "
        "of what is free.",
    )

    def __post_init__(self):
        check_choices(self)
        if not 0 <= self.memory_gb < float("inf"):
            raise ValueError(f"Got memory_gb {self.memory_gb}, expected 0 or more.")


class Painter:
    """A trained network that paints a picture, of any size, in one pass.

      starry = Painter("starry_night")
      picture = starry("photo.jpg", strength=0.7)

    The network is made ready when it first paints.

    Args:
      network: a .keras file, or the name of a network that comes with restyle.
      settings: the fields of `EngineConfig`.

    Attributes:
      shape: what the network can do: its styles, its dials.

    Raises:
      UserError: there is no such network.
      TypeError, ValueError: an unknown setting, or a value out of range.
    """

    def __init__(self, network: str | Path, **settings: Any):
        (self.config,) = configured(settings, EngineConfig)
        self.path = network_path(str(network))
        self.shape = TransformConfig(**read_network_shape(str(network)))

    @property
    def styles(self) -> tuple[str, ...]:
        """The names of the styles that it paints."""
        return self.shape.styles

    @property
    def recipe(self) -> str:
        """How it was trained, JSON text."""
        return read_network_recipe(str(self.path))

    def __call__(
        self, picture: ImageSource, *, max_size: int = PaintConfig.max_size, **look: Any
    ) -> np.ndarray:
        """A picture painted, (h, w, 3) float32 in [0, 1], as large as it is given.

        Args:
          picture: a path, a PIL image or an array. What is transparent is laid on white.
          max_size: long side in pixels to which a larger one is shrunk first; 0: none is.
          look: the fields of `Look`; and `style`, one of `styles` by its name.

        Raises:
          UserError: the network cannot paint so, or the picture cannot be read.
          TypeError, ValueError: an unknown setting, or a value out of range.
        """
        (asked,) = self._asked(look, also=("max_size",))
        return self.stylizer(asked).picture(shrunk(picture_from(picture), max_size).pixels)

    def video(
        self,
        source: str | Path,
        target: str | Path,
        *,
        watch: Callable[[float], object] = lambda seconds: None,
        **settings: Any,
    ) -> None:
        """Paints a video, with its sound; goes on where a run that was killed had come to.

        Args:
          source, target: paths; .mp4, .mkv, .mov or .webm is written.
          watch: told after each frame at how many seconds it is.
          settings: the fields of `PaintConfig`, `VideoConfig` and `Look`; and `style`, as for a
            picture.
        """
        from restyle.paint.videos import VideoConfig

        look, config, video = self._asked(settings, PaintConfig, VideoConfig)
        with self.begin_video(source, target, look, config, video) as painting:
            for time in painting.frames(self.stylizer(look)):
                watch(float(time))
        if painting.trouble:
            LOGGER.warning(painting.trouble)

    def begin_video(
        self,
        source: str | Path,
        target: str | Path,
        look: Look,
        config: PaintConfig,
        video: "VideoConfig",
    ) -> "VideoPainting":
        """The same for a caller that paints frame by frame, by `stylizer(look)`."""
        from restyle.paint.videos import VideoPainting

        return VideoPainting(source, target, config, video, made_with=self._made_with(look))

    def stylizer(self, look: Look | None = None) -> Stylizer:
        """The network as it is asked to paint, on its engine."""
        budget = int(self.config.memory_gb * 1e9) or psutil.virtual_memory().available // 2

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
            return engine_named(self.config.engine, self.path, **self._computing())

    @functools.cached_property
    def _network(self) -> Any:
        """For the first picture that is too large for the engine."""
        with quiet_start("tensorflow"):
            return load_network(str(self.path))

    def _asked(
        self, settings: Mapping[str, Any], *configs: type, also: Collection[str] = ()
    ) -> list[Any]:
        """The look that keywords ask for, and further configurations.

        also: names of further keywords, which a wrong one may have meant.
        """
        settings = dict(settings)
        style = settings.pop("style", None)
        if style is not None:
            settings["style_blend_weights"] = self._only(style, settings)
        look, *others = configured(settings, Look, *configs, also=("style", *also))
        look.check(self.shape)
        return [look, *others]

    def _computing(self) -> dict[str, Any]:
        return {"precision": self.config.precision, "device": self.config.device}

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
        network = {"network": file_sha256(str(self.path)), "engine": self.config.engine}
        return {**fields, **network, **self._computing(), "mask": mask}
