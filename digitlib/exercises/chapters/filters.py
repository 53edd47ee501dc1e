"""Exercises of the chapter *Filters and feature maps*."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

import digitlib
from digitlib import training
from digitlib.exercises.answers import array, function, in_one_row, kind, recognise, row
from digitlib.exercises.exercise import Exercise, Mistake
from digitlib.exercises.network import logits

if TYPE_CHECKING:
    import keras


def given() -> dict[str, Any]:
    """Return what the chapter has defined when its exercises begin, as far as the solutions use it."""
    import keras
    import tensorflow as tf

    data = digitlib.load_mnist()
    model = digitlib.load_pretrained()

    def logits_of_model(batch: Any) -> tf.Tensor:
        values = tf.cast(batch, tf.float32)
        for layer in model.layers[:-1]:
            values = layer(values)
        weights, bias = model.layers[-1].weights
        return values @ weights + bias

    def error_after_training(net: keras.Sequential, frozen: Sequence[str] = ()) -> float:
        for name in frozen:
            net.get_layer(name).trainable = False
        training.train(net, data.x_train[:20_000], data.y_train[:20_000], epochs=2)
        found = net.predict(data.x_val[..., np.newaxis], batch_size=500, verbose=0).argmax(axis=1)
        return float((found != data.y_val).mean())

    return {
        "np": np,
        "tf": tf,
        "keras": keras,
        "digitlib": digitlib,
        "image": data.x_val[70],
        "logits": logits_of_model,
        "error_after_training": error_after_training,
    }


# ----------------------------------------------------------------------------------------------- a smaller window


def _check_field(answer: Any) -> None:
    recognise(
        row(answer, 2),
        np.array([10, 4]),
        {
            "exchanged": np.array([4, 10]),
            "pooling-does-not-look": np.array([5, 1]),
            "too-small": np.array([7, 4]),
            "steps-of-one": np.array([10, 2]),
            "jump-too-early": np.array([13, 4]),
            "first-pooling": np.array([4, 2]),
            "before-the-last": np.array([8, 2]),
            "multiplied": np.array([36, 4]),
            "large-filters": np.array([16, 4]),
        },
    )


A_SMALLER_WINDOW = Exercise(
    name="a-smaller-window",
    title="A smaller window",
    asks="Two whole numbers: how many pixels a side a unit behind the second pooling sees, and how far apart neighbours are.",
    grade=_check_field,
    mistakes={
        "exchanged": "Are the two exchanged? First how far a unit sees, then how far apart two of them are.",
        "pooling-does-not-look": "That is what two convolutions alone would give. A pooling looks at 2 × 2 values and moves "
        "by two.",
        "too-small": "Two slips lead to this field. Behind a pooling, neighbours are further apart than one pixel: do you "
        "multiply by the jump? And a pooling looks at two values in each direction: do you add that?",
        "steps-of-one": "The field is right. How often does the distance between neighbours double?",
        "jump-too-early": "A pooling doubles the distance of what comes *behind* it. The values that it looks at are still "
        "as close together as before.",
        "first-pooling": "That is a unit behind the first pooling. Go on.",
        "before-the-last": "That is a unit of the second convolution. One pooling is left.",
        "multiplied": "Sizes do not multiply: patches of neighbours overlap. Each layer adds to the field.",
        "large-filters": "That is this book's network, with filters of 5 × 5. Here they are 3 × 3.",
        "other": "Write two numbers behind each of the four layers, field and jump, beginning with 1 and 1.",
    },
    hints=(
        "The table for the book's network is in the text above: make the same for this one.",
        "With each layer the field grows by (size - 1) times the jump; a pooling doubles the jump afterwards.",
        "Begin with field 1 and jump 1. Behind the first convolution: field 3, jump 1.",
    ),
    solution="""\
