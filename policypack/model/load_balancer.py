"""The families of load balancer, which scheme, scope and protocol of a backend service tell."""

from __future__ import annotations

from typing import Final

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
