"""Which Cloud Run services serverless NEGs name: by their short name and region, or by what the name came from."""

from __future__ import annotations

from typing import NamedTuple

from policypack.model.graph.reference import (
    may_be_one_project,
    region_of,
    region_setting,
    short_name,
    with_provider_default,
)
from policypack.model.graph.resource import Resource, ordered
from policypack.model.graph.stack import Stack, per_stack
from policypack.model.graph.tokens import REGION_NETWORK_ENDPOINT_GROUP, RUN_FUNCTION, RUN_SERVICE, RUN_TYPES
from policypack.model.values.logic import equals, or_else
from policypack.model.values.values import UNKNOWN, Unknown

# Block -> the property with the short name. A function of the second generation can be named either way.
_NAMED_IN = {"cloudRun": "service", "cloudFunction": "function"}
_EVERYWHERE = "global"


class RunLink(NamedTuple):
    """What a serverless NEG names.

    Attributes:
        service: the Cloud Run service of the stack that it certainly names, in its own region.
        elsewhere: those of the stack that have the name, all certainly in other regions.
        candidates: those that it may name.
    """

    service: Resource | None = None
    elsewhere: tuple[Resource, ...] = ()
    candidates: tuple[Resource, ...] = ()


@per_stack
def run_link_of(stack: Stack, neg: Resource) -> RunLink:
    """The Cloud Run service that a serverless NEG names; the API looks the short name up in the NEG's region.

    https://cloud.google.com/load-balancing/docs/negs/serverless-neg-concepts
    """
    if neg.type != REGION_NETWORK_ENDPOINT_GROUP:
        return RunLink()
    names = [neg.asked.block(block).string(key) for block, key in _NAMED_IN.items()]
    name = next((name for name in names if name is not None), None)
    if name is None:
        return RunLink()
    edges = [stack.by_urn(urn) for block in _NAMED_IN for urn in neg.edges.get(block, ())]
    sources = [one for one in edges if one and one.type in RUN_TYPES and _may_be_together(neg, one)]
    certain, possible = _by_name(stack, neg, name, sources)
    region = region_setting(neg)
    here = [one for one in certain if _is_in(one, region) is not False]
    perhaps = [one for one in possible if _is_in(one, region) is not False]
    if certain and not here and not perhaps:
        return RunLink(elsewhere=tuple(certain))
    if len(sources) == 1 and sources[0] in here:
        here = sources
    # A name is there once in a region.
    certainly_here = [one for one in here if _is_in(one, region) is True]
    if len(certainly_here) == 1:
        return RunLink(certainly_here[0])
    return RunLink(candidates=(*here, *perhaps))


def _may_be_together(neg: Resource, service: Resource) -> bool:
    """Whether they may be in one project, as the API demands; a project goes by its id or by its number."""
    return may_be_one_project(*(or_else(with_provider_default(one, "project"), None) for one in (neg, service)))


def _by_name(
    stack: Stack, neg: Resource, name: str | Unknown, sources: list[Resource]
) -> tuple[list[Resource], list[Resource]]:
    """The services that certainly have a name, and those that may have it, in whichever regions.

    Args:
        stack: where to look.
        neg: the NEG, whose project they are in.
        name: the name.
        sources: the services that it is computed from: from one alone, it is that service's name.
    """
    if len(sources) == 1 and run_name(sources[0]) is None:
        return sources, []
    if isinstance(name, Unknown):
        if len(sources) != 1:
            return [], sources
        own = run_name(sources[0])
        name = own if isinstance(own, str) else UNKNOWN
    others = [one for one in stack.of_types(RUN_TYPES) if run_name(one) is not None and _may_be_together(neg, one)]
    if isinstance(name, Unknown):
        return sources, [one for one in others if one not in sources]
    answers = [(one, equals(run_name(one), name)) for one in others]
    return [one for one, is_it in answers if is_it is True], [one for one, is_it in answers if is_it is UNKNOWN]


def run_services_of(stack: Stack, neg: Resource) -> tuple[Resource, ...]:
    """The Cloud Run services that a NEG names or may name, ordered by URN."""
    link = run_link_of(stack, neg)
    return ordered((*([link.service] if link.service else []), *link.elsewhere, *link.candidates))


def negs_of(stack: Stack, service: Resource) -> tuple[Resource, ...]:
    """The NEGs that name a Cloud Run service or may name it, ordered by URN."""
    return _negs_by_service(stack).get(service.urn, ())


@per_stack
def _negs_by_service(stack: Stack) -> dict[str, tuple[Resource, ...]]:
    found: dict[str, tuple[Resource, ...]] = {}
    for neg in stack.of_types([REGION_NETWORK_ENDPOINT_GROUP]):
        for service in run_services_of(stack, neg):
            found[service.urn] = (*found.get(service.urn, ()), neg)
    return found


def run_name(service: Resource) -> str | Unknown | None:
    """The short name of a Cloud Run service; `None` for one that Pulumi will make up, which nobody can write down.

    A function's service has no capitals and no underscores.

    https://cloud.google.com/run/docs/functions/comparison
    """
    name = service.asked.string("name")
    if name is None:
        created = service.result.string("name")
        name = created if isinstance(created, str) else None
    if not isinstance(name, str):
        return name
    short = short_name(name)
    return short.lower().replace("_", "-") if service.type == RUN_FUNCTION else short


def regions_of(service: Resource) -> tuple[str, ...] | Unknown:
    """The regions that a Cloud Run service is in: its location, or those that a multi-region service lists.

    https://cloud.google.com/run/docs/multiple-regions
    """
    location = service.asked.string("location")
    if not isinstance(location, str):
        return UNKNOWN
    if location != _EVERYWHERE or service.type != RUN_SERVICE:
        return (region_of(location),)
    regions = service.asked.block("multiRegionSettings").strings("regions")
    if isinstance(regions, Unknown) or not regions:
        return UNKNOWN
    known = tuple(region for region in regions if isinstance(region, str))
    return known if len(known) == len(regions) else UNKNOWN


def _is_in(service: Resource, region: str | Unknown) -> bool | Unknown:
    regions = regions_of(service)
    if isinstance(region, Unknown) or isinstance(regions, Unknown):
        return UNKNOWN
    return region in regions
