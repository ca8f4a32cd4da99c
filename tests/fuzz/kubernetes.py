"""Stacks of Kubernetes objects: what GKE makes load balancers of, and what it attaches to those of the program."""

from __future__ import annotations

import json
from typing import Any, Final

from tests.rules.clusters import (
    CROSS_REGION,
    EXTERNAL,
    backend_config,
    deployment,
    gateway,
    health,
    ingress,
    policy,
    pool,
    ref,
    release,
    route,
    service,
    thing,
)
from tests.stacks import Computed, Out, R
from tests.stacks import service as backend_service

_GATEWAY_REF: Final = {"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": "front"}
_SECURE: Final = {"name": "https", "protocol": "HTTPS", "port": 443, "hostname": "*.example.com"}
_PLAIN: Final = {"name": "http", "protocol": "HTTP", "port": 80, "allowedRoutes": {"namespaces": {"from": "Same"}}}
_RULES: Final = [{"priority": 1, "action": "deny(403)", "match": {"config": {"srcIpRanges": ["*"]}}}]


def cluster(location: str, *objects: R) -> list[R]:
    """A cluster with a node pool, its provider, and objects in it."""
    gke = R("Cluster", location, {"name": location, "location": location, "removeDefaultNodePool": True})
    nodes = R("gcp:container/nodePool:NodePool", f"gpus-{location}", {
        "cluster": Out(gke, "id"), "nodeLocations": [f"{location}-a", f"{location}-b"],
        "autoscaling": {"minNodeCount": 1, "maxNodeCount": 4},
    })  # fmt: skip
    provider = R("pulumi:providers:kubernetes", location, {"kubeconfig": Computed((gke,), "apiVersion: v1")})
    for one in objects:
        one.options["kubernetes"] = provider
    return [gke, nodes, provider, *objects]


def public() -> list[R]:
    """A Gateway on the internet with all policies, for a Service that is named by outputs."""
    chat, armor = service(), R("SecurityPolicy", "armor", {"name": "armor", "rules": _RULES})
    tls = R("SSLPolicy", "tls", {"name": "tls", "profile": "RESTRICTED", "minTlsVersion": "TLS_1_2"})
    named = {"group": "", "kind": "Service", "name": Computed((chat,), "chat")}
    settings = {
        "timeoutSec": 900,
        "connectionDraining": {"drainingTimeoutSec": 900},
        "logging": {"enabled": True, "sampleRate": 1_000_000},
        "securityPolicy": Computed((armor,), "armor"),
        "iap": {"enabled": True},
        "maxRatePerEndpoint": 5,
    }
    redirect = {"type": "RequestRedirect", "requestRedirect": {"scheme": "https"}}
    probe = {"httpGet": {"path": "/health", "port": 8000}}
    container = {"image": "vllm/vllm-openai:v0.9.1", "args": ["--api-key=x"], "readinessProbe": probe}
    objects = [
        gateway(EXTERNAL, listeners=[_SECURE, _PLAIN]),
        route({**named, "port": 80}, hostnames=["chat.example.com"]),
        route(name="redirect", parentRefs=[{"name": "front", "sectionName": "http"}], rules=[{"filters": [redirect]}]),
        chat,
        deployment({**container, "env": [{"name": "MODEL", "value": "m"}], "resources": {"limits": {"cpu": "1"}}}),
        health(named),
        policy(named, settings),
        thing("networking.gke.io/v1", "GCPGatewayPolicy", "front", {
            "targetRef": _GATEWAY_REF, "default": {"sslPolicy": "tls"}}),
        thing("networking.gke.io/v1", "GCPAuthzPolicy", "authz", {"targetRefs": [_GATEWAY_REF], "action": "ALLOW"}),
        thing("autoscaling/v2", "HorizontalPodAutoscaler", "scaler", {
            "scaleTargetRef": {"kind": "Deployment", "name": "vllm"}, "minReplicas": 2}),
    ]  # fmt: skip
    return [armor, tls, *cluster("us-central1", *objects)]


