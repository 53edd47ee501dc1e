"""Grade an answer, whatever it is: right, wrong in a way that has a name, or not given yet."""

from __future__ import annotations

import dis
import inspect
from dataclasses import dataclass
from typing import Any, Literal

from digitlib.exercises.exercise import Exercise, Mistake
from digitlib.exercises.limits import RunsOn, TimeUp, run_limited

LIMIT, LIMIT_OF_A_TRAINING = 5, 60  # seconds
UNSOLVED = "Put your answer in place of the dots and run the cell again."


@dataclass(frozen=True)
class Verdict:
    """What the desk says of an answer."""

    state: Literal["right", "wrong", "not yet"]
    says: str
    """The verdict in words; for a wrong answer the hint for what is wrong with it."""
    mistake: str | None = None
    """The name of the mistake, if it is wrong."""


def judge(exercise: Exercise, answer: Any) -> Verdict:
    """Look at any answer whatever, in limited time; never fail."""
    if _is_open(answer):
        return Verdict("not yet", UNSOLVED)
    seconds = LIMIT_OF_A_TRAINING if exercise.trains else LIMIT
    try:
        run_limited(lambda: exercise.grade(answer), seconds)
    except Mistake as found:
        mistake = found
    except TimeUp:
        mistake = Mistake("too-slow", seconds=seconds)
    except RunsOn:
        mistake = Mistake("runs-on", seconds=seconds)
    except Exception as error:  # an answer whose own methods fail
        mistake = Mistake("unreadable", error=type(error).__name__, asks=exercise.asks)
    else:
        return Verdict("right", "Right.")
    return Verdict("wrong", exercise.explain(mistake), mistake.name)


def _is_open(answer: Any) -> bool:
    """Whether it is `...`, or a function that holds nothing but `...`, `pass` or a description."""
    if answer is ...:
        return True
    if not inspect.isfunction(answer):
        return False
    return all(step.opname == "RESUME" or step.argval in (None, ...) for step in dis.get_instructions(answer))
