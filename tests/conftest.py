"""What several tests share: the site, built once, served on this machine, and a browser to look at it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest
from browsers import CHROMIUM_ARGUMENTS, CHROMIUM_NAMES, chromium_path, firefox_path, start_script
from built_site import ROOT, build, served
from playwright.sync_api import Browser, Playwright, sync_playwright


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the site from scratch, without a warning; return its folder."""
    output = tmp_path_factory.mktemp("book")
    done = build(ROOT, output, BOOK_REPOSITORY="")
    assert done.returncode == 0, f"the book does not build:\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
    return output / "_build" / "html"


@pytest.fixture(scope="session")
def address(site: Path) -> Iterator[str]:
    """Serve the site on this machine; return its address."""
    with served(site) as address:
        yield address


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """Start the program that drives the browsers."""
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """Start the system's Chromium, headless; without one the tests are skipped, but fail where CI is set."""
    path = chromium_path()
    if path is None:
        _do_without(f"no Chromium on this machine: looked for {', '.join(CHROMIUM_NAMES)} and the variable CHROMIUM")
    browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_ARGUMENTS)
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def firefox(playwright: Playwright, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Start Firefox, headless; without one the tests are skipped, but fail where CI is set."""
    path = firefox_path()
    if path is None:
        _do_without("no Firefox on this machine: looked for firefox-esr and firefox")
    start = start_script(path, tmp_path_factory.mktemp("firefox"))
    browser = playwright.firefox.launch(channel="moz-firefox", executable_path=start)
    yield browser
    browser.close()


def _do_without(reason: str) -> NoReturn:
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)
