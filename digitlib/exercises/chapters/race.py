"""Exercises of the chapter *A fast and honest race*."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

import digitlib
from digitlib import benchmark, training
from digitlib.exercises.answers import function, network, number, recognise
from digitlib.exercises.digits import training_digits, validation_digits
from digitlib.exercises.exercise import Exercise, Mistake

if TYPE_CHECKING:
    import keras


def given() -> dict[str, Any]:
    """Return what the chapter has defined when its exercises begin, as far as the solutions use it."""
    return {"np": np, "digitlib": digitlib, "benchmark": benchmark, "nets": benchmark.load_benchmark()}


# ---------------------------------------------------------------------------------------------- a crossing by hand

CURVES = (
    (np.array([5.0, 10, 16, 21]), np.array([0.9, 0.96, 0.98, 0.99]), 0.975),
    (np.array([2.0, 4, 6, 8, 10]), np.array([0.97, 0.982, 0.979, 0.984, 0.98]), 0.981),
    (np.array([3.5, 7, 10.5, 14, 17.5]), np.array([0.91, 0.935, 0.93, 0.952, 0.949]), 0.94),
    (np.array([8.0, 15, 23]), np.array([0.95, 0.951, 0.959]), 0.957),
)


def _check_crossing(answer: Any) -> None:
    crossing = function(answer)
    recognise(
        np.array([number(crossing(*curve)) for curve in CURVES]),
        np.array([_crossing(*curve) for curve in CURVES]),
        {name: np.array([wrong(*curve) for curve in CURVES]) for name, wrong in _FALSE_CROSSINGS.items()},
        tolerance=1e-4,
    )


def _first(accuracy: NDArray, target: float) -> int:
    return int(np.argmax(accuracy >= target))


def _share(accuracy: NDArray, target: float) -> float:
    """How far between the last epoch below the target and the first above it the target lies."""
    after = _first(accuracy, target)
    return (target - accuracy[after - 1]) / (accuracy[after] - accuracy[after - 1])


def _crossing(seconds: NDArray, accuracy: NDArray, target: float, turned: bool = False) -> float:
    after, share = _first(accuracy, target), _share(accuracy, target)
    return seconds[after - 1] + (1 - share if turned else share) * (seconds[after] - seconds[after - 1])


def _crossing_by_a_loop(seconds: NDArray, accuracy: NDArray, target: float) -> float:
    for epoch in range(1, len(seconds)):
        if accuracy[epoch] >= target:
            slope = (seconds[epoch] - seconds[epoch - 1]) / (accuracy[epoch] - accuracy[epoch - 1])
            return seconds[epoch] - slope * (accuracy[epoch] - target)
    return math.inf


def _last_crossing(seconds: NDArray, accuracy: NDArray, target: float) -> float:
    after = max(epoch for epoch in range(1, len(accuracy)) if accuracy[epoch - 1] < target <= accuracy[epoch])
    return _crossing(seconds[after - 1 :], accuracy[after - 1 :], target)


def _from_the_first_epoch(seconds: NDArray, accuracy: NDArray, target: float) -> float:
    after = _first(accuracy, target)
    return _crossing(seconds[[0, after]], accuracy[[0, after]], target)


_FALSE_CROSSINGS: dict[str, Callable[[NDArray, NDArray, float], float]] = {
    "epoch-after": lambda t, a, target: t[_first(a, target)],
    "epoch-before": lambda t, a, target: t[_first(a, target) - 1],
    "turned": lambda t, a, target: _crossing(t, a, target, turned=True),
    "halfway": lambda t, a, target: (t[_first(a, target) - 1] + t[_first(a, target)]) / 2,
    "added-whole": lambda t, a, target: t[_first(a, target) - 1] + _share(a, target) * t[_first(a, target)],
    "only-share": lambda t, a, target: _share(a, target),
    "epochs": lambda t, a, target: _first(a, target) + _share(a, target),
    "interp": lambda t, a, target: np.interp(target, a, t),
    "last": _last_crossing,
    "from-the-first": _from_the_first_epoch,
}

A_CROSSING_BY_HAND = Exercise(
    name="a-crossing-by-hand",
    title="A crossing by hand",
    asks="A function crossing(seconds, accuracy, target) of two arrays, a value after each epoch: the seconds until the "
    "accuracy first reaches the target, on a straight line between two epochs. It does reach it, and not before the second "
    "epoch.",
    grade=_check_crossing,
    mistakes={
        "epoch-after": "That is the end of the first epoch that reaches the target. Somewhere before it the line crosses.",
        "epoch-before": "That is the end of the last epoch below the target. The line crosses somewhere after it.",
        "turned": "The share of the way is counted from the wrong end: how far is it from the epoch before?",
        "halfway": "That is the middle between the two epochs. Where on the straight line does the target lie?",
        "added-whole": "The share belongs to the time between the two epochs, not to the time since the start.",
        "only-share": "That is the share of the way between two epochs. How many seconds is it, and after how many?",
        "epochs": "That counts in epochs. Seconds are asked for.",
        "interp": "The function np.interp expects values that never fall, and is silent when they do. Give it only the two epochs.",
        "last": "That is the last time that the line rises through the target. The first time counts.",
        "from-the-first": "The straight line begins at the first epoch here. It should begin at the one just before.",
        "other": "Take keras.io's two epochs from the chapter: 50.3 s and 98.708 %, 59.7 s and 98.804 %. For 98.8 % it should "
        "give 59.3 s.",
    },
    hints=(
        "The comparison accuracy >= target gives False, False, True ...: which function finds the first True?",
        "Which share of the way from the epoch before to this one does the target lie, counted in accuracy?",
        "The same share of the seconds between the two, added to the seconds of the epoch before.",
    ),
    solution="""\
