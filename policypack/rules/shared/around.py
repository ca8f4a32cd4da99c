"""What the load balancer checks, where requests can go around it to Cloud Run."""

from __future__ import annotations

from policypack.model.balancing.backend_service import BackendService
from policypack.model.run.neg import run_services_behind
from policypack.verdict import Checks, NotApplicable


def is_the_only_way(service: BackendService) -> Checks:
    """Says that a check of the load balancer does not count where requests can go around it: so it does not pass."""
    for run in run_services_behind(service):
        if run.can_be_gone_round is True and run.uses_iap is False:
            yield NotApplicable(
                f"requests can go around it to the Cloud Run service `{run.name}`: see `run-service-ingress`"
            )