# 3 for the convolution, 4 after pooling, then 4 + 2 · 2 = 8, then 8 + 1 · 2 = 10; the jump doubles twice.
field_3, jump_3 = 1, 1
for size_3, step in [(3, 1), (2, 2), (3, 1), (2, 2)]:
    field_3 += (size_3 - 1) * jump_3
    jump_3 *= step
answer = field_3, jump_3""",
    right=(lambda: [10, 4], lambda: np.array([10.0, 4.0])),
    wrong=(
        ("exchanged", lambda: (4, 10)),
        ("pooling-does-not-look", lambda: (5, 1)),
        ("too-small", lambda: (7, 4)),
        ("steps-of-one", lambda: (10, 2)),
        ("jump-too-early", lambda: (13, 4)),
        ("first-pooling", lambda: (4, 2)),
        ("before-the-last", lambda: (8, 2)),
        ("multiplied", lambda: (36, 4)),
        ("large-filters", lambda: (16, 4)),
        ("other", lambda: (12, 4)),
        ("count", lambda: (3, 4, 8, 10)),
        ("type", lambda: 10),
    ),
)

# ------------------------------------------------------------------------------------------- where a unit looks

_FALSE_WINDOWS: dict[str, Callable[[int, int], tuple[int, ...]]] = {
    "one-too-far": lambda r, c: (4 * r, 4 * r + 16, 4 * c, 4 * c + 16),
    "columns-first": lambda r, c: (4 * c, 4 * c + 15, 4 * r, 4 * r + 15),
    "corners": lambda r, c: (4 * r, 4 * c, 4 * r + 15, 4 * c + 15),
    "one-pixel-apart": lambda r, c: (r, r + 15, c, c + 15),
    "two-pixels-apart": lambda r, c: (2 * r, 2 * r + 15, 2 * c, 2 * c + 15),
    "side-by-side": lambda r, c: (16 * r, 16 * r + 15, 16 * c, 16 * c + 15),
    "tiles": lambda r, c: (7 * r, 7 * r + 6, 7 * c, 7 * c + 6),
    "before-pooling": lambda r, c: (4 * r, 4 * r + 13, 4 * c, 4 * c + 13),
    "centred": lambda r, c: (4 * r - 8, 4 * r + 7, 4 * c - 8, 4 * c + 7),
    "sizes": lambda r, c: (4 * r, 16, 4 * c, 16),
}


def _check_window(answer: Any) -> None:
    looks_at = function(answer)
    units = [(0, 0), (1, 2), (3, 0), (2, 3)]
    recognise(
        np.array([row(looks_at(*unit), 4) for unit in units]),
        np.array([(4 * r, 4 * r + 15, 4 * c, 4 * c + 15) for r, c in units]),
        {name: np.array([false(*unit) for unit in units]) for name, false in _FALSE_WINDOWS.items()},
    )


WHERE_A_UNIT_LOOKS = Exercise(
    name="where-a-unit-looks",
    title="Where a unit looks",
    asks="A function looks_at(row, column) that gives four whole numbers: first and last row, first and last column.",
    grade=_check_window,
    mistakes={
        "one-too-far": "Rows 0 to 16 would be 17 rows. The last one that is seen is wanted.",
        "columns-first": "Rows and columns are exchanged.",
        "corners": "The numbers are right, their order is not: first row, last row, first column, last column.",
        "one-pixel-apart": "The size is right. But neighbours look at places further apart than one pixel: what is their jump?",
        "two-pixels-apart": "That is the jump behind the first pooling. There is a second one.",
        "side-by-side": "Fields overlap: the next unit looks a jump further, not a whole field.",
        "tiles": "The picture is not dealt out among the 4 × 4 units. Each sees a field that overlaps with its neighbours'.",
        "before-pooling": "That is what one place of the second convolution sees. The pooling behind it looks at two by two.",
        "centred": "The unit at row 0, column 0 would look outside of the picture. There is no padding: its field begins in "
        "the corner.",
        "sizes": "The second and the fourth number should say where the field ends, not how long it is.",
        "other": "The unit in row 1, column 2 is worked out in the chapter. What do you get for it? And for row 0, column 0?",
    },
    hints=(
        "The unit in row 0, column 0 sees the corner of the picture, and its neighbours the same, a jump further on.",
        "Where does the field of row r begin, if neighbours are 4 pixels apart?",
        "A field of 16 rows that begins in row 0 ends in row 15.",
    ),
    solution="""\
