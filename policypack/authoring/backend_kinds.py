"""The kinds of backends: what answers the four demands for each, and a program with what can go wrong in it.

The tests run each program and each change of it; docs/backends.md shows them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

# What all kinds have alike, which the programs leave out.
LEFT_OUT: Final = frozenset(
    {
        "backend-authentication",
        "backend-cloud-armor",
        "health-check-logging",
        "instance-group-autohealing",
        "instance-group-autoscaler",
        "llm-backend-alerts",
        "llm-backend-logging",
        "llm-backend-outlier-detection",
        "llm-backend-timeout",
    }
)
Said: TypeAlias = Literal["fails", "undecided"]


@dataclass(frozen=True)
class Change:
    """A change of a program, and what is said of it.

    Attributes:
        what: the change in words.
        edits: texts of the program, each with what takes its place.
        said: the rules that say something then, and what.
    """

    what: str
    edits: tuple[tuple[str, str], ...]
    said: Mapping[str, Said]


@dataclass(frozen=True)
class Kind:
    """A kind of backend.

    Attributes:
        name: what it is called.
        demands: what answers for each of the four demands, and the rules that judge it.
        more: what else is special about it.
        program: a small good program, with machines outside of it where they are not the point.
        undecided: the rules that cannot tell of the program.
        changes: what can go wrong in it.
    """

    name: str
    demands: tuple[tuple[str, str], tuple[str, str], tuple[str, str], tuple[str, str]]
    more: str
    program: str
    changes: tuple[Change, ...]
    undecided: frozenset[str] = frozenset()

    def changed(self, change: Change) -> str:
        """The program after a change.

        Raises:
            ValueError: a text that it changes is not there exactly once.
        """
        program = self.program
        for text, replacement in change.edits:
            if program.count(text) != 1:
                raise ValueError(f"{self.name}, {change.what}: {text!r} is there {program.count(text)} times")
            program = program.replace(text, replacement)
        return program


DEMANDS: Final = ("health check at /health", "named port", "two regions", "bounded load")
_NONE: Final = ("does not apply", "")
_CAPACITY: Final = "llm-backend-failover-capacity"

GROUPS: Final = Kind(
    "Instance groups",
    (
        ("`health_checks`, on the path of the server's health", "`llm-backend-health-check`"),
        ("`port_name` and `named_ports`", "`llm-backend-named-port`"),
        ("a managed group in each region, spread over zones", "`llm-backend-regions`, `llm-backend-zones`"),
        ("`max_utilization`, or a limit for each instance", "`llm-backend-max-utilization`"),
    ),
    "The groups' VMs have [their own rules](rules/README.md).",
    """\
import pulumi_gcp as gcp

check = gcp.compute.HealthCheck("llm", http_health_check={"request_path": "/health", "port": 8000})
TEMPLATE = "projects/my-project/global/instanceTemplates/llm"
backends = []
for region in ("us-central1", "europe-west4"):
    group = gcp.compute.RegionInstanceGroupManager(
        f"llm-{region}",
        region=region,
        base_instance_name="llm",
        versions=[{"instance_template": TEMPLATE}],
        named_ports=[{"name": "http", "port": 8000}],
        target_size=2,
    )
    backends.append({"group": group.instance_group, "max_utilization": 0.8})
gcp.compute.BackendService(
    "chat",
    load_balancing_scheme="EXTERNAL_MANAGED",
    protocol="HTTP",
    port_name="http",
    health_checks=check.id,
    backends=backends,
)
""",
    (
        Change("a health check of `/`", (('"/health"', '"/"'),), {"llm-backend-health-check": "fails"}),
        Change(
            "a health check of another stack",
            (("health_checks=check.id", 'health_checks="projects/my-project/global/healthChecks/shared"'),),
            {
                "health-check-attachable": "undecided",
                "llm-backend-health-check": "undecided",
            },
        ),
        Change("`max_utilization` 1.0", (('"max_utilization": 0.8', '"max_utilization": 1.0'),),
               {"llm-backend-max-utilization": "fails"}),
        Change("one region", ((', "europe-west4"', ","),), {"llm-backend-regions": "fails"}),
    ),
    frozenset({_CAPACITY}),
)  # fmt: skip
NETWORK: Final = Kind(
    "Endpoints on a network: zonal and hybrid NEGs",
    (
        ("`health_checks`; hybrid endpoints need them too", "`llm-backend-health-check`"),
        ("does not apply: endpoints have their own ports", ""),
        ("a NEG in zones of each region", "`llm-backend-regions`, `llm-backend-zones`"),
        ("RATE mode and `max_rate_per_endpoint`", "`llm-backend-max-utilization`, `backend-group-kind`"),
    ),
    "The endpoints may be GKE Pods or servers elsewhere, which the stack does not show.",
    """\
import pulumi_gcp as gcp

