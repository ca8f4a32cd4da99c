"""The rule `instance-group-autohealing`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

from policypack.model.balancing.backend_service import BackendService
from policypack.model.balancing.health_check import HealthCheck
from policypack.model.fleets.group_manager import GroupManager
from policypack.model.fleets.health_check_use import may_share_a_check, named_in_place_of_a_check, shared_checks
from policypack.rule import Options, Range, rule
from policypack.rules.shared.conditions import SERVES
from policypack.verdict import Checks, Fail, Undecided, known, provided, setting, unresolved
from policypack.wording import quoted

# Google's example of a check for healing: 90 s, which is what `health-check-timing` asks for.
# https://cloud.google.com/compute/docs/instance-groups/autohealing-instances-in-migs
_PATIENT: Final = '``check_interval_sec=30``, ``unhealthy_threshold=3`` or more, and ``log_config={"enable": True}``'


@dataclass(frozen=True)
class AutohealingOptions(Options):
    """Options of `instance-group-autohealing`.

    Attributes:
        min_initial_delay_sec: the shortest accepted initial delay, in seconds. 300 is the delay in the provider's
            autohealing example (https://www.pulumi.com/registry/packages/gcp/api-docs/compute/instancegroupmanager/). A
            VM with a GPU needs that long to boot, install the driver and pull the image, before it loads a model.
        max_initial_delay_sec: the longest accepted initial delay, in seconds. 3600 is the API's limit
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
    title="Managed instance groups recreate VMs with dead servers",
    severity="high",
    level="mandatory",
    stage="stack",
    url="https://cloud.google.com/compute/docs/instance-groups/autohealing-instances-in-migs",
    applies=(SERVES,),
)
def instance_group_autohealing(group: GroupManager, options: AutohealingOptions) -> Checks:
    """Each managed instance group has autohealing with its own health check and a delay that covers model loading.

    ## What it checks
    - The group has `auto_healing_policies`.
    - Its `instance_lifecycle_policy` does not turn repairs off: neither `on_failed_health_check` nor the default action
      is DO_NOTHING.
    - The policy names a health check without `source_regions`, and none that a backend service of the group also uses.
    - `initial_delay_sec` is between `min_initial_delay_sec` and `max_initial_delay_sec`.

    ## Why it matters
    A server that hangs, for example after a GPU error, keeps its VM running. Without autohealing, you pay for that VM
    and lose its capacity until someone notices.

    The load balancer's check is quick, so that requests go elsewhere when a server is merely busy. Used for
    autohealing, it recreates busy VMs under load, and each of them is then gone for the minutes that loading the model
    takes. If the delay is too short, a VM never finishes loading: it is recreated over and over.

    ## Applies to
    Every `RegionInstanceGroupManager` and `InstanceGroupManager` behind a backend service of any scheme. Unmanaged
    groups and NEGs have no autohealing and are not judged.

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
    if not known(group.has_autohealing, "auto_healing_policies"):
        if group.is_filled_by_requests is not False:
            fill = "fill" if group.is_filled_by_requests is True else "may fill"
            why = f"resize requests {fill} it, and it is not documented whether it then supports autohealing"
            yield Undecided(why, "auto_healing_policies")
            return
        yield Fail(
            "It has no ``auto_healing_policies``.",
            "Autohealing with a health check of its own.",
            f"Create a `HealthCheck` for healing, with {_PATIENT}, and set ``auto_healing_policies`` to its `id` "
            "and an "
            f"``initial_delay_sec`` for boot and model loading, {options.min_initial_delay_sec} or more.",
        )
        return
    yield _repairs_are_on(group)
    others = named_in_place_of_a_check(group)
    if others:
        yield Fail(
            f"Its healing check is {quoted(others)}, which is not a health check.",
            "Autohealing with a health check of its own.",
            "Set ``health_check`` in ``auto_healing_policies`` to the `id` of a `HealthCheck` for healing.",
        )
    else:
        yield from unresolved(group.healing_check_links)
    for service, serves in group.serving:
        doubt = Undecided(f"it may serve `{service.name}`, which uses its healing check as well", "backends")
        yield provided(serves, doubt, _heals_by_another_check(group, service))
        if may_share_a_check(group, service):
            why = "its autohealing check has the name of the load balancer's, in a project that is not known"
            yield Undecided(why, "auto_healing_policies")
    for check in group.healing_checks:
        yield _check_has_no_source_regions(check)
    yield _delay_fits_loading(group, options)


def _repairs_are_on(group: GroupManager) -> Checks:
    if not known(group.repairs_unhealthy, "instance_lifecycle_policy", because="it may turn repairs off"):
        yield Fail(
            "Its ``instance_lifecycle_policy`` is DO_NOTHING for VMs that fail their health check.",
            "VMs with dead servers are recreated.",
            setting({"instance_lifecycle_policy": {"on_failed_health_check": "REPAIR"}}, ", or remove it."),
        )


def _heals_by_another_check(group: GroupManager, service: BackendService) -> Checks:
    shared = shared_checks(group, service)
    if shared:
        yield Fail(
            f"Autohealing uses {quoted(shared)}, which is also the load balancer's health check.",
            "A separate health check that is more patient than the load balancer's.",
            f"Create a second `HealthCheck`, with {_PATIENT}, and use it in ``auto_healing_policies``.",
        )
    yield from unresolved(service.health_check_links, f"the health check of `{service.name}` may be the same")


def _check_has_no_source_regions(check: HealthCheck) -> Checks:
    if known(check.source_regions, "source_regions", check.name):
        yield Fail(
            f"Its healing check `{check.name}` has ``source_regions``, which only DNS routing can use.",
            "A healing check without ``source_regions``.",
            "Remove ``source_regions``, or create a check for healing.",
        )


def _delay_fits_loading(group: GroupManager, options: AutohealingOptions) -> Checks:
    delay = known(group.initial_delay, "initial_delay_sec")
    low, high = options.min_initial_delay_sec, options.max_initial_delay_sec
    if not low <= delay <= high:
        yield Fail(
            f"Its ``initial_delay_sec`` is {delay:g}.",
            f"An initial delay of {low} to {high} seconds.",
            setting(
                {"auto_healing_policies": {"initial_delay_sec": low if delay < low else high}},
                f" or {'more' if delay < low else 'less'}: the time a new VM needs to boot, install the driver, pull "
                "the image and load the model.",
            ),
        )
