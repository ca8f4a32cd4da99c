"""Health checks: global, regional and legacy ones."""

from __future__ import annotations

from typing import Final

from .values import UNKNOWN, Properties, Unknown
from .view import View

_LEGACY: Final = {
    "gcp:compute/httpHealthCheck:HttpHealthCheck": "HTTP",
    "gcp:compute/httpsHealthCheck:HttpsHealthCheck": "HTTPS",
}
_PROTOCOLS: Final = {
    "httpHealthCheck": "HTTP",
    "httpsHealthCheck": "HTTPS",
    "http2HealthCheck": "HTTP2",
    "tcpHealthCheck": "TCP",
    "sslHealthCheck": "SSL",
    "grpcHealthCheck": "GRPC",
    "grpcTlsHealthCheck": "GRPC_WITH_TLS",
}
_DEFAULT_PATH: Final = "/"


class HealthCheck(View):
    """A health check of any of the four resources.

    Defaults: https://cloud.google.com/load-balancing/docs/health-check-concepts
    """

    TYPES = (
        "gcp:compute/healthCheck:HealthCheck",
        "gcp:compute/regionHealthCheck:RegionHealthCheck",
        *_LEGACY,
    )

    @property
    def protocol(self) -> str | Unknown | None:
        """What it speaks, in the API's terms (`HTTP`, `TCP`, `GRPC` ...); `None` if it names no protocol."""
        return self._settings[0]

    @property
    def path(self) -> str | Unknown | None:
        """The path that it requests; `None` for a protocol without paths."""
        protocol, settings = self._settings
        if protocol is None or isinstance(settings, Unknown):
            return None if protocol is None else UNKNOWN
        if protocol not in ("HTTP", "HTTPS", "HTTP2"):
            return None
        path = settings.string("requestPath")
        return _DEFAULT_PATH if path is None else path

    @property
    def _settings(self) -> tuple[str | Unknown | None, Properties | Unknown]:
        asked = self.resource.asked
        if self.resource.type in _LEGACY:
            return _LEGACY[self.resource.type], asked
        # An empty block is a block: `tcpHealthCheck: {}` is a TCP check on the default port.
        blocks = {key: asked.object(key) for key in _PROTOCOLS}
        set_or_unknown = {key: block for key, block in blocks.items() if block is not None}
        if len(set_or_unknown) != 1:
            return (UNKNOWN if set_or_unknown else None), UNKNOWN
        [(key, settings)] = set_or_unknown.items()
        if isinstance(settings, Unknown):
            # The block may still turn out to be left out, and then the check has no protocol at all.
            return UNKNOWN, UNKNOWN
        return _PROTOCOLS[key], settings
