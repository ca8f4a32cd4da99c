"""Blocks of settings that templates and instances share."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from policypack.model.values.logic import any_of, is_set, when_known
from policypack.model.values.properties import Properties
from policypack.model.values.values import UNKNOWN, Unknown

# The default accounts of Compute Engine and of App Engine, which projects give the Editor role unless told not to:
# https://cloud.google.com/iam/docs/service-account-types#default
_DEFAULT_ACCOUNT: Final = re.compile(
    r"default|\d+-compute@developer\.gserviceaccount\.com|[^@]+@appspot\.gserviceaccount\.com", re.IGNORECASE
)

STANDARD: Final = "STANDARD"
SPOT: Final = "SPOT"


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
        return when_known(self.properties.objects("accessConfigs"), bool)

    @property
    def has_external_ipv6(self) -> bool | Unknown:
        """Whether it gets external IPv6 addresses; without an access configuration for IPv6 it has none:
        https://cloud.google.com/compute/docs/reference/rest/v1/instances/insert."""
        return when_known(self.properties.objects("ipv6AccessConfigs"), bool)


@dataclass(frozen=True)
class Shielding:
    """The Shielded VM options of a machine, with the provider's defaults."""

    properties: Properties

    @property
    def secure_boot(self) -> bool | Unknown:
        """Whether it boots signed components only."""
        return self.properties.boolean("enableSecureBoot", default=False)

    @property
    def vtpm(self) -> bool | Unknown:
        return self.properties.boolean("enableVtpm", default=True)

    @property
    def integrity_monitoring(self) -> bool | Unknown:
        """Whether its boots are compared with a baseline."""
        return self.properties.boolean("enableIntegrityMonitoring", default=True)


@dataclass(frozen=True)
class ServiceAccount:
    """The service account of a machine; `is_managed_here` if its email comes from accounts that the stack creates."""

    properties: Properties
    is_managed_here: bool

    @property
    def is_default(self) -> bool | Unknown:
        """Whether it is a default account, which an account that is created never is.

        Without an email it is the default account of Compute Engine. A block without an email and with no scopes at
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

    def sets(self, key: str) -> bool:
        """Whether it has the property `key`."""
        return self.properties.value(key) is not None

    @property
    def on_host_maintenance(self) -> str | Unknown | None:
        """What happens to it when its host is maintained: `MIGRATE` or `TERMINATE`; `None` if left out."""
        return self.properties.string("onHostMaintenance")

    @property
    def provisioning_model(self) -> str | Unknown:
        """`STANDARD`, which is the default, `SPOT`, `FLEX_START` or `RESERVATION_BOUND`."""
        return self.properties.string("provisioningModel", default=STANDARD)

    @property
    def capacity_model(self) -> str | Unknown:
        """The provisioning model that its capacity is taken from: a preemptible machine takes that of Spot VMs."""
        if self.provisioning_model != STANDARD:
            return self.provisioning_model
        return when_known(self.is_preemptible, lambda is_preemptible: SPOT if is_preemptible else STANDARD)

    @property
    def is_preemptible(self) -> bool | Unknown:
        return self.properties.boolean("preemptible", default=False)

    @property
    def restarts(self) -> bool | Unknown:
        """Whether it is started again after Compute Engine ended it."""
        return self.properties.boolean("automaticRestart", default=True)

    @property
    def termination_action(self) -> str | Unknown | None:
        """What becomes of it when its time is over: `STOP` or `DELETE`."""
        return self.properties.string("instanceTerminationAction")

    @property
    def has_max_run_duration(self) -> bool | Unknown:
        return when_known(self.properties.block("maxRunDuration").number("seconds"), bool)

    @property
    def has_an_end(self) -> bool | Unknown:
        """Whether it runs for a limited time: `max_run_duration` or `termination_time`."""
        return any_of((self.has_max_run_duration, is_set(self.properties.string("terminationTime"))))
