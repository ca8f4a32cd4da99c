"""The programs, by what they are an example of."""

from tests.good_programs.parts import ENTRANCE, MACHINES

_GLOBAL = MACHINES + ENTRANCE

COMPONENT = (
    _GLOBAL
    + '''
class Chat(pulumi.ComponentResource):
    """A service of its own for each model, with everything as a child."""

    def __init__(self, name, regions, opts=None):
        super().__init__("acme:llm:Chat", name, None, opts)
        check = check_for(gcp.compute.HealthCheck, f"{name}-health", opts=pulumi.ResourceOptions(parent=self))
        self.service = gcp.compute.BackendService(
            name,
            load_balancing_scheme="EXTERNAL_MANAGED",
            protocol="HTTP",
            port_name="http",
            health_checks=check.id,
            backends=[
                {"group": group.instance_group, "balancing_mode": "RATE", "max_rate_per_instance": 4}
                for group in [fleet(f"{name}-{region}", region) for region in regions]
            ],
            outlier_detection=OUTLIERS,
            security_policy=armor_policy().id,
            iap={"enabled": True},
            opts=pulumi.ResourceOptions(parent=self),
            **SERVING,
        )
        self.register_outputs({"service": self.service.id})


entrance(Chat("chat", ["us-central1", "europe-west4"]).service)
'''
)

TRANSFORMED = (
    _GLOBAL
    + '''
def with_defaults(args):
    """What a platform team adds to every backend service."""
    if args.type_ == "gcp:compute/backendService:BackendService":
        return pulumi.ResourceTransformationResult(props={**args.props, **SERVING}, opts=args.opts)
    return None


service = gcp.compute.BackendService(
    "chat",
    load_balancing_scheme="EXTERNAL_MANAGED",
    protocol="HTTP",
    port_name="http",
    health_checks=check_for(gcp.compute.HealthCheck).id,
    backends=[
        {"group": fleet(f"llm-{region}", region).instance_group, "max_utilization": 0.8, "max_rate_per_instance": 4}
        for region in ("us-central1", "us-east4")
    ],
    outlier_detection=OUTLIERS,
    security_policy=armor_policy().id,
    opts=pulumi.ResourceOptions(transformations=[with_defaults]),
)
entrance(service)
'''
)

APPLIED = (
    _GLOBAL
    + """
groups = [fleet(f"llm-{region}", region) for region in ("us-central1", "us-east4")]
service = gcp.compute.BackendService(
    "chat",
    load_balancing_scheme="EXTERNAL_MANAGED",
    protocol="HTTP",
    port_name="http",
    health_checks=check_for(gcp.compute.HealthCheck).id.apply(lambda id: id),
    backends=[
        {
            "group": group.instance_group.apply(lambda url: url.replace("/beta/", "/v1/")),
            "balancing_mode": "RATE",
            "max_rate_per_instance": 4,
        }
        for group in groups
    ],
    outlier_detection=OUTLIERS,
    security_policy=armor_policy().id,
    **SERVING,
)
entrance(service)
"""
)

CLASSIC_ZONES = (
    _GLOBAL
    + """
backends = []
for zone in ("us-central1-a", "us-central1-b", "us-east4-a", "us-east4-c"):
    group = gcp.compute.InstanceGroupManager(
        f"llm-{zone}",
        zone=zone,
        base_instance_name="llm",
        versions=[{"instance_template": template_in(f"llm-{zone}", zone[:-2]).self_link}],
        named_ports=[{"name": "http", "port": 8000}],
        auto_healing_policies={"health_check": healing.id, "initial_delay_sec": 1500},
        update_policy=UPDATE,
    )
    gcp.compute.Autoscaler(
        f"llm-{zone}",
        zone=zone,
        target=group.id,
        autoscaling_policy={"min_replicas": 2, "max_replicas": 6, **SIGNAL},
    )
    backends.append({"group": group.instance_group, "balancing_mode": "RATE", "max_rate_per_instance": 4})
service = gcp.compute.BackendService(
    "chat",
    load_balancing_scheme="EXTERNAL",
    protocol="HTTP",
    port_name="http",
    health_checks=check_for(gcp.compute.HealthCheck).id,
    backends=backends,
    security_policy=armor_policy().id,
    **SERVING,
)
entrance(service, "EXTERNAL", None)
"""
)

