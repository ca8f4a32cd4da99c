"""The laws of verdicts, on generated stacks of every area: what more knowledge may change, and what it may not.

The fuzzer holds other stacks, and many more, to the same laws.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policypack.model.graph.resource import Resource
from policypack.rules import RULES
from tests.rules import fleet_stacks, gke_stacks, test_instance_properties, test_network_properties
from tests.stacks import BY_NAME, R, build
from tests.test_properties import SETTINGS, Verdicts, assert_refines, blurred, stacks, verdicts

pytestmark = pytest.mark.filterwarnings("ignore::hypothesis.errors.NonInteractiveExampleWarning")


@dataclass(frozen=True)
class Area:
    """Generated stacks, the rules about them, and whether less knowledge may take a resource off its path."""

    stacks: st.SearchStrategy[list[R]]
    rules: tuple[str, ...]
    leaves_paths: bool = False

    def verdicts(self, resources: list[Resource], **stack: Any) -> Verdicts:
        return verdicts(resources, [BY_NAME[name] for name in self.rules], **stack)

    def assert_refines(self, less: list[Resource], more: list[Resource]) -> None:
        early, whole = self.verdicts(less), self.verdicts(more)
        shared = {key: status for key, status in early.items() if key in whole}
        assert_refines(shared if self.leaves_paths else early, whole)


AREAS = {
    "services": Area(stacks(), tuple(rule.name for rule in RULES)),
    "fleets": Area(fleet_stacks.stacks(), fleet_stacks.RULES, leaves_paths=True),
    "machines": Area(test_instance_properties.machine_stacks(), test_instance_properties.RULES, leaves_paths=True),
    "gke": Area(gke_stacks.stacks(), gke_stacks.RULES, leaves_paths=True),
    "networks": Area(test_network_properties.networks_with_machines(), test_network_properties.RULES),
}


Test: TypeAlias = Callable[..., None]


def law(max_examples: int) -> Callable[[Test], Test]:
    """Makes of a function of an area and generated data a test of each area."""

    def decorate(test: Test) -> Test:
        checked: Test = settings(parent=SETTINGS, max_examples=max_examples)(given(data=st.data())(test))
        for_areas: Test = pytest.mark.parametrize("area", AREAS.values(), ids=AREAS)(checked)
        return for_areas

    return decorate


@law(50)
def test_unknowns_never_turn_a_verdict_around(area: Area, data: st.DataObject) -> None:
    resources = list(build(*data.draw(area.stacks), deployed=data.draw(st.booleans())).resources)
    area.assert_refines([blurred(data.draw, resource) for resource in resources], resources)


@law(30)
def test_a_first_preview_never_turns_the_deployed_verdict_around(area: Area, data: st.DataObject) -> None:
    parts = data.draw(area.stacks)
    first, deployed = (build(*parts, deployed=known).resources for known in (False, True))
    area.assert_refines(list(first), list(deployed))


@law(30)
def test_an_update_never_stops_what_the_whole_stack_allows(area: Area, data: st.DataObject) -> None:
    resources = list(build(*data.draw(area.stacks), deployed=True).resources)
    shown = [replace(one, outputs=None, edges={}) for one in resources if data.draw(st.integers(0, 3))]
    early, whole = area.verdicts(shown, is_complete=False), area.verdicts(resources)
    assert {key for key, status in early.items() if status == "failed"} <= {
        key for key, status in whole.items() if status == "failed"
    }
