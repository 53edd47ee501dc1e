"""Exercises of the chapter *Arrays and pictures*."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

import digitlib
from digitlib.exercises.answers import array, choice, function, number, recognise, row, same
from digitlib.exercises.digits import training_digits
from digitlib.exercises.exercise import Exercise, Mistake


def given() -> dict[str, Any]:
    """Return what the chapter has defined when its exercises begin, as far as the solutions use it."""
    data = digitlib.load_mnist()
    return {"np": np, "x_train": data.x_train, "y_train": data.y_train, "image": data.x_train[0]}


# ----------------------------------------------------------------------------------------------- half a turn


def _check_half_a_turn(answer: Any) -> None:
    turned = function(answer)
    for picture in (np.arange(12).reshape(3, 4), np.arange(25).reshape(5, 5), training_digits()[0][7]):
        recognise(
            array(turned(picture)),
            picture[::-1, ::-1],
            {
                "unchanged": picture,
                "mirror": picture[:, ::-1],
                "upside-down": picture[::-1],
                "transposed": picture.T,
                "quarter": np.rot90(picture),
                "one-short": picture[-2::-1, -2::-1],
            },
        )


def _turn_in_place(image: NDArray) -> NDArray:
    image[:] = image[::-1, ::-1].copy()
    return image


HALF_A_TURN = Exercise(
    name="half-a-turn",
    title="Half a turn",
    asks="A function that takes a picture, an array of two axes, and gives it back turned by 180 degrees.",
    grade=_check_half_a_turn,
    mistakes={
        "unchanged": "The picture comes back as it was.",
        "mirror": "Left and right are exchanged, but top and bottom are not: that is a mirror, not a turn.",
        "upside-down": "Top and bottom are exchanged, but left and right are not. After half a turn both are.",
        "transposed": "Rows and columns have changed places: that is a mirror along the diagonal.",
        "quarter": "That is a quarter of a turn. Go on turning.",
        "one-short": "It is turned, but a row and a column are missing. What does -2 stand for as the start of a slice?",
        "other": "That is not the picture turned by half. Try it on a small one, such as np.arange(6).reshape(2, 3), "
        "and compare with paper.",
    },
    hints=(
        "Turn a sheet of paper by 180 degrees. Where does its top left corner go?",
        "A slice can walk backwards. Its third number is the step.",
        "Walk backwards along both axes at once.",
    ),
    solution="""\
# Half a turn exchanges top and bottom, and left and right: walk backwards along both axes.
def turned(image):
    return image[::-1, ::-1]

answer = turned""",
    right=(lambda: lambda image: np.flip(image), lambda: lambda image: np.rot90(image, 2)),
    wrong=(
        ("unchanged", lambda: lambda image: image),
        ("mirror", lambda: lambda image: image[:, ::-1]),
        ("upside-down", lambda: lambda image: image[::-1]),
        ("transposed", lambda: lambda image: image.T),
        ("quarter", lambda: np.rot90),
        ("one-short", lambda: lambda image: image[-2::-1, -2::-1]),
        ("other", lambda: lambda image: image[::-1, 1:]),
        ("changes-input", lambda: _turn_in_place),
        ("type", lambda: np.zeros((28, 28))),
        ("gives-nothing", lambda: lambda image: print(image[::-1, ::-1])),
    ),
)

# ------------------------------------------------------------------------------------- shapes without running

SHAPES = ((10, 28), (10, 28), (10, 28, 28), (10, 28, 28, 1), (3, 28, 28))


def _check_shapes(answer: Any) -> None:
    if not isinstance(answer, (list, tuple)) or len(answer) != len(SHAPES):
        raise Mistake(
            "type", given=f"a {type(answer).__name__}", wanted="a list of five shapes, such as [(10, 28), ...]"
        )
    shapes = [tuple(row(shape).tolist()) for shape in answer]
    known = {
        "row-kept": (0, {(10, 1, 28), (1, 10, 28)}),
        "column": (0, {(28, 28), (28,)}),
        "axis-kept": (1, {(10, 28, 1), (10, 1, 28)}),
        "numbers": (1, {(10,), (1,)}),
        "row-only": (2, {(10, 28), (10, 1, 28)}),
        "axis-first": (3, {(1, 10, 28, 28), (10, 1, 28, 28)}),
        "once": (4, {(1, 28, 28), (28, 28)}),
    }
    for name, (place, results) in known.items():
        if shapes[place] in results:
            raise Mistake(name)
    for place, (given_shape, right) in enumerate(zip(shapes, SHAPES, strict=True), start=1):
        if given_shape != right:
            raise Mistake("other", place=place)


def _shapes(place: int, shape: tuple[int, ...]) -> list[tuple[int, ...]]:
    return [*SHAPES[: place - 1], shape, *SHAPES[place:]]


SHAPES_WITHOUT_RUNNING = Exercise(
    name="shapes-without-running",
    title="Shapes without running",
    asks="A list of five shapes, in the order of the task.",
    grade=_check_shapes,
    mistakes={
        "row-kept": "The first: an index that is a single number takes its axis away.",
        "column": "The first: 14 stands in the place of the rows, and ten pictures were asked for, not one.",
        "axis-kept": "The second: the axis that max is told disappears, unless keepdims says otherwise.",
        "numbers": "The second: only one axis disappears. Along which do the maxima run, and what is left?",
        "row-only": "The third: one side has fewer axes, so it is used again and again, and the result is as large as the "
        "larger side.",
        "axis-first": "The fourth: np.newaxis stands at the end, so the new axis comes last.",
        "once": "The last: an index may be named more than once, and each time the picture is taken.",
        "other": "Number {place} of the list is not right yet.",
    },
    hints=(
        "Go through the index from left to right: each place belongs to one axis of (55000, 28, 28).",
        "A number takes an axis away, a slice shortens it, a list sets its length, np.newaxis adds one of length 1.",
        "For the third, write the two shapes one below the other, flush right.",
    ),
    solution="""\