check = gcp.compute.HealthCheck("llm", http_health_check={"request_path": "/health", "port": 8000})
backends = []
for zone in ("us-central1-a", "us-central1-b", "us-east4-a", "us-east4-c"):
    neg = gcp.compute.NetworkEndpointGroup(
        f"llm-{zone}", zone=zone, network="default", network_endpoint_type="NON_GCP_PRIVATE_IP_PORT"
    )
    backends.append({"group": neg.id, "balancing_mode": "RATE", "max_rate_per_endpoint": 4})
gcp.compute.BackendService(
    "chat", load_balancing_scheme="EXTERNAL_MANAGED", protocol="HTTP", health_checks=check.id, backends=backends
)
""",
    (
        Change("no health check", ((", health_checks=check.id", ""),), {"llm-backend-health-check": "fails"}),
        Change(
            "UTILIZATION mode",
            (('"balancing_mode": "RATE", "max_rate_per_endpoint": 4', '"max_utilization": 0.8'),),
            {"backend-group-kind": "fails"},
        ),
        Change("one region", ((', "us-east4-a", "us-east4-c"', ""),), {"llm-backend-regions": "fails"}),
    ),
    frozenset({_CAPACITY}),
)
CLOUD_RUN: Final = Kind(
    "Cloud Run: serverless NEGs",
    (
        ("`startup_probe` and `readiness_probe` of the container; the load balancer learns from the latter, or from "
         "`outlier_detection`", "`run-service-probes`, `llm-backend-failover-signal`"),
        _NONE,
        ("a Cloud Run service and a NEG in each region", "`llm-backend-regions`, `run-service-exists`"),
        ("`max_instance_request_concurrency`, and a maximum of instances for another region's load",
         f"`run-service-capacity`, `{_CAPACITY}`"),
    ),
    "Cloud Run has its own request timeout (`llm-backend-timeout`), and its default URL bypasses the load balancer "
    "(`run-service-ingress`). `failover` [counts its instances](failover.md#cloud-run).",
    """\
import pulumi_gcp as gcp

negs = []
for region in ("us-central1", "europe-west4"):
    llm = gcp.cloudrunv2.Service(
        f"llm-{region}",
        location=region,
        ingress="INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER",
        scaling={"min_instance_count": 1},
        template={
            "timeout": "900s",
            "max_instance_request_concurrency": 16,
            "scaling": {"max_instance_count": 4},
            "containers": [
                {
                    "image": "us-docker.pkg.dev/my-project/llm/vllm:v0.9.1",
                    "ports": {"container_port": 8000},
                    "startup_probe": {"http_get": {"path": "/health"}, "period_seconds": 10, "failure_threshold": 60},
                    "readiness_probe": {"http_get": {"path": "/health"}},
                }
            ],
        },
    )
    negs.append(gcp.compute.RegionNetworkEndpointGroup(f"llm-{region}", region=region, cloud_run={"service": llm.name}))
gcp.compute.BackendService("chat", load_balancing_scheme="EXTERNAL_MANAGED", backends=[{"group": n.id} for n in negs])
""",
    (
        Change(
            "no readiness probe",
            (('                    "readiness_probe": {"http_get": {"path": "/health"}},\n', ""),),
            {"llm-backend-failover-signal": "fails", "run-service-probes": "fails"},
        ),
        Change("no minimum instance", (('        scaling={"min_instance_count": 1},\n', ""),),
               {"llm-backend-failover-signal": "fails"}),
        Change(
            "more requests than the server batches",
            (('"max_instance_request_concurrency": 16', '"max_instance_request_concurrency": 1000'),),
            {"run-service-capacity": "fails"},
        ),
        Change(
            "one region that is too small for both",
            (('"scaling": {"max_instance_count": 4}',
              '"scaling": {"min_instance_count": 8, "max_instance_count": 9}'
              ' if region == "us-central1" else {"max_instance_count": 2}'),),
            {_CAPACITY: "fails"},
        ),
        Change("open ingress", (('        ingress="INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER",\n', ""),),
               {"run-service-ingress": "fails"}),
        Change(
            "a service of another stack",
            (('cloud_run={"service": llm.name}', 'cloud_run={"service": "llm"}'),),
            {
                "llm-backend-failover-signal": "undecided",
                "run-service-exists": "undecided",
                "backend-no-plaintext-secrets": "undecided",
                _CAPACITY: "undecided",
            },
        ),
    ),
)  # fmt: skip
PUBLISHED: Final = Kind(
    "Published services: Private Service Connect NEGs",
    (
        ("does not apply: `outlier_detection` in its place, or the producer's composite health, which the stack does "
         "not show", "`llm-backend-failover-signal`"),
        _NONE,
        ("a NEG and a service attachment in each region", "`llm-backend-regions`, `backend-group-scope`"),
        _NONE,
    ),
    "The producer runs the servers; `failover` does not judge them.",
    """\
import pulumi_gcp as gcp

