"""The load balancers of Google Cloud: one row a product, and what a backend service can still be.

The other tables (`kinds`, `targets`, `attributes`) have a letter for each of these products, in this order.
Source: https://cloud.google.com/load-balancing/docs/backend-service, https://cloud.google.com/load-balancing/docs/features
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Final, TypeVar

from policypack.model.graph.resource import Resource
from policypack.model.values.values import UNKNOWN, Unknown

K = TypeVar("K")


class Family(enum.Enum):
    """What a load balancer does with its traffic: answers requests, passes connections on, or passes packets on."""

    APPLICATION = "application"
    PROXY_NETWORK = "proxy network"
    PASSTHROUGH = "passthrough"

    # That of `Enum` is Python, and tables are looked up for every backend service and rule.
    __hash__ = object.__hash__


class Cell(enum.Enum):
    """What becomes of a setting. `NOT_DOCUMENTED` also where two pages of the documentation contradict each other."""

    TAKEN = "taken"
    REFUSED = "refused"
    NO_EFFECT = "no effect"
    NOT_DOCUMENTED = "not documented"

    __hash__ = object.__hash__


@dataclass(frozen=True, eq=False)
class Product:
    """A load balancer.

    Attributes:
        name: what Google Cloud calls it.
        is_regional: whether its backend service is a `RegionBackendService`, with backends in its own region alone.
        scheme: its load balancing scheme.
        protocols: the protocols to its backends.
        family: what it does with its traffic.
        is_default: whether a service of this scope and scheme that leaves the protocol to the API is one.
    """

    name: str
    is_regional: bool
    scheme: str
    protocols: tuple[str, ...]
    family: Family
    is_default: bool = True

    @property
    def spans_regions(self) -> bool:
        """Its backends can be in several regions."""
        return not self.is_regional

    @property
    def is_internal(self) -> bool:
        """It has proxies inside the network, for clients in it."""
        return self.scheme == "INTERNAL_MANAGED"

    @property
    def speaks_http(self) -> bool:
        """It speaks HTTP to its backends, and so knows their errors by the status."""
        return "HTTP" in self.protocols


_GLOBAL, _REGIONAL = False, True
_ALB, _PROXY, _PASS = Family.APPLICATION, Family.PROXY_NETWORK, Family.PASSTHROUGH
_HTTP: Final = ("HTTP", "HTTPS", "HTTP2", "H2C")
_PACKETS: Final = ("TCP", "UDP", "UNSPECIFIED")

# fmt: off
PRODUCTS: Final = (
    Product("global external Application Load Balancer", _GLOBAL, "EXTERNAL_MANAGED", _HTTP, _ALB),
    Product("classic Application Load Balancer", _GLOBAL, "EXTERNAL", ("HTTP", "HTTPS", "HTTP2"), _ALB),
    Product("regional external Application Load Balancer", _REGIONAL, "EXTERNAL_MANAGED", _HTTP, _ALB),
    Product("cross-region internal Application Load Balancer", _GLOBAL, "INTERNAL_MANAGED", _HTTP, _ALB),
    Product("regional internal Application Load Balancer", _REGIONAL, "INTERNAL_MANAGED", _HTTP, _ALB),

    Product("global external proxy Network Load Balancer", _GLOBAL, "EXTERNAL_MANAGED", ("TCP", "SSL"), _PROXY, False),
    Product("classic proxy Network Load Balancer", _GLOBAL, "EXTERNAL", ("TCP", "SSL"), _PROXY, False),
    Product("regional external proxy Network Load Balancer", _REGIONAL, "EXTERNAL_MANAGED", ("TCP",), _PROXY, False),
    Product("cross-region internal proxy Network Load Balancer", _GLOBAL, "INTERNAL_MANAGED", ("TCP",), _PROXY, False),
    Product("regional internal proxy Network Load Balancer", _REGIONAL, "INTERNAL_MANAGED", ("TCP",), _PROXY, False),

    Product("external passthrough Network Load Balancer", _REGIONAL, "EXTERNAL", _PACKETS, _PASS),
    Product("internal passthrough Network Load Balancer", _REGIONAL, "INTERNAL", _PACKETS, _PASS),

    Product("Cloud Service Mesh", _GLOBAL, "INTERNAL_SELF_MANAGED", ("HTTP", "HTTPS", "HTTP2"), _ALB),
    Product("Cloud Service Mesh", _GLOBAL, "INTERNAL_SELF_MANAGED", ("GRPC",), _ALB, False),
    Product("Cloud Service Mesh", _GLOBAL, "INTERNAL_SELF_MANAGED", ("TCP",), _PROXY, False),
)
# fmt: on

EXTERNAL_SCHEMES: Final = ("EXTERNAL", "EXTERNAL_MANAGED")
INTERNAL_SCHEMES: Final = ("INTERNAL", "INTERNAL_MANAGED")
# The scheme of the classic load balancers, if the service is global.
CLASSIC_SCHEME: Final = "EXTERNAL"
MESH_SCHEME: Final = "INTERNAL_SELF_MANAGED"
SCHEMES: Final = tuple(sorted({product.scheme for product in PRODUCTS}))
PROTOCOLS: Final = tuple(sorted({protocol for product in PRODUCTS for protocol in product.protocols}))
# The API knows this scheme for a regional service, but no page says what it would be.
UNDOCUMENTED_REGIONAL_SCHEME: Final = MESH_SCHEME
_SPOKEN_BY: Final = {
    family: frozenset(protocol for product in PRODUCTS if product.family is family for protocol in product.protocols)
    for family in Family
}

# The provider's defaults for global backend services and forwarding rules: version 10 changed them.
_DEFAULT_GLOBAL_SCHEME: Final = "EXTERNAL_MANAGED"
_DEFAULT_GLOBAL_SCHEME_BEFORE_10: Final = "EXTERNAL"
# Its defaults for regional ones.
DEFAULT_REGIONAL_SCHEME_OF_SERVICES: Final = "INTERNAL"
DEFAULT_REGIONAL_SCHEME_OF_FORWARDING_RULES: Final = "EXTERNAL"

CLASSIC_APPLICATION: Final = tuple(p for p in PRODUCTS if p.family is Family.APPLICATION and p.scheme == CLASSIC_SCHEME)
# Those of regional services behind a proxy.
PROXY_SCHEMES: Final = tuple(
    sorted({p.scheme for p in PRODUCTS if p.is_regional and p.family is not Family.PASSTHROUGH})
)
PASSTHROUGH_SCHEMES: Final = tuple(p.scheme for p in PRODUCTS if p.family is Family.PASSTHROUGH)
# From the scheme of a global forwarding rule to the other that the service behind it may have, which is how one
# migrates: https://cloud.google.com/load-balancing/docs/https/migrate-to-global
MIGRATIONS: Final = {"EXTERNAL": "EXTERNAL_MANAGED"}
# The protocols of the services behind each kind of target proxy.
# https://cloud.google.com/load-balancing/docs/target-proxies
PROTOCOLS_BEHIND: Final = {
    "HTTP": (*_HTTP, "GRPC"),
    "HTTPS": (*_HTTP, "GRPC"),
    "SSL": ("SSL", "TCP"),
    "TCP": ("TCP", "SSL"),
    "gRPC": ("GRPC",),
}

_LETTERS: Final = {"T": Cell.TAKEN, "R": Cell.REFUSED, "N": Cell.NO_EFFECT, "?": Cell.NOT_DOCUMENTED}


@dataclass(frozen=True)
class Row:
    """What each product does with one setting or one value of it.

    Attributes:
        name: the property, by its Python name, or the value.
        cells: what becomes of it; no cell where the product's resource has no such property.
        source: where that is documented.
        note: what else there is to know, a sentence.
    """

    name: str
    cells: Mapping[Product, Cell]
    source: str
    note: str = ""


def cells_by(columns: Iterable[K], letters: str) -> dict[K, Cell]:
    """The cells of a row of a table by its columns.

    Args:
        columns: what the columns are for.
        letters: one a column, T(aken), R(efused), N(o effect) or ? for not documented; - where there is no cell.

    Raises:
        ValueError: there are more or fewer letters than columns.
    """
    keys, row = tuple(columns), letters.replace(" ", "")
    if len(row) != len(keys):
        raise ValueError(f"the row `{letters}` has {len(row)} letters, and its table has {len(keys)} columns")
    return {key: _LETTERS[letter] for key, letter in zip(keys, row, strict=True) if letter != "-"}


def by_product(letters: str) -> dict[Product, Cell]:
    """The cells of a row by products; none where the product's resource has no such property."""
    return cells_by(PRODUCTS, letters)


