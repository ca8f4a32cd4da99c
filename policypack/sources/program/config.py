"""The configuration of a stack, as the program reads it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from policypack.model.values.read import PLACEHOLDER
from policypack.sources.error import WITH_CLI, SourceError
from policypack.sources.program.project import Project, stack_file
from policypack.sources.program.yaml_file import expect, read_yaml


@dataclass(frozen=True)
class StackConfig:
    """The configuration of a stack: each value as the string that the program gets."""

    values: dict[str, str]
    secret_keys: tuple[str, ...]
    encrypted_keys: tuple[str, ...]

    def of_package(self, package: str) -> dict[str, str]:
        """What a package's default provider is configured with."""
        start = f"{package}:"
        return {key.removeprefix(start): value for key, value in self.values.items() if key.startswith(start)}


def read_config(project: Project, stack: str) -> StackConfig:
    """The stack's own values, and what the project sets for all its stacks.

    Raises:
        SourceError: a file is not valid, a value is missing, or only the CLI can open it.
    """
    file = stack_file(project, stack)
    content = read_yaml(file) if file.exists() else {}
    if content.get("environment"):
        raise SourceError(
            f"{file} takes configuration from a Pulumi ESC `environment`, which only the CLI can open. {WITH_CLI}"
        )
    own = expect(content.get("config") or {}, dict, f"`config` in {file}", "a mapping")
    values = {_full_key(project, key): value for key, value in own.items()}
    secret = {key for key, value in values.items() if _is_encrypted(value)}
    encrypted = tuple(sorted(secret))
    for key, definition in project.config.items():
        full_key = _full_key(project, key)
        if full_key not in values:
            values.update(_from_project(project, full_key, definition, stack))
        if isinstance(definition, dict) and definition.get("secret") is True:
            secret.add(full_key)
    strings = {key: _config_string(value) for key, value in values.items()}
    return StackConfig(strings, tuple(sorted(secret & strings.keys())), encrypted)


def _full_key(project: Project, key: object) -> str:
    """`key` belongs to the project, `namespace:config:key` is an old form of `namespace:key`."""
    parts = str(key).split(":")
    if len(parts) == 1:
        return f"{project.name}:{key}"
    return f"{parts[0]}:{parts[2]}" if len(parts) == 3 and parts[1] == "config" else str(key)


def _from_project(project: Project, key: str, definition: object, stack: str) -> dict[str, object]:
    """What the project file sets a key to, for stacks that do not set it."""
    if not isinstance(definition, dict):
        return {key: definition}
    value = definition.get("value", definition.get("default"))
    if value is not None:
        return {key: value}
    if key.startswith(f"{project.name}:"):
        raise SourceError(
            f"The stack {stack} has no value for {key}, which {project.file} asks for. "
            f"Set it with `pulumi config set {key.partition(':')[2]} VALUE`."
        )
    return {}


def _is_encrypted(value: object) -> bool:
    """Whether any part of a configuration value is encrypted."""
    if isinstance(value, dict):
        return _is_ciphertext(value) or any(_is_encrypted(item) for item in value.values())
    return isinstance(value, list) and any(_is_encrypted(item) for item in value)


def _is_ciphertext(value: Mapping[object, object]) -> bool:
    return len(value) == 1 and isinstance(value.get("secure"), str)


def _config_string(value: object) -> str:
    plain = _without_ciphertext(value)
    return plain if isinstance(plain, str) else json.dumps(plain, default=str)


def _without_ciphertext(value: object) -> object:
    if isinstance(value, dict):
        if _is_ciphertext(value):
            return PLACEHOLDER
        return {str(key): _without_ciphertext(item) for key, item in value.items()}
    return [_without_ciphertext(item) for item in value] if isinstance(value, list) else value
