"""Fixes of what is wrong with Cloud Run and the internet behind a load balancer."""

from tests.fixes.fix import Fix, fix
from tests.good_programs.cloud_run import GOOD

INTERNET = """
import pulumi_gcp as gcp

neg = gcp.compute.GlobalNetworkEndpointGroup("api", network_endpoint_type="INTERNET_FQDN_PORT", default_port=443)
gcp.compute.GlobalNetworkEndpoint(
    "api", global_network_endpoint_group=neg.name, fqdn="api.example.com", port=443
)
gcp.compute.BackendService(
    "chat",
    load_balancing_scheme="EXTERNAL_MANAGED",
    protocol="HTTPS",
    backends=[{"group": neg.id}],
    custom_request_headers=["Host: api.example.com"],
)
"""
_CLOSED = 'ingress="INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER",\n        default_uri_disabled=True,'
_MINIMUM = 'scaling={"min_instance_count": 1},'
_LOG = 'log_config={"enable": True, "sample_rate": 1.0},'
_STARTUP = '"startup_probe": {"http_get": {"path": "/health"}, "period_seconds": 10, "failure_threshold": 60},'
_READINESS = '"readiness_probe": {"http_get": {"path": "/health"}},'
_RESOURCES = '"resources": {"limits": {"cpu": "8", "memory": "32Gi", "nvidia.com/gpu": "1"}},'
_NEG = 'gcp.compute.RegionNetworkEndpointGroup(f"llm-{region}", region=region, cloud_run={"service": llm.name})'
_NAMED = 'gcp.compute.BackendService(\n    "chat",'
_FROM_SECRET_MANAGER = '"value_source": {"secret_key_ref": {"secret": "llm-key", "version": "1"}},'
_ENDPOINT = """gcp.compute.GlobalNetworkEndpoint(
    "api", global_network_endpoint_group=neg.name, fqdn="api.example.com", port=443
)"""


def run(rule: str, part: str, *edits: tuple[str, str, str], chosen: str = "") -> Fix:
    return fix(rule, part, *edits, chosen=chosen, program=GOOD)


def internet(rule: str, part: str, *edits: tuple[str, str, str], chosen: str = "") -> Fix:
    return fix(rule, part, *edits, chosen=chosen, program=INTERNET)


