"""What shapes the front end that GKE makes of a Gateway or an Ingress."""

from __future__ import annotations

import re
from typing import Final

from policypack.model.gke.backends import Attached
from policypack.model.gke.fronts import Front
from policypack.model.gke.opaque import why_hidden
from policypack.model.gke.policies import Policy
from policypack.model.kubernetes.kinds import FRONTEND_CONFIG, GKE_GROUP
from policypack.model.kubernetes.objects import KubernetesObject, Ref, objects_of, ref_in, refers_to
from policypack.model.values.logic import any_of
from policypack.model.values.properties import Properties
from policypack.model.values.values import UNKNOWN, Unknown

# https://cloud.google.com/kubernetes-engine/docs/how-to/ingress-configuration
_FRONTEND_CONFIG: Final = re.compile(r"networking\.gke\.io/v\w+\.FrontendConfig")


def policies_of(front: Front, kind: str) -> Attached:
    """The policies of a kind, such as `GCPGatewayPolicy`, whose target a Gateway is or may be."""
    found = (
        (one, any_of(_is_target(one, ref, front) for ref in _targets(one))) for one in objects_of(front.stack, (kind,))
    )
    return Attached(tuple((Policy(kind, one), is_it) for one, is_it in found if is_it is not False), hidden_from(front))


def frontend_configs(ingress: Front) -> Attached:
    """The FrontendConfig that an annotation of an Ingress names."""
    annotations = ingress.metadata.object("annotations")
    if isinstance(annotations, Unknown):
        return Attached(hidden=f"the annotations of {ingress.label} are not known")
    key = next((one for one in (annotations.keys if annotations else ()) if _FRONTEND_CONFIG.fullmatch(one)), None)
    if annotations is None or key is None:
        return Attached()
    name = annotations.string(key, default=UNKNOWN)
    ref = Ref(GKE_GROUP, FRONTEND_CONFIG, name, ingress.namespace, "metadata")
    found = [(one, refers_to(ingress, ref, one)) for one in objects_of(ingress.stack, (FRONTEND_CONFIG,))]
    policies = tuple((Policy(FRONTEND_CONFIG, one), is_it) for one, is_it in found if is_it is not False)
    hidden = "" if any(is_it is True for _, is_it in policies) else f"that of {ingress.label} is not in the stack"
    return Attached(policies, hidden)


def hidden_from(front: Front) -> str:
    """Why something that shapes a front end may be out of sight, a clause; empty if nothing can be."""
    if not front.stack.is_complete:
        return "it may be created later in this update"
    return why_hidden(front.stack, front)


def _targets(policy: KubernetesObject) -> list[Properties]:
    one, several = policy.spec.object("targetRef"), policy.spec.objects("targetRefs")
    if isinstance(one, Unknown) or isinstance(several, Unknown):
        return [Properties(UNKNOWN)]
    return [*([one] if one else []), *several]


def _is_target(policy: KubernetesObject, target: Properties, front: Front) -> bool | Unknown:
    return refers_to(policy, ref_in(policy, target)._replace(namespace=policy.namespace), front)
