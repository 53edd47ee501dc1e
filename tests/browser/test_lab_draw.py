"""Lab 1, "Draw a digit", on the landing page: drawn with the mouse, a finger and keys, in Chromium."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator

import numpy as np
import pytest
from built_site import ROOT
from handwriting import careless, neat, on_sheet
from labs import SEVEN, draw, link, open_lab, status, top_digit, with_state
from playwright.sync_api import Browser, Locator, Page, expect
from test_pages import VIEWS, Visit, axe_complaints, visiting

import digitlib

HOME = "index.html"


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 900}, permissions=["clipboard-write"])
    yield context.new_page()
    context.close()


@pytest.fixture
def lab(page: Page, address: str) -> Locator:
    return open_lab(page, address + HOME, "draw")


def _picture(lab: Locator) -> np.ndarray:
    """Read the picture that the network gets off its canvas: ink, uint8 (28, 28)."""
    grey = lab.get_by_label("What the network gets").evaluate(
        "canvas => Array.from(canvas.getContext('2d').getImageData(0, 0, 28, 28).data.filter((_, i) => i % 4 === 0))"
    )
    return 255 - np.array(grey, np.uint8).reshape(28, 28)


def test_a_drawing_is_read_and_every_layer_shown(page: Page, lab: Locator) -> None:
    assert status(lab) == "Draw a digit."
    expect(lab.locator(".lab-maps figure:visible")).to_have_count(0)
    draw(page, lab, SEVEN)
    assert top_digit(lab) == 7
    shown = [figure.locator("b").text_content() for figure in lab.locator(".lab-maps figure:visible").all()]
    expected = [layer.name for layer in digitlib.load_pretrained().layers if len(layer.output.shape) == 4]
    assert shown == expected
    for canvas in lab.locator(".lab-maps figure:visible canvas").all():
        colours = canvas.evaluate("c => new Set(c.getContext('2d').getImageData(0, 0, c.width, c.height).data).size")
        assert colours > 5, "an empty map"


def test_the_answer_is_that_of_keras(page: Page, lab: Locator) -> None:
    draw(page, lab, SEVEN)
    status(lab)
    expected = digitlib.load_pretrained().predict(_picture(lab)[None, ..., None], verbose=0)[0]
    for digit, row in enumerate(lab.locator(".lab-bars li").all()):
        width = float(row.locator(".lab-bar").evaluate("bar => parseFloat(bar.style.width)")) / 100
        assert width == pytest.approx(expected[digit], abs=1e-4)


def test_pad_and_status_as_programs_look_for_them(page: Page, lab: Locator) -> None:
    named = page.evaluate("""() => [...document.querySelectorAll('canvas')]
        .filter(canvas => canvas.getAttribute('aria-label') === 'Drawing pad').length""")
    assert named == 1
    assert lab.get_by_role("status").count() == 1
    draw(page, lab, SEVEN)
    page.wait_for_timeout(400)
    assert re.search(r"\d", lab.get_by_role("status").text_content())[0] == "7"
    lab.get_by_role("button", name="Clear", exact=True).click()
    page.wait_for_timeout(400)
    assert not re.search(r"\d", lab.get_by_role("status").text_content())


def test_undo_and_clear(page: Page, lab: Locator) -> None:
    undo, clear = (lab.get_by_role("button", name=name, exact=True) for name in ("Undo", "Clear"))
    expect(undo).to_be_disabled()
    draw(page, lab, SEVEN[:1])
    draw(page, lab, SEVEN[1:])
    whole = _picture(lab)
    undo.click()
    status(lab)
    assert not np.array_equal(_picture(lab), whole)
    undo.click()
    assert status(lab) == "Draw a digit."
    draw(page, lab, SEVEN)
    clear.click()
    assert status(lab) == "Draw a digit."
    assert not _picture(lab).any()
    undo.click()
    assert top_digit(lab) == 7
    assert np.array_equal(_picture(lab), whole), "what was cleared comes back"


def test_an_empty_pad_and_a_dot_predict_nothing(page: Page, lab: Locator) -> None:
    for strokes in ([], [[(140, 140)]], [[(140, 140), (143, 142)]]):
        draw(page, lab, strokes)
        assert top_digit(lab) is None
        assert set(lab.locator(".lab-bar-text").all_text_contents()) == {"–"}


def test_by_keyboard_alone(page: Page, lab: Locator) -> None:
    page.locator("body").press("Tab")
    for _ in range(80):
        if page.evaluate("document.activeElement.getAttribute('aria-label')") == "Drawing pad":
            break
        page.keyboard.press("Tab")
    for key, times in (("ArrowUp", 9), (" ", 1), ("ArrowDown", 18), (" ", 1)):
        for _ in range(times):
            page.keyboard.press(key)
    assert top_digit(lab) == 1
    page.keyboard.press("Control+z")
    assert top_digit(lab) is None
    page.keyboard.press("Tab")  # past Undo, which has nothing left to undo
    expect(lab.get_by_role("button", name="Clear", exact=True)).to_be_focused()


def test_keys_do_not_scroll_the_page(page: Page, lab: Locator) -> None:
    lab.get_by_label("Drawing pad", exact=True).focus()
    before = page.evaluate("scrollY")
    for key in ("ArrowDown", " ", "ArrowDown"):
        page.keyboard.press(key)
    assert page.evaluate("scrollY") == before


def test_by_finger_on_a_phone(browser: Browser, address: str) -> None:
    context = browser.new_context(**VIEWS["phone"])
    page = context.new_page()
    lab = open_lab(page, address + HOME, "draw")
    pad = lab.get_by_label("Drawing pad", exact=True)
    pad.scroll_into_view_if_needed()
    box, touch = pad.bounding_box(), context.new_cdp_session(page)
    before = page.evaluate("scrollY")
    for stroke in SEVEN:
        for number, (x, y) in enumerate(stroke):
            point = {"x": box["x"] + x * box["width"] / 280, "y": box["y"] + y * box["height"] / 280}
            kind = "touchMove" if number else "touchStart"
            touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [point]})
        touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    assert top_digit(lab) == 7
    assert page.evaluate("scrollY") == before, "a vertical stroke must not scroll the page"
    assert page.evaluate("document.documentElement.scrollWidth <= 390")
    context.close()


def test_each_step_has_a_switch_and_says_what_it_is_worth(page: Page, lab: Locator) -> None:
    small = [[(int(20 + 0.25 * x), int(15 + 0.25 * y)) for x, y in stroke] for stroke in SEVEN]
    draw(page, lab, small)
    assert top_digit(lab) == 7
    page.wait_for_timeout(300)
    steps = lab.locator(".lab-step")
    assert [step.locator("label").text_content() for step in steps.all()] == [
        "Even pen",
        "Cut out",
        "Grey edges",
        "Centre",
    ]
    said = [step.locator(".lab-without").text_content() for step in steps.all()]
    assert all(re.fullmatch(r"Without it: \d \(.*%\)", text) for text in said)
    whole = _picture(lab)
    for step, without in zip(steps.all(), said, strict=True):
        step.get_by_role("checkbox").uncheck()
        assert top_digit(lab) == int(without[12]), "the line has said it before"
        assert not np.array_equal(_picture(lab), whole)
        step.get_by_role("checkbox").check()
        status(lab)
    assert np.array_equal(_picture(lab), whole)


def test_common_and_own_scale(page: Page, lab: Locator) -> None:
    draw(page, lab, SEVEN)
    status(lab)
    maps = lab.locator(".lab-maps figure:visible canvas").nth(1)
    common = maps.evaluate("canvas => canvas.toDataURL()")
    lab.get_by_label("Each map on a scale of its own").check()
    page.wait_for_timeout(100)
    assert maps.evaluate("canvas => canvas.toDataURL()") != common


def test_similar_training_digits_come_when_asked_for(browser: Browser, address: str) -> None:
    with visiting(browser, address, "light") as visit:
        lab = open_lab(visit.page, address + HOME, "draw")
        draw(visit.page, lab, SEVEN)
        assert not [url for url in visit.asked if "lab-sample" in url]
        lab.get_by_role("button", name="Show the most similar").click()
        found = lab.locator(".lab-strip figcaption")
        expect(found).to_have_count(10)
        picture = _picture(lab).ravel().astype(float)
        x_train, y_train, *_ = digitlib.load_mnist()
        sample = np.sort(np.random.default_rng(0).choice(len(x_train), 1000, replace=False))
        images = x_train[sample].reshape(1000, 784).astype(float)
        likeness = images @ picture / np.linalg.norm(images, axis=1)
        expected = y_train[sample][np.argsort(-likeness, kind="stable")[:10]]
        assert found.all_text_contents() == [f"a {label}" for label in expected]


def test_a_link_carries_the_drawing(page: Page, lab: Locator, browser: Browser) -> None:
    draw(page, lab, SEVEN)
    lab.get_by_role("checkbox", name="Centre").uncheck()
    said, picture, handed_out = status(lab), _picture(lab), link(page, lab)
    expect(lab.get_by_text("Copied.")).to_be_visible()
    other = browser.new_page()
    there = open_lab(other, handed_out, "draw")
    assert status(there) == said
    assert np.array_equal(_picture(there), picture)
    expect(there.get_by_role("checkbox", name="Centre")).not_to_be_checked()
    other.close()


def _address_with(state: object, version: int = 1) -> str:
    return HOME + with_state("draw", state, version)


BAD_LINKS = {
    "unknown version": (_address_with({"strokes": [], "off": []}, version=7), "version 7"),
    "damaged": (_address_with("e30x*"), "damaged"),
    "not JSON": (_address_with(base64.urlsafe_b64encode(b"[1, 2").decode().rstrip("=")), "damaged"),
    "no drawing": (_address_with({"strokes": "all", "off": []}), "a drawing is none"),
    "off the sheet": (_address_with({"strokes": [[22, 10, 999]], "off": []}), "a drawing is none"),
    "too much": (_address_with({"strokes": [[22, *([5] * 30_000)]], "off": []}), "a drawing is none"),
    "unknown step": (_address_with({"strokes": [], "off": ["turn"]}), "turn"),
    "nothing in it": (_address_with(None), "cannot be shown"),
}


@pytest.mark.parametrize("case", BAD_LINKS)
def test_a_bad_link_says_so_and_the_lab_works(page: Page, address: str, case: str) -> None:
    bad, said = BAD_LINKS[case]
    lab = open_lab(page, address + bad, "draw")
    expect(lab.locator(".lab-notice")).to_contain_text(said)
    draw(page, lab, SEVEN)
    assert top_digit(lab) == 7


def test_without_its_weights_the_lab_says_so(page: Page, address: str) -> None:
    page.route("**/cnn.safetensors*", lambda route: route.abort())
    page.goto(address + HOME)
    here = page.locator("[data-lab='draw']")
    expect(here.locator(".lab-notice")).to_contain_text("could not start")
    expect(here.locator(".lab-still img")).to_be_visible()
    expect(page.get_by_role("heading", name="The chapters")).to_be_visible()


def test_the_labs_share_of_the_first_load(browser: Browser, address: str) -> None:
    with visiting(browser, address, "light") as visit:
        open_lab(visit.page, address + HOME, "draw")
        weights = {url: size for url, size in visit.weights().items() if "/_static/labs/" in url}
        assert len(weights) >= 4
        assert sum(weights.values()) <= 200_000


@pytest.mark.parametrize("view", VIEWS)
def test_no_axe_violation_with_a_drawing(browser: Browser, address: str, view: str) -> None:
    with visiting(browser, address, view) as visit:
        lab = open_lab(visit.page, address + HOME, "draw")
        draw(visit.page, lab, SEVEN)
        lab.get_by_role("button", name="Show the most similar").click()
        expect(lab.locator(".lab-strip figcaption")).to_have_count(10)
        assert axe_complaints(visit) == []
        assert visit.messages == []
        assert _share_of_page(visit) <= 1


def _share_of_page(visit: Visit) -> float:
    return visit.page.evaluate("document.documentElement.scrollWidth / document.documentElement.clientWidth")


@pytest.mark.parametrize("media", [{"forced_colors": "active"}, {"reduced_motion": "reduce"}])
def test_forced_colours_and_reduced_motion(browser: Browser, address: str, media: dict) -> None:
    context = browser.new_context(**media)
    page = context.new_page()
    lab = open_lab(page, address + HOME, "draw")
    draw(page, lab, SEVEN)
    assert top_digit(lab) == 7
    bar = lab.locator(".lab-top .lab-bar")
    colour = bar.evaluate("bar => getComputedStyle(bar).backgroundColor")
    ground = lab.evaluate("lab => getComputedStyle(lab).backgroundColor")
    assert colour != ground, "the bar must be seen"
    assert page.evaluate("document.getAnimations().length") == 0
    context.close()


# `make bench-labs` draws 400, with the bars of 99 % and 98 %; what it found stands in labs.json.
@pytest.mark.parametrize(("write", "allowed"), [(neat, 0), (careless, 1)])
def test_forty_digits_drawn_with_the_mouse(page: Page, lab: Locator, write, allowed: int) -> None:
    rng = np.random.default_rng(7)
    misread = []
    for number in range(40):
        digit = number % 10
        draw(page, lab, on_sheet(write(digit, rng), 280, rng))
        if (read := top_digit(lab)) != digit:
            misread.append(f"{digit} as {read}")
        lab.get_by_role("button", name="Clear", exact=True).click()
    assert len(misread) <= allowed, misread


def test_the_stored_measurements_reach_their_bars() -> None:
    stored = json.loads((ROOT / "digitlib" / "files" / "labs.json").read_text("utf-8"))
    for kind, share in (("neat", 0.99), ("careless", 0.98)):
        assert stored["handwriting"][kind]["right"] >= share * stored["handwriting"][kind]["drawn"] >= share * 200
    assert stored["sizes"]["engine_gzip"] <= 10_000
    assert stored["sizes"]["first_load_total"] <= 200_000
    assert stored["milliseconds"]["forward_median"] <= 5
    assert stored["milliseconds"]["pointer_to_maps_median"] <= 16
    assert stored["first_drawing_seconds"] <= 1.5
    assert max(stored["parity"]["float32_worst"].values()) <= 1e-4
    assert stored["parity"]["random_worst_relative"] <= 1e-4
    assert stored["parity"]["random_networks"] >= 40
    assert stored["parity"]["labels_differing"] <= 3
