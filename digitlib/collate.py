"""A class's saved work in tables and figures: ``python -m digitlib.collate FOLDER --out results``.

Every student hands in the file that "Save my work" wrote. The files come from anywhere, so nothing in them is executed
or believed: each is checked as a whole, and what is counted are exercises, mistakes and choices that this book knows.
A file that cannot be used is named in `problems.txt`, and the others are counted all the same.

The tables speak of pseudonyms, never of files, whose names often hold a person's.
"""

from __future__ import annotations

import argparse
import csv
import io
import math
import os
import stat
import sys
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from digitlib import work
from digitlib.exercises.chapters import CHAPTERS, of_chapter
from digitlib.exercises.exercise import COMMON
from digitlib.quizzes import load_quiz, quiz_names

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Row = Sequence[str | int]
NO_PSEUDONYM = "no pseudonym"
FORMULA = tuple("=+-@")  # a spreadsheet would calculate with a cell that begins so
ATTEMPTS = ("1", "2", "3", "4", "5–9", "10+")
MOST_MISTAKES = 8  # bars of a figure
SOLVED = {"color": "#0072b2", "label": "solved"}
NOT_YET = {"color": "white", "edgecolor": "#d55e00", "hatch": "///", "label": "not yet"}


class Problem(NamedTuple):
    """Something about a handed-in file that the teacher should know, and whether the file was left out for it."""

    file: str
    says: str
    left_out: bool


class Task(NamedTuple):
    """An exercise of this book: its chapter's file without the ending, its name and title, the mistakes it knows."""

    chapter: str
    name: str
    title: str
    mistakes: frozenset[str]


class Quiz(NamedTuple):
    """A quiz of this book: its name, and for each question's id the right choice and all of them."""

    name: str
    questions: Mapping[str, tuple[str, tuple[str, ...]]]


def main(arguments: Sequence[str] | None = None) -> int:
    """Read a folder of saved work and write `results.csv`, `exercises.csv`, `questions.csv` and figures.

    Returns
    -------
    int
        0, or 1 if there was no file that could be used.
    """
    parser = argparse.ArgumentParser(prog="python -m digitlib.collate", description="Collate a class's saved work.")
    parser.add_argument("folder", type=Path, help="where the students' files lie, each or in folders of their own")
    parser.add_argument("--out", type=Path, required=True, help="where tables and figures go")
    asked = parser.parse_args(arguments)
    if not asked.folder.is_dir():
        parser.error(f"there is no folder {_printable(str(asked.folder))}")
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # not every terminal knows every letter of a file's name
    students, problems = collect(asked.folder, besides=asked.out)
    try:
        write_results(students, problems, asked.out)
    except PermissionError as error:
        parser.error(f"{error.filename} cannot be written. Is it open in another program?")
    for problem in problems:
        print(f"{problem.file}: {problem.says}")
    left_out = sum(problem.left_out for problem in problems)
    print(f"{len(students)} counted, {left_out} left out. Tables and figures are in {_printable(str(asked.out))}.")
    return 0 if students else 1


# ------------------------------------------------------------------------------------------------ reading the files


def collect(folder: Path, besides: Path | None = None) -> tuple[dict[str, dict[str, Any]], list[Problem]]:
    """Read all saved work in a folder and the folders in it.

    Parameters
    ----------
    folder
        Where the files lie. Links are not followed.
    besides
        A folder to pass over, such as that of the results.

    Returns
    -------
    students : dict
        By pseudonym, what `digitlib.work.checked` gives. Of equal pseudonyms, the second is called "fox (2)".
    problems : list of Problem
        Files that were left out, and what is odd about others.
    """
    students: dict[str, dict[str, Any]] = {}
    problems = []
    for place in _files(folder, besides):
        name = _printable(place.relative_to(folder).as_posix())
        try:
            found = _read(place)
        except work.WorkFileError as error:
            problems.append(Problem(name, f"left out, {_printable(str(error))}", left_out=True))
            continue
        chosen = " ".join(unicodedata.normalize("NFC", found["pseudonym"]).split()) or NO_PSEUDONYM
        student = _free(chosen, students)
        students[student] = found
        if student != chosen or chosen == NO_PSEUDONYM:
            problems.append(Problem(name, f'counted as "{student}", {_why(chosen)}', left_out=False))
        if strange := _strange(found):
            says = f"these are not of this copy of the book and are not counted: {', '.join(strange)}"
            problems.append(Problem(name, says, left_out=False))
    return students, problems


