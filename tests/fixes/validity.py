"""Fixes of what the API accepts of one resource and those beside it: ports, routes, projects, networks, companions."""

from __future__ import annotations

from tests.fixes.fix import Edit, Fix, fix
from tests.fixes.programs import CLASSIC, EXTERNAL, PASSTHROUGH, REGIONAL

_RULE = "forwarding-rule-scheme"
_ATTRIBUTES = "load-balancer-attributes"
_PORTS = '    ports=["8000"],\n'
_PACKETS = '    protocol="TCP",\n    health_checks'
_DEFAULT = '            "default_service": service.id,\n'
_RULES = '"path_rules": [{"paths": ["/v1/*"], "service": service.id}],'
_ROUTES = '"route_rules": [{"priority": 1, "match_rules": [{"prefix_match": "/v1/"}], "service": service.id}],'
_ANOTHER = _ROUTES.replace(
    "service.id}],", 'service.id}, {"priority": 1, "match_rules": [{"prefix_match": "/v2/"}], "service": service.id}],'
)
_SERVICE = 'service = gcp.compute.BackendService(\n    "chat",\n'
_SPRAY = f"""policy = gcp.networkservices.ServiceLbPolicies("spray", location="us-central1")
{_SERVICE}    service_lb_policy=policy.id,
"""
_PROTOCOL = '    protocol="HTTP",\n    port_name'
_CLASSIC = '    protocol="HTTP",\n'
_SHARE = "    external_managed_migration_testing_percentage=10,\n"
_GROUP = "group = gcp.compute.NetworkEndpointGroup("
_NIC = 'network="llm", subnetwork="llm", '
_NETWORKS = """network = gcp.compute.Network("llm")
other = gcp.compute.Network("apps")
"""
_SCALER = '            "load_balancing_utilization": {"target": 0.5},\n        },\n    )\n'
_SECOND = """    gcp.compute.RegionAutoscaler(
        f"tokens-{region}",
        region=region,
        target=group.id,
        autoscaling_policy={"min_replicas": 4, "max_replicas": 12, "load_balancing_utilization": {"target": 0.6}},
    )
"""
_VERSION = 'versions=[{"instance_template": template.self_link}]'
_INTERNAL = 'scheme="INTERNAL",\n    protocol'
_EXTERNAL = 'scheme="EXTERNAL",\n    protocol'
_WEIGHTED = 'scheme="EXTERNAL",\n    locality_lb_policy="WEIGHTED_MAGLEV",\n    protocol'
_RULE_OF_EXTERNAL = ('scheme="INTERNAL",\n    ports', *2 * ('scheme="EXTERNAL",\n    ports',))
_MATCHER = f'{_DEFAULT}            "default_route_action": NOT_FOUND,\n'
_WEIGHTS = '"route_action": {"weighted_backend_services": [{"backend_service": service.id, "weight": 100}]}'
_PROXY = '"llm-https",\n    url_map'
_CHECK = 'http_health_check={"request_path": "/health", "port": 8000}'
_NO_DRAINING = '    failover_policy={"disable_connection_drain_on_failover": True},\n'
_UDP = _PACKETS.replace("TCP", "UDP")
_STABLE = '{"instance_template": template.self_link}'
_CANARY = '{"name": "canary", "instance_template": template.self_link, "target_size": {"fixed": 1}}'


def _front(part: str, *edits: Edit, chosen: str = "", program: str = EXTERNAL) -> Fix:
    return fix(_RULE, part, *edits, chosen=chosen, program=program)


def _attribute(part: str, *edits: Edit, chosen: str = "", program: str = EXTERNAL) -> Fix:
    return fix(_ATTRIBUTES, part, *edits, chosen=chosen, program=program)


