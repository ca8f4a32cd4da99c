"""The rule `backend-no-cdn`."""

from __future__ import annotations

from policypack.model.balancing.backend_service import BackendService
from policypack.model.products.attributes import ATTRIBUTES
from policypack.model.products.product import Cell
from policypack.model.values.logic import all_of, negation, when_known
from policypack.model.values.values import UNKNOWN, Unknown
from policypack.rule import Options, rule
from policypack.verdict import Checks, Condition, Fail, known, setting


def _may_have_cdn(service: BackendService) -> bool | Unknown:
    cell = service.cell_of(ATTRIBUTES["enable_cdn"])
    is_taken = UNKNOWN if cell is Cell.NOT_DOCUMENTED else when_known(cell, lambda known: known is Cell.TAKEN)
    return all_of([is_taken, negation(service.uses_iap)])


@rule(
    title="Model responses are not cached",
    severity="medium",
    level="advisory",
    stage="stack",
    url="https://cloud.google.com/cdn/docs/caching",
    applies=(
        Condition(_may_have_cdn, "Cloud CDN cannot be combined with it: see `load-balancer-attributes`", "enable_cdn"),
    ),
    remediates=True,
)
def backend_no_cdn(service: BackendService, options: Options) -> Checks:
    """A service in front of models does not use Cloud CDN.

    ## What it checks
    `enable_cdn` is not set, or is `False`.

    ## Why it matters
    Prompts are POST requests, which Cloud CDN never caches, so it adds cost and no benefit. It does cache responses to
    GET requests, such as a list of models, or one client's file or job, which it may serve to others.

    ## Applies to
    Backend services whose load balancer supports Cloud CDN. Services with `iap` are exempt, because the API rejects the
    combination. A web front end may well use Cloud CDN: exclude it with the option `services`.

    ## Fails
    ```python
    import pulumi_gcp as gcp

    neg = gcp.compute.RegionNetworkEndpointGroup("llm", region="us-central1", cloud_run={"service": "llm"})
    gcp.compute.BackendService(
        "chat", load_balancing_scheme="EXTERNAL_MANAGED", backends=[{"group": neg.id}], enable_cdn=True
    )
    ```

    ## Passes
    ```diff
    -    "chat", load_balancing_scheme="EXTERNAL_MANAGED", backends=[{"group": neg.id}], enable_cdn=True
    +    "chat", load_balancing_scheme="EXTERNAL_MANAGED", backends=[{"group": neg.id}]
    ```

    ## Undecided
    When `enable_cdn` is computed, or the load balancer or `iap` is not known.
    """
    if known(service.uses_cdn, "enable_cdn"):
        yield Fail(
            "It has ``enable_cdn=True``, but prompts are POST requests, which Cloud CDN never caches.",
            "No Cloud CDN in front of a model.",
            setting({"enable_cdn": False}, "; if it serves no model, exclude it with the option `services`."),
        )
