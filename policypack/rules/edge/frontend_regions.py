"""The rule `frontend-regions`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

from policypack.model.balancing.backend_service import BackendService
from policypack.model.frontend.entry import Entry, entries_of, regions_of
from policypack.model.values.bounds import DistinctCount
from policypack.model.values.logic import all_of, equals
from policypack.rule import Options, Range, rule
from policypack.rules.shared.places import has_proxies
from policypack.verdict import Checks, Condition, Fail, NotApplicable, Undecided, decided
from policypack.wording import how_many, quoted

_IS_CROSS_REGION: Final = Condition[BackendService](
    lambda service: all_of([not service.is_regional, equals(service.scheme, "INTERNAL_MANAGED")]),
    "it is not behind a cross-region internal load balancer",
    "load_balancing_scheme",
)


@dataclass(frozen=True)
class FrontendRegionsOptions(Options):
    """Options of `frontend-regions`.

    Attributes:
        min_regions: the minimum number of regions that have a forwarding rule.
    """

    min_regions: Annotated[int, Range(1, 50)] = 2


@rule(
    title="Internal load balancers have forwarding rules in at least two regions",
    severity="high",
    level="mandatory",
    stage="stack",
    url="https://cloud.google.com/load-balancing/docs/l7-internal/setting-up-l7-cross-reg-internal",
    applies=(_IS_CROSS_REGION,),
)
def frontend_regions(service: BackendService, options: FrontendRegionsOptions) -> Checks:
    """A cross-region internal load balancer has forwarding rules, proxies and DNS names in at least two regions.

    ## What it checks
    - The forwarding rules in front of the service are in at least `min_regions` regions, each in the region of its
      subnetwork.
    - If the stack creates the network, each of these regions has an active proxy-only subnetwork in it, with the
      purpose GLOBAL_MANAGED_PROXY.
    - If DNS records of the stack lead to the forwarding rules, they lead to as many regions. A geolocation policy leads
      the clients of a region to the forwarding rule in that region.

    ## Why it matters
    The address of an internal load balancer is in one region. Backends in two regions do not help if the only
    forwarding rule is lost with its region, or if the DNS name leads to only one.

    ## Applies to
    Global services with scheme INTERNAL_MANAGED behind a forwarding rule of the stack. External load balancers have one
    address for all regions. `llm-backend-regions` judges regional load balancers.

    ## Fails
    ```python
    import pulumi_gcp as gcp

    service = gcp.compute.BackendService("chat", load_balancing_scheme="INTERNAL_MANAGED", protocol="HTTP")
    paths = gcp.compute.URLMap("paths", default_service=service.id)
    proxy = gcp.compute.TargetHttpsProxy("proxy", url_map=paths.id, certificate_manager_certificates=["llm"])
    for region in ("us-central1",):
        gcp.compute.GlobalForwardingRule(
            f"entry-{region}",
            load_balancing_scheme="INTERNAL_MANAGED",
            port_range="443",
            target=proxy.id,
            network="projects/p-demo/global/networks/llm",
            subnetwork=f"projects/p-demo/regions/{region}/subnetworks/llm",
        )
    ```

    ## Passes
    ```diff
    -for region in ("us-central1",):
    +for region in ("us-central1", "europe-west4"):
    ```

    ## Undecided
    When a forwarding rule has no subnetwork, or when its subnetwork, its region or the purpose of a subnetwork is
    computed.
    """
    entries = entries_of(service)
    if not entries and service.stack.is_complete:
        yield NotApplicable("no forwarding rule of this stack leads to it")
        return
    yield _are_in_regions(entries, service, options)
    for entry in entries:
        yield has_proxies(entry)
        yield _is_led_to_by_its_region(entry)
    yield _have_names(entries, options)


def _are_in_regions(entries: tuple[Entry, ...], service: BackendService, options: FrontendRegionsOptions) -> Checks:
    regions = regions_of(entries)
    reaches = regions.reaches(options.min_regions)
    if reaches is not True and not service.stack.is_complete:
        yield Undecided("forwarding rules may be created later in this update")
    elif not decided(reaches, Undecided("the region of a forwarding rule is not known", "subnetwork")):
        yield Fail(
            f"Its forwarding rules are in {_listed(regions)}.",
            f"Forwarding rules in at least {how_many(options.min_regions, 'region')}.",
            "Create a `GlobalForwardingRule` with a `subnetwork` in another region, for the same target proxy.",
        )


def _is_led_to_by_its_region(entry: Entry) -> Checks:
    if isinstance(entry.own_region, str) and entry.other_locations:
        yield Fail(
            f"A geolocation policy sends the clients of {quoted(entry.other_locations)} to `{entry.name}`, which is in "
            f"`{entry.own_region}`.",
            "Clients of each region directed to the forwarding rule in their region.",
            "Set the address in each entry of `geos` to that of the forwarding rule in its `location`.",
        )


def _have_names(entries: tuple[Entry, ...], options: FrontendRegionsOptions) -> Checks:
    named = tuple(entry for entry in entries if entry.records)
    regions = regions_of(named)
    if not named or regions_of(entries).reaches(options.min_regions) is not True:
        return
    doubt = Undecided("the region of a forwarding rule that a DNS record leads to is not known", "subnetwork")
    if not decided(regions.reaches(options.min_regions), doubt):
        records = sorted({record.name for entry in named for record in entry.records})
        yield Fail(
            f"DNS record {quoted(records)} leads to {_listed(regions)}.",
            f"DNS names that lead to at least {how_many(options.min_regions, 'region')}.",
            "Add an entry with ``health_checked_targets`` to `geos` of ``routing_policy`` for the forwarding rule of "
            "each region.",
        )


def _listed(regions: DistinctCount) -> str:
    if regions.upper != regions.lower:
        return f"at most {how_many(regions.upper or 0, 'region')}"
    return f"{how_many(regions.lower, 'region')} ({quoted(regions.certain)})"