negs = [
    gcp.compute.RegionNetworkEndpointGroup(
        f"llm-{region}",
        region=region,
        network_endpoint_type="PRIVATE_SERVICE_CONNECT",
        psc_target_service=f"projects/producer/regions/{region}/serviceAttachments/llm",
    )
    for region in ("us-central1", "europe-west4")
]
gcp.compute.BackendService(
    "chat",
    load_balancing_scheme="EXTERNAL_MANAGED",
    protocol="HTTPS",
    backends=[{"group": neg.id} for neg in negs],
    outlier_detection={"consecutive_errors": 5, "max_ejection_percent": 50},
)
""",
    (
        Change(
            "no outlier detection",
            (('    outlier_detection={"consecutive_errors": 5, "max_ejection_percent": 50},\n', ""),),
            {"llm-backend-failover-signal": "undecided"},
        ),
        Change("one region", ((', "europe-west4"', ","),), {"llm-backend-regions": "fails"}),
        Change(
            "attachments in one region",
            (("regions/{region}/serviceAttachments", "regions/us-central1/serviceAttachments"),),
            {"backend-group-scope": "undecided"},
        ),
    ),
)  # fmt: skip
GOOGLE_API: Final = Kind(
    "Google APIs: a Private Service Connect NEG",
    (
        _NONE,
        _NONE,
        ("does not apply: its endpoint is not yours to place, and a service has one", "`backend-group-kind`"),
        _NONE,
    ),
    "Google checks the token of each request. On a regional service `capacity_scaler=1.0` must be set, because the "
    "provider sends 0 if it is omitted (`backend-capacity-scaler`).",
    """\
import pulumi_gcp as gcp

neg = gcp.compute.RegionNetworkEndpointGroup(
    "vertex",
    region="us-central1",
    network_endpoint_type="PRIVATE_SERVICE_CONNECT",
    psc_target_service="us-central1-aiplatform.googleapis.com",
)
backends = [{"group": neg.id}]
gcp.compute.BackendService("chat", load_balancing_scheme="EXTERNAL_MANAGED", protocol="HTTPS", backends=backends)
""",
    (
        Change(
            "a second NEG for another region",
            (
                (
                    "backends = [",
                    'other = gcp.compute.RegionNetworkEndpointGroup(\n    "other", region="europe-west4", '
                    'network_endpoint_type="PRIVATE_SERVICE_CONNECT",\n    '
                    'psc_target_service="europe-west4-aiplatform.googleapis.com",\n)\n'
                    'backends = [{"group": other.id}, ',
                ),
            ),
            {"backend-group-kind": "fails"},
        ),
        Change("RATE mode", (('{"group": neg.id}', '{"group": neg.id, "balancing_mode": "RATE", "max_rate": 4}'),),
               {"backend-group-kind": "fails"}),
    ),
)  # fmt: skip
INTERNET: Final = Kind(
    "The internet: internet NEGs",
    (
        ("none for a global NEG; a regional one may have `health_checks`, whose path is then judged",
         "`llm-backend-health-check`"),
        _NONE,
        ("does not apply: its endpoint is not yours to place, and a global one has one", "`backend-group-kind`"),
        _NONE,
    ),
    "Requests leave Google's network, so they must be encrypted (`internet-neg-tls`) and carry the endpoint's own "
    "host name (`internet-neg-host`). Anyone with the Viewer role can read a key in a header that the load "
    "balancer adds (`backend-no-plaintext-secrets`).",
    """\
import pulumi_gcp as gcp

neg = gcp.compute.GlobalNetworkEndpointGroup("api", network_endpoint_type="INTERNET_FQDN_PORT", default_port=443)
gcp.compute.GlobalNetworkEndpoint("api", global_network_endpoint_group=neg.name, fqdn="api.example.com", port=443)
gcp.compute.BackendService(
    "chat",
    load_balancing_scheme="EXTERNAL_MANAGED",
    protocol="HTTPS",
    backends=[{"group": neg.id}],
    custom_request_headers=["Host: api.example.com"],
)
""",
    (
        Change("HTTP", (('protocol="HTTPS"', 'protocol="HTTP"'),), {"internet-neg-tls": "fails"}),
        Change("the host of the clients", (('    custom_request_headers=["Host: api.example.com"],\n', ""),),
               {"internet-neg-host": "fails"}),
        Change(
            "a key in a header",
            (('["Host: api.example.com"]', '["Host: api.example.com", "x-api-key: Tr0ub4dor-7bBq9"]'),),
            {"backend-no-plaintext-secrets": "fails"},
        ),
        Change("an address in place of a name", (("INTERNET_FQDN_PORT", "INTERNET_IP_PORT"),),
               {"internet-neg-tls": "undecided"}),
    ),
)  # fmt: skip
KINDS: Final = (GROUPS, NETWORK, CLOUD_RUN, PUBLISHED, GOOGLE_API, INTERNET)
