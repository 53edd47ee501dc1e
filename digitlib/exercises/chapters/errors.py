"""Exercises of the chapter *Error analysis*."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitlib import evaluation
from digitlib.exercises.answers import array, function, number, recognise, row, same
from digitlib.exercises.exercise import Exercise, Mistake


def given() -> dict[str, Any]:
    """Return what the chapter has defined when its exercises begin, as far as the solutions use it."""
    return {"np": np, "evaluation": evaluation, "with_temperature": _with_temperature, "cross_entropy": _cross_entropy}


def _with_temperature(probabilities: NDArray, temperature: float) -> NDArray:
    logits = np.log(np.maximum(probabilities, 1e-30)) / temperature
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def _cross_entropy(probabilities: NDArray, labels: NDArray) -> float:
    return float(-np.log(np.maximum(probabilities[np.arange(len(labels)), labels], 1e-30)).mean())


@cache
def _made_up(count: int, seed: int, temperature: float = 1.0) -> tuple[NDArray, NDArray]:
    """Make probabilities (N, 10) and labels (N,) of a network that is calibrated at a temperature."""
    rng = np.random.default_rng(seed)
    calibrated = _with_temperature(rng.dirichlet(np.full(10, 0.12), size=count), 1)
    labels = (rng.random((count, 1)) > calibrated.cumsum(axis=1)).sum(axis=1).clip(max=9)
    return _with_temperature(calibrated, 1 / temperature), labels


# ------------------------------------------------------------------------------------------------- all of forty


def _check_forty(answer: Any) -> None:
    given_low, digits = row(answer, 2)
    low = evaluation.share_interval(40, 40).low
    if same([digits, given_low], [low, 381], 0.002):
        raise Mistake("exchanged")
    if 50 < given_low <= 100:
        raise Mistake("per-cent")
    recognise(
        given_low,
        low,
        {
            "error-rate": 1 - low,
            "nothing-to-doubt": 1.0,
            "not-squared": 40 / 41.96,
            "not-divided": 1 - 3.84 / 40,
        },
        tolerance=0.002,
    )
    if not same(digits, 381, 0):
        known = {380: "one-short", 377: "needed", 385: "not-divided-needed"}
        raise Mistake(known.get(int(digits), "needed"))


ALL_OF_FORTY = Exercise(
    name="all-of-forty",
    title="All of forty",
    asks="Two numbers: the lower end of the interval for 40 of 40, as a share such as 0.85 (to three places), and how many "
    "digits it takes.",
    grade=_check_forty,
    mistakes={
        "exchanged": "The two are exchanged: first the end of the interval, then the number of digits.",
        "per-cent": "The first is in per cent. A share lies between 0 and 1.",
        "error-rate": "The first is the largest plausible error rate. The accuracy is what is left of 1.",
        "nothing-to-doubt": "The first says that nothing is in doubt. But a true error rate of 1 % would often show no mistake "
        "in 40 digits, too.",
        "not-squared": "The first: the root is still there. Square both sides of the inequality before you divide.",
        "not-divided": "The first: the factor (1 - p) on the right was dropped. It holds a p as well, which belongs to the left.",
        "one-short": "The second is one too few: with it the interval still reaches just below 99 %.",
        "not-divided-needed": "The second: n stands in the inequality twice, once inside the sum below the line.",
        "needed": "The first is right. For the second, put 1 % in the place of p, keep n open, and solve for n.",
        "other": "The first is not right yet. Do as in the section with the 100 of 100, with 40 in place of 100.",
    },
    hints=(
        "A true error rate p is plausible if no mistake at all in 40 digits is unsurprising. Write that as an inequality.",
        "Then 40p must be at most 1.96 times the root of 40p(1 - p). Square it, and divide by 40p.",
        "In code both come from evaluation.share_interval: once for 40 of 40, once for ever more digits, n of n.",
    ),
    solution="""\