PASSTHROUGH_PAIR = (
    MACHINES
    + """
for region in ("us-central1", "us-east4"):
    by_queue = {"metrics": [{"name": "custom.googleapis.com/vllm/queue", "target": 4, "type": "GAUGE"}]}
    service = gcp.compute.RegionBackendService(
        f"chat-{region}",
        region=region,
        load_balancing_scheme="INTERNAL",
        protocol="TCP",
        health_checks=check_for(gcp.compute.RegionHealthCheck, f"health-{region}", region=region).id,
        backends=[
            {"group": fleet(f"llm-{region}", region, signal=by_queue).instance_group, "balancing_mode": "CONNECTION"}
        ],
        connection_draining_timeout_sec=900,
        log_config={"enable": True, "sample_rate": 1.0},
    )
    gcp.compute.ForwardingRule(
        f"chat-{region}",
        region=region,
        load_balancing_scheme="INTERNAL",
        network=network.id,
        subnetwork=subnet_in(region).id,
        ports=["8000"],
        backend_service=service.id,
    )
"""
)

INTERNAL_PAIR = (
    MACHINES
    + """
for position, region in enumerate(("us-central1", "us-east4")):
    gcp.compute.Subnetwork(
        f"proxies-{region}",
        network=network.id,
        region=region,
        ip_cidr_range=f"10.9.{position}.0/24",
        purpose="REGIONAL_MANAGED_PROXY",
        role="ACTIVE",
    )
    service = gcp.compute.RegionBackendService(
        f"chat-{region}",
        region=region,
        load_balancing_scheme="INTERNAL_MANAGED",
        protocol="HTTP",
        port_name="http",
        health_checks=check_for(gcp.compute.RegionHealthCheck, f"health-{region}", region=region).id,
        backends=[
            {
                "group": fleet(f"llm-{region}", region).instance_group,
                "balancing_mode": "RATE",
                "max_rate_per_instance": 4,
                "capacity_scaler": 1.0,
            }
        ],
        outlier_detection=OUTLIERS,
        **SERVING,
    )
    paths = gcp.compute.RegionUrlMap(
        f"paths-{region}",
        region=region,
        default_service=service.id,
        default_route_action={"fault_injection_policy": {"abort": {"http_status": 404, "percentage": 100}}},
        host_rules=[{"hosts": ["llm.corp.example.com"], "path_matcher": "api"}],
        path_matchers=[
            {
                "name": "api",
                "default_service": service.id,
                "default_route_action": {"fault_injection_policy": {"abort": {"http_status": 404, "percentage": 100}}},
                "path_rules": [{"paths": ["/v1/*"], "service": service.id}],
            }
        ],
    )
    proxy = gcp.compute.RegionTargetHttpsProxy(
        f"https-{region}",
        region=region,
        url_map=paths.id,
        ssl_certificates=[f"projects/p-demo/regions/{region}/sslCertificates/llm"],
        ssl_policy=gcp.compute.RegionSslPolicy(
            f"tls-{region}", region=region, profile="RESTRICTED", min_tls_version="TLS_1_2"
        ).id,
    )
    gcp.compute.ForwardingRule(
        f"https-{region}",
        region=region,
        load_balancing_scheme="INTERNAL_MANAGED",
        network=network.id,
        subnetwork=subnet_in(region).id,
        port_range="443",
        target=proxy.id,
    )
"""
)

