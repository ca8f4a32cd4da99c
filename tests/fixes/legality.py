"""Fixes of the rules about what the API takes."""

from __future__ import annotations

from tests.fixes.fix import fix
from tests.fixes.programs import CLASSIC, ENDPOINTS, PASSTHROUGH, REGIONAL, SERVERLESS

_RATE = '            "max_rate_per_instance": 4,\n'
_TARGETS = f'            "balancing_mode": "UTILIZATION",\n            "max_utilization": 0.8,\n{_RATE}'
_LASTING = f'            "balancing_mode": "RATE",\n            "traffic_duration": "SHORT",\n{_RATE}'
_PROTOCOL = '    protocol="HTTP",\n    port_name="http",\n'
_SCHEME = '    "chat",\n    load_balancing_scheme="EXTERNAL_MANAGED",\n'
_EXTERNAL_HTTP = '    load_balancing_scheme="EXTERNAL_MANAGED",\n    protocol="HTTP",\n'
_NONE = '    session_affinity="NONE",\n'
_CONNECTION = '{"group": group.id, "balancing_mode": "CONNECTION"}'
_ENDPOINTS = '{"group": group.id, "balancing_mode": "RATE", "max_rate_per_endpoint": 4}'
_OTHER_ENDPOINTS = _ENDPOINTS.replace("group.id", '"projects/p-demo/zones/us-central1-b/networkEndpointGroups/llm"')
_URL_GROUP = '{"group": "projects/p-demo/regions/us-central1/instanceGroups/llm", "max_utilization": 0.8}'
_SECOND_SERVICE = f"""other = gcp.compute.BackendService(
    "llm",
    load_balancing_scheme="EXTERNAL_MANAGED",
    protocol="HTTP",
    health_checks=check.id,
    backends=[{_URL_GROUP}],
)
"""
_RULE = '    "llm-https",\n    load_balancing_scheme="EXTERNAL_MANAGED",\n'
_CHECK = '    "health",\n    check_interval_sec=10,\n'
_FROM_REGIONS = (
    '    "health",\n    check_interval_sec=30,\n    source_regions=["us-central1", "us-east1", "europe-west1"],\n'
)
_REGIONAL_CHECK = 'gcp.compute.RegionHealthCheck(\n    "health", region="us-central1", '
_FRONT = (
    'gcp.compute.ForwardingRule(\n    "http",\n    region="us-central1",\n    load_balancing_scheme="EXTERNAL_MANAGED",'
)
_SERVERLESS_SERVICE = '    protocol="HTTP",\n    backends=[{"group": group.id}],'
_PROXY, _PLACE = "proxy = gcp.compute.RegionTarget", '"http", region="us-central1"'
_FORWARDS = "gcp.compute.ForwardingRule(\n"
_TO_PROXY = "    target=proxy.id,\n"
_IN_NETWORK = 'vpc = gcp.compute.Network("vpc", auto_create_subnetworks=False)\n'
_PROXIES = """import pulumi

subnet = gcp.compute.Subnetwork(
    "subnet",
    network=vpc.id,
    region="us-central1",
    ip_cidr_range="10.0.0.0/24",
    purpose="REGIONAL_MANAGED_PROXY",
    role="ACTIVE",
)
"""
_AFTER_PROXIES = "    opts=pulumi.ResourceOptions(depends_on=[subnet]),\n"

