"""The rule `llm-backend-health-check`."""

from __future__ import annotations

from dataclasses import dataclass

from policypack.model.balancing.backend_service import BackendService
from policypack.model.balancing.health_check import HealthCheck
from policypack.rule import Options, rule
from policypack.rules.conditions import TAKES_HEALTH_CHECKS
from policypack.verdict import Checks, Fail, Undecided, known, provided, unresolved
from policypack.wording import quoted


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
    title="Health checks request the server's health path",
    severity="critical",
    level="mandatory",
    stage="stack",
    url="https://cloud.google.com/load-balancing/docs/health-check-concepts",
    applies=(TAKES_HEALTH_CHECKS,),
)
def llm_backend_health_check(service: BackendService, options: HealthCheckOptions) -> Checks:
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
    doubt = Undecided("its backends may be of a kind that takes no health check", "backends")
    yield provided(service.is_measured, doubt, _is_checked(service, options))
    for reference in service.health_check_links.external:
        yield Undecided(f"its health check `{reference.name}` is outside the stack", "health_checks")
    yield from unresolved(service.health_check_links, "its health check is not known")


def _is_checked(service: BackendService, options: HealthCheckOptions) -> Checks:
    required = f"An HTTP, HTTPS or HTTP/2 health check on {quoted(options.allowed_paths)}."
    links = service.health_check_links
    if links.is_complete and not links.members:
        yield Fail(
            "It has no health check.",
            required,
            'Create a `HealthCheck` with `http_health_check={"request_path": "/health", "port": ...}` and set '
            "`health_checks` to its `id`.",
        )
    for check in service.health_checks:
        yield _requests_an_allowed_path(check, options, required)


def _requests_an_allowed_path(check: HealthCheck, options: HealthCheckOptions, required: str) -> Checks:
    path = known(check.path, "request_path", check.name)
    if path is None:
        speaks = f"is a {check.protocol} check, which cannot request a path" if check.protocol else "has no protocol"
        yield Fail(
            f"Its health check `{check.name}` {speaks}.",
            required,
            'Give it `http_health_check={"request_path": "/health", "port": ...}` instead.',
        )
    elif path.partition("?")[0] not in options.allowed_paths:
        yield Fail(
            f"Its health check `{check.name}` requests `{path}`.",
            required,
            "Set its `request_path` to the server's health path; if that is another one, add it to the option "
            "`allowed_paths`.",
        )