PROXY_FOR_GRPC = (
    MACHINES
    + """
by_queue = {"metrics": [{"name": "custom.googleapis.com/vllm/queue", "target": 4, "type": "GAUGE"}]}
service = gcp.compute.BackendService(
    "chat",
    load_balancing_scheme="INTERNAL_MANAGED",
    protocol="TCP",
    port_name="http",
    health_checks=check_for(gcp.compute.HealthCheck).id,
    backends=[
        {
            "group": fleet(f"llm-{region}", region, signal=by_queue).instance_group,
            "balancing_mode": "CONNECTION",
            "max_connections_per_instance": 64,
        }
        for region in ("us-central1", "us-east4")
    ],
    **SERVING,
)
proxy = gcp.compute.TargetTCPProxy("tcp", backend_service=service.id)
for position, region in enumerate(("us-central1", "us-east4")):
    gcp.compute.Subnetwork(
        f"proxies-{region}",
        network=network.id,
        region=region,
        ip_cidr_range=f"10.9.{position}.0/24",
        purpose="GLOBAL_MANAGED_PROXY",
        role="ACTIVE",
    )
    gcp.compute.GlobalForwardingRule(
        f"tcp-{region}",
        load_balancing_scheme="INTERNAL_MANAGED",
        network=network.id,
        subnetwork=subnet_in(region).id,
        port_range="8000",
        target=proxy.id,
    )
"""
)

HYBRID = (
    _GLOBAL
    + """
backends = []
for zone in ("us-central1-a", "us-central1-b", "us-east4-a", "us-east4-c"):
    group = gcp.compute.NetworkEndpointGroup(
        f"racks-{zone}", zone=zone, network=network.id, network_endpoint_type="NON_GCP_PRIVATE_IP_PORT"
    )
    backends.append({"group": group.id, "balancing_mode": "RATE", "max_rate_per_endpoint": 4})
service = gcp.compute.BackendService(
    "chat",
    load_balancing_scheme="EXTERNAL_MANAGED",
    protocol="HTTP",
    health_checks=check_for(gcp.compute.HealthCheck).id,
    backends=backends,
    outlier_detection=OUTLIERS,
    security_policy=armor_policy().id,
    iap={"enabled": True},
    **SERVING,
)
entrance(service)
"""
)

UNMANAGED = (
    _GLOBAL
    + """
backends = []
for zone in ("us-central1-a", "us-central1-b", "us-east4-a", "us-east4-c"):
    machines = [
        gcp.compute.Instance(
            f"llm-{zone}-{number}",
            zone=zone,
            boot_disk={"kms_key_self_link": key_of(zone[:-2]), "initialize_params": {"image": "cos-cloud/cos-125-lts"}},
            **machine_in(zone[:-2]),
        )
        for number in range(2)
    ]
    group = gcp.compute.InstanceGroup(
        f"llm-{zone}",
        zone=zone,
        instances=[machine.self_link for machine in machines],
        named_ports=[{"name": "http", "port": 8000}],
    )
    backends.append({"group": group.self_link, "balancing_mode": "RATE", "max_rate_per_instance": 4})
service = gcp.compute.BackendService(
    "chat",
    load_balancing_scheme="EXTERNAL_MANAGED",
    protocol="HTTP",
    port_name="http",
    health_checks=check_for(gcp.compute.HealthCheck).id,
    backends=backends,
    outlier_detection=OUTLIERS,
    security_policy=armor_policy().id,
    **SERVING,
)
entrance(service)
"""
)

SPOT_AND_ON_DEMAND = (
    _GLOBAL
    + """
service = gcp.compute.BackendService(
    "chat",
    load_balancing_scheme="EXTERNAL_MANAGED",
    protocol="HTTP",
    port_name="http",
    health_checks=check_for(gcp.compute.HealthCheck).id,
    backends=[
        {"group": group.instance_group, "balancing_mode": "RATE", "max_rate_per_instance": 4}
        for region in ("us-central1", "us-east4")
        for group in (fleet(f"steady-{region}", region), fleet(f"spot-{region}", region, SPOT, minimum=2))
    ],
    outlier_detection=OUTLIERS,
    security_policy=armor_policy().id,
    **SERVING,
)
entrance(service)
"""
)
