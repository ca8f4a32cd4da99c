"""What clusters of a fleet export to each other: InferencePools with an annotation, and Services by a ServiceExport.

https://cloud.google.com/kubernetes-engine/docs/how-to/multi-cluster-services,
https://cloud.google.com/kubernetes-engine/docs/how-to/setup-multicluster-inference-gateway
"""

from __future__ import annotations

from typing import Final

from policypack.model.graph.stack import Stack
from policypack.model.kubernetes.kinds import EXPORTS, IMPORTS, INFERENCE_POOL, SERVICE
from policypack.model.kubernetes.objects import KubernetesObject, Ref, objects_of, same_cluster, same_namespace
from policypack.model.values.logic import all_of, any_of, equals, when_known
from policypack.model.values.values import Unknown

_EXPORT: Final = "networking.gke.io/export"


def exports_to(stack: Stack, ref: Ref | Unknown) -> list[tuple[KubernetesObject, bool | Unknown]]:
    """The objects of the stack that may export what a route imports, each with whether it does."""
    if isinstance(ref, Unknown) or not isinstance(ref.kind, str) or ref.kind not in IMPORTS:
        return []
    is_pool, name = IMPORTS[ref.kind] == INFERENCE_POOL, ref.name
    found = objects_of(stack, (INFERENCE_POOL if is_pool else EXPORTS,))
    names = [equals(one.object_name, name) for one in found]
    places = [same_namespace(one.namespace, ref.namespace) for one in found]
    marks = [is_exported(one) if is_pool else True for one in found]
    return [(one, all_of(answers)) for one, *answers in zip(found, names, places, marks, strict=True)]


def exported_targets(stack: Stack, ref: Ref | Unknown) -> list[tuple[KubernetesObject, bool | Unknown]]:
    """The Services and InferencePools of the stack that may be what a route imports, each with whether it is."""
    exporters = exports_to(stack, ref)
    services = objects_of(stack, (SERVICE,)) if any(one.kind == EXPORTS for one, _ in exporters) else ()
    answers = [(one, any_of(all_of([exports, _names(by, one)]) for by, exports in exporters)) for one in services]
    found = (*(pair for pair in exporters if pair[0].kind == INFERENCE_POOL), *answers)
    return [(one, is_it) for one, is_it in found if is_it is not False]


def is_exported(pool: KubernetesObject) -> bool | Unknown:
    """Whether an InferencePool is exported to the other clusters of its fleet."""
    return when_known(pool.annotation(_EXPORT), lambda text: text is not None and text.lower() == "true")


def _names(export: KubernetesObject, service: KubernetesObject) -> bool | Unknown:
    """Whether a ServiceExport is that of a Service: it has its name and its namespace."""
    names = equals(service.object_name, export.object_name)
    return all_of([same_cluster(service, export), same_namespace(service.namespace, export.namespace), names])
