"""The serving path of each backend service as a graph, from the front end to the machines, with the verdicts on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal, TypeAlias, cast, get_args

from policypack.evaluate import Finding, Report, views_of
from policypack.model.balancing.backend_service import BackendService
from policypack.model.balancing.group import Group
from policypack.model.balancing.health_check import HealthCheck
from policypack.model.fleets.group_manager import GroupManager, manager_of
from policypack.model.graph.links import Links
from policypack.model.graph.path import on_path, services_of
from policypack.model.graph.reference import Reference
from policypack.model.graph.resource import Resource
from policypack.model.graph.run_links import run_link_of, run_services_of
from policypack.model.graph.stack import Stack
from policypack.model.graph.tokens import FORWARDING_RULE_TYPES, MACHINE_TYPES, PROXY_TYPES, URL_MAP_TYPES
from policypack.model.graph.view import View
from policypack.model.machines.machine import Machine
from policypack.model.run.service import RunService
from policypack.model.security.security_policy import security_policy_links
from policypack.model.values.values import Unknown
from policypack.report.check.verdicts import Verdicts, count_verdicts

NodeKind: TypeAlias = Literal[
    "front end",
    "target proxy",
    "URL map",
    "route",
    "policy",
    "security policy",
    "backend service",
    "health check",
    "backend",
    "machines",
    "beside",
]

REGION_NOT_KNOWN: Final = "region not known"
ANYWHERE: Final = "on the internet"
NOT_KNOWN: Final = "not known"
_OUTSIDE: Final = "outside the stack"
_NOT_JUDGED: Final = Verdicts()


@dataclass(frozen=True)
class Node:
    """Something on a serving path.

    Attributes:
        key: what tells it from the path's other nodes: the URN of a resource of the stack.
        kind: its place on the path; `beside` for what is judged but not passed by a request, such as a firewall rule.
        label: its logical name, the name in its URL, or `NOT_KNOWN`.
        urn: the URN of a resource of the stack, `None` for what is outside it or not known.
        detail: what else is known of it, in a few words; why it is not known, in a clause.
        region: for a backend, where it serves from: a region, `REGION_NOT_KNOWN` or `ANYWHERE`; else empty.
        verdicts: the findings about it.
    """

    key: str
    kind: NodeKind
    label: str
    urn: str | None = None
    detail: str = ""
    region: str = ""
    verdicts: Verdicts = _NOT_JUDGED

    def __post_init__(self) -> None:
        for name in ("label", "detail", "region"):
            # As text, so that a secret value is hidden wherever it goes from here.
            object.__setattr__(self, name, f"{getattr(self, name)}")


@dataclass(frozen=True)
class Edge:
    """From one node, by its key, to what it hands requests to or is configured with; perhaps, if not `is_certain`."""

    source: str
    target: str
    is_certain: bool = True


@dataclass(frozen=True)
class ServingPath:
    """What is on the serving path of one service.

    Attributes:
        service: the service's own node, which is among `nodes`.
        nodes: all that the path leads through, by kind and name.
        edges: between these.
        beside: what else belongs to the path and has findings, such as its subnetworks.
        verdicts: the findings about all of them together.
        stack: the name of the stack, where there are several.
    """

    service: Node
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    beside: tuple[Node, ...]
    verdicts: Verdicts
    stack: str = ""

    def of_kind(self, kind: NodeKind) -> tuple[Node, ...]:
        return tuple(node for node in self.nodes if node.kind == kind)

    @property
    def regions(self) -> tuple[str, ...]:
        """Where its backends are, what is not known last."""
        names = {node.region for node in self.of_kind("backend")}
        return tuple(sorted(names, key=lambda name: (name in (REGION_NOT_KNOWN, ANYWHERE), name)))

    def in_region(self, region: str) -> tuple[Node, ...]:
        return tuple(node for node in self.of_kind("backend") if node.region == region)

    @property
    def balancing_checks(self) -> tuple[Node, ...]:
        """The health checks by which requests are balanced."""
        return tuple(node for node in self.of_kind("health check") if node.key in self._targets_of(self.service))

    @property
    def behind_backends(self) -> tuple[Node, ...]:
        """The machines, and the health checks that only heal them, in the order of the backends that have them."""
        backends = [node for region in self.regions for node in self.in_region(region)]
        behind = [
            node
            for node in (*self.of_kind("machines"), *self.of_kind("health check"))
            if node not in self.balancing_checks
        ]
        first = {key: number for number, one in reversed([*enumerate(backends)]) for key in self._targets_of(one)}
        return tuple(sorted(behind, key=lambda node: first[node.key]))

    def _targets_of(self, node: Node) -> set[str]:
        return {edge.target for edge in self.edges if edge.source == node.key}


class ServingPaths:
    """The serving paths of stacks, each made when it is asked for."""

    def __init__(self, report: Report, *stacks: Stack) -> None:
        self._stacks = stacks
        self._findings: dict[str, list[Finding]] = {}
        for rule in report.rules:
            for finding in rule.findings:
                self._findings.setdefault(finding.urn, []).append(finding)

    @cached_property
    def services(self) -> tuple[BackendService, ...]:
        """The backend services, those with most violations on their paths first, then by URN."""
        found = (cast("BackendService", one) for stack in self._stacks for one in views_of(stack, BackendService))
        return tuple(sorted((one for one in found if not one.resource.is_empty), key=self._urgency))

    def _urgency(self, service: BackendService) -> tuple[tuple[int, ...], str]:
        return self.verdicts_on_path(service).urgency, service.urn

    def verdicts_on_path(self, subject: BackendService) -> Verdicts:
        return count_verdicts(finding for urn in self._judged.get(subject.urn, ()) for finding in self._findings[urn])

    @cached_property
    def _judged(self) -> Mapping[str, tuple[str, ...]]:
        """By the URNs of services, the URNs of what has findings on their paths."""
        judged: dict[str, list[str]] = {}
        for urn in sorted(self._findings):
            for stack in self._stacks:
                resource = stack.by_urn(urn)
                for service in services_of(stack, resource) if resource else ():
                    judged.setdefault(service.urn, []).append(urn)
        return {urn: tuple(found) for urn, found in judged.items()}

    def verdicts_of(self, urn: str) -> Verdicts:
        return count_verdicts(self._findings.get(urn, ()))

    def stack_of(self, subject: View) -> str:
        """The name of the stack that a subject is of, where there are several."""
        return (subject.stack.name or "") if len(self._stacks) > 1 else ""

    def path_of(self, subject: BackendService) -> ServingPath:
        drawn = Drawn(self, subject.stack)
        own = drawn.resource("backend service", subject.resource, _service_detail(subject))
        _add_front(drawn, subject)
        _add_links(drawn, own, security_policy_links(subject), "security policy")
        _add_links(drawn, own, subject.health_check_links, "health check")
        _add_links(drawn, own, subject.links, "backend")
        for node in drawn.nodes_of("backend"):
            _add_machines(drawn, node)
        beside = tuple(self._beside(urn) for urn in self._judged.get(subject.urn, ()) if urn not in drawn.nodes)
        return ServingPath(
            own, drawn.in_order, tuple(drawn.edges), beside, self.verdicts_on_path(subject), self.stack_of(subject)
        )

    def _beside(self, urn: str) -> Node:
        finding = self._findings[urn][0]
        detail = finding.type.rpartition(":")[2]
        return Node(urn, "beside", finding.name, urn, detail, verdicts=self.verdicts_of(urn))


class Drawn:
    """The nodes and edges of one path while it is being made."""

    def __init__(self, paths: ServingPaths, stack: Stack) -> None:
        self._paths = paths
        self.stack = stack
        self.nodes: dict[str, Node] = {}
        self.edges: list[Edge] = []

    def resource(self, kind: NodeKind, resource: Resource, detail: str = "", region: str = "") -> Node:
        verdicts = self.verdicts_of(resource.urn)
        return self.add(Node(resource.urn, kind, resource.name, resource.urn, detail, region, verdicts))

    def verdicts_of(self, urn: str) -> Verdicts:
        return self._paths.verdicts_of(urn)

    def add(self, node: Node) -> Node:
        """The node, or the one that is there under its key."""
        return self.nodes.setdefault(node.key, node)

    def connect(self, source: Node, target: Node, *, is_certain: bool = True) -> None:
        """Adds an edge, once."""
        if all((edge.source, edge.target) != (source.key, target.key) for edge in self.edges):
            self.edges.append(Edge(source.key, target.key, is_certain))

    def nodes_of(self, kind: NodeKind) -> tuple[Node, ...]:
        return tuple(node for node in self.in_order if node.kind == kind)

    @property
    def in_order(self) -> tuple[Node, ...]:
        kinds = get_args(NodeKind)
        return tuple(sorted(self.nodes.values(), key=lambda node: (kinds.index(node.kind), node.label, node.key)))


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
        drawn.connect(source, drawn.add(_unknown_node(source, kind, links)), is_certain=False)


def _resource_node(drawn: Drawn, kind: NodeKind, resource: Resource) -> Node:
    if kind == "backend":
        group = Group(resource, drawn.stack)
        return drawn.resource(kind, resource, _group_detail(group), _region(group))
    if kind == "health check":
        return drawn.resource(kind, resource, _check_detail(HealthCheck(resource, drawn.stack)))
    if kind == "machines":
        machine_type = Machine(resource, drawn.stack).machine_type
        return drawn.resource(kind, resource, machine_type if isinstance(machine_type, str) else "")
    return drawn.resource(kind, resource)


def _external_node(drawn: Drawn, kind: NodeKind, reference: Reference) -> Node:
    place = "/".join(f"{part}" for part in (reference.project, reference.scope, reference.location) if part)
    region = _region(Group(reference, drawn.stack)) if kind == "backend" else ""
    return Node(f"{place}/{reference.collection}/{reference.name}", kind, reference.name, None, _OUTSIDE, region)


def _unknown_node(source: Node, kind: NodeKind, links: Links) -> Node:
    """What a property points at besides, or at all, is not known."""
    region = REGION_NOT_KNOWN if kind == "backend" else ""
    return Node(f"{source.key} {kind}", kind, NOT_KNOWN, None, links.why, region)


def _add_machines(drawn: Drawn, node: Node) -> None:
    """The machine templates behind a group, and the check that heals it; the Cloud Run service behind a NEG."""
    resource = drawn.stack.by_urn(node.urn) if node.urn else None
    if resource is None:
        return
    manager = manager_of(Group(resource, drawn.stack))
    if manager:
        _add_links(drawn, node, manager.template_links, "machines")
        _add_links(drawn, node, manager.healing_check_links, "health check")
        return
    for machine in drawn.stack.uses(resource):
        if machine.type in MACHINE_TYPES:
            drawn.connect(node, _resource_node(drawn, "machines", machine))
    for service in run_services_of(drawn.stack, resource):
        is_certain = run_link_of(drawn.stack, resource).service is service
        detail = _run_detail(RunService.of(service, drawn.stack))
        drawn.connect(node, drawn.resource("machines", service, detail), is_certain=is_certain)


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
        return f"{least:g} machine{'' if least == 1 else 's'}"
    most = autoscaler.max_replicas
    return f"{least:g} or more machines" if isinstance(most, Unknown) else f"{least:g} to {most:g} machines"


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
