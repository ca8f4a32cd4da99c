"""What the servers of either form stand on, and what a form hands on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi

from llm_stack.components.apis import ProjectApis, ProjectApisArgs
from llm_stack.components.artifacts import Artifacts, ArtifactsArgs
from llm_stack.components.encryption import Encryption, EncryptionArgs
from llm_stack.components.identity import Identity, IdentityArgs
from llm_stack.components.network import Network, NetworkArgs, SubnetArgs
from llm_stack.config import Config
from llm_stack.observability.alerts import Alert, ServiceMetrics


@dataclass(frozen=True, slots=True)
class Needs:
    """What a form asks of the foundation."""

    apis: tuple[str, ...]
    registries: tuple[str, ...]
    subnets: tuple[SubnetArgs, ...]
    regional_agents: tuple[str, ...]
    location_agents: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Foundation:
    identity: Identity
    encryption: Encryption
    artifacts: Artifacts
    network: Network
    after_apis: pulumi.ResourceOptions
    after_network: pulumi.ResourceOptions
    after_artifacts: pulumi.ResourceOptions
    """What the servers load is there, encrypted, and their account may read it."""


@dataclass(frozen=True, slots=True)
class Serving:
    """The servers of all regions behind one backend service."""

    service: pulumi.Output[str]
    metrics: ServiceMetrics
    alerts: Sequence[Alert]
    chart: Mapping[str, Any]
    """How many servers there are."""
    checks: Mapping[str, pulumi.Input[str]]
    """Commands that show whether they work."""
    outputs: Mapping[str, Any]


def create_foundation(name: str, config: Config, needs: Needs) -> Foundation:
    apis = ProjectApis(name, ProjectApisArgs(more=(*needs.apis, *config.frontend.apis)))
    after_apis = pulumi.ResourceOptions(depends_on=[apis])
    identity = Identity(name, IdentityArgs(project=config.project, account_id=config.resource_id), opts=after_apis)
    encryption = Encryption(
        name,
        EncryptionArgs(
            enabled=config.operations.cmek,
            project=config.project,
            project_number=config.operations.project_number,
            regions=config.regions,
            regional_agents=needs.regional_agents,
            location=config.location,
            location_agents=needs.location_agents,
        ),
        opts=after_apis,
    )
    artifacts = Artifacts(
        name,
        ArtifactsArgs(
            project=config.project,
            resource_id=config.resource_id,
            location=config.location,
            registries=needs.registries,
            buckets=config.buckets,
            reader=identity.member,
            storage_key=encryption.storage_key,
            secret_key=encryption.secret_key,
            regional_keys=encryption.regional_keys,
            protect=config.operations.protect,
        ),
        opts=pulumi.ResourceOptions(depends_on=[apis, encryption]),
    )
    network = Network(name, NetworkArgs(subnets=needs.subnets), opts=after_apis)
    return Foundation(
        identity=identity,
        encryption=encryption,
        artifacts=artifacts,
        network=network,
        after_apis=after_apis,
        after_network=pulumi.ResourceOptions(depends_on=[apis, network]),
        after_artifacts=pulumi.ResourceOptions(depends_on=[apis, encryption, artifacts]),
    )
