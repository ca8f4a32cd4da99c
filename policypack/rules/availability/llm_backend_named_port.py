"""The rule `llm-backend-named-port`."""

from __future__ import annotations

from collections.abc import Iterator

from policypack.model.balancing.backend_service import BackendService
from policypack.model.balancing.group import GroupKind
from policypack.model.values.values import UNKNOWN, Unknown
from policypack.rule import Options, rule
from policypack.verdict import Fail, NotApplicable, Undecided, Verdict
from policypack.wording import quoted


@rule(
    title="The named port is set and every instance group defines it",
    severity="high",
    level="mandatory",
    stage="stack",
    url="https://cloud.google.com/load-balancing/docs/backend-service#named_ports",
)
def llm_backend_named_port(service: BackendService, options: Options) -> Iterator[Verdict]:
    """Each backend service of instance groups names a port that every group defines.

    ## What it checks
    For services with instance groups behind a proxy load balancer: `port_name` is set, and every group has a named
    port with this name, in its own `named_ports` or as an `InstanceGroupNamedPort`. Network endpoint groups carry
    their own ports, and passthrough load balancers keep the client's: neither is judged.

    ## Why it matters
    Without `port_name` the API takes the name `http`. A group that lacks the name gets no traffic: its backends are
    healthy on the health check's port and unreachable on the serving one, and requests fail with 502.

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
    When a group is outside the stack, not known, or its named ports are computed or left to a controller.
    """
    if service.is_passthrough is True:
        yield NotApplicable("a passthrough load balancer has no named port")
    elif service.has_no_backends:
        yield NotApplicable("it has no backends")
    elif GroupKind.INSTANCE_GROUP not in service.kinds:
        yield NotApplicable("its backends are NEGs, which carry their own ports")
    elif service.is_passthrough is UNKNOWN:
        yield Undecided("its load balancing scheme is not known")
    elif len(service.kinds) > 1:
        yield Undecided(f"it is not known whether its backends are instance groups: {service.links.why}")
    elif isinstance(service.port_name, Unknown):
        yield Undecided("its `port_name` is not known")
    elif service.port_name is None:
        yield Fail(
            "`port_name` is not set, so the API takes `http`, whether the groups define it or not.",
            "A `port_name` that every instance group defines.",
            'Set `port_name="http"`, and `named_ports=[{"name": "http", "port": ...}]` on every group.',
        )
    else:
        yield from _judge_groups(service, service.port_name)


def _judge_groups(service: BackendService, port_name: str) -> Iterator[Verdict]:
    defined = {group: group.defines_port(port_name) for group in service.groups}
    lacking = [group.name for group, defines in defined.items() if defines is False]
    if lacking:
        verb = "does" if len(lacking) == 1 else "do"
        yield Fail(
            f"`port_name` is `{port_name}`, which {quoted(lacking)} {verb} not define.",
            "A `port_name` that every instance group defines.",
            f'Add `{{"name": "{port_name}", "port": ...}}` to `named_ports` of {quoted(lacking)}, with the port that '
            "the server listens on.",
        )
    external = [group.name for group, defines in defined.items() if defines is UNKNOWN and group.is_external]
    if external:
        yield Undecided(f"the named ports of {quoted(external)} are not known: outside the stack")
    computed = [group.name for group, defines in defined.items() if defines is UNKNOWN and not group.is_external]
    if computed:
        yield Undecided(f"the named ports of {quoted(computed)} are not known yet")
    if not service.links.is_complete:
        yield Undecided(f"not all of its groups are known: {service.links.why}")
