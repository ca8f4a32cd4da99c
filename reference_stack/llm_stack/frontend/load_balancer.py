"""The global external Application Load Balancer: one address for all regions."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
from pulumi_gcp import certificatemanager, compute

from llm_stack.components.options import child_of
from llm_stack.frontend.exposure import EXTERNAL
from llm_stack.frontend.paths import SiteArgs, create_url_map


class LoadBalancer(pulumi.ComponentResource):
    """HTTPS with a managed certificate in front of one backend service that spans the regions."""

    address: pulumi.Output[str]
    url: str
    proof: pulumi.Output[Sequence[certificatemanager.outputs.DnsAuthorizationDnsResourceRecord]]
    """The record that the domain's zone needs for the certificate."""

    def __init__(self, name: str, args: SiteArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("llm:reference:LoadBalancer", name, None, opts)
        self._args = args
        self._child = child_of(self, opts)
        address = compute.GlobalAddress(f"{name}-address", address_type="EXTERNAL", ip_version="IPV4", opts=self._child)
        proof, certificates = self._create_certificate(name)
        url_map = create_url_map(name, args, self._child)
        self._create_https(name, url_map, certificates, address)
        self._create_redirect(name, address)
        self.address = address.address
        self.url = f"https://{args.domain}"
        self.proof = proof.dns_resource_records
        self.register_outputs({"address": self.address, "url": self.url, "proof": self.proof})

    def _create_certificate(
        self, name: str
    ) -> tuple[certificatemanager.DnsAuthorization, certificatemanager.CertificateMap]:
        domain = self._args.domain
        proof = certificatemanager.DnsAuthorization(f"{name}-proof", domain=domain, opts=self._child)
        certificate = certificatemanager.Certificate(
            f"{name}-certificate",
            managed={"domains": [domain], "dns_authorizations": [proof.id]},
            opts=self._child,
        )
        certificates = certificatemanager.CertificateMap(f"{name}-certificates", opts=self._child)
        certificatemanager.CertificateMapEntry(
            f"{name}-domain", map=certificates.name, hostname=domain, certificates=[certificate.id], opts=self._child
        )
        return proof, certificates

    def _create_https(
        self,
        name: str,
        url_map: compute.URLMap,
        certificates: certificatemanager.CertificateMap,
        address: compute.GlobalAddress,
    ) -> None:
        policy = compute.SSLPolicy(f"{name}-tls", profile="RESTRICTED", min_tls_version="TLS_1_2", opts=self._child)
        proxy = compute.TargetHttpsProxy(
            f"{name}-https",
            url_map=url_map.id,
            certificate_map=pulumi.Output.concat("//certificatemanager.googleapis.com/", certificates.id),
            ssl_policy=policy.id,
            quic_override="ENABLE",
            # A replayed prompt would be paid for twice.
            tls_early_data="DISABLED",
            http_keep_alive_timeout_sec=610,
            opts=self._child,
        )
        self._create_rule(f"{name}-https-rule", address, "443", proxy.id)

    def _create_redirect(self, name: str, address: compute.GlobalAddress) -> None:
        redirect = compute.URLMap(
            f"{name}-redirect",
            default_url_redirect={
                "https_redirect": True,
                "strip_query": False,
                "redirect_response_code": "PERMANENT_REDIRECT",
            },
            opts=self._child,
        )
        proxy = compute.TargetHttpProxy(f"{name}-http", url_map=redirect.id, opts=self._child)
        self._create_rule(f"{name}-http-rule", address, "80", proxy.id)

    def _create_rule(self, name: str, address: compute.GlobalAddress, port: str, proxy: pulumi.Output[str]) -> None:
        compute.GlobalForwardingRule(
            name,
            load_balancing_scheme=EXTERNAL,
            network_tier="PREMIUM",
            ip_address=address.id,
            ip_protocol="TCP",
            port_range=port,
            target=proxy,
            opts=self._child,
        )
