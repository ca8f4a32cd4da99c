"""Fixes of the address, the subnetwork and the protocol of a forwarding rule."""

from __future__ import annotations

from tests.fixes.fix import Edit, Fix, fix
from tests.fixes.other_programs import INTERNAL
from tests.fixes.programs import PASSTHROUGH, REGIONAL

_RULE = "forwarding-rule-scheme"
_FRONT = "gcp.compute.ForwardingRule(\n"
_TO_PROXY = "    target=proxy.id,\n"
_AT = f"{_TO_PROXY}    ip_address=address.id,\n"
_TO_SERVICE = "    backend_service=service.id,\n"


def _address(inputs: str) -> str:
    return f'address = gcp.compute.Address("front", region="us-central1"{inputs})\n{_FRONT}'


def _at(broken: str, mended: str) -> tuple[Edit, Edit]:
    return (_FRONT, _address(broken), _address(mended)), (_TO_PROXY, _AT, _AT)


_SHARED = f"""second = gcp.compute.ForwardingRule(
    "second",
    region="us-central1",
    load_balancing_scheme="INTERNAL",
    ip_address=address.id,
    ports=["8001"],
{_TO_SERVICE})
{_FRONT}"""
_PROXIES = """proxies = gcp.compute.Subnetwork(
    "proxies", region="us-central1", network="llm", ip_cidr_range="10.129.0.0/23", purpose="REGIONAL_MANAGED_PROXY",
    role="ACTIVE",
)
"""
_OWNED = ', address_type="INTERNAL"'

_JOINED = """
import pulumi_gcp as gcp

geos = []
for region in ("us-central1", "us-east4"):
    group = gcp.compute.RegionInstanceGroupManager(
        f"llm-{region}",
        region=region,
        base_instance_name="llm",
        versions=[{"instance_template": f"projects/p/regions/{region}/instanceTemplates/llm"}],
    )
    check = gcp.compute.RegionHealthCheck(
        f"health-{region}", region=region, http_health_check={"request_path": "/health", "port": 8000}
    )
    service = gcp.compute.RegionBackendService(
        f"llm-{region}",
        region=region,
        load_balancing_scheme="INTERNAL",
        protocol="TCP",
        health_checks=check.id,
        backends=[{"group": group.instance_group, "balancing_mode": "CONNECTION"}],
    )
    rule = gcp.compute.ForwardingRule(
        f"llm-{region}",
        region=region,
        load_balancing_scheme="INTERNAL",
        ports=["8000"],
        backend_service=service.id,
        allow_global_access=True,
    )
    target = {
        "load_balancer_type": "regionalL4ilb",
        "ip_address": rule.ip_address,
        "port": "8000",
        "ip_protocol": "tcp",
        "network_url": "projects/p/global/networks/llm",
        "project": "p",
        "region": region,
    }
    geos.append({"location": region, "health_checked_targets": {"internal_load_balancers": [target]}})
gcp.dns.RecordSet(
    "llm", managed_zone="corp", name="llm.corp.example.com.", type="A", ttl=30, routing_policy={"geos": geos}
)
"""

_ON_VMS = """
import pulumi_gcp as gcp

network = gcp.compute.Network("llm", auto_create_subnetworks=False)
subnet = gcp.compute.Subnetwork("llm", network=network.id, region="us-central1", ip_cidr_range="10.0.0.0/20")
gcp.compute.Firewall(
    "clients",
    network=network.id,
    source_ranges=["10.0.0.0/8", "35.191.0.0/16", "130.211.0.0/22"],
    allows=[{"protocol": "tcp", "ports": ["8000"]}],
)
template = gcp.compute.RegionInstanceTemplate(
    "llm",
    region="us-central1",
    machine_type="g2-standard-8",
    disks=[{"source_image": "cos-cloud/cos-stable"}],
    network_interfaces=[{"subnetwork": subnet.id}],
)
group = gcp.compute.RegionInstanceGroupManager(
    "llm",
    region="us-central1",
    base_instance_name="llm",
    versions=[{"instance_template": template.self_link}],
    named_ports=[{"name": "http", "port": 8000}],
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
    backends=[{"group": group.instance_group, "balancing_mode": "CONNECTION"}],
)
gcp.compute.ForwardingRule(
    "entry",
    region="us-central1",
    load_balancing_scheme="INTERNAL",
    ports=["8000"],
    backend_service=service.id,
)
"""
_PORTS = '    ports=["8000"],\n'
_SIX = ", ".join(f'"{port}"' for port in range(8000, 8006))
_EVERY_PORT = "    all_ports=True,\n"

