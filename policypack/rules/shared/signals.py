"""Whether an autoscaler scales by a signal that says how busy the servers are."""

from __future__ import annotations

from typing import Final

from policypack.model.balancing.backend_service import BackendService
from policypack.model.fleets.autoscaler import Autoscaler
from policypack.model.fleets.group_manager import GroupManager
from policypack.model.fleets.sizing import follows_cpu_alone, has_group_wide_rate, has_load_signal
from policypack.model.values.logic import is_set
from policypack.model.values.values import UNKNOWN, Unknown
from policypack.verdict import Checks, Fail, Undecided, decided, known, not_known, provided

_TELLING: Final = "A signal that shows how busy the servers are."


def has_a_telling_signal(group: GroupManager, autoscaler: Autoscaler) -> Checks:
    """What is wrong with the signals of a group's autoscaler: idle CPUs, or a load balancer that cannot be followed."""
    yield provided(*_has_idle_cpus(group), _does_not_scale_by_cpu_alone(group, autoscaler))
    doubt = not_known("load_balancing_utilization", autoscaler.name)
    yield provided(is_set(autoscaler.balancing_target), doubt, _can_follow_the_load_balancer(group, autoscaler))


def _has_idle_cpus(group: GroupManager) -> tuple[bool | Unknown, Undecided]:
    """Whether the CPUs of its VMs are idle while they are busy, and the doubt if that is not known."""
    if group.has_tpu is True:
        return UNKNOWN, Undecided("its VMs have TPUs, whose load CPU utilization may not show", "autoscaling_policy")
    return group.has_gpu, Undecided("it is not known whether its VMs have GPUs", "versions")


def _does_not_scale_by_cpu_alone(group: GroupManager, autoscaler: Autoscaler) -> Checks:
    if not known(follows_cpu_alone(group, autoscaler), "autoscaling_policy", autoscaler.name):
        return
    if autoscaler.scales_by_cpu_alone is True:
        how = ""
        fix = "Use ``load_balancing_utilization`` with a backend limited by ``max_rate_per_instance``, or `metrics`"
    else:
        how = ", as ``load_balancing_utilization`` follows that in UTILIZATION mode without ``max_rate_per_instance``"
        fix = "Limit the backend with ``max_rate_per_instance``, or scale by `metrics`"
    yield Fail(
        f"`{autoscaler.name}` scales VMs with GPUs by CPU utilization alone{how}.",
        _TELLING,
        f"{fix} such as the length of the server's queue.",
    )


def _can_follow_the_load_balancer(group: GroupManager, autoscaler: Autoscaler) -> Checks:
    for service, serves in group.serving:
        yield provided(serves, may_serve(service), _has_no_limit_as_a_whole(group, service, autoscaler))
    doubt = Undecided(
        f"it is not known whether an Application Load Balancer signals load to `{autoscaler.name}`", "protocol"
    )
    if not decided(has_load_signal(group), doubt):
        yield Fail(
            f"`{autoscaler.name}` scales by ``load_balancing_utilization``, but no Application Load Balancer serves "
            "it.",
            _TELLING,
            "Scale by `metrics` or ``cpu_utilization``, or use a backend service with protocol HTTP, HTTPS or HTTP2.",
        )


def _has_no_limit_as_a_whole(group: GroupManager, service: BackendService, autoscaler: Autoscaler) -> Checks:
    if known(has_group_wide_rate(group, service), "max_rate", service.name):
        yield Fail(
            f"`{service.name}` limits the group as a whole by ``max_rate``, which ``load_balancing_utilization`` of "
            f"`{autoscaler.name}` cannot follow.",
            _TELLING,
            "Limit the backend with ``max_rate_per_instance``, or scale by `metrics`.",
        )


def may_serve(service: BackendService) -> Undecided:
    """What is said of a group while it is not known whether it is a backend of a service."""
    return Undecided(f"it is not known whether it serves `{service.name}`", "backends")
