"""What goes with what behind each load balancer, as the documentation says it: not from the pack's own tables.

Sources: the tables of https://cloud.google.com/load-balancing/docs/backend-service (kinds of backends, balancing modes,
targets), https://cloud.google.com/compute/docs/reference/rest/v1/backendServices (session affinity) and
https://cloud.google.com/compute/docs/reference/rest/v1/healthChecks (`portSpecification`). What no page says
of a load balancer passes; what none says of a target or of a setting of a kind of backend is undecided.
"""

from __future__ import annotations

from typing import Any

import pytest

from policypack.model.products.targets import TARGET_FIELDS
from tests.rules.load_balancers import IN_REGION, LOAD_BALANCERS, REGIONAL, TCP, row
from tests.stacks import Out, R, backend, build, check, mig, service, statuses

IN_ZONE = {"zone": "us-central1-a"}
ZONAL, MIG = R("InstanceGroupManager", "zonal", IN_ZONE), mig("us-central1")
NEG, VM_IPS, HYBRID = (
    R("NetworkEndpointGroup", type_, {**IN_ZONE, "networkEndpointType": type_})
    for type_ in ("GCE_VM_IP_PORT", "GCE_VM_IP", "NON_GCP_PRIVATE_IP_PORT")
)
INTERNET, INTERNET_2 = (
    R("GlobalNetworkEndpointGroup", name, {"networkEndpointType": "INTERNET_FQDN_PORT"}) for name in ("web", "web-2")
)
SERVERLESS, REGIONAL_INTERNET, PORT_MAP = (
    R("RegionNetworkEndpointGroup", type_, {**IN_REGION, "networkEndpointType": type_})
    for type_ in ("SERVERLESS", "INTERNET_FQDN_PORT", "GCE_VM_IP_PORTMAP")
)
SERVERLESS_2 = R("RegionNetworkEndpointGroup", "run-2", {**IN_REGION, "networkEndpointType": "SERVERLESS"})
PSC, PSC_2 = (
    R(
        "RegionNetworkEndpointGroup",
        name,
        {
            **IN_REGION,
            "networkEndpointType": "PRIVATE_SERVICE_CONNECT",
            "pscTargetService": f"projects/p/regions/us-central1/serviceAttachments/{name}",
        },
    )
    for name in ("psc", "psc-2")
)


def legal(group: R, load_balancer: str = "", **properties: Any) -> dict[str, Any]:
    """A backend with a mode and a limit that its kind takes."""
    limited: dict[str, Any] = {"balancingMode": None}
    if group in (ZONAL, MIG, NEG, HYBRID):
        each = "Endpoint" if group in (NEG, HYBRID) else "Instance"
        limited = {"balancingMode": "RATE", f"maxRatePer{each}": 4}
    if group is VM_IPS or "passthrough" in load_balancer:
        limited = {"balancingMode": "CONNECTION"}
    return backend(group, **{"maxUtilization": None, **limited, **properties})


def verdict(rule: str, *resources: R, **inputs: Any) -> str:
    return statuses(rule, build(service(**inputs), *resources, deployed=True))["chat"]


# Backends -> what the load balancers say to them, in the order of LOAD_BALANCERS.
KINDS: dict[str, tuple[tuple[R, ...], str]] = {
    "zonal NEG": ((NEG,), "PPPP PP FF PPPPP PP"),
    "zonal NEG without ports": ((VM_IPS,), "FFFF FF PP FFFFF FF"),
    "hybrid NEG": ((HYBRID,), "PPPP PP FF PPPPP PP"),
    "serverless NEG": ((SERVERLESS,), "PPPP PP FF FFFFF PF"),
    "global internet NEG": ((INTERNET,), "PPFP FF FF FFFFF PP"),
    "regional internet NEG": ((REGIONAL_INTERNET,), "FFFF PP FF FFFPP FF"),
    "published service": ((PSC,), "FPPP PP FF FPPPP PP"),
    "port mapping NEG": ((PORT_MAP,), "FFFF FF FP FFFFF FF"),
    # How many
    "two serverless NEGs of a region": ((SERVERLESS, SERVERLESS_2), "PFPP FF FF FFFFF PF"),
    "two global internet NEGs": ((INTERNET, INTERNET_2), "FFFF FF FF FFFFF PP"),
    "two published services": ((PSC, PSC_2), "FPPP FF FF FPPFF PP"),
}


