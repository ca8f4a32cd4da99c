"""The programs that are broken and mended: each is whole, and passes every rule."""

# Two clusters that export a pool, and the Gateway for both in the first one.
GKE = """
import pulumi
import pulumi_gcp as gcp

POOL = {"group": "networking.gke.io", "kind": "GCPInferencePoolImport", "name": "chat"}


def make(api_version, kind, name, provider, spec, **metadata):
    inputs = {"apiVersion": api_version, "kind": kind, "spec": spec}
    inputs["metadata"] = {"name": name, "namespace": "llm", **metadata}
    options = pulumi.ResourceOptions(provider=provider)
    return pulumi.CustomResource(f"kubernetes:{api_version}:{kind}", f"{name}-{provider._name}", inputs, options)


providers = []
for region in ("us-central1", "us-east4"):
    cluster = gcp.container.Cluster(region, location=region, enable_autopilot=True)
    provider = pulumi.ProviderResource("kubernetes", region, {"kubeconfig": cluster.endpoint})
    providers.append(provider)
    make(
        "inference.networking.k8s.io/v1",
        "InferencePool",
        "chat",
        provider,
        {"selector": {"matchLabels": {"app": "vllm"}}, "targetPorts": [{"number": 8000}]},
        annotations={"networking.gke.io/export": "True"},
    )
    make(
        "apps/v1",
        "Deployment",
        "server",
        provider,
        {
            "replicas": 2,
            "template": {
                "metadata": {"labels": {"app": "vllm"}},
                "spec": {"containers": [{"image": "vllm/vllm-openai:v0.9.1"}]},
            },
        },
    )
provider = providers[0]
make(
    "gateway.networking.k8s.io/v1",
    "Gateway",
    "front",
    provider,
    {
        "gatewayClassName": "gke-l7-cross-regional-internal-managed-mc",
        "listeners": [{"name": "https", "protocol": "HTTPS", "port": 443}],
    },
)
make(
    "gateway.networking.k8s.io/v1",
    "HTTPRoute",
    "chat",
    provider,
    {"parentRefs": [{"name": "front"}], "rules": [{"backendRefs": [POOL]}]},
)
make(
    "networking.gke.io/v1",
    "HealthCheckPolicy",
    "chat",
    provider,
    {
        "targetRef": POOL,
        "default": {"config": {"type": "HTTP", "httpHealthCheck": {"requestPath": "/health"}}},
    },
)
make(
    "networking.gke.io/v1",
    "GCPBackendPolicy",
    "chat",
    provider,
    {
        "targetRef": POOL,
        "default": {
            "timeoutSec": 600,
            "connectionDraining": {"drainingTimeoutSec": 600},
            "logging": {"enabled": True, "sampleRate": 1000000},
            "maxRatePerEndpoint": 10,
        },
    },
)
"""
# The same for clients on the internet.
PUBLIC = (
    GKE.replace("gke-l7-cross-regional-internal-managed-mc", "gke-l7-global-external-managed-mc")
    .replace(
        '            "connectionDraining"',
        '            "iap": {"enabled": True},\n            "securityPolicy": armor.name,\n'
        '            "connectionDraining"',
    )
    .replace(
        "provider = providers[0]\n",
        """
provider = providers[0]
everybody = {"versioned_expr": "SRC_IPS_V1", "config": {"src_ip_ranges": ["*"]}}
limits = {
    "conform_action": "allow",
    "exceed_action": "deny(429)",
    "enforce_on_key": "IP",
    "rate_limit_threshold": {"count": 300, "interval_sec": 60},
}
armor = gcp.compute.SecurityPolicy(
    "armor",
    rules=[{"priority": 1000, "action": "throttle", "match": everybody, "rate_limit_options": limits}],
)
tls = gcp.compute.SSLPolicy("tls", profile="RESTRICTED", min_tls_version="TLS_1_2")
FRONT = {"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": "front"}
make(
    "networking.gke.io/v1",
    "GCPGatewayPolicy",
    "front",
    provider,
    {"targetRef": FRONT, "default": {"sslPolicy": tls.name}},
)
""".lstrip(),
    )
)
# A service whose backends a controller attaches, from clusters in two regions.
AUTONEG = """
import json

import pulumi
import pulumi_gcp as gcp

check = gcp.compute.HealthCheck(
    "health", http_health_check={"request_path": "/health", "port": 8000}, log_config={"enable": True}
)
gcp.compute.BackendService(
    "chat",
    name="chat",
    load_balancing_scheme="INTERNAL_MANAGED",
    protocol="HTTP",
    timeout_sec=600,
    connection_draining_timeout_sec=600,
    log_config={"enable": True, "sample_rate": 1.0},
    health_checks=check.id,
    opts=pulumi.ResourceOptions(ignore_changes=["backends"]),
)
for region in ("us-central1", "us-east4"):
    cluster = gcp.container.Cluster(region, location=region, enable_autopilot=True)
    provider = pulumi.ProviderResource("kubernetes", region, {"kubeconfig": cluster.endpoint})
    entry = {"name": "chat", "max_rate_per_endpoint": 10}
    annotations = {
        "cloud.google.com/neg": json.dumps({"exposed_ports": {"80": {}}}),
        "controller.autoneg.dev/neg": json.dumps({"backend_services": {"80": [entry]}}),
    }
    inputs = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "vllm", "annotations": annotations}}
    inputs["spec"] = {"selector": {"app": "vllm"}, "ports": [{"port": 80, "targetPort": 8000}]}
    options = pulumi.ResourceOptions(provider=provider)
    pulumi.CustomResource("kubernetes:core/v1:Service", f"vllm-{region}", inputs, options)
"""
# An Ingress in front of a Service.
INGRESS = """
import pulumi


def make(api_version, kind, name, spec, **metadata):
    inputs = {"apiVersion": api_version, "kind": kind, "metadata": {"name": name, **metadata}, "spec": spec}
    token = "core/v1" if api_version == "v1" else api_version
    return pulumi.CustomResource(f"kubernetes:{token}:{kind}", name, inputs)


backend = {"service": {"name": "chat", "port": {"number": 80}}}
make(
    "networking.k8s.io/v1",
    "Ingress",
    "front",
    {"rules": [{"http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]}}]},
    annotations={"kubernetes.io/ingress.class": "gce-internal"},
)
make(
    "v1",
    "Service",
    "chat",
    {"selector": {"app": "vllm"}, "ports": [{"port": 80, "targetPort": 8000}]},
    annotations={"cloud.google.com/backend-config": '{"default": "chat"}'},
)
make(
    "apps/v1",
    "Deployment",
    "vllm",
    {
        "template": {
            "metadata": {"labels": {"app": "vllm"}},
            "spec": {"containers": [{"image": "vllm/vllm-openai:v0.9.1"}]},
        }
    },
)
make(
    "cloud.google.com/v1",
    "BackendConfig",
    "chat",
    {
        "timeoutSec": 600,
        "connectionDraining": {"drainingTimeoutSec": 600},
        "logging": {"enable": True, "sampleRate": 1.0},
        "healthCheck": {"type": "HTTP", "requestPath": "/health", "port": 8000},
    },
)
"""

