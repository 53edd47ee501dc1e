"""Read what a student answers: numbers, arrays, functions, networks. What cannot be read is a `Mistake` with a name.

A grading gets anything at all, so it must not trust an answer before one of these functions has read it.
"""

from __future__ import annotations

import linecache
import numbers
import sys
import traceback
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from digitlib.exercises.exercise import Mistake
from digitlib.exercises.limits import TimeUp

if TYPE_CHECKING:
    import keras

MOST_VALUES = 50_000_000  # in an array that is looked at; more would take long and much memory


def number(answer: Any) -> float:
    """Read one number.

    Parameters
    ----------
    answer
        A number of Python or numpy, or an array or tensor that holds a single one.

    Raises
    ------
    Mistake
        "type" if it is something else, such as a text, a truth value or several numbers; "not-finite" for NaN.
    """
    if isinstance(answer, (bool, np.bool_)):
        raise Mistake("type", given=f"the truth value {bool(answer)}", wanted="a number")
    if isinstance(answer, numbers.Real):
        try:
            value = float(answer)
        except OverflowError:
            value = np.inf
    else:
        array = _array(answer, "a number")
        if array.size != 1 or array.dtype == bool:
            raise Mistake("type", given=kind(answer), wanted="a single number")
        value = float(array.reshape(()))
    if not np.isfinite(value):
        raise Mistake("not-finite")
    return value


def whole(answer: Any) -> int:
    """Read one whole number; 24.0 is one, too.

    Raises
    ------
    Mistake
        As `number`, and "type" for a fraction.
    """
    value = number(answer)
    if value != int(value):
        raise Mistake("type", given=f"the number {value:g}", wanted="a whole number")
    return int(value)


def row(answer: Any, count: int | None = None) -> NDArray[np.float64]:
    """Read several numbers in a row: a tuple, a list or an array of one axis.

    Parameters
    ----------
    answer
        What was answered.
    count
        How many there must be, if that is not a part of the question.

    Raises
    ------
    Mistake
        "type" if they are no numbers or not in one row, "count" if there are more or fewer, "not-finite" for NaN.
    """
    values = array(answer)
    if values.ndim != 1:
        raise Mistake("type", given=kind(answer), wanted="several numbers in a row, such as (1, 2, 3)")
    if count is not None and len(values) != count:
        raise Mistake("count", given=len(values))
    return values


def array(answer: Any, shape: tuple[int, ...] | None = None) -> NDArray[np.float64]:
    """Read an array of numbers (truth values count as 0 and 1).

    Parameters
    ----------
    answer
        An array or tensor, or lists of numbers.
    shape
        The shape that it must have, if that is not a part of the question.

    Raises
    ------
    Mistake
        "type" if it holds no numbers, "shape" if its shape differs, "not-finite" for NaN or infinity.
    """
    values = _array(answer, "an array of numbers").astype(np.float64)
    if shape is not None and values.shape != shape:
        raise Mistake("shape", given=values.shape)
    if not np.isfinite(values).all():
        raise Mistake("not-finite")
    return values


def truth(answer: Any) -> bool:
    """Read True or False.

    Raises
    ------
    Mistake
        "type" if it is neither.
    """
    if not isinstance(answer, (bool, np.bool_)):
        raise Mistake("type", given=kind(answer), wanted="True or False")
    return bool(answer)


def choice(answer: Any, *options: str) -> str:
    """Read a word that is one of those to choose from, in small or capital letters.

    Raises
    ------
    Mistake
        "type" if it is no text, "choice" if it is another one.
    """
    if not isinstance(answer, str):
        raise Mistake("type", given=kind(answer), wanted=f"a text in quotes, one of {', '.join(options)}")
    word = answer.strip().lower()
    if word not in options:
        raise Mistake("choice", given=answer[:40], options=", ".join(options))
    return word


def function(answer: Any) -> Callable[..., Any]:
    """Read a function, to be tried on several inputs.

    Returns
    -------
    Callable
        Calls the student's function on copies of the arguments. It raises `Mistake` "raises" or "signature" if that
        fails, "changes-input" if an array is changed by it, and "gives-nothing" if it returns None.

    Raises
    ------
    Mistake
        "type" if it cannot be called.
    """
    if isinstance(answer, type) or not callable(answer):
        raise Mistake("type", given=kind(answer), wanted="a function; give its name, without brackets")

    def tried(*arguments: Any) -> Any:
        copies = [argument.copy() if isinstance(argument, np.ndarray) else argument for argument in arguments]
        try:
            result = answer(*copies)
        except (TimeUp, Mistake):
            raise
        except BaseException as error:  # SystemExit and KeyboardInterrupt, too: they are the student's here
            raise _told(error, answer) from None
        for before, after in zip(arguments, copies, strict=True):
            if isinstance(before, np.ndarray) and not np.array_equal(before, after):
                raise Mistake("changes-input")
        if result is None:
            raise Mistake("gives-nothing")
        return result

    return tried


