"""Slips of operators in backend services and their health checks."""

from tests.reference_stack.mutations.mutation import mutation

BACKEND = "machines/backend.py"
_PATH = '"request_path": args.health_path,'
_MODE = '"balancing_mode": "UTILIZATION",'
_UTILIZATION = '"max_utilization": args.max_utilization,'
_RATE = '"max_rate_per_instance": args.requests_per_second,'
_SCALER = '"capacity_scaler": 1.0,'
_AFFINITY = 'session_affinity="NONE",'
_POLICY = 'locality_lb_policy="LEAST_REQUEST",'
_TIMEOUT = "timeout_sec=args.timeout_seconds,"
_DRAINING = "connection_draining_timeout_sec=args.draining_seconds,"
_GROUPS = "            for group in args.groups\n        ]"
_SERVICE = 'f"{name}-service",\n            load_balancing_scheme=exposure.scheme,\n            protocol="HTTP",'
_ENDPOINTS = "projects/my-llm-project/zones/us-central1-a/networkEndpointGroups/llm"

MUTATIONS = {
    "a typo in the health path": mutation(
        (BACKEND, _PATH, '"request_path": "/heatlh",'),
        fires={"llm-backend-health-check"},
    ),
    "a health path without its slash": mutation(
        (BACKEND, _PATH, '"request_path": args.health_path.strip("/"),'),
        fires={"llm-backend-health-check"},
    ),
    "a gRPC check of an HTTP server": mutation(
        (BACKEND, "http_health_check={", "grpc_health_check={"),
        (BACKEND, f"            {_PATH}\n", ""),
        fires={"llm-backend-health-check"},
    ),
    "a regional check of a global service": mutation(
        (
            BACKEND,
            "return compute.HealthCheck(\n",
            'return compute.RegionHealthCheck(\n        region="us-east4",\n        resource_name=',
        ),
        fires={"health-check-attachable"},
    ),
    "a typo in the port name": mutation(
        (BACKEND, "port_name=args.port_name,", 'port_name="htttp",'),
        fires={"llm-backend-named-port"},
    ),
    "utilization in per cent": mutation(
        (BACKEND, _UTILIZATION, '"max_utilization": 80,'),
        fires={"llm-backend-max-utilization", "load-balancer-balancing-mode"},
    ),
    "by connections": mutation(
        (BACKEND, _MODE, '"balancing_mode": "CONNECTION",'),
        (BACKEND, _UTILIZATION, '"max_connections_per_instance": 8,'),
        (BACKEND, _RATE, ""),
        fires={"load-balancer-balancing-mode"},
    ),
    "a mode in lower case": mutation(
        (BACKEND, _MODE, '"balancing_mode": "utilization",'),
        fires={"load-balancer-balancing-mode"},
        undecided={"llm-backend-failover-capacity", "llm-backend-max-utilization"},
    ),
    "capacity in per cent": mutation(
        (BACKEND, _SCALER, '"capacity_scaler": 100,'),
        fires={"backend-capacity-scaler"},
    ),
    "endpoints among the groups": mutation(
        (
            BACKEND,
            _GROUPS,
            f'{_GROUPS} + [{{"group": "{_ENDPOINTS}", "balancing_mode": "RATE", "max_rate_per_endpoint": 4}}]',
        ),
        fires={"backend-group-kind"},
        # The endpoints are outside the stack.
        undecided={
            "backend-authentication",
            "health-check-reachable",
            "llm-backend-failover-capacity",
        },
    ),
    "the scheme of passthrough": mutation(
        (BACKEND, _SERVICE, _SERVICE.replace("exposure.scheme", '"INTERNAL"')),
        fires={"load-balancer-product", "forwarding-rule-scheme"},
    ),
    "the scheme of the classic load balancer": mutation(
        (BACKEND, _SERVICE, _SERVICE.replace("exposure.scheme", '"EXTERNAL"')),
        fires={"load-balancer-attributes", "forwarding-rule-scheme"},
    ),
    "the internal scheme": mutation(
        (BACKEND, _SERVICE, _SERVICE.replace("exposure.scheme", '"INTERNAL_MANAGED"')),
        fires={"forwarding-rule-scheme", "frontend-regions"},
    ),
    "internal: the external scheme": mutation(
        (BACKEND, _SERVICE, _SERVICE.replace("exposure.scheme", '"EXTERNAL_MANAGED"')),
        fires={"backend-cloud-armor", "forwarding-rule-scheme", "llm-backend-outlier-detection"},
        stack="internal",
    ),
    "internal: clients stay by address": mutation(
        (BACKEND, _AFFINITY, 'session_affinity="CLIENT_IP",'),
        fires={"backend-session-affinity"},
        stack="internal",
    ),
    "a policy of passthrough": mutation(
        (BACKEND, _POLICY, 'locality_lb_policy="WEIGHTED_MAGLEV",'),
        fires={"load-balancer-attributes"},
    ),
    "a cache of answers": mutation(
        (BACKEND, _AFFINITY, f"{_AFFINITY} enable_cdn=True,"),
        fires={"backend-no-cdn"},
    ),
    "a cache of answers beside IAP": mutation(
        (
            BACKEND,
            'iap={"enabled": True} if exposure.iap_members else None,',
            'iap={"enabled": True}, enable_cdn=True,',
        ),
        fires={"load-balancer-attributes"},
    ),
    "a timeout in milliseconds": mutation(
        (BACKEND, _TIMEOUT, "timeout_sec=args.timeout_seconds * 1000,"),
        fires={"llm-backend-timeout", "llm-backend-draining"},
    ),
    "timeout and draining swapped": mutation(
        (BACKEND, _TIMEOUT, "timeout_sec=1800,"),
        (BACKEND, _DRAINING, "connection_draining_timeout_sec=900,"),
        fires={"llm-backend-draining"},
    ),
    "draining for two hours": mutation(
        (BACKEND, _DRAINING, "connection_draining_timeout_sec=7200,"),
        fires={"llm-backend-draining"},
    ),
    "the request log is off": mutation(
        (BACKEND, 'log_config={"enable": True,', 'log_config={"enable": False,'),
        fires={"llm-backend-logging"},
    ),
}
