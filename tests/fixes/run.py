"""Fixes of the rules about Cloud Run, and of what load balancers take of serverless and other NEGs."""

from __future__ import annotations

from tests.fixes.fix import Edit, Fix, fix
from tests.fixes.other_programs import INTERNET, NEGS, RUN

_OUTLIERS = '    outlier_detection={"consecutive_errors": 5, "max_ejection_percent": 50},\n'
_READY = '                    "readiness_probe": HEALTH,\n'
_STARTUP = '{**HEALTH, "period_seconds": 10, "failure_threshold": 60}'
_CLOSED = """        ingress="INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER",
        default_uri_disabled=True,
"""
_WARM = '"min_instance_count": 2'


_PROTOCOL = 'protocol="HTTPS"'
_IN_US = 'region="us-central1"'
_FQDN = 'network_endpoint_type="INTERNET_FQDN_PORT"'
_NEG = f'neg = gcp.compute.GlobalNetworkEndpointGroup("api", {_FQDN}, default_port=443)\n'
_SERVICE = 'service = gcp.compute.BackendService(\n    "chat",'
_CHECKED_SERVICE = (
    f'check = gcp.compute.RegionHealthCheck("check", {_IN_US}, {{form}}_health_check={{{{"port": 443}}}})\n'
    f'service = gcp.compute.RegionBackendService(\n    "chat", {_IN_US}, health_checks=check.id,'
)


def _run(rule: str, part: str, *edits: Edit, chosen: str = "") -> Fix:
    return fix(rule, part, *edits, chosen=chosen, program=RUN)


def _apart(part: str, one: str, another: str, chosen: str = "other") -> Fix:
    """Two NEGs that do not go together in one service, and then in one each."""
    together, apart = f'over("chat", {one}, {another})', f'over("chat", {one})\nother = over("tts", {another})'
    edit = ('over("chat", on_run("llm"))', together, apart)
    return fix("backend-group-kind", part, edit, chosen=chosen, program=NEGS)