def _files(folder: Path, besides: Path | None) -> Iterator[Path]:
    """List all that lies in a folder, in a stable order, but nothing hidden: systems leave such files of their own."""
    passed_over = besides and besides.resolve()
    for here, folders, files in os.walk(folder):
        inside = [Path(here, name) for name in sorted(folders) if not name.startswith(".")]
        seen = [place for place in inside if place.resolve() != passed_over]
        # A link to a folder, and a folder that is called like a file, are told of by `_read`.
        odd = [place for place in seen if place.is_symlink() or place.suffix.lower() == ".json"]
        folders[:] = [place.name for place in seen if place not in odd]
        yield from sorted([*odd, *(Path(here, name) for name in files if not name.startswith("."))])


def _read(place: Path) -> dict[str, Any]:
    """Read one file of saved work, or say why it is none."""
    if place.suffix.lower() != ".json":
        raise work.WorkFileError("its name does not end in .json, as that of saved work does; unpack zips first")
    try:
        about = place.lstat()
        if stat.S_ISLNK(about.st_mode):
            raise work.WorkFileError("it is a link to another place, which is not followed")
        if not stat.S_ISREG(about.st_mode):
            raise work.WorkFileError("it is a folder or a device, not a file")
        with place.open("rb") as opened:
            data = opened.read(work.LARGEST_FILE + 1)
    except OSError as error:
        raise work.WorkFileError(f"it cannot be read ({error.strerror})") from error
    return work.from_bytes(data)


def _free(chosen: str, taken: Mapping[str, object]) -> str:
    number, name = 1, chosen
    while name in taken:
        number += 1
        name = f"{chosen} ({number})"
    return name


def _why(chosen: str) -> str:
    return "since no pseudonym was chosen" if chosen == NO_PSEUDONYM else "since another file has the same pseudonym"


def _strange(found: dict[str, Any]) -> list[str]:
    """Name the exercises and quizzes that this book does not have: of an older copy, or made up."""
    exercises, known = {task.name for task in tasks()}, {quiz.name for quiz in quizzes()}
    strange = [name for name in found["exercises"] if name not in exercises]
    strange += [f"quiz {name}" for name in found["quizzes"] if name not in known]
    return strange if len(strange) <= 3 else [*strange[:3], f"{len(strange) - 3} more"]


def _printable(text: str) -> str:
    """Replace what could confuse a screen, and cut what is too long."""
    shown = "".join(letter if letter.isprintable() else "?" for letter in text)
    return shown if len(shown) <= 200 else f"{shown[:197]}..."


# --------------------------------------------------------------------------------------------- what the book asks


@cache
def tasks() -> tuple[Task, ...]:
    """List the exercises of this book, in its order."""
    return tuple(
        Task(chapter, exercise.name, exercise.title, frozenset([*exercise.mistakes, *COMMON]))
        for chapter in CHAPTERS
        for exercise in of_chapter(chapter)
    )


@cache
def quizzes() -> tuple[Quiz, ...]:
    """List the quizzes of this book: those of the chapters, then those of its parts."""
    names = sorted(quiz_names(), key=lambda name: name.startswith("part"))
    return tuple(Quiz(name, dict(map(_choices, load_quiz(name)["questions"]))) for name in names)


def _choices(question: Mapping[str, Any]) -> tuple[str, tuple[str, tuple[str, ...]]]:
    """Return a question's id, and its right choice with all of them."""
    texts = tuple(choice["text"] for choice in question["choices"])
    return question["id"], (next(choice["text"] for choice in question["choices"] if choice["right"]), texts)


def tried(entry: Mapping[str, Any] | None) -> bool:
    """Whether an exercise's entry in saved work tells of an attempt."""
    return bool(entry) and (entry["attempts"] > 0 or entry["solved"])


def first_choices(quiz: Quiz, found: Mapping[str, Any]) -> dict[str, str]:
    """Return what a student chose first, for each question of a quiz that was answered."""
    given = found["quizzes"].get(quiz.name, {})
    return {
        question: given[question][0]
        for question, (_, choices) in quiz.questions.items()
        if given.get(question) and given[question][0] in choices
    }


# ------------------------------------------------------------------------------------------------------------- tables


