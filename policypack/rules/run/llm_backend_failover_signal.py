"""The rule `llm-backend-failover-signal`."""

from __future__ import annotations

from policypack.model.balancing.backend_service import BackendService
from policypack.model.balancing.group import GroupKind
from policypack.model.run.failover_signal import (
    NO_MINIMUM,
    NO_PROBE,
    SIGNALLED_KINDS,
    SIGNALLING_SCHEMES,
    TAG,
    URL_MASK,
    doubts,
    ejects_outliers,
    has_too_many_negs,
    lacks,
)
from policypack.model.run.neg import ServerlessBackend, leads_to_one_app, psc_targets, serverless_backends
from policypack.model.values.logic import all_of, any_of, negation
from policypack.model.values.spelling import argument
from policypack.model.values.values import UNKNOWN, Unknown
from policypack.rule import Options, rule
from policypack.verdict import Checks, Condition, Fail, Undecided, known, not_known, provided, unresolved

_REQUIRED = "A readiness probe and a minimum instance for the Cloud Run service in each region, or outlier detection."
_PROBE = '``readiness_probe={"http_get": {"path": "/health"}}``'
_OUTLIERS = '``outlier_detection={"consecutive_errors": 5, "max_ejection_percent": 50}``'


def _is_unwatched(service: BackendService) -> bool | Unknown:
    """Whether its backends are of kinds that no health check covers."""
    if not service.kinds & SIGNALLED_KINDS:
        return False
    return True if service.kinds <= SIGNALLED_KINDS else UNKNOWN


def _may_fail_over(service: BackendService) -> bool | Unknown:
    is_google_api = any_of(target.is_google_api is True for target in psc_targets(service))
    is_in_one_region = service.is_regional or leads_to_one_app(service)
    return all_of([not is_in_one_region, negation(is_google_api), service.regions.reaches(2)])


@rule(
    title="The load balancer can detect a dead region",
    severity="critical",
    level="mandatory",
    stage="stack",
    url="https://cloud.google.com/run/docs/configuring/configure-service-health",
    applies=(
        Condition(_is_unwatched, "none of its backends is a serverless or Private Service Connect NEG", "backends"),
        Condition(_may_fail_over, "its backends are in one region, so there is no other to fail over to", "backends"),
    ),
)
def llm_backend_failover_signal(service: BackendService, options: Options) -> Checks:
    """A service with serverless or Private Service Connect NEGs in several regions fails over from a dead region.

    ## What it checks
    The service has one of two signals:

    - Cloud Run service health. In every region, the serving container has a `readiness_probe`, at least one instance
      always runs (`min_instance_count` of the service or of its template, or `manual_instance_count`), and the NEG has
      no `url_mask` and no `tag`.
    - Outlier detection (`outlier_detection`) that ejects backends. For NEGs of published services, it is the only
      signal.

    Neither works with a classic load balancer (scheme EXTERNAL), nor with `iap` on the backend service. Use Cloud Run's
    own `iap_enabled` instead.

    ## Why it matters
    These backends have no health checks. Without a readiness probe, the health of a revision is unknown, and the load
    balancer treats unknown as healthy. It keeps sending requests to a region where all of them fail, while the other
    region is idle.

    ## Applies to
    Global services whose backends are serverless or Private Service Connect NEGs in two or more regions. Regional
    services are exempt, and so are Google APIs, because a service supports only one, and App Engine, because an app is
    in one region.

    ## Fails
    ```python
    import pulumi_gcp as gcp

    negs = []
    for region in ("us-central1", "europe-west4"):
        llm = gcp.cloudrunv2.Service(
            f"llm-{region}",
            name="llm",
            location=region,
            template={"containers": [{"image": "vllm/vllm-openai:v0.9.1", "ports": {"container_port": 8000}}]},
        )
        negs.append(
            gcp.compute.RegionNetworkEndpointGroup(
                f"llm-{region}", region=region, network_endpoint_type="SERVERLESS", cloud_run={"service": llm.name}
            )
        )
    gcp.compute.BackendService(
        "chat",
        load_balancing_scheme="EXTERNAL_MANAGED",
        protocol="HTTPS",
        backends=[{"group": neg.id} for neg in negs],
    )
    ```

    ## Passes
    ```diff
             location=region,
    -        template={"containers": [{"image": "vllm/vllm-openai:v0.9.1", "ports": {"container_port": 8000}}]},
    +        scaling={"min_instance_count": 1},
    +        template={
    +            "containers": [
    +                {
    +                    "image": "vllm/vllm-openai:v0.9.1",
    +                    "ports": {"container_port": 8000},
    +                    "readiness_probe": {"http_get": {"path": "/health"}},
    +                }
    +            ]
    +        },
         )
    ```

    ## Undecided
    The verdict is undecided when there is no outlier detection and one of these is true:

    - a Cloud Run service is not in the stack, or its probe or its minimum is computed;
    - its traffic goes to a revision other than the described one;
    - a backend is another serverless product;
    - the producer of a published service may use composite health.

    It is also undecided when the scheme, IAP or the backends are not known.
    """
    scheme = known(service.scheme, "load_balancing_scheme")
    if scheme == "EXTERNAL":
        yield Fail(
            "Its load balancer is a classic one, which cannot detect a dead region.",
            _REQUIRED,
            'Set ``load_balancing_scheme="EXTERNAL_MANAGED"``, and give the Cloud Run services readiness probes.',
        )
    elif scheme not in SIGNALLING_SCHEMES:
        yield Undecided(f"it is not documented how a load balancer with scheme {scheme} leaves a region", "backends")
    else:
        yield _serverless_is_watched(service)
        yield _published_is_watched(service)


