"""Exercises of the chapter *Your own digits*."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

import digitlib
from digitlib import drawing
from digitlib.exercises.answers import array, function, recognise, row, same
from digitlib.exercises.digits import training_digits, validation_digits
from digitlib.exercises.exercise import Exercise, Mistake


def given() -> dict[str, Any]:
    """Return what the chapter has defined when its exercises begin, as far as the solutions use it."""
    data = digitlib.load_mnist()
    return {
        "np": np,
        "x_train": data.x_train,
        "x_val": data.x_val,
        "model": digitlib.load_pretrained(),
        "one": _one,
        "flags": FLAGS,
    }


FLAGS = np.arange(2, 81, 2)
SHEET = 140


def _ink_of(points: ArrayLike, pen: float = 14) -> NDArray[np.uint8]:
    """Draw a line with a round pen, as the chapter does."""
    points = np.asarray(points, float)
    rows, columns = np.mgrid[:SHEET, :SHEET] + 0.5
    near = np.full(rows.shape, np.inf)
    for (x, y), (right, down) in zip(points[:-1], np.diff(points, axis=0), strict=True):
        along = np.clip(((columns - x) * right + (rows - y) * down) / (right**2 + down**2), 0, 1)
        near = np.minimum(near, np.hypot(columns - x - along * right, rows - y - along * down))
    return np.round(255 * np.clip(pen / 2 - near + 0.5, 0, 1)).astype(np.uint8)


def _one(flag: float, degrees: float = 60) -> NDArray[np.uint8]:
    angle = np.radians(degrees)
    end = (95 - flag * np.sin(angle), 20 + flag * np.cos(angle))
    return drawing.prepare(_ink_of([end, (95, 20), (95, 120)]))


# ---------------------------------------------------------------------------------------------- where it balances


def _balance(image: NDArray) -> tuple[float, float]:
    ink = image.astype(float)
    rows, columns = np.indices(image.shape)
    return float((rows * ink).sum() / ink.sum()), float((columns * ink).sum() / ink.sum())


def _frame_middle(image: NDArray) -> tuple[float, float]:
    rows, columns = np.nonzero(image)
    return (rows.min() + rows.max()) / 2, (columns.min() + columns.max()) / 2


def _not_divided(image: NDArray) -> NDArray:
    return np.array(_balance(image)) * image.sum(dtype=float)


_FALSE_BALANCES: dict[str, Callable[[NDArray], Any]] = {
    "exchanged": lambda image: _balance(image)[::-1],
    "frame": _frame_middle,
    "unweighted": lambda image: _balance(image > 0),
    "from-one": lambda image: np.add(_balance(image), 1),
    "sheet": lambda image: (np.array(image.shape) - 1) / 2,
    "sheet-half": lambda image: np.array(image.shape) / 2,
    "darkest": lambda image: np.unravel_index(image.argmax(), image.shape),
    "not-divided": _not_divided,
    "by-pixels": lambda image: _not_divided(image) / image.size,
    "rounded": lambda image: np.round(_balance(image)),
}


@cache
def _sheets() -> tuple[NDArray[np.uint8], ...]:
    digits, _ = validation_digits()
    places = ((3, 20, 9), (20, 5, 14), (0, 0, 40), (11, 2, 0))
    return tuple(
        np.pad(digit, ((top, 6), (left, right))) for digit, (top, left, right) in zip(digits, places, strict=False)
    )


def _check_balance(answer: Any) -> None:
    centre_of_mass = function(answer)
    recognise(
        np.stack([row(centre_of_mass(sheet), 2) for sheet in _sheets()]),
        np.stack([_balance(sheet) for sheet in _sheets()]),
        {name: np.stack([wrong(sheet) for sheet in _sheets()]) for name, wrong in _FALSE_BALANCES.items()},
        tolerance=1e-4,
    )


WHERE_IT_BALANCES = Exercise(
    name="where-it-balances",
    title="Where it balances",
    asks="A function centre_of_mass(image) that takes a picture of any size, and gives two numbers: row and column.",
    grade=_check_balance,
    mistakes={
        "exchanged": "Row and column are exchanged. The first axis of a picture is which?",
        "frame": "That is the middle of the frame around the ink. A heavy stroke at one end should pull the point towards it.",
        "unweighted": "Every pixel with any ink counts alike here. A dark pixel weighs more than a pale one.",
        "from-one": "Your rows and columns begin at 1. In this book they count from 0.",
        "sheet": "That is the middle of the sheet, wherever the ink is.",
        "sheet-half": "That is half of the sheet's sides, wherever the ink is.",
        "darkest": "That is the place of the darkest pixel. All ink has weight, not only the darkest.",
        "not-divided": "These are sums of place times ink. A mean is such a sum divided by the weight of it all.",
        "by-pixels": "The sums are divided by the number of pixels. Paper has no weight: divide by the ink.",
        "rounded": "It is right but for the fractions, which are gone. Give them back as they are.",
        "other": "Try a picture with two pixels of ink, one three times as dark as the other. Where should it balance?",
    },
    hints=(
        "It is a mean row, in which each pixel's row counts as much as the pixel has ink; and likewise a mean column.",
        "The weight of a whole row is image.sum(axis=1). Multiply it by the row's number, add up, divide by all the ink.",
        "In code: np.arange(image.shape[0]) holds the numbers of the rows, np.arange(image.shape[1]) those of the columns.",
    ),
    solution="""\
