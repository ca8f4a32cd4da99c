"""How rules judge the Gateways and Ingresses in front of a backend."""

from __future__ import annotations

from collections.abc import Callable

from policypack.model.gke.backends import GkeBackend
from policypack.model.gke.fronts import Front
from policypack.model.gke.policies import Policy
from policypack.model.values.logic import all_of
from policypack.verdict import Checks, NotApplicable, Undecided, provided


def on_fronts(backend: GkeBackend, check: Callable[[Front], Checks], *, internal: bool = False) -> Checks:
    """What a check says of the Gateways and Ingresses that send requests to a backend.

    Args:
        backend: the backend.
        check: what to ask of a front end.
        internal: whether to ask it of those as well that no clients on the internet reach.
    """
    found = [(front, all_of([sends, True if internal else front.is_external])) for front, sends in backend.fronts]
    if backend.has_unseen_front:
        yield Undecided(f"the Gateway of {backend.label} is not known to be in the stack", "parentRefs")
    elif all(counts is False for _, counts in found):
        yield NotApplicable("it is internal")
    for front, counts in found:
        why = f"whether clients on the internet reach {backend.label} through {front.label} is not known"
        yield provided(counts, Undecided(why, "gatewayClassName"), check(front))


def how_to_configure(ingress: Front, config: Policy, spec: str) -> str:
    """How to make the FrontendConfig of an Ingress, a sentence without its full stop."""
    name = f"{ingress.object_name}" if isinstance(ingress.object_name, str) else "llm"
    made = f"Create a FrontendConfig (`{config.api_version}`) with the name `{name}` and ``spec={spec}``"
    return f"{made}, and annotate {ingress.label} with `networking.gke.io/v1beta1.FrontendConfig: {name}`"