# A number takes an axis away; max takes away the axis it is told; newaxis adds one.
# (28,) fits to the last axis of (10, 28, 28): ONE row is taken off EVERY row of every
# picture, which hardly anyone would want. And uint8 wraps.
answer = [(10, 28), (10, 28), (10, 28, 28), (10, 28, 28, 1), (3, 28, 28)]""",
    right=(lambda: tuple(list(shape) for shape in SHAPES), lambda: [np.array(shape) for shape in SHAPES]),
    wrong=(
        ("row-kept", lambda: _shapes(1, (10, 1, 28))),
        ("column", lambda: _shapes(1, (28, 28))),
        ("axis-kept", lambda: _shapes(2, (10, 28, 1))),
        ("numbers", lambda: _shapes(2, (10,))),
        ("row-only", lambda: _shapes(3, (10, 28))),
        ("axis-first", lambda: _shapes(4, (1, 10, 28, 28))),
        ("once", lambda: _shapes(5, (1, 28, 28))),
        ("other", lambda: _shapes(5, (15, 28, 28))),
        ("type", lambda: SHAPES[0]),
        ("type", lambda: ["10, 28"] * 5),
    ),
)

# ---------------------------------------------------------------------------------------- the odd one among them

WHICH_SHAPE = Exercise(
    name="the-odd-subtraction",
    title="Which would hardly anyone want?",
    asks='The number of the expression, as a word: "first", "second", "third", "fourth" or "fifth".',
    grade=lambda answer: _check_odd_one(answer),
    mistakes={
        "first": "The first takes one row of each of ten pictures: useful, to compare them.",
        "second": "The second finds the darkest pixel of each row: useful, as a profile.",
        "fourth": "The fourth adds the axis that a network wants: you will meet it in every chapter.",
        "fifth": "The fifth shows one picture three times: odd, but it does what it says.",
    },
    hints=(
        "Say of each in words what is computed from what.",
        "In one of them two things of different size meet. Which part of the smaller meets which part of the larger?",
    ),
    solution="""\
# One row of one picture is taken off every row of ten others: the shapes fit, the sense does not.
answer = "third\"""",
    right=(lambda: "Third", lambda: " third "),
    wrong=(
        ("first", lambda: "first"),
        ("second", lambda: "second"),
        ("fourth", lambda: "Fourth"),
        ("fifth", lambda: "fifth"),
        ("choice", lambda: "x_train[:10] - image[14]"),
        ("type", lambda: 2),
    ),
)


def _check_odd_one(answer: Any) -> None:
    word = choice(answer, "first", "second", "third", "fourth", "fifth")
    if word != "third":
        raise Mistake(word)


# -------------------------------------------------------------------------------------- everyone's ink alike


def _check_alike(answer: Any) -> None:
    alike = function(answer)
    pictures = training_digits()[0][200:230]
    for some in (pictures, pictures[:5, 4:20, 3:27]):
        means = some.mean(axis=(1, 2), keepdims=True)
        result = array(alike(some))
        if result.shape == some.shape[:1]:
            raise Mistake("only-means")
        recognise(
            array(result, some.shape),
            some / means,
            {
                "one-mean": some / some.mean(),
                "column-means": some / np.maximum(some.mean(axis=1, keepdims=True), 1e-9),
                "mean-picture": some / np.maximum(some.mean(axis=0), 1e-9),
                "subtracted": some - means,
                "rounded": (some / means).astype(np.uint8),
                "by-maximum": some / some.max(axis=(1, 2), keepdims=True),
            },
            tolerance=1e-3,
        )


