"""Programs of machines in other styles: typed arguments, nested components, policies, state."""

from tests.good_programs.parts import ENTRANCE, MACHINES

_GLOBAL = MACHINES + ENTRANCE

TYPED = (
    _GLOBAL
    + '''
from dataclasses import dataclass

import pulumi
from pulumi_gcp import compute, serviceaccount


@dataclass(frozen=True)
class Place:
    region: str
    cidr: str
    warm: int = 3


PLACES = [
    Place("us-central1", "10.10.0.0/20"),
    Place("europe-west4", "10.20.0.0/20"),
    Place("asia-east1", "10.30.0.0/20", 4),
]
vpc = compute.Network("inference", auto_create_subnetworks=False)
identity = serviceaccount.Account("vllm", account_id="vllm-runtime")
compute.Firewall(
    "front-ends",
    network=vpc.self_link,
    direction="INGRESS",
    source_ranges=["130.211.0.0/22", "35.191.0.0/16"],
    target_service_accounts=[identity.email],
    allows=[compute.FirewallAllowArgs(protocol="TCP", ports=["8000-8001"])],
)


def check(name: str, interval: int, failures: int, **where: object) -> compute.HealthCheck:
    return compute.HealthCheck(
        name,
        check_interval_sec=interval,
        timeout_sec=5,
        unhealthy_threshold=failures,
        http_health_check=compute.HealthCheckHttpHealthCheckArgs(request_path="/health", **where),
        log_config=compute.HealthCheckLogConfigArgs(enable=True),
    )


repair = check("repair", 30, 8, port=8000)


def backend(place: Place) -> compute.BackendServiceBackendArgs:
    subnet = compute.Subnetwork(
        f"models-{place.region}",
        network=vpc.id,
        region=place.region,
        ip_cidr_range=place.cidr,
        private_ip_google_access=True,
        log_config=compute.SubnetworkLogConfigArgs(flow_sampling=0.5),
    )
    template = compute.RegionInstanceTemplate(
        f"models-{place.region}",
        region=place.region,
        name_prefix="vllm-",
        machine_type="g2-standard-12",
        disks=[
            compute.RegionInstanceTemplateDiskArgs(
                source_image="projects/cos-cloud/global/images/family/cos-125-lts",
                disk_type="pd-ssd",
                boot=True,
                disk_encryption_key=compute.RegionInstanceTemplateDiskDiskEncryptionKeyArgs(
                    kms_key_self_link=f"projects/p-demo/locations/{place.region}/keyRings/llm/cryptoKeys/disks"
                ),
            )
        ],
        network_interfaces=[compute.RegionInstanceTemplateNetworkInterfaceArgs(subnetwork=subnet.self_link)],
        service_account=compute.RegionInstanceTemplateServiceAccountArgs(
            email=identity.email, scopes=["https://www.googleapis.com/auth/cloud-platform"]
        ),
        scheduling=compute.RegionInstanceTemplateSchedulingArgs(
            on_host_maintenance="TERMINATE", automatic_restart=True
        ),
        shielded_instance_config=compute.RegionInstanceTemplateShieldedInstanceConfigArgs(
            enable_secure_boot=True, enable_vtpm=True, enable_integrity_monitoring=True
        ),
        metadata={"enable-oslogin": "TRUE", "block-project-ssh-keys": "true", "serial-port-enable": "FALSE"},
        metadata_startup_script="""#!/bin/bash
KEY=$(gcloud secrets versions access latest --secret=vllm-key)
docker run --gpus all -p 8000:8000 -e VLLM_API_KEY=$KEY vllm/vllm-openai:v0.9.0
""",
    )
    group = compute.RegionInstanceGroupManager(
        f"models-{place.region}",
        region=place.region,
        base_instance_name="vllm",
        versions=[compute.RegionInstanceGroupManagerVersionArgs(instance_template=template.self_link)],
        named_ports=[compute.RegionInstanceGroupManagerNamedPortArgs(name="openai", port=8000)],
        auto_healing_policies=compute.RegionInstanceGroupManagerAutoHealingPoliciesArgs(
            health_check=repair.self_link, initial_delay_sec=1200
        ),
        update_policy=compute.RegionInstanceGroupManagerUpdatePolicyArgs(
            type="PROACTIVE", minimal_action="REPLACE", max_surge_fixed=3, max_unavailable_fixed=0
        ),
        opts=pulumi.ResourceOptions(protect=True),
    )
    compute.RegionAutoscaler(
        f"models-{place.region}",
        region=place.region,
        target=group.self_link,
        autoscaling_policy=compute.RegionAutoscalerAutoscalingPolicyArgs(
            min_replicas=place.warm,
            max_replicas=3 * place.warm,
            load_balancing_utilization=compute.RegionAutoscalerAutoscalingPolicyLoadBalancingUtilizationArgs(
                target=0.5
            ),
        ),
    )
    return compute.BackendServiceBackendArgs(
        group=group.instance_group, balancing_mode="RATE", max_rate_per_instance=6.0, capacity_scaler=1.0
    )


service = compute.BackendService(
    "inference",
    load_balancing_scheme="EXTERNAL_MANAGED",
    protocol="HTTP",
    port_name="openai",
    health_checks=check("serving", 10, 3, port_specification="USE_SERVING_PORT").self_link,
    security_policy=armor_policy().self_link,
    locality_lb_policy="LEAST_REQUEST",
    backends=[backend(place) for place in PLACES],
    outlier_detection=compute.BackendServiceOutlierDetectionArgs(consecutive_errors=5, max_ejection_percent=30),
    **SERVING,
)
entrance(service)
'''
)

