"""One stack in the forms of all sources: the engine's requests, an exported state, a program's registrations.

What the engine and the provider add (names, defaults, outputs) has the shapes that the recordings have.
"""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from hashlib import sha256
from typing import Any, Final

from policypack.model.graph.reference import COLLECTIONS
from policypack.model.values.read import SECRET_SIGNATURE, SIGNATURE_KEY, UNKNOWN_SENTINELS
from policypack.model.values.values import UNKNOWN
from tests.fuzz.intent import Intent, Secret, sources_of
from tests.replay import RECORDINGS, recorded
from tests.sources.deployed import DEPLOYED
from tests.stacks import PROJECT, Computed, Out, R

UNKNOWN_STRING: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
assert UNKNOWN_STRING in UNKNOWN_SENTINELS
_PROVIDER_TYPE: Final = "pulumi:providers:gcp"

_ACCOUNT_TYPE: Final = "gcp:serviceaccount/account:Account"

# The ids of what neither programs that run as deployed nor the model have a table for.
_MORE_IDS: Final = {
    "gcp:compute/backendBucket:BackendBucket": "projects/{project}/global/backendBuckets/{name}",
    "gcp:compute/disk:Disk": "projects/{project}/zones/{zone}/disks/{name}",
    "gcp:compute/regionDisk:RegionDisk": "projects/{project}/regions/{region}/disks/{name}",
    "gcp:compute/networkFirewallPolicy:NetworkFirewallPolicy": "projects/{project}/global/firewallPolicies/{name}",
    "gcp:compute/networkFirewallPolicyWithRules:NetworkFirewallPolicyWithRules": (
        "projects/{project}/global/firewallPolicies/{name}"
    ),
    "gcp:compute/regionNetworkFirewallPolicy:RegionNetworkFirewallPolicy": (
        "projects/{project}/regions/{region}/firewallPolicies/{name}"
    ),
    "gcp:compute/regionNetworkFirewallPolicyWithRules:RegionNetworkFirewallPolicyWithRules": (
        "projects/{project}/regions/{region}/firewallPolicies/{name}"
    ),
    "gcp:networksecurity/serverTlsPolicy:ServerTlsPolicy": (
        "projects/{project}/locations/global/serverTlsPolicies/{name}"
    ),
}

# These have no `project`.
_OF_ORGANIZATIONS: Final = {
    "gcp:compute/firewallPolicyWithRules:FirewallPolicyWithRules",
}

# What the provider fills in: the paths and values of the recordings.
_CHECK_DEFAULTS: Final = {"checkIntervalSec": 5, "healthyThreshold": 2, "timeoutSec": 5, "unhealthyThreshold": 2}
_MANAGER_DEFAULTS: Final = {"listManagedInstancesResults": "PAGELESS", "waitForInstancesStatus": "STABLE"}
DEFAULTS: Final[dict[str, dict[str, Any]]] = {
    "gcp:compute/backendService:BackendService": {
        "connectionDrainingTimeoutSec": 300,
        "loadBalancingScheme": "EXTERNAL_MANAGED",
        "backends.balancingMode": "UTILIZATION",
        "backends.capacityScaler": 1,
    },
    "gcp:compute/regionBackendService:RegionBackendService": {
        "connectionDrainingTimeoutSec": 300,
    },
    "gcp:compute/healthCheck:HealthCheck": {
        **_CHECK_DEFAULTS,
        "httpHealthCheck.proxyHeader": "NONE",
        "tcpHealthCheck.proxyHeader": "NONE",
    },
    "gcp:compute/regionHealthCheck:RegionHealthCheck": {**_CHECK_DEFAULTS, "httpHealthCheck.proxyHeader": "NONE"},
    "gcp:compute/network:Network": {"networkFirewallPolicyEnforcementOrder": "AFTER_CLASSIC_FIREWALL"},
    "gcp:compute/regionInstanceTemplate:RegionInstanceTemplate": {"disks.autoDelete": True},
    "gcp:compute/regionInstanceGroupManager:RegionInstanceGroupManager": _MANAGER_DEFAULTS,
    "gcp:compute/instanceGroupManager:InstanceGroupManager": _MANAGER_DEFAULTS,
    "gcp:compute/regionAutoscaler:RegionAutoscaler": {"autoscalingPolicy.mode": "ON"},
}
_MAPS: Final = {"metadata", "labels", "userLabels", "params"}


