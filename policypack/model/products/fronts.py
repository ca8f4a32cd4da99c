"""What a forwarding rule can have, by its scope and its load balancing scheme: one row a kind.

Sources: https://cloud.google.com/load-balancing/docs/forwarding-rule-concepts for tiers and addresses,
https://cloud.google.com/load-balancing/docs/target-proxies for proxies,
https://www.pulumi.com/registry/packages/gcp/api-docs/compute/targethttpsproxy/#inputs for certificates,
https://cloud.google.com/load-balancing/docs/proxy-only-subnets for subnetworks,
https://cloud.google.com/compute/docs/reference/rest/v1/forwardingRules for ports: each property with the load balancers
that it is "applicable only to".
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final

from policypack.model.values.values import Unknown


@dataclass(frozen=True)
class FrontKind:
    """A kind of forwarding rule.

    Attributes:
        is_regional: whether it is in a region.
        scheme: its load balancing scheme.
        is_premium: whether it is in PREMIUM tier only, and not in STANDARD tier.
        address: whether its address is `EXTERNAL` or `INTERNAL`; empty in a mesh, where it is none of Google's.
        address_scope: whether an address that is reserved for it is `global` or `regional`; empty in a mesh.
        proxies: the kinds of target proxy that it can lead to; none without one.
        certificates: the property by which its target proxies have certificates of Certificate Manager.
        needs_proxies: whether its proxies have addresses in a proxy-only subnetwork of its region.
        ports_by: the properties by which it names its ports without a target proxy; empty if it needs one.
    """

    is_regional: bool
    scheme: str
    is_premium: bool
    address: str
    address_scope: str
    proxies: tuple[str, ...]
    certificates: str
    needs_proxies: bool
    ports_by: tuple[str, ...] = ()


_GLOBAL, _REGIONAL = False, True
_PREMIUM, _BOTH = True, False
_WITH_SSL: Final = ("HTTP", "HTTPS", "SSL", "TCP")
_WITHOUT_SSL: Final = ("HTTP", "HTTPS", "TCP")
_MESH: Final = ("HTTP", "HTTPS", "TCP", "gRPC")
_PACKETS: Final = ("ports", "port_range", "all_ports")
_MAP, _DIRECT = "certificate_map", "certificate_manager_certificates"

# fmt: off
FRONTS: Final = (
    # Scope, scheme, tiers, address, its scope, proxies, certificates, proxy-only subnetwork, ports.
    FrontKind(_GLOBAL, "EXTERNAL_MANAGED", _PREMIUM, "EXTERNAL", "global", _WITH_SSL, _MAP, False),
    FrontKind(_GLOBAL, "EXTERNAL", _PREMIUM, "EXTERNAL", "global", _WITH_SSL, _MAP, False),
    # Its address is in the region of its subnetwork, and so are its proxies: see `frontend-regions`.
    FrontKind(_GLOBAL, "INTERNAL_MANAGED", _PREMIUM, "INTERNAL", "regional", _WITHOUT_SSL, _DIRECT, False),
    FrontKind(_GLOBAL, "INTERNAL_SELF_MANAGED", _PREMIUM, "", "", _MESH, "", False),

    FrontKind(_REGIONAL, "EXTERNAL_MANAGED", _BOTH, "EXTERNAL", "regional", _WITHOUT_SSL, _DIRECT, True),
    FrontKind(_REGIONAL, "EXTERNAL", _BOTH, "EXTERNAL", "regional", (), "", False, _PACKETS),
    FrontKind(_REGIONAL, "INTERNAL_MANAGED", _PREMIUM, "INTERNAL", "regional", _WITHOUT_SSL, _DIRECT, True),
    FrontKind(_REGIONAL, "INTERNAL", _PREMIUM, "INTERNAL", "regional", (), "", False, ("ports", "all_ports")),
)
# fmt: on


@cache
def fronts_of(scheme: str | Unknown, *, is_regional: bool) -> tuple[FrontKind, ...]:
    """The kinds that a forwarding rule can be: all of its scope while its scheme is not known."""
    found = (kind for kind in FRONTS if kind.is_regional == is_regional)
    return tuple(kind for kind in found if isinstance(scheme, Unknown) or kind.scheme == scheme)
