"""The rule `load-balancer-in-sight`."""

from __future__ import annotations

from policypack.model.gke.sight import LoadBalancerSignal, Sight
from policypack.rule import Options, rule
from policypack.verdict import Checks, Fail, NotApplicable, Undecided


@rule(
    title="Every load balancer in the stack can be judged",
    severity="medium",
    level="advisory",
    stage="stack",
    url="https://cloud.google.com/kubernetes-engine/docs/concepts/gateway-api",
)
def load_balancer_in_sight(found: LoadBalancerSignal, options: Options) -> Checks:
    """The rules judge every load balancer that controllers or other packages create, or it is waived.

    ## What it checks
    Gateways have an HTTPRoute or a GRPCRoute in the stack, Ingresses a backend, InferencePools a route: by these the
    other rules judge what GKE makes. They read no Services of type LoadBalancer, no Multi Cluster Ingresses, no
    policies without a Gateway beside them, and no backend services of other packages such as `google-native`. Helm
    releases, and components without children, may hold any of these.

    ## Why it matters
    Such a load balancer has not been checked. Where a stack has nothing else, a run without violations says nothing; it
    then ends as undecided, which `--strict` and `--fail-on undecided` fail for.

    ## Applies to
    Objects of `pulumi_kubernetes`, also custom resources and YAML, and backend services of other packages. Gateways and
    Ingresses whose class is not of GKE, and Services with a `loadBalancerClass` of others, are none of Google Cloud.

    ## Fails
    ```python
    import pulumi

    pulumi.CustomResource(
        "kubernetes:gateway.networking.k8s.io/v1:Gateway",
        "chat",
        {
            "metadata": {"name": "chat", "namespace": "llm"},
            "spec": {
                "gatewayClassName": "gke-l7-rilb",
                "listeners": [{"name": "http", "protocol": "HTTP", "port": 80}],
            },
        },
    )
    ```

    ## Passes
    ```diff
         },
     )
    +pulumi.CustomResource(
    +    "kubernetes:gateway.networking.k8s.io/v1:HTTPRoute",
    +    "chat",
    +    {
    +        "metadata": {"name": "chat", "namespace": "llm"},
    +        "spec": {
    +            "parentRefs": [{"name": "chat"}],
    +            "rules": [{"backendRefs": [{"kind": "Service", "name": "vllm", "port": 8000}]}],
    +        },
    +    },
    +)
    ```

    ## Undecided
    When a Helm release, a component without children (as at the first preview of the cluster itself) or an object of
    Argo CD, Flux or KServe may hold load balancers.
    """
    signal = found.signal
    if signal.sight is Sight.ELSEWHERE:
        yield NotApplicable(signal.text)
    elif signal.sight is Sight.NOT_KNOWN:
        yield Undecided(signal.text)
    elif signal.sight is Sight.OUT_OF_SIGHT and not found.stack.is_complete:
        yield Undecided("what it serves may still come in this update")
    elif signal.sight is Sight.OUT_OF_SIGHT:
        yield Fail(
            f"{signal.text} Its backends are not judged.",
            "Every load balancer in the stack is judged or waived.",
            "Declare what it serves in this stack, or review it yourself and waive this rule for it.",
        )
