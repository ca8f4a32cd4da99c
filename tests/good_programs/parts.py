"""What the programs share: machines as everybody should have them, and an entrance."""

MACHINES = """
import pulumi
import pulumi_gcp as gcp

network = gcp.compute.Network("llm", auto_create_subnetworks=False)
account = gcp.serviceaccount.Account("server", account_id="llm-server")
SCRIPT = "docker run --publish 8000:8000 vllm/vllm-openai --api-key $(gcloud secrets versions access 1 --secret=key)"
gcp.compute.Firewall(
    "serving",
    network=network.id,
    source_ranges=["35.191.0.0/16", "130.211.0.0/22", "10.9.0.0/16"],
    target_tags=["llm"],
    allows=[{"protocol": "tcp", "ports": ["8000"]}],
)
healing = gcp.compute.HealthCheck(
    "healing",
    check_interval_sec=30,
    timeout_sec=10,
    unhealthy_threshold=10,
    http_health_check={"request_path": "/health", "port": 8000},
    log_config={"enable": True},
)
ON_DEMAND = {"on_host_maintenance": "TERMINATE", "automatic_restart": True, "provisioning_model": "STANDARD"}
SPOT = {
    "on_host_maintenance": "TERMINATE",
    "automatic_restart": False,
    "preemptible": True,
    "provisioning_model": "SPOT",
    "instance_termination_action": "STOP",
}
subnets = {}


def key_of(region):
    return f"projects/p-demo/locations/{region}/keyRings/llm/cryptoKeys/disks"


def subnet_in(region):
    if region not in subnets:
        subnets[region] = gcp.compute.Subnetwork(
            f"llm-{region}",
            network=network.id,
            region=region,
            ip_cidr_range=f"10.0.{len(subnets)}.0/24",
            private_ip_google_access=True,
            log_config={"flow_sampling": 0.5, "metadata": "INCLUDE_ALL_METADATA"},
        )
    return subnets[region]


def machine_in(region, scheduling=ON_DEMAND):
    return {
        "machine_type": "g2-standard-8",
        "tags": ["llm"],
        "network_interfaces": [{"subnetwork": subnet_in(region).id}],
        "service_account": {"email": account.email, "scopes": ["cloud-platform"]},
        "shielded_instance_config": {
            "enable_secure_boot": True,
            "enable_vtpm": True,
            "enable_integrity_monitoring": True,
        },
        "scheduling": scheduling,
        "metadata": {"enable-oslogin": "TRUE", "block-project-ssh-keys": "TRUE"},
        "metadata_startup_script": SCRIPT,
    }


def template_in(name, region, scheduling=ON_DEMAND):
    disk = {
        "boot": True,
        "source_image": "projects/cos-cloud/global/images/family/cos-125-lts",
        "disk_encryption_key": {"kms_key_self_link": key_of(region)},
    }
    return gcp.compute.InstanceTemplate(name, disks=[disk], **machine_in(region, scheduling))


UPDATE = {"type": "OPPORTUNISTIC", "minimal_action": "REPLACE", "max_surge_fixed": 3, "max_unavailable_fixed": 0}
SIGNAL = {"load_balancing_utilization": {"target": 0.4}}


def fleet(name, region, scheduling=ON_DEMAND, minimum=4, signal=SIGNAL, **more):
    group = gcp.compute.RegionInstanceGroupManager(
        name,
        region=region,
        base_instance_name="llm",
        versions=[{"instance_template": template_in(name, region, scheduling).self_link}],
        named_ports=[{"name": "http", "port": 8000}],
        auto_healing_policies={"health_check": healing.id, "initial_delay_sec": 1500},
        update_policy=UPDATE,
        **more,
    )
    gcp.compute.RegionAutoscaler(
        name,
        region=region,
        target=group.id,
        autoscaling_policy={"min_replicas": minimum, "max_replicas": 3 * minimum, **signal},
    )
    return group


def check_for(kind, name="health", **more):
    return kind(
        name,
        check_interval_sec=10,
        timeout_sec=5,
        unhealthy_threshold=3,
        http_health_check={"request_path": "/health", "port": 8000},
        log_config={"enable": True},
        **more,
    )


SERVING = {
    "timeout_sec": 900,
    "connection_draining_timeout_sec": 900,
    "log_config": {"enable": True, "sample_rate": 1.0},
}
OUTLIERS = {"consecutive_errors": 5, "max_ejection_percent": 50}
"""

ENTRANCE = """
def armor_policy():
    everybody = {"versioned_expr": "SRC_IPS_V1", "config": {"src_ip_ranges": ["*"]}}
    limits = {
        "conform_action": "allow",
        "exceed_action": "deny(429)",
        "enforce_on_key": "IP",
        "rate_limit_threshold": {"count": 300, "interval_sec": 60},
    }
    return gcp.compute.SecurityPolicy(
        "armor",
        rules=[
            {"priority": 1000, "action": "throttle", "match": everybody, "rate_limit_options": limits},
            {"priority": 2147483647, "action": "deny(403)", "match": everybody},
        ],
    )


NOT_FOUND = {"fault_injection_policy": {"abort": {"http_status": 404, "percentage": 100}}}


def entrance(service, scheme="EXTERNAL_MANAGED", abort=NOT_FOUND):
    paths = gcp.compute.URLMap(
        "paths",
        default_service=service.id,
        default_route_action=abort,
        host_rules=[{"hosts": ["llm.example.com"], "path_matcher": "api"}],
        path_matchers=[
            {
                "name": "api",
                "default_service": service.id,
                "default_route_action": abort,
                "path_rules": [{"paths": ["/v1/*"], "service": service.id}],
            }
        ],
    )
    proxy = gcp.compute.TargetHttpsProxy(
        "https",
        url_map=paths.id,
        ssl_certificates=[
            gcp.compute.ManagedSslCertificate("certificate", managed={"domains": ["llm.example.com"]}).id
        ],
        ssl_policy=gcp.compute.SSLPolicy("tls", profile="RESTRICTED", min_tls_version="TLS_1_2").id,
    )
    gcp.compute.GlobalForwardingRule("https", load_balancing_scheme=scheme, port_range="443", target=proxy.id)
"""
