"""What the text of an alert's condition says: a filter, PromQL, MQL or SQL.

Metrics and their resources: https://cloud.google.com/load-balancing/docs/metrics
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal, TypeAlias

from policypack.model.values.logic import any_of, negation
from policypack.model.values.values import UNKNOWN, Unknown

Signal: TypeAlias = Literal["errors", "latency"]

_ERRORS: Final = re.compile(r"statusdetails|(?<![a-z])5xx|error", re.IGNORECASE)
_LATENCY: Final = re.compile(r"latenc|time_to_first_token|\bttft\b|request_duration|response_time", re.IGNORECASE)
# What is compared with a status: its class in metrics (500), the status itself in logs.
_STATUS: Final = re.compile(
    r"(?:response_code(?:_class)?|http_?request\.status)[\"'\])]*\s*"
    r"(?P<operator>==|=~|!=|!~|>=|<=|=|:|>|<)\s*(?P<value>\"[^\"]*\"|'[^']*'|\([^)]*\)|[\w.]+(?:\([^)]*\))?)",
    re.IGNORECASE,
)
_MENTIONS_STATUS: Final = re.compile(r"response_code|http_?request\.status", re.IGNORECASE)
_LOAD_BALANCING: Final = re.compile(
    r"loadbalancing[._]googleapis[._]com[/:](?P<family>https[/_](?:internal|external[/_]regional)[/_]|https[/_]|\w+)"
)
_LOGS: Final = re.compile(
    r"resource[._]type[\"'\])]*\s*=+\s*[\"']?(?P<type>http_load_balancer|internal_http_lb_rule"
    r"|http_external_regional_lb_rule)"
)
# Metrics of model servers themselves, as Managed Service for Prometheus collects them.
_SERVERS: Final = re.compile(r"(?<![a-z])(vllm|tgi|sglang|llamacpp|trtllm|nv_inference)[:_]")
_BY_SERVICE: Final = r"backend_(?:target|service)_name"
_BY_FRONT: Final = (
    r"backend_name|url_map_name|forwarding_rule_name|target_proxy_name|matched_url_path_rule|load_balancer_name"
)
# A label narrows a query down where it is compared; where it only groups, nothing is left out.
_COMPARED: Final = (
    r"[\"'\])]*\s*(?P<operator>==|=~|!=|!~|=|:)\s*"
    r"(?P<value>(?:monitoring\.regex\.full_match|has_substring|starts_with|ends_with|one_of)\s*\([^)]*\)"
    r"|\([^)]*\)|\"[^\"]*\"|'[^']*'|[\w-]+)"
)
_NARROWED_BY_SERVICE: Final = re.compile(_BY_SERVICE + _COMPARED)
_NARROWED_BY_FRONT: Final = re.compile(f"(?:{_BY_FRONT})" + _COMPARED)
_TEXT: Final = re.compile(r"\"([^\"]*)\"|'([^']*)'|([\w.*+-]+)")
_COMPARISON: Final = re.compile(r">=?\s*(?P<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)\s*(?P<unit>'[^']*')?\s*$")
_PERCENT: Final = re.compile(r"\*\s*100\b|\b100(?:\.0)?\s*\*|%")
# The longest timeout that a load balancer honors is a day:
# https://cloud.google.com/load-balancing/docs/https/request-distribution
MAX_LATENCY_MS: Final = 86_400_000


@dataclass(frozen=True)
class Front:
    """A service with what is in front of it.

    Attributes:
        urns: their URNs.
        names: their names in Google Cloud, as far as they are known.
        made_up: the logical names of those that Pulumi names, by a pattern that holds the logical name
            (https://www.pulumi.com/docs/iac/concepts/resources/names/#autonaming).
        has_other_names: some have names that are computed.
        service_name: that of the service itself: known, made up (`None`) or computed.
        service_logical_name: its logical name.
        family: the beginning of the metrics of its load balancer; `UNKNOWN` if that is not known.
    """

    urns: frozenset[str]
    names: tuple[str, ...]
    made_up: tuple[str, ...]
    has_other_names: bool
    service_name: str | Unknown | None
    service_logical_name: str
    family: str | Unknown


@dataclass(frozen=True)
class Query:
    """What a condition measures, as text."""

    text: str

    @property
    def is_about_objectives(self) -> bool:
        return "select_slo" in self.text

    @cached_property
    def _families(self) -> frozenset[str]:
        """The load balancers whose metrics, or else whose logs, it reads: how the names of their metrics begin."""
        metrics = {one["family"].replace("_", "/") for one in _LOAD_BALANCING.finditer(self.text)}
        return frozenset(metrics or (_FAMILIES_OF_LOGS[one["type"]] for one in _LOGS.finditer(self.text)))

    @property
    def is_of_load_balancers(self) -> bool:
        """Whether it reads what load balancers measure or log."""
        return bool(self._families)

    @cached_property
    def _selections(self) -> tuple[_Selection, ...]:
        """Where it selects services by their names; it is looked through once for all services."""
        found = _NARROWED_BY_SERVICE.finditer(self.text)
        return tuple(_Selection(one["operator"], one["value"], tuple(_texts(one["value"]))) for one in found)

    @cached_property
    def _is_of_servers(self) -> bool:
        return _SERVERS.search(self.text) is not None

    @cached_property
    def names(self) -> frozenset[str] | None:
        """The names of the only services in Google Cloud that it can be about; `None` if it says no such thing."""
        if self._is_of_servers or not self._selections or any(one.is_open for one in self._selections):
            return None
        return frozenset(text for one in self._selections for text in one.texts)

    def watches(self, front: Front) -> bool | Unknown:
        """Whether it is about a service: by name, or about all that its load balancer measures."""
        if self._is_of_servers:
            return True
        if self._families and isinstance(front.family, str) and front.family not in self._families:
            return False
        if self._selections:
            return any_of(one.includes(front) for one in self._selections)
        if any(_is_named_in(name, self.text) for name in front.names):
            return True
        # It may be about one part of a load balancer by name, and that may be a part of this one.
        if self._families and not _NARROWED_BY_FRONT.search(self.text):
            return True if isinstance(front.family, str) else UNKNOWN
        if front.has_other_names or any(_may_be_named_in(name, self.text) for name in front.made_up):
            return UNKNOWN
        return UNKNOWN if self._families or self.is_about_objectives else False

    def says(self, signal: Signal) -> bool | Unknown:
        """Whether it is about requests that fail on the servers' side, or about slow ones."""
        if signal == "latency":
            return _LATENCY.search(self.text) is not None
        compared = [_selects_server_errors(one) for one in _STATUS.finditer(self.text)]
        if compared:
            return any(compared)
        if _ERRORS.search(self.text):
            return True
        return UNKNOWN if _MENTIONS_STATUS.search(self.text) else False

    @property
    def compares_status(self) -> bool:
        """Whether it selects answers by their status."""
        return _STATUS.search(self.text) is not None

    @property
    def is_in_milliseconds(self) -> bool:
        """Whether it measures latencies of a load balancer, whose unit is the millisecond."""
        return bool(self._families) and "latencies" in self.text

    @property
    def threshold(self) -> float | None:
        """The number that it is compared with in the end; `None` if there is none, or it has a unit of its own."""
        found = _COMPARISON.search(self.text.strip())
        return float(found["number"]) if found and not found["unit"] else None

    @property
    def is_ratio(self) -> bool:
        """Whether it divides one rate by another, and does not make percents of that."""
        return re.search(r"\)\s*/\s*(?:\w|\()|\|\s*ratio\b", self.text) is not None and not _PERCENT.search(self.text)


# Log resource -> the beginning of the metrics of the same load balancers:
# https://cloud.google.com/load-balancing/docs/https/https-logging-monitoring
_FAMILIES_OF_LOGS: Final = {
    "http_load_balancer": "https/",
    "internal_http_lb_rule": "https/internal/",
    "http_external_regional_lb_rule": "https/external/regional/",
}


@dataclass(frozen=True)
class _Selection:
    """A comparison of the label with a service's name."""

    operator: str
    value: str
    texts: tuple[str, ...]

    @cached_property
    def _is_pattern(self) -> bool:
        functions = ("monitoring.regex", "has_substring", "starts", "ends")
        return self.operator in ("=~", "!~") or self.value.startswith(functions)

    @property
    def is_open(self) -> bool:
        """Whether it can select services by other than their whole names."""
        return self._is_pattern or self.operator.startswith("!")

    def includes(self, front: Front) -> bool | Unknown:
        """Whether it selects a service."""
        name = front.service_name
        if isinstance(name, str):
            selected: bool | Unknown = any(self._fits(text, name) for text in self.texts)
        elif isinstance(name, Unknown) or self._is_pattern:
            selected = UNKNOWN
        else:
            selected = UNKNOWN if any(front.service_logical_name in text for text in self.texts) else False
        return negation(selected) if self.operator.startswith("!") else selected

    def _fits(self, text: str, name: str) -> bool:
        if not self._is_pattern:
            return text == name
        if self.value.startswith("has_substring"):
            return text in name
        if self.value.startswith("starts_with"):
            return name.startswith(text)
        if self.value.startswith("ends_with"):
            return name.endswith(text)
        try:
            return re.fullmatch(text, name) is not None
        except re.error:
            return _is_named_in(name, text)


def _texts(value: str) -> Iterator[str]:
    inner = value.partition("(")[2] if re.match(r"[\w.]*\s*\(", value) else value
    for found in _TEXT.finditer(inner):
        text = next((group for group in found.groups() if group is not None), "")
        if text not in ("OR", ""):
            yield text


def _selects_server_errors(found: re.Match[str]) -> bool:
    """Whether a comparison of a status selects answers with 5xx, be it among others."""
    operator, texts = found["operator"], list(_texts(found["value"]))
    if operator in (">", ">="):
        return any(text.isdigit() and 399 <= int(text) <= 599 for text in texts)
    if operator in ("<", "<="):
        return False
    selects = any(re.match(r"\W*5|.*[|(\[]5", text) for text in texts)
    return not selects if operator.startswith("!") else selects


def _is_named_in(name: str, text: str) -> bool:
    return name in text and re.search(rf"(?<![\w-]){re.escape(name)}(?![\w/.-])", text) is not None


def _may_be_named_in(logical_name: str, text: str) -> bool:
    """Whether a name made of a logical one may be in a text: `https` is not in that of a metric, `.../https/...`."""
    return logical_name in text and re.search(rf"(?<!\w){re.escape(logical_name)}(?![\w/.])", text) is not None
