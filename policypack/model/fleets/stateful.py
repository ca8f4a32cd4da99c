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


def replaces_by_substitutes(group: GroupManager) -> bool | Unknown:
    """Whether automated updates give VMs new names, which is what is left out means."""
    policy = group.resource.asked.block("updatePolicy")
    return all_of(
        [equals(policy.string("type"), "PROACTIVE"), negation(equals(policy.string("replacementMethod"), "RECREATE"))]
    )


def redistributes(group: GroupManager) -> bool | Unknown:
    """Whether a regional group deletes VMs to spread them evenly, which is what is left out means."""
    kind = group.resource.asked.block("updatePolicy").string("instanceRedistributionType")
    return negation(equals(kind, "NONE")) if group.is_regional else False