def agreed(answers: Iterable[bool]) -> bool | Unknown:
    """What all say; `UNKNOWN` if they differ. Of none at all it is false, where `logic.same` leaves it open."""
    values = set(answers)
    return UNKNOWN if len(values) > 1 else True in values


def is_refused(cells: Iterable[Cell]) -> bool | Unknown:
    """Whether a setting is refused or ignored: by all that may get it, by none, or `UNKNOWN` for some of them."""
    return agreed(cell in (Cell.REFUSED, Cell.NO_EFFECT) for cell in cells)


@lru_cache(maxsize=256)
def products_of_scheme(scheme: str | Unknown, *, is_regional: bool) -> tuple[Product, ...]:
    """The products of a scope and a scheme, whatever their protocol; all of the scope if the scheme is not known."""
    return tuple(
        product
        for product in PRODUCTS
        if product.is_regional == is_regional and (isinstance(scheme, Unknown) or product.scheme == scheme)
    )


def products_of(scheme: str | Unknown, protocol: str | Unknown | None, *, is_regional: bool) -> tuple[Product, ...]:
    """The products that a backend service can be; none if it is no load balancer.

    Args:
        scheme: its load balancing scheme.
        protocol: the protocol to its backends; `None` leaves it to the API, which takes one that fits.
        is_regional: whether it is a `RegionBackendService`.
    """
    found = products_of_scheme(scheme, is_regional=is_regional)
    return tuple(product for product in found if isinstance(protocol, Unknown) or _speaks(product, protocol))


