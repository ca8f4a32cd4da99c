"""Fixes of what rules say of backends on GKE."""

from __future__ import annotations

from tests.fixes.fix import fix
from tests.fixes.programs import AUTONEG, GKE, INGRESS, PUBLIC

_IMPORTED = '"group": "networking.gke.io", "kind": "GCPInferencePoolImport"'
_POOL = '"group": "inference.networking.k8s.io", "kind": "InferencePool"'
_HEALTH = """make(
    "networking.gke.io/v1",
    "HealthCheckPolicy",
    "chat",
    provider,
    {
        "targetRef": POOL,
        "default": {"config": {"type": "HTTP", "httpHealthCheck": {"requestPath": "/health"}}},
    },
)
"""
_CONFIG = '"config": {"type": "HTTP", "httpHealthCheck": {"requestPath": "/health"}}'
_TCP = '"config": {"type": "TCP", "tcpHealthCheck": {}}'
_DRAINING = '            "connectionDraining": {"drainingTimeoutSec": 600},\n'
_CLASS = "gke-l7-cross-regional-internal-managed-mc"
_LIMIT = '            "maxRatePerEndpoint": 10,\n'
_LOGGING = '            "logging": {"enabled": True, "sampleRate": 1000000},\n'
_ROUTE = """make(
    "gateway.networking.k8s.io/v1",
    "HTTPRoute",
    "chat",
    provider,
    {"parentRefs": [{"name": "front"}], "rules": [{"backendRefs": [POOL]}]},
)
"""
_CHECK = '"requestPath": "/health", "port": 8000'
_LISTENER = '{"name": "https", "protocol": "HTTPS", "port": 443}'
_PARENT = '"parentRefs": [{"name": "front"}]'
_ARMOR = '            "securityPolicy": armor.name,\n'
_REGIONAL_ARMOR = 'gcp.compute.RegionSecurityPolicy(\n    region="us-central1",\n    resource_name=\n'
_TLS = '"sslPolicy": tls.name'
_IAP = '            "iap": {"enabled": True},\n'
_IGNORE = '    opts=pulumi.ResourceOptions(ignore_changes=["backends"]),\n'
_RATE = ', "max_rate_per_endpoint": 10'
_PODS = """make(
    "apps/v1",
    "Deployment",
    "vllm",
    provider,
    {
        "template": {
            "metadata": {"labels": {"app": "vllm"}},
            "spec": {"containers": [{"image": "vllm/vllm-openai:v0.9.1"}]},
        }
    },
)
"""

_MODEL = '"spec": {"containers": [{"image": "vllm/vllm-openai:v0.9.1"'
_TOKEN = f'{_MODEL}, "env": [{{"name": "HF_TOKEN", "value": "hf_{"aB3" * 12}"}}]'
_FROM_SECRET = f'{_MODEL}, "env": [{{"name": "HF_TOKEN", "valueFrom": {{"secretKeyRef": {{"name": "hf"}}}}}}]'

_TO_INGRESS = 'backend = {"service"'
_ROUTE_WITHOUT_PORT = """make(
    "gateway.networking.k8s.io/v1",
    "HTTPRoute",
    "chat",
    {"parentRefs": [{"name": "front"}], "rules": [{"backendRefs": [{"name": "chat"}]}]},
)
make(
    "gateway.networking.k8s.io/v1",
    "Gateway",
    "front",
    {"gatewayClassName": "gke-l7-rilb", "listeners": [{"name": "https", "protocol": "HTTPS", "port": 443}]},
)
"""
_ROUTE_WITH_PORT = _ROUTE_WITHOUT_PORT.replace('"name": "chat"}]}', '"name": "chat", "port": 80}]}')
_TARGET_PORT = '"targetPort": 8000'
_IMAGE = '"image": "vllm/vllm-openai:v0.9.1"'
_SELECTOR = '{"selector": {"matchLabels": {"app": "vllm"}}'
_ROUTED = '"backendRefs": [POOL]'
_PROVIDER = "provider = providers[0]\n"
_SPACE = """TARGET = {"group": "inference.networking.k8s.io", "kind": "InferencePool", "name": "chat"}
pulumi.CustomResource(
    "kubernetes:core/v1:Namespace",
    "llm",
    {"metadata": {"name": "llm"}},
    pulumi.ResourceOptions(provider=provider),
)
"""

