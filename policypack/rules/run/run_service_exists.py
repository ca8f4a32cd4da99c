"""The rule `run-service-exists`."""

from __future__ import annotations

from policypack.model.balancing.backend_service import BackendService
from policypack.model.graph.run_links import regions_of
from policypack.model.run.neg import ServerlessBackend, serverless_backends
from policypack.model.values.values import UNKNOWN
from policypack.rule import Options, rule
from policypack.rules.shared.conditions import HAS_BACKENDS
from policypack.verdict import Checks, Condition, Fail, Undecided, known, provided, unresolved
from policypack.wording import quoted


@rule(
    title="Each serverless NEG points to a Cloud Run service in its own region",
    severity="high",
    level="mandatory",
    stage="stack",
    url="https://cloud.google.com/load-balancing/docs/negs/serverless-neg-concepts",
    applies=(
        HAS_BACKENDS,
        Condition[BackendService](
            lambda service: service.may_have_serverless_backends, "none of its backends is a serverless NEG", "backends"
        ),
    ),
)
def run_service_exists(service: BackendService, options: Options) -> Checks:
    """Each serverless NEG behind a service names a target, and the Cloud Run service that it names is in its region.

    ## What it checks
    The NEG has `cloud_run`, `app_engine`, `cloud_function` or `serverless_deployment`. The service that `cloud_run`
    names, by its short name or its `name`, is in the NEG's `region`, by its `location` or, if that is `global`, by
    `multi_region_settings`. Services of both API versions and 2nd gen functions count.

    ## Why it matters
    The API looks up the short name in the NEG's own region. A NEG that names nothing there is created all the same, and
    the load balancer answers its share of the requests with errors.

    ## Applies to
    Global and regional services with serverless NEGs.

    ## Fails
    ```python
    import pulumi_gcp as gcp

    llm = gcp.cloudrunv2.Service(
        "llm", name="llm", location="us-central1", template={"containers": [{"image": "vllm/vllm-openai:v0.9.1"}]}
    )
    neg = gcp.compute.RegionNetworkEndpointGroup("llm", region="europe-west4", cloud_run={"service": llm.name})
    gcp.compute.BackendService("chat", load_balancing_scheme="EXTERNAL_MANAGED", backends=[{"group": neg.id}])
    ```

    ## Passes
    ```diff
    -neg = gcp.compute.RegionNetworkEndpointGroup("llm", region="europe-west4", cloud_run={"service": llm.name})
    +neg = gcp.compute.RegionNetworkEndpointGroup("llm", region="us-central1", cloud_run={"service": llm.name})
     gcp.compute.BackendService("chat", load_balancing_scheme="EXTERNAL_MANAGED", backends=[{"group": neg.id}])
    ```

    ## Undecided
    When the service is not in the stack, its name or region is computed, or the NEG has a `url_mask` and can therefore
    name many services.
    """
    for backend in serverless_backends(service):
        yield _names_a_service(backend)
    yield from unresolved(service.links)


def _names_a_service(backend: ServerlessBackend) -> Checks:
    if backend.neg is None:
        yield Undecided(f"`{backend.label}` is not known to be a serverless NEG of the stack", "backends")
    elif not known(backend.has_target, "cloud_run", backend.label):
        yield Fail(
            f"The serverless NEG `{backend.label}` names no service.",
            "A serverless NEG that names a service.",
            f'Set ``network_endpoint_type="PRIVATE_SERVICE_CONNECT"`` on `{backend.label}`: it has a '
            "``psc_target_service``."
            if backend.has_psc_target is not False
            else 'Set ``cloud_run={"service": ...}`` to the name of the Cloud Run service in its region'
            f"{_such_as(backend)}.",
        )
    elif backend.link.elsewhere:
        doubt = Undecided(f"the service that `{backend.label}` names may be created later in this update", "cloud_run")
        yield provided(True if backend.stack.is_complete else UNKNOWN, doubt, _is_elsewhere(backend))
    elif backend.is_of_cloud_run is not False and backend.service is None:
        mask = known(backend.has_url_mask, "cloud_run", backend.label)
        why = "takes the names of services from URLs" if mask else _names_another(backend)
        yield Undecided(f"`{backend.label}` {why}", "cloud_run")


def _names_another(backend: ServerlessBackend) -> str:
    """That its service is not in the stack, with its name and those of the region, one of which may be meant."""
    name = f"`{backend.service_name}`" if isinstance(backend.service_name, str) else "a service"
    nearby = f"; in its region the stack has {quoted(backend.services_nearby)}" if backend.services_nearby else ""
    return f"names {name}, which is not known to be in the stack{nearby}"


def _such_as(backend: ServerlessBackend) -> str:
    return f", such as that of {quoted(backend.services_nearby)}" if backend.services_nearby else ""


def _is_elsewhere(backend: ServerlessBackend) -> Checks:
    places = {one: regions_of(one) for one in backend.link.elsewhere}
    regions = sorted({region for found in places.values() if found is not UNKNOWN for region in found})
    names = quoted(one.name for one in places)
    which = (
        f"its Cloud Run service {names} is" if len(places) == 1 else f"the Cloud Run services of its name, {names}, are"
    )
    yield Fail(
        f"The serverless NEG `{backend.label}` is in `{backend.region}`, but {which} in {quoted(regions)}.",
        "A Cloud Run service of that name in the NEG's own region.",
        "Create the Cloud Run service in the NEG's region too, or move the NEG to the service's region.",
    )