# Each row's number counts as often as the row has ink; the same for the columns.
def centre_of_mass(image):
    row = (np.arange(image.shape[0]) * image.sum(axis=1)).sum() / image.sum()
    column = (np.arange(image.shape[1]) * image.sum(axis=0)).sum() / image.sum()
    return row, column

answer = centre_of_mass""",
    right=(
        lambda: lambda image: np.array(np.nonzero(image)) @ image[np.nonzero(image)].astype(float) / image.sum(),
        lambda: (
            lambda image: [np.average(np.arange(n), weights=image.sum(axis=1 - i)) for i, n in enumerate(image.shape)]
        ),
    ),
    wrong=(
        *((name, lambda wrong=wrong: wrong) for name, wrong in _FALSE_BALANCES.items()),
        ("other", lambda: lambda image: (image.mean(axis=1).argmax(), image.mean(axis=0).argmax())),
        ("count", lambda: lambda image: image.sum(axis=1)),
        ("type", lambda: (14, 14)),
    ),
)

# ------------------------------------------------------------------------------------------ small hands, large hands


def _squares(images: NDArray) -> NDArray[np.float64]:
    return images.reshape(-1, 14, 2, 14, 2).astype(float)


def _in_uint8(images: NDArray) -> NDArray:
    parts = [images[:, top::2, left::2] for top in (0, 1) for left in (0, 1)]
    return (parts[0] + parts[1] + parts[2] + parts[3]) // 4


_FALSE_HALVES: dict[str, Callable[[NDArray], NDArray]] = {
    "corners": lambda images: images[:, ::2, ::2],
    "truncated": lambda images: _squares(images).mean(axis=(2, 4)) // 1,
    "not-rounded": lambda images: _squares(images).mean(axis=(2, 4)),
    "overflow": _in_uint8,
    "sums": lambda images: _squares(images).sum(axis=(2, 4)),
    "darkest": lambda images: _squares(images).max(axis=(2, 4)),
    "in-a-row": lambda images: np.round(images.reshape(-1, 14, 14, 4).mean(axis=3)),
    "overlaid": lambda images: np.round(images.reshape(-1, 2, 14, 2, 14).mean(axis=(1, 3))),
    "shares": lambda images: _squares(images).mean(axis=(2, 4)) / 255,
}


def _check_halved(answer: Any) -> None:
    halved = function(answer)
    digits = validation_digits()[0][40:60]
    results = array(halved(digits))
    for name, wrong in _FALSE_HALVES.items():
        if same(results, wrong(digits)):
            raise Mistake(name)
    exact = _squares(digits).mean(axis=(2, 4))
    # Half a grey value may be rounded up or down.
    if np.abs(array(results, exact.shape) - exact).max() > 0.5:
        raise Mistake("other")


SMALL_HANDS = Exercise(
    name="small-hands-large-hands",
    title="Small hands, large hands",
    asks="A function halved(images) that takes uint8 pictures (N, 28, 28), and gives them half as large, (N, 14, 14): means of "
    "2 x 2 pixels, rounded to whole numbers.",
    grade=_check_halved,
    mistakes={
        "corners": "That takes one of four pixels and drops the others. Their mean is wanted.",
        "truncated": "What lies behind the point is cut off, so every picture gets paler. Round it: np.round.",
        "not-rounded": "The means are right, but not whole numbers. Grey values are whole: round them.",
        "overflow": "The four are added in uint8, which has no room for their sum. Convert first, or let mean do it.",
        "sums": "These are the sums of four pixels. Divide, or take the mean.",
        "darkest": "These are the darkest of four pixels, which makes the pen thicker. The mean is wanted.",
        "in-a-row": "Your four pixels lie side by side in one row. A square of 2 x 2 takes two rows.",
        "overlaid": "Your four pixels lie 14 apart: the picture's quarters are laid upon each other. Look at the order of the "
        "axes in reshape.",
        "shares": "The values are divided by 255. Leave them as grey values.",
        "other": "Check one square by hand: the first pixel should be the rounded images[0, :2, :2].mean().",
    },
    hints=(
        "The chapter shrinks its sheets of 56 x 56 with one line. Which axes does it make, and over which does it take means?",
        "In code: images.reshape(-1, 14, 2, 14, 2): the third axis runs over the two rows of a square, the fifth over its two columns.",
        "Take the mean over axes 2 and 4, round it, and convert to uint8.",
    ),
    solution="""\
