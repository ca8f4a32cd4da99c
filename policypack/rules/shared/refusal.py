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


def undocumented(cells: Iterable[Cell], silence: Undecided, doubt: Undecided) -> Iterator[Undecided]:
    """What is said of a setting that none refuses for certain: nothing where the documentation says that it is taken.

    Args:
        cells: what becomes of it, with each load balancer or kind of backend that may get it.
        silence: what is said if no page says what becomes of it.
        doubt: what is said if it may be one of which no page says it.
    """
    found = set(cells)
    if found == {Cell.NOT_DOCUMENTED}:
        yield silence
    elif Cell.NOT_DOCUMENTED in found and is_refused(found) is False:
        yield doubt


def which_product(service: BackendService) -> Undecided:
    """Says that the property that decides between the load balancers that a service can be is not known."""
    return not_known(service.undecided_property, because="load balancers differ in this")


def which_kind(backend: Backend) -> Undecided:
    """Says that it is not known which kind of backend it is."""
    return not_known("group", backend.label, because="kinds of backends differ in this")