# By hand: p <= 3.84 / (40 + 3.84) = 8.8 %, so the accuracy is probably above 91.2 %.
friend = evaluation.share_interval(40, 40)
# By hand: 3.84 / (n + 3.84) <= 0.01 gives n >= 380.3.
needed = next(n for n in range(1, 1_000) if evaluation.share_interval(n, n).low >= 0.99)
answer = friend.low, needed""",
    right=(lambda: [0.912, 381], lambda: np.array([40 / 43.84, 381.0])),
    wrong=(
        ("exchanged", lambda: (381, 0.912)),
        ("per-cent", lambda: (91.24, 381)),
        ("error-rate", lambda: (0.0876, 381)),
        ("nothing-to-doubt", lambda: (1, 381)),
        ("not-squared", lambda: (1 - 1.96 / 41.96, 381)),
        ("not-divided", lambda: (1 - 3.84 / 40, 384)),
        ("one-short", lambda: (0.912, 380)),
        ("not-divided-needed", lambda: (0.912, 385)),
        ("needed", lambda: (0.912, 100)),
        ("other", lambda: (0.975, 381)),
        ("count", lambda: (0.912, 1, 381)),
        ("type", lambda: 0.912),
    ),
)

# ---------------------------------------------------------------------------------------------- found and meant


def _recall_and_precision(labels: NDArray, predictions: NDArray, digit: int) -> tuple[float, float]:
    found = ((labels == digit) & (predictions == digit)).sum()
    return found / (labels == digit).sum(), found / (predictions == digit).sum()


def _on_all_but(labels: NDArray, predictions: NDArray, digit: int) -> tuple[float, float]:
    return _recall_and_precision(labels != digit, predictions != digit, True)


_FALSE_SCORES: dict[str, Callable[..., Any]] = {
    "exchanged": lambda y, p, d: _recall_and_precision(y, p, d)[::-1],
    "recall-twice": lambda y, p, d: (_recall_and_precision(y, p, d)[0],) * 2,
    "precision-twice": lambda y, p, d: (_recall_and_precision(y, p, d)[1],) * 2,
    "accuracy": lambda y, p, d: ((y == p).mean(),) * 2,
    "per-cent": lambda y, p, d: 100 * np.array(_recall_and_precision(y, p, d)),
    "of-everything": lambda y, p, d: (((y == d) & (p == d)).mean(),) * 2,
    "shares": lambda y, p, d: ((y == d).mean(), (p == d).mean()),
    "the-others": _on_all_but,
}


def _check_scores(answer: Any) -> None:
    scores = function(answer)
    tried = []
    for seed in (0, 1):
        probabilities, labels = _made_up(300, seed)
        tried += [(labels, probabilities.argmax(axis=1), digit) for digit in (0, 3, 7)]
    recognise(
        np.stack([row(scores(*case), 2) for case in tried]),
        np.stack([_recall_and_precision(*case) for case in tried]),
        {name: np.stack([scored(*case) for case in tried]) for name, scored in _FALSE_SCORES.items()},
        tolerance=1e-4,
    )


FOUND_AND_MEANT = Exercise(
    name="found-and-meant",
    title="Found and meant",
    asks="A function scores(labels, predictions, digit) that gives two shares: the digit's recall and its precision.",
    grade=_check_scores,
    mistakes={
        "exchanged": "The two are exchanged. Which of them asks how many of the sevens were found?",
        "recall-twice": "The first is right. The second must be divided by how often the network SAID so.",
        "precision-twice": "The second is right. The first must be divided by how many of the digit there ARE.",
        "accuracy": "That is the accuracy over all digits. Look at one digit only.",
        "per-cent": "The shares are in per cent: they should lie between 0 and 1.",
        "of-everything": "What was found is divided by the number of all digits. Of which of them is the share wanted?",
        "shares": "These are the share of such digits and the share of such answers. How many of them agree is not in it yet.",
        "the-others": "These are the scores of all OTHER digits together.",
        "other": "Try it on the example in the section: 20 sevens among 100 digits, 18 answers of 7, 17 of them right.",
    },
    hints=(
        "Both have the same number above the line: the digits that are a 7 AND were read as 7.",
        "Below the line of recall stands how many sevens there are; below that of precision, how many answers of 7.",
        "In code: labels == digit and predictions == digit are arrays of True and False: & joins them, sum() counts.",
    ),
    solution="""\
# One count of what was found, divided by what there is to find, and by what was said.
def scores(labels, predictions, digit):
    is_it, said_so = labels == digit, predictions == digit
    found = (is_it & said_so).sum()
    return found / is_it.sum(), found / said_so.sum()

