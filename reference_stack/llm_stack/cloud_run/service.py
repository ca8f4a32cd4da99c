"""The instances of one region: a Cloud Run service that only the load balancer reaches."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
from pulumi_gcp import cloudrunv2

from llm_stack.components.options import child_of

VOLUME = "weights"
LEAST_STARTUP_SECONDS = 240
"""What Cloud Run gives a server by itself; a machine that is slow today may need it."""


@dataclass(frozen=True, slots=True)
class ServerArgs:
    """The container: the same in every region."""

    image: str
    arguments: tuple[str, ...]
    environment: Mapping[str, str]
    key_variable: str
    models: str
    """Where it finds the weights."""
    port: int
    health_path: str
    load_seconds: int


@dataclass(frozen=True, slots=True)
class InstanceArgs:
    """What Cloud Run runs it on, and what it sends there: the same in every region."""

    cpu: int
    memory_gib: int
    gpu: str | None
    zonal_redundancy: bool
    concurrency: int
    """What the server answers at a time; beyond it Cloud Run takes another instance."""
    timeout_seconds: int


@dataclass(frozen=True, slots=True)
class RunServiceArgs:
    region: str
    service_name: str
    """Chosen, not computed: alerts and NEGs name the service by it."""
    server: ServerArgs
    instance: InstanceArgs
    min_instances: int
    max_instances: int
    service_account: pulumi.Input[str]
    bucket: str
    secret: str
    subnet: pulumi.Input[str]
    encryption_key: pulumi.Input[str] | None
    protect: bool

    def __post_init__(self) -> None:
        if not 1 <= self.min_instances <= self.max_instances:
            raise ValueError(f"instances {self.min_instances} to {self.max_instances} are not 1 or more, in order")


class RunService(pulumi.ComponentResource):
    """A model server on Cloud Run, whose instances say themselves whether they can take requests."""

    name: pulumi.Output[str]

    def __init__(self, name: str, args: RunServiceArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("llm:reference:RunService", name, None, opts)
        self._args = args
        self.name = cloudrunv2.Service(
            name,
            name=args.service_name,
            location=args.region,
            # Whoever knew the default URL would pass Cloud Armor by.
            ingress="INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER",
            default_uri_disabled=True,
            # The load balancer cannot prove who it is; the server asks callers for the API key.
            invoker_iam_disabled=True,
            scaling={"min_instance_count": args.min_instances},
            template=self._template(),
            deletion_protection=args.protect,
            opts=child_of(self, opts),
        ).name
        self.register_outputs({"name": self.name})

    def _template(self) -> cloudrunv2.ServiceTemplateArgsDict:
        args, instance = self._args, self._args.instance
        template: cloudrunv2.ServiceTemplateArgsDict = {
            "service_account": args.service_account,
            "execution_environment": "EXECUTION_ENVIRONMENT_GEN2",
            "timeout": f"{instance.timeout_seconds}s",
            "max_instance_request_concurrency": instance.concurrency,
            "scaling": {"max_instance_count": args.max_instances},
            "vpc_access": {"network_interfaces": [{"subnetwork": args.subnet}], "egress": "ALL_TRAFFIC"},
            "volumes": [{"name": VOLUME, "gcs": {"bucket": args.bucket, "read_only": True}}],
            "containers": [self._container()],
        }
        if instance.gpu:
            template["node_selector"] = {"accelerator": instance.gpu}
            template["gpu_zonal_redundancy_disabled"] = not instance.zonal_redundancy
        if args.encryption_key is not None:
            template["encryption_key"] = args.encryption_key
        return template

    def _container(self) -> cloudrunv2.ServiceTemplateContainerArgsDict:
        server = self._args.server
        return {
            "image": server.image,
            "args": list(server.arguments),
            "envs": self._environment(),
            "ports": {"container_port": server.port},
            "resources": self._resources(),
            "volume_mounts": [{"name": VOLUME, "mount_path": server.models}],
            # The weights are loaded before the server listens.
            "startup_probe": {
                "http_get": {"path": server.health_path},
                "period_seconds": 10,
                "timeout_seconds": 5,
                "failure_threshold": math.ceil(max(server.load_seconds, LEAST_STARTUP_SECONDS) / 10),
            },
            # The load balancer leaves a region where too few instances pass.
            "readiness_probe": {
                "http_get": {"path": server.health_path},
                "period_seconds": 10,
                "timeout_seconds": 5,
                "failure_threshold": 3,
                "success_threshold": 2,
            },
            # Patient: a busy server is not a dead one.
            "liveness_probe": {
                "http_get": {"path": server.health_path},
                "period_seconds": 30,
                "timeout_seconds": 10,
                "failure_threshold": 10,
            },
        }

    def _environment(self) -> list[cloudrunv2.ServiceTemplateContainerEnvArgsDict]:
        environment: list[cloudrunv2.ServiceTemplateContainerEnvArgsDict] = [
            {"name": name, "value": value} for name, value in self._args.server.environment.items()
        ]
        key: cloudrunv2.ServiceTemplateContainerEnvArgsDict = {
            "name": self._args.server.key_variable,
            "value_source": {"secret_key_ref": {"secret": self._args.secret, "version": "latest"}},
        }
        return [*environment, key]

    def _resources(self) -> cloudrunv2.ServiceTemplateContainerResourcesArgsDict:
        instance = self._args.instance
        limits: dict[str, pulumi.Input[str]] = {"cpu": str(instance.cpu), "memory": f"{instance.memory_gib}Gi"}
        if instance.gpu:
            limits["nvidia.com/gpu"] = "1"
        # Between requests the server answers probes and must not stand still.
        return {"limits": limits, "cpu_idle": False, "startup_cpu_boost": True}
