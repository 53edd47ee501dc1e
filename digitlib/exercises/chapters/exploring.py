"""Exercises of the chapter *Exploring the digits*."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

import digitlib
from digitlib.exercises.answers import array, function, number, recognise, row
from digitlib.exercises.digits import training_digits, validation_digits
from digitlib.exercises.exercise import Exercise, Mistake

PLACES = np.arange(28)


def given() -> dict[str, Any]:
    """Return what the chapter has defined when its exercises begin, as far as the solutions use it."""
    x_train, y_train, x_val, y_val = digitlib.load_mnist()[:4]
    by_digit = [x_train[y_train == digit] for digit in range(10)]
    means = np.array([images.mean(axis=0) for images in by_digit])
    ink = x_train.sum(axis=(1, 2))
    return {
        "np": np,
        "x_train": x_train,
        "y_train": y_train,
        "x_val": x_val,
        "y_val": y_val,
        "by_digit": by_digit,
        "means": means,
        "ink": ink,
        "places": PLACES,
        "row": x_train.sum(axis=2) @ PLACES / ink,
        "column": x_train.sum(axis=1) @ PLACES / ink,
        "accuracy": _accuracy,
        "distance": _distance,
        "nearest_mean": lambda images: _nearest(means, images),
    }


def _accuracy(answers: ArrayLike, labels: ArrayLike) -> float:
    return float(np.mean(np.asarray(answers) == np.asarray(labels)))


def _distance(a: NDArray, b: NDArray) -> NDArray[np.float32]:
    difference = a.astype(np.float32) - b.astype(np.float32)
    return np.sqrt((difference**2).mean(axis=(-2, -1)))


def _nearest(pictures: NDArray, images: NDArray) -> NDArray[np.integer]:
    """For each image the place of the nearest of some pictures, by one matrix product."""
    weights = pictures.reshape(len(pictures), -1).astype(np.float32)
    scores = images.reshape(len(images), -1) @ weights.T - (weights**2).sum(axis=1) / 2
    return scores.argmax(axis=1)


# ------------------------------------------------------------------------------------ ninety per cent for nothing


def _check_never(answer: Any) -> None:
    never = function(answer)
    _, labels = validation_digits()
    tried = [(labels[start : start + size], digit) for start, size, digit in _SAMPLES]
    recognise(
        np.array([number(never(some, digit)) for some, digit in tried]),
        np.array([np.mean(some != digit) for some, digit in tried]),
        {name: np.array([wrong(some, digit) for some, digit in tried]) for name, wrong in _NEVER.items()},
    )


_SAMPLES = ((0, 700, 5), (1000, 900, 1), (2000, 40, 8), (2500, 333, 3))
_NEVER: dict[str, Callable[[NDArray, int], float]] = {
    "share-found": lambda labels, digit: np.mean(labels == digit),
    "against-labels": lambda labels, digit: np.mean(labels == 0),
    "always-five": lambda labels, digit: np.mean(labels != 5),
    "counted": lambda labels, digit: np.sum(labels != digit),
    "per-cent": lambda labels, digit: 100 * np.mean(labels != digit),
    "one-in-ten": lambda labels, digit: 0.9,
    "whole-set": lambda labels, digit: np.mean(validation_digits()[1] != digit),
}

NINETY_FOR_NOTHING = Exercise(
    name="ninety-for-nothing",
    title="Ninety per cent for nothing",
    asks='A function never(labels, digit): the accuracy, a share from 0 to 1, of a detector that says "not this digit" to '
    "every image.",
    grade=_check_never,
    mistakes={
        "share-found": "That is the share of images that do show the digit: on these the detector is wrong.",
        "against-labels": "False counts as 0, so here the answers are compared with the label 0. Compare yes and no with "
        "yes and no: is each image the digit or not?",
        "always-five": "It asks about fives, whatever digit it is given.",
        "counted": "That is a number of images. The accuracy is a share of all.",
        "per-cent": "That is in per cent. Leave it as a share from 0 to 1, as the chapter's accuracy does.",
        "one-in-ten": "Not every digit makes up exactly a tenth of the images: count.",
        "whole-set": "It judges on all validation images. Use the labels that it is given.",
        "other": "Which of the detector's answers are right, those for the digit or those for all others?",
    },
    hints=(
        "The detector gives one and the same answer to each image. For which images is this answer right?",
        "The comparison labels != digit is True for exactly these.",
        "What is the mean of an array of True and False?",
    ),
    solution="""\
