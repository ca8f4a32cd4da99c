"""The rule `frontend-paths`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from policypack.model.balancing.backend_service import BackendService
from policypack.model.balancing.group import GroupKind
from policypack.model.frontend.route import Route
from policypack.model.frontend.url_map import UrlMap, url_maps_of
from policypack.model.security.security_policy import has_security_policy, security_policies
from policypack.model.values.logic import negation, same
from policypack.rule import Options, rule
from policypack.rules.shared.routes import without_url_map
from policypack.verdict import Checks, Condition, Fail, Undecided
from policypack.wording import quoted

_OF_OTHERS: Final = (GroupKind.INTERNET_NEG, GroupKind.PRIVATE_SERVICE_CONNECT_NEG)
_HAS_SERVERS: Final = Condition[BackendService](
    lambda service: negation(same(kind in _OF_OTHERS for kind in service.kinds)) if service.kinds else True,
    "its backends are APIs that others own, on the internet or behind Private Service Connect",
    "backends",
)
_SHOWN: Final = 3
_ABORT: Final = "let the defaults abort every request with 404 (``fault_injection_policy``)"
# https://cloud.google.com/load-balancing/docs/features#routing
_ELSEWHERE: Final = (
    "let the defaults redirect to another host (``default_url_redirect``), or lead to a `BackendBucket` or a service "
    "without these servers (``default_service``): a classic load balancer (scheme EXTERNAL) does not support "
    "``fault_injection_policy``; with EXTERNAL_MANAGED, the defaults can abort every request"
)


@dataclass(frozen=True)
class PathsOptions(Options):
    """Options of `frontend-paths`.

    Attributes:
        forbidden: exact paths that clients must not reach. The default lists the paths for metrics, documentation,
            settings and management of vLLM, SGLang, TGI, llama.cpp and Ollama. vLLM requires its key only under `/v1`
            and a few other prefixes: https://docs.vllm.ai/en/stable/usage/security/
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
    title="Clients can reach only the server's API paths",
    severity="medium",
    level="advisory",
    stage="stack",
    url="https://cloud.google.com/load-balancing/docs/url-map-concepts",
    applies=(_HAS_SERVERS,),
)
def frontend_paths(service: BackendService, options: PathsOptions) -> Checks:
    """No URL map routes clients to the server's metrics, documentation or management endpoints.

    ## What it checks
    On no host does the URL map send a `forbidden` path to the service. Like the load balancer, the rule evaluates:

    - path rules: exact paths and `/*`, the longest match first;
    - route rules: prefixes and full paths, in order of priority;
    - the default, if nothing else matches.

    A route that redirects, or that aborts every request by fault injection, does not count. Nor does a default that no
    host reaches because a host rule matches `*`.

    In addition, each host rule names a path matcher that the URL map defines.

    ## Why it matters
    The servers use one port for clients, metrics collectors and operators. A URL map with only a default service
    forwards everything: anyone can read metrics and settings, use endpoints that require no key, or put the model to
    sleep.

    ## Applies to
    Services behind global and regional URL maps, of every scheme. Services with internet and Private Service Connect
    NEGs are exempt, because others own the servers.

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
    The verdict is undecided when:

    - routes or the services behind them are computed;
    - a regular expression, a template, a header or a path rewrite decides;
    - the service's Cloud Armor policy may deny the paths.
    """
    yield without_url_map(service)
    for url_map in url_maps_of(service.stack, service.resource):
        yield _hides_paths(url_map, service, options)
        yield _has_its_matchers(url_map)


def _hides_paths(url_map: UrlMap, service: BackendService, options: PathsOptions) -> Checks:
    reaches = {path: url_map.sends(path, service.resource) for path in options.forbidden}
    exposed = [path for path in options.forbidden if reaches[path] is True]
    doubtful = [path for path in options.forbidden if reaches[path] is not False]
    if exposed and _cloud_armor_may_deny(service):
        why = f"`{url_map.name}` sends {_shown(exposed)} to it, unless its Cloud Armor policy denies them"
        yield Undecided(why, "security_policy")
    elif exposed:
        yield Fail(
            f"`{url_map.name}` sends {_shown(exposed)} to the servers.",
            "Routes only for the API's paths.",
            _fix(url_map.routes_to(exposed, service.resource), service.is_classic is False),
        )
    elif doubtful:
        yield Undecided(f"whether `{url_map.name}` sends {_shown(doubtful)} to it is not known", "path_matchers")


def _fix(routes: tuple[Route, ...], can_abort: bool) -> str:
    """What to do about routes that send such paths on: a default is for no server, and a rule for the API's paths."""
    rules = [route.label for route in routes if not route.is_default]
    defaults = _ABORT if can_abort else _ELSEWHERE
    if not rules:
        return f"List the API's paths in ``path_rules``, and {defaults}."
    also = f", and {defaults}" if len(rules) < len(routes) else ""
    return f"Keep only the API's paths in {' and '.join(rules)}{also}."


def _has_its_matchers(url_map: UrlMap) -> Checks:
    if url_map.missing_matchers:
        yield Fail(
            f"A host rule of `{url_map.name}` names path matcher {quoted(url_map.missing_matchers)}, which does not "
            "exist.",
            "A path matcher for each host rule.",
            "Correct ``path_matcher`` in ``host_rules``, or add the path matcher to ``path_matchers``.",
        )


def _shown(paths: list[str]) -> str:
    if len(paths) <= _SHOWN:
        return quoted(paths)
    return f"{', '.join(f'`{path}`' for path in paths[:_SHOWN])} and {len(paths) - _SHOWN} other paths"


def _cloud_armor_may_deny(service: BackendService) -> bool:
    policies = security_policies(service)
    return any(policy.may_deny_by_path for policy in policies) if policies else has_security_policy(service)
