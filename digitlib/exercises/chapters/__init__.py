"""The exercises, a file for each chapter: questions, gradings, hints, and the cases that prove them."""

from __future__ import annotations

from functools import cache
from importlib import import_module

from digitlib.exercises.exercise import Exercise

CHAPTERS = {
    "00_arrays": "arrays",
    "01_exploring": "exploring",
    "02_learning": "learning",
    "03_layers": "layers",
    "04_adam": "adam",
    "05_filters": "filters",
    "06_errors": "errors",
    "07_ingredients": "ingredients",
    "08_tuning": "tuning",
    "09_your_own_digits": "your_own_digits",
    "10_in_your_browser": "in_your_browser",
    "race": "race",
}
"""For each chapter's file the module with its exercises."""


@cache
def of_chapter(chapter: str) -> tuple[Exercise, ...]:
    """List the exercises of a chapter in their order.

    Parameters
    ----------
    chapter
        The chapter's file without its ending, such as "03_layers".

    Raises
    ------
    ValueError
        If there is no such chapter.
    """
    if chapter not in CHAPTERS:
        raise ValueError(f"there is no chapter {chapter!r} with exercises: there are {', '.join(CHAPTERS)}")
    return import_module(f"digitlib.exercises.chapters.{CHAPTERS[chapter]}").EXERCISES


def find(name: str) -> Exercise:
    """Find an exercise by its name.

    Raises
    ------
    ValueError
        If there is none.
    """
    every = {exercise.name: exercise for chapter in CHAPTERS for exercise in of_chapter(chapter)}
    if not isinstance(name, str) or name not in every:
        known = ", ".join(every)
        raise ValueError(f"there is no exercise {name!r}: copy its name from the chapter's cell. There are {known}")
    return every[name]
