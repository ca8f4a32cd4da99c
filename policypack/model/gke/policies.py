"""What shapes the backend services that GKE makes: the policies of Gateways, and the BackendConfigs of Ingresses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, NamedTuple, TypeAlias

from policypack.model.kubernetes.kinds import (
    BACKEND_CONFIG,
    BACKEND_POLICY,
    FRONTEND_CONFIG,
    GATEWAY_POLICY,
    HEALTH_CHECK_POLICY,
)
from policypack.model.kubernetes.objects import KubernetesObject
from policypack.model.values.logic import any_of, is_set, negation, same, when_known
from policypack.model.values.properties import Properties
from policypack.model.values.values import UNKNOWN, Unknown

Setting: TypeAlias = Literal[
    "timeout",
    "draining",
    "logging",
    "sample rate",
    "security policy",
    "max rate",
    "max in flight",
    "mode",
    "iap",
    "ssl policy",
    "redirect",
]

# The fields by the kind of the object, and what the load balancer does without them.
# https://github.com/GoogleCloudPlatform/gke-gateway-api/blob/main/apis/networking/v1/gcpbackendpolicy_types.go,
# https://cloud.google.com/kubernetes-engine/docs/how-to/ingress-configuration
FIELDS: Final[dict[str, dict[Setting, tuple[str, ...]]]] = {
    BACKEND_POLICY: {
        "timeout": ("default", "timeoutSec"),
        "draining": ("default", "connectionDraining", "drainingTimeoutSec"),
        "logging": ("default", "logging", "enabled"),
        "sample rate": ("default", "logging", "sampleRate"),
        "security policy": ("default", "securityPolicy"),
        "max rate": ("default", "maxRatePerEndpoint"),
        "max in flight": ("default", "maxInFlightRequestsPerEndpoint"),
        "mode": ("default", "balancingMode"),
        "iap": ("default", "iap", "enabled"),
    },
    BACKEND_CONFIG: {
        "timeout": ("timeoutSec",),
        "draining": ("connectionDraining", "drainingTimeoutSec"),
        "logging": ("logging", "enable"),
        "sample rate": ("logging", "sampleRate"),
        "security policy": ("securityPolicy", "name"),
        "iap": ("iap", "enabled"),
    },
    GATEWAY_POLICY: {"ssl policy": ("default", "sslPolicy")},
    FRONTEND_CONFIG: {"ssl policy": ("sslPolicy",), "redirect": ("redirectToHttps", "enabled")},
}
# What counts where a setting is left out, in seconds; what an Ingress does then is documented for its timeout alone.
_DEFAULTS: Final[dict[str, dict[Setting, float]]] = {
    BACKEND_POLICY: {"timeout": 30, "draining": 0},
    BACKEND_CONFIG: {"timeout": 30},
}
# The rate that stands for any.
_NO_LIMIT: Final = 1e8
# The rate that logs all requests: a GCPBackendPolicy counts them per million.
ALL_REQUESTS: Final[dict[str, float]] = {BACKEND_POLICY: 1_000_000, BACKEND_CONFIG: 1.0}
_API_VERSIONS: Final = {
    BACKEND_POLICY: "networking.gke.io/v1",
    HEALTH_CHECK_POLICY: "networking.gke.io/v1",
    BACKEND_CONFIG: "cloud.google.com/v1",
    GATEWAY_POLICY: "networking.gke.io/v1",
    FRONTEND_CONFIG: "networking.gke.io/v1beta1",
}
# Type of a health check -> the block with its settings; without one its path is the default.
_CHECKS: Final = {
    "HTTP": "httpHealthCheck",
    "HTTPS": "httpsHealthCheck",
    "HTTP2": "http2HealthCheck",
    "GRPC": "grpcHealthCheck",
    "TCP": "tcpHealthCheck",
}
# https://cloud.google.com/kubernetes-engine/docs/how-to/configure-gateway-resources#configure_health_check
_FIXED_PORT, _SERVING_PORT = "USE_FIXED_PORT", "USE_SERVING_PORT"
_WITH_PATHS: Final = ("HTTP", "HTTPS", "HTTP2")
DEFAULT_PATH: Final = "/"


class Check(NamedTuple):
    """A health check.

    Attributes:
        type: its type.
        path: the path that it requests; `None` if it requests none.
        is_default: whether no object says that path.
    """

    type: str | Unknown
    path: str | Unknown | None
    is_default: bool = False


@dataclass(frozen=True)
class Policy:
    """What an object says of backend services, or what counts where there is none.

    Attributes:
        kind: the kind of the object.
        object: the object; `None` where none is attached.
    """

    kind: str
    object: KubernetesObject | None = None

    @property
    def label(self) -> str:
        """What messages call it."""
        return self.object.label if self.object else f"no {self.kind}"

    @property
    def name(self) -> str:
        """The logical name of the object."""
        return self.object.name if self.object else self.kind

    @property
    def api_version(self) -> str:
        return _API_VERSIONS[self.kind]

    def field(self, setting: Setting) -> str:
        """The path of a setting below `spec`, as messages name it: `default.timeoutSec`."""
        return ".".join(FIELDS[self.kind][setting])

    def sets(self, setting: Setting) -> bool:
        """Whether the object says something of a setting."""
        found, key = self._at(setting)
        return found is None or found.value(key) is not None

    def is_misplaced(self, setting: Setting) -> bool:
        """Whether the object says something of a setting directly in `spec`, where it does not count."""
        path = FIELDS[self.kind][setting]
        names = {path[-1], path[min(1, len(path) - 1)]}
        return len(path) > 1 and self.object is not None and not names.isdisjoint(self.object.spec.keys)

    def seconds(self, setting: Setting) -> float | Unknown:
        """A setting that is a duration, or its default."""
        found = self.number(setting)
        return _DEFAULTS[self.kind].get(setting, UNKNOWN) if found is None else found

    def number(self, setting: Setting) -> float | Unknown | None:
        """A setting that is a number; `None` if it is left out."""
        found, key = self._at(setting)
        return UNKNOWN if found is None else found.number(key)

    def flag(self, setting: Setting) -> bool | Unknown:
        """A setting that is on or off; off where a GCPBackendPolicy leaves it out."""
        found, key = self._at(setting)
        default = UNKNOWN if self.kind == BACKEND_CONFIG else False
        return UNKNOWN if found is None else found.boolean(key, default=default)

    def text(self, setting: Setting) -> str | Unknown | None:
        found, key = self._at(setting)
        return UNKNOWN if found is None else found.string(key)

    def doubt(self, setting: Setting) -> str:
        """Why a setting may not be known although the object is, a clause; empty if it is computed."""
        if self._at(setting)[0] is None:
            return "it may be set elsewhere" if self.object and self.object.is_patch else "`scopes` may set it"
        return "" if self.sets(setting) else "what an Ingress does without it is not documented"

    def _at(self, setting: Setting) -> tuple[Properties | None, str]:
        """The block with a setting and its key; no block where the object shows less than what counts."""
        if self.object is None:
            return Properties({}), ""
        *path, key = FIELDS[self.kind].get(setting, ("",))
        block = self.object.spec
        for name in path:
            block = block.block(name)
        is_partial = self.object.is_patch or self._may_be_scoped(path[-1] if len(path) > 1 else key)
        return (None if is_partial and block.value(key) is None else block), key

    def _may_be_scoped(self, key: str) -> bool:
        """Whether a policy may say something else for some clusters; then `default` does not say it.

        https://cloud.google.com/kubernetes-engine/docs/how-to/customize-backend-multicluster-inference-gateway
        """
        scopes = self.object.spec.objects("scopes") if self.object else []
        return isinstance(scopes, Unknown) or any(one.value(key) is not None for one in scopes)

    @property
    def has_limit(self) -> bool | Unknown:
        """Whether a GCPBackendPolicy limits what an endpoint is sent, in the way of its balancing mode.

        https://cloud.google.com/kubernetes-engine/docs/how-to/customize-backend-multicluster-inference-gateway
        """
        rate, in_flight, mode = self.number("max rate"), self.number("max in flight"), self.text("mode")
        by_rate = when_known(rate, lambda number: number is not None and 0 < number < _NO_LIMIT)
        found = {"RATE": by_rate, "CUSTOM_METRICS": self._has_metric, "IN_FLIGHT": is_set(in_flight)}
        if isinstance(mode, str):
            return found.get(mode, UNKNOWN)
        # Which mode counts where none is given but another one's limit is not documented.
        possible = (
            found.values() if mode is UNKNOWN else [by_rate, *(one for one in found.values() if one is not False)]
        )
        return same(possible)

    @property
    def _has_metric(self) -> bool | Unknown:
        """Whether a custom metric counts, and is not in dry-run mode."""
        metrics = self.object.spec.block("default").objects("customMetrics") if self.object else []
        if isinstance(metrics, Unknown):
            return UNKNOWN
        return any_of(negation(one.boolean("dryRun", default=False)) for one in metrics)

    @property
    def check(self) -> Check:
        """The health check that a HealthCheckPolicy asks for."""
        if self.object is None:
            return Check("HTTP", DEFAULT_PATH)
        config = self.object.spec.block("default").object("config")
        if self.object.is_patch and not isinstance(config, Properties):
            return Check(UNKNOWN, UNKNOWN)
        if not isinstance(config, Properties):
            return Check("HTTP", DEFAULT_PATH) if config is None else Check(UNKNOWN, UNKNOWN)
        type_ = config.string("type", default=UNKNOWN)
        if isinstance(type_, Unknown) or type_ not in _CHECKS:
            return Check(UNKNOWN, UNKNOWN)
        if type_ not in _WITH_PATHS:
            return Check(type_, None)
        block = config.object(_CHECKS[type_])
        # A block of another type was accepted once, and is not what is checked.
        return Check(
            type_, block.string("requestPath", default=DEFAULT_PATH) if isinstance(block, Properties) else UNKNOWN
        )

    @property
    def probed_port(self) -> str | Unknown | None:
        """The port of the Pods that its health check probes; `None` for the one that serves."""
        block, specification = self._check_block, "portSpecification"
        if block is None or isinstance(block, Unknown):
            return block
        how = block.string(specification, default=_FIXED_PORT)
        if isinstance(how, Unknown) or how not in (_FIXED_PORT, _SERVING_PORT):
            return UNKNOWN
        port = block.string("port") if how == _FIXED_PORT else None
        return UNKNOWN if port is None and self.object and self.object.is_patch else port

    @property
    def _check_block(self) -> Properties | Unknown | None:
        """The settings of its health check."""
        if self.object is None:
            return None
        if self.kind == BACKEND_CONFIG:
            return self.object.spec.object("healthCheck")
        type_ = self.check.type
        found = self.object.spec.block("default").object("config")
        if not isinstance(found, Properties) or isinstance(type_, Unknown):
            return UNKNOWN if found is not None else None
        return found.object(_CHECKS[type_])
