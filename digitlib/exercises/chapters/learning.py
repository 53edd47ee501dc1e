"""Exercises of the chapter *Learning from mistakes*."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitlib.exercises.answers import array, function, kind, recognise, row, same
from digitlib.exercises.digits import training_digits
from digitlib.exercises.exercise import Exercise, Mistake


def given() -> dict[str, Any]:
    """Return what the chapter has defined when its exercises begin, as far as the solutions use it."""
    return {"np": np, "softmax": _softmax}


def _softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


# --------------------------------------------------------------------------------------------- three scores by hand

THREE = np.array([3.0, 1.0, 1.0])
BY_HAND = _softmax(THREE)
LOSSES = -np.log(BY_HAND[:2])


def _check_three_scores(answer: Any) -> None:
    values = row(answer, 5)
    for found, right, known in ((values[:3], BY_HAND, _FALSE_PROBABILITIES), (values[3:], LOSSES, _FALSE_LOSSES)):
        # On paper with a calculator: two decimals are enough, and of large numbers as many digits.
        recognise(found, right, known, tolerance=0.006 * max(1.0, float(np.abs(found).max())))


_FALSE_PROBABILITIES = {
    "divided": THREE / THREE.sum(),
    "subtracted": np.array([1.0, 0.0, 0.0]),
    "powers": np.exp(THREE - 1),
    "base-two": np.array([2 / 3, 1 / 6, 1 / 6]),
    "per-cent": 100 * BY_HAND,
}
_FALSE_LOSSES = {
    "exchanged": LOSSES[::-1],
    "sign": -LOSSES,
    "log-ten": LOSSES / np.log(10),
    "log-two": LOSSES / np.log(2),
    "error": 1 - BY_HAND[:2],
    "signed-error": BY_HAND[:2] - 1,
}


def _three(probabilities: NDArray, losses: NDArray = LOSSES) -> NDArray[np.float64]:
    return np.concatenate([probabilities, losses])


THREE_SCORES = Exercise(
    name="three-scores-by-hand",
    title="Three scores by hand",
    asks="Five numbers with two decimals: the three probabilities, the loss if the 0 is right, the loss if the 1 is right.",
    grade=_check_three_scores,
    mistakes={
        "divided": "The scores themselves are divided by their sum. With scores below zero that would fail: raise e to each "
        "of them first.",
        "subtracted": "After the subtraction, e is still to be raised to each score. And what is e to the power 0?",
        "powers": "These are the powers. They do not add up to 1 yet.",
        "base-two": "Two is raised to the scores here. The base of softmax is e = 2.718.",
        "per-cent": "Leave the probabilities as numbers from 0 to 1.",
        "exchanged": "The two losses are exchanged. Is it the sure and right answer that costs more?",
        "sign": "A loss is a penalty and not negative: the logarithm has a minus sign before it.",
        "log-ten": "That is the logarithm to base ten, on many calculators the key 'log'. The loss takes the one to base e, "
        "the key 'ln'.",
        "log-two": "That is the logarithm to base two. The loss takes the one to base e.",
        "error": "That is what is missing to 1. The loss takes a logarithm of the probability instead.",
        "signed-error": "That is given minus due, the slope. The loss is minus the logarithm of a probability.",
        "other": "Not all five are right yet. The three probabilities must add up to 1; each loss is minus the ln of one of "
        "them.",
    },
    hints=(
        "Take 1 away from all three scores: only differences count.",
        "Raise e to each, add up the three powers, divide each by the sum.",
        "The loss needs one probability only: that of the right digit. Which is it in either case?",
    ),
    solution="""\
