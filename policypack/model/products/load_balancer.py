"""Which load balancer a backend service is of, and what follows from that alone."""

from __future__ import annotations

from functools import cached_property

from policypack.model.graph.reference import region_setting
from policypack.model.graph.tokens import BACKEND_SERVICE, REGION_BACKEND_SERVICE
from policypack.model.graph.view import View
from policypack.model.products.attributes import ATTRIBUTES, HEALTH_CHECKS, USE_SERVING_PORT, cells_of_row
from policypack.model.products.product import (
    CLASSIC_SCHEME,
    DEFAULT_REGIONAL_SCHEME_OF_SERVICES,
    EXTERNAL_SCHEMES,
    MESH_SCHEME,
    UNDOCUMENTED_REGIONAL_SCHEME,
    Cell,
    Family,
    Product,
    Row,
    agreed,
    is_refused,
    nearest_products,
    products_of,
    products_of_scheme,
    scheme_of,
)
from policypack.model.values.logic import all_of, equals, is_in, is_set, negation, when_known
from policypack.model.values.values import UNKNOWN, Unknown


class LoadBalancerService(View):
    """A backend service, seen as that of a load balancer."""

    TYPES = (BACKEND_SERVICE, REGION_BACKEND_SERVICE)

    @cached_property
    def is_regional(self) -> bool:
        """It is a `RegionBackendService`, whose backends are all in its own region."""
        return self.resource.type == REGION_BACKEND_SERVICE

    @property
    def region(self) -> str | Unknown:
        """The region of a regional service."""
        return region_setting(self.resource)

    @cached_property
    def scheme(self) -> str | Unknown:
        """The load balancing scheme."""
        return scheme_of(self.resource, DEFAULT_REGIONAL_SCHEME_OF_SERVICES if self.is_regional else None)

    @cached_property
    def protocol(self) -> str | Unknown | None:
        """The protocol to the backends; `None` leaves the choice to the API, which takes one that fits the scheme."""
        return self.resource.asked.string("protocol")

    @cached_property
    def products(self) -> tuple[Product, ...]:
        """The load balancers that it can be, as far as scheme and protocol are known; none if it is none."""
        if self.has_undocumented_scheme:
            return ()
        return products_of(self.scheme, self.protocol, is_regional=self.is_regional)

    @cached_property
    def nearest_products(self) -> tuple[Product, ...]:
        """The same; where scheme and protocol form no load balancer, those that it comes closest to."""
        return nearest_products(self.scheme, self.protocol, is_regional=self.is_regional)

    @property
    def products_of_scheme(self) -> tuple[Product, ...]:
        """The load balancers that it can be by its scheme, whatever its protocol."""
        return products_of_scheme(self.scheme, is_regional=self.is_regional)

    def cell_of(self, row: Row) -> Cell | Unknown:
        """What its load balancer does with a setting: `REFUSED` also if it ignores it, `UNKNOWN` while it may take it.

        A service that is no load balancer has none that refuses anything.
        """
        return self._cell(row, self.products, is_certain=self.is_load_balancer is True)

    def cell_of_backends(self, row: Row) -> Cell | Unknown:
        """The same for a setting of its backends, on which the scheme alone decides."""
        return self._cell(row, self.products_of_scheme, is_certain=not isinstance(self.scheme, Unknown))

    def _cell(self, row: Row, products: tuple[Product, ...], *, is_certain: bool) -> Cell | Unknown:
        cells = {row.cells[product] for product in products if product in row.cells}
        if cells <= {Cell.TAKEN}:
            return Cell.TAKEN
        if is_certain and is_refused(cells) is True:
            return Cell.REFUSED
        return UNKNOWN if self.undecided_property else Cell.NOT_DOCUMENTED

    @property
    def has_undocumented_scheme(self) -> bool:
        """The API knows its scheme for a regional service, but no page says what load balancer that is."""
        if not self.is_regional or isinstance(self.scheme, Unknown):
            return False
        return self.scheme == UNDOCUMENTED_REGIONAL_SCHEME

    @cached_property
    def is_load_balancer(self) -> bool | Unknown:
        """Whether scope, scheme and protocol form a load balancer that is documented."""
        if isinstance(self.scheme, Unknown) and self.is_regional:
            return UNKNOWN
        if not self.products:
            return False
        return UNKNOWN if self.undecided_property else True

    @property
    def undecided_property(self) -> str:
        """The Python name of the property that decides between its `products`; empty if both are known."""
        if isinstance(self.scheme, Unknown):
            return "load_balancing_scheme"
        return "protocol" if isinstance(self.protocol, Unknown) else ""

    @cached_property
    def family(self) -> Family | Unknown | None:
        """What it does with its traffic; `None` if scheme and protocol form nothing that comes close to anything."""
        families = {product.family for product in self.nearest_products}
        if len(families) > 1:
            return UNKNOWN
        return families.pop() if families else None

    @cached_property
    def is_passthrough(self) -> bool | Unknown:
        """It belongs to a passthrough Network Load Balancer, which has no proxy, port name or target capacity.

        The scheme alone decides: a regional service with such a scheme is none of a proxy, whatever its protocol.
        """
        return agreed(product.family is Family.PASSTHROUGH for product in self.products_of_scheme)

    @property
    def is_external(self) -> bool | Unknown:
        """Whether its load balancer has an address on the internet."""
        return is_in(self.scheme, EXTERNAL_SCHEMES)

    @property
    def is_classic(self) -> bool | Unknown:
        """Whether it is of a classic load balancer, one that came before those with scheme EXTERNAL_MANAGED."""
        if self.is_regional:
            return False
        return equals(self.scheme, CLASSIC_SCHEME)

    @property
    def is_mesh(self) -> bool | Unknown:
        """Whether it is of Cloud Service Mesh, whose proxies run beside the clients."""
        return equals(self.scheme, MESH_SCHEME)

    @property
    def measures_requests(self) -> bool | Unknown:
        """Whether its load balancer sees requests, and with them errors and latencies, and not only connections."""
        return agreed(product.family is Family.APPLICATION for product in self.nearest_products)

    @property
    def can_signal_load(self) -> bool | Unknown:
        """Whether an autoscaler can follow its load: that of Application Load Balancers only.

        https://cloud.google.com/compute/docs/autoscaler/scaling-load-balancing#limitations
        """
        return when_known(self.family, lambda family: family is Family.APPLICATION)

    @property
    def takes_serving_port(self) -> bool | Unknown:
        """Whether a health check can ask the port that `port_name` names."""
        return negation(is_refused(cells_of_row(HEALTH_CHECKS, USE_SERVING_PORT, self.nearest_products)))

    @property
    def takes_security_policy(self) -> bool | Unknown:
        """Whether Cloud Armor filters its requests or connections; packets are not meant.

        https://cloud.google.com/armor/docs/security-policy-overview
        """
        cells = ATTRIBUTES["security_policy"].cells
        if self.is_passthrough is UNKNOWN:
            return UNKNOWN
        return agreed(
            product.family is not Family.PASSTHROUGH and cells[product] is Cell.TAKEN
            for product in self.nearest_products or self.products_of_scheme
        )

    @property
    def has_outlier_detection(self) -> bool | Unknown:
        """Whether outlier detection is documented for its load balancer; it counts errors of HTTP.

        https://cloud.google.com/compute/docs/reference/rest/v1/backendServices: the field `outlierDetection`. It
        leaves the cross-region internal one out, which other pages have: there it counts if it is set.
        """
        cells = ATTRIBUTES["outlier_detection"].cells
        counts = agreed(product.speaks_http and cells[product] is Cell.TAKEN for product in self.products)
        is_cross_region = all(not product.is_regional and product.is_internal for product in self.products)
        is_there = is_set(self.resource.asked.object("outlierDetection")) if is_cross_region else True
        return all_of([self.is_load_balancer, counts, is_there])

    @property
    def logs_requests(self) -> bool | Unknown:
        """Whether the load balancer is one that logs requests: a passthrough one sees none, a mesh's proxies do it."""
        return all_of([negation(self.is_mesh), negation(self.is_passthrough)])
