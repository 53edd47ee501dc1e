"""The quiz lab: by mouse and by keys alone, kept over a reload, with and without the browser's storage."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from built_site import ROOT
from labs import open_lab, status
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect
from test_pages import VIEWS, axe_complaints, overflow_complaints, request_complaints, visiting

from digitlib import labs
from digitlib.labs.widgets import page_element
from digitlib.quizzes import load_quiz

NAME = "03_layers"
QUIZ = load_quiz(NAME)
COUNT = len(QUIZ["questions"])
AT_FIRST = f"{COUNT} questions. Choose an answer and check it."
PAGE = "book/quiz-for-the-tests.html"
KEY = "digits-book-work"
EMPTY = {"schema": "digitlib-work", "version": "1", "pseudonym": "", "exercises": {}, "quizzes": {}, "labs": {}}


@pytest.fixture(scope="module", autouse=True)
def page_with_the_quiz(site: Path) -> Iterator[None]:
    """Put the quiz on a page of the site, wherever the book itself shows it."""
    page = (site / "book" / "my_work.html").read_text("utf-8")
    element = page_element(labs.WorkLab, {})
    assert element in page
    file = site / PAGE
    file.write_text(page.replace(element, page_element(labs.QuizLab, {"quiz": NAME})), "utf-8")
    yield
    file.unlink()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


@pytest.fixture
def lab(page: Page, address: str) -> Locator:
    return open_lab(page, address + PAGE, "quiz")


def plain(text: str) -> str:
    return text.replace("`", "")


def choices(number: int, right: bool) -> list[dict]:
    return [choice for choice in QUIZ["questions"][number - 1]["choices"] if choice["right"] == right]


def card(lab: Locator, number: int) -> Locator:
    return lab.locator("form").nth(number - 1)


def answer(lab: Locator, number: int, choice: dict) -> None:
    """Choose and check an answer with the mouse."""
    card(lab, number).get_by_text(plain(choice["text"]), exact=True).click()
    card(lab, number).get_by_role("button", name="Check").click()


def explanations(lab: Locator) -> list[str]:
    return lab.locator(".lab-why:visible").all_text_contents()


def kept(page: Page) -> dict:
    return json.loads(page.evaluate(f"localStorage.getItem('{KEY}')"))


# ------------------------------------------------------------------------------------------------------- answering
def test_a_wrong_choice_is_explained_and_the_right_one_can_still_be_found(lab: Locator) -> None:
    assert status(lab) == AT_FIRST
    assert explanations(lab) == []
    first, second = choices(1, right=False)[:2]
    answer(lab, 1, first)
    assert explanations(lab) == [f"✗ Not this one. {plain(first['why'])}"]
    assert status(lab) == (
        f"Question 1: Not this one. {plain(first['why'])} Try another one. "
        f"0 of {COUNT} answered, 0 right at the first try."
    )
    answer(lab, 1, second)
    (right,) = choices(1, right=True)
    answer(lab, 1, right)
    assert status(lab) == f"Question 1: Right. {plain(right['why'])} 1 of {COUNT} answered, 0 right at the first try."
    assert len(explanations(lab)) == 3
    assert kept(lab.page)["quizzes"] == {
        NAME: {QUIZ["questions"][0]["id"]: [first["text"], second["text"], right["text"]]}
    }


def test_only_the_first_try_counts_and_once_it_is_solved_the_others_may_be_asked_for(lab: Locator) -> None:
    for number in range(1, COUNT + 1):
        if number in (2, 4):
            answer(lab, number, choices(number, right=False)[0])
        answer(lab, number, choices(number, right=True)[0])
    expect(lab.locator(".lab-summary")).to_have_text(f"All answered: {COUNT - 2} of {COUNT} right at the first try.")
    before = kept(lab.page)
    answer(lab, 1, choices(1, right=False)[0])
    assert plain(choices(1, right=False)[0]["why"]) in status(lab)
    assert "Try another" not in status(lab)
    expect(lab.locator(".lab-summary")).to_have_text(f"All answered: {COUNT - 2} of {COUNT} right at the first try.")
    assert kept(lab.page) == before


def test_the_same_wrong_choice_twice_is_one_try(lab: Locator) -> None:
    wrong = choices(1, right=False)[0]
    answer(lab, 1, wrong)
    card(lab, 1).get_by_role("button", name="Check").click()
    assert list(kept(lab.page)["quizzes"][NAME].values()) == [[wrong["text"]]]


def test_checking_without_a_choice_says_so(lab: Locator) -> None:
    card(lab, 3).get_by_role("button", name="Check").click()
    expect(card(lab, 3).get_by_text("Choose an answer first.")).to_be_visible()
    assert status(lab).startswith("Question 3: choose an answer first.")
    assert explanations(lab) == []
    answer(lab, 3, choices(3, right=True)[0])
    expect(card(lab, 3).get_by_text("Choose an answer first.")).to_have_count(0)


def test_by_keys_alone(lab: Locator) -> None:
    page = lab.page
    page.get_by_role("heading", name="Your work", level=1).click()
    for number in range(1, COUNT + 1):
        for _ in range(60):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.type") == "radio":
                break
        question = QUIZ["questions"][number - 1]
        place = [choice["right"] for choice in question["choices"]].index(True)
        page.keyboard.press(" ")
        for _ in range(place):
            page.keyboard.press("ArrowDown")
        assert len(explanations(lab)) == number - 1, "moving with arrows answers nothing"
        if number % 2:
            page.keyboard.press("Enter")
            page.keyboard.press("Tab")
        else:
            page.keyboard.press("Tab")
            page.keyboard.press("Enter")
        assert status(lab).startswith(f"Question {number}: Right.")
        expect(card(lab, number).get_by_role("button")).to_be_focused()
    assert status(lab).endswith(f"All answered: {COUNT} of {COUNT} right at the first try.")
    page.keyboard.press("Tab")
    expect(lab.get_by_role("button", name="Start again")).to_be_focused()
    page.keyboard.press("Enter")
    assert status(lab) == f"All answers are taken back. {AT_FIRST}"
    assert explanations(lab) == []
    assert lab.locator("input:checked").count() == 0
    expect(lab.get_by_role("button", name="Start again")).to_be_focused()


def test_each_question_is_a_named_group_and_each_explanation_belongs_to_its_choice(lab: Locator) -> None:
    for number, question in enumerate(QUIZ["questions"], 1):
        group = lab.get_by_role("group", name=f"{number}. {plain(question['ask'])}")
        assert group.get_by_role("radio").count() == len(question["choices"])
        wrong = choices(number, right=False)[0]
        answer(lab, number, wrong)
        radio = group.get_by_role("radio", name=plain(wrong["text"]), exact=True)
        expect(radio).to_have_accessible_description(f"✗ Not this one. {plain(wrong['why'])}")
    assert lab.get_by_role("status").count() == 1
    buttons = [button.get_attribute("aria-label") for button in lab.get_by_role("button", name="Check").all()]
    assert buttons == [f"Check question {number}" for number in range(1, COUNT + 1)]


def test_ids_are_made_of_the_quizs_own_names(lab: Locator, page: Page, address: str) -> None:
    found = lab.locator("[id]").evaluate_all("all => all.map(one => one.id)")
    assert found == [
        f"quiz-{NAME}-{question['id']}-{number}-why"
        for question in QUIZ["questions"]
        for number in range(1, len(question["choices"]) + 1)
    ]
    open_lab(page, address + PAGE, "quiz")
    assert page.locator(".digits-lab [id]").evaluate_all("all => all.map(one => one.id)") == found


def test_code_is_shown_as_code(lab: Locator) -> None:
    asked = next(n for n, question in enumerate(QUIZ["questions"], 1) if "`" in question["ask"])
    expect(card(lab, asked).locator("legend code").first).to_be_visible()
    assert "`" not in lab.text_content()


# ------------------------------------------------------------------------------------------------------------ keeping
def test_a_reload_keeps_what_was_tried(lab: Locator, page: Page, address: str) -> None:
    answer(lab, 1, choices(1, right=False)[0])
    answer(lab, 2, choices(2, right=True)[0])
    said = explanations(lab)
    again = open_lab(page, address + PAGE, "quiz")
    assert explanations(again) == said
    assert status(again) == f"1 of {COUNT} answered, 1 right at the first try."
    expect(card(again, 2).get_by_role("radio", checked=True)).to_have_count(1)
    answer(again, 1, choices(1, right=True)[0])
    assert status(again).endswith(f"2 of {COUNT} answered, 1 right at the first try.")
    again.get_by_role("button", name="Start again").click()
    assert kept(page)["quizzes"] == {NAME: {}}
    assert status(open_lab(page, address + PAGE, "quiz")) == AT_FIRST


def test_what_else_is_kept_stays(page: Page, address: str) -> None:
    other = EMPTY | {"pseudonym": "Fox", "quizzes": {"part-1": {"q": ["a"]}}, "labs": {"draw": {"strokes": []}}}
    page.goto(address + "index.html")
    page.evaluate(f"text => localStorage.setItem('{KEY}', text)", json.dumps(other))
    lab = open_lab(page, address + PAGE, "quiz")
    answer(lab, 1, choices(1, right=True)[0])
    now = kept(page)
    assert now["quizzes"].pop(NAME)
    assert now == other


def test_a_choice_that_the_quiz_no_longer_offers_is_passed_over(page: Page, address: str) -> None:
    first, second = (question["id"] for question in QUIZ["questions"][:2])
    right = choices(2, right=True)[0]["text"]
    tried = {first: ["an older choice"], second: ["another older one", right], "constructor": ["x"]}
    page.goto(address + "index.html")
    page.evaluate(f"text => localStorage.setItem('{KEY}', text)", json.dumps(EMPTY | {"quizzes": {NAME: tried}}))
    lab = open_lab(page, address + PAGE, "quiz")
    assert status(lab) == f"1 of {COUNT} answered, 1 right at the first try."
    assert len(explanations(lab)) == 1


def test_damaged_work_is_set_aside_and_the_reader_told(page: Page, address: str) -> None:
    page.goto(address + "index.html")
    page.evaluate(f"localStorage.setItem('{KEY}', 'broken {{')")
    lab = open_lab(page, address + PAGE, "quiz")
    expect(lab.locator(".lab-notice")).to_be_hidden()
    assert status(lab) == AT_FIRST
    assert page.evaluate(f"localStorage.getItem('{KEY}')") == "broken {", "looking changes nothing"
    answer(lab, 1, choices(1, right=True)[0])
    expect(lab.locator(".lab-notice")).to_contain_text("It is set aside")
    assert page.evaluate(f"localStorage.getItem('{KEY}-set-aside-1')") == "broken {"
    assert list(kept(page)["quizzes"]) == [NAME]


BLOCKED = "Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('no', 'SecurityError'); } });"
FULL = "Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError'); };"


@pytest.mark.parametrize(
    ("script", "said"),
    [(BLOCKED, "This browser does not let the book keep your work"), (FULL, "This browser has no room left")],
    ids=["blocked", "full"],
)
def test_without_storage_the_quiz_works_and_says_what_is_lost(
    context: BrowserContext, page: Page, address: str, script: str, said: str
) -> None:
    context.add_init_script(script)
    lab = open_lab(page, address + PAGE, "quiz")
    expect(lab.locator(".lab-notice")).to_be_hidden()
    for number in (1, 2):
        answer(lab, number, choices(number, right=True)[0])
        expect(lab.locator(".lab-notice")).to_contain_text(said)
    assert status(lab).endswith(f"2 of {COUNT} answered, 2 right at the first try.")


def test_without_its_file_the_questions_can_still_be_read(page: Page, address: str) -> None:
    page.route("**/quiz-*.json*", lambda route: route.abort())
    page.goto(address + PAGE)
    here = page.locator("[data-lab='quiz']")
    here.scroll_into_view_if_needed()
    expect(here.locator(".lab-notice")).to_contain_text("could not start")
    expect(here.get_by_text(plain(QUIZ["questions"][0]["ask"]))).to_be_visible()


def test_without_scripts_the_questions_can_be_read(browser: Browser, address: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address + PAGE)
    for question in QUIZ["questions"]:
        expect(page.get_by_text(plain(question["ask"]))).to_be_visible()
    context.close()


# ------------------------------------------------------------------------------------------- looks, and other browsers
@pytest.mark.parametrize("view", VIEWS)
def test_accessible_and_within_the_page(browser: Browser, address: str, view: str) -> None:
    with visiting(browser, address, view) as visit:
        lab = open_lab(visit.page, address + PAGE, "quiz")
        assert axe_complaints(visit) + overflow_complaints(visit) == []
        for number in (1, 2, 3):
            radio = card(lab, number).get_by_text(plain(choices(number, right=number == 2)[0]["text"]), exact=True)
            check = card(lab, number).get_by_role("button", name="Check")
            for each in (radio, check):
                each.tap() if view == "phone" else each.click()
        assert len(explanations(lab)) == 3
        assert axe_complaints(visit) + overflow_complaints(visit) == []
        assert request_complaints(visit) + visit.messages == []


def test_right_and_wrong_differ_in_more_than_colour(lab: Locator) -> None:
    answer(lab, 1, choices(1, right=False)[0])
    answer(lab, 1, choices(1, right=True)[0])
    styles = [
        lab.locator(f".lab-{kind}:visible").evaluate("why => getComputedStyle(why).borderLeftStyle")
        for kind in ("right", "wrong")
    ]
    assert styles == ["solid", "dashed"]
    marks = [lab.locator(f".lab-{kind}:visible b").text_content() for kind in ("right", "wrong")]
    assert marks == ["✓ Right. ", "✗ Not this one. "]


def test_in_firefox(firefox: Browser, address: str) -> None:
    page = firefox.new_page()
    lab = open_lab(page, address + PAGE, "quiz")
    answer(lab, 1, choices(1, right=True)[0])
    assert "Right." in status(lab)
    assert status(open_lab(page, address + PAGE, "quiz")) == f"1 of {COUNT} answered, 1 right at the first try."
    page.close()


def test_the_directive_takes_a_quiz_and_refuses_what_is_none(tmp_path: Path) -> None:
    from sphinx.application import Sphinx

    (tmp_path / "index.md").write_text(
        "# A page\n\n```{lab} quiz 03_layers\n```\n\n```{lab} quiz\n```\n\n```{lab} quiz part-9\n```\n\n"
        "```{lab} draw 03_layers\n```\n\n```{lab} drawing\n```\n"
    )
    extensions = (
        f"import sys\nsys.path.insert(0, {str(ROOT / 'book' / '_ext')!r})\nextensions = ['myst_parser', 'book_labs']\n"
    )
    (tmp_path / "conf.py").write_text(extensions)
    with (tmp_path / "warnings").open("w") as warnings:
        out = tmp_path / "out"
        app = Sphinx(tmp_path, tmp_path, out, tmp_path / "trees", "html", status=None, warning=warnings)
        app.build()
    built = (out / "index.html").read_text("utf-8")
    assert page_element(labs.QuizLab, {"quiz": NAME}) in built
    assert built.count("data-lab=") == 1
    said = (tmp_path / "warnings").read_text()
    assert said.count("name a quiz, such as") == 2
    assert "there is no quiz 'part-9'" in said
    assert "there is no lab 'drawing'" in said
