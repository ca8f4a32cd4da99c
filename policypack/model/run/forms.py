"""Where the forms of a Cloud Run service have their settings: those of both API versions, and that of a function."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from policypack.model.graph.tokens import RUN_FUNCTION, RUN_SERVICE, RUN_SERVICE_V1
from policypack.model.values.values import Value, python_name

# Where each form has what they all say. What a form does not have, it does not say.
# https://cloud.google.com/run/docs/reference/rest/v1/RevisionTemplate, .../v2/projects.locations.services
PATHS: Final[dict[str, dict[str, tuple[str, ...]]]] = {
    RUN_SERVICE: {
        "timeout": ("template", "timeout"),
        "concurrency": ("template", "maxInstanceRequestConcurrency"),
        "concurrency target": ("template", "scaling", "concurrencyUtilization"),
        "containers": ("template", "containers"),
        "accelerator": ("template", "nodeSelector", "accelerator"),
        "min of the service": ("scaling", "minInstanceCount"),
        "min of the revision": ("template", "scaling", "minInstanceCount"),
        "max of the service": ("scaling", "maxInstanceCount"),
        "max of the revision": ("template", "scaling", "maxInstanceCount"),
        "mode": ("scaling", "scalingMode"),
        "count": ("scaling", "manualInstanceCount"),
        "ingress": ("ingress",),
        "default URL disabled": ("defaultUriDisabled",),
        "IAP": ("iapEnabled",),
        "invokers unchecked": ("invokerIamDisabled",),
        "checks disabled": ("template", "healthCheckDisabled"),
        "session affinity": ("template", "sessionAffinity"),
        "GPUs in one zone": ("template", "gpuZonalRedundancyDisabled"),
    },
    RUN_SERVICE_V1: {
        "timeout": ("template", "spec", "timeoutSeconds"),
        "concurrency": ("template", "spec", "containerConcurrency"),
        "containers": ("template", "spec", "containers"),
        "accelerator": ("template", "spec", "nodeSelector", "run.googleapis.com/accelerator"),
        "min of the service": ("metadata", "annotations", "run.googleapis.com/minScale"),
        "min of the revision": ("template", "metadata", "annotations", "autoscaling.knative.dev/minScale"),
        "max of the service": ("metadata", "annotations", "run.googleapis.com/maxScale"),
        "max of the revision": ("template", "metadata", "annotations", "autoscaling.knative.dev/maxScale"),
        "mode": ("metadata", "annotations", "run.googleapis.com/scalingMode"),
        "count": ("metadata", "annotations", "run.googleapis.com/manualInstanceCount"),
        "ingress": ("metadata", "annotations", "run.googleapis.com/ingress"),
        "session affinity": ("template", "metadata", "annotations", "run.googleapis.com/sessionAffinity"),
        "GPUs in one zone": ("template", "metadata", "annotations", "run.googleapis.com/gpu-zonal-redundancy-disabled"),
        "CPU throttled": ("template", "metadata", "annotations", "run.googleapis.com/cpu-throttling"),
        "default URL disabled": ("metadata", "annotations", "run.googleapis.com/default-url-disabled"),
        "IAP": ("metadata", "annotations", "run.googleapis.com/iap-enabled"),
        "invokers unchecked": ("metadata", "annotations", "run.googleapis.com/invoker-iam-disabled"),
    },
    RUN_FUNCTION: {
        "timeout": ("serviceConfig", "timeoutSeconds"),
        "concurrency": ("serviceConfig", "maxInstanceRequestConcurrency"),
        "min of the service": ("serviceConfig", "minInstanceCount"),
        "max of the service": ("serviceConfig", "maxInstanceCount"),
        "ingress": ("serviceConfig", "ingressSettings"),
    },
}


def written(path: tuple[str, ...]) -> str:
    """A setting as programs write it; annotations are named by what is special about them."""
    *_, last = path
    return last if "/" in last else ".".join(map(python_name, path))


def assigned(type_: str, values: Mapping[str, Value]) -> dict[str, Value]:
    """What sets something in a form, by Python names: `{"template": {"timeout": "600s"}}`. Less what it lacks."""
    found: dict[str, Value] = {}
    for name, value in values.items():
        if name not in PATHS[type_]:
            continue
        *path, last = (key if "/" in key else python_name(key) for key in PATHS[type_][name])
        block = found
        for key in path:
            inner = block.setdefault(key, {})
            assert isinstance(inner, dict)
            block = inner
        block[last] = value
    return found
