"""A headless Chromium, where there is one."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def find_chromium() -> str | None:
    """The path of a Chromium, `None` if there is none."""
    return next((path for name in _NAMES if (path := shutil.which(name))), None)


@contextmanager
def started_chromium() -> Iterator[Browser]:
    """A browser; skips the test, saying how to get one, where there is none."""
    path = find_chromium()
    if path is None:
        pytest.skip("needs Chromium: install it with `apt-get install --no-install-recommends chromium`")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(_ARGUMENTS))
        yield browser
        browser.close()


def assert_accessible(page: Page, *passed: str) -> None:
    """Axe finds nothing on the page in light colors nor in dark ones, and these rules of it had something to judge."""
    # The color scheme changes nothing but colors.
    page.emulate_media(color_scheme="light")
    _assert_accessible(page, {"color-contrast", *passed})
    page.emulate_media(color_scheme="dark")
    _assert_accessible(page, {"color-contrast"}, runOnly=["color-contrast"])


def _assert_accessible(page: Page, passed: set[str], **options: Any) -> None:
    found = Axe().run(page, options={"resultTypes": ["violations"], **options}).response
    assert passed <= {one["id"] for one in found["passes"]}
    assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found["violations"]] == []
