"""The Google Cloud APIs that the stack calls."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_gcp import projects

from llm_stack.components.options import child_of

ALWAYS = (
    "artifactregistry",
    "certificatemanager",
    "cloudkms",
    "cloudresourcemanager",
    "compute",
    "dns",
    "iam",
    "logging",
    "monitoring",
    "secretmanager",
    "storage",
)


@dataclass(frozen=True, slots=True)
class ProjectApisArgs:
    more: tuple[str, ...] = ()
    """What the form and the front end need besides those that every stack has."""


class ProjectApis(pulumi.ComponentResource):
    """Turns the APIs on; everything else waits for it."""

    services: list[pulumi.Output[str]]

    def __init__(self, name: str, args: ProjectApisArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("llm:reference:ProjectApis", name, None, opts)
        enabled = [
            projects.Service(
                f"{name}-{api}",
                service=f"{api}.googleapis.com",
                # Other stacks of the project may need the API after this one is gone.
                disable_on_destroy=False,
                opts=child_of(self, opts),
            )
            for api in (*ALWAYS, *args.more)
        ]
        self.services = [service.service for service in enabled]
        self.register_outputs({"services": self.services})