_MACHINES = """
import json

import pulumi_gcp as gcp

REGIONS = {"us-central1": ["us-central1-a", "us-central1-b", "us-central1-c"], "us-east4": ["us-east4-a", "us-east4-c"]}
METADATA = {
    "enable-oslogin": "TRUE",
    "block-project-ssh-keys": "TRUE",
    "serial-port-enable": "FALSE",
}
SCRIPT = "docker run --publish 8000:8000 vllm/vllm-openai --api-key $(gcloud secrets versions access 1 --secret=key)"
network = gcp.compute.Network("llm", auto_create_subnetworks=False)
account = gcp.serviceaccount.Account("server", account_id="llm-server")
gcp.compute.Firewall(
    "serving",
    network=network.id,
    priority=1000,
    source_ranges=["35.191.0.0/16", "130.211.0.0/22"],
    target_tags=["llm"],
    allows=[{"protocol": "tcp", "ports": ["8000"]}],
)
gcp.compute.Firewall(
    "ssh",
    network=network.id,
    source_ranges=["35.235.240.0/20"],
    target_tags=["llm"],
    allows=[{"protocol": "tcp", "ports": ["22"]}],
)
healing = gcp.compute.HealthCheck(
    "healing",
    check_interval_sec=30,
    timeout_sec=10,
    unhealthy_threshold=10,
    http_health_check={"request_path": "/health", "port": 8000},
    log_config={"enable": True},
)
groups = {}
for region, zones in REGIONS.items():
    subnet = gcp.compute.Subnetwork(
        f"llm-{region}",
        network=network.id,
        region=region,
        ip_cidr_range="10.0.0.0/24" if region == "us-central1" else "10.0.1.0/24",
        private_ip_google_access=True,
        log_config={"flow_sampling": 0.5, "metadata": "INCLUDE_ALL_METADATA"},
    )
    template = gcp.compute.RegionInstanceTemplate(
        f"llm-{region}",
        region=region,
        machine_type="g2-standard-8",
        tags=["llm"],
        disks=[
            {
                "boot": True,
                "source_image": "projects/cos-cloud/global/images/family/cos-125-lts",
                "disk_encryption_key": {
                    "kms_key_self_link": f"projects/p-demo/locations/{region}/keyRings/llm/cryptoKeys/disks"
                },
            }
        ],
        network_interfaces=[{"subnetwork": subnet.id}],
        service_account={"email": account.email, "scopes": ["cloud-platform"]},
        shielded_instance_config={
            "enable_secure_boot": True,
            "enable_vtpm": True,
            "enable_integrity_monitoring": True,
        },
        scheduling={"on_host_maintenance": "TERMINATE", "automatic_restart": True, "provisioning_model": "STANDARD"},
        metadata=METADATA,
        metadata_startup_script=SCRIPT,
    )
    group = gcp.compute.RegionInstanceGroupManager(
        f"llm-{region}",
        region=region,
        base_instance_name="llm",
        versions=[{"instance_template": template.self_link}],
        distribution_policy_zones=zones,
        distribution_policy_target_shape="BALANCED",
        named_ports=[{"name": "http", "port": 8000}],
        auto_healing_policies={"health_check": healing.id, "initial_delay_sec": 1500},
        update_policy={
            "type": "PROACTIVE",
            "minimal_action": "REPLACE",
            "max_surge_fixed": 3,
            "max_unavailable_fixed": 0,
            "instance_redistribution_type": "NONE",
        },
    )
    gcp.compute.RegionAutoscaler(
        f"llm-{region}",
        region=region,
        target=group.id,
        autoscaling_policy={
            "mode": "ON",
            "min_replicas": 4,
            "max_replicas": 12,
            "load_balancing_utilization": {"target": 0.5},
        },
    )
    groups[region] = group
"""

