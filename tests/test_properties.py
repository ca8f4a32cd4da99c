"""What holds for every stack: order does not matter, unknowns never turn a verdict around, nothing raises or leaks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policypack.config.options import default_settings
from policypack.evaluate import Status, evaluate
from policypack.judgement import Results
from policypack.model.graph.reference import COLLECTIONS
from policypack.model.graph.resource import Resource
from policypack.model.graph.stack import Stack
from policypack.model.values.read import read_object
from policypack.model.values.values import UNKNOWN
from policypack.pack import _message
from policypack.report.check.terminal import findings_text
from policypack.report.formats import render
from policypack.rule import AnyRule
from policypack.rules import RULES
from tests.recorded import recorded_resources
from tests.stacks import SHORT_TYPES, Computed, Out, R, backend, build, service
from tests.test_recordings import NAMES

pytestmark = pytest.mark.filterwarnings("ignore::hypothesis.errors.NonInteractiveExampleWarning")
SETTINGS = settings(max_examples=40)
DEFAULTS = default_settings(RULES)
Verdicts = dict[tuple[str, str], Status]


def verdicts(resources: list[Resource], rules: Sequence[AnyRule] = RULES, **stack: Any) -> Verdicts:
    report = evaluate(Stack(resources, **stack), rules, DEFAULTS)
    # What a rule says nothing about complies with it.
    return {
        (found.rule.name, found.urn): "passed" if found.status == "not applicable" else found.status
        for rule in report.rules
        for found in rule.findings
    }


# Stacks: strategies are made once, as making and checking one takes longer than most draws of it.


@cache
def regions() -> st.SearchStrategy[str]:
    return st.sampled_from(["us-central1", "europe-west4", "asia-east1"])


@st.composite
def groups(draw: st.DrawFn, number: int, *, negs: bool) -> R:
    region, name = draw(regions()), f"group-{number}"
    ports = {"namedPorts": draw(st.lists(st.sampled_from([{"name": "http"}, {"name": "web"}]), max_size=2))}
    endpoint_type = draw(
        st.sampled_from(["GCE_VM_IP_PORT", "NON_GCP_PRIVATE_IP_PORT", "SERVERLESS", "PRIVATE_SERVICE_CONNECT"])
    )
    instance_groups = [
        R("RegionInstanceGroupManager", name, {"region": region, **ports}),
        R("InstanceGroupManager", name, {"zone": f"{region}-a", **ports}),
        R("InstanceGroup", name, {"zone": f"{region}-b", **ports}),
    ]
    endpoint_groups = [
        R("NetworkEndpointGroup", name, {"zone": f"{region}-a", "networkEndpointType": endpoint_type}),
        R("RegionNetworkEndpointGroup", name, {"region": region, "networkEndpointType": endpoint_type}),
        R("GlobalNetworkEndpointGroup", name, {}),
    ]
    return draw(st.sampled_from(endpoint_groups if negs else instance_groups))


@cache
def targets() -> st.SearchStrategy[dict[str, Any]]:
    numbers = st.sampled_from([0, 0.5, 0.8, 1.5, 4])
    return st.fixed_dictionaries(
        {},
        optional={
            "balancingMode": st.sampled_from(["UTILIZATION", "RATE", "CONNECTION", "IN_FLIGHT", "CUSTOM_METRICS", "X"]),
            "maxUtilization": numbers,
            "maxRate": numbers,
            "maxRatePerInstance": numbers,
            "maxConnections": numbers,
            "maxInFlightRequestsPerInstance": numbers,
            "customMetrics": st.lists(st.fixed_dictionaries({"dryRun": st.booleans()}), max_size=3),
        },
    )


@st.composite
def checks(draw: st.DrawFn) -> R:
    path = draw(st.sampled_from(["/health", "/", "health", None]))
    block = {} if path is None else {"requestPath": path}
    kind = draw(st.sampled_from(["http", "https", "tcp", "grpc"]))
    return draw(
        st.sampled_from(
            [R("HealthCheck", "check", {f"{kind}HealthCheck": block}), R("HttpHealthCheck", "check", block)]
        )
    )


def references(group: R) -> st.SearchStrategy[Any]:
    """A backend's group: by output, by URL, computed, from elsewhere."""
    out = Out(group, "id" if "Endpoint" in group.type or group.type == "InstanceGroup" else "instanceGroup")
    kind = "networkEndpointGroups" if "Endpoint" in group.type else "instanceGroups"
    elsewhere = f"projects/other/zones/us-east1-b/{kind}/x-{group.name}"
    return st.sampled_from([out, out, out, Computed((group,), out), Computed((), elsewhere), elsewhere])


