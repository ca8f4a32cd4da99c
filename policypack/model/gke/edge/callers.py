"""Who asks the callers of a backend who they are: Identity-Aware Proxy, the Gateway, Cloud Armor, or the servers."""

from __future__ import annotations

from collections.abc import Sequence

from policypack.model.gke.backends import GkeBackend
from policypack.model.gke.edge.front_policies import policies_of
from policypack.model.gke.fronts import Front
from policypack.model.gke.workloads import Workload
from policypack.model.graph.tokens import SECURITY_POLICY_TYPES
from policypack.model.kubernetes.kinds import AUTHZ_POLICY
from policypack.model.kubernetes.names import named_in_spec
from policypack.model.security.security_policy import SecurityPolicy
from policypack.model.software.servers import servers_in
from policypack.model.values.logic import all_of, any_of, when_known
from policypack.model.values.properties import Properties
from policypack.model.values.values import UNKNOWN, Unknown


def uses_iap(backend: GkeBackend) -> bool | Unknown:
    """Whether the policy of a backend has Identity-Aware Proxy authenticate its callers."""
    attached = backend.settings
    found = any_of(all_of([is_it, policy.flag("iap")]) for policy, is_it in attached.policies)
    is_open = attached.hidden and not any(is_it is True for _, is_it in attached.policies)
    return UNKNOWN if found is False and is_open else found


def admits_only_some(backend: GkeBackend) -> bool | Unknown:
    """Whether the Cloud Armor policy of a backend denies all but known addresses; not known of one elsewhere."""
    answers = list[bool | Unknown]()
    for policy, is_it in backend.settings.policies:
        name = policy.text("security policy")
        if policy.object is None or name is None:
            continue
        found, are_all = named_in_spec(policy.object, name, SECURITY_POLICY_TYPES)
        admits = [SecurityPolicy.of(one, backend.stack).admits_only_some for one in found]
        answers.append(all_of([is_it, *admits]) if found and are_all else UNKNOWN)
    return any_of(answers)


def has_authorization(front: Front) -> bool | Unknown:
    """Whether a GCPAuthzPolicy says who may send requests to a Gateway.

    https://cloud.google.com/kubernetes-engine/docs/how-to/configure-gateway-resources
    """
    attached = policies_of(front, AUTHZ_POLICY)
    found = any_of(is_it for _, is_it in attached.policies)
    return UNKNOWN if found is False and attached.hidden else found


def servers_ask_for_key(backend: GkeBackend, words: Sequence[str]) -> bool | Unknown:
    """Whether what all Pods of a backend run holds one of these words, such as the name of a variable with a key."""
    if not backend.workloads:
        return UNKNOWN
    return all_of(all_of([serves, _asks(one, words)]) for one, serves in backend.workloads)


def _asks(workload: Workload, words: Sequence[str]) -> bool | Unknown:
    return when_known(workload.containers, lambda found: any_of(_container_asks(one, words) for one in found))


def _container_asks(container: Properties, words: Sequence[str]) -> bool | Unknown:
    lines, variables = [container.strings(key) for key in ("command", "args")], container.objects("env")
    texts = [text for part in lines if not isinstance(part, Unknown) for text in part]
    texts += [UNKNOWN] if isinstance(variables, Unknown) else [one.string("name", default="") for one in variables]
    if any(word in text for word in words for text in texts if isinstance(text, str)):
        return True
    image = container.string("image")
    # Only an image that is known has no key of its own.
    has_own = not isinstance(image, str) or not servers_in([image])
    is_open = any(isinstance(one, Unknown) for one in (*texts, *lines))
    return UNKNOWN if has_own or is_open or container.value("envFrom") is not None else False
