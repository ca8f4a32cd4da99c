"""Who reaches the machines: probes and proxies their port, Identity-Aware Proxy their SSH."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
from pulumi_gcp import compute

from llm_stack.components.network import ALLOW
from llm_stack.components.options import child_of

PROBE_RANGES = ["35.191.0.0/16", "130.211.0.0/22"]
"""Google's front ends and health checks."""
IAP_RANGE = "35.235.240.0/20"


@dataclass(frozen=True, slots=True)
class MachineAccessArgs:
    network: pulumi.Input[str]
    proxy_ranges: Sequence[str]
    """Where the proxies of an internal load balancer live."""
    serving_port: int
    server_account: pulumi.Input[str]


class MachineAccess(pulumi.ComponentResource):
    """The ways in that the network leaves open, for machines with the servers' account alone."""

    def __init__(self, name: str, args: MachineAccessArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("llm:reference:MachineAccess", name, None, opts)
        self._args = args
        self._child = child_of(self, opts)
        self._allow_in(f"{name}-allow-serving", [*PROBE_RANGES, *args.proxy_ranges], args.serving_port)
        self._allow_in(f"{name}-allow-iap-ssh", [IAP_RANGE], 22)
        self.register_outputs({})

    def _allow_in(self, name: str, ranges: list[str], port: int) -> None:
        compute.Firewall(
            name,
            network=self._args.network,
            direction="INGRESS",
            priority=ALLOW,
            source_ranges=ranges,
            target_service_accounts=[self._args.server_account],
            allows=[{"protocol": "tcp", "ports": [str(port)]}],
            log_config={"metadata": "INCLUDE_ALL_METADATA"},
            opts=self._child,
        )