answer = scores""",
    right=(
        lambda: lambda y, p, d: np.array([(p[y == d] == d).mean(), (y[p == d] == d).mean()]),
        lambda: _from_the_matrix,
    ),
    wrong=(
        *((name, lambda scored=scored: scored) for name, scored in _FALSE_SCORES.items()),
        ("other", lambda: lambda y, p, d: (0.85, 0.94)),
        ("count", lambda: lambda y, p, d: p[y == d] == d),
        ("type", lambda: lambda y, p, d: (p[y == d] == d).mean()),
        ("signature", lambda: lambda matrix, digit: (1, 1)),
    ),
)


def _from_the_matrix(labels: NDArray, predictions: NDArray, digit: int) -> list[float]:
    matrix = np.zeros((10, 10))
    np.add.at(matrix, (labels, predictions), 1)
    return [matrix[digit, digit] / matrix[digit].sum(), matrix[digit, digit] / matrix[:, digit].sum()]


# ------------------------------------------------------------------------------------------------- the braggart

GRID = np.linspace(0.5, 4, 351)
TEMPERATURES = (0.8, 1.6, 3.4)


@cache
def _losses(temperature: float) -> NDArray:
    probabilities, labels = _made_up(400, round(10 * temperature), temperature)
    return np.array([_cross_entropy(_with_temperature(probabilities, T), labels) for T in GRID])


def _check_temperature(answer: Any) -> None:
    best_temperature = function(answer)
    cases = [_made_up(400, round(10 * T), T) for T in TEMPERATURES]
    found = np.array([number(best_temperature(*case)) for case in cases])
    losses = [_losses(T) for T in TEMPERATURES]
    right = np.array([GRID[loss.argmin()] for loss in losses])
    low, high = GRID[0], GRID[-1]
    if same(found[:2], right[:2], 0.021) and 2 <= found[2] < right[2] - 0.021:
        raise Mistake("grid-ends")
    if same(found, [low] * 3, 0.021):
        raise Mistake("never-changes")
    known = {
        "smallest-loss": [loss.min() for loss in losses],
        "place": [loss.argmin() for loss in losses],
        "inverse": 1 / right,
        "largest": [GRID[loss.argmax()] for loss in losses],
        "all-classes": [high] * 3,
        "calibration-error": [_best_by_gap(*case) for case in cases],
    }
    recognise(found, right, {name: np.array(values) for name, values in known.items()}, tolerance=0.021)


def _best_by_gap(probabilities: NDArray, labels: NDArray) -> float:
    def gap(temperature: float) -> float:
        warmed = _with_temperature(probabilities, temperature)
        right = warmed.argmax(axis=1) == labels
        return evaluation.expected_calibration_error(np.minimum(warmed.max(axis=1), 1), right)

    return float(GRID[np.argmin([gap(T) for T in GRID])])


def _search(score: Callable[[NDArray, NDArray], float], grid: NDArray = GRID) -> Callable[[NDArray, NDArray], float]:
    def best(probabilities: NDArray, labels: NDArray) -> float:
        return float(grid[np.argmin([score(_with_temperature(probabilities, T), labels) for T in grid])])

    return best


def _by_halving(probabilities: NDArray, labels: NDArray) -> float:
    from scipy.optimize import minimize_scalar

    def loss(temperature: float) -> float:
        return _cross_entropy(_with_temperature(probabilities, temperature), labels)

    return float(minimize_scalar(loss, bounds=(0.5, 4), method="bounded").x)


THE_BRAGGART = Exercise(
    name="the-braggart",
    title="The braggart",
    asks="A function best_temperature(probabilities, labels): the temperature from 0.5 to 4, in steps of 0.01, with the "
    "smallest cross-entropy.",
    grade=_check_temperature,
    mistakes={
        "grid-ends": "One of the networks tried here needs more than your search offers. How far does it go, and how far does "
        "the task want it to go?",
        "never-changes": "It gives the first temperature of the search for every network. Does what you compare change with the "
        "temperature at all? The answers do not.",
        "smallest-loss": "That is the smallest cross-entropy. The temperature at which it is reached is wanted.",
        "place": "That is the place in the list of temperatures. Look up the temperature that stands there.",
        "inverse": "That is one over the temperature. Logits are divided by it, not multiplied.",
        "largest": "That is the temperature with the LARGEST cross-entropy.",
        "all-classes": "It always gives the highest temperature. Does your score look at all ten probabilities? Cross-entropy "
        "looks only at the one that was given to the label.",
        "calibration-error": "That has the smallest calibration error, which hardly listens. Judge by the cross-entropy.",
        "other": "That is not where the cross-entropy is smallest. Draw it over the temperature, as the chapter does.",
    },
    hints=(
        "The chapter did it for its own network: one loss for each temperature, then the smallest.",
        "In code: np.linspace(0.5, 4, 351) are the temperatures; with_temperature and cross_entropy are defined above.",
        "In code: np.argmin gives a place in the list of losses. The same place in the list of temperatures is the answer.",
    ),
    solution="""\
# One loss for each temperature; the answer is the temperature at the place of the smallest.
def best_temperature(probabilities, labels):
    grid = np.linspace(0.5, 4, 351)
    losses = [cross_entropy(with_temperature(probabilities, T), labels) for T in grid]
    return grid[np.argmin(losses)]

