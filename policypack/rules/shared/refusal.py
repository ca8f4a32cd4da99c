"""How a rule says that a load balancer, or a kind of backend, refuses something."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from policypack.model.balancing.backend import Backend
from policypack.model.balancing.backend_service import BackendService
from policypack.model.products.product import Cell, is_refused
from policypack.model.values.values import UNKNOWN
from policypack.verdict import Fail, Undecided, Verdict, not_known


def refused(cells: Iterable[Cell], fail: Fail, doubt: Undecided) -> Iterator[Verdict]:
    """What is said of a setting: nothing if none refuses it that may get it, `fail` if all do, else `doubt`.

    Args:
        cells: what becomes of it, with each load balancer or kind of backend that may get it.
        fail: what is said if it is refused or ignored for certain.
        doubt: what is said if some take it.
    """
    found = is_refused(cells)
    if found is True:
        yield fail
    elif found is UNKNOWN:
        yield doubt


def which_product(service: BackendService) -> Undecided:
    """Says that the property that decides between the load balancers that a service can be is not known."""
    return not_known(service.undecided_property, because="load balancers differ in this")


def which_kind(backend: Backend) -> Undecided:
    """Says that it is not known which kind of backend it is."""
    return not_known("group", backend.label, because="kinds of backends differ in this")