def _serverless_is_watched(service: BackendService) -> Checks:
    backends, ejects = serverless_backends(service), ejects_outliers(service)
    if backends and service.uses_iap is True:
        yield Fail(
            "It has `iap`, with which neither Cloud Run service health nor outlier detection works.",
            _REQUIRED,
            "Remove `iap` here, and set ``iap_enabled=True`` on the Cloud Run services."
            if any(backend.is_of_cloud_run is not False for backend in backends)
            else f"Remove `iap`, have the services authenticate callers themselves, and set {_OUTLIERS}.",
        )
        return
    if ejects is not True:
        yield provided(negation(ejects), not_known("outlier_detection"), _every_region_reports(service, backends))
    if backends:
        known(service.uses_iap, "iap", because="with it no signal works")


def _every_region_reports(service: BackendService, backends: tuple[ServerlessBackend, ...]) -> Checks:
    silent = [(backend, found) for backend in backends if (found := lacks(backend))]
    for backend, found in silent:
        yield _region_is_silent(backend, found)
    if silent:
        return
    for backend in backends:
        yield from (Undecided(why, property_name) for why, property_name in doubts(backend))
    yield from unresolved(service.links, "not all regions are known")
    if has_too_many_negs(service, len(backends)):
        yield Undecided("service health supports at most 5 NEGs behind this load balancer", "backends")


def _region_is_silent(backend: ServerlessBackend, missing: tuple[str, ...]) -> Fail:
    return Fail(
        f"The load balancer cannot detect that the region of `{backend.label}` is dead: there is "
        f"{' and '.join(missing)}.",
        _REQUIRED,
        f"{_how_to_report(backend, missing)} Or set {_OUTLIERS} on the backend service.",
    )


def _how_to_report(backend: ServerlessBackend, missing: tuple[str, ...]) -> str:
    settings = [_PROBE] if NO_PROBE in missing else []
    if NO_MINIMUM in missing and backend.service:
        settings += [f"``{argument(name, value)}``" for name, value in backend.service.kept_warm.items()]
    steps = [f"give the Cloud Run service {' and '.join(settings)}"] if settings else []
    if {URL_MASK, TAG} & {*missing}:
        steps.append("have the NEG name one Cloud Run service, without ``url_mask`` and ``tag``")
    text = ", and ".join(steps)
    return f"{text[0].upper()}{text[1:]}."


def _published_is_watched(service: BackendService) -> Checks:
    if service.kinds == {GroupKind.PRIVATE_SERVICE_CONNECT_NEG} and ejects_outliers(service) is not True:
        why = "whether the producers of the published services have composite health; outlier detection would do"
        yield Undecided(why, "outlier_detection")