FIXES = {
    "two ports of a proxy": _front(
        "has_one_port", ('port_range="443"', 'port_range="443-444"', 'port_range="443"'), chosen="444"
    ),
    "a list of ports of a proxy": _front(
        "has_one_port", ('port_range="80"', 'ports=["80"]', 'port_range="80"'), program=REGIONAL
    ),
    "a path without its slash": _front("_has_valid_patterns", ('"/v1/*"', '"v1/*"', '"/v1/*"')),
    "a path matcher without a default": _front(
        "_leads_somewhere", (_MATCHER, "", _MATCHER), chosen="service id default_route_action NOT_FOUND"
    ),
    "a route with two ends": _front(
        "_leads_somewhere",
        (_RULES, _RULES.replace("service.id", f"service.id, {_WEIGHTS}"), _RULES),
        chosen="route_action weighted_backend_services backend_service weight 100",
    ),
    "path rules beside route rules": _front(
        "_has_rules_of_one_kind", (_RULES, f"{_RULES} {_ROUTES}", _ROUTES), chosen="path_rules paths"
    ),
    "a priority twice": _front("_has_rules_of_one_kind", (_RULES, _ANOTHER, _ANOTHER.replace("1", "2", 1)), chosen="2"),
    "a proxy of another project": _front(
        "is_in_its_project", (_PROXY, _PROXY.replace("\n", '\n    project="edge",\n'), _PROXY)
    ),
    "packets to another network": _front(
        "is_near_its_backends",
        (_GROUP, *2 * (_NETWORKS + _GROUP,)),
        (_NIC, *2 * ("network=network.id, ",)),
        (_PORTS, f"{_PORTS}    network=other.id,\n", f"{_PORTS}    network=network.id,\n"),
        program=PASSTHROUGH,
    ),
    "a service policy elsewhere": _attribute(
        "_has_its_lb_policy", (_SERVICE, _SPRAY, _SPRAY.replace("us-central1", "global"))
    ),
    "backend TLS over HTTP": _attribute(
        "_authenticates_over_tls",
        (_PROTOCOL, f'    tls_settings={{"sni": "llm"}},\n{_PROTOCOL}', _PROTOCOL),
        chosen="sni llm",
    ),
    "a failover of UDP without draining": _attribute(
        "_fails_over_connections",
        (_PACKETS, _NO_DRAINING + _UDP, _NO_DRAINING.replace("True", "False") + _UDP),
        (_PORTS, *2 * (f'{_PORTS}    ip_protocol="UDP",\n',)),
        program=PASSTHROUGH,
    ),
    "a network of an external load balancer": _attribute(
        "_has_its_network",
        (_INTERNAL, _EXTERNAL.replace("\n", '\n    network="llm",\n'), _EXTERNAL),
        _RULE_OF_EXTERNAL,
        chosen="llm",
        program=PASSTHROUGH,
    ),
    "weights without HTTP": _attribute(
        "_has_weights",
        (_INTERNAL, *2 * (_WEIGHTED,)),
        _RULE_OF_EXTERNAL,
        (_CHECK, 'tcp_health_check={"port": 8000}', _CHECK),
        chosen="request_path",
        program=PASSTHROUGH,
    ),
    "a migration by percentage": _attribute(
        "_migrates_by_percentage",
        (
            _CLASSIC,
            _CLASSIC + _SHARE,
            f'{_CLASSIC}    external_managed_migration_state="TEST_BY_PERCENTAGE",\n{_SHARE}',
        ),
        program=CLASSIC,
    ),
    "two autoscalers": fix(
        "instance-group-autoscaler",
        "_has_one",
        (_SCALER, _SCALER + _SECOND, _SCALER),
        chosen="gcp compute RegionAutoscaler f tokens region group id min_replicas 4 max_replicas 12 0.6",
    ),
    "a custom network without a subnetwork": fix(
        "instance-group-scope",
        "names_a_subnetwork",
        ('{"subnetwork": subnet.id}', '{"network": network.id}', '{"subnetwork": subnet.id}'),
        chosen="subnet",
    ),
    "two versions without a size": fix(
        "instance-group-update-policy",
        "_has_a_version_for_the_rest",
        (
            _VERSION,
            f'versions=[{_STABLE}, {{"name": "canary", "instance_template": template.self_link}}]',
            f"versions=[{_STABLE}, {_CANARY}]",
        ),
        chosen="fixed 1",
    ),
    "a proxy without a certificate": fix(
        "frontend-domain",
        "_has_one",
        ("    ssl_certificates=[certificate.id],\n", "", "    ssl_certificates=[certificate.id],\n"),
        chosen="id",
    ),
}