FIXES = {
    "a token in a variable of Pods": fix(
        "backend-no-plaintext-secrets",
        "_holds_no_secret",
        (_MODEL, _TOKEN, _FROM_SECRET),
        program=GKE,
        chosen="hf",
    ),
    "a pool without a check": fix(
        "llm-backend-health-check",
        "_of_gateway",
        (_IMPORTED, _POOL, _POOL),
        (_HEALTH, "", _HEALTH),
        program=GKE,
        chosen="make POOL provider",
    ),
    "a pool with a TCP check": fix("llm-backend-health-check", "_of_gateway", (_CONFIG, _TCP, _CONFIG), program=GKE),
    "an Ingress that checks the root": fix(
        "llm-backend-health-check",
        "_of_ingress",
        (_CHECK, '"requestPath": "/", "port": 8000', _CHECK),
        program=INGRESS,
    ),
    "a pool with a short timeout": fix(
        "llm-backend-timeout",
        "_policy_waits",
        ('"timeoutSec": 600', '"timeoutSec": 300', '"timeoutSec": 600'),
        program=GKE,
    ),
    "a pool without draining": fix("llm-backend-draining", "_policy_drains", (_DRAINING, "", _DRAINING), program=GKE),
    "a pool without a log": fix(
        "llm-backend-logging", "_policy_logs", (_LOGGING, "", _LOGGING), program=GKE, chosen="sampleRate 1000000"
    ),
    "a pool without a limit": fix("llm-backend-max-utilization", "_policy_limits", (_LIMIT, "", _LIMIT), program=GKE),
    "nodes in one zone": fix(
        "llm-backend-zones",
        "_cluster_spans_zones",
        (_IMPORTED, _POOL, _POOL),
        (_CLASS, "gke-l7-rilb", "gke-l7-rilb"),
        (
            "location=region, enable_autopilot=True",
            'location=f"{region}-a"',
            'location=f"{region}-a", node_locations=[f"{region}-b"]',
        ),
        program=GKE,
        chosen="b",
    ),
    "one Pod": fix(
        "llm-backend-zones",
        "_has_several_pods",
        (_IMPORTED, _POOL, _POOL),
        (_CLASS, "gke-l7-rilb", "gke-l7-rilb"),
        ('"replicas": 2', '"replicas": 1', '"replicas": 2'),
        program=GKE,
    ),
    "a Gateway of one cluster": fix(
        "llm-backend-regions",
        "_serves_one_cluster",
        (_CLASS, "gke-l7-rilb", _CLASS),
        program=GKE,
    ),
    "a Gateway without a route": fix(
        "load-balancer-in-sight",
        "load_balancer_in_sight",
        (_ROUTE, "", _ROUTE),
        program=GKE,
        chosen="make gateway networking k8s io v1 HTTPRoute chat provider parentRefs name front rules backendRefs POOL",
    ),
    "a Gateway with plain HTTP": fix(
        "frontend-https-only",
        "_passes_on",
        (
            _LISTENER,
            f'{{"name": "http", "protocol": "HTTP", "port": 80}}, {_LISTENER}',
            f'{{"name": "http", "protocol": "HTTP", "port": 80}}, {_LISTENER}',
        ),
        (_PARENT, _PARENT, '"parentRefs": [{"name": "front", "sectionName": "https"}]'),
        program=PUBLIC,
    ),
    "a pool without Cloud Armor": fix("backend-cloud-armor", "_names_a_policy", (_ARMOR, "", _ARMOR), program=PUBLIC),
    "a pool with a Cloud Armor policy of a region": fix(
        "backend-cloud-armor",
        "judge_named",
        ("gcp.compute.SecurityPolicy(\n", _REGIONAL_ARMOR, "gcp.compute.SecurityPolicy(\n"),
        program=PUBLIC,
    ),
    "a Gateway without an SSL policy": fix("frontend-tls-policy", "_has_ssl_policy", (_TLS, "", _TLS), program=PUBLIC),
    "nobody is asked for a key by a Gateway": fix(
        "backend-authentication",
        "_is_not_open",
        (_IAP, "", _IAP),
        (f"{_HEALTH}", f"{_HEALTH}{_PODS}", f"{_HEALTH}{_PODS}"),
        program=PUBLIC.replace("GCPInferencePoolImport", "InferencePool").replace(
            '"group": "networking.gke.io", "kind"', '"group": "inference.networking.k8s.io", "kind"'
        ),
    ),
    "a service that takes its backends away": fix(
        "backend-controller-backends",
        "backend_controller_backends",
        (_IGNORE, "", _IGNORE),
        program=AUTONEG,
        chosen="opts pulumi ResourceOptions",
    ),
    "an annotation without a limit": fix(
        "llm-backend-max-utilization",
        "_has_limit",
        (_RATE, "", _RATE),
        program=AUTONEG,
        chosen="10",
    ),
    "an annotation with connections": fix(
        "load-balancer-balancing-mode",
        "_has_mode_of_it",
        (_RATE, ', "max_connections_per_endpoint": 10', _RATE),
        program=AUTONEG,
    ),
    "an Ingress with plain HTTP": fix(
        "frontend-https-only",
        "_config_redirects",
        ('"gce-internal"}', '"gce"}', '"gce", "kubernetes.io/ingress.allow-http": "false"}'),
        program=INGRESS,
    ),
    "an Ingress to the port of the Pods": fix(
        "llm-backend-named-port",
        "_leads_on",
        ('"number": 80', '"number": 8000', '"number": 80'),
        program=INGRESS,
    ),
    "a route without a port": fix(
        "llm-backend-named-port",
        "_names_none",
        (_TO_INGRESS, f"{_ROUTE_WITHOUT_PORT}{_TO_INGRESS}", f"{_ROUTE_WITH_PORT}{_TO_INGRESS}"),
        program=INGRESS,
    ),
    "a name that no container has": fix(
        "llm-backend-named-port",
        "_pods_have",
        (_TARGET_PORT, '"targetPort": "http"', _TARGET_PORT),
        (_IMAGE, f'{_IMAGE}, "ports": [{{"containerPort": 8000}}]', f'{_IMAGE}, "ports": [{{"containerPort": 8000}}]'),
        program=INGRESS,
    ),
    "a port that vLLM does not listen on": fix(
        "llm-backend-named-port",
        "_pods_have",
        (_TARGET_PORT, '"targetPort": 8080', _TARGET_PORT),
        program=INGRESS,
    ),
    "a pool that is not there": fix(
        "llm-backend-named-port",
        "_is_there",
        (_CLASS, "gke-l7-rilb", "gke-l7-rilb"),
        (_ROUTED, _ROUTED.replace("[POOL]", '[{**TARGET, "name": "chatt"}]'), _ROUTED.replace("[POOL]", "[TARGET]")),
        (_PROVIDER, f"{_PROVIDER}{_SPACE}", f"{_PROVIDER}{_SPACE}"),
        program=GKE,
        chosen="chatt",
    ),
    "a check of another port than vLLM's": fix(
        "health-check-matches-serving",
        "_is_of_the_pods",
        (_CHECK, '"requestPath": "/health", "port": 80', _CHECK),
        program=INGRESS,
    ),
    "a check that uses TLS": fix(
        "health-check-matches-serving",
        "_speaks_as_it_is_spoken_to",
        ('"healthCheck": {"type": "HTTP"', '"healthCheck": {"type": "HTTPS"', '"healthCheck": {"type": "HTTP"'),
        program=INGRESS,
    ),
    "an annotation for the port of the Pods": fix(
        "llm-backend-named-port",
        "_has_the_port",
        ('"exposed_ports": {"80"', '"exposed_ports": {"80"', '"exposed_ports": {"80"'),
        ('"backend_services": {"80"', '"backend_services": {"8000"', '"backend_services": {"80"'),
        program=AUTONEG,
        chosen="8000",
    ),
    "an annotation for a port without a NEG": fix(
        "llm-backend-named-port",
        "_is_exposed",
        ('"exposed_ports": {"80": {}}', '"exposed_ports": {}', '"exposed_ports": {"80": {}}'),
        program=AUTONEG,
    ),
    "a selector that matches no Pods": fix(
        "llm-backend-named-port",
        "_has_pods",
        (_IMPORTED, _POOL, _POOL),
        (_CLASS, "gke-l7-rilb", "gke-l7-rilb"),
        (_SELECTOR, _SELECTOR.replace("vllm", "chat"), _SELECTOR),
        (_PROVIDER, f"{_PROVIDER}{_SPACE}", f"{_PROVIDER}{_SPACE}"),
        program=GKE,
        chosen="vllm",
    ),
}