answer = best_temperature""",
    right=(lambda: _by_halving, lambda: _search(_cross_entropy, np.linspace(0.4, 4.4, 401))),
    wrong=(
        ("grid-ends", lambda: _search(_cross_entropy, np.linspace(0.5, 3, 251))),
        ("never-changes", lambda: _search(lambda p, y: (p.argmax(axis=1) != y).mean())),
        ("never-changes", lambda: _search(lambda p, y: _cross_entropy(p, p.argmax(axis=1)))),
        ("smallest-loss", lambda: lambda p, y: min(_cross_entropy(_with_temperature(p, T), y) for T in GRID)),
        ("place", lambda: lambda p, y: np.argmin([_cross_entropy(_with_temperature(p, T), y) for T in GRID])),
        ("inverse", lambda: lambda p, y: 1 / _search(_cross_entropy)(p, y)),
        ("largest", lambda: _search(lambda p, y: -_cross_entropy(p, y))),
        ("all-classes", lambda: _search(lambda p, y: -np.log(np.maximum(p, 1e-30)).mean())),
        ("calibration-error", lambda: _best_by_gap),
        ("other", lambda: lambda p, y: 1.6),
        ("signature", lambda: lambda: 1.59),
        ("type", lambda: 1.59),
    ),
)

# -------------------------------------------------------------------------------------- another kind of doubt


def _margin(probabilities: NDArray) -> NDArray:
    top = np.sort(probabilities, axis=1)
    return top[:, -1] - top[:, -2]


_FALSE_MARGINS: dict[str, Callable[[NDArray], NDArray]] = {
    "confidence": lambda p: p.max(axis=1),
    "second": lambda p: np.sort(p, axis=1)[:, -2],
    "negative": lambda p: -_margin(p),
    "smallest": lambda p: p.max(axis=1) - p.min(axis=1),
    "unsorted": lambda p: p[:, -1] - p[:, -2],
    "smallest-two": lambda p: np.sort(p, axis=1)[:, 1] - np.sort(p, axis=1)[:, 0],
    "classes": lambda p: np.sort(p, axis=1).argsort(axis=1)[:, -1] - np.argsort(p, axis=1)[:, -2],
    "ratio": lambda p: np.sort(p, axis=1)[:, -1] / np.sort(p, axis=1)[:, -2],
    "other-axis": lambda p: np.sort(p, axis=0)[-1] - np.sort(p, axis=0)[-2],
    "rows-sorted": lambda p: np.sort(p, axis=0)[:, -1] - np.sort(p, axis=0)[:, -2],
}


def _check_margin(answer: Any) -> None:
    margin = function(answer)
    probabilities, _ = _made_up(40, 3)
    result = array(margin(probabilities))
    if result.size == 1:
        raise Mistake("one-for-all")
    if result.shape == (10,):
        raise Mistake("other-axis")
    if result.shape == (40, 1):
        result = result[:, 0]
    known = {name: wrong(probabilities) for name, wrong in _FALSE_MARGINS.items() if name != "other-axis"}
    recognise(array(result, (40,)), _margin(probabilities), known, tolerance=1e-5)


def _without_the_largest(probabilities: NDArray) -> NDArray:
    rest = probabilities.copy()
    rest[np.arange(len(rest)), rest.argmax(axis=1)] = 0
    return probabilities.max(axis=1) - rest.max(axis=1)


ANOTHER_KIND_OF_DOUBT = Exercise(
    name="another-kind-of-doubt",
    title="Another kind of doubt",
    asks="A function margin(probabilities) that takes (N, 10) and gives N numbers: for each digit the largest minus the second "
    "largest probability.",
    grade=_check_margin,
    mistakes={
        "confidence": "That is the confidence, the largest alone. Take away what the second best answer has.",
        "second": "That is the second largest alone.",
        "negative": "Its sign is turned: it should be large where the network does not hesitate.",
        "smallest": "The smallest of the ten is subtracted. It is nearly always 0: the second largest is wanted.",
        "unsorted": "You subtract the probabilities of 9 and of 8. Which two are the largest differs from digit to digit.",
        "smallest-two": "These are the two smallest. np.sort puts the smallest first.",
        "classes": "That subtracts digits from each other (argsort gives places). The probabilities at these places are wanted.",
        "ratio": "That divides the two. The margin is a difference.",
        "other-axis": "It looks down the columns and gives a number for each class. Sort within each row.",
        "rows-sorted": "Your np.sort works along axis 0: that mixes the probabilities of different digits.",
        "one-for-all": "A single number comes out for all digits together. Each digit has a margin of its own.",
        "other": "For [0.1, 0.6, 0.3] the margin is 0.3. What does yours give for such a row?",
    },
    hints=(
        "Sort each row by size; then the two you need stand side by side.",
        "In code: np.sort(probabilities, axis=1) puts the largest of each row into the last column.",
        "A column of an array is [:, -1]; the one before it is [:, -2].",
    ),
    solution="""\