# Values


def resolved(value: Any, intent: Intent, secret: str = "value") -> Any:
    """An input in Pulumi's wire format; `secret` is the key that the value of a secret stands under."""
    if isinstance(value, Out):
        output = outputs_of(value.of, intent).get(value.key) if intent.deployed else None
        return UNKNOWN_STRING if output is None else output
    if isinstance(value, Computed):
        return UNKNOWN_STRING if not intent.deployed or value.value is None else resolved(value.value, intent, secret)
    if isinstance(value, Secret):
        inner = resolved(value.value, intent, secret)
        return {SIGNATURE_KEY: SECRET_SIGNATURE, secret: json.dumps(inner) if secret == "plaintext" else inner}
    if isinstance(value, dict):
        return {key: resolved(item, intent, secret) for key, item in value.items()}
    if isinstance(value, list):
        return [resolved(item, intent, secret) for item in value]
    return UNKNOWN_STRING if value is UNKNOWN else value


def edges_of(resource: R) -> dict[str, list[str]]:
    found = {key: sorted({source.urn for source in sources_of(value)}) for key, value in resource.inputs.items()}
    return {key: urns for key, urns in found.items() if urns}


def outputs_of(resource: R, intent: Intent) -> dict[str, str]:
    """What Google Cloud sets on a resource: its id, URLs and addresses, where its place and name are known."""
    known = {key: resource.inputs.get(key, intent.provider.get(key)) for key in ("project", "region", "zone", "name")}
    known["project"] = PROJECT if known["project"] is None else known["project"]
    given_name = resource.inputs.get("accountId") if resource.token == _ACCOUNT_TYPE else known["name"]
    known["name"] = auto_name(resource) if given_name in (None, "") else given_name
    plain = {key: _unwrapped(value) for key, value in known.items()}
    texts = {key: value.rpartition("/")[2] for key, value in plain.items() if isinstance(value, str) and value}
    templates = {"id": _MORE_IDS.get(resource.token, "{name}"), **DEPLOYED.get(resource.token, {})}
    if resource.token in COLLECTIONS and resource.token not in DEPLOYED:
        collection, scope = COLLECTIONS[resource.token]
        place = {"global": "global", "regions": "regions/{region}", "zones": "zones/{zone}"}[scope]
        path = f"projects/{{project}}/{place}/{collection}/{{name}}"
        templates = {"id": path, "selfLink": f"https://www.googleapis.com/compute/v1/{path}"}
    found = {}
    for key, template in templates.items():
        if all("{" + name + "}" not in template or name in texts for name in known):
            found[key] = template.format_map(texts)
    return found


def _unwrapped(value: Any) -> Any:
    while isinstance(value, Computed | Secret):
        value = value.value
    return value


def provider_inputs(resource: R, intent: Intent, secret: str = "value") -> dict[str, Any]:
    """The inputs after the provider's checks: a name, its defaults, and which they are."""
    inputs: dict[str, Any] = resolved(resource.inputs, intent, secret)
    if resource.token in COLLECTIONS and "name" not in inputs:
        inputs["name"] = auto_name(resource)
    defaults = dict(DEFAULTS.get(resource.token, {}))
    if "loadBalancingScheme" in defaults and str(intent.provider.get("version")).startswith("9."):
        defaults["loadBalancingScheme"] = "EXTERNAL"
    for path, default in defaults.items():
        *blocks, key = path.split(".")
        for block in _blocks(inputs, blocks):
            if key not in block:
                block[key] = default
                if blocks:
                    block.setdefault("__defaults", []).append(key)
    for key, value in inputs.items():
        _mark_blocks(key, value)
    return inputs


def _blocks(inputs: dict[str, Any], path: list[str]) -> list[dict[str, Any]]:
    found: list[Any] = [inputs]
    for key in path:
        inner = [block[key] for block in found if isinstance(block, dict) and key in block]
        found = [item for value in inner for item in (value if isinstance(value, list) else [value])]
    return [block for block in found if isinstance(block, dict) and SIGNATURE_KEY not in block]