# Always answer "not a five". It is wrong only for the fives, about one image in eleven.
def never(labels, digit):
    return accuracy(np.zeros(len(labels), bool), labels == digit)

answer = never""",
    right=(
        lambda: lambda labels, digit: np.mean(labels != digit),
        lambda: lambda labels, digit: 1 - (labels == digit).sum() / len(labels),
    ),
    wrong=(
        *((name, lambda wrong=wrong: wrong) for name, wrong in _NEVER.items()),
        ("other", lambda: lambda labels, digit: 0.5),
        ("type", lambda: lambda labels, digit: labels != digit),
        ("type", lambda: 0.91),
        ("signature", lambda: lambda labels: 0.91),
    ),
)

# ---------------------------------------------------------------------------------------------- the paper margin


def _check_margin(answer: Any) -> None:
    reach = function(answer)
    images, _ = training_digits()
    tried = [(images[:600], 1), (images[600:1100], 2), (images[1100:1500], 3), (images[1500:2000], 4)]
    recognise(
        np.array([number(reach(some, margin)) for some, margin in tried]),
        np.array([_reach(some, margin) for some, margin in tried]),
        {name: np.array([wrong(some, margin) for some, margin in tried]) for name, wrong in _MARGINS.items()},
    )


def _in_margin(margin: int) -> NDArray[np.bool_]:
    inside = np.zeros((28, 28), bool)
    inside[margin : 28 - margin, margin : 28 - margin] = True
    return ~inside


def _reach(images: NDArray, margin: int) -> int:
    return int((images[:, _in_margin(margin)] > 0).any(axis=1).sum())


def _sides(images: NDArray, margin: int) -> tuple[NDArray[np.bool_], ...]:
    """For each image whether there is ink at the top, at the bottom, at the left, at the right."""
    has_ink = images > 0
    edges = (has_ink[:, :margin], has_ink[:, -margin:], has_ink[..., :margin], has_ink[..., -margin:])
    return tuple(edge.any(axis=(1, 2)) for edge in edges)


def _rows_and_columns_alike(images: NDArray, margin: int) -> int:
    top, bottom, left, right = _sides(images, margin)
    return ((top | bottom) & (left | right)).sum()


_MARGINS: dict[str, Callable[[NDArray, int], float]] = {
    "without": lambda images, margin: len(images) - _reach(images, margin),
    "pixels": lambda images, margin: (images[:, _in_margin(margin)] > 0).sum(),
    "share": lambda images, margin: _reach(images, margin) / len(images),
    "one-side-each": lambda images, margin: np.logical_or(*_sides(images, margin)[::2]).sum(),
    "rows-only": lambda images, margin: np.logical_or(*_sides(images, margin)[:2]).sum(),
    "columns-only": lambda images, margin: np.logical_or(*_sides(images, margin)[2:]).sum(),
    "both": _rows_and_columns_alike,
    "twice": lambda images, margin: np.sum(_sides(images, margin)),
    "one-more": lambda images, margin: _reach(images, margin + 1),
    "one-less": lambda images, margin: _reach(images, margin - 1),
}

A_MARGIN_OF_PAPER = Exercise(
    name="a-margin-of-paper",
    title="A margin of paper?",
    asks="A function reach(images, margin): how many of the images (N, 28, 28) have ink in their outermost rows or columns, "
    "as many on each side as margin says.",
    grade=_check_margin,
    mistakes={
        "without": "That many keep the margin free. Count the exceptions.",
        "pixels": "That counts pixels with ink. An image counts once, however many of its pixels lie there.",
        "share": "That is a share. A number of images is asked for.",
        "one-side-each": "Only two of the four sides are looked at, top and left. The margin goes all around.",
        "rows-only": "Top and bottom are looked at, left and right are not.",
        "columns-only": "Left and right are looked at, top and bottom are not.",
        "both": "That asks for ink in the outer rows and in the outer columns. One of them is enough.",
        "twice": "An image that reaches out on two sides is counted twice.",
        "one-more": "It looks one row and one column too far inside.",
        "one-less": "It looks at one row and one column too few.",
        "other": "Try it on a stack of two small pictures whose margins you can see.",
    },
    hints=(
        "First a question for each pixel, then for each image, then the count: how many times do you sum up, and how?",
        "A mask (28, 28) that is True in the margin picks the pixels: images[:, mask] has one row for each image.",
        "Of such a row ask whether any of its values is above 0.",
    ),
    solution="""\