# Take 1 away from all: scores 2, 0, 0. Powers 7.39, 1, 1; their sum is 9.39.
# Probabilities 0.787, 0.107, 0.107; losses -ln 0.787 and -ln 0.107.
by_hand = softmax(np.array([3.0, 1.0, 1.0]))
answer = [*by_hand, -np.log(by_hand[0]), -np.log(by_hand[1])]""",
    right=(lambda: (0.79, 0.11, 0.11, 0.24, 2.24), lambda: np.array([0.787, 0.107, 0.107, 0.239, 2.239])),
    wrong=(
        *((name, lambda found=found: _three(found)) for name, found in _FALSE_PROBABILITIES.items()),
        *((name, lambda found=found: _three(BY_HAND, found)) for name, found in _FALSE_LOSSES.items()),
        ("other", lambda: (0.8, 0.1, 0.1, 0.2, 2.3)),
        ("count", lambda: BY_HAND),
        ("type", lambda: 0.787),
        ("type", lambda: "0.79, 0.11, 0.11"),
    ),
)

# ------------------------------------------------------------------------------------------------- given minus due

SCORES = (
    (np.array([2.0, 1.0, 0.0]), 0),
    (np.array([3.0, 1.0, 1.0]), 1),
    (np.array([-1.0, 0.5, 0.0, 2.0]), 2),
    (np.array([0.3, -2.0, 1.1, 0.0, 0.4, 3.0, -0.7, 0.9, 2.5, -1.5]), 8),
)
HIGH_SCORES = np.array([1001.0, 1000.0, 998.0])


def _check_slopes(answer: Any) -> None:
    slopes = function(answer)
    results = [array(slopes(scores, label), scores.shape) for scores, label in SCORES]
    recognise(
        np.concatenate(results),
        np.concatenate([_slopes(scores, label) for scores, label in SCORES]),
        {name: np.concatenate([wrong(*pair) for pair in SCORES]) for name, wrong in _FALSE_SLOPES.items()},
        tolerance=1e-5,
    )
    try:
        high = array(slopes(HIGH_SCORES, 1))
    except Mistake as found:
        raise Mistake("overflow") if found.name == "not-finite" else found from None
    recognise(high, _slopes(HIGH_SCORES, 1), {}, tolerance=1e-5)


def _target(scores: NDArray, label: int) -> NDArray[np.float64]:
    return np.eye(len(scores))[label]


def _slopes(scores: NDArray, label: int) -> NDArray[np.float64]:
    return _softmax(scores) - _target(scores, label)


def _without_subtracting(scores: NDArray, label: int) -> NDArray[np.float64]:
    with np.errstate(over="ignore", invalid="ignore"):
        powers = np.exp(scores)
        return powers / powers.sum() - _target(scores, label)


def _in_place(scores: NDArray, label: int) -> NDArray[np.float64]:
    scores -= scores.max()
    return _slopes(scores, label)


_FALSE_SLOPES: dict[str, Callable[[NDArray, int], NDArray]] = {
    "due-minus-given": lambda scores, label: -_slopes(scores, label),
    "no-target": lambda scores, label: _softmax(scores),
    "no-softmax": lambda scores, label: scores - _target(scores, label),
    "of-the-highest": lambda scores, label: _slopes(scores, int(scores.argmax())),
    "place-before": lambda scores, label: _slopes(scores, label - 1),
    "no-sign": lambda scores, label: np.abs(_slopes(scores, label)),
    "only-right": lambda scores, label: _target(scores, label) * _slopes(scores, label),
    "averaged": lambda scores, label: _slopes(scores, label) / len(scores),
    "logarithms": lambda scores, label: -np.log(_softmax(scores)),
}

GIVEN_MINUS_DUE = Exercise(
    name="given-minus-due",
    title="Given minus due",
    asks="A function slopes(scores, label): for each of the scores, an array of one axis, the slope of the loss. label is "
    "the place of the right one.",
    grade=_check_slopes,
    mistakes={
        "due-minus-given": "Every sign is turned round. If the right score rises, does the loss rise?",
        "no-target": "These are the probabilities that were given. What was due is still to be taken away.",
        "no-softmax": "The scores are compared with the target. Turn them into probabilities first.",
        "of-the-highest": "It takes the highest score for the right one. The label says which is right.",
        "place-before": "The 1 of the target stands one place too early. Places are counted from 0.",
        "no-sign": "The sign is lost, and with it the direction: the slope of the right score is negative.",
        "only-right": "The others have slopes, too: their scores take probability away from the right one.",
        "averaged": "Divided by the number of scores. The mean is for several pictures; this is a single one.",
        "logarithms": "These are the losses that each answer would cost. The slopes contain no logarithm.",
        "overflow": "For scores such as 1001, 1000, 998 it gives no numbers: e to the 1001 is too large for the computer. "
        "What does the chapter subtract first?",
        "other": "Compare with the chapter: for the scores 2, 1, 0 and the first one right, the slopes are -0.335, 0.245 and "
        "0.090.",
    },
    hints=(
        "The chapter found the slopes for a score without nudging. In how many words?",
        "Which probability was due for the right digit? And for all others?",
        "Take the softmax of the scores, and take 1 away in one place.",
    ),
    solution="""\