# A jump of 4 pixels for each step, and a field of 16: the first and 15 more.
def looks_at(row, column):
    return 4 * row, 4 * row + 15, 4 * column, 4 * column + 15

answer = looks_at""",
    right=(
        lambda: lambda r, c: [4 * r, 4 * (r + 4) - 1, 4 * c, 4 * (c + 4) - 1],
        lambda: lambda r, c: np.array([[r], [c]]).repeat(2, axis=1).ravel() * 4 + [0, 15, 0, 15],
    ),
    wrong=(
        *((name, lambda false=false: false) for name, false in _FALSE_WINDOWS.items()),
        ("other", lambda: lambda r, c: (4 * r + 1, 4 * r + 16, 4 * c + 1, 4 * c + 16)),
        ("count", lambda: lambda r, c: (4 * r, 4 * c)),
        ("signature", lambda: lambda unit: unit),
        ("type", lambda: (4, 19, 8, 23)),
    ),
)

# ----------------------------------------------------------------------------------------------- does size matter?

_FALSE_STATISTICS: dict[str, Callable[[float, float, float], tuple[float, ...]]] = {
    "unchanged": lambda m, v, f: (m, v),
    "mean-only": lambda m, v, f: (f * m, v),
    "variance-only": lambda m, v, f: (m, f**2 * v),
    "not-squared": lambda m, v, f: (f * m, f * v),
    "root": lambda m, v, f: (f * m, f**0.5 * v),
    "mean-squared": lambda m, v, f: (f**2 * m, f**2 * v),
    "divided": lambda m, v, f: (m / f, v / f**2),
    "added": lambda m, v, f: (m + f, v),
    "exchanged": lambda m, v, f: (f**2 * v, f * m),
}


def _check_statistics(answer: Any) -> None:
    compensated = function(answer)
    cases = [(1.5, 0.8, 2.0), (-2.0, 3.0, 3.0), (0.7, 1.2, 0.5)]
    recognise(
        np.array([row(compensated(*case), 2) for case in cases]),
        np.array([(f * m, f**2 * v) for m, v, f in cases]),
        {name: np.array([false(*case) for case in cases]) for name, false in _FALSE_STATISTICS.items()},
        tolerance=0.02,  # whoever thinks of epsilon, too, gets a little less
    )


DOES_SIZE_MATTER = Exercise(
    name="does-size-matter",
    title="Does size matter?",
    asks="A function compensated(mean, variance, factor) that gives two numbers: the new mean and the new variance.",
    grade=_check_statistics,
    mistakes={
        "unchanged": "Both stay as they are. But the values that go in are larger now: what are their mean and variance?",
        "mean-only": "The mean is right. Values that lie further apart have a larger variance, too.",
        "variance-only": "The variance is right. But the mean grows, too, if every value does.",
        "not-squared": "The variance is a mean of *squared* distances. What becomes of a square if the distance is doubled?",
        "root": "The root of the variance grows as the values do. The variance itself grows more.",
        "mean-squared": "The variance is right. The mean is no square: it grows as the values do.",
        "divided": "That is the wrong way round: the values become larger, and so do their mean and variance.",
        "added": "The values are multiplied, nothing is added to them.",
        "exchanged": "The two are exchanged: first the mean, then the variance.",
        "other": "Try it on the values 1 and 3: mean 2, variance 1. What are both for 2 and 6?",
    },
    hints=(
        "Each value of the channel is multiplied by the factor. Pooling changes nothing about that: the largest stays the "
        "largest.",
        "Take two values, double both, and work out mean and variance before and after.",
        "The distances from the mean grow with the factor; the variance is the mean of their squares.",
    ),
    solution="""\
