"""The serving paths of stacks: of their backend services, and of the backends that GKE makes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import TypeAlias, cast

from policypack.evaluate import Finding, Report
from policypack.model.balancing.backend_service import BackendService
from policypack.model.gke.backends import GkeSubject
from policypack.model.graph.path import services_of
from policypack.model.graph.stack import Stack
from policypack.model.graph.view import View
from policypack.report.check.paths.gke import draw_gke
from policypack.report.check.paths.service import draw_service
from policypack.report.check.paths.serving_path import Drawn, Node, ServingPath
from policypack.report.check.verdicts import Verdicts, count_verdicts
from policypack.selection import views_of

Served: TypeAlias = BackendService | GkeSubject


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

    @cached_property
    def subjects(self) -> tuple[Served, ...]:
        """What has a path, that with most violations on it first, then by URN."""
        of_gke = [cast("GkeSubject", one) for stack in self._stacks for one in views_of(stack, GkeSubject)]
        return tuple(sorted([*self.services, *of_gke], key=self._urgency))

    def _urgency(self, subject: Served) -> tuple[tuple[int, ...], str]:
        return self.verdicts_on_path(subject).urgency, subject.urn

    def verdicts_on_path(self, subject: Served) -> Verdicts:
        """The findings about all that is on a path, together."""
        if isinstance(subject, GkeSubject):
            return self.path_of(subject).verdicts
        return self._verdicts(self._judged.get(subject.urn, ()))

    def path_of(self, subject: Served) -> ServingPath:
        """What is on the path of a backend service, or of what a controller makes one of."""
        drawn = Drawn(subject.stack, lambda urn: self._verdicts([urn]))
        own = draw_gke(drawn, subject) if isinstance(subject, GkeSubject) else draw_service(drawn, subject)
        shown = {node.urn for node in drawn.nodes.values() if node.urn}
        judged = sorted(shown) if isinstance(subject, GkeSubject) else self._judged.get(subject.urn, ())
        beside = tuple(self._beside(urn) for urn in judged if urn not in shown)
        edges, verdicts = tuple(drawn.edges), self._verdicts(judged)
        return ServingPath(own, drawn.in_order, edges, beside, verdicts, self._stack_of(subject))

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

    def _beside(self, urn: str) -> Node:
        finding = self._findings[urn][0]
        detail = finding.type.rpartition(":")[2]
        return Node(urn, "beside", finding.name, urn, detail, verdicts=self._verdicts([urn]))

    def _verdicts(self, urns: Iterable[str]) -> Verdicts:
        return count_verdicts(finding for urn in urns for finding in self._findings.get(urn, ()))

    def _stack_of(self, subject: View) -> str:
        """The name of the stack that a subject is of, where there are several."""
        return (subject.stack.name or "") if len(self._stacks) > 1 else ""
