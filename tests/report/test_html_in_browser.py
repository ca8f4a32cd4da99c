"""The page in a real browser: it loads nothing, everybody can use it, and it fits a phone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Dialog, Page, expect

from policypack.judgement import Results
from policypack.report.check.html_page import render
from tests.report.chromium import assert_accessible, started_chromium
from tests.report.judged import hostile_results, large_results
from tests.report.update_golden import golden_results

Open = Callable[..., Page]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with started_chromium() as found:
        yield found


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory, results: Results) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    pages = {"every": results, "few": golden_results(results), "hostile": hostile_results(), "large": large_results(8)}
    for name, shown in pages.items():
        (folder / f"{name}.html").write_text(render(shown), encoding="utf-8")
    return {name: folder / f"{name}.html" for name in pages}


class Tabs:
    """Tabs of a browser, one for each choice of options: to make one takes longer than to load a page in it."""

    def __init__(self, browser: Browser) -> None:
        self.browser = browser
        self.said: list[str] = []
        self.made: dict[str, Page] = {}

    def tab(self, **options: Any) -> Page:
        return self.made.get(str(options)) or self.made.setdefault(str(options), self._listened_to(**options))

    def _listened_to(self, **options: Any) -> Page:
        page = self.browser.new_context(**options).new_page()
        page.on("console", lambda message: self.said.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: self.said.append(f"error: {error}"))
        page.on("dialog", self._refused)
        page.on("request", lambda request: self.said.append(f"request: {request.url}"))
        return page

    def _refused(self, dialog: Dialog) -> None:
        self.said.append(f"dialog: {dialog.message}")
        dialog.dismiss()


@pytest.fixture(scope="module")
def tabs(browser: Browser) -> Tabs:
    return Tabs(browser)


@pytest.fixture
def open_page(tabs: Tabs, files: dict[str, Path]) -> Iterator[Open]:
    """Opens a page; whatever it says on the console, loads or asks fails the test."""

    def opened(name: str, width: int = 1280, scheme: Literal["light", "dark"] = "light", **options: Any) -> Page:
        page = tabs.tab(**options)
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(media="screen", color_scheme=scheme)
        page.goto(files[name].as_uri())
        tabs.said.remove(f"request: {files[name].as_uri()}")
        return page

    tabs.said.clear()
    yield opened
    assert tabs.said == []


def visible_findings(page: Page) -> list[tuple[str, str]]:
    found: list[list[str]] = page.eval_on_selector_all(
        ".finding",
        "all => all.filter(one => one.checkVisibility())"
        ".map(one => [one.closest('details').querySelector('h3').textContent, one.querySelector('h4 a').textContent])",
    )
    return [(name, rule) for name, rule in found]


def listed(results: Results, *statuses: Any) -> list[tuple[str, str]]:
    return sorted(
        (finding.name, finding.rule.name) for status in statuses for finding in results.report.with_status(status)
    )


def tab_to(page: Page, selector: str) -> None:
    """Presses the tabulator until the element has the focus."""
    for _ in range(400):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"the keyboard does not reach {selector}")


@pytest.mark.parametrize("name", ["every", "hostile", "large"])
def test_it_loads_quietly_and_fits_the_width(open_page: Open, name: str) -> None:
    page = open_page(name)
    for is_open in (False, True):
        if is_open:
            page.locator("details").evaluate_all("all => all.forEach(one => { one.open = true })")
        for width in (360, 1280):
            page.set_viewport_size({"width": width, "height": 800})
            assert page.evaluate("document.documentElement.scrollWidth") == width, (is_open, width)


@pytest.mark.parametrize("width", [360, 1280])
def test_axe_finds_nothing(open_page: Open, width: int) -> None:
    page = open_page("few", width, bypass_csp=True)
    page.locator(".rules details").first.evaluate("one => { one.open = true }")
    assert_accessible(page, "color-contrast", "heading-order", "label", "region")


def test_the_first_tab_leads_past_the_header(open_page: Open) -> None:
    page = open_page("every")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the report"
    assert page.evaluate("document.activeElement.getBoundingClientRect().left") == 0
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_the_filter_works_by_keyboard(open_page: Open, results: Results) -> None:
    page = open_page("every")
    assert sorted(visible_findings(page)) == listed(results, "failed", "undecided", "waived")
    tab_to(page, "input[value=failed]")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.press("Space")
    assert sorted(visible_findings(page)) == listed(results, "undecided", "waived")
    assert page.inner_text("#shown") == "28 of 71 findings"
    tab_to(page, "select[name=severity]")
    page.keyboard.type("critical")
    wanted = [
        ("draft", "backend-no-plaintext-secrets"),
        ("draft", "llm-backend-failover-capacity"),
        ("draft", "llm-backend-failover-signal"),
        ("draft", "llm-backend-regions"),
        ("rerank", "llm-backend-regions"),
        ("tools", "backend-no-plaintext-secrets"),
    ]
    assert sorted(visible_findings(page)) == wanted
    tab_to(page, "input[type=search]")
    page.keyboard.type("DRAFT")
    assert sorted(visible_findings(page)) == wanted[:4]
    tab_to(page, "button[type=reset]")
    page.keyboard.press("Enter")
    expect(page.locator("#shown")).to_have_text("71 of 71 findings")
    assert sorted(visible_findings(page)) == listed(results, "failed", "undecided", "waived")


def test_a_node_leads_to_its_findings_even_if_they_are_closed_or_filtered(open_page: Open) -> None:
    page = open_page("large")
    assert visible_findings(page) == []
    for status in ("failed", "undecided"):
        page.locator(f"input[value={status}]").uncheck()
    page.locator(".service a.box").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".resource > summary:focus")).to_have_count(1)
    shown = {name for name, _ in visible_findings(page)}
    assert shown == {page.evaluate("document.activeElement.querySelector('h3').textContent")}
    assert page.locator("input[value=failed]").is_checked()


def test_it_works_without_its_script(open_page: Open, results: Results) -> None:
    page = open_page("every", java_script_enabled=False)
    assert page.locator("#filter").is_hidden()
    assert page.locator(".finding:visible").count() == len(listed(results, "failed", "undecided", "waived"))


def test_a_narrow_page_has_the_paths_as_lists_and_a_wide_one_as_pictures(open_page: Open) -> None:
    for width, shows_pictures in ((1280, True), (360, False)):
        page = open_page("every", width)
        assert page.locator(".picture").first.is_visible() is shows_pictures
        assert page.locator(".path").first.is_visible() is not shows_pictures


def test_print_shows_everything_but_the_controls(open_page: Open) -> None:
    page = open_page("large")
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("#filter, nav").first.is_hidden()
    assert len(visible_findings(page)) == page.locator(".finding").count()