# Axes: picture, row of squares, row in the square, column of squares, column in the square.
def halved(images):
    squares = images.reshape(-1, 14, 2, 14, 2)
    return np.round(squares.mean(axis=(2, 4))).astype(np.uint8)

answer = halved""",
    right=(
        lambda: lambda images: np.floor(_squares(images).mean(axis=(2, 4)) + 0.5),
        lambda: (
            lambda images: (
                sum(images[:, r::2, c::2].astype(int) + (r + c == 0) * 2 for r in (0, 1) for c in (0, 1)) // 4
            )
        ),
    ),
    wrong=(
        *((name, lambda wrong=wrong: wrong) for name, wrong in _FALSE_HALVES.items()),
        ("other", lambda: lambda images: np.round(images.reshape(-1, 14, 2, 14, 2).mean(axis=(2, 4))) // 2),
        ("shape", lambda: lambda images: np.round(_squares(images).mean(axis=2))),
        ("raises", lambda: lambda images: images.reshape(14, 2, 14, 2).mean(axis=(1, 3))),
    ),
)

# ------------------------------------------------------------------------------------------- up, down, left, right

MOVES = ((6, 0), (0, -6), (-3, 2), (0, 5))


def _pushed(images: NDArray, down: int, right: int, paper: int = 0) -> NDArray:
    reach = max(abs(down), abs(right))
    wide = np.pad(images, ((0, 0), (reach, reach), (reach, reach)), constant_values=paper)
    moved = np.roll(wide, (down, right), axis=(1, 2))
    return moved[:, reach : reach + images.shape[1], reach : reach + images.shape[2]]


_FALSE_PUSHES: dict[str, Callable[[NDArray, int, int], NDArray]] = {
    "wraps": lambda images, down, right: np.roll(images, (down, right), axis=(1, 2)),
    "exchanged": lambda images, down, right: _pushed(images, right, down),
    "other-way": lambda images, down, right: _pushed(images, -down, -right),
    "black": lambda images, down, right: _pushed(images, down, right, 255),
    "other-axes": lambda images, down, right: np.roll(images, (down, right), axis=(0, 1)),
    "only-down": lambda images, down, right: _pushed(images, down, 0),
    "only-right": lambda images, down, right: _pushed(images, 0, right),
    "unmoved": lambda images, down, right: images,
}


def _check_pushed(answer: Any) -> None:
    pushed = function(answer)
    digits = validation_digits()[0][70:80]
    recognise(
        np.stack([array(pushed(digits, *move), digits.shape) for move in MOVES]),
        np.stack([_pushed(digits, *move) for move in MOVES]),
        {name: np.stack([wrong(digits, *move) for move in MOVES]) for name, wrong in _FALSE_PUSHES.items()},
    )


def _copied(images: NDArray, down: int, right: int) -> NDArray:
    result = np.zeros_like(images)
    height, width = images.shape[1:]
    to = slice(max(down, 0), height + min(down, 0)), slice(max(right, 0), width + min(right, 0))
    source = slice(max(-down, 0), height + min(-down, 0)), slice(max(-right, 0), width + min(-right, 0))
    result[:, to[0], to[1]] = images[:, source[0], source[1]]
    return result


def _shifted(images: NDArray, down: int, right: int) -> NDArray:
    from scipy import ndimage

    return ndimage.shift(images, (0, down, right), order=0)


def _blanked(images: NDArray, down: int, right: int) -> NDArray:
    """Roll, then blank the wrong side: a mistake without a name of its own."""
    result = np.roll(images, (down, right), axis=(1, 2))
    result[:, : abs(down)] = 0
    return result


UP_DOWN_LEFT_RIGHT = Exercise(
    name="up-down-left-right",
    title="Up, down, left, right",
    asks="A function pushed(images, down, right) that takes pictures (N, 28, 28) and two whole numbers, which may be negative. "
    "Paper comes in on one side, and what leaves on the other is gone.",
    grade=_check_pushed,
    mistakes={
        "wraps": "What leaves on one side comes in again on the other: np.roll does that. Give it room first.",
        "exchanged": "Down and right are exchanged.",
        "other-way": "It moves the other way: up for down, left for right.",
        "black": "What comes in is ink. Paper is 0.",
        "other-axes": "The pictures of the stack are moved past each other. Which axes are rows and columns?",
        "only-down": "It moves down, but not to the right.",
        "only-right": "It moves to the right, but not down.",
        "unmoved": "Nothing has moved.",
        "other": "Try a picture with a single pixel of ink in its middle, and negative numbers, too.",
    },
    hints=(
        "The chapter's `moved` pads on the left and cuts off on the right. For a push in any direction, pad on all sides.",
        "In code: np.pad(images, ((0, 0), (28, 28), (28, 28))) gives room. Then np.roll can do no harm.",
        "After rolling by (down, right) along axes (1, 2), cut the middle 28 x 28 out again.",
    ),
    solution="""\
