"""Front ends for tests: a service with the URL map, proxy and forwarding rule in front of it."""

from __future__ import annotations

from typing import Any

from tests.stacks import Out, R, service

REGION = "us-central1"
CERTIFIED = {"sslCertificates": ["projects/p/global/sslCertificates/c"]}
TLS = "gcp:compute/sSLPolicy:SSLPolicy"


def target(of: R) -> Out:
    return Out(of, "id")


def url_map(of: R, **inputs: Any) -> R:
    return R("URLMap", "paths", {"defaultService": target(of), **inputs})


def https(paths: R, name: str = "proxy", **inputs: Any) -> R:
    return R("TargetHttpsProxy", name, {"urlMap": target(paths), **inputs})


def regional_https(paths: R, **inputs: Any) -> R:
    return R("RegionTargetHttpsProxy", "proxy", {"region": REGION, "urlMap": target(paths), **inputs})


def http(paths: R, name: str = "proxy", **inputs: Any) -> R:
    return R("TargetHttpProxy", name, {"urlMap": target(paths), **inputs})


def global_rule(proxy: R, **inputs: Any) -> R:
    given = {"loadBalancingScheme": "EXTERNAL_MANAGED", "portRange": "443", "target": target(proxy), **inputs}
    return R("GlobalForwardingRule", "rule", given)


def regional_rule(**inputs: Any) -> R:
    ports: dict[str, Any] = {"ports": ["443"]} if "backendService" in inputs else {"portRange": "443"}
    return R("ForwardingRule", "rule", {"region": REGION, **ports, **inputs})


def regional_service(scheme: str = "INTERNAL_MANAGED", **inputs: Any) -> R:
    return service(**{"region": REGION, "loadBalancingScheme": scheme, **inputs})
