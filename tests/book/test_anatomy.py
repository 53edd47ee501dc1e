"""Every chapter is built as CONTRIBUTING.md says, section "A chapter"; and each check is shown to bite.

A check takes a chapter and returns complaints. The same checks judge the real chapters (no complaint) and small
chapters with one planted fault each (the fault must be named).
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import NamedTuple

import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

import digitlib
from digitlib.exercises.chapters import find, of_chapter

BOOK = Path(__file__).resolve().parents[2] / "book"
MEASURED: dict[str, dict[str, int]] = json.loads((BOOK / "reference" / "measured.json").read_text())["chapters"]
CHAPTERS = sorted(path.stem for path in BOOK.glob("*.ipynb"))

CORE_MINUTES, MAX_LINES, MAX_INCHES = 45, 12, 6.5
MAX_SECONDS, MAX_MB, MAX_SECONDS_IN_ALL = 120, 1200, 480
LAST_SECTIONS = ["Quiz", "Exercises", "Key points", "What comes next", "Sources"]
TEST_SET_CHAPTER = "06_errors"
TAGS = {"exercise", "solution", "hide-cell", "hide-input", "nbval-ignore-output"}

FIRST_CELL = re.compile(
    r"# (?P<title>[^\n]+)\n\n"
    r"\*\*Questions\*\*\n\n(?P<questions>(?:- .+\n(?:  .+\n)*)+)\n"
    r"\*\*Objectives\.\*\* After this chapter you will be able to\n\n(?P<objectives>(?:- .+\n(?:  .+\n)*)+)\n"
    r"\*\*Prerequisites:\*\* [^\n].*\n(?:.+\n)*\n"
    r"(?P<measured>\*Core sections .*MB of memory\.\*)"
)
MARK = re.compile(r"\*(Core|Optional) · (\d+) min\*")
FENCE = re.compile(r"^(```|~~~).*?^\1\s*$", re.MULTILINE | re.DOTALL)
MYST = {
    "a role": re.compile(r"(?<![\\\w^_}]){[a-zA-Z][\w:.-]*}`"),
    "a directive": re.compile(r"^\s*(?:```+|~~~+|:::+)\s*{[^}]+}", re.MULTILINE),
    "a colon fence": re.compile(r"^:::", re.MULTILINE),
    "a target": re.compile(r"^\([\w -]+\)=\s*$", re.MULTILINE),
}
LINK = re.compile(r"!?\[(?:[^\[\]]|\[[^\]]*\])*\]\(<?([^)\s>]+)>?[^)]*\)")
# Not after a letter, a dot or a slash: that would be a part of an address or of a relative path.
MACHINE_PATH = re.compile(r"(?<![\w./])/(?:home|root|work|tmp|Users|usr|var|opt|mnt|private|content)/|\b[A-Z]:\\\w")


class Chapter(NamedTuple):
    """A chapter: its file's name without the ending, its cells, and what was measured when it was stored."""

    name: str
    notebook: NotebookNode
    measured: dict[str, int] | None

    @property
    def code(self) -> list[NotebookNode]:
        """Its code cells."""
        return [cell for cell in self.notebook.cells if cell.cell_type == "code"]


class Section(NamedTuple):
    """A heading with what stands below it up to the next heading of its level: Markdown lines and code cells."""

    heading: str
    content: list[str | NotebookNode]

    def text(self) -> str:
        """Its Markdown, with a blank line in place of each code cell."""
        return "\n".join(part if isinstance(part, str) else "" for part in self.content)

    def cells(self, tag: str) -> list[NotebookNode]:
        """Its code cells with this tag."""
        return [part for part in self.content if not isinstance(part, str) and tag in part.metadata.get("tags", [])]


def sections(content: list[str | NotebookNode], level: int) -> list[Section]:
    """Split Markdown lines and code cells at the headings of one level; what stands before the first is left out."""
    found, fenced = [], False
    for part in content:
        if isinstance(part, str):
            fenced ^= part.startswith(("```", "~~~"))
            if not fenced and part.startswith("#" * level + " "):
                found.append(Section(part.lstrip("# ").strip(), []))
                continue
        if found:
            found[-1].content.append(part)
    return found


def content(chapter: Chapter) -> list[str | NotebookNode]:
    """Lay the chapter out from top to bottom: Markdown line by line, code cell by cell."""
    parts: list[str | NotebookNode] = []
    for cell in chapter.notebook.cells:
        parts += [*cell.source.split("\n"), ""] if cell.cell_type == "markdown" else [cell]
    return parts


def main_sections(chapter: Chapter) -> list[Section]:
    """Its sections of the second level, in order."""
    return sections(content(chapter), 2)


def bullets(text: str) -> list[str]:
    """List the bullet points of a text."""
    return re.findall(r"^- .+", text, re.MULTILINE)


def tagged(cell: NotebookNode, *tags: str) -> bool:
    """Whether a cell has any of these tags."""
    return bool({*tags} & {*cell.metadata.get("tags", [])})


def opening(cell: NotebookNode) -> str:
    """Name a cell by its first line."""
    return repr(cell.source.split("\n")[0][:60])


