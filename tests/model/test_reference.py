"""The names under which resources are found."""

from __future__ import annotations

from typing import Any

import pytest

from policypack.model.graph.links import resolve
from policypack.model.graph.reference import (
    Reference,
    full_url,
    has_a_name,
    have_one_project,
    location_of,
    references_to,
    short_name,
)
from policypack.model.graph.resource import Resource
from policypack.model.graph.tokens import REGION_INSTANCE_GROUP_MANAGER
from policypack.model.values.values import UNKNOWN
from tests.stacks import Computed, Out, R, backend, build, mig, service, statuses

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


@pytest.mark.parametrize(
    ("name", "targets", "why"),
    [
        pytest.param("llm", ["mig-europe-west4"], "", id="another name"),
        pytest.param(
            Computed(), [], "``backends`` may name a resource whose own name is not known", id="perhaps the same name"
        ),
    ],
)
def test_a_url_may_be_that_of_a_new_resource(name: Any, targets: list[str], why: str) -> None:
    group, url = mig("europe-west4", name=name), "projects/p-demo/regions/europe-west4/instanceGroups/chat"
    stack = build(group, service([backend(url), backend(Out(group, "id"))]))
    chat = next(one for one in stack.resources if one.name == "chat")
    links = resolve(stack, chat, "backends", [url, UNKNOWN], [REGION_INSTANCE_GROUP_MANAGER])
    assert ([one.name for one in links.targets], links.why) == (targets, why)
    assert [one.name for one in links.external] == ["chat"]


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        pytest.param({}, {}, True, id="that of their provider"),
        pytest.param({}, {"provider_urn": "another"}, False, id="those of two providers"),
        pytest.param({"inputs": {"project": UNKNOWN}}, {}, False, id="the first has its own"),
        pytest.param({}, {"inputs": {"project": UNKNOWN}}, False, id="the other has its own"),
        pytest.param({"edges": {"project": ("a",)}}, {"edges": {"project": ("a",)}}, True, id="from one resource"),
        pytest.param({"edges": {"project": ("a",)}}, {"edges": {"project": ("b",)}}, False, id="from two resources"),
        pytest.param({"edges": {"project": ("a",)}}, {}, False, id="from a resource, and the provider's"),
    ],
)
def test_whose_project_two_resources_have(one: dict[str, Any], other: dict[str, Any], expected: bool) -> None:
    first, second = (Resource("u", "t", "r", **{"inputs": {}, "provider_urn": "p", **each}) for each in (one, other))
    assert have_one_project(first, second) is expected


@pytest.mark.parametrize("url", ["llm", "zones/z/instances/llm", "https://host/v1/llm/"])
def test_the_name_in_a_url(url: str) -> None:
    assert short_name(url) == "llm"