# Most doubts are between two digits. Then a low confidence and a small margin are the same thing.
def margin(probabilities):
    ordered = np.sort(probabilities, axis=1)
    return ordered[:, -1] - ordered[:, -2]

answer = margin""",
    right=(
        lambda: _without_the_largest,
        lambda: lambda p: np.array([sorted(row)[-1] - sorted(row)[-2] for row in p]),
    ),
    wrong=(
        *((name, lambda wrong=wrong: wrong) for name, wrong in _FALSE_MARGINS.items()),
        ("one-for-all", lambda: lambda p: np.sort(p.ravel())[-1] - np.sort(p.ravel())[-2]),
        ("other", lambda: lambda p: p.max(axis=1) - p.mean(axis=1)),
        ("shape", lambda: lambda p: np.diff(np.sort(p, axis=1))),
    ),
)

# ------------------------------------------------------------------------------------------ what a mistake costs

COSTS = (50, 4, 20, 1000)


def _check_cost(answer: Any) -> None:
    threshold = function(answer)
    costs = np.array(COSTS, float)
    recognise(
        np.array([number(threshold(cost)) for cost in COSTS]),
        1 - 1 / costs,
        {
            "error-chance": 1 / costs,
            "per-cent": 100 - 100 / costs,
            "one-price": np.full(len(costs), 0.98),
            "free-reading": np.full(len(costs), 0.5),
            "thanks-for-right": costs / (costs + 1),
            "person-errs": 1 - 2 / costs,
            "square": 1 - 1 / costs**2,
        },
        tolerance=1e-6,
    )


WHAT_A_MISTAKE_COSTS = Exercise(
    name="what-a-mistake-costs",
    title="What a mistake costs",
    asks="A function accept_from(cost): the confidence below which rejecting is cheaper, if a mistake costs `cost` times as much "
    "as having a person read a digit.",
    grade=_check_cost,
    mistakes={
        "error-chance": "That is how likely a mistake may be at most. A threshold is a confidence: how likely it is right.",
        "per-cent": "That is in per cent. A confidence lies between 0 and 1.",
        "one-price": "It gives the threshold for a cost of 50 whatever the cost is. Let it depend on it.",
        "free-reading": "At 0.5 a mistake is as likely as not. But a mistake and a reading do not cost the same.",
        "thanks-for-right": "You compare the cost of a mistake with a gain for reading rightly. Rejecting costs 1 whether the "
        "network would have been right or not.",
        "person-errs": "You count the person twice. Accepting costs `cost` if it is wrong and nothing else; rejecting costs 1.",
        "square": "The cost is in it squared. Where does the second factor come from?",
        "other": "At the threshold both cost the same on average. Put your result into both sides: do they agree?",
    },
    hints=(
        "What does accepting a digit of confidence c cost on average? It is wrong with probability 1 - c.",
        "Accepting costs cost · (1 - c) on average. Rejecting costs 1.",
        "Set both equal and solve for c.",
    ),
    solution="""\
# Accepting costs cost * (1 - c) on average, rejecting 1: reject where cost * (1 - c) > 1.
# It holds if the confidence is calibrated: that is what calibration is good for.
def accept_from(cost):
    return 1 - 1 / cost