def has_figure(cell: NotebookNode) -> bool:
    """Whether a cell shows a picture."""
    return any("image/png" in output.get("data", {}) for output in cell.outputs)


def parsed(cell: NotebookNode) -> ast.Module:
    """Read a cell's code; lines that only IPython understands count as comments."""
    return ast.parse(re.sub(r"^[%!]", "# ", cell.source, flags=re.MULTILINE))


def texts_of(cell: NotebookNode) -> Iterator[str]:
    """List what a cell says and shows in letters, without the bytes of its pictures."""
    yield cell.source
    yield json.dumps(cell.metadata, ensure_ascii=False)
    for output in cell.get("outputs", []):
        yield output.get("text", "")
        yield "\n".join(output.get("traceback", []))
        for kind, data in output.get("data", {}).items():
            if not kind.startswith("image/"):
                yield data if isinstance(data, str) else json.dumps(data)


# The checks


def first_cell(chapter: Chapter) -> list[str]:
    """Find title, questions, objectives, prerequisites and the measured line, in this order."""
    cell = chapter.notebook.cells[0]
    if cell.cell_type != "markdown" or not FIRST_CELL.fullmatch(cell.source):
        expected = "title, **Questions**, **Objectives.**, **Prerequisites:**, the measured line"
        return [f"the first cell must hold, in this order and nothing else: {expected}"]
    titles = sections(content(chapter), 1)
    return [] if len(titles) == 1 else [f"there are {len(titles)} headings of the first level"]


def second_cell(chapter: Chapter) -> list[str]:
    """Find the imports, the version and the style in the second cell."""
    cell = chapter.notebook.cells[1]
    version = ".".join(digitlib.__version__.split(".")[:2])
    needed = ["import digitlib", f'digitlib.expect_version("{version}")', "plots.use_book_style()"]
    if cell.cell_type != "code":
        return ["the second cell must be the import cell"]
    return [f"the second cell lacks {line}" for line in needed if line not in cell.source]


def section_marks(chapter: Chapter) -> list[str]:
    """Every section but the last four says whether it is core, and how many minutes it takes."""
    found, core = [], 0
    for section in main_sections(chapter):
        if section.heading in LAST_SECTIONS:
            continue
        lines = [part for part in section.content if not isinstance(part, str) or part.strip()]
        first = lines[0] if lines and isinstance(lines[0], str) else ""
        if not (mark := MARK.fullmatch(first.strip())):
            found.append(f"section {section.heading!r} must begin with a mark such as *Core · 8 min*")
        elif mark[1] == "Core":
            core += int(mark[2])
    if core > CORE_MINUTES:
        found.append(f"the core adds up to {core} minutes, more than {CORE_MINUTES}")
    return found


def cell_lengths(chapter: Chapter) -> list[str]:
    """Cells of at most twelve lines, a Sequential apart; blank lines and a solution's comments do not count."""
    found = []
    for cell in chapter.code:
        lines = [line for line in cell.source.split("\n") if line.strip()]
        if tagged(cell, "solution"):
            lines = [line for line in lines if not line.lstrip().startswith("#")]
        if len(lines) > MAX_LINES and len(lines) - _lines_of_a_sequential(cell) > MAX_LINES:
            found.append(f"the cell {opening(cell)} has {len(lines)} lines, more than {MAX_LINES}")
    return found


def _lines_of_a_sequential(cell: NotebookNode) -> int:
    """How many lines a `Sequential` takes beyond its first, if it is the longest statement and has a layer a line."""
    statements = parsed(cell).body
    longest = max(statements, key=lambda statement: statement.end_lineno - statement.lineno)
    call = getattr(longest, "value", None)
    if not isinstance(call, ast.Call) or ast.unparse(call.func).split(".")[-1] != "Sequential" or not call.args:
        return 0
    layers = getattr(call.args[0], "elts", [])
    a_layer_a_line = len({layer.lineno for layer in layers}) == len(layers)
    return longest.end_lineno - longest.lineno if a_layer_a_line else 0


def prose_between(chapter: Chapter) -> list[str]:
    """No two code cells without prose between them, exercises and solutions apart."""
    found, before = [], None
    for part in content(chapter):
        if isinstance(part, str):
            if part.strip() and not part.startswith("#") and not MARK.fullmatch(part.strip()):
                before = None
        else:
            if before is not None and not tagged(part, "exercise", "solution"):
                found.append(f"there is no prose between the cells {opening(before)} and {opening(part)}")
            before = part
    return found


def predictions(chapter: Chapter) -> list[str]:
    """At least twice the reader predicts, before the cell that answers."""
    found, count = [], 0
    for cell, following in zip(chapter.notebook.cells, [*chapter.notebook.cells[1:], None], strict=True):
        quotes = re.findall(r"^> \*\*Predict\.\*\* ", cell.source, re.MULTILINE) if cell.cell_type == "markdown" else []
        count += len(quotes)
        if quotes and (following is None or following.cell_type != "code"):
            found.append(f"no code cell follows the prediction in {opening(cell)}")
    if count < 2:
        found.append(f"the reader predicts {count} times, in a quote that begins with **Predict.**, but should twice")
    return found