# The first epoch at or above the target, and the share of the way to it that is needed.
def crossing(seconds, accuracy, target):
    after = np.argmax(accuracy >= target)
    share = (target - accuracy[after - 1]) / (accuracy[after] - accuracy[after - 1])
    return seconds[after - 1] + share * (seconds[after] - seconds[after - 1])

answer = crossing""",
    right=(
        lambda: _crossing_by_a_loop,
        lambda: lambda t, a, goal: np.interp(goal, a[(i := _first(a, goal)) - 1 : i + 1], t[i - 1 : i + 1]),
    ),
    wrong=(
        *((name, lambda wrong=wrong: wrong) for name, wrong in _FALSE_CROSSINGS.items()),
        ("other", lambda: lambda t, a, target: t[a.argmax()]),
        ("type", lambda: lambda t, a, target: t[a >= target]),
        ("type", lambda: 7.6),
        ("signature", lambda: lambda net: 7.6),
    ),
)

# ------------------------------------------------------------------------------------- how much of the start is left

AVERAGES = ((0.99, 0.01), (0.9, 0.01), (0.9, 0.3), (0.5, 0.2), (0.95, 0.6))


def _check_steps(answer: Any) -> None:
    steps_until = function(answer)
    results = np.array([number(steps_until(*case)) for case in AVERAGES])
    exact = np.array([math.log(share) / math.log(momentum) for momentum, share in AVERAGES])
    known = {
        "fraction": exact,
        "one-less": np.ceil(exact) - 1,
        "one-more": np.ceil(exact) + 1,
        **{name: np.array([wrong(*case) for case in AVERAGES]) for name, wrong in _FALSE_STEPS.items()},
    }
    recognise(results, np.ceil(exact), known)


def _steps_until(momentum: float, share: float) -> int:
    steps = 0
    while momentum**steps >= share:
        steps += 1
    return steps


_FALSE_STEPS: dict[str, Callable[[float, float], float]] = {
    "straight": lambda momentum, share: math.ceil((1 - share) / (1 - momentum)),
    "new-part": lambda momentum, share: _steps_until(1 - momentum, share),
    "replaced": lambda momentum, share: _steps_until(momentum, 1 - share),
    "what-is-left": lambda momentum, share: momentum ** _steps_until(momentum, share),
    "one-value": lambda momentum, share: share / momentum,
}

HOW_MUCH_IS_LEFT = Exercise(
    name="how-much-start-is-left",
    title="How much of the start is left?",
    asks="A function steps_until(momentum, share): after how many steps, a whole number, less than this share of a moving "
    "average's start is left in it.",
    grade=_check_steps,
    mistakes={
        "fraction": "Steps are whole. After which whole number is less than the share left for the first time?",
        "one-less": "One step too few: after that many, the share that is left is not yet below the one asked for.",
        "one-more": "One step too many: one step earlier it is below already.",
        "straight": "Each step takes a part of what is left, not of what was there at the start. So it does not fall on a "
        "straight line.",
        "new-part": "Momentum is what a step keeps. You used what it replaces.",
        "replaced": "The share is what is left of the start, not what has been replaced.",
        "what-is-left": "That is how much is left by then. How many steps did it take?",
        "one-value": "That is one step backwards. How often is the start multiplied by the momentum?",
        "other": "Count on your fingers for momentum 0.5: after one step a half of the start is left, after two a quarter.",
    },
    hints=(
        "In each step the average keeps momentum times what it was. What is left of its start after two steps?",
        "After n steps, momentum multiplied by itself n times is left.",
        "A loop that counts steps until momentum**steps is below the share will do.",
    ),
    solution="""\
