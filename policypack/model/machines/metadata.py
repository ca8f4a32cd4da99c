"""Metadata of machines: what they read from the metadata server, and who else can read it."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from policypack.model.graph.reference import with_provider_default
from policypack.model.graph.resource import Resource
from policypack.model.graph.stack import Stack
from policypack.model.graph.tokens import (
    API_KEY,
    HMAC_KEY,
    INSTANCE_GROUP_MANAGER_TYPES,
    PRIVATE_KEY,
    PROJECT_METADATA,
    PROJECT_METADATA_ITEM,
    RANDOM_PASSWORD,
    REGIONAL_SECRET_VERSION,
    SECRET_VERSION,
    SERVICE_ACCOUNT_KEY,
)
from policypack.model.machines.plaintext import Findings, can_be_named, find_secrets
from policypack.model.values.logic import when_known
from policypack.model.values.properties import Properties
from policypack.model.values.values import UNKNOWN, Unknown, python_name

# The guest agent, which acts on OS Login and SSH keys, reads booleans with Go's `strconv.ParseBool`:
# https://github.com/GoogleCloudPlatform/guest-agent/blob/main/metadata/metadata.go
_AGENT_ON: Final = frozenset({"1", "t", "T", "TRUE", "true", "True"})
_AGENT_OFF: Final = frozenset({"0", "f", "F", "FALSE", "false", "False"})
# What Compute Engine documents, in any case:
# https://cloud.google.com/compute/docs/metadata/setting-custom-metadata#boolean
_DOCUMENTED_ON: Final = frozenset({"true", "y", "yes", "1"})
_DOCUMENTED_OFF: Final = frozenset({"false", "n", "no", "0"})

# Outputs that are secrets, by type.
_SECRET_OUTPUTS: Final = {
    RANDOM_PASSWORD: ("result",),
    PRIVATE_KEY: ("privateKeyPem", "privateKeyOpenssh", "privateKeyPemPkcs8"),
    SERVICE_ACCOUNT_KEY: ("privateKey",),
    SECRET_VERSION: ("secretData",),
    REGIONAL_SECRET_VERSION: ("secretData",),
    HMAC_KEY: ("secret",),
    API_KEY: ("keyString",),
}
_MIN_SECRET: Final = 6
_STARTUP_SCRIPT: Final = "metadata_startup_script"

# Metadata keys of Google's images and agents, which messages may name; of any other key its form decides.
KNOWN_KEYS: Final = frozenset(
    {
        "common-psm1",
        "configure-sh",
        "gce-container-declaration",
        "gce-software-declaration",
        "k8s-node-setup-psm1",
        "kube-env",
        "shutdown-script",
        "ssh-keys",
        "sshKeys",
        "startup-script",
        "sysprep-specialize-script-bat",
        "sysprep-specialize-script-cmd",
        "sysprep-specialize-script-ps1",
        "user-data",
        "vendor-data",
        "windows-shutdown-script-ps1",
        "windows-startup-script-bat",
        "windows-startup-script-cmd",
        "windows-startup-script-ps1",
    }
)


class Switch(enum.Enum):
    """How a boolean in metadata is read."""

    ON = "on"
    OFF = "off"
    LEFT_OUT = "left out"
    DISPUTED = "documented, but not what the guest agent reads"
    NOT_KNOWN = "not known"


@dataclass(frozen=True)
class Metadata:
    """Metadata as a machine reads it.

    Attributes:
        group: the logical name of the group that adds to the machine's own, empty if none does.
        layers: the machine's entries, those first that take precedence.
        project: the entries of its project that the stack sets, which count where the machine has none.
        is_complete: the stack sets no further entries of the project.
    """

    group: str
    layers: tuple[Properties, ...]
    project: tuple[Properties, ...]
    is_complete: bool

    @property
    def os_login(self) -> Switch:
        """Whether OS Login is on; the machine's own value takes precedence over the project's."""
        return self._own_or_inherited("enable-oslogin", _read_by_agent)

    @property
    def blocks_project_keys(self) -> Switch:
        """Whether it refuses the SSH keys of its project; only the machine's own value counts."""
        return _read_by_agent(_first(self.layers, "block-project-ssh-keys"))

    @property
    def serial_port(self) -> Switch:
        """Whether its serial console takes input from the network; Compute Engine itself reads this."""
        return self._own_or_inherited("serial-port-enable", _read_by_service)

    def _own_or_inherited(self, key: str, read: Callable[[str | Unknown | None], Switch]) -> Switch:
        own, inherited = read(_first(self.layers, key)), read(_first(self.project, key))
        if own is not Switch.LEFT_OUT:
            return own
        return inherited if inherited is not Switch.LEFT_OUT or self.is_complete else Switch.NOT_KNOWN


@dataclass(frozen=True)
class MetadataText:
    """A text in a machine's metadata.

    Attributes:
        key: its key, empty if not even that is known.
        text: the text.
        property_name: the property that has it, by its Python name.
        secrets_of: resources whose secret output the text certainly holds.
        may_hold: resources whose secret output it may hold.
    """

    key: str
    text: str | Unknown
    property_name: str = "metadata"
    secrets_of: tuple[Resource, ...] = ()
    may_hold: tuple[Resource, ...] = ()

    @property
    def label(self) -> str:
        """How to name it in a message without quoting what may be a secret itself."""
        if self.property_name == _STARTUP_SCRIPT:
            return f"``{_STARTUP_SCRIPT}``"
        if not self.key:
            return "its metadata as a whole"
        is_safe = self.key in KNOWN_KEYS or can_be_named(self.key)
        return f"the metadata value `{self.key}`" if is_safe else "a metadata value with another key"

    @cached_property
    def secrets(self) -> Findings | Unknown:
        return when_known(self.text, lambda text: find_secrets(self.key, text))

    @property
    def certain_secrets(self) -> tuple[str, ...]:
        """What it shows that is a secret for certain, by kind."""
        return () if isinstance(self.secrets, Unknown) else tuple(self.secrets.certain)


