"""Whom grants of the stack let in: one member of a role, all members of it, or the members of all roles.

https://cloud.google.com/iap/docs/managing-access, https://cloud.google.com/run/docs/authenticating/public
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from typing import NamedTuple

from policypack.model.graph.resource import Resource
from policypack.model.values.logic import all_of, any_of, is_in, is_set
from policypack.model.values.properties import Properties
from policypack.model.values.read import read_object
from policypack.model.values.secret import plain
from policypack.model.values.values import UNKNOWN, Unknown


class _Binding(NamedTuple):
    """Members of a role, as far as they are known, and whether it counts for some requests only."""

    role: str | Unknown | None
    members: tuple[str | Unknown | None, ...]
    is_conditional: bool | Unknown


def lets_in(grant: Resource, members: Collection[str], roles: Collection[str]) -> bool | Unknown:
    """Whether a grant certainly gives one of some members one of some roles; under a condition it may.

    Args:
        grant: a member, a binding or a policy of IAM.
        members: whom to look for, such as `allUsers`.
        roles: the roles that let them in; with none every role does.
    """
    bindings = list(_bindings(grant))
    return any_of(
        all_of(
            [
                any_of(is_in(member, members) for member in binding.members),
                _is_one_of(binding.role, roles) if roles else True,
                UNKNOWN if binding.is_conditional is not False else True,
            ]
        )
        for binding in bindings
    )


def _is_one_of(role: str | Unknown | None, roles: Collection[str]) -> bool | Unknown:
    """Whether a role is one of some; what a custom role allows is not known."""
    if role is None or isinstance(role, Unknown):
        return UNKNOWN
    return role in roles or (False if role.startswith("roles/") else UNKNOWN)


def _bindings(grant: Resource) -> Iterator[_Binding]:
    asked = grant.asked
    if "Policy:" in grant.type:
        yield from _bindings_of_policy(asked.string("policyData"))
        return
    condition = is_set(asked.object("condition"))
    if "Binding:" in grant.type:
        members = asked.strings("members")
        yield _Binding(asked.string("role"), (UNKNOWN,) if isinstance(members, Unknown) else tuple(members), condition)
    else:
        yield _Binding(asked.string("role"), (asked.string("member"),), condition)


def _bindings_of_policy(text: str | Unknown | None) -> Iterator[_Binding]:
    """Those of the JSON of a whole policy."""
    if isinstance(text, Unknown):
        yield _Binding(UNKNOWN, (UNKNOWN,), False)
        return
    try:
        document = json.loads(plain(text or "{}"))
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        yield _Binding(UNKNOWN, (UNKNOWN,), False)
        return
    bindings = Properties(read_object(document)).objects("bindings")
    for binding in [Properties(UNKNOWN)] if isinstance(bindings, Unknown) else bindings:
        members = binding.strings("members")
        known = (UNKNOWN,) if isinstance(members, Unknown) else tuple(members)
        yield _Binding(binding.string("role"), known, binding.object("condition") is not None)
