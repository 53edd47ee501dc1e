"""How a verdict, a hint and a chapter's summary look: in a live notebook, on the page, in plain text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from digitlib.exercises.exercise import Exercise

if TYPE_CHECKING:
    from ipywidgets import Widget

COLOURS = {"right": "#1f9a5d", "wrong": "#c8641b", "not yet": "#888888"}  # the sign says the same
SIGNS = {"right": "✓", "wrong": "✗", "not yet": "○"}
LIVE = "Your answer is checked when you run this chapter: start it with the rocket button at the top, or at home."


class Card:
    """An exercise with its verdict; live, with the number of attempts and a button for hints.

    Parameters
    ----------
    exercise
        The exercise.
    state, says
        The verdict, as `digitlib.exercises.desk.Verdict` holds it.
    attempts
        How many answers were checked so far.
    next_hint
        Gives the next hint, and keeps in mind that it was given.
    """

    def __init__(self, exercise: Exercise, state: str, says: str, attempts: int, next_hint: Callable[[], Hint]) -> None:
        self.exercise, self.state, self.says = exercise, state, says
        self._attempts, self._next_hint = attempts, next_hint

    @property
    def solved(self) -> bool:
        """Whether the answer was right."""
        return self.state == "right"

    def __repr__(self) -> str:
        """Return the verdict in one line."""
        verdict = "not yet. " if self.state == "not yet" else ""
        return f"{SIGNS[self.state]} {self.exercise.name}: {verdict}{self.says}"

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        from digitlib.labs.choices import view

        return {"text/plain": repr(self), "text/html": self._html(), **view(self._live())}

    def _html(self) -> str:
        """Write what the book's page shows in place of the live card."""
        how = f" <small>{LIVE}</small>" if self.state == "not yet" else ""
        text = escape(repr(self))
        return f'<p class="exercise-card exercise-{self.state.replace(" ", "-")}">{text}{how}</p>'

    def _live(self) -> Widget:
        from ipywidgets import HTML, Button, HBox, Label, VBox

        asks = HTML(f"<p><b>{escape(self.exercise.title)}.</b> {escape(self.exercise.asks)}</p>")
        look = f"border-left: 4px solid {COLOURS[self.state]}; padding-left: 0.6em; line-height: 1.5"
        verdict = HTML(f'<div role="status" style="{look}">{escape(repr(self))}</div>')
        shown = VBox([])
        more = Button(description="Hint", tooltip=f"The next hint to {self.exercise.name}")
        attempts = Label("1 attempt" if self._attempts == 1 else f"{self._attempts} attempts")

        def step(_: Button) -> None:
            given = self._next_hint()
            shown.children = [*shown.children, HTML(given.html())]
            more.disabled = given.is_solution
            more.description = given.next_name

        more.on_click(step)
        return VBox([asks, verdict, HBox([more, attempts]), shown])


class Hint:
    """One step towards an answer. After the last hint comes the solution."""

    def __init__(self, exercise: Exercise, step: int) -> None:
        self.exercise, self.step = exercise, step

    @property
    def is_solution(self) -> bool:
        """Whether nothing comes after it."""
        return self.step > len(self.exercise.hints)

    @property
    def next_name(self) -> str:
        """What the button for the step after this one is called."""
        return "Solution" if self.step >= len(self.exercise.hints) else "Next hint"

    def __repr__(self) -> str:
        """Return the step in plain text."""
        if self.is_solution:
            return f"Solution of {self.exercise.name}:\n{self.exercise.solution}"
        return f"Hint {self.step} of {len(self.exercise.hints)}: {self.exercise.hints[self.step - 1]}"

    def html(self) -> str:
        """Write the step for a live card."""
        if self.is_solution:
            return f"<p><b>Solution</b></p><pre>{escape(self.exercise.solution)}</pre>"
        return f"<p>{escape(repr(self))}</p>"


class Badge:
    """How many of a chapter's exercises are solved, and below it which."""

    def __init__(self, exercises: Sequence[tuple[Exercise, bool]]) -> None:
        self.exercises = list(exercises)

    def __repr__(self) -> str:
        """Return the sum, and a line for each exercise."""
        done = sum(solved for _, solved in self.exercises)
        each = [f"{'✓' if solved else '○'} {exercise.name}" for exercise, solved in self.exercises]
        return "\n".join([f"{done} of {len(self.exercises)} solved", *each])
