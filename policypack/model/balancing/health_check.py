"""Health checks: global, regional and legacy ones."""

from __future__ import annotations

from functools import cached_property
from typing import Final

from policypack.model.graph.tokens import HEALTH_CHECK_TYPES, HTTP_HEALTH_CHECK, HTTPS_HEALTH_CHECK
from policypack.model.graph.view import View
from policypack.model.values.properties import Properties
from policypack.model.values.values import UNKNOWN, Unknown

_LEGACY: Final = {
    HTTP_HEALTH_CHECK: "HTTP",
    HTTPS_HEALTH_CHECK: "HTTPS",
}
# The collections of legacy checks in URLs.
LEGACY_COLLECTIONS: Final = ("httpHealthChecks", "httpsHealthChecks")
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
_DEFAULT_SECONDS: Final = 5
_DEFAULT_THRESHOLD: Final = 2


class HealthCheck(View):
    """A health check of any of the four resources.

    Defaults: https://cloud.google.com/load-balancing/docs/health-check-concepts
    """

    TYPES = HEALTH_CHECK_TYPES

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
    def interval(self) -> float | Unknown:
        """How many seconds lie between two probes."""
        return self._number("checkIntervalSec", _DEFAULT_SECONDS)

    @property
    def timeout(self) -> float | Unknown:
        """How many seconds a probe waits for its answer."""
        return self._number("timeoutSec", _DEFAULT_SECONDS)

    @property
    def healthy_threshold(self) -> float | Unknown:
        """After how many answers in a row a machine is healthy."""
        return self._number("healthyThreshold", _DEFAULT_THRESHOLD)

    @property
    def unhealthy_threshold(self) -> float | Unknown:
        """After how many failures in a row a machine is unhealthy."""
        return self._number("unhealthyThreshold", _DEFAULT_THRESHOLD)

    def _number(self, key: str, default: int) -> float | Unknown:
        number = self.resource.asked.number(key)
        return default if number is None else number

    @property
    def is_legacy(self) -> bool:
        """It is of a legacy type, for target pools; these cannot log."""
        return self.resource.type in _LEGACY

    @property
    def port_specification(self) -> str | Unknown | None:
        """How its port is chosen: `USE_FIXED_PORT`, `USE_NAMED_PORT` or `USE_SERVING_PORT`; `None` if left out.

        Of a check that is read and does not show it, it is taken for left out.
        """
        if self.protocol is None or self.is_legacy:
            return None
        specification = self.settings.string("portSpecification")
        return None if self.resource.is_read and isinstance(specification, Unknown) else specification

    @property
    def is_logged(self) -> bool | Unknown:
        """Whether changes of a machine's health are logged; left out, they are not."""
        return self.resource.asked.block("logConfig").boolean("enable", default=False)

    @property
    def source_regions(self) -> list[str | Unknown] | Unknown:
        """The regions that it probes from, empty for a check of a load balancer: only Cloud DNS uses such a check.

        https://cloud.google.com/load-balancing/docs/health-check-concepts#source-regions
        """
        return self.resource.asked.strings("sourceRegions")

    @property
    def settings(self) -> Properties:
        """The block of its protocol; a legacy check has none, and its settings stand outside of any."""
        settings = self._settings[1]
        return Properties(UNKNOWN) if isinstance(settings, Unknown) else settings

    @cached_property
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
