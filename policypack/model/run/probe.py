"""Probes of Cloud Run containers.

https://cloud.google.com/run/docs/configuring/healthchecks
"""

from __future__ import annotations

from dataclasses import dataclass

from policypack.model.values.properties import Properties
from policypack.model.values.values import UNKNOWN, Unknown

_DEFAULT_DELAY_SECONDS = 0.0
_DEFAULT_TIMEOUT_SECONDS = 1.0
_DEFAULT_PERIOD_SECONDS = 10.0
_DEFAULT_THRESHOLD = 3.0
_DEFAULT_PATH = "/"
# Key -> what a probe with it does.
_KINDS = {"httpGet": "HTTP", "grpc": "gRPC", "tcpSocket": "TCP"}


@dataclass(frozen=True)
class Probe:
    """A startup, liveness or readiness probe that is there."""

    properties: Properties

    @property
    def kinds(self) -> tuple[str, ...] | Unknown:
        """`HTTP`, `gRPC` or `TCP`; several where the API refuses the probe, none where it fills one in."""
        blocks = {kind: self.properties.object(key) for key, kind in _KINDS.items()}
        if any(isinstance(block, Unknown) for block in blocks.values()):
            return UNKNOWN
        return tuple(kind for kind, block in blocks.items() if block is not None)

    @property
    def path(self) -> str | Unknown:
        """The path that an HTTP probe requests."""
        return self.properties.block("httpGet").string("path", default=_DEFAULT_PATH)

    @property
    def initial_delay_seconds(self) -> float | Unknown:
        return self.properties.number("initialDelaySeconds", default=_DEFAULT_DELAY_SECONDS)

    @property
    def period_seconds(self) -> float | Unknown:
        return self.properties.number("periodSeconds", default=_DEFAULT_PERIOD_SECONDS)

    @property
    def timeout_seconds(self) -> float | Unknown:
        return self.properties.number("timeoutSeconds", default=_DEFAULT_TIMEOUT_SECONDS)

    @property
    def failure_threshold(self) -> float | Unknown:
        """How many failures in a row count."""
        return self.properties.number("failureThreshold", default=_DEFAULT_THRESHOLD)