# The values grow with the factor, so their mean does, and the squares of distances grow with its square.
def compensated(mean, variance, factor):
    return factor * mean, factor**2 * variance

answer = compensated""",
    right=(
        lambda: lambda m, v, f: (f * m, f**2 * (v + 0.001) - 0.001),
        lambda: lambda m, v, f: [m * f, (np.sqrt(v) * f) ** 2],
    ),
    wrong=(
        *((name, lambda false=false: false) for name, false in _FALSE_STATISTICS.items()),
        ("other", lambda: lambda m, v, f: (f * m, f**2 * v + m**2)),
        ("count", lambda: lambda m, v, f: (f**2 * v,)),
        ("signature", lambda: lambda m, v: (2 * m, 4 * v)),
        ("type", lambda: (2, 4)),
    ),
)

# ----------------------------------------------------------------------------------------- fewer lots to draw


def _check_errors(answer: Any) -> None:
    random, learned = errors = row(answer, 2)
    if (errors < 0).any():
        raise Mistake("other")
    if (errors > 1).all():
        raise Mistake("per-cent")
    if (errors > 0.5).all():
        raise Mistake("accuracies")
    if random < learned:
        raise Mistake("exchanged")
    if random < 0.06 and learned < 0.03:
        raise Mistake("wide")
    if random < 1.3 * learned:
        raise Mistake("no-gap")
    if not (0.06 <= random <= 0.16 and 0.02 <= learned <= 0.055):
        raise Mistake("other")


FEWER_LOTS = Exercise(
    name="fewer-lots-to-draw",
    title="Fewer lots to draw",
    asks="Two shares of errors, such as (0.03, 0.02): first with random filters, then with learned ones.",
    grade=_check_errors,
    mistakes={
        "per-cent": "These are per cent. Leave them as shares.",
        "accuracies": "These are the shares that are right. Count errors.",
        "exchanged": "With random filters fewer errors than with learned ones? Are the two exchanged?",
        "wide": "That is what networks with 24 and 48 filters leave. Build them with 4 and 8.",
        "no-gap": "The two hardly differ. Is `trainable` False for both convolutions of one network, and for none of the "
        "other? Is the net built anew each time?",
        "other": "These are far from what we saw over five seeds. Train as above: 20,000 digits, two epochs, both "
        "networks from the same seed.",
    },
    hints=(
        "Only one line of the chapter changes: how many filters the two networks have.",
        "Take digitlib.build_cnn((4, 8)), with the same seed before each, and error_after_training as above.",
        "For the first, hand it the names of both convolutions as frozen; for the second, nothing.",
    ),
    solution="""\
narrow = {}
for name, frozen in [("random", ["conv1", "conv2"]), ("learned", [])]:
    keras.utils.set_random_seed(0)
    narrow[name] = error_after_training(digitlib.build_cnn((4, 8)), frozen)
