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
from policypack.model.kubernetes.objects import KubernetesObject, objects_of, same_namespace
from policypack.model.values.secret import is_secret, secret
from policypack.model.values.values import UNKNOWN
from tests.rules.clusters import (
    cluster,
    config_group,
    gateway,
    pool,
    release,
    route,
    served,
    service,
    thing,
    within,
)
from tests.stacks import Computed, Out, R, build

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
    ("one", "other", "is_one"),
    [
        ("gke", "gke", True),
        ("us", "eu", False),
        # Two versions of the SDK in one program.
        ("default_4_34_2", "default_4_30_0", True),
        ("default", "default_4_30_0", True),
        ("default", "defaults", False),
    ],
)
def test_clusters_are_told_by_the_provider(one: str, other: str, is_one: bool) -> None:
    clusters = {read(pool(), provider_urn=f"{PROVIDER}{name}").cluster for name in (one, other)}
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
    us, eu = f"{PROVIDER}us", f"{PROVIDER}eu"
    stack = build(release("here", provider_urn=us), release("there", provider_urn=eu), config_group())
    assert [one.name for one in opaque_in(stack, us)] == ["here", "group"]
    child = R("kubernetes:core/v1:Service", "web", {"spec": {}}, {"parent": config_group().urn})
    assert [one.name for one in opaque_in(build(config_group(), child), us)] == []


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
    assert front.is_external is (scheme != "INTERNAL_MANAGED")


@pytest.mark.parametrize("name", ["istio", "nginx", "kgateway"])
def test_classes_of_others(name: str) -> None:
    (front,) = fronts_of(build(gateway(name)))
    assert front.is_googles is False
    own = thing("gateway.networking.k8s.io/v1", "GatewayClass", name, {"controllerName": "x"})
    (front,) = fronts_of(build(gateway(name), own))
    assert front.is_googles is UNKNOWN