# A mask of the margin picks its pixels from every image; any() asks for a single one with ink.
def reach(images, margin):
    outside = np.ones((28, 28), bool)
    outside[margin:-margin, margin:-margin] = False
    return (images[:, outside] > 0).any(axis=1).sum()

answer = reach""",
    right=(
        lambda: lambda images, margin: np.any(_sides(images, margin), axis=0).sum(),
        lambda: lambda images, m: sum(image[m:-m, m:-m].sum() < image.sum() for image in images),
    ),
    wrong=(
        *((name, lambda wrong=wrong: wrong) for name, wrong in _MARGINS.items()),
        ("other", lambda: lambda images, margin: len(images)),
        ("type", lambda: lambda images, margin: (images[:, _in_margin(margin)] > 0).any(axis=1)),
        ("type", lambda: 41_592),
        ("raises", lambda: lambda images, margin: images[_in_margin(margin)]),
    ),
)

# --------------------------------------------------------------------------------------------- reading by ink alone


def _check_by_ink(answer: Any) -> None:
    by_ink = function(answer)
    images = validation_digits()[0][:300]
    darkness = _mean_darkness()
    for ten in (darkness, darkness[::-1].copy()):
        result = array(by_ink(images, ten))
        if result.shape == (300, 10):
            raise Mistake("table")
        if result.shape == (10,):
            raise Mistake("per-digit")
        result = array(result, (300,))
        if np.ptp(result) == 0:
            raise Mistake("one-answer")
        apart = np.abs(images.mean(axis=(1, 2))[:, np.newaxis] - ten)
        right = apart.argmin(axis=1)
        recognise(
            result,
            right,
            {
                "farthest": apart.argmax(axis=1),
                "from-one": right + 1,
                "darkness": ten[right],
                "gap": apart.min(axis=1),
                "own-means": np.abs(images.mean(axis=(1, 2))[:, np.newaxis] - darkness).argmin(axis=1),
            },
        )


@cache
def _mean_darkness() -> NDArray[np.float64]:
    images, labels = training_digits()
    return np.array([images[labels == digit].mean() for digit in range(10)])


def _apart(images: NDArray, ten: NDArray) -> NDArray[np.float64]:
    return images.mean(axis=(1, 2))[:, np.newaxis] - ten


READING_BY_INK = Exercise(
    name="reading-by-ink-alone",
    title="Reading by ink alone",
    asks="A function by_ink(images, mean_darkness): for each image (N, 28, 28) the digit, 0 to 9, whose mean darkness is "
    "nearest to the image's own.",
    grade=_check_by_ink,
    mistakes={
        "table": "That is a table of how far each image is from each digit. Which digit wins in each row?",
        "per-digit": "Ten answers for 300 images: the smallest is sought along the wrong axis. Which axis belongs to the "
        "digits?",
        "one-answer": "Every image gets the same digit. Do you compare a sum with means? Or does a difference below zero "
        "count as the smallest?",
        "farthest": "That is the digit whose darkness is farthest from the image's.",
        "from-one": "Each answer is one too large. The digits begin with 0, as places do.",
        "darkness": "That is the darkness of the nearest digit. Which digit is it?",
        "gap": "That is how far away the nearest digit is. Its place among the ten is wanted: the digit.",
        "own-means": "It uses darknesses of its own. Use the ten that it is given.",
        "other": "Some images get another digit. Take one image, and print its own darkness beside the ten.",
    },
    hints=(
        "What is the darkness of one image? And of N images, in one line?",
        "N numbers against ten: broadcasting makes a table of them, if one of the two has an axis of length 1.",
        "Take the absolute value of the differences, and argmin along the digits.",
    ),
    solution="""\
# One row per image, one column per digit, by broadcasting.
def by_ink(images, mean_darkness):
    val_darkness = images.mean(axis=(1, 2))
    return abs(val_darkness[:, np.newaxis] - mean_darkness).argmin(axis=1)