# After n steps momentum**n of the start is left.
def steps_until(momentum, share):
    steps = 0
    while momentum**steps >= share:
        steps += 1
    return steps

answer = steps_until""",
    right=(
        lambda: lambda momentum, share: math.ceil(math.log(share) / math.log(momentum)),
        lambda: lambda momentum, share: int(np.argmax(momentum ** np.arange(2000.0) < share)),
    ),
    wrong=(
        *((name, lambda wrong=wrong: wrong) for name, wrong in _FALSE_STEPS.items()),
        ("fraction", lambda: lambda momentum, share: math.log(share) / math.log(momentum)),
        ("one-less", lambda: lambda momentum, share: int(math.log(share) / math.log(momentum))),
        ("one-more", lambda: lambda momentum, share: _steps_until(momentum, share) + 1),
        ("other", lambda: lambda momentum, share: 100),
        ("type", lambda: 459),
        ("gives-nothing", lambda: lambda momentum, share: print(459)),
    ),
)

# ---------------------------------------------------------------------------------------- the best of fifteen throws


def _expected(digits: int, throws: int, pick: Callable[[NDArray, int], NDArray]) -> float:
    """By how many points the picked one of several scores exceeds 99 % on average."""
    share = np.cumsum(_binomial(digits, 0.99))  # the chance of at most 0, 1, 2 ... right answers
    chosen = np.diff(pick(share, throws), prepend=0.0)
    return 100 * (float(chosen @ np.arange(digits + 1)) / digits - 0.99)


def _binomial(digits: int, right: float) -> NDArray[np.float64]:
    counts = np.arange(digits + 1)
    logs = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, digits + 1)))])
    ways = logs[digits] - logs[counts] - logs[digits - counts]
    return np.exp(ways + counts * math.log(right) + (digits - counts) * math.log(1 - right))


def _best(share: NDArray, throws: int) -> NDArray:
    return share**throws


def _worst(share: NDArray, throws: int) -> NDArray:
    return 1 - (1 - np.minimum(share, 1)) ** throws


BEST_OF_FIFTEEN = _expected(2500, 15, _best)
_FALSE_GAINS = {
    "share": (BEST_OF_FIFTEEN / 100, 0.0004),
    "whole": (99 + BEST_OF_FIFTEEN, 0.05),
    "whole-share": (0.99 + BEST_OF_FIFTEEN / 100, 0.0005),
    "digits": (2475 + 25 * BEST_OF_FIFTEEN, 1),
    "all-digits": (_expected(5000, 15, _best), 0.015),
    "spread": (100 * math.sqrt(0.99 * 0.01 / 2500), 0.015),
    "mean": (0.0, 0.02),
    "worst": (_expected(2500, 15, _worst), 0.05),
}
SIMULATED = 0.03


def _check_best(answer: Any) -> None:
    gain = number(answer)
    if abs(gain - BEST_OF_FIFTEEN) <= SIMULATED:
        return
    for name, (result, tolerance) in _FALSE_GAINS.items():
        if abs(gain - result) <= tolerance:
            raise Mistake(name)
    if 0.6 < gain <= 1:
        raise Mistake("best-of-all")
    raise Mistake("other")


BEST_OF_FIFTEEN_THROWS = Exercise(
    name="best-of-fifteen-throws",
    title="The best of fifteen throws",
    asks="A number: by how many points of a hundred the best of the fifteen scores exceeds 99 % on average.",
    grade=_check_best,
    mistakes={
        "share": "That is a share. In points it is a hundred times as much.",
        "whole": "That is the best score itself. By how much does it exceed 99?",
        "whole-share": "That is the best score itself, as a share. By how many points does it exceed 99?",
        "digits": "That is a number of digits. Turn it into per cent, and take 99 away.",
        "all-digits": "Are your epochs judged on 5,000 digits? Half of them is asked for.",
        "spread": "That is how far a single score strays, its standard deviation. The best of fifteen strays upwards only.",
        "mean": "Over all fifteen scores chance cancels. Over the best of each fifteen it does not: where do you take the "
        "maximum?",
        "worst": "That is the worst of fifteen.",
        "best-of-all": "That is the best of all that you drew. Take the best of each fifteen, then the mean over many runs.",
        "other": "Draw fifteen scores, keep the best, and do this some thousand times. What is the mean of the best?",
    },
    hints=(
        "How many of 2,500 digits are right in one epoch? rng.binomial(2500, 0.99) draws it.",
        "Ten thousand runs at once, one in each row: rng.binomial(2500, 0.99, (10_000, 15)).",
        "The maximum along the epochs, divided by 2,500; its mean; and that in points above 99.",
    ),
    solution="""\
