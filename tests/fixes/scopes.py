"""Fixes of the rules about where things are, and of front ends that `edge` has none of."""

from __future__ import annotations

from tests.fixes.fix import Edit, Fix, fix
from tests.fixes.other_programs import INTERNAL, MAPPED
from tests.fixes.programs import CLASSIC, ENDPOINTS, PASSTHROUGH, REGIONAL

_CHECK = '    unhealthy_threshold=3,\n    http_health_check={"request_path": "/health", "port": 8000},\n'
_REGIONAL_SERVICE = """service = gcp.compute.RegionBackendService(
    "chat",
    region="us-central1",
    load_balancing_scheme="EXTERNAL_MANAGED",
    protocol="HTTP",
"""
_PLACE = '    region="us-central1",\n'
_POLICY = f"""armor = gcp.compute.RegionSecurityPolicy(
    "armor",
{_PLACE}    rules=[
        {{
            "priority": 1,
            "action": "deny(403)",
            "match": {{"versioned_expr": "SRC_IPS_V1", "config": {{"src_ip_ranges": ["*"]}}}},
        }}
    ],
)
"""
_WITH_POLICY = f"{_REGIONAL_SERVICE}    security_policy=armor.id,\n"
_RULE = '    "http",\n    region="us-central1",\n    load_balancing_scheme="EXTERNAL_MANAGED",\n'
_REGIONAL_CHECK = """check = gcp.compute.RegionHealthCheck(
    "health", region="us-central1", http_health_check={"request_path": "/health", "port": 8000}
)
"""
_SUBNET = "        subnetwork=subnet.id,\n"
_NONE = '    session_affinity="NONE",\n'
_UTILIZATION = '"balancing_mode": "UTILIZATION",\n            "max_utilization": 0.8,\n'
_RATE = '"balancing_mode": "RATE",\n'
_METRICS = '            "custom_metrics": [{"name": "kv-cache", "max_utilization": 0.8, "dry_run": False}],\n'
_THROTTLE = """"action": "throttle",
            "match": {"versioned_expr": "SRC_IPS_V1", "config": {"src_ip_ranges": ["*"]}},"""
_REDIRECT = '{"https_redirect": True, "strip_query": False}'
_HOSTS = '"hosts": ["llm.example.com"]'
_DOMAINS = 'managed={"domains": ["llm.example.com"]}'
_ZONES = "distribution_policy_zones=zones"
_SCALER_REGION = "        region=region,\n        target=group.id,"
_UPDATE = '"max_surge_fixed": 3,\n            "max_unavailable_fixed": 0,'
_SCHEDULING = '"provisioning_model": "STANDARD"}'
_ACCOUNT = '        service_account={"email": account.email, "scopes": ["cloud-platform"]},\n'
_TYPE = 'machine_type="g2-standard-8"'
_NAMED = "specific_reservation key compute googleapis com reservation name values llm"
_EMAIL = 'service_account={"email"'
_RESERVATION = """reservation_affinity={
            "type": "SPECIFIC_RESERVATION",
            "specific_reservation": {"key": "compute.googleapis.com/reservation-name", "values": ["llm"]},
        },
        """
_RESERVED = (_EMAIL, _EMAIL, _RESERVATION + _EMAIL)
_MIG = """group = gcp.compute.RegionInstanceGroupManager(
    "llm-us-central1",
    region="us-central1",
    base_instance_name="llm",
    versions=[{"instance_template": "global/instanceTemplates/llm"}],
    named_ports=[{"name": "http", "port": 8000}],
)
"""
_GROUPS = """VM = "projects/p-demo/zones/us-central1-a/instances/llm"
PORTS = [{"name": "http", "port": 8000}]
group = gcp.compute.InstanceGroup("llm", zone="us-central1-a", instances=[VM], named_ports=PORTS)
other = gcp.compute.InstanceGroup("tts", zone="us-central1-a", instances=[VM], named_ports=PORTS)
"""
_ONE_VM = """network = gcp.compute.Network("llm", auto_create_subnetworks=False)
near = gcp.compute.Subnetwork("near", region="us-central1", network=network.id, ip_cidr_range="10.0.0.0/24")
far = gcp.compute.Subnetwork("far", region="us-east1", network=network.id, ip_cidr_range="10.1.0.0/24")
vm = gcp.compute.Instance(
    "vm",
    zone="us-central1-a",
    machine_type="n2-standard-8",
    boot_disk={"source": "llm"},
    network_interfaces=[{"subnetwork": far.id}],
)
PORTS = [{"name": "http", "port": 8000}]
group = gcp.compute.InstanceGroup("llm", zone="us-central1-a", instances=[vm.self_link], named_ports=PORTS)
"""
_SCALER = '            "capacity_scaler": 1.0,\n        }'
_ENTRY = ' {"group": other.id, "max_utilization": 0.8, "capacity_scaler": 1.0}'
_FIREWALL = 'gcp.compute.Firewall(\n    "ssh"'
_GRANT = 'gcp.projects.IAMMember("logs", project="p-demo", role="roles/logging.logWriter", member=account.member)\n'


