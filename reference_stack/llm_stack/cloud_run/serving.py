"""How Cloud Run serves: a service in each region behind one backend service."""

from __future__ import annotations

from llm_stack.cloud_run import alerts
from llm_stack.cloud_run.backend import RunBackend, RunBackendArgs
from llm_stack.cloud_run.config import CloudRun
from llm_stack.cloud_run.service import InstanceArgs, RunService, RunServiceArgs, ServerArgs
from llm_stack.components.encryption import BUCKET_AGENT, REGISTRY_AGENT, RUN_AGENT
from llm_stack.components.network import SubnetArgs
from llm_stack.config import Config
from llm_stack.foundation import Foundation, Needs, Serving
from llm_stack.frontend.exposure import Exposure
from llm_stack.observability.alerts import ServiceMetrics
from llm_stack.server import (
    ENVIRONMENTS,
    HEALTH_PATH,
    KEY_VARIABLES,
    MODELS,
    PORT,
    SLOTS_FLAGS,
    mirrored,
    server_arguments,
)


def needs_of(cloud_run: CloudRun) -> Needs:
    return Needs(
        apis=("run",),
        registries=cloud_run.registries,
        subnets=tuple(SubnetArgs(name, str(region.cidr)) for name, region in cloud_run.regions.items()),
        regional_agents=(BUCKET_AGENT, RUN_AGENT),
        location_agents=(REGISTRY_AGENT,),
    )


def serve(name: str, config: Config, cloud_run: CloudRun, foundation: Foundation, exposure: Exposure) -> Serving:
    services = {
        region: create_service(f"{name}-{region}", region, config, cloud_run, foundation)
        for region in cloud_run.regions
    }
    backend = RunBackend(
        name,
        RunBackendArgs(
            exposure=exposure,
            services={region: service.name for region, service in services.items()},
            log_sample_rate=config.operations.log_sample_rate,
        ),
        opts=foundation.after_apis,
    )
    limits = {name: region.max_instances for name, region in cloud_run.regions.items()}
    return Serving(
        service=backend.service,
        metrics=ServiceMetrics(exposure.is_internal, backend.service_name),
        alerts=[
            alerts.no_instance(config.resource_id, config.regions),
            alerts.instance_maximum(config.resource_id, limits),
        ],
        chart=alerts.instances_chart(config.resource_id),
        checks={
            "backends": f"gcloud run services list --filter=metadata.name={config.resource_id} "
            f"--project={config.project}"
        },
        outputs={
            "services": {region: service.name for region, service in services.items()},
            "weights": [f"gs://{bucket}/{cloud_run.model.weights}" for bucket in config.buckets.values()],
        },
    )


def create_service(
    name: str, region_name: str, config: Config, cloud_run: CloudRun, foundation: Foundation
) -> RunService:
    region = cloud_run.regions[region_name]
    return RunService(
        name,
        RunServiceArgs(
            region=region_name,
            service_name=config.resource_id,
            server=server_of(cloud_run, foundation),
            instance=instance_of(cloud_run),
            min_instances=region.min_instances,
            max_instances=region.max_instances,
            service_account=foundation.identity.email,
            bucket=config.buckets[region_name],
            secret=foundation.artifacts.secret,
            subnet=foundation.network.subnets[region_name],
            encryption_key=foundation.encryption.regional_keys.get(region_name),
            protect=config.operations.protect,
        ),
        opts=foundation.after_artifacts,
    )


def server_of(cloud_run: CloudRun, foundation: Foundation) -> ServerArgs:
    model, traffic = cloud_run.model, cloud_run.traffic
    arguments = server_arguments(
        model,
        folder=f"{MODELS}/{model.weights}",
        port=PORT,
        gpus=1 if cloud_run.instance.gpu else 0,
        timeout_seconds=traffic.timeout_seconds,
    )
    return ServerArgs(
        image=mirrored(model.image, foundation.artifacts.repositories),
        # As many slots as Cloud Run sends requests: with fewer they would queue where nobody sees it.
        arguments=(*arguments, SLOTS_FLAGS[model.runtime][0], str(traffic.concurrency)),
        environment=ENVIRONMENTS[model.runtime],
        key_variable=KEY_VARIABLES[model.runtime],
        models=MODELS,
        port=PORT,
        health_path=HEALTH_PATH,
        load_seconds=model.load_seconds,
    )


def instance_of(cloud_run: CloudRun) -> InstanceArgs:
    instance = cloud_run.instance
    return InstanceArgs(
        cpu=instance.cpu,
        memory_gib=instance.memory_gib,
        gpu=instance.gpu,
        zonal_redundancy=instance.zonal_redundancy,
        concurrency=cloud_run.traffic.concurrency,
        timeout_seconds=cloud_run.traffic.timeout_seconds,
    )
