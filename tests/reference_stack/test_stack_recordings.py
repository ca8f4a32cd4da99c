"""The stacks run without the CLI agree with what the real engine and provider sent for an earlier version of them.

What has changed since, and what only the provider knows, is listed; all else has to be the same.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from policypack.config.options import default_settings
from policypack.evaluate import evaluate
from policypack.model.graph.resource import Resource
from policypack.model.graph.stack import Stack
from policypack.model.values.values import UNKNOWN
from policypack.rules import RULES
from tests.recorded import recorded_resources
from tests.reference_stack.stacks import MACHINE_STACKS, shipped

pytestmark = pytest.mark.usefixtures("_warm")
Key = tuple[str, str]
"""The last word of a type, and a name: together unique in each stack."""

# What the stacks have by now, by stack: `{region}` stands for each of its regions.
NEW = {
    ("FleetBackend", "llm"): "the backend service has a parent of its own",
    ("MachineAccess", "llm"): "the ways in to the machines have a parent of their own",
    ("KeyRing", "llm-global-ring"): "Google replicates the secret, and takes a key of this location only",
    ("CryptoKey", "llm-global-key"): "as above",
    ("CryptoKeyIAMMember", "llm-global-gcp-sa-secretmanager"): "as above",
    ("Bucket", "llm-number"): "tells the project's number",
}
GONE = {("CryptoKeyIAMMember", "llm-{region}-gcp-sa-secretmanager"): "the secret is in no list of regions"}
EDGES = {
    ("Secret", "replication"): "from the keys of the regions to that of the global location",
    ("CryptoKeyIAMMember", "member"): "the project's number is from a bucket, not from a service agent",
}
CHANGED = {
    ("Secret", "replication.auto"): "as above",
    ("Secret", "replication.userManaged"): "as above",
    ("Account", "displayName"): "says LLM",
    ("RegionInstanceTemplate", "metadata.user-data"): "the scripts",
}
# Names that Pulumi makes up are known in a preview with a provider, and so is what is made of them.
UNKNOWN_WITHOUT_PROVIDER = {
    ("AlertPolicy", "conditions.conditionMatchedLog.filter"),
    ("AlertPolicy", "conditions.conditionThreshold.denominatorFilter"),
    ("AlertPolicy", "conditions.conditionThreshold.filter"),
    ("Authority", "pool"),
    ("BucketIAMMember", "member"),
    ("CertificateMapEntry", "map"),
    ("Dashboard", "dashboardJson"),
    ("Firewall", "targetServiceAccounts"),
    ("IAMMember", "member"),
    ("RecordSet", "managedZone"),
    ("RegionInstanceTemplate", "serviceAccount.email"),
    ("RepositoryIamMember", "member"),
    ("SecretIamMember", "member"),
    ("Slo", "requestBasedSli.goodTotalRatio.badServiceFilter"),
    ("Slo", "requestBasedSli.goodTotalRatio.totalServiceFilter"),
}
# Besides these names: defaults.
ADDED_BY_PROVIDER = {
    ("AlertPolicy", "enabled"),
    ("Authority", "type"),
    ("Bucket", "storageClass"),
    ("Certificate", "location"),
    ("Certificate", "scope"),
    ("CertificateIssuanceConfig", "location"),
    ("CryptoKey", "purpose"),
    ("DnsAuthorization", "location"),
    ("HealthCheck", "httpHealthCheck.proxyHeader"),
    ("Network", "networkFirewallPolicyEnforcementOrder"),
    ("NotificationChannel", "enabled"),
    ("RegionInstanceGroupManager", "listManagedInstancesResults"),
    ("RegionInstanceGroupManager", "waitForInstancesStatus"),
    ("Route", "priority"),
    ("Subnetwork", "logConfig.filterExpr"),
    ("TargetHttpsProxy", "quicOverride"),
    ("UptimeCheckConfig", "httpCheck.requestMethod"),
}


def keyed(resources: Sequence[Resource]) -> dict[Key, Resource]:
    found = [one for one in resources if not one.type.startswith("pulumi:providers:")]
    by_key = {key_of(one.urn): one for one in found}
    assert len(by_key) == len(found)
    return by_key


def key_of(urn: str) -> Key:
    kind, name = urn.rsplit("::", 2)[1:]
    return kind.rsplit(":", 1)[-1], name


@functools.cache
def ours(folder: Path, stack: str) -> dict[Key, Resource]:
    return keyed(shipped(folder, stack).resources)


@functools.cache
def engines(stack: str) -> dict[Key, Resource]:
    return keyed(recorded_resources(f"reference_{stack}_preview"))


def both(folder: Path, stack: str) -> Iterator[tuple[Key, Resource, Resource]]:
    """What the program and the engine both have."""
    without, within = ours(folder, stack), engines(stack)
    yield from ((key, without[key], within[key]) for key in without.keys() & within.keys())


def edges(resource: Resource) -> dict[str, set[Key]]:
    return {name: {key_of(urn) for urn in urns} for name, urns in resource.edges.items() if urns}


def differences(without: Any, within: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Where two values differ, without indexes, and how: `unknown` without the provider, `added` by it, `changed`."""
    if without is UNKNOWN and within is not UNKNOWN:
        yield path, "unknown"
    elif isinstance(without, dict) and isinstance(within, dict):
        for key in without.keys() | within.keys():
            below = f"{path}.{key}".lstrip(".")
            if key in without and key in within:
                yield from differences(without[key], within[key], below)
            else:
                yield below, "changed" if key in without else "added"
    elif isinstance(without, list) and isinstance(within, list) and len(without) == len(within):
        for one, other in zip(without, within, strict=True):
            yield from differences(one, other, path)
    elif without is not within and without != within:
        yield path, "changed"


