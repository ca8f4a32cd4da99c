"""What a rule judges: the resources of its kind on the serving path of the services that its options select."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Final, NamedTuple

from policypack.config.terms import Stage
from policypack.model.balancing.backend_service import BackendService
from policypack.model.frontend.traffic import may_turn_out_without_requests, why_no_requests
from policypack.model.gke.backends import GkeSubject
from policypack.model.graph.path import services_of
from policypack.model.graph.resource import Resource
from policypack.model.graph.stack import Stack, per_stack
from policypack.model.graph.view import View
from policypack.model.values.values import UNKNOWN, Unknown
from policypack.rule import AnyRule, Services

_EVERY_SERVICE: Final = Services()


class Choice(NamedTuple):
    """What a rule judges, each with whether that is certain; and what it would if it were selected or known, by URN."""

    judged: tuple[tuple[View, bool], ...]
    left_out: frozenset[str]


def choice_of(rule: AnyRule, stack: Stack, services: Services) -> Choice:
    """What a rule judges in a stack with this option `services`."""
    return _choice(stack, rule.subject, bool(rule.gke), rule.stage, services)


@per_stack
def _choice(stack: Stack, subject: type[View], is_of_gke: bool, stage: Stage, services: Services) -> Choice:
    """Rules of one kind judge the same, so that it is asked once and not once a rule."""
    of_gke = views_of(stack, GkeSubject) if is_of_gke else ()
    views = sorted((*views_of(stack, subject), *of_gke), key=lambda view: view.urn)
    judged, left_out = list[tuple[View, bool]](), set[str]()
    for view in views:
        selected = False if view.is_empty else selects(stage, services, view)
        if selected is not False:
            judged.append((view, selected is True))
        elif view.is_empty or (services != _EVERY_SERVICE and selects(stage, _EVERY_SERVICE, view)):
            left_out.add(view.urn)
    return Choice(tuple(judged), frozenset(left_out))


@per_stack
def views_of(stack: Stack, subject: type[View]) -> tuple[View, ...]:
    """The views of all resources of one kind, ordered by URN; rules that judge the same kind share them."""
    return tuple(subject.of(resource, stack) for resource in subject.resources_in(stack))


def services_in(*stacks: Stack, with_empty: bool = False) -> list[str]:
    """The names of backend services, sorted; those of which nothing is known only `with_empty`."""
    kinds: tuple[type[View], ...] = (BackendService, GkeSubject)
    views = (view for stack in stacks for kind in kinds for view in views_of(stack, kind))
    return sorted({view.name for view in views if with_empty or not view.is_empty})


def services_on_path(stage: Stage, subject: View) -> Iterator[str]:
    """The names of the services on whose serving path the subject is and that rules judge as LLM backends."""
    if subject.is_a_service:
        return iter([subject.name])
    return (one.name for one in services_of(subject.stack, subject.resource) if _serves(stage, subject.stack, one))


def selects(stage: Stage, services: Services, subject: View) -> bool | Unknown:
    """Whether the options select a service on whose serving path the subject is."""
    is_on_path = any(matches(name, services.names) for name in services_on_path(stage, subject))
    if not is_on_path and not ("*" in services.names and subject.counts_alone):
        return False
    if not matches(subject.stack.project or "", services.projects):
        return False
    if not services.stack_tags:
        return True
    tags = subject.stack.tags
    if tags is None:
        return UNKNOWN
    return all(key in tags and fnmatchcase(tags[key], glob) for key, glob in services.stack_tags.items())


def _serves(stage: Stage, stack: Stack, service: Resource) -> bool:
    """Whether a backend service gets requests, or may; during an update, whether no URL map to come can change that."""
    gets_none = why_no_requests if stack.is_complete or stage != "stack" else may_turn_out_without_requests
    return not gets_none(stack, service)


def matches(name: str, globs: tuple[str, ...]) -> bool:
    """Whether a name is like one of the globs."""
    return "*" in globs or any(fnmatchcase(name, glob) for glob in globs)
