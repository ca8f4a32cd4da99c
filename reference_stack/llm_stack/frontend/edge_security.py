"""Cloud Armor in front of the public address."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_gcp import compute

from llm_stack.components.options import child_of

LAST_PRIORITY = 2147483647
"""Cloud Armor's own number for the rule that every policy ends with."""


@dataclass(frozen=True, slots=True)
class EdgeSecurityArgs:
    client_ranges: tuple[str, ...]
    requests_per_minute: int


class EdgeSecurity(pulumi.ComponentResource):
    """Known clients at a bounded rate each; everybody else is turned away."""

    policy: pulumi.Output[str]

    def __init__(self, name: str, args: EdgeSecurityArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("llm:reference:EdgeSecurity", name, None, opts)
        self.policy = compute.SecurityPolicy(
            f"{name}-armor",
            type="CLOUD_ARMOR",
            rules=[
                {
                    "priority": 1000,
                    "description": "A bounded rate for each client",
                    "action": "throttle",
                    "match": {"versioned_expr": "SRC_IPS_V1", "config": {"src_ip_ranges": list(args.client_ranges)}},
                    "rate_limit_options": {
                        "conform_action": "allow",
                        "exceed_action": "deny(429)",
                        "enforce_on_key": "IP",
                        "rate_limit_threshold": {"count": args.requests_per_minute, "interval_sec": 60},
                    },
                },
                {
                    "priority": LAST_PRIORITY,
                    "description": "Nobody else",
                    "action": "deny(403)",
                    "match": {"versioned_expr": "SRC_IPS_V1", "config": {"src_ip_ranges": ["*"]}},
                },
            ],
            adaptive_protection_config={"layer7_ddos_defense_config": {"enable": True, "rule_visibility": "STANDARD"}},
            opts=child_of(self, opts),
        ).id
        self.register_outputs({"policy": self.policy})
