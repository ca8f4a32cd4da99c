"""Mutations that the rules about front ends and alerts catch."""

from tests.reference_stack.mutations.mutation import mutation

ABORT = 'default_route_action={"fault_injection_policy": {"abort": {"http_status": not_found, "percentage": 100}}},'

MUTATIONS = {
    "a key in a request header": mutation(
        (
            "components/load_balancer.py",
            'session_affinity="NONE",',
            'session_affinity="NONE",\n            custom_request_headers=["Authorization: Bearer Tr0ub4dor-7bBq9"],',
        ),
        fires={"backend-no-plaintext-secrets"},
    ),
    "the forwarding rule has another scheme": mutation(
        (
            "components/load_balancer.py",
            'f"{name}-https-rule",\n            load_balancing_scheme=SCHEME,',
            'f"{name}-https-rule",\n            load_balancing_scheme="INTERNAL_MANAGED",',
        ),
        fires={"forwarding-rule-scheme"},
    ),
    "internal: the forwarding rule has another scheme": mutation(
        (
            "components/internal_load_balancer.py",
            'f"{name}-{region}",\n            load_balancing_scheme=SCHEME,',
            'f"{name}-{region}",\n            load_balancing_scheme="INTERNAL_SELF_MANAGED",',
        ),
        fires={"forwarding-rule-scheme"},
        stack="internal",
    ),
    "retries of what has begun": mutation(
        ("components/backend.py", '"retry_conditions": ["connect-failure"]', '"retry_conditions": ["5xx"]'),
        fires={"llm-backend-retry"},
    ),
    "plain HTTP reaches the servers": mutation(
        (
            "components/load_balancer.py",
            "        self._create_redirect(name, address)\n",
            '        compute.TargetHttpProxy(f"{name}-plain", url_map=url_map.id, opts=self._child)\n'
            "        self._create_redirect(name, address)\n",
        ),
        fires={"frontend-https-only"},
    ),
    "no SSL policy": mutation(
        ("components/load_balancer.py", "            ssl_policy=policy.id,\n", ""),
        fires={"frontend-tls-policy"},
    ),
    "TLS 1.0": mutation(
        (
            "components/load_balancer.py",
            'profile="RESTRICTED", min_tls_version="TLS_1_2"',
            'profile="COMPATIBLE", min_tls_version="TLS_1_0"',
        ),
        fires={"frontend-tls-policy"},
    ),
    "internal: no SSL policy": mutation(
        ("components/internal_load_balancer.py", "            ssl_policy=policy.id,\n", ""),
        fires={"frontend-tls-policy"},
        stack="internal",
    ),
    "no Cloud Armor": mutation(
        ("components/load_balancer.py", "            security_policy=self._args.security_policy,\n", ""),
        fires={"backend-cloud-armor"},
    ),
    "one rate limit for all": mutation(
        ("components/edge_security.py", '"enforce_on_key": "IP",', '"enforce_on_key": "ALL",'),
        fires={"cloud-armor-rate-limit"},
    ),
    "the rate limit is a preview": mutation(
        ("components/edge_security.py", '"action": "throttle",', '"action": "throttle", "preview": True,'),
        fires={"cloud-armor-rate-limit"},
    ),
    "unknown hosts reach everything": mutation(
        ("components/backend.py", ABORT, ""),
        fires={"frontend-paths"},
    ),
    "the servers ask for no key": mutation(
        ("server.py", '"VLLM_API_KEY" if vllm else "LLAMA_API_KEY"', '"UNUSED"'),
        fires={"backend-authentication"},
    ),
    "alerts are switched off": mutation(
        ("components/observability.py", "severity=alert.severity,", "severity=alert.severity, enabled=False,"),
        fires={"llm-backend-alerts"},
    ),
}