_STREAM = """
import pulumi_gcp as gcp

service = gcp.compute.BackendService(
    "stream",
    load_balancing_scheme="INTERNAL_MANAGED",
    protocol="TCP",
    backends=[{"group": "projects/p-demo/regions/us-central1/instanceGroups/llm", "max_utilization": 0.8}],
)
proxy = gcp.compute.TargetTCPProxy("proxy", backend_service=service.id)
gcp.compute.GlobalForwardingRule(
    "entry",
    load_balancing_scheme="INTERNAL_MANAGED",
    port_range="443",
    target=proxy.id,
    subnetwork="projects/p-demo/regions/us-central1/subnetworks/llm",
)
"""
_TCP_PROXY = 'gcp.compute.TargetTCPProxy("proxy", backend_service=service.id)'
_SSL_PROXY = 'gcp.compute.TargetSSLProxy("proxy", backend_service=service.id, ssl_certificates=["llm"])'
_ENTRY = "    entries[region] = gcp.compute.GlobalForwardingRule(\n"
_IN_SUBNET = "        subnetwork=subnet.id,\n"
_DIRECT = 'certificate_manager_certificates=["llm"]'


def _reserved(address: str) -> str:
    return f"    address = gcp.compute.{address}\n{_ENTRY}"


def _subnetworks(of_address: str) -> str:
    made = (f'{name} = gcp.compute.Subnetwork("{name}", region="us-central1", network="llm", '
            f'ip_cidr_range="10.{number}.0.0/20")\n' for number, name in enumerate(("own", "other")))  # fmt: skip
    address = f'"front", region="us-central1", address_type="INTERNAL", subnetwork={of_address}.id'
    return f"{''.join(made)}address = gcp.compute.Address({address})\n{_FRONT}"


