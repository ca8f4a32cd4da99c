"""What both forms of load balancer share: the health check, the backend service and the paths it serves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
from pulumi_gcp import compute


@dataclass(frozen=True, slots=True)
class BackendArgs:
    groups: Sequence[pulumi.Input[str]]
    port_name: str
    port: int
    health_path: str
    api_paths: tuple[str, ...]
    domain: str
    max_utilization: float
    requests_per_second: float
    """What one machine may take before the load balancer looks elsewhere."""
    timeout_seconds: int
    draining_seconds: int
    log_sample_rate: float

    def __post_init__(self) -> None:
        if len(self.groups) < 2:
            raise ValueError("a backend needs the groups of two regions or more")


def create_health_check(name: str, args: BackendArgs, child: pulumi.ResourceOptions) -> compute.HealthCheck:
    """A dead machine is out in 30 s, a new one in after 20 s."""
    return compute.HealthCheck(
        f"{name}-check",
        check_interval_sec=10,
        timeout_sec=5,
        healthy_threshold=2,
        unhealthy_threshold=3,
        http_health_check={
            "port": args.port,
            "port_specification": "USE_FIXED_PORT",
            "request_path": args.health_path,
        },
        log_config={"enable": True},
        opts=child,
    )


def backends(args: BackendArgs) -> list[compute.BackendServiceBackendArgsDict]:
    return [
        {
            "group": group,
            "balancing_mode": "UTILIZATION",
            "max_utilization": args.max_utilization,
            # Utilization is that of the CPUs, which says little of a GPU: the rate is the limit that holds.
            "max_rate_per_instance": args.requests_per_second,
            "capacity_scaler": 1.0,
        }
        for group in args.groups
    ]


def create_url_map(
    name: str, args: BackendArgs, service: compute.BackendService, child: pulumi.ResourceOptions
) -> compute.URLMap:
    """The API's paths on its own host; everything else is answered with 404 by the load balancer itself."""
    not_found = 404
    return compute.URLMap(
        f"{name}-paths",
        default_service=service.id,
        default_route_action={"fault_injection_policy": {"abort": {"http_status": not_found, "percentage": 100}}},
        host_rules=[{"hosts": [args.domain], "path_matcher": "api"}],
        path_matchers=[
            {
                "name": "api",
                "default_service": service.id,
                "default_route_action": {
                    "fault_injection_policy": {"abort": {"http_status": not_found, "percentage": 100}}
                },
                "path_rules": [
                    {
                        "paths": list(args.api_paths),
                        "service": service.id,
                        # A generation that has begun must not be run twice.
                        "route_action": {"retry_policy": {"num_retries": 1, "retry_conditions": ["connect-failure"]}},
                    }
                ],
            }
        ],
        opts=child,
    )