# With 8 random maps to choose from, the dense layer often finds none that helps. One seed proves little here: repeat
# with seeds 1 to 4, and compare the gap with the spread.
answer = narrow["random"], narrow["learned"]""",
    right=(lambda: [0.098, 0.036], lambda: np.array([0.117, 0.031])),
    wrong=(
        ("per-cent", lambda: (9.8, 3.6)),
        ("accuracies", lambda: (0.902, 0.964)),
        ("exchanged", lambda: (0.036, 0.098)),
        ("wide", lambda: (0.029, 0.015)),
        ("no-gap", lambda: (0.098, 0.095)),
        ("no-gap", lambda: (0.036, 0.036)),
        ("other", lambda: (0.45, 0.2)),
        ("other", lambda: (0.1, -0.03)),
        ("count", lambda: (0.098, 0.036, 0.062)),
        ("type", lambda: 0.062),
    ),
)

# ----------------------------------------------------------------------------------- a cover without a colour


def _occluded(
    image: NDArray,
    score: Callable[[NDArray], NDArray],
    size: int,
    cover: Callable[[NDArray], float] = np.mean,
    *,
    kind_of_number: type = float,
    stays: bool = False,
) -> NDArray[np.float64]:
    height, width = (side - size + 1 for side in image.shape)
    covered = image.astype(kind_of_number)
    drops = np.zeros((height, width))
    for place in np.ndindex(height, width):
        if not stays:
            covered = image.astype(kind_of_number)
        window = covered[place[0] : place[0] + size, place[1] : place[1] + size]
        window[:] = cover(window)
        drops[place] = (score(image[np.newaxis]) - score(covered[np.newaxis]))[0]
    return drops


_FALSE_OCCLUSIONS: dict[str, Callable[[NDArray, Callable[[NDArray], NDArray], int], NDArray]] = {
    "paper": lambda image, score, size: _occluded(image, score, size, lambda window: 0),
    "ink": lambda image, score, size: _occluded(image, score, size, lambda window: 255),
    "mean-of-all": lambda image, score, size: _occluded(image, score, size, lambda window: image.mean()),
    "rounded": lambda image, score, size: _occluded(image, score, size, kind_of_number=np.uint8),
    "stays": lambda image, score, size: _occluded(image, score, size, stays=True),
    "rise": lambda image, score, size: -_occluded(image, score, size),
    "score-itself": lambda image, score, size: score(image[np.newaxis]) - _occluded(image, score, size),
    "transposed": lambda image, score, size: _occluded(image, score, size).T,
    "one-short": lambda image, score, size: _occluded(image, score, size)[:-1, :-1],
    "in-one-row": lambda image, score, size: _occluded(image, score, size).ravel(),
}


@cache
def _pictures_to_cover() -> list[tuple[NDArray[np.uint8], Callable[[NDArray], NDArray], int]]:
    """Make small pictures, higher than wide or wider than high, each with a score that is a weighted sum."""
    rng = np.random.default_rng(6)
    return [
        (rng.integers(0, 256, shape).astype(np.uint8), _weighted_sum(rng.normal(size=shape)), size)
        for shape, size in [((9, 11), 3), ((8, 6), 4)]
    ]


def _weighted_sum(weights: NDArray) -> Callable[[NDArray], NDArray]:
    def score(pictures: Any) -> NDArray:
        values = array(pictures)
        if values.shape[1:] != weights.shape:
            raise Mistake("no-batch", given=values.shape)
        return (values * weights).sum(axis=(1, 2))

    return score


def _check_occlusion(answer: Any) -> None:
    occlude = function(answer)
    tried = _pictures_to_cover()
    recognise(
        in_one_row(occlude(*case) for case in tried),
        in_one_row(_occluded(*case) for case in tried),
        {name: in_one_row(false(*case) for case in tried) for name, false in _FALSE_OCCLUSIONS.items()},
        tolerance=0.01,
    )


def _covered_at_once(image: NDArray, score: Callable[[NDArray], NDArray], size: int) -> NDArray:
    height, width = (side - size + 1 for side in image.shape)
    covered = np.tile(image.astype(np.float32), (height, width, 1, 1))
    for r, c in np.ndindex(height, width):
        covered[r, c, r : r + size, c : c + size] = image[r : r + size, c : c + size].mean()
    return score(image[np.newaxis]) - score(covered.reshape(-1, *image.shape)).reshape(height, width)


A_COVER = Exercise(
    name="a-cover-without-a-colour",
    title="A cover without a colour",
    asks="A function occlude(image, score, size): how far the score drops for each place of the cover, one number a place, "
    "rows × columns.",
    grade=_check_occlusion,
    mistakes={
        "paper": "That is a cover of paper. Each window should get its own mean.",
        "ink": "That is a cover of ink. Each window should get its own mean.",
        "mean-of-all": "The cover has the mean of the whole picture. Each window should get its own.",
        "rounded": "Some means are cut to whole numbers: uint8 holds nothing else. Let the copies be floats.",
        "stays": "A cover stays where it was when the next is laid. Each place should begin with the picture as it is.",
        "rise": "The sign is turned round: a drop is the score before, minus the score after.",
        "score-itself": "That is the score that is left. By how much did it drop?",
        "transposed": "Rows and columns of the map are exchanged.",
        "one-short": "The last row and the last column of places are missing.",
        "in-one-row": "The numbers are right. Give them the shape of the places: rows × columns.",
        "no-batch": "The score was given the shape {given}. It takes several pictures at once, shape (N, rows, columns): one "
        "picture needs an axis more.",
        "other": "Some values differ. Print one covered copy: is only the window changed, and is it its own mean everywhere?",
    },
    hints=(
        "The chapter's occlusion is close. What becomes of `cover`, and where does 28 stand for the picture's sides?",
        "Make the copies floats first, then put a window's mean over the window.",
        "There are rows - size + 1 places below each other and columns - size + 1 beside each other.",
    ),
    solution="""\
