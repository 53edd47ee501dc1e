"""The teachers' pages say what is: chapters' sections and minutes, exercises, quizzes, commands and bounds."""

from __future__ import annotations

import json
import re
import sys
from html import unescape
from pathlib import Path

import pytest
from built_site import ROOT, Page

from digitlib.exercises.chapters import CHAPTERS, of_chapter

sys.path.insert(0, str(ROOT / "book" / "_ext"))
from book_objectives import Objective, complaints, objectives_of, of_book, table_in

TEACHING = ROOT / "book" / "teaching"
PAGES = sorted(TEACHING.rglob("*.md"))
MARK = re.compile(r"^## (.+)\n\n\*(?:Core|Optional) · (\d+) min\*$", re.MULTILINE)
SECTION_IN_A_PLAN = re.compile(r"\*([^*\n]+)\* (\d+)(?= ·|\.$)", re.MULTILINE)


def text_of(chapter: str) -> str:
    """Return the Markdown of a chapter."""
    cells = json.loads((ROOT / "book" / f"{chapter}.ipynb").read_text("utf-8"))["cells"]
    return "\n\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_objectives_exercises_and_questions_fit_together(chapter: str) -> None:
    stated, wrong = of_book(chapter)
    assert wrong == []
    assert len(stated) >= 4


@pytest.mark.parametrize(
    ("stated", "complaint"),
    [
        ([], "not the chapter's"),
        ([("say it", "a", "q"), ("do that", "b", "q")], "do it; do that"),
        ([("do it", "b", "q"), ("say it", "a", "q")], "in its order"),
        ([("say it", "a c", "q"), ("do it", "b", "q")], "there is no exercise 'c'"),
        ([("say it", "a", "q"), ("do it", "a", "q")], "exercise 'b' stands beside no objective"),
        ([("say it", "a", "r"), ("do it", "b", "q")], "there is no question 'r'"),
        ([("say it", "a", ""), ("do it", "b", "")], "question 'q' stands beside no objective"),
        ([("say it", "a b", "q"), ("do it", "", "")], "nothing shows that it was reached: do it"),
    ],
)
def test_what_does_not_fit_is_named(stated: list[tuple[str, str, str]], complaint: str) -> None:
    rows = [Objective(text, tuple(named.split()), tuple(asked.split())) for text, named, asked in stated]
    assert any(complaint in found for found in complaints(rows, ["say it", "do it"], ["a", "b"], ["q"]))


def test_a_table_is_read_as_it_is_written() -> None:
    notes = (
        "# Notes\n\n| Objective | Exercises | Quiz |\n| --- | --- | --- |\n| say it | `a`, `b` | |\n| do it | | `q` |\n"
    )
    assert table_in(f"{notes}\nEnd.") == [Objective("say it", ("a", "b"), ()), Objective("do it", (), ("q",))]
    assert table_in("no table") == []


def test_objectives_are_read_out_of_the_first_cell(tmp_path: Path) -> None:
    first = (
        "# T\n\n**Objectives.** After this chapter you will be able to\n\n- say it,\n  at length;\n- do it.\n\n**Pre"
    )
    notebook = tmp_path / "chapter.ipynb"
    notebook.write_text(json.dumps({"cells": [{"source": first.splitlines(keepends=True)}]}), encoding="utf-8")
    assert objectives_of(notebook) == ["say it, at length", "do it"]


def test_the_page_shows_every_exercise(site: Path) -> None:
    text = unescape((site / "book/teaching/objectives.html").read_text("utf-8")).replace("’", "'")
    for chapter in CHAPTERS:
        assert f'id="objectives-{chapter.replace("_", "-")}"' in text
        for number, exercise in enumerate(of_chapter(chapter), start=1):
            assert f"{number}\u00a0{exercise.title}" in text
    assert "`" not in text.partition("<article")[2].partition("</article")[0]


def test_sections_and_minutes_of_the_plans_are_those_of_the_chapters() -> None:
    known = {(heading, int(minutes)) for chapter in CHAPTERS for heading, minutes in MARK.findall(text_of(chapter))}
    lessons = re.split(r"^### ", (TEACHING / "plans.md").read_text("utf-8"), flags=re.MULTILINE)[1:5]
    for lesson in lessons:
        named = [(name, int(minutes)) for name, minutes in SECTION_IN_A_PLAN.findall(lesson)]
        assert set(named) <= known
        assert 28 <= sum(minutes for _, minutes in named) <= 35, "ten minutes for an exercise must be left of 45"


def test_exercises_are_called_by_their_titles() -> None:
    titles = {exercise.title for chapter in CHAPTERS for exercise in of_chapter(chapter)}
    for page in PAGES:
        named = re.findall(r"[Ee]xercises? \*([^*]+)\*", " ".join(page.read_text("utf-8").split()))
        assert set(named) <= titles, page


def test_commands_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    for page in PAGES:
        text = page.read_text("utf-8")
        assert set(re.findall(r"(?:`|^ +)make ([a-z-]+)", text, re.MULTILINE)) <= targets, page
        for tool in re.findall(r"\btools/\w+\.py", text):
            assert (ROOT / tool).is_file(), f"{page}: {tool}"


def test_a_chapter_fits_the_memory_that_the_guide_names() -> None:
    measured = json.loads((ROOT / "book/reference/measured.json").read_text("utf-8"))["chapters"].values()
    text = (TEACHING / "jupyterhub.md").read_text("utf-8")
    assert "at most 1.2 GB" in text
    assert max(chapter["peak_mb"] for chapter in measured) <= 1.2 * 1024
    assert "at most 120 seconds" in text
    assert max(chapter["seconds"] for chapter in measured) <= 120


@pytest.mark.parametrize("part", [1, 2, 3])
def test_each_part_ends_with_its_quiz(site: Path, part: int) -> None:
    page = Page(site / f"book/wrap_up_{part}.html")
    assert page.anchors
    assert f"&quot;part-{part}&quot;" in (site / f"book/wrap_up_{part}.html").read_text("utf-8")