def figures(chapter: Chapter) -> list[str]:
    """Each figure has a caption, an alternative text that says what is to be seen, and a width that fits."""
    found = []
    for cell in chapter.code:
        described = cell.metadata.get("mystnb", {})
        caption = described.get("figure", {}).get("caption", "").strip()
        alt = described.get("image", {}).get("alt", "").strip()
        shown = [output for output in cell.outputs if "image/png" in output.get("data", {})]
        where = f"the figure of the cell {opening(cell)}"
        if not shown:
            if caption or alt:
                found.append(f"the cell {opening(cell)} describes a figure, but shows none")
            continue
        if len(shown) > 1:
            found.append(f"the cell {opening(cell)} shows {len(shown)} figures")
        if not caption:
            found.append(f"{where} has no caption")
        if not alt:
            found.append(f"{where} has no alt text")
        elif len(alt) < 30:
            found.append(f"{where} has an alt text of {len(alt)} characters")
        elif alt == caption:
            found.append(f"{where} has its caption for an alt text")
        elif re.match(r"(an? |the )?(image|picture|figure|plot|graph) (of|showing)\b", alt, re.IGNORECASE):
            found.append(f"{where} has an alt text that begins like {alt[:12]!r}")
        for output in shown:
            width = output.metadata.get("image/png", {}).get("width", 0)
            # At 100 dots per inch; what is stored has a margin of a tenth of an inch on each side.
            if (inches := (width - 20) / 100) > MAX_INCHES:
                found.append(f"{where} is {inches} inches wide, more than {MAX_INCHES}")
    return found


def exercises(chapter: Chapter) -> list[str]:
    """At least four exercises: task, a cell whose answer is checked, a folded solution; in the end the badge."""
    found = []
    for section in main_sections(chapter):
        if section.heading != "Exercises":
            if section.cells("exercise") or section.cells("solution"):
                found.append(f"section {section.heading!r} holds a cell tagged exercise or solution")
            continue
        tasks = sections(section.content, 3)
        if len(tasks) < 4:
            found.append(f"there are {len(tasks)} exercises, but should be at least four")
        for number, task in enumerate(tasks, start=1):
            found += [f"exercise {number} {complaint}" for complaint in _exercise(number, task)]
        names = [name for task in tasks for cell in task.cells("exercise") for name, _ in _checks(cell)]
        if names != [exercise.name for exercise in of_chapter(chapter.name)]:
            found.append(
                f"the cells check {', '.join(names)}, but the chapter's file lists others, or in another order"
            )
        if not any("exercises.badge(" in cell.source for cell in section.content if not isinstance(cell, str)):
            found.append("the exercises do not end with exercises.badge")
    return found


def _exercise(number: int, task: Section) -> Iterator[str]:
    if not task.heading.startswith(f"Exercise {number}: "):
        yield f"is headed {task.heading!r}, not 'Exercise {number}: ...'"
    if not task.text().strip():
        yield "has no task"
    if len(task.cells("exercise")) != 1:
        yield "must have one cell tagged exercise"
        return
    [cell] = task.cells("exercise")
    checks = _checks(cell)
    if len(checks) != 1:
        yield "must check one answer in the reader's cell"
        return
    [(name, checked)] = checks
    if not _unsolved(cell, checked):
        yield "must leave the answer to the reader: `answer = ...`, or a function that holds nothing but `...`"
    if not any(name in output.get("data", {}).get("text/plain", "") for output in cell.outputs):
        yield "does not show its verdict: the check must stand in the last line"
    if not task.cells("solution"):
        yield "has no cell tagged solution"
    for cell in task.cells("solution"):
        if not tagged(cell, "hide-cell") or not cell.metadata.get("jupyter", {}).get("source_hidden"):
            yield "has a solution that is not folded: it needs the tags solution and hide-cell, and source_hidden"
        if not parsed(cell).body:
            yield "has an empty solution"
    exercise = find(name)
    if task.heading != f"Exercise {number}: {exercise.title}":
        yield f"is headed {task.heading!r}, but its file says {exercise.title!r}"
    if not any(exercise.solution in cell.source for cell in task.cells("solution")):
        yield "shows another solution than the last of its hints"
    if not any(f'check("{name}", answer, count=False)' in cell.source for cell in task.cells("solution")):
        yield "has a solution that is not checked"
    kinds = [part.metadata.get("tags", [""])[0] for part in task.content if not isinstance(part, str)]
    if kinds[:2] != ["exercise", "solution"]:
        yield "shows its solution before the reader's cell"


def _checks(cell: NotebookNode) -> list[tuple[str, str]]:
    """Each call of `exercises.check` in a cell: the exercise, and what is handed in."""
    calls = [node for node in ast.walk(parsed(cell)) if isinstance(node, ast.Call)]
    calls = [call for call in calls if ast.unparse(call.func) == "exercises.check" and len(call.args) == 2]
    return [(ast.literal_eval(call.args[0]), ast.unparse(call.args[1])) for call in calls]


def _unsolved(cell: NotebookNode, checked: str) -> bool:
    """Whether what is handed in is defined in this cell, and as nothing but dots."""
    for node in parsed(cell).body:
        empty = ast.unparse(node.value) == "..." if isinstance(node, ast.Assign) else False
        if empty and [ast.unparse(target) for target in node.targets] == [checked]:
            return True
        if isinstance(node, ast.FunctionDef) and node.name == checked:
            return [ast.unparse(line) for line in node.body] == ["..."]
    return False


