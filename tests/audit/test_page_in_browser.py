"""The page of an audit in a real browser: it loads nothing, everybody can use it, and it fits a phone."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from policypack.audit.results import AuditResults
from policypack.audit.trend import open_trend
from policypack.report.formats import write_report
from tests.report.chromium import assert_accessible, started_chromium


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with started_chromium() as found:
        yield found


@pytest.fixture(scope="module")
def page(browser: Browser) -> Page:
    """A tab, which takes longer to make than to load a page in it."""
    return browser.new_page()


@pytest.fixture(scope="module")
def scripted_page(browser: Browser) -> Page:
    """A tab in which Axe can run, though the page allows no script."""
    return browser.new_page(bypass_csp=True)


def open_all(page: Page) -> None:
    page.locator("details").evaluate_all("all => all.forEach(one => { one.open = true })")


def fits(page: Page, width: int) -> bool:
    page.set_viewport_size({"width": width, "height": 800})
    return bool(page.evaluate("document.documentElement.scrollWidth") == width)


def test_the_page(page: Page, everything: AuditResults, tmp_path: Path) -> None:
    file = tmp_path / "audit.html"
    write_report("audit", file, everything)
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: said.append(request.url))
    page.goto(file.as_uri())
    assert fits(page, 360)
    assert fits(page, 1280)

    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('[aria-labelledby=stacks] summary')"):
            break
    assert page.evaluate("document.activeElement.textContent") == "llm/bad"
    assert page.locator("h2").first.text_content() == "Changes since the baseline"
    page.keyboard.press("Enter")
    assert page.locator(".finding").first.is_visible()

    open_all(page)
    assert fits(page, 1280)
    assert fits(page, 360)
    assert said == [file.as_uri()]


def test_the_page_of_a_trend(scripted_page: Page, everything: AuditResults, tmp_path: Path) -> None:
    assert everything.baseline
    file, journal = tmp_path / "trend.html", tmp_path / "now"
    shutil.copy(tmp_path / "before", journal)
    with open_trend([everything.baseline, journal]) as trend:
        write_report("trend", file, trend)
    scripted_page.goto(file.as_uri())
    open_all(scripted_page)
    assert scripted_page.locator("svg.trend").count() > 4
    for width in (390, 1280):
        assert fits(scripted_page, width)
        assert_accessible(scripted_page)


def test_axe_finds_nothing(scripted_page: Page, everything: AuditResults, tmp_path: Path) -> None:
    file = tmp_path / "audit.html"
    write_report("audit", file, everything)
    scripted_page.goto(file.as_uri())
    open_all(scripted_page)
    assert_accessible(scripted_page, "heading-order", "region")