# Chance alone is worth a third of a point. In the chapter all epochs are judged on the
# same digits, so their scores go up and down together and differ less.
rng = np.random.default_rng(0)
best = rng.binomial(2500, 0.99, (10_000, 15)).max(axis=1) / 2500
answer = 100 * best.mean() - 99""",
    right=(
        lambda: 0.33,
        lambda: np.mean([max(np.random.default_rng(n).binomial(2500, 0.99, 15)) / 25 - 99 for n in range(2000)]),
    ),
    wrong=(
        *((name, lambda result=result: result) for name, (result, _) in _FALSE_GAINS.items()),
        ("best-of-all", lambda: np.random.default_rng(0).binomial(2500, 0.99, (10_000, 15)).max() / 25 - 99),
        ("other", lambda: 0.13),
        ("type", lambda: np.random.default_rng(0).binomial(2500, 0.99, (100, 15)).max(axis=1) / 25 - 99),
        ("type", lambda: "a third of a point"),
    ),
)

# ------------------------------------------------------------------------------------------------ the luckiest seed

SEEDS = (
    np.array([[2470, 2461], [2466, 2474], [2475, 2468], [2462, 2465]]),
    np.array([[2481, 2470], [2478, 2483], [2475, 2479], [2480, 2466], [2469, 2477]]),
    np.array([[2440, 2452], [2455, 2446], [2449, 2441]]),
)


def _check_seed(answer: Any) -> None:
    honest_gain = function(answer)
    recognise(
        np.array([number(honest_gain(right)) for right in SEEDS]),
        np.array([_honest_gain(right) for right in SEEDS]),
        {name: np.array([wrong(right) for right in SEEDS]) for name, wrong in _FALSE_SEEDS.items()},
        tolerance=1e-4,
    )


def _honest_gain(right: NDArray, chooser: int | None = None) -> float:
    """Mean gain over both choosers, or of one."""
    points = right / 25
    choosers = (0, 1) if chooser is None else (chooser,)
    return float(np.mean([points[points[:, c].argmax(), 1 - c] - points[:, 1 - c].mean() for c in choosers]))


def _by_total(right: NDArray) -> float:
    points = right / 25
    return (points[right.sum(axis=1).argmax()] - points.mean(axis=0)).mean()


def _exchanged_means(right: NDArray) -> float:
    points = right / 25
    return float(np.mean([points[points[:, c].argmax(), 1 - c] - points[:, c].max() for c in (0, 1)]))


_FALSE_SEEDS: dict[str, Callable[[NDArray], float]] = {
    "own-half": lambda right: (right.max(axis=0) - right.mean(axis=0)).mean() / 25,
    "by-total": _by_total,
    "one-chooser": lambda right: _honest_gain(right, 0),
    "other-chooser": lambda right: _honest_gain(right, 1),
    "summed": lambda right: 2 * _honest_gain(right),
    "counts": lambda right: 25 * _honest_gain(right),
    "share": lambda right: _honest_gain(right) / 100,
    "of-both-halves": lambda right: _honest_gain(right) / 2,
    "score": lambda right: np.mean([right[right[:, c].argmax(), 1 - c] / 25 for c in (0, 1)]),
    "loss": _exchanged_means,
    "over-the-last": lambda right: (
        np.mean([right[right[:, c].argmax(), 1 - c] - right[-1, 1 - c] for c in (0, 1)]) / 25
    ),
    "sign": lambda right: -_honest_gain(right),
}

THE_LUCKIEST_SEED = Exercise(
    name="the-luckiest-seed",
    title="The luckiest seed",
    asks="A function honest_gain(right) of an array (seeds, 2): how many of 2,500 each seed reads of either half. It gives a "
    "number in points: the gain of the chosen seed over the mean of all seeds, on the half that did not choose, averaged "
    "over both choices.",
    grade=_check_seed,
    mistakes={
        "own-half": "That is the gain on the half that chose. Look at the same seed on the other half.",
        "by-total": "Both halves chose together here, so none is left that had no say.",
        "one-chooser": "Only the first half has chosen. Let the second choose, too, and take the mean.",
        "other-chooser": "Only the second half has chosen. Let the first choose, too, and take the mean.",
        "summed": "The two choices are added up. Take their mean.",
        "counts": "These are digits. In points of a hundred, one of 2,500 digits is 0.04.",
        "share": "That is a share. In points it is a hundred times as much.",
        "of-both-halves": "Divided by 5,000? Each half has 2,500 digits.",
        "score": "That is how well the chosen seed does. By how much is this better than the mean of all seeds?",
        "loss": "That compares the two halves. Compare the chosen seed with the mean of all seeds, both on the half that did "
        "not choose.",
        "over-the-last": "That compares with the last seed. Compare with the mean of all.",
        "sign": "The sign is turned round: a gain is positive where the chosen seed is better than the mean.",
        "other": "Do it on paper for three seeds: who is best on the first half, and how does this one stand on the second?",
    },
    hints=(
        "The chapter did the same with epochs. What takes the place of the last epoch?",
        "One half chooses the seed right[:, chooser].argmax(). Its score on the other half stands in column "
        "1 - chooser.",
        "Take from it the mean of that column; in points; then the mean over chooser = 0 and 1.",
    ),
    solution="""\