# The probabilities that were given, minus those that were due: 1 for the right digit, 0 for the others.
def slopes(scores, label):
    due = np.zeros(len(scores))
    due[label] = 1
    return softmax(scores) - due

answer = slopes""",
    right=(
        lambda: lambda s, label: _softmax(s) - (np.arange(len(s)) == label),
        lambda: lambda s, label: [1 / np.exp(s - each).sum() - (i == label) for i, each in enumerate(s)],
    ),
    wrong=(
        *((name, lambda wrong=wrong: wrong) for name, wrong in _FALSE_SLOPES.items()),
        ("overflow", lambda: _without_subtracting),
        ("changes-input", lambda: _in_place),
        ("other", lambda: lambda scores, label: 2 * _slopes(scores, label)),
        ("shape", lambda: lambda scores, label: -np.log(_softmax(scores)[label])),
        ("signature", lambda: _softmax),
    ),
)

# ------------------------------------------------------------------------------------------ how many hidden units

UNITS = np.array([4, 16, 64])


def _check_units(answer: Any) -> None:
    recognise(row(answer, 3), 785 * UNITS + 10 * (UNITS + 1), _FALSE_COUNTS, tolerance=0.5)


_FALSE_COUNTS = {
    "no-biases": 784 * UNITS + 10 * UNITS,
    "hidden-biases": 784 * UNITS + 10 * UNITS + 10,
    "last-biases": 785 * UNITS + 10 * UNITS,
    "first-layer": 785 * UNITS,
    "first-weights": 784 * UNITS,
    "second-layer": 10 * UNITS + 10,
    "side": 29 * UNITS + 10 * (UNITS + 1),
    "multiplied": 784 * UNITS * 10,
    "bias-each": 2 * (784 * UNITS + 10 * UNITS),
    "past-the-middle": 785 * UNITS + 10 * (UNITS + 1) + 7840,
}

HOW_MANY_UNITS = Exercise(
    name="how-many-units",
    title="How many hidden units?",
    asks="Three whole numbers: how many parameters the network has with 4, with 16 and with 64 hidden units.",
    grade=_check_units,
    mistakes={
        "no-biases": "These are the weights. Each unit has one number more.",
        "hidden-biases": "The ten biases at the end are counted, those of the hidden units are not.",
        "last-biases": "The biases of the hidden units are counted, those of the ten answers are not.",
        "first-layer": "That is the first layer. A second one leads from the hidden units to the ten answers.",
        "first-weights": "These are the weights of the first layer: its biases and the second layer are missing.",
        "second-layer": "That is the second layer. The first one leads from the pixels to the hidden units.",
        "side": "A picture has more than 28 pixels: that is one row.",
        "multiplied": "Each layer is a table of its own: the two are not multiplied but added up.",
        "bias-each": "A bias belongs to a unit, not to a weight.",
        "past-the-middle": "No weight leads from a pixel straight to an answer: the hidden units stand in between.",
        "other": "Write down the shapes of the four arrays in fresh_network, and count the numbers in each.",
    },
    hints=(
        "Two layers. In each, every unit has a weight for every input, and something more.",
        "A hidden unit has 784 weights and a bias. How many weights has one of the ten answers?",
        "With h hidden units: h units of 785 numbers, and ten of h + 1.",
    ),
    solution="""\
