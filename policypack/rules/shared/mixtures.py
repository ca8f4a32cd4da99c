"""What is wrong with the backends of a service together: kinds that do not go together, and too many of one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from typing import Final

from policypack.model.balancing.backend_service import BackendService
from policypack.model.balancing.group import Group
from policypack.model.products.kinds import KINDS, LIMITS, TOGETHER, BackendKind
from policypack.model.products.product import Family
from policypack.model.run.endpoint import most_endpoints
from policypack.model.run.neg import internet_backends
from policypack.model.values.logic import known_in, or_else
from policypack.rules.shared.refusal import which_product
from policypack.verdict import Checks, Fail, Undecided, known, not_known
from policypack.wording import how_many, quoted

_IN_ZONES: Final = frozenset({BackendKind.ZONAL_NEG, BackendKind.ZONAL_IP_NEG, BackendKind.HYBRID_NEG})
_BY_URL_MAP: Final = "Create a service for each, and route between them in the URL map."
_BY_FRONT: Final = "Create a service and a forwarding rule for each."


def kinds_go_together(service: BackendService) -> Checks:
    """Instance groups, zonal and hybrid NEGs, and each other kind of NEG are in services of their own.

    That is certain of the groups together even where it is not known which of them is which entry.
    """
    certain = [group.backend_kinds for group in service.groups if len(group.backend_kinds) < len(BackendKind)]
    kinds = frozenset().union(*certain, *(entry.backend_kinds for entry in or_else(service.backends, ())))
    # Those NEGs in a zone that a proxy takes go together, whichever they are.
    likely = (*TOGETHER, _IN_ZONES) if service.is_passthrough is False else TOGETHER
    if not any(all(found & together for found in certain) for together in TOGETHER):
        yield Fail(
            f"It mixes kinds of backends that cannot be combined: {_listed(service.groups)}.",
            "Instance groups alone, zonal NEGs with or without hybrid ones, or NEGs of one other kind.",
            _apart(service),
        )
    elif alone := _only_one(service):
        (kind,) = alone.backend_kinds
        what = " for a Google API" if alone.serves_google_api is True else ""
        yield Fail(
            f"It has {len(or_else(service.backends, ()))} backends, and `{alone.name}` is a {kind.value}{what}.",
            f"A {kind.value}{what} as the only backend.",
            _apart(service),
        )
    elif len(or_else(service.backends, ())) > 1 and not any(kinds <= together for together in likely):
        unclear = next(entry.label for entry in or_else(service.backends, ()) if len(entry.backend_kinds) > 1)
        yield not_known("group", unclear, because="some kinds of backends cannot be combined")


def _only_one(service: BackendService) -> Group | None:
    """A group that has to be the only one of a service, and is not, whatever the others are.

    Of groups of one kind there are too many then, which is said elsewhere.
    """
    if len(or_else(service.backends, ())) < 2:
        return None
    for group in service.groups:
        others = _certainly(service.groups, *group.backend_kinds) if len(group.backend_kinds) == 1 else ()
        if len(others) == 1 and (group.serves_google_api is True or _is_one_of_its_kind(service, group)):
            return group
    return None


def _is_one_of_its_kind(service: BackendService, group: Group) -> bool:
    """Whether its load balancer takes one group of this kind, and no other kind beside it."""
    counts = {KINDS[kind].counts.get(product) for product in service.products for kind in group.backend_kinds}
    return counts == {"one"} and group.backend_kinds in TOGETHER


def as_many_as_taken(service: BackendService) -> Checks:
    """There are no more NEGs of a kind than the load balancer takes, in all or in a region."""
    possible = Counter(kind for entry in or_else(service.backends, ()) for kind in entry.backend_kinds)
    for kind in KINDS:
        if possible[kind] > 1:
            yield _as_many_of_kind(service, kind, possible[kind])


def _as_many_of_kind(service: BackendService, kind: BackendKind, possible: int) -> Checks:
    limits = {KINDS[kind].counts.get(product, "any") for product in service.products} - {"any"}
    if not limits:
        return
    if service.undecided_property:
        yield which_product(service)
        return
    certain = _certainly(service.groups, kind)
    count = max(len(certain), sum(entry.backend_kinds == {kind} for entry in or_else(service.backends, ())))
    (limit,) = limits
    if limit == "one a region":
        yield from _one_a_region(service, kind)
    elif count > LIMITS[limit]:
        yield Fail(
            f"It has {count} backends of kind {kind.value}.",
            f"At most what its load balancer supports in one service: {limit}.",
            _apart(service),
        )
    elif possible > LIMITS[limit]:
        unclear = next(entry.label for entry in or_else(service.backends, ()) if len(entry.backend_kinds) > 1)
        yield not_known(
            "group",
            unclear,
            because=f"its load balancer supports only a limited number of backends of kind {kind.value}",
        )


def _one_a_region(service: BackendService, kind: BackendKind) -> Checks:
    certain = _certainly(service.groups, kind)
    regions = known_in(group.region for group in certain)
    crowded = sorted({region for region in regions if regions.count(region) > 1})
    for region in crowded:
        yield Fail(
            f"It has {how_many(regions.count(region), 'serverless NEG')} in `{region}`.",
            "One serverless NEG per region.",
            f"Move one of them to another region. Or c{_apart(service)[1:]}",
        )
    possible = [group for group in _possible_groups(service) if kind in group.backend_kinds]
    for group in () if crowded else possible:
        others = known_in(other.region for other in possible if other is not group)
        yield _is_first_of_its_region(group, others, is_certain=group in certain)


def _is_first_of_its_region(group: Group, others: Collection[str], *, is_certain: bool) -> Checks:
    is_second = known(group.region, "region", group.name, because="one region has one serverless NEG") in others
    if is_second and not is_certain:
        yield not_known("group", group.name, because="it may be a second serverless NEG of its region")


def platforms_agree(service: BackendService) -> Checks:
    """All serverless NEGs of a service lead to one product, such as Cloud Run.

    https://cloud.google.com/load-balancing/docs/negs/serverless-neg-concepts
    """
    certain = _certainly(service.groups, BackendKind.SERVERLESS_NEG)
    platforms = sorted({group.platform for group in certain if isinstance(group.platform, str)})
    possible = _certainly(_possible_groups(service), BackendKind.SERVERLESS_NEG)
    if len(platforms) > 1:
        yield Fail(
            f"Its serverless NEGs lead to {' and '.join(platforms)}.",
            "Serverless NEGs of one product in one service.",
            _apart(service),
        )
    elif len(or_else(service.backends, ())) > 1 and len(possible) > 1:
        why = "serverless NEGs of two products cannot be combined"
        names = {known(group.platform, "network_endpoint_type", group.name, because=why) for group in possible}
        if len(names - {None}) > 1:
            yield not_known("backends", because=why)


def google_api_is_alone(service: BackendService) -> Checks:
    """A Private Service Connect NEG for a Google API is the only one of its service.

    https://cloud.google.com/load-balancing/docs/backend-service#backends
    """
    certain = _certainly(service.groups, BackendKind.PRIVATE_SERVICE_CONNECT_NEG)
    apis = [group.name for group in certain if group.serves_google_api is True]
    possible = _certainly(_possible_groups(service), BackendKind.PRIVATE_SERVICE_CONNECT_NEG)
    if apis and len(certain) > 1:
        yield Fail(
            f"It has {len(certain)} Private Service Connect NEGs, and {quoted(apis)} "
            f"{'leads' if len(apis) == 1 else 'lead'} to a Google API.",
            "One Private Service Connect NEG for a Google API, or several for published services.",
            _apart(service),
        )
    elif len(or_else(service.backends, ())) > 1 and len(possible) > 1:
        for group in possible:
            yield _serves_no_google_api(group)


def as_many_endpoints_as_taken(service: BackendService) -> Checks:
    """No internet NEG has more endpoints than it takes: a global one takes one.

    https://cloud.google.com/load-balancing/docs/negs/internet-neg-concepts
    """
    for backend in internet_backends(service):
        if not backend.neg:
            continue
        count, most = len(backend.endpoints), most_endpoints(backend.neg)
        if count > most:
            yield Fail(
                f"The internet NEG `{backend.label}` has {count} endpoints.",
                f"{most} at most.",
                "Keep one endpoint, and create a NEG and a service for each of the others.",
            )
        elif len(backend.possible_endpoints) > most:
            yield Undecided(f"an endpoint whose NEG is not known may be one too many in `{backend.label}`", "backends")


def _serves_no_google_api(group: Group) -> Checks:
    why = "a NEG for a Google API must be the only one of its service"
    if known(group.serves_google_api, "psc_target_service", group.name, because=why):
        yield not_known("backends", because=why)


def _possible_groups(service: BackendService) -> tuple[Group, ...]:
    return (*service.groups, *(Group(candidate, service.stack) for candidate in service.links.candidates))


def _certainly(groups: Collection[Group], kind: BackendKind) -> list[Group]:
    return [group for group in groups if group.backend_kinds == {kind}]


def _apart(service: BackendService) -> str:
    return _BY_URL_MAP if service.family is Family.APPLICATION else _BY_FRONT


def _listed(groups: Collection[Group]) -> str:
    named = {group.name: " or ".join(sorted(kind.value for kind in group.backend_kinds)) for group in groups}
    return "; ".join(f"`{name}` is a {kind}" for name, kind in sorted(named.items()))
