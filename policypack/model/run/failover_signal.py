"""What tells a global load balancer that a region of serverless backends is dead.

https://cloud.google.com/load-balancing/docs/negs/serverless-neg-concepts,
https://cloud.google.com/run/docs/configuring/configure-service-health
"""

from __future__ import annotations

from collections.abc import Iterator

from policypack.model.balancing.backend_service import BackendService
from policypack.model.balancing.group import GroupKind
from policypack.model.run.neg import ServerlessBackend, serverless_backends
from policypack.model.run.service import RunService
from policypack.model.values.logic import all_of, any_of, is_set, when_known
from policypack.model.values.values import UNKNOWN, Unknown

# The backends without health checks that can have a signal, and the global load balancers that have one.
SIGNALLED_KINDS = frozenset({GroupKind.SERVERLESS_NEG, GroupKind.PRIVATE_SERVICE_CONNECT_NEG})
SIGNALLING_SCHEMES = ("EXTERNAL_MANAGED", "INTERNAL_MANAGED")
# https://www.pulumi.com/registry/packages/gcp/api-docs/compute/backendservice/: `outlier_detection`.
_ENFORCING_PERCENTS = {"enforcingConsecutiveErrors": 100.0, "enforcingConsecutiveGatewayFailure": 0.0}
# What keeps a region from reporting its health.
URL_MASK, TAG, NO_PROBE, NO_MINIMUM = "a URL mask", "the tag of a revision", "no readiness probe", "no minimum instance"
# Cloud Run service health behind a cross-region internal load balancer takes no more NEGs.
_MOST_INTERNAL_NEGS = 5


def ejects_outliers(service: BackendService) -> bool | Unknown:
    """Whether outlier detection is there and ejects."""
    detection = service.outlier_detection
    some = when_known(detection.max_ejection_percent, lambda percent: percent > 0)
    return all_of([detection.is_set, counts_consecutive_errors(service), some])


def counts_consecutive_errors(service: BackendService) -> bool | Unknown:
    """Whether consecutive errors eject; serverless NEGs do not support the success rate, the other reason to eject."""
    block = service.resource.asked.block("outlierDetection")
    chances = [block.number(key, default=default, if_omitted=True) for key, default in _ENFORCING_PERCENTS.items()]
    return any_of(when_known(chance, lambda percent: percent > 0) for chance in chances)


def lacks(backend: ServerlessBackend) -> tuple[str, ...]:
    """What keeps a backend from reporting its health for certain, each as what there is or is not."""
    checks = [(URL_MASK, backend.has_url_mask), (TAG, backend.has_tag)]
    found = [text for text, is_wrong in checks if is_wrong is True]
    service = backend.service
    if service and service.readiness_probe is None and service.serves_its_template is True:
        found.append(NO_PROBE)
    if service and service.has_minimum is False:
        found.append(NO_MINIMUM)
    return tuple(found)


def doubts(backend: ServerlessBackend) -> Iterator[tuple[str, str]]:
    """What keeps it open whether a backend reports its health: a clause, and the property that would decide."""
    service = backend.service
    if service is None:
        yield _unlinked(backend)
        return
    for name, value in (("url_mask", backend.has_url_mask), ("tag", backend.has_tag)):
        if value is UNKNOWN:
            yield f"``{name}`` of `{backend.label}` is not known", "cloud_run"
    yield from _doubts_of(service)


def _doubts_of(service: RunService) -> Iterator[tuple[str, str]]:
    if service.is_function:
        yield f"`{service.name}` is a function, whose readiness probe the stack does not show", "service_config"
    elif is_set(service.readiness_probe) is UNKNOWN:
        yield f"whether the container of `{service.name}` that serves has a readiness probe is not known", "template"
    if service.has_minimum is UNKNOWN:
        yield f"``min_instance_count`` of `{service.name}` is not known", "scaling"
    if service.serves_its_template is UNKNOWN:
        yield f"the revision that serves `{service.name}` is not the described one", "traffics"


def _unlinked(backend: ServerlessBackend) -> tuple[str, str]:
    if backend.is_of_cloud_run is False:
        return f"`{backend.label}` is for a product other than Cloud Run", "outlier_detection"
    return backend.why_unlinked, "cloud_run"


def undetected(service: BackendService) -> dict[str, str]:
    """The regions of serverless backends that a global load balancer certainly does not leave when they are dead.

    Returns:
        For each of them why, a clause.
    """
    backends = {one.region: one for one in serverless_backends(service) if not isinstance(one.region, Unknown)}
    if service.scheme == "EXTERNAL":
        return dict.fromkeys(backends, "its classic load balancer cannot detect a dead region")
    if service.uses_iap is True:
        return dict.fromkeys(backends, "its `iap` keeps the load balancer from detecting a dead region")
    if ejects_outliers(service) is not False:
        return {}
    missing = {region: lacks(backend) for region, backend in backends.items()}
    return {
        region: f"the load balancer cannot detect that `{region}` is dead: there is {' and '.join(found)}"
        for region, found in missing.items()
        if found
    }


def has_too_many_negs(service: BackendService, count: int) -> bool:
    """Whether service health certainly does not work for a number of NEGs."""
    return service.scheme == "INTERNAL_MANAGED" and count > _MOST_INTERNAL_NEGS
