"""Settings of a backend service that are more than one value, and what leaving a setting out means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeVar

from policypack.model.graph.resource import Resource
from policypack.model.values.values import UNKNOWN, Unknown, Value

T = TypeVar("T")

# https://www.pulumi.com/registry/packages/gcp/api-docs/compute/backendservice/: `log_config`, `outlier_detection`.
_DEFAULT_SAMPLE_RATE: Final = 1.0
_DEFAULT_MAX_EJECTION_PERCENT: Final = 10.0
_DEFAULT_ENFORCING_PERCENTS: Final = {
    "enforcingConsecutiveErrors": 100.0,
    "enforcingConsecutiveGatewayFailure": 0.0,
    "enforcingSuccessRate": 100.0,
}


@dataclass(frozen=True)
class RequestLog:
    """The `log_config` of a backend service; a service without one has no request log."""

    resource: Resource

    @property
    def is_enabled(self) -> bool | Unknown:
        """Whether requests are logged; off where the program does not say."""
        log = self.resource.asked.object("logConfig")
        if log is None or isinstance(log, Unknown):
            return UNKNOWN if isinstance(log, Unknown) else False
        return given_or(log.boolean("enable"), False, self.resource, "logConfig", "enable")

    @property
    def sample_rate(self) -> float | Unknown:
        """The fraction of requests that is logged when logging is on."""
        log = self.resource.asked.object("logConfig")
        if isinstance(log, Unknown):
            return UNKNOWN
        rate = log.number("sampleRate") if log else None
        return given_or(rate, _DEFAULT_SAMPLE_RATE, self.resource, "logConfig", "sampleRate")


@dataclass(frozen=True)
class OutlierDetection:
    """The `outlier_detection` of a backend service."""

    resource: Resource

    @property
    def is_set(self) -> bool | Unknown:
        """Whether the service has it at all; an empty block has the provider's defaults."""
        block = self.resource.asked.object("outlierDetection")
        return UNKNOWN if isinstance(block, Unknown) else block is not None

    @property
    def max_ejection_percent(self) -> float | Unknown:
        """The highest part of the hosts that may be ejected, in percent."""
        return self._number("maxEjectionPercent", _DEFAULT_MAX_EJECTION_PERCENT)

    @property
    def is_enforced(self) -> bool | Unknown:
        """Whether some kind of outlier is ejected at all, and not only counted."""
        chances = [self._number(key, default) for key, default in _DEFAULT_ENFORCING_PERCENTS.items()]
        if any(not isinstance(chance, Unknown) and chance > 0 for chance in chances):
            return True
        return UNKNOWN if any(isinstance(chance, Unknown) for chance in chances) else False

    def _number(self, key: str, default: float) -> float | Unknown:
        block = self.resource.asked.object("outlierDetection")
        if isinstance(block, Unknown):
            return UNKNOWN
        return given_or(block.number(key) if block else None, default, self.resource, "outlierDetection", key)


def given_or(given: T | Unknown | None, default: T, resource: Resource, *path: str) -> T | Unknown:
    """What a setting is: as given, or its default if the program certainly leaves it out.

    Without the program's own value, outputs show 0 and "not set" alike, so then it is `UNKNOWN`.

    Args:
        given: what was asked for.
        default: what the provider or the API takes if nothing was.
        resource: the resource with the setting.
        path: where the setting is in the resource's inputs.
    """
    if given is not None:
        return given
    return default if is_left_out(resource, *path) else UNKNOWN


def is_left_out(resource: Resource, *path: str) -> bool:
    """Whether the program's inputs are shown and certainly do not have the property at `path`."""
    if resource.inputs is None:
        return False
    value: Value | Mapping[str, Value] = resource.inputs
    for key in path:
        if isinstance(value, list) and len(value) == 1:
            value = value[0]
        if isinstance(value, Unknown):
            return False
        if not isinstance(value, Mapping):
            return True
        value = value.get(key)
    return value is None or (isinstance(value, str) and not value)
