"""The manifests of docs/gke.md comply, and each of their settings is one that a rule asks for."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from policypack.config.options import default_settings
from policypack.evaluate import Report, evaluate
from policypack.rule import ON_GKE
from policypack.rules import RULES
from tests.rules.clusters import all_of, cluster, thing, within
from tests.stacks import R, build

TEXT: Final = (Path(__file__).parent.parent / "docs/gke.md").read_text(encoding="utf-8")
MODEL, FLEET, PUBLIC = re.findall(r"^```yaml\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE)
EVERYBODY = {"versionedExpr": "SRC_IPS_V1", "config": {"srcIpRanges": ["*"]}}
LIMIT = {"rateLimitThreshold": {"count": 300, "intervalSec": 60}, "conformAction": "allow", "exceedAction": "deny(429)",
         "enforceOnKey": "IP"}  # fmt: skip
ARMOR = R("RegionSecurityPolicy", "armor", {
    "name": "chat", "region": "us-central1", "type": "CLOUD_ARMOR",
    "rules": [{"priority": 1000, "action": "throttle", "match": EVERYBODY, "rateLimitOptions": LIMIT}],
})  # fmt: skip
TLS = R("RegionSslPolicy", "tls", {"name": "chat", "region": "us-central1", "profile": "RESTRICTED",
                                   "minTlsVersion": "TLS_1_2"})  # fmt: skip


def objects(manifest: str, cluster_name: str) -> list[R]:
    found: list[dict[str, Any]] = list(yaml.safe_load_all(manifest))
    return [
        thing(one["apiVersion"], one["kind"], logical=f"{one['metadata']['name']}-{cluster_name}",
              spec=one["spec"], **one["metadata"])
        for one in found
    ]  # fmt: skip


def fleet(model: str = MODEL, front: str = FLEET, *regions: str) -> Report:
    """The model in clusters of these regions, and the Gateway in the first of them."""
    stack = list[R]()
    for number, region in enumerate(regions or ("us-central1", "europe-west4")):
        gke, provider = cluster(region, region)
        manifests = f"{model}---\n{front}" if not number else model
        stack += all_of(gke, provider, within(provider, *objects(manifests, region)))
    return evaluate(build(*stack), RULES, default_settings(RULES))


def public(front: str = PUBLIC) -> Report:
    gke, provider = cluster("gke", "us-central1")
    stack = all_of(gke, provider, ARMOR, TLS, within(provider, *objects(f"{MODEL}---\n{front}", "gke")))
    return evaluate(build(*stack), RULES, default_settings(RULES))


def failed(report: Report) -> set[str]:
    return {found.rule.name for found in report.with_status("failed")}


def test_the_fleet_complies() -> None:
    report = fleet()
    assert failed(report) == set()
    assert {found.rule.name for found in report.with_status("passed")} >= {
        *("llm-backend-health-check", "llm-backend-timeout", "llm-backend-draining", "llm-backend-logging"),
        *("llm-backend-max-utilization", "llm-backend-regions"),
    }


def test_the_public_gateway_is_in_one_region_and_complies_otherwise() -> None:
    report = public()
    assert failed(report) == {"llm-backend-regions"}
    assert {found.rule.name for found in report.with_status("passed")} >= {
        *("frontend-https-only", "frontend-tls-policy", "backend-cloud-armor", "backend-authentication"),
    }


@pytest.mark.parametrize(
    ("text", "replacement", "rule"),
    [
        ("requestPath: /health", "requestPath: /", "llm-backend-health-check"),
        ("timeoutSec: 900\n", "timeoutSec: 60\n", "llm-backend-timeout"),
        ("    connectionDraining: {drainingTimeoutSec: 900}\n", "", "llm-backend-draining"),
        ("    logging: {enabled: true, sampleRate: 1000000}\n", "", "llm-backend-logging"),
        ("    maxRatePerEndpoint: 10\n", "", "llm-backend-max-utilization"),
        ("gke-l7-cross-regional-internal-managed-mc", "gke-l7-rilb", "llm-backend-regions"),
    ],
)
def test_each_setting_of_the_fleet_counts(text: str, replacement: str, rule: str) -> None:
    assert FLEET.count(text) == 1
    assert rule in failed(fleet(front=FLEET.replace(text, replacement)))


@pytest.mark.parametrize(
    ("text", "replacement", "rule"),
    [
        ("parentRefs: [{name: front, sectionName: https}]", "parentRefs: [{name: front}]", "frontend-https-only"),
        ("    sslPolicy: chat\n", "    allowGlobalAccess: false\n", "frontend-tls-policy"),
        ("    securityPolicy: chat\n", "", "backend-cloud-armor"),
        ("      enabled: true\n", "      enabled: false\n", "backend-authentication"),
    ],
)
def test_each_setting_of_the_public_gateway_counts(text: str, replacement: str, rule: str) -> None:
    assert PUBLIC.count(text) == 1
    assert failed(public(PUBLIC.replace(text, replacement))) == {"llm-backend-regions", rule}


EXAMPLES: Final = {rule.name: example for rule in RULES if (example := rule.sections.get(ON_GKE))}


def shown(rule: str, *, with_example: bool) -> str:
    """The verdict of a rule on the manifests, with its example in the place of the object that is called alike."""
    example = re.sub(r"^```.*$", "", EXAMPLES[rule], flags=re.MULTILINE)
    is_of_fleet = "Import" in example or "-mc" in example
    [named] = yaml.safe_load_all(example)
    front = FLEET if is_of_fleet else PUBLIC
    others = [one for one in yaml.safe_load_all(front)
              if (one["kind"], one["metadata"]["name"]) != (named["kind"], named["metadata"]["name"])]  # fmt: skip
    manifest = yaml.safe_dump_all([*others, *([named] if with_example else [])])
    report = fleet(front=manifest) if is_of_fleet else public(manifest)
    (of_rule,) = [found for found in report.rules if found.rule.name == rule]
    (finding,) = [found for found in of_rule.findings if found.type.startswith("kubernetes:")]
    return finding.status


@pytest.mark.parametrize("rule", EXAMPLES)
def test_the_object_on_the_page_passes(rule: str) -> None:
    assert shown(rule, with_example=True) == "passed"


# Without a policy the load balancer probes what serves.
MAY_LACK_IT: Final = {"health-check-matches-serving"}


@pytest.mark.parametrize(
    "rule", [rule for rule, example in EXAMPLES.items() if "Policy\n" in example and rule not in MAY_LACK_IT]
)
def test_without_the_object_on_the_page_the_rule_fails(rule: str) -> None:
    # What shapes an import may be in another stack.
    expected = "undecided" if "Import" in EXAMPLES[rule] else "failed"
    assert shown(rule, with_example=False) == expected


def test_every_rule_that_judges_gke_is_in_the_table() -> None:
    judging = {rule.name for rule in RULES if rule.gke} | {"load-balancer-in-sight", "backend-controller-backends"}
    rows = set(re.findall(r"^\| \[`([a-z-]+)`\]", TEXT, re.MULTILINE))
    assert judging == rows
