"""Every exercise of every chapter: right answers pass, each typical mistake gets its hint, garbage breaks nothing."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np
import pytest
from garbage import Garbage

from digitlib.exercises.chapters import CHAPTERS, of_chapter
from digitlib.exercises.exercise import COMMON, Exercise
from digitlib.exercises.grading import judge

EVERY = {exercise.name: (chapter, exercise) for chapter in CHAPTERS for exercise in of_chapter(chapter)}


@pytest.fixture(params=EVERY)
def exercise(request: pytest.FixtureRequest) -> Exercise:
    return EVERY[request.param][1]


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_a_chapter_has_at_least_four_exercises(chapter: str) -> None:
    assert len(of_chapter(chapter)) >= 4


def test_no_two_exercises_share_a_name() -> None:
    assert len(EVERY) == sum(len(of_chapter(chapter)) for chapter in CHAPTERS) >= 30


def test_the_books_solution_is_right(exercise: Exercise) -> None:
    module = import_module(f"digitlib.exercises.chapters.{CHAPTERS[EVERY[exercise.name][0]]}")
    space = module.given()
    exec(compile(exercise.solution, "solution", "exec"), space)
    verdict = judge(exercise, space["answer"])
    assert verdict.state == "right", verdict.says


def test_other_right_answers_are_right(exercise: Exercise) -> None:
    assert len(exercise.right) >= 2
    verdicts = [judge(exercise, make()) for make in exercise.right]
    assert [verdict.state for verdict in verdicts] == ["right"] * len(verdicts), verdicts


def test_each_typical_mistake_gets_its_own_hint(exercise: Exercise) -> None:
    found = [(name, judge(exercise, make()).mistake) for name, make in exercise.wrong]
    assert [got for _, got in found] == [name for name, _ in found]
    assert len({name for name, _ in found}) >= 4


def test_every_hint_can_be_reached(exercise: Exercise) -> None:
    known = {name for name, _ in exercise.wrong}
    assert exercise.mistakes.keys() <= known
    assert known <= exercise.mistakes.keys() | COMMON.keys()
    assert not exercise.mistakes.keys() & COMMON.keys(), "a common mistake has its own words already"
    assert len(exercise.hints) >= 2


def test_no_hint_for_a_mistake_holds_the_answer(exercise: Exercise) -> None:
    """A right answer that is a number or some numbers must not stand in a verdict, unless it was given."""
    space = import_module(f"digitlib.exercises.chapters.{CHAPTERS[EVERY[exercise.name][0]]}").given()
    exec(compile(exercise.solution, "solution", "exec"), space)
    answer = space["answer"]
    if callable(answer) or isinstance(answer, (str, bool, dict)) or np.size(np.asarray(answer, object)) > 4:
        return
    texts = [str(answer)] if np.ndim(answer) else [f" {answer:.4g} ", f" {answer:.4g}.", f"{answer:.2%}"]
    for _, make in exercise.wrong:
        given = make()
        says = judge(exercise, given).says
        assert not any(text in says for text in texts), says


def test_an_open_exercise_is_neither_right_nor_wrong(exercise: Exercise) -> None:
    def undone(*_: Any) -> None:
        """Later."""
        ...

    for answer in (..., undone, lambda: ...):
        verdict = judge(exercise, answer)
        assert (verdict.state, verdict.mistake) == ("not yet", None)


@pytest.mark.parametrize("count", [60, pytest.param(10_000, marks=pytest.mark.long)])
def test_garbage_is_never_right_and_never_breaks_a_check(exercise: Exercise, count: int) -> None:
    garbage = Garbage(seed=0)
    for number in range(count):
        answer = garbage.answer()
        verdict = judge(exercise, answer)
        assert verdict.state in ("right", "wrong", "not yet")
        assert verdict.says
        if verdict.state == "right":
            assert garbage.might_be_right(answer), f"answer {number}, of type {type(answer)}, passed"


def test_the_words_fit_a_phone(exercise: Exercise) -> None:
    for text in [exercise.asks, *exercise.mistakes.values(), *exercise.hints]:
        assert len(text) <= 300, text
        assert text[0].isupper() or text[0] in "`/#", text