answer = accept_from""",
    right=(lambda: lambda cost: (cost - 1) / cost, lambda: lambda cost: np.array([1 - cost**-1.0])),
    wrong=(
        ("error-chance", lambda: lambda cost: 1 / cost),
        ("per-cent", lambda: lambda cost: 100 * (1 - 1 / cost)),
        ("one-price", lambda: lambda cost: 0.98),
        ("free-reading", lambda: lambda cost: 0.5),
        ("thanks-for-right", lambda: lambda cost: cost / (1 + cost)),
        ("person-errs", lambda: lambda cost: 1 - 2 / cost),
        ("square", lambda: lambda cost: 1 - 1 / cost**2),
        ("other", lambda: lambda cost: 1 - 1 // cost),
        ("type", lambda: 0.98),
        ("gives-nothing", lambda: lambda cost: print(1 - 1 / cost)),
    ),
)

# ------------------------------------------------------------------------------------------------ choose, then judge

Case = tuple[NDArray, NDArray, NDArray, NDArray, float]


def _smallest_threshold(sure: NDArray, right: NDArray, wanted: float) -> float:
    order = np.argsort(sure, kind="stable")
    left = np.cumsum(right[order][::-1])[::-1] / np.arange(len(order), 0, -1)
    return float(sure[order][np.argmax(left >= wanted)])


def _report(threshold: float, sure: NDArray, right: NDArray) -> tuple[float, float, float]:
    accepted = sure >= threshold
    return threshold, float(accepted.mean()), float(right[accepted].mean())


def _choose_then_judge(a: NDArray, b: NDArray, c: NDArray, d: NDArray, wanted: float) -> tuple[float, float, float]:
    return _report(_smallest_threshold(a, b, wanted), c, d)


def _on_both(a: NDArray, b: NDArray, c: NDArray, d: NDArray, wanted: float) -> tuple[float, float, float]:
    return _report(_smallest_threshold(np.append(a, c), np.append(b, d), wanted), c, d)


def _rejected(a: NDArray, b: NDArray, c: NDArray, d: NDArray, wanted: float) -> tuple[float, float, float]:
    threshold, read, _ = _choose_then_judge(a, b, c, d, wanted)
    return threshold, 1 - read, float(d[c < threshold].mean())


_FALSE_REPORTS: dict[str, Callable[..., Any]] = {
    "test-set-chose": lambda a, b, c, d, w: _report(_smallest_threshold(c, d, w), c, d),
    "both-sets-chose": _on_both,
    "judged-on-validation": lambda a, b, c, d, w: _report(_smallest_threshold(a, b, w), a, b),
    "all-digits": lambda *case: (*_choose_then_judge(*case)[:2], case[3].mean()),
    "of-all": lambda a, b, c, d, w: (
        *_choose_then_judge(a, b, c, d, w)[:2],
        (d & (c >= _smallest_threshold(a, b, w))).mean(),
    ),
    "the-rejected": _rejected,
    "share-rejected": lambda *case: np.array([0, 1, 0]) + np.array([1, -1, 1]) * _choose_then_judge(*case),
    "a-number": lambda *case: np.array([1, len(case[2]), 1]) * _choose_then_judge(*case),
    "per-cent": lambda *case: np.array([1, 100, 100]) * _choose_then_judge(*case),
    "the-wish": lambda *case: _report(case[4], case[2], case[3]),
    "order": lambda *case: np.roll(_choose_then_judge(*case), 1),
}


@cache
def _cases() -> tuple[Case, ...]:
    cases = []
    for seed, wanted in ((0, 0.95), (1, 0.97), (2, 0.9), (3, 0.98)):
        rng = np.random.default_rng(seed)
        sure = 1 - rng.beta(0.6, 3, size=900) * 0.7
        right = rng.random(900) < sure
        cases.append((sure[:400], right[:400], sure[400:], right[400:], wanted))
    return tuple(cases)


def _check_report(answer: Any) -> None:
    report = function(answer)
    results = np.stack([row(report(*case), 3) for case in _cases()])
    known = {name: np.stack([wrong(*case) for case in _cases()]) for name, wrong in _FALSE_REPORTS.items()}
    right = np.stack([_choose_then_judge(*case) for case in _cases()])
    if same(results, right, 1e-9):
        return
    for name, wrong in known.items():
        if same(results, wrong, 1e-9):
            raise Mistake(name)
    # The same validation digits with other test digits: a threshold that was chosen on validation stays where it is.
    first = _cases()[0]
    swapped = [number(row(report(*first[:2], *other[2:4], first[4]), 3)[0]) for other in _cases()]
    if np.ptp(swapped) > 0:
        raise Mistake("threshold-moves")
    beyond = results[:, 0] - right[:, 0]
    if beyond.min() >= 0 and beyond.max() > 1e-9:
        raise Mistake("too-strict")
    raise Mistake("other")


def _first_good_one(a: NDArray, b: NDArray, c: NDArray, d: NDArray, wanted: float) -> tuple[float, float, float]:
    threshold = min(float(limit) for limit in np.unique(a) if b[a >= limit].mean() >= wanted)
    return _report(threshold, c, d)


def _downwards(a: NDArray, b: NDArray, c: NDArray, d: NDArray, wanted: float) -> list[float]:
    order = np.argsort(-a)
    good = np.flatnonzero(np.cumsum(b[order]) >= wanted * np.arange(1, len(a) + 1))
    return list(_report(float(a[order][good.max()]), c, d))


def _until_the_first_mistake(a: NDArray, b: NDArray, c: NDArray, d: NDArray, w: float) -> tuple[float, float, float]:
    return _report(float(a[a > a[~b].max()].min()), c, d)


def _by_its_own_result(a: NDArray, b: NDArray, c: NDArray, d: NDArray, wanted: float) -> tuple[float, float, float]:
    """Choose on validation, and correct the threshold until the test set agrees, too: a popular way to cheat."""
    threshold = _smallest_threshold(a, b, wanted)
    while d[c >= threshold].mean() < wanted + 0.005:
        threshold = float(a[a > threshold].min())
    return _report(threshold, c, d)


CHOOSE_THEN_JUDGE = Exercise(
    name="choose-then-judge",
    title="Choose, then judge",
    asks="A function report(val_sure, val_right, test_sure, test_right, wanted) that gives three numbers: threshold, coverage, "
    "accuracy on what is accepted.",
    grade=_check_report,
    mistakes={
        "test-set-chose": "The test set has chosen the threshold. It can no longer judge it: the accuracy you report is the one "
        "you asked for, by construction. Choose on validation.",
        "both-sets-chose": "Both sets together have chosen the threshold. So the test digits judge what they have helped to "
        "choose. Choose on validation alone.",
        "threshold-moves": "The threshold moves when only the test digits are exchanged. So the test set takes part in choosing.",
        "judged-on-validation": "Coverage and accuracy are those of the validation digits, on which the threshold was chosen. "
        "The test digits should judge it.",
        "all-digits": "The accuracy is that of all test digits. Only those that are accepted count.",
        "of-all": "What is right among the accepted is divided by the number of all test digits, not of the accepted.",
        "the-rejected": "Coverage and accuracy are those of the rejected digits. Accepted are those at or above the threshold.",
        "share-rejected": "The second is the share that is rejected. Coverage is what the machine still reads.",
        "a-number": "The second is a number of digits. Coverage is a share of all test digits.",
        "per-cent": "Coverage and accuracy are in per cent. All three should lie between 0 and 1.",
        "the-wish": "The accuracy that is wanted was taken for the threshold. Go through the validation digits to find it.",
        "order": "The three come in another order than the task wants: threshold, coverage, accuracy.",
        "too-strict": "It rejects more than needed: a smaller threshold already gives the validation digits the wanted accuracy.",
        "other": "The threshold is the smallest of val_sure at which val_right[val_sure >= threshold].mean() reaches what is "
        "wanted.",
    },
    hints=(
        "Two steps that know nothing of each other: the first sees val_sure and val_right only, the second the other two.",
        "For the first, try the values of val_sure one after the other, from the smallest upwards.",
        "For the second: accepted = test_sure >= threshold. Its mean is the coverage; then look at test_right[accepted].",
    ),
    solution="""\
