"""What the provider adds to Kubernetes objects. `runner.py` imports it from beside itself, by the same rules."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from runner_wire import SIGNATURE

# Built-in kinds without a namespace: https://kubernetes.io/docs/reference/kubernetes-api/
_CLUSTER_SCOPED = frozenset(
    (
        "ClusterRole",
        "ClusterRoleBinding",
        "CustomResourceDefinition",
        "GatewayClass",
        "IngressClass",
        "Namespace",
        "Node",
        "PersistentVolume",
        "PriorityClass",
        "RuntimeClass",
        "StorageClass",
    )
)


def names_made_up(type_: str, inputs: dict[str, Any], unknown: str) -> dict[str, Any]:
    """The metadata of an object with the name and the namespace that it gets where they are left out, as an output.

    https://www.pulumi.com/registry/packages/kubernetes/

    Args:
        type_: the type token.
        inputs: the inputs as the program gave them.
        unknown: stands for what is not known.
    """
    metadata = inputs.get("metadata") or {}
    is_object = type_.startswith("kubernetes:") and "apiVersion" in inputs and "kind" in inputs
    if not is_object or not isinstance(metadata, dict):
        return {}
    made_up = {"name": unknown}
    if type_.rpartition(":")[2] not in _CLUSTER_SCOPED:
        made_up["namespace"] = unknown
    if SIGNATURE not in metadata:
        return {"metadata": {**made_up, **_given(metadata)}}
    secret = metadata.get("value")
    return {"metadata": {**metadata, "value": {**made_up, **_given(secret)}}} if isinstance(secret, dict) else {}


def what_is_rendered(token: str, arguments: dict[str, Any]) -> dict[str, Any] | None:
    """What the provider renders for components of objects; nothing where that takes Helm or kustomize.

    A component without children is known to hide what it makes.
    """
    if token == "kubernetes:yaml:decode":
        return {"result": list(_objects(arguments.get("text", "")))}
    return {"result": []} if token in ("kubernetes:helm:template", "kubernetes:kustomize:directory") else None


def _objects(text: str) -> Iterator[Any]:
    # The SDK itself needs it.
    import yaml  # type: ignore[import-untyped, unused-ignore]

    for document in yaml.safe_load_all(text):
        is_list = isinstance(document, dict) and str(document.get("kind")).endswith("List") and "items" in document
        # Dates have no form on the wire.
        yield from json.loads(json.dumps(document["items"] if is_list else [document] if document else [], default=str))


def _given(metadata: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in metadata.items() if value is not None}
