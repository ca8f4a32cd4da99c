"""Kubernetes objects as the model reads them: kinds, names, namespaces, clusters, and what may hide some."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from policypack.model.gke.backends import GkeBackend, gke_backends
from policypack.model.gke.fronts import FrontClass, fronts_of
from policypack.model.gke.opaque import opaque_in
from policypack.model.kubernetes.clusters import cluster_of
from policypack.model.kubernetes.kinds import Kind, kind_of
from policypack.model.kubernetes.names import is_called
from policypack.model.kubernetes.objects import KubernetesObject, objects_of, same_cluster, same_namespace
from policypack.model.products.product import Family
from policypack.model.values.secret import is_secret, secret
from policypack.model.values.values import UNKNOWN
from tests.rules.clusters import (
    cluster,
    config_group,
    gateway,
    ingress,
    pool,
    release,
    route,
    served,
    service,
    thing,
    within,
)
from tests.stacks import Computed, Out, R, build

STACK, OTHER = R("StackReference", "stack"), R("StackReference", "other")
PROVIDER = "urn:pulumi:test::llm::pulumi:providers:kubernetes::"


@pytest.mark.parametrize(
    ("type_", "kind"),
    [
        ("kubernetes:core/v1:Service", Kind("", "v1", "Service")),
        ("kubernetes:apps/v1:Deployment", Kind("apps", "v1", "Deployment")),
        ("kubernetes:networking.gke.io/v1:HealthCheckPolicy", Kind("networking.gke.io", "v1", "HealthCheckPolicy")),
        ("kubernetes:core/v1:ServicePatch", Kind("", "v1", "Service")),
        ("kubernetes:helm.sh/v3:Release", None),
        ("kubernetes:yaml/v2:ConfigGroup", None),
        ("kubernetes:yaml:ConfigFile", None),
        ("kubernetes:kustomize:Directory", None),
        ("gcp:compute/backendService:BackendService", None),
        ("kubernetes:", None),
    ],
)
def test_kinds(type_: str, kind: Kind | None) -> None:
    assert kind_of(type_) == kind


def read(one: R, **options: Any) -> KubernetesObject:
    stack = build(replace(one, options={**one.options, **options}))
    (found,) = objects_of(stack, (one.inputs["kind"],))
    return found


def test_a_name_that_was_made_up_is_known_once_it_is_there() -> None:
    (made,) = build(R("BackendService", "chat", {}, {"outputs": {"name": "chat-1a2b3c4"}})).resources
    assert is_called(made, "chat-1a2b3c4") is True
    assert is_called(made, "chat-7654321") is False
    (to_make,) = build(R("BackendService", "chat")).resources
    assert is_called(to_make, "chat-1a2b3c4") is UNKNOWN
    assert is_called(to_make, "talk-1a2b3c4") is False


def test_a_name_that_will_be_made_up_is_nobodys() -> None:
    assert read(pool(name="chat")).object_name == "chat"
    made_up = thing("v1", "Service", "chat", {})
    del made_up.inputs["metadata"]["name"]
    assert read(made_up).object_name is None


@pytest.mark.parametrize(
    ("namespace", "provider", "found"),
    [
        ("llm", {}, "llm"),
        (None, {}, None),
        (None, {"namespace": "models"}, "models"),
        (None, {"kubeconfig": UNKNOWN}, None),
        (None, {"renderYamlToDirectory": "out"}, "default"),
        (Computed(), {}, UNKNOWN),
    ],
)
def test_namespace(namespace: Any, provider: dict[str, Any], found: Any) -> None:
    assert read(pool(namespace=namespace), provider=provider).namespace is found or found == "models"


def test_a_computed_namespace_is_the_one_that_its_object_makes() -> None:
    named = thing("v1", "Namespace", "llm", None, namespace=None)
    in_it = service(namespace=Out(named))
    (found,) = objects_of(build(named, in_it), ("Service",))
    assert found.namespace == "llm"
    del named.inputs["metadata"]["name"]
    (found,) = objects_of(build(named, in_it), ("Service",))
    assert found.namespace == named.urn
    named.inputs["metadata"]["name"] = Computed()
    (found,) = objects_of(build(named, in_it), ("Service",))
    assert found.namespace is UNKNOWN


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("a", "a", True),
        ("a", "b", False),
        (None, None, True),
        (None, "default", True),
        (None, "a", UNKNOWN),
        (UNKNOWN, "a", UNKNOWN),
    ],
)
def test_same_namespace(one: Any, other: Any, same: Any) -> None:
    assert same_namespace(one, other) is same
    assert same_namespace(other, one) is same


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        pytest.param({}, {}, True, id="the default one"),
        pytest.param({"namespace": "a"}, {"namespace": "b"}, True, id="two namespaces"),
        pytest.param({"context": "us"}, {"context": "eu"}, False, id="two contexts"),
        pytest.param({"kubeconfig": "us"}, {"kubeconfig": "us"}, True, id="one kubeconfig"),
        pytest.param({"kubeconfig": "us"}, {"kubeconfig": "eu"}, False, id="two kubeconfigs"),
        pytest.param({"kubeconfig": secret("us")}, {"kubeconfig": "us"}, True, id="a secret one"),
        pytest.param({"kubeconfig": "us"}, {"kubeconfig": Computed()}, False, id="one that is not known"),
        pytest.param({"kubeconfig": Computed()}, {"kubeconfig": Computed()}, UNKNOWN, id="two that are not known"),
        pytest.param({"kubeconfig": Computed((STACK,))}, {"kubeconfig": Computed((OTHER,))}, False, id="of two stacks"),
        pytest.param(
            {"kubeconfig": Computed((STACK,))}, {"kubeconfig": Computed((STACK,))}, UNKNOWN, id="of one stack"
        ),
        pytest.param({"renderYamlToDirectory": "us"}, {"renderYamlToDirectory": "eu"}, False, id="two folders"),
    ],
)
def test_clusters_are_told_by_the_kubeconfig(one: dict[str, Any], other: dict[str, Any], same: Any) -> None:
    providers = [R("pulumi:providers:kubernetes", f"k{number}", given) for number, given in enumerate((one, other))]
    objects = []
    for number, given in enumerate((one, other)):
        settings = {key: UNKNOWN if isinstance(value, Computed) else value for key, value in given.items()}
        options = {"provider_urn": providers[number].urn, "provider": settings}
        objects.append(replace(pool(logical=f"p{number}"), options=options))
    found = objects_of(build(STACK, OTHER, *providers, *objects), ("InferencePool",))
    assert same_cluster(*found) is same
    assert same_cluster(*reversed(found)) is same


@pytest.mark.parametrize(
    ("one", "other", "is_one"),
    [
        # Two versions of the SDK in one program.
        ("default_4_34_2", "default_4_30_0", True),
        ("default", "default_4_30_0", True),
        ("default", "defaults", False),
    ],
)
def test_default_providers_are_one(one: str, other: str, is_one: bool) -> None:
    unknown = {"kubeconfig": UNKNOWN}
    clusters = {read(pool(), provider_urn=f"{PROVIDER}{name}", provider=unknown).cluster for name in (one, other)}
    assert len(clusters) == (1 if is_one else 2)


def test_the_cluster_is_the_one_of_the_kubeconfig() -> None:
    (us, us_provider), (eu, eu_provider) = cluster("us", "us-central1"), cluster("eu", "europe-west4-b")
    node_pool = R("gcp:container/nodePool:NodePool", "gpu", {"cluster": Out(us)})
    by_pool = R("pulumi:providers:kubernetes", "by-pool", {"kubeconfig": Out(node_pool)})
    both = R("pulumi:providers:kubernetes", "both", {"kubeconfig": Computed((us, eu))})

    def region(provider: R) -> Any:
        stack = build(us, eu, us_provider, eu_provider, node_pool, by_pool, both, *within(provider, pool()))
        (found,) = objects_of(stack, ("InferencePool",))
        its_cluster = cluster_of(found)
        return its_cluster and its_cluster.region

    assert region(us_provider) == "us-central1"
    assert region(eu_provider) == "europe-west4"
    assert region(by_pool) == "us-central1"
    assert region(both) is None


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('{"default": "a"}', "a"),
        ("[]", UNKNOWN),
        ("no JSON", UNKNOWN),
        ("{" * 5000, UNKNOWN),
        (Computed(), UNKNOWN),
        (None, None),
    ],
)
def test_annotations_with_json(text: Any, found: Any) -> None:
    given = read(service(annotations={"x": text})).annotation_object("x")
    assert given is found or (given and given.string("default") == found)  # type: ignore[union-attr]


def test_a_secret_annotation_stays_secret() -> None:
    given = read(service(annotations={"x": secret('{"default": "hush"}')})).annotation_object("x")
    assert is_secret(given.string("default"))  # type: ignore[union-attr]


def test_what_may_hide_objects_of_a_cluster() -> None:
    us, eu = cluster("us", "us-central1"), cluster("eu", "europe-west4")
    hiding = [*within(us[1], release("here")), *within(eu[1], release("there"))]

    def hidden(*others: R) -> list[str]:
        stack = build(*us, *eu, *others, *within(us[1], pool()))
        return [one.name for one in opaque_in(stack, objects_of(stack, ("InferencePool",))[0])]

    assert hidden(*hiding, config_group()) == ["here", "group"]
    child = R("kubernetes:core/v1:Service", "web", {"spec": {}}, {"parent": config_group().urn})
    assert hidden(config_group(), child) == []


def test_a_computed_parent_is_the_gateway_that_it_comes_from() -> None:
    front, target = gateway(), pool()
    for parents in ([{"name": Out(front)}], Computed((front,))):
        (found,) = backends(front, route(target, parentRefs=parents), target)
        assert [one.name for one, _ in found.fronts] == ["front"]


def backends(*stack: R) -> list[GkeBackend]:
    return list(gke_backends(build(*stack)))


def test_two_names_of_two_resources_lead_to_both() -> None:
    one, other = service("one"), service("other")
    refs = [{"name": Out(each), "port": 80} for each in (one, other)]
    found = backends(gateway(), route(*refs), one, other)
    assert [(each.shown_on.name, each.routes[0][1]) for each in found] == [("one", True), ("other", True)]
    # Of one name that comes from either it is not known which.
    either = {"name": Computed((one, other)), "port": 80}
    found = backends(gateway(), route(either), one, other)
    assert [(each.shown_on.name, each.routes[0][1]) for each in found] == [("one", UNKNOWN), ("other", UNKNOWN)]


def test_a_name_from_elsewhere_may_be_any() -> None:
    target, outside = service("one"), R("StackReference", "platform")
    found = backends(gateway(), route({"name": Computed((target, outside)), "port": 80}), target)
    assert [(each.shown_on.name, each.routes[0][1]) for each in found] == [("one", UNKNOWN)]


@pytest.mark.parametrize(
    ("name", "scheme", "is_regional", "is_many"),
    [
        ("gke-l7-global-external-managed", "EXTERNAL_MANAGED", False, False),
        ("gke-l7-regional-external-managed", "EXTERNAL_MANAGED", True, False),
        ("gke-l7-rilb", "INTERNAL_MANAGED", True, False),
        ("gke-l7-gxlb", "EXTERNAL", False, False),
        ("gke-l7-global-external-managed-mc", "EXTERNAL_MANAGED", False, True),
        ("gke-l7-regional-external-managed-mc", "EXTERNAL_MANAGED", True, True),
        ("gke-l7-rilb-mc", "INTERNAL_MANAGED", True, True),
        ("gke-l7-cross-regional-internal-managed-mc", "INTERNAL_MANAGED", False, True),
        ("gke-l7-gxlb-mc", "EXTERNAL", False, True),
    ],
)
def test_classes(name: str, scheme: str, is_regional: bool, is_many: bool) -> None:
    (front,) = fronts_of(build(*served(class_name=name)))
    found = front.front_class
    assert isinstance(found, FrontClass)
    assert (found.product.scheme, found.product.is_regional, found.is_multi_cluster) == (scheme, is_regional, is_many)
    assert found.product.family is Family.APPLICATION
    assert front.is_external is (scheme != "INTERNAL_MANAGED")


@pytest.mark.parametrize(
    ("name", "scheme", "is_regional", "is_many"),
    [
        ("gce", "EXTERNAL", False, False),
        ("gce-internal", "INTERNAL_MANAGED", True, False),
        ("gce-regional-external", "EXTERNAL_MANAGED", True, False),
        ("gce-multi-cluster", "EXTERNAL", False, True),
    ],
)
def test_classes_of_an_ingress(name: str, scheme: str, is_regional: bool, is_many: bool) -> None:
    (front,) = fronts_of(build(ingress(class_name=name)))
    found = front.front_class
    assert isinstance(found, FrontClass)
    assert (found.product.scheme, found.product.is_regional, found.is_multi_cluster) == (scheme, is_regional, is_many)
    assert found.product.family is Family.APPLICATION


@pytest.mark.parametrize("name", ["istio", "nginx", "kgateway"])
def test_classes_of_others(name: str) -> None:
    (front,) = fronts_of(build(gateway(name)))
    assert front.is_googles is False
    own = thing("gateway.networking.k8s.io/v1", "GatewayClass", name, {"controllerName": "x"})
    (front,) = fronts_of(build(gateway(name), own))
    assert front.is_googles is UNKNOWN
