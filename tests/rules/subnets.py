"""A subnetwork with the machines of a serving path, and one beside it, for the rules that judge subnetworks."""

from __future__ import annotations

from typing import Any

from tests.stacks import Out, R, backend, mig, service

NETWORK = R("Network", "vpc")


def subnet(name: str = "subnet", options: dict[str, Any] | None = None, **inputs: Any) -> R:
    return R("Subnetwork", name, {"region": "us-central1", "network": Out(NETWORK, "id"), **inputs}, options or {})


def with_machines(subject: R) -> tuple[R, ...]:
    nics = [{"subnetwork": Out(subject, "id")}]
    template = R("RegionInstanceTemplate", "template", {"region": "us-central1", "networkInterfaces": nics})
    group = mig(versions=[{"instanceTemplate": Out(template, "selfLink")}])
    return subject, subnet("beside"), template, group, NETWORK, service([backend(group)])


def shown(**outputs: Any) -> tuple[R, ...]:
    """The subnetwork as outputs alone show it."""
    path = "projects/p-demo/regions/us-central1/subnetworks/subnet-1a2b3c4"
    return with_machines(subnet(options={"inputs": None, "outputs": {"id": path, **outputs}}))
