"""The network: one subnet a region, no way in, no way out but Google's APIs."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_gcp import compute, dns

from llm_stack.components.options import child_of

RESTRICTED_RANGE = "199.36.153.4/30"
RESTRICTED_ADDRESSES = [f"199.36.153.{last}" for last in range(4, 8)]
API_DOMAINS = ("googleapis.com", "gcr.io", "pkg.dev")
ALLOW, DENY = 1000, 65000


@dataclass(frozen=True, slots=True)
class SubnetArgs:
    region: str
    cidr: str
    proxy_cidr: str | None = None
    """Where the proxies of an internal load balancer live."""


@dataclass(frozen=True, slots=True)
class NetworkArgs:
    subnets: tuple[SubnetArgs, ...]


class Network(pulumi.ComponentResource):
    """A VPC that is closed: whoever is to be reached in it opens a way of its own."""

    network: pulumi.Output[str]
    subnets: dict[str, pulumi.Output[str]]

    def __init__(self, name: str, args: NetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("llm:reference:Network", name, None, opts)
        self._args = args
        self._child = child_of(self, opts)
        vpc = compute.Network(
            f"{name}-vpc",
            auto_create_subnetworks=False,
            delete_default_routes_on_create=True,
            routing_mode="GLOBAL",
            opts=self._child,
        )
        self.network = vpc.id
        self.subnets = {subnet.region: self._create_subnet(name, subnet) for subnet in args.subnets}
        self._create_proxy_subnets(name)
        self._deny_ingress(name)
        self._create_egress(name)
        self._create_api_access(name)
        self.register_outputs({"network": self.network, "subnets": self.subnets})

    def _create_subnet(self, name: str, subnet: SubnetArgs) -> pulumi.Output[str]:
        return compute.Subnetwork(
            f"{name}-{subnet.region}",
            network=self.network,
            region=subnet.region,
            ip_cidr_range=subnet.cidr,
            private_ip_google_access=True,
            log_config={
                "aggregation_interval": "INTERVAL_30_SEC",
                "flow_sampling": 0.5,
                "metadata": "INCLUDE_ALL_METADATA",
            },
            opts=self._child,
        ).id

    def _create_proxy_subnets(self, name: str) -> None:
        for subnet in self._args.subnets:
            if subnet.proxy_cidr:
                compute.Subnetwork(
                    f"{name}-{subnet.region}-proxies",
                    network=self.network,
                    region=subnet.region,
                    ip_cidr_range=subnet.proxy_cidr,
                    purpose="GLOBAL_MANAGED_PROXY",
                    role="ACTIVE",
                    opts=self._child,
                )

    def _deny_ingress(self, name: str) -> None:
        compute.Firewall(
            f"{name}-deny-ingress",
            network=self.network,
            direction="INGRESS",
            priority=DENY,
            source_ranges=["0.0.0.0/0"],
            denies=[{"protocol": "all"}],
            log_config={"metadata": "INCLUDE_ALL_METADATA"},
            opts=self._child,
        )

    def _create_egress(self, name: str) -> None:
        compute.Firewall(
            f"{name}-allow-google-apis",
            network=self.network,
            direction="EGRESS",
            priority=ALLOW,
            destination_ranges=[RESTRICTED_RANGE],
            allows=[{"protocol": "tcp", "ports": ["443"]}],
            opts=self._child,
        )
        compute.Firewall(
            f"{name}-deny-egress",
            network=self.network,
            direction="EGRESS",
            priority=DENY,
            destination_ranges=["0.0.0.0/0"],
            denies=[{"protocol": "all"}],
            log_config={"metadata": "INCLUDE_ALL_METADATA"},
            opts=self._child,
        )

    def _create_api_access(self, name: str) -> None:
        """The route and the names that lead to Google's APIs by private addresses; there is no other route out."""
        compute.Route(
            f"{name}-google-apis",
            network=self.network,
            dest_range=RESTRICTED_RANGE,
            next_hop_gateway="default-internet-gateway",
            opts=self._child,
        )
        for domain in API_DOMAINS:
            self._create_api_zone(f"{name}-{domain.replace('.', '-')}", domain)

    def _create_api_zone(self, name: str, domain: str) -> None:
        zone = dns.ManagedZone(
            name,
            dns_name=f"{domain}.",
            description=f"Private addresses of {domain}",
            visibility="private",
            private_visibility_config={"networks": [{"network_url": self.network}]},
            opts=self._child,
        )
        dns.RecordSet(
            f"{name}-addresses",
            managed_zone=zone.name,
            name=f"{domain}.",
            type="A",
            ttl=300,
            rrdatas=RESTRICTED_ADDRESSES,
            opts=self._child,
        )
        dns.RecordSet(
            f"{name}-wildcard",
            managed_zone=zone.name,
            name=f"*.{domain}.",
            type="CNAME",
            ttl=300,
            rrdatas=[f"{domain}."],
            opts=self._child,
        )
