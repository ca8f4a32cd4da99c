"""Kinds of Kubernetes objects: which tell of a load balancer, and which may hold some that the stack does not show.

A type token is `kubernetes:GROUP/VERSION:KIND`, with the version left out here, as it changes. The core group is "".
https://github.com/pulumi/pulumi-kubernetes
"""

from __future__ import annotations

from typing import Final, NamedTuple

PACKAGE: Final = "kubernetes:"

# https://gateway-api.sigs.k8s.io/reference/spec/; the second was its group before it became stable.
GATEWAY_GROUPS: Final = ("gateway.networking.k8s.io", "networking.x-k8s.io")
# https://gateway-api-inference-extension.sigs.k8s.io/; the second was its group before it became stable.
POOL_GROUPS: Final = ("inference.networking.k8s.io", "inference.networking.x-k8s.io")
INGRESS_GROUPS: Final = ("networking.k8s.io", "extensions")
# https://cloud.google.com/kubernetes-engine/docs/how-to/configure-gateway-resources
GKE_GROUP: Final = "networking.gke.io"
# https://cloud.google.com/kubernetes-engine/docs/how-to/multi-cluster-services
FLEET_GROUP: Final = "net.gke.io"
# https://cloud.google.com/kubernetes-engine/docs/how-to/ingress-configuration
BACKEND_CONFIG_GROUP: Final = "cloud.google.com"
CORE_GROUP: Final = ""

GATEWAY, INGRESS, SERVICE, INFERENCE_POOL = "Gateway", "Ingress", "Service", "InferencePool"
HEALTH_CHECK_POLICY, BACKEND_POLICY, BACKEND_CONFIG = "HealthCheckPolicy", "GCPBackendPolicy", "BackendConfig"
GATEWAY_POLICY, FRONTEND_CONFIG, AUTHZ_POLICY = "GCPGatewayPolicy", "FrontendConfig", "GCPAuthzPolicy"
NAMESPACE: Final = "Namespace"
# The routes of Application Load Balancers: GKE's Gateways serve others otherwise, or not at all.
ROUTES: Final = ("HTTPRoute", "GRPCRoute")
# Controllers make these in the cluster that has the Gateway, from what other clusters export: no program has them.
# https://cloud.google.com/kubernetes-engine/docs/how-to/multi-cluster-services
IMPORTS: Final = {"ServiceImport": SERVICE, "GCPInferencePoolImport": INFERENCE_POOL}
EXPORTS: Final = "ServiceExport"
MULTI_CLUSTER_INGRESS: Final = "MultiClusterIngress"

# Objects that shape a load balancer, or are a part of one, and have no other use.
# https://cloud.google.com/kubernetes-engine/docs/how-to/configure-gateway-resources,
# https://github.com/GoogleCloudPlatform/gke-gateway-api
ATTACHMENTS: Final = {
    **dict.fromkeys(POOL_GROUPS, (INFERENCE_POOL, "InferenceModel", "InferenceObjective", "InferencePoolImport")),
    "llm-d.ai": ("InferenceObjective", "InferenceModelRewrite"),
    GKE_GROUP: (
        HEALTH_CHECK_POLICY,
        BACKEND_POLICY,
        GATEWAY_POLICY,
        "GCPTrafficDistributionPolicy",
        "GCPSessionAffinityPolicy",
        "GCPSessionAffinityFilter",
        AUTHZ_POLICY,
        "GCPServerTLSPolicy",
        "GCPClientTLSPolicy",
        "GCPTrafficExtension",
        "GCPRoutingExtension",
        "GCPInferencePoolImport",
        FRONTEND_CONFIG,
        "ManagedCertificate",
    ),
    FLEET_GROUP: (EXPORTS, "ServiceImport"),
    BACKEND_CONFIG_GROUP: (BACKEND_CONFIG,),
}
# Annotations of Services for which a controller makes parts of a load balancer.
# https://cloud.google.com/kubernetes-engine/docs/how-to/standalone-neg,
# https://github.com/GoogleCloudPlatform/gke-autoneg-controller
NEG_ANNOTATION: Final = "cloud.google.com/neg"
AUTONEG_ANNOTATIONS: Final = ("controller.autoneg.dev/neg", "anthos.cft.dev/autoneg")
# https://cloud.google.com/kubernetes-engine/docs/how-to/ingress-configuration
BACKEND_CONFIG_ANNOTATIONS: Final = ("cloud.google.com/backend-config", "beta.cloud.google.com/backend-config")

# Resources that may hold any objects without showing them. A type token begins with these.
# https://www.pulumi.com/registry/packages/kubernetes/api-docs/helm/v3/release/; the objects of Argo CD, Flux and KServe
# have controllers install or make others: https://argo-cd.readthedocs.io, https://fluxcd.io, https://kserve.github.io
OPAQUE_TYPES: Final = (
    "kubernetes:helm.sh/v3:Release",
    "kubernetes:argoproj.io/v1alpha1:Application",
    "kubernetes:helm.toolkit.fluxcd.io/",
    "kubernetes:kustomize.toolkit.fluxcd.io/",
    "kubernetes:configsync.gke.io/",
    "kubernetes:serving.kserve.io/",
)
# Components that hold objects as children; without any they are as opaque: with a kubeconfig that is not known yet,
# they have none at a preview.
COMPONENT_TYPES: Final = (
    "kubernetes:helm.sh/v2:Chart",
    "kubernetes:helm.sh/v3:Chart",
    "kubernetes:helm.sh/v4:Chart",
    "kubernetes:yaml:ConfigFile",
    "kubernetes:yaml:ConfigGroup",
    "kubernetes:yaml/v2:ConfigFile",
    "kubernetes:yaml/v2:ConfigGroup",
    "kubernetes:kustomize:Directory",
    "kubernetes:kustomize/v2:Directory",
)
# Load balancers of packages that no rule reads: type token prefix and suffix.
# https://www.pulumi.com/registry/packages/google-native/
OTHER_PACKAGES: Final = (
    ("google-native:compute/", ":BackendService"),
    ("google-native:compute/", ":RegionBackendService"),
    ("", ":google_compute_backend_service"),
    ("", ":google_compute_region_backend_service"),
)


class Kind(NamedTuple):
    """What a type token says of an object."""

    group: str
    version: str
    kind: str


def kind_of(type_: str) -> Kind | None:
    """The kind in a type token; `None` for what is no Kubernetes object.

    A `Patch` changes an object of its kind that was made elsewhere.
    """
    if not type_.startswith(PACKAGE):
        return None
    group_version, separator, kind = type_.removeprefix(PACKAGE).rpartition(":")
    group, slash, version = group_version.rpartition("/")
    if not separator or not slash or type_.startswith((*OPAQUE_TYPES, *COMPONENT_TYPES)):
        return None
    return Kind(CORE_GROUP if group == "core" else group, version, kind.removesuffix("Patch"))