answer = by_ink""",
    right=(
        lambda: lambda images, ten: [int(np.argmin((image.mean() - ten) ** 2)) for image in images],
        lambda: lambda images, ten: np.abs(ten[:, np.newaxis] - images.mean(axis=(1, 2))).argmin(axis=0),
    ),
    wrong=(
        ("table", lambda: lambda images, ten: np.abs(_apart(images, ten))),
        ("per-digit", lambda: lambda images, ten: np.abs(_apart(images, ten)).argmin(axis=0)),
        ("one-answer", lambda: lambda images, ten: _apart(images, ten).argmin(axis=1)),
        (
            "one-answer",
            lambda: lambda images, ten: np.abs(images.sum(axis=(1, 2))[:, np.newaxis] - ten).argmin(axis=1),
        ),
        ("farthest", lambda: lambda images, ten: np.abs(_apart(images, ten)).argmax(axis=1)),
        ("from-one", lambda: lambda images, ten: 1 + np.abs(_apart(images, ten)).argmin(axis=1)),
        ("darkness", lambda: lambda images, ten: ten[np.abs(_apart(images, ten)).argmin(axis=1)]),
        ("gap", lambda: lambda images, ten: np.abs(_apart(images, ten)).min(axis=1)),
        ("own-means", lambda: lambda images, ten: np.abs(_apart(images, _mean_darkness())).argmin(axis=1)),
        (
            "other",
            lambda: lambda images, ten: np.abs(_apart(np.where(images > 127, images, 0), ten)).argmin(axis=1),
        ),
        ("shape", lambda: lambda images, ten: np.abs(images.mean() - ten).argmin()),
        ("raises", lambda: lambda images, ten: np.abs(images.mean(axis=(1, 2)) - ten).argmin(axis=1)),
    ),
)

# -------------------------------------------------------------------------------------------------- silent pixels

SILENT, STRUCK = 70, 0


def _check_silent(answer: Any) -> None:
    count, changed = row(answer, 2)
    if (count, changed) == (STRUCK, SILENT):
        raise Mistake("exchanged")
    if count != SILENT:
        raise Mistake(_SILENT.get(count, "other"))
    if changed != STRUCK:
        raise Mistake("touched" if changed == 2 else "changed")


_SILENT = {
    784 - SILENT: "inked",
    122: "validation",
    784: "any-image",
    253: "nearly",
    67: "with-validation",
}

SILENT_PIXELS = Exercise(
    name="silent-pixels",
    title="Silent pixels",
    asks="Two whole numbers (a, b): a pixels are 0 in every training image; without them b of the 5,000 answers change.",
    grade=_check_silent,
    mistakes={
        "exchanged": "The two are exchanged: first the pixels, then the answers that change.",
        "inked": "That many pixels have ink in at least one image. The others are silent.",
        "validation": "That many are silent in the validation images. What is learned, here the pixels, comes from the "
        "training images.",
        "any-image": "That is every pixel: each is 0 in some image. Silent are those that are 0 in all.",
        "nearly": "Silent is more than light on average, and more than never quite black: it is 0 in every image.",
        "with-validation": "That many are silent in training and validation images together. Only the training images "
        "decide.",
        "touched": "That many validation images have ink on a silent pixel. Do their answers change?",
        "changed": "The first number is right. For the second, compare the answers before and after, one by one: how can "
        "the same amount, added to all ten squared distances, decide?",
        "other": "The first number is not right yet. Ask of each pixel whether it is 0 in all images: along which axis?",
    },
    hints=(
        "With x_train == 0 you get True and False in the same shape. Which axis has to go, and how?",
        "Striking them means to set them to 0 in the validation images: multiply by a mask.",
        "Before you compute: which value does each of the ten means have at such a pixel?",
    ),
    solution="""\
