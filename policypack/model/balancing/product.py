"""Load balancing schemes, and the families of load balancer that they form with scope and protocol."""

from __future__ import annotations

from typing import Final

from policypack.model.graph.resource import Resource
from policypack.model.values.values import UNKNOWN, Unknown

# The provider's defaults for global backend services and forwarding rules: version 10 changed them.
_DEFAULT_GLOBAL_SCHEME: Final = "EXTERNAL_MANAGED"
_DEFAULT_GLOBAL_SCHEME_BEFORE_10: Final = "EXTERNAL"

PASSTHROUGH_SCHEMES: Final = ("INTERNAL", "EXTERNAL")
_APPLICATION_PROTOCOLS: Final = ("HTTP", "HTTPS", "HTTP2", "H2C", "GRPC")
_PROXY_PROTOCOLS: Final = ("TCP", "SSL")
_PASSTHROUGH_PROTOCOLS: Final = ("TCP", "UDP", "UNSPECIFIED")


def family_of(scheme: str, protocol: str | None, *, is_regional: bool) -> str | None:
    """The family of load balancer: `application`, `proxy network` or `passthrough`.

    `None` if there is no load balancer of that kind. Source: https://cloud.google.com/load-balancing/docs/backend-service

    Args:
        scheme: the load balancing scheme.
        protocol: the protocol to the backends; `None` leaves it to the API, which takes one that fits.
        is_regional: whether the backend service is a regional one.
    """
    if is_regional and scheme in PASSTHROUGH_SCHEMES:
        return "passthrough" if protocol is None or protocol in _PASSTHROUGH_PROTOCOLS else None
    if scheme == "INTERNAL" or (protocol == "GRPC" and scheme != "INTERNAL_SELF_MANAGED"):
        return None
    if protocol in _PROXY_PROTOCOLS:
        return "proxy network"
    return "application" if protocol is None or protocol in _APPLICATION_PROTOCOLS else None


def scheme_of(resource: Resource, default: str | None) -> str | Unknown:
    """The load balancing scheme of a backend service or forwarding rule.

    Args:
        resource: the backend service or forwarding rule.
        default: what the provider takes where none is given; `None` for the default of global resources, which
            depends on the provider's version: https://www.pulumi.com/registry/packages/gcp/
    """
    scheme = resource.asked.string("loadBalancingScheme")
    if scheme is not None:
        return scheme
    if default is not None:
        return default
    version = resource.provider_settings.string("version")
    if not isinstance(version, str) or not version.split(".")[0].isdigit():
        return UNKNOWN
    return _DEFAULT_GLOBAL_SCHEME if int(version.split(".")[0]) >= 10 else _DEFAULT_GLOBAL_SCHEME_BEFORE_10