# The first two lines never see the test digits; the last two change nothing any more.
def report(val_sure, val_right, test_sure, test_right, wanted):
    good = [limit for limit in np.unique(val_sure) if val_right[val_sure >= limit].mean() >= wanted]
    limit = min(good)
    accepted = test_sure >= limit
    return limit, accepted.mean(), test_right[accepted].mean()

answer = report""",
    right=(lambda: _first_good_one, lambda: _downwards, lambda: _choose_then_judge),
    wrong=(
        *((name, lambda wrong=wrong: wrong) for name, wrong in _FALSE_REPORTS.items()),
        ("threshold-moves", lambda: _by_its_own_result),
        ("too-strict", lambda: _until_the_first_mistake),
        ("other", lambda: lambda a, b, c, d, w: _report(0.6, c, d)),
        ("count", lambda: lambda a, b, c, d, w: _choose_then_judge(a, b, c, d, w)[1:]),
        ("type", lambda: lambda a, b, c, d, w: _smallest_threshold(a, b, w)),
    ),
)

# ---------------------------------------------------------------------------------------------- label detective


def _given_to_the_label(probabilities: NDArray, labels: NDArray) -> NDArray:
    return probabilities[np.arange(len(labels)), labels]


def _suspects(ours: NDArray, twins: NDArray, labels: NDArray, count: int) -> NDArray:
    given = np.maximum(_given_to_the_label(ours, labels), _given_to_the_label(twins, labels))
    return np.argsort(given)[:count]


def _by(join: Callable[[NDArray, NDArray], NDArray]) -> Callable[..., NDArray]:
    def found(ours: NDArray, twins: NDArray, labels: NDArray, count: int) -> NDArray:
        both = _given_to_the_label(ours, labels), _given_to_the_label(twins, labels)
        return np.argsort(join(*both))[:count]

    return found


_FALSE_SUSPECTS: dict[str, Callable[..., NDArray]] = {
    "one-network": _by(lambda ours, twins: ours),
    "other-network": _by(lambda ours, twins: twins),
    "either": _by(np.minimum),
    "mean": _by(np.add),
    "product": _by(np.multiply),
    "most-believed": _by(lambda ours, twins: -np.maximum(ours, twins)),
    "confidence": lambda ours, twins, labels, count: np.argsort(np.maximum(ours, twins).max(axis=1))[:count],
    "backwards": lambda *case: _suspects(*case)[::-1],
    "by-place": lambda *case: np.sort(_suspects(*case)),
    "labels": lambda ours, twins, labels, count: labels[_suspects(ours, twins, labels, count)],
}


@cache
def _two_networks() -> tuple[NDArray, NDArray, NDArray]:
    rng = np.random.default_rng(8)
    logits = np.log(rng.dirichlet(np.full(10, 0.2), size=200) + 1e-4)
    ours, twins = (_with_temperature(np.exp(logits + rng.normal(0, 1, logits.shape)), 1) for _ in range(2))
    return ours, twins, rng.integers(0, 10, 200)


def _check_suspects(answer: Any) -> None:
    suspects = function(answer)
    cases = [(*_two_networks(), 6), (*(part[:90] for part in _two_networks()), 4)]
    results = [array(suspects(*case)) for case in cases]
    if any(result.shape == (len(case[2]),) for result, case in zip(results, cases, strict=True)):
        raise Mistake("all-of-them")
    joined = [array(result, (case[3],)) for result, case in zip(results, cases, strict=True)]
    recognise(
        np.concatenate(joined),
        np.concatenate([_suspects(*case) for case in cases]),
        {name: np.concatenate([wrong(*case) for case in cases]) for name, wrong in _FALSE_SUSPECTS.items()},
    )


def _one_by_one(ours: NDArray, twins: NDArray, labels: NDArray, count: int) -> list[int]:
    def belief(place: int) -> float:
        return max(ours[place, labels[place]], twins[place, labels[place]])

    return sorted(range(len(labels)), key=belief)[:count]


LABEL_DETECTIVE = Exercise(
    name="label-detective",
    title="Label detective",
    asks="A function suspects(ours, twins, labels, count): the places of the `count` digits to whose label even the network "
    "that believes it more gives least, the most suspect first.",
    grade=_check_suspects,
    mistakes={
        "one-network": "Only the first network is asked. A label is suspect if BOTH doubt it.",
        "other-network": "Only the second network is asked. A label is suspect if BOTH doubt it.",
        "either": "It is enough here that one of the two doubts. Even the one that believes the label more should give it little.",
        "mean": "The mean of the two decides. One network that is sure can be outvoted by it; ask the one that believes more.",
        "product": "The product of the two decides. One tiny number is enough for that; ask the one that believes more.",
        "most-believed": "These are the labels that are believed most. The other end of the list is wanted.",
        "confidence": "These are the digits on which the networks are least sure of their OWN answer. A wrong label shows where "
        "they are sure of another one.",
        "backwards": "The right digits, but the most suspect should come first.",
        "by-place": "The right digits, but in the order of their places. The most suspect should come first.",
        "labels": "These are the labels of the suspects. Their places among the digits are wanted.",
        "all-of-them": "All digits come back. Only the first `count` of the ordered list are wanted.",
        "other": "For each digit, take from both networks the probability of its label, and the larger of these two.",
    },
    hints=(
        "How much does a network believe a label? It is one of its ten probabilities. The function cross_entropy picks it out.",
        "In code: probabilities[np.arange(len(labels)), labels] holds that one number for each digit. np.maximum joins two such rows.",
        "In code: np.argsort puts the places in order, the smallest value first. Cut off after `count`.",
    ),
    solution="""\
