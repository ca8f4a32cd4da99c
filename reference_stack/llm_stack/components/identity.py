"""Who the servers are."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_gcp import projects, serviceaccount

from llm_stack.components.options import child_of

ROLES = ("roles/logging.logWriter", "roles/monitoring.metricWriter")


@dataclass(frozen=True, slots=True)
class IdentityArgs:
    project: str
    account_id: str


class Identity(pulumi.ComponentResource):
    """One service account that may write logs and metrics; what it may read is granted on each artifact."""

    email: pulumi.Output[str]
    member: pulumi.Output[str]

    def __init__(self, name: str, args: IdentityArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("llm:reference:Identity", name, None, opts)
        child = child_of(self, opts)
        account = serviceaccount.Account(
            f"{name}-server", account_id=args.account_id, display_name="LLM servers", opts=child
        )
        for role in ROLES:
            short = role.rsplit(".", 1)[-1]
            projects.IAMMember(f"{name}-{short}", project=args.project, role=role, member=account.member, opts=child)
        self.email = account.email
        self.member = account.member
        self.register_outputs({"email": self.email, "member": self.member})