EXTERNAL = (
    _MACHINES
    + """
check = gcp.compute.HealthCheck(
    "health",
    check_interval_sec=10,
    timeout_sec=5,
    unhealthy_threshold=3,
    http_health_check={"request_path": "/health", "port": 8000},
    log_config={"enable": True},
)
armor = gcp.compute.SecurityPolicy(
    "armor",
    rules=[
        {
            "priority": 1000,
            "action": "throttle",
            "match": {"versioned_expr": "SRC_IPS_V1", "config": {"src_ip_ranges": ["*"]}},
            "rate_limit_options": {
                "conform_action": "allow",
                "exceed_action": "deny(429)",
                "enforce_on_key": "IP",
                "rate_limit_threshold": {"count": 300, "interval_sec": 60},
            },
        },
        {
            "priority": 2147483647,
            "action": "deny(403)",
            "match": {"versioned_expr": "SRC_IPS_V1", "config": {"src_ip_ranges": ["*"]}},
        },
    ],
)
service = gcp.compute.BackendService(
    "chat",
    load_balancing_scheme="EXTERNAL_MANAGED",
    protocol="HTTP",
    port_name="http",
    health_checks=check.id,
    backends=[
        {
            "group": groups[region].instance_group,
            "balancing_mode": "UTILIZATION",
            "max_utilization": 0.8,
            "max_rate_per_instance": 4,
        }
        for region in REGIONS
    ],
    session_affinity="NONE",
    timeout_sec=900,
    connection_draining_timeout_sec=900,
    outlier_detection={"consecutive_errors": 5, "max_ejection_percent": 50},
    log_config={"enable": True, "sample_rate": 1.0},
    security_policy=armor.id,
)
NOT_FOUND = {"fault_injection_policy": {"abort": {"http_status": 404, "percentage": 100}}}
paths = gcp.compute.URLMap(
    "paths",
    default_service=service.id,
    default_route_action=NOT_FOUND,
    host_rules=[{"hosts": ["llm.example.com"], "path_matcher": "api"}],
    path_matchers=[
        {
            "name": "api",
            "default_service": service.id,
            "default_route_action": NOT_FOUND,
            "path_rules": [{"paths": ["/v1/*"], "service": service.id}],
        }
    ],
)
policy = gcp.compute.SSLPolicy("tls", profile="RESTRICTED", min_tls_version="TLS_1_2")
certificate = gcp.compute.ManagedSslCertificate("certificate", managed={"domains": ["llm.example.com"]})
proxy = gcp.compute.TargetHttpsProxy(
    "llm-https",
    url_map=paths.id,
    ssl_certificates=[certificate.id],
    ssl_policy=policy.id,
)
address = gcp.compute.GlobalAddress("llm")
gcp.compute.GlobalForwardingRule(
    "llm-https",
    load_balancing_scheme="EXTERNAL_MANAGED",
    ip_address=address.id,
    port_range="443",
    target=proxy.id,
)
redirect = gcp.compute.URLMap("redirect", default_url_redirect={"https_redirect": True, "strip_query": False})
plain = gcp.compute.TargetHttpProxy("llm-http", url_map=redirect.id)
gcp.compute.GlobalForwardingRule(
    "llm-http",
    load_balancing_scheme="EXTERNAL_MANAGED",
    ip_address=address.id,
    port_range="80",
    target=plain.id,
)
METRIC = 'resource.type="https_lb_rule" AND metric.type="loadbalancing.googleapis.com/https/'
SERVER_ERRORS = 'request_count" AND metric.labels.response_code_class=500'
for name, query, aligner, reducer, threshold in (
    ("errors", f"{METRIC}{SERVER_ERRORS}", "ALIGN_RATE", "REDUCE_SUM", 1),
    ("latency", f'{METRIC}total_latencies"', "ALIGN_DELTA", "REDUCE_PERCENTILE_95", 60000),
):
    condition = {
        "filter": query,
        "comparison": "COMPARISON_GT",
        "threshold_value": threshold,
        "duration": "300s",
        "aggregations": [{"alignment_period": "60s", "per_series_aligner": aligner, "cross_series_reducer": reducer}],
    }
    gcp.monitoring.AlertPolicy(
        name,
        display_name=name,
        combiner="OR",
        notification_channels=["projects/p-demo/notificationChannels/1234567890"],
        conditions=[{"display_name": name, "condition_threshold": condition}],
    )
"""
)