# All ten means are 0 there, so ink on a silent pixel adds the same to all ten squared
# distances: the nearest mean remains the nearest, and exactly nothing happens.
silent = (x_train == 0).all(axis=0)
kept = x_val.astype(float) * ~silent
answer = silent.sum(), (nearest_mean(kept) != nearest_mean(x_val)).sum()""",
    right=(lambda: [SILENT, STRUCK], lambda: np.array([70.0, 0.0])),
    wrong=(
        ("exchanged", lambda: (0, 70)),
        ("inked", lambda: (714, 0)),
        ("validation", lambda: (122, 0)),
        ("any-image", lambda: (784, 0)),
        ("nearly", lambda: (253, 0)),
        ("with-validation", lambda: (67, 0)),
        ("touched", lambda: (70, 2)),
        ("changed", lambda: (70, 5000)),
        ("other", lambda: (71, 0)),
        ("count", lambda: (70, 0, 0)),
        ("type", lambda: 70),
    ),
)

# ---------------------------------------------------------------------------------------------- ask five neighbours


def _check_vote(answer: Any) -> None:
    vote = function(answer)
    queries = [(validation_digits()[0][place], count) for count, places in _QUERIES.items() for place in places]
    recognise(
        np.array([number(vote(image, *_memory(), count)) for image, count in queries]),
        np.array([_vote(image, *_memory(), count) for image, count in queries]),
        {
            name: np.array([wrong(image, *_memory(), count) for image, count in queries])
            for name, wrong in _VOTES.items()
        },
    )


def _memory() -> tuple[NDArray, NDArray]:
    images, labels = training_digits()
    return images[:300], labels[:300]


def _by_distance(image: NDArray, images: NDArray, kind: type = np.float32) -> NDArray[np.integer]:
    return ((images.astype(kind) - image) ** 2).sum(axis=(1, 2)).argsort(kind="stable")


def _vote(image: NDArray, images: NDArray, labels: NDArray, count: int) -> int:
    return int(np.bincount(labels[_by_distance(image, images)[:count]]).argmax())


# Validation images whose neighbours do not all agree, while no two digits have the most votes. In some of them one
# neighbour more or fewer would decide otherwise.
_QUERIES = {5: (30, 51, 99, 107, 148, 221, 342), 7: (19, 34, 110, 122, 150, 166, 221, 243)}


def _most_frequent(labels: NDArray) -> int:
    return int(np.bincount(labels).argmax())


_VOTES: dict[str, Callable[[NDArray, NDArray, NDArray, int], float]] = {
    "only-nearest": lambda q, x, y, k: y[_by_distance(q, x)[0]],
    "farthest": lambda q, x, y, k: _most_frequent(y[_by_distance(q, x)[-k:]]),
    "uint8": lambda q, x, y, k: _most_frequent(y[((x - q) ** 2).sum(axis=(1, 2)).argsort(kind="stable")[:k]]),
    "mean": lambda q, x, y, k: round(float(y[_by_distance(q, x)[:k]].mean())),
    "unrounded-mean": lambda q, x, y, k: y[_by_distance(q, x)[:k]].mean(),
    "median": lambda q, x, y, k: np.median(y[_by_distance(q, x)[:k]]),
    "votes": lambda q, x, y, k: np.bincount(y[_by_distance(q, x)[:k]]).max(),
    "place": lambda q, x, y, k: _by_distance(q, x)[0],
    "everyone": lambda q, x, y, k: _most_frequent(y),
    "first-in-file": lambda q, x, y, k: _most_frequent(y[:k]),
    "one-less": lambda q, x, y, k: _most_frequent(y[_by_distance(q, x)[: k - 1]]),
    "one-more": lambda q, x, y, k: _most_frequent(y[_by_distance(q, x)[: k + 1]]),
    "always-five": lambda q, x, y, k: _most_frequent(y[_by_distance(q, x)[:5]]),
}

ASK_FIVE_NEIGHBOURS = Exercise(
    name="ask-five-neighbours",
    title="Ask five neighbours",
    asks="A function vote(image, images, labels, count): the label that is most frequent among the count images nearest to "
    "image. All images are uint8, as they come.",
    grade=_check_vote,
    mistakes={
        "only-nearest": "Only the nearest is asked. Let several vote.",
        "farthest": "These are the votes of the farthest.",
        "uint8": "The differences are taken in uint8, where they wrap around. Convert first.",
        "mean": "The mean of the labels 3 and 9 is 6, but nobody voted for 6. Labels are names: count them.",
        "unrounded-mean": "The mean of the labels 3 and 9 is 6, and of 3 and 8 it is no digit at all. Labels are names: count "
        "them.",
        "median": "The middle one of the sorted labels depends on what the digits are called. Labels are names: count them.",
        "votes": "That is how many votes the winner has. Who is it?",
        "place": "That is the place of the nearest image. Its label votes, not its place.",
        "everyone": "The label that is most frequent among all images has nothing to do with this image. Ask the nearest.",
        "first-in-file": "These are the first images in the file, not the nearest ones. Sort the places by distance.",
        "one-less": "One neighbour too few is asked. Where does the slice end?",
        "one-more": "One neighbour too many is asked. Where does the slice end?",
        "always-five": "Five are asked, whatever count says.",
        "other": "For some images another digit has more votes. Print the labels of the nearest beside your answer.",
    },
    hints=(
        "Three steps: all distances, the places of the nearest, their labels.",
        "With argsort you get the places in order of distance; a slice takes the first ones. (Mind uint8.)",
        "Counting: np.bincount says how often 0, 1, 2 ... occur. Which function says where the largest count stands?",
    ),
    solution="""\
