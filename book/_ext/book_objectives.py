"""What each chapter wants, beside what shows that it was reached: ``{objectives}`` on the teachers' pages.

The objectives stand in a chapter's first cell, the exercises in its file of `digitlib.exercises`, the questions in its
quiz. Which belongs to which is said once, in the table at the end of the chapter's notes
(``teaching/notes/03_layers.md``). If the four do not fit together, the build stops and says where.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any, NamedTuple

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

sys.path.insert(0, str(Path(__file__).parents[2]))

from digitlib.exercises.chapters import CHAPTERS, of_chapter
from digitlib.quizzes import load_quiz

BOOK = Path(__file__).parents[1]
OBJECTIVES = re.compile(r"\*\*Objectives\.\*\* After this chapter you will be able to\n\n((?:- .+\n(?:  .+\n)*)+)")
HEADER = "| Objective | Exercises | Quiz |"


class Objective(NamedTuple):
    """One objective of a chapter, with the names of exercises and the ids of questions that belong to it."""

    text: str
    exercises: tuple[str, ...]
    questions: tuple[str, ...]


def notes_file(chapter: str) -> Path:
    """Name the file that holds a chapter's notes for teachers."""
    return BOOK / "teaching" / "notes" / f"{chapter}.md"


def first_cell(notebook: Path) -> str:
    """Read a chapter's first cell, which begins with its title."""
    return "".join(json.loads(notebook.read_text(encoding="utf-8"))["cells"][0]["source"])


def objectives_of(notebook: Path) -> list[str]:
    """List the objectives in a chapter's first cell, without what ends each of them."""
    bullets = re.split(r"^- ", OBJECTIVES.search(first_cell(notebook))[1], flags=re.MULTILINE)[1:]
    return [" ".join(bullet.split()).rstrip(".;") for bullet in bullets]


def table_in(notes: str) -> list[Objective]:
    """Read the table of objectives out of a chapter's notes."""
    found = []
    for line in notes.partition(HEADER)[2].splitlines()[2:]:
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if len(cells) != 3:
            break
        text, *named = cells
        found.append(Objective(text, *(tuple(re.findall(r"`([^`]+)`", cell)) for cell in named)))
    return found


def complaints(stated: list[Objective], wanted: list[str], exercises: list[str], questions: list[str]) -> list[str]:
    """Say where a table of objectives does not fit its chapter: the objectives, its exercises, its quiz."""
    found = []
    if [objective.text for objective in stated] != wanted:
        differ = {objective.text for objective in stated} ^ set(wanted)
        found.append(f"the objectives are not the chapter's, in its order: {'; '.join(sorted(differ)) or 'see there'}")
    for kind, known, named in (
        ("exercise", exercises, [name for objective in stated for name in objective.exercises]),
        ("question", questions, [name for objective in stated for name in objective.questions]),
    ):
        found += [f"there is no {kind} {name!r}" for name in sorted(set(named) - set(known))]
        found += [f"{kind} {name!r} stands beside no objective" for name in known if name not in named]
    found += [f"nothing shows that it was reached: {text}" for text, *shown in stated if not any(shown)]
    return found


def of_book(chapter: str) -> tuple[list[Objective], list[str]]:
    """Read a chapter's objectives out of its notes, and what is wrong with them."""
    stated = table_in(notes_file(chapter).read_text(encoding="utf-8"))
    exercises = [exercise.name for exercise in of_chapter(chapter)]
    questions = [question["id"] for question in load_quiz(chapter)["questions"]]
    return stated, complaints(stated, objectives_of(BOOK / f"{chapter}.ipynb"), exercises, questions)


class Objectives(SphinxDirective):
    """A section with a table for each chapter: objective, exercises by number and title, questions by number."""

    def run(self) -> list[nodes.Node]:
        """Return the sections."""
        return [self._section(chapter) for chapter in CHAPTERS]

    def _section(self, chapter: str) -> nodes.section:
        for file in (notes_file(chapter), BOOK / f"{chapter}.ipynb"):
            self.env.note_dependency(str(file))
        stated, wrong = of_book(chapter)
        if wrong:
            raise self.error(f"{notes_file(chapter).name}: {'; '.join(wrong)}")
        exercises = {
            each.name: f"{number}\u00a0{each.title}" for number, each in enumerate(of_chapter(chapter), start=1)
        }
        questions = [question["id"] for question in load_quiz(chapter)["questions"]]
        rows = [
            (
                objective.text,
                "; ".join(exercises[name] for name in objective.exercises),
                ", ".join(str(questions.index(name) + 1) for name in objective.questions),
            )
            for objective in stated
        ]
        # The title itself, not only a place for it: the list of sections on this page is made before links are found.
        name = first_cell(BOOK / f"{chapter}.ipynb").splitlines()[0].removeprefix("# ")
        place = {"refdomain": "std", "reftype": "doc", "reftarget": f"/book/{chapter}", "refexplicit": True}
        link = pending_xref("", nodes.inline("", name), refdoc=self.env.docname, **place)
        title = nodes.title("", "", link)
        return nodes.section("", title, _table(rows), ids=[f"objectives-{chapter.replace('_', '-')}"])


def _table(rows: list[tuple[str, str, str]]) -> nodes.table:
    group = nodes.tgroup(cols=3)
    group += [nodes.colspec(colwidth=width) for width in (5, 4, 2)]
    header = ("Objective", "Exercises", "Quiz questions")
    for parent, lines in ((nodes.thead(), [header]), (nodes.tbody(), rows)):
        parent += [nodes.row("", *map(_entry, line)) for line in lines]
        group += parent
    return nodes.table("", group)


def _entry(text: str) -> nodes.entry:
    """Make a table's entry; what stands in backticks is code."""
    parts = [nodes.literal("", part) if n % 2 else nodes.Text(part) for n, part in enumerate(text.split("`"))]
    return nodes.entry("", nodes.paragraph("", "", *parts))


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx."""
    app.add_directive("objectives", Objectives)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
