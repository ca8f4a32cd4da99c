"""Whom Identity-Aware Proxy and Cloud Run let through, by the grants of the stack.

https://cloud.google.com/iap/docs/managing-access, https://cloud.google.com/run/docs/authenticating/public
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from policypack.model.balancing.backend_service import BackendService
from policypack.model.graph.resource import Resource
from policypack.model.graph.stack import Stack
from policypack.model.graph.tokens import (
    CLOUD_RUN,
    CLOUD_RUN_GRANT_TYPES,
    IAP_GRANT_TYPES,
    IAP_REGION_GRANT_TYPES,
    REGION_NETWORK_ENDPOINT_GROUP,
)
from policypack.model.values.logic import all_of, any_of, equals, known_in, negation
from policypack.model.values.values import UNKNOWN, Unknown

_EVERYBODY: Final = "allUsers"
# The property that names a backend service, and the grants that have it.
_GLOBAL: Final = ("webBackendService", IAP_GRANT_TYPES)
_REGIONAL: Final = ("webRegionBackendService", IAP_REGION_GRANT_TYPES)


def iap_admits_everybody(service: BackendService) -> bool | Unknown:
    """Whether a grant of the stack lets everybody, signed in or not, through Identity-Aware Proxy."""
    key, types = _REGIONAL if service.is_regional else _GLOBAL
    grants = _grants_on(service.stack, service.resource, key, types)
    return any_of(_is_for_everybody(grant) for grant in grants)


def cloud_run_authenticates(service: BackendService) -> bool | Unknown:
    """Whether every backend is a Cloud Run service of the stack that asks its callers who they are.

    Cloud Run does unless the role of an invoker is granted to everybody, or its check of invokers is off.
    """
    groups = [group.target for group in service.groups if isinstance(group.target, Resource)]
    if any(group.type != REGION_NETWORK_ENDPOINT_GROUP for group in groups):
        return False
    if not service.has_only_serverless_backends or not service.links.is_complete or len(groups) < len(service.groups):
        return UNKNOWN if service.may_have_serverless_backends else False
    return all_of(_is_closed(service.stack, group) for group in groups)


def _is_closed(stack: Stack, group: Resource) -> bool | Unknown:
    runs = [resource for resource in stack.uses(group) if resource.type == CLOUD_RUN]
    if len(runs) != 1:
        return UNKNOWN
    run = runs[0]
    grants = _grants_on(stack, run, "name", CLOUD_RUN_GRANT_TYPES)
    is_open = any_of([run.asked.boolean("invokerIamDisabled", default=False), *map(_is_for_everybody, grants)])
    is_closed = negation(is_open) if stack.is_complete or is_open is not False else UNKNOWN
    return any_of([run.asked.boolean("iapEnabled", default=False), is_closed])


def _grants_on(stack: Stack, resource: Resource, key: str, types: Iterable[str]) -> list[Resource]:
    """The grants that are about a resource: computed from it, or with its known name under `key`."""
    wanted, name = tuple(types), resource.asked.string("name")
    of_name = (grant for grant in stack.of_types(wanted) if equals(grant.asked.string(key), str(name)) is True)
    named = list(of_name) if isinstance(name, str) else []
    return list({grant.urn: grant for grant in (*stack.users(resource, wanted), *named)}.values())


def _is_for_everybody(grant: Resource) -> bool | Unknown:
    """Whether a grant names everybody; with a condition it may be for some of their requests."""
    is_binding = grant.type.endswith("Binding")
    members = known_in(grant.asked.strings("members")) if is_binding else [grant.asked.string("member")]
    if not any(isinstance(member, str) and member == _EVERYBODY for member in members):
        return False
    return True if grant.asked.object("condition") is None else UNKNOWN