# h units with 784 weights and a bias each, then ten units with h weights and a bias each.
answer = [units * 785 + 10 * (units + 1) for units in (4, 16, 64)]""",
    right=(
        lambda: (3_190, 12_730, 50_890),
        lambda: np.array([784 * units + units + 10 * units + 10 for units in (4, 16, 64)], float),
    ),
    wrong=(
        *((name, lambda counts=counts: counts.tolist()) for name, counts in _FALSE_COUNTS.items()),
        ("other", lambda: (3_190, 12_730, 50_980)),
        ("count", lambda: (50_890, 3_190)),
        ("type", lambda: 50_890),
    ),
)

# ---------------------------------------------------------------------------------------------- how long is a step

# Of each valley its slope, a start, a learning rate and a number of steps.
VALLEYS: tuple[tuple[Callable[[float], float], float, float, int], ...] = (
    (lambda place: 2 * place, 1.0, 0.1, 5),
    (lambda place: 2 * place, 1.0, 0.9, 4),
    (lambda place: 4 * (place - 3) ** 3, 2.0, 0.05, 6),
    (lambda place: float(np.sin(place)) + 0.5, -1.0, 0.3, 3),
)


def _check_descent(answer: Any) -> None:
    descend = function(answer)
    results = []
    for valley in VALLEYS:
        places = array(descend(*valley))
        if places.size == 1:
            raise Mistake("only-the-end")
        results.append(row(places))
    recognise(
        np.concatenate(results),
        np.concatenate([_descend(*valley) for valley in VALLEYS]),
        {name: np.concatenate([wrong(*valley) for valley in VALLEYS]) for name, wrong in _FALSE_DESCENTS.items()},
        tolerance=1e-6,
    )


def _descend(slope: Callable[[float], float], start: float, rate: float, steps: int) -> NDArray[np.float64]:
    places = [start]
    for _ in range(steps):
        places.append(places[-1] - rate * slope(places[-1]))
    return np.array(places)


def _always_from_the_start(slope: Callable[[float], float], start: float, rate: float, steps: int) -> NDArray:
    return start - rate * slope(start) * np.arange(steps + 1)


def _times_the_place(slope: Callable[[float], float], start: float, rate: float, steps: int) -> NDArray[np.float64]:
    place, places = start, [start]
    for _ in range(steps):
        place = place - rate * slope(place) * place
        places.append(place)
    return np.array(places)


_FALSE_DESCENTS: dict[str, Callable[..., NDArray]] = {
    "uphill": lambda slope, start, rate, steps: _descend(lambda place: -slope(place), start, rate, steps),
    "no-rate": lambda slope, start, rate, steps: _descend(slope, start, 1.0, steps),
    "old-slope": _always_from_the_start,
    "no-start": lambda *valley: _descend(*valley)[1:],
    "one-less": lambda *valley: _descend(*valley)[:-1],
    "one-more": lambda slope, start, rate, steps: _descend(slope, start, rate, steps + 1),
    "same-length": lambda slope, start, rate, steps: _descend(
        lambda place: float(np.sign(slope(place))), start, rate, steps
    ),
    "slopes": lambda slope, start, rate, steps: np.array([slope(p) for p in _descend(slope, start, rate, steps)]),
}

HOW_LONG_IS_A_STEP = Exercise(
    name="how-long-is-a-step",
    title="How long is a step?",
    asks="A function descend(slope, start, rate, steps) that gives all places on the way, the start first: steps + 1 "
    "numbers. slope is a function, too.",
    grade=_check_descent,
    mistakes={
        "only-the-end": "That is one place. All places on the way are wanted, the start among them.",
        "uphill": "It climbs. A step goes against the slope.",
        "no-rate": "The learning rate is not used: it says how much of the slope becomes a step.",
        "old-slope": "Each step uses the slope at the start. Feel the slope anew at each place.",
        "no-start": "The start is missing in the list.",
        "one-less": "One step too few: with the start there are steps + 1 places.",
        "one-more": "One step too many: with the start there are steps + 1 places.",
        "same-length": "All steps have the same length. Where the slope is steeper, the step is longer.",
        "slopes": "These are the slopes on the way. The places are wanted.",
        "other": "Take the slope 2 * place, the start 1 and the rate 0.1, and work out the first two steps on paper.",
    },
    hints=(
        "Begin with the list [start], and append one place in each step.",
        "The next place is the last one, changed by the rate times the slope there.",
        "The slope at the last place is slope(places[-1]). Which sign?",
    ),
    solution="""\
# Each step goes against the slope at the place where you stand.
def descend(slope, start, rate, steps):
    places = [start]
    for _ in range(steps):
        places.append(places[-1] - rate * slope(places[-1]))
    return places

