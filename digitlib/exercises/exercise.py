"""What an exercise is: its question, its grading, its hints, and the cases that prove the grading."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Case = Callable[[], Any]
"""Makes an answer when it is called, so that nothing is computed before a test wants it."""


@dataclass(frozen=True)
class Exercise:
    """One exercise, as a chapter's file in `digitlib.exercises.chapters` lists it.

    Attributes
    ----------
    name
        What `digitlib.exercises.check` is called with, such as "half-a-turn".
    title
        As the chapter heads it, without its number.
    asks
        What kind of answer is wanted, in one sentence, such as "A function that takes a picture and gives it back."
    grade
        Called with the answer; returns if it is right, and raises `Mistake` if not.
    mistakes
        For each name of a `Mistake` of this exercise the hint that it gets. "other" is what stands for all that is not
        known. The names in `COMMON` need not be listed.
    hints
        Steps towards the answer, from a nudge to nearly there. After the last one comes the solution.
    solution
        Python source as the chapter's folded cell holds it. It sets `answer`, and may use what the chapter has defined.
    right
        At least two more right answers, unlike the solution.
    wrong
        At least four typical wrong answers, each with the name of the mistake that must be found in it.
    trains
        Whether the check trains a network, and so takes up to 15 seconds.
    """

    name: str
    title: str
    asks: str
    grade: Callable[[Any], None]
    mistakes: Mapping[str, str]
    hints: tuple[str, ...]
    solution: str
    right: tuple[Case, ...]
    wrong: tuple[tuple[str, Case], ...]
    trains: bool = False

    def explain(self, mistake: Mistake) -> str:
        """Return the hint for a mistake, with what was given filled in."""
        text = self.mistakes.get(mistake.name) or COMMON[mistake.name]
        return text.format(**mistake.given)


class Mistake(Exception):
    """An answer is wrong in a way that has a name.

    Parameters
    ----------
    name
        A name from the exercise's `mistakes`, or from `COMMON`.
    **given
        What its hint speaks of: values for the names in braces.
    """

    def __init__(self, name: str, **given: object) -> None:
        super().__init__(name)
        self.name = name
        self.given = given


COMMON: Mapping[str, str] = {
    "type": "The answer is {given}, but should be {wanted}.",
    "count": "The answer holds {given} numbers; another count is wanted. Read the task once more.",
    "shape": "The array has the shape {given}. Which axes should the answer have, and how long is each?",
    "not-finite": "There is a value in it that is not a finite number (NaN or infinity). Is something divided by zero?",
    "choice": "The answer {given!r} is none of those to choose from: {options}.",
    "raises": "Your code stops with an error: {error}{where}. (It was tried on inputs of the check's own.)",
    "signature": "The function cannot be called as the task says: {error}. Compare its arguments with the task.",
    "gives-nothing": "The function gives back None. Does it end with a return?",
    "changes-input": "The function changes the array that it is given, which its caller still needs: work on a copy.",
    "too-slow": "It was stopped after {seconds} seconds. Does a loop never end?",
    "runs-on": "It did not end after {seconds} seconds, and could not be stopped: restart the kernel, and look for a "
    "loop that never ends.",
    "unreadable": "The answer cannot be read: {error}. Wanted: {asks}",
}
"""Mistakes that can happen in any exercise."""