FIXES = {
    "no minimum instance": run("llm-backend-failover-signal", "_region_is_silent", (_MINIMUM, "", _MINIMUM)),
    "IAP where it turns off the signals": run(
        "llm-backend-failover-signal",
        "_serverless_is_watched",
        (_LOG, f'{_LOG}\n    iap={{"enabled": True}},', _LOG),
        chosen="enabled",
    ),
    "a classic load balancer before Cloud Run": run(
        "llm-backend-failover-signal",
        "llm_backend_failover_signal",
        (
            _NAMED,
            f'{_NAMED}\n    load_balancing_scheme="EXTERNAL",',
            f'{_NAMED}\n    load_balancing_scheme="EXTERNAL_MANAGED",',
        ),
        ("entrance(chat)", 'entrance(chat, "EXTERNAL")', "entrance(chat)"),
    ),
    "too many requests an instance": run(
        "run-service-capacity",
        "_takes_few_requests",
        (
            '"max_instance_request_concurrency": 16,',
            '"max_instance_request_concurrency": 1000,',
            '"max_instance_request_concurrency": 16,',
        ),
        chosen="16",
    ),
    "a minimum above the maximum": run(
        "run-service-capacity",
        "_can_grow",
        (
            _MINIMUM,
            'scaling={"min_instance_count": 5, "max_instance_count": 2},',
            'scaling={"min_instance_count": 5, "max_instance_count": 20},',
        ),
        chosen="20",
    ),
    "too few cores for the GPU": run(
        "run-service-capacity", "_fits_its_gpu", (_RESOURCES, _RESOURCES.replace('"8"', '"2"'), _RESOURCES), chosen="8"
    ),
    "more memory than the cores take": run(
        "run-service-capacity", "_memory_fits_its_cores", (_RESOURCES, _RESOURCES.replace('"8"', '"4"'), _RESOURCES)
    ),
    "an idle CPU beside a GPU": run(
        "run-service-capacity",
        "_keeps_its_cpu",
        (
            _RESOURCES,
            _RESOURCES.replace("}},", '}, "cpu_idle": True},'),
            _RESOURCES.replace("}},", '}, "cpu_idle": False},'),
        ),
    ),
    "a NEG in another region": run(
        "run-service-exists",
        "_is_elsewhere",
        (_NEG, _NEG.replace("region=region", 'region="us-central1"'), _NEG),
        chosen="us central1",
    ),
    "a NEG that names nothing": run(
        "run-service-exists", "_names_a_service", (_NEG, _NEG.replace(', cloud_run={"service": llm.name}', ""), _NEG)
    ),
    "open to the internet around the load balancer": run(
        "run-service-ingress", "_is_closed_otherwise", (_CLOSED, "", _CLOSED)
    ),
    "closed to its load balancer": run(
        "run-service-ingress",
        "_is_behind_internal_ones",
        (_CLOSED, _CLOSED.replace("INTERNAL_LOAD_BALANCER", "INTERNAL_ONLY"), _CLOSED),
    ),
    "a readiness probe on another path": run(
        "run-service-probes",
        "_asks_the_server",
        (_READINESS, _READINESS.replace("/health", "/ready"), _READINESS),
    ),
    "a probe of an open port": run(
        "run-service-probes",
        "_asks_in_one_way",
        (_READINESS, _READINESS.replace('"http_get": {"path": "/health"}', '"tcp_socket": {"port": 8000}'), _READINESS),
    ),
    "no startup probe": run("run-service-probes", "_is_on_health_path", (_STARTUP, "", _STARTUP)),
    "a startup probe that gives up": run(
        "run-service-probes", "_starts_in_time", (_STARTUP, _STARTUP.replace("60", "6"), _STARTUP), chosen="60"
    ),
    "a liveness probe without patience": run(
        "run-service-probes",
        "_is_patient",
        (
            _READINESS,
            f'{_READINESS} "liveness_probe": {{"http_get": {{"path": "/health"}}, "period_seconds": 5}},',
            f'{_READINESS} "liveness_probe": {{"http_get": {{"path": "/health"}}, "period_seconds": 30}},',
        ),
        chosen="30",
    ),
    "a probe that waits beyond its period": run(
        "run-service-probes",
        "_has_time_for_an_answer",
        (
            _READINESS,
            _READINESS.replace("}},", '}, "timeout_seconds": 20},'),
            _READINESS.replace("}},", '}, "timeout_seconds": 5},'),
        ),
        chosen="5",
    ),
    "the default timeout of Cloud Run": run(
        "llm-backend-timeout", "_run_waits_long_enough", ('"timeout": "600s",', "", '"timeout": "600s",')
    ),
    "a key in a variable": run(
        "backend-no-plaintext-secrets",
        "_holds_no_secret",
        (_FROM_SECRET_MANAGER, '"value": "Tr0ub4dor-7bBq9",', _FROM_SECRET_MANAGER),
        chosen="key version 1",
    ),
    "a cache before a model": run("backend-no-cdn", "backend_no_cdn", (_LOG, f"{_LOG}\n    enable_cdn=True,", _LOG)),
    "requests in the clear": internet(
        "internet-neg-tls",
        "internet_neg_tls",
        ('protocol="HTTPS"', 'protocol="HTTP"', 'protocol="HTTPS"'),
    ),
    "the host of the clients": internet(
        "internet-neg-host",
        "internet_neg_host",
        (
            'custom_request_headers=["Host: api.example.com"],',
            "",
            'custom_request_headers=["Host: api.example.com"],',
        ),
    ),
    "two endpoints of a global NEG": internet(
        "backend-group-kind",
        "as_many_endpoints_as_taken",
        (_ENDPOINT, f"{_ENDPOINT}\n{_ENDPOINT.replace('api', 'other', 1)}", _ENDPOINT),
        chosen="other",
    ),
}
