"""The rule `run-service-ingress`."""

from __future__ import annotations

from policypack.model.run.service import BALANCED, INTERNAL, RunService
from policypack.model.values.logic import any_of
from policypack.model.values.values import UNKNOWN
from policypack.rule import Options, rule
from policypack.verdict import Checks, Fail, Undecided, known, setting

_REQUIRED = "A Cloud Run service that is reachable only through its load balancer."


@rule(
    title="Cloud Run services are reachable only through their load balancer",
    severity="high",
    level="mandatory",
    stage="stack",
    url="https://cloud.google.com/run/docs/securing/ingress",
)
def run_service_ingress(service: RunService, options: Options) -> Checks:
    """Clients can reach a Cloud Run service behind a load balancer only through that load balancer.

    ## What it checks
    The service accepts one of these:

    - `ingress` is INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER.
    - `ingress` is INGRESS_TRAFFIC_INTERNAL_ONLY, and all its load balancers are internal. External ones cannot reach
      such a service.
    - `ingress` is INGRESS_TRAFFIC_ALL (the default), `default_uri_disabled` is set, and no domain mapping in the stack
      leads to the service.
    - `ingress` is INGRESS_TRAFFIC_ALL, and `iap_enabled` is set, which guards every way in.

    The annotations of the v1 API and the settings of functions are read the same way.

    ## Why it matters
    The default URL under `run.app` is public. Anyone who knows it bypasses the load balancer's Cloud Armor, rate
    limits, authentication and logs, and uses the model at your cost. Behind internal load balancers only, there is less
    to bypass, so the severity is medium. A service that is internal only, behind an external load balancer, gets no
    requests at all.

    ## Applies to
    Cloud Run services of both API versions, and 2nd gen functions, that serve an LLM backend service.

    ## Fails
    ```python
    import pulumi_gcp as gcp

    llm = gcp.cloudrunv2.Service(
        "chat",
        name="llm",
        location="us-central1",
        template={"containers": [{"image": "vllm/vllm-openai:v0.9.1"}]},
    )
    neg = gcp.compute.RegionNetworkEndpointGroup("llm", region="us-central1", cloud_run={"service": llm.name})
    gcp.compute.BackendService("llm", load_balancing_scheme="EXTERNAL_MANAGED", backends=[{"group": neg.id}])
    ```

    ## Passes
    ```diff
         location="us-central1",
    +    ingress="INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER",
    +    default_uri_disabled=True,
         template={"containers": [{"image": "vllm/vllm-openai:v0.9.1"}]},
    ```

    ## Undecided
    The verdict is undecided when:

    - `ingress`, `default_uri_disabled` or `iap_enabled` is computed, and the verdict depends on it;
    - the scheme of the load balancer is not known;
    - a domain mapping may lead to the service.
    """
    ingress = known(service.ingress, "ingress")
    if ingress == INTERNAL:
        yield _is_behind_internal_ones(service)
    elif ingress != BALANCED:
        yield _is_closed_otherwise(service)


def _is_behind_internal_ones(service: RunService) -> Checks:
    if known(any_of(one.is_external for one in service.backend_services), "load_balancing_scheme"):
        yield Fail(
            "Its ingress is internal only, so it rejects all requests from its external load balancer.",
            "Ingress that admits the load balancer.",
            setting(service.balanced_ingress),
        )


def _is_closed_otherwise(service: RunService) -> Checks:
    if service.uses_iap is True:
        return
    url, _ = service.ways_around
    is_open = service.can_be_gone_round
    if is_open is True and service.uses_iap is False:
        way = "its default URL" if url is True else "a domain mapping"
        is_public = any_of(one.is_external for one in service.backend_services)
        yield Fail(
            f"It accepts requests from everywhere, and {way} bypasses the load balancer.",
            _REQUIRED,
            setting(service.closed_to_all_others),
            severity=None if is_public is not False else "medium",
        )
    elif is_open is not False:
        undecided = "iap_enabled" if is_open is True else "default_uri_disabled" if url is UNKNOWN else "ingress"
        yield Undecided("it is not known whether clients can bypass its load balancer", undecided)
