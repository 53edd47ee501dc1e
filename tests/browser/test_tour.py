"""The same tour of all labs in Chromium and in Debian's Firefox: each starts, answers, and asks no other host."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from handwriting import neat, on_sheet
from labs import SEVEN, draw, link, open_lab, status, top_digit
from playwright.sync_api import Browser, Page, expect

# Where each lab is met.
PLACES = {
    "draw": "index.html",
    "microscope": "book/03_layers.html",
    "optimiser": "book/04_adam.html",
    "time-machine": "book/05_filters.html",
    "mistakes": "book/06_errors.html",
    "judge": "book/06_errors.html",
    "stress": "book/09_your_own_digits.html",
    "guess": "book/play.html",
    "design": "book/play.html",
}


@pytest.fixture(params=["browser", "firefox"])
def visitor(request: pytest.FixtureRequest) -> Iterator[tuple[Page, list[str]]]:
    """Open a page in either browser; the list holds what it complained about and the addresses it asked."""
    browser: Browser = request.getfixturevalue(request.param)
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    seen: list[str] = []
    page.on("request", lambda asked: seen.append(asked.url))
    page.on("pageerror", lambda error: seen.append(f"script error: {error}"))
    yield page, seen
    context.close()


@pytest.mark.parametrize("name", PLACES)
def test_a_lab_starts_and_has_something_to_say(visitor: tuple[Page, list[str]], address: str, name: str) -> None:
    page, seen = visitor
    lab = open_lab(page, address + PLACES[name], name)
    assert status(lab)
    assert lab.get_by_role("status").count() == 1
    assert [url for url in seen if not url.startswith((address, "data:", "blob:"))] == []


@pytest.mark.parametrize("name", PLACES)
def test_without_scripts_a_sentence_and_a_picture_stand_there(browser: Browser, address: str, name: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address + PLACES[name])
    here = page.locator(f"[data-lab='{name}']")
    expect(here).to_contain_text("where scripts may run")
    image = here.locator("img")
    image.scroll_into_view_if_needed()
    expect(image).to_be_visible()
    assert image.bounding_box()["height"] > 200, "the picture has not come"
    context.close()


@pytest.mark.parametrize("name", PLACES)
def test_a_lab_that_cannot_start_says_so(browser: Browser, address: str, name: str) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.route(f"**/labs/{name}.js*", lambda route: route.abort())
    page.goto(address + PLACES[name])
    here = page.locator(f"[data-lab='{name}']")
    here.scroll_into_view_if_needed()
    expect(here.locator(".lab-notice")).to_contain_text("could not start")
    expect(here.locator("img")).to_be_visible()
    context.close()


def test_drawing_with_the_mouse(visitor: tuple[Page, list[str]], address: str) -> None:
    page, _ = visitor
    lab = open_lab(page, address + PLACES["draw"], "draw")
    rng = np.random.default_rng(1)
    for digit in range(10):
        draw(page, lab, on_sheet(neat(digit, rng), 280, rng))
        assert top_digit(lab) == digit
        lab.get_by_role("button", name="Clear", exact=True).click()


def test_drawing_with_keys_and_passing_it_on(visitor: tuple[Page, list[str]], address: str) -> None:
    page, _ = visitor
    lab = open_lab(page, address + PLACES["draw"], "draw")
    lab.get_by_label("Drawing pad", exact=True).focus()
    for key, times in (("ArrowUp", 9), (" ", 1), ("ArrowDown", 18), (" ", 1)):
        for _ in range(times):
            page.keyboard.press(key)
    assert top_digit(lab) == 1
    handed_out = link(page, lab)
    page.goto("about:blank")
    assert top_digit(open_lab(page, handed_out, "draw")) == 1


def test_the_pictures_are_the_same_in_both_browsers(browser: Browser, firefox: Browser, address: str) -> None:
    handed_out, pictures = None, []
    for each in (browser, firefox):
        page = each.new_context(viewport={"width": 1280, "height": 900}).new_page()
        lab = open_lab(page, handed_out or address + PLACES["draw"], "draw")
        if handed_out is None:
            draw(page, lab, SEVEN)
            handed_out = link(page, lab)
        status(lab)
        seen = lab.get_by_label("What the network gets")
        pictures.append(seen.evaluate("c => Array.from(c.getContext('2d').getImageData(0, 0, 28, 28).data)"))
        page.close()
    assert pictures[0] == pictures[1]
