"""Generated stacks of Kubernetes objects on GKE: fronts, routes, targets and policies, with what may hide others."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from policypack.rules import RULES as ALL_RULES
from tests.rules.clusters import (
    CROSS_REGION,
    EXTERNAL,
    HEALTH,
    INTERNAL,
    SETTINGS,
    VLLM,
    all_of,
    backend_config,
    cluster,
    config_group,
    deployment,
    gateway,
    health,
    ingress,
    policy,
    pool,
    release,
    route,
    service,
    within,
)
from tests.stacks import Computed, Out, R

RULES = (*(rule.name for rule in ALL_RULES if rule.gke), "load-balancer-in-sight")
IMPORTED = {"group": "networking.gke.io", "kind": "GCPInferencePoolImport", "name": "chat"}
EXPORTED = {"networking.gke.io/export": "True"}


def classes() -> st.SearchStrategy[Any]:
    return st.sampled_from([INTERNAL, EXTERNAL, CROSS_REGION, "gke-l7-rilb-mc", "istio", "gke-l7-new", Computed()])


def defaults() -> st.SearchStrategy[Any]:
    """What a GCPBackendPolicy says: all that is asked for, a part of it, or nothing known."""
    parts = st.fixed_dictionaries({}, optional={key: st.just(value) for key, value in SETTINGS.items()})
    return parts | st.just({**SETTINGS, "maxRatePerEndpoint": 5}) | st.just(Computed())


def checks() -> st.SearchStrategy[Any]:
    return st.sampled_from([HEALTH, {}, {"config": {"type": "TCP", "tcpHealthCheck": {}}}, Computed()])


@st.composite
def stacks(draw: st.DrawFn) -> list[R]:
    """A Gateway or an Ingress in a cluster, with what is behind it or may be."""
    gke, provider = cluster("us", draw(st.sampled_from(["us-central1", "us-central1-a", Computed()])))
    target = draw(st.sampled_from([pool(), pool(annotations=EXPORTED), service()]))
    named: Any = draw(st.sampled_from([target, {"group": "", "kind": "Service", "name": Out(target)}, IMPORTED]))
    objects = [gateway(draw(classes())), route(named, name="way"), target]
    if draw(st.booleans()):
        annotations = {"cloud.google.com/backend-config": '{"default": "config"}'}
        target = service(annotations=draw(st.sampled_from([annotations, {}])))
        config = backend_config({"timeoutSec": draw(st.sampled_from([30, 900, Computed()]))})
        objects = [ingress(class_name=draw(st.sampled_from([None, "gce", "nginx"]))), target, config]
    objects += draw(
        st.lists(
            st.sampled_from(
                [
                    deployment(draw(st.sampled_from([VLLM, {"image": "nginx"}, {"image": Computed()}]))),
                    health(named, draw(checks())),
                    policy(named, draw(defaults())),
                    policy(named, draw(defaults()), name="second"),
                    release(),
                ]
            ),
            max_size=4,
            unique_by=lambda one: one.name,
        )
    )
    return all_of(gke, provider, within(provider, *objects), [config_group()] if draw(st.integers(0, 3)) == 0 else [])
