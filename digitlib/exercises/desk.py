"""The teacher's desk: takes an answer to an exercise, gives a verdict, a hint, a summary of a chapter."""

from __future__ import annotations

from typing import Any

from digitlib import work
from digitlib.exercises.cards import Badge, Card, Hint
from digitlib.exercises.chapters import find, of_chapter
from digitlib.exercises.grading import judge


def check(name: str, answer: Any, *, count: bool = True) -> Card:
    """Check an answer to an exercise, and say what is wrong with it.

    Parameters
    ----------
    name
        The exercise, as the chapter names it.
    answer
        Whatever the task asks for: a number, an array, a function, a network. `...` counts as no answer yet.
    count
        Whether to keep the attempt in the reader's work. The book's own solutions are not counted.

    Returns
    -------
    Card
        Shows the verdict where the cell's output stands; in a live notebook with a button for hints.

    Raises
    ------
    ValueError
        If there is no exercise of this name.
    """
    exercise = find(name)
    verdict = judge(exercise, answer)
    says = verdict.says
    try:
        if count and verdict.state != "not yet":
            solved = verdict.state == "right"
            work.record_attempt(name, solved=solved, mistake=verdict.mistake, answer=_source_of_the_cell())
        attempts = _kept(name).get("attempts", 0)
    except work.WorkFileError as error:  # the verdict must not be lost with it
        attempts = 0
        says += f" (This attempt could not be kept: {error})"
    return Card(exercise, verdict.state, says, attempts, lambda: hint(name))


def hint(name: str) -> Hint:
    """Give the next hint to an exercise; after the last one, its solution.

    Raises
    ------
    ValueError
        If there is no exercise of this name.
    """
    exercise = find(name)
    step = min(_kept(name).get("hints", 0), len(exercise.hints)) + 1
    work.record_hint(name, step)
    return Hint(exercise, step)


def badge(chapter: str) -> Badge:
    """Sum up a chapter: which of its exercises are solved.

    Parameters
    ----------
    chapter
        The chapter's file without its ending, such as "03_layers".

    Raises
    ------
    ValueError
        If there is no such chapter.
    """
    solved = work.solved()
    return Badge([(exercise, exercise.name in solved) for exercise in of_chapter(chapter)])


def _kept(name: str) -> dict[str, Any]:
    """Look up what the reader's work holds of an exercise; nothing if it was never tried."""
    return work.load()["exercises"].get(name, {})


def _source_of_the_cell() -> str:
    """Return the text of the cell that runs, if this is a notebook, so that an answer is not lost with it."""
    try:
        from IPython import get_ipython
    except ImportError:
        return ""
    shell = get_ipython()
    return shell.user_ns.get("In", [""])[-1] if shell else ""
