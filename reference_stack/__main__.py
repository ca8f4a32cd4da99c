"""The stack: which component gets what from which."""

import pulumi
from components.alerts import GroupArgs
from components.apis import ProjectApis, ProjectApisArgs
from components.artifacts import Artifacts, ArtifactsArgs
from components.backend import BackendArgs
from components.edge_security import EdgeSecurity, EdgeSecurityArgs
from components.encryption import Encryption, EncryptionArgs
from components.fleet import Fleet, FleetArgs, GpuArgs
from components.identity import Identity, IdentityArgs
from components.internal_load_balancer import InternalLoadBalancer, InternalLoadBalancerArgs
from components.load_balancer import LoadBalancer, LoadBalancerArgs
from components.network import Network, NetworkArgs, SubnetArgs
from components.observability import Observability, ObservabilityArgs
from components.private_certificate import PrivateCertificate, PrivateCertificateArgs
from config import load_config
from server import API_PATHS, HEALTH_PATH, PORT, PORT_NAME, ServerSettings, cloud_init

config = load_config()
regions = tuple(region.name for region in config.regions)

apis = ProjectApis("llm", ProjectApisArgs(internal=config.frontend.internal, iap=bool(config.frontend.iap_members)))
after_apis = pulumi.ResourceOptions(depends_on=[apis])

identity = Identity("llm", IdentityArgs(project=config.project, account_id=config.resource_id), opts=after_apis)
encryption = Encryption(
    "llm",
    EncryptionArgs(enabled=config.operations.cmek, regions=regions, location=config.location),
    opts=after_apis,
)
after_keys = pulumi.ResourceOptions(depends_on=[apis, encryption])

artifacts = Artifacts(
    "llm",
    ArtifactsArgs(
        project=config.project,
        resource_id=config.resource_id,
        location=config.location,
        registries=config.model.registries,
        regions=regions,
        reader=identity.member,
        storage_key=encryption.storage_key,
        regional_keys=encryption.regional_keys,
        protect=config.operations.protect,
    ),
    opts=after_keys,
)
network = Network(
    "llm",
    NetworkArgs(
        subnets=tuple(SubnetArgs(region.name, region.cidr, region.proxy_cidr) for region in config.regions),
        serving_port=PORT,
        server_account=identity.email,
    ),
    opts=after_apis,
)

user_data = cloud_init(
    ServerSettings(
        project=config.project,
        bucket=artifacts.bucket,
        secret=artifacts.secret,
        repositories=artifacts.repositories,
        model=config.model,
        gpu=config.machine.gpu,
        timeout_seconds=config.traffic.timeout_seconds,
        draining_seconds=config.traffic.draining_seconds,
    )
)
fleets = {
    region.name: Fleet(
        f"llm-{region.name}",
        FleetArgs(
            region=region.name,
            zones=region.zones,
            subnet=network.subnets[region.name],
            service_account=identity.email,
            machine_type=config.machine.type,
            gpu=GpuArgs(config.machine.gpu.type, config.machine.gpu.count) if config.machine.gpu else None,
            disk_gb=config.machine.disk_gb,
            disk_key=encryption.regional_keys.get(region.name),
            secure_boot=config.machine.secure_boot,
            user_data=user_data,
            port_name=PORT_NAME,
            port=PORT,
            health_path=HEALTH_PATH,
            initial_delay_seconds=config.model.initial_delay,
            min_replicas=region.min_replicas,
            max_replicas=region.max_replicas,
            autoscaler_target=config.traffic.autoscaler_target,
            surge=config.machine.surge,
            reserve=region.reserve,
        ),
        opts=after_keys,
    )
    for region in config.regions
}

backend = BackendArgs(
    groups=[fleet.instance_group for fleet in fleets.values()],
    port_name=PORT_NAME,
    port=PORT,
    health_path=HEALTH_PATH,
    api_paths=API_PATHS,
    domain=config.frontend.domain,
    max_utilization=config.traffic.max_utilization,
    requests_per_second=config.traffic.requests_per_second,
    timeout_seconds=config.traffic.timeout_seconds,
    draining_seconds=config.traffic.draining_seconds,
    log_sample_rate=config.operations.log_sample_rate,
)
balancer: LoadBalancer | InternalLoadBalancer
if config.frontend.internal:
    certificate = PrivateCertificate(
        "llm",
        PrivateCertificateArgs(domain=config.frontend.domain, region=regions[0], protect=config.operations.protect),
        opts=after_apis,
    )
    balancer = InternalLoadBalancer(
        "llm",
        InternalLoadBalancerArgs(
            backend=backend,
            project=config.project,
            network=network.network,
            subnets=network.subnets,
            certificate=certificate.certificate,
        ),
        opts=pulumi.ResourceOptions(depends_on=[apis, network]),
    )
    pulumi.export("address", balancer.addresses)
    pulumi.export("authority", certificate.authority_pem)
else:
    edge = EdgeSecurity(
        "llm",
        EdgeSecurityArgs(
            client_ranges=config.frontend.client_ranges, requests_per_minute=config.frontend.requests_per_minute
        ),
        opts=after_apis,
    )
    balancer = LoadBalancer(
        "llm",
        LoadBalancerArgs(backend=backend, security_policy=edge.policy, iap_members=config.frontend.iap_members),
        opts=after_apis,
    )
    pulumi.export("address", balancer.address)
    pulumi.export("certificate_proof", balancer.proof)

observability = Observability(
    "llm",
    ObservabilityArgs(
        project=config.project,
        title=f"LLM {config.stack}",
        internal=config.frontend.internal,
        public_check=config.frontend.open_to_all,
        domain=config.frontend.domain,
        service_name=balancer.service_name,
        groups={
            region.name: GroupArgs(
                name=fleets[region.name].group_name,
                max_replicas=region.max_replicas,
                requests_per_second=config.traffic.requests_per_second,
            )
            for region in config.regions
        },
        emails=config.operations.alert_emails,
        latency_seconds=config.operations.latency_seconds,
    ),
    opts=after_apis,
)

pulumi.export("url", balancer.url)
pulumi.export("service", balancer.service_name)
pulumi.export("groups", {region: fleet.group_name for region, fleet in fleets.items()})
pulumi.export("dashboard", observability.dashboard_url)
pulumi.export("weights", f"gs://{artifacts.bucket}/{config.model.weights}")
pulumi.export("api_key_secret", artifacts.secret)
pulumi.export(
    "check_health",
    {
        "backends": pulumi.Output.concat(
            "gcloud compute backend-services get-health ",
            balancer.service_name,
            f" --global --project={config.project}",
        ),
        "answer": f'curl --fail {balancer.url}/v1/models --header "Authorization: Bearer $KEY"',
    },
)
