"""Every type token and property name that the model reads is one that the installed pulumi-gcp has.

What is read is written down while all rules judge stacks with everything that they look at. Each name is then looked
up where it was read, so that a release of the provider that renames one fails here and says where the code names it.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from policypack.config.options import default_settings
from policypack.evaluate import evaluate
from policypack.model.graph.reference import COLLECTIONS
from policypack.model.graph.stack import Stack
from policypack.rules import RULES
from policypack.sources.program import run
from policypack.sources.program.config import StackConfig
from policypack.sources.program.resources import stack_of
from tests.command import PATIENCE
from tests.fuzz import corpus
from tests.fuzz.extras import extras
from tests.fuzz.forms import to_records, to_requests
from tests.fuzz.intent import PROVIDER, Intent
from tests.projects import ENVIRONMENT
from tests.recorded import joined_resources
from tests.traced import Read, traced

pytestmark = pytest.mark.usefixtures("_warm")

ROOT = Path(__file__).parent.parent
# They read Kubernetes objects, most of them custom resources, which no provider declares.
OF_KUBERNETES = ("model/kubernetes/", "model/gke/", "rules/gke/", "rules/on_gke/")
FILES = sorted(
    file
    for folder in ("model", "rules")
    for file in (ROOT / "policypack" / folder).rglob("*.py")
    if not file.relative_to(ROOT / "policypack").as_posix().startswith(OF_KUBERNETES)
)
READERS = {"string", "number", "boolean", "object", "block", "objects", "strings", "value"}
GROUP_MANAGERS = {token for token, (collection, _) in COLLECTIONS.items() if collection == "instanceGroupManagers"}

# What the model asks every resource for, to know its name: only those in `COLLECTIONS` have to have it.
NAMING = {"id", "selfLink", "instanceGroup", "name", "project", "region", "zone"}

# Names that a view reads from every type that it shows, and some of these types do not have. The types are the ends of
# their tokens.
_PROXIES = "Target(Grpc|Http|Https|SSL|TCP|Tcp)Proxy"
NOT_IN_EVERY_TYPE: dict[str, tuple[str, ...]] = {
    # Global and regional backend services differ; `load-balancer-attributes` refuses each where it does nothing.
    ":BackendService": (
        "backends.failover",
        "connectionTrackingPolicy",
        "failoverPolicy",
        "haPolicy",
        "network",
        "subsetting",
    ),
    ":RegionBackendService": (
        "backends.preference",
        "customRequestHeaders",
        "customResponseHeaders",
        "edgeSecurityPolicy",
        "externalManagedMigrationState",
        "externalManagedMigrationTestingPercentage",
        "localityLbPolicies",
        "maxStreamDuration",
    ),
    # What a front end leads to: each kind has one of these.
    f":(Region)?{_PROXIES}": ("backendService", "urlMap", "serverTlsPolicy"),
    # A front end without certificates of a kind is asked for none.
    ":(Region)?Target(Grpc|Http|TCP|Tcp)Proxy": ("certificateMap", "certificateManagerCertificates"),
    ":RegionTargetHttpsProxy": ("certificateMap",),
    ":TargetSSLProxy": ("certificateManagerCertificates",),
    ":GlobalForwardingRule": ("backendService", "ports", "allPorts"),
    # Legacy checks have their path and port outside of any block, and regional ones check from no other region.
    ":Https?HealthCheck": ("portName", "portSpecification", "proxyHeader", "sourceRegions"),
    # gRPC has no proxy protocol.
    ":(Region)?HealthCheck": ("grpcHealthCheck.proxyHeader",),
    ":RegionHealthCheck": ("sourceRegions",),
    # Templates, instances and disks name the keys of disks differently.
    ":(Region)?InstanceTemplate": (
        "disks.diskEncryptionKeyRaw",
        "disks.diskEncryptionKeyRsa",
        "disks.kmsKeySelfLink",
        "disks.diskEncryptionKey.rawKey",
        "disks.diskEncryptionKey.rsaEncryptedKey",
    ),
    ":(Region)?Disk": ("diskEncryptionKeyRaw", "diskEncryptionKeyRsa", "kmsKeySelfLink"),
    ":Instance": (
        "attachedDisks.diskEncryptionKey",
        "bootDisk.diskEncryptionKey",
        "bootDisk.diskType",
        "bootDisk.type",
    ),
    # A readiness probe does not ask for an open port.
    ":Service": (
        "template.containers.readinessProbe.tcpSocket",
        "template.spec.containers.readinessProbe.tcpSocket",
        # The first API version has another word for what a variable comes from.
        "template.spec.containers.envs.valueSource",
    ),
    # A zonal group is in one zone.
    ":InstanceGroupManager": (
        "distributionPolicyTargetShape",
        "instanceFlexibilityPolicy",
        "updatePolicy.instanceRedistributionType",
    ),
    # Rules inside of a policy have fewer properties than rules of their own.
    ":(Region)?NetworkFirewallPolicyWithRules": (
        "rules.match.destNetworkContext",
        "rules.match.srcNetworkContext",
        "rules.targetResources",
    ),
    # Rules of organizations and folders name the networks that they are for.
    ":(Region)?NetworkFirewallPolicyRule": ("targetResources",),
    ":NetworkFirewallPolicyWithRules": ("rules.targetType",),
    # Only a path matched by a template can be rewritten by one.
    ":URLMap": ("pathMatchers.pathRules.routeAction.urlRewrite.pathTemplateRewrite",),
    # Of the policies of a record only weighted ones have weights.
    ":RecordSet": ("routingPolicy.geos.weight", "routingPolicy.primaryBackup.backupGeos.weight"),
    # It stands in the provider's inputs, but is no argument of it.
    ":gcp": ("version",),
    # The two forms of an indicator that the rule knows, with one name each for the same thing.
    ":Slo": (
        "requestBasedSli.availability",
        "requestBasedSli.latency",
        "basicSli.distributionCut",
        "basicSli.goodTotalRatio",
    ),
}

# Written like a property, but something else.
NO_PROPERTIES = {
    *(collection for collection, _ in COLLECTIONS.values()),
    "instanceGroups",
    # Values of properties and keys of metadata.
    "gRPC",
    "sshKeys",
    "allUsers",
    "allAuthenticatedUsers",
    "regionalL4ilb",
    "regionalL7ilb",
    "globalL7ilb",
    # In the JSON of a policy of IAM.
    "bindings",
}


@cache
def reads() -> frozenset[Read]:
    """What all rules read of stacks with everything that they look at: as programs make them, and as deployed."""
    found: set[Read] = set()
    settings = default_settings(RULES)
    config = StackConfig({f"gcp:{key}": value for key, value in PROVIDER.items()}, (), ())
    # Whose fix names the host of its endpoint.
    sends_no_host = [
        replace(one, inputs=one.inputs | {"customRequestHeaders": []}) if one.name == "named" else one
        for one in extras()["model_apis"]
        if one.name != "named" or one.type != "URLMap"
    ]
    for resources in [*corpus.load().values(), *extras().values(), sends_no_host]:
        made = stack_of(to_records(Intent(tuple(resources), deployed=False)), config).resources
        deployed = joined_resources(*to_requests(Intent(tuple(resources), deployed=True)))
        for stack in (made, deployed):
            evaluate(Stack(traced(stack, found)), RULES, settings)
    return frozenset(found)


@cache
def tokens() -> frozenset[str]:
    """All type tokens, or beginnings of them, in the model and the rules."""
    return frozenset(text for text, _ in literals() if re.fullmatch(r"gcp:\w+/(\w+(:\w*)?)?", text))


@cache
def provider() -> dict[str, Any]:
    """What pulumi-gcp declares of the types that are read."""
    wanted = sorted({read.type for read in reads()} | {token for token in tokens() if re.search(r":\w+:\w", token)})
    wanted = [token for token in wanted if token.startswith(("gcp:", "pulumi:providers:gcp"))]
    command = [str(ENVIRONMENT / "bin/python"), "-u", str(ROOT / "tests/provider_schema.py"), *wanted]
    with TemporaryDirectory() as folder:
        printed = Path(folder, "printed")
        status = run.execute(command, ROOT, printed, PATIENCE)
        assert status == 0, printed.read_text()
        declared: dict[str, Any] = json.loads(printed.read_text())
    return declared


@cache
def nodes() -> dict[str, list[ast.AST]]:
    """What the files of the model and the rules are made of, by file."""
    return {str(file.relative_to(ROOT)): list(ast.walk(ast.parse(file.read_text()))) for file in FILES}


@cache
def literals() -> tuple[tuple[str, str], ...]:
    """All texts in the model and the rules but docstrings, each with the place where it stands."""
    return tuple(found for file, parts in nodes().items() for found in _literals(file, parts))


def _literals(file: str, parts: list[ast.AST]) -> Iterator[tuple[str, str]]:
    bodies = [node.body for node in parts if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)]
    docstrings = {id(body[0].value) for body in bodies if body and isinstance(body[0], ast.Expr)}
    for node in parts:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.value, f"{file}:{node.lineno}"


def places(name: str) -> list[str]:
    return sorted(place for text, place in literals() if text == name)


def given_to_readers() -> Iterator[tuple[str, str]]:
    for file, parts in nodes().items():
        for node in parts:
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in READERS:
                for argument in node.args:
                    if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                        yield argument.value, f"{file}:{node.lineno}"


def is_declared(read: Read) -> bool:
    nested = provider()["types"][read.type]["outputs" if read.side == "outputs" else "inputs"]
    for key in read.path:
        if nested == "any":
            return True
        if not isinstance(nested, dict) or key not in nested:
            return False
        nested = nested[key]
    return True


def has_to_be_declared(read: Read) -> bool:
    if read.type not in provider()["types"]:
        return False
    if read.path[0] in NAMING and (read.type not in COLLECTIONS or read.side == "provider"):
        return False
    if read.path == ("instanceGroup",) and read.type not in GROUP_MANAGERS:
        return False
    return ".".join(read.path) not in {
        path for types, paths in NOT_IN_EVERY_TYPE.items() if re.search(f"{types}$", read.type) for path in paths
    }


def test_the_provider_has_all_type_tokens() -> None:
    known = provider()["tokens"]
    assert len(tokens()) > 50
    assert {token: places(token) for token in tokens() if not any(one.startswith(token) for one in known)} == {}
    assert {token for token in COLLECTIONS if token not in known} == set()


def test_the_provider_has_all_properties_that_are_read() -> None:
    missing = {
        f"{read.type} has no {read.side} {'.'.join(read.path)}": places(read.path[-1])
        for read in reads()
        if has_to_be_declared(read) and not is_declared(read)
    }
    assert missing == {}


def test_what_names_a_resource_is_declared_where_it_counts() -> None:
    """The parts of a name, by the place of each type."""
    wanted = {("pulumi:providers:gcp", name) for name in ("project", "region", "zone")}
    for token, (_, scope) in COLLECTIONS.items():
        place = {"global": [], "regions": ["region"], "zones": ["zone"]}[scope]
        wanted |= {(token, name) for name in ("name", "project", *place)}
    types = provider()["types"]
    assert {(token, name) for token, name in wanted if name not in types[token]["inputs"]} == set()
    assert {token for token in COLLECTIONS if "selfLink" not in types[token]["outputs"]} == set()
    assert {token for token in GROUP_MANAGERS if "instanceGroup" not in types[token]["outputs"]} == set()


def test_no_property_name_escapes() -> None:
    """All names given to readers, and all that are written like a property, were read by some rule."""
    read = {key for one in reads() for key in one.path}
    written = {text for text, _ in literals() if re.fullmatch(r"[a-z][a-z0-9]*[A-Z][A-Za-z0-9]*", text)}
    escaped = ({name for name, _ in given_to_readers()} | written) - read - NO_PROPERTIES
    assert {name: places(name) for name in escaped} == {}


def test_every_exception_is_needed() -> None:
    undeclared = {(read.type, ".".join(read.path)) for read in reads() if read.type in provider()["types"]
                  and not is_declared(read)}  # fmt: skip
    unused = {
        (types, path)
        for types, paths in NOT_IN_EVERY_TYPE.items()
        for path in paths
        if not any(re.search(f"{types}$", type_) and path == missing for type_, missing in undeclared)
    }
    assert unused == set()
    assert {name for name in NO_PROPERTIES if not places(name)} == set()
