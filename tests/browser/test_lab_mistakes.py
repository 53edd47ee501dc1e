"""The mistake explorer on the page of the chapter *Error analysis*, against what numpy and TensorFlow say."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from labs import open_lab, with_state
from playwright.sync_api import Browser, Locator, Page, expect
from safetensors.numpy import load_file
from test_pages import VIEWS, WCAG, Visit, overflow_complaints, visiting

import digitlib
from digitlib.data import FILES

PAGE = "book/06_errors.html"
LINKED = {"is": "9", "takenFor": "4", "order": "most", "threshold": 0.5, "opened": None}


@cache
def answers() -> dict[str, Any]:
    return load_file(FILES / "lab-mistakes.safetensors")


@cache
def wrong() -> np.ndarray:
    """Return the misread digits, the least sure first."""
    data = answers()
    order = np.argsort(data["confidence"], kind="stable")
    return order[(data["label"] != data["predicted"])[order]]


def link(state: object, version: int = 1) -> str:
    return PAGE + with_state("mistakes", state, version)


def begin(page: Page, address: str, name: str = PAGE) -> Locator:
    return open_lab(page, address + name, "mistakes")


@pytest.fixture
def visit(browser: Browser, address: str) -> Iterator[Visit]:
    with visiting(browser, address, "light") as visit:
        yield visit


@pytest.fixture
def lab(visit: Visit, address: str) -> Locator:
    return begin(visit.page, address)


def captions(lab: Locator) -> list[str]:
    return [re.sub(r"\s+", " ", text) for text in lab.locator(".lab-item").all_inner_texts()]


def at(threshold: float) -> str:
    data = answers()
    read = data["confidence"] >= np.float32(threshold)
    right = (data["label"] == data["predicted"])[read].mean()
    return f"It reads {read.mean():.2%} of the digits, and {right:.2%} of those rightly.".replace("%", " %")


def test_the_file_holds_what_the_network_answers() -> None:
    data, mnist = answers(), digitlib.load_mnist()
    index = data["index"]
    assert (data["images"] == mnist.x_test[index]).all()
    assert (data["label"] == mnist.y_test).all()
    assert np.isin(wrong(), index).all(), "every mistake has its image"
    model = digitlib.load_pretrained()
    probabilities = model.predict(data["images"][..., np.newaxis], batch_size=500, verbose=0).astype(float)
    powers = np.maximum(probabilities, 1e-30) ** (1 / float(data["temperature"][0]))
    assert (probabilities.argmax(axis=1) == data["predicted"][index]).all()
    assert np.allclose(powers.max(axis=1) / powers.sum(axis=1), data["confidence"][index], atol=1e-4)
    assert (FILES / "lab-mistakes.safetensors").stat().st_size < 500_000


def test_the_matrix_counts_all_answers(lab: Locator) -> None:
    counted = np.zeros((10, 10), int)
    np.add.at(counted, (answers()["label"], answers()["predicted"]), 1)
    rows = lab.locator(".lab-matrix tbody tr").all()
    shown = [[int(cell) for cell in row.locator("td").all_inner_texts()] for row in rows]
    assert (np.array(shown) == counted).all()


def test_it_begins_with_the_mistakes_and_shows_them_all_at_a_click(lab: Locator) -> None:
    expect(lab.get_by_text(f"Any digit, taken for another digit: {len(wrong())}.")).to_be_visible()
    assert len(captions(lab)) == 24
    first = wrong()[0]
    assert captions(lab)[0].startswith(f"{answers()['label'][first]}→{answers()['predicted'][first]} ")
    lab.get_by_role("button", name="more of").click()
    assert len(captions(lab)) == len(wrong())
    expect(lab.locator(".lab-item").nth(24)).to_be_focused()
    expect(lab.get_by_role("button", name="more of")).to_be_hidden()


def test_a_cell_opens_its_images_in_either_order(lab: Locator) -> None:
    of_cell = [i for i in wrong() if (answers()["label"][i], answers()["predicted"][i]) == (9, 4)]
    cell = lab.get_by_role("button", name=f"{len(of_cell)}: a 9 taken for a 4", exact=True)
    cell.click()
    expect(cell).to_have_attribute("aria-pressed", "true")
    expect(lab.get_by_role("combobox", name="Is", exact=True)).to_have_value("9")
    expect(lab.get_by_role("combobox", name="Taken for", exact=True)).to_have_value("4")
    numbers = [item.get_attribute("data-number") for item in lab.locator(".lab-item").all()]
    assert numbers == [str(i) for i in of_cell]
    lab.get_by_role("combobox", name="Order", exact=True).select_option("most")
    numbers = [item.get_attribute("data-number") for item in lab.locator(".lab-item").all()]
    assert numbers == [str(i) for i in reversed(of_cell)]


def test_the_diagonal_says_what_it_shows(lab: Locator) -> None:
    data = answers()
    right = np.flatnonzero((data["label"] == 1) & (data["predicted"] == 1))
    held = np.isin(right, data["index"]).sum()
    lab.get_by_role("button", name=f"{len(right)}: a 1 taken for a 1").click()
    told = f"A 1, taken for what it is: {len(right):,}. Here are the {held - 5} least sure and the 5 surest of them;"
    expect(lab.get_by_text(told)).to_be_visible()


def test_filters_by_one_side_and_an_empty_choice(lab: Locator) -> None:
    data = answers()
    lab.get_by_role("combobox", name="Taken for", exact=True).select_option("2")
    total = (data["predicted"] == 2).sum()
    expect(lab.get_by_text(f"Any digit, taken for a 2: {total:,}.")).to_be_visible()
    lab.get_by_role("combobox", name="Is", exact=True).select_option("3")
    expect(lab.get_by_text("A 3, taken for a 2: none.")).to_be_visible()
    assert captions(lab) == []
    lab.get_by_role("combobox", name="Is", exact=True).select_option("any")
    lab.get_by_role("combobox", name="Taken for", exact=True).select_option("any")
    expect(lab.get_by_text("Any digit, taken for any digit: 10,000.")).to_be_visible()


def test_the_threshold_by_keys_and_back(lab: Locator, visit: Visit) -> None:
    fitted = float(answers()["threshold"][0])
    status, slider = lab.get_by_role("status"), lab.get_by_role("slider", name="Threshold")
    expect(status).to_have_text(at(fitted))
    assert slider.get_attribute("aria-valuetext") == f"{fitted:.3f}, as fitted"
    back = lab.get_by_role("button", name=f"Back to {fitted:.3f}")
    expect(back).to_be_disabled()
    rejected = sum("rejected" in caption for caption in captions(lab))
    assert rejected == (answers()["confidence"][wrong()[:24]] < fitted).sum()
    slider.focus()
    visit.page.keyboard.press("Home")
    expect(status).to_have_text(at(0))
    assert not any("rejected" in caption for caption in captions(lab))
    for _ in range(30):
        visit.page.keyboard.press("ArrowRight")
    expect(status).to_have_text(at(1 - 10**-0.3))
    back.click()
    expect(status).to_have_text(at(fitted))


def test_an_image_opens_with_what_tensorflow_computes(lab: Locator) -> None:
    number = wrong()[2]
    lab.locator(f"[data-number='{number}']").click()
    label, predicted = answers()["label"][number], answers()["predicted"][number]
    expect(lab.get_by_text(re.compile(rf"Digit {number:,}: an? {label}, taken for an? {predicted}"))).to_be_focused()
    image = digitlib.load_mnist().x_test[number]
    probabilities = digitlib.load_pretrained().predict(image[np.newaxis, ..., np.newaxis], verbose=0)[0].astype(float)
    powers = probabilities ** (1 / float(answers()["temperature"][0]))
    widths = [bar.evaluate("e => parseFloat(e.style.width)") for bar in lab.locator(".lab-bar").all()]
    assert np.allclose(widths, 100 * powers / powers.sum(), atol=0.01)
    expect(lab.get_by_label("feature maps of relu2")).to_be_visible()
    lab.get_by_role("button", name="Back to the images").click()
    expect(lab.locator(f"[data-number='{number}']")).to_be_focused()
    expect(lab.get_by_label("feature maps of relu2")).to_be_hidden()


def test_by_keyboard_from_a_cell_to_an_image(lab: Locator, visit: Visit) -> None:
    keyboard = visit.page.keyboard
    lab.locator(".lab-matrix button").last.focus()
    keyboard.press("Enter")
    expect(lab.get_by_text("A 9, taken for what it is:")).to_be_visible()
    lab.get_by_role("combobox", name="Order", exact=True).focus()
    keyboard.press("Tab")
    expect(lab.locator(".lab-item").first).to_be_focused()
    keyboard.press("Enter")
    expect(lab.locator(".lab-opened .lab-title").first).to_be_focused()
    keyboard.press("Tab")
    keyboard.press("Enter")
    expect(lab.locator(".lab-item").first).to_be_focused()


def test_a_link_brings_back_what_was_seen(lab: Locator, visit: Visit, address: str) -> None:
    lab.get_by_role("combobox", name="Is", exact=True).select_option("5")
    lab.get_by_role("slider", name="Threshold").fill("1")
    number = lab.locator(".lab-item").first.get_attribute("data-number")
    lab.locator(".lab-item").first.click()
    lab.get_by_role("button", name="Link to this").click()
    linked = visit.page.url.removeprefix(address)
    visit.page.goto("about:blank")
    lab = begin(visit.page, address, linked)
    expect(lab.get_by_role("status")).to_have_text(at(0.9))
    expect(lab.get_by_role("combobox", name="Is", exact=True)).to_have_value("5")
    expect(lab.locator(".lab-opened .lab-title").first).to_contain_text(f"Digit {int(number):,}: ")


WRONG_LINKS = {
    "made by version 9": link(LINKED, version=9),
    "it is damaged": f"{PAGE}#mistakes=1.eyJpcy",
    'what a digit is cannot be "12"': link(LINKED | {"is": "12"}),
    "what it is taken for cannot be 4": link(LINKED | {"takenFor": 4}),
    "the order cannot be": link(LINKED | {"order": "random"}),
    "the threshold should be a number from 0 to 1": link(LINKED | {"threshold": "0.5"}),
    "no image of a digit 70000": link(LINKED | {"opened": 70_000}),
}


@pytest.mark.parametrize("complaint", WRONG_LINKS)
def test_a_wrong_link_is_told_and_the_lab_works(visit: Visit, address: str, complaint: str) -> None:
    lab = begin(visit.page, address, WRONG_LINKS[complaint])
    expect(lab.locator(".lab-notice")).to_contain_text(complaint)
    expect(lab.get_by_role("status")).to_have_text(at(float(answers()["threshold"][0])))
    expect(lab.get_by_role("combobox", name="Is", exact=True)).to_have_value("any")


def test_a_missing_file_is_told(visit: Visit, address: str) -> None:
    visit.page.route("**/lab-mistakes.safetensors*", lambda route: route.fulfill(status=404))
    visit.page.goto(address + PAGE)
    visit.page.locator("[data-lab=mistakes]").scroll_into_view_if_needed()
    expect(visit.page.locator(".lab-mistakes .lab-notice")).to_contain_text("lab-mistakes.safetensors is missing")
    expect(visit.page.locator("[data-lab=mistakes] .lab-still")).to_be_visible()


@pytest.mark.parametrize("view", VIEWS)
def test_it_is_accessible_with_an_image_open(browser: Browser, address: str, view: str) -> None:
    with visiting(browser, address, view) as visit:
        lab = begin(visit.page, address)
        lab.locator(".lab-item").first.click()
        found = Axe().run(visit.page, context=".lab-mistakes", options={"runOnly": WCAG}).response["violations"]
        assert [node["html"] for rule in found for node in rule["nodes"]] + overflow_complaints(visit) == []