EVERYONES_INK_ALIKE = Exercise(
    name="everyones-ink-alike",
    title="Everyone's ink alike",
    asks="A function that takes pictures (N, 28, 28) and gives back each divided by its own mean grey value.",
    grade=_check_alike,
    mistakes={
        "only-means": "These are the means. Divide the pictures by them.",
        "one-mean": "All pictures are divided by one and the same mean. Each should have its own: along which axes?",
        "column-means": "Each column of a picture has a mean of its own here. One number for each picture is wanted.",
        "mean-picture": "The mean runs over the pictures, pixel by pixel. It should run over the pixels, picture by picture.",
        "subtracted": "The mean is subtracted. Divide by it: then a thick pen and a thin one become alike.",
        "rounded": "What lies behind the point is dropped. Leave the result as floats, and divide with /, not //.",
        "by-maximum": "That divides by the darkest pixel. The mean is wanted.",
        "other": "After it, every picture should have the mean 1. Look at .mean(axis=(1, 2)) of what you give back.",
    },
    hints=(
        "A mean over two axes at once: axis=(1, 2).",
        "The means have the shape (N,), and N would meet 28. Which shape must they have to meet the pictures?",
        "The argument keepdims=True leaves the two axes in place, with length 1.",
    ),
    solution="""\
# Without keepdims the means have shape (N,), and N would meet 28. With it: (N, 1, 1).
def alike(pictures):
    return pictures / pictures.mean(axis=(1, 2), keepdims=True)

answer = alike""",
    right=(
        lambda: lambda pictures: pictures / pictures.mean(axis=(1, 2))[:, np.newaxis, np.newaxis],
        lambda: lambda pictures: np.stack([picture / picture.mean() for picture in pictures]),
    ),
    wrong=(
        ("only-means", lambda: lambda pictures: pictures.mean(axis=(1, 2))),
        ("one-mean", lambda: lambda pictures: pictures / pictures.mean()),
        ("column-means", lambda: lambda p: p / np.maximum(p.mean(axis=1, keepdims=True), 1e-9)),
        ("mean-picture", lambda: lambda p: p / np.maximum(p.mean(axis=0), 1e-9)),
        ("subtracted", lambda: lambda p: p - p.mean(axis=(1, 2), keepdims=True)),
        ("rounded", lambda: lambda p: (p / p.mean(axis=(1, 2), keepdims=True)).astype(np.uint8)),
        ("rounded", lambda: lambda p: p // p.mean(axis=(1, 2), keepdims=True)),
        ("by-maximum", lambda: lambda p: p / p.max(axis=(1, 2), keepdims=True)),
        ("other", lambda: lambda p: p / p.sum(axis=(1, 2), keepdims=True)),
        ("raises", lambda: lambda p: p / p.mean(axis=(1, 2))),
        ("shape", lambda: lambda p: (p / p.mean(axis=(1, 2), keepdims=True))[0]),
    ),
)

# ------------------------------------------------------------------------------------------ what the lie costs


def _nearest(picture: NDArray, candidates: NDArray) -> int:
    return int(((candidates.astype(np.float32) - picture) ** 2).sum(axis=(1, 2)).argmin())


def _check_nearest(answer: Any) -> None:
    nearest = function(answer)
    pictures, _ = training_digits()
    # One place alone may come out right by accident: twenty together tell one mistake from another.
    tried = [(pictures[start], pictures[1000 + start : 1200 + start]) for start in range(0, 60, 3)]
    recognise(
        np.array([number(nearest(picture, candidates)) for picture, candidates in tried]),
        np.array([_nearest(picture, candidates) for picture, candidates in tried]),
        {name: np.array([choose(*pair) for pair in tried]) for name, choose in _FALSE_NEIGHBOURS.items()},
    )


_FALSE_NEIGHBOURS = {
    "uint8": lambda p, c: ((c - p) ** 2).sum(axis=(1, 2)).argmin(),
    "uint8-abs": lambda p, c: np.abs(c - p).sum(axis=(1, 2)).argmin(),
    "farthest": lambda p, c: ((c.astype(int) - p) ** 2).sum(axis=(1, 2)).argmax(),
    "signed": lambda p, c: (c.astype(int) - p).sum(axis=(1, 2)).argmin(),
    "ink": lambda p, c: np.abs((c.astype(int) - p).sum(axis=(1, 2))).argmin(),
    "smallest-square": lambda p, c: ((c.astype(int) - p) ** 2).sum(axis=(1, 2)).min(),
}


WHAT_THE_LIE_COSTS = Exercise(
    name="what-the-lie-costs",
    title="What the lie costs",
    asks="A function nearest(picture, candidates): the index of the candidate (N, 28, 28) with the smallest sum of squared "
    "differences. Both arrays are uint8, as they come.",
    grade=_check_nearest,
    mistakes={
        "uint8": "It is fooled by uint8: differences below zero wrap around before they are squared. Convert first.",
        "uint8-abs": "Here np.abs comes too late: a uint8 difference has wrapped around before, and is never negative.",
        "farthest": "That is the one which is most unlike.",
        "signed": "Differences above and below zero cancel each other. Square them before you add.",
        "ink": "That finds the one with the same amount of ink. Square the differences pixel by pixel, then add.",
        "smallest-square": "That is the smallest sum itself. Its place among the candidates is wanted.",
        "other": "For some pictures another candidate is nearer. Which differences do you square, and over which axes do "
        "you add?",
    },
    hints=(
        "What is 3 - 5 in uint8? Try np.uint8(3) - np.uint8(5).",
        "Convert both to float32 before you subtract.",
        "Subtract with broadcasting, square, add up over axes 1 and 2, then argmin.",
    ),
    solution="""\
# Both as float32, so that differences below zero stay below zero until they are squared.
def nearest(picture, candidates):
    apart = candidates.astype(np.float32) - picture.astype(np.float32)
    return (apart**2).sum(axis=(1, 2)).argmin()

answer = nearest""",
    right=(
        lambda: lambda p, c: min(range(len(c)), key=lambda i: ((c[i].astype(int) - p.astype(int)) ** 2).sum()),
        lambda: lambda p, c: np.linalg.norm(c.reshape(len(c), -1) - p.reshape(-1).astype(float), axis=1).argmin(),
    ),
    wrong=(
        *((name, lambda choose=choose: choose) for name, choose in _FALSE_NEIGHBOURS.items()),
        ("other", lambda: lambda p, c: 0),
        ("signature", lambda: lambda p: 0),
        ("type", lambda: lambda p, c: ((c.astype(int) - p) ** 2).sum(axis=(1, 2))),
    ),
)

# ---------------------------------------------------------------------------------------- one step to the side


def _check_step(answer: Any) -> None:
    recognise(
        row(answer, 2),
        np.array([2, 3]),
        {
            "exchanged": np.array([3, 2]),
            "one-early": np.array([1, 2]),
            "same": np.array([2, 2]),
            "uint8": np.array([1, 1]),
        },
    )


ONE_STEP = Exercise(
    name="one-step-to-the-side",
    title="One step to the side",
    asks="Two whole numbers (a, b): from a pixels on another five is closer, from b pixels on another digit.",
    grade=_check_step,
    mistakes={
        "exchanged": "The two are exchanged: first the other five, then the other digit.",
        "one-early": "These are the last steps at which the moved five is still closer. Name the first at which it is not.",
        "same": "One of the two is right. Look for the nearest picture that is no five once more.",
        "uint8": "Did you subtract in uint8? Then the sums of squares are not what they seem.",
        "other": "Print three numbers for each step: the moved five, the nearest other five, the nearest other digit.",
    },
    hints=(
        "All three are sums of squares against the same picture, in float32.",
        "Take the nearest among x_train[1:2001], once with y_train equal to 5 and once with all others.",
        "Then move by 1, 2, 3 ... pixels and see when the moved five overtakes each of them.",
    ),
    solution="""\
five = image.astype(np.float32)
squares = ((x_train[1:2001].astype(np.float32) - five) ** 2).sum(axis=(1, 2))
of_five = squares[y_train[1:2001] == 5].min()
of_others = squares[y_train[1:2001] != 5].min()
steps = range(1, 8)
moved = np.array([((np.roll(five, step, axis=1) - five) ** 2).sum() for step in steps])
answer = steps[(moved > of_five).argmax()], steps[(moved > of_others).argmax()]""",
    right=(lambda: [2, 3], lambda: np.array([2.0, 3.0])),
    wrong=(
        ("exchanged", lambda: (3, 2)),
        ("one-early", lambda: (1, 2)),
        ("same", lambda: (2, 2)),
        ("uint8", lambda: (1, 1)),
        ("other", lambda: (4, 7)),
        ("count", lambda: (2, 3, 4)),
        ("type", lambda: 2),
    ),
)

# --------------------------------------------------------------------------------------- a measure that forgives


def _check_forgiving(answer: Any) -> None:
    difference = function(answer)
    pictures = training_digits()[0][300:340]
    own, others, against_itself = [], [], []
    for place in range(12):
        picture = pictures[place]
        against_itself.append(number(difference(picture, picture)))
        own.append([number(difference(picture, np.roll(picture, step, axis=1))) for step in (-2, 1, 2)])
        others.append([number(difference(picture, pictures[other])) for other in range(12, 24)])
    nearest, farthest_own = np.min(others, axis=1), np.max(own, axis=1)
    if np.ptp([*np.ravel(own), *np.ravel(others)]) == 0:
        raise Mistake("always-the-same")
    if (nearest < np.array(against_itself)).any():
        raise Mistake("larger-is-closer")
    if (farthest_own >= nearest).sum() > 1:
        plain = [((pictures[i].astype(float) - np.roll(pictures[i], 2, axis=1)) ** 2).sum() for i in range(12)]
        in_uint8 = [((pictures[i] - np.roll(pictures[i], 2, axis=1)) ** 2).sum() for i in range(12)]
        two = np.array(own)[:, 2]
        if same(two, plain, 1) or same(two, in_uint8, 1):
            raise Mistake("unforgiving")
        raise Mistake("other", count=int((farthest_own >= nearest).sum()))


def _over_shifts(a: NDArray, b: NDArray) -> float:
    moved = [np.roll(b.astype(float), step, axis=1) for step in range(-2, 3)]
    return min(((a - picture) ** 2).sum() for picture in moved)


def _over_frequencies(a: NDArray, b: NDArray) -> float:
    return float(np.abs(np.abs(np.fft.fft(a, axis=1)) - np.abs(np.fft.fft(b, axis=1))).sum())


def _centred(picture: NDArray) -> NDArray:
    columns = picture.sum(axis=0)
    centre = (columns * np.arange(28)).sum() / columns.sum()
    return np.roll(picture.astype(float), 14 - round(float(centre)), axis=1)


A_MEASURE_THAT_FORGIVES = Exercise(
    name="a-measure-that-forgives",
    title="A measure that forgives",
    asks="A function difference(a, b) of two pictures (28, 28), a number: small where they are alike. A picture moved by up "
    "to two pixels to a side must stay closer to itself than any other picture is.",
    grade=_check_forgiving,
    mistakes={
        "always-the-same": "All pictures come out alike. It must still tell one from another.",
        "larger-is-closer": "A picture should be nearest to itself, with the smallest number. Is yours a likeness rather than "
        "a difference?",
        "unforgiving": "That is the plain sum of squares, which forgives nothing. What if you tried several positions of b?",
        "other": "For {count} of 12 pictures the moved copy still counts as farther than another picture.",
    },
    hints=(
        "Nobody says that b must be compared in one position only.",
        "Move b by -2, -1, 0, 1 and 2 pixels, and measure each time.",
        "Give back the smallest of the five sums of squares. (In which type do you subtract?)",
    ),
    solution="""\
# The smallest sum over five positions of b. A convolution does the same more cleverly:
# it looks for a stroke at every place (chapter 3).
def difference(a, b):
    moved = [np.roll(b.astype(np.float32), step, axis=1) for step in range(-2, 3)]
    return min(((a - picture) ** 2).sum() for picture in moved)

answer = difference""",
    right=(
        lambda: _over_frequencies,
        lambda: lambda a, b: ((_centred(a) - _centred(b)) ** 2).sum(),
    ),
    wrong=(
        ("always-the-same", lambda: lambda a, b: 0),
        ("larger-is-closer", lambda: lambda a, b: -_over_shifts(a, b)),
        ("unforgiving", lambda: lambda a, b: ((a.astype(float) - b) ** 2).sum()),
        ("unforgiving", lambda: lambda a, b: ((a - b) ** 2).sum()),
        ("other", lambda: lambda a, b: abs(a.mean() - b.mean()) + np.abs(a.astype(float) - b).sum()),
        ("type", lambda: lambda a, b: a == b),
    ),
)

EXERCISES = (
    HALF_A_TURN,
    SHAPES_WITHOUT_RUNNING,
    WHICH_SHAPE,
    EVERYONES_INK_ALIKE,
    WHAT_THE_LIE_COSTS,
    ONE_STEP,
    A_MEASURE_THAT_FORGIVES,
)