def network(answer: Any) -> keras.Sequential:
    """Read a Keras network.

    Raises
    ------
    Mistake
        "type" if it is none, or one that has no shapes yet.
    """
    keras = sys.modules.get("keras")  # not loaded yet: then no answer can be a network, and loading takes seconds
    if keras is None or not isinstance(answer, keras.Model):
        raise Mistake("type", given=kind(answer), wanted="a Keras network")
    if not answer.built:
        raise Mistake(
            "type", given="a network that does not know its shapes yet", wanted="one that begins with keras.Input"
        )
    return answer


def recognise(
    given: float | NDArray[np.float64],
    right: float | NDArray[np.float64],
    known: Mapping[str, float | NDArray[np.float64]],
    tolerance: float = 1e-6,
) -> None:
    """Compare an answer that was read with the right one and with the results of known mistakes.

    Parameters
    ----------
    given
        A number or an array, as read by this module.
    right
        What it should be.
    known
        For each mistake's name what comes out if it is made.
    tolerance
        How far off each value may be.

    Raises
    ------
    Mistake
        The first known one whose result was given, else "other". If it is right, nothing happens.
    """
    if same(given, right, tolerance):
        return
    for name, result in known.items():
        if same(given, result, tolerance):
            raise Mistake(name)
    raise Mistake("other")


def in_one_row(results: Iterable[Any]) -> NDArray[np.float64]:
    """Lay several arrays out in one row, each behind its shape, so that all are compared at once.

    Raises
    ------
    Mistake
        "type" if one of them holds no numbers, "not-finite" for NaN or infinity.
    """
    arrays = [array(result) for result in results]
    return np.concatenate([part for values in arrays for part in (values.shape, values.ravel())])


def same(given: Any, other: Any, tolerance: float = 1e-6) -> bool:
    """Whether two numbers or arrays have one shape, and values that differ by at most `tolerance`."""
    given, other = np.asarray(given, np.float64), np.asarray(other, np.float64)
    return given.shape == other.shape and bool((np.abs(given - other) <= tolerance).all())


def kind(answer: Any) -> str:
    """Say in words what an answer is, whatever it is."""
    if answer is None:
        return "None"
    if isinstance(answer, np.ndarray):
        return f"an array of shape {answer.shape} and type {answer.dtype}"
    name = type(answer).__name__
    if isinstance(answer, str):
        return f"the text {str.__str__(answer)[:40]!r}"
    if isinstance(answer, (list, tuple, dict, set)):
        return f"a {name} of {len(answer)} things"
    return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}"


def _array(answer: Any, wanted: str) -> NDArray:
    """Read what numpy can read without guessing: no texts, no objects, nothing that never ends, nothing huge."""
    holds_numbers = isinstance(answer, (np.ndarray, np.generic, list, tuple, range, numbers.Real))
    if not holds_numbers and not hasattr(type(answer), "__array__"):
        raise Mistake("type", given=kind(answer), wanted=wanted)
    if isinstance(answer, (list, range)) and len(answer) > MOST_VALUES:
        raise Mistake("type", given=kind(answer), wanted=f"{wanted}, not so many")
    try:
        values = np.asarray(answer)
    except (ValueError, TypeError, OverflowError):
        raise Mistake(
            "type", given=f"{kind(answer)}, with rows of unequal length or of unequal kind", wanted=wanted
        ) from None
    if values.dtype.kind not in "biuf" or values.size > MOST_VALUES:
        raise Mistake("type", given=kind(answer), wanted=wanted)
    return values


def _told(error: BaseException, student: Any) -> Mistake:
    """Turn an error inside a student's function into a short report: what, and in which of their lines."""
    said = f"{type(error).__name__}: {_text(error)}".rstrip(": ")
    frames = list(traceback.walk_tb(error.__traceback__))
    if len(frames) == 1 and isinstance(error, TypeError):
        return Mistake("signature", error=_text(error))
    file = getattr(getattr(student, "__code__", None), "co_filename", None)
    lines = [line for frame, line in frames if frame.f_code.co_filename == file]
    if not lines:
        return Mistake("raises", error=said, where="")
    source = linecache.getline(file, lines[-1]).strip()
    return Mistake("raises", error=said, where=f", in line {lines[-1]}" + (f": {source[:80]}" if source else ""))


def _text(error: BaseException) -> str:
    """Read an error's words, unless these fail, too."""
    try:
        return str(error).splitlines()[0][:200]
    except Exception:
        return ""
