from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest

from policypack.config.options import default_settings
from policypack.evaluate import evaluate
from policypack.model.graph.links import LinkIndex, Links, resolve
from policypack.model.graph.path import on_path
from policypack.model.graph.resource import Resource
from policypack.model.graph.stack import Stack
from policypack.model.graph.tokens import RUN_TYPES, SERVICE_TYPES
from policypack.model.graph.view import View
from policypack.model.values.values import UNKNOWN, Unknown
from policypack.rules import RULES
from tests.rules.runs import behind, neg, run
from tests.stacks import backend, build, check, mig, service

NETWORK, SUBNETWORK = "gcp:compute/network:Network", "gcp:compute/subnetwork:Subnetwork"
FIREWALL, BUCKET = "gcp:compute/firewall:Firewall", "gcp:storage/bucket:Bucket"
PROVIDER = {"project": "p"}


def network(name: str) -> Resource:
    path = f"projects/p/global/networks/{name}"
    return Resource(f"urn:{name}", NETWORK, name, {"name": name}, {"id": path}, provider=PROVIDER)


def user(type_: str, name: str, value: object, *sources: str) -> Resource:
    inputs = {"network": value}
    return Resource(f"urn:{name}", type_, name, inputs, {}, {"network": sources}, provider=PROVIDER)  # type: ignore[arg-type]


def names(resources: tuple[Resource, ...]) -> list[str]:
    return [resource.name for resource in resources]


@pytest.mark.parametrize(
    ("value", "sources"),
    [
        ("projects/p/global/networks/net", ()),
        ("https://www.googleapis.com/compute/v1/projects/p/global/networks/net", ()),
        ("net", ()),
        (UNKNOWN, ("urn:net",)),
    ],
)
def test_users_are_found_by_type(value: object, sources: tuple[str, ...]) -> None:
    parts = [user(SUBNETWORK, "sub", value, *sources), user(FIREWALL, "fw", value, *sources), user(BUCKET, "b", value)]
    stack = Stack([network("net"), network("other"), *parts])
    net, other = (stack.by_urn(f"urn:{name}") for name in ("net", "other"))
    assert net is not None
    assert other is not None
    assert names(stack.users(net, [SUBNETWORK])) == ["sub"]
    assert names(stack.users(net, [SUBNETWORK, FIREWALL])) == ["fw", "sub"]
    assert stack.users(net, [NETWORK]) == ()
    assert stack.users(other, [SUBNETWORK, FIREWALL]) == ()
    assert names(stack.uses(parts[0])) == ["net"]


def test_users_that_come_change_and_come_to_mean_something_else_are_found() -> None:
    stack = Stack([user(SUBNETWORK, "sub", "projects/p/global/networks/net")])
    (sub,) = stack.of_types([SUBNETWORK])
    assert stack.uses(sub) == ()
    net, other = network("net"), network("other")
    stack.add(net)
    assert names(stack.users(net, [SUBNETWORK])) == ["sub"]
    stack.add(other)
    stack.add(user(SUBNETWORK, "late", UNKNOWN, "urn:other"))
    assert names(stack.users(other, [SUBNETWORK])) == ["late"]
    stack.add(user(SUBNETWORK, "sub", "projects/p/global/networks/other"))
    assert stack.users(net, [SUBNETWORK]) == ()
    assert names(stack.users(other, [SUBNETWORK])) == ["late", "sub"]
    # Of two resources with one name none is meant for certain.
    twin = Resource("urn:twin", NETWORK, "twin", {}, {"id": "projects/p/global/networks/other"})
    stack.add(twin)
    assert names(stack.users(other, [SUBNETWORK])) == ["late"]


def test_what_shows_nothing_mentions_nothing() -> None:
    stack = Stack([Resource("urn:read", SUBNETWORK, "read", None, None), network("net")])
    (net,) = stack.of_types([NETWORK])
    assert stack.uses(stack.of_types([SUBNETWORK])[0]) == ()
    assert stack.users(net, [SUBNETWORK]) == ()


def test_types_that_nobody_asks_about_are_not_looked_into() -> None:
    class Untouchable(dict[str, object]):
        def __iter__(self) -> Iterator[str]:
            raise AssertionError("looked into")

    bucket = Resource("urn:b", BUCKET, "b", Untouchable(), {}, provider=PROVIDER)  # type: ignore[arg-type]
    stack = Stack([network("net"), bucket])
    (net,) = stack.of_types([NETWORK])
    assert stack.users(net, [SUBNETWORK, FIREWALL]) == ()


def test_an_index_of_links_leaves_out_only_who_certainly_does_not_point_there() -> None:
    values: list[str | Unknown] = ["projects/p/global/networks/net", "projects/q/global/networks/x", UNKNOWN, "odd"]
    firewalls = [user(FIREWALL, f"fw{i}", value) for i, value in enumerate(values)]
    stack = Stack([network("net"), network("other"), *firewalls])
    found: list[tuple[str, Links]] = [
        (firewall.name, resolve(stack, firewall, "network", [value], [NETWORK]))
        for firewall, value in zip(firewalls, values, strict=True)
    ]
    index = LinkIndex(found)
    for target in stack.of_types([NETWORK]):
        about = [name for name, _ in index.about(target)]
        left_out = [links for name, links in found if name not in about]
        assert all(links.includes(target) is False for links in left_out)
        assert about == (["fw0", "fw1", "fw2", "fw3"] if target.name == "net" else ["fw1", "fw2", "fw3"])


def test_views_are_shared_until_the_stack_changes() -> None:
    class Network(View):
        TYPES = (NETWORK,)

    stack = Stack([network("net")])
    (net,) = stack.of_types([NETWORK])
    first = Network.of(net, stack)
    assert Network.of(net, stack) is first
    assert View.of(net, stack) is not first
    stack.add(network("other"))
    assert Network.of(net, stack) is not first


def test_a_stack_that_was_told_to_forget_goes_at_once() -> None:
    """An audit judges thousands of them: none may wait for the garbage collector."""
    group = mig()
    stack = build(group, check(), service([backend(group)]))
    gc.disable()
    try:
        report = evaluate(stack, RULES, default_settings(RULES))
        stack.forget()
        gone = weakref.ref(stack)
        del stack
        assert gone() is None
    finally:
        gc.enable()
    assert report.with_status("failed")


def test_a_cloud_run_service_is_on_the_path_by_its_name() -> None:
    by_name = neg(None, cloudRun={"service": "llm"})
    stack = build(run(), by_name, behind(by_name))
    (chat,) = stack.of_types(SERVICE_TYPES)
    assert on_path(stack, chat, RUN_TYPES) == stack.of_types(RUN_TYPES)