def results_table(students: Mapping[str, dict[str, Any]]) -> list[Row]:
    """Make a row for each student: exercises (solved, attempts, hints) and quizzes (right at first try).

    Only exercises and quizzes that someone has tried have columns.
    """
    asked = [task for task in tasks() if any(tried(found["exercises"].get(task.name)) for found in students.values())]
    posed = [quiz for quiz in quizzes() if any(first_choices(quiz, found) for found in students.values())]
    header = ["pseudonym", "exercises solved", "exercises tried"]
    header += [f"{task.name}: {what}" for task in asked for what in ("solved", "attempts", "hints")]
    for quiz in posed:
        header += [f"quiz {quiz.name}: right at first try of {len(quiz.questions)}", f"quiz {quiz.name}: answered"]
    rows: list[Row] = [header]
    for student, found in students.items():
        entries = [found["exercises"].get(task.name) for task in asked]
        row: list[str | int] = [student, sum(e["solved"] for e in entries if e), sum(map(tried, entries))]
        for entry in entries:
            row += ["yes" if entry["solved"] else "no", entry["attempts"], entry["hints"]] if entry else ["", "", ""]
        for quiz in posed:
            chosen = first_choices(quiz, found)
            row += [sum(quiz.questions[question][0] == choice for question, choice in chosen.items()), len(chosen)]
        rows.append(row)
    return rows


def exercises_table(students: Mapping[str, dict[str, Any]]) -> list[Row]:
    """Make a row for each exercise of the book: how many tried and solved it, and who stumbled over what."""
    rows: list[Row] = [["chapter", "exercise", "title", "tried", "solved", "saw a hint", "most frequent mistakes"]]
    for task in tasks():
        entries = entries_of(task, students)
        mistakes = "; ".join(f"{name} ({count})" for name, count in mistakes_of(task, entries).most_common(3))
        tries, solved = sum(map(tried, entries)), sum(entry["solved"] for entry in entries)
        hints = sum(entry["hints"] > 0 for entry in entries)
        rows.append([task.chapter, task.name, task.title, tries, solved, hints, mistakes])
    return rows


def questions_table(students: Mapping[str, dict[str, Any]]) -> list[Row]:
    """Make a row for each question of the quizzes: how many answered, how many rightly, and the favourite error."""
    rows: list[Row] = [
        ["quiz", "question", "answered", "right at first try", "most frequent wrong choice", "chosen by"]
    ]
    for quiz in quizzes():
        answers = [first_choices(quiz, found) for found in students.values()]
        for question, (right, _) in quiz.questions.items():
            chosen = Counter(answer[question] for answer in answers if question in answer)
            wrong = Counter({choice: count for choice, count in chosen.items() if choice != right})
            worst, count = wrong.most_common(1)[0] if wrong else ("", "")
            rows.append([quiz.name, question, chosen.total(), chosen[right], worst, count])
    return rows


