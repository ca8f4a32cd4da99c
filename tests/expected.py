"""The verdicts that the recorded programs get: violations as (policy, resource), and undecided policies.

They are those of `FIRST_RULES`: the programs were made for these, and say nothing about what others ask for.
"""

from __future__ import annotations

from typing import Final

FIRST_RULES: Final = (
    "llm-backend-health-check",
    "llm-backend-max-utilization",
    "llm-backend-named-port",
    "llm-backend-regions",
    "load-balancer-balancing-mode",
    "load-balancer-product",
)

_ONE_REGION = {("llm-backend-regions", "chat")}
_UNSET = {("llm-backend-named-port", "chat"), ("llm-backend-max-utilization", "chat")}
_TCP = {("llm-backend-health-check", "chat")}

VIOLATIONS: Final[dict[str, set[tuple[str, str]]]] = {
    "global_one_region": _ONE_REGION,
    "zonal_groups_one_region": _ONE_REGION,
    "up_global_one_region": _ONE_REGION,
    "targets_unset": _UNSET,
    "up_targets_unset": _UNSET,
    "regional_managed_pair": {
        ("llm-backend-regions", "chat-us-central1"),
        ("llm-backend-regions", "chat-europe-west4"),
    },
    "tcp_check": _TCP,
    "up_tcp_check": _TCP,
    "regional_external_http": {
        ("llm-backend-regions", "multi-region-backend-service"),
        ("load-balancer-product", "multi-region-backend-service"),
    },
    "gke_gw_render": {("llm-backend-regions", "vllm")},
    "gke_neg_autoneg": {("llm-backend-health-check", "glb-bs")},
    "gke_gw_unknown_kubeconfig": {("llm-backend-regions", "pool")},
    # The provider refuses its balancing mode, so that no rule sees the whole stack.
    "regional_external_http_with_backends": {("load-balancer-product", "multi-region-backend-service")},
}

UNDECIDED: Final[dict[str, set[str]]] = {
    "backends_built_in_apply": {
        "llm-backend-regions",
        "llm-backend-named-port",
        "llm-backend-max-utilization",
        "load-balancer-balancing-mode",
    },
    "gke_neg_autoneg": {"llm-backend-regions"},
    "known_urls": {"llm-backend-health-check", "llm-backend-named-port"},
}

UPDATES: Final = ("up_global_one_region", "up_targets_unset", "up_tcp_check", "deployed_up")
# `pulumi policy analyze` runs outside an operation.
WITHOUT_OPERATION: Final = ("policy_analyze_state",)


def dry_run_of(recording: str) -> str | None:
    """What `PULUMI_DRY_RUN` was when the engine made the recording."""
    if recording in WITHOUT_OPERATION:
        return None
    return "false" if recording in UPDATES else "true"
