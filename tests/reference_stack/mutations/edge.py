"""Mutations that the rules about front ends and alerts catch."""

from tests.reference_stack.mutations.mutation import mutation

ABORT = 'default_route_action={"fault_injection_policy": {"abort": {"http_status": not_found, "percentage": 100}}},'

MUTATIONS = {
    "a key in a request header": mutation(
        (
            "machines/backend.py",
            'session_affinity="NONE",',
            'session_affinity="NONE",\n            custom_request_headers=["Authorization: Bearer Tr0ub4dor-7bBq9"],',
        ),
        fires={"backend-no-plaintext-secrets"},
    ),
    "the forwarding rule has another scheme": mutation(
        (
            "frontend/load_balancer.py",
            "load_balancing_scheme=EXTERNAL,\n            network_tier=",
            'load_balancing_scheme="INTERNAL_MANAGED" if port == "443" else EXTERNAL,\n            network_tier=',
        ),
        fires={"forwarding-rule-scheme"},
    ),
    "internal: the forwarding rule has another scheme": mutation(
        (
            "frontend/internal_load_balancer.py",
            'f"{name}-{region}",\n            load_balancing_scheme=INTERNAL,',
            'f"{name}-{region}",\n            load_balancing_scheme="INTERNAL_SELF_MANAGED",',
        ),
        fires={"forwarding-rule-scheme"},
        stack="internal",
    ),
    "internal: an entry in one region": mutation(
        (
            "frontend/internal_load_balancer.py",
            "for region in args.subnets}",
            "for region in list(args.subnets)[:1]}",
        ),
        fires={"frontend-regions"},
        stack="internal",
    ),
    "internal: both entries in one region": mutation(
        (
            "frontend/internal_load_balancer.py",
            "subnetwork=self._args.subnets[region]",
            "subnetwork=next(iter(self._args.subnets.values()))",
        ),
        fires={"frontend-regions"},
        stack="internal",
    ),
    "internal: the name leads to one region": mutation(
        (
            "frontend/internal_load_balancer.py",
            "for region, address in self.addresses.items()]",
            "for region, address in list(self.addresses.items())[:1]]",
        ),
        fires={"frontend-regions"},
        stack="internal",
    ),
    "internal: proxies for regional load balancers": mutation(
        ("components/network.py", '"GLOBAL_MANAGED_PROXY"', '"REGIONAL_MANAGED_PROXY"'),
        fires={"frontend-regions"},
        stack="internal",
    ),
    "internal: proxies that only stand by": mutation(
        ("components/network.py", 'role="ACTIVE"', 'role="BACKUP"'),
        fires={"frontend-regions"},
        stack="internal",
    ),
    "internal: proxies in one region": mutation(
        (
            "components/network.py",
            "            if subnet.proxy_cidr:\n",
            "            if subnet is self._args.subnets[0]:\n",
        ),
        fires={"frontend-regions"},
        stack="internal",
    ),
    "retries of what has begun": mutation(
        ("frontend/paths.py", '"retry_conditions": ["connect-failure"]', '"retry_conditions": ["5xx"]'),
        fires={"llm-backend-retry"},
    ),
    "plain HTTP reaches the servers": mutation(
        (
            "frontend/load_balancer.py",
            "        self._create_redirect(name, address)\n",
            '        compute.TargetHttpProxy(f"{name}-plain", url_map=url_map.id, opts=self._child)\n'
            "        self._create_redirect(name, address)\n",
        ),
        fires={"frontend-https-only"},
    ),
    "plain HTTP is redirected to itself": mutation(
        ("frontend/load_balancer.py", '"https_redirect": True,', '"https_redirect": False,'),
        fires={"frontend-https-only"},
    ),
    "the certificate is for another domain": mutation(
        (
            "frontend/load_balancer.py",
            'managed={"domains": [domain], "dns',
            'managed={"domains": ["chat.example.org"], "dns',
        ),
        fires={"frontend-domain"},
    ),
    "the map's entry is for another domain": mutation(
        ("frontend/load_balancer.py", "hostname=domain,", 'hostname="chat.example.org",'),
        fires={"frontend-domain"},
    ),
    "the host rule is for another domain": mutation(
        ("frontend/paths.py", '"hosts": [args.domain]', '"hosts": ["chat.example.org"]'),
        fires={"frontend-domain"},
    ),
    "internal: the certificate is for another domain": mutation(
        ("frontend/private_certificate.py", '"domains": [args.domain]', '"domains": ["chat.example.org"]'),
        fires={"frontend-domain"},
        stack="internal",
    ),
    "no SSL policy": mutation(
        ("frontend/load_balancer.py", "            ssl_policy=policy.id,\n", ""),
        fires={"frontend-tls-policy"},
    ),
    "TLS 1.0": mutation(
        (
            "frontend/load_balancer.py",
            'profile="RESTRICTED", min_tls_version="TLS_1_2"',
            'profile="COMPATIBLE", min_tls_version="TLS_1_0"',
        ),
        fires={"frontend-tls-policy"},
    ),
    "internal: no SSL policy": mutation(
        ("frontend/internal_load_balancer.py", "            ssl_policy=policy.id,\n", ""),
        fires={"frontend-tls-policy"},
        stack="internal",
    ),
    "no Cloud Armor": mutation(
        ("machines/backend.py", "            security_policy=exposure.security_policy,\n", ""),
        fires={"backend-cloud-armor"},
    ),
    "one rate limit for all": mutation(
        ("frontend/edge_security.py", '"enforce_on_key": "IP",', '"enforce_on_key": "ALL",'),
        fires={"cloud-armor-rate-limit"},
    ),
    "the rate limit is a preview": mutation(
        ("frontend/edge_security.py", '"action": "throttle",', '"action": "throttle", "preview": True,'),
        fires={"cloud-armor-rate-limit"},
    ),
    "whom no rate limit is about passes": mutation(
        ("frontend/edge_security.py", "list(args.client_ranges)", '["198.51.100.0/24"]'),
        ("frontend/edge_security.py", '"action": "deny(403)",', '"action": "allow",'),
        fires={"cloud-armor-rate-limit"},
    ),
    "all are allowed before the rate limit": mutation(
        (
            "frontend/edge_security.py",
            "            rules=[\n",
            '            rules=[{"priority": 1, "action": "allow", "match": {"expr": {"expression": "1 == 1"}}},\n',
        ),
        fires={"backend-cloud-armor", "cloud-armor-rate-limit"},
    ),
    "two halves of all addresses are allowed before the rate limit": mutation(
        (
            "frontend/edge_security.py",
            "            rules=[\n",
            "            rules=[\n"
            "                *(\n"
            '                    {"priority": n, "action": "allow", "match": {"config": {"src_ip_ranges": [half]}}}\n'
            '                    for n, half in enumerate(("0.0.0.0/1", "128.0.0.0/1"))\n'
            "                ),\n",
        ),
        fires={"cloud-armor-rate-limit"},
    ),
    "unknown hosts reach everything": mutation(
        ("frontend/paths.py", ABORT, ""),
        fires={"frontend-paths"},
    ),
    "a host rule names a path matcher that is not there": mutation(
        ("frontend/paths.py", '"path_matcher": "api"}]', '"path_matcher": "apis"}]'),
        fires={"frontend-paths"},
    ),
    "the servers ask for no key": mutation(
        ("server.py", '"vllm": "VLLM_API_KEY"', '"vllm": "UNUSED"'),
        fires={"backend-authentication"},
    ),
    "everybody passes Identity-Aware Proxy, and the servers ask for no key": mutation(
        ("server.py", '"vllm": "VLLM_API_KEY"', '"vllm": "UNUSED"'),
        (
            "machines/backend.py",
            'iap={"enabled": True} if exposure.iap_members else None,',
            'iap={"enabled": True},',
        ),
        (
            "machines/backend.py",
            "        for position, member in enumerate(self._args.exposure.iap_members):\n",
            '        for position, member in enumerate(["allUsers"]):\n',
        ),
        fires={"backend-authentication"},
    ),
    "alerts are switched off": mutation(
        ("observability/observability.py", "severity=alert.severity,", "severity=alert.severity, enabled=False,"),
        fires={"llm-backend-alerts"},
    ),
    "alerts on errors of clients alone": mutation(
        (
            "observability/alerts.py",
            "metric.labels.response_code_class = 500",
            "metric.labels.response_code_class = 400",
        ),
        fires={"llm-backend-alerts"},
        deployed=True,
    ),
    "an error ratio that no ratio is above": mutation(
        ("observability/alerts.py", "MAX_ERROR_RATIO = 0.05", "MAX_ERROR_RATIO = 5"),
        ("observability/observability.py", "            alerts.error_budget(self._create_objective(name)),\n", ""),
        fires={"llm-backend-alerts"},
        deployed=True,
    ),
    "a latency threshold in seconds": mutation(
        ("observability/alerts.py", '"threshold_value": seconds * 1000,', '"threshold_value": seconds,'),
        fires={"llm-backend-alerts"},
        deployed=True,
    ),
    "internal: alerts on metrics of external load balancers": mutation(
        ("observability/alerts.py", 'prefix = f"{METRICS}/internal" if self.internal else METRICS', "prefix = METRICS"),
        fires={"llm-backend-alerts"},
        stack="internal",
        deployed=True,
    ),
    "alerts on another service": mutation(
        ("observability/alerts.py", "            self.service_name,\n", "            'another-service',\n"),
        fires={"llm-backend-alerts"},
        deployed=True,
    ),
}