def metadata_of(stack: Stack, machine: Resource) -> tuple[Metadata, ...]:
    """The metadata of a machine: one for each group with `all_instances_config`, or its own alone."""
    own, project = machine.asked.block("metadata"), tuple(_project_entries(stack, machine))
    alone = Metadata("", (own,), project, stack.is_complete)
    added = [(group.name, _entries_of_group(group)) for group in _groups(stack, machine)]
    found = (Metadata(name, (entries, own), project, stack.is_complete) for name, entries in added if entries)
    return tuple(found) or (alone,)


def texts_of(stack: Stack, machine: Resource) -> tuple[MetadataText, ...]:
    """Every text in the metadata of a machine, with what its groups add."""
    found = list(_texts(stack, machine, "metadata", machine.asked.value("metadata")))
    script = machine.asked.value("metadataStartupScript")
    if script is not None:
        found += _texts(stack, machine, "metadataStartupScript", {"startup-script": script})
    found += _texts(stack, machine, "partnerMetadata", machine.asked.value("partnerMetadata"))
    for group in _groups(stack, machine):
        added = group.asked.block("allInstancesConfig").value("metadata")
        found += _texts(stack, group, "allInstancesConfig", added)
    return tuple(found)


def _groups(stack: Stack, machine: Resource) -> tuple[Resource, ...]:
    return stack.users(machine, INSTANCE_GROUP_MANAGER_TYPES)


def _entries_of_group(group: Resource) -> Properties | None:
    """What a group adds to its machines' metadata; `None` for nothing."""
    config = group.asked.object("allInstancesConfig")
    return None if config is None else group.asked.block("allInstancesConfig").block("metadata")


def _project_entries(stack: Stack, machine: Resource) -> Iterator[Properties]:
    project = with_provider_default(machine, "project")
    for resource in stack.of_types([PROJECT_METADATA, PROJECT_METADATA_ITEM]):
        other = with_provider_default(resource, "project")
        is_known = not isinstance(project, Unknown) and not isinstance(other, Unknown)
        if is_known and project != other:
            continue
        entries = _entries_of_project(resource)
        yield entries if is_known else Properties(UNKNOWN)


def _entries_of_project(resource: Resource) -> Properties:
    if resource.type == PROJECT_METADATA:
        return resource.asked.block("metadata")
    key = resource.asked.string("key")
    return Properties({key: resource.asked.value("value")}) if isinstance(key, str) else Properties(UNKNOWN)


def _texts(stack: Stack, resource: Resource, prop: str, value: object) -> Iterator[MetadataText]:
    if value is None:
        return
    secret = secret_sources(stack, resource, prop)
    if not isinstance(value, dict):
        yield MetadataText("", UNKNOWN, python_name(prop), may_hold=secret)
        return
    properties = Properties(value)
    for key in value:
        text = properties.string(key)
        if text is None:
            continue
        held = tuple(source for source in secret if holds_secret_of(text, source) is True)
        maybe = tuple(source for source in secret if holds_secret_of(text, source) is UNKNOWN)
        yield MetadataText(key, text, python_name(prop), held, maybe)


def secret_sources(stack: Stack, resource: Resource, prop: str) -> tuple[Resource, ...]:
    """The resources with secret outputs that a property is computed from."""
    sources = (stack.by_urn(urn) for urn in resource.edges.get(prop, ()))
    return tuple(source for source in sources if source and source.type in _SECRET_OUTPUTS)


def holds_secret_of(text: str | Unknown, source: Resource) -> bool | Unknown:
    """Whether a text holds a secret output of a resource."""
    values = [source.result.string(key) for key in _SECRET_OUTPUTS[source.type]]
    if isinstance(text, Unknown):
        return UNKNOWN
    if any(isinstance(value, str) and len(value) >= _MIN_SECRET and value in text for value in values):
        return True
    is_known = not any(isinstance(value, Unknown) for value in values) and any(values)
    return False if is_known else UNKNOWN


def _first(layers: tuple[Properties, ...], key: str) -> str | Unknown | None:
    return next((value for layer in layers if (value := layer.string(key)) is not None), None)


def _read_by_agent(value: str | Unknown | None) -> Switch:
    if isinstance(value, Unknown):
        return Switch.NOT_KNOWN
    if value in _AGENT_ON:
        return Switch.ON
    if value in _AGENT_OFF or (value or "").lower() in _DOCUMENTED_OFF:
        return Switch.OFF
    return Switch.DISPUTED if (value or "").lower() in _DOCUMENTED_ON else Switch.LEFT_OUT


def _read_by_service(value: str | Unknown | None) -> Switch:
    if isinstance(value, Unknown):
        return Switch.NOT_KNOWN
    if value is None or value.lower() in _DOCUMENTED_OFF:
        return Switch.LEFT_OUT if value is None else Switch.OFF
    return Switch.ON if value.lower() in _DOCUMENTED_ON else Switch.DISPUTED
