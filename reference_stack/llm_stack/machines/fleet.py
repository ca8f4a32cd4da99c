"""The machines of one region: template, group, healing, scaling and, if asked for, reserved capacity."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
from pulumi_gcp import compute

from llm_stack.components.options import child_of
from llm_stack.machines.catalogue import Architecture

IMAGES: dict[Architecture, str] = {
    "x86-64": "projects/cos-cloud/global/images/family/cos-125-lts",
    "arm64": "projects/cos-cloud/global/images/family/cos-arm64-125-lts",
}
"""https://cloud.google.com/container-optimized-os/docs/concepts/versioning."""
SPOT: compute.RegionInstanceTemplateSchedulingArgsDict = {
    "on_host_maintenance": "TERMINATE",
    "automatic_restart": False,
    "provisioning_model": "SPOT",
    "preemptible": True,
}
"""https://cloud.google.com/compute/docs/instances/create-use-spot."""
METADATA = {
    "enable-oslogin": "TRUE",
    "block-project-ssh-keys": "TRUE",
    "serial-port-enable": "FALSE",
    "google-logging-enabled": "true",
    "google-monitoring-enabled": "true",
    # A machine is replaced, never changed: an update in place would reboot it under load.
    "cos-update-strategy": "update_disabled",
}


@dataclass(frozen=True, slots=True)
class GpuArgs:
    type: str
    count: int


@dataclass(frozen=True, slots=True)
class FleetArgs:
    region: str
    zones: tuple[str, ...]
    subnet: pulumi.Input[str]
    service_account: pulumi.Input[str]
    machine_type: str
    gpu: GpuArgs | None
    architecture: Architecture
    disk_type: str
    disk_gb: int
    disk_key: pulumi.Input[str] | None
    secure_boot: bool
    user_data: str
    port_name: str
    port: int
    health_path: str
    initial_delay_seconds: int
    min_replicas: int
    max_replicas: int
    autoscaler_target: float
    surge: bool
    """Whether the quota has room for one more machine a zone during an update."""
    reserve: bool
    spot: bool = False
    reservation: str | None = None
    """The name of reservations, one in each zone, whose machines these are."""

    def __post_init__(self) -> None:
        if len(set(self.zones)) < 2:
            raise ValueError(f"a fleet needs two zones or more, not {self.zones}")
        if not 2 <= self.min_replicas <= self.max_replicas:
            raise ValueError(f"replicas {self.min_replicas} to {self.max_replicas} are not 2 or more, in order")