answer = descend""",
    right=(
        lambda: _descend,
        lambda: lambda slope, start, rate, steps: _recursive(slope, start, rate, steps),
    ),
    wrong=(
        *((name, lambda wrong=wrong: wrong) for name, wrong in _FALSE_DESCENTS.items()),
        ("only-the-end", lambda: lambda *valley: _descend(*valley)[-1]),
        ("other", lambda: _times_the_place),
        ("raises", lambda: lambda slope, start, rate, steps: start - rate * slope),
        ("type", lambda: _descend(*VALLEYS[0])),
        ("signature", lambda: lambda slope, start: [start]),
    ),
)


def _recursive(slope: Callable[[float], float], place: float, rate: float, steps: int) -> list[float]:
    return [place] if steps == 0 else [place, *_recursive(slope, place - rate * slope(place), rate, steps - 1)]


# ----------------------------------------------------------------------------------------------- through the ReLU

# Of each case how many pictures, hidden units and answers.
SIZES = ((5, 7, 10), (3, 4, 2), (1, 6, 3))


@cache
def _layers() -> tuple[tuple[NDArray[np.float64], ...], ...]:
    rng = np.random.default_rng(4)
    return tuple(
        (rng.normal(size=(n, answers)), rng.normal(size=(units, answers)), np.maximum(rng.normal(size=(n, units)), 0))
        for n, units, answers in SIZES
    )


def _check_hidden_slopes(answer: Any) -> None:
    hidden_slopes = function(answer)
    results = [array(hidden_slopes(*layer)) for layer in _layers()]
    for result, (d_logits, weights, hidden) in zip(results, _layers(), strict=True):
        if result.shape == hidden.shape[::-1] and len(hidden) > 1:
            raise Mistake("transposed")
        if result.shape == weights.shape and same(result, hidden.T @ d_logits):
            raise Mistake("of-the-weights")
        array(result, hidden.shape)
    recognise(
        np.concatenate([result.ravel() for result in results]),
        np.concatenate([_hidden_slopes(*layer).ravel() for layer in _layers()]),
        {
            name: np.concatenate([wrong(*layer).ravel() for layer in _layers()])
            for name, wrong in _FALSE_HIDDEN_SLOPES.items()
        },
    )


def _hidden_slopes(d_logits: NDArray, weights2: NDArray, hidden: NDArray) -> NDArray[np.float64]:
    return (d_logits @ weights2.T) * (hidden > 0)


def _by_loops(d_logits: NDArray, weights2: NDArray, hidden: NDArray) -> NDArray[np.float64]:
    slopes = np.zeros(hidden.shape)
    for picture, unit in zip(*np.nonzero(hidden), strict=True):
        slopes[picture, unit] = sum(d_logits[picture] * weights2[unit])
    return slopes


_FALSE_HIDDEN_SLOPES: dict[str, Callable[[NDArray, NDArray, NDArray], NDArray]] = {
    "no-gate": lambda d, w, h: d @ w.T,
    "slope-gated": lambda d, w, h: np.maximum(d @ w.T, 0),
    "times-output": lambda d, w, h: (d @ w.T) * h,
    "closed-gate": lambda d, w, h: (d @ w.T) * (h <= 0),
    "sign": lambda d, w, h: -_hidden_slopes(d, w, h),
    "averaged": lambda d, w, h: _hidden_slopes(d, w, h) / len(h),
    "over-pictures": lambda d, w, h: np.broadcast_to(_hidden_slopes(d, w, h).sum(axis=0), h.shape),
}

THROUGH_THE_RELU = Exercise(
    name="through-the-relu",
    title="Back through the ReLU",
    asks="A function hidden_slopes(d_logits, weights2, hidden) of arrays (N, answers), (units, answers), (N, units): the "
    "slopes (N, units) for the hidden scores, before the ReLU.",
    grade=_check_hidden_slopes,
    mistakes={
        "transposed": "Rows and columns are exchanged: each picture should have a row, each hidden unit a column.",
        "of-the-weights": "These are the slopes for the weights of the second layer. Those for the hidden scores are wanted.",
        "no-gate": "The way back to the hidden outputs is right. But a unit that is off passes nothing on to its score.",
        "slope-gated": "The gate looks at the wrong thing: not a negative slope is stopped, but the slope of a unit whose "
        "output is 0.",
        "times-output": "A unit that is on passes its slope as it is, however large its output.",
        "closed-gate": "The gate is open for the units that are off, and closed for those that are on.",
        "sign": "Every sign is turned round. Nothing on this way changes it.",
        "averaged": "Divided once too often: what d_logits holds has been averaged already.",
        "over-pictures": "All pictures got the same slopes. Each picture has hidden scores, and slopes, of its own.",
        "other": "Try it on the chapter's tiny network: there the slopes for the two hidden scores are 0.881 and 0.",
    },
    hints=(
        "Two links: from the logits back to the hidden outputs, and from these through the ReLU to the hidden scores.",
        "The first is a matrix product: along each path slopes multiply, and where paths meet they add. Which shapes fit?",
        "The second multiplies by 1 where the unit is on, and by 0 where it is off.",
    ),
    solution="""\