# With room on all sides np.roll brings nothing back; then the middle is cut out again.
def pushed(images, down, right):
    roomy = np.pad(images, ((0, 0), (28, 28), (28, 28)))
    return np.roll(roomy, (down, right), axis=(1, 2))[:, 28:-28, 28:-28]

answer = pushed""",
    right=(lambda: _copied, lambda: _shifted),
    wrong=(
        *((name, lambda wrong=wrong: wrong) for name, wrong in _FALSE_PUSHES.items()),
        ("other", lambda: _blanked),
        ("raises", lambda: lambda images, down, right: np.pad(images, ((0, 0), (down, 0), (right, 0)))[:, :28, :28]),
        ("shape", lambda: lambda images, down, right: np.pad(images, ((0, 0), (6, 6), (6, 6)))),
        ("gives-nothing", lambda: lambda images, down, right: print(down, right)),
    ),
)

# ------------------------------------------------------------------------------------------- every pixel a little


def _step(image: NDArray, slope: NDArray, size: float) -> NDArray:
    return np.clip(image + size * np.sign(slope), 0, 255)


def _steepest_only(image: NDArray, slope: NDArray, size: float) -> NDArray:
    return _step(image, np.where(np.abs(slope) == np.abs(slope).max(), slope, 0), size)


_FALSE_STEPS: dict[str, Callable[[NDArray, NDArray, float], NDArray]] = {
    "wrong-way": lambda image, slope, size: _step(image, -slope, size),
    "slope-itself": lambda image, slope, size: np.clip(image + size * slope, 0, 255),
    "scaled": lambda image, slope, size: np.clip(image + size * slope / np.abs(slope).max(), 0, 255),
    "length": lambda image, slope, size: np.clip(image + size * slope / np.sqrt((slope**2).sum()), 0, 255),
    "beyond-ink": lambda image, slope, size: image + size * np.sign(slope),
    "wraps": lambda image, slope, size: (image + size * np.sign(slope)).astype(int).astype(np.uint8),
    "one-pixel": _steepest_only,
    "only-darker": lambda image, slope, size: _step(image, np.maximum(slope, 0), size),
    "change-alone": lambda image, slope, size: size * np.sign(slope),
    "ink-only": lambda image, slope, size: _step(image, slope * (image > 0), size),
}


@cache
def _attacks() -> tuple[tuple[NDArray, NDArray, int], ...]:
    digits, _ = validation_digits()
    rng = np.random.default_rng(4)
    return tuple(
        (digit, rng.normal(0, 0.02, (28, 28)), size) for digit, size in zip(digits[:3], (10, 25, 40), strict=True)
    )


def _check_step(answer: Any) -> None:
    worst = function(answer)
    recognise(
        np.stack([array(worst(*attack), (28, 28)) for attack in _attacks()]),
        np.stack([_step(*attack) for attack in _attacks()]),
        {name: np.stack([wrong(*attack) for attack in _attacks()]) for name, wrong in _FALSE_STEPS.items()},
        tolerance=1e-3,
    )


def _by_cases(image: NDArray, slope: NDArray, size: float) -> NDArray:
    lighter, darker = np.maximum(image.astype(float) - size, 0), np.minimum(image.astype(float) + size, 255)
    return np.where(slope > 0, darker, lighter)


EVERY_PIXEL_A_LITTLE = Exercise(
    name="every-pixel-a-little",
    title="Every pixel a little",
    asks="A function worst(image, slope, size): the picture (28, 28) whose loss is largest, if no pixel may change by more than "
    "`size` and all stay between 0 and 255.",
    grade=_check_step,
    mistakes={
        "wrong-way": "That lowers the loss: you help the network. Where the slope is positive, more ink raises it.",
        "slope-itself": "That adds the slope itself. Pixels with a small slope hardly move, though they may move by `size`, too.",
        "scaled": "Only the steepest pixel uses all that is allowed. Every pixel may change by `size`.",
        "length": "You limit the length of the whole change. What is limited is each pixel for itself.",
        "beyond-ink": "Some values lie below 0 or above 255: there is no such ink.",
        "wraps": "Values below 0 or above 255 wrap around in uint8: pale paper turns black. Cut off before you convert.",
        "one-pixel": "Only the steepest pixel changes. The power comes from all of them together.",
        "only-darker": "Only pixels whose slope is positive change. What of those where less ink raises the loss?",
        "change-alone": "That is the change. The changed picture is wanted.",
        "ink-only": "Only pixels with ink change. The paper may take a little ink, too.",
        "other": "Look at one pixel: if its slope is positive, how dark may it get? And if it is negative, how pale?",
    },
    hints=(
        "Each pixel decides for itself: more ink or less, whichever raises the loss. How far it goes is given.",
        "In code: np.sign(slope) is 1 where ink raises the loss, and -1 where it lowers it.",
        "Add size times the sign, and cut off with np.clip what lies below 0 or above 255.",
    ),
    solution="""\
