"""Programs whose backends are endpoints, or whose front end is another one: internal, or with a certificate map."""

from tests.good_programs.parts import ENTRANCE, MACHINES

_GLOBAL = MACHINES + ENTRANCE

RUN = (
    _GLOBAL
    + """
import pulumi
from pulumi_gcp import cloudrunv2, compute, serviceaccount

account = serviceaccount.Account("llm", account_id="llm-run")
HEALTH = {"http_get": {"path": "/health", "port": 8000}}


def region(name):
    llm = cloudrunv2.Service(
        f"llm-{name}",
        name="llm",
        location=name,
        ingress="INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER",
        default_uri_disabled=True,
        iap_enabled=True,
        scaling={"min_instance_count": 2},
        template={
            "service_account": account.email,
            "timeout": "900s",
            "max_instance_request_concurrency": 16,
            "scaling": {"max_instance_count": 6},
            "node_selector": {"accelerator": "nvidia-l4"},
            "containers": [
                {
                    "image": "vllm/vllm-openai:v0.9.1",
                    "args": ["--max-num-seqs=16"],
                    "ports": {"container_port": 8000},
                    "resources": {
                        "limits": {"cpu": "8", "memory": "32Gi", "nvidia.com/gpu": "1"},
                        "cpu_idle": False,
                    },
                    "startup_probe": {**HEALTH, "period_seconds": 10, "failure_threshold": 60},
                    "liveness_probe": {**HEALTH, "period_seconds": 30, "failure_threshold": 5},
                    "readiness_probe": {**HEALTH, "period_seconds": 10, "failure_threshold": 3},
                }
            ],
        },
    )
    return compute.RegionNetworkEndpointGroup(
        f"llm-{name}",
        region=name,
        network_endpoint_type="SERVERLESS",
        cloud_run=compute.RegionNetworkEndpointGroupCloudRunArgs(service=llm.name),
        opts=pulumi.ResourceOptions(depends_on=[llm]),
    ).id


service = compute.BackendService(
    "chat",
    load_balancing_scheme="EXTERNAL_MANAGED",
    protocol="HTTPS",
    backends=[compute.BackendServiceBackendArgs(group=region(name)) for name in ("us-central1", "europe-west4")],
    security_policy=armor_policy().id,
    log_config={"enable": True, "sample_rate": 1.0},
)
entrance(service)
"""
)

PUBLISHED = (
    _GLOBAL
    + """
backends = [
    {
        "group": gcp.compute.RegionNetworkEndpointGroup(
            f"models-{region}",
            region=region,
            network=network.id,
            subnetwork=subnet_in(region).id,
            network_endpoint_type="PRIVATE_SERVICE_CONNECT",
            psc_target_service=f"projects/producer/regions/{region}/serviceAttachments/models",
        ).self_link
    }
    for region in ("us-central1", "europe-west4")
]
service = gcp.compute.BackendService(
    "chat",
    load_balancing_scheme="EXTERNAL_MANAGED",
    protocol="HTTPS",
    backends=backends,
    outlier_detection=OUTLIERS,
    security_policy=armor_policy().id,
    iap={"enabled": True},
    **SERVING,
)
entrance(service)
"""
)

INTERNET = (
    _GLOBAL
    + """
endpoint = gcp.compute.GlobalNetworkEndpointGroup("api", network_endpoint_type="INTERNET_FQDN_PORT", default_port=443)
gcp.compute.GlobalNetworkEndpoint(
    "api", global_network_endpoint_group=endpoint.name, fqdn="api.example.com", port=443
)
service = gcp.compute.BackendService(
    "chat",
    load_balancing_scheme="EXTERNAL_MANAGED",
    protocol="HTTPS",
    backends=[{"group": endpoint.id}],
    custom_request_headers=["Host: api.example.com"],
    security_policy=armor_policy().id,
    iap={"enabled": True},
    **SERVING,
)
entrance(service)
"""
)

CROSS_REGION = (
    MACHINES
    + """
PROXIES = {"us-central1": "10.9.0.0/24", "us-east4": "10.9.1.0/24"}
NOT_FOUND = {"fault_injection_policy": {"abort": {"http_status": 404, "percentage": 100}}}
service = gcp.compute.BackendService(
    "chat",
    load_balancing_scheme="INTERNAL_MANAGED",
    protocol="HTTP",
    port_name="http",
    health_checks=check_for(gcp.compute.HealthCheck).id,
    backends=[
        {"group": fleet(f"llm-{region}", region).instance_group, "balancing_mode": "RATE", "max_rate_per_instance": 4}
        for region in PROXIES
    ],
    outlier_detection=OUTLIERS,
    **SERVING,
)
paths = gcp.compute.URLMap(
    "paths",
    default_service=service.id,
    default_route_action=NOT_FOUND,
    host_rules=[{"hosts": ["llm.corp.example.com"], "path_matcher": "api"}],
    path_matchers=[
        {
            "name": "api",
            "default_service": service.id,
            "default_route_action": NOT_FOUND,
            "path_rules": [{"paths": ["/v1/*"], "service": service.id}],
        }
    ],
)
certificate = gcp.certificatemanager.Certificate(
    "llm", scope="ALL_REGIONS", managed={"domains": ["llm.corp.example.com"], "issuance_config": "private"}
)
proxy = gcp.compute.TargetHttpsProxy(
    "https",
    url_map=paths.id,
    certificate_manager_certificates=[certificate.id],
    ssl_policy=gcp.compute.SSLPolicy("tls", profile="MODERN", min_tls_version="TLS_1_2").id,
)
geos = []
for region, cidr in PROXIES.items():
    proxies = gcp.compute.Subnetwork(
        f"proxies-{region}",
        network=network.id,
        region=region,
        ip_cidr_range=cidr,
        purpose="GLOBAL_MANAGED_PROXY",
        role="ACTIVE",
    )
    rule = gcp.compute.GlobalForwardingRule(
        f"https-{region}",
        load_balancing_scheme="INTERNAL_MANAGED",
        port_range="443",
        target=proxy.id,
        network=network.id,
        subnetwork=subnet_in(region).id,
        opts=pulumi.ResourceOptions(depends_on=[proxies]),
    )
    target = {
        "load_balancer_type": "globalL7ilb",
        "ip_address": rule.ip_address,
        "port": "443",
        "ip_protocol": "tcp",
        "network_url": network.id,
        "project": "p-demo",
    }
    geos.append({"location": region, "health_checked_targets": {"internal_load_balancers": [target]}})
gcp.dns.RecordSet(
    "llm",
    managed_zone="corp",
    name="llm.corp.example.com.",
    type="A",
    ttl=30,
    routing_policy={"geos": geos, "enable_geo_fencing": False},
)
"""
)