def nearest_products(
    scheme: str | Unknown, protocol: str | Unknown | None, *, is_regional: bool
) -> tuple[Product, ...]:
    """The products that a backend service can be or, where scheme and protocol form none, comes closest to.

    Those are the products of its scheme that would be it if they spoke its protocol as others of their family do;
    a scheme that its scope does not have counts for nothing. The arguments are those of `products_of`.
    """
    schemes = SCHEMES if isinstance(scheme, Unknown) else (scheme,)
    protocols = PROTOCOLS if isinstance(protocol, Unknown) else (protocol,)
    found = (_nearest(one, other, is_regional) for one in schemes for other in protocols)
    return tuple(dict.fromkeys(product for products in found for product in products))


@cache
def _nearest(scheme: str, protocol: str | None, is_regional: bool) -> tuple[Product, ...]:
    if is_regional and scheme == UNDOCUMENTED_REGIONAL_SCHEME:
        return ()
    of_scheme = products_of_scheme(scheme, is_regional=is_regional)
    if not of_scheme:
        others = products_of_scheme(UNKNOWN, is_regional=is_regional)
        of_scheme = tuple(product for product in others if product.family is not Family.PASSTHROUGH)
    speaking = tuple(product for product in of_scheme if _speaks(product, protocol))
    return speaking or tuple(product for product in of_scheme if _comes_close(product, protocol))


def _speaks(product: Product, protocol: str | None) -> bool:
    return product.is_default if protocol is None else protocol in product.protocols


def _comes_close(product: Product, protocol: str | None) -> bool:
    return product.family is Family.PASSTHROUGH or protocol in _SPOKEN_BY[product.family]


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
