"""A stack from its state: an export, or the checkpoint file that a local or bucket backend keeps."""

from __future__ import annotations

import gzip
import json
import sys
import zlib
from collections.abc import Mapping
from pathlib import Path
from types import NoneType
from typing import Any, Final

import orjson

from policypack.model.graph.resource import Resource
from policypack.model.graph.stack import Stack
from policypack.model.values.read import read_object
from policypack.model.values.values import Object
from policypack.sources.error import DamagedState, SourceError
from policypack.wording import why_unreadable

_VERSIONS: Final = (3, 4)
_GZIP_MAGIC: Final = b"\x1f\x8b"
_WHAT_TO_GIVE: Final = "Give the folder of a Pulumi project, or a state: `pulumi stack export > state.json`."


def load_state(path: Path | None) -> Stack:
    """Reads the resources of a deployed stack.

    Takes what `pulumi stack export` writes and the checkpoint files of local and bucket backends, also compressed.

    Args:
        path: the file; `None` reads standard input.

    Raises:
        SourceError: there is no such file, or it holds something else.
    """
    return parse_state(_read(path), str(path) if path else "standard input")


def parse_state(content: bytes, where: str) -> Stack:
    """The resources of a deployed stack, from the content of its state.

    Args:
        content: an export or a checkpoint file, not compressed.
        where: what the messages call it.

    Raises:
        DamagedState: it is something else.
        SourceError: it is a state of a version that is not read.
    """
    entries = [entry for entry in _resources_in(_parse(content, where), where) if entry.get("delete") is not True]
    inputs = {entry["urn"]: read_object(entry.get("inputs")) for entry in entries}
    return Stack((_to_resource(entry, inputs) for entry in entries), spelling="pulumi")


def _read(path: Path | None) -> bytes:
    try:
        content = path.read_bytes() if path else sys.stdin.buffer.read()
        return gzip.decompress(content) if content.startswith(_GZIP_MAGIC) else content
    except FileNotFoundError as error:
        raise SourceError(f"There is no file or folder {path}. {_WHAT_TO_GIVE}") from error
    except IsADirectoryError as error:
        raise DamagedState(f"{path} is a folder: give a file with a state in it.") from error
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise DamagedState(f"{path or 'Standard input'} is compressed but damaged: {error}.") from error
    except OSError as error:
        raise SourceError(f"{path or 'Standard input'} cannot be read: {error.strerror}.") from error


def _parse(content: bytes, where: str) -> object:
    if not content.strip():
        raise DamagedState(f"{where} is empty: whatever was meant to write a state there has failed.")
    try:
        return _loads(content)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise DamagedState(
            f"{where} is not JSON, or is cut off: {error.msg} in {place}. It must be a state."
        ) from error
    except UnicodeDecodeError as error:
        raise DamagedState(f"{where} is not text: a state is JSON.") from error
    except (RecursionError, ValueError) as error:
        raise DamagedState(f"{where} cannot be read as a state: {why_unreadable(error)}.") from error


def _loads(content: bytes) -> object:
    """Parses JSON; what orjson refuses, such as NaN or another encoding than UTF-8, Python may still take."""
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError:
        return json.loads(content)


def _resources_in(content: object, where: str) -> list[dict[str, Any]]:
    deployment = _deployment_in(content, where)
    resources = deployment.get("resources") or []
    if not isinstance(resources, list):
        raise DamagedState(f"{where} is damaged: `resources` has to be a list.")
    for i, entry in enumerate(resources):
        fault = _fault_in(entry)
        if fault:
            raise DamagedState(f"{where} is damaged in resource {i + 1} of {len(resources)}: {fault}.")
    return resources


def _deployment_in(content: object, where: str) -> dict[str, Any]:
    """The deployment of an export or of a checkpoint; empty for a stack that was never deployed."""
    if not isinstance(content, dict) or not ("deployment" in content or "checkpoint" in content):
        raise DamagedState(
            f'{where} is JSON, but not a state: a state has the key "deployment" (an export) or "checkpoint" (the file '
            "of a local or bucket backend)."
        )
    version = content.get("version")
    if version not in _VERSIONS or isinstance(version, bool):
        raise SourceError(
            f"{where} is a state of version {json.dumps(version)}; this policy pack reads versions 3 and 4. "
            "Export it with a current release of the Pulumi CLI: `pulumi stack export > state.json`."
        )
    deployment = content.get("deployment")
    if "checkpoint" in content:
        checkpoint = content["checkpoint"]
        deployment = checkpoint.get("latest") if isinstance(checkpoint, dict) else checkpoint
    if not isinstance(deployment, dict | None):
        raise DamagedState(f"{where}: the deployment in it has to be an object.")
    return deployment or {}


def _fault_in(entry: object) -> str | None:
    """What is wrong with the shape of a resource."""
    if not isinstance(entry, dict):
        return "it is not an object"
    for key in ("urn", "type"):
        if not isinstance(entry.get(key), str) or not entry[key]:
            return f"it has no `{key}`"
    if entry["urn"].count("::") < 3:
        return f"`{entry['urn']}` is not a URN"
    for key, kind, form in _SHAPES:
        if key in entry and not isinstance(entry[key], (kind, NoneType)):
            return f"`{key}` of {entry['urn']} has to be {form}"
    if not all(map(_is_list_of_strings, (entry.get("propertyDependencies") or {}).values())):
        return f"`propertyDependencies` of {entry['urn']} has to hold lists of URNs"
    if not _is_list_of_strings(entry.get("ignoreChanges")):
        return f"`ignoreChanges` of {entry['urn']} has to be a list of property paths"
    return None


_SHAPES: Final = (
    ("inputs", dict, "an object"),
    ("outputs", dict, "an object"),
    ("propertyDependencies", dict, "an object"),
    ("ignoreChanges", list, "a list"),
    ("parent", str, "a URN"),
    ("provider", str, "a provider reference"),
    ("id", str, "a string"),
)


def _is_list_of_strings(value: object) -> bool:
    if not isinstance(value, list):
        return value is None
    return not value or all(isinstance(item, str) for item in value)


def _to_resource(entry: Mapping[str, Any], inputs: Mapping[str, Object]) -> Resource:
    is_read = entry.get("external") is True
    provider_urn = (entry.get("provider") or "").rpartition("::")[0]
    return Resource(
        urn=entry["urn"],
        type=entry["type"],
        name=entry["urn"].split("::", 3)[3],
        # A state without inputs does not say that nothing was asked for.
        inputs=None if is_read or entry.get("inputs") is None else inputs[entry["urn"]],
        outputs=_outputs_of(entry),
        edges={key: tuple(urns) for key, urns in (entry.get("propertyDependencies") or {}).items() if urns},
        parent=entry.get("parent") or None,
        provider=inputs.get(provider_urn, {}),
        provider_urn=provider_urn,
        ignore_changes=tuple(entry.get("ignoreChanges") or ()),
        is_read=is_read,
    )


def _outputs_of(entry: Mapping[str, Any]) -> Object:
    outputs = read_object(entry.get("outputs"))
    return {"id": entry["id"], **outputs} if entry.get("id") and "id" not in outputs else outputs
