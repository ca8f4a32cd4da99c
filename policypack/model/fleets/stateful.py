"""Stateful managed groups: those that keep disks, addresses or metadata of their VMs.

https://cloud.google.com/compute/docs/instance-groups/configuring-stateful-migs#limitations: "You cannot use autoscaling
if your MIG has stateful configuration", automated rolling updates need the replacement method RECREATE, and regional
groups the redistribution type NONE.
"""

from __future__ import annotations

from typing import Final

from policypack.model.fleets.group_manager import GroupManager
from policypack.model.graph.resource import Resource
from policypack.model.graph.tokens import PER_INSTANCE_CONFIG, REGION_PER_INSTANCE_CONFIG
from policypack.model.values.logic import all_of, any_of, equals, negation, when_known
from policypack.model.values.values import Unknown

_POLICY: Final = ("statefulDisks", "statefulExternalIps", "statefulInternalIps")
_KEPT_OF_ONE_VM: Final = ("disks", "externalIps", "internalIps", "metadata")


def is_stateful(group: GroupManager) -> bool | Unknown:
    """Whether a group has a stateful policy, or a per-instance configuration of the stack that is not empty."""
    configs = group.stack.users(group.resource, (PER_INSTANCE_CONFIG, REGION_PER_INSTANCE_CONFIG))
    policy = (when_known(group.resource.asked.value(key), bool) for key in _POLICY)
    return any_of([*policy, *map(_keeps_state, configs)])


def _keeps_state(config: Resource) -> bool | Unknown:
    """Whether a per-instance configuration keeps more than the VM's name."""
    state = config.asked.block("preservedState")
    return any_of(when_known(state.value(key), bool) for key in _KEPT_OF_ONE_VM)


def loses_names(group: GroupManager) -> bool | Unknown:
    """Whether automated updates would give VMs of a stateful group new names, which left out is what they do."""
    policy = group.resource.asked.block("updatePolicy")
    keeps_names = equals(policy.string("replacementMethod"), "RECREATE")
    return _is_wrong(group, all_of([equals(policy.string("type"), "PROACTIVE"), negation(keeps_names)]))


def loses_places(group: GroupManager) -> bool | Unknown:
    """Whether a stateful regional group would move VMs to spread them evenly, which left out is what it does."""
    kind = group.resource.asked.block("updatePolicy").string("instanceRedistributionType")
    return _is_wrong(group, all_of([group.is_regional, negation(equals(kind, "NONE"))]))


def _is_wrong(group: GroupManager, is_so: bool | Unknown) -> bool | Unknown:
    """Whether the API will refuse what a stateful group must not have; it has taken what is read."""
    return False if group.resource.is_read else all_of([is_so, is_stateful(group)])