# As floats: in uint8 a mean would be cut to a whole number.
def occlude(image, score, size):
    height, width = (side - size + 1 for side in image.shape)
    covered = np.repeat(image[np.newaxis].astype(np.float32), height * width, axis=0)
    for n in range(height * width):
        row, column = divmod(n, width)
        window = n, slice(row, row + size), slice(column, column + size)
        covered[window] = covered[window].mean()
    return (score(image[np.newaxis]) - score(covered)).reshape(height, width)

answer = occlude""",
    right=(lambda: _occluded, lambda: _covered_at_once),
    wrong=(
        *((name, lambda false=false: false) for name, false in _FALSE_OCCLUSIONS.items()),
        ("no-batch", lambda: lambda image, score, size: score(image)),
        ("other", lambda: lambda image, score, size: _occluded(image, score, size, np.median)),
        ("signature", lambda: lambda image, digit, cover, size, score: image),
        ("type", lambda: np.zeros((24, 24))),
    ),
)

# ---------------------------------------------------------------------------------------------- from a 4 to a 9

FAR = 15  # grey values that the average pixel may move


def _check_a_nine(answer: Any) -> None:
    if not isinstance(answer, (list, tuple, np.ndarray)) or len(answer) != 2:
        raise Mistake("type", given=kind(answer), wanted="two pictures, (before, after)")
    before, after = (_picture(part) for part in answer)
    if max(before.max(), after.max()) <= 1:
        raise Mistake("scaled")
    if min(before.min(), after.min()) < -0.5 or max(before.max(), after.max()) > 255.5:
        raise Mistake("out-of-range")
    scores = logits(np.stack([before, after]))
    if scores[0].argmax() != 4:
        raise Mistake("no-4", digit=scores[0].argmax())
    read = scores[1].argmax()
    if read == 4:
        raise Mistake("still-4", short=f"{scores[1, 4] - scores[1, 9]:.1f}")
    if read != 9:
        raise Mistake("other", digit=read)
    moved = np.abs(after - before).mean()
    if moved >= FAR:
        raise Mistake("too-far", moved=f"{moved:.0f}")


def _picture(answer: Any) -> NDArray[np.float64]:
    values = array(answer)
    if values.shape in ((1, 28, 28, 1), (1, 28, 28), (28, 28, 1)):
        return values.reshape(28, 28)
    if values.shape != (28, 28):
        raise Mistake("shape", given=values.shape)
    return values


@cache
def _a_4() -> NDArray[np.uint8]:
    return digitlib.load_mnist().x_val[70]


@cache
def _nearest(digit: int) -> NDArray[np.uint8]:
    data = digitlib.load_mnist()
    others = data.x_val[data.y_val == digit]
    return others[((others.astype(float) - _a_4()) ** 2).sum(axis=(1, 2)).argmin()]


def _with_blot() -> tuple[NDArray, NDArray]:
    """Close the open top: the first blot of ink that makes a 9."""
    for row_, column in np.ndindex(24, 24):
        after = _a_4().copy()
        after[row_ : row_ + 5, column : column + 5] = 255
        if logits(after[np.newaxis]).argmax() == 9:
            return _a_4(), after
    raise AssertionError("no blot makes a 9 of this 4")


def _mixed(digit: int) -> list[NDArray]:
    """Go from the 4 towards the digit that is most like it, as far as it takes."""
    steps = [_a_4() + share * (_nearest(digit).astype(float) - _a_4()) for share in np.linspace(0, 1, 101)]
    return [_a_4(), next(step for step in steps if logits(step[np.newaxis]).argmax() == digit)]


FROM_4_TO_9 = Exercise(
    name="from-a-4-to-a-9",
    title="From a 4 to a 9",
    asks="Two pictures (28, 28), grey values from 0 to 255: one that the network takes for a 4, and what you made of it.",
    grade=_check_a_nine,
    mistakes={
        "scaled": "These are values from 0 to 1. The network of the chapter takes grey values from 0 to 255.",
        "out-of-range": "A picture holds grey values from 0 to 255. Clip after each step.",
        "no-4": "The network takes the first picture for a {digit}. Begin with a 4, and keep it as it was.",
        "still-4": "The network still takes the second picture for a 4: its logit lies {short} above that of 9. Go on climbing, "
        "and look which way you go.",
        "too-far": "It is a 9 now, but the average pixel moved by {moved} grey values, which is 15 or more. Take smaller "
        "steps and stop as soon as it is one.",
        "other": "The network takes the second picture for a {digit} now. Which difference of logits do you climb?",
    },
    hints=(
        "As in climb, the image learns and the weights stay. What should grow is the logit of 9, compared with that of 4.",
        "Stop as soon as the logit of 9 is the largest: whatever comes after changes more than it needs to.",
        "Divide the slope by the root of its mean square, take steps of about 2 grey values, and clip to 0 and 255.",
    ),
    solution="""\
