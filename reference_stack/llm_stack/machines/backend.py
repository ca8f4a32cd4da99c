"""The backend service over groups of machines, and the check that decides who gets requests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
from pulumi_gcp import compute, iap

from llm_stack.components.options import child_of
from llm_stack.frontend.exposure import EXTERNAL, Exposure


@dataclass(frozen=True, slots=True)
class FleetBackendArgs:
    exposure: Exposure
    groups: Sequence[pulumi.Input[str]]
    port_name: str
    port: int
    health_path: str
    max_utilization: float
    requests_per_second: float
    """What one machine may take before the load balancer looks elsewhere."""
    timeout_seconds: int
    draining_seconds: int
    log_sample_rate: float

    def __post_init__(self) -> None:
        if len(self.groups) < 2:
            raise ValueError("a backend needs the groups of two regions or more")


class FleetBackend(pulumi.ComponentResource):
    """One backend service that spans the groups of all regions."""

    service: pulumi.Output[str]
    service_name: pulumi.Output[str]

    def __init__(self, name: str, args: FleetBackendArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("llm:reference:FleetBackend", name, None, opts)
        self._args = args
        self._child = child_of(self, opts)
        service = self._create_service(name)
        self._create_callers(name, service)
        self.service = service.id
        self.service_name = service.name
        self.register_outputs({"service": self.service, "service_name": self.service_name})

    def _create_service(self, name: str) -> compute.BackendService:
        args, exposure = self._args, self._args.exposure
        return compute.BackendService(
            f"{name}-service",
            load_balancing_scheme=exposure.scheme,
            protocol="HTTP",
            port_name=args.port_name,
            health_checks=self._create_health_check(name).id,
            backends=self._backends(),
            session_affinity="NONE",
            locality_lb_policy="LEAST_REQUEST",
            timeout_sec=args.timeout_seconds,
            connection_draining_timeout_sec=args.draining_seconds,
            outlier_detection=self._outlier_detection(),
            log_config={"enable": True, "sample_rate": args.log_sample_rate},
            security_policy=exposure.security_policy,
            iap={"enabled": True} if exposure.iap_members else None,
            opts=self._child,
        )

    def _create_health_check(self, name: str) -> compute.HealthCheck:
        """A dead machine is out in 30 s, a new one in after 20 s."""
        args = self._args
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
            opts=self._child,
        )

    def _backends(self) -> list[compute.BackendServiceBackendArgsDict]:
        args = self._args
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

    def _outlier_detection(self) -> compute.BackendServiceOutlierDetectionArgsDict | None:
        """A global service over machines has it on the external scheme only."""
        if self._args.exposure.scheme != EXTERNAL:
            return None
        return {
            "consecutive_errors": 5,
            "enforcing_consecutive_errors": 100,
            "interval": {"seconds": 10},
            "base_ejection_time": {"seconds": 60},
            # The default ejects at most 10 %, which is nobody in a small group.
            "max_ejection_percent": 50,
        }

    def _create_callers(self, name: str, service: compute.BackendService) -> None:
        for position, member in enumerate(self._args.exposure.iap_members):
            iap.WebBackendServiceIamMember(
                f"{name}-caller-{position}",
                web_backend_service=service.name,
                role="roles/iap.httpsResourceAccessor",
                member=member,
                opts=self._child,
            )
