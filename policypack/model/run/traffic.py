"""Which revisions of a Cloud Run service get requests."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from policypack.model.graph.resource import Resource
from policypack.model.graph.stack import Stack, per_stack
from policypack.model.graph.tokens import REGION_NETWORK_ENDPOINT_GROUP, RUN_SERVICE
from policypack.model.values.logic import any_of, equals, is_set, known_in
from policypack.model.values.properties import Properties
from policypack.model.values.values import UNKNOWN, Unknown

_WHOLE: Final = 100


def serves_its_template(resource: Resource, stack: Stack) -> bool | Unknown:
    """Whether the revision that the program describes gets the requests; `UNKNOWN` if another one that is named may.

    A share "defaults to zero if unspecified", and what has a tag then gets only the requests that name the tag:
    https://cloud.google.com/run/docs/reference/rest/v2/TrafficTarget
    """
    traffic = resource.asked.objects("traffics")
    if isinstance(traffic, Unknown):
        return UNKNOWN
    key = "revision" if resource.type == RUN_SERVICE else "revisionName"
    others = [one for one in traffic if one.string(key) is not None]
    if _add_up(one for one in traffic if one not in others):
        others = [one for one in others if one.string("tag") is not None and _tags_are_used(stack) is not False]
    return UNKNOWN if others else True


def _add_up(targets: Iterable[Properties]) -> bool:
    """Whether these certainly get all requests but those that name a tag."""
    return equals(sum(known_in(one.number("percent", default=0) for one in targets)), _WHOLE) is True


@per_stack
def _tags_are_used(stack: Stack) -> bool | Unknown:
    """Whether a NEG of the stack sends requests to a tagged revision, or may take its tag from their URLs."""
    negs = (one.asked.block("cloudRun") for one in stack.of_types([REGION_NETWORK_ENDPOINT_GROUP]))
    return any_of(is_set(neg.string(key)) for neg in negs for key in ("tag", "urlMask"))