def _endpoint(zone: str) -> str:
    return f"""gcp.compute.NetworkEndpoint(
    "vllm", network_endpoint_group=group.id, zone="{zone}", instance="vllm", ip_address="10.0.0.2", port=8000
)
"""


def _internal(part: str, *edits: Edit, chosen: str = "") -> Fix:
    return fix("frontend-regions", part, *edits, chosen=chosen, program=INTERNAL)


_CHECK_OF_NEG = "check = gcp.compute.HealthCheck("
_PLACE_OF_GROUP = '    "llm-us-central1",\n    region="us-central1",\n'


FIXES = {
    "a VM in two groups": fix(
        "backend-group-scope",
        "_has_its_vms_alone",
        (_MIG, *2 * (_GROUPS,)),
        ("group.instance_group", *2 * ("group.id",)),
        (_SCALER, f"{_SCALER},{_ENTRY}", _SCALER),
        program=REGIONAL,
        chosen="max_utilization 0.8",
    ),
    "a VM with a subnetwork of another region": fix(
        "backend-group-scope",
        "_has_its_subnetworks_near",
        (_MIG, _ONE_VM, _ONE_VM.replace("far.id", "near.id")),
        ("group.instance_group", *2 * ("group.id",)),
        program=REGIONAL,
    ),
    "a group of another project": fix(
        "backend-group-scope",
        "_is_in_project",
        (
            _PLACE_OF_GROUP,
            f'{_PLACE_OF_GROUP}    project="llm-models",\n',
            f'{_PLACE_OF_GROUP}    project="llm-models",\n',
        ),
        (_REGIONAL_SERVICE, _REGIONAL_SERVICE, f'{_REGIONAL_SERVICE}    project="llm-models",\n'),
        (
            '"health", region="us-central1", ',
            '"health", region="us-central1", ',
            '"health", region="us-central1", project="llm-models", ',
        ),
        program=REGIONAL,
    ),
    "an endpoint of another zone": fix(
        "backend-group-scope",
        "_is_in_zone",
        (_CHECK_OF_NEG, _endpoint("us-central1-b") + _CHECK_OF_NEG, _endpoint("us-central1-a") + _CHECK_OF_NEG),
        program=ENDPOINTS,
    ),
    "two rules for one port": fix(
        "forwarding-rule-scheme",
        "has_its_address_alone",
        ('port_range="80"', 'port_range="443"', 'port_range="80"'),
        chosen="80",
    ),
    "a host rule without its path matcher": fix(
        "frontend-paths",
        "_has_its_matchers",
        ('"path_matcher": "api"', '"path_matcher": "apis"', '"path_matcher": "api"'),
        chosen="api",
    ),
    "plain HTTP without end": fix(
        "frontend-https-only",
        "_does_not_repeat_plain_http",
        (_REDIRECT, _REDIRECT.replace("True", "False"), _REDIRECT),
    ),
    "a host without a certificate": fix(
        "frontend-domain",
        "_has_certificate",
        (_HOSTS, '"hosts": ["chat.example.com"]', '"hosts": ["chat.example.com"]'),
        (_DOMAINS, _DOMAINS, 'managed={"domains": ["llm.example.com", "chat.example.com"]}'),
    ),
    "a certificate of another host": fix(
        "frontend-domain",
        "_is_for_its_host",
        (_DOMAINS, 'managed={"domains": ["chat.example.com"]}', 'managed={"domains": ["llm.example.com"]}'),
        program=MAPPED,
    ),
    "a certificate of another region": fix(
        "frontend-domain",
        "_is_of_its_scope",
        (
            'gcp.compute.RegionTargetHttpProxy("http", region="us-central1", ',
            'gcp.compute.RegionTargetHttpsProxy("http", region="us-central1", ssl_certificates=['
            'gcp.compute.SSLCertificate("llm", certificate="PEM", private_key="PEM").id], ',
            'gcp.compute.RegionTargetHttpsProxy("http", region="us-central1", ssl_certificates=['
            'gcp.compute.RegionSslCertificate("llm", region="us-central1", certificate="PEM", private_key="PEM").id], ',
        ),
        program=REGIONAL,
    ),
    "a rate limit for one office": fix(
        "cloud-armor-rate-limit",
        "_limits_everybody",
        (_THROTTLE, _THROTTLE.replace("*", "203.0.113.0/24"), _THROTTLE),
        ('"action": "deny(403)",', '"action": "allow",', '"action": "allow",'),
        chosen="203.0.113.0 24",
    ),
    "a rate limit for one office, all others denied": fix(
        "cloud-armor-rate-limit",
        "_limits_everybody",
        (_THROTTLE, *2 * (_THROTTLE.replace("*", "203.0.113.0/24"),)),
        ('"action": "deny(403)",', '"action": "allow",', '"action": "deny(403)",'),
        chosen="403",
    ),
    "a front end in one region": _internal(
        "_are_in_regions",
        ("enumerate(REGIONS)", 'enumerate(("us-central1",))', "enumerate(REGIONS)"),
        chosen="REGIONS",
    ),
    "no proxies in a region": _internal(
        "has_proxies",
        ('purpose="GLOBAL_MANAGED_PROXY"', 'purpose="REGIONAL_MANAGED_PROXY"', 'purpose="GLOBAL_MANAGED_PROXY"'),
    ),
    "proxies on standby": _internal("has_proxies", ('role="ACTIVE"', 'role="BACKUP"', 'role="ACTIVE"')),
    "a name that leads to one region": _internal(
        "_have_names",
        ("in entries.items()\n]", "in list(entries.items())[:1]\n]", "in entries.items()\n]"),
        chosen="list 1",
    ),
    "a region led to another": _internal(
        "_is_led_to_by_its_region",
        (
            '"ip_address": entry.ip_address',
            '"ip_address": "10.0.0.9" if region == "europe-west4" else "10.0.1.9"',
            '"ip_address": "10.0.1.9" if region == "europe-west4" else "10.0.0.9"',
        ),
        (_SUBNET, *2 * (f'{_SUBNET}        ip_address=f"10.0.{{number}}.9",\n',)),
    ),
    "packets to a proxy": fix(
        "forwarding-rule-scheme",
        "fits_behind",
        (_REGIONAL_SERVICE, _REGIONAL_SERVICE.replace("EXTERNAL_MANAGED", "INTERNAL"), _REGIONAL_SERVICE),
        (_RULE, _RULE.replace("EXTERNAL_MANAGED", "INTERNAL"), _RULE),
        program=REGIONAL,
    ),
    "weights of a classic load balancer": fix(
        "forwarding-rule-scheme",
        "rewrites_alone",
        (
            "default_service=service.id)",
            'default_service=service.id, default_route_action={"retry_policy": {"num_retries": 1}})',
            "default_service=service.id)",
        ),
        program=CLASSIC,
        chosen="default_route_action num_retries 1",
    ),
    "route actions of a classic load balancer, moved on": fix(
        "forwarding-rule-scheme",
        "rewrites_alone",
        (
            "default_service=service.id)",
            *2 * ('default_service=service.id, default_route_action={"retry_policy": {"num_retries": 1}})',),
        ),
        (
            '    load_balancing_scheme="EXTERNAL",\n',
            '    load_balancing_scheme="EXTERNAL",\n',
            '    load_balancing_scheme="EXTERNAL_MANAGED",\n',
        ),
        (
            '"http", load_balancing_scheme="EXTERNAL"',
            '"http", load_balancing_scheme="EXTERNAL"',
            '"http", load_balancing_scheme="EXTERNAL_MANAGED"',
        ),
        program=CLASSIC,
    ),
    "Cloud Armor of another scope": fix(
        "backend-cloud-armor",
        "_is_of_its_scope",
        (
            _REGIONAL_SERVICE,
            f"{_POLICY.replace('Region', '').replace(_PLACE, '')}{_WITH_POLICY}",
            f"{_POLICY}{_WITH_POLICY}",
        ),
        program=REGIONAL,
    ),
    "an SSL policy of another scope": fix(
        "frontend-tls-policy",
        "_is_of_its_scope",
        (
            'gcp.compute.SSLPolicy("tls", ',
            'gcp.compute.RegionSslPolicy("tls", region="us-central1", ',
            'gcp.compute.SSLPolicy("tls", ',
        ),
    ),
    "a port by a name that no check has": fix(
        "health-check-attachable",
        "_has_port",
        (
            _CHECK,
            _CHECK.replace('"port": 8000', '"port_specification": "USE_NAMED_PORT", "port_name": "http"'),
            _CHECK.replace('"port": 8000', '"port_specification": "USE_SERVING_PORT"'),
        ),
    ),
    "a serving port without a proxy": fix(
        "health-check-attachable",
        "_has_port",
        ('"port": 8000', '"port_specification": "USE_SERVING_PORT"', '"port": 8000'),
        program=PASSTHROUGH,
        chosen="8000",
    ),
    "a legacy check": fix(
        "health-check-attachable",
        "_takes_legacy_check",
        (
            _REGIONAL_CHECK,
            'check = gcp.compute.HttpHealthCheck("health", request_path="/health", port=8000)\n',
            _REGIONAL_CHECK,
        ),
        program=REGIONAL,
        chosen="us central1 http_health_check",
    ),
    "a check with TLS": fix(
        "health-check-matches-serving",
        "_speaks_as_the_service",
        (_CHECK, _CHECK.replace("http_", "https_"), _CHECK),
    ),
    "a check of another port": fix(
        "health-check-matches-serving",
        "_asks_a_named_port",
        (_CHECK, _CHECK.replace("8000", "9000"), _CHECK),
    ),
    "a stateful session without its cookie": fix(
        "backend-session-affinity",
        "_has_cookie",
        (
            _NONE,
            '    session_affinity="STRONG_COOKIE_AFFINITY",\n',
            '    session_affinity="STRONG_COOKIE_AFFINITY",\n'
            '    strong_session_affinity_cookie={"name": "llm", "ttl": {"seconds": 3600}},\n',
        ),
        (_UTILIZATION, _RATE, _RATE),
    ),
    "a session by a header that nothing names": fix(
        "backend-session-affinity",
        "_says_what_it_hashes",
        (
            _NONE,
            '    session_affinity="HEADER_FIELD",\n',
            '    session_affinity="HEADER_FIELD",\n    consistent_hash={"http_header_name": "x-session-id"},\n',
        ),
        (_UTILIZATION, _RATE, _RATE),
    ),
    "a hash that nothing reads": fix(
        "backend-session-affinity",
        "_hash_is_read",
        (
            _NONE,
            '    consistent_hash={"minimum_ring_size": 64},\n    locality_lb_policy="ROUND_ROBIN",\n',
            '    consistent_hash={"minimum_ring_size": 64},\n    locality_lb_policy="RING_HASH",\n',
        ),
    ),
    "affinity of packets": fix(
        "backend-session-affinity",
        "_load_balancer_has_it",
        (_NONE, '    session_affinity="CLIENT_IP_PROTO",\n', _NONE),
        chosen="NONE",
    ),
    "the manager for the group": fix(
        "backend-group-kind",
        "_is_group",
        (
            "groups[region].instance_group",
            'f"projects/p-demo/regions/{region}/instanceGroupManagers/llm"',
            "groups[region].instance_group",
        ),
        chosen="groups",
    ),
    "an instance for the group": fix(
        "backend-group-kind",
        "_is_group",
        ("group.instance_group", '"projects/p-demo/zones/us-central1-a/instances/llm"', "group.instance_group"),
        program=REGIONAL,
    ),
    "metrics that no mode reads": fix(
        "load-balancer-balancing-mode",
        "metrics_count",
        (_UTILIZATION, _UTILIZATION + _METRICS, '"balancing_mode": "CUSTOM_METRICS",\n' + _METRICS),
    ),
    "one group in two modes": fix(
        "load-balancer-balancing-mode",
        "_shares_no_group",
        (
            "NOT_FOUND = {",
            *2
            * (
                'tts = gcp.compute.BackendService("tts", load_balancing_scheme="EXTERNAL_MANAGED", protocol="HTTP", '
                'port_name="http", health_checks=check.id, backends=[{"group": groups[region].instance_group, '
                '"balancing_mode": "RATE", "max_rate_per_instance": 4} for region in REGIONS])\nNOT_FOUND = {',
            ),
        ),
        (_UTILIZATION, _UTILIZATION, _RATE),
        chosen="UTILIZATION max_utilization 0.8",
    ),
    "GPUs without a limit of requests": fix(
        "llm-backend-max-utilization",
        "_is_bounded_by_more_than_cpus",
        ('            "max_rate_per_instance": 4,\n', "", '            "max_rate_per_instance": 4,\n'),
        chosen="4",
        limits_for_gpus=True,
    ),
    "zones of another region": fix(
        "instance-group-scope",
        "_is_in_its_region",
        (_ZONES, 'distribution_policy_zones=REGIONS["us-central1"]', _ZONES),
        chosen="zones",
    ),
    "an autoscaler of another region": fix(
        "instance-group-scope",
        "_is_its_own",
        (_SCALER_REGION, _SCALER_REGION.replace("=region", '="us-central1"'), _SCALER_REGION),
        chosen="us central1",
    ),
    "an autoscaler of the instance group": fix(
        "instance-group-scope",
        "_is_its_own",
        ("target=group.id", 'target=f"projects/p-demo/regions/{region}/instanceGroups/llm"', "target=group.id"),
        ("        base_instance_name", *2 * ('        name="llm",\n        base_instance_name',)),
    ),
    "an update that never begins": fix(
        "instance-group-update-policy",
        "_lets_an_update_begin",
        (_UPDATE, _UPDATE.replace("3", "0"), _UPDATE),
        chosen="3",
    ),
    "VMs that keep their names": fix(
        "instance-group-update-policy",
        "_can_recreate",
        (_UPDATE, f'"replacement_method": "RECREATE",\n            {_UPDATE}', _UPDATE),
        chosen="RECREATE",
    ),
    "a surge of one zone": fix(
        "instance-group-update-policy",
        "_is_enough_for_the_zones",
        (_UPDATE, _UPDATE.replace("3", "1"), _UPDATE),
        chosen="3",
    ),
    "machine: Standard with an end": fix(
        "gpu-instance-scheduling",
        "_takes_its_termination_action",
        (_SCHEDULING, f'{_SCHEDULING[:-1]}, "instance_termination_action": "DELETE"}}', _SCHEDULING),
        chosen="DELETE",
    ),
    "machine: GPUs of another": fix(
        "gpu-instance-scheduling",
        "_takes_its_gpus",
        (_EMAIL, 'guest_accelerators=[{"type": "nvidia-l4", "count": 4}],\n        ' + _EMAIL, _EMAIL),
        chosen="type nvidia l4 count 4",
    ),
    "a maximum below the minimum": fix(
        "instance-group-autoscaler",
        "_has_room",
        ('"max_replicas": 12', '"max_replicas": 3', '"max_replicas": 12'),
        chosen="12",
    ),
    "machine: a model that may not serve": fix(
        "gpu-instance-scheduling",
        "_fits_its_model",
        (_SCHEDULING, _SCHEDULING, _SCHEDULING.replace("STANDARD", "RESERVATION_BOUND")),
        _RESERVED,
        chosen=f"RESERVATION_BOUND reservation_affinity type SPECIFIC_RESERVATION {_NAMED}",
        provisioning_models=["RESERVATION_BOUND"],
    ),
    "machine: available from a reservation only": fix(
        "gpu-instance-scheduling",
        "_has_its_reservation",
        (_TYPE, *2 * (_TYPE.replace("g2-standard-8", "a3-ultragpu-8g"),)),
        _RESERVED,
        chosen=_NAMED.replace(" reservation", ""),
    ),
    "machine: never on Spot": fix(
        "gpu-instance-scheduling",
        "_is_available",
        (_TYPE, *2 * (_TYPE.replace("g2-standard-8", "a4x-highgpu-4g"),)),
        (
            _SCHEDULING,
            _SCHEDULING.replace("STANDARD", "FLEX_START"),
            _SCHEDULING.replace("STANDARD", "RESERVATION_BOUND"),
        ),
        _RESERVED,
        chosen=f"type {_NAMED}",
    ),
    "machine: an editor": fix(
        "instance-service-account",
        "_is_no_basic_role",
        (_FIREWALL, _GRANT.replace("logging.logWriter", "editor") + _FIREWALL, _GRANT + _FIREWALL),
        chosen="logging logWriter",
    ),
    "machine: no account to read a secret": fix(
        "instance-service-account", "_needs_no_account", (_ACCOUNT, "", _ACCOUNT)
    ),
}
