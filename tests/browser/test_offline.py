"""The site as it lies on a stick: its pages opened as files, without a web server."""

from __future__ import annotations

import base64
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from built_site import ROOT, pages
from labs import SEVEN, draw, link, open_lab, status, top_digit
from playwright.sync_api import Browser, Page, expect
from sphinx.errors import ExtensionError

from digitlib.labs.widgets import STATIC, files_for_pages

sys.path.insert(0, str(ROOT / "book" / "_ext"))
from book_labs import LABS, _as_expression


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """Open an empty page that notes what the browser complains about, and complains in turn at the end."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, color_scheme="light")
    page, messages = context.new_page(), []
    page.on("pageerror", lambda error: messages.append(f"script error: {error}"))
    page.on("console", lambda said: said.type in ("error", "warning") and messages.append(said.text))
    yield page
    context.close()
    assert messages == []


@pytest.mark.parametrize("name", pages(ROOT))
def test_every_page_and_every_lab_on_it(site: Path, page: Page, name: str) -> None:
    page.goto((site / name).as_uri())
    for place in page.locator("[data-lab]").all():
        place.scroll_into_view_if_needed()
        expect(place.locator(".digits-lab")).to_have_attribute("data-ready", "true", timeout=15_000)
    page.evaluate("() => window.MathJax?.startup?.promise?.then(() => null)")
    page.evaluate("() => document.fonts.ready.then(() => null)")
    assert page.locator("article .math:not(:has(mjx-container))").count() == 0
    assert page.evaluate("[...document.fonts].filter((font) => font.status === 'error').length") == 0


def test_a_drawn_digit_is_read_and_stays_in_the_address(site: Path, page: Page) -> None:
    lab = open_lab(page, (site / "index.html").as_uri(), "draw")
    draw(page, lab, SEVEN)
    assert top_digit(lab) == 7
    address = link(page, lab)
    page.goto("about:blank")
    lab = open_lab(page, address, "draw")
    assert top_digit(lab) == 7


def test_a_drawn_digit_is_read_in_firefox(site: Path, firefox: Browser) -> None:
    page = firefox.new_page()
    lab = open_lab(page, (site / "index.html").as_uri(), "draw")
    draw(page, lab, SEVEN)
    assert top_digit(lab) == 7, status(lab)
    page.close()


def test_the_search_finds_pages(site: Path, page: Page) -> None:
    page.goto((site / "search.html").as_uri() + "?q=convolution")
    expect(page.locator("#search-results")).to_contain_text("Search finished")
    assert page.locator("#search-results li").count() > 5
    page.locator("#search-results li a").first.click()
    expect(page.locator("article h1")).to_be_visible()


def test_the_theme_stays_from_page_to_page(site: Path, page: Page) -> None:
    page.goto((site / "book" / "00_arrays.html").as_uri())
    page.locator(".theme-switch-button").first.click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.goto((site / "book" / "race.html").as_uri())
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


def test_a_lab_that_cannot_start_says_what_to_do(site: Path, browser: Browser) -> None:
    page = browser.new_page()
    page.route(re.compile(r"offline/draw\.js"), lambda route: route.abort())
    page.goto((site / "index.html").as_uri())
    notice = page.locator("[data-lab='draw'] .lab-notice")
    expect(notice).to_contain_text("python -m http.server")
    expect(page.locator("[data-lab='draw'] .lab-still")).to_be_visible()
    page.close()


def test_what_scripts_hold_is_what_the_files_hold(site: Path) -> None:
    folder = site / "_static" / "labs" / "offline"
    expected = {f"{name}.js" for name in [*LABS, *files_for_pages()]}
    assert {file.name for file in folder.iterdir()} == expected
    for name, file in files_for_pages().items():
        text = (folder / f"{name}.js").read_text("utf-8")
        value = text.removeprefix(f'digitsBook["{name}"] = ').removesuffix(";\n")
        assert base64.b64decode(json.loads(value)) == file.read_bytes()


def test_a_bundle_of_another_form_stops_the_build(tmp_path: Path) -> None:
    assert _as_expression(STATIC / "draw.js").startswith("(() => {")
    other = tmp_path / "draw.js"
    other.write_text("export default 1;")
    with pytest.raises(ExtensionError, match=r"draw\.js does not end as esbuild ends a module"):
        _as_expression(other)
