"""Who speaks TLS to the backends: protocols of backend services and of health checks."""

from __future__ import annotations

from typing import Final

from policypack.model.balancing.health_check import HealthCheck
from policypack.model.products.load_balancer import LoadBalancerService
from policypack.model.values.logic import when_known
from policypack.model.values.values import UNKNOWN, Unknown

# https://cloud.google.com/load-balancing/docs/backend-service#protocol_to_backends: HTTP2 is always HTTP/2 over TLS,
# H2C is HTTP/2 without. TCP hands on what the clients send, be it TLS or not.
_SERVICES: Final = {"HTTP": False, "H2C": False, "HTTPS": True, "HTTP2": True, "SSL": True}
# https://cloud.google.com/load-balancing/docs/health-check-concepts#category_and_protocol: a TCP check opens a
# connection and is content with that.
_CHECKS: Final = {"HTTP": False, "GRPC": False, "HTTPS": True, "HTTP2": True, "SSL": True, "GRPC_WITH_TLS": True}
# The block of a check that asks the same with TLS instead of without, or without instead of with it.
_TWINS: Final = {
    "HTTP": "https_health_check",
    "GRPC": "grpc_tls_health_check",
    "HTTPS": "http_health_check",
    "HTTP2": "http_health_check",
    "SSL": "http_health_check",
    "GRPC_WITH_TLS": "grpc_health_check",
}
# The provider's default where the load balancer handles requests:
# https://www.pulumi.com/registry/packages/gcp/api-docs/compute/backendservice/
_DEFAULT_PROTOCOL: Final = "HTTP"


def service_uses_tls(service: LoadBalancerService) -> bool | Unknown | None:
    """Whether a load balancer speaks TLS to its backends; `None` if its protocol leaves that open."""
    protocol = service.protocol
    if isinstance(protocol, Unknown):
        return UNKNOWN
    if protocol is None:
        protocol = _DEFAULT_PROTOCOL if service.measures_requests is True else ""
    return _SERVICES.get(protocol)


def check_uses_tls(check: HealthCheck) -> bool | Unknown | None:
    """Whether a health check speaks TLS; `None` if it goes with either, or has no protocol at all."""
    return when_known(check.protocol, lambda protocol: _CHECKS.get(protocol or ""))


def other_block(check: HealthCheck) -> str:
    """The input property of a check that speaks TLS where this one does not, or change the service to match."""
    return _TWINS[check.protocol] if isinstance(check.protocol, str) else ""
