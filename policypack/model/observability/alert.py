"""Alert policies of Cloud Monitoring, and what they watch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Final

from policypack.model.balancing.backend_service import BackendService
from policypack.model.graph.path import on_path
from policypack.model.graph.resource import Resource
from policypack.model.graph.stack import Stack, per_stack
from policypack.model.graph.tokens import (
    ALERT_POLICY,
    FORWARDING_RULE_TYPES,
    LOG_METRIC,
    PROXY_TYPES,
    SERVICE_TYPES,
    SLO,
    URL_MAP_TYPES,
)
from policypack.model.graph.view import View
from policypack.model.observability.alert_query import MAX_LATENCY_MS, Front, Query, Signal
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
_FRONT_TYPES: Final = (*URL_MAP_TYPES, *PROXY_TYPES, *FORWARDING_RULE_TYPES)
# Block of a request-based indicator -> its filters.
_FILTERS: Final = {
    "goodTotalRatio": ("badServiceFilter", "goodServiceFilter", "totalServiceFilter"),
    "distributionCut": ("distributionFilter",),
}
_USER_METRICS: Final = ("logging.googleapis.com/user/", "logging_googleapis_com:user_")


class AlertPolicy(View):
    """An alert policy of Cloud Monitoring: which signals of backend services it covers."""

    TYPES = (ALERT_POLICY,)

    @cached_property
    def is_enabled(self) -> bool | Unknown:
        """Whether it raises incidents; it does if nothing else is said."""
        return self.resource.asked.boolean("enabled", default=True)

    @cached_property
    def tells_somebody(self) -> bool | Unknown:
        return when_known(self.resource.asked.strings("notificationChannels"), bool)

    def covers(self, service: BackendService, signal: Signal, min_latency_ms: float) -> bool | Unknown:
        """Whether a condition is about a signal of a service, with a threshold that such a signal can reach.

        Args:
            service: the service.
            signal: failing requests (`errors`) or slow answers (`latency`).
            min_latency_ms: the lowest threshold for latencies of load balancers, in milliseconds.
        """
        front, conditions = _front_of(self.stack, service), _conditions_about(self.stack, self, signal, min_latency_ms)
        return any_of(all_of([is_about, condition.watches(front)]) for condition, is_about in conditions)

    def has_wrong_threshold(self, service: BackendService, signal: Signal, min_latency_ms: float) -> bool:
        """Whether a condition certainly is about a signal of a service, and its threshold certainly is none for it."""
        front = _front_of(self.stack, service)
        return any(
            one.watches(front) is True
            and one.is_about(signal) is True
            and one.is_reached(signal, min_latency_ms) is False
            for one in self.conditions
        )

    @property
    def names(self) -> frozenset[str] | None:
        """The names of the only services in Google Cloud that it can be about; `None` if it says no such thing."""
        return _names_of_all(condition.names for condition in self.conditions)

    @property
    def hides_its_conditions(self) -> bool:
        """Whether what a condition measures is computed, and not known yet."""
        return any(one.is_hidden for one in self.conditions)

    @cached_property
    def conditions(self) -> tuple[_Condition, ...]:
        conditions = self.resource.asked.objects("conditions")
        found = [Properties(UNKNOWN)] if isinstance(conditions, Unknown) else conditions
        return tuple(_Condition(self.stack, self.resource, one) for one in found)


@per_stack
def _conditions_about(
    _: Stack, policy: AlertPolicy, signal: Signal, min_latency_ms: float
) -> tuple[tuple[_Condition, bool | Unknown], ...]:
    """The conditions of a policy that may be about a signal, for whichever service, and whether they are."""
    found = ((one, all_of([one.is_about(signal), one.is_reached(signal, min_latency_ms)])) for one in policy.conditions)
    return tuple((condition, is_about) for condition, is_about in found if is_about is not False)


class _Condition:
    """One condition of an alert policy."""

    def __init__(self, stack: Stack, policy: Resource, properties: Properties) -> None:
        self._stack = stack
        self._properties = properties
        self._sources = frozenset(policy.edges.get("conditions", ()))
        texts = [_with_log_metric(stack, text) for text in _texts(properties)]
        self._queries = tuple(when_known(text, Query) for text in texts)
        self.is_hidden = not all(isinstance(query, Query) for query in self._queries)
        self._is_sql = properties.object("conditionSql") is not None
        names_objectives = any(isinstance(query, Query) and query.is_about_objectives for query in self._queries)
        sources = [stack.by_urn(urn) for urn in sorted(self._sources)]
        objectives = [source for source in sources if source and source.type == SLO]
        # What comes from objectives alone can select nothing but how they burn.
        is_theirs = names_objectives or (self.is_hidden and objectives and len(objectives) == len(sources))
        self._objectives = objectives if is_theirs else None

    @property
    def names(self) -> frozenset[str] | None:
        """The names of the only services in Google Cloud that it can be about; `None` if it says no such thing."""
        if self._objectives is not None or self._is_sql:
            return None
        return _names_of_all(query.names if isinstance(query, Query) else None for query in self._queries)

    def watches(self, front: Front) -> bool | Unknown:
        """Whether it is about a service: by its text, or computed from it, its front end or an objective on it."""
        if self._objectives is not None:
            return any_of(_watches(slo, front) for slo in self._objectives) if self._objectives else UNKNOWN
        found = any_of(
            query.watches(front) if isinstance(query, Query) else self._comes_from(front) for query in self._queries
        )
        # SQL reads tables of logs, in more ways than are told apart here.
        return UNKNOWN if found is False and self._is_sql else found

    def _comes_from(self, front: Front) -> bool | Unknown:
        between = [source for source in self._source_resources if source.type in (SLO, LOG_METRIC)]
        sources = self._sources.union(*(_all_sources(source) for source in between))
        services = [urn for urn in sources if (found := self._stack.by_urn(urn)) and found.type in SERVICE_TYPES]
        # Which condition comes from which source is not known.
        are_ours = all(urn in front.urns for urn in services)
        return True if sources & front.urns and are_ours else UNKNOWN

    def is_about(self, signal: Signal) -> bool | Unknown:
        """Whether it is about a signal, above a threshold: few errors and short latencies are no trouble."""
        if self._objectives is not None:
            about = any_of(equals(_kind_of(slo), signal) for slo in self._objectives) if self._objectives else UNKNOWN
        else:
            says = (query.says(signal) if isinstance(query, Query) else UNKNOWN for query in self._queries)
            about = any_of((self._has_shape(signal), *says))
        is_below = equals(self._properties.block("conditionThreshold").string("comparison"), "COMPARISON_LT")
        return all_of([about, negation(is_below)])

    @property
    def _source_resources(self) -> list[Resource]:
        return [source for urn in sorted(self._sources) if (source := self._stack.by_urn(urn))]

    def _has_shape(self, signal: Signal) -> bool | Unknown:
        """Whether its form gives its subject away, even where its query is not known yet."""
        block = self._properties.block("conditionThreshold")
        if signal == "errors":
            # Of a ratio that counts answers by their status, the status says of what.
            compares = any(isinstance(query, Query) and query.compares_status for query in self._queries)
            return False if compares else self._is_ratio
        aggregations = block.objects("aggregations")
        if isinstance(aggregations, Unknown):
            return UNKNOWN
        names = [one.string(name) for one in aggregations for name in ("perSeriesAligner", "crossSeriesReducer")]
        return any_of(when_known(name, lambda known: "PERCENTILE" in (known or "")) for name in names)

    @property
    def _is_ratio(self) -> bool | Unknown:
        block = self._properties.block("conditionThreshold")
        aggregations = block.objects("denominatorAggregations")
        if isinstance(aggregations, Unknown):
            return UNKNOWN
        return bool(aggregations) or isinstance(block.string("denominatorFilter"), str)

    def is_reached(self, signal: Signal, min_latency_ms: float) -> bool | Unknown:
        """Whether its threshold is one that the signal can reach, and does not always pass."""
        number = self._properties.block("conditionThreshold").number("thresholdValue")
        if isinstance(number, Unknown):
            return UNKNOWN
        if self._objectives is not None:
            return True
        known = [query for query in self._queries if isinstance(query, Query)]
        if number is None:
            number = next((query.threshold for query in known if query.threshold is not None), None)
        if number is None:
            return True
        if signal == "errors":
            is_ratio = any_of([*(query.is_ratio for query in known), self._is_ratio])
            return True if number < 1 else negation(is_ratio)
        if any(query.is_in_milliseconds for query in known):
            return min_latency_ms <= number <= MAX_LATENCY_MS
        return UNKNOWN if self.is_hidden and number < min_latency_ms else True


def _names_of_all(found: Iterable[frozenset[str] | None]) -> frozenset[str] | None:
    names = list(found)
    return None if None in names else frozenset(name for one in names for name in one or ())


def _texts(condition: Properties) -> Iterator[str | Unknown]:
    for kind, keys in _QUERIES.items():
        block = condition.object(kind)
        if isinstance(block, Unknown):
            yield UNKNOWN
        elif block is not None:
            yield from (text for key in keys if (text := block.string(key)) is not None)


def _with_log_metric(stack: Stack, text: str | Unknown) -> str | Unknown:
    """A query with the filters of the log-based metrics that it names; not known if one is not in the stack."""
    if isinstance(text, Unknown) or not any(prefix in text for prefix in _USER_METRICS):
        return text
    metrics = stack.of_types([LOG_METRIC])
    named = [one for one in metrics if any(f"{prefix}{_name_of(one)}" in text for prefix in _USER_METRICS)]
    parts = [metric.asked.string(key) for metric in named for key in ("filter", "valueExtractor")]
    if not named or any(isinstance(part, Unknown) for part in parts):
        return UNKNOWN
    return " ".join([*(str(part) for part in parts if part), text])


@per_stack
def _front_of(stack: Stack, service: BackendService) -> Front:
    resources = (service.resource, *on_path(stack, service.resource, _FRONT_TYPES))
    names = {one.urn: _name_of(one) for one in resources}
    unnamed = [one for one in resources if not names[one.urn]]
    own = names[service.urn] or service.resource.asked.string("name")
    return Front(
        frozenset(names),
        tuple(name for name in names.values() if name),
        tuple(one.name for one in unnamed if one.asked.string("name") is None),
        any(one.asked.string("name") is UNKNOWN for one in unnamed),
        own,
        service.name,
        _family_of(service),
    )


def _family_of(service: BackendService) -> str | Unknown:
    """How the names of the metrics of its load balancer begin: https://cloud.google.com/load-balancing/docs/metrics."""
    scheme = service.scheme
    if isinstance(scheme, Unknown):
        return UNKNOWN
    if scheme == "INTERNAL_MANAGED":
        return "https/internal/"
    if scheme in ("EXTERNAL_MANAGED", "EXTERNAL"):
        return "https/external/regional/" if service.is_regional else "https/"
    return UNKNOWN


