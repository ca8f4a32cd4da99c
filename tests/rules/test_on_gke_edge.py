"""What rules say of the edge of backends on GKE: plain HTTP, Cloud Armor, TLS, and who asks callers who they are."""

from __future__ import annotations

from typing import Any

import pytest

from tests.rules.clusters import (
    EXTERNAL,
    GATEWAY_API,
    GKE,
    INTERNAL,
    backend_config,
    deployment,
    gateway,
    ingress,
    policy,
    pool,
    release,
    route,
    served,
    service,
    thing,
)
from tests.stacks import Computed, Out, R, build, check_verdict, findings

HTTPS, ARMOR = "frontend-https-only", "backend-cloud-armor"
TLS, CALLERS = "frontend-tls-policy", "backend-authentication"
REGIONAL = "gke-l7-regional-external-managed"
POOL, SERVICE, PODS = pool(), service(), deployment()
PLAIN = {"name": "http", "protocol": "HTTP", "port": 80}
SECURE = {"name": "https", "protocol": "HTTPS", "port": 443, "tls": {"options": {"certs": "c"}}}
REDIRECT = {"type": "RequestRedirect", "requestRedirect": {"scheme": "https", "statusCode": 301}}


def redirect(section: str | None = "http") -> R:
    """A route without backends, which sends clients to HTTPS."""
    parent = {"name": "front", **({"sectionName": section} if section else {})}
    return route(name="redirect", parentRefs=[parent], rules=[{"filters": [REDIRECT]}])


def fronted(*listeners: Any, parent: Any = None, class_name: Any = EXTERNAL, others: tuple[R, ...] = ()) -> list[R]:
    """The pool behind a Gateway with these listeners, by a route with this parent reference."""
    parents = [{"name": "front", **(parent or {})}]
    return [gateway(class_name, listeners=list(listeners)), route(POOL, parentRefs=parents), POOL, *others]


def elsewhere(listener: dict[str, Any]) -> list[R]:
    """A route in another namespace than its Gateway, whose first listener is `listener`."""
    front = thing(GATEWAY_API, "Gateway", "front", {"gatewayClassName": EXTERNAL, "listeners": [listener, SECURE]},
                  namespace="infra")  # fmt: skip
    return [front, route(POOL, parentRefs=[{"name": "front", "namespace": "infra"}]), POOL]


@pytest.mark.parametrize(
    ("stack", "expected"),
    [
        pytest.param(fronted(PLAIN), "failed", id="plain HTTP alone"),
        pytest.param(fronted(SECURE), "passed", id="HTTPS alone"),
        pytest.param(fronted(PLAIN, SECURE), "failed", id="a route for all listeners"),
        pytest.param(fronted(PLAIN, SECURE, parent={"sectionName": "https"}, others=(redirect(),)), "passed",
                     id="plain HTTP is redirected"),
        pytest.param(fronted(PLAIN, SECURE, parent={"sectionName": "http"}), "failed", id="a route for plain HTTP"),
        pytest.param(fronted(PLAIN, SECURE, parent={"port": 443}), "passed", id="by the port"),
        pytest.param(fronted(PLAIN, SECURE, parent={"port": 80}), "failed", id="by the port of plain HTTP"),
        pytest.param(fronted(PLAIN, SECURE, others=(redirect(),)), "failed", id="redirected, and passed on as well"),
        pytest.param(fronted(PLAIN, class_name=INTERNAL), "not applicable", id="internal"),
        pytest.param(fronted(PLAIN, class_name="gke-l7-gxlb"), "failed", id="classic"),
        pytest.param(fronted(PLAIN, class_name=Computed()), "undecided", id="computed class"),
        pytest.param(fronted(SECURE, class_name=Computed()), "passed", id="HTTPS, computed class"),
        pytest.param(fronted(Computed()), "undecided", id="computed listener"),
        pytest.param(fronted({**PLAIN, "protocol": Computed()}), "undecided", id="computed protocol"),
        pytest.param(fronted(PLAIN, SECURE, parent={"sectionName": Computed()}), "undecided", id="computed section"),
        pytest.param([gateway(EXTERNAL), route(POOL, parentRefs=Computed()), POOL], "undecided", id="computed parents"),
        pytest.param([route(POOL), POOL], "undecided", id="Gateway elsewhere"),
        pytest.param(elsewhere(PLAIN), "passed", id="not a listener for other namespaces"),
        pytest.param(elsewhere({**PLAIN, "allowedRoutes": {"namespaces": {"from": "Same"}}}), "passed", id="in words"),
        pytest.param(elsewhere({**PLAIN, "allowedRoutes": {"namespaces": {"from": "All"}}}), "failed",
                     id="a listener for all namespaces"),
        pytest.param(elsewhere({**PLAIN, "allowedRoutes": {"namespaces": {"from": "Selector"}}}), "undecided",
                     id="a listener for some namespaces"),
        pytest.param(fronted({**PLAIN, "allowedRoutes": {"kinds": [{"kind": "GRPCRoute"}]}}, SECURE), "passed",
                     id="a listener for other kinds"),
        pytest.param(fronted({**PLAIN, "allowedRoutes": {"kinds": [{"kind": "HTTPRoute"}]}}, SECURE), "failed",
                     id="a listener for its kind"),
        pytest.param([gateway(EXTERNAL, listeners=[{**PLAIN, "hostname": Computed()}, SECURE]),
                      route(POOL, hostnames=["b.example.com"]), POOL], "undecided", id="a computed host"),
        pytest.param([gateway(EXTERNAL, listeners=[{**PLAIN, "hostname": "a.example.com"}, SECURE]),
                      route(POOL, hostnames=["b.example.com"]), POOL], "passed", id="another host"),
        pytest.param([gateway(EXTERNAL, listeners=[{**PLAIN, "hostname": "*.example.com"}, SECURE]),
                      route(POOL, hostnames=["b.example.com"]), POOL], "failed", id="a host of many"),
    ],
)  # fmt: skip
def test_plain_http(stack: list[R], expected: str) -> None:
    check_verdict(HTTPS, stack, expected)