@pytest.mark.parametrize(("groups", "letters"), KINDS.values(), ids=KINDS)
def test_kinds_behind_each_load_balancer(groups: tuple[R, ...], letters: str) -> None:
    found = {
        name: verdict(
            "backend-group-kind", *groups, backends=[legal(one, name) for one in groups], **{**inputs, "portName": None}
        )
        for name, inputs in LOAD_BALANCERS.items()
    }
    assert found == row(LOAD_BALANCERS, letters)


# A service of each kind of backend. A regional internet NEG is behind a regional load balancer.
OF_KINDS = {
    "zonal group": ZONAL,
    "regional group": MIG,
    "zonal NEG": NEG,
    "hybrid NEG": HYBRID,
    "serverless NEG": SERVERLESS,
    "internet NEG": INTERNET,
    "regional internet NEG": REGIONAL_INTERNET,
    "published service": PSC,
}
LIMITS = (("Rate", "RATE"), ("Connections", "CONNECTION"), ("InFlightRequests", "IN_FLIGHT"))
SETTINGS: dict[str, tuple[tuple[dict[str, Any], dict[str, Any]], str]] = {
    "UTILIZATION": (({"balancingMode": "UTILIZATION"}, {}), "PPFF PPPP"),
    **{mode: (({"balancingMode": mode}, {}), "PPPP FFFF") for mode in ("RATE", "CONNECTION", "IN_FLIGHT")},
    "CUSTOM_METRICS": (({"balancingMode": "CUSTOM_METRICS"}, {}), "PPPP FFFF"),
    "a utilization": (({"maxUtilization": 0.8}, {}), "PPPP FFFF"),
    **{f"{limit} of the group": (({f"max{limit}": 4}, {}), "PFPP FFFF") for limit, _ in LIMITS},
    **{f"{limit} of an instance": (({f"max{limit}PerInstance": 4}, {}), "PPFF FFFF") for limit, _ in LIMITS},
    **{f"{limit} of an endpoint": (({f"max{limit}PerEndpoint": 4}, {}), "FFPP FFFF") for limit, _ in LIMITS},
    "half its capacity": (({"capacityScaler": 0.5}, {}), "PPPP FFFF"),
    "all its capacity": (({"capacityScaler": 1.0}, {}), "PPPP PPPP"),
    "a port name": (({}, {"portName": "http"}), "PPPP FPPP"),
    "a timeout": (({}, {"timeoutSec": 900}), "PPPP FPPP"),
    "preference": (({"preference": "PREFERRED"}, {}), "PFPP UUUU"),
    "no preference": (({"preference": "DEFAULT"}, {}), "PPPP PPPP"),
    "a service policy": (({}, {"serviceLbPolicy": "projects/p/x/y"}), "PFPP UUUU"),
}


@pytest.mark.parametrize(("settings", "letters"), SETTINGS.values(), ids=SETTINGS)
def test_settings_of_each_kind_of_backend(settings: tuple[dict[str, Any], dict[str, Any]], letters: str) -> None:
    found = {}
    for kind, group in OF_KINDS.items():
        inputs = {"portName": None, **(REGIONAL if group is REGIONAL_INTERNET else {}), **settings[1]}
        found[kind] = verdict("backend-group-kind", group, backends=[legal(group, **settings[0])], **inputs)
    assert found == row(OF_KINDS, letters)


MODES: dict[str, tuple[dict[str, Any], str]] = {
    "UTILIZATION": ({}, "PPPP PP FF PPPPP PP"),
    "RATE": ({"maxRatePerInstance": 4}, "PPPP PP FF FFFFF PP"),
    "CONNECTION": ({"maxConnectionsPerInstance": 4}, "FFFF FF PP PPPPP FP"),
    "IN_FLIGHT": ({"maxInFlightRequestsPerInstance": 4}, "FPPP PP FF FFFFF PP"),
    "CUSTOM_METRICS": ({}, "FPPP PP FF FFFFF PP"),
}


