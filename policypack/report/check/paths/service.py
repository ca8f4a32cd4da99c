"""The serving path of a backend service: what leads to it, what it is configured with, and what serves."""

from __future__ import annotations

from typing import Final

from policypack.model.balancing.backend_service import BackendService
from policypack.model.balancing.group import Group
from policypack.model.balancing.health_check import HealthCheck
from policypack.model.fleets.group_manager import GroupManager, manager_of
from policypack.model.graph.links import Links
from policypack.model.graph.path import on_path
from policypack.model.graph.reference import Reference
from policypack.model.graph.resource import Resource
from policypack.model.graph.run_links import run_link_of, run_services_of
from policypack.model.graph.tokens import FORWARDING_RULE_TYPES, MACHINE_TYPES, PROXY_TYPES, URL_MAP_TYPES
from policypack.model.machines.machine import Machine
from policypack.model.run.service import RunService
from policypack.model.security.security_policy import security_policy_links
from policypack.model.values.spelling import Spelling, spelled
from policypack.model.values.values import Unknown
from policypack.report.check.paths.serving_path import ANYWHERE, NOT_KNOWN, REGION_NOT_KNOWN, Drawn, Node, NodeKind

_OUTSIDE: Final = "outside the stack"


def draw_service(drawn: Drawn, service: BackendService) -> Node:
    """Draws all that is on the path of a backend service, and gives its own node."""
    own = drawn.resource("backend service", service.resource, _service_detail(service))
    _add_front(drawn, service)
    _add_links(drawn, own, security_policy_links(service), "security policy")
    _add_links(drawn, own, service.health_check_links, "health check")
    _add_links(drawn, own, service.links, "backend")
    for node in drawn.nodes_of("backend"):
        _add_machines(drawn, node)
    return own


def _add_front(drawn: Drawn, service: BackendService) -> None:
    """What leads requests to the service: all that names it or is computed from it."""
    kinds: tuple[tuple[NodeKind, tuple[str, ...]], ...] = (
        ("front end", FORWARDING_RULE_TYPES),
        ("target proxy", PROXY_TYPES),
        ("URL map", URL_MAP_TYPES),
    )
    front = [
        (drawn.resource(kind, resource), resource)
        for kind, types in kinds
        for resource in on_path(drawn.stack, service.resource, types)
    ]
    for node, resource in front:
        for used in drawn.stack.uses(resource):
            if used.urn in drawn.nodes:
                drawn.connect(node, drawn.nodes[used.urn])


def _add_links(drawn: Drawn, source: Node, links: Links, kind: NodeKind) -> None:
    """What a property certainly points at, what it may point at, and a node for what is not known."""
    for resource in links.targets:
        drawn.connect(source, _resource_node(drawn, kind, resource))
    for reference in dict.fromkeys(links.external):
        drawn.connect(source, drawn.add(_external_node(drawn, kind, reference)))
    if links.is_complete:
        return
    for resource in links.candidates:
        drawn.connect(source, _resource_node(drawn, kind, resource), is_certain=False)
    if not links.is_closed:
        drawn.connect(source, drawn.add(_unknown_node(source, kind, links, drawn.stack.spelling)), is_certain=False)


def _resource_node(drawn: Drawn, kind: NodeKind, resource: Resource) -> Node:
    if kind == "backend":
        group = Group(resource, drawn.stack)
        return drawn.resource(kind, resource, _group_detail(group), _region(group))
    if kind == "health check":
        return drawn.resource(kind, resource, _check_detail(HealthCheck(resource, drawn.stack)))
    if kind == "servers":
        machine_type = Machine(resource, drawn.stack).machine_type
        return drawn.resource(kind, resource, machine_type if isinstance(machine_type, str) else "")
    return drawn.resource(kind, resource)


def _external_node(drawn: Drawn, kind: NodeKind, reference: Reference) -> Node:
    place = "/".join(f"{part}" for part in (reference.project, reference.scope, reference.location) if part)
    region = _region(Group(reference, drawn.stack)) if kind == "backend" else ""
    return Node(f"{place}/{reference.collection}/{reference.name}", kind, reference.name, None, _OUTSIDE, region)


def _unknown_node(source: Node, kind: NodeKind, links: Links, spelling: Spelling) -> Node:
    """What a property points at besides, or at all, is not known."""
    region = REGION_NOT_KNOWN if kind == "backend" else ""
    return Node(f"{source.key} {kind}", kind, NOT_KNOWN, None, spelled(links.why, spelling), region)


def _add_machines(drawn: Drawn, node: Node) -> None:
    """The machine templates behind a group, and the check that heals it; the Cloud Run service behind a NEG."""
    resource = drawn.stack.by_urn(node.urn) if node.urn else None
    if resource is None:
        return
    manager = manager_of(Group(resource, drawn.stack))
    if manager:
        _add_links(drawn, node, manager.template_links, "servers")
        _add_links(drawn, node, manager.healing_check_links, "health check")
        return
    for machine in drawn.stack.uses(resource):
        if machine.type in MACHINE_TYPES:
            drawn.connect(node, _resource_node(drawn, "servers", machine))
    for service in run_services_of(drawn.stack, resource):
        is_certain = run_link_of(drawn.stack, resource).service is service
        detail = _run_detail(RunService.of(service, drawn.stack))
        drawn.connect(node, drawn.resource("servers", service, detail), is_certain=is_certain)


def _service_detail(service: BackendService) -> str:
    known = [text for text in (service.scheme, service.protocol) if isinstance(text, str)]
    region = [service.region] if service.is_regional and isinstance(service.region, str) else []
    return ", ".join(f"{detail}" for detail in [*known, *region])


def _group_detail(group: Group) -> str:
    kinds = sorted(kind.value for kind in group.kinds)
    manager = manager_of(group)
    size = _size(manager) if manager else ""
    return size or (kinds[0] if len(kinds) == 1 else "network endpoint group")


def _size(manager: GroupManager) -> str:
    autoscaler = manager.autoscaler
    least = manager.warm_replicas
    if isinstance(autoscaler, Unknown) or isinstance(least, Unknown):
        return "size not known"
    if autoscaler is None or autoscaler.is_on is not True:
        return f"{least:g} VM{'' if least == 1 else 's'}"
    most = autoscaler.max_replicas
    return f"{least:g} or more VMs" if isinstance(most, Unknown) else f"{least:g} to {most:g} VMs"


def _run_detail(service: RunService) -> str:
    least, most = service.min_instances, service.max_instances
    if isinstance(least, Unknown) or isinstance(most, Unknown):
        return "Cloud Run"
    return f"Cloud Run, {least:g} or more" if most is None else f"Cloud Run, {least:g} to {most:g}"


def _region(group: Group) -> str:
    if group.is_anywhere:
        return ANYWHERE
    return group.region if isinstance(group.region, str) else REGION_NOT_KNOWN


def _check_detail(check: HealthCheck) -> str:
    return " ".join(f"{text}" for text in (check.protocol, check.path) if isinstance(text, str))
