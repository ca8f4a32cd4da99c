"""Basic roles of the service accounts that machines run as."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from policypack.model.graph.resource import Resource
from policypack.model.graph.stack import Stack, per_stack
from policypack.model.graph.tokens import IAM_BINDING_TYPES, IAM_MEMBER_TYPES
from policypack.model.machines.machine import Machine
from policypack.model.machines.service_account import Accounts, account_of, accounts_in
from policypack.model.values.logic import all_of, is_in
from policypack.model.values.values import UNKNOWN, Unknown

# The roles that let an account change most of a project: https://cloud.google.com/iam/docs/roles-overview#basic
_BASIC: Final = ("roles/editor", "roles/owner", "roles/writer", "roles/admin")
_PREFIX: Final = "serviceAccount:"


@dataclass(frozen=True)
class BroadGrant:
    """A basic role that a machine's account has, or may have.

    Attributes:
        by: the name of the resource that grants it.
        role: the role; `UNKNOWN` if that is computed.
        is_certain: the account has it.
    """

    by: str
    role: str | Unknown
    is_certain: bool


def broad_grants(machine: Machine) -> tuple[BroadGrant, ...]:
    """The basic roles that the stack grants the account of a machine on a project, a folder or the organization."""
    account = account_of(machine.stack, machine.resource)
    if account is None:
        return ()
    found = []
    for resource, role, accounts in _grants(machine.stack):
        is_its = UNKNOWN if isinstance(account, Unknown) else accounts.include(account)
        has_it = all_of((is_in(role, _BASIC), is_its))
        if has_it is not False:
            found.append(BroadGrant(resource.name, role, is_certain=has_it is True))
    return tuple(found)


@per_stack
def _grants(stack: Stack) -> tuple[tuple[Resource, str | Unknown, Accounts], ...]:
    return tuple(
        (resource, _role(resource), _members(stack, resource))
        for resource in stack.of_types([*IAM_MEMBER_TYPES, *IAM_BINDING_TYPES])
    )


def _role(resource: Resource) -> str | Unknown:
    role = resource.asked.string("role")
    return UNKNOWN if role is None else role


def _members(stack: Stack, resource: Resource) -> Accounts:
    """The service accounts among those that get a role."""
    members: list[str | Unknown] | Unknown
    if resource.type in IAM_MEMBER_TYPES:
        member = resource.asked.string("member")
        key, members = "member", [UNKNOWN if member is None else member]
    else:
        key, members = "members", resource.asked.strings("members")
    if isinstance(members, Unknown):
        return Accounts((), is_complete=False)
    emails = [
        one if isinstance(one, Unknown) else one.removeprefix(_PREFIX)
        for one in members
        if isinstance(one, Unknown) or one.startswith(_PREFIX)
    ]
    return accounts_in(stack, resource, key, emails)