now = tf.Variable(image[np.newaxis, ..., np.newaxis].astype(np.float32))
for _ in range(100):
    with tf.GradientTape() as tape:
        goal = logits(now)[0, 9] - logits(now)[0, 4]
    if goal > 0:  # a 9 to the network, to nobody else: such inputs are called adversarial
        break
    slope = tape.gradient(goal, now)
    now.assign(tf.clip_by_value(now + 2 * slope / tf.sqrt(tf.reduce_mean(slope**2)), 0, 255))
answer = image, now.numpy()[0, ..., 0]""",
    right=(_with_blot, lambda: np.stack(_mixed(9)), lambda: [part.reshape(1, 28, 28, 1) for part in _with_blot()]),
    wrong=(
        ("scaled", lambda: [part / 255 for part in _with_blot()]),
        ("out-of-range", lambda: (_a_4(), _a_4() * 3.0 - 100)),
        ("no-4", lambda: _with_blot()[::-1]),
        ("still-4", lambda: (_a_4(), _a_4())),
        ("too-far", lambda: (_a_4(), _nearest(9))),
        ("other", lambda: _mixed(7)),
        ("shape", lambda: (_a_4().ravel(), _a_4().ravel())),
        ("type", lambda: _with_blot()[1]),
        ("type", lambda: "a 9"),
    ),
)

EXERCISES = (
    A_SMALLER_WINDOW,
    WHERE_A_UNIT_LOOKS,
    DOES_SIZE_MATTER,
    FEWER_LOTS,
    A_COVER,
    FROM_4_TO_9,
)
