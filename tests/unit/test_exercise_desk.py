"""The desk: what a student sees of a check, and that whatever they hand in, the notebook goes on."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from digitlib import exercises, work
from digitlib.exercises import answers
from digitlib.exercises.cards import Card
from digitlib.exercises.chapters import find, of_chapter
from digitlib.exercises.exercise import COMMON, Mistake
from digitlib.exercises.grading import judge
from digitlib.exercises.limits import RunsOn, TimeUp, run_limited

TURN = "half-a-turn"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in a folder of one's own, outside of the strict runs in which nothing is kept."""
    monkeypatch.delenv("DIGITLIB_STRICT", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def mistake_of(read: Callable[..., Any], *arguments: Any) -> str:
    with pytest.raises(Mistake) as found:
        read(*arguments)
    assert COMMON[found.value.name].format(**found.value.given)
    return found.value.name


# ---------------------------------------------------------------------------------------------------- the verdict
def test_a_right_answer(folder: Path) -> None:
    card = exercises.check(TURN, lambda image: image[::-1, ::-1])
    assert card.solved
    assert repr(card) == "✓ half-a-turn: Right."
    assert work.solved() == {TURN}


def test_a_wrong_answer_gets_the_hint_for_its_mistake(folder: Path) -> None:
    card = exercises.check(TURN, lambda image: image[:, ::-1])
    assert not card.solved
    assert repr(card).startswith("✗ half-a-turn: Left and right are exchanged")
    assert work.load()["exercises"][TURN]["mistakes"] == {"mirror": 1}
    assert work.solved() == set()


def test_an_open_exercise_is_not_counted(folder: Path) -> None:
    card = exercises.check(TURN, ...)
    assert repr(card) == "○ half-a-turn: not yet. Put your answer in place of the dots and run the cell again."
    assert work.load()["exercises"] == {}


def test_the_books_own_solution_is_not_counted(folder: Path) -> None:
    exercises.check(TURN, lambda image: image[::-1, ::-1], count=False)
    assert work.load()["exercises"] == {}


def test_solved_stays_solved(folder: Path) -> None:
    exercises.check(TURN, lambda image: image[::-1, ::-1])
    exercises.check(TURN, lambda image: image)
    assert work.solved() == {TURN}
    assert work.load()["exercises"][TURN]["attempts"] == 2


def test_nothing_is_kept_while_chapters_are_stored(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIGITLIB_STRICT", "1")
    exercises.check(TURN, lambda image: image[::-1, ::-1])
    assert list(folder.iterdir()) == []
    assert repr(exercises.badge("00_arrays")).startswith("0 of 7 solved")


def test_the_verdict_is_there_even_if_it_cannot_be_kept(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "WORK_FILE", "no-such-folder/work.json")
    card = exercises.check(TURN, lambda image: image[::-1, ::-1])
    assert card.solved
    assert repr(card).startswith("✓ half-a-turn: Right. (This attempt could not be kept: ")


@pytest.mark.parametrize("name", ["half-turn", "", None, 3, ["half-a-turn"]])
def test_an_unknown_exercise_is_named(name: object) -> None:
    with pytest.raises(ValueError, match=r"there is no exercise .* copy its name .* half-a-turn"):
        exercises.check(name, 1)


def test_an_unknown_chapter_is_named() -> None:
    with pytest.raises(ValueError, match=r"no chapter '3' .* 03_layers"):
        exercises.badge("3")


# ---------------------------------------------------------------------------------------------- hints and badges
def test_hints_come_in_steps_and_the_solution_last(folder: Path) -> None:
    steps = [exercises.hint(TURN) for _ in range(5)]
    exercise = find(TURN)
    assert [repr(step) for step in steps[:3]] == [f"Hint {n} of 3: {exercise.hints[n - 1]}" for n in (1, 2, 3)]
    assert [step.is_solution for step in steps] == [False, False, False, True, True]
    assert exercise.solution in repr(steps[3])
    assert work.load()["exercises"][TURN]["hints"] == 4


def test_the_badge_counts_what_is_solved(folder: Path) -> None:
    assert repr(exercises.badge("00_arrays")).startswith("0 of 7 solved")
    exercises.check(TURN, lambda image: image[::-1, ::-1])
    badge = repr(exercises.badge("00_arrays"))
    assert badge.startswith("1 of 7 solved")
    assert "✓ half-a-turn" in badge
    assert "○ what-the-lie-costs" in badge


# ------------------------------------------------------------------------------------------------ how it is shown
def shown(card: Card) -> dict[str, Any]:
    return card._repr_mimebundle_()


def live(card: Card) -> Any:
    """Return the widget that a live notebook shows."""
    return card._live()


def test_a_card_escapes_what_it_was_given(folder: Path) -> None:
    card = exercises.check("the-odd-subtraction", "<script>alert(1)</script>")
    assert "<script>" not in shown(card)["text/html"]
    assert "&lt;script&gt;" in shown(card)["text/html"]
    assert "<script>" not in "".join(str(child.value) for child in live(card).children if hasattr(child, "value"))


def test_the_page_says_how_an_answer_is_checked() -> None:
    assert "rocket button" in shown(exercises.check(TURN, ...))["text/html"]


def test_the_hint_button_goes_step_by_step(folder: Path) -> None:
    card = exercises.check(TURN, lambda image: image)
    asks, verdict, row, hints = live(card).children
    button, attempts = row.children
    assert find(TURN).title in asks.value
    assert 'role="status"' in verdict.value
    assert attempts.value == "1 attempt"
    for number in (1, 2, 3):
        assert button.description == ("Hint" if number == 1 else "Next hint")
        button.click()
        assert f"Hint {number} of 3" in hints.children[-1].value
    assert button.description == "Solution"
    button.click()
    assert "image[::-1, ::-1]" in hints.children[-1].value
    assert button.disabled
    assert len(hints.children) == 4


# --------------------------------------------------------------------------------------------- the student's code
def test_an_error_in_the_students_code_is_shown_with_its_line() -> None:
    source = "def turned(image):\n    side = len(image)\n    return image[side, 0]\n"
    space: dict[str, Any] = {}
    exec(compile(source, "<cell>", "exec"), space)
    verdict = judge(find(TURN), space["turned"])
    assert verdict.mistake == "raises"
    assert "IndexError: index 3 is out of bounds" in verdict.says
    assert "in line 3" in verdict.says


def test_the_line_itself_is_shown_where_it_is_known() -> None:
    def turned(image: np.ndarray) -> np.ndarray:
        return image.turn(180)

    assert "image.turn(180)" in judge(find(TURN), turned).says


def test_code_that_never_ends_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("digitlib.exercises.grading.LIMIT", 0.3)

    def turned(image: np.ndarray) -> np.ndarray:
        while True:
            with suppress(Exception):
                image = image + 1

    running = threading.active_count()
    verdict = judge(find(TURN), turned)
    assert verdict.mistake == "too-slow"
    assert "0.3 seconds" in verdict.says
    assert threading.active_count() == running, "the code still runs"


def test_code_that_cannot_be_stopped_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("digitlib.exercises.limits.GRACE", 0.1)
    end = threading.Event()
    with pytest.raises(RunsOn):
        run_limited(lambda: end.wait(30) and None, 0.1)
    end.set()


def test_what_is_raised_comes_out_and_what_is_printed_does_not(capsys: pytest.CaptureFixture[str]) -> None:
    def speak() -> None:
        print("loud")
        raise ValueError("wrong")

    with pytest.raises(ValueError, match="wrong"):
        run_limited(speak, 5)
    assert capsys.readouterr().out == ""
    assert sys.stdout is not None


@pytest.mark.parametrize("leave", [SystemExit, KeyboardInterrupt, TimeUp])
def test_code_that_ends_the_program_ends_only_itself(leave: type[BaseException]) -> None:
    class Leaves:
        def __array__(self, *_: Any, **__: Any) -> np.ndarray:
            raise leave

    assert judge(find("one-step-to-the-side"), Leaves()).state == "wrong"

    def turned(image: np.ndarray) -> np.ndarray:
        raise leave

    assert judge(find(TURN), turned).state == "wrong"


# ------------------------------------------------------------------------------------------------ reading answers
@pytest.mark.parametrize("answer", [7, 7.0, np.float32(7), np.uint8(7), np.array(7), np.array([[7]]), [7]])
def test_one_number_in_any_form(answer: object) -> None:
    assert answers.number(answer) == answers.whole(answer) == 7


def test_a_tensor_is_a_number_and_an_array() -> None:
    import tensorflow as tf

    assert answers.number(tf.constant(7.0)) == 7
    assert answers.array(tf.zeros([2, 3])).shape == (2, 3)


@pytest.mark.parametrize("answer", ["7", None, True, [7, 8], {7}, 7j, print, np.array(["7"]), [[7], [8, 9]], [None]])
def test_what_is_no_number(answer: object) -> None:
    assert mistake_of(answers.number, answer) == "type"


@pytest.mark.parametrize("answer", [float("nan"), np.inf, np.array(np.nan)])
def test_what_is_not_finite(answer: object) -> None:
    assert mistake_of(answers.number, answer) == "not-finite"


def test_a_fraction_is_not_whole() -> None:
    assert mistake_of(answers.whole, 7.5) == "type"


def test_a_row_of_numbers() -> None:
    assert answers.row((1, 2, 3), 3).tolist() == [1, 2, 3]
    assert mistake_of(answers.row, (1, 2), 3) == "count"
    assert mistake_of(answers.row, [[1, 2]]) == "type"
    assert mistake_of(answers.row, 3) == "type"


def test_an_array_of_a_shape() -> None:
    assert answers.array([[1, 2], [3, 4]], (2, 2)).dtype == np.float64
    assert mistake_of(answers.array, np.zeros((2, 3)), (3, 2)) == "shape"
    assert mistake_of(answers.array, np.array([{}])) == "type"


def test_a_huge_or_endless_answer_is_not_read() -> None:
    assert mistake_of(answers.array, range(10**12)) == "type"
    assert mistake_of(answers.array, iter(int, 1)) == "type"
    assert mistake_of(answers.number, 10**400) == "not-finite"


def test_words_and_truth() -> None:
    assert answers.choice(" Third", "second", "third") == "third"
    assert mistake_of(answers.choice, "fourth", "second", "third") == "choice"
    assert mistake_of(answers.choice, 3, "second", "third") == "type"
    assert answers.truth(np.bool_(True)) is True
    assert mistake_of(answers.truth, 1) == "type"


def test_a_function_is_tried_on_copies() -> None:
    given = np.zeros(3)

    def change(array: np.ndarray) -> np.ndarray:
        array += 1
        return array

    assert mistake_of(answers.function(change), given) == "changes-input"
    assert (given == 0).all()
    assert mistake_of(answers.function(lambda array: None), given) == "gives-nothing"
    assert mistake_of(answers.function(lambda: 1), given) == "signature"
    assert mistake_of(answers.function, 7) == "type"
    assert mistake_of(answers.function, np.ndarray) == "type"


def test_a_network() -> None:
    import keras

    built = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
    assert answers.network(built) is built
    assert mistake_of(answers.network, keras.Sequential([keras.layers.Dense(2)])) == "type"
    assert mistake_of(answers.network, keras.layers.Dense(2)) == "type"


def test_the_desk_does_not_load_tensorflow() -> None:
    code = (
        "import sys; from digitlib import exercises; exercises.badge('00_arrays'); print('tensorflow' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "False", done.stderr
    assert of_chapter("00_arrays")