def test_internal_gateways_by_the_option() -> None:
    check_verdict(HTTPS, fronted(PLAIN, class_name=INTERNAL), "failed", internal=True)
    check_verdict(HTTPS, fronted(SECURE, class_name=INTERNAL), "passed", internal=True)


CONFIG_KEY = "networking.gke.io/v1beta1.FrontendConfig"


def behind_ingress(*others: R, class_name: str = "gce", **annotations: Any) -> list[R]:
    front = ingress(class_name=class_name)
    front.inputs["metadata"]["annotations"] |= {key.replace("__", "/"): value for key, value in annotations.items()}
    return [front, SERVICE, PODS, *others]


def configured(spec: Any, name: Any = "edge", class_name: Any = "gce", **annotations: Any) -> list[R]:
    """Behind an Ingress with a FrontendConfig."""
    stack = behind_ingress(thing("networking.gke.io/v1beta1", "FrontendConfig", "edge", spec), class_name=class_name)
    stack[0].inputs["metadata"]["annotations"] |= {CONFIG_KEY: name, **annotations}
    return stack


MANAGED = {"networking.gke.io/managed-certificates": "certificate"}
NO_HTTP = {"kubernetes.io/ingress.allow-http": "false"}
UNANNOTATED = ingress()
del UNANNOTATED.inputs["metadata"]["annotations"]


@pytest.mark.parametrize(
    ("stack", "expected"),
    [
        pytest.param(behind_ingress(), "failed", id="no FrontendConfig"),
        pytest.param(configured({"redirectToHttps": {"enabled": True}}), "passed", id="redirected"),
        pytest.param(configured({"redirectToHttps": {"enabled": False}}), "failed", id="not redirected"),
        pytest.param(configured({}), "failed", id="left out"),
        pytest.param(configured({}, **NO_HTTP), "passed", id="no plain HTTP"),
        pytest.param(configured({}, **{"kubernetes.io/ingress.allow-http": "true"}), "failed", id="in words"),
        pytest.param(configured({}, **{"kubernetes.io/ingress.allow-http": Computed()}), "undecided", id="computed"),
        pytest.param(configured({"redirectToHttps": {"enabled": Computed()}}), "undecided", id="computed redirect"),
        pytest.param(configured({"redirectToHttps": {"enabled": True}}, "other"), "undecided", id="config elsewhere"),
        pytest.param(behind_ingress(class_name="gce-internal"), "not applicable", id="internal"),
        pytest.param([UNANNOTATED, SERVICE, PODS], "undecided", id="no annotations, and perhaps no GKE"),
    ],
)
def test_plain_http_of_ingresses(stack: list[R], expected: str) -> None:
    check_verdict(HTTPS, stack, expected)


