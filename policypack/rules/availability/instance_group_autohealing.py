"""The rule `instance-group-autohealing`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Annotated

from policypack.model.balancing.backend_service import BackendService
from policypack.model.fleets.group_manager import GroupManager
from policypack.model.values.values import UNKNOWN, Unknown
from policypack.rule import Options, Range, rule
from policypack.verdict import Fail, NotApplicable, Undecided, Verdict
from policypack.wording import quoted


@dataclass(frozen=True)
class AutohealingOptions(Options):
    """Options of `instance-group-autohealing`.

    Attributes:
        min_initial_delay_sec: the shortest initial delay that is accepted, in seconds; 300 is what the provider's
            example of autohealing has (https://www.pulumi.com/registry/packages/gcp/api-docs/compute/instancegroupmanager/),
            and a machine with a GPU needs that for boot, driver and image before it loads a model.
        max_initial_delay_sec: the longest initial delay that is accepted, in seconds; 3600 is the API's limit
            (https://cloud.google.com/compute/docs/reference/rest/v1/instanceGroupManagers).
    """

    min_initial_delay_sec: Annotated[int, Range(0, 3600)] = 300
    max_initial_delay_sec: Annotated[int, Range(0, 3600)] = 3600

    def problem(self) -> str | None:
        """Bounds that leave no value between them."""
        if self.min_initial_delay_sec <= self.max_initial_delay_sec:
            return None
        return "option `min_initial_delay_sec` is above `max_initial_delay_sec`: lower one or raise the other"


@rule(
    title="Managed instance groups recreate machines whose server is dead",
    severity="high",
    level="mandatory",
    stage="stack",
    url="https://cloud.google.com/compute/docs/instance-groups/autohealing-instances-in-migs",
)
def instance_group_autohealing(group: GroupManager, options: AutohealingOptions) -> Iterator[Verdict]:
    """Each managed instance group heals itself, by a health check of its own, after a delay that fits model loading.

    ## What it checks
    The group has `auto_healing_policies`, and its `instance_lifecycle_policy` does not turn repairs off
    (`on_failed_health_check` or the default action is DO_NOTHING). Its health check is another resource than the health
    checks of the backend services that it serves, and has no `source_regions`. `initial_delay_sec` is from
    `min_initial_delay_sec` to `max_initial_delay_sec`.

    ## Why it matters
    A server that hangs, such as after an error of its GPU, keeps its machine running: without autohealing that machine
    is paid for and lost until somebody looks. The load balancer's check is quick, so that requests go elsewhere when a
    server is merely busy; used for healing, it recreates busy machines under load, each of which is then gone for the
    minutes that loading the model takes. With too short a delay a machine never gets past loading: it is recreated
    forever.

    ## Applies to
    `RegionInstanceGroupManager` and `InstanceGroupManager` behind a backend service of any scheme. Unmanaged groups and
    NEGs have no autohealing and are not judged.

    ## Fails
    ```python
    import pulumi_gcp as gcp

    check = gcp.compute.HealthCheck("balancing", http_health_check={"request_path": "/health", "port": 8000})
    group = gcp.compute.RegionInstanceGroupManager(
        "chat",
        region="us-central1",
        base_instance_name="llm",
        versions=[{"instance_template": "global/instanceTemplates/llm"}],
        auto_healing_policies={"health_check": check.id, "initial_delay_sec": 60},
    )
    gcp.compute.BackendService(
        "llm",
        load_balancing_scheme="EXTERNAL_MANAGED",
        health_checks=check.id,
        backends=[{"group": group.instance_group, "balancing_mode": "UTILIZATION", "max_utilization": 0.8}],
    )
    ```

    ## Passes
    ```diff
     check = gcp.compute.HealthCheck("balancing", http_health_check={"request_path": "/health", "port": 8000})
    +healing = gcp.compute.HealthCheck(
    +    "healing",
    +    check_interval_sec=30,
    +    timeout_sec=10,
    +    unhealthy_threshold=10,
    +    http_health_check={"request_path": "/health", "port": 8000},
    +)
     group = gcp.compute.RegionInstanceGroupManager(
    @@
         versions=[{"instance_template": "global/instanceTemplates/llm"}],
    -    auto_healing_policies={"health_check": check.id, "initial_delay_sec": 60},
    +    auto_healing_policies={"health_check": healing.id, "initial_delay_sec": 1500},
     )
    ```

    ## Undecided
    When the policy or the delay is computed, or it is not known which health check the group or its service uses.
    """
    if not group.services and not group.possible_services:
        yield NotApplicable("it is no backend of a service")
        return
    if group.has_autohealing is False:
        yield Fail(
            "It has no `auto_healing_policies`.",
            "Autohealing by a health check of its own.",
            "Create a `HealthCheck` for healing and set `auto_healing_policies` to its `id` and an "
            "`initial_delay_sec` for boot and model loading.",
        )
        return
    if group.has_autohealing is UNKNOWN:
        yield Undecided("its `auto_healing_policies` is not known")
        return
    yield from _judge_repairs(group)
    yield from _judge_check(group)
    yield from _judge_source_regions(group)
    yield from _judge_delay(group, options)


def _judge_repairs(group: GroupManager) -> Iterator[Verdict]:
    if group.repairs_unhealthy is UNKNOWN:
        yield Undecided("its `instance_lifecycle_policy` is not known, which may turn repairs off")
    elif not group.repairs_unhealthy:
        yield Fail(
            "Its `instance_lifecycle_policy` says DO_NOTHING about machines that fail their health check.",
            "Machines whose server is dead are recreated.",
            'Set `on_failed_health_check="REPAIR"`, or remove `instance_lifecycle_policy`.',
        )


def _judge_check(group: GroupManager) -> Iterator[Verdict]:
    own = group.healing_check_links
    shared = {name for service in group.services for name in _shared(group, service)}
    if shared:
        yield Fail(
            f"It heals by {quoted(shared)}, which is the load balancer's health check as well.",
            "A health check of its own, more patient than the load balancer's.",
            "Create a second `HealthCheck` with a longer interval and a higher `unhealthy_threshold`, and name it in "
            "`auto_healing_policies`.",
        )
        return
    if not own.is_complete:
        yield Undecided(f"its healing check is not known: {own.why}")
    for service in (*group.services, *group.possible_services):
        if not service.health_check_links.is_complete:
            why = service.health_check_links.why
            yield Undecided(f"the health check of `{service.name}` is not known, which may be the same: {why}")
    if any(_shared(group, service) for service in group.possible_services):
        yield Undecided("it may serve a backend service that uses its healing check as well")
    if any(_may_be_shared(group, service) for service in group.services):
        yield Undecided("its healing check has the name of the load balancer's, in a project that is not named")


def _judge_source_regions(group: GroupManager) -> Iterator[Verdict]:
    for check in group.healing_checks:
        if isinstance(check.source_regions, Unknown):
            yield Undecided(f"the `source_regions` of its healing check `{check.name}` are not known")
        elif check.source_regions:
            yield Fail(
                f"Its healing check `{check.name}` has `source_regions`, which only DNS routing can use.",
                "A healing check without `source_regions`.",
                "Remove `source_regions`, or create a check for healing.",
            )


def _shared(group: GroupManager, service: BackendService) -> list[str]:
    """The names of the health checks that both certainly use."""
    return [check.name for check in service.health_check_links.members if check in group.healing_check_links.members]


def _may_be_shared(group: GroupManager, service: BackendService) -> bool:
    """Whether both name checks outside the stack that differ in nothing but that one of them names no project."""
    pairs = product(service.health_check_links.external, group.healing_check_links.external)
    return any(None in (one.project, other.project) and one.in_project(other.project) == other for one, other in pairs)


def _judge_delay(group: GroupManager, options: AutohealingOptions) -> Iterator[Verdict]:
    delay, low, high = group.initial_delay, options.min_initial_delay_sec, options.max_initial_delay_sec
    if isinstance(delay, Unknown):
        yield Undecided("its `initial_delay_sec` is not known")
    elif not low <= delay <= high:
        yield Fail(
            f"Its `initial_delay_sec` is {delay:g}.",
            f"An initial delay from {low} to {high} seconds.",
            "Set it to what a new machine needs until its server answers: boot, driver, image, and loading the model.",
        )