def _mark_blocks(key: str, value: Any) -> None:
    if isinstance(value, list):
        for item in value:
            _mark_blocks(key, item)
    elif isinstance(value, dict) and SIGNATURE_KEY not in value and key not in _MAPS:
        value["__defaults"] = sorted(value.get("__defaults", []))
        for inner, item in value.items():
            if inner != "__defaults":
                _mark_blocks(inner, item)


def provider_outputs(resource: R, inputs: dict[str, Any], intent: Intent) -> dict[str, Any]:
    """All outputs: the inputs, what is computed, and what else the recordings show of such a resource."""
    if not resource.token.startswith("gcp:"):
        return {}
    known = outputs_of(resource, intent)
    computed = known if intent.deployed else dict.fromkeys(known, UNKNOWN_STRING)
    shape = _shapes(intent.deployed).get(resource.token, {})
    filled: dict[str, Any] = _filled(_without_defaults(inputs), shape)
    kept = {key: value for key, value in filled.items() if key in inputs or key not in DEPLOYED.get(resource.token, ())}
    return {**_in_project(resource, intent), **computed, **kept}


def _in_project(resource: R, intent: Intent) -> dict[str, Any]:
    """The provider shows on each resource which project it is in, at a preview too."""
    if not resource.token.startswith("gcp:compute/") or resource.token in _OF_ORGANIZATIONS:
        return {}
    project = intent.provider.get("project", PROJECT)
    return {"project": resolved(project, intent)}


def _without_defaults(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_defaults(item) for key, item in value.items() if key != "__defaults"}
    return [_without_defaults(item) for item in value] if isinstance(value, list) else value


def _filled(value: Any, shape: Any) -> Any:
    if isinstance(value, list):
        return [_filled(item, shape) for item in value]
    if not isinstance(value, dict) or not isinstance(shape, dict) or SIGNATURE_KEY in value:
        return value
    added = {key: left_out for key, (left_out, _) in shape.items() if key not in value and left_out is not _NEVER}
    return {**{key: _filled(item, shape.get(key, (None, None))[1]) for key, item in value.items()}, **added}


_NEVER: Final = object()


@cache
def _shapes(deployed: bool) -> dict[str, dict[str, Any]]:
    """By type: for each output, its value where no input sets it, and the shape of what is nested in it."""
    shapes: dict[str, dict[str, Any]] = {}
    for name in sorted(path.stem for path in RECORDINGS.glob("*.jsonl")):
        if name.startswith(("deployed_", "up_")) != deployed or name in ("policy_analyze_state", "target_preview"):
            continue
        requests, stack = recorded(name)
        inputs = {request["urn"]: request["properties"] for request in requests}
        for shown in stack["resources"] if stack else ():
            _learn(shapes.setdefault(shown["type"], {}), shown["properties"], inputs.get(shown["urn"], {}))
    return shapes


def _learn(shape: dict[str, Any], outputs: dict[str, Any], inputs: dict[str, Any]) -> None:
    for key, value in outputs.items():
        left_out, nested = shape.get(key, (_NEVER, {}))
        if key not in inputs:
            left_out = value if left_out is _NEVER else left_out
        else:
            pairs = zip(value, inputs[key], strict=False) if isinstance(value, list) else [(value, inputs[key])]
            for one, asked in pairs:
                if isinstance(one, dict) and isinstance(asked, dict):
                    _learn(nested, one, asked)
        shape[key] = (left_out, nested)


def auto_name(resource: R) -> str:
    """The name that Pulumi makes up: nobody knows it before."""
    return f"{resource.name}-{sha256(resource.urn.encode()).hexdigest()[:7]}"


# The engine