# All squared distances, the places of the nearest, their labels, and the most frequent of these.
def vote(image, images, labels, count):
    squares = ((images.astype(np.int32) - image.astype(np.int32)) ** 2).sum(axis=(1, 2))
    nearest = squares.argsort(kind="stable")[:count]
    return np.bincount(labels[nearest]).argmax()

answer = vote""",
    right=(
        lambda: lambda q, x, y, k: max(set(found := y[_distance(x, q).argsort()[:k]].tolist()), key=found.count),
        lambda: lambda q, x, y, k: np.eye(10)[y[np.argpartition(_distance(x, q), k)[:k]]].sum(axis=0).argmax(),
    ),
    wrong=(
        *((name, lambda wrong=wrong: wrong) for name, wrong in _VOTES.items()),
        ("other", lambda: lambda q, x, y, k: 10),
        ("type", lambda: lambda q, x, y, k: y[_by_distance(q, x)[:k]]),
        ("signature", lambda: lambda image: 0),
    ),
)

# ----------------------------------------------------------------------------- how many images does a mean need

SIZES = (12, 15, 18, 13, 20, 16, 14, 17, 12, 19)
INK, MARK = 200, 250


def _marked_images() -> list[NDArray[np.uint8]]:
    """For each digit images that can be told apart in their mean: one pixel for the image, one for the digit."""
    stacks = []
    for digit, size in enumerate(SIZES):
        stack = np.zeros((size, 784), np.uint8)
        stack[np.arange(size), np.arange(size)] = INK
        stack[:, 700 + digit] = MARK
        stacks.append(stack.reshape(size, 28, 28))
    return stacks


def _check_few_means(answer: Any) -> None:
    few_means = function(answer)
    stacks, rng = _marked_images(), np.random.default_rng(5)
    draws = [_drawn(few_means(stacks, count, rng), count) for count in (8, 8, 12)]
    if any((stack != before).any() for stack, before in zip(stacks, _marked_images(), strict=True)):
        raise Mistake("changes-input")
    if all((used[:, :count] == 1).all() for used, count in zip(draws, (8, 8, 12), strict=True)):
        raise Mistake("first")
    if (draws[0] == draws[1]).all():
        raise Mistake("same-draw")
    again = [_drawn(few_means(_marked_images(), 8, np.random.default_rng(5)), 8) for _ in range(2)]
    if (again[0] != again[1]).any():
        raise Mistake("own-chance")


def _drawn(means: Any, count: int) -> NDArray[np.float64]:
    """How often each image was used for the mean of its digit."""
    flat = array(means, (10, 28, 28)).reshape(10, 784)
    marks = flat[:, 700:710]
    if np.allclose(marks, np.eye(10) * MARK * count):
        raise Mistake("summed")
    if not np.allclose(marks, np.eye(10) * MARK):
        raise Mistake("mixed" if np.allclose(marks.sum(axis=1), MARK) else "other")
    used = flat[:, : max(SIZES)] * count / INK
    if np.allclose(flat[:, : max(SIZES)].astype(int), flat[:, : max(SIZES)]) and INK % count:
        raise Mistake("rounded")
    in_all = np.broadcast_to(count / np.array(SIZES)[:, np.newaxis], used.shape)
    if np.allclose(used[used > 0], in_all[used > 0]):
        raise Mistake("all")
    if not np.allclose(used, np.rint(used), atol=1e-3):
        raise Mistake("how-many")
    if (used > 1.5).any():
        raise Mistake("replaced")
    return np.rint(used)


def _some(draw: Callable[[NDArray, int, np.random.Generator], NDArray]) -> Callable[..., list[NDArray]]:
    """Means of what `draw` takes from each digit's images."""
    return lambda by_digit, count, rng: [draw(images, count, rng).mean(axis=0) for images in by_digit]


def _shuffled(by_digit: list[NDArray], count: int, rng: np.random.Generator) -> list[NDArray]:
    for images in by_digit:
        rng.shuffle(images)
    return [images[:count].mean(axis=0) for images in by_digit]


def _from_all(by_digit: list[NDArray], count: int, rng: np.random.Generator) -> list[NDArray]:
    images = np.concatenate(by_digit)
    return [images[rng.choice(len(images), count, replace=False)].mean(axis=0) for _ in range(10)]


