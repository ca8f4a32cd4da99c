"""Settings of a backend service that are more than one value."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from policypack.model.graph.resource import Resource
from policypack.model.graph.stack import Stack
from policypack.model.graph.tokens import NETWORK_TYPES, SECURITY_POLICY, SERVICE_LB_POLICY
from policypack.model.values.logic import any_of, equals, is_set, negation, when_known
from policypack.model.values.values import UNKNOWN, Unknown, python_name

# https://www.pulumi.com/registry/packages/gcp/api-docs/compute/backendservice/: `log_config`, `outlier_detection`.
_DEFAULT_SAMPLE_RATE: Final = 1.0
_DEFAULT_MAX_EJECTION_PERCENT: Final = 10.0
_DEFAULT_ENFORCING_PERCENTS: Final = {
    "enforcingConsecutiveErrors": 100.0,
    "enforcingConsecutiveGatewayFailure": 0.0,
    "enforcingSuccessRate": 100.0,
}
# https://cloud.google.com/compute/docs/reference/rest/v1/backendServices: `outlierDetection`. "Not supported when the
# backend service uses Serverless NEG."
_NOT_WITH_SERVERLESS: Final = (
    "enforcingSuccessRate",
    "successRateMinimumHosts",
    "successRateRequestVolume",
    "successRateStdevFactor",
)

# What attributes lead to whose URL a first preview does not know.
LINKED: Final = {
    "edgeSecurityPolicy": (SECURITY_POLICY,),
    "network": NETWORK_TYPES,
    "serviceLbPolicy": (SERVICE_LB_POLICY,),
}

# It keeps a session by a cookie that names the backend, not by hashing.
STATEFUL_AFFINITY: Final = "STRONG_COOKIE_AFFINITY"
# What an affinity hashes is named in this property of `consistentHash`, which is "applicable if the sessionAffinity is
# set to" it: https://cloud.google.com/compute/docs/reference/rest/v1/backendServices
# Of a header it says: "The hash is based on a user specified header field."
HEADER_AFFINITY: Final = "HEADER_FIELD"
_HASHED: Final = {HEADER_AFFINITY: "httpHeaderName", "HTTP_COOKIE": "httpCookie"}


@dataclass(frozen=True)
class SessionAffinity:
    """How requests of one client stay with one backend."""

    resource: Resource

    @property
    def value(self) -> str | Unknown:
        """The `session_affinity` of the backend service; `NONE` by default."""
        return self.resource.asked.string("sessionAffinity", default="NONE", if_omitted=True)

    @property
    def is_on(self) -> bool | Unknown:
        """Whether requests of one client go to one backend."""
        return negation(equals(self.value, "NONE"))

    @property
    def is_stateful(self) -> bool | Unknown:
        """Whether it does not depend on how requests are distributed."""
        return equals(self.value, STATEFUL_AFFINITY)

    @property
    def says_what_it_hashes(self) -> bool | Unknown:
        """Whether `consistent_hash` names the header or the cookie, of an affinity that has one."""
        key = when_known(self.value, _HASHED.get)
        if isinstance(key, Unknown):
            return UNKNOWN
        return True if key is None else is_set(self.resource.asked.block("consistentHash").value(key))


@dataclass(frozen=True)
class RequestLog:
    """The `log_config` of a backend service; a service without one has no request log."""

    resource: Resource

    @property
    def is_enabled(self) -> bool | Unknown:
        """Whether requests are logged; off where the program does not say."""
        if self.resource.asked.object("logConfig") is None:
            return False
        return self.resource.asked.block("logConfig").boolean("enable", default=False, if_omitted=True)

    @property
    def sample_rate(self) -> float | Unknown:
        """The fraction of requests that is logged when logging is on."""
        log = self.resource.asked.block("logConfig")
        return log.number("sampleRate", default=_DEFAULT_SAMPLE_RATE, if_omitted=True)


@dataclass(frozen=True)
class OutlierDetection:
    """The `outlier_detection` of a backend service."""

    resource: Resource

    @property
    def is_set(self) -> bool | Unknown:
        """Whether the service has it at all; an empty block has the provider's defaults."""
        return is_set(self.resource.asked.object("outlierDetection"))

    @property
    def max_ejection_percent(self) -> float | Unknown:
        """The highest part of the hosts that may be ejected, in percent."""
        return self._number("maxEjectionPercent", _DEFAULT_MAX_EJECTION_PERCENT)

    @property
    def is_enforced(self) -> bool | Unknown:
        """Whether some kind of outlier is ejected at all, and not only counted."""
        chances = [self._number(key, default) for key, default in _DEFAULT_ENFORCING_PERCENTS.items()]
        return any_of(when_known(chance, lambda percent: percent > 0) for chance in chances)

    @property
    def success_rates(self) -> dict[str, bool | Unknown]:
        """Whether its fields about success rates are set, by their Python names; 0 is not."""
        block = self.resource.asked.block("outlierDetection")
        return {python_name(key): when_known(block.number(key), bool) for key in _NOT_WITH_SERVERLESS}

    def _number(self, key: str, default: float) -> float | Unknown:
        return self.resource.asked.block("outlierDetection").number(key, default=default, if_omitted=True)


_LOCATION: Final = re.compile(r"/locations/([^/]+)/serviceLbPolicies/")


def location_of_lb_policy(resource: Resource, stack: Stack) -> str | Unknown | None:
    """Where the `service_lb_policy` of a backend service is, `global` or a region; `None` without one."""
    url = resource.asked.string("serviceLbPolicy")
    if isinstance(url, str):
        named = _LOCATION.search(url)
        return named[1] if named else UNKNOWN
    sources = [stack.by_urn(urn) for urn in resource.edges.get("serviceLbPolicy", ())]
    policies = [source for source in sources if source and source.type == SERVICE_LB_POLICY]
    if url is None or len(policies) != 1 or len(sources) != 1:
        return None if url is None else UNKNOWN
    return policies[0].asked.string("location") or UNKNOWN