# Only the sign of a slope counts: every pixel uses all that it is allowed.
def worst(image, slope, size):
    return np.clip(image + size * np.sign(slope), 0, 255)

answer = worst""",
    right=(lambda: _by_cases, lambda: lambda i, s, e: np.minimum(np.maximum(i + e * ((s > 0) * 2.0 - 1), 0), 255)),
    wrong=(
        *((name, lambda wrong=wrong: wrong) for name, wrong in _FALSE_STEPS.items()),
        ("other", lambda: lambda image, slope, size: np.clip(image + size, 0, 255)),
        ("signature", lambda: lambda image, slope: image),
        ("type", lambda: np.zeros((28, 28))),
    ),
)

# ------------------------------------------------------------------------------------------------ lost in rounding


def _softmax(scores: NDArray) -> NDArray:
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def _of_digit(values: NDArray, digits: NDArray) -> NDArray:
    return values[np.arange(len(digits)), digits]


def _doubt(scores: NDArray, digits: NDArray) -> NDArray:
    others = np.array(scores, float)
    others[np.arange(len(digits)), digits] = -np.inf
    most = others.max(axis=1)
    return most + np.log(np.exp(others - most[:, np.newaxis]).sum(axis=1)) - _of_digit(scores, digits)


def _through_softmax(scores: NDArray, digits: NDArray) -> NDArray:
    p = _of_digit(_softmax(scores), digits)
    with np.errstate(all="ignore"):
        return np.log((1 - p) / p)


def _without_largest(scores: NDArray, digits: NDArray) -> NDArray:
    powers = np.exp(scores)
    right = _of_digit(powers, digits)
    with np.errstate(all="ignore"):
        return np.log((powers.sum(axis=1) - right) / right)


def _plain_exp(scores: NDArray, digits: NDArray) -> NDArray:
    with np.errstate(all="ignore"):
        others = np.exp(scores) * (np.arange(10) != digits[:, np.newaxis])
        return np.log(others.sum(axis=1)) - _of_digit(scores, digits)


def _best_other(scores: NDArray, digits: NDArray) -> NDArray:
    others = np.where(np.arange(10) == digits[:, np.newaxis], -np.inf, scores)
    return others.max(axis=1) - _of_digit(scores, digits)


_FALSE_DOUBTS: dict[str, Callable[[NDArray, NDArray], NDArray]] = {
    "loss": lambda scores, digits: -np.log(_of_digit(_softmax(scores), digits)),
    "sign": lambda scores, digits: -_doubt(scores, digits),
    "best-other": _best_other,
    "no-logarithm": lambda scores, digits: np.exp(_doubt(scores, digits)),
    "probability": lambda scores, digits: _of_digit(_softmax(scores), digits),
    "own-answer": lambda scores, digits: _doubt(scores, scores.argmax(axis=1)),
    "ten": lambda scores, digits: _doubt(scores, digits) / np.log(10),
    "others-only": lambda scores, digits: _doubt(scores, digits) + _of_digit(scores, digits),
}


@cache
def _scores() -> tuple[NDArray, NDArray, NDArray]:
    """Make logits (20, 10) and digits (20,) of a network in doubt, and a second set of logits where it is very sure."""
    rng = np.random.default_rng(12)
    scores, digits = rng.normal(0, 2, (20, 10)), rng.integers(0, 10, 20)
    sure = scores.copy()
    sure[np.arange(20), digits] += 60
    return scores, sure, digits


def _check_doubt(answer: Any) -> None:
    doubt = function(answer)
    scores, sure, digits = _scores()
    result = array(doubt(scores, digits))
    if result.size == 1:
        raise Mistake("one-for-all")
    known = {name: wrong(scores, digits) for name, wrong in _FALSE_DOUBTS.items()}
    recognise(array(result, (20,)), _doubt(scores, digits), known, tolerance=1e-6)
    for trap, hard in (("rounds", sure), ("overflows", scores + 1000)):
        try:
            fine = same(array(doubt(hard, digits), (20,)), _doubt(hard, digits), 1e-3)
        except Mistake as mistake:
            if mistake.name != "not-finite":
                raise
            fine = False
        if not fine:
            raise Mistake(trap)


def _with_scipy(scores: NDArray, digits: NDArray) -> NDArray:
    from scipy.special import logsumexp

    weights = (np.arange(10) != digits[:, np.newaxis]).astype(float)
    return logsumexp(scores, axis=1, b=weights) - _of_digit(scores, digits)


def _digit_by_digit(scores: NDArray, digits: NDArray) -> list[float]:
    found = []
    for of_all, digit in zip(scores, digits, strict=True):
        apart = np.delete(of_all, digit) - of_all[digit]
        found.append(apart.max() + np.log(np.exp(apart - apart.max()).sum()))
    return found


LOST_IN_ROUNDING = Exercise(
    name="lost-in-rounding",
    title="Lost in rounding",
    asks="A function doubt(scores, digits) that takes logits (N, 10) and N digits, and gives N numbers: the logarithm of "
    "(1 - p) / p, where p is the probability of the digit.",
    grade=_check_doubt,
    mistakes={
        "loss": "That is the loss, -log p. The logarithm of (1 - p) / p is wanted.",
        "sign": "The sign is turned: it should be large where the network believes in ANOTHER digit.",
        "best-other": "Only the best of the other nine counts here. What they have TOGETHER is wanted.",
        "no-logarithm": "That is (1 - p) / p itself. Its logarithm is wanted.",
        "probability": "That is the probability of the digit.",
        "own-answer": "You take the digit that the network believes in. Take the one that is handed in.",
        "ten": "The logarithm is that to the base 10. Take np.log.",
        "others-only": "That is what the others have together. What the right digit has must be taken away.",
        "one-for-all": "A single number comes out. Each digit has its own.",
        "rounds": "It is right as long as the network is in doubt. But where it is very sure, p rounds to 1, and 1 - p to 0. Do not "
        "compute p at all.",
        "overflows": "It is right for small logits. But of 1,000 the exponential is infinite. What may you take off all ten?",
        "other": "Try logits of log 1, log 2 and seven times something tiny: you can work out p by hand.",
    },
    hints=(
        "In (1 - p) / p the sum below softmax's line cancels. What is left, in powers of e?",
        "It is the log of the sum of e to the other nine scores, minus the right digit's score. So p is not needed.",
        "Set the right digit's score to -np.inf in a copy. Take the largest of the others off before np.exp, and add it "
        "again after np.log.",
    ),
    solution="""\
