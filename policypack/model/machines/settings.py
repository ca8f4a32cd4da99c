"""Blocks of settings that templates and instances share."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from policypack.model.values.values import UNKNOWN, Properties, Unknown

# The default accounts of Compute Engine and of App Engine, which projects give the Editor role unless told not to:
# https://cloud.google.com/iam/docs/service-account-types#default
_DEFAULT_ACCOUNT: Final = re.compile(
    r"default|\d+-compute@developer\.gserviceaccount\.com|[^@]+@appspot\.gserviceaccount\.com", re.IGNORECASE
)


@dataclass(frozen=True)
class NetworkInterface:
    """A network interface of a machine; `number` counts from 0."""

    number: int
    properties: Properties

    @property
    def name(self) -> str:
        """What Compute Engine calls it, such as `nic0`."""
        return f"nic{self.number}"

    @property
    def has_external_ipv4(self) -> bool | Unknown:
        """Whether it gets an external IPv4 address: an access configuration gives one, even an empty one."""
        return _has_any(self.properties.objects("accessConfigs"))

    @property
    def has_external_ipv6(self) -> bool | Unknown:
        """Whether it gets external IPv6 addresses; without an access configuration for IPv6 it has none:
        https://cloud.google.com/compute/docs/reference/rest/v1/instances/insert."""
        return _has_any(self.properties.objects("ipv6AccessConfigs"))


@dataclass(frozen=True)
class Shielding:
    """The Shielded VM options of a machine, with the provider's defaults."""

    properties: Properties

    @property
    def secure_boot(self) -> bool | Unknown:
        """Whether it boots signed components only; off if left out."""
        return _flag(self.properties, "enableSecureBoot", default=False)

    @property
    def vtpm(self) -> bool | Unknown:
        """Whether it has a virtual trusted platform module; on if left out."""
        return _flag(self.properties, "enableVtpm", default=True)

    @property
    def integrity_monitoring(self) -> bool | Unknown:
        """Whether its boots are compared with a baseline; on if left out."""
        return _flag(self.properties, "enableIntegrityMonitoring", default=True)


@dataclass(frozen=True)
class ServiceAccount:
    """The service account of a machine; `is_managed_here` if its e-mail comes from accounts that the stack creates."""

    properties: Properties
    is_managed_here: bool

    @property
    def is_default(self) -> bool | Unknown:
        """Whether it is a default account, which an account that is created never is.

        Without an e-mail it is the default account of Compute Engine. A block without an e-mail and with no scopes at
        all decides nothing: https://github.com/hashicorp/terraform-provider-google/issues/8792.
        """
        email = self.properties.string("email")
        if isinstance(email, str):
            return bool(_DEFAULT_ACCOUNT.fullmatch(email))
        if isinstance(email, Unknown):
            return False if self.is_managed_here else UNKNOWN
        scopes = self.properties.strings("scopes")
        return UNKNOWN if isinstance(scopes, Unknown) or not scopes else True


@dataclass(frozen=True)
class Scheduling:
    """How Compute Engine runs a machine, moves it and ends it.

    Source: https://cloud.google.com/compute/docs/instances/setting-vm-host-options
    """

    properties: Properties

    @property
    def on_host_maintenance(self) -> str | Unknown | None:
        """What happens to it when its host is maintained: `MIGRATE` or `TERMINATE`; `None` if left out."""
        return self.properties.string("onHostMaintenance")

    @property
    def provisioning_model(self) -> str | Unknown | None:
        """`STANDARD`, `SPOT`, `FLEX_START` or `RESERVATION_BOUND`; `None` if left out."""
        return self.properties.string("provisioningModel")

    @property
    def is_preemptible(self) -> bool | Unknown:
        """Whether it may be ended at any time; it may not if left out."""
        return _flag(self.properties, "preemptible", default=False)

    @property
    def restarts(self) -> bool | Unknown:
        """Whether it is started again after Compute Engine ended it; it is if left out."""
        return _flag(self.properties, "automaticRestart", default=True)

    @property
    def termination_action(self) -> str | Unknown | None:
        """What becomes of it when its time is over: `STOP` or `DELETE`."""
        return self.properties.string("instanceTerminationAction")

    @property
    def has_max_run_duration(self) -> bool | Unknown:
        """Whether the time that it runs has a limit."""
        limit = self.properties.object("maxRunDuration")
        seconds = limit.number("seconds") if isinstance(limit, Properties) else limit
        return UNKNOWN if isinstance(seconds, Unknown) else bool(seconds)


def _flag(properties: Properties, key: str, *, default: bool) -> bool | Unknown:
    asked = properties.boolean(key)
    return default if asked is None else asked


def _has_any(items: list[Properties] | Unknown) -> bool | Unknown:
    return UNKNOWN if isinstance(items, Unknown) else bool(items)
