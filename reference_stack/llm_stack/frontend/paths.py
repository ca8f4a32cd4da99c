"""The paths that a load balancer serves."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_gcp import compute


@dataclass(frozen=True, slots=True)
class SiteArgs:
    """What clients see of the service, on either kind of load balancer."""

    domain: str
    api_paths: tuple[str, ...]
    service: pulumi.Input[str]


def create_url_map(name: str, args: SiteArgs, child: pulumi.ResourceOptions) -> compute.URLMap:
    """The API's paths on its own host; everything else is answered with 404 by the load balancer itself."""
    not_found = 404
    return compute.URLMap(
        f"{name}-paths",
        default_service=args.service,
        default_route_action={"fault_injection_policy": {"abort": {"http_status": not_found, "percentage": 100}}},
        host_rules=[{"hosts": [args.domain], "path_matcher": "api"}],
        path_matchers=[
            {
                "name": "api",
                "default_service": args.service,
                "default_route_action": {
                    "fault_injection_policy": {"abort": {"http_status": not_found, "percentage": 100}}
                },
                "path_rules": [
                    {
                        "paths": list(args.api_paths),
                        "service": args.service,
                        # A generation that has begun must not be run twice.
                        "route_action": {"retry_policy": {"num_retries": 1, "retry_conditions": ["connect-failure"]}},
                    }
                ],
            }
        ],
        opts=child,
    )