ENDPOINTS = (
    _GLOBAL
    + """
backends = []
for zone in ("us-central1-a", "us-central1-b", "us-east4-a", "us-east4-c"):
    region = zone[:-2]
    group = gcp.compute.NetworkEndpointGroup(
        f"llm-{zone}", zone=zone, network=network.id, subnetwork=subnet_in(region).id, default_port=8000
    )
    machine = gcp.compute.Instance(
        f"llm-{zone}",
        zone=zone,
        boot_disk={"kms_key_self_link": key_of(region), "initialize_params": {"image": "cos-cloud/cos-125-lts"}},
        **machine_in(region),
    )
    gcp.compute.NetworkEndpoint(
        f"llm-{zone}",
        zone=zone,
        network_endpoint_group=group.name,
        instance=machine.name,
        ip_address=machine.network_interfaces[0].network_ip,
        port=8000,
    )
    backends.append(
        {
            "group": group.id,
            "balancing_mode": "IN_FLIGHT",
            "traffic_duration": "LONG",
            "max_in_flight_requests_per_endpoint": 32,
        }
    )
service = gcp.compute.BackendService(
    "chat",
    load_balancing_scheme="EXTERNAL_MANAGED",
    protocol="HTTP",
    health_checks=check_for(gcp.compute.HealthCheck).id,
    backends=backends,
    outlier_detection=OUTLIERS,
    security_policy=armor_policy().id,
    **SERVING,
)
entrance(service)
"""
)

CANARY = (
    _GLOBAL
    + """
def models(name, weight_of_rate):
    return gcp.compute.BackendService(
        name,
        load_balancing_scheme="EXTERNAL_MANAGED",
        protocol="HTTP",
        port_name="http",
        health_checks=check_for(gcp.compute.HealthCheck, f"{name}-health").id,
        backends=[
            {
                "group": fleet(f"{name}-{region}", region).instance_group,
                "balancing_mode": "RATE",
                "max_rate_per_instance": weight_of_rate,
            }
            for region in ("us-central1", "us-east4")
        ],
        outlier_detection=OUTLIERS,
        security_policy=armor.id,
        **SERVING,
    )


armor = armor_policy()
stable, canary = models("stable", 4), models("canary", 2)
TO_DOCS = {"host_redirect": "docs.example.com", "strip_query": True}
paths = gcp.compute.URLMap(
    "paths",
    default_url_redirect=TO_DOCS,
    host_rules=[{"hosts": ["llm.example.com"], "path_matcher": "api"}],
    path_matchers=[
        {
            "name": "api",
            "default_url_redirect": TO_DOCS,
            "route_rules": [
                {
                    "priority": 1,
                    "match_rules": [
                        {
                            "prefix_match": "/v1/",
                            "header_matches": [{"header_name": "x-tenant", "present_match": True}],
                        }
                    ],
                    "header_action": {
                        "request_headers_to_adds": [
                            {"header_name": "x-served-by", "header_value": "llm", "replace": True}
                        ]
                    },
                    "route_action": {
                        "weighted_backend_services": [
                            {"backend_service": stable.id, "weight": 950},
                            {"backend_service": canary.id, "weight": 50},
                        ]
                    },
                }
            ],
        }
    ],
)
certificates = gcp.certificatemanager.CertificateMap("llm")
gcp.certificatemanager.CertificateMapEntry(
    "llm",
    map=certificates.name,
    hostname="llm.example.com",
    certificates=[gcp.certificatemanager.Certificate("llm", managed={"domains": ["llm.example.com"]}).id],
)
proxy = gcp.compute.TargetHttpsProxy(
    "https",
    url_map=paths.id,
    certificate_map=pulumi.Output.concat("//certificatemanager.googleapis.com/", certificates.id),
    ssl_policy=gcp.compute.SSLPolicy("tls", profile="MODERN", min_tls_version="TLS_1_2").id,
)
gcp.compute.GlobalForwardingRule(
    "https", load_balancing_scheme="EXTERNAL_MANAGED", port_range="443-443", target=proxy.id
)
"""
)
