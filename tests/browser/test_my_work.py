"""Saved work on the page: the same rules as in Python, and the page that shows, saves, restores and forgets it."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from built_site import ROOT, served
from labs import SEVEN, draw, link, open_lab, status
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect
from test_lab_quiz import BLOCKED, FULL, KEY
from test_pages import VIEWS, axe_complaints, overflow_complaints, request_complaints, visiting
from work_examples import ATTEMPT, BAD, BAD_BYTES, EMPTY, GOOD, GOOD_BYTES, changed
from work_examples import FULL as WORK

from digitlib import work
from digitlib.work import WORK_FILE

PAGE, HOME = "book/my_work.html", "index.html"
OTHER = EMPTY | {
    "pseudonym": "Owl",
    "exercises": {
        "output-shape": ATTEMPT | {"solved": False, "attempts": 9, "answer": "not yet"},
        "other": ATTEMPT | {"hints": 4, "mistakes": {"transposed": 5, "new": 1}},
    },
    "quizzes": {"03_layers": {"same-padding": ["first", "It stays 28 × 28."], "more": ["x"]}, "part-2": {"q": []}},
    "labs": {"draw": {"strokes": [], "off": []}, "another": [1, 2]},
}


@pytest.fixture(scope="module")
def source(browser: Browser) -> Iterator[Page]:
    """Open a page into which the module work.js can be imported as it stands in the sources."""
    with served(ROOT / "digitlib") as address:
        page = browser.new_page()
        page.goto(f"{address}files/cnn.md")
        yield page
        page.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport={"width": 1280, "height": 900}, permissions=["clipboard-write"])
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


def asked(page: Page, body: str, argument: object = None) -> object:
    """Run JavaScript with work.js at hand; an error comes back as its message."""
    script = f"const work = await import('/labs/src/work.js'); {body}"
    return page.evaluate(f"async given => {{ try {{ {script} }} catch (error) {{ return error.message; }} }}", argument)


def open_work(page: Page, address: str, content: object = None) -> Locator:
    """Open the page "Your work", with something kept before."""
    if content is not None:
        page.goto(address + HOME)
        text = content if isinstance(content, str) else json.dumps(content)
        page.evaluate(f"text => localStorage.setItem('{KEY}', text)", text)
    return open_lab(page, address + PAGE, "my-work")


def kept(page: Page) -> dict:
    return json.loads(page.evaluate(f"localStorage.getItem('{KEY}')"))


def choose(lab: Locator, data: bytes, name: str = "digits-work-x.json") -> None:
    lab.get_by_label("Restore from a file").set_input_files(
        [{"name": name, "mimeType": "application/json", "buffer": data}]
    )


def save(lab: Locator, folder: Path) -> Path:
    """Press the button, take the download."""
    with lab.page.expect_download() as download:
        lab.get_by_role("button", name="Save all to a file").click()
    file = folder / download.value.suggested_filename
    download.value.save_as(file)
    return file


# ------------------------------------------------------------------------------------- the same rules in both languages
@pytest.mark.parametrize("case", GOOD)
def test_the_page_takes_what_the_kernel_takes(source: Page, case: str) -> None:
    assert asked(source, "return work.checked(JSON.parse(given))", json.dumps(GOOD[case])) == GOOD[case]


@pytest.mark.parametrize("case", BAD)
def test_the_page_refuses_what_the_kernel_refuses_in_the_same_words(source: Page, case: str) -> None:
    content, said = BAD[case]
    message = asked(source, "work.checked(JSON.parse(given)); return 'taken'", json.dumps(content))
    assert said in message
    assert len(message) < 300


def _bytes(source: Page, data: bytes) -> object:
    body = "return work.parsed(Uint8Array.from(atob(given), (c) => c.charCodeAt(0)))"
    return asked(source, body, base64.b64encode(data).decode())


@pytest.mark.parametrize("case", BAD_BYTES)
def test_the_page_refuses_the_same_bytes(source: Page, case: str) -> None:
    data, said = BAD_BYTES[case]
    assert said in _bytes(source, data)


@pytest.mark.parametrize("case", GOOD_BYTES)
def test_the_page_takes_the_same_bytes(source: Page, case: str) -> None:
    assert _bytes(source, GOOD_BYTES[case]) == WORK


@pytest.mark.parametrize(("here", "saved"), [(WORK, OTHER), (OTHER, WORK), (EMPTY, WORK), (WORK, EMPTY), (WORK, WORK)])
def test_the_page_merges_as_the_kernel_does(
    source: Page, here: dict, saved: dict, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DIGITLIB_STRICT", raising=False)
    monkeypatch.chdir(tmp_path)
    Path(WORK_FILE).write_text(json.dumps(here), "utf-8")
    work.restore(json.dumps(saved).encode())
    assert asked(source, "return work.merged(...given)", [here, saved]) == work.load()


# ------------------------------------------------------------------------------------------------------- what is shown
def test_nothing_done_yet(page: Page, address: str) -> None:
    lab = open_work(page, address)
    shown = lab.get_by_role("listitem").all_text_contents()
    assert shown == ["Exercises: none tried yet", "Quizzes: none tried yet", "Labs: nothing yet"]
    assert status(lab) == "All this is kept in this browser and nowhere else."
    assert page.evaluate(f"localStorage.getItem('{KEY}')") is None, "looking writes nothing"


def test_what_is_kept_is_shown(page: Page, address: str) -> None:
    lab = open_work(page, address, WORK)
    assert lab.get_by_role("listitem").all_text_contents() == [
        "Exercises: 1 of 2 tried are solved: output-shape",
        "Quiz 03_layers: 2 questions tried",
        "Labs: a drawing, other",
    ]
    expect(lab.get_by_label("Pseudonym")).to_have_value(WORK["pseudonym"])
    assert lab.get_by_role("status").count() == 1


def test_another_window_of_the_book_is_noticed(page: Page, context: BrowserContext, address: str) -> None:
    lab = open_work(page, address)
    other = context.new_page()
    other.goto(address + HOME)
    other.evaluate(f"text => localStorage.setItem('{KEY}', text)", json.dumps(WORK))
    expect(lab.get_by_role("listitem").first).to_have_text("Exercises: 1 of 2 tried are solved: output-shape")


# ---------------------------------------------------------------------------------------------------- the pseudonym
def test_a_pseudonym_is_kept_and_names_the_file(page: Page, address: str, tmp_path: Path) -> None:
    lab = open_work(page, address)
    field = lab.get_by_label("Pseudonym")
    expect(field).to_have_accessible_description(
        "A name for your file, if you hand it in, such as “Blue Fox 7”. Do not take your own name: besides the "
        "pseudonym and what you did, nothing about you is in the file."
    )
    assert save(lab, tmp_path).name == "digits-work.json"
    field.fill("  Blauer   Löwe_7.b ")
    field.press("Tab")
    assert status(lab) == "The pseudonym is kept."
    assert kept(page)["pseudonym"] == "Blauer Löwe_7.b"
    expect(field).to_have_value("Blauer Löwe_7.b")
    field.fill("Rote Eule")  # saved without leaving the field before
    assert save(lab, tmp_path).name == "digits-work-Rote-Eule.json"
    assert status(lab).startswith("Saved as digits-work-Rote-Eule.json")
    expect(open_lab(page, address + PAGE, "my-work").get_by_label("Pseudonym")).to_have_value("Rote Eule")


@pytest.mark.parametrize("wrong", ["x" * 41, "<b>me</b>", "me@school", "../../etc"])
def test_a_pseudonym_that_cannot_stand_in_the_file_is_refused(page: Page, address: str, wrong: str) -> None:
    lab = open_work(page, address, WORK)
    lab.get_by_label("Pseudonym").fill(wrong)
    lab.get_by_label("Pseudonym").press("Tab")
    assert "the pseudonym should be at most 40 letters, digits, spaces" in status(lab)
    lab.get_by_role("button", name="Save all to a file").click()
    assert "the pseudonym should be at most 40 letters, digits, spaces" in status(lab), "and nothing is saved"
    assert kept(page) == WORK


# --------------------------------------------------------------------------------------------- save, forget, restore
def test_saved_forgotten_and_restored(page: Page, address: str, tmp_path: Path) -> None:
    lab = open_work(page, address, WORK)
    file = save(lab, tmp_path)
    assert work.checked(json.loads(file.read_bytes())) == WORK, "the kernel takes the file"
    lab.get_by_role("button", name="Forget everything here").click()
    lab.get_by_role("button", name="Yes, forget it").click()
    assert status(lab) == "Everything is forgotten."
    assert kept(page) == EMPTY
    expect(lab.get_by_label("Pseudonym")).to_have_value("")
    lab.get_by_label("Restore from a file").set_input_files(file)
    assert status(lab) == "Restored: what the file holds has been added to what was here."
    assert kept(page) == WORK
    assert lab.get_by_role("listitem").first.text_content() == "Exercises: 1 of 2 tried are solved: output-shape"


def test_what_the_kernel_wrote_is_restored_and_merged(
    page: Page, address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DIGITLIB_STRICT", raising=False)
    monkeypatch.chdir(tmp_path)
    work.record_attempt("output-shape", solved=False, mistake="transposed", answer='print("ä")')
    work.record_attempt("new", solved=True, mistake=None, answer="x = 1")
    lab = open_work(page, address, WORK)
    lab.get_by_label("Restore from a file").set_input_files(tmp_path / WORK_FILE)
    expect(lab.get_by_role("listitem").first).to_have_text("Exercises: 2 of 3 tried are solved: new, output-shape")
    assert kept(page)["exercises"]["output-shape"] == ATTEMPT
    assert kept(page)["pseudonym"] == WORK["pseudonym"]


def test_forgetting_is_asked_about(page: Page, address: str) -> None:
    lab = open_work(page, address, WORK)
    no, yes = (lab.get_by_role("button", name=name) for name in ("No, keep it", "Yes, forget it"))
    expect(yes).to_be_hidden()
    lab.get_by_role("button", name="Forget everything here").click()
    expect(no).to_be_focused()
    page.keyboard.press("Enter")
    expect(yes).to_be_hidden()
    expect(lab.get_by_role("button", name="Forget everything here")).to_be_focused()
    assert kept(page) == WORK


REFUSED = {
    "damaged": (BAD_BYTES["cut short"][0], "it is damaged, or no such file at all"),
    "foreign": (b'{"cells": [], "nbformat": 4}', "it is no file of saved work of this book"),
    "a picture": BAD_BYTES["a picture"],
    "newer": (json.dumps(WORK | {"version": "2"}).encode(), 'it is of version "2", and this copy of the book knows'),
    "too large": (b" " * 3_000_000, "it is larger than 1,000,000 bytes"),
    "with tags": (json.dumps(changed("pseudonym", to="<img src=x>")).encode(), 'but is "<img src=x>"'),
    "too much": (json.dumps(changed("exercises", to={f"e{i}": ATTEMPT for i in range(200)})).encode(), "202 entries"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_file_that_cannot_be_used_changes_nothing(page: Page, address: str, case: str) -> None:
    data, said = REFUSED[case]
    lab = open_work(page, address, WORK)
    before, stored = lab.get_by_role("listitem").all_text_contents(), page.evaluate(f"localStorage.getItem('{KEY}')")
    choose(lab, data)
    expect(lab.get_by_role("status")).to_contain_text(said)
    assert page.evaluate(f"localStorage.getItem('{KEY}')") == stored
    assert lab.get_by_role("listitem").all_text_contents() == before
    assert lab.locator("img").count() == 0
    choose(lab, json.dumps(OTHER).encode())
    expect(lab.get_by_role("status")).to_contain_text("Restored: ")


def test_work_that_cannot_be_read_is_said_and_a_saved_file_helps(page: Page, address: str) -> None:
    lab = open_work(page, address, '{"schema": "digitlib-wo')
    assert "Your work in this browser cannot be used: it is damaged" in status(lab)
    choose(lab, json.dumps(WORK).encode())
    expect(lab.get_by_role("status")).to_contain_text("It is set aside")
    assert kept(page) == WORK
    assert page.evaluate(f"localStorage.getItem('{KEY}-set-aside-1')") == '{"schema": "digitlib-wo'


@pytest.mark.parametrize(
    ("script", "said"),
    [(BLOCKED, "This browser does not let the book keep your work"), (FULL, "This browser has no room left")],
    ids=["blocked", "full"],
)
def test_without_storage_it_says_so(context: BrowserContext, page: Page, address: str, script: str, said: str) -> None:
    context.add_init_script(script)
    lab = open_work(page, address)
    choose(lab, json.dumps(WORK).encode())
    expect(lab.get_by_role("status")).to_contain_text(said)


# ------------------------------------------------------------------------------------------- looks, and other browsers
def test_by_keys_alone(page: Page, address: str) -> None:
    lab = open_work(page, address, WORK)
    lab.get_by_label("Pseudonym").focus()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("Igel")
    page.keyboard.press("Tab")
    assert status(lab) == "The pseudonym is kept."
    expect(lab.get_by_role("button", name="Save all to a file")).to_be_focused()
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    assert download.value.suggested_filename == "digits-work-Igel.json"
    page.keyboard.press("Tab")
    with page.expect_file_chooser() as chooser:
        page.keyboard.press(" ")
    chooser.value.set_files([{"name": "x.json", "mimeType": "application/json", "buffer": json.dumps(OTHER).encode()}])
    expect(lab.get_by_label("Pseudonym")).to_have_value("Owl")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert status(lab) == "Everything is forgotten."
    expect(lab.get_by_role("button", name="Forget everything here")).to_be_focused()


@pytest.mark.parametrize("view", VIEWS)
def test_accessible_and_within_the_page(browser: Browser, address: str, view: str) -> None:
    with visiting(browser, address, view) as visit:
        long = {f"exercise-{'x' * 45}-{i}": ATTEMPT for i in range(30)}
        lab = open_work(visit.page, address, changed("exercises", to=long))
        forget = lab.get_by_role("button", name="Forget everything here")
        forget.tap() if view == "phone" else forget.click()
        box = lab.bounding_box()
        for each in lab.locator("input, button:visible, p:visible, li").all():
            inside = each.bounding_box()
            assert inside["x"] + inside["width"] <= box["x"] + box["width"], each.inner_text()
        assert axe_complaints(visit) + overflow_complaints(visit) == []
        assert request_complaints(visit) + visit.messages == []


def test_in_firefox(firefox: Browser, address: str) -> None:
    page = firefox.new_page()
    lab = open_work(page, address)
    choose(lab, json.dumps(WORK).encode())
    expect(lab.get_by_role("listitem").first).to_have_text("Exercises: 1 of 2 tried are solved: output-shape")
    page.close()


# ---------------------------------------------------------------------------------------------------------- the drawing
def _picture(lab: Locator) -> np.ndarray:
    return np.array(
        lab.get_by_label("What the network gets").evaluate(
            "canvas => Array.from(canvas.getContext('2d').getImageData(0, 0, 28, 28).data)"
        )
    )


def test_the_drawing_is_there_again(page: Page, address: str) -> None:
    lab = open_lab(page, address + HOME, "draw")
    draw(page, lab, SEVEN)
    lab.get_by_role("checkbox", name="Centre").uncheck()
    said, picture = status(lab), _picture(lab)
    again = open_lab(page, address + HOME, "draw")
    assert status(again) == said
    assert (_picture(again) == picture).all()
    expect(again.get_by_role("checkbox", name="Centre")).not_to_be_checked()
    again.get_by_role("button", name="Clear", exact=True).click()
    assert status(open_lab(page, address + HOME, "draw")) == "Draw a digit."


def test_what_an_address_brings_comes_first_and_does_not_replace_what_is_kept(
    page: Page, context: BrowserContext, address: str
) -> None:
    lab = open_lab(page, address + HOME, "draw")
    draw(page, lab, [[(140, 40), (140, 240)]])
    handed_out, one = link(page, lab), status(lab)
    lab.get_by_role("button", name="Clear", exact=True).click()
    draw(page, lab, SEVEN)
    seven = status(lab)
    assert one != seven
    other = context.new_page()
    assert status(open_lab(other, handed_out, "draw")) == one
    assert status(open_lab(other, address + HOME + "?", "draw")) == seven


def test_a_kept_drawing_that_is_none_is_passed_over(page: Page, address: str) -> None:
    for state in ({"strokes": "all", "off": []}, {"strokes": [], "off": ["turn"]}, 7, None, {}):
        page.goto(address + HOME)
        content = EMPTY | {"labs": {"draw": state}}
        page.evaluate(f"text => localStorage.setItem('{KEY}', text)", json.dumps(content))
        lab = open_lab(page, address + HOME, "draw")
        assert status(lab) == "Draw a digit."
        draw(page, lab, SEVEN)
        assert "7" in status(lab)