# The sum of all ten cancels, so p is never computed, and cannot be rounded to 1.
def doubt(scores, digits):
    everyone = np.arange(len(digits))
    others = scores.astype(float)
    others[everyone, digits] = -np.inf
    most = others.max(axis=1)
    together = np.log(np.exp(others - most[:, np.newaxis]).sum(axis=1))
    return most + together - scores[everyone, digits]

answer = doubt""",
    right=(lambda: _with_scipy, lambda: _digit_by_digit),
    wrong=(
        *((name, lambda wrong=wrong: wrong) for name, wrong in _FALSE_DOUBTS.items()),
        ("one-for-all", lambda: lambda scores, digits: _doubt(scores, digits).mean()),
        ("rounds", lambda: _through_softmax),
        ("rounds", lambda: _without_largest),
        ("overflows", lambda: _plain_exp),
        ("other", lambda: lambda scores, digits: scores.max(axis=1)),
        ("shape", lambda: lambda scores, digits: np.log(1 - _softmax(scores))),
    ),
)

# -------------------------------------------------------------------------------------------------- at which angle?

BORDER = (40, 38, 36, 34, 32, 30, 30)  # for 45 to 75 degrees; the test of the solution holds them to the network
LONGEST = (58, 68, 80, 80, 80, 80, 80)


def _check_angle(answer: Any) -> None:
    border = np.array(BORDER)
    recognise(
        row(answer, 7),
        border,
        {
            "places": border // 2 - 1,
            "last-one": border - 2,
            "never": np.full(7, 2),
            "backwards": border[::-1],
            "longest": np.array(LONGEST),
            "shares": border / 100,
            "angles": np.arange(45, 80, 5),
        },
    )


AT_WHICH_ANGLE = Exercise(
    name="at-which-angle",
    title="At which angle?",
    asks="Seven whole numbers: the shortest of `flags` that is read as a 7, for 45, 50, ... 75 degrees.",
    grade=_check_angle,
    mistakes={
        "places": "These are places in the list of flags. Look up which flag stands there.",
        "last-one": "These are the last flags that are read as a 1. The next one is wanted.",
        "never": "A flag of 2 is read as a 1. Where nothing is True, argmax gives 0: is your question ever answered with yes?",
        "backwards": "The numbers are right, but begin at the other end: 45 degrees comes first.",
        "longest": "These are the longest flags that are read as a 7. The shortest are wanted.",
        "shares": "These are shares of the stem. Give the flags as they stand in `flags`, in hundredths.",
        "angles": "These are the angles.",
        "other": "Some of them differ. Take the answer of the network, the largest of all ten, and the flags from 2 to 80 in "
        "steps of 2.",
    },
    hints=(
        "For one angle: draw a 1 with each of the flags, and let the network read them all in one batch.",
        "In code: np.stack([one(flag, degrees) for flag in flags]), then model.predict and argmax(axis=1) == 7.",
        "On an array of True and False, argmax gives the place of the first True. flags[place] is the flag.",
    ),
    solution="""\
