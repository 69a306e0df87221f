"""How the app is served: needs no Gradio to be read."""

import dataclasses
import ipaddress

from restyle.models.settings import setting


@dataclasses.dataclass(frozen=True)
class AppConfig:
    """How the app is served; `restyle.app.server.serve` obeys every field."""

    host: str = setting(
        "127.0.0.1",
        "The address to serve at: 127.0.0.1 for this machine alone; 0.0.0.0 for all who can reach "
        "it, who then share its processor.",
    )
    port: int = setting(7860, "The port to serve at; 0: any free one.")
    model: tuple[str, ...] = setting(
        (),
        "A network of your own, a .keras file, to paint with beside those that come with restyle.",
        repeated=True,
    )
    keep_hours: float = setting(
        12.0, "Hours after which the files of an idle visitor are removed, above 0."
    )
    max_upload_mb: int = setting(1000, "Largest upload in megabytes, 1 or more.")

    def __post_init__(self):
        if not 0 <= self.port < 65536:
            raise ValueError(f"Got port {self.port}, expected 0 to 65535.")
        if not 0 < self.keep_hours < float("inf"):
            raise ValueError(f"Got keep_hours {self.keep_hours}, expected a number above 0.")
        if self.max_upload_mb < 1:
            raise ValueError(f"Got max_upload_mb {self.max_upload_mb}, expected 1 or more.")

    @property
    def own_machine(self) -> bool:
        """Whether only this machine can reach the app, so that its folders may be named there."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"
