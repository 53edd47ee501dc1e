"""The quizzes: what may stand in their files, the lab's Python side, and what Moodle gets of them."""

from __future__ import annotations

import json
import re
from copy import deepcopy
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest
import quiz_exports
from built_site import ROOT

from digitlib import labs, quizzes
from digitlib.labs.widgets import files_for_pages, page_element
from digitlib.quizzes import QuizFileError, as_html, checked_quiz, gift, load_quiz, moodle_xml, quiz_names

SIGNS = "~ = # { } : \\ \\n -> %50% ::x:: // [html] <b> & \" ' $CATEGORY ####"
TRICKY = {
    "schema": "digitlib-quiz",
    "version": "1",
    "title": "Signs: a/b = {c}",
    "questions": [
        {
            "id": "signs",
            "ask": f"What about {SIGNS} and `a < b & c == d`?",
            "choices": [
                {"text": "%50%none", "right": False, "why": f"Look: {SIGNS}"},
                {"text": "=all of `x[:, 0] # {1}`", "right": True, "why": "}] yes ~"},
                {"text": "//", "right": False, "why": "::"},
            ],
        },
        {
            "id": "plain",
            "ask": "1 + 1?",
            "choices": [{"text": str(n), "right": n == 2, "why": f"It is 2, not {n}."} for n in (1, 2, 3, 4)],
        },
    ],
}


def changed(*path: str | int, to: object) -> dict:
    """Give the tricky quiz with one value replaced."""
    quiz = deepcopy(TRICKY)
    place = quiz
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = to
    return quiz


# ------------------------------------------------------------------------------------------------- the book's quizzes
@pytest.mark.parametrize("name", quiz_names())
def test_every_quiz_of_the_book_is_sound(name: str) -> None:
    quiz = load_quiz(name)
    assert len(quiz["questions"]) >= 5
    places = [[choice["right"] for choice in question["choices"]].index(True) for question in quiz["questions"]]
    assert max(places.count(place) for place in places) <= 0.6 * len(places), "the right choice always in one place"
    longest = [max(question["choices"], key=lambda choice: len(choice["text"])) for question in quiz["questions"]]
    assert sum(choice["right"] for choice in longest) <= 0.7 * len(longest), "the right choice is always the longest"


@pytest.mark.parametrize("name", quiz_names())
def test_every_quiz_is_for_a_chapter_or_a_part(name: str) -> None:
    assert re.fullmatch(r"part-[123]", name) or (ROOT / "book" / f"{name}.ipynb").is_file()
    assert files_for_pages()[f"quiz-{name}.json"].is_file()


