"""The training time machine on the page of *Filters and feature maps*, against what TensorFlow computes."""

from __future__ import annotations

import base64
import json
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
from digitlib.model import checkpoint_steps

PAGE = "book/05_filters.html"
STEPS = checkpoint_steps()
SEVEN = [[22, 80, 70, 200, 70, 130, 230]]


@cache
def moments() -> list[dict[str, Any]]:
    return json.loads((FILES / "lab-checkpoints.json").read_text(encoding="utf-8"))["checkpoints"]


def told(step: int) -> re.Pattern[str]:
    """Match what the status line says of a checkpoint that is there."""
    right = np.trace(moments()[STEPS.index(step)]["confusion"])
    return re.compile(rf"After {step:,} steps.* it reads {right / 5_000:.1%} of the".replace("%", " %"))


def probabilities(step: int, image: np.ndarray) -> np.ndarray:
    return digitlib.load_pretrained(step).predict(image[np.newaxis, ..., np.newaxis], verbose=0)[0]


def link(state: object, version: int = 1) -> str:
    return PAGE + with_state("time-machine", state, version)


def begin(page: Page, address: str, name: str = PAGE) -> Locator:
    return open_lab(page, address + name, "time-machine")


@pytest.fixture
def visit(browser: Browser, address: str) -> Iterator[Visit]:
    with visiting(browser, address, "light") as visit:
        yield visit


@pytest.fixture
def lab(visit: Visit, address: str) -> Locator:
    return begin(visit.page, address)


def fetched(visit: Visit) -> list[int]:
    """List the steps whose checkpoints were asked for, in order."""
    return [int(found[1]) for url in visit.asked if (found := re.search(r"cnn-step-(\d+)\.safetensors", url))]


def bars(lab: Locator) -> list[float]:
    return [bar.evaluate("e => parseFloat(e.style.width) / 100") for bar in lab.locator(".lab-bar").all()]


def matrix(lab: Locator) -> list[list[int]]:
    rows = lab.locator(".lab-matrix tbody tr").all()
    return [[int(cell) for cell in row.locator("td").all_inner_texts()] for row in rows]


def test_the_file_counts_what_tensorflow_answers() -> None:
    _, _, x_val, y_val, *_ = digitlib.load_mnist()
    assert [moment["step"] for moment in moments()] == STEPS
    assert all(np.sum(moment["confusion"], axis=1).tolist() == np.bincount(y_val).tolist() for moment in moments())
    for step in (30, 5160):
        model = digitlib.load_pretrained(step)
        answers = model.predict(x_val[..., np.newaxis], batch_size=500, verbose=0).argmax(axis=1)
        confusion = np.zeros((10, 10), int)
        np.add.at(confusion, (y_val, answers), 1)
        # Two scores that are all but equal may change places from machine to machine.
        assert np.abs(confusion - moments()[STEPS.index(step)]["confusion"]).sum() <= 4


def test_it_begins_at_step_0_with_an_example(lab: Locator, visit: Visit) -> None:
    expect(lab.get_by_role("status")).to_have_text(told(0))
    expect(lab.get_by_text("That is guessing")).to_be_visible()
    expect(lab.get_by_role("button", name="Earlier")).to_be_disabled()
    expect(lab.get_by_text("An example: an 8 of the validation digits.")).to_be_visible()
    example = load_file(FILES / "lab-digits.safetensors")["images"][25]
    assert np.allclose(bars(lab), probabilities(0, example), atol=1e-4)
    assert fetched(visit) == [0], "the other checkpoints are fetched when the reader comes to them"


def test_every_moment_shows_its_own_numbers(lab: Locator, visit: Visit) -> None:
    example = load_file(FILES / "lab-digits.safetensors")["images"][25]
    pictures = set()
    for step in STEPS:
        expect(lab.get_by_role("status")).to_have_text(told(step))
        assert matrix(lab) == moments()[STEPS.index(step)]["confusion"]
        pictures.add(lab.get_by_label("the filters of layer 1").evaluate("e => e.toDataURL()"))
        curve = lab.get_by_role("img", name="Validation accuracy")
        assert re.search(rf"Marked: {step:,} steps", curve.get_attribute("aria-label"))
        if step in (30, 1720):
            assert np.allclose(bars(lab), probabilities(step, example), atol=1e-3)
        if step != STEPS[-1]:
            lab.get_by_role("button", name="Later").click()
    assert len(pictures) == len(STEPS), "the filters change from moment to moment"
    expect(lab.get_by_role("button", name="Later")).to_be_disabled()
    lab.get_by_role("button", name="Earlier").click()
    expect(lab.get_by_role("status")).to_have_text(told(3440))
    assert fetched(visit) == STEPS, "each checkpoint is fetched once"


def test_the_lagging_averages_are_spoken_of(lab: Locator) -> None:
    slider = lab.get_by_role("slider", name="Moment")
    slider.fill(str(STEPS.index(30)))
    expect(lab.get_by_role("status")).to_have_text(told(30))
    would = moments()[STEPS.index(30)]["right_with_batches"] / 5_000
    expect(lab.get_by_text(f"it would read {would:.1%}".replace("%", " %"))).to_be_visible()
    slider.fill(str(STEPS.index(430)))
    expect(lab.get_by_role("status")).to_have_text(told(430))
    expect(lab.locator(".lab-remark")).to_be_empty()