def rules(*actions: str) -> list[dict[str, Any]]:
    everybody = {"versionedExpr": "SRC_IPS_V1", "config": {"srcIpRanges": ["*"]}}
    some = {"versionedExpr": "SRC_IPS_V1", "config": {"srcIpRanges": ["198.51.100.0/24"]}}
    last = len(actions) - 1
    return [
        {"action": action, "priority": 1000 + number, "match": everybody if number == last else some}
        for number, action in enumerate(actions)
    ]


FILTER = R("SecurityPolicy", "armor", {"name": "armor", "rules": rules("allow", "deny(403)")})
OPEN = R("SecurityPolicy", "armor", {"name": "armor", "rules": rules("allow")})
OF_REGION = R("RegionSecurityPolicy", "armor", {"name": "armor", "region": "us-central1", "type": "CLOUD_ARMOR",
                                                "rules": rules("allow", "deny(403)")})  # fmt: skip
UNNAMED = R("SecurityPolicy", "armor", {"rules": rules("allow", "deny(403)")})


def armored(name: Any, *policies: R, class_name: Any = EXTERNAL) -> list[R]:
    return served(POOL, policy(POOL, {"securityPolicy": name}), *policies, class_name=class_name)


@pytest.mark.parametrize(
    ("stack", "expected"),
    [
        pytest.param(armored("armor", FILTER), "passed", id="by name"),
        pytest.param(armored(Out(UNNAMED), UNNAMED), "passed", id="by an output"),
        pytest.param(armored("armor", OPEN), "failed", id="lets all through"),
        pytest.param(armored("elsewhere", FILTER), "passed", id="of another stack"),
        pytest.param(armored(Computed(), FILTER), "undecided", id="computed name"),
        pytest.param(armored("armor", OF_REGION), "failed", id="regional for a global class"),
        pytest.param(armored("armor", OF_REGION, class_name=REGIONAL), "passed", id="regional for a regional class"),
        pytest.param(armored("armor", FILTER, class_name=REGIONAL), "failed", id="global for a regional class"),
        pytest.param(armored("armor", FILTER, class_name=Computed()), "undecided", id="computed class"),
        pytest.param(armored(None), "failed", id="a policy without it"),
        pytest.param(armored(""), "failed", id="an empty name"),
        pytest.param(served(POOL, class_name=EXTERNAL), "failed", id="no policy"),
        pytest.param(served(POOL, release(), class_name=EXTERNAL), "undecided", id="beside a Helm release"),
        pytest.param(served(POOL), "not applicable", id="internal"),
        pytest.param([POOL, route(POOL)], "undecided", id="Gateway elsewhere"),
        pytest.param(served(SERVICE, deployment({"image": "nginx"}), class_name=EXTERNAL), "not applicable",
                     id="a web server"),
    ],
)  # fmt: skip
def test_cloud_armor(stack: list[R], expected: str) -> None:
    check_verdict(ARMOR, stack, expected)


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        pytest.param({"securityPolicy": {"name": "armor"}}, "passed", id="named"),
        pytest.param({"securityPolicy": {"name": ""}}, "failed", id="removed"),
        pytest.param({}, "failed", id="left out"),
        pytest.param({"securityPolicy": Computed()}, "undecided", id="computed"),
    ],
)
def test_cloud_armor_of_ingresses(spec: Any, expected: str) -> None:
    target = service(annotations={"cloud.google.com/backend-config": '{"default": "config"}'})
    check_verdict(ARMOR, [ingress(class_name="gce"), target, PODS, backend_config(spec), FILTER], expected)
    check_verdict(ARMOR, [ingress(class_name="gce-internal"), target, PODS, backend_config(spec)], "not applicable")


LIMIT = {"rateLimitThreshold": {"count": 300, "intervalSec": 60}, "conformAction": "allow", "exceedAction": "deny(429)"}
LIMITED = R("SecurityPolicy", "armor", {
    "name": "armor", "rules": [{**rules("throttle")[0], "rateLimitOptions": {**LIMIT, "enforceOnKey": "IP"}}],
})  # fmt: skip