# Small ones, for load balancers of other kinds: rules that they do not pass are not asked.
REGIONAL = """
import pulumi_gcp as gcp

group = gcp.compute.RegionInstanceGroupManager(
    "llm-us-central1",
    region="us-central1",
    base_instance_name="llm",
    versions=[{"instance_template": "global/instanceTemplates/llm"}],
    named_ports=[{"name": "http", "port": 8000}],
)
check = gcp.compute.RegionHealthCheck(
    "health", region="us-central1", http_health_check={"request_path": "/health", "port": 8000}
)
service = gcp.compute.RegionBackendService(
    "chat",
    region="us-central1",
    load_balancing_scheme="EXTERNAL_MANAGED",
    protocol="HTTP",
    port_name="http",
    health_checks=check.id,
    backends=[
        {
            "group": group.instance_group,
            "balancing_mode": "UTILIZATION",
            "max_utilization": 0.8,
            "capacity_scaler": 1.0,
        }
    ],
)
paths = gcp.compute.RegionUrlMap("paths", region="us-central1", default_service=service.id)
proxy = gcp.compute.RegionTargetHttpProxy("http", region="us-central1", url_map=paths.id)
gcp.compute.ForwardingRule(
    "http",
    region="us-central1",
    load_balancing_scheme="EXTERNAL_MANAGED",
    port_range="80",
    target=proxy.id,
)
"""