def last_sections(chapter: Chapter) -> list[str]:
    """Quiz, exercises, key points as many as objectives, what comes next with a link, sources."""
    found = main_sections(chapter)
    headings = [section.heading for section in found]
    if headings[-5:] != LAST_SECTIONS:
        return [f"the last sections are {', '.join(headings[-5:])}, not {', '.join(LAST_SECTIONS)}"]
    complaints = []
    quiz, _, points, following, sources = found[-5:]
    if not any(f'QuizLab("{chapter.name}")' in cell.source for cell in quiz.content if not isinstance(cell, str)):
        complaints.append(f'the quiz is not shown: labs.QuizLab("{chapter.name}")')
    first = FIRST_CELL.fullmatch(chapter.notebook.cells[0].source)
    if first and len(bullets(points.text())) != len(bullets(first["objectives"])):
        complaints.append(
            f"there are {len(bullets(points.text()))} key points for {len(bullets(first['objectives']))} objectives"
        )
    if not LINK.search(following.text()):
        complaints.append("what comes next has no link")
    if not bullets(sources.text()):
        complaints.append("there are no sources")
    return complaints


def plain_markdown(chapter: Chapter) -> list[str]:
    """No MyST roles or directives: JupyterLab and GitHub show them raw."""
    found = []
    for cell in chapter.notebook.cells:
        if cell.cell_type == "markdown":
            outside = FENCE.sub("", cell.source)
            for kind, pattern in MYST.items():
                if match := pattern.search(cell.source if kind == "a directive" else outside):
                    found.append(f"the cell {opening(cell)} holds {kind} of MyST: {match[0]!r}")
    return found


def no_machine_paths(chapter: Chapter) -> list[str]:
    """Nothing says where on which machine it ran."""
    found = []
    for cell in chapter.notebook.cells:
        for text in texts_of(cell):
            if match := MACHINE_PATH.search(text):
                found.append(f"the cell {opening(cell)} names a path of a machine: {text[match.start() :][:30]}")
    return found


def metadata(chapter: Chapter) -> list[str]:
    """Only what the authors and the run decide, as `make notebooks` leaves it."""
    found = []
    expected = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    if chapter.notebook.metadata != expected:
        found.append("the notebook's metadata are not those that make notebooks leaves")
    for cell in chapter.notebook.cells:
        for key in sorted(cell.metadata.keys() - {"jupyter", "mystnb", "tags"}):
            found.append(f"the cell {opening(cell)} has metadata {key!r}")
        for tag in sorted({*cell.metadata.get("tags", [])} - TAGS):
            found.append(f"the cell {opening(cell)} has the tag {tag!r}")
        for output in cell.get("outputs", []):
            for kind in output.get("data", {}):
                if "widget" in kind:
                    found.append(f"the cell {opening(cell)} stores {kind}")
    return found


def stored_outputs(chapter: Chapter) -> list[str]:
    """All cells were run from top to bottom, and none complained."""
    found = []
    counts = [cell.execution_count for cell in chapter.code]
    if counts != list(range(1, len(counts) + 1)):
        found.append("the cells were not all run once from top to bottom")
    for cell in chapter.code:
        for output in cell.outputs:
            if output.output_type == "error":
                found.append(f"the cell {opening(cell)} stores an error")
            if output.get("name") == "stderr":
                found.append(f"the cell {opening(cell)} stores messages of the error stream")
            if "✗" in output.get("text", ""):
                found.append(f"the cell {opening(cell)} stores a failed claim")
    if not any(cell.outputs for cell in chapter.code):
        found.append("there are no stored outputs")
    return found


def claims(chapter: Chapter) -> list[str]:
    """At least one claim, and none that cannot fail."""
    found, count = [], 0
    for cell in chapter.code:
        for node in ast.walk(parsed(cell)):
            if not isinstance(node, ast.Call) or ast.unparse(node.func).split(".")[-1] != "claim":
                continue
            count += 1
            holds = [*node.args[1:2], *(keyword.value for keyword in node.keywords if keyword.arg == "holds")]
            if not holds or isinstance(holds[0], ast.Constant):
                found.append(f"the cell {opening(cell)} holds a claim that cannot fail")
    return found if count else ["there is no claim"]


def links(chapter: Chapter) -> list[str]:
    """Links within the book lead to files."""
    found = []
    for cell in chapter.notebook.cells:
        if cell.cell_type == "markdown":
            for target in LINK.findall(re.sub(r"`[^`\n]*`", "", FENCE.sub("", cell.source))):
                path = target.partition("#")[0]
                if path and not re.match(r"[a-z]+:", target) and not (BOOK / path).is_file():
                    found.append(f"the cell {opening(cell)} links to {target}: there is no such file")
    return found