@pytest.mark.parametrize(
    ("stack", "expected"),
    [
        pytest.param(armored("armor", LIMITED), "passed", id="each client"),
        pytest.param(armored("armor", OPEN), "failed", id="nobody"),
        pytest.param(armored("elsewhere", LIMITED), "undecided", id="of another stack"),
        pytest.param(armored(None), "not applicable", id="no policy"),
        pytest.param(served(POOL), "not applicable", id="internal"),
    ],
)
def test_rate_limit(stack: list[R], expected: str) -> None:
    check_verdict("cloud-armor-rate-limit", stack, expected)


def test_a_policy_elsewhere_can_be_vouched_for() -> None:
    check_verdict("cloud-armor-rate-limit", armored("company"), "not applicable", vouched=["comp*"])
    check_verdict("cloud-armor-rate-limit", armored(Computed()), "undecided", vouched=["*"])


def test_of_two_policies_of_one_name_that_of_the_scope_counts() -> None:
    check_verdict(ARMOR, armored("armor", FILTER, OF_REGION), "passed")
    check_verdict(ARMOR, armored("armor", FILTER, OF_REGION, class_name=REGIONAL), "passed")
    check_verdict(ARMOR, armored("armor", OPEN, OF_REGION), "failed")


STRICT = R("SSLPolicy", "tls", {"name": "tls", "profile": "RESTRICTED", "minTlsVersion": "TLS_1_2"})
LOOSE = R("SSLPolicy", "tls", {"name": "tls", "profile": "COMPATIBLE", "minTlsVersion": "TLS_1_0"})
OF_REGION_TLS = R("RegionSslPolicy", "tls", {"name": "tls", "region": "us-central1", "profile": "RESTRICTED",
                                             "minTlsVersion": "TLS_1_2"})  # fmt: skip


def gateway_policy(default: Any, name: str = "front", **target: Any) -> R:
    its_ref = {"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": name, **target}
    return thing(GKE, "GCPGatewayPolicy", "gateway-policy", {"targetRef": its_ref, "default": default})


def secured(*others: R, class_name: Any = EXTERNAL) -> list[R]:
    return fronted(SECURE, class_name=class_name, others=others)


@pytest.mark.parametrize(
    ("stack", "expected"),
    [
        pytest.param(secured(gateway_policy({"sslPolicy": "tls"}), STRICT), "passed", id="by name"),
        pytest.param(secured(gateway_policy({"sslPolicy": "projects/p-demo/global/sslPolicies/tls"}), STRICT), "passed",
                     id="by path"),
        pytest.param(secured(gateway_policy({"sslPolicy": Out(STRICT, "id")}), STRICT), "passed", id="by an output"),
        pytest.param(secured(gateway_policy({"sslPolicy": "tls"}), LOOSE), "failed", id="outdated"),
        pytest.param(secured(gateway_policy({"sslPolicy": "tls"}), OF_REGION_TLS), "failed", id="of a region"),
        pytest.param(secured(gateway_policy({"sslPolicy": "tls"}), OF_REGION_TLS, class_name=REGIONAL), "passed",
                     id="of a region for a regional class"),
        pytest.param(secured(gateway_policy({"sslPolicy": "tls"})), "undecided", id="of another stack"),
        pytest.param(secured(gateway_policy({"sslPolicy": Computed()}), STRICT), "undecided", id="computed"),
        pytest.param(secured(thing(GKE, "GCPGatewayPolicy", "gateway-policy",
                                   {"targetRef": Computed(), "default": {"sslPolicy": "tls"}}), STRICT), "undecided",
                     id="computed target"),
        pytest.param(secured(gateway_policy({})), "failed", id="left out"),
        pytest.param(secured(), "failed", id="no policy"),
        pytest.param(secured(gateway_policy({"sslPolicy": "tls"}, "other"), STRICT), "failed", id="another Gateway's"),
        pytest.param(secured(release()), "undecided", id="beside a Helm release"),
        pytest.param(secured(class_name=INTERNAL), "not applicable", id="internal"),
        pytest.param(fronted(PLAIN), "passed", id="no TLS"),
        pytest.param(fronted({**SECURE, "protocol": Computed()}), "undecided", id="computed protocol"),
    ],
)  # fmt: skip
def test_tls_policy(stack: list[R], expected: str) -> None:
    check_verdict(TLS, stack, expected)


