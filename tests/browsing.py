"""A real browser for the tests that look at pages; what goes wrong on a page fails its test."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]


def chromium() -> str:
    """The Chromium of this machine, by the names that tools/setup.sh looks for."""
    found = shutil.which(os.environ.get("PROXX_CHROMIUM") or next(filter(shutil.which, NAMES), ""))
    assert found, "the tests of the site need Chromium: sh tools/setup.sh browser"
    return found


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as play:
        started = play.chromium.launch(executable_path=chromium(), args=QUIET)
        yield started
        started.close()


@pytest.fixture(params=["light"])
def page(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Page]:
    """A page in the light; what goes wrong on it, and what it asks of any server, fails the test."""
    context = browser.new_context(viewport={"width": 1400, "height": 900}, color_scheme=request.param)
    opened = context.new_page()
    trouble: list[str] = []
    opened.on("request", lambda one: None if one.url.startswith(("file:", "about:")) else trouble.append(one.url))
    opened.on("pageerror", lambda error: trouble.append(str(error)))
    opened.on("console", lambda said: trouble.append(said.text) if said.type == "error" else None)
    yield opened
    context.close()
    assert trouble == []
