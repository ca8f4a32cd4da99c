"""What `backend-authentication` says of backends on GKE."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from policypack.model.gke.backends import GkeBackend
from policypack.model.gke.edge.callers import admits_only_some, has_authorization, servers_ask_for_key, uses_iap
from policypack.model.gke.policies import Policy
from policypack.model.values.logic import any_of
from policypack.model.values.values import Unknown
from policypack.rules.on_gke.edge.fronts import on_fronts
from policypack.rules.on_gke.policies import how_to_set, settings_kind
from policypack.verdict import Checks, Fail, NotApplicable, Undecided

_MAY_ASK: Final = (
    "it is not known whether anything authenticates its callers; if the servers do, set the option "
    "`server_authenticates`"
)
SERVERS_DO: Final = "according to the option `server_authenticates`, its servers authenticate callers"


def knows_its_callers(backend: GkeBackend, key_words: Sequence[str], *, server_authenticates: bool) -> Checks:
    """The callers of a backend on the internet are authenticated, as far as the stack shows it.

    https://cloud.google.com/kubernetes-engine/docs/how-to/configure-gateway-resources#configure_iap

    Args:
        backend: the backend.
        key_words: what the command or the environment of a server holds that asks for a key.
        server_authenticates: somebody says that the servers do.
    """
    if server_authenticates:
        yield NotApplicable(SERVERS_DO)
        return
    of_backend = [uses_iap(backend), admits_only_some(backend), servers_ask_for_key(backend, key_words)]
    yield on_fronts(backend, lambda front: _is_not_open(backend, any_of([*of_backend, has_authorization(front)])))


def _is_not_open(backend: GkeBackend, is_closed: bool | Unknown) -> Checks:
    if is_closed is False:
        attached = [policy for policy, is_it in backend.settings.policies if is_it is True]
        policy = attached[0] if attached else Policy(settings_kind(backend))
        yield Fail(
            f"{backend.label} is public, and nothing in the stack authenticates its callers.",
            "Identity-Aware Proxy, an authorization policy, known address ranges, or a server that requires an API "
            "key.",
            f"{how_to_set(backend, policy, {'iap': True})} Or have the server require an API key. If it already does "
            "and the stack does not show it, set the option `server_authenticates`.",
        )
    elif is_closed is not True:
        yield Undecided(_MAY_ASK, "iap")
