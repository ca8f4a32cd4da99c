"""Customer-managed keys: one a region for what is kept there, one for the multi-region, one for the secret."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
from pulumi_gcp import kms, projects, storage

from llm_stack.components.locations import MULTI_REGIONS
from llm_stack.components.options import child_of

ROTATION = f"{90 * 24 * 3600}s"
DISK_AGENT = "compute-system"
BUCKET_AGENT = "gs-project-accounts"
SECRET_AGENT = "gcp-sa-secretmanager"
REGISTRY_AGENT = "gcp-sa-artifactregistry"
RUN_AGENT = "serverless-robot-prod"
APIS = {SECRET_AGENT: "secretmanager", REGISTRY_AGENT: "artifactregistry", RUN_AGENT: "run"}
"""The agents that have to be created, with their APIs; the others exist."""


@dataclass(frozen=True, slots=True)
class EncryptionArgs:
    enabled: bool
    project: str
    project_number: int | None
    """None if it has to be found out."""
    regions: tuple[str, ...]
    regional_agents: tuple[str, ...]
    """Who encrypts in the regions."""
    location: str
    location_agents: tuple[str, ...]
    """Who encrypts in the multi-region."""


class Encryption(pulumi.ComponentResource):
    """Keys and the grants that let Google's service agents use them. Who needs a key must wait for the component."""

    regional_keys: dict[str, pulumi.Output[str]]
    storage_key: pulumi.Output[str] | None
    secret_key: pulumi.Output[str] | None

    def __init__(self, name: str, args: EncryptionArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("llm:reference:Encryption", name, None, opts)
        self._child = child_of(self, opts)
        self.regional_keys = {}
        self.storage_key = None
        self.secret_key = None
        if args.enabled:
            self._create_keys(name, args)
        self.register_outputs(
            {"regional_keys": self.regional_keys, "storage_key": self.storage_key, "secret_key": self.secret_key}
        )

    def _create_keys(self, name: str, args: EncryptionArgs) -> None:
        wanted = (*args.regional_agents, *args.location_agents, SECRET_AGENT)
        created = {agent: self._create_agent(name, api) for agent, api in APIS.items() if agent in wanted}
        number = args.project_number or self._found_number(name, args)
        for region in args.regions:
            self.regional_keys[region] = self._key(f"{name}-{region}", region, number, args.regional_agents, created)
        self.storage_key = self._key(f"{name}-{args.location}", args.location, number, args.location_agents, created)
        # What Secret Manager replicates by itself it encrypts with a key of this location only.
        self.secret_key = self._key(f"{name}-global", "global", number, (SECRET_AGENT,), created)

    def _create_agent(self, name: str, api: str) -> projects.ServiceIdentity:
        """Creates the agent, which otherwise first exists when its service is first used."""
        return projects.ServiceIdentity(f"{name}-{api}-agent", service=f"{api}.googleapis.com", opts=self._child)

    def _found_number(self, name: str, args: EncryptionArgs) -> pulumi.Output[int]:
        """The number of the project, as an empty bucket tells it.

        A service agent may come without its address, and a data source would ask Google during a preview.
        """
        bucket = storage.Bucket(
            f"{name}-number",
            location=MULTI_REGIONS[args.location],
            uniform_bucket_level_access=True,
            public_access_prevention="enforced",
            force_destroy=True,
            opts=self._child,
        )
        return bucket.project_number.apply(lambda number: told(number, f"{name}-number", args.project))

    def _key(
        self,
        name: str,
        location: str,
        number: pulumi.Input[int],
        agents: tuple[str, ...],
        created: Mapping[str, projects.ServiceIdentity],
    ) -> pulumi.Output[str]:
        ring = kms.KeyRing(f"{name}-ring", location=location, opts=self._child)
        key = kms.CryptoKey(f"{name}-key", key_ring=ring.id, rotation_period=ROTATION, opts=self._child)
        after = [created[agent] for agent in agents if agent in created]
        for agent in agents:
            kms.CryptoKeyIAMMember(
                f"{name}-{agent}",
                crypto_key_id=key.id,
                role="roles/cloudkms.cryptoKeyEncrypterDecrypter",
                member=pulumi.Output.format("serviceAccount:service-{0}@{1}.iam.gserviceaccount.com", number, agent),
                opts=pulumi.ResourceOptions.merge(self._child, pulumi.ResourceOptions(depends_on=after)),
            )
        return key.id


def told(number: int | None, bucket: str, project: str) -> int:
    """The number that a bucket came with."""
    if number:
        return number
    raise pulumi.RunError(
        f"operations.project_number: is not known, as the bucket {bucket} came without it. "
        f"Set it to what `gcloud projects describe {project} --format='value(projectNumber)'` prints."
    )