class Fleet(pulumi.ComponentResource):
    """A regional managed instance group of shielded machines without public addresses."""

    instance_group: pulumi.Output[str]
    group_name: pulumi.Output[str]

    def __init__(self, name: str, args: FleetArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("llm:reference:Fleet", name, None, opts)
        self._args = args
        self._child = child_of(self, opts)
        template = self._create_template(name)
        group = self._create_group(name, template, self._create_healing_check(name))
        self._create_autoscaler(name, group)
        if args.reserve:
            self._create_reservations(name)
        self.instance_group = group.instance_group
        self.group_name = group.name
        self.register_outputs({"instance_group": self.instance_group, "group_name": self.group_name})

    def _create_template(self, name: str) -> compute.RegionInstanceTemplate:
        args = self._args
        return compute.RegionInstanceTemplate(
            f"{name}-template",
            region=args.region,
            machine_type=args.machine_type,
            can_ip_forward=False,
            disks=[self._boot_disk()],
            # Without access_configs a machine has no public address.
            network_interfaces=[{"subnetwork": args.subnet}],
            service_account={
                "email": args.service_account,
                # Roles on the account limit it, as Google advises; scopes would only hide what they grant.
                "scopes": ["https://www.googleapis.com/auth/cloud-platform"],
            },
            shielded_instance_config={
                "enable_secure_boot": args.secure_boot,
                "enable_vtpm": True,
                "enable_integrity_monitoring": True,
            },
            guest_accelerators=self._accelerators(),
            scheduling={
                # A machine with a GPU cannot be moved while it runs.
                "on_host_maintenance": "TERMINATE" if args.gpu else "MIGRATE",
                "automatic_restart": True,
                "provisioning_model": "STANDARD",
                **(SPOT if args.spot else {}),
            },
            reservation_affinity={"type": "ANY_RESERVATION"} if args.reservation is None else self._reservation(),
            metadata={**METADATA, "user-data": args.user_data},
            opts=self._child,
        )

    def _reservation(self) -> compute.RegionInstanceTemplateReservationAffinityArgsDict:
        """https://cloud.google.com/compute/docs/instances/reservations-consume#consuming_instances_from_a_specific_reservation."""
        key, names = "compute.googleapis.com/reservation-name", [self._args.reservation or ""]
        return {"type": "SPECIFIC_RESERVATION", "specific_reservation": {"key": key, "values": names}}

    def _boot_disk(self) -> compute.RegionInstanceTemplateDiskArgsDict:
        disk: compute.RegionInstanceTemplateDiskArgsDict = {
            "boot": True,
            "auto_delete": True,
            "source_image": IMAGES[self._args.architecture],
            "disk_type": self._args.disk_type,
            "disk_size_gb": self._args.disk_gb,
        }
        if self._args.disk_key is not None:
            disk["disk_encryption_key"] = {"kms_key_self_link": self._args.disk_key}
        return disk

    def _accelerators(self) -> Sequence[compute.RegionInstanceTemplateGuestAcceleratorArgsDict] | None:
        gpu = self._args.gpu
        return [{"type": gpu.type, "count": gpu.count}] if gpu else None

    def _create_healing_check(self, name: str) -> compute.HealthCheck:
        """Far more patient than the load balancer's check: a busy server is not a dead one."""
        return compute.HealthCheck(
            f"{name}-healing",
            check_interval_sec=30,
            timeout_sec=10,
            healthy_threshold=1,
            unhealthy_threshold=10,
            http_health_check={
                "port": self._args.port,
                "port_specification": "USE_FIXED_PORT",
                "request_path": self._args.health_path,
            },
            log_config={"enable": True},
            opts=self._child,
        )

    def _create_group(
        self, name: str, template: compute.RegionInstanceTemplate, check: compute.HealthCheck
    ) -> compute.RegionInstanceGroupManager:
        args = self._args
        return compute.RegionInstanceGroupManager(
            f"{name}-group",
            region=args.region,
            base_instance_name=name,
            versions=[{"instance_template": template.self_link}],
            distribution_policy_zones=list(args.zones),
            distribution_policy_target_shape="BALANCED",
            named_ports=[{"name": args.port_name, "port": args.port}],
            auto_healing_policies={
                "health_check": check.id,
                "initial_delay_sec": args.initial_delay_seconds,
            },
            update_policy=self._update_policy(),
            # The first machines wait for weights and key, which are uploaded after the deployment.
            wait_for_instances=False,
            opts=self._child,
        )

    def _update_policy(self) -> compute.RegionInstanceGroupManagerUpdatePolicyArgsDict:
        """With spare quota new machines come first. Without, an operator replaces them, region by region."""
        zones = len(self._args.zones)
        return {
            "type": "PROACTIVE" if self._args.surge else "OPPORTUNISTIC",
            "minimal_action": "REPLACE",
            "most_disruptive_allowed_action": "REPLACE",
            "replacement_method": "SUBSTITUTE",
            # Compute Engine takes 0 or at least one a zone, and no redistribution with a BALANCED shape.
            "max_surge_fixed": zones if self._args.surge else 0,
            "max_unavailable_fixed": 0 if self._args.surge else zones,
            "instance_redistribution_type": "NONE",
        }

    def _create_autoscaler(self, name: str, group: compute.RegionInstanceGroupManager) -> None:
        args = self._args
        compute.RegionAutoscaler(
            f"{name}-autoscaler",
            region=args.region,
            target=group.id,
            autoscaling_policy={
                "mode": "ON",
                "min_replicas": args.min_replicas,
                "max_replicas": args.max_replicas,
                "cooldown_period": args.initial_delay_seconds,
                "load_balancing_utilization": {"target": args.autoscaler_target},
                # Warm replicas are slow to get back, so they are given up one by one.
                "scale_in_control": {"max_scaled_in_replicas": {"fixed": 1}, "time_window_sec": 600},
            },
            opts=self._child,
        )

    def _create_reservations(self, name: str) -> None:
        """Holds the warm replicas' machines in each zone; any machine of this type may use them."""
        gpu = self._args.gpu
        for zone in self._args.zones:
            compute.Reservation(
                f"{name}-{zone.rsplit('-', 1)[-1]}",
                zone=zone,
                specific_reservation_required=False,
                specific_reservation={
                    "count": math.ceil(self._args.min_replicas / len(self._args.zones)),
                    "instance_properties": {
                        "machine_type": self._args.machine_type,
                        "guest_accelerators": (
                            [{"accelerator_type": gpu.type, "accelerator_count": gpu.count}] if gpu else None
                        ),
                    },
                },
                opts=self._child,
            )
