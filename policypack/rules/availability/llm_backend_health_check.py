"""The rule `llm-backend-health-check`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from policypack.model.balancing.backend_service import BackendService
from policypack.model.balancing.health_check import HealthCheck
from policypack.model.values.values import UNKNOWN, Unknown
from policypack.rule import Options, rule
from policypack.verdict import Fail, NotApplicable, Undecided, Verdict
from policypack.wording import quoted

_PROTOCOLS_WITH_PATHS = ("HTTP", "HTTPS", "HTTP2")


@dataclass(frozen=True)
class HealthCheckOptions(Options):
    """Options of `llm-backend-health-check`.

    Attributes:
        allowed_paths: the request paths that tell whether the server is ready; Triton has `/v2/health/ready`, NIM
            `/v1/health/ready`.
    """

    allowed_paths: tuple[str, ...] = ("/health",)

    def problem(self) -> str | None:
        """Without a path no check could pass."""
        return None if self.allowed_paths else "option `allowed_paths` is empty: name a path, such as `/health`"


@rule(
    title="Backends are health-checked on the server's health path",
    severity="critical",
    level="mandatory",
    stage="stack",
    url="https://cloud.google.com/load-balancing/docs/health-check-concepts",
)
def llm_backend_health_check(service: BackendService, options: HealthCheckOptions) -> Iterator[Verdict]:
    """Each backend service has an HTTP, HTTPS or HTTP/2 health check on an allowed path.

    ## What it checks
    The health check that `health_checks` points at, global, regional or legacy: its protocol, and its request path
    without the query. The path has to be exactly one of `allowed_paths`: servers answer `/health/` with a redirect or
    404, and the load balancer takes nothing but 200 for healthy. Services whose backends take no health check
    (serverless, internet and Private Service Connect NEGs) need none.

    ## Why it matters
    An LLM server accepts TCP connections, and may answer `/`, long before it can generate and long after it no longer
    can. Only its health path says so. Without it the load balancer sends requests to servers that fail them.

    ## Applies to
    Global and regional backend services of every scheme.

    ## Fails
    ```python
    import pulumi_gcp as gcp

    group = gcp.compute.RegionInstanceGroupManager(
        "llm-us-central1",
        region="us-central1",
        base_instance_name="llm",
        versions=[{"instance_template": "global/instanceTemplates/llm"}],
        named_ports=[{"name": "http", "port": 8000}],
    )
    check = gcp.compute.HealthCheck("port-open", tcp_health_check={"port": 8000})
    gcp.compute.BackendService(
        "chat",
        load_balancing_scheme="EXTERNAL_MANAGED",
        port_name="http",
        health_checks=check.id,
        backends=[{"group": group.instance_group, "balancing_mode": "UTILIZATION", "max_utilization": 0.8}],
    )
    ```

    ## Passes
    ```diff
     )
    -check = gcp.compute.HealthCheck("port-open", tcp_health_check={"port": 8000})
    +check = gcp.compute.HealthCheck("health", http_health_check={"request_path": "/health", "port": 8000})
     gcp.compute.BackendService(
    ```

    ## Undecided
    When the check is outside the stack, or its path or protocol is computed; without a check, when it is not known
    whether the backends take one.
    """
    if service.is_measured is False:
        yield NotApplicable("its backends take no health check")
        return
    links = service.health_check_links
    required = f"An HTTP, HTTPS or HTTP/2 health check on {quoted(options.allowed_paths)}."
    if links.is_complete and not links.members:
        yield from _judge_missing(service, required)
    for check in service.health_checks:
        for verdict in _judge_check(check, options, required):
            is_certain = service.is_measured is True or isinstance(verdict, Undecided)
            yield verdict if is_certain else Undecided("the kind of its backends is not known, and may need no check")
    for reference in links.external:
        yield Undecided(f"its health check `{reference.name}` is outside the stack")
    if not links.is_complete:
        yield Undecided(f"its health check is not known: {links.why}")


def _judge_missing(service: BackendService, required: str) -> Iterator[Verdict]:
    if service.is_measured is UNKNOWN:
        why = "it has no backends" if service.has_no_backends else "the kind of its backends is not known"
        yield Undecided(f"it has no health check, and {why}, so it may need none")
        return
    yield Fail(
        "It has no health check.",
        required,
        'Create a `HealthCheck` with `http_health_check={"request_path": "/health", "port": ...}` and set '
        "`health_checks` to its `id`.",
    )


def _judge_check(check: HealthCheck, options: HealthCheckOptions, required: str) -> Iterator[Verdict]:
    protocol, path = check.protocol, check.path
    if isinstance(protocol, Unknown):
        yield Undecided(f"the protocol of its health check `{check.name}` is not known")
    elif protocol not in _PROTOCOLS_WITH_PATHS:
        speaks = f"is a {protocol} check, which cannot ask for a path" if protocol else "has no protocol"
        yield Fail(
            f"Its health check `{check.name}` {speaks}.",
            required,
            'Give it `http_health_check={"request_path": "/health", "port": ...}` instead.',
        )
    elif isinstance(path, Unknown) or path is None:
        yield Undecided(f"the path of its health check `{check.name}` is not known")
    elif path.partition("?")[0] not in options.allowed_paths:
        yield Fail(
            f"Its health check `{check.name}` requests `{path}`.",
            required,
            "Set its `request_path` to the server's health path; if that is another one, add it to the option "
            "`allowed_paths`.",
        )
