"""Alert policies of Cloud Monitoring, and what they watch.

Metrics: https://cloud.google.com/load-balancing/docs/metrics
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from policypack.model.graph.path import on_path
from policypack.model.graph.resource import Resource
from policypack.model.graph.stack import Stack, per_stack
from policypack.model.graph.tokens import ALERT_POLICY, FORWARDING_RULE_TYPES, PROXY_TYPES, SLO, URL_MAP_TYPES
from policypack.model.graph.view import View
from policypack.model.values.logic import all_of, any_of, equals, negation, when_known
from policypack.model.values.properties import Properties
from policypack.model.values.values import UNKNOWN, Unknown

# Condition -> the properties of it that say what is measured.
_QUERIES: Final = {
    "conditionThreshold": ("filter", "denominatorFilter"),
    "conditionAbsent": ("filter",),
    "conditionMatchedLog": ("filter",),
    "conditionMonitoringQueryLanguage": ("query",),
    "conditionPrometheusQueryLanguage": ("query",),
    "conditionSql": ("query",),
}
_ERRORS: Final = re.compile(
    r"response_code|httprequest\.status|http_request\.status|statusdetails|(?<![a-z])5xx|error", re.IGNORECASE
)
_LATENCY: Final = re.compile(r"latenc|time_to_first_token|\bttft\b|request_duration|response_time", re.IGNORECASE)
_LOAD_BALANCING: Final = re.compile(r"loadbalancing[._]googleapis[._]com[/:]")
# Labels that narrow a load balancer's metric down to one of its parts.
_NARROWING: Final = re.compile(
    r"(backend_target_name|backend_name|backend_service_name|url_map_name|forwarding_rule_name|target_proxy_name"
    r"|matched_url_path_rule|load_balancer_name)"
)
_BY_SERVICE: Final = re.compile(r"backend_(target|service)_name")
# Metrics of model servers themselves, as Managed Service for Prometheus collects them.
_SERVERS: Final = re.compile(r"(?<![a-z])(vllm|tgi|sglang|llamacpp|trtllm|nv_inference)[:_]")
_FRONT_TYPES: Final = (*URL_MAP_TYPES, *PROXY_TYPES, *FORWARDING_RULE_TYPES)


class AlertPolicy(View):
    """An alert policy."""

    TYPES = (ALERT_POLICY,)

    @cached_property
    def is_enabled(self) -> bool | Unknown:
        """Whether it raises incidents; it does if nothing else is said."""
        return self.resource.asked.boolean("enabled", default=True)

    @cached_property
    def tells_somebody(self) -> bool | Unknown:
        return when_known(self.resource.asked.strings("notificationChannels"), bool)

    def watches(self, service: Resource) -> bool | Unknown:
        """Whether a condition is about a backend service: computed from it or its front end, by name, or about all."""
        front = _front_of(self.stack, service)
        if any(urn in front.urns for urn in self.resource.edges.get("conditions", ())):
            return True
        if any(service.urn in _all_sources(objective) for objective in self._objectives):
            return True
        return any_of(when_known(query, lambda known: known.watches(front)) for query in self._queries)

    @cached_property
    def watches_errors(self) -> bool | Unknown:
        """Whether a condition is about failing requests: a ratio of two counts, or by what its query says."""
        return any_of((*self._conditions_about("errors"), *self._objectives_about("errors")))

    @cached_property
    def watches_latency(self) -> bool | Unknown:
        """Whether a condition is about slow answers: a percentile of a distribution, or by what its query says."""
        return any_of((*self._conditions_about("latency"), *self._objectives_about("latency")))

    def _conditions_about(self, signal: str) -> Iterator[bool | Unknown]:
        conditions = self.resource.asked.objects("conditions")
        if isinstance(conditions, Unknown):
            yield UNKNOWN
            return
        for condition in conditions:
            about = any_of((_has_shape(condition, signal), *(_says(text, signal) for text in _queries(condition))))
            yield all_of([about, _is_about_much(condition)])

    def _objectives_about(self, signal: str) -> Iterator[bool | Unknown]:
        return (equals(_kind_of(slo), signal) for slo in self._objectives)

    @cached_property
    def _objectives(self) -> tuple[Resource, ...]:
        sources = (self.stack.by_urn(urn) for urn in self.resource.edges.get("conditions", ()))
        return tuple(source for source in sources if source and source.type == SLO)

    @cached_property
    def _queries(self) -> tuple[_Query | Unknown, ...]:
        conditions = self.resource.asked.objects("conditions")
        if isinstance(conditions, Unknown):
            return (UNKNOWN,)
        texts = (text for condition in conditions for text in _queries(condition))
        return tuple(when_known(text, _Query) for text in texts)


@dataclass(frozen=True)
class _Front:
    """A service with what is in front of it.

    Attributes:
        urns: their URNs.
        names: their names in Google Cloud, as far as they are known.
        has_other_names: some have names that are computed.
        is_named: the name of the service itself is known.
    """

    urns: frozenset[str]
    names: tuple[str, ...]
    has_other_names: bool
    is_named: bool


@per_stack
def _front_of(stack: Stack, service: Resource) -> _Front:
    resources = (service, *on_path(stack, service, _FRONT_TYPES))
    names = [_name_of(resource) for resource in resources]
    return _Front(
        frozenset(resource.urn for resource in resources),
        tuple(name for name in names if name),
        any(one.asked.string("name") is UNKNOWN and not name for one, name in zip(resources, names, strict=True)),
        bool(_name_of(service)),
    )


class _Query:
    """What a condition measures, as text; it is looked through once for all services."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._is_of_servers = _SERVERS.search(text) is not None
        self._is_of_load_balancers = _LOAD_BALANCING.search(text) is not None
        self._is_narrow = _NARROWING.search(text) is not None
        self._is_by_service = _BY_SERVICE.search(text) is not None

    def watches(self, front: _Front) -> bool | Unknown:
        if self._is_of_servers or any(_is_named_in(name, self._text) for name in front.names):
            return True
        if front.has_other_names:
            return UNKNOWN
        if not self._is_of_load_balancers:
            return False
        if not self._is_narrow:
            return True
        # It is about one part of a load balancer by name, and that may be a part of this one.
        return False if self._is_by_service and front.is_named else UNKNOWN


