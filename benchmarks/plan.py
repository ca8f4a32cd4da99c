"""The same resources as a Terraform plan, for tools that read those."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any, Final

from .entries import Entry

_TYPES: Final = {
    "gcp:compute/backendService:BackendService": "google_compute_backend_service",
    "gcp:compute/healthCheck:HealthCheck": "google_compute_health_check",
    "gcp:compute/regionInstanceTemplate:RegionInstanceTemplate": "google_compute_region_instance_template",
}
# Blocks that may be repeated have a singular name there, and a plural one in Pulumi.
_BLOCKS: Final = {"backends": "backend", "disks": "disk", "networkInterfaces": "network_interface"}
_MAPS: Final = ("metadata", "labels")
_PROVIDER: Final = "registry.terraform.io/hashicorp/google"


def terraform_plan(entries: Iterable[Entry]) -> bytes:
    """What `terraform show -json` writes of a plan that creates the resources of a state; other types are left out."""
    resources = [_resource(entry) for entry in entries if entry["type"] in _TYPES]
    document = {
        "format_version": "1.2",
        "terraform_version": "1.9.0",
        "planned_values": {"root_module": {"resources": resources}},
        "resource_changes": [_change(resource) for resource in resources],
        "configuration": {"root_module": {"resources": [_configuration(resource) for resource in resources]}},
    }
    return json.dumps(document).encode()


def _resource(entry: Entry) -> dict[str, Any]:
    type_, name = _TYPES[entry["type"]], entry["inputs"]["name"]
    return {
        "address": f"{type_}.{name}",
        "mode": "managed",
        "type": type_,
        "name": name,
        "provider_name": _PROVIDER,
        "schema_version": 0,
        "values": _attributes(entry["inputs"]),
        "sensitive_values": {},
    }


def _change(resource: dict[str, Any]) -> dict[str, Any]:
    change = {
        "actions": ["create"],
        "before": None,
        "after": resource["values"],
        "after_unknown": {},
        "before_sensitive": False,
        "after_sensitive": {},
    }
    return {key: resource[key] for key in ("address", "mode", "type", "name", "provider_name")} | {"change": change}


def _configuration(resource: dict[str, Any]) -> dict[str, Any]:
    expressions = {key: {"constant_value": value} for key, value in resource["values"].items()}
    return {key: resource[key] for key in ("address", "mode", "type", "name")} | {
        "provider_config_key": "google",
        "expressions": expressions,
        "schema_version": 0,
    }


def _attributes(inputs: dict[str, Any]) -> dict[str, Any]:
    found = {}
    for key, value in inputs.items():
        if not key.startswith("__"):
            found[_BLOCKS.get(key, _snake_case(key))] = _attribute(key, value)
    return found


def _attribute(key: str, value: Any) -> Any:
    if key == "healthChecks":
        return [value]
    if isinstance(value, dict):
        return value if key in _MAPS else [_attributes(value)]
    if isinstance(value, list):
        return [_attributes(item) if isinstance(item, dict) else item for item in value]
    return value


def _snake_case(key: str) -> str:
    return re.sub(r"(?<!^)([A-Z])", r"_\1", key).lower()
