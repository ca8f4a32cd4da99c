"""A serving path as a graph, from the front end to the machines, with the verdicts on it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, get_args

from policypack.model.graph.resource import Resource
from policypack.model.graph.stack import Stack
from policypack.report.check.verdicts import Verdicts

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
    "servers",
    "beside",
]

REGION_NOT_KNOWN: Final = "region not known"
ANYWHERE: Final = "on the internet"
NOT_KNOWN: Final = "not known"
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
            for node in (*self.of_kind("servers"), *self.of_kind("health check"))
            if node not in self.balancing_checks
        ]
        first = {key: number for number, one in reversed([*enumerate(backends)]) for key in self._targets_of(one)}
        return tuple(sorted(behind, key=lambda node: first[node.key]))

    def _targets_of(self, node: Node) -> set[str]:
        return {edge.target for edge in self.edges if edge.source == node.key}


class Drawn:
    """The nodes and edges of one path while it is being made."""

    def __init__(self, stack: Stack, verdicts_of: Callable[[str], Verdicts]) -> None:
        self.stack = stack
        self.verdicts_of = verdicts_of
        self.nodes: dict[str, Node] = {}
        self.edges: list[Edge] = []

    def resource(self, kind: NodeKind, resource: Resource, detail: str = "", region: str = "") -> Node:
        verdicts = self.verdicts_of(resource.urn)
        return self.add(Node(resource.urn, kind, resource.name, resource.urn, detail, region, verdicts))

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