def test_a_drawing_is_read_at_each_moment(lab: Locator, visit: Visit) -> None:
    pad = lab.get_by_label("Drawing pad for the time machine")
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    scale = box["width"] / 280
    for x, y in ((80, 70), (200, 70), (130, 230)):
        visit.page.mouse.move(box["x"] + x * scale, box["y"] + y * scale, steps=5)
        visit.page.mouse.down()
    visit.page.mouse.up()
    expect(lab.get_by_text("Your drawing, as the network gets it.")).to_be_visible()
    lab.get_by_role("slider", name="Moment").fill("9")
    expect(lab.get_by_role("status")).to_have_text(told(5160))
    expect(lab.get_by_text("That is a 7:")).to_be_visible()
    lab.get_by_role("button", name="Clear").click()
    expect(lab.get_by_text("An example: an 8 of the validation digits.")).to_be_visible()


def test_all_by_keyboard(lab: Locator, visit: Visit) -> None:
    keyboard = visit.page.keyboard
    lab.get_by_role("slider", name="Moment").focus()
    keyboard.press("End")
    expect(lab.get_by_role("status")).to_have_text(told(5160))
    expect(lab.get_by_role("slider", name="Moment")).to_have_attribute("aria-valuetext", "5,160 steps (12 epochs)")
    lab.get_by_role("button", name="Earlier").focus()
    keyboard.press("Enter")
    expect(lab.get_by_role("status")).to_have_text(told(3440))
    lab.get_by_label("Drawing pad for the time machine").focus()
    for key in [*["ArrowUp"] * 8, " ", *["ArrowDown"] * 16]:
        keyboard.press(key)
    expect(lab.get_by_text("That is a 1:")).to_be_visible()


def test_a_failed_fetch_is_told_and_can_be_left(lab: Locator, visit: Visit) -> None:
    visit.page.route("**/cnn-step-00010.safetensors*", lambda route: route.fulfill(status=503))
    status = lab.get_by_role("status")
    lab.get_by_role("button", name="Later").click()
    expect(status).to_contain_text("The network after 10 steps cannot be fetched")
    expect(status).to_contain_text("You still see the one after 0 steps.")
    assert matrix(lab) == moments()[0]["confusion"]
    lab.get_by_role("button", name="Later").click()
    expect(status).to_have_text(told(30))
    visit.page.unroute("**/cnn-step-00010.safetensors*")
    lab.get_by_role("button", name="Earlier").click()
    expect(status).to_have_text(told(10))


def test_the_old_moment_stays_while_the_next_is_on_its_way(lab: Locator, visit: Visit) -> None:
    held = []
    visit.page.route("**/cnn-step-00010.safetensors*", lambda route: held.append(route))
    status = lab.get_by_role("status")
    lab.get_by_role("button", name="Later").click()
    expect(status).to_have_text("Fetching the network after 10 steps …")
    assert matrix(lab) == moments()[0]["confusion"]
    lab.get_by_role("button", name="Later").click()
    expect(status).to_have_text(told(30))
    held[0].continue_()
    visit.page.wait_for_timeout(300)
    expect(status).to_have_text(told(30))
    assert matrix(lab) == moments()[2]["confusion"], "who has moved on is not called back"


def test_a_link_brings_back_moment_and_drawing(visit: Visit, address: str) -> None:
    lab = begin(visit.page, address, link({"step": 860, "strokes": SEVEN}))
    expect(lab.get_by_role("status")).to_have_text(told(860))
    expect(lab.get_by_text("That is a 7:")).to_be_visible()
    assert fetched(visit) == [860]
    lab.get_by_role("button", name="Later").click()
    lab.get_by_role("button", name="Link to this").click()
    letters = visit.page.url.partition("#time-machine=1.")[2]
    shared = json.loads(base64.urlsafe_b64decode(letters + "=" * (-len(letters) % 4)))
    assert shared == {"step": 1720, "strokes": SEVEN}


WRONG_LINKS = {
    "made by version 2": link({"step": 0, "strokes": []}, version=2),
    "it is damaged": f"{PAGE}#time-machine=1.eyJzdGVw",
    "no moment after 11 steps": link({"step": 11, "strokes": []}),
    'no moment after "30" steps': link({"step": "30", "strokes": []}),
    "what should be a drawing is none": link({"step": 30, "strokes": [[22, 1]]}),
}


@pytest.mark.parametrize("complaint", WRONG_LINKS)
def test_a_wrong_link_is_told_and_the_lab_works(visit: Visit, address: str, complaint: str) -> None:
    lab = begin(visit.page, address, WRONG_LINKS[complaint])
    expect(lab.locator(".lab-notice")).to_contain_text(complaint)
    expect(lab.get_by_role("status")).to_have_text(told(0))


@pytest.mark.parametrize("view", VIEWS)
def test_it_is_accessible(browser: Browser, address: str, view: str) -> None:
    with visiting(browser, address, view) as visit:
        lab = begin(visit.page, address)
        lab.get_by_role("button", name="Later").click()
        expect(lab.get_by_role("status")).to_have_text(told(10))
        found = Axe().run(visit.page, context=".lab-time-machine", options={"runOnly": WCAG}).response["violations"]
        assert [node["html"] for rule in found for node in rule["nodes"]] + overflow_complaints(visit) == []
