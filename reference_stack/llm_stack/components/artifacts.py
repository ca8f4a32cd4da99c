"""What the servers load: their image, the weights, the API key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
from pulumi_gcp import artifactregistry, secretmanager, storage

from llm_stack.components.locations import MULTI_REGIONS
from llm_stack.components.options import child_of


@dataclass(frozen=True, slots=True)
class ArtifactsArgs:
    project: str
    resource_id: str
    location: str
    registries: tuple[str, ...]
    buckets: Mapping[str, str]
    """The names of the buckets with the weights, each by its location: the multi-region, or a region."""
    reader: pulumi.Input[str]
    storage_key: pulumi.Input[str] | None
    secret_key: pulumi.Input[str] | None
    regional_keys: Mapping[str, pulumi.Input[str]]
    protect: bool

    def __post_init__(self) -> None:
        if self.location not in MULTI_REGIONS:
            raise ValueError(f"location {self.location} is none of {', '.join(MULTI_REGIONS)}")


class Artifacts(pulumi.ComponentResource):
    """Names are chosen here, not by Pulumi: servers are started with them, and a preview must show what with."""

    repositories: dict[str, str]
    """The path of the pull-through repository of each registry."""
    secret: str

    def __init__(self, name: str, args: ArtifactsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("llm:reference:Artifacts", name, None, opts)
        self._args = args
        self._child = child_of(self, opts)
        self.repositories = {host: self._create_repository(name, host) for host in args.registries}
        for location, bucket in args.buckets.items():
            self._create_bucket(name, location, bucket)
        self.secret = self._create_secret(name)
        self.register_outputs({"repositories": self.repositories, "secret": self.secret})

    def _create_repository(self, name: str, host: str) -> str:
        short = host.replace(".", "-")
        repository_id = f"{self._args.resource_id}-{short}"
        repository = artifactregistry.Repository(
            f"{name}-{short}",
            location=self._args.location,
            repository_id=repository_id,
            format="DOCKER",
            mode="REMOTE_REPOSITORY",
            remote_repository_config={"docker_repository": upstream(host)},
            kms_key_name=self._args.storage_key,
            opts=self._child,
        )
        artifactregistry.RepositoryIamMember(
            f"{name}-{short}-reader",
            location=repository.location,
            repository=repository.name,
            role="roles/artifactregistry.reader",
            member=self._args.reader,
            opts=self._child,
        )
        return f"{self._args.location}-docker.pkg.dev/{self._args.project}/{repository_id}"

    def _create_bucket(self, name: str, location: str, bucket_name: str) -> None:
        resource_name = f"{name}-weights" if location == self._args.location else f"{name}-weights-{location}"
        key = {self._args.location: self._args.storage_key, **self._args.regional_keys}.get(location)
        bucket = storage.Bucket(
            resource_name,
            name=bucket_name,
            location=MULTI_REGIONS.get(location, location),
            uniform_bucket_level_access=True,
            public_access_prevention="enforced",
            versioning={"enabled": True},
            encryption={"default_kms_key_name": key} if key else None,
            force_destroy=not self._args.protect,
            opts=self._child,
        )
        storage.BucketIAMMember(
            f"{resource_name}-reader",
            bucket=bucket.name,
            role="roles/storage.objectViewer",
            member=self._args.reader,
            opts=self._child,
        )

    def _create_secret(self, name: str) -> str:
        """The secret without a value: that is added by hand, so that it is in no state and no configuration."""
        secret_id, key = f"{self._args.resource_id}-api-key", self._args.secret_key
        secret = secretmanager.Secret(
            f"{name}-api-key",
            secret_id=secret_id,
            # A list of regions could never be changed: https://cloud.google.com/secret-manager/docs/choosing-replication.
            replication={"auto": {"customer_managed_encryption": {"kms_key_name": key}} if key else {}},
            deletion_protection=self._args.protect,
            opts=self._child,
        )
        secretmanager.SecretIamMember(
            f"{name}-api-key-reader",
            secret_id=secret.secret_id,
            role="roles/secretmanager.secretAccessor",
            member=self._args.reader,
            opts=self._child,
        )
        return secret_id


def upstream(host: str) -> artifactregistry.RepositoryRemoteRepositoryConfigDockerRepositoryArgsDict:
    if host == "docker.io":
        return {"public_repository": "DOCKER_HUB"}
    return {"custom_repository": {"uri": f"https://{host}"}}