# Multiply along the paths and add where they meet; then the gate of the ReLU.
def hidden_slopes(d_logits, weights2, hidden):
    return (d_logits @ weights2.T) * (hidden > 0)

answer = hidden_slopes""",
    right=(
        lambda: lambda d, w, h: np.where(h > 0, np.einsum("na,ua->nu", d, w), 0),
        lambda: _by_loops,
    ),
    wrong=(
        *((name, lambda wrong=wrong: wrong) for name, wrong in _FALSE_HIDDEN_SLOPES.items()),
        ("transposed", lambda: lambda d, w, h: _hidden_slopes(d, w, h).T),
        ("of-the-weights", lambda: lambda d, w, h: h.T @ d),
        ("other", lambda: lambda d, w, h: (d @ w.T) * (h > 1)),
        ("shape", lambda: lambda d, w, h: _hidden_slopes(d, w, h).sum(axis=0)),
        ("raises", lambda: lambda d, w, h: (d @ w) * (h > 0)),
        ("type", lambda: _hidden_slopes(*_layers()[0])),
    ),
)

# ------------------------------------------------------------------------------------------------------- all zeros

MOVED = (0, 0, 0, 1)


def _check_all_zeros(answer: Any) -> None:
    moved = row(answer, 4)
    if not np.isin(moved, (0, 1)).all():
        raise Mistake("type", given=kind(answer), wanted="True or False four times")
    recognise(moved, np.array(MOVED), {name: np.array(wrong) for name, wrong in _FALSE_MOVES.items()})


_FALSE_MOVES: dict[str, Sequence[int]] = {
    "all": (1, 1, 1, 1),
    "none": (0, 0, 0, 0),
    "second-layer": (0, 0, 1, 1),
    "first-layer": (1, 1, 0, 0),
    "biases": (0, 1, 0, 1),
    "weights": (1, 0, 1, 0),
}

ALL_ZEROS = Exercise(
    name="all-zeros",
    title="All zeros",
    asks="Four times True or False: whether weights1, bias1, weights2 and bias2 have changed after one epoch.",
    grade=_check_all_zeros,
    mistakes={
        "all": "Every array would learn only if a slope reached it. What is an input of 0 times an error?",
        "none": "The probabilities are 0.1 each, and not what was due: the logits have slopes. Whom do they reach at once?",
        "second-layer": "The slope of a weight is its input times an error. Which inputs has the second layer here?",
        "first-layer": "A slope reaches the first layer only through the weights of the second. Which values do these have?",
        "biases": "A bias needs no input, that is true. But by which way would a slope reach the first layer's biases?",
        "weights": "The slope of a weight is its input times an error, that of a bias is the error. Which of the inputs are "
        "not 0?",
        "other": "Go through the four lines of backward, with zeros in every array.",
    },
    hints=(
        "Begin in front: with all weights and biases 0, what do the hidden units give out?",
        "Then walk back: which of the four arrays gets a slope that is not 0?",
        "Input times error for a weight, error alone for a bias; and an error crosses a layer only through its weights.",
    ),
    solution="""\
