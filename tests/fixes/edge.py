"""Fixes of the rules about front ends and alerts."""

from __future__ import annotations

from tests.fixes.fix import fix
from tests.fixes.programs import CLASSIC

_ARMOR = "    security_policy=armor.id,\n"
_POLICY = 'gcp.compute.SSLPolicy("tls", profile="RESTRICTED", min_tls_version="TLS_1_2")'
_DEFAULT = "    default_service=service.id,\n    default_route_action=NOT_FOUND,\n    host_rules"
_THROTTLE = """            "action": "throttle",
            "match": {"versioned_expr": "SRC_IPS_V1", "config": {"src_ip_ranges": ["*"]}},
            "rate_limit_options": {
                "conform_action": "allow",
                "exceed_action": "deny(429)",
                "enforce_on_key": "IP",
                "rate_limit_threshold": {"count": 300, "interval_sec": 60},
            },
"""
_ALLOW = """            "action": "allow",
            "match": {"versioned_expr": "SRC_IPS_V1", "config": {"src_ip_ranges": ["*"]}},
"""
_KEY = " --api-key $(gcloud secrets versions access 1 --secret=key)"
_REDIRECT = 'gcp.compute.URLMap("redirect", default_url_redirect={"https_redirect": True, "strip_query": False})'
_ERRORS = '    ("errors", f"{METRIC}{SERVER_ERRORS}", "ALIGN_RATE", "REDUCE_SUM", 1),\n'
_LATENCY = """    ("latency", f'{METRIC}total_latencies"', "ALIGN_DELTA", "REDUCE_PERCENTILE_95", 60000),\n"""
_CLASSIC_MAP = 'paths = gcp.compute.URLMap("paths", default_service=service.id)\n'
_CLASSIC_PATHS = """AWAY = {"host_redirect": "www.example.com", "strip_query": False}
paths = gcp.compute.URLMap(
    "paths",
    default_url_redirect=AWAY,
    host_rules=[{"hosts": ["*"], "path_matcher": "api"}],
    path_matchers=[
        {
            "name": "api",
            "default_url_redirect": AWAY,
            "path_rules": [{"paths": ["/v1/models"], "service": service.id}],
        }
    ],
)
"""

FIXES = {
    "nobody is asked for a key": fix(
        "backend-authentication",
        "_is_open",
        (_KEY, "", ""),
        (_ARMOR, _ARMOR, f'{_ARMOR}    iap={{"enabled": True}},\n'),
    ),
    "nobody is asked for a key by the servers": fix(
        "backend-authentication",
        "_is_open",
        (_KEY, "", _KEY),
        chosen="api gcloud secrets versions access secret 1",
    ),
    "no Cloud Armor": fix(
        "backend-cloud-armor",
        "_has_policy_from_elsewhere",
        (_ARMOR, "", _ARMOR),
        chosen="armor id",
    ),
    "Cloud Armor at the edge": fix(
        "backend-cloud-armor",
        "_filters_requests",
        (
            'gcp.compute.SecurityPolicy(\n    "armor",\n',
            'gcp.compute.SecurityPolicy(\n    "armor",\n    type="CLOUD_ARMOR_EDGE",\n',
            'gcp.compute.SecurityPolicy(\n    "armor",\n',
        ),
        chosen="CLOUD_ARMOR_EDGE",
    ),
    "Cloud Armor lets all through": fix(
        "backend-cloud-armor",
        "_filters_requests",
        (_THROTTLE, _ALLOW, _THROTTLE),
        (
            '"action": "deny(403)",',
            '"action": "allow",',
            '"action": "deny(403)",',
        ),
        chosen="rate_limit_options conform_action exceed_action 429 enforce_on_key IP rate_limit_threshold count 300 "
        "interval_sec 60",
    ),
    "no rate limit": fix(
        "cloud-armor-rate-limit",
        "_limits_rate",
        (_THROTTLE, _ALLOW, _THROTTLE),
        chosen="conform_action exceed_action deny 429 rate_limit_threshold count 300 interval_sec 60",
    ),
    "one rate limit for all": fix(
        "cloud-armor-rate-limit",
        "_limits_rate",
        ('"enforce_on_key": "IP"', '"enforce_on_key": "ALL"', '"enforce_on_key": "IP"'),
    ),
    "plain HTTP": fix(
        "frontend-https-only",
        "_only_redirects",
        (f"redirect = {_REDIRECT}\n", "", f"redirect = {_REDIRECT}\n"),
        ("url_map=redirect.id", "url_map=paths.id", "url_map=redirect.id"),
        chosen="gcp compute URLMap redirect",
    ),
    "every path": fix(
        "frontend-paths",
        "_hides_paths",
        (_DEFAULT, "    default_service=service.id,\n    host_rules", _DEFAULT),
        chosen="default_route_action NOT_FOUND",
    ),
    "every path of a classic load balancer": fix(
        "frontend-paths",
        "_hides_paths",
        (_CLASSIC_MAP, _CLASSIC_MAP, _CLASSIC_PATHS),
        program=CLASSIC,
        chosen="AWAY False api com example host_redirect host_rules hosts models name path_matcher path_matchers "
        "strip_query v1 www",
    ),
    "no SSL policy": fix(
        "frontend-tls-policy",
        "_has_policy_from_elsewhere",
        ("    ssl_policy=policy.id,\n", "", "    ssl_policy=policy.id,\n"),
        chosen="policy id",
    ),
    "a compatible SSL policy": fix(
        "frontend-tls-policy",
        "_has_accepted_profile",
        (_POLICY, _POLICY.replace("RESTRICTED", "COMPATIBLE"), _POLICY),
    ),
    "TLS 1.0": fix(
        "frontend-tls-policy",
        "_accepts_old_versions",
        (
            _POLICY,
            _POLICY.replace("TLS_1_2", "TLS_1_0").replace("RESTRICTED", "MODERN"),
            _POLICY.replace("RESTRICTED", "MODERN"),
        ),
    ),
    "weak ciphers": fix(
        "frontend-tls-policy",
        "_has_no_weak_suites",
        (
            _POLICY,
            'gcp.compute.SSLPolicy("tls", profile="CUSTOM", min_tls_version="TLS_1_2", custom_features='
            '["TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "TLS_RSA_WITH_3DES_EDE_CBC_SHA"])',
            'gcp.compute.SSLPolicy("tls", profile="CUSTOM", min_tls_version="TLS_1_2", custom_features='
            '["TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"])',
        ),
        chosen="TLS_RSA_WITH_3DES_EDE_CBC_SHA",
    ),
    "nobody is told of errors": fix(
        "llm-backend-alerts",
        "_nothing_covers",
        (_ERRORS, "", _ERRORS),
        chosen="f errors METRIC SERVER_ERRORS ALIGN_RATE REDUCE_SUM 1",
    ),
    "nobody is told of latency": fix(
        "llm-backend-alerts",
        "_nothing_covers",
        (_LATENCY, "", _LATENCY),
        chosen="f METRIC latency ALIGN_DELTA REDUCE_PERCENTILE_95 60000",
    ),
}
