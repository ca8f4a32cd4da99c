"""All fixes that are tried, by what is wrong."""

from __future__ import annotations

from tests.fixes import availability, cloud_run, edge, legality, machines, serving
from tests.fixes.fix import Fix

_ALL = (availability, machines, edge, legality, serving, cloud_run)
FIXES: dict[str, Fix] = {name: fix for rows in _ALL for name, fix in rows.FIXES.items()}
# (Rule, function) of messages that no program here gets.
NO_PROGRAM = {
    ("frontend_paths", "_has_its_matchers"),
    ("health_check_matches_serving", "_asks_a_named_port"),
    ("backend_group_kind", "_is_group"),
    ("backend_session_affinity", "_has_cookie"),
    ("backend_session_affinity", "_hash_is_read"),
    ("backend_session_affinity", "_load_balancer_has_it"),
    ("backend_session_affinity", "_serverless_has_none"),
    ("cloud_armor_rate_limit", "_limits_everybody"),
    ("forwarding_rule_scheme", "_is_of_no_proxy"),
    ("frontend_domain", "_has_certificate"),
    ("frontend_domain", "_is_for_its_host"),
    ("frontend_https_only", "_does_not_repeat_plain_http"),
    ("frontend_regions", "_are_in_regions"),
    ("frontend_regions", "_has_proxies"),
    ("frontend_regions", "_have_names"),
    ("frontend_regions", "_is_led_to_by_its_region"),
    ("gpu_instance_scheduling", "_fits_its_model"),
    ("gpu_instance_scheduling", "_takes_its_termination_action"),
    ("health_check_attachable", "_has_port"),
    ("health_check_attachable", "_takes_legacy_check"),
    ("health_check_matches_serving", "_speaks_as_the_service"),
    ("instance_group_scope", "_is_in_its_region"),
    ("instance_group_scope", "_is_its_own"),
    ("instance_group_update_policy", "_can_recreate"),
    ("instance_group_update_policy", "_is_enough_for_the_zones"),
    ("instance_group_update_policy", "_lets_an_update_begin"),
    ("instance_service_account", "_is_no_basic_role"),
    ("instance_service_account", "_needs_no_account"),
    ("kind_settings", "_counts_errors_alone"),
    ("kind_settings", "_serverless_takes_it"),
    ("kind_settings", "scaler_fits"),
    ("llm_backend_max_utilization", "_is_bounded_by_more_than_cpus"),
    ("llm_backend_outlier_detection", "_is_not_off_for_serverless"),
    ("load_balancer_balancing_mode", "_shares_no_group"),
    ("mixtures", "_one_a_region"),
    ("mixtures", "as_many_as_taken"),
    ("mixtures", "google_api_is_alone"),
    ("mixtures", "platforms_agree"),
    ("places", "_is_of_its_scope"),
    ("reservations", "_has_its_reservation"),
    ("reservations", "is_to_be_had"),
    ("routes", "rewrites_alone"),
    ("targets", "metrics_count"),
}
