"""Machines on the serving path of the service `service`, for the tests of rules that judge machines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.stacks import Out, R, backend, mig, service

KINDS = ("RegionInstanceTemplate", "InstanceTemplate", "Instance")


def machine(properties: Mapping[str, Any], kind: str = KINDS[0], **options: Any) -> R:
    place = {"RegionInstanceTemplate": {"region": "us-central1"}, "Instance": {"zone": "us-central1-a"}}
    return R(kind, "chat", {**place.get(kind, {}), "machineType": "g2-standard-8", **properties}, options)


def on_path(subject: R, **group_inputs: Any) -> tuple[R, ...]:
    """The machine, its group and the service."""
    if subject.type == "Instance":
        instances = [Out(subject, "selfLink")]
        group = R("InstanceGroup", "group", {"zone": "us-central1-a", "instances": instances, **group_inputs})
        return subject, group, service([backend(Out(group, "selfLink"))], name="service")
    group = mig(versions=[{"instanceTemplate": Out(subject, "selfLink")}], **group_inputs)
    return subject, group, service([backend(group)], name="service")


def with_path(
    inputs: Mapping[str, Any], *others: R, kind: str = KINDS[0], group: Mapping[str, Any] | None = None
) -> tuple[R, ...]:
    """A machine with these inputs, what serves through it, and others."""
    return *on_path(machine(inputs, kind), **(group or {})), *others
