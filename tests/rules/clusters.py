"""Kubernetes objects on GKE: a Gateway, its route, and the pool or the Service `chat` with its policies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from policypack.model.values.values import UNKNOWN
from tests.stacks import Computed, Out, R

GATEWAY_API, POOLS, GKE = "gateway.networking.k8s.io/v1", "inference.networking.k8s.io/v1", "networking.gke.io/v1"
OLD_POOLS = "inference.networking.x-k8s.io/v1alpha2"
INTERNAL, EXTERNAL = "gke-l7-rilb", "gke-l7-global-external-managed"
CROSS_REGION = "gke-l7-cross-regional-internal-managed-mc"
LABELS = {"app": "vllm"}
VLLM = {"image": "vllm/vllm-openai:v0.9.1", "resources": {"limits": {"nvidia.com/gpu": "1"}}}
HEALTH = {"config": {"type": "HTTP", "httpHealthCheck": {"requestPath": "/health"}}}
SETTINGS = {
    "timeoutSec": 900,
    "connectionDraining": {"drainingTimeoutSec": 900},
    "logging": {"enabled": True, "sampleRate": 1_000_000},
}


def thing(api: str, kind: str, name: Any, spec: Any = None, *, logical: str = "", **metadata: Any) -> R:
    """An object; `None` in the metadata leaves that out."""
    given = {"name": name, "namespace": "llm", **metadata}
    inputs = {"apiVersion": api, "kind": kind, "metadata": {k: v for k, v in given.items() if v is not None}}
    token = f"kubernetes:{'core/v1' if api == 'v1' else api}:{kind}"
    return R(token, logical or name, {**inputs, **({} if spec is None else {"spec": spec})})


def gateway(class_name: Any = INTERNAL, name: str = "front", **spec: Any) -> R:
    listeners = [{"name": "http", "protocol": "HTTP", "port": 80}]
    return thing(GATEWAY_API, "Gateway", name, {"gatewayClassName": class_name, "listeners": listeners, **spec})


def ref(target: R, **others: Any) -> dict[str, Any]:
    """How routes and policies name an object."""
    api = target.inputs["apiVersion"]
    group = api.rpartition("/")[0]
    return {"group": group, "kind": target.inputs["kind"], "name": target.inputs["metadata"]["name"], **others}


def route(*targets: R | Mapping[str, Any], parent: str = "front", name: str = "route", **spec: Any) -> R:
    backends = [ref(one, port=80) if isinstance(one, R) else one for one in targets]
    given = {"parentRefs": [{"name": parent}], "rules": [{"backendRefs": backends}], **spec}
    return thing(GATEWAY_API, "HTTPRoute", name, given)


def pool(api: str = POOLS, name: str = "chat", **metadata: Any) -> R:
    spec = {"selector": {"matchLabels": LABELS}, "targetPorts": [{"number": 8000}]}
    return thing(api, "InferencePool", name, spec, **metadata)


def service(name: str = "chat", *, labels: Any = LABELS, spec: Mapping[str, Any] | None = None, **metadata: Any) -> R:
    given = {"selector": labels, "ports": [{"port": 80, "targetPort": 8000}], **(spec or {})}
    return thing("v1", "Service", name, given, **metadata)


def deployment(*containers: Any, name: str = "vllm", labels: Any = LABELS, **metadata: Any) -> R:
    template = {"metadata": {"labels": labels}, "spec": {"containers": list(containers or [VLLM])}}
    return thing("apps/v1", "Deployment", name, {"replicas": 2, "template": template}, **metadata)


def health(target: R | Computed | Mapping[str, Any], default: Any = HEALTH, name: str = "health", **spec: Any) -> R:
    its_ref = ref(target) if isinstance(target, R) else target
    return thing(GKE, "HealthCheckPolicy", name, {"targetRef": its_ref, "default": default, **spec})


def policy(target: R | Computed | Mapping[str, Any], default: Any = SETTINGS, name: str = "settings", **spec: Any) -> R:
    its_ref = ref(target) if isinstance(target, R) else target
    return thing(GKE, "GCPBackendPolicy", name, {"targetRef": its_ref, "default": default, **spec})


def ingress(target: str = "chat", name: str = "front", *, class_name: Any = None, port: Any = 80, **spec: Any) -> R:
    annotations = {} if class_name is None else {"kubernetes.io/ingress.class": class_name}
    backend = {"service": {"name": target, "port": {"number": port}}}
    rules = [{"http": {"paths": [{"path": "/", "backend": backend}]}}]
    return thing("networking.k8s.io/v1", "Ingress", name, {"rules": rules, **spec}, annotations=annotations)


def backend_config(spec: Any, name: str = "config") -> R:
    return thing("cloud.google.com/v1", "BackendConfig", name, spec)


def release(name: str = "release", **options: Any) -> R:
    return R("kubernetes:helm.sh/v3:Release", name, {"chart": "inferencepool"}, options)


def config_group(name: str = "group") -> R:
    """A component that has no children."""
    return R("kubernetes:yaml/v2:ConfigGroup", name, {})


def cluster(name: str, location: Any) -> tuple[R, R]:
    """A GKE cluster with the provider for it."""
    gke = R("Cluster", name, {"location": location})
    return gke, R("pulumi:providers:kubernetes", f"in-{name}", {"kubeconfig": Out(gke)})


def elsewhere(*sources: R, name: str = "elsewhere") -> R:
    """The provider of a cluster outside the stack, whose kubeconfig is not known."""
    return R("pulumi:providers:kubernetes", name, {"kubeconfig": Computed(sources)})


def within(provider: R, *objects: R) -> tuple[R, ...]:
    """The objects in the cluster of a provider."""
    options = {"provider_urn": provider.urn, "provider": {"kubeconfig": UNKNOWN}}
    return tuple(replace(one, name=one.name, options={**one.options, **options}) for one in objects)


def served(target: R | None = None, *others: R, class_name: Any = INTERNAL) -> list[R]:
    """A target behind a Gateway, with what else is in the stack."""
    target = pool() if target is None else target
    return [gateway(class_name), route(target), target, *others]


def all_of(*parts: Iterable[R] | R) -> list[R]:
    return [one for part in parts for one in ([part] if isinstance(part, R) else part)]
