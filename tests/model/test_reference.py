"""The names under which resources are found."""

from __future__ import annotations

from typing import Any

import pytest

from policypack.model.graph.reference import Reference, full_url, has_a_name, location_of, references_to
from policypack.model.graph.resource import Resource
from policypack.model.values.values import UNKNOWN
from tests.stacks import Computed, Out, R, backend, build, service, statuses

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


@pytest.mark.parametrize(
    ("inputs", "url"),
    [
        ({}, "projects/p-demo/global/securityPolicies/armor"),
        ({"project": "host"}, "projects/host/global/securityPolicies/armor"),
        ({"project": Computed()}, UNKNOWN),
    ],
)
def test_the_url_of_a_bare_name(inputs: dict[str, Any], url: Any) -> None:
    (chat,) = build(R("BackendService", "chat", inputs)).resources
    assert full_url(chat, "armor", "securityPolicies") == url


def test_what_names_itself_does_not_use_itself() -> None:
    itself = {"name": "chat", "description": "projects/p-demo/global/backendServices/chat"}
    stack = build(R("BackendService", "chat", itself))
    assert stack.uses(stack.resources[0]) == ()
    assert (stack.project, stack.name) == ("llm", "test")


@pytest.mark.parametrize(
    ("inputs", "outputs", "named", "references"),
    [
        ({}, {}, False, set()),
        ({"name": Computed()}, {}, True, set()),
        ({"name": "llm"}, {}, True, {Reference("p-demo", "global", None, "backendServices", "llm")}),
        ({"name": "llm", "project": Computed()}, {}, True, set()),
        ({}, {"id": "projects/p-demo/global/backendServices/chat-1"}, True,
         {Reference("p-demo", "global", None, "backendServices", "chat-1")}),
    ],
)  # fmt: skip
def test_the_name_of_a_resource(
    inputs: dict[str, Any], outputs: dict[str, Any], named: bool, references: set[Reference]
) -> None:
    (chat,) = build(R("BackendService", "chat", inputs, {"outputs": outputs})).resources
    assert has_a_name(chat) is named
    assert references_to(chat) == references


@pytest.mark.parametrize(
    ("path", "location"),
    [
        pytest.param("projects/p/zones/us-central1-a/instanceGroups/g", "us-central1-a", id="in a zone"),
        pytest.param("projects/p/regions/us-central1/instanceGroups/g", UNKNOWN, id="of the other scope"),
    ],
)
def test_what_is_read_is_where_its_id_says(path: str, location: Any) -> None:
    read = Resource("urn:g", "gcp:compute/instanceGroup:InstanceGroup", "g", None, {"id": path}, is_read=True)
    assert location_of(read) is location or location_of(read) == location