FIXES = {
    "all is drained": fix(
        "backend-capacity-scaler",
        "backend_capacity_scaler",
        (_RATE, f'{_RATE}            "capacity_scaler": 0.0,\n', f'{_RATE}            "capacity_scaler": 1.0,\n'),
    ),
    "capacity where there is none": fix(
        "backend-capacity-scaler",
        "_has_no_scaler",
        (_CONNECTION, f'{_CONNECTION[:-1]}, "capacity_scaler": 1.0}}', _CONNECTION),
        program=PASSTHROUGH,
        chosen="1.0",
    ),
    "a regional service without capacity": fix(
        "backend-capacity-scaler",
        "_has_legal_scaler",
        ('            "capacity_scaler": 1.0,\n', "", '            "capacity_scaler": 1.0,\n'),
        program=REGIONAL,
    ),
    "a sliver of the capacity": fix(
        "backend-capacity-scaler",
        "_has_legal_scaler",
        ('"capacity_scaler": 1.0,', '"capacity_scaler": 0.05,', '"capacity_scaler": 0.1,'),
        program=REGIONAL,
    ),
    "endpoints with ports without a proxy": fix(
        "backend-group-kind",
        "_takes_others",
        (
            'network_endpoint_type="GCE_VM_IP"',
            'network_endpoint_type="GCE_VM_IP_PORT"',
            'network_endpoint_type="GCE_VM_IP"',
        ),
        program=PASSTHROUGH,
    ),
    "endpoints elsewhere without a proxy": fix(
        "backend-group-kind",
        "_takes_others",
        ('"GCE_VM_IP"', '"NON_GCP_PRIVATE_IP_PORT"', '"GCE_VM_IP"'),
        program=PASSTHROUGH,
        chosen="GCE_VM_IP",
    ),
    "serverless behind TCP": fix(
        "backend-group-kind",
        "_takes_others",
        (_SERVERLESS_SERVICE, _SERVERLESS_SERVICE.replace("HTTP", "TCP"), _SERVERLESS_SERVICE.replace("HTTP", "HTTPS")),
        program=SERVERLESS,
    ),
    "groups and endpoints in one service": fix(
        "backend-group-kind",
        "kinds_go_together",
        (
            f"    backends=[{_ENDPOINTS}],\n)\n",
            f"    backends=[{_ENDPOINTS}, {_OTHER_ENDPOINTS}, {_URL_GROUP}],\n)\n",
            f"    backends=[{_ENDPOINTS}, {_OTHER_ENDPOINTS}],\n)\n{_SECOND_SERVICE}",
        ),
        program=ENDPOINTS,
        chosen="other gcp compute BackendService load_balancing_scheme EXTERNAL_MANAGED protocol HTTP check "
        "health_checks",
    ),
    "endpoints by utilization": fix(
        "backend-group-kind",
        "mode_fits",
        (_ENDPOINTS, '{"group": group.id}', _ENDPOINTS),
        program=ENDPOINTS,
        chosen="4",
    ),
    "a limit for a regional group": fix(
        "backend-group-kind",
        "_is_left_out",
        (
            _TARGETS,
            '            "balancing_mode": "RATE",\n            "max_rate": 400,\n',
            f'            "balancing_mode": "RATE",\n{_RATE}',
        ),
        chosen="max_rate_per_instance 4",
    ),
    "a preferred regional group": fix(
        "backend-group-kind",
        "_is_left_out",
        (_RATE, f'{_RATE}            "preference": "PREFERRED",\n', _RATE),
        chosen="PREFERRED",
    ),
    "one group twice": fix(
        "backend-group-scope",
        "_has_each_group_once",
        (
            "group.instance_group,",
            '"projects/p-demo/regions/us-central1/instanceGroups/llm",',
            '"projects/p-demo/regions/us-central1/instanceGroups/llm",',
        ),
        (
            '            "capacity_scaler": 1.0,\n        }\n',
            '            "capacity_scaler": 1.0,\n        },\n'
            '        {"group": "projects/p-demo/regions/us-central1/instanceGroups/llm", "capacity_scaler": 0.5},\n',
            '            "capacity_scaler": 1.0,\n        }\n',
        ),
        program=REGIONAL,
        chosen="0.5 group",
    ),
    "a group of another region": fix(
        "backend-group-scope",
        "_is_in_region",
        (
            '    "llm-us-central1",\n    region="us-central1",',
            '    "llm-us-central1",\n    region="us-east1",',
            '    "llm-us-central1",\n    region="us-central1",',
        ),
        program=REGIONAL,
        chosen="east1",
    ),
    "affinity under a policy without": fix(
        "backend-session-affinity",
        "_policy_keeps_sessions",
        (
            _NONE + "    timeout_sec",
            '    session_affinity="GENERATED_COOKIE",\n    locality_lb_policy="LEAST_REQUEST",\n    timeout_sec',
            '    session_affinity="NONE",\n    locality_lb_policy="LEAST_REQUEST",\n    timeout_sec',
        ),
    ),
    "affinity by utilization": fix(
        "backend-session-affinity",
        "_mode_keeps_sessions",
        (_NONE, '    session_affinity="CLIENT_IP",\n', _NONE),
    ),
    "affinity by utilization, kept": fix(
        "backend-session-affinity",
        "_mode_keeps_sessions",
        (_NONE, *2 * ('    session_affinity="CLIENT_IP",\n    locality_lb_policy="MAGLEV",\n',)),
        (_TARGETS, _TARGETS, f'            "balancing_mode": "RATE",\n{_RATE}'),
    ),
    "a global rule in Standard Tier": fix(
        "forwarding-rule-scheme",
        "is_in_its_tier",
        (_RULE, f'{_RULE}    network_tier="STANDARD",\n', _RULE),
        chosen="STANDARD",
    ),
    "no proxies for a regional rule": fix(
        "forwarding-rule-scheme",
        "has_proxies",
        (_FORWARDS, f"{_IN_NETWORK}{_FORWARDS}", f"{_IN_NETWORK}{_PROXIES}{_FORWARDS}"),
        (_TO_PROXY, f"{_TO_PROXY}    network=vpc.id,\n", f"{_TO_PROXY}    network=vpc.id,\n{_AFTER_PROXIES}"),
        program=REGIONAL,
        chosen="10.0.0.0 24 ResourceOptions import ip_cidr_range opts pulumi region subnet",
    ),
    "another scheme in front": fix(
        "forwarding-rule-scheme",
        "_has_scheme_of",
        (_RULE, _RULE.replace("EXTERNAL_MANAGED", "INTERNAL_MANAGED"), _RULE),
    ),
    "a regional rule before a global proxy": fix(
        "forwarding-rule-scheme",
        "leads_to_its_place",
        (
            f"gcp.compute.GlobalForwardingRule(\n{_RULE}",
            f'gcp.compute.ForwardingRule(\n{_RULE}    region="us-central1",\n',
            f"gcp.compute.GlobalForwardingRule(\n{_RULE}",
        ),
    ),
    "Standard Tier before two regions": fix(
        "forwarding-rule-scheme",
        "_serves_region_alone",
        (
            'gcp.compute.GlobalForwardingRule("http", ',
            'gcp.compute.ForwardingRule("http", region="us-central1", network_tier="STANDARD", ',
            'gcp.compute.GlobalForwardingRule("http", network_tier="PREMIUM", ',
        ),
        program=CLASSIC,
        chosen="PREMIUM",
    ),
    "a proxy of another protocol": fix(
        "forwarding-rule-scheme",
        "speaks_as",
        (
            f"{_PROXY}HttpProxy({_PLACE}, url_map=paths.id)",
            f"{_PROXY}TcpProxy({_PLACE}, backend_service=service.id)",
            f"{_PROXY}HttpProxy({_PLACE}, url_map=paths.id)",
        ),
        program=REGIONAL,
        chosen="RegionTargetHttpProxy url_map paths",
    ),
    "packets to a service behind proxies": fix(
        "forwarding-rule-scheme",
        "leads_to_packets",
        (
            '    port_range="80",\n    target=proxy.id,',
            '    ports=["80"],\n    backend_service=service.id,',
            '    port_range="80",\n    target=proxy.id,',
        ),
        program=REGIONAL,
        chosen="port_range",
    ),
    "a rule in another region": fix(
        "forwarding-rule-scheme",
        "are_together",
        (_FRONT, _FRONT.replace("us-central1", "us-east1"), _FRONT),
        program=REGIONAL,
        chosen="central1",
    ),
    "a global rule before a regional proxy": fix(
        "forwarding-rule-scheme",
        "are_together",
        (
            _FRONT,
            'gcp.compute.GlobalForwardingRule(\n    "http",\n    load_balancing_scheme="EXTERNAL_MANAGED",',
            _FRONT,
        ),
        program=REGIONAL,
        chosen="ForwardingRule region us central1",
    ),
    "a check for DNS": fix(
        "health-check-attachable",
        "_has_no_source_regions",
        (_CHECK, _FROM_REGIONS, _CHECK),
        chosen="10",
    ),
    "a regional check of a global service": fix(
        "health-check-attachable",
        "_is_global",
        (
            f"check = gcp.compute.HealthCheck(\n{_CHECK}",
            f'check = gcp.compute.RegionHealthCheck(\n    region="us-central1",\n    resource_name={_CHECK.lstrip()}',
            f"check = gcp.compute.HealthCheck(\n{_CHECK}",
        ),
    ),
    "a check of another region": fix(
        "health-check-attachable",
        "_is_in_region",
        (_REGIONAL_CHECK, _REGIONAL_CHECK.replace("us-central1", "us-east1"), _REGIONAL_CHECK),
        program=REGIONAL,
    ),
    "a check of what takes none": fix(
        "health-check-attachable",
        "_takes_check",
        (
            _SERVERLESS_SERVICE,
            f'    health_checks="projects/p-demo/global/healthChecks/llm",\n{_SERVERLESS_SERVICE}',
            _SERVERLESS_SERVICE,
        ),
        program=SERVERLESS,
        chosen="projects p demo global healthChecks llm",
    ),
    "an attribute of another load balancer": fix(
        "load-balancer-attributes",
        "_is_taken",
        (_NONE, f'{_NONE}    max_stream_duration={{"seconds": "900"}},\n', _NONE),
        chosen="seconds 900",
    ),
    "IAP with a cache": fix(
        "load-balancer-attributes",
        "_has_iap_or_cdn",
        (
            _NONE,
            f'{_NONE}    iap={{"enabled": True}},\n    enable_cdn=True,\n',
            f'{_NONE}    iap={{"enabled": True}},\n    enable_cdn=False,\n',
        ),
    ),
    "a mode that does not exist": fix(
        "load-balancer-balancing-mode",
        "_mode_and_targets_fit",
        (
            _TARGETS,
            '            "balancing_mode": "LATENCY",\n' + _RATE,
            '            "balancing_mode": "RATE",\n' + _RATE,
        ),
    ),
    "the provider's mode without a proxy": fix(
        "load-balancer-balancing-mode",
        "_load_balancer_has_mode",
        (_CONNECTION, '{"group": group.id}', _CONNECTION),
        program=PASSTHROUGH,
    ),
    "connections of an Application Load Balancer": fix(
        "load-balancer-balancing-mode",
        "_load_balancer_has_mode",
        (
            _TARGETS,
            '            "balancing_mode": "CONNECTION",\n            "max_connections_per_instance": 4,\n',
            '            "balancing_mode": "RATE",\n' + _RATE,
        ),
        chosen="max_rate_per_instance",
    ),
    "a mode without its limit": fix(
        "load-balancer-balancing-mode",
        "_has_limit_of_mode",
        (_TARGETS, '            "balancing_mode": "RATE",\n', '            "balancing_mode": "RATE",\n' + _RATE),
        chosen="4",
    ),
    "long requests counted by the second": fix(
        "load-balancer-balancing-mode",
        "_duration_fits",
        (_TARGETS, _LASTING.replace("SHORT", "LONG"), _LASTING),
    ),
    "a limit that the mode ignores": fix(
        "load-balancer-balancing-mode",
        "sets_none_of",
        (
            _TARGETS,
            f'            "balancing_mode": "RATE",\n            "max_utilization": 0.8,\n{_RATE}',
            f'            "balancing_mode": "RATE",\n{_RATE}',
        ),
        chosen="0.8",
    ),
    "a percentage for a fraction": fix(
        "load-balancer-balancing-mode",
        "_is_in_range",
        ('"max_utilization": 0.8', '"max_utilization": 80', '"max_utilization": 0.8'),
    ),
    "too many custom metrics": fix(
        "load-balancer-balancing-mode",
        "_metrics_fit",
        (
            _TARGETS,
            '            "balancing_mode": "CUSTOM_METRICS",\n            "custom_metrics": [\n'
            '                {"name": name, "max_utilization": 0.8, "dry_run": False} for name in ("a", "b", "c")\n'
            "            ],\n",
            '            "balancing_mode": "CUSTOM_METRICS",\n            "custom_metrics": [\n'
            '                {"name": name, "max_utilization": 0.8, "dry_run": False} for name in ("a", "b")\n'
            "            ],\n",
        ),
        chosen="c",
    ),
    "no such load balancer": fix(
        "load-balancer-product",
        "_no_product",
        (_SCHEME, '    "chat",\n    load_balancing_scheme="INTERNAL",\n', _SCHEME),
    ),
    "a protocol of meshes": fix(
        "load-balancer-product",
        "_no_product",
        (
            _EXTERNAL_HTTP,
            _EXTERNAL_HTTP.replace("HTTP", "GRPC"),
            _EXTERNAL_HTTP.replace("HTTP", "GRPC").replace("EXTERNAL_MANAGED", "INTERNAL_SELF_MANAGED"),
        ),
        program=ENDPOINTS,
    ),
    "a protocol of none": fix(
        "load-balancer-product",
        "_no_product",
        (_PROTOCOL, _PROTOCOL.replace("HTTP", "FTP"), _PROTOCOL),
        chosen="HTTP",
    ),
}