# Every hidden output is 0, so the slopes of weights2 (hidden output times
# error) are 0; and weights2 is 0, so no slope reaches the first layer. Only the
# last ten biases learn: how frequent each digit is among the latest pictures.
answer = [False, False, False, True]""",
    right=(lambda: (0, 0, 0, 1), lambda: np.array([False, False, False, True])),
    wrong=(
        *((name, lambda moved=moved: [bool(each) for each in moved]) for name, moved in _FALSE_MOVES.items()),
        ("other", lambda: [False, True, True, True]),
        ("count", lambda: [False, True]),
        ("type", lambda: True),
        ("type", lambda: [0, 0, 0, 2]),
        ("type", lambda: "only the last"),
    ),
)

# ---------------------------------------------------------------------------------------------- a digit that moved

FARTHEST, MOST = 3, 20


def _check_more(answer: Any) -> None:
    more = function(answer)
    images, labels = (part[40:64] for part in training_digits())
    result = more(images, labels)
    if not isinstance(result, (tuple, list)) or len(result) != 2:
        raise Mistake("type", given=kind(result), wanted="two arrays, images and labels: return images, labels")
    made, their_labels = array(result[0]), row(result[1])
    if made.ndim != 3 or made.shape[1:] != (28, 28):
        raise Mistake("shape", given=made.shape)
    if len(made) <= len(images):
        raise Mistake("nothing-added")
    if len(made) > MOST * len(images):
        raise Mistake("too-many", times=MOST)
    if len(their_labels) != len(made):
        name = "no-more-labels" if len(their_labels) == len(labels) else "unequal"
        raise Mistake(name, images=len(made), labels=len(their_labels))
    moves = _moves(made)
    sources = moves[:, 0].astype(int)
    if (labels[sources] != their_labels).any():
        raise Mistake("labels-stay" if (moves[:, 1:] == 0).all() else "labels-order")
    _check_moves(moves, len(images))


def _moves(made: NDArray[np.float64]) -> NDArray[np.int64]:
    """For each image which one it was made from, and by how many rows and columns it was moved."""
    if made.max() <= 1:
        raise Mistake("scaled")
    known = _moved_copies()
    found = [known.get(image.astype(np.uint8).tobytes()) for image in made]
    if None in found:
        raise Mistake("strange", count=found.count(None))
    return np.array(found)


def _check_moves(moves: NDArray[np.int64], count: int) -> None:
    sideways = {source: set() for source in range(count)}
    for source, down, right in moves:
        if max(abs(down), abs(right)) > FARTHEST:
            raise Mistake("too-far")
        sideways[source].add(int(right))
    if not any(steps - {0} for steps in sideways.values()):
        raise Mistake("up-and-down")
    unmoved = {source for source, down, right in moves if down == right == 0}
    if len(unmoved) < count:
        raise Mistake("originals-lost")
    if any(not steps - {0} for steps in sideways.values()):
        raise Mistake("some-only")
    if any(max(steps) <= 0 or min(steps) >= 0 for steps in sideways.values()):
        raise Mistake("one-side")


@cache
def _moved_copies() -> dict[bytes, tuple[int, int, int]]:
    """Each image moved by up to six pixels, rolled or with paper coming in; nearer moves take precedence."""
    steps = sorted(range(-6, 7), key=abs, reverse=True)
    known = {}
    for source, image in enumerate(training_digits()[0][40:64]):
        framed = np.pad(image, 6)
        for down in steps:
            for right in steps:
                known[np.roll(image, (down, right), (0, 1)).tobytes()] = (source, down, right)
                cut = framed[6 - down : 34 - down, 6 - right : 34 - right]
                known[cut.tobytes()] = (source, down, right)
    return known


def _copies(*steps: int, axis: int = 2) -> Callable[[NDArray, NDArray], tuple[NDArray, NDArray]]:
    def more(images: NDArray, labels: NDArray) -> tuple[NDArray, NDArray]:
        moved = [np.roll(images, step, axis=axis) for step in steps]
        return np.concatenate(moved), np.tile(labels, len(steps))

    return more


def _half(images: NDArray, labels: NDArray) -> tuple[NDArray, NDArray]:
    made, their_labels = _copies(-1, 1)(images[:10], labels[:10])
    return np.concatenate([images, made]), np.concatenate([labels, their_labels])


def _with_paper(images: NDArray, labels: NDArray) -> tuple[list, list]:
    made, their_labels = [], []
    for image, label in zip(images, labels, strict=True):
        framed = np.pad(image, 2)
        made += [framed[2:-2, 2 - step : 30 - step] for step in (0, -2, 2)]
        their_labels += [label] * 3
    return made, their_labels


def _in_all_directions(images: NDArray, labels: NDArray) -> tuple[NDArray, NDArray]:
    steps = [(0, 0), (0, 1), (0, -1), (1, 0), (-1, 0), (2, 3)]
    return np.concatenate([np.roll(images, step, axis=(1, 2)) for step in steps]), np.tile(labels, len(steps))


A_DIGIT_THAT_MOVED = Exercise(
    name="a-digit-that-moved",
    title="A digit that moved",
    asks="A function more(images, labels) of images (N, 28, 28) that gives two arrays: all the images, and copies of each that "
    "are moved by at most three pixels, to the left and to the right, with their labels.",
    grade=_check_more,
    mistakes={
        "nothing-added": "There are no more images than before. The moved copies come on top.",
        "too-many": "More than {times} times as many images: training would take as many times longer. Choose fewer moves.",
        "no-more-labels": "There are more images, but no more labels. Every copy needs one.",
        "unequal": "There are {images} images but {labels} labels.",
        "labels-stay": "No image has moved within its frame: the whole stack has, so that images stand beside the labels of "
        "others. Which axis are the columns?",
        "labels-order": "Some copies bear the label of another image. In which order stand the images, and in which the "
        "labels?",
        "scaled": "The grey values are divided. Leave them from 0 to 255, as they came.",
        "strange": "Among the images are {count} that are neither the given ones nor moved copies of them.",
        "too-far": "Some copies are moved by more than three pixels.",
        "up-and-down": "The copies are moved up or down. Which axis are the columns?",
        "originals-lost": "Some images are no longer there as they were.",
        "some-only": "Only some of the images were moved. Move every one.",
        "one-side": "All copies of an image are moved to the same side. A digit may stray to either.",
    },
    hints=(
        "With np.roll(images, 2, axis=2) you move all images by two columns. And to the other side?",
        "Collect several moved stacks in a list, and join them with np.concatenate.",
        "The labels come once for each stack, in the same order: np.tile(labels, count) repeats the row.",
    ),
    solution="""\
