"""The names under which resources are found."""

from __future__ import annotations

import pytest

from policypack.model.graph.reference import Reference, references_to
from policypack.model.graph.resource import Resource
from tests.stacks import Out, R, backend, build, service, statuses

URL = "https://www.googleapis.com/compute/v1/projects/p-demo/zones/us-central1-a/instanceGroups/group"
MEMBERSHIP = "gcp:compute/instanceGroupMembership:InstanceGroupMembership"


@pytest.mark.parametrize(
    ("type_", "collections"),
    [
        ("gcp:compute/instanceGroupManager:InstanceGroupManager", {"instanceGroups", "instanceGroupManagers"}),
        (MEMBERSHIP, set()),
    ],
)
def test_only_a_manager_is_named_by_its_instance_group(type_: str, collections: set[str]) -> None:
    resource = Resource("urn:pulumi:s::p::t::r", type_, "r", {}, {"instanceGroup": URL})
    assert references_to(resource) == {
        Reference("p-demo", "zones", "us-central1-a", collection, "group") for collection in collections
    }


def test_a_member_of_a_deployed_group_does_not_make_the_group_ambiguous() -> None:
    group = R("InstanceGroup", "group", {"zone": "us-central1-a", "name": "group"})
    member = R(
        MEMBERSHIP, "member", {"instanceGroup": Out(group, "id")}, {"outputs": {"id": "x", "instanceGroup": URL}}
    )
    stack = build(group, member, service([backend(Out(group, "id"))]), deployed=True)
    assert statuses("llm-backend-named-port", stack) == {"chat": "failed"}
