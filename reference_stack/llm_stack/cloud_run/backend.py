"""The backend service over Cloud Run: a serverless NEG for the service of each region."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
from pulumi_gcp import compute

from llm_stack.components.options import child_of
from llm_stack.frontend.exposure import Exposure


@dataclass(frozen=True, slots=True)
class RunBackendArgs:
    exposure: Exposure
    services: Mapping[str, pulumi.Input[str]]
    """The name of the Cloud Run service of each region."""
    log_sample_rate: float

    def __post_init__(self) -> None:
        if len(self.services) < 2:
            raise ValueError("a backend needs the services of two regions or more")
        if self.exposure.iap_members:
            raise ValueError("with Identity-Aware Proxy nothing tells that a region of Cloud Run is dead")


class RunBackend(pulumi.ComponentResource):
    """One backend service that spans the regions.

    It has no health check, port name, timeout or target: of serverless NEGs the load balancer takes none. What a
    region's instances say of themselves reaches it as Cloud Run service health.
    """

    service: pulumi.Output[str]
    service_name: pulumi.Output[str]

    def __init__(self, name: str, args: RunBackendArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("llm:reference:RunBackend", name, None, opts)
        self._args = args
        self._child = child_of(self, opts)
        service = compute.BackendService(
            f"{name}-service",
            load_balancing_scheme=args.exposure.scheme,
            protocol="HTTPS",
            backends=[{"group": self._create_neg(name, region)} for region in args.services],
            log_config={"enable": True, "sample_rate": args.log_sample_rate},
            security_policy=args.exposure.security_policy,
            opts=self._child,
        )
        self.service = service.id
        self.service_name = service.name
        self.register_outputs({"service": self.service, "service_name": self.service_name})

    def _create_neg(self, name: str, region: str) -> pulumi.Output[str]:
        return compute.RegionNetworkEndpointGroup(
            f"{name}-{region}",
            region=region,
            network_endpoint_type="SERVERLESS",
            cloud_run={"service": self._args.services[region]},
            opts=self._child,
        ).id
