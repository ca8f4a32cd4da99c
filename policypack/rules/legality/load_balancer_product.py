"""The rule `load-balancer-product`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from policypack.model.balancing.backend_service import BackendService
from policypack.model.values.values import Unknown
from policypack.rule import Options, rule
from policypack.verdict import Fail, Undecided, Verdict

_APPLICATION: Final = ("HTTP", "HTTPS", "HTTP2", "H2C")


@dataclass(frozen=True)
class _Product:
    name: str
    is_regional: bool
    scheme: str
    protocols: tuple[str, ...]


# https://cloud.google.com/load-balancing/docs/backend-service: the table of products and their protocols.
_PRODUCTS: Final = (
    _Product("global external Application Load Balancer", False, "EXTERNAL_MANAGED", _APPLICATION),
    _Product("global external proxy Network Load Balancer", False, "EXTERNAL_MANAGED", ("TCP", "SSL")),
    _Product("classic Application Load Balancer", False, "EXTERNAL", ("HTTP", "HTTPS", "HTTP2")),
    _Product("classic proxy Network Load Balancer", False, "EXTERNAL", ("TCP", "SSL")),
    _Product("cross-region internal Application Load Balancer", False, "INTERNAL_MANAGED", _APPLICATION),
    _Product("cross-region internal proxy Network Load Balancer", False, "INTERNAL_MANAGED", ("TCP",)),
    _Product("Cloud Service Mesh", False, "INTERNAL_SELF_MANAGED", ("HTTP", "HTTPS", "HTTP2", "GRPC", "TCP")),
    _Product("regional external Application Load Balancer", True, "EXTERNAL_MANAGED", _APPLICATION),
    _Product("regional external proxy Network Load Balancer", True, "EXTERNAL_MANAGED", ("TCP",)),
    _Product("regional internal Application Load Balancer", True, "INTERNAL_MANAGED", _APPLICATION),
    _Product("regional internal proxy Network Load Balancer", True, "INTERNAL_MANAGED", ("TCP",)),
    _Product("external passthrough Network Load Balancer", True, "EXTERNAL", ("TCP", "UDP", "UNSPECIFIED")),
    _Product("internal passthrough Network Load Balancer", True, "INTERNAL", ("TCP", "UDP", "UNSPECIFIED")),
)


@rule(
    title="Scheme, scope and protocol form a load balancer that exists",
    severity="critical",
    level="mandatory",
    stage="resource",
    url="https://cloud.google.com/load-balancing/docs/backend-service",
)
def load_balancer_product(service: BackendService, options: Options) -> Iterator[Verdict]:
    """Each backend service is one of a load balancer that exists.

    ## What it checks
    The combination of the resource (global or regional), `load_balancing_scheme` and `protocol`.

    ## Why it matters
    Google Cloud has no load balancer for most combinations, and the provider's preview accepts them: the API refuses
    them during the update, halfway through a deployment. The most common one is a `RegionBackendService` with scheme
    EXTERNAL and protocol HTTP: that scheme is a passthrough load balancer, which does not speak HTTP.

    ## Applies to
    Global and regional backend services of every scheme.

    ## Fails
    ```python
    import pulumi_gcp as gcp

    gcp.compute.RegionBackendService(
        "chat", region="us-central1", load_balancing_scheme="EXTERNAL", protocol="HTTP", port_name="http"
    )
    ```

    ## Passes
    ```python
    import pulumi_gcp as gcp

    gcp.compute.BackendService("chat", load_balancing_scheme="EXTERNAL_MANAGED", protocol="HTTP", port_name="http")
    ```

    ## Undecided
    When scheme or protocol is computed and some of their values would be right. Also for a regional service with
    scheme INTERNAL_SELF_MANAGED: the API knows it, but no documentation says what it is.
    """
    scheme, protocol = service.scheme, service.protocol
    if service.is_regional and isinstance(scheme, str) and scheme == "INTERNAL_SELF_MANAGED":
        yield Undecided("no load balancer is documented for a regional service with scheme INTERNAL_SELF_MANAGED")
        return
    fitting = [
        product
        for product in _PRODUCTS
        if product.is_regional == service.is_regional
        and (isinstance(scheme, Unknown) or scheme == product.scheme)
        and (isinstance(protocol, Unknown) or protocol is None or protocol in product.protocols)
    ]
    if service.is_regional and isinstance(scheme, Unknown):
        yield Undecided("its scheme is not known")
    elif not fitting:
        yield _no_product(service)
    elif isinstance(scheme, Unknown) or isinstance(protocol, Unknown):
        yield Undecided(f"its {'scheme' if isinstance(scheme, Unknown) else 'protocol'} is not known")


def _no_product(service: BackendService) -> Fail:
    scheme, protocol = service.scheme, service.protocol
    resource = "RegionBackendService" if service.is_regional else "BackendService"
    same_scope = [product for product in _PRODUCTS if product.is_regional == service.is_regional]
    same_scheme = [product for product in same_scope if isinstance(scheme, str) and product.scheme == scheme]
    with_protocol = [product for product in _PRODUCTS if isinstance(protocol, str) and protocol in product.protocols]
    takes = "; ".join(f"{'/'.join(product.protocols)} ({product.name})" for product in same_scheme)
    return Fail(
        f"A `{resource}` with {_stated('scheme', scheme)} and {_stated('protocol', protocol)} is no load balancer "
        "that exists.",
        f"A protocol that scheme `{scheme}` takes: {takes}."
        if same_scheme
        else f"A scheme that a `{resource}` takes: {_schemes(same_scope)}.",
        f"For `{protocol}`, use {' or '.join(_recommendations(with_protocol))}."
        if with_protocol
        else "Choose a protocol and a scheme from the load balancers in the documentation.",
    )


def _stated(what: str, value: str | Unknown | None) -> str:
    if value is None:
        return f"no {what}"
    return f"a computed {what}" if isinstance(value, Unknown) else f"{what} `{value}`"


def _schemes(products: list[_Product]) -> str:
    return ", ".join(sorted({f"`{product.scheme}`" for product in products}))


def _recommendations(products: list[_Product]) -> list[str]:
    """The first global and the first regional load balancer, in the order of the table."""
    first = {product.is_regional: product for product in reversed(products)}
    return [
        f"{'a `RegionBackendService`' if is_regional else 'a global `BackendService`'} with scheme "
        f"`{first[is_regional].scheme}` ({first[is_regional].name})"
        for is_regional in (False, True)
        if is_regional in first
    ]
