"""What `backend-no-plaintext-secrets` says of backends on GKE."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from policypack.model.gke.backends import GkeBackend
from policypack.model.gke.workloads import Workload
from policypack.model.machines.metadata import secret_sources
from policypack.model.run.plain_text import PlainText
from policypack.model.values.values import UNKNOWN
from policypack.verdict import Checks, Undecided, provided


def pods_hold_no_secret(backend: GkeBackend, judge: Callable[[PlainText], Checks]) -> Checks:
    """The variables and the command lines of the Pods of a backend hold no secret.

    https://kubernetes.io/docs/concepts/configuration/secret/

    Args:
        backend: the backend.
        judge: what to ask of a text.
    """
    workloads = backend.workloads_anywhere
    if not any(serves is True for _, serves in workloads):
        yield Undecided(f"the Pods of {backend.label} are not known to be in the stack", "selector")
    for workload, serves in workloads:
        doubt = Undecided(f"whether {workload.label} serves {backend.label} is not known", "selector")
        for text in _texts_of(workload):
            yield provided(serves, doubt, judge(text))


def _texts_of(workload: Workload) -> Iterator[PlainText]:
    """What the containers of a workload keep in the clear."""
    sources = secret_sources(workload.stack, workload.resource, "spec")
    is_computed_of_nothing = not workload.resource.edges.get("spec")
    for name, value in workload.variables:
        label = f"{f'the variable `{name}`' if name else 'a variable'} of {workload.label}"
        yield PlainText(label, "env", name, value, is_computed_of_nothing or not name, sources)
    for line, is_known in workload.command_lines:
        label = f"the command line of {workload.label}"
        yield PlainText(label, "args", "", line, False, sources if is_known else ())
        if not is_known:
            yield PlainText(label, "args", "", UNKNOWN, is_computed_of_nothing, sources)