# ---------------------------------------------------------------------------------------------------------- refusals
BAD = {
    "a list": ([], "it is no quiz"),
    "another schema": (changed("schema", to="digitlib-work"), "it is no quiz"),
    "another version": (changed("version", to="2"), "a quiz of version '2'"),
    "more than belongs there": (TRICKY | {"author": "me"}, "the quiz should have the entries"),
    "no title": (changed("title", to=""), "the quiz's title should be a text of 1 to 500 characters"),
    "no question": (changed("questions", to=[]), '"questions" should be a list of 1 to 100'),
    "a question as a text": (changed("questions", 1, to="1 + 1?"), "question 2 should have the entries"),
    "an id with a space": (changed("questions", 0, "id", to="two words"), "the id of question 1 should be such as"),
    "an id twice": (changed("questions", 0, "id", to="plain"), "two questions have the id 'plain'"),
    "nothing asked": (changed("questions", 0, "ask", to=None), "what question 'signs' asks should be a text"),
    "two lines": (changed("questions", 0, "ask", to="a\nb"), "should be one line"),
    "two spaces": (changed("questions", 0, "ask", to="a  b"), "should be one line, with single spaces"),
    "half a code": (changed("questions", 0, "ask", to="is `a?"), "a backtick without its partner"),
    "too few choices": (
        changed("questions", 1, "choices", to=TRICKY["questions"][1]["choices"][:2]),
        "question 'plain' should have 3 to 5 choices",
    ),
    "choices as a text": (changed("questions", 1, "choices", to="abc"), "question 'plain' should have 3 to 5 choices"),
    "no why": (changed("questions", 1, "choices", 3, "why", to=""), "the why of choice 4 of question 'plain'"),
    "a long choice": (changed("questions", 1, "choices", 0, "text", to="x" * 501), "1 to 500 characters"),
    "right, perhaps": (changed("questions", 1, "choices", 0, "right", to=1), '"right" of choice 1 of question'),
    "none right": (changed("questions", 1, "choices", 1, "right", to=False), "one right choice, but has 0"),
    "two right": (changed("questions", 1, "choices", 0, "right", to=True), "one right choice, but has 2"),
    "the same twice": (
        changed("questions", 1, "choices", 0, "text", to="2"),
        "question 'plain' offers the same choice",
    ),
    "a choice without text": (
        changed("questions", 1, "choices", 0, to={"right": False, "why": "no"}),
        "choice 1 of question 'plain' should have the entries text, right, why",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_no_quiz_is_refused_by_name(case: str) -> None:
    content, said = BAD[case]
    with pytest.raises(QuizFileError) as refused:
        checked_quiz(content)
    assert said in str(refused.value)
    assert checked_quiz(TRICKY) == TRICKY


def test_a_missing_or_damaged_file_is_named_with_advice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(QuizFileError, match=r"there is no quiz '03_layer'; there are .*03_layers"):
        load_quiz("03_layer")
    with pytest.raises(QuizFileError, match=r"there is no quiz '\.\./files/quiz-03_layers'"):
        load_quiz("../files/quiz-03_layers")
    monkeypatch.setattr(quizzes, "FILES", tmp_path)
    (tmp_path / "quiz-torn.json").write_text('{"schema": "digitl')
    (tmp_path / "quiz-other.json").write_text("{}")
    for name in ("torn", "other"):
        with pytest.raises(QuizFileError, match=rf"quiz-{name}\.json cannot be used: .*git checkout"):
            load_quiz(name)


# ----------------------------------------------------------------------------------------------------------- the lab
def test_the_lab_takes_a_quiz_and_refuses_what_is_none() -> None:
    lab = labs.QuizLab("03_layers")
    assert lab.settings == {"quiz": "03_layers"}
    assert repr(lab) == "Quiz: alive on the book's page, and in a notebook"
    with pytest.raises(QuizFileError, match="there is no quiz 'part-7'"):
        labs.QuizLab("part-7")


class _Texts(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.items: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list) -> None:
        if tag in ("li", "p"):
            self.items.append("")

    def handle_data(self, data: str) -> None:
        if self.items:
            self.items[-1] += data


def test_without_scripts_the_questions_stand_there_and_nothing_that_tells_the_answers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("digitlib.labs.quiz.load_quiz", lambda name: TRICKY)
    element = page_element(labs.QuizLab, {"quiz": "tricky"})
    shown = _Texts(element).items
    for question in TRICKY["questions"]:
        assert question["ask"].replace("`", "") in shown
        for choice in question["choices"]:
            assert choice["text"].replace("`", "") in shown
            assert choice["why"] not in unescape(element) or choice["why"] in SIGNS + "::"
    turned = deepcopy(TRICKY)
    for question in turned["questions"]:
        rights = [choice["right"] for choice in question["choices"]]
        for choice, right in zip(question["choices"], [*rights[1:], rights[0]], strict=True):
            choice["right"] = right
    monkeypatch.setattr("digitlib.labs.quiz.load_quiz", lambda name: turned)
    assert page_element(labs.QuizLab, {"quiz": "tricky"}) == element, "the same, whichever choices are right"


def test_what_a_notebook_stores_is_what_the_page_shows_without_scripts() -> None:
    stored = labs.QuizLab("03_layers")._repr_mimebundle_()[0]["text/html"]
    assert stored == page_element(labs.QuizLab, {"quiz": "03_layers"})


def test_backticks_become_code() -> None:
    assert as_html("a `b < c` & `d`") == "a <code>b &lt; c</code> &amp; <code>d</code>"


# ------------------------------------------------------------------------------------------------------- for teachers
@pytest.mark.parametrize("quiz", [TRICKY, *map(load_quiz, quiz_names())], ids=lambda quiz: quiz["title"])
def test_moodles_xml_holds_every_question_and_explanation(quiz: dict) -> None:
    root = ElementTree.fromstring(moodle_xml(quiz))
    assert root.tag == "quiz"
    category, *questions = root.findall("question")
    assert category.get("type") == "category"
    title = quiz["title"].replace("/", "//")
    assert category.findtext("category/text") == f"$course$/top/The Digits Book/{title}"
    assert len(questions) == len(quiz["questions"])
    for asked, question in zip(quiz["questions"], questions, strict=True):
        assert question.get("type") == "multichoice"
        assert question.findtext("name/text") == asked["id"]
        assert question.find("questiontext").get("format") == "html"
        assert question.findtext("questiontext/text") == f"<p>{as_html(asked['ask'])}</p>"
        assert question.findtext("single") == "true"
        answers = question.findall("answer")
        assert [answer.get("fraction") for answer in answers] == [
            "100" if choice["right"] else "0" for choice in asked["choices"]
        ]
        assert [answer.findtext("text") for answer in answers] == [as_html(c["text"]) for c in asked["choices"]]
        assert [answer.findtext("feedback/text") for answer in answers] == [as_html(c["why"]) for c in asked["choices"]]


def _read_gift(text: str) -> list[dict]:
    """Read GIFT as Moodle's importer does: questions between blank lines, escaped signs first put out of the way."""
    found = []
    for block in re.split(r"\n\s*\n", text.strip()):
        if block.startswith("$CATEGORY:"):
            continue
        block = "\n".join(line for line in block.split("\n") if not line.strip().startswith("//"))
        for sign in "\\:#={}~":
            block = block.replace(f"\\{sign}", f"\0{ord(sign):03d};")
        restored = lambda part: re.sub(r"\0(\d{3});", lambda n: chr(int(n[1])), part).strip()  # noqa: E731
        name, rest = re.fullmatch(r"::(.*?)::(.*)", block, re.DOTALL).groups()
        assert rest.count("{") == rest.count("}") == 1
        ask, answers = re.fullmatch(r"(.*?)\{(.*)\}\s*", rest, re.DOTALL).groups()
        assert ask.startswith("[html]")
        choices = []
        for answer in answers.replace("=", "~=").split("~")[1:]:
            answer = answer.strip()
            if not answer:
                continue
            right = answer.startswith("=")
            answer = answer.removeprefix("=")
            assert not re.match(r"%-?\d+(\.\d*)?%", answer), "a weight"
            given, why = answer.split("#")
            choices.append({"text": restored(given), "right": right, "why": restored(why)})
        found.append({"id": restored(name), "ask": restored(ask.removeprefix("[html]")), "choices": choices})
    return found


@pytest.mark.parametrize("quiz", [TRICKY, *map(load_quiz, quiz_names())], ids=lambda quiz: quiz["title"])
def test_gift_is_read_back_as_it_was_meant(quiz: dict) -> None:
    read = _read_gift(gift(quiz))
    assert len(read) == len(quiz["questions"])
    for asked, question in zip(quiz["questions"], read, strict=True):
        assert question["id"] == asked["id"]
        assert question["ask"] == as_html(asked["ask"])
        for choice, given in zip(asked["choices"], question["choices"], strict=True):
            assert given["right"] == choice["right"]
            assert given["text"].replace("&#37;", "%") == as_html(choice["text"])
            assert given["why"] == as_html(choice["why"])


@pytest.mark.parametrize("sign", list("~=#{}:"))
def test_gifts_own_signs_get_a_backslash(sign: str) -> None:
    written = gift(changed("questions", 1, "ask", to=f"a {sign} b"))
    assert f"[html]a \\{sign} b{{" in written
    written = gift(changed("questions", 1, "choices", 0, "why", to=f"{sign}b"))
    assert f"#\\{sign}b" in written


def test_the_tool_writes_both_files_of_every_quiz(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "for" / "moodle"
    quiz_exports.main([str(folder)])
    names = sorted(file.name for file in folder.iterdir())
    assert names == sorted(f"{name}.{kind}" for name in quiz_names() for kind in ("xml", "gift"))
    assert (folder / "03_layers.xml").read_bytes() == moodle_xml(load_quiz("03_layers"))
    assert (folder / "03_layers.gift").read_text("utf-8") == gift(load_quiz("03_layers"))
    assert "03_layers" in capsys.readouterr().out


def test_the_quizzes_are_small_enough_to_be_kept() -> None:
    for name in quiz_names():
        quiz = load_quiz(name)
        everything = {q["id"]: [choice["text"] for choice in q["choices"]] for q in quiz["questions"]}
        assert len(json.dumps(everything)) < 20_000