@st.composite
def stacks(draw: st.DrawFn) -> list[R]:
    """Resources as the API takes them, no group twice and no NEG beside instance groups."""
    negs = draw(st.booleans())
    pool = [draw(groups(number, negs=negs)) for number in range(draw(st.integers(0, 3)))]
    check = draw(checks())
    entries = [{**draw(targets()), "group": draw(references(group))} for group in pool]
    inputs: dict[str, Any] = {
        "backends": entries,
        "healthChecks": draw(st.sampled_from([Out(check, "id"), None, "projects/p/global/healthChecks/x"])),
        "loadBalancingScheme": draw(
            st.sampled_from(["EXTERNAL_MANAGED", "EXTERNAL", "INTERNAL_MANAGED", "INTERNAL", None])
        ),
        "protocol": draw(st.sampled_from(["HTTP", "TCP", "UDP", None])),
        "portName": draw(st.sampled_from(["http", "web", None])),
    }
    if draw(st.booleans()):
        inputs["region"] = draw(regions())
    ports = [
        R("InstanceGroupNamedPort", f"port-{group.name}", {"group": Out(group, "id"), "name": "http", "port": 1})
        for group in pool
        # A group has its ports inline or as resources: the provider documents that the two overwrite each other.
        if group.type == "InstanceGroup" and not group.inputs["namedPorts"] and draw(st.booleans())
    ]
    return [service(**inputs), check, *pool, *ports]


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths of everything in a property tree that can be unknown: leaves, objects and lists."""
    if path:
        yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from leaves(item, (*path, key))


def with_unknown(value: Any, path: tuple[Any, ...]) -> Any:
    if not path:
        return UNKNOWN
    if isinstance(value, dict):
        return {key: with_unknown(item, path[1:]) if key == path[0] else item for key, item in value.items()}
    if isinstance(value, list):
        return [with_unknown(item, path[1:]) if key == path[0] else item for key, item in enumerate(value)]
    return value


def blurred(draw: Callable[[st.SearchStrategy[Any]], Any], resource: Resource) -> Resource:
    """The resource with some of what is known of it made unknown, in inputs and outputs alike."""
    for _ in range(draw(st.integers(0, 2))):
        side = draw(st.sampled_from(["inputs", "outputs"]))
        paths = list(leaves(getattr(resource, side) or {}))
        if paths:
            path = draw(st.sampled_from(paths))
            resource = replace(
                resource,
                inputs=with_unknown(resource.inputs, path) if resource.inputs is not None else None,
                outputs=with_unknown(resource.outputs, path) if resource.outputs is not None else None,
            )
    return resource


def assert_refines(less: Verdicts, more: Verdicts) -> None:
    """A definite verdict with less known is the verdict with more known."""
    turned = {key: (status, more[key]) for key, status in less.items() if status != "undecided" and status != more[key]}
    assert turned == {}


# Properties. The fuzzer holds 500 stacks, most of them made of these recordings, to the first two as well.


@pytest.mark.parametrize("name", NAMES)
@settings(parent=SETTINGS, max_examples=6)
@given(data=st.data())
def test_unknowns_never_turn_a_recorded_verdict_around(name: str, data: st.DataObject) -> None:
    resources = recorded_resources(name)
    less = [blurred(data.draw, resource) for resource in resources]
    assert_refines(verdicts(less), recorded_verdicts(name))


@cache
def recorded_verdicts(name: str) -> Verdicts:
    return verdicts(recorded_resources(name))


@SETTINGS
@given(parts=stacks(), deployed=st.booleans(), data=st.data())
def test_order_does_not_matter(parts: list[R], deployed: bool, data: st.DataObject) -> None:
    resources = list(build(*parts, deployed=deployed).resources)
    assert reported(data.draw(st.permutations(resources))) == reported(resources)


@pytest.mark.parametrize("name", NAMES)
@settings(parent=SETTINGS, max_examples=3)
@given(data=st.data())
def test_order_of_recorded_resources_does_not_matter(name: str, data: st.DataObject) -> None:
    assert reported(data.draw(st.permutations(recorded_resources(name)))) == recorded_report(name)


@cache
def recorded_report(name: str) -> str:
    return reported(recorded_resources(name))


# Arbitrary property trees

# What messages may quote: names, places, enumerations, target numbers and the health path. All else may be a secret.
HARMLESS = {
    "name",
    "region",
    "zone",
    "group",
    "healthChecks",
    "portName",
    "requestPath",
    "path",
    "type",
    "retryConditions",
    "networkTier",
    "addressType",
    "ipProtocol",
    "purpose",
    "project",
    "profile",
    "balancingMode",
    "loadBalancingScheme",
    "protocol",
    "maxUtilization",
    "id",
    "selfLink",
    "instanceGroup",
}
READ = HARMLESS | {
    "backends",
    "namedPorts",
    "httpHealthCheck",
    "tcpHealthCheck",
    "customMetrics",
    "dryRun",
    "maxRate",
    "maxRatePerInstance",
    "networkEndpointType",
    "version",
}
MARK = "s3cr3t-mark"
URLS = st.sampled_from(
    [
        f"projects/p/{place}/{kind}/n"
        for place in ("global", "zones/z1-a")
        for kind in ("instanceGroups", "healthChecks")
    ]
)


def scalars(*, marked: bool) -> st.SearchStrategy[Any]:
    text = st.sampled_from([MARK, f"{MARK}/{MARK}", f"projects/{MARK}"])
    return text if marked else st.one_of(
        st.none(), st.booleans(), st.integers(-2, 9), st.floats(), st.text(max_size=4), URLS, st.just(UNKNOWN),
        st.sampled_from(["HTTP", "EXTERNAL_MANAGED", "RATE", "INTERNAL", "/health", "http"]),
    )  # fmt: skip


@cache
def trees() -> st.SearchStrategy[Any]:
    """Any property tree, of the keys that rules read above all."""
    keys = st.one_of(st.sampled_from(sorted(READ)), st.text(max_size=3))
    return st.recursive(
        scalars(marked=False),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=6),
        max_leaves=12,
    )


@cache
def objects() -> st.SearchStrategy[Any]:
    return st.none() | st.dictionaries(st.sampled_from(sorted(READ)), trees(), max_size=8).map(read_object)


@st.composite
def wild_resources(draw: st.DrawFn) -> list[Resource]:
    types = st.sampled_from([*SHORT_TYPES.values(), "acme:x:Y"])
    chosen = [*draw(st.lists(types, max_size=3)), *(type_ for type_ in COLLECTIONS if "ackendService" in type_)]
    urns = [f"urn:pulumi:s::p::{type_}::r{number}" for number, type_ in enumerate(chosen)]
    edges = st.dictionaries(
        st.sampled_from(["backends", "healthChecks", "group"]), st.lists(st.sampled_from([*urns, "urn:x"])).map(tuple)
    )
    return [
        Resource(
            urn, type_, f"r{number}", draw(objects()), draw(objects()), draw(edges), provider=draw(objects()) or {}
        )
        for number, (urn, type_) in enumerate(zip(urns, chosen, strict=True))
    ]


def marked(value: Any, key: str = "") -> Any:
    """The tree with a mark in every leaf that is not harmless to quote."""
    if isinstance(value, dict):
        return {inner: marked(item, inner) for inner, item in value.items()}
    if isinstance(value, list):
        return [marked(item, key) for item in value]
    return value if key in HARMLESS or value is UNKNOWN else MARK


@settings(parent=SETTINGS, max_examples=120)
@given(resources=wild_resources(), is_complete=st.booleans())
def test_no_property_tree_raises_out_of_a_rule_or_is_quoted(resources: list[Resource], is_complete: bool) -> None:
    verdicts(resources, is_complete=is_complete)
    shown = [
        replace(r, inputs=r.inputs and marked(r.inputs), outputs=r.outputs and marked(r.outputs)) for r in resources
    ]
    assert MARK not in reported(shown)


@pytest.mark.parametrize("name", NAMES)
def test_nothing_but_harmless_properties_of_recorded_stacks_is_quoted(name: str) -> None:
    shown = [
        replace(r, inputs=r.inputs and marked(r.inputs), outputs=r.outputs and marked(r.outputs))
        for r in recorded_resources(name)
    ]
    output = reported(shown)
    assert "llm-backend-regions" in output
    assert MARK not in output


def test_one_backend_with_everything_marked_is_quoted_without_marks() -> None:
    """The rules do speak here, so that the absence of marks says something."""
    entry = marked(backend("projects/p/regions/us-central1/instanceGroups/a", maxRate=4, description="d"))
    output = reported(list(build(service([entry], port=80, description=MARK)).resources))
    assert "All backends are in one region" in output
    assert MARK not in output


def reported(resources: list[Resource], **stack: Any) -> str:
    """Everything that outputs say about a stack, without the terminal's table of numbers."""
    judged = Stack(resources, **stack)
    report = evaluate(judged, RULES, DEFAULTS)
    results = Results("a stack", judged, report, date(2026, 1, 1))
    failed, undecided = report.with_status("failed"), report.with_status("undecided")
    documents = (*render("check", "json", results), *render("check", "markdown", results))
    return "\n".join([findings_text(results, (*failed, *undecided)), *documents, *map(_message, failed)])
