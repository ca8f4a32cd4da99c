"""The cross-region internal Application Load Balancer: an entry in each region, each of which reaches all regions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
from pulumi_gcp import compute, dns

from components.backend import BackendArgs, backends, create_health_check, create_url_map
from components.options import child_of

SCHEME = "INTERNAL_MANAGED"


@dataclass(frozen=True, slots=True)
class InternalLoadBalancerArgs:
    backend: BackendArgs
    project: str
    network: pulumi.Input[str]
    subnets: Mapping[str, pulumi.Input[str]]
    """By region. A forwarding rule needs the proxies of its region, so wait for the whole network."""
    certificate: pulumi.Input[str]


class InternalLoadBalancer(pulumi.ComponentResource):
    """HTTPS on a private name that leads a client to the nearest entry that works."""

    service: pulumi.Output[str]
    service_name: pulumi.Output[str]
    addresses: dict[str, pulumi.Output[str]]
    url: str

    def __init__(self, name: str, args: InternalLoadBalancerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("llm:reference:InternalLoadBalancer", name, None, opts)
        self._args = args
        self._child = child_of(self, opts)
        service = self._create_service(name)
        proxy = self._create_proxy(name, create_url_map(name, args.backend, service, self._child))
        self.service = service.id
        self.service_name = service.name
        self.addresses = {region: self._create_entry(name, region, proxy) for region in args.subnets}
        self.url = f"https://{args.backend.domain}"
        self._create_name(name)
        self.register_outputs({"service": self.service, "addresses": self.addresses, "url": self.url})

    def _create_service(self, name: str) -> compute.BackendService:
        """Without outlier detection, which a global service has on the external scheme only."""
        args = self._args.backend
        return compute.BackendService(
            f"{name}-service",
            load_balancing_scheme=SCHEME,
            protocol="HTTP",
            port_name=args.port_name,
            health_checks=create_health_check(name, args, self._child).id,
            backends=backends(args),
            session_affinity="NONE",
            locality_lb_policy="LEAST_REQUEST",
            timeout_sec=args.timeout_seconds,
            connection_draining_timeout_sec=args.draining_seconds,
            log_config={"enable": True, "sample_rate": args.log_sample_rate},
            opts=self._child,
        )

    def _create_proxy(self, name: str, url_map: compute.URLMap) -> compute.TargetHttpsProxy:
        policy = compute.SSLPolicy(f"{name}-tls", profile="RESTRICTED", min_tls_version="TLS_1_2", opts=self._child)
        return compute.TargetHttpsProxy(
            f"{name}-https",
            url_map=url_map.id,
            certificate_manager_certificates=[self._args.certificate],
            ssl_policy=policy.id,
            http_keep_alive_timeout_sec=600,
            opts=self._child,
        )

    def _create_entry(self, name: str, region: str, proxy: compute.TargetHttpsProxy) -> pulumi.Output[str]:
        return compute.GlobalForwardingRule(
            f"{name}-{region}",
            load_balancing_scheme=SCHEME,
            network=self._args.network,
            subnetwork=self._args.subnets[region],
            ip_protocol="TCP",
            port_range="443",
            target=proxy.id,
            opts=self._child,
        ).ip_address

    def _create_name(self, name: str) -> None:
        domain = f"{self._args.backend.domain}."
        zone = dns.ManagedZone(
            f"{name}-zone",
            dns_name=domain,
            description="The private name of the LLM service",
            visibility="private",
            private_visibility_config={"networks": [{"network_url": self._args.network}]},
            opts=self._child,
        )
        dns.RecordSet(
            f"{name}-name",
            managed_zone=zone.name,
            name=domain,
            type="A",
            ttl=30,
            routing_policy={"geos": [self._geo(region, address) for region, address in self.addresses.items()]},
            opts=self._child,
        )

    def _geo(self, region: str, address: pulumi.Output[str]) -> dns.RecordSetRoutingPolicyGeoArgsDict:
        return {
            "location": region,
            "health_checked_targets": {
                "internal_load_balancers": [
                    {
                        "load_balancer_type": "globalL7ilb",
                        "ip_address": address,
                        "port": "443",
                        "ip_protocol": "tcp",
                        "network_url": self._args.network,
                        "project": self._args.project,
                    }
                ]
            },
        }
