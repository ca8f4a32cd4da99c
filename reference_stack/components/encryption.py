"""Customer-managed keys: one a region for disks and secrets, one for what is stored in the multi-region."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
from pulumi_gcp import kms, projects

from components.options import child_of

ROTATION = f"{90 * 24 * 3600}s"
DISK_AGENT = "compute-system"
BUCKET_AGENT = "gs-project-accounts"
SECRET_AGENT = "gcp-sa-secretmanager"
REGISTRY_AGENT = "gcp-sa-artifactregistry"


@dataclass(frozen=True, slots=True)
class EncryptionArgs:
    enabled: bool
    regions: tuple[str, ...]
    location: str


class Encryption(pulumi.ComponentResource):
    """Keys and the grants that let Google's service agents use them. Who needs a key must wait for the component."""

    regional_keys: dict[str, pulumi.Output[str]]
    storage_key: pulumi.Output[str] | None

    def __init__(self, name: str, args: EncryptionArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("llm:reference:Encryption", name, None, opts)
        self._child = child_of(self, opts)
        self.regional_keys = {}
        self.storage_key = None
        if args.enabled:
            self._create_keys(name, args)
        self.register_outputs({"regional_keys": self.regional_keys, "storage_key": self.storage_key})

    def _create_keys(self, name: str, args: EncryptionArgs) -> None:
        secrets = self._agent(name, "secretmanager")
        registry = self._agent(name, "artifactregistry")
        # The number of the project is in every agent's address; no other resource tells it without a data source.
        number = secrets.email.apply(lambda email: email.split("@")[0])
        for region in args.regions:
            members = agents(number, DISK_AGENT, SECRET_AGENT)
            self.regional_keys[region] = self._key(f"{name}-{region}", region, members, [secrets])
        members = agents(number, BUCKET_AGENT, REGISTRY_AGENT)
        self.storage_key = self._key(f"{name}-{args.location}", args.location, members, [registry])

    def _agent(self, name: str, api: str) -> projects.ServiceIdentity:
        """Creates the agent, which otherwise first exists when its service is first used."""
        return projects.ServiceIdentity(f"{name}-{api}-agent", service=f"{api}.googleapis.com", opts=self._child)

    def _key(
        self, name: str, location: str, members: Mapping[str, pulumi.Output[str]], after: list[projects.ServiceIdentity]
    ) -> pulumi.Output[str]:
        ring = kms.KeyRing(f"{name}-ring", location=location, opts=self._child)
        key = kms.CryptoKey(f"{name}-key", key_ring=ring.id, rotation_period=ROTATION, opts=self._child)
        for agent, member in members.items():
            kms.CryptoKeyIAMMember(
                f"{name}-{agent}",
                crypto_key_id=key.id,
                role="roles/cloudkms.cryptoKeyEncrypterDecrypter",
                member=member,
                opts=pulumi.ResourceOptions.merge(self._child, pulumi.ResourceOptions(depends_on=after)),
            )
        return key.id


def agents(number: pulumi.Output[str], *names: str) -> dict[str, pulumi.Output[str]]:
    return {name: pulumi.Output.concat("serviceAccount:", number, f"@{name}.iam.gserviceaccount.com") for name in names}