# Each image as it is and moved by one, two and three pixels to either side, each copy with its label.
def more(images, labels):
    moved = [np.roll(images, step, axis=2) for step in range(-3, 4)]
    return np.concatenate(moved), np.tile(labels, len(moved))

answer = more""",
    right=(lambda: _with_paper, lambda: _in_all_directions, lambda: _copies(0, 2, -3)),
    wrong=(
        ("nothing-added", lambda: _copies(2)),
        ("too-many", lambda: _copies(*range(-3, 4), *range(-3, 4), *range(-3, 4))),
        ("no-more-labels", lambda: lambda images, labels: (_copies(0, 1, -1)(images, labels)[0], labels)),
        ("unequal", lambda: lambda images, labels: (_copies(0, 1, -1)(images, labels)[0], np.tile(labels, 2))),
        ("labels-stay", lambda: _copies(0, 1, -1, axis=0)),
        (
            "labels-order",
            lambda: lambda images, labels: (_copies(0, 1, -1)(images, labels)[0], np.repeat(labels, 3)),
        ),
        ("scaled", lambda: lambda images, labels: _copies(0, 1, -1)(images / 255, labels)),
        ("strange", lambda: lambda images, labels: (np.concatenate([images, images[..., ::-1]]), np.tile(labels, 2))),
        ("too-far", lambda: _copies(0, 4, -4)),
        ("up-and-down", lambda: _copies(0, 1, -1, axis=1)),
        ("originals-lost", lambda: _copies(1, -1)),
        ("some-only", lambda: _half),
        ("one-side", lambda: _copies(0, 1, 2, 3)),
        ("shape", lambda: lambda images, labels: (images.reshape(-1, 784), labels)),
        ("type", lambda: lambda images, labels: _copies(0, 1, -1)(images, labels)[0]),
    ),
)

EXERCISES = (
    THREE_SCORES,
    GIVEN_MINUS_DUE,
    HOW_MANY_UNITS,
    HOW_LONG_IS_A_STEP,
    THROUGH_THE_RELU,
    ALL_ZEROS,
    A_DIGIT_THAT_MOVED,
)
