"""Controllers in GKE that attach network endpoint groups to backend services by themselves."""

from __future__ import annotations

from typing import Final

from policypack.model.graph.resource import Resource
from policypack.model.graph.stack import Stack, per_stack
from policypack.model.graph.tokens import KUBERNETES_SERVICE
from policypack.model.values.properties import Properties

# https://github.com/GoogleCloudPlatform/gke-autoneg-controller and, for NEGs that others attach,
# https://cloud.google.com/kubernetes-engine/docs/how-to/standalone-neg
_ANNOTATIONS: Final = ("controller.autoneg.dev/neg", "anthos.cft.dev/autoneg", "cloud.google.com/neg")


@per_stack
def annotated_services(stack: Stack) -> tuple[tuple[Resource, str], ...]:
    """The Kubernetes services of a stack for which a controller makes NEGs, each with the annotation that says so."""
    found = ((service, _annotation(service)) for service in stack.of_types([KUBERNETES_SERVICE]))
    return tuple((service, annotation) for service, annotation in found if annotation)


def _annotation(service: Resource) -> str | None:
    annotations = service.asked.block("metadata").object("annotations")
    if not isinstance(annotations, Properties):
        return None
    return next((name for name in _ANNOTATIONS if annotations.value(name) is not None), None)
