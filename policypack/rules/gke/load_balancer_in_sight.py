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
    """The rules can judge every load balancer that controllers or other packages create, or it is waived.

    ## What it checks
    The other rules judge load balancers that GKE creates if the stack shows what leads to their backends: an HTTPRoute
    or a GRPCRoute for a Gateway, a backend for an Ingress, a route for an InferencePool.

    No rule judges these:

    - Gateways, Ingresses and InferencePools without the above, and Gateways none of whose listeners takes a route;
    - Ingresses that name a class of GKE in `ingressClassName` and not in the annotation `kubernetes.io/ingress.class`:
      GKE creates no load balancer for them;
    - Services of type LoadBalancer;
    - Multi Cluster Ingresses;
    - policies whose Gateway is not in the stack;
    - backend services of other packages, such as `google-native`.

    Helm releases, and components without children, may contain any of these.

    ## Why it matters
    Such a load balancer has not been checked. If a stack has nothing else, a run without violations means nothing. The
    run is then undecided, so `--strict` and `--fail-on undecided` fail.

    ## Applies to
    Objects of `pulumi_kubernetes`, including custom resources and YAML, and backend services of other packages.
    Gateways and Ingresses with a class that is not GKE's, and Services with another controller's `loadBalancerClass`,
    create no Google Cloud load balancer and are not judged.

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
    When load balancers may be hidden in a Helm release, in a component without children (as in the first preview of the
    cluster itself), or in an object of Argo CD, Flux or KServe.
    """
    signal = found.signal
    if signal.sight is Sight.ELSEWHERE:
        yield NotApplicable(signal.text)
    elif signal.sight is Sight.NOT_KNOWN:
        yield Undecided(signal.text)
    elif signal.sight is Sight.OUT_OF_SIGHT and not found.stack.is_complete:
        yield Undecided("what it serves may be created later in this update")
    elif signal.sight is Sight.OUT_OF_SIGHT:
        yield Fail(
            f"{signal.text} Its backends are not judged." if not signal.fix else signal.text,
            "Every load balancer in the stack is judged or waived.",
            signal.fix or "Declare what it serves in this stack, or review it yourself and waive this rule for it.",
        )
