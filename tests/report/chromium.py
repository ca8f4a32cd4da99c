"""A headless Chromium, where there is one."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, sync_playwright

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
