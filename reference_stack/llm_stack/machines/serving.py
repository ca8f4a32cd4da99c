"""How machines serve: a fleet in each region behind one backend service."""

from __future__ import annotations

import pulumi

from llm_stack.components.encryption import BUCKET_AGENT, DISK_AGENT, REGISTRY_AGENT
from llm_stack.components.network import SubnetArgs
from llm_stack.config import Config
from llm_stack.foundation import Foundation, Needs, Serving
from llm_stack.frontend.exposure import Exposure
from llm_stack.machines import alerts
from llm_stack.machines.access import MachineAccess, MachineAccessArgs
from llm_stack.machines.backend import FleetBackend, FleetBackendArgs
from llm_stack.machines.cloud_init import ServerSettings, cloud_init
from llm_stack.machines.config import Machines
from llm_stack.machines.fleet import Fleet, FleetArgs, GpuArgs
from llm_stack.observability.alerts import ServiceMetrics
from llm_stack.server import HEALTH_PATH, PORT

PORT_NAME = "http"


def needs_of(machines: Machines) -> Needs:
    return Needs(
        apis=(),
        registries=machines.registries,
        subnets=tuple(
            SubnetArgs(name, str(region.cidr), str(region.proxy_cidr) if region.proxy_cidr else None)
            for name, region in machines.regions.items()
        ),
        regional_agents=(DISK_AGENT,),
        location_agents=(BUCKET_AGENT, REGISTRY_AGENT),
    )


def serve(name: str, config: Config, machines: Machines, foundation: Foundation, exposure: Exposure) -> Serving:
    MachineAccess(
        name,
        MachineAccessArgs(
            network=foundation.network.network,
            proxy_ranges=[str(region.proxy_cidr) for region in machines.regions.values() if region.proxy_cidr],
            serving_port=PORT,
            server_account=foundation.identity.email,
        ),
        opts=foundation.after_apis,
    )
    user_data = boot_document(config, machines, foundation)
    fleets = {
        region: create_fleet(f"{name}-{region}", region, machines, foundation, user_data) for region in machines.regions
    }
    backend = FleetBackend(
        name,
        FleetBackendArgs(
            exposure=exposure,
            groups=[fleet.instance_group for fleet in fleets.values()],
            port_name=PORT_NAME,
            port=PORT,
            health_path=HEALTH_PATH,
            max_utilization=machines.traffic.max_utilization,
            requests_per_second=machines.traffic.requests_per_second,
            timeout_seconds=machines.traffic.timeout_seconds,
            draining_seconds=machines.traffic.draining_seconds,
            log_sample_rate=config.operations.log_sample_rate,
        ),
        opts=foundation.after_apis,
    )
    metrics = ServiceMetrics(exposure.is_internal, backend.service_name)
    groups = {
        name: alerts.GroupArgs(fleets[name].group_name, region.max_replicas, machines.traffic.requests_per_second)
        for name, region in machines.regions.items()
    }
    return Serving(
        service=backend.service,
        metrics=metrics,
        alerts=[
            alerts.full_region(metrics, groups),
            alerts.autoscaler_maximum(groups),
            alerts.unhealthy(config.project, groups),
        ],
        chart=alerts.machines_chart(),
        checks={
            "backends": pulumi.Output.concat(
                "gcloud compute backend-services get-health ",
                backend.service_name,
                f" --global --project={config.project}",
            )
        },
        outputs={
            "groups": {region: fleet.group_name for region, fleet in fleets.items()},
            "weights": f"gs://{config.buckets[config.location]}/{machines.model.weights}",
        },
    )


def boot_document(config: Config, machines: Machines, foundation: Foundation) -> str:
    return cloud_init(
        ServerSettings.of(
            config.project,
            machines,
            bucket=config.buckets[config.location],
            secret=foundation.artifacts.secret,
            repositories=foundation.artifacts.repositories,
        )
    )


def create_fleet(name: str, region_name: str, machines: Machines, foundation: Foundation, user_data: str) -> Fleet:
    machine, region = machines.machine, machines.regions[region_name]
    return Fleet(
        name,
        FleetArgs(
            region=region_name,
            zones=region.zones,
            subnet=foundation.network.subnets[region_name],
            service_account=foundation.identity.email,
            machine_type=machine.type,
            gpu=GpuArgs(machine.gpu.type, machine.gpu.count) if machine.gpu else None,
            architecture=machine.built.architecture,
            disk_type=machine.built.boot_disk,
            disk_gb=machine.disk_gb,
            disk_key=foundation.encryption.regional_keys.get(region_name),
            secure_boot=machine.secure_boot,
            user_data=user_data,
            port_name=PORT_NAME,
            port=PORT,
            health_path=HEALTH_PATH,
            initial_delay_seconds=machines.initial_delay,
            min_replicas=region.min_replicas,
            max_replicas=region.max_replicas,
            autoscaler_target=machines.traffic.autoscaler_target,
            surge=machine.surge,
            reserve=region.reserve,
            spot=machine.provisioning == "spot",
            reservation=machine.reservation,
        ),
        opts=foundation.after_artifacts,
    )