def measurements(chapter: Chapter) -> list[str]:
    """Hold time and memory to what a reader's machine has, and the chapter to saying so."""
    measured = chapter.measured
    if measured is None:
        return ["it was not measured: run make notebooks"]
    found = []
    if measured["seconds"] > MAX_SECONDS:
        found.append(f"it took {measured['seconds']} s, more than {MAX_SECONDS}")
    if measured["peak_mb"] > MAX_MB:
        found.append(f"it needed {measured['peak_mb']} MB, more than {MAX_MB}")
    said = f"about {measured['seconds']} s on two processor cores and at most {measured['peak_mb']} MB of memory"
    if said not in chapter.notebook.cells[0].source:
        found.append(f"its first cell does not say what was measured: {said}")
    return found


def untouched_test_set(chapter: Chapter) -> list[str]:
    """Leave the test set to the one chapter that looks at it: it chooses nothing."""
    if chapter.name == TEST_SET_CHAPTER:
        return []
    names = re.compile(r"\b[xy]_test\b")
    return [f"the cell {opening(cell)} uses the test set" for cell in chapter.code if names.search(cell.source)]


CHECKS = [
    first_cell,
    second_cell,
    section_marks,
    cell_lengths,
    prose_between,
    predictions,
    figures,
    exercises,
    last_sections,
    plain_markdown,
    no_machine_paths,
    metadata,
    stored_outputs,
    claims,
    links,
    measurements,
    untouched_test_set,
]


@pytest.fixture(params=CHAPTERS)
def chapter(request: pytest.FixtureRequest) -> Chapter:
    notebook = nbformat.read(BOOK / f"{request.param}.ipynb", as_version=4)
    return Chapter(request.param, notebook, MEASURED.get(request.param))


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_chapter(chapter: Chapter, check: Callable[[Chapter], list[str]]) -> None:
    complaints = check(chapter)
    assert not complaints, f"{chapter.name}: " + "; ".join(complaints)


def test_all_chapters_together_run_in_eight_minutes() -> None:
    assert {*MEASURED} == {*CHAPTERS}
    assert sum(measured["seconds"] for measured in MEASURED.values()) <= MAX_SECONDS_IN_ALL


# Mutants: a sound chapter, and what is wrong with it after one change

FIGURE = {"figure": {"caption": "A digit."}, "image": {"alt": "A handwritten seven with a bar through its stem."}}
FOLDED = {"tags": ["solution", "hide-cell"], "jupyter": {"source_hidden": True}}


def sound() -> Chapter:
    """Build a small chapter that no check complains about."""
    version = ".".join(digitlib.__version__.split(".")[:2])
    title = (
        "# A chapter\n\n**Questions**\n\n- What is it?\n- How,\n  and why?\n\n"
        "**Objectives.** After this chapter you will be able to\n\n- say it;\n- do it.\n\n"
        "**Prerequisites:** [Arrays](00_arrays.ipynb): shapes.\n\n"
        "*Core sections 8 min. Running all cells takes about 5 s on two processor cores and at most 200 MB of memory.*"
    )
    imports = (
        f'import digitlib\nfrom digitlib import plots\n\ndigitlib.expect_version("{version}")\nplots.use_book_style()'
    )
    picture = new_output(
        "execute_result", {"image/png": "iVBOR", "text/plain": "<Figure>"}, metadata={"image/png": {"width": 400}}
    )
    tasks = []
    for number, exercise in enumerate(of_chapter("00_arrays"), start=1):
        check = f'exercises.check("{exercise.name}", answer'
        card = new_output("execute_result", {"text/plain": f"○ {exercise.name}: not yet."})
        tasks += [
            new_markdown_cell(f"### Exercise {number}: {exercise.title}\n\nCount to {number}."),
            new_code_cell(f"# Yours:\nanswer = ...\n{check})", metadata={"tags": ["exercise"]}, outputs=[card]),
            new_code_cell(f"{exercise.solution}\n{check}, count=False)", metadata=deepcopy(FOLDED)),
        ]
    cells = [
        new_markdown_cell(title),
        new_code_cell(imports),
        new_markdown_cell("## A section\n\n*Core · 8 min*\n\nLook.\n\n> **Predict.** Seven?"),
        new_code_cell("print(seven)", outputs=[new_output("stream", name="stdout", text="7\n")]),
        new_markdown_cell("Seven, see [digit](reference/glossary.md#digit).\n\n> **Predict.** And drawn?"),
        new_code_cell("plots.pictures(image)", metadata={"mystnb": deepcopy(FIGURE)}, outputs=[picture]),
        new_markdown_cell("## Another\n\n*Optional · 3 min*\n\nIs it so?"),
        new_code_cell('digitlib.claim("it is", seven == 7)'),
        new_markdown_cell("It is.\n\n## Quiz\n\nFive questions."),
        new_code_cell('labs.QuizLab("00_arrays")'),
        new_markdown_cell("## Exercises"),
        *tasks,
        new_markdown_cell("Which are solved?"),
        new_code_cell('exercises.badge("00_arrays")'),
        new_markdown_cell("## Key points\n\n- Said.\n- Done.\n\n## What comes next\n\n[More](01_exploring.ipynb)."),
        new_markdown_cell("## Sources\n\n- A. Author (2020), *A work*: everything."),
    ]
    for count, cell in enumerate((cell for cell in cells if cell.cell_type == "code"), start=1):
        cell.execution_count = count
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook = new_notebook(cells=cells, metadata={"kernelspec": kernel, "language_info": {"name": "python"}})
    return Chapter("00_arrays", notebook, {"seconds": 5, "peak_mb": 200})