# The label's own probability in each network; the larger of the two, so that both must doubt it.
def suspects(ours, twins, labels, count):
    everyone = np.arange(len(labels))
    believed = np.maximum(ours[everyone, labels], twins[everyone, labels])
    return np.argsort(believed)[:count]

answer = suspects""",
    right=(
        lambda: _one_by_one,
        lambda: lambda a, b, y, n: np.argsort(np.take_along_axis(np.maximum(a, b), y[:, None], 1)[:, 0])[:n].tolist(),
    ),
    wrong=(
        *((name, lambda wrong=wrong: wrong) for name, wrong in _FALSE_SUSPECTS.items()),
        ("all-of-them", lambda: lambda a, b, y, n: _suspects(a, b, y, len(y))),
        ("other", lambda: lambda a, b, y, n: np.arange(n)),
        ("shape", lambda: lambda a, b, y, n: _suspects(a, b, y, n + 1)),
        ("raises", lambda: lambda a, b, y, n: np.argsort(np.maximum(a[y], b[:, y]))[:n]),
    ),
)

EXERCISES = (
    ALL_OF_FORTY,
    FOUND_AND_MEANT,
    THE_BRAGGART,
    ANOTHER_KIND_OF_DOUBT,
    WHAT_A_MISTAKE_COSTS,
    CHOOSE_THEN_JUDGE,
    LABEL_DETECTIVE,
)
