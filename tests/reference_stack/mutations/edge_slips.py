"""Slips of operators in front ends, Cloud Armor and alerts."""

from tests.reference_stack.mutations.mutation import mutation

PATHS, EXTERNAL = "frontend/paths.py", "frontend/load_balancer.py"
ARMOR, ALERTS = "frontend/edge_security.py", "observability/alerts.py"
_TLS = 'profile="RESTRICTED", min_tls_version="TLS_1_2"'
_TIER = 'load_balancing_scheme=EXTERNAL,\n            network_tier="PREMIUM",'
_RETRY = '{"retry_policy": {"num_retries": 1, "retry_conditions": ["connect-failure"]}}'
_DEFAULT = 'default_route_action={"fault_injection_policy": {"abort": {"http_status": not_found, "percentage": 100}}},'
_MATCHER = """                "default_route_action": {
                    "fault_injection_policy": {"abort": {"http_status": not_found, "percentage": 100}}
                },
"""

MUTATIONS = {
    "a profile without a version": mutation(
        (EXTERNAL, _TLS, 'profile="MODERN"'),
        fires={"frontend-tls-policy"},
    ),
    "ciphers without forward secrecy": mutation(
        (
            EXTERNAL,
            _TLS,
            'profile="CUSTOM", min_tls_version="TLS_1_2", custom_features=["TLS_RSA_WITH_AES_128_CBC_SHA"]',
        ),
        fires={"frontend-tls-policy"},
    ),
    "a global rule in Standard Tier": mutation(
        (EXTERNAL, _TIER, _TIER.replace('"PREMIUM"', '"STANDARD" if port == "443" else "PREMIUM"')),
        fires={"forwarding-rule-scheme"},
    ),
    "every path is the API's": mutation(
        (PATHS, '"paths": list(args.api_paths),', '"paths": ["/*"],'),
        fires={"frontend-paths"},
    ),
    "other paths of the API's host": mutation(
        (PATHS, _MATCHER, ""),
        fires={"frontend-paths"},
    ),
    "half of the unknown hosts are let in": mutation(
        (PATHS, _DEFAULT, _DEFAULT.replace("100", "50")),
        fires={"frontend-paths"},
    ),
    "retries of what the server refused": mutation(
        (PATHS, '["connect-failure"]', '["connect-failure", "gateway-error"]'),
        fires={"llm-backend-retry"},
    ),
    "a route with the default timeout": mutation(
        (PATHS, _RETRY, _RETRY.replace("{", '{"timeout": {"seconds": "30"}, ', 1)),
        fires={"llm-backend-timeout"},
    ),
    "Cloud Armor only counts": mutation(
        (ARMOR, '"action": "throttle",', '"action": "allow",'),
        (ARMOR, '"enforce_on_key": "IP",', ""),
        fires={"backend-cloud-armor", "cloud-armor-rate-limit"},
    ),
    "Cloud Armor at the edge": mutation(
        (ARMOR, 'type="CLOUD_ARMOR",', 'type="CLOUD_ARMOR_EDGE",'),
        fires={"backend-cloud-armor"},
    ),
    "Cloud Armor lets everybody pass first": mutation(
        (
            ARMOR,
            "            rules=[\n",
            '            rules=[\n{"priority": 10, "action": "allow", "match": {"versioned_expr": "SRC_IPS_V1", '
            '"config": {"src_ip_ranges": ["*"]}}},\n',
        ),
        fires={"backend-cloud-armor", "cloud-armor-rate-limit"},
    ),
    "nobody is told": mutation(
        ("observability/observability.py", "notification_channels=self._channels,", "notification_channels=[],"),
        fires={"llm-backend-alerts"},
    ),
    "the alert on latency is gone": mutation(
        ("observability/observability.py", "            alerts.latency(self._metrics, args.latency_seconds),\n", ""),
        ("observability/observability.py", "            alerts.error_budget(self._create_objective(name)),\n", ""),
        fires={"llm-backend-alerts"},
        deployed=True,
    ),
    "internal: the alert on errors is gone": mutation(
        ("observability/observability.py", "            alerts.errors(self._metrics),\n", ""),
        ("observability/observability.py", "            alerts.error_budget(self._create_objective(name)),\n", ""),
        fires={"llm-backend-alerts"},
        stack="internal",
        deployed=True,
    ),
}
