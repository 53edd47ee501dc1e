"""What readers do with the site: search it, use it by keyboard, switch the theme, read it without scripts."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from built_site import ROOT, pages
from playwright.sync_api import Browser, Page, expect

CHAPTERS = [name for name in pages(ROOT) if re.match(r"book/\d\d_", name)]


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 900}, color_scheme="light")
    yield context.new_page()
    context.close()


def test_start_page_leads_to_every_chapter(page: Page, address: str) -> None:
    page.goto(address)
    expect(page.get_by_role("heading", level=1)).to_contain_text("The Digits Book")
    for name in CHAPTERS:
        expect(page.locator(f"article a[href='{name}']").first).to_be_visible()


def test_search_finds_a_word(page: Page, address: str) -> None:
    page.goto(address + "index.html")
    page.keyboard.press("Control+k")
    page.keyboard.type("broadcasting")
    page.keyboard.press("Enter")
    expect(page.locator("#search-results li").first).to_be_visible()
    expect(page.locator("#search-results a[href*='glossary.html']").first).to_be_visible()


def test_tab_leads_into_the_text(page: Page, address: str) -> None:
    page.goto(address + CHAPTERS[0])
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to main content")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('main') !== null")
    width = page.evaluate("getComputedStyle(document.activeElement).outlineWidth")
    assert float(width.removesuffix("px")) >= 2, f"the focus can hardly be seen: its outline is {width} wide"


@pytest.mark.parametrize("name", CHAPTERS)
def test_solutions_are_folded_and_open_by_keyboard(page: Page, address: str, name: str) -> None:
    page.goto(address + name)
    solutions = page.locator(".tag_solution")
    assert solutions.count() >= 3
    for solution in solutions.all():
        expect(solution.locator(".cell_input")).to_be_hidden()
    first = solutions.first
    first.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(first.locator(".cell_input")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_theme_follows_the_system(browser: Browser, address: str, scheme: str) -> None:
    context = browser.new_context(color_scheme=scheme)
    page = context.new_page()
    page.goto(address + "index.html")
    expect(page.locator("html")).to_have_attribute("data-theme", scheme)
    context.close()


def test_theme_switch_reaches_light_and_dark(page: Page, address: str) -> None:
    page.goto(address + CHAPTERS[0])
    grounds = set()
    for _ in range(3):
        page.get_by_role("button", name="Color mode").click()
        grounds.add(page.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert len(grounds) == 2


def test_contents_open_on_a_phone(browser: Browser, address: str) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True)
    page = context.new_page()
    page.goto(address + "index.html")
    link = page.get_by_role("navigation", name="Main").get_by_role("link", name="Glossary")
    expect(link).to_be_hidden()
    page.locator("button.primary-toggle").tap()
    expect(link).to_be_visible()
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_page_reads_without_scripts(browser: Browser, address: str, scheme: str) -> None:
    context = browser.new_context(java_script_enabled=False, color_scheme=scheme)
    page = context.new_page()
    page.goto(address + CHAPTERS[0])
    expect(page.locator("article h1")).to_be_visible()
    expect(page.locator("article .cell_input").first).to_be_visible()
    expect(page.locator("html")).to_have_attribute("data-theme", "light")
    solution = page.locator(".tag_solution").first
    solution.locator("summary").click()
    expect(solution.locator(".cell_input")).to_be_visible()
    context.close()
