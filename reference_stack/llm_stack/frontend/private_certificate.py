"""The internal form's certificate: issued and renewed by a certificate authority of the stack's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
from pulumi_gcp import certificateauthority, certificatemanager, projects

from llm_stack.components.options import child_of

TEN_YEARS = f"{10 * 365 * 24 * 3600}s"
THIRTY_DAYS = f"{30 * 24 * 3600}s"


@dataclass(frozen=True, slots=True)
class PrivateCertificateArgs:
    domain: str
    region: str
    """Where the authority runs. If that region is lost, certificates last; only their renewal waits."""
    protect: bool


class PrivateCertificate(pulumi.ComponentResource):
    """A certificate that the load balancer's proxies hold in every region."""

    certificate: pulumi.Output[str]
    authority_pem: pulumi.Output[Sequence[str]]
    """What clients must trust."""

    def __init__(self, name: str, args: PrivateCertificateArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("llm:reference:PrivateCertificate", name, None, opts)
        self._args = args
        self._child = child_of(self, opts)
        pool = certificateauthority.CaPool(f"{name}-pool", location=args.region, tier="DEVOPS", opts=self._child)
        authority = self._create_authority(name, pool)
        issuance = self._create_issuance(name, pool, authority)
        self.certificate = certificatemanager.Certificate(
            f"{name}-certificate",
            scope="ALL_REGIONS",
            managed={"domains": [args.domain], "issuance_config": issuance.id},
            opts=self._child,
        ).id
        self.authority_pem = authority.pem_ca_certificates
        self.register_outputs({"certificate": self.certificate, "authority_pem": self.authority_pem})

    def _create_authority(self, name: str, pool: certificateauthority.CaPool) -> certificateauthority.Authority:
        return certificateauthority.Authority(
            f"{name}-authority",
            certificate_authority_id=f"{name}-authority",
            location=self._args.region,
            pool=pool.name,
            lifetime=TEN_YEARS,
            key_spec={"algorithm": "EC_P256_SHA256"},
            config={
                "subject_config": {"subject": {"organization": self._args.domain, "common_name": f"{name} authority"}},
                "x509_config": {
                    "ca_options": {"is_ca": True},
                    "key_usage": {
                        "base_key_usage": {"cert_sign": True, "crl_sign": True},
                        "extended_key_usage": {"server_auth": True},
                    },
                },
            },
            deletion_protection=self._args.protect,
            ignore_active_certificates_on_deletion=not self._args.protect,
            skip_grace_period=not self._args.protect,
            opts=self._child,
        )

    def _create_issuance(
        self, name: str, pool: certificateauthority.CaPool, authority: certificateauthority.Authority
    ) -> certificatemanager.CertificateIssuanceConfig:
        agent = projects.ServiceIdentity(f"{name}-agent", service="certificatemanager.googleapis.com", opts=self._child)
        grant = certificateauthority.CaPoolIamMember(
            f"{name}-requester",
            ca_pool=pool.id,
            role="roles/privateca.certificateRequester",
            member=agent.member,
            opts=self._child,
        )
        return certificatemanager.CertificateIssuanceConfig(
            f"{name}-issuance",
            key_algorithm="ECDSA_P256",
            lifetime=THIRTY_DAYS,
            rotation_window_percentage=66,
            certificate_authority_config={"certificate_authority_service_config": {"ca_pool": pool.id}},
            # The pool can issue when it has an authority and Certificate Manager may ask it.
            opts=pulumi.ResourceOptions.merge(self._child, pulumi.ResourceOptions(depends_on=[authority, grant])),
        )