@pytest.mark.parametrize("mode", MODES)
def test_balancing_mode_of_each_load_balancer(mode: str) -> None:
    limit, letters = MODES[mode]
    found = {}
    for name, inputs in LOAD_BALANCERS.items():
        properties = {"maxUtilization": None, **({} if "passthrough" in name else limit)}
        backends = [backend(ZONAL, balancingMode=mode, **properties)]
        found[name] = verdict("load-balancer-balancing-mode", ZONAL, backends=backends, **inputs)
    assert found == row(LOAD_BALANCERS, letters)


# Mode -> what becomes of a target beside the limit that it needs, in the order of TARGET_FIELDS.
TARGETS = {
    "UTILIZATION": "P PPP PPP PPP",
    "RATE": "F PPP FFF FFF",
    "CONNECTION": "F FFF PPP FFF",
    "IN_FLIGHT": "U FFF FFF PPP",
    "CUSTOM_METRICS": "F PPP UUU PPP",
}


@pytest.mark.parametrize("mode", TARGETS)
def test_targets_of_a_balancing_mode(mode: str) -> None:
    found = {}
    for field in TARGET_FIELDS:
        properties = {"maxUtilization": None, **MODES[mode][0], field: 0.5 if field == "maxUtilization" else 5}
        backends = [backend(ZONAL, balancingMode=mode, **properties)]
        inputs = TCP if mode == "CONNECTION" else {}
        found[field] = verdict("load-balancer-balancing-mode", ZONAL, backends=backends, **inputs)
    assert found == row(TARGET_FIELDS, TARGETS[mode])


AFFINITIES = {
    "NONE": "PPPP PP PP PPPPP PP",
    "CLIENT_IP": "PPPP PP PP PPPPP PP",
    "CLIENT_IP_PROTO": "FFFF FF PP FFFFF FF",
    "CLIENT_IP_PORT_PROTO": "FFFF FF PP FFFFF FF",
    "CLIENT_IP_NO_DESTINATION": "FFFF FF FP FFFFF FF",
    "GENERATED_COOKIE": "PPPP PP FF FFFFF PF",
    "HEADER_FIELD": "FPPP PP FF FFFFF PF",
    "HTTP_COOKIE": "FPPP PP FF FFFFF PF",
    "STRONG_COOKIE_AFFINITY": "FPPP PP FF FFFFF PF",
}


@pytest.mark.parametrize("affinity", AFFINITIES)
def test_session_affinity_of_each_load_balancer(affinity: str) -> None:
    hashed = {"consistentHash": {"httpHeaderName": "x-user", "httpCookie": {"name": "llm"}}}
    cookie = {"strongSessionAffinityCookie": {"name": "llm"}}
    set_to = {"sessionAffinity": affinity, **hashed, **cookie, "backends": []}
    found = {
        name: verdict("backend-session-affinity", **{**inputs, **set_to}) for name, inputs in LOAD_BALANCERS.items()
    }
    assert found == row(LOAD_BALANCERS, AFFINITIES[affinity])


LEGACY = R("HttpHealthCheck", "legacy", {"requestPath": "/health"})
SERVING, NAMED = (
    check(None, httpHealthCheck={"portSpecification": port, "requestPath": "/health"})
    for port in ("USE_SERVING_PORT", "USE_NAMED_PORT")
)
CHECKS: dict[str, tuple[R, str]] = {
    "a legacy one": (LEGACY, "PPFP FF FF FFFFF PP"),
    "the serving port": (SERVING, "PPPP PP FF PPPPP PP"),
    "a named port": (NAMED, "FFFF FF FF FFFFF FF"),
}


@pytest.mark.parametrize(("health_check", "letters"), CHECKS.values(), ids=CHECKS)
def test_health_check_of_each_load_balancer(health_check: R, letters: str) -> None:
    found = {}
    for name, inputs in LOAD_BALANCERS.items():
        backends = [legal(ZONAL, name)]
        attached = {"backends": backends, "healthChecks": Out(health_check, "id")}
        found[name] = verdict("health-check-attachable", ZONAL, health_check, **{**inputs, **attached})
    assert found == row(LOAD_BALANCERS, letters)