# One half picks its best seed; the other half says what that pick is worth.
def honest_gain(right):
    points = 100 * right / 2500
    gains = points - points.mean(axis=0)
    picks = points.argmax(axis=0)
    return (gains[picks[0], 1] + gains[picks[1], 0]) / 2

answer = honest_gain""",
    right=(
        lambda: _honest_gain,
        lambda: lambda right: ((right - right.mean(axis=0))[right.argmax(axis=0), [1, 0]] / 25).mean(),
    ),
    wrong=(
        *((name, lambda wrong=wrong: wrong) for name, wrong in _FALSE_SEEDS.items()),
        ("other", lambda: lambda right: 0.05),
        ("type", lambda: lambda right: right.argmax(axis=0)),
        ("type", lambda: 0.04),
        ("signature", lambda: lambda net, seeds: 0.04),
    ),
)

# ---------------------------------------------------------------------------------------------------- hard, or wrong


def _check_wrong_labels(answer: Any) -> None:
    recognise(np.array([number(answer)]), np.array([0.6]), {name: np.array([x]) for name, x in _SHARES.items()}, 2e-3)


_SHARES = {
    "right-by-chance": 5500 / 8250,
    "of-all": 0.09,
    "random-of-all": 0.1,
    "of-the-random": 0.9,
    "hardest": 0.15,
    "every": 1.0,
    "turned": 8250 / 4950,
    "half-of-them": 4950 / 16_500,
    "wrong": 4950.0,
    "random": 5500.0,
    "studied": 8250.0,
    "per-cent": 60.0,
}

HARD_OR_WRONG = Exercise(
    name="hard-or-wrong",
    title="Hard, or wrong?",
    asks="A number from 0 to 1: of the images that the sprint goes over again, the share whose label is wrong, if all wrong "
    "ones are among them.",
    grade=_check_wrong_labels,
    mistakes={
        "right-by-chance": "Nearly. A random label can happen to be the right one: how often?",
        "of-all": "That is the share of wrong labels among all training images. Among the hardest it is larger.",
        "random-of-all": "That is the share of random labels among all training images. How many of them are wrong, and among "
        "how many do they stand?",
        "of-the-random": "That is the share of the random labels that are wrong. Which share of the hardest images is it?",
        "hardest": "That is the share of the images that are studied again. How many of these bear a wrong label?",
        "every": "There are not as many wrong labels as images that are studied again. Count both.",
        "turned": "A share cannot exceed 1. What is divided by what?",
        "half-of-them": "The sprint goes over the hardest images twice, but each time it meets the same share of wrong labels.",
        "wrong": "That many labels are wrong. Which share is it of the images that are studied again?",
        "random": "That many labels are random. Some of them are right by chance; and a share is asked for.",
        "studied": "That many images are studied again. Which share of these has a wrong label?",
        "per-cent": "Give it as a share from 0 to 1.",
        "other": "Count both: how many of 55,000 labels are wrong, and how many images make 15 %?",
    },
    hints=(
        "A tenth of 55,000 labels is drawn at random from ten digits. How many of these are wrong?",
        "The sprint keeps 15 % of the images. How many are that?",
        "Divide the first by the second.",
    ),
    solution="""\