@pytest.mark.parametrize("stack", MACHINE_STACKS)
def test_resources_agree(stack_dir: Path, stack: str) -> None:
    regions = [name.removesuffix("-template") for kind, name in engines(stack) if kind == "RegionInstanceTemplate"]
    gone = {(kind, name.replace("llm-{region}", region)) for kind, name in GONE for region in regions}
    assert len(gone) >= 2
    assert ours(stack_dir, stack).keys() - engines(stack).keys() == NEW.keys()
    assert engines(stack).keys() - ours(stack_dir, stack).keys() == gone


@pytest.mark.parametrize("stack", MACHINE_STACKS)
def test_edges_agree(stack_dir: Path, stack: str) -> None:
    differ = {
        (key[0], name)
        for key, without, within in both(stack_dir, stack)
        for name in without.edges.keys() | within.edges.keys()
        if edges(without).get(name) != edges(within).get(name)
    }
    assert differ == EDGES.keys()


def test_inputs_and_what_is_unknown_agree(stack_dir: Path) -> None:
    found: dict[str, set[Key]] = {}
    for stack in MACHINE_STACKS:
        for (kind, _), without, within in both(stack_dir, stack):
            for path, how in differences(without.inputs, within.inputs):
                found.setdefault(how, set()).add((kind, path))
    named = {(kind, path) for kind, path in found["added"] if path == "name"}
    assert named
    assert found["unknown"] == UNKNOWN_WITHOUT_PROVIDER
    assert found["changed"] | found["added"] == CHANGED.keys() | ADDED_BY_PROVIDER | named


def verdicts(resources: dict[Key, Resource]) -> set[tuple[str, str, str]]:
    """What every rule says of each resource that it judges."""
    report = evaluate(Stack(list(resources.values())), RULES, default_settings(RULES))
    return {(rule.rule.name, finding.name, finding.status) for rule in report.rules for finding in rule.findings}


@pytest.mark.parametrize("stack", MACHINE_STACKS)
def test_verdicts_agree(stack_dir: Path, stack: str) -> None:
    found = verdicts(engines(stack))
    assert len(found) > len(RULES)
    assert verdicts(ours(stack_dir, stack)) == found
