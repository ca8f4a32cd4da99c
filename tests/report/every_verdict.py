"""One stack with every kind of verdict, from a real program, for all formats."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from policypack.config.options import read_settings
from policypack.evaluate import evaluate
from policypack.judgement import Results
from policypack.rules import RULES
from policypack.sources.target import load_target
from tests.projects import make_project

TODAY = date(2026, 6, 30)

PROGRAM = """
import pulumi
import pulumi_gcp as gcp

check = gcp.compute.HealthCheck(
    "health", http_health_check={"port_specification": "USE_SERVING_PORT", "request_path": "/health"}
)
template = gcp.compute.InstanceTemplate(
    "vllm",
    machine_type="g2-standard-8",
    disks=[{"boot": True, "source_image": "cos-cloud/cos-stable"}],
    network_interfaces=[{"network": "default"}],
)
groups = {}
for region in ("us-central1", "europe-west4"):
    groups[region] = gcp.compute.RegionInstanceGroupManager(
        f"vllm-{region}",
        region=region,
        base_instance_name="vllm",
        versions=[{"instance_template": template.self_link}],
        named_ports=[{"name": "http", "port": 8000}],
    )
    gcp.compute.RegionAutoscaler(
        f"vllm-{region}",
        region=region,
        target=groups[region].id,
        autoscaling_policy={"min_replicas": 2, "max_replicas": 6, "load_balancing_utilization": {"target": 0.5}},
    )


def entry(region, **more):
    return {"group": groups[region].instance_group, "balancing_mode": "UTILIZATION", "max_utilization": 0.8, **more}


def service(name, backends, **more):
    return gcp.compute.BackendService(
        name,
        load_balancing_scheme="EXTERNAL_MANAGED",
        protocol="HTTP",
        port_name="http",
        timeout_sec=600,
        health_checks=check.id,
        backends=backends,
        **more,
    )


# Well made; it is the only one with a front end.
chat = service("chat", [entry("us-central1"), entry("europe-west4")])
# The routes to the others are made elsewhere.
elsewhere = pulumi.ResourceOptions(ignore_changes=["hostRules", "pathMatchers"])
url_map = gcp.compute.URLMap("chat", default_service=chat.id, opts=elsewhere)
proxy = gcp.compute.TargetHttpsProxy("chat", url_map=url_map.id, ssl_certificates=["chat"])
gcp.compute.GlobalForwardingRule(
    "chat", target=proxy.id, port_range="443", load_balancing_scheme="EXTERNAL_MANAGED", ip_protocol="TCP"
)
# One region.
service("embed", [entry("us-central1")])
# One region, and somebody answers for that.
service("rerank", [entry("europe-west4")])
# One region; nobody answers for it any longer.
service("guard", [entry("europe-west4", max_utilization=1)])
# Nobody can tell where it is.
service("draft", groups["us-central1"].instance_group.apply(lambda url: [{"group": url}]))
# Serverless: most rules say nothing about it.
neg = gcp.compute.RegionNetworkEndpointGroup(
    "tools", region="us-central1", network_endpoint_type="SERVERLESS", cloud_run={"service": "tools"}
)
gcp.compute.BackendService(
    "tools", load_balancing_scheme="EXTERNAL_MANAGED", protocol="HTTPS", backends=[{"group": neg.id}]
)
"""

POLICY_CONFIG: dict[str, Any] = {
    "llm-backend-regions": {
        "enforcementLevel": "mandatory",
        "waivers": [
            {
                "resource": "rerank",
                "reason": "its model is licensed for Europe only",
                "owner": "search",
                "expires": "2026-12-31",
            },
            {
                "resource": "guard",
                "reason": "the second region is being built",
                "owner": "safety",
                "expires": "2026-05-31",
            },
            {"resource": "vision-*", "reason": "not there yet", "owner": "vision", "expires": "2026-12-31"},
        ],
    },
    "instance-shielded-vm": "disabled",
}


def load_every_verdict(repository: Path) -> Results:
    """The results of the program, whose project is in the folder `infra` of a repository."""
    (repository / ".git").mkdir(parents=True)
    project = make_project(repository / "infra", PROGRAM)
    loaded = load_target(str(project), "cases")
    report = evaluate(loaded.stack, RULES, read_settings(RULES, POLICY_CONFIG), TODAY)
    return Results(loaded.title, loaded.stack, report, TODAY, loaded.is_preview, loaded.file, loaded.notes)