FIXES: dict[str, Fix] = {
    "a target SSL proxy of an internal load balancer": fix(
        _RULE, "takes_proxy", (_TCP_PROXY, _SSL_PROXY, _TCP_PROXY), program=_STREAM, chosen="TargetTCPProxy"
    ),
    "both kinds of certificates": fix(
        _RULE,
        "has_one_kind",
        (_DIRECT, f'{_DIRECT}, ssl_certificates=["llm"]', _DIRECT),
        program=INTERNAL,
    ),
    "a global address of a cross-region rule": fix(
        _RULE,
        "_is_there",
        (
            _ENTRY,
            _reserved('GlobalAddress(f"front-{region}", address_type="INTERNAL")'),
            _reserved('Address(f"front-{region}", address_type="INTERNAL", region=region)'),
        ),
        (_IN_SUBNET, *2 * (f"{_IN_SUBNET}        ip_address=address.id,\n",)),
        program=INTERNAL,
    ),
    "an address of another IP version": fix(
        _RULE,
        "_is_of_its_version",
        (_FRONT, *2 * (_address(""),)),
        (_TO_PROXY, f'{_AT}    ip_version="IPV6",\n', f'{_AT}    ip_version="IPV4",\n'),
        program=REGIONAL,
    ),
    "an address of another subnetwork": fix(
        _RULE,
        "_is_of_its_subnetwork",
        (_FRONT, _subnetworks("other"), _subnetworks("own")),
        (_TO_SERVICE, *2 * (f"{_TO_SERVICE}    subnetwork=own.id,\n    ip_address=address.id,\n",)),
        program=PASSTHROUGH,
    ),
    "no subnetwork of a network in custom mode": fix(
        _RULE,
        "names_its_subnetwork",
        (
            _PORTS,
            f"{_PORTS}    network=network.id,\n",
            f"{_PORTS}    network=network.id,\n    subnetwork=subnet.id,\n",
        ),
        program=_ON_VMS,
        chosen="subnet",
    ),
    "ports that nobody is admitted to": fix(
        _RULE,
        "_serves_there",
        (_PORTS, '    ports=["80"],\n', '    ports=["80", "8000"],\n'),
        program=_ON_VMS,
    ),
    "ports named twice": fix(
        _RULE, "_in_one_way", (_PORTS, _PORTS + _EVERY_PORT, _PORTS), program=PASSTHROUGH, chosen="True"
    ),
    "six ports": fix(
        _RULE,
        "_names_few",
        (_PORTS, f"    ports=[{_SIX}],\n", _EVERY_PORT),
        program=PASSTHROUGH,
    ),
    "a range of ports of an internal rule": fix(
        _RULE, "_as_its_kind_does", (_PORTS, '    port_range="8000",\n', _EVERY_PORT), program=PASSTHROUGH
    ),
    "any protocol on one port": fix(
        _RULE,
        "_names_every_port",
        (_PORTS, f'{_PORTS}    ip_protocol="L3_DEFAULT",\n', f'{_EVERY_PORT}    ip_protocol="L3_DEFAULT",\n'),
        program=PASSTHROUGH.replace('protocol="TCP"', 'protocol="UNSPECIFIED"'),
    ),
    "rules that clients of other regions cannot reach": fix(
        "llm-backend-regions",
        "_is_reached_from_elsewhere",
        ("        allow_global_access=True,\n", "", "        allow_global_access=True,\n"),
        program=_JOINED,
    ),
    "an internal address in front": fix(
        _RULE, "_is_of_its_kind", *_at(', address_type="INTERNAL"', ', address_type="EXTERNAL"'), program=REGIONAL
    ),
    "an address in another tier": fix(
        _RULE,
        "_is_in_its_tier",
        (_FRONT, _address(', network_tier="PREMIUM"'), _address(', network_tier="STANDARD"')),
        (_TO_PROXY, *2 * (f'{_AT}    network_tier="STANDARD",\n',)),
        program=REGIONAL,
        chosen="PREMIUM",
    ),
    "a global address of a regional rule": fix(
        _RULE,
        "are_together",
        (_FRONT, f'address = gcp.compute.GlobalAddress("front")\n{_FRONT}', _address("")),
        (_TO_PROXY, _AT, _AT),
        program=REGIONAL,
        chosen="Address region us central1",
    ),
    "two rules at one address": fix(
        _RULE,
        "_is_shared",
        (
            _FRONT,
            _address(_OWNED).replace(_FRONT, _SHARED),
            _address(f'{_OWNED}, purpose="SHARED_LOADBALANCER_VIP"').replace(_FRONT, _SHARED),
        ),
        ('    ports=["8000"],\n', *2 * ('    ports=["8000"],\n    ip_address=address.id,\n',)),
        program=PASSTHROUGH,
    ),
    "an internal rule in Standard Tier": fix(
        _RULE,
        "is_in_its_tier",
        (_TO_SERVICE, f'{_TO_SERVICE}    network_tier="STANDARD",\n', _TO_SERVICE),
        program=PASSTHROUGH,
        chosen="STANDARD",
    ),
    "a subnetwork in another region": fix(
        _RULE,
        "has_its_subnetwork",
        (
            _TO_SERVICE,
            f'{_TO_SERVICE}    subnetwork="projects/p/regions/us-east1/subnetworks/llm",\n',
            f'{_TO_SERVICE}    subnetwork="projects/p/regions/us-central1/subnetworks/llm",\n',
        ),
        program=PASSTHROUGH,
    ),
    "a DNS target with another port": fix(
        _RULE,
        "_is_described",
        ('"port": "8000"', '"port": "8080"', '"port": "8000"'),
        program=_JOINED,
    ),
    "a subnetwork of proxies": fix(
        _RULE,
        "is_none_of_proxies",
        (_FRONT, *2 * (_PROXIES + _FRONT,)),
        (
            _TO_SERVICE,
            f"{_TO_SERVICE}    subnetwork=proxies.id,\n",
            f'{_TO_SERVICE}    subnetwork="projects/p/regions/us-central1/subnetworks/llm",\n',
        ),
        program=PASSTHROUGH,
        chosen="projects p regions subnetworks",
    ),
    "UDP to a proxy": fix(
        _RULE,
        "is_for_tcp",
        (_TO_PROXY, f'{_TO_PROXY}    ip_protocol="UDP",\n', f'{_TO_PROXY}    ip_protocol="TCP",\n'),
        program=REGIONAL,
    ),
    "UDP to a service of TCP": fix(
        _RULE,
        "has_protocol_of",
        (_PORTS, f'{_PORTS}    ip_protocol="UDP",\n', f'{_PORTS}    ip_protocol="TCP",\n'),
        program=PASSTHROUGH,
    ),
}