HOW_MANY_IMAGES = Exercise(
    name="how-many-images",
    title="How many images does a mean need?",
    asks="A function few_means(by_digit, count, rng): ten mean images (10, 28, 28), each of count images of that digit, drawn "
    "with rng, none of them twice.",
    grade=_check_few_means,
    mistakes={
        "summed": "The images are added up. Divide by their number.",
        "mixed": "A mean holds images of other digits. Draw from each digit's own stack, in the order 0 to 9.",
        "rounded": "What lies behind the point is dropped. Leave the means as floats.",
        "all": "Every image of the digit is in its mean, not only as many as count says.",
        "replaced": "Some image is drawn twice for the same mean. How do you draw without putting back?",
        "how-many": "A mean is made of more or fewer images than count says.",
        "first": "It takes the first images of each stack every time. Draw at random.",
        "same-draw": "Two calls draw the same images. Do not make a new generator inside: use the rng that is given.",
        "own-chance": "With the same seed it draws other images each time. Draw with the rng that is given, so that a run can "
        "be repeated.",
        "other": "Try it on ten stacks of a few tiny pictures, and compare with the means by hand.",
    },
    hints=(
        "The list by_digit holds ten stacks. Do the same for each of them.",
        "Try rng.choice(n, count, replace=False): it draws count different numbers from 0 to n - 1.",
        "These numbers are places: use them as an index, and take the mean along axis 0.",
    ),
    solution="""\
# For each digit as many different places as wanted, and the mean of the images there.
def few_means(by_digit, count, rng):
    few = [images[rng.choice(len(images), count, replace=False)] for images in by_digit]
    return np.array([images.mean(axis=0) for images in few])

answer = few_means""",
    right=(
        lambda: _some(lambda images, count, rng: images[rng.permutation(len(images))[:count]]),
        lambda: _some(lambda images, count, rng: rng.choice(images, count, replace=False)),
        lambda: _some(lambda images, count, rng: rng.permutation(images)[-count:]),
    ),
    wrong=(
        ("summed", lambda: lambda by_digit, count, rng: [rng.permutation(x)[:count].sum(axis=0) for x in by_digit]),
        ("mixed", lambda: _from_all),
        (
            "rounded",
            lambda: (
                lambda by_digit, count, rng: [
                    rng.permutation(x)[:count].mean(axis=0).astype(np.uint8) for x in by_digit
                ]
            ),
        ),
        ("all", lambda: _some(lambda images, count, rng: images)),
        ("replaced", lambda: _some(lambda images, count, rng: rng.choice(images, count))),
        ("replaced", lambda: _some(lambda images, count, rng: images[rng.integers(0, len(images), count)])),
        ("how-many", lambda: _some(lambda images, count, rng: rng.permutation(images)[: count - 1])),
        ("first", lambda: _some(lambda images, count, rng: images[:count])),
        ("same-draw", lambda: _some(lambda images, count, rng: np.random.default_rng(0).permutation(images)[:count])),
        ("own-chance", lambda: _some(lambda images, count, rng: np.random.default_rng().permutation(images)[:count])),
        ("own-chance", lambda: _some(lambda images, count, rng: np.random.permutation(images)[:count])),
        ("other", lambda: lambda by_digit, count, rng: np.zeros((10, 28, 28))),
        ("shape", lambda: lambda by_digit, count, rng: rng.permutation(by_digit[0])[:count].mean(axis=0)),
        ("changes-input", lambda: _shuffled),
        ("raises", lambda: lambda by_digit, count, rng: by_digit[:, :count].mean(axis=1)),
    ),
)

# --------------------------------------------------------------------------------------------------- raise the bar

BETTER_BY = 0.02
HONEST_GAP = 0.02  # how much better a classifier may read the validation images than the training images


def _check_reader(answer: Any) -> None:
    read = function(answer)
    x_val, y_val = (part[::8] for part in validation_digits())
    x_train, y_train = (part[3::6] for part in training_digits())
    answers = array(read(x_val), (len(x_val),))
    if not np.isin(answers, range(10)).all():
        raise Mistake("no-digits")
    reached, bar = _accuracy(answers, y_val), _accuracy(_nearest(_ten_means(), x_val), y_val)
    if reached < 0.3:
        raise Mistake("labels")
    if reached < bar - 0.02:
        raise Mistake("other", share=f"{reached:.1%}", bar=f"{bar:.1%}")
    if reached < bar + BETTER_BY:
        raise Mistake("no-gain", share=f"{reached:.1%}", bar=f"{bar:.1%}")
    if reached > _accuracy(array(read(x_train), (len(x_train),)), y_train) + HONEST_GAP:
        raise Mistake("validation")


