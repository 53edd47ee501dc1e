"""The book's quizzes: their files, what may stand in them, and their questions for other programs.

A quiz is a small JSON file of ``digitlib/files``, ``quiz-03_layers.json`` for the chapter *Building the network, layer
by layer*. The lab `digitlib.labs.QuizLab` asks its questions on the page; teachers import them into Moodle, or into
what else reads Moodle's XML or GIFT (``tools/quiz_exports.py`` writes both).
"""

from __future__ import annotations

import json
import re
from html import escape
from typing import Any
from xml.etree import ElementTree

from digitlib.data import FILES
from digitlib.work import LONGEST_TEXT, MOST_QUESTIONS, NAME

SCHEMA = "digitlib-quiz"
SCHEMA_VERSION = "1"
CHOICES = range(3, 6)


class QuizFileError(ValueError):
    """A quiz is missing, or its file is not as it should be; the message says what to do."""


def quiz_names() -> list[str]:
    """Name all quizzes, sorted: the chapters' first, then those that wrap up a part."""
    return sorted(file.stem.removeprefix("quiz-") for file in FILES.glob("quiz-*.json"))


def load_quiz(name: str) -> dict[str, Any]:
    """Load a quiz.

    Parameters
    ----------
    name
        A chapter's file name without its ending, such as "03_layers", or "part-1", "part-2", "part-3".

    Returns
    -------
    dict
        "title" and "questions". A question has an "id", "ask", and "choices"; a choice has "text", "right" and "why".
        Texts are plain, with `code` in backticks.

    Raises
    ------
    QuizFileError
        If there is no such quiz, or if its file is not as it should be.
    """
    if name not in quiz_names():
        raise QuizFileError(f"there is no quiz {name!r}; there are {', '.join(quiz_names())}")
    file = FILES / f"quiz-{name}.json"
    try:
        return checked_quiz(json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise QuizFileError(
            f"{file.name} cannot be used: {error}. To get it back, run 'git checkout -- digitlib/files/{file.name}' in "
            "the book's folder."
        ) from error


def checked_quiz(content: object) -> dict[str, Any]:
    """Check that something is a quiz: one right choice a question, three to five choices, each of them explained.

    Parameters
    ----------
    content
        What came out of a JSON file.

    Returns
    -------
    dict
        The same.

    Raises
    ------
    QuizFileError
        If anything is not as it should be; it names the question.
    """
    if not isinstance(content, dict) or content.get("schema") != SCHEMA:
        raise QuizFileError(f'it is no quiz: "schema" should be "{SCHEMA}"')
    if content.get("version") != SCHEMA_VERSION:
        raise QuizFileError(
            f'it is a quiz of version {content.get("version")!r}, but this digitlib knows version "{SCHEMA_VERSION}"'
        )
    _fields(content, ["schema", "version", "title", "questions"], "the quiz")
    _text(content["title"], "the quiz's title")
    questions = content["questions"]
    if not isinstance(questions, list) or not 1 <= len(questions) <= MOST_QUESTIONS:
        raise QuizFileError(f'"questions" should be a list of 1 to {MOST_QUESTIONS} questions')
    ids = [_question(question, f"question {number}") for number, question in enumerate(questions, 1)]
    if again := {each for each in ids if ids.count(each) > 1}:
        raise QuizFileError(f"two questions have the id {again.pop()!r}")
    return content


def _question(question: object, where: str) -> str:
    _fields(question, ["id", "ask", "choices"], where)
    if not isinstance(question["id"], str) or not NAME.fullmatch(question["id"]):
        raise QuizFileError(f"the id of {where} should be such as 'same-padding', but is {question['id']!r}")
    where = f"question {question['id']!r}"
    _text(question["ask"], f"what {where} asks")
    choices = question["choices"]
    if not isinstance(choices, list) or len(choices) not in CHOICES:
        raise QuizFileError(f"{where} should have {CHOICES[0]} to {CHOICES[-1]} choices")
    for number, choice in enumerate(choices, 1):
        of_choice = f"choice {number} of {where}"
        _fields(choice, ["text", "right", "why"], of_choice)
        _text(choice["text"], f"the text of {of_choice}")
        _text(choice["why"], f"the why of {of_choice}")
        if not isinstance(choice["right"], bool):
            raise QuizFileError(f'"right" of {of_choice} should be true or false')
    if (right := sum(choice["right"] for choice in choices)) != 1:
        raise QuizFileError(f"{where} should have one right choice, but has {right}")
    if len({choice["text"] for choice in choices}) < len(choices):
        raise QuizFileError(f"{where} offers the same choice twice")
    return question["id"]


def _fields(value: object, names: list[str], where: str) -> None:
    if not isinstance(value, dict) or sorted(value) != sorted(names):
        raise QuizFileError(f"{where} should have the entries {', '.join(names)}, and no others")


def _text(text: object, where: str) -> None:
    if not isinstance(text, str) or not text or len(text) > LONGEST_TEXT:
        raise QuizFileError(f"{where} should be a text of 1 to {LONGEST_TEXT} characters")
    if re.search(r"^\s|[^\S ]|  |\s$", text):
        raise QuizFileError(f"{where} should be one line, with single spaces between its words: {text!r}")
    if text.count("`") % 2:
        raise QuizFileError(f"{where} has a backtick without its partner: {text!r}")


def as_html(text: str) -> str:
    """Write a text of a quiz as HTML: what stands in backticks becomes code.

    Examples
    --------
    >>> as_html("is `a < b`?")
    'is <code>a &lt; b</code>?'
    """
    parts = escape(text, quote=False).split("`")
    return "".join(f"<code>{part}</code>" if number % 2 else part for number, part in enumerate(parts))


# ------------------------------------------------------------------------------------------------- for other programs


def moodle_xml(quiz: dict[str, Any]) -> bytes:
    """Write a quiz as Moodle's XML, with each choice's explanation as its feedback.

    Parameters
    ----------
    quiz
        What `load_quiz` gave.

    Returns
    -------
    bytes
        A file for Moodle's question bank. Its questions go into the category *The Digits Book / the quiz's title*.

    Notes
    -----
    The format is described at https://docs.moodle.org/en/Moodle_XML_format.
    """
    root = ElementTree.Element("quiz")
    category = ElementTree.SubElement(root, "question", type="category")
    # In Moodle, a slash in a category's name is written twice.
    _add_text(category, "category", f"$course$/top/The Digits Book/{quiz['title'].replace('/', '//')}")
    for asked in quiz["questions"]:
        question = ElementTree.SubElement(root, "question", type="multichoice")
        _add_text(question, "name", asked["id"])
        _add_text(question, "questiontext", f"<p>{as_html(asked['ask'])}</p>", format="html")
        settings = {"defaultgrade": "1", "single": "true", "shuffleanswers": "true", "answernumbering": "abc"}
        for name, value in settings.items():
            ElementTree.SubElement(question, name).text = value
        for choice in asked["choices"]:
            fraction = "100" if choice["right"] else "0"
            answer = _add_text(question, "answer", as_html(choice["text"]), format="html", fraction=fraction)
            _add_text(answer, "feedback", as_html(choice["why"]), format="html")
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="utf-8", xml_declaration=True) + b"\n"