def entries_of(task: Task, students: Mapping[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """Return what the students' files hold of an exercise."""
    return [found["exercises"][task.name] for found in students.values() if task.name in found["exercises"]]


def mistakes_of(task: Task, entries: Sequence[Mapping[str, Any]]) -> Counter[str]:
    """Count the students who made each mistake, however often each of them did."""
    return Counter(name for entry in entries for name, n in entry["mistakes"].items() if n and name in task.mistakes)


def attempts_of(entries: Sequence[Mapping[str, Any]], solved: bool) -> list[int]:
    """Count the students by their attempts, in the classes `ATTEMPTS`; those who solved it, or those who did not."""
    counts = [0] * len(ATTEMPTS)
    for entry in entries:
        if tried(entry) and entry["solved"] is solved:
            attempts = max(entry["attempts"], 1)
            counts[attempts - 1 if attempts < 5 else 4 if attempts < 10 else 5] += 1
    return counts


# ------------------------------------------------------------------------------------------------------------ figures


def draw_exercise(task: Task, entries: Sequence[Mapping[str, Any]]) -> Figure:
    """Draw how many attempts the students needed for an exercise, and which mistakes they made."""
    from matplotlib.figure import Figure

    mistakes = mistakes_of(task, entries).most_common(MOST_MISTAKES)
    figure = Figure(figsize=(9, 1.6 + 0.32 * max(len(mistakes), 5)), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(3, 4))
    figure.suptitle(f"{task.title} ({task.chapter})")
    solved, unsolved = attempts_of(entries, True), attempts_of(entries, False)
    left.bar(ATTEMPTS, solved, **SOLVED)
    left.bar(ATTEMPTS, [count or math.nan for count in unsolved], bottom=solved, **NOT_YET)
    left.set(xlabel="attempts", ylabel="students")
    figure.legend(frameon=False, loc="outside lower left", ncols=2)
    names = [name for name, _ in reversed(mistakes)]
    right.barh(names, [count for _, count in reversed(mistakes)], color="#5a5a5a")
    right.set(xlabel="students with this mistake" if mistakes else "no mistake was recognised")
    for axis, scale in ((left, left.yaxis), (right, right.xaxis)):
        scale.get_major_locator().set_params(integer=True)
        axis.spines[["top", "right"]].set_visible(False)
    return figure


def draw_overview(rows: Sequence[tuple[Task, int, int]], students: int) -> Figure:
    """Draw for each exercise, with the numbers that tried and solved it, how far the class has come."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 1.8 + 0.3 * len(rows)), layout="constrained")
    axis = figure.subplots()
    places = range(len(rows))
    solved, unsolved = [s for _, _, s in rows], [t - s for _, t, s in rows]
    axis.barh(places, solved, **SOLVED)
    axis.barh(places, [count or math.nan for count in unsolved], left=solved, **NOT_YET)
    axis.set_yticks(places, [f"{task.name} ({task.chapter})" for task, _, _ in rows])
    for place, (_, tries, right) in enumerate(rows):
        axis.annotate(f"{right} of {tries}", (tries, place), (4, 0), textcoords="offset points", va="center")
    axis.invert_yaxis()
    axis.set(xlabel="students", xlim=(0, max(students, 1) * 1.1), title=f"Exercises, {students} students")
    axis.xaxis.get_major_locator().set_params(integer=True)
    figure.legend(frameon=False, loc="outside lower right", ncols=2)
    axis.spines[["top", "right"]].set_visible(False)
    return figure


# ------------------------------------------------------------------------------------------------------------ writing


def write_results(students: Mapping[str, dict[str, Any]], problems: Sequence[Problem], out: Path) -> None:
    """Write tables, figures with the same in words, and the list of problems into a folder.

    Figures of exercises that nobody tried, from an earlier call, are taken away.
    """
    figures = out / "figures"
    figures.mkdir(parents=True, exist_ok=True)
    for name, rows in (
        ("results", results_table(students)),
        ("exercises", exercises_table(students)),
        ("questions", questions_table(students)),
    ):
        _write(out / f"{name}.csv", csv_text(rows).encode("utf-8-sig"))  # the mark tells spreadsheets that it is UTF-8
    listed = [f"{problem.file}: {problem.says}" for problem in problems] or ["Nothing: every file was counted."]
    _write(out / "problems.txt", _lines(listed))
    counts = []
    for task in tasks():
        entries = entries_of(task, students)
        tries, solved = sum(map(tried, entries)), sum(entry["solved"] for entry in entries)
        picture = figures / f"{task.name}.png"
        if tries:
            counts.append((task, tries, solved))
            _write(picture, _png(draw_exercise(task, entries)))
            _write(picture.with_suffix(".txt"), _lines(_exercise_in_words(task, entries)))
        else:
            picture.unlink(missing_ok=True)
            picture.with_suffix(".txt").unlink(missing_ok=True)
    overview = out / "overview.png"
    if counts:
        _write(overview, _png(draw_overview(counts, len(students))))
    else:
        overview.unlink(missing_ok=True)
    told = [f"{task.name} ({task.chapter}): solved by {solved} of {tries} who tried" for task, tries, solved in counts]
    _write(overview.with_suffix(".txt"), _lines([f"Exercises, {len(students)} students", "", *told]))


def csv_text(rows: Sequence[Row]) -> str:
    """Write a table as CSV that a spreadsheet shows and does not calculate with."""
    text = io.StringIO()
    csv.writer(text).writerows([[_cell(value) for value in row] for row in rows])
    return text.getvalue()


def _cell(value: str | int) -> str | int:
    if not isinstance(value, str):
        return value
    shown = "".join(letter for letter in value if letter.isprintable())
    return f"'{shown}" if shown.lstrip().startswith(FORMULA) else shown


def _exercise_in_words(task: Task, entries: Sequence[Mapping[str, Any]]) -> list[str]:
    """Say what the exercise's figure shows."""
    solved, unsolved = attempts_of(entries, True), attempts_of(entries, False)
    lines = [f"{task.title} ({task.chapter}): {task.name}", "", f"{'attempts':12} {'solved':>8} {'not yet':>8}"]
    lines += [f"{name:12} {one:8} {other:8}" for name, one, other in zip(ATTEMPTS, solved, unsolved, strict=True)]
    mistakes = mistakes_of(task, entries).most_common(MOST_MISTAKES)
    lines += ["", "Students with each mistake:" if mistakes else "No mistake was recognised."]
    return lines + [f"{name}: {count}" for name, count in mistakes]


def _lines(lines: Sequence[str]) -> bytes:
    return ("\n".join(lines) + "\n").encode()


def _png(figure: Figure) -> bytes:
    picture = io.BytesIO()
    figure.savefig(picture, format="png", dpi=150, metadata={"Software": None})
    return picture.getvalue()


def _write(file: Path, content: bytes) -> None:
    aside = file.with_name(f"{file.name}.part")
    aside.write_bytes(content)
    aside.replace(file)


if __name__ == "__main__":
    sys.exit(main())