# argmax on True and False finds the first True. The flatter the flag, the more it is a roof.
def shortest(degrees):
    drawn = np.stack([one(flag, degrees) for flag in flags])
    as_seven = model.predict(drawn[..., np.newaxis], verbose=0).argmax(axis=1) == 7
    return flags[as_seven.argmax()]

answer = [shortest(degrees) for degrees in range(45, 80, 5)]""",
    right=(lambda: BORDER, lambda: np.array(BORDER, float)),
    wrong=(
        ("places", lambda: [19, 18, 17, 16, 15, 14, 14]),
        ("last-one", lambda: [38, 36, 34, 32, 30, 28, 28]),
        ("never", lambda: [2] * 7),
        ("backwards", lambda: BORDER[::-1]),
        ("longest", lambda: list(LONGEST)),
        ("shares", lambda: [0.4, 0.38, 0.36, 0.34, 0.32, 0.3, 0.3]),
        ("angles", lambda: range(45, 80, 5)),
        ("other", lambda: [42, 40, 36, 34, 32, 30, 30]),
        ("count", lambda: [2, 2, *BORDER]),
        ("type", lambda: dict(zip(range(45, 80, 5), BORDER, strict=True))),
    ),
)

# ------------------------------------------------------------------------------------------------------- scribbles

SHAPES = (
    [[(70, 25), (115, 110), (25, 110), (70, 25)]],
    [[(30, 30), (110, 30), (110, 110), (30, 110), (30, 30)]],
    [[(25, 115), (70, 22), (115, 115)], [(45, 78), (95, 78)]],
    [[(105, 25), (35, 25), (35, 115), (105, 115)], [(35, 70), (90, 70)]],
    [[(35, 25), (35, 115)], [(105, 25), (105, 115)], [(35, 70), (105, 70)]],
    [[(25, 25), (45, 115), (70, 60), (95, 115), (115, 25)]],
)
MOST_DIGITS_REJECTED, FEWEST_SCRIBBLES, FEWEST_SHAPES, FEWEST_NOISE = 0.1, 1 / 3, 4, 0.95


@cache
def _gathered() -> tuple[NDArray[np.uint8], NDArray[np.str_]]:
    """Return 200 digits and four kinds of strangers in random order, and for each what it is."""
    rng = np.random.default_rng(3)
    scribbles = [_ink_of(rng.uniform(20, 120, (rng.integers(3, 6), 2))) for _ in range(60)]
    shapes = [np.maximum.reduce([_ink_of(line) for line in lines]) for lines in SHAPES]
    kinds = {
        "digit": validation_digits()[0][3000:3200],
        "scribble": np.stack([drawing.prepare(ink) for ink in scribbles]),
        "shape": np.stack([drawing.prepare(ink) for ink in shapes]),
        "noise": rng.integers(0, 256, (20, 28, 28)).astype(np.uint8),
        "empty": np.zeros((1, 28, 28), np.uint8),
    }
    order = rng.permutation(sum(len(pictures) for pictures in kinds.values()))
    names = np.concatenate([np.full(len(pictures), kind) for kind, pictures in kinds.items()])
    return np.concatenate([*kinds.values()])[order], names[order]


def _check_foreign(answer: Any) -> None:
    is_foreign = function(answer)
    pictures, kinds = _gathered()
    result = array(is_foreign(pictures))
    if result.size == 1:
        raise Mistake("one-for-all")
    rejected = array(result, (len(pictures),))
    if not np.isin(rejected, (0, 1)).all():
        raise Mistake("not-yes-or-no")
    share = {kind: float(rejected[kinds == kind].mean()) for kind in np.unique(kinds)}
    strangers = float(rejected[kinds != "digit"].mean())
    if share["digit"] > 0.5 > strangers:
        raise Mistake("exchanged")
    if strangers == 0:
        raise Mistake("none")
    if share["digit"] > MOST_DIGITS_REJECTED:
        raise Mistake("too-many-digits", share=f"{share['digit']:.0%}")
    if share["noise"] < FEWEST_NOISE:
        raise Mistake("noise-passes")
    if share["empty"] < 1:
        raise Mistake("empty-passes")
    if share["shape"] * len(SHAPES) < FEWEST_SHAPES - 0.5:
        raise Mistake("shapes-pass", count=round(share["shape"] * len(SHAPES)))
    if share["scribble"] < FEWEST_SCRIBBLES:
        raise Mistake("scribbles-pass", share=f"{share['scribble']:.0%}")


def _distance(pictures: NDArray, others: NDArray, neighbours: int) -> NDArray:
    """Mean distance of each picture to its nearest others."""
    a, b = pictures.reshape(len(pictures), -1).astype(np.float32), others.reshape(len(others), -1).astype(np.float32)
    squares = (a**2).sum(axis=1)[:, np.newaxis] + (b**2).sum(axis=1) - 2 * a @ b.T
    return np.sqrt(np.sort(squares, axis=1)[:, :neighbours].clip(0)).mean(axis=1)


def _by_distance(neighbours: int, kept: float, ink: bool = True) -> Callable[[NDArray], NDArray]:
    digits = training_digits()[0]

    def is_foreign(pictures: NDArray) -> NDArray:
        limit = np.quantile(_distance(validation_digits()[0][:1000], digits, neighbours), kept)
        empty = pictures.mean(axis=(1, 2)) < 3 if ink else False
        return (_distance(pictures, digits, neighbours) > limit) | empty

    return is_foreign


def _by_confidence(limit: float) -> Callable[[NDArray], NDArray]:
    model = digitlib.load_pretrained()
    return lambda pictures: model.predict(pictures[..., np.newaxis], verbose=0).max(axis=1) < limit


def _by_both() -> Callable[[NDArray], NDArray]:
    far, unsure = _by_distance(1, 0.97), _by_confidence(0.995)
    return lambda pictures: far(pictures) | unsure(pictures)


def _by_ink(pictures: NDArray) -> NDArray:
    ink = pictures.mean(axis=(1, 2))
    return (ink < 5) | (ink > 105)


SCRIBBLES = Exercise(
    name="scribbles",
    title="Scribbles",
    asks="A function is_foreign(pictures) that takes uint8 pictures (N, 28, 28), and gives N times True or False: True for what "
    "is no digit.",
    grade=_check_foreign,
    mistakes={
        "exchanged": "It is the other way round: True should stand for what is NO digit.",
        "none": "Nothing is foreign to it: no scribble, no shape, no noise.",
        "one-for-all": "A single answer comes out. Each picture wants its own.",
        "not-yes-or-no": "It gives numbers. Compare them with a threshold, so that True or False comes out.",
        "too-many-digits": "It rejects {share} of 200 real digits, more than one in ten. Choose the threshold on digits, then see "
        "how many strangers it stops.",
        "noise-passes": "Sheets of noise pass. A network can be sure of them: how do they differ from every digit you know?",
        "empty-passes": "The empty page passes as a digit. What is the first thing to ask of a picture?",
        "shapes-pass": "Of six shapes and letters it stops only {count}. They are prepared like digits, with as much ink; what is "
        "different about them?",
        "scribbles-pass": "It stops only {share} of the scribbles. Rejecting a few more digits is allowed: up to one in ten.",
    },
    hints=(
        "Confidence passes what looks like no digit at all. Which other question could you ask of a picture?",
        "How far is a picture from the most similar of some thousand training digits? A stranger has no near neighbour.",
        "Take the distances of 1,000 validation digits to their nearest training digit, and a threshold that most of them "
        "keep. The empty page needs a test of its own: its ink.",
    ),
    solution="""\
