"""Which backends of a service take requests, and from which regions: a drained one takes none.

https://cloud.google.com/load-balancing/docs/backend-service#capacity_scaler: "0 means the group is completely drained,
offering 0% of its available capacity".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from policypack.model.balancing.backend import Backend
from policypack.model.balancing.backend_service import BackendService
from policypack.model.balancing.group import Group
from policypack.model.balancing.region_count import count_regions
from policypack.model.values.bounds import DistinctCount
from policypack.model.values.values import Unknown


@dataclass(frozen=True)
class ServingGroups:
    """The groups behind a service that take requests.

    Attributes:
        certain: those that certainly do.
        possible: those that may: whether they are drained is not known, or not which of them is.
    """

    certain: tuple[Group, ...]
    possible: tuple[Group, ...] = ()


def drained_backends(service: BackendService) -> tuple[Backend, ...]:
    """The backends that certainly are drained."""
    backends = service.backends
    return () if isinstance(backends, Unknown) else tuple(one for one in backends if one.is_drained is True)


def serving_groups(service: BackendService) -> ServingGroups:
    """The groups that certainly are among the backends of a service and not drained, and those that may not be."""
    if isinstance(service.backends, Unknown):
        return ServingGroups(service.groups)
    placed = [(one.group, one.is_drained) for one in service.backends if one.group]
    certain = [group for group, is_drained in placed if is_drained is False]
    possible = [group for group, is_drained in placed if isinstance(is_drained, Unknown)]
    others, choices = _open_backends(service), _choices(service) if service.links.is_complete else ()
    if all(one.is_drained is False for one in others):
        certain += choices
    elif not all(one.is_drained is True for one in others):
        possible += choices
    return ServingGroups(tuple(certain), tuple(possible))


def serving_regions(service: BackendService) -> DistinctCount:
    """The regions that a service serves from: those of its backends that are not drained."""
    if service.is_regional or isinstance(service.backends, Unknown):
        return service.regions
    if attached := service.attachments.certain:
        # Clusters of other stacks may attach theirs as well.
        own = [group.region for group in serving_groups(service).certain]
        theirs = [one.region for one in attached if one.is_drained is False]
        return count_regions([*own, *theirs], [], is_closed=False, unresolved=None)
    groups, others = serving_groups(service), _open_backends(service)
    if service.links.is_complete and all(one.is_drained is False for one in others):
        others = ()
    alive = [one for one in others if one.is_drained is not True]
    choices = _choices(service) if alive else ()
    possible = (*(group for group in groups.possible if group not in choices), *choices)
    is_bounded = not any(group.is_anywhere for group in (*groups.certain, *possible))
    in_place = sum(isinstance(one.is_drained, Unknown) for one in service.backends if one.group)
    count = count_regions(
        [group.region for group in groups.certain],
        [group.region for group in possible],
        is_closed=service.links.is_closed,
        unresolved=in_place + len(alive) if is_bounded else None,
    )
    certain_others = sum(one.is_drained is False for one in others) if service.links.is_complete else 0
    return replace(count, least=_least(count.certain, choices, certain_others))


def _open_backends(service: BackendService) -> tuple[Backend, ...]:
    """The backends of which it is not known which group they point at."""
    return () if isinstance(service.backends, Unknown) else tuple(one for one in service.backends if not one.group)


def _choices(service: BackendService) -> tuple[Group, ...]:
    others = _open_backends(service)
    return (others[0].choices or ()) if others else ()


def _least(certain: frozenset[str], choices: Sequence[Group], number: int) -> int:
    """How many regions there are at least if `number` of the groups are added to certain regions."""
    if any(isinstance(group.region, Unknown) for group in choices):
        return 0
    counts = Counter(group.region for group in choices)
    left = number - sum(count for region, count in counts.items() if region in certain)
    added = 0
    for region, count in counts.most_common():
        if left > 0 and region not in certain:
            added, left = added + 1, left - count
    return len(certain) + added
