"""The global external Application Load Balancer: one address for all regions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
from pulumi_gcp import certificatemanager, compute, iap

from components.backend import BackendArgs, backends, create_health_check, create_url_map
from components.options import child_of

SCHEME = "EXTERNAL_MANAGED"


@dataclass(frozen=True, slots=True)
class LoadBalancerArgs:
    backend: BackendArgs
    security_policy: pulumi.Input[str]
    iap_members: tuple[str, ...]


class LoadBalancer(pulumi.ComponentResource):
    """HTTPS with a managed certificate in front of one backend service that spans the regions."""

    service: pulumi.Output[str]
    service_name: pulumi.Output[str]
    address: pulumi.Output[str]
    url: str
    proof: pulumi.Output[Sequence[certificatemanager.outputs.DnsAuthorizationDnsResourceRecord]]
    """The record that the domain's zone needs for the certificate."""

    def __init__(self, name: str, args: LoadBalancerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("llm:reference:LoadBalancer", name, None, opts)
        self._args = args
        self._child = child_of(self, opts)
        service = self._create_service(name)
        address = compute.GlobalAddress(f"{name}-address", address_type="EXTERNAL", ip_version="IPV4", opts=self._child)
        proof, certificates = self._create_certificate(name)
        url_map = create_url_map(name, args.backend, service, self._child)
        self._create_https(name, url_map, certificates, address)
        self._create_redirect(name, address)
        self.service = service.id
        self.service_name = service.name
        self.address = address.address
        self.url = f"https://{args.backend.domain}"
        self.proof = proof.dns_resource_records
        self.register_outputs({"service": self.service, "address": self.address, "url": self.url, "proof": self.proof})

    def _create_service(self, name: str) -> compute.BackendService:
        args = self._args.backend
        service = compute.BackendService(
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
            # The default ejects at most 10 %, which is nobody in a small group.
            outlier_detection={
                "consecutive_errors": 5,
                "enforcing_consecutive_errors": 100,
                "interval": {"seconds": 10},
                "base_ejection_time": {"seconds": 60},
                "max_ejection_percent": 50,
            },
            log_config={"enable": True, "sample_rate": args.log_sample_rate},
            security_policy=self._args.security_policy,
            iap={"enabled": True} if self._args.iap_members else None,
            opts=self._child,
        )
        for position, member in enumerate(self._args.iap_members):
            iap.WebBackendServiceIamMember(
                f"{name}-caller-{position}",
                web_backend_service=service.name,
                role="roles/iap.httpsResourceAccessor",
                member=member,
                opts=self._child,
            )
        return service

    def _create_certificate(
        self, name: str
    ) -> tuple[certificatemanager.DnsAuthorization, certificatemanager.CertificateMap]:
        domain = self._args.backend.domain
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
        compute.GlobalForwardingRule(
            f"{name}-https-rule",
            load_balancing_scheme=SCHEME,
            network_tier="PREMIUM",
            ip_address=address.id,
            ip_protocol="TCP",
            port_range="443",
            target=proxy.id,
            opts=self._child,
        )

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
        compute.GlobalForwardingRule(
            f"{name}-http-rule",
            load_balancing_scheme=SCHEME,
            network_tier="PREMIUM",
            ip_address=address.id,
            ip_protocol="TCP",
            port_range="80",
            target=proxy.id,
            opts=self._child,
        )
