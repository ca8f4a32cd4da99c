"""Fixes of what rules say of backends on GKE."""

from __future__ import annotations

from tests.fixes.fix import fix
from tests.fixes.programs import GKE, INGRESS

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

FIXES = {
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
        "llm-backend-logging", "_policy_logs", (_LOGGING, "", _LOGGING), program=GKE, chosen="True"
    ),
    "a Gateway of one cluster": fix(
        "llm-backend-regions",
        "_serves_one_cluster",
        (
            "gke-l7-cross-regional-internal-managed-mc",
            "gke-l7-rilb",
            "gke-l7-cross-regional-internal-managed-mc",
        ),
        program=GKE,
    ),
    "a Gateway without a route": fix(
        "load-balancer-in-sight",
        "load_balancer_in_sight",
        (_ROUTE, "", _ROUTE),
        program=GKE,
        chosen="make gateway networking k8s io v1 HTTPRoute chat provider parentRefs name front rules backendRefs POOL",
    ),
}