known = x_train[:4000].reshape(4000, 784).astype(np.float32)

def apart(pictures):  # from the most similar of 4,000 training digits: (a - b)² = a² + b² - 2ab
    rows = pictures.reshape(-1, 784).astype(np.float32)
    squares = (rows**2).sum(axis=1)[:, np.newaxis] + (known**2).sum(axis=1) - 2 * rows @ known.T
    return squares.min(axis=1)

limit = np.quantile(apart(x_val[:1000]), 0.95)  # chosen on digits: one in twenty is rejected

def is_foreign(pictures):
    return (apart(pictures) > limit) | (pictures.mean(axis=(1, 2)) < 3)

answer = is_foreign""",
    right=(lambda: _by_distance(5, 0.95), _by_both),
    wrong=(
        ("exchanged", lambda: lambda pictures: ~_by_distance(1, 0.95)(pictures)),
        ("none", lambda: lambda pictures: np.zeros(len(pictures), bool)),
        ("one-for-all", lambda: lambda pictures: True),
        ("not-yes-or-no", lambda: lambda pictures: _distance(pictures, training_digits()[0][:500], 1)),
        ("too-many-digits", lambda: _by_distance(1, 0.6)),
        ("too-many-digits", lambda: lambda pictures: np.ones(len(pictures), bool)),
        ("noise-passes", lambda: _by_confidence(0.95)),
        ("empty-passes", lambda: _by_distance(1, 0.95, ink=False)),
        ("shapes-pass", lambda: _by_ink),
        ("scribbles-pass", lambda: _by_distance(1, 0.995)),
        ("shape", lambda: lambda pictures: _by_distance(1, 0.95)(pictures)[:-1]),
        ("signature", lambda: lambda: True),
    ),
)

EXERCISES = (
    WHERE_IT_BALANCES,
    SMALL_HANDS,
    UP_DOWN_LEFT_RIGHT,
    EVERY_PIXEL_A_LITTLE,
    LOST_IN_ROUNDING,
    AT_WHICH_ANGLE,
    SCRIBBLES,
)