@cache
def _ten_means() -> NDArray[np.float64]:
    images, labels = training_digits()
    return np.array([images[labels == digit].mean(axis=0) for digit in range(10)])


def _several_means(images: NDArray, labels: NDArray, order: NDArray, groups: int) -> NDArray[np.float64]:
    """Means of equal groups of each digit's images in some order, digit by digit."""
    return np.array(
        [
            part.mean(axis=0)
            for digit in range(10)
            for part in np.array_split(images[labels == digit][order[labels == digit].argsort(kind="stable")], groups)
        ]
    )


def _split(by: Callable[[NDArray], NDArray], groups: int, digits: Callable = training_digits) -> Callable:
    """Return a classifier with several means for each digit."""
    images, labels = digits()
    many = _several_means(images, labels, by(images), groups)
    return lambda queries: _nearest(many, queries) // groups


def _width(images: NDArray) -> NDArray:
    return (images > 0).any(axis=1).sum(axis=1)


def _lean(images: NDArray) -> NDArray:
    """How much farther to the right the upper half has its ink than the lower."""
    upper, lower = images[:, :14].sum(axis=1), images[:, 14:].sum(axis=1)
    return upper @ PLACES / (upper.sum(axis=1) + 1) - lower @ PLACES / (lower.sum(axis=1) + 1)


def _in_file_order(images: NDArray) -> NDArray:
    return np.arange(len(images))


RAISE_THE_BAR = Exercise(
    name="raise-the-bar",
    title="Raise the bar",
    asks="A function read(images): a digit for each image (N, 28, 28), right two points of a hundred more often than the "
    "nearest of ten means. It is judged on 625 validation images.",
    grade=_check_reader,
    mistakes={
        "no-digits": "Some answers are no digits from 0 to 9. Is it the number of the nearest mean? To which digit does "
        "that one belong?",
        "labels": "It is hardly better than chance, as if each mean bore the label of another digit. In which order do your "
        "means stand?",
        "no-gain": "It reads {share}, the ten means {bar}. More means alone do not help: groups drawn at random have almost "
        "the same mean. What do you split by?",
        "validation": "It reads the validation images much better than training images. Did it learn from the validation "
        "set? Then nothing is left to judge it by.",
        "other": "It reads {share}, fewer than the ten means with {bar}. Are your means on the same scale as the images?",
    },
    hints=(
        "Look at the chapter's variants of the digits: in what do they differ most?",
        "For each digit, sort the images by a number such as width or slant, and cut the row into groups.",
        "A sorted stack is cut into parts by np.array_split; each has a mean. With g groups for each digit, in the order of the "
        "digits, mean number i belongs to digit i // g.",
    ),
    solution="""\
# One answer among many: split by slant, the columns that the ink moves sideways per row (a fitted line).
moments = np.stack([x_train[:, r] @ places for r in range(28)], axis=1)
slant = (moments @ places - ink * row * column) / (x_train.sum(axis=2) @ places**2 - ink * row**2)
ranked = [by_digit[digit][slant[y_train == digit].argsort()] for digit in range(10)]
def reader(groups):
    many = [part.mean(axis=0) for images in ranked for part in np.array_split(images, groups)]
    return lambda images: np.argmin([distance(images, mean) for mean in many], axis=0) // groups

answer = reader(10)""",
    right=(lambda: _split(_lean, 5), lambda: _split(_width, 3)),
    wrong=(
        ("no-gain", lambda: _split(_in_file_order, 1)),
        ("no-gain", lambda: _split(_in_file_order, 3)),
        ("no-digits", lambda: lambda images: _nearest(np.repeat(_ten_means(), 2, axis=0), images)),
        ("labels", lambda: lambda images: _nearest(np.repeat(_ten_means(), 5, axis=0), images) % 10),
        ("other", lambda: lambda images: _nearest(_ten_means() / 255, images)),
        ("validation", lambda: _split(_in_file_order, 100, validation_digits)),
        ("shape", lambda: lambda images: 7),
        ("shape", lambda: lambda images: _nearest(_ten_means(), validation_digits()[0][:40])),
        ("type", lambda: _ten_means()),
    ),
)

EXERCISES = (
    NINETY_FOR_NOTHING,
    A_MARGIN_OF_PAPER,
    READING_BY_INK,
    SILENT_PIXELS,
    ASK_FIVE_NEIGHBOURS,
    HOW_MANY_IMAGES,
    RAISE_THE_BAR,
)