def test_a_tls_policy_elsewhere_can_be_vouched_for() -> None:
    stack = secured(gateway_policy({"sslPolicy": "company"}))
    check_verdict(TLS, stack, "not applicable", vouched=["comp*"])
    check_verdict(TLS, stack, "undecided", vouched=["other"])


@pytest.mark.parametrize(
    ("stack", "expected"),
    [
        pytest.param([*configured({"sslPolicy": "tls"}, **MANAGED), STRICT], "passed", id="FrontendConfig"),
        pytest.param([*configured({"sslPolicy": "tls"}, **MANAGED), LOOSE], "failed", id="outdated"),
        pytest.param(configured({}, **MANAGED), "failed", id="left out"),
        pytest.param(configured({}), "passed", id="no TLS"),
    ],
)
def test_tls_policy_of_ingresses(stack: list[R], expected: str) -> None:
    check_verdict(TLS, stack, expected)


def texts(rule: str, *stack: R) -> list[tuple[str, str, str]]:
    (found,) = findings(rule, build(*stack))
    return [(problem.observed, problem.required, problem.fix) for problem in found.problems]


def test_messages_name_the_object_the_field_and_a_fix_for_it() -> None:
    assert texts(HTTPS, *fronted(PLAIN, SECURE)) == [
        (
            "Listener `http` of Gateway `front` accepts plain HTTP, and HTTPRoute `route` forwards it to InferencePool "
            "`chat`.",
            "HTTPS, with plain HTTP used only for redirects.",
            "Set `sectionName` to `https` in `spec.parentRefs` of HTTPRoute `route`, and attach a route to `http` that "
            "has no backends and the filter `RequestRedirect` with the scheme `https`.",
        )
    ]
    assert texts(ARMOR, *armored(None)) == [
        (
            "InferencePool `chat` has no Cloud Armor policy, the default: GCPBackendPolicy `settings` does not set it.",
            "A backend security policy.",
            'Set `spec.default.securityPolicy` of GCPBackendPolicy `settings` to "POLICY". `POLICY` is the `name` of '
            "the `SecurityPolicy`, which has to allow only known clients, or rate limit each client.",
        )
    ]
    assert texts(TLS, *secured()) == [
        (
            "Gateway `front` has no SSL policy, so clients can negotiate TLS 1.0.",
            "An SSL policy with a minimum of TLS 1.2.",
            "Create a GCPGatewayPolicy (`networking.gke.io/v1`) in the namespace of Gateway `front` with "
            '`spec={"targetRef": {"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": "front"}, "default"'
            ': {"sslPolicy": "POLICY"}}`. `POLICY` is the `name` of the `SSLPolicy`, with profile '
            "RESTRICTED and a minimum of TLS 1.2.",
        )
    ]
    ((_, _, fix),) = texts(ARMOR, *armored(None, FILTER))
    assert fix.startswith(
        'Set `spec.default.securityPolicy` of GCPBackendPolicy `settings` to "armor". `armor` is the '
    )
    ((_, _, fix),) = texts(ARMOR, *armored(None, UNNAMED))
    assert '"POLICY". `POLICY` is the `name` of `armor`, which has to' in fix
    ((_, _, fix),) = texts(ARMOR, *armored(None, FILTER, R("SecurityPolicy", "second")))
    assert '"POLICY". `POLICY` is the `name` of the `SecurityPolicy`, which has to' in fix
    ((_, _, fix),) = texts(ARMOR, *armored(None, FILTER, class_name=REGIONAL))
    assert '"POLICY". `POLICY` is the `name` of the `RegionSecurityPolicy`, which has to' in fix
    ((_, _, fix),) = texts(TLS, *secured(STRICT))
    assert '{"sslPolicy": "tls"}}`. `tls` is the `name` of `' in fix
    ((_, _, fix),) = texts(HTTPS, *behind_ingress())
    assert 'with the name `front` and `spec={"redirectToHttps": {"enabled": True}}`' in fix
    assert "`networking.gke.io/v1beta1.FrontendConfig: front`" in fix
    assert fix.endswith('or annotate Ingress `front` with `kubernetes.io/ingress.allow-http: "false"`.')
