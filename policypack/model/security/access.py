"""Whom Identity-Aware Proxy and Cloud Run let through, by the grants of the stack.

https://cloud.google.com/iap/docs/managing-access, https://cloud.google.com/run/docs/authenticating/public
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from policypack.model.balancing.backend_service import BackendService
from policypack.model.graph.attached import attached_to
from policypack.model.graph.reference import short_name
from policypack.model.graph.resource import Resource
from policypack.model.graph.run_links import run_name
from policypack.model.graph.tokens import (
    CLOUD_RUN_GRANT_TYPES,
    CLOUD_RUN_V1_GRANT_TYPES,
    IAP_CLOUD_RUN_GRANT_TYPES,
    IAP_GRANT_TYPES,
    IAP_REGION_GRANT_TYPES,
)
from policypack.model.run.neg import run_services_behind, run_services_perhaps_behind, serverless_backends
from policypack.model.run.service import RunService
from policypack.model.security.grants import lets_in
from policypack.model.values.logic import all_of, any_of, equals, is_in, negation, when_known
from policypack.model.values.values import UNKNOWN, Unknown

_EVERYBODY: Final = ("allUsers",)
# Whoever has an account at Google, which anybody can get, has one that Cloud Run takes.
_STRANGERS: Final = ("allUsers", "allAuthenticatedUsers")
# https://cloud.google.com/run/docs/reference/iam/roles: those with `run.routes.invoke`.
_INVOKERS: Final = ("roles/run.invoker", "roles/run.servicesInvoker", "roles/run.admin")
# The property that names a Cloud Run service in a grant of either API version, and in one of its IAP.
_RUN_KEYS: Final = {
    **dict.fromkeys(CLOUD_RUN_GRANT_TYPES, "name"),
    **dict.fromkeys(CLOUD_RUN_V1_GRANT_TYPES, "service"),
    **dict.fromkeys(IAP_CLOUD_RUN_GRANT_TYPES, "cloudRunServiceName"),
}
_EVERYWHERE: Final = "global"


def iap_admits_everybody(service: BackendService) -> bool | Unknown:
    """Whether a grant of the stack lets everybody, signed in or not, through Identity-Aware Proxy."""
    grants = attached_to(service.stack, service.resource, (*IAP_GRANT_TYPES, *IAP_REGION_GRANT_TYPES))
    return any_of(all_of([belongs, lets_in(grant, _EVERYBODY, ())]) for grant, belongs in grants)


def cloud_run_authenticates(service: BackendService, key_words: Iterable[str] = ()) -> bool | Unknown:
    """Whether every backend is a Cloud Run service of the stack that asks its callers who they are.

    Cloud Run does unless the role of an invoker is granted to everybody, or its check of invokers is off; then the
    server does if it has a key.

    Args:
        service: the backend service.
        key_words: the variables and flags of a server that asks for a key.
    """
    if not service.may_have_serverless_backends:
        return False
    backends = serverless_backends(service)
    if not service.has_only_serverless_backends or not service.links.is_complete:
        return UNKNOWN
    words = tuple(key_words)
    return all_of(UNKNOWN if one.service is None else authenticates(one.service, words) for one in backends)


def authenticates(run: RunService, key_words: tuple[str, ...]) -> bool | Unknown:
    """Whether a Cloud Run service asks its callers who they are, on whichever way they come."""
    by_iap = all_of([run.uses_iap, negation(_any_opens(run, IAP_CLOUD_RUN_GRANT_TYPES, _EVERYBODY, ()))])
    return any_of([by_iap, negation(lets_strangers_in(run)), _asks_for_key(run, key_words)])


def open_run_services(service: BackendService, key_words: Iterable[str]) -> tuple[RunService, ...] | Unknown:
    """The Cloud Run services behind a backend service that answer whoever goes around its load balancer, unasked.

    Returns:
        Those that certainly do; `UNKNOWN` if none does for certain and one may.
    """
    words = tuple(key_words)

    def is_open(run: RunService) -> bool | Unknown:
        return all_of([run.can_be_gone_round, negation(authenticates(run, words))])

    answers = {run: is_open(run) for run in run_services_behind(service)}
    certain = tuple(run for run, answer in answers.items() if answer is True)
    possible = [*answers.values(), *map(is_open, run_services_perhaps_behind(service))]
    return certain if certain or all(answer is False for answer in possible) else UNKNOWN


def lets_strangers_in(run: RunService) -> bool | Unknown:
    """Whether Cloud Run lets anybody send requests to a service."""
    granted = _any_opens(run, (*CLOUD_RUN_GRANT_TYPES, *CLOUD_RUN_V1_GRANT_TYPES), _STRANGERS, _INVOKERS)
    is_open = any_of([run.lets_invokers_unchecked, granted])
    return UNKNOWN if is_open is False and not run.stack.is_complete else is_open


def _any_opens(
    run: RunService, types: Iterable[str], members: tuple[str, ...], roles: tuple[str, ...]
) -> bool | Unknown:
    grants = run.stack.of_types(types)
    return any_of(all_of([_is_about(grant, run), lets_in(grant, members, roles)]) for grant in grants)


def _is_about(grant: Resource, run: RunService) -> bool | Unknown:
    """Whether a grant is about a service: by what its name is computed from, or by name and location."""
    key = _RUN_KEYS[grant.type]
    location, asked = grant.asked.string("location"), grant.asked.string(key)
    regions = run.regions
    is_here = UNKNOWN if location is None or isinstance(regions, Unknown) else is_in(location, (*regions, _EVERYWHERE))
    if is_here is False:
        return False
    if run.urn in grant.edges.get(key, ()):
        return True
    own = run_name(run.resource)
    if asked is None or own is None:
        return False
    return all_of([equals(when_known(asked, short_name), own), is_here])


def _asks_for_key(run: RunService, words: tuple[str, ...]) -> bool | Unknown:
    """Whether the program of some container has a key to ask for; a function's is not shown."""
    if run.is_function or isinstance(run.containers, Unknown):
        return UNKNOWN
    return any_of(container.mentions(words) for container in run.containers)