def test_a_sound_chapter_has_no_complaint() -> None:
    assert {check.__name__: check(sound()) for check in CHECKS} == {check.__name__: [] for check in CHECKS}


def _find(chapter: Chapter, beginning: str) -> NotebookNode:
    return next(cell for cell in chapter.notebook.cells if cell.source.startswith(beginning))


def replace(old: str, new: str) -> Callable[[Chapter], None]:
    """Mutant: other words somewhere in the sources."""

    def change(chapter: Chapter) -> None:
        cell = next(cell for cell in chapter.notebook.cells if old in cell.source)
        cell.source = cell.source.replace(old, new, 1)

    return change


def remove(beginning: str) -> Callable[[Chapter], None]:
    """Mutant: without the first cell that begins so."""
    return lambda chapter: chapter.notebook.cells.remove(_find(chapter, beginning))


def insert(before: str, cell: NotebookNode) -> Callable[[Chapter], None]:
    """Mutant: one more cell."""

    def change(chapter: Chapter) -> None:
        chapter.notebook.cells.insert(chapter.notebook.cells.index(_find(chapter, before)), deepcopy(cell))

    return change


def describe(**metadata: object) -> Callable[[Chapter], None]:
    """Mutant: the figure's description changed."""

    def change(chapter: Chapter) -> None:
        described = _find(chapter, "plots.pictures").metadata["mystnb"]
        for kind, value in metadata.items():
            described[kind] = value

    return change


def output(**fields: object) -> Callable[[Chapter], None]:
    """Mutant: one more stored output."""
    return lambda chapter: _find(chapter, "print(seven)").outputs.append(NotebookNode(fields))


def meta(beginning: str, **fields: object) -> Callable[[Chapter], None]:
    """Mutant: a cell with other metadata."""
    return lambda chapter: _find(chapter, beginning).metadata.update(fields)


def measure(**fields: int) -> Callable[[Chapter], None]:
    """Mutant: another measurement."""
    return lambda chapter: chapter.measured.update(fields)


def widen(chapter: Chapter) -> None:
    """Mutant: a figure wider than a page."""
    _find(chapter, "plots.pictures").outputs[0].metadata["image/png"]["width"] = 700


def twice(chapter: Chapter) -> None:
    """Mutant: a cell that shows two figures."""
    outputs = _find(chapter, "plots.pictures").outputs
    outputs.append(deepcopy(outputs[0]))


def solution_first(chapter: Chapter) -> None:
    """Mutant: the solution stands before the reader's cell."""
    cells = chapter.notebook.cells
    place = cells.index(_find(chapter, "# Yours:"))
    cells[place], cells[place + 1] = cells[place + 1], cells[place]


def only_three(chapter: Chapter) -> None:
    """Mutant: no exercise after the third."""
    cells = chapter.notebook.cells
    fourth = cells.index(_find(chapter, "### Exercise 4"))
    del cells[fourth : cells.index(_find(chapter, "Which are solved?"))]


def silence(beginning: str) -> Callable[[Chapter], None]:
    """Mutant: a cell that shows nothing."""
    return lambda chapter: _find(chapter, beginning).outputs.clear()


def swap_checks(chapter: Chapter) -> None:
    """Mutant: two exercises check each other's answer."""
    first, second = (cell for cell in chapter.code if tagged(cell, "exercise") and number_of(cell) < 2)
    first.source, second.source = second.source, first.source


def number_of(cell: NotebookNode) -> int:
    """Place of a cell's exercise in its chapter, from 0."""
    return [exercise.name for exercise in of_chapter("00_arrays")].index(_checks(cell)[0][0])


def long_solution(lines: int) -> Callable[[Chapter], None]:
    """Mutant: a solution with many lines of code below a long comment."""

    def change(chapter: Chapter) -> None:
        cell = _find(chapter, "# Half a turn")
        code = [line for line in cell.source.split("\n") if line.strip() and not line.startswith("#")]
        cell.source += "\n" + "# Why.\n" * 9 + "print(1)\n" * (lines - len(code))

    return change


LONG = "\n".join(f"print({number})" for number in range(13))
LAYERS = "\n".join(f"        layers.Dense({units})," for units in range(14))
SEQUENTIAL = f"model = keras.Sequential(\n    [\n{LAYERS}\n    ]\n)"
CROWDED = SEQUENTIAL.replace("Dense(3),", "Dense(3), layers.ReLU(),")
STDERR = {"output_type": "stream", "name": "stderr", "text": "UserWarning: no"}
ERROR = {"output_type": "error", "ename": "ValueError", "evalue": "no", "traceback": []}
FAILED = {"output_type": "stream", "name": "stdout", "text": "✗ Not in this run: it is."}
PATH = {"output_type": "stream", "name": "stdout", "text": "<module from '/home/ann/digits/plots.py'>"}
WIDGET = {"output_type": "display_data", "data": {"application/vnd.jupyter.widget-view+json": {}}, "metadata": {}}
EMPTY = {"figure": {"caption": "A digit."}, "image": {}}