# 5,500 labels are random, and nine in ten of these are wrong: 4,950 of 8,250 images.
answer = 0.9 * 5_500 / (0.15 * 55_000)""",
    right=(lambda: 4950 / 8250, lambda: np.float32(0.6)),
    wrong=(
        *((name, lambda share=share: share) for name, share in _SHARES.items()),
        ("other", lambda: 0.55),
        ("type", lambda: (4950, 8250)),
        ("type", lambda: "most of them"),
    ),
)

# ---------------------------------------------------------------------------------------------------- your own rung

HALF_THE_WORK = 1_049_600 // 2  # multiplications for one image, of the sprint's convolutions
ENOUGH = 0.92  # of the validation digits after two epochs over the first 4,000 training digits


def _check_rung(answer: Any) -> None:
    import keras

    if isinstance(answer, keras.Model):
        raise Mistake("network-itself")
    build = function(answer)
    keras.utils.set_random_seed(0)
    model, again = network(build()), build()
    if again is model:
        raise Mistake("same-one")
    if model.input_shape[1:] != (28, 28, 1):
        raise Mistake("input", given=model.input_shape)
    if model.output_shape[1:] != (10,):
        raise Mistake("outputs", given=model.output_shape)
    if (work := _work(model)) > HALF_THE_WORK:
        raise Mistake("too-much-work", work=f"{work:,}", most=f"{HALF_THE_WORK:,}")
    x_val, y_val = validation_digits()
    before = _probabilities(model, x_val[:500])
    if before.min() < 0 or np.abs(before.sum(axis=1) - 1).max() > 1e-3:
        raise Mistake("no-probabilities")
    if (before.argmax(axis=1) == y_val[:500]).mean() > 0.6:
        raise Mistake("trained")
    training.train(model, *training_digits(), epochs=2, peak_rate=0.02)
    reached = (_probabilities(model, x_val).argmax(axis=1) == y_val).mean()
    if reached < ENOUGH:
        raise Mistake("other", share=f"{reached:.1%}", enough=f"{ENOUGH:.0%}")


def _probabilities(model: keras.Sequential, images: NDArray) -> NDArray[np.float32]:
    # Not `predict`: TensorFlow would build a graph for each new network, and complain of it after a few.
    batches = np.array_split(images[..., np.newaxis].astype(np.float32), math.ceil(len(images) / 500))
    return np.concatenate([np.asarray(model(batch, training=False)) for batch in batches])


def _work(model: keras.Sequential) -> int:
    """Multiplications for one image: each filter at each place, each unit of a dense layer once."""
    work = 0
    for layer in model.layers:
        if getattr(layer, "kernel", None) is not None:
            places = math.prod(layer.output.shape[1:-1])
            work += places * math.prod(layer.kernel.shape)
    return work


def _stack(*middle: str, softmax: bool = True, side: int = 28) -> Callable[[], keras.Sequential]:
    """Return a function that builds a network: "conv8" has 8 filters of 5 × 5, "dense20" 20 units."""

    def rung() -> keras.Sequential:
        from keras import Input, Sequential, layers

        model = Sequential([Input((side, side, 1)), layers.Rescaling(1 / 255)])
        for name in middle:
            if name.startswith("conv"):
                model.add(layers.Conv2D(int(name[4:]), 5))
                model.add(layers.MaxPooling2D(2))
                model.add(layers.BatchNormalization(momentum=0.9))
                model.add(layers.ReLU())
            else:
                model.add(layers.Flatten())
                model.add(layers.Dense(int(name[5:]), activation="relu"))
        model.add(layers.Flatten())
        model.add(layers.Dense(10, activation="softmax" if softmax else None))
        return model

    return rung


def _always_the_same() -> Callable[[], keras.Sequential]:
    model = digitlib.build_cnn(widths=(8, 16), dropout=0.0)
    return lambda: model


def _without_its_end() -> keras.Sequential:
    from keras import Input, Sequential, layers

    return Sequential([Input((28, 28, 1)), layers.Conv2D(8, 5), layers.Flatten()])


def _trained() -> keras.Sequential:
    model = _stack("dense20")()
    training.train(model, *training_digits(), epochs=2, peak_rate=0.02)
    return model


YOUR_OWN_RUNG = Exercise(
    name="your-own-rung",
    title="Your own rung",
    asks="A function rung() that builds an untrained network with at most half the sprint's multiplications. The check trains "
    "it for two epochs on 4,000 images, which takes some seconds, and wants 92 % of the validation digits.",
    grade=_check_rung,
    mistakes={
        "network-itself": "That is a network. Give the function that builds it, by its name and without brackets: the check "
        "has to begin with a new one.",
        "same-one": "It gives the same network each time. Build a new one inside the function, so that every run starts anew.",
        "input": "The network takes pictures of shape {given}. It should take (28, 28, 1).",
        "outputs": "The network gives an array of shape {given}. Ten numbers for each picture are wanted.",
        "too-much-work": "It needs {work} multiplications for one image; at most {most} are allowed. In which layer are most of "
        "them?",
        "no-probabilities": "What it gives does not add up to 1. What turns ten scores into probabilities?",
        "trained": "It reads digits before the check has trained it. Start from random weights: the race has one clock for "
        "all.",
        "other": "It reads {share} of the validation digits after its two epochs; {enough} are wanted. Which rungs of the "
        "chapter's ladder bought accuracy?",
    },
    hints=(
        "With digitlib.build_cnn(widths=...) you build the book's network with other numbers of filters.",
        "The work of a convolution: positions, times the square of the filter's side, times channels in, times filters.",
        "Half as many filters in both layers: the second layer's work falls to a quarter.",
    ),
    solution="""\
