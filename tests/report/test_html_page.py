"""The page: well-formed, complete, self-contained, and deaf to hostile names."""

from __future__ import annotations

import base64
import hashlib
import re
import time
from dataclasses import replace
from datetime import date
from itertools import pairwise
from xml.etree.ElementTree import Element

import pytest

from policypack.evaluate import Status
from policypack.judgement import Results
from policypack.model.graph.stack import Stack
from policypack.report.check.html_page import MOST_DRAWN, MOST_FINDINGS, render
from policypack.wording import printable
from tests.report.every_verdict import PROGRAM
from tests.report.judged import HOSTILE, hostile_results, judged, large_results
from tests.report.valid import LOADING, by_class, links_of, parsed, text_of
from tests.rules.fleets import autoscaler, managed
from tests.stacks import backend, build, service

# The line of the program that makes most of the services.
SERVICE_LINE = PROGRAM[: PROGRAM.index("return gcp.compute.BackendService(")].count("\n") + 1
LISTED: tuple[Status, ...] = ("failed", "undecided", "waived")


@pytest.fixture(scope="module")
def page(results: Results) -> Element:
    return parsed(render(results))


def test_the_header_says_what_was_judged_when_and_the_verdict(page: Element, results: Results) -> None:
    header = page.find(".//header")
    assert text_of(header).startswith(
        "LLM policy pack infra, stack cases 43 violations, 26 of them mandatory; 27 undecided; 1 waived. "
        "17 resources, as a first preview, judged by 58 rules on 2026-06-30."
    )
    (notes,) = by_class(parsed(render(replace(results, notes=("a key is not known",)))), "notes")
    assert text_of(notes) == "a key is not known."


def test_the_header_has_what_to_do_first(page: Element) -> None:
    (first,) = by_class(page, "first")
    findings = {f"#{one.get('id')}": text_of(one.find("h4/a")) for one in by_class(page, "finding")}
    links = [link for item in first.findall("li") for link in item.findall("a")]
    assert [(text_of(item).partition(":")[0], text_of(item.find("a"))) for item in first.findall("li")] == [
        ("embed and guard", "llm-backend-regions"),
        ("tools", "llm-backend-regions"),
        ("chat and 5 others", "backend-cloud-armor"),
    ]
    assert [findings[str(link.get("href"))] for link in links] == [text_of(link) for link in links]


def test_where_nothing_failed_there_is_nothing_to_do_first() -> None:
    page = parsed(render(judged(build())))
    assert by_class(page, "first") == []


def test_every_finding_that_did_not_pass_is_there_exactly_once(page: Element, results: Results) -> None:
    found = []
    for resource in by_class(page, "resource"):
        name, type_ = text_of(resource.find("summary/h3")), text_of(resource.find("summary/span"))
        found += [
            (name, type_, text_of(finding.find("h4/a")), finding.get("data-status"))
            for finding in by_class(resource, "finding")
        ]
    wanted = [
        (finding.name, finding.type, finding.rule.name, status)
        for status in LISTED
        for finding in results.report.with_status(status)
    ]
    assert sorted(found) == sorted(wanted)


def test_a_finding_says_what_was_observed_what_is_required_the_fix_and_where(page: Element) -> None:
    (embed,) = [one for one in by_class(page, "resource") if text_of(one.find("summary/h3")) == "embed"]
    assert text_of(embed.find("p")) == f"infra/__main__.py:{SERVICE_LINE}"
    finding = by_class(embed, "finding")[0]
    assert {key: value for key, value in finding.attrib.items() if key.startswith("data-")} == {
        "data-status": "failed",
        "data-level": "mandatory",
        "data-severity": "critical",
        "data-area": "availability",
    }
    terms = [(text_of(one), text_of(other)) for one, other in zip(*[iter(finding.findall("dl/*"))] * 2, strict=True)]
    assert terms == [
        ("Observed", "All backends are in one region (us-central1)."),
        ("Required", "Backends in at least 2 regions."),
        (
            "Fix",
            "Add a backend in another region to backends, such as a RegionInstanceGroupManager there, with a named "
            "port, an autoscaler and autohealing of its own.",
        ),
    ]


def test_links_stay_on_the_page_or_lead_to_the_documentation(page: Element, results: Results) -> None:
    anchors = {element.get("id") for element in page.iter() if element.get("id")}
    documentation = {rule.rule.url for rule in results.report.rules}
    for link in links_of(page):
        assert (link.startswith("#") and link[1:] in anchors) or link in documentation or link == "data:,"
    ids = [element.get("id") for element in page.iter() if element.get("id")]
    assert len(ids) == len(set(ids))


