"""The rule `load-balancer-product`."""

from __future__ import annotations

from policypack.model.balancing.backend_service import BackendService
from policypack.model.products.product import PRODUCTS, Product
from policypack.model.values.values import UNKNOWN, Unknown
from policypack.rule import Options, rule
from policypack.verdict import Checks, Fail, Undecided, not_known


@rule(
    title="Scheme, scope and protocol match an existing load balancer",
    severity="critical",
    level="mandatory",
    stage="resource",
    url="https://cloud.google.com/load-balancing/docs/backend-service",
)
def load_balancer_product(service: BackendService, options: Options) -> Checks:
    """Each backend service belongs to a load balancer that exists.

    ## What it checks
    The combination of the resource (global or regional), `load_balancing_scheme` and `protocol`.

    ## Why it matters
    Google Cloud has no load balancer for most combinations. The provider's preview accepts them, and the API rejects
    them during the update, halfway through a deployment. The most common mistake is a `RegionBackendService` with
    scheme EXTERNAL and protocol HTTP: that scheme is for passthrough load balancers, which do not support HTTP.

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
    When the scheme or the protocol is computed, and some of the possible values would be right. Also for a regional
    service with scheme INTERNAL_SELF_MANAGED: the API accepts it, but no documentation describes it.
    """
    if service.has_undocumented_scheme:
        yield Undecided(
            f"no load balancer is documented for a regional service with scheme {service.scheme}",
            "load_balancing_scheme",
        )
    elif service.is_load_balancer is False:
        yield _no_product(service)
    elif service.is_load_balancer is UNKNOWN:
        yield not_known(service.undecided_property)


def _no_product(service: BackendService) -> Fail:
    scheme, protocol = service.scheme, service.protocol
    resource = "RegionBackendService" if service.is_regional else "BackendService"
    of_scope = [product for product in PRODUCTS if product.is_regional == service.is_regional]
    of_scheme = [product for product in of_scope if isinstance(scheme, str) and product.scheme == scheme]
    with_protocol = [product for product in PRODUCTS if isinstance(protocol, str) and protocol in product.protocols]
    takes = "; ".join(f"{'/'.join(product.protocols)} ({product.name})" for product in of_scheme)
    schemes = ", ".join(sorted({f"`{product.scheme}`" for product in of_scope}))
    return Fail(
        f"A `{resource}` with {_stated('scheme', scheme)} and {_stated('protocol', protocol)} matches no existing "
        "load balancer.",
        f"A protocol that scheme `{scheme}` supports: {takes}."
        if of_scheme
        else f"A scheme that a `{resource}` supports: {schemes}.",
        f"For `{protocol}`, use {' or '.join(_recommendations(with_protocol))}."
        if with_protocol
        else "Choose a protocol and a scheme from the load balancers in the documentation.",
    )


def _stated(what: str, value: str | Unknown | None) -> str:
    if value is None:
        return f"no {what}"
    return f"{what} `{value}`" if isinstance(value, str) else f"a computed {what}"


def _recommendations(products: list[Product]) -> list[str]:
    """The first global and the first regional load balancer, in the order of the table."""
    first = {product.is_regional: product for product in reversed(products)}
    return [
        f"{'a `RegionBackendService`' if is_regional else 'a global `BackendService`'} with scheme "
        f"`{first[is_regional].scheme}` ({first[is_regional].name})"
        for is_regional in (False, True)
        if is_regional in first
    ]
