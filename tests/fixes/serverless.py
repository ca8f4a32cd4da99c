"""Fixes of what load balancers take of serverless and other NEGs."""

from __future__ import annotations

from tests.fixes.fix import Edit, Fix, fix
from tests.fixes.other_programs import INTERNET, NEGS, RUN

_OUTLIERS = '    outlier_detection={"consecutive_errors": 5, "max_ejection_percent": 50},\n'
_READY = '                    "readiness_probe": HEALTH,\n'
_CLOSED = """        ingress="INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER",
        default_uri_disabled=True,
"""


_PROTOCOL = 'protocol="HTTPS"'
_TARGET = ', psc_target_service="us-a.googleapis.com"'
_IN_US = 'region="us-central1"'
_FQDN = 'network_endpoint_type="INTERNET_FQDN_PORT"'
_NEG = f'neg = gcp.compute.GlobalNetworkEndpointGroup("api", {_FQDN}, default_port=443)\n'
_END = 'backends=[{"group": neg.id}]\n)'
_MAP = '\ngcp.compute.URLMap("map", default_service=service.id{})'
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


def _over(part: str, kind: str, edit: Edit, chosen: str = "") -> Fix:
    """A service over one NEG, with something that does not fit its kind."""
    base = ('over("chat", on_run("llm"))', *2 * (f'over("chat", {kind}("llm"))',))
    return fix("backend-group-kind", part, base, edit, chosen=chosen, program=NEGS)


FIXES = {
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
    "two internet NEGs": _apart("_as_many_of_kind", 'outside("llm")', 'outside("asr")', "other tts"),
    "two NEGs for Google APIs": _apart("google_api_is_alone", 'at_google("llm")', 'at_google("asr")', "other tts"),
    "Cloud Run and App Engine": _apart("platforms_agree", 'on_run("llm")', 'on_app_engine("tts")'),
    "plain HTTP to a Google API": _over("google_api_gets_tls", "at_google", (_PROTOCOL, 'protocol="HTTP"', _PROTOCOL)),
    "a NEG to nowhere": _over("_has_psc_target", "at_google", (_TARGET, "", _TARGET), chosen="com googleapis us"),
    "App Engine across regions": _over(
        "_load_balancer_takes_platform",
        "on_app_engine",
        ('"EXTERNAL_MANAGED"', '"INTERNAL_MANAGED"', '"EXTERNAL_MANAGED"'),
    ),
    "outlier detection over the internet": fix(
        "load-balancer-attributes",
        "_watches_no_internet_neg",
        (_PROTOCOL, f'{_PROTOCOL}, outlier_detection={{"consecutive_errors": 5}}', _PROTOCOL),
        program=INTERNET,
        chosen="consecutive_errors 5",
    ),
    "retries over the internet": fix(
        "load-balancer-attributes",
        "_does_not",
        (
            _END,
            _END + _MAP.format(', default_route_action={"retry_policy": {"num_retries": 1}}'),
            _END + _MAP.format(""),
        ),
        program=INTERNET,
        chosen="1 default_route_action num_retries",
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