def test_a_node_of_a_path_links_to_the_findings_of_its_resource(page: Element) -> None:
    chat = next(one for one in by_class(page, "service") if text_of(one.find("h3")).startswith("chat "))
    described = {str(box.get("aria-label")): box.get("href") for box in by_class(chat, "box")}
    names = {f"#{one.get('id')}": text_of(one.find("summary/h3")) for one in by_class(page, "resource")}
    assert {label: names.get(str(link)) for label, link in described.items()} == {
        "front end chat: 1 passed": None,
        "target proxy chat: 1 failed, 1 undecided": "chat",
        "URL map chat: not judged": None,
        "backend service chat, EXTERNAL_MANAGED, HTTP: 7 failed, 1 undecided": "chat",
        "health check health, HTTP /health: 1 failed": "health",
        "backend vllm-europe-west4, europe-west4, 2 to 6 VMs: 2 failed": "vllm-europe-west4",
        "backend vllm-us-central1, us-central1, 2 to 6 VMs: 1 failed, 1 undecided": "vllm-us-central1",
        "servers vllm, g2-standard-8: 3 failed": "vllm",
    }


def test_the_list_beside_a_picture_says_the_same(page: Element) -> None:
    draft = next(one for one in by_class(page, "service") if text_of(one.find("h3")).startswith("draft "))
    (path,) = by_class(draft, "path")
    assert [text_of(item) for item in path.findall("li")] == [
        "draft (backend service, EXTERNAL_MANAGED, HTTP) 3 failed, 19 undecided",
        "health (health check, HTTP /health) 1 failed",
        "us-central1 vllm-us-central1 (backend, 2 to 6 VMs) 1 failed, 1 undecided",
        "region not known not known (backend, backends is computed as a whole (inside apply?) or encrypted; write the "
        "list out so that it can be judged)",
        "vllm (servers, g2-standard-8) 3 failed",
    ]


def test_undecided_findings_stand_by_their_reasons(page: Element, results: Results) -> None:
    (reasons,) = by_class(page, "reasons")
    wanted = {
        reason.replace("`", "") for finding in results.report.with_status("undecided") for reason in finding.reasons
    }
    assert {text_of(reason) for reason in reasons.findall("dt")} == wanted


def rows_of(page: Element, name: str) -> list[list[str]]:
    (table,) = by_class(page, name)
    return [[text_of(cell) for cell in row] for row in table.findall("tbody/tr")]


def test_waivers_have_owner_reason_and_last_day(page: Element) -> None:
    rule = "llm-backend-regions"
    assert rows_of(page, "waivers") == [
        ["expired", f"guard {rule} covered guard", "safety", "the second region is being built", "2026-05-31"],
        ["in force", f"rerank {rule} covers rerank", "search", "its model is licensed for Europe only", "2026-12-31"],
        ["unused", f"vision-* {rule}", "vision", "not there yet", "2026-12-31"],
    ]


@pytest.mark.parametrize(
    ("today", "said"),
    [
        (date(2026, 12, 1), "2026-12-31 ends in 30 days"),
        (date(2026, 12, 30), "2026-12-31 ends tomorrow"),
        (date(2026, 12, 31), "2026-12-31 ends today"),
        (date(2026, 11, 30), "2026-12-31"),
    ],
)
def test_a_waiver_that_ends_soon_is_marked(results: Results, today: date, said: str) -> None:
    assert rows_of(parsed(render(replace(results, today=today))), "waivers")[1][4] == said


def test_the_loss_of_each_region_is_shown(page: Element) -> None:
    assert rows_of(page, "failover") == [
        ["chat", "europe-west4", "50 % left, 50 % load", "33.3 % full", "survives"],
        ["chat", "us-central1", "50 % left, 50 % load", "33.3 % full", "survives"],
    ]


def test_a_region_whose_loss_overloads_the_others_is_marked_and_what_to_do_is_said() -> None:
    groups = [managed(region) for region in ("us-central1", "europe-west4")]
    scalers = [autoscaler(group, loadBalancingUtilization={"target": 0.8}) for group in groups]
    rate = {"balancingMode": "RATE", "maxUtilization": None, "maxRatePerInstance": 4}
    stack = build(*groups, *scalers, service([backend(group, **rate) for group in groups]))
    page = parsed(render(judged(stack)))
    assert rows_of(page, "failover") == [
        ["chat", "europe-west4", "50 % left, 80 % load", "40 % full", "overloaded"],
        ["chat", "us-central1", "50 % left, 80 % load", "40 % full", "overloaded"],
        [
            "No number of warm VMs alone is enough: each adds load, or has no capacity. "
            "Keep the current VMs, and every autoscaler at 0.5 of full or less: "
            "set load_balancing_utilization.target of autoscaler-mig-europe-west4 from 0.8 to 0.5 (europe-west4) "
            "set load_balancing_utilization.target of autoscaler-mig-us-central1 from 0.8 to 0.5 (us-central1)"
        ],
    ]