def alert_policies(service: BackendService) -> tuple[AlertPolicy, ...]:
    """The alert policies of its stack that may be about a service, ordered by URN."""
    by_name, name = _policies_by_name(service.stack), _front_of(service.stack, service).service_name
    if not isinstance(name, str):
        return tuple(AlertPolicy.of(policy, service.stack) for policy in service.stack.of_types(AlertPolicy.TYPES))
    return tuple(sorted((*by_name.get(None, ()), *by_name.get(name, ())), key=lambda policy: policy.urn))


@per_stack
def _policies_by_name(stack: Stack) -> dict[str | None, list[AlertPolicy]]:
    """The alert policies that can be about the service of a name alone; under `None` are all others."""
    found: dict[str | None, list[AlertPolicy]] = {}
    for resource in stack.of_types(AlertPolicy.TYPES):
        policy = AlertPolicy.of(resource, stack)
        for name in (None,) if policy.names is None else policy.names:
            found.setdefault(name, []).append(policy)
    return found


def _kind_of(slo: Resource) -> str | Unknown:
    """What an objective is about: the share of good requests, or how fast they are."""
    for key in ("requestBasedSli", "basicSli"):
        block = slo.asked.object(key)
        if isinstance(block, Properties):
            keys = {"goodTotalRatio": "errors", "availability": "errors", "distributionCut": "latency"}
            found = [kind for name, kind in (*keys.items(), ("latency", "latency")) if block.value(name) is not None]
            if len(found) != 1:
                return UNKNOWN
            return "others" if found == ["errors"] and _counts_others(block) else found[0]
    return UNKNOWN


def _watches(slo: Resource, front: Front) -> bool | Unknown:
    """Whether an objective is about a service: by its filters, or computed from it or its front end."""
    sli = slo.asked.block("requestBasedSli")
    texts = [sli.block(block).string(key) for block, keys in _FILTERS.items() for key in keys]
    queries = [Query(text) for text in texts if isinstance(text, str)]
    by_text = [query.watches(front) for query in queries if query.is_of_load_balancers]
    if any(found is True for found in by_text) or (by_text and all(found is False for found in by_text)):
        return any_of(by_text)
    return True if _all_sources(slo) & front.urns else UNKNOWN


def _counts_others(sli: Properties) -> bool:
    """Whether what an objective counts as bad certainly is something other than errors of the servers."""
    bad = sli.block("goodTotalRatio").string("badServiceFilter")
    return isinstance(bad, str) and Query(bad).compares_status and Query(bad).says("errors") is False


def _all_sources(resource: Resource) -> frozenset[str]:
    return frozenset(urn for sources in resource.edges.values() for urn in sources)


def _name_of(resource: Resource) -> str | None:
    names = (resource.asked.string("name"), resource.result.string("name"))
    return next((name for name in names if isinstance(name, str)), None)