def fleet() -> list[R]:
    """A multi-cluster Gateway for a pool that two clusters export, beside a Helm release."""
    exported = {"networking.gke.io/export": "True"}
    imported = {"kind": "GCPInferencePoolImport", "group": "networking.gke.io", "name": "chat"}
    metrics = [{"name": "gke.named_metrics.kv-cache", "maxUtilizationPercent": 60, "dryRun": False}]
    load = {"balancingMode": "CUSTOM_METRICS", "customMetrics": metrics, "maxInFlightRequestsPerEndpoint": 9}
    scopes = [{"selector": {"labels": {"a": "b"}}, "capacityScalerPercent": 50}]
    here = [
        gateway(CROSS_REGION),
        route(imported),
        health(imported),
        policy(imported, {"timeoutSec": 600, **load}, scopes=scopes),
    ]
    pools = [pool(annotations=exported, logical=f"pool-{number}") for number in range(2)]
    return [*cluster("us-central1", *here, pools[0], release()), *cluster("europe-west4", pools[1])]


def behind_ingress() -> list[R]:
    """An Ingress with a BackendConfig and a FrontendConfig."""
    names = {"default": "config", "ports": {"80": "config"}}
    target = service(annotations={"cloud.google.com/backend-config": json.dumps(names)})
    front = ingress(class_name="gce")
    front.inputs["metadata"]["annotations"] |= {
        "networking.gke.io/v1beta1.FrontendConfig": "edge",
        "networking.gke.io/managed-certificates": "chat",
        "kubernetes.io/ingress.allow-http": "true",
    }
    spec = {
        "timeoutSec": 900,
        "connectionDraining": {"drainingTimeoutSec": 60},
        "logging": {"enable": True, "sampleRate": 1.0},
        "healthCheck": {"type": "HTTP", "requestPath": "/health", "port": 8000},
        "securityPolicy": {"name": "armor"},
        "iap": {"enabled": False},
    }
    edge = {"redirectToHttps": {"enabled": True}, "sslPolicy": "tls"}
    config = thing("networking.gke.io/v1beta1", "FrontendConfig", "edge", edge)
    return cluster("us-central1", front, target, backend_config(spec), config, deployment())


def attached() -> list[R]:
    """A backend service whose backends a controller attaches, and one that lists NEGs of a Service itself."""
    chat = backend_service(None, options={"ignore_changes": ("backends",)}, healthChecks="global/healthChecks/h")
    chat.inputs["name"] = "chat"
    entry: dict[str, Any] = {"name": "chat", "max_rate_per_endpoint": 10, "initial_capacity": 100}
    other = {"name": "embed", "max_connections_per_endpoint": 10, "custom_metrics": [{"name": "m", "dry_run": True}]}
    negs = json.dumps({"exposed_ports": {"80": {"name": "embed-neg"}}})
    backends = [
        {"group": f"projects/p-demo/zones/us-central1-{zone}/networkEndpointGroups/embed-neg", "balancingMode": "RATE",
         "maxRatePerEndpoint": 4}
        for zone in "ab"
    ]  # fmt: skip
    services = [
        service(f"vllm-{number}", annotations={
            "cloud.google.com/neg": negs,
            "controller.autoneg.dev/neg": json.dumps({"backend_services": {"80": [entry, other]}}),
        })
        for number in range(2)
    ]  # fmt: skip
    computed = service("computed", annotations={"controller.autoneg.dev/neg": Computed((chat,))})
    here, there = cluster("us-central1", services[0], computed), cluster("europe-west4", services[1])
    return [chat, backend_service(backends, "embed"), *here, *there]


def others() -> list[R]:
    """What no rule reads: a Service of type LoadBalancer, other routes, patches, policies without a Gateway."""
    target = pool("inference.networking.x-k8s.io/v1alpha2", namespace=None)
    balancer = service("balancer", spec={"type": "LoadBalancer", "loadBalancerClass": "networking.gke.io/l4"})
    of_patch = {"kind": "HealthCheckPolicy", "metadata": {"name": "p"}}
    patch = R("kubernetes:networking.gke.io/v1:HealthCheckPolicyPatch", "patch", {
        **of_patch, "spec": {"targetRef": ref(target), "default": {}}})  # fmt: skip
    made = [
        thing("gateway.networking.k8s.io/v1", "GRPCRoute", "grpc", {
            "parentRefs": [{"name": "front", "port": 443}], "rules": [{"backendRefs": [ref(target, weight=1)]}]}),
        thing("networking.gke.io/v1", "MultiClusterIngress", "everywhere", {"template": {}}),
        thing("net.gke.io/v1", "ServiceExport", "chat"),
        thing("gateway.networking.k8s.io/v1", "GatewayClass", "own", {"controllerName": "networking.gke.io/gateway"}),
        gateway("own"),
    ]  # fmt: skip
    return [target, balancer, patch, R("kubernetes:yaml/v2:ConfigGroup", "group", {}), *made]
