"""The rule `frontend-paths`."""

from __future__ import annotations

from dataclasses import dataclass

from policypack.model.balancing.backend_service import BackendService
from policypack.model.frontend.security_policy import has_security_policy, security_policies
from policypack.model.frontend.url_map import UrlMap, url_maps_of
from policypack.rule import Options, rule
from policypack.rules.routes import without_url_map
from policypack.verdict import Checks, Fail, Undecided
from policypack.wording import quoted


@dataclass(frozen=True)
class PathsOptions(Options):
    """Options of `frontend-paths`.

    Attributes:
        forbidden: exact paths that clients must not reach. By default those by which vLLM, SGLang, TGI, llama.cpp and
            Ollama show their metrics, documentation and settings or are managed; vLLM asks for its key under `/v1` and
            few other prefixes alone: https://docs.vllm.ai/en/stable/usage/security/
    """

    forbidden: tuple[str, ...] = (
        "/metrics",
        "/docs",
        "/redoc",
        "/openapi.json",
        "/server_info",
        "/invocations",
        "/reset_prefix_cache",
        "/sleep",
        "/wake_up",
        "/pause",
        "/start_profile",
        "/flush_cache",
        "/slots",
        "/props",
        "/api/pull",
        "/api/delete",
    )


@rule(
    title="Clients reach only the API of the server",
    severity="medium",
    level="advisory",
    stage="stack",
    url="https://cloud.google.com/load-balancing/docs/url-map-concepts",
)
def frontend_paths(service: BackendService, options: PathsOptions) -> Checks:
    """No URL map has a route to the server's metrics, documentation and management.

    ## What it checks
    On every host, where the URL map sends each of the `forbidden` paths: exact paths and `/*` in path rules, the
    longest first; prefixes and full paths in route rules, by priority; else the default. A route that redirects, or
    aborts every request by fault injection, is none. Neither is a default that no host reaches, because a host rule
    takes `*`.

    ## Why it matters
    The servers answer on one port to clients, to metrics collectors and to operators. A URL map with just a default
    service passes everything on: anyone reads metrics and settings, uses endpoints that ask for no key, or puts the
    model to sleep.

    ## Applies to
    Services behind URL maps, global and regional, of every scheme.

    ## Fails
    ```python
    import pulumi_gcp as gcp

    service = gcp.compute.BackendService("chat", load_balancing_scheme="EXTERNAL_MANAGED", protocol="HTTP")
    gcp.compute.URLMap("paths", default_service=service.id)
    ```

    ## Passes
    ```python
    import pulumi_gcp as gcp

    service = gcp.compute.BackendService("chat", load_balancing_scheme="EXTERNAL_MANAGED", protocol="HTTP")
    nothing = {"fault_injection_policy": {"abort": {"http_status": 404, "percentage": 100}}}
    gcp.compute.URLMap(
        "paths",
        default_service=service.id,
        default_route_action=nothing,
        host_rules=[{"hosts": ["llm.example.com"], "path_matcher": "api"}],
        path_matchers=[
            {
                "name": "api",
                "default_service": service.id,
                "default_route_action": nothing,
                "path_rules": [{"paths": ["/v1/chat/completions", "/v1/models"], "service": service.id}],
            }
        ],
    )
    ```

    ## Undecided
    When routes or the services behind them are computed; when a regular expression, a template, a header or a rewrite
    of paths decides; or when the service's Cloud Armor policy may deny the paths.
    """
    yield without_url_map(service)
    for url_map in url_maps_of(service.stack, service.resource):
        yield _hides_paths(url_map, service, options)


def _hides_paths(url_map: UrlMap, service: BackendService, options: PathsOptions) -> Checks:
    reaches = {path: url_map.sends(path, service.resource) for path in options.forbidden}
    exposed = [path for path in options.forbidden if reaches[path] is True]
    doubtful = [path for path in options.forbidden if reaches[path] is not False]
    if exposed and _cloud_armor_may_deny(service):
        why = f"`{url_map.name}` sends {quoted(exposed)} to it, unless its Cloud Armor policy denies them"
        yield Undecided(why, "security_policy")
    elif exposed:
        yield Fail(
            f"`{url_map.name}` sends {quoted(exposed)} to the servers.",
            "Routes for the paths of the API only.",
            "List the API's paths in `path_rules`, and let the defaults abort every request with 404 "
            "(`fault_injection_policy`).",
        )
    elif doubtful:
        yield Undecided(f"whether `{url_map.name}` sends {quoted(doubtful)} to it is not known", "path_matchers")


def _cloud_armor_may_deny(service: BackendService) -> bool:
    policies = security_policies(service)
    return any(policy.may_deny_by_path for policy in policies) if policies else has_security_policy(service)