@per_stack
def alert_policies(stack: Stack) -> tuple[AlertPolicy, ...]:
    """The alert policies of a stack."""
    return tuple(AlertPolicy.of(resource, stack) for resource in stack.of_types(AlertPolicy.TYPES))


def _queries(condition: Properties) -> Iterator[str | Unknown]:
    for kind, keys in _QUERIES.items():
        block = condition.object(kind)
        if isinstance(block, Unknown):
            yield UNKNOWN
        elif block is not None:
            yield from (text for key in keys if (text := block.string(key)) is not None)


def _has_shape(condition: Properties, signal: str) -> bool | Unknown:
    """Whether the form of a condition gives its subject away, even where its query is not known yet."""
    block = condition.block("conditionThreshold")
    key = "denominatorAggregations" if signal == "errors" else "aggregations"
    aggregations = block.objects(key)
    if isinstance(aggregations, Unknown):
        return UNKNOWN
    if signal == "errors":
        return bool(aggregations) or isinstance(block.string("denominatorFilter"), str)
    names = [one.string(name) for one in aggregations for name in ("perSeriesAligner", "crossSeriesReducer")]
    return any_of(when_known(name, lambda known: "PERCENTILE" in (known or "")) for name in names)


def _is_about_much(condition: Properties) -> bool | Unknown:
    """Whether a threshold is for values above it: few errors and short latencies are no trouble."""
    return negation(equals(condition.block("conditionThreshold").string("comparison"), "COMPARISON_LT"))


def _says(text: str | Unknown, signal: str) -> bool | Unknown:
    form = _ERRORS if signal == "errors" else _LATENCY
    return when_known(text, lambda known: form.search(known) is not None)


def _kind_of(slo: Resource) -> str | Unknown:
    """What an objective is about: the share of good requests, or how fast they are."""
    for key in ("requestBasedSli", "basicSli"):
        block = slo.asked.object(key)
        if isinstance(block, Properties):
            keys = {"goodTotalRatio": "errors", "availability": "errors", "distributionCut": "latency"}
            found = [kind for name, kind in (*keys.items(), ("latency", "latency")) if block.value(name) is not None]
            return found[0] if len(found) == 1 else UNKNOWN
    return UNKNOWN


def _all_sources(resource: Resource) -> frozenset[str]:
    return frozenset(urn for sources in resource.edges.values() for urn in sources)


def _name_of(resource: Resource) -> str | None:
    names = (resource.asked.string("name"), resource.result.string("name"))
    return next((name for name in names if isinstance(name, str)), None)


def _is_named_in(name: str, text: str) -> bool:
    return name in text and re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text) is not None