def _add_text(parent: ElementTree.Element, name: str, text: str, **attributes: str) -> ElementTree.Element:
    element = ElementTree.SubElement(parent, name, attributes)
    ElementTree.SubElement(element, "text").text = text
    return element


def gift(quiz: dict[str, Any]) -> str:
    """Write a quiz as GIFT, a text format that Moodle and others import, with each choice's explanation.

    Parameters
    ----------
    quiz
        What `load_quiz` gave.

    Returns
    -------
    str
        The file's text.

    Notes
    -----
    The format is described at https://docs.moodle.org/en/GIFT_format. Its own signs in a text get a backslash.
    """
    parts = [f"$CATEGORY: $course$/top/The Digits Book/{quiz['title'].replace('/', '//')}"]
    for asked in quiz["questions"]:
        choices = [
            f"\t{'=' if choice['right'] else '~'}{_gift_text(choice['text'])}#{_gift_text(choice['why'])}"
            for choice in asked["choices"]
        ]
        parts.append("\n".join([f"::{asked['id']}::[html]{_gift_text(asked['ask'])}{{", *choices, "}"]))
    return "\n\n".join(parts) + "\n"


def _gift_text(text: str) -> str:
    # A percent sign at the beginning would be taken for a weight.
    html = re.sub("^%", "&#37;", as_html(text))
    return re.sub(r"[\\~=#{}:]", r"\\\g<0>", html)