def test_the_rules_stand_by_area_with_their_counts(page: Element, results: Results) -> None:
    areas = {text_of(area.find("h3")).split(" ")[0]: area for area in by_class(page, "area")}
    assert set(areas) == {rule.rule.area.capitalize() for rule in results.report.rules}
    rows = {row.get("id"): [text_of(cell) for cell in row.findall("td")] for row in page.iter("tr") if row.get("id")}
    statuses: tuple[Status, ...] = ("failed", "undecided", "waived", "passed", "not applicable")
    assert rows == {
        f"rule-{rule.rule.name}": [
            rule.rule.severity,
            rule.level,
            *(str(len(rule.with_status(status)) or "\u2013") for status in statuses),
        ]
        for rule in results.report.rules
    }


def assert_loads_nothing(page: Element) -> None:
    assert {element.tag for element in page.iter()} & {"img", "iframe", "object", "embed", "base", "image"} == set()
    assert [link.attrib for link in page.iter("link")] == [{"rel": "icon", "href": "data:,"}]
    for element in page.iter():
        names = {name.rpartition("}")[2] for name in element.attrib}
        assert not names & LOADING
        assert not any(name.startswith("on") for name in names)
    (style,), (script,) = page.iter("style"), page.iter("script")
    assert not re.search(r"url\(|@import|https?:", text_of(style))
    assert not re.search(r"https?:|fetch|XMLHttpRequest|import\(|innerHTML|eval", text_of(script))


def test_nothing_is_loaded_and_nothing_but_the_pages_own_style_and_script_may_run(page: Element) -> None:
    assert_loads_nothing(page)
    (policy,) = [meta.get("content") for meta in page.iter("meta") if meta.get("http-equiv")]
    sources = [f"'sha256-{_digest(next(page.iter(tag)))}'" for tag in ("style", "script")]
    assert policy == f"default-src 'none'; img-src data:; style-src {sources[0]}; script-src {sources[1]}"


def _digest(element: Element) -> str:
    return base64.b64encode(hashlib.sha256((element.text or "").encode()).digest()).decode()


def test_hostile_names_are_nothing_but_names(results: Results) -> None:
    text = render(hostile_results())
    assert all(c == "\n" or c.isprintable() for c in text)
    page = parsed(text)
    assert_loads_nothing(page)
    assert [element.text for element in page.iter("script")] == [
        element.text for element in parsed(render(results)).iter("script")
    ]
    assert text_of(page.find(".//h1")) == printable(HOSTILE)
    assert printable(HOSTILE) in {text_of(resource.find("summary/h3")) for resource in by_class(page, "resource")}
    said = printable(" ".join(HOSTILE.split()))
    assert ["in force", said, said, "2026-07-05 ends in 5 days"] in [
        [state, owner, reason, last] for state, _, owner, reason, last in rows_of(page, "waivers")
    ]


def test_headings_are_in_order_and_everything_is_in_a_landmark(page: Element) -> None:
    levels = [int(str(element.tag)[1]) for element in page.iter() if re.fullmatch("h[1-6]", str(element.tag))]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    body = page.find("body")
    assert body is not None
    tags = [str(element.tag).rpartition("}")[2] for element in body]
    assert [tag for tag in tags if tag not in ("svg", "script")] == ["a", "header", "main", "footer"]


def test_a_stack_without_services_says_that_nothing_was_judged() -> None:
    page = parsed(render(judged(Stack())))
    assert "Nothing was judged: there is no backend service that the rules select." in text_of(page.find(".//header"))
    assert by_class(page, "service") == []


def test_a_large_stack_has_a_page_that_is_small_and_says_what_is_left_out() -> None:
    results = large_results(600)
    verdicts = {status: len(results.report.with_status(status)) for status in LISTED}
    listed = sum(verdicts.values())
    assert listed > MOST_FINDINGS
    started = time.process_time()
    text = render(results)
    assert time.process_time() - started < 30
    assert len(text.encode()) < 9_000_000
    shown = text.count('<article class="finding ')
    assert MOST_FINDINGS - 20 < shown <= MOST_FINDINGS
    said = re.search(r"(\d+) further findings, about (\d+) resources, would make this page too large", text)
    assert said
    assert int(said[1]) == listed - shown
    assert int(said[2]) == len({one.urn for s in LISTED for one in results.report.with_status(s)}) - len(
        re.findall('<details class="resource"', text)
    )
    assert text.count('<section class="service"') == MOST_DRAWN
    assert f"{600 - MOST_DRAWN} further services have no picture." in text
    assert '<details class="resource" id="r0">' in text
