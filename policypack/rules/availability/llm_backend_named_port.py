"""The rule `llm-backend-named-port`."""

from __future__ import annotations

from policypack.model.balancing.backend_service import BackendService
from policypack.model.balancing.group import Group, GroupKind
from policypack.model.network.ports import chosen_port
from policypack.model.values.logic import known_in, same
from policypack.model.values.values import Unknown
from policypack.rule import Options, rule
from policypack.rules.shared.conditions import HAS_BACKENDS, uses_proxy
from policypack.verdict import Checks, Condition, Fail, known, unresolved


def _has_instance_groups(service: BackendService) -> bool | Unknown:
    # NEGs beside instance groups are refused, and change nothing for the groups.
    if any(group.kinds == {GroupKind.INSTANCE_GROUP} for group in service.groups):
        return True
    return same(kind is GroupKind.INSTANCE_GROUP for kind in service.kinds)


@rule(
    title="Every instance group defines the service's named port",
    severity="high",
    level="mandatory",
    stage="stack",
    url="https://cloud.google.com/load-balancing/docs/backend-service#named_ports",
    applies=(
        uses_proxy("a passthrough load balancer has no named port"),
        HAS_BACKENDS,
        Condition(_has_instance_groups, "its backends are NEGs, which have their own ports", "backends"),
    ),
)
def llm_backend_named_port(service: BackendService, options: Options) -> Checks:
    """Each backend service with instance groups names a port that every group defines.

    ## What it checks
    For services with instance groups behind a proxy load balancer: `port_name` is set, and every group defines a named
    port of that name, in its own `named_ports` or as an `InstanceGroupNamedPort`. Network endpoint groups have their
    own ports, and passthrough load balancers keep the client's port, so neither is judged.

    ## Why it matters
    Without `port_name`, the API uses the name `http`. A group that does not define the name gets no traffic: its
    backends are healthy on the health check's port but unreachable on the serving port, and requests fail with 502.

    ## Applies to
    Services of proxy load balancers: all global ones, and regional ones with scheme EXTERNAL_MANAGED or
    INTERNAL_MANAGED.

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

    ## Undecided
    When a group is outside the stack or not known, or when its named ports are computed or left to a controller.
    """
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
