"""Regions with a managed group, its autoscaler and its backend, for tests of rules about groups."""

from __future__ import annotations

from typing import Any

from tests.stacks import Out, R, backend, mig, service

BALANCING = {"minReplicas": 2, "maxReplicas": 8, "loadBalancingUtilization": {"target": 0.5}}


def template(name: str = "template", machine_type: Any = "g2-standard-8", **inputs: Any) -> R:
    return R("InstanceTemplate", name, {"machineType": machine_type, **inputs})


def autoscaler(group: R, name: str | None = None, *, policy: Any = None, **changes: Any) -> R:
    """An autoscaler of a regional or zonal group; `changes` are of its policy, `None` leaves a key out."""
    place = "region" if "region" in group.inputs else "zone"
    type_ = "RegionAutoscaler" if place == "region" else "Autoscaler"
    settings = {key: value for key, value in {**BALANCING, **changes}.items() if value is not None}
    inputs = {place: group.inputs[place], "target": Out(group, "id"), "autoscalingPolicy": policy or settings}
    return R(type_, name or f"autoscaler-{group.name}", inputs)


def managed(region: str = "us-central1", of: R | None = None, **inputs: Any) -> R:
    """A regional group whose machines come from a template, or from one outside the stack."""
    url = Out(of, "id") if of else "global/instanceTemplates/llm"
    return mig(region, versions=[{"instanceTemplate": url}], **inputs)


def zonal(zone: str = "us-central1-a", **inputs: Any) -> R:
    versions = [{"instanceTemplate": "global/instanceTemplates/llm"}]
    return R("InstanceGroupManager", f"mig-{zone}", {"zone": zone, "versions": versions, **inputs})


def serving(*groups: R, name: str = "chat", **inputs: Any) -> R:
    """A service with these groups as backends that differ in nothing else."""
    return service([backend(group) for group in groups], name, **inputs)
