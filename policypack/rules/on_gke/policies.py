"""How rules judge the policies of a backend: those that are attached or may be, or what counts without one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, TypeVar

from policypack.model.gke.backends import Attached, GkeBackend
from policypack.model.gke.policies import FIELDS, Policy, Setting
from policypack.model.kubernetes.kinds import BACKEND_CONFIG, BACKEND_POLICY, GATEWAY
from policypack.model.values.spelling import python_literal
from policypack.model.values.values import UNKNOWN, Unknown
from policypack.verdict import Checks, Fail, Undecided, known, settled

T = TypeVar("T")

# The kinds that have several settings of a backend: rules name one field each, and only one object counts.
_WITH_SETTINGS: Final = (BACKEND_POLICY, BACKEND_CONFIG)


def on_settings(backend: GkeBackend, check: Callable[[Policy], Checks]) -> Checks:
    """What a check says of the GCPBackendPolicy or, behind an Ingress, the BackendConfig of a backend."""
    return on_policies(backend.settings, settings_kind(backend), check)


def settings_kind(backend: GkeBackend) -> str:
    """The kind of the objects that have timeout, draining and log of a backend."""
    return BACKEND_POLICY if backend.way == GATEWAY else BACKEND_CONFIG


def on_policies(attached: Attached, kind: str, check: Callable[[Policy], Checks]) -> Checks:
    """What a check says of the policies of a backend; of none at all, if there is none.

    Of several the oldest counts, which a program does not tell: only what all of them say is certain.
    https://cloud.google.com/kubernetes-engine/docs/how-to/configure-gateway-resources

    Args:
        attached: the policies.
        kind: their kind.
        check: what to ask of a policy.
    """
    certain = [policy for policy, is_it in attached.policies if is_it is True]
    if attached.hidden and not certain:
        yield Undecided(f"no {kind} of the stack is certain to be attached, and {attached.hidden}")
        return
    possible = [policy for policy, is_it in attached.policies if is_it is not True]
    counting = [*certain, *possible, *([] if certain else [Policy(kind)])]
    merge = _how_to_merge(certain)
    said = [list(settled(check(policy))) for policy in counting]
    failing = [any(isinstance(verdict, Fail) for verdict in verdicts) for verdicts in said]
    if all(failing):
        to_tell = said[: len(certain) or len(possible) or 1]
        found = (verdict for verdicts in to_tell for verdict in verdicts if isinstance(verdict, Fail))
        yield from (replace(verdict, fix=f"{verdict.fix} {merge}".rstrip()) for verdict in found)
    elif any(failing):
        names = ", ".join(sorted(policy.label for policy in counting))
        yield Undecided(f"which of {names} counts is not known. {merge}".rstrip(" ."), "targetRef")
    else:
        yield from (verdict for verdicts in said for verdict in verdicts)


def _how_to_merge(policies: Sequence[Policy]) -> str:
    """What to do about several policies for one target, a sentence; empty if there is no more than one."""
    whole = sorted(one.label for one in policies if one.object and not one.object.is_patch)
    return f"Merge {', '.join(whole)} into one: of several for one target only the oldest counts." if whole[1:] else ""


def given(policy: Policy, setting: Setting, value: T | Unknown) -> T:
    """The value of a setting of a policy; the part of the rule that asks ends as undecided if it is not known.

    Raises:
        UndecidableError: it is not known.
    """
    return known(value, policy.field(setting), policy.name, because=policy.doubt(setting))


def whence(policy: Policy, setting: Setting) -> str:
    """Why a setting of a backend is what it is, a clause."""
    if policy.sets(setting):
        return f"as {policy.label} says"
    if policy.is_misplaced(setting):
        return f"the default: {policy.label} sets it elsewhere than in `spec.{policy.field(setting)}`"
    return f"the default: {policy.label} does not set it" if policy.object else f"the default: it has {policy.label}"


def field_of(policy: Policy, setting: Setting) -> str:
    """What messages call a setting of a policy: `spec.default.timeoutSec` of GCPBackendPolicy `llm`."""
    return f"`spec.{policy.field(setting)}` of {policy.label if policy.object else f'a {policy.kind}'}"


def how_to_set(backend: GkeBackend, policy: Policy, values: Mapping[Setting, Any]) -> str:
    """What to do so that a policy says this: a change of it or, if there is none, a whole one. A sentence."""
    if policy.object:
        changes = ", and ".join(
            f"{field_of(policy, setting)} to {python_literal(value)}" for setting, value in values.items()
        )
        return f"Set {changes}."
    spec: dict[str, Any] = {}
    for setting, value in values.items():
        *path, key = FIELDS[policy.kind][setting]
        block = spec
        for name in path:
            block = block.setdefault(name, {})
        block[key] = value
    return how_to_create(backend, policy, spec)


def how_to_create(backend: GkeBackend, policy: Policy, spec: Mapping[str, Any], also: str = "") -> str:
    """How to make a policy that is attached to a backend, and what to do besides. A sentence."""
    name, api_version = policy.kind, policy.api_version
    made = f"Create a {name} (`{api_version}`) in the namespace of {backend.label}"
    if name in _WITH_SETTINGS:
        made = f"Create one {name} (`{api_version}`) in the namespace of {backend.label}, for all its settings,"
    if name == BACKEND_CONFIG:
        called = _name_of(backend)
        link = f'`cloud.google.com/backend-config: {{"default": "{called}"}}`'
        return (
            f"{made} with the name `{called}` and ``spec={python_literal(spec)}``, and annotate {backend.label} with "
            f"{link}{also}."
        )
    whole = {"targetRef": _target_ref(backend), **spec}
    return f"{made} with ``spec={python_literal(whole)}``{also}."


def _name_of(backend: GkeBackend) -> str:
    """The name of a backend's Service, which its BackendConfig can have too; any where that is not known."""
    name = backend.target.object_name if backend.target else None
    return f"{name}" if isinstance(name, str) else "llm"


def _target_ref(backend: GkeBackend) -> dict[str, str]:
    """The `targetRef` of a policy for a backend, with dots for what is not known."""
    target, ref = backend.target, backend.ref
    parts: tuple[str | Unknown | None, ...] = (UNKNOWN, UNKNOWN, UNKNOWN)
    if target:
        parts = (target.group, target.kind, target.object_name)
    elif ref is not UNKNOWN:
        parts = (ref.group, ref.kind, ref.name)
    # Formatted, a text that is secret hides itself; JSON would show it.
    texts = (f"{part}" if isinstance(part, str) else "..." for part in parts)
    return dict(zip(("group", "kind", "name"), texts, strict=True))
