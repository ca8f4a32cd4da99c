"""The cross-region internal Application Load Balancer: an entry in each region, each of which reaches all regions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
from pulumi_gcp import compute, dns

from llm_stack.components.options import child_of
from llm_stack.frontend.exposure import INTERNAL
from llm_stack.frontend.paths import SiteArgs, create_url_map


@dataclass(frozen=True, slots=True)
class InternalLoadBalancerArgs:
    site: SiteArgs
    project: str
    network: pulumi.Input[str]
    subnets: Mapping[str, pulumi.Input[str]]
    """By region. A forwarding rule needs the proxies of its region, so wait for the whole network."""
    certificate: pulumi.Input[str]


class InternalLoadBalancer(pulumi.ComponentResource):
    """HTTPS on a private name that leads a client to the nearest entry that works."""

    addresses: dict[str, pulumi.Output[str]]
    url: str

    def __init__(self, name: str, args: InternalLoadBalancerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("llm:reference:InternalLoadBalancer", name, None, opts)
        self._args = args
        self._child = child_of(self, opts)
        proxy = self._create_proxy(name, create_url_map(name, args.site, self._child))
        self.addresses = {region: self._create_entry(name, region, proxy) for region in args.subnets}
        self.url = f"https://{args.site.domain}"
        self._create_name(name)
        self.register_outputs({"addresses": self.addresses, "url": self.url})

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
            load_balancing_scheme=INTERNAL,
            network=self._args.network,
            subnetwork=self._args.subnets[region],
            ip_protocol="TCP",
            port_range="443",
            target=proxy.id,
            opts=self._child,
        ).ip_address

    def _create_name(self, name: str) -> None:
        domain = f"{self._args.site.domain}."
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
