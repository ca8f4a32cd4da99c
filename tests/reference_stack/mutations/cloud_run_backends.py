"""Slips of operators in the backend service over Cloud Run, and in what is in front of it."""

from tests.reference_stack.mutations.mutation import run_mutation

BACKEND, ARMOR = "cloud_run/backend.py", "frontend/edge_security.py"
BALANCER, OBSERVABILITY = "frontend/load_balancer.py", "observability/observability.py"
_BACKEND = '{"group": self._create_neg(name, region)}'
_NEGS = f"[{_BACKEND} for region in args.services]"
_NEG = 'cloud_run={"service": self._args.services[region]},'
_LOG = 'log_config={"enable": True, "sample_rate": args.log_sample_rate},'
_POLICY = "security_policy=args.exposure.security_policy,"
_PROTOCOL = 'protocol="HTTPS",'
_ERRORS = "            alerts.errors(self._metrics),\n"
_BUDGET = "            alerts.error_budget(self._create_objective(name)),\n"
# What these rules judge is the Cloud Run service, which the NEG does not lead to.
_OF_ITS_SERVICE = {
    "backend-authentication",
    "backend-no-plaintext-secrets",
    "llm-backend-failover-capacity",
    "llm-backend-failover-signal",
    "llm-backend-timeout",
}

