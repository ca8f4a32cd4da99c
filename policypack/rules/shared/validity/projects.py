"""Whether the parts of a load balancer that have to be in one project are."""

from __future__ import annotations

from policypack.model.graph.reference import may_be_one_project, project_of
from policypack.model.graph.resource import Resource
from policypack.model.values.logic import known_in
from policypack.verdict import Checks, Fail


def is_in_its_project(owner: Resource, other: Resource, called: str, other_called: str, required: str) -> Checks:
    """What is wrong if one resource is certainly in another project than the one that it is used by.

    "The forwarding rule, the target HTTP(S) proxy, and the associated URL map must be defined in the same project", and
    "health checks associated with backend services must be defined in the same project as the backend service":
    https://cloud.google.com/load-balancing/docs/https#shared-vpc. A program that computes a project has one of its own
    for all that it makes.

    Args:
        owner: the resource that uses the other.
        other: the other.
        called: what to call the owner at the beginning of a sentence.
        other_called: what to call the other within one.
        required: what is asked for, a sentence.
    """
    projects = known_in([project_of(owner), project_of(other)])
    if len(projects) == 2 and not may_be_one_project(*projects):
        yield Fail(
            f"{called} is in project `{projects[0]}`, and {other_called} in `{projects[1]}`.",
            required,
            f"Create both in one project: set `project` of `{other.name}` to `{projects[0]}`, or its provider.",
        )