MUTANTS: list[tuple[Callable[[Chapter], list[str]], Callable[[Chapter], None], str]] = [
    (first_cell, replace("# A chapter\n\n", ""), "must hold, in this order"),
    (first_cell, replace("**Questions**", "**Question**"), "must hold, in this order"),
    (first_cell, replace("**Objectives.** After", "**Objectives** After"), "must hold, in this order"),
    (first_cell, replace("**Prerequisites:**", "Prerequisites:"), "must hold, in this order"),
    (first_cell, replace("\n\n*Core sections 8 min.", "\n\n*Core 8 min."), "must hold, in this order"),
    (first_cell, replace(" of memory.*", " of memory.*\n\nWelcome!"), "must hold, in this order"),
    (first_cell, replace("## Another", "# Another"), "2 headings of the first level"),
    (second_cell, insert("import digitlib", new_markdown_cell("Hello.")), "must be the import cell"),
    (second_cell, replace("digitlib.expect_version", "# digitlib.expect"), "lacks digitlib.expect_version"),
    (second_cell, replace("plots.use_book_style()", ""), "lacks plots.use_book_style()"),
    (second_cell, replace('version("', 'version("9'), "lacks digitlib.expect_version"),
    (section_marks, replace("*Core · 8 min*\n\n", ""), "'A section' must begin with a mark"),
    (section_marks, replace("*Core · 8 min*", "*Core, 8 min*"), "'A section' must begin with a mark"),
    (section_marks, replace("*Optional · 3 min*\n\nIs it so?", "Is it so?\n\n*Optional · 3 min*"), "'Another' must"),
    (section_marks, replace("*Core · 8 min*", "*Core · 46 min*"), "46 minutes, more than 45"),
    (cell_lengths, replace("print(seven)", LONG), "'print(0)' has 13 lines"),
    (cell_lengths, replace("print(seven)", CROWDED), "has 18 lines"),
    (cell_lengths, replace("print(seven)", SEQUENTIAL + "\n" + LONG), "has 31 lines"),
    (cell_lengths, long_solution(13), "has 13 lines"),
    (prose_between, insert("print(seven)", new_code_cell("seven = 7")), "no prose between the cells 'seven = 7'"),
    (prose_between, replace("Is it so?", ""), "no prose between the cells 'plots.pictures"),
    (predictions, replace("> **Predict.** Seven?", "Seven?"), "predicts 1 times"),
    (predictions, replace("> **Predict.** Seven?", "> **Predict:** Seven?"), "predicts 1 times"),
    (predictions, insert("print(seven)", new_markdown_cell("Seven!")), "no code cell follows the prediction"),
    (figures, describe(figure={}), "'plots.pictures(image)' has no caption"),
    (figures, describe(image={}), "has no alt text"),
    (figures, describe(image={"alt": "A handwritten seven."}), "an alt text of 20 characters"),
    (figures, describe(image={"alt": "Image of a handwritten seven with a bar."}), "begins like 'Image of a"),
    (figures, describe(image={"alt": "A picture of a handwritten seven with a bar."}), "begins like 'A picture of"),
    (figures, describe(figure={"caption": FIGURE["image"]["alt"]}), "its caption for an alt text"),
    (figures, meta("print(seven)", mystnb=FIGURE), "describes a figure, but shows none"),
    (figures, widen, "6.8 inches wide"),
    (figures, twice, "shows 2 figures"),
    (exercises, only_three, "there are 3 exercises"),
    (exercises, replace("Exercise 2: Shapes", "Exercise 5: Shapes"), "exercise 2 is headed 'Exercise 5: Shapes"),
    (exercises, replace("Exercise 2: Shapes", "Exercise 2: Forms"), "but its file says 'Shapes without running'"),
    (exercises, replace("\n\nCount to 1.", ""), "exercise 1 has no task"),
    (exercises, remove("# Yours:"), "exercise 1 must have one cell tagged exercise"),
    (exercises, replace('exercises.check("half-a-turn", answer)', "answer"), "exercise 1 must check one answer"),
    (exercises, replace("answer = ...", "answer = 7"), "exercise 1 must leave the answer to the reader"),
    (
        exercises,
        replace("answer = ...", "def answer(x):\n    return x"),
        "exercise 1 must leave the answer to the reader",
    ),
    (exercises, silence("# Yours:"), "exercise 1 does not show its verdict"),
    (exercises, remove("# Half a turn"), "exercise 1 has no cell tagged solution"),
    (exercises, meta("# Half a turn", tags=["solution"]), "exercise 1 has a solution that is not folded"),
    (exercises, meta("# Half a turn", jupyter={}), "exercise 1 has a solution that is not folded"),
    (exercises, replace("image[::-1, ::-1]", "image[::-1]"), "exercise 1 shows another solution"),
    (exercises, replace(", count=False)", ")"), "exercise 1 has a solution that is not checked"),
    (exercises, solution_first, "exercise 1 shows its solution before"),
    (exercises, swap_checks, "in another order"),
    (exercises, replace("exercises.badge(", "print("), "do not end with exercises.badge"),
    (exercises, meta("print(seven)", tags=["solution"]), "'A section' holds a cell tagged exercise or solution"),
    (last_sections, replace('labs.QuizLab("00_arrays")', "labs"), "the quiz is not shown"),
    (last_sections, replace("## Quiz", "## Questions"), "the last sections are"),
    (last_sections, replace("## Sources", "## References"), "the last sections are"),
    (last_sections, replace("## Key points\n\n- Said.\n- Done.\n\n## What", "## What"), "the last sections are"),
    (last_sections, replace("- Said.\n", ""), "1 key points for 2 objectives"),
    (last_sections, replace("[More](01_exploring.ipynb)", "More"), "what comes next has no link"),
    (last_sections, replace("- A. Author", "A. Author"), "there are no sources"),
    (plain_markdown, replace("Look.", "See {ref}`sec`."), "a role of MyST: '{ref}`'"),
    (plain_markdown, replace("Look.", "See {cite:p}`a`."), "a role of MyST: '{cite:p}`'"),
    (plain_markdown, replace("Look.", "```{note}\nLook.\n```"), "a directive of MyST"),
    (plain_markdown, replace("Look.", ":::{note}\nLook.\n:::"), "a directive of MyST"),
    (plain_markdown, replace("Look.", ":::\nLook.\n:::"), "a colon fence of MyST"),
    (plain_markdown, replace("Look.", "(here)=\nLook."), "a target of MyST"),
    (no_machine_paths, output(**PATH), "names a path of a machine: /home/ann"),
    (no_machine_paths, replace("print(seven)", "open('/tmp/a')"), "names a path of a machine: /tmp/a"),
    (no_machine_paths, replace("Look.", "Look in C:\\Users."), "names a path of a machine"),
    (metadata, meta("print(seven)", execution={}), "has metadata 'execution'"),
    (metadata, meta("print(seven)", tags=["nbval-skip"]), "has the tag 'nbval-skip'"),
    (metadata, lambda chapter: chapter.notebook.metadata.update(widgets={}), "the notebook's metadata"),
    (metadata, output(**WIDGET), "stores application/vnd.jupyter.widget-view+json"),
    (stored_outputs, output(**STDERR), "stores messages of the error stream"),
    (stored_outputs, output(**ERROR), "stores an error"),
    (stored_outputs, output(**FAILED), "stores a failed claim"),
    (stored_outputs, lambda chapter: _find(chapter, "print(seven)").update(execution_count=None), "not all run once"),
    (stored_outputs, lambda chapter: [cell.update(outputs=[]) for cell in chapter.code], "no stored outputs"),
    (claims, remove("digitlib.claim"), "there is no claim"),
    (claims, replace("seven == 7", "True"), "a claim that cannot fail"),
    (claims, replace("seven == 7", "holds=True"), "a claim that cannot fail"),
    (claims, replace(", seven == 7", ""), "a claim that cannot fail"),
    (links, replace("glossary.md#digit", "glosary.md#digit"), "links to reference/glosary.md#digit: there is no"),
    (links, replace("[More](01_exploring.ipynb)", "[More](../book/99_no.ipynb)"), "there is no such file"),
    (measurements, measure(seconds=121), "it took 121 s, more than 120"),
    (measurements, measure(peak_mb=1210), "it needed 1210 MB, more than 1200"),
    (measurements, measure(seconds=6), "does not say what was measured: about 6 s"),
    (untouched_test_set, replace("print(seven)", "print(len(x_test))"), "uses the test set"),
]