PASSTHROUGH = """
import pulumi_gcp as gcp

group = gcp.compute.NetworkEndpointGroup(
    "llm", zone="us-central1-a", network="llm", subnetwork="llm", network_endpoint_type="GCE_VM_IP"
)
check = gcp.compute.RegionHealthCheck(
    "health", region="us-central1", http_health_check={"request_path": "/health", "port": 8000}
)
service = gcp.compute.RegionBackendService(
    "chat",
    region="us-central1",
    load_balancing_scheme="INTERNAL",
    protocol="TCP",
    health_checks=check.id,
    backends=[{"group": group.id, "balancing_mode": "CONNECTION"}],
)
gcp.compute.ForwardingRule(
    "entry",
    region="us-central1",
    load_balancing_scheme="INTERNAL",
    ports=["8000"],
    backend_service=service.id,
)
"""

ENDPOINTS = """
import pulumi_gcp as gcp

group = gcp.compute.NetworkEndpointGroup(
    "llm", zone="us-central1-a", network="llm", subnetwork="llm", network_endpoint_type="GCE_VM_IP_PORT"
)
check = gcp.compute.HealthCheck("health", http_health_check={"request_path": "/health", "port": 8000})
service = gcp.compute.BackendService(
    "chat",
    load_balancing_scheme="EXTERNAL_MANAGED",
    protocol="HTTP",
    health_checks=check.id,
    backends=[{"group": group.id, "balancing_mode": "RATE", "max_rate_per_endpoint": 4}],
)
"""

SERVERLESS = """
import pulumi_gcp as gcp

group = gcp.compute.RegionNetworkEndpointGroup(
    "llm", region="us-central1", network_endpoint_type="SERVERLESS", cloud_run={"service": "llm"}
)
service = gcp.compute.BackendService(
    "chat",
    load_balancing_scheme="EXTERNAL_MANAGED",
    protocol="HTTP",
    backends=[{"group": group.id}],
)
"""

CLASSIC = """
import pulumi_gcp as gcp

service = gcp.compute.BackendService(
    "chat",
    load_balancing_scheme="EXTERNAL",
    protocol="HTTP",
    port_name="http",
    backends=[
        {"group": f"projects/p-demo/regions/{region}/instanceGroups/llm", "max_utilization": 0.8}
        for region in ("us-central1", "us-east4")
    ],
)
paths = gcp.compute.URLMap("paths", default_service=service.id)
proxy = gcp.compute.TargetHttpProxy("http", url_map=paths.id)
gcp.compute.GlobalForwardingRule("http", load_balancing_scheme="EXTERNAL", port_range="80", target=proxy.id)
"""
