"""The page of an audit in a real browser: it loads nothing, everybody can use it, and it fits a phone."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from policypack.audit.results import AuditResults
from policypack.audit.trend import open_trend
from policypack.report.formats import write_report
from tests.report.chromium import started_chromium


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with started_chromium() as found:
        yield found


@pytest.mark.parametrize(("width", "scheme"), [(360, "light"), (1280, "dark")])
def test_the_page(
    browser: Browser, everything: AuditResults, tmp_path: Path, width: int, scheme: Literal["light", "dark"]
) -> None:
    file = tmp_path / "audit.html"
    write_report("audit", file, everything)
    said: list[str] = []
    page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: said.append(request.url))
    page.goto(file.as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") == width

    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('[aria-labelledby=stacks] summary')"):
            break
    assert page.evaluate("document.activeElement.textContent") == "llm/bad"
    assert page.locator("h2").first.text_content() == "Changes since the baseline"
    page.keyboard.press("Enter")
    assert page.locator(".finding").first.is_visible()

    page.locator("details").evaluate_all("all => all.forEach(one => { one.open = true })")
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert said == [file.as_uri()]
    page.close()


@pytest.mark.parametrize(("width", "scheme"), [(390, "light"), (1280, "dark")])
def test_the_page_of_a_trend(
    browser: Browser, everything: AuditResults, tmp_path: Path, width: int, scheme: Literal["light", "dark"]
) -> None:
    assert everything.baseline
    file, journal = tmp_path / "trend.html", tmp_path / "now"
    shutil.copy(tmp_path / "before", journal)
    with open_trend([everything.baseline, journal]) as trend:
        write_report("trend", file, trend)
    page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme, bypass_csp=True)
    page.goto(file.as_uri())
    page.locator("details").evaluate_all("all => all.forEach(one => { one.open = true })")
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.locator("svg.trend").count() > 4
    found = Axe().run(page)
    assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found.response["violations"]] == []
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(
    browser: Browser, everything: AuditResults, tmp_path: Path, scheme: Literal["light", "dark"]
) -> None:
    file = tmp_path / "audit.html"
    write_report("audit", file, everything)
    page = browser.new_page(color_scheme=scheme, bypass_csp=True)
    page.goto(file.as_uri())
    page.locator("details").evaluate_all("all => all.forEach(one => { one.open = true })")
    found = Axe().run(page)
    assert {"color-contrast", "heading-order", "region"} <= {one["id"] for one in found.response["passes"]}
    assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found.response["violations"]] == []
    page.close()
