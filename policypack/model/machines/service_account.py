"""Service accounts: which one a property names, before its email address is known as well."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from policypack.model.graph.reference import with_provider_default
from policypack.model.graph.resource import Resource
from policypack.model.graph.stack import Stack
from policypack.model.graph.tokens import SERVICE_ACCOUNT
from policypack.model.values.logic import any_of
from policypack.model.values.secret import joined
from policypack.model.values.values import UNKNOWN, Unknown

# What Compute Engine's default service account is called: https://cloud.google.com/compute/docs/access/service-accounts
_DEFAULT_SUFFIX: Final = "-compute@developer.gserviceaccount.com"


@dataclass(frozen=True)
class Account:
    """One service account: its email address, the resource that makes it, or neither for the default account."""

    email: str | None = None
    resource: Resource | None = None

    def is_same(self, other: Account) -> bool | Unknown:
        if self.resource and self.resource is other.resource:
            return True
        one, two = self._address, other._address
        if one is not None and two is not None:
            return one == two
        if self.resource and other.resource:
            return UNKNOWN if self.resource.is_read or other.resource.is_read else False
        address = one if one is not None else two
        if address is not None and DEFAULT in (self, other):
            return UNKNOWN if address.endswith(_DEFAULT_SUFFIX) else False
        # Either one is the default account and the other is made here, or an address is not known.
        return False if DEFAULT in (self, other) and self != other else UNKNOWN

    @property
    def _address(self) -> str | None:
        return self.email if self.resource is None else _email_of(self.resource)


DEFAULT: Final = Account()


@dataclass(frozen=True)
class Accounts:
    """Some service accounts; there may be more of them unless `is_complete`."""

    certain: tuple[Account, ...]
    is_complete: bool

    def include(self, account: Account) -> bool | Unknown:
        found = any_of(one.is_same(account) for one in self.certain)
        return UNKNOWN if found is False and not self.is_complete else found


def accounts_in(
    stack: Stack, resource: Resource, key: str, emails: Sequence[str | Unknown | None] | Unknown
) -> Accounts:
    """The service accounts that the property `key` of `resource` names.

    Email addresses that are not known yet are those of the accounts that the property depends on, if it depends on
    nothing else and there are as many of them.

    Args:
        stack: where to look.
        resource: the resource with the property.
        key: the name of the input property, to find its dependency edges.
        emails: the addresses in it; `None` stands for the default account.
    """
    if isinstance(emails, Unknown):
        return Accounts((), is_complete=False)
    known = {email.lower() for email in emails if isinstance(email, str) and email != "default"}
    named = tuple(Account(email) for email in sorted(known))
    if any(email is None or email == "default" for email in emails if not isinstance(email, Unknown)):
        named = (*named, DEFAULT)
    unknown = sum(isinstance(email, Unknown) for email in emails)
    sources = [stack.by_urn(urn) for urn in resource.edges.get(key, ())]
    accounts = [source for source in sources if source and source.type == SERVICE_ACCOUNT]
    others = [account for account in accounts if _email_of(account) not in known]
    if unknown and (len(accounts) != len(sources) or len(others) != unknown):
        return Accounts(named, is_complete=False)
    return Accounts((*named, *(Account(resource=other) for other in others if unknown)), is_complete=True)


def account_of(stack: Stack, machine: Resource) -> Account | Unknown | None:
    """The service account that a machine runs as; `None` for a machine without one."""
    block = machine.asked.object("serviceAccount")
    if block is None or isinstance(block, Unknown):
        return block
    accounts = accounts_in(stack, machine, "serviceAccount", [block.string("email")])
    return accounts.certain[0] if accounts.is_complete and len(accounts.certain) == 1 else UNKNOWN


def _email_of(account: Resource) -> str | None:
    """Its address; before it has one, the address that IAM makes of its id and project.

    https://cloud.google.com/iam/docs/service-account-overview#identifying
    """
    email = account.result.string("email")
    if isinstance(email, str):
        return email.lower()
    name, project = account.asked.string("accountId"), with_provider_default(account, "project")
    if isinstance(name, str) and isinstance(project, str) and ":" not in project:
        return joined("", [name, "@", project, ".iam.gserviceaccount.com"]).lower()
    return None
