"""Fixes of the rules about long answers."""

from __future__ import annotations

from tests.fixes.fix import fix

_DRAINING = "connection_draining_timeout_sec=900,"
_LOG = '    log_config={"enable": True, "sample_rate": 1.0},\n'
_OUTLIERS = '    outlier_detection={"consecutive_errors": 5, "max_ejection_percent": 50},\n'
_PATHS = '"path_rules": [{"paths": ["/v1/*"], "service": service.id}]'


def _with_action(action: str) -> str:
    return f'"path_rules": [{{"paths": ["/v1/*"], "service": service.id, "route_action": {action}}}]'


FIXES = {
    "draining for too long": fix(
        "llm-backend-draining",
        "llm_backend_draining",
        (_DRAINING, "connection_draining_timeout_sec=7200,", _DRAINING),
        chosen="900",
    ),
    "draining ends before answers do": fix(
        "llm-backend-draining",
        "_lasts",
        (_DRAINING, "connection_draining_timeout_sec=60,", _DRAINING),
    ),
    "no request log": fix("llm-backend-logging", "llm_backend_logging", (_LOG, "", _LOG)),
    "a request log of nothing": fix(
        "llm-backend-logging",
        "llm_backend_logging",
        (_LOG, '    log_config={"enable": True, "sample_rate": 0},\n', _LOG),
    ),
    "no outlier detection": fix(
        "llm-backend-outlier-detection",
        "llm_backend_outlier_detection",
        (_OUTLIERS, "", _OUTLIERS),
    ),
    "no server can be ejected": fix(
        "llm-backend-outlier-detection",
        "_ejects_enough_servers",
        (_OUTLIERS, _OUTLIERS.replace("50", "5"), _OUTLIERS),
        chosen="50",
    ),
    "outliers are only counted": fix(
        "llm-backend-outlier-detection",
        "_ejects_at_all",
        (
            _OUTLIERS,
            _OUTLIERS.replace(
                "50}",
                '50, "enforcing_consecutive_errors": 0, "enforcing_consecutive_gateway_failure": 0, '
                '"enforcing_success_rate": 0}',
            ),
            _OUTLIERS.replace(
                "50}",
                '50, "enforcing_consecutive_errors": 100, "enforcing_consecutive_gateway_failure": 0, '
                '"enforcing_success_rate": 0}',
            ),
        ),
    ),
    "retries of what has begun": fix(
        "llm-backend-retry",
        "_retries_only_what_has_not_started",
        (
            _PATHS,
            _with_action('{"retry_policy": {"num_retries": 1, "retry_conditions": ["5xx"]}}'),
            _with_action('{"retry_policy": {"num_retries": 1, "retry_conditions": ["connect-failure"]}}'),
        ),
    ),
    "answers are cut": fix(
        "llm-backend-timeout",
        "_waits_long_enough",
        ("    timeout_sec=900,\n", "", "    timeout_sec=900,\n"),
        chosen="900",
    ),
    "clients wait for a day": fix(
        "llm-backend-timeout",
        "_waits_long_enough",
        ("    timeout_sec=900,\n", "    timeout_sec=90000,\n", "    timeout_sec=86400,\n"),
        (_DRAINING, "connection_draining_timeout_sec=3600,", "connection_draining_timeout_sec=3600,"),
    ),
    "a route cuts answers": fix(
        "llm-backend-timeout",
        "_route_waits_long_enough",
        (_PATHS, _with_action('{"timeout": {"seconds": "30"}}'), _with_action('{"timeout": {"seconds": "900"}}')),
        chosen="900",
    ),
}
