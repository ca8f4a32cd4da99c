"""The rule `llm-backend-named-port`."""

from __future__ import annotations

from policypack.model.balancing.backend_service import BackendService
from policypack.model.balancing.group import Group, GroupKind
from policypack.model.kubernetes.controllers import named_negs
from policypack.model.network.ports import chosen_port
from policypack.model.values.logic import known_in, same
from policypack.model.values.values import Unknown
from policypack.rule import Options, rule
from policypack.rules.on_gke.attached import attached_have_ports
from policypack.rules.on_gke.named_port import has_the_port
from policypack.rules.shared.conditions import GETS_BACKENDS, uses_proxy
from policypack.verdict import Checks, Condition, Fail, Undecided, known, provided, unresolved


def _has_instance_groups(service: BackendService) -> bool | Unknown:
    # NEGs beside instance groups are refused, and change nothing for the groups.
    if any(group.kinds == {GroupKind.INSTANCE_GROUP} for group in service.groups):
        return True
    return same(kind is GroupKind.INSTANCE_GROUP for kind in service.kinds)


def _has_ports_to_judge(service: BackendService) -> bool | Unknown:
    negs = named_negs(service.stack)
    if service.attachments.any or any(group.is_external and group.name in negs for group in service.groups):
        return True
    return _has_instance_groups(service)


@rule(
    title="Backends have the port that requests are sent to",
    severity="high",
    level="mandatory",
    stage="stack",
    url="https://cloud.google.com/load-balancing/docs/backend-service#named_ports",
    applies=(
        uses_proxy("a passthrough load balancer has no named port"),
        GETS_BACKENDS,
        Condition(_has_ports_to_judge, "its backends are NEGs, which have their own ports", "backends"),
    ),
    gke=lambda backend, options: has_the_port(backend),
)
def llm_backend_named_port(service: BackendService, options: Options) -> Checks:
    """Each backend service with instance groups names a port that every group defines.

    ## What it checks
    For services with instance groups behind a proxy load balancer: `port_name` is set, and every group defines a named
    port of that name, in its own `named_ports` or as an `InstanceGroupNamedPort`. Network endpoint groups have their
    own ports, and passthrough load balancers keep the client's port, so neither is judged. Of the NEGs of a Kubernetes
    Service, the ports in its annotations are: they are ports of the Service.

    On GKE, the rule reads routes and Ingresses: the Service that they name exists, its selector matches Pods, it has
    the port that they name, and its `targetPort` is a port of the Pods. A name is one of a container's ports. A number
    fails if the Pods run only vLLM, and its command line shows that it listens on another port. That something does not
    exist is certain in a cluster and a namespace that the stack makes.

    ## Why it matters
    Without `port_name`, the API uses the name `http`. A group that does not define the name gets no traffic: its
    backends are healthy on the health check's port but unreachable on the serving port, and requests fail with 502.
    A route on GKE to a port that the Service or its Pods do not have leads to no endpoint at all.

    ## Applies to
    Services of proxy load balancers: all global ones, and regional ones with scheme EXTERNAL_MANAGED or
    INTERNAL_MANAGED. LLM backends of Gateways and Ingresses on GKE.

    ## Fails
    ```python
    import pulumi_gcp as gcp

    group = gcp.compute.RegionInstanceGroupManager(
        "llm-us-central1",
        region="us-central1",
        base_instance_name="llm",
        versions=[{"instance_template": "global/instanceTemplates/llm"}],
        named_ports=[{"name": "web", "port": 8000}],
    )
    gcp.compute.BackendService(
        "chat",
        load_balancing_scheme="EXTERNAL_MANAGED",
        port_name="http",
        backends=[{"group": group.instance_group, "balancing_mode": "UTILIZATION", "max_utilization": 0.8}],
    )
    ```

    ## Passes
    ```diff
         versions=[{"instance_template": "global/instanceTemplates/llm"}],
    -    named_ports=[{"name": "web", "port": 8000}],
    +    named_ports=[{"name": "http", "port": 8000}],
     )
    ```

    ## On GKE
    ```yaml
    apiVersion: inference.networking.k8s.io/v1
    kind: InferencePool
    metadata: {name: chat, namespace: llm}
    spec:
      selector:
        matchLabels: {app: vllm}
      targetPorts: [{number: 8000}]
      endpointPickerRef: {name: chat-epp, port: {number: 9002}}
    ```

    ## Undecided
    The verdict is undecided when:

    - a group is outside the stack or not known, or its named ports are computed or left to a controller;
    - on GKE, the Service or its Pods are not in the stack, a port is computed, or requests go to a number that no
      container lists in its `ports`. A container may listen on it all the same; list it, and the rule passes.
    """
    yield attached_have_ports(service)
    doubt = Undecided("whether instance groups are among its backends is not known", "backends")
    yield provided(_has_instance_groups(service), doubt, _groups_define_it(service))


def _groups_define_it(service: BackendService) -> Checks:
    known(service.is_passthrough, "load_balancing_scheme", because="a passthrough load balancer has no named port")
    port_name = known(service.port_name, "port_name")
    if port_name is None:
        yield Fail(
            "``port_name`` is not set, so the API uses `http`, even if no group defines it.",
            "A ``port_name`` that every instance group defines.",
            f'Set ``port_name="http"``, and ``named_ports=[{{"name": "http", "port": {_port(service)}}}]`` on every '
            "group.",
        )
        return
    for group in service.groups:
        if GroupKind.INSTANCE_GROUP not in group.kinds:
            continue
        yield _defines_port(service, group, port_name)
    yield from unresolved(service.links)


def _defines_port(service: BackendService, group: Group, port_name: str) -> Checks:
    outside = "it is outside the stack" if group.is_external else ""
    if not known(group.defines_port(port_name), "named_ports", group.name, because=outside):
        yield Fail(
            f"``port_name`` is `{port_name}`, which `{group.name}` does not define.",
            "A ``port_name`` that every instance group defines.",
            f'Add ``{{"name": "{port_name}", "port": {_port(service)}}}`` to the ``named_ports`` of the group, with '
            "the port that the server listens on.",
        )


def _port(service: BackendService) -> str:
    """The port that its servers listen on, as far as its health check tells."""
    numbers = known_in(chosen_port(check) for check in service.health_checks)
    return next((f"{number}" for number in numbers if number), "...")
