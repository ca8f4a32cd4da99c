"""Cloud Run services in regions, with their NEGs, behind the backend service `chat`."""

from __future__ import annotations

from typing import Any

from tests.stacks import Computed, Out, R, service

V2, V1 = "gcp:cloudrunv2/service:Service", "gcp:cloudrun/service:Service"
FUNCTION = "gcp:cloudfunctionsv2/function:Function"
US, EU = "us-central1", "europe-west4"

HTTP = {"httpGet": {"path": "/health", "port": 8000}}
STARTUP = {**HTTP, "periodSeconds": 10, "failureThreshold": 60, "timeoutSeconds": 5}
PROBED = {"image": "vllm", "ports": {"containerPort": 8000}, "startupProbe": STARTUP, "readinessProbe": HTTP}
WARM = {"scaling": {"minInstanceCount": 1}}


def run(region: Any = US, container: dict[str, Any] | None = None, **inputs: Any) -> R:
    """A Cloud Run service that is as it ought to be; `None` leaves a property out, `template` adds to the template."""
    template = {"timeout": "900s", "containers": [container or PROBED], **inputs.pop("template", {})}
    given = {
        "name": "llm",
        "location": region,
        "ingress": "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER",
        **WARM,
        "template": {key: value for key, value in template.items() if value is not None},
        **inputs,
    }
    name = inputs.pop("logical", f"llm-{region}" if isinstance(region, str) else "llm")
    return R(V2, name, {key: value for key, value in given.items() if key != "logical"})


def without(*keys: str) -> dict[str, Any]:
    """The container without some of its properties."""
    return {key: value for key, value in PROBED.items() if key not in keys}


def neg(of: R | None = None, region: str = US, **inputs: Any) -> R:
    """A serverless NEG that names a service, by its `name` as a program hands it on."""
    named = {"cloudRun": {"service": Computed((of,), of.inputs.get("name"))}} if of else {}
    return R("RegionNetworkEndpointGroup", f"neg-{region}", {"region": region, **named, **inputs})


def behind(*negs: R, name: str = "chat", **inputs: Any) -> R:
    """A backend service over NEGs."""
    given = {"protocol": "HTTPS", "portName": None, **inputs}
    return service([{"group": Out(one, "id")} for one in negs], name, **given)


def chained(one: R, region: str = US, name: str = "service", **inputs: Any) -> tuple[R, ...]:
    """A Cloud Run service with its NEG and the service in front of both."""
    link = neg(one, region)
    return one, link, behind(link, name=name, **inputs)


def two_regions(us: R | None = None, eu: R | None = None, **inputs: Any) -> tuple[R, ...]:
    """The service `chat` over Cloud Run services in two regions."""
    first, second = us or run(US), eu or run(EU)
    negs = (neg(first, US), neg(second, EU))
    return first, second, *negs, behind(*negs, **inputs)
