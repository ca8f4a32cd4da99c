"""Programs for what `programs` has none of: Cloud Run, cross-region internal load balancers, certificate maps."""

RUN = """
import pulumi_gcp as gcp

REGIONS = ("us-central1", "europe-west4")
HEALTH = {"http_get": {"path": "/health"}}
negs = []
for region in REGIONS:
    llm = gcp.cloudrunv2.Service(
        f"llm-{region}",
        name="llm",
        location=region,
        ingress="INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER",
        default_uri_disabled=True,
        scaling={"min_instance_count": 2, "max_instance_count": 6},
        template={
            "timeout": "900s",
            "max_instance_request_concurrency": 16,
            "node_selector": {"accelerator": "nvidia-l4"},
            "containers": [
                {
                    "image": "vllm/vllm-openai:v0.9.1",
                    "ports": {"container_port": 8000},
                    "envs": [],
                    "resources": {
                        "limits": {"cpu": "8", "memory": "32Gi", "nvidia.com/gpu": "1"},
                        "cpu_idle": False,
                    },
                    "startup_probe": {**HEALTH, "period_seconds": 10, "failure_threshold": 60},
                    "liveness_probe": {**HEALTH, "period_seconds": 30, "failure_threshold": 3},
                    "readiness_probe": HEALTH,
                }
            ],
        },
    )
    negs.append(
        gcp.compute.RegionNetworkEndpointGroup(
            f"llm-{region}", region=region, network_endpoint_type="SERVERLESS", cloud_run={"service": llm.name}
        )
    )
service = gcp.compute.BackendService(
    "chat",
    load_balancing_scheme="EXTERNAL_MANAGED",
    protocol="HTTPS",
    backends=[{"group": neg.id} for neg in negs],
    outlier_detection={"consecutive_errors": 5, "max_ejection_percent": 50},
)
"""

NEGS = """
import pulumi_gcp as gcp


def regional(name, **more):
    return gcp.compute.RegionNetworkEndpointGroup(name, region="us-central1", **more).id


def on_run(name):
    return regional(name, cloud_run={"service": name})


def on_app_engine(name):
    return regional(name, app_engine={"service": name})


def at_google(name):
    return regional(name, network_endpoint_type="PRIVATE_SERVICE_CONNECT", psc_target_service="us-a.googleapis.com")


def outside(name):
    return gcp.compute.GlobalNetworkEndpointGroup(name, network_endpoint_type="INTERNET_FQDN_PORT").id


def over(name, *negs):
    return gcp.compute.BackendService(
        name, load_balancing_scheme="EXTERNAL_MANAGED", protocol="HTTPS", backends=[{"group": neg} for neg in negs]
    )


service = over("chat", on_run("llm"))
"""

INTERNET = """
import pulumi_gcp as gcp

neg = gcp.compute.GlobalNetworkEndpointGroup("api", network_endpoint_type="INTERNET_FQDN_PORT", default_port=443)
service = gcp.compute.BackendService(
    "chat", load_balancing_scheme="EXTERNAL_MANAGED", protocol="HTTPS", backends=[{"group": neg.id}]
)
"""

INTERNAL = """
import pulumi_gcp as gcp

REGIONS = ("us-central1", "europe-west4")
network = gcp.compute.Network("llm", auto_create_subnetworks=False)
service = gcp.compute.BackendService(
    "chat",
    load_balancing_scheme="INTERNAL_MANAGED",
    protocol="HTTP",
    port_name="http",
    backends=[
        {"group": f"projects/p-demo/regions/{region}/instanceGroups/llm", "max_utilization": 0.8} for region in REGIONS
    ],
)
paths = gcp.compute.URLMap("paths", default_service=service.id)
proxy = gcp.compute.TargetHttpsProxy("proxy", url_map=paths.id, certificate_manager_certificates=["llm"])
entries = {}
for number, region in enumerate(REGIONS):
    subnet = gcp.compute.Subnetwork(
        f"llm-{region}", network=network.id, region=region, ip_cidr_range=f"10.0.{number}.0/24"
    )
    gcp.compute.Subnetwork(
        f"proxies-{region}",
        network=network.id,
        region=region,
        ip_cidr_range=f"10.1.{number}.0/24",
        purpose="GLOBAL_MANAGED_PROXY",
        role="ACTIVE",
    )
    entries[region] = gcp.compute.GlobalForwardingRule(
        f"entry-{region}",
        load_balancing_scheme="INTERNAL_MANAGED",
        port_range="443",
        target=proxy.id,
        network=network.id,
        subnetwork=subnet.id,
    )
geos = [
    {
        "location": region,
        "health_checked_targets": {
            "internal_load_balancers": [
                {
                    "ip_address": entry.ip_address,
                    "ip_protocol": "tcp",
                    "load_balancer_type": "globalL7ilb",
                    "network_url": network.id,
                    "port": "443",
                    "project": "p-demo",
                }
            ]
        },
    }
    for region, entry in entries.items()
]
gcp.dns.RecordSet(
    "name", name="llm.example.com.", type="A", managed_zone="llm", ttl=30, routing_policy={"geos": geos}
)
"""

MAPPED = """
import pulumi_gcp as gcp

service = gcp.compute.BackendService("chat", load_balancing_scheme="EXTERNAL_MANAGED", protocol="HTTP")
paths = gcp.compute.URLMap(
    "paths",
    default_service=service.id,
    host_rules=[{"hosts": ["llm.example.com"], "path_matcher": "api"}],
    path_matchers=[{"name": "api", "default_service": service.id}],
)
certificate = gcp.certificatemanager.Certificate("llm", managed={"domains": ["llm.example.com"]})
certificates = gcp.certificatemanager.CertificateMap("llm")
gcp.certificatemanager.CertificateMapEntry(
    "entry", map=certificates.name, hostname="llm.example.com", certificates=[certificate.id]
)
proxy = gcp.compute.TargetHttpsProxy(
    "proxy",
    url_map=paths.id,
    certificate_map=certificates.id.apply(lambda id: f"//certificatemanager.googleapis.com/{id}"),
)
gcp.compute.GlobalForwardingRule(
    "entry", load_balancing_scheme="EXTERNAL_MANAGED", port_range="443", target=proxy.id
)
"""
