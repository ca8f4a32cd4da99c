"""The rule `llm-backend-failover-capacity`."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Final

from policypack.model.balancing.backend_service import BackendService
from policypack.model.fleets.capacity import Loss, losses
from policypack.model.fleets.fleet import ServiceFleets
from policypack.model.run.capacity import failover_basis, too_small_alone
from policypack.rule import Options, Range, rule
from policypack.verdict import Checks, Fail, NotApplicable, Undecided
from policypack.wording import quoted

_RAISE_SCALERS: Final = "Set ``capacity_scaler`` to 1 on the backends that are drained."


@dataclass(frozen=True)
class FailoverCapacityOptions(Options):
    """Options of `llm-backend-failover-capacity`.

    Attributes:
        after_scale_out: whether the remaining regions count with all VMs that their autoscalers may add, instead of
            only the running ones. It is off by default, because a VM with GPUs takes minutes to tens of minutes to boot
            and load a model, if one is available at all, and the load must be carried until then.
        peak_load: the highest load of a service, as a share of what all its warm VMs carry at their targets. With this
            option, the rule needs no signal to infer the load. It then also judges groups of a fixed size, and
            autoscalers that follow a queue or GPUs. With 0, the signals decide.
    """

    after_scale_out: bool = False
    peak_load: Annotated[float, Range(0, 1)] = 0.0


@rule(
    title="The loss of any single region is survivable",
    severity="critical",
    level="mandatory",
    stage="stack",
    url="https://cloud.google.com/load-balancing/docs/backend-service#capacity_scaler",
)
def llm_backend_failover_capacity(service: BackendService, options: FailoverCapacityOptions) -> Checks:
    """When any region is lost, the warm VMs of the other regions can carry the whole steady load.

    ## What it checks
    For each region, the warm capacity of the other regions is at least the steady load of all regions.

    The capacity of a backend is the product of three numbers:

    - its warm VMs: the autoscaler's `min_replicas`, or a fixed `target_size`;
    - the target of one VM: the limit per instance or, in UTILIZATION mode, `max_utilization` times the weight of the
      VM;
    - `capacity_scaler`.

    VMs of one machine type have equal weight. VMs of different types are weighted by their GPUs if all have the same
    GPU, or by their vCPUs if none has a GPU. With the option `after_scale_out`, the regions that are left count with
    `max_replicas` VMs.

    The steady load of a backend is the share of its capacity at which the autoscaler keeps it: the target of
    `load_balancing_utilization`, or the target of `cpu_utilization` divided by `max_utilization`. Without such a
    signal, for example with a group of a fixed size, the load is unknown. A region then fails only if its loss leaves
    no capacity at all, or less than the other groups' load, unless the option `peak_load` gives the load.

    Cloud Run starts instances on demand. The capacity of a Cloud Run service is therefore its maximum number of
    instances times `max_instance_request_concurrency`. Without a maximum, the quota is the limit and the rule does not
    fail. The steady load is what the minimum number of instances carries at `concurrency_utilization` (0.6 by default),
    the share at which Cloud Run starts another instance. The load balancer does not know the capacity of Cloud Run: it
    sends all requests of a lost region to the closest region that is left.

    ## Why it matters
    Two regions provide no redundancy if the load needs both. When one fails, the load balancer sends everything to the
    other: it keeps sending beyond the target, queues grow until requests time out, and overloaded VMs fail their health
    checks one after another. Nobody notices until then: the numbers are spread over autoscalers, backends and
    templates, and each looks fine on its own.

    ## Applies to
    Global backend services with managed instance groups or Cloud Run services in at least two regions. Regional
    services, and services in a single region, have nowhere to fail over to: `llm-backend-regions` reports them. Other
    serverless products, internet NEGs and Private Service Connect NEGs are not judged, because the stack does not show
    their capacity.

    ## Fails
    ```python
    import pulumi_gcp as gcp

    backends = []
    for region in ("us-central1", "europe-west4"):
        group = gcp.compute.RegionInstanceGroupManager(
            f"llm-{region}",
            region=region,
            base_instance_name="llm",
            versions=[{"instance_template": "global/instanceTemplates/llm"}],
        )
        gcp.compute.RegionAutoscaler(
            f"llm-{region}",
            region=region,
            target=group.id,
            autoscaling_policy={"min_replicas": 2, "max_replicas": 8, "load_balancing_utilization": {"target": 0.8}},
        )
        backends.append({"group": group.instance_group, "balancing_mode": "RATE", "max_rate_per_instance": 4})
    gcp.compute.BackendService("chat", load_balancing_scheme="EXTERNAL_MANAGED", protocol="HTTP", backends=backends)
    ```

    ## Passes
    ```diff
             target=group.id,
    -        autoscaling_policy={"min_replicas": 2, "max_replicas": 8, "load_balancing_utilization": {"target": 0.8}},
    +        autoscaling_policy={"min_replicas": 2, "max_replicas": 8, "load_balancing_utilization": {"target": 0.5}},
         )
    ```

    ## Undecided
    The verdict is undecided when:

    - a group or a Cloud Run service is outside the stack, or it is not known whether a NEG is a Cloud Run one;
    - a group is unmanaged, or a backend is a NEG of endpoints;
    - a group is filled by resize requests, or nothing shows its load: its size is fixed, or its autoscaler follows
      signals that are unrelated to the load balancer's target;
    - a number is computed;
    - backends have different balancing modes, limits for the whole group, or several limits in different proportions;
    - VMs of different types cannot be compared;
    - with three or more regions on Cloud Run, one region may be too small for all requests of another;
    - backends have different targets, it is not known yet which group belongs to which backend, and the result depends
      on it.
    """
    basis = failover_basis(service, needs_load=not options.peak_load)
    if basis.not_applicable:
        yield NotApplicable(basis.not_applicable)
    elif basis.found.alternatives:
        yield from _agreed(basis.found.alternatives, options)
    elif basis.undecided:
        for blocked in basis.undecided:
            yield Undecided(blocked.why, blocked.property_name)
    else:
        yield from _survives(basis.found, options)


def _agreed(alternatives: Sequence[ServiceFleets], options: FailoverCapacityOptions) -> Iterator[Fail | Undecided]:
    """What is said while it is not known which backend has which group: a verdict if all ways of pairing them agree."""
    each = [list(_survives(found, options)) for found in alternatives]
    if not any(each):
        return
    if all(isinstance(verdict, Fail) for verdicts in each for verdict in verdicts) and all(each):
        firsts = [next(verdict for verdict in verdicts if isinstance(verdict, Fail)) for verdicts in each]
        example = (
            ": " if len({one.observed for one in firsts}) == 1 else ", some region cannot be lost. With one pairing: "
        )
        are_drained = all(_drained(found) for found in alternatives)
        is_same = len({one.remedy.text for one in firsts}) == 1
        fix = _RAISE_SCALERS if are_drained and not is_same else firsts[0].fix
        yield replace(firsts[0], observed=f"Whichever backend has which group{example}{firsts[0].observed}", fix=fix)
    else:
        yield Undecided(
            "its capacity is not known: the backends' targets differ, and it is not known yet which group has which "
            "target",
            "backends",
        )


def _survives(found: ServiceFleets, options: FailoverCapacityOptions) -> Iterator[Fail | Undecided]:
    total = sum(fleet.warm_capacity for fleet in found.fleets)
    demand = options.peak_load * total if options.peak_load else None
    after_scale_out = options.after_scale_out or found.starts_on_demand
    each = losses(found.fleets, after_scale_out=after_scale_out, demand=demand)
    fatal = [loss for loss in each if not loss.is_survivable]
    if fatal and found.inexact:
        least = losses(found.fleets, after_scale_out=after_scale_out, demand=found.least_load)
        fatal = [loss for loss in least if not loss.is_survivable]
        if not fatal:
            why = f"{found.inexact.why}; set the option `peak_load` of this rule"
            yield Undecided(why, found.inexact.property_name)
            return
    if not fatal and found.starts_on_demand:
        why = too_small_alone(found.fleets, demand=demand)
        yield from [Undecided(why, "template")] if why else []
    for loss in fatal:
        yield Fail(
            _observed(loss, found),
            "Whichever region is lost, the others can carry the whole load.",
            _fix(loss, fatal, len(each), found),
        )


def _observed(loss: Loss, found: ServiceFleets) -> str:
    at_least = "at least " if found.inexact else ""
    if found.starts_on_demand and not loss.left:
        return f"Without `{loss.region}`, the Cloud Run services of the other regions serve no requests."
    if found.starts_on_demand:
        return (
            f"Without `{loss.region}`, the Cloud Run services of the other regions serve at most {loss.left:g} "
            f"requests at a time, but the steady load is {at_least}{loss.load:g}."
        )
    if not loss.total:
        return "No backend has warm VMs that can take load."
    if found.inexact and not loss.left:
        return f"Without `{loss.region}`, no warm capacity is left."
    return (
        f"Without `{loss.region}`, {100 * loss.left_fraction:.3g} % of the warm capacity is left for a steady load of "
        f"{at_least}{100 * loss.load_fraction:.3g} %."
    )


def _drained(found: ServiceFleets) -> list[str]:
    """The groups whose warm VMs get no requests."""
    return [fleet.name for fleet in found.fleets if not fleet.scaler and fleet.warm]


def _fix(loss: Loss, fatal: Sequence[Loss], regions: int, found: ServiceFleets) -> str:
    if found.starts_on_demand:
        return (
            "Raise the maximum number of instances in the other regions, or add a region: `llm-policypack failover` "
            "computes the numbers."
        )
    bearable = math.floor(100 * min(other.left_fraction for other in fatal)) / 100
    drained = _drained(found)
    if not bearable and drained:
        return f"Set ``capacity_scaler`` to 1 on the backends with {quoted(drained)}, which are drained."
    if not bearable:
        warm = "Keep VMs warm in more than one region: set ``min_replicas`` of an autoscaler, or ``target_size``."
        return f"{_switched_on(found)}{warm}"
    if found.has_fixed_size:
        given = "" if found.inexact else ", or lower the option `peak_load`"
        return f"{_switched_on(found)}Add VMs to the smaller regions or add a region{given}."
    # VMs that are added bring load with them, so that equal regions never get there.
    is_uneven = loss.load_fraction <= (regions - 1) / regions
    more = ", raise ``min_replicas`` in the smaller regions" if is_uneven else ""
    return (
        f"Let the autoscalers keep the regions at {bearable:g} of their targets or less{more}, or add a region. "
        "`llm-policypack failover` computes the settings."
    )


def _switched_on(found: ServiceFleets) -> str:
    """What to do first about autoscalers that are off."""
    if not found.switched_off:
        return ""
    off = quoted(found.switched_off)
    return f'Set ``mode="ON"`` of {off}: an autoscaler that is off leaves its group at ``target_size``. '