NESTED = (
    _GLOBAL
    + """
from typing import Optional, TypedDict


class RegionArgs(TypedDict):
    region: str
    warm: int


class Region(pulumi.ComponentResource):
    group: pulumi.Output[str]

    def __init__(self, name: str, args: RegionArgs, opts: Optional[pulumi.ResourceOptions] = None) -> None:
        super().__init__("acme:llm:Region", name, dict(args), opts)
        region, child = args["region"], pulumi.ResourceOptions(parent=self)
        group = gcp.compute.RegionInstanceGroupManager(
            name,
            region=region,
            base_instance_name="llm",
            versions=[{"instance_template": template_in(name, region).id, "name": "stable"}],
            named_ports=[{"name": "metrics", "port": 9090}, {"name": "http", "port": 8000}],
            auto_healing_policies={"health_check": healing.id, "initial_delay_sec": 1500},
            update_policy=UPDATE,
            opts=child,
        )
        gcp.compute.RegionAutoscaler(
            name,
            region=region,
            target=group.id,
            autoscaling_policy={"min_replicas": args["warm"], "max_replicas": 12, **SIGNAL},
            opts=pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(depends_on=[group])),
        )
        self.group = group.instance_group
        self.register_outputs({"group": self.group})


class Models(pulumi.ComponentResource):
    def __init__(self, name: str, regions: list[str], opts: Optional[pulumi.ResourceOptions] = None) -> None:
        super().__init__("acme:llm:Models", name, {}, opts)
        places = [
            Region(f"{name}-{region}", {"region": region, "warm": 4}, pulumi.ResourceOptions(parent=self))
            for region in regions
        ]
        self.service = gcp.compute.BackendService(
            "chat",
            load_balancing_scheme="EXTERNAL_MANAGED",
            protocol="HTTP",
            port_name="http",
            health_checks=check_for(gcp.compute.HealthCheck, opts=pulumi.ResourceOptions(parent=self)).id,
            backends=[
                {"group": place.group, "balancing_mode": "RATE", "max_rate_per_instance": 4} for place in places
            ],
            outlier_detection=pulumi.Output.secret(OUTLIERS),
            security_policy=armor_policy().id,
            opts=pulumi.ResourceOptions(parent=self, protect=True, aliases=[pulumi.Alias(name="old-chat")]),
            **SERVING,
        )


entrance(Models("llm", ["us-central1", "us-east4", "europe-west4"]).service)
"""
)

POLICIES = (
    _GLOBAL
    + """
policy = gcp.networkservices.ServiceLbPolicies(
    "spread",
    location="global",
    load_balancing_algorithm="WATERFALL_BY_REGION",
    auto_capacity_drain={"enable": True},
    failover_config={"failover_health_threshold": 70},
)
backends = []
for zone in ("us-central1-a", "us-central1-b", "us-east4-a", "us-east4-c"):
    group = gcp.compute.InstanceGroupManager(
        f"llm-{zone}",
        zone=zone,
        base_instance_name="llm",
        versions=[{"instance_template": template_in(f"llm-{zone}", zone[:-2]).self_link_unique}],
        named_ports=[{"name": "http", "port": 8000}],
        auto_healing_policies={"health_check": healing.id, "initial_delay_sec": 1500},
        update_policy=UPDATE,
    )
    gcp.compute.Autoscaler(
        f"llm-{zone}", zone=zone, target=group.id, autoscaling_policy={"min_replicas": 2, "max_replicas": 6, **SIGNAL}
    )
    backends.append(
        {
            "group": group.instance_group,
            "balancing_mode": "RATE",
            "max_rate_per_instance": 4,
            "preference": "PREFERRED" if zone.startswith("us-central1") else "DEFAULT",
        }
    )
service = gcp.compute.BackendService(
    "chat",
    load_balancing_scheme="EXTERNAL_MANAGED",
    protocol="HTTP",
    port_name="http",
    health_checks=check_for(gcp.compute.HealthCheck).id,
    backends=backends,
    service_lb_policy=policy.id.apply(lambda id: f"//networkservices.googleapis.com/{id}"),
    outlier_detection=OUTLIERS,
    security_policy=armor_policy().id,
    **SERVING,
)
entrance(service)
"""
)

STATEFUL = (
    _GLOBAL
    + """
KEEPING = {
    "type": "OPPORTUNISTIC",
    "minimal_action": "REPLACE",
    "replacement_method": "RECREATE",
    "instance_redistribution_type": "NONE",
    "max_surge_fixed": 0,
    "max_unavailable_fixed": 3,
}
groups = [
    gcp.compute.RegionInstanceGroupManager(
        f"llm-{region}",
        region=region,
        base_instance_name="llm",
        target_size=6,
        versions=[{"instance_template": template_in(f"llm-{region}", region).self_link}],
        named_ports=[{"name": "http", "port": 8000}],
        auto_healing_policies={"health_check": healing.id, "initial_delay_sec": 1500},
        stateful_disks=[{"device_name": "weights", "delete_rule": "NEVER"}],
        update_policy=KEEPING,
    )
    for region in ("us-central1", "us-east4")
]
service = gcp.compute.BackendService(
    "chat",
    load_balancing_scheme="EXTERNAL_MANAGED",
    protocol="HTTP",
    port_name="http",
    health_checks=check_for(gcp.compute.HealthCheck).id,
    backends=[
        {"group": group.instance_group, "balancing_mode": "RATE", "max_rate_per_instance": 4} for group in groups
    ],
    outlier_detection=OUTLIERS,
    security_policy=armor_policy().id,
    **SERVING,
)
entrance(service)
"""
)
