"""Policies of Google Cloud that objects name: which of the stack they are, and whether they are of the right scope."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final

from policypack.model.gke.fronts import Front
from policypack.model.gke.policies import Policy, Setting
from policypack.model.graph.reference import location_of
from policypack.model.graph.resource import Resource
from policypack.model.kubernetes.names import named_in_spec
from policypack.model.values.logic import is_in
from policypack.rules.on_gke.policies import field_of
from policypack.verdict import Checks, Fail, NotApplicable, Undecided, known

# The type of a Cloud Armor policy for backends, which is the default; SSL policies have no type.
# https://cloud.google.com/armor/docs/security-policy-overview
_OF_BACKENDS: Final = "CLOUD_ARMOR"


@dataclass(frozen=True)
class Named:
    """What an object names.

    Attributes:
        called: what to call it in a sentence.
        types: the resources that it can be.
        of_global: the one for global load balancers, by its Python name.
        of_regional: the one for regional load balancers.
    """

    called: str
    types: tuple[str, ...]
    of_global: str
    of_regional: str

    def fitting(self, front: Front) -> str:
        """The resource that fits the load balancer of a front end."""
        return self.of_regional if _is_regional(front) else self.of_global


def to_name(front: Front, named: Named, required: str) -> tuple[str, str]:
    """What to write for the policy that an object is to name, the only one that fits if there is one, and a sentence.

    Args:
        front: the front end whose load balancer is to have it.
        named: what it is.
        required: what it has to be or do, as the rest of the sentence.
    """
    regional = _is_regional(front)
    in_scope = [one for one in front.stack.of_types(named.types) if (location_of(one) is not None) == regional]
    fitting = [one for one in in_scope if is_in(one.asked.string("type"), (None, _OF_BACKENDS)) is True]
    if len(fitting) != 1:
        return "POLICY", f"`POLICY` is the `name` of the `{named.fitting(front)}`, {required}."
    name = fitting[0].asked.string("name")
    written = f"{name}" if isinstance(name, str) else "POLICY"
    return written, f"`{written}` is the `name` of `{fitting[0].name}`, {required}."


def judge_named(
    front: Front,
    policy: Policy,
    setting: Setting,
    named: Named,
    judge: Callable[[Resource], Checks],
    *,
    outside: Callable[[str], Checks] | None = None,
) -> Checks:
    """What is wrong with what a setting of an object names.

    Args:
        front: the front end whose load balancer has it.
        policy: the object.
        setting: its setting.
        named: what that names.
        judge: what to ask of a resource of the right scope.
        outside: what to say of a name that is of nothing in the stack; without it, it is right.
    """
    name = policy.text(setting)
    if policy.object is None or name is None:
        return
    found, are_all = named_in_spec(policy.object, name, named.types)
    if not are_all:
        yield Undecided(f"which {named.called} {field_of(policy, setting)} names is not known", policy.field(setting))
        return
    if not found and outside and isinstance(name, str):
        yield outside(name)
    # Names are taken in the scope of the load balancer, where there is one.
    in_scope = [one for one in found if (location_of(one) is not None) == _is_regional(front)]
    for resource in in_scope or found:
        if in_scope:
            yield judge(resource)
            continue
        fitting, ours = named.fitting(front), "regional" if _is_regional(front) else "global"
        yield Fail(
            f"{policy.label} names {named.called} `{resource.name}`, which is no `{fitting}`, and the load balancer of "
            f"{front.label} is {ours}.",
            f"A `{fitting}`{' of its region' if ours == 'regional' else ''}.",
            f"Create the policy as `{fitting}`, and set {field_of(policy, setting)} to its name.",
        )


def unless_vouched_for(name: str, called: str, vouched: Sequence[str]) -> Checks:
    """Says of a policy outside the stack that its owner answers for it, if globs in the option say so."""
    if any(fnmatchcase(name, glob) for glob in vouched):
        yield NotApplicable(f"according to the option `vouched`, its owner vouches for `{name}`")
    else:
        yield Undecided(f"{called} `{name}` is not in this stack", "spec")


def _is_regional(front: Front) -> bool:
    found = known(front.front_class, "gatewayClassName", front.name)
    return found is not None and found.product.is_regional