MUTATIONS = {
    "run: one region": run_mutation(
        (BACKEND, _NEGS, _NEGS.replace("args.services]", "list(args.services)[:1]]")),
        fires={"llm-backend-regions"},
    ),
    "run: one NEG twice": run_mutation(
        (BACKEND, f"backends={_NEGS},", f"backends=2 * {_NEGS.replace('args.services]', 'list(args.services)[:1]]')},"),
        fires={"backend-group-scope", "llm-backend-regions"},
        deployed=True,
    ),
    "run: NEGs of one region": run_mutation(
        (BACKEND, "            region=region,\n", '            region="europe-west1",\n'),
        fires={"backend-group-kind", "llm-backend-regions"},
    ),
    "run: a NEG in another region than its service": run_mutation(
        (BACKEND, "            region=region,\n", '            region=region.replace("west4", "west3"),\n'),
        fires={"run-service-exists"},
        undecided=_OF_ITS_SERVICE,
    ),
    "run: a NEG for nothing": run_mutation(
        (BACKEND, f"            {_NEG}\n", ""),
        fires={"run-service-exists"},
        undecided={"backend-authentication", "llm-backend-failover-signal"},
    ),
    "run: a typo in the service's name": run_mutation(
        (BACKEND, _NEG, 'cloud_run={"service": "llm-rum"},'),
        fires=set(),
        undecided={"run-service-exists", *_OF_ITS_SERVICE},
    ),
    "run: services by their paths": run_mutation(
        (BACKEND, _NEG, _NEG.replace("}", ', "url_mask": "llm-run.example.com/<service>"}')),
        fires={"llm-backend-failover-signal"},
        undecided={"llm-backend-failover-capacity"},
    ),
    "run: a key in a request header": run_mutation(
        (BACKEND, _PROTOCOL, f'{_PROTOCOL} custom_request_headers=["Authorization: Bearer Tr0ub4dor-7bBq9"],'),
        fires={"backend-no-plaintext-secrets"},
    ),
    "run: no Cloud Armor": run_mutation(
        (BACKEND, _POLICY, ""),
        fires={"backend-cloud-armor"},
    ),
    "run: Cloud Armor without a rate limit": run_mutation(
        (ARMOR, '"action": "throttle",', '"action": "allow",'),
        (ARMOR, '"enforce_on_key": "IP",', ""),
        fires={"backend-cloud-armor", "cloud-armor-rate-limit"},
    ),
    "run: a health check": run_mutation(
        (
            BACKEND,
            _PROTOCOL,
            f'{_PROTOCOL} health_checks=compute.HealthCheck(name, http_health_check={{"request_path": "/health"}}, '
            'log_config={"enable": True}).id,',
        ),
        fires={"health-check-attachable"},
    ),
    "run: a port name": run_mutation(
        (BACKEND, _PROTOCOL, f'{_PROTOCOL} port_name="http",'),
        fires={"backend-group-kind"},
    ),
    "run: a timeout of the load balancer": run_mutation(
        (BACKEND, _PROTOCOL, f"{_PROTOCOL} timeout_sec=900,"),
        fires={"backend-group-kind"},
    ),
    "run: balanced by rate": run_mutation(
        (BACKEND, _BACKEND, _BACKEND.replace("}", ', "balancing_mode": "RATE", "max_rate": 4}')),
        fires={"backend-group-kind"},
    ),
    "run: balanced by utilization": run_mutation(
        (BACKEND, _BACKEND, _BACKEND.replace("}", ', "balancing_mode": "UTILIZATION", "max_utilization": 0.8}')),
        fires={"backend-group-kind"},
    ),
    "run: clients stay with one instance": run_mutation(
        (BACKEND, _PROTOCOL, f'{_PROTOCOL} session_affinity="GENERATED_COOKIE",'),
        fires={"backend-session-affinity"},
    ),
    "run: Identity-Aware Proxy on the load balancer": run_mutation(
        (BACKEND, _PROTOCOL, f'{_PROTOCOL} iap={{"enabled": True}},'),
        fires={"llm-backend-failover-signal"},
    ),
    "run: outlier detection with IAP": run_mutation(
        (BACKEND, _PROTOCOL, f'{_PROTOCOL} iap={{"enabled": True}}, outlier_detection={{"consecutive_errors": 5}},'),
        fires={"llm-backend-failover-signal", "llm-backend-outlier-detection", "load-balancer-attributes"},
    ),
    "run: outliers by their success rate": run_mutation(
        (BACKEND, _PROTOCOL, f'{_PROTOCOL} outlier_detection={{"enforcing_success_rate": 100}},'),
        fires={"llm-backend-outlier-detection", "load-balancer-attributes"},
    ),
    "run: the classic load balancer": run_mutation(
        (BACKEND, "load_balancing_scheme=args.exposure.scheme", 'load_balancing_scheme="EXTERNAL"'),
        fires={"forwarding-rule-scheme", "llm-backend-failover-signal"},
    ),
    "run: no request log": run_mutation(
        (BACKEND, _LOG, ""),
        fires={"llm-backend-logging"},
    ),
    "run: no redirect to HTTPS": run_mutation(
        (BALANCER, '"https_redirect": True,', '"https_redirect": False,'),
        fires={"frontend-https-only"},
    ),
    "run: no alert on errors": run_mutation(
        (OBSERVABILITY, _ERRORS, ""),
        (OBSERVABILITY, _BUDGET, ""),
        fires={"llm-backend-alerts"},
        deployed=True,
    ),
    "run: nobody is told": run_mutation(
        (OBSERVABILITY, "notification_channels=self._channels,", "notification_channels=[],"),
        fires={"llm-backend-alerts"},
    ),
    "run: drained": run_mutation(
        (BACKEND, _BACKEND, _BACKEND.replace("}", ', "capacity_scaler": 0.0}')),
        fires={"backend-capacity-scaler", "llm-backend-regions"},
    ),
    "run: somebody else's server, over HTTP": run_mutation(
        (
            BACKEND,
            f"            {_PROTOCOL}\n            backends={_NEGS},",
            '            protocol="HTTP",\n            timeout_sec=900,\n            backends=[{"group": '
            'compute.GlobalNetworkEndpointGroup(name, network_endpoint_type="INTERNET_FQDN_PORT").id}],',
        ),
        fires={"internet-neg-host", "internet-neg-tls", "load-balancer-attributes"},
        undecided={"backend-authentication"},
    ),
    "run: a tag": run_mutation(
        (BACKEND, _NEG, _NEG.replace("}", ', "tag": "canary"}')),
        fires={"llm-backend-failover-signal"},
        undecided={"llm-backend-failover-capacity"},
    ),
    "run: plain TCP": run_mutation(
        (BACKEND, _PROTOCOL, 'protocol="TCP",'),
        fires={"backend-group-kind", "forwarding-rule-scheme"},
    ),
    "run: a locality policy": run_mutation(
        (BACKEND, _PROTOCOL, f'{_PROTOCOL} locality_lb_policy="LEAST_REQUEST",'),
        fires={"backend-session-affinity"},
    ),
    "run: somebody else's server, by the name of ours": run_mutation(
        (
            BACKEND,
            f"backends={_NEGS},",
            'timeout_sec=900,\n            backends=[{"group": '
            'compute.GlobalNetworkEndpointGroup(name, network_endpoint_type="INTERNET_FQDN_PORT").id}],',
        ),
        fires={"internet-neg-host", "load-balancer-attributes"},
        undecided={"backend-authentication"},
    ),
    "run: a cache of answers": run_mutation(
        (BACKEND, _PROTOCOL, f"{_PROTOCOL} enable_cdn=True,"),
        fires={"backend-no-cdn"},
    ),
}
