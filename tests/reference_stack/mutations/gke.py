"""Mutations that the rules about GKE catch: what a cluster brings into the stack besides."""

from tests.reference_stack.mutations.mutation import mutation

STACK, BACKEND = "stack.py", "machines/backend.py"
_OBSERVABILITY = "    observability = create_observability("
_GATEWAY = """    pulumi.CustomResource(
        "kubernetes:gateway.networking.k8s.io/v1:Gateway",
        "chat",
        {"metadata": {"name": "chat"}, "spec": {"gatewayClassName": "gke-l7-rilb", "listeners": []}},
    )
"""
_AUTONEG = """    pulumi.CustomResource(
        "kubernetes:core/v1:Service",
        "chat",
        {
            "metadata": {
                "name": "chat",
                "annotations": {
                    "cloud.google.com/neg": '{"exposed_ports": {"80": {}}}',
                    "controller.autoneg.dev/neg": (
                        '{"backend_services": {"80": [{"name": "llm-gke", "max_rate_per_endpoint": 4}]}}'
                    ),
                },
            },
            "spec": {"ports": [{"port": 80}]},
        },
    )
"""

MUTATIONS = {
    "a Gateway without routes beside it": mutation(
        (STACK, _OBSERVABILITY, f"{_GATEWAY}{_OBSERVABILITY}"),
        fires={"load-balancer-in-sight"},
    ),
    "a controller's service without ignore_changes": mutation(
        (STACK, _OBSERVABILITY, f"{_AUTONEG}{_OBSERVABILITY}"),
        (BACKEND, "backends=self._backends(),", 'name="llm-gke",'),
        fires={"backend-controller-backends"},
        # The backends are those that the controller attaches.
        undecided={"backend-authentication", "llm-backend-failover-capacity", "llm-backend-regions"},
    ),
}