# Half the sprint's filters: the first convolution has half the work, the second a quarter.
def rung():
    return digitlib.build_cnn(widths=(8, 16), dropout=0.0)

answer = rung""",
    right=(
        lambda: lambda: digitlib.build_cnn(widths=(8, 20), filter_size=3, dropout=0.0),
        lambda: _stack("conv6", "conv20"),
    ),
    wrong=(
        ("same-one", _always_the_same),
        ("input", lambda: _stack("conv8", side=32)),
        ("outputs", lambda: _without_its_end),
        ("too-much-work", lambda: lambda: digitlib.build_cnn(widths=(16, 32))),
        ("no-probabilities", lambda: _stack("conv8", "conv16", softmax=False)),
        ("trained", lambda: _trained),
        ("other", lambda: _stack("dense20")),
        ("network-itself", lambda: digitlib.build_cnn(widths=(8, 16))),
        ("type", lambda: (8, 16)),
        ("raises", lambda: lambda: digitlib.build_cnn(widths=8)),
        ("gives-nothing", lambda: lambda: print(digitlib.build_cnn(widths=(8, 16)).count_params())),
    ),
    trains=True,
)

EXERCISES = (
    A_CROSSING_BY_HAND,
    HOW_MUCH_IS_LEFT,
    BEST_OF_FIFTEEN_THROWS,
    THE_LUCKIEST_SEED,
    HARD_OR_WRONG,
    YOUR_OWN_RUNG,
)