def to_requests(intent: Intent) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The engine's `Analyze` requests, in order of registration, and its `AnalyzeStack` request."""
    # What is only read is there already, all of it known.
    deployed = intent.deployed
    provider = {"name": "default", "type": _PROVIDER_TYPE, "urn": _provider_urn(), "properties": dict(intent.provider)}
    requests = [
        {"urn": _provider_urn(), "type": _PROVIDER_TYPE, "name": "default", "properties": dict(intent.provider)}
    ]
    resources: list[dict[str, Any]] = [{**requests[0]}]
    for resource in intent.resources:
        intent = replace(intent, deployed=deployed or bool(resource.options.get("is_read")))
        inputs = provider_inputs(resource, intent)
        common: dict[str, Any] = {"urn": resource.urn, "type": resource.token, "name": resource.name}
        options = {"customTimeouts": {}, "ignoreChanges": list(resource.options.get("ignore_changes", ()))}
        parent = {"parent": resource.options["parent"]} if "parent" in resource.options else {}
        common["options"] = {**options, **parent}
        if resource.token.startswith("gcp:"):
            common["provider"] = provider
        elif kubernetes := _kubernetes(resource, intent):
            common["provider"] = kubernetes
        if not resource.options.get("is_read"):
            requests.append({**common, "properties": inputs})
        outputs = provider_outputs(resource, inputs, intent)
        edges = {} if resource.options.get("is_read") else edges_of(resource)
        shown = {**common, **parent, "properties": outputs, "dependencies": sorted(set().union(*edges.values()))}
        shown["propertyDependencies"] = {key: {"urns": urns} for key, urns in edges.items()}
        resources.append(shown)
    return requests, {"resources": resources}


def _kubernetes(resource: R, intent: Intent) -> dict[str, Any] | None:
    """The provider of an object that is in a cluster of the stack."""
    provider = resource.options.get("kubernetes")
    if provider is None:
        return None
    inputs = resolved(provider.inputs, intent)
    return {"name": provider.name, "type": provider.token, "urn": provider.urn, "properties": inputs}


def _provider_reference(resource: R) -> str:
    """How a state and a program name the provider of a resource; empty for none."""
    if resource.token.startswith("gcp:"):
        return f"{_provider_urn()}::1"
    provider = resource.options.get("kubernetes")
    return f"{provider.urn}::1" if provider is not None else ""


def _provider_urn() -> str:
    return f"urn:pulumi:test::llm::{_PROVIDER_TYPE}::default"


# A state


def to_state(intent: Intent) -> dict[str, Any]:
    """What `pulumi stack export --show-secrets` writes of a deployed stack. What is not known is encrypted."""
    entries: list[dict[str, Any]] = [
        {"urn": _provider_urn(), "type": _PROVIDER_TYPE, "id": "1", "custom": True, "inputs": dict(intent.provider)}
    ]
    for resource in intent.resources:
        inputs = _encrypted(provider_inputs(resource, intent, "plaintext"))
        outputs = _encrypted(provider_outputs(resource, provider_inputs(resource, intent, "plaintext"), intent))
        is_custom, is_read = resource.token.startswith("gcp:"), bool(resource.options.get("is_read"))
        entries.append(
            {
                "urn": resource.urn,
                "type": resource.token,
                "custom": is_custom,
                "inputs": inputs,
                "outputs": outputs,
                "propertyDependencies": {key: edges_of(resource).get(key, []) for key in resource.inputs},
            }
            | ({"provider": _provider_reference(resource)} if _provider_reference(resource) else {})
            | ({"id": outputs["id"]} if isinstance(outputs.get("id"), str) else {})
            | ({"parent": resource.options["parent"]} if "parent" in resource.options else {})
            | ({"external": True} if is_read else {})
            | {"ignoreChanges": list(resource.options.get("ignore_changes", ()))}
        )
    return {"version": 3, "deployment": {"resources": entries}}


def _encrypted(value: Any) -> Any:
    if isinstance(value, str) and value == UNKNOWN_STRING:
        return {SIGNATURE_KEY: SECRET_SIGNATURE, "ciphertext": "v1:x:y"}
    if isinstance(value, dict):
        return {key: _encrypted(item) for key, item in value.items()}
    return [_encrypted(item) for item in value] if isinstance(value, list) else value


# A program


def to_records(intent: Intent) -> list[dict[str, Any]]:
    """What the runner of a program writes down of each registration."""
    return [
        {
            "urn": resource.urn,
            "type": resource.token,
            "name": resource.name,
            "parent": resource.options.get("parent", ""),
            "custom": resource.token.startswith("gcp:"),
            "remote": False,
            "provider": "" if resource.token.startswith("gcp:") else _provider_reference(resource),
            "version": intent.provider["version"],
            "edges": edges_of(resource),
            "ignore_changes": list(resource.options.get("ignore_changes", ())),
            "place": None,
            "inputs": resolved(resource.inputs, intent),
            "outputs": outputs_of(resource, intent) if intent.deployed and resource.token.startswith("gcp:") else {},
            "read": bool(resource.options.get("is_read")),
        }
        for resource in intent.resources
    ]
