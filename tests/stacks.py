"""Builds small stacks for tests, on a first preview (ids unknown, edges known) and as deployed (ids known)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from policypack.config.options import Setting, read_options
from policypack.evaluate import Finding, Status, apply_to_stack
from policypack.model.graph.reference import COLLECTIONS
from policypack.model.graph.resource import Resource
from policypack.model.graph.stack import Stack
from policypack.model.values.values import UNKNOWN
from policypack.rules import RULES

PROJECT = "p-demo"
API = "https://www.googleapis.com/compute/v1/"
BY_NAME = {rule.name: rule for rule in RULES}
SHORT_TYPES = {type_.rpartition(":")[2]: type_ for type_ in COLLECTIONS} | {
    "InstanceGroupNamedPort": "gcp:compute/instanceGroupNamedPort:InstanceGroupNamedPort",
    "StackReference": "pulumi:pulumi:StackReference",
    "Cluster": "gcp:container/cluster:Cluster",
    "Fleet": "acme:serving:Fleet",
    "Network": "gcp:compute/network:Network",
}


@dataclass(frozen=True)
class Out:
    """An output of another resource of the test, such as its `id`."""

    of: R
    key: str = "instanceGroup"


@dataclass(frozen=True)
class Computed:
    """A value computed inside `apply` from other resources: never known on a first preview."""

    sources: tuple[R, ...] = ()
    value: Any = None


@dataclass(eq=False)
class R:
    """A resource of a test: type token or its last part, logical name, inputs that may hold `Out` and `Computed`."""

    type: str
    name: str
    inputs: dict[str, Any] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def token(self) -> str:
        return self.type if ":" in self.type else SHORT_TYPES[self.type]

    @property
    def urn(self) -> str:
        return f"urn:pulumi:test::llm::{self.token}::{self.name}"

    def url(self, key: str) -> str:
        """Its URL once it is deployed, as the output `key` has it: `id`, `selfLink` or `instanceGroup`."""
        collection, scope = COLLECTIONS[self.token]
        place = "" if scope == "global" else self.inputs[scope[:-1]]
        location = scope if scope == "global" else f"{scope}/{place.value if isinstance(place, Computed) else place}"
        name = self.inputs.get("name", f"{self.name}-1a2b3c4")
        if key == "instanceGroup":
            collection = "instanceGroups"
        project = self.inputs.get("project", PROJECT)
        path = f"projects/{project.value if isinstance(project, Computed) else project}/{location}/{collection}/{name}"
        return path if key == "id" else API + path


def mig(region: str = "us-central1", ports: Iterable[str] | None = ("http",), **inputs: Any) -> R:
    """A regional managed group with these named ports; `None` leaves them out."""
    named = {} if ports is None else {"namedPorts": [{"name": port, "port": 8000} for port in ports]}
    return R("RegionInstanceGroupManager", f"mig-{region}", {"region": region, **named, **inputs})


def check(path: str | None = "/health", **inputs: Any) -> R:
    """A health check over HTTP."""
    return R("HealthCheck", "check", {"httpHealthCheck": {"port": 8000, "requestPath": path}, **inputs})


def backend(group: R | str | Any, **properties: Any) -> dict[str, Any]:
    """A backend of a group with a bounded utilization; a property of `None` is left out."""
    key = "id" if isinstance(group, R) and "NetworkEndpointGroup" in group.type else "instanceGroup"
    return {
        "group": Out(group, key) if isinstance(group, R) else group,
        "balancingMode": "UTILIZATION",
        "maxUtilization": 0.8,
        **properties,
    }


def service(backends: Any = None, name: str = "chat", *, options: Mapping[str, Any] | None = None, **inputs: Any) -> R:
    """A backend service of a global external Application Load Balancer, or a regional one if `region` is given."""
    given = {"loadBalancingScheme": "EXTERNAL_MANAGED", "protocol": "HTTP", "portName": "http", **inputs}
    type_ = "RegionBackendService" if "region" in inputs else "BackendService"
    return R(type_, name, {**given, **({} if backends is None else {"backends": backends})}, dict(options or {}))


def build(*resources: R, deployed: bool = False, is_complete: bool = True, **stack: Any) -> Stack:
    """A stack on a first preview, or as deployed; an input of `None` is left out, one of `UNKNOWN` is not known."""
    return Stack((_resource(r, deployed) for r in resources), is_complete=is_complete, **stack)


def _resource(r: R, deployed: bool) -> Resource:
    edges: dict[str, tuple[str, ...]] = {}
    inputs = {}
    for key, value in r.inputs.items():
        sources: list[R] = []
        inputs[key] = _value(value, deployed, sources)
        if sources:
            edges[key] = tuple(sorted({source.urn for source in sources}))
    inputs = {key: value for key, value in inputs.items() if value is not None}
    outputs: dict[str, Any] = {"id": UNKNOWN, "selfLink": UNKNOWN, "instanceGroup": UNKNOWN}
    if deployed and r.token in COLLECTIONS:
        inputs.setdefault("name", f"{r.name}-1a2b3c4")
        names = [key for key in outputs if key != "instanceGroup" or "GroupManager" in r.type]
        places = [r.inputs.get(key) for key in ("region", "zone", "project")]
        is_placed = not any(isinstance(place, Computed) and place.value is None for place in places)
        outputs = {key: r.url(key) if is_placed else UNKNOWN for key in names}
    given = {
        "inputs": inputs,
        "outputs": outputs,
        "edges": edges,
        "provider": {"project": PROJECT, "version": "10.2.0"},
        **r.options,
    }
    return Resource(urn=r.urn, type=r.token, name=r.name, **given)


def _value(value: Any, deployed: bool, sources: list[R]) -> Any:
    if isinstance(value, Out):
        sources.append(value.of)
        return value.of.url(value.key) if deployed and value.of.token in COLLECTIONS else UNKNOWN
    if isinstance(value, Computed):
        sources.extend(value.sources)
        return _value(value.value, deployed, []) if deployed and value.value is not None else UNKNOWN
    if isinstance(value, dict):
        return {key: _value(item, deployed, sources) for key, item in value.items()}
    if isinstance(value, list):
        return [_value(item, deployed, sources) for item in value]
    return value


# "`backends` is not known: `backends` is computed"
_SAYS_IT_TWICE: Final = re.compile(r"(`[^`]+`)[^:]* is not known: (?:\1|it is computed|the list is computed)")
# A verdict in both modes, or the one on a first preview and the one as deployed; `None` if it is not judged.
Expected: TypeAlias = str | tuple[str | None, str | None] | None


def check_verdict(
    rule: str,
    resources: Iterable[R],
    expected: Expected,
    subject: str = "chat",
    *,
    is_complete: bool = True,
    **options: Any,
) -> None:
    """Judges the resource named `subject` among `resources` on a first preview and as deployed.

    Raises:
        AssertionError: a verdict is another one; it says which, of what, and why. Or a reason says one thing twice.
    """
    __tracebackhide__ = True
    resources = tuple(resources)
    both = expected if isinstance(expected, tuple) else (expected, expected)
    for mode, wanted in zip(("on a first preview", "as deployed"), both, strict=True):
        stack = build(*resources, deployed=mode == "as deployed", is_complete=is_complete)
        found = findings(rule, stack, **options)
        status = next((one.status for one in found if one.name == subject), None)
        assert not [why for one in found for why in one.reasons if _SAYS_IT_TWICE.search(why)]
        if status != wanted:
            verdict = f"{rule} on `{subject}` {mode}: {status or 'not judged'}, expected {wanted or 'not judged'}"
            lines = [f"options: {shown(options)}"] if options else []
            lines += [*map(shown, resources), *(line for one in found for line in _sentences(one))]
            raise AssertionError("\n  ".join([verdict, *lines]))


def _sentences(finding: Finding) -> Iterable[str]:
    yield f"`{finding.name}` {finding.status}"
    for problem in finding.problems:
        yield from (f"  {key}: {getattr(problem, key)}" for key in ("observed", "required", "fix"))
    yield from (f"  why: {why}" for why in (*finding.reasons, finding.not_applicable) if why)


def shown(value: Any) -> str:
    """What stands in a test, readable and on one line: `maxRate=4,group=mig.instanceGroup`, `?` for computed."""
    match value:
        case R():
            return f"{value.token.rpartition(':')[2]}:{value.name}" + (
                f"({shown(value.inputs)})" if value.inputs else ""
            )
        case Out():
            return f"{value.of.name}.{value.key}"
        case Computed():
            return "?" if value.value is None else f"?{_nested(value.value)}"
        case dict():
            return ",".join(f"{key}={_nested(item)}" for key, item in value.items()) or "{}"
        case list() | tuple():
            return f"[{','.join(map(_nested, value))}]"
        case str():
            return value if value.isprintable() and value.strip("0123456789.") else repr(value)
        case set() | frozenset():
            return f"{{{','.join(sorted(map(_nested, value)))}}}"
    # Without what differs between processes, as pytest-xdist compares the names of rows.
    return re.sub(r" at 0x[0-9a-f]+", "", str(value))


def _nested(value: Any) -> str:
    if isinstance(value, R):
        return f"{value.token.rpartition(':')[2]}:{value.name}"
    return f"{{{shown(value)}}}" if isinstance(value, dict) and value else shown(value)


def finding(rule: str, *resources: R, **options: Any) -> Finding:
    """The only finding on a first preview."""
    (found,) = findings(rule, build(*resources), **options)
    return found


def findings(rule: str, stack: Stack, **options: Any) -> tuple[Finding, ...]:
    """What a rule with these options says of a stack."""
    return apply_to_stack(BY_NAME[rule], stack, Setting("mandatory", read_options(BY_NAME[rule], options)))


def statuses(rule: str, stack: Stack, **options: Any) -> dict[str, Status]:
    """The verdicts by the logical names of the resources that are judged."""
    return {finding.name: finding.status for finding in findings(rule, stack, **options)}