@pytest.mark.parametrize(("check", "change", "complaint"), MUTANTS, ids=lambda part: getattr(part, "__name__", None))
def test_a_planted_fault_is_named(
    check: Callable[[Chapter], list[str]], change: Callable[[Chapter], None], complaint: str
) -> None:
    mutant = sound()
    change(mutant)
    assert any(complaint in found for found in check(mutant)), check(mutant)


def test_every_check_has_a_mutant() -> None:
    assert {check for check, _, _ in MUTANTS} == {*CHECKS}


def test_an_unmeasured_chapter_is_named() -> None:
    assert measurements(sound()._replace(measured=None)) == ["it was not measured: run make notebooks"]


def test_the_chapter_on_errors_may_use_the_test_set() -> None:
    chapter = sound()._replace(name=TEST_SET_CHAPTER)
    replace("print(seven)", "print(len(x_test))")(chapter)
    assert untouched_test_set(chapter) == []


@pytest.mark.parametrize(
    "change",
    [
        replace("print(seven)", SEQUENTIAL),
        replace("print(seven)", "\n\n".join(LONG.split("\n")[:12])),
        long_solution(12),
        replace("Look.", 'The set $\\{a\\}$ and $x_{i}$`code`, f-strings such as `f"{name}"`.'),
        replace("Look.", "```python\n# a comment, no heading\n(here)=\n```"),
        replace("Look.", "Half of it, 1/2, or and/or; see https://example.org/home/page."),
        replace("Look.", "An index into a call, `f[a](b)`, is no link."),
    ],
    ids=range(7),
)
def test_what_is_allowed(change: Callable[[Chapter], None]) -> None:
    chapter = sound()
    change(chapter)
    assert [complaint for check in CHECKS for complaint in check(chapter)] == []
