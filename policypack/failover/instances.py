"""The settings to change so that Cloud Run can start what the loss of any one region takes."""

from __future__ import annotations

import math
from collections.abc import Mapping

from policypack.failover.result import Change, Remedies
from policypack.model.balancing.backend_service import BackendService
from policypack.model.fleets.capacity import Fleet, carried
from policypack.model.run.neg import serverless_backends


def remedies_of_instances(service: BackendService, by_group: Mapping[str, Fleet], peak: float | None) -> Remedies:
    """The maximum of instances with which each region carries its own load and that of any other.

    Args:
        service: the backend service, which does not survive or may not.
        by_group: its Cloud Run services, by their NEGs' URNs.
        peak: the load in the unit of their capacity; `None` for the steady load.
    """
    loads = carried(by_group.values(), peak)
    services = {backend.neg.urn: backend.service for backend in serverless_backends(service) if backend.neg}
    changes = dict[tuple[str, str], Change]()
    for urn, fleet in by_group.items():
        others = [load for region, load in loads.items() if region != fleet.region]
        needed = math.ceil((loads[fleet.region] + max(others)) / fleet.target - 1e-9)
        found = services[urn]
        assert found is not None
        for setting, most in found.maximum_settings:
            if most < needed:
                changes[found.urn, setting] = Change(found.name, setting, most, needed, fleet.region)
    if not changes:
        return Remedies(needed="Let at least two regions start instances: no service in MANUAL mode with none.")
    return Remedies(tuple(changes.values()))