FIXES = {
    "run: a key in the environment": _run(
        "backend-no-plaintext-secrets",
        "_holds_no_secret",
        (
            '"envs": []',
            '"envs": [{"name": "VLLM_API_KEY", "value": "Tr0ub4dor-7bBq9"}]',
            '"envs": [{"name": "VLLM_API_KEY", "value_source": {"secret_key_ref": {"secret": "llm", "version": "1"}}}]',
        ),
        chosen="1 llm secret version",
    ),
    "run: more requests than it batches": _run(
        "run-service-capacity",
        "_takes_few_requests",
        (
            '"max_instance_request_concurrency": 16',
            '"max_instance_request_concurrency": 1000',
            '"max_instance_request_concurrency": 16',
        ),
        chosen="16",
    ),
    "run: a minimum above the maximum": _run(
        "run-service-capacity",
        "_can_grow",
        ('"max_instance_count": 6', '"max_instance_count": 1', '"max_instance_count": 6'),
        chosen="6",
    ),
    "run: a GPU whose CPU idles": _run(
        "run-service-capacity", "_keeps_its_cpu", ('"cpu_idle": False', '"cpu_idle": True', '"cpu_idle": False')
    ),
    "run: too little for its GPU": _run(
        "run-service-capacity",
        "_fits_its_gpu",
        ('"cpu": "8", "memory": "32Gi"', '"cpu": "2", "memory": "8Gi"', '"cpu": "8", "memory": "32Gi"'),
        chosen="32",
    ),
    "run: a NEG in another region": _run(
        "run-service-exists",
        "_is_elsewhere",
        (
            "region=region, network_endpoint_type",
            'region="us-east4", network_endpoint_type',
            "region=region, network_endpoint_type",
        ),
        chosen="us east4",
    ),
    "run: a NEG that names nothing": _run(
        "run-service-exists",
        "_names_a_service",
        (', cloud_run={"service": llm.name}', "", ', cloud_run={"service": llm.name}'),
        chosen="llm",
    ),
    "run: internal behind an external load balancer": _run(
        "run-service-ingress",
        "_is_behind_internal_ones",
        (
            'ingress="INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER"',
            'ingress="INGRESS_TRAFFIC_INTERNAL_ONLY"',
            'ingress="INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER"',
        ),
    ),
    "run: open on its own URL": _run("run-service-ingress", "_is_closed_otherwise", (_CLOSED, "", _CLOSED)),
    "run: no readiness probe": _run("run-service-probes", "_is_on_health_path", (_READY, "", _READY), chosen="HEALTH"),
    "run: a probe of another path": _run(
        "run-service-probes",
        "_asks_the_server",
        (_READY, _READY.replace("HEALTH", '{"http_get": {"path": "/"}}'), _READY),
        chosen="HEALTH",
    ),
    "run: a probe that only connects": _run(
        "run-service-probes",
        "_asks_the_server",
        (_READY, _READY.replace("HEALTH", '{"tcp_socket": {"port": 8000}}'), _READY),
        chosen="HEALTH",
    ),
    "run: killed while it loads": _run(
        "run-service-probes",
        "_starts_in_time",
        (_STARTUP, _STARTUP.replace("60", "3"), _STARTUP),
        chosen="60",
    ),
    "run: longer than Cloud Run waits": _run(
        "run-service-probes",
        "_starts_in_time",
        (_STARTUP, _STARTUP.replace("60", "600"), _STARTUP),
        chosen="60",
    ),
    "run: killed while it is busy": _run(
        "run-service-probes",
        "_is_patient",
        (
            '"period_seconds": 30, "failure_threshold": 3',
            '"period_seconds": 5, "failure_threshold": 1',
            '"period_seconds": 30, "failure_threshold": 3',
        ),
        chosen="30 3",
    ),
    "run: a probe without time": _run(
        "run-service-probes",
        "_has_time_for_an_answer",
        (
            _READY,
            _READY.replace("HEALTH", '{**HEALTH, "timeout_seconds": 30}'),
            _READY.replace("HEALTH", '{**HEALTH, "timeout_seconds": 5}'),
        ),
        chosen="5",
    ),
    "run: answers are cut": _run(
        "llm-backend-timeout",
        "_run_waits_long_enough",
        ('"timeout": "900s"', '"timeout": "60s"', '"timeout": "900s"'),
        chosen="900",
    ),
    "run: a classic load balancer": _run(
        "llm-backend-failover-signal",
        "llm_backend_failover_signal",
        (
            '    load_balancing_scheme="EXTERNAL_MANAGED",\n',
            '    load_balancing_scheme="EXTERNAL",\n',
            '    load_balancing_scheme="EXTERNAL_MANAGED",\n',
        ),
        (_OUTLIERS, "", ""),
    ),
    "run: IAP hides a dead region": _run(
        "llm-backend-failover-signal",
        "_serverless_is_watched",
        (_OUTLIERS, '    iap={"enabled": True},\n', ""),
        (_CLOSED, _CLOSED, f"{_CLOSED}        iap_enabled=True,\n"),
    ),
    "run: nothing tells of a dead region": _run(
        "llm-backend-failover-signal",
        "_region_is_silent",
        (_READY, "", _READY),
        (_OUTLIERS, "", ""),
        chosen="HEALTH",
    ),
    "run: nothing tells of a dead region, outliers": _run(
        "llm-backend-failover-signal",
        "_region_is_silent",
        (_READY, "", ""),
        (_OUTLIERS, "", _OUTLIERS),
    ),
    "run: IAP beside outlier detection": _run(
        "llm-backend-outlier-detection",
        "_is_not_off_for_serverless",
        (_OUTLIERS, f'{_OUTLIERS}    iap={{"enabled": True}},\n', _OUTLIERS),
        (_CLOSED, _CLOSED, f"{_CLOSED}        iap_enabled=True,\n"),
    ),
    "run: success rates": _run(
        "llm-backend-outlier-detection",
        "_is_not_off_for_serverless",
        (_OUTLIERS, _OUTLIERS.replace("}", ', "success_rate_minimum_hosts": 3}'), _OUTLIERS),
        chosen="3",
    ),
    "serverless: success rates": _run(
        "load-balancer-attributes",
        "_counts_errors_alone",
        (_OUTLIERS, _OUTLIERS.replace("}", ', "enforcing_success_rate": 100}'), _OUTLIERS),
        chosen="100",
    ),
    "serverless: IAP beside outlier detection": _run(
        "load-balancer-attributes",
        "_serverless_takes_it",
        (_OUTLIERS, f'{_OUTLIERS}    iap={{"enabled": True}},\n', _OUTLIERS),
        (_CLOSED, _CLOSED, f"{_CLOSED}        iap_enabled=True,\n"),
    ),
    "serverless: a share of no capacity": _run(
        "backend-group-kind",
        "scaler_fits",
        (
            '[{"group": neg.id} for',
            '[{"group": neg.id, "capacity_scaler": 0.5} for',
            '[{"group": neg.id, "capacity_scaler": 1.0} for',
        ),
    ),
    "serverless: session affinity": _run(
        "backend-session-affinity",
        "_serverless_has_none",
        (_OUTLIERS, f'{_OUTLIERS}    session_affinity="CLIENT_IP",\n', _OUTLIERS),
        (
            '            "timeout": "900s",\n',
            '            "timeout": "900s",\n',
            '            "timeout": "900s",\n            "session_affinity": True,\n',
        ),
    ),
    "serverless: a locality policy": _run(
        "backend-session-affinity",
        "_serverless_has_none",
        (_OUTLIERS, f'{_OUTLIERS}    locality_lb_policy="ROUND_ROBIN",\n', _OUTLIERS),
        chosen="ROUND_ROBIN locality_lb_policy",
    ),
    "two serverless NEGs in a region": _apart("_one_a_region", 'on_run("llm")', 'on_run("tts")'),
    "two internet NEGs": _apart("as_many_as_taken", 'outside("llm")', 'outside("asr")', "other tts"),
    "two NEGs for Google APIs": _apart("google_api_is_alone", 'at_google("llm")', 'at_google("asr")', "other tts"),
    "Cloud Run and App Engine": _apart("platforms_agree", 'on_run("llm")', 'on_app_engine("tts")'),
    "plain HTTP over the internet": fix(
        "internet-neg-tls",
        "internet_neg_tls",
        ('protocol="HTTPS"', 'protocol="HTTP"', 'protocol="HTTPS"'),
        ("default_port=443", "default_port=80", "default_port=443"),
        program=INTERNET,
    ),
    "outlier detection over the internet": fix(
        "load-balancer-attributes",
        "_watches_no_internet_neg",
        (_PROTOCOL, f'{_PROTOCOL}, outlier_detection={{"consecutive_errors": 5}}', _PROTOCOL),
        program=INTERNET,
        chosen="consecutive_errors 5",
    ),
    "session affinity over the internet": fix(
        "backend-session-affinity",
        "_internet_has_none",
        (_PROTOCOL, f'{_PROTOCOL}, session_affinity="CLIENT_IP"', _PROTOCOL),
        program=INTERNET,
        chosen="session_affinity CLIENT_IP",
    ),
    "a gRPC check over the internet": fix(
        "health-check-attachable",
        "_is_one_of_the_internet",
        (_NEG, *2 * (f'neg = gcp.compute.RegionNetworkEndpointGroup("api", {_IN_US}, {_FQDN})\n',)),
        (_SERVICE, _CHECKED_SERVICE.format(form="grpc"), _CHECKED_SERVICE.format(form="https")),
        ('backends=[{"group": neg.id}]', *2 * ('backends=[{"group": neg.id, "capacity_scaler": 1.0}]',)),
        program=INTERNET,
    ),
}
