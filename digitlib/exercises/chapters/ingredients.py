"""Exercises of the chapter *What each ingredient buys*."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitlib import evaluation, studies
from digitlib.evaluation import difference_interval, mean_interval
from digitlib.exercises.answers import array, choice, function, kind, number, recognise, row, same
from digitlib.exercises.digits import training_digits
from digitlib.exercises.exercise import Exercise, Mistake


def given() -> dict[str, Any]:
    """Return what the chapter has defined when its exercises begin, as far as the solutions use it."""
    return {
        "np": np,
        "evaluation": evaluation,
        "mean_interval": mean_interval,
        "difference_interval": difference_interval,
    }


# --------------------------------------------------------------------------------------------- three runs by hand

SECOND = np.array([99.3, 99.4, 99.5])


def _around(half: float) -> NDArray[np.float64]:
    return np.array([99.4 - half, 99.4 + half])


def _check_three_runs(answer: Any) -> None:
    low, _, high = mean_interval(SECOND)
    recognise(
        row(answer, 2),
        np.array([low, high]),
        {
            "first-recipe": np.array([low, high]) - 0.2,
            "exchanged": np.array([high, low]),
            "bell-curve": _around(1.96 * 0.1 / 3**0.5),
            "five-runs": _around(2.78 * 0.1 / 3**0.5),
            "one-error": _around(0.1 / 3**0.5),
            "of-single-runs": _around(4.30 * 0.1),
            "divided-by-n": _around(4.30 * 0.0816 / 3**0.5),
            "by-three": _around(4.30 * 0.1 / 3),
            "as-shares": np.array([low, high]) / 100,
            "half-width": np.array([-0.248, 0.248]),
        },
        tolerance=0.006,
    )


THREE_RUNS = Exercise(
    name="three-runs-by-hand",
    title="Three runs by hand",
    asks="Two numbers, (low, high): the ends of the second mean's 95 % interval, in per cent, to two digits.",
    grade=_check_three_runs,
    mistakes={
        "first-recipe": "That is the interval of the first recipe. The second is asked for.",
        "exchanged": "First the lower end, then the upper.",
        "bell-curve": "For 1.96 the spread would have to be known. Here it is guessed from three runs, which takes a larger "
        "factor.",
        "five-runs": "For five runs 2.78 is right. For three it takes more.",
        "one-error": "That is one standard error to each side. How many does 95 % take, for three runs?",
        "of-single-runs": "That is the spread of single runs. A mean of three scatters less: divide by a root.",
        "divided-by-n": "The standard deviation is too small: it divides by 3, not by 3 - 1. In numpy, that is ddof=1.",
        "by-three": "You have divided by 3. The error shrinks with the root of the number of runs only.",
        "as-shares": "These are shares. The runs are given in per cent, so answer in per cent.",
        "half-width": "That is how far the interval reaches to each side. Around which number?",
        "other": "Three steps: the standard deviation with n - 1 below, its standard error, 4.30 of these to each side of "
        "the mean.",
    },
    hints=(
        "The mean is 99.4. How far do the three lie from it?",
        "The standard deviation is the root of (0.01 + 0 + 0.01) / 2.",
        "Divide it by the root of 3, and take 4.30 times that to each side.",
    ),
    solution="""\
# s = 0.1, standard error 0.1 / sqrt(3) = 0.058, half width 4.30 * 0.058 = 0.25.
first, second = [99.1, 99.2, 99.3], [99.3, 99.4, 99.5]
low, _, high = mean_interval(second)
answer = (low, high)""",
    right=(lambda: (99.15, 99.65), lambda: np.array([99.152, 99.648])),
    wrong=(
        ("first-recipe", lambda: (98.95, 99.45)),
        ("exchanged", lambda: (99.65, 99.15)),
        ("bell-curve", lambda: (99.29, 99.51)),
        ("five-runs", lambda: (99.24, 99.56)),
        ("one-error", lambda: (99.34, 99.46)),
        ("of-single-runs", lambda: (98.97, 99.83)),
        ("divided-by-n", lambda: (99.197, 99.603)),
        ("by-three", lambda: (99.257, 99.543)),
        ("as-shares", lambda: (0.9915, 0.9965)),
        ("half-width", lambda: (-0.248, 0.248)),
        ("other", lambda: (99.3, 99.5)),
        ("count", lambda: mean_interval(SECOND)),
        ("type", lambda: 0.25),
    ),
)

# ------------------------------------------------------------------------------------------- ten looks at nothing


def _check_ten_looks(answer: Any) -> None:
    share = number(answer)
    if 0.2 <= share <= 0.37:
        return
    known = {"one-look": 0.05, "as-if-unrelated": 1 - 0.95**10, "added-up": 0.5, "none-left": 0.6}
    for name, value in known.items():
        if same(share, value, 0.02):
            raise Mistake(name)
    if 20 <= share <= 37:
        raise Mistake("per-cent")
    if 80 <= share <= 148:
        raise Mistake("as-a-count")
    if 0.63 <= share <= 0.8:
        raise Mistake("nothing-found")
    raise Mistake("other")


TEN_LOOKS = Exercise(
    name="ten-looks-at-nothing",
    title="Ten looks at nothing",
    asks="One number: the share of the studies in which at least one of the ten differences is called measurable.",
    grade=_check_ten_looks,
    mistakes={
        "one-look": "One in twenty is the chance of a single look. Each study has ten.",
        "as-if-unrelated": "That would hold for ten looks that have nothing to do with each other. Here five differences share "
        "the plain runs, and five the full ones. Simulate it.",
        "added-up": "That is ten times one in twenty. But some studies find two or three differences, and count once.",
        "none-left": "That is 0.95 to the power of 10, the chance that ten unrelated looks find nothing.",
        "per-cent": "That seems to be in per cent. Give a share between 0 and 1.",
        "as-a-count": "That is how many of the 400 find something. Divide by 400.",
        "nothing-found": "That is the share of studies that find nothing.",
        "other": "Draw twelve times five throws for each study, make the ten intervals, and count the studies in which any "
        "leaves out zero.",
    },
    hints=(
        "One study: rng.normal(size=(12, 5)), twelve recipes with five runs each, all of the same worth.",
        "The first is plain, the second full; five differences against each, by difference_interval.",
        "A difference is called measurable if low > 0 or high < 0. The study counts if any of the ten is.",
    ),
    solution="""\
# One in twenty for each, but there are ten: about one study in four finds
# something. (Not 1 - 0.95 ** 10 = 40 %: five differences share the plain runs,
# five the others.)
rng, alarms = np.random.default_rng(8), 0
for _ in range(400):
    nothing, everything, *others = rng.normal(size=(12, 5))
    pairs = [(other, nothing) for other in others[:5]]
    pairs += [(everything, other) for other in others[5:]]
    found = [difference_interval(*pair) for pair in pairs]
    alarms += any(low > 0 or high < 0 for low, _, high in found)
answer = alarms / 400""",
    right=(lambda: 0.29, lambda: np.float64(0.26), lambda: 0.33),
    wrong=(
        ("one-look", lambda: 0.05),
        ("as-if-unrelated", lambda: 1 - 0.95**10),
        ("added-up", lambda: 0.5),
        ("none-left", lambda: 0.95**10),
        ("per-cent", lambda: 28.75),
        ("as-a-count", lambda: 115),
        ("nothing-found", lambda: 0.71),
        ("other", lambda: 0.95),
        ("type", lambda: [True, False]),
        ("type", lambda: True),
    ),
)

# ------------------------------------------------------------------------------------ a place that knows too much

LEAST = 100


def _purest(images: NDArray, labels: NDArray, least: int = LEAST, purity: float = 1.0) -> NDArray[np.intp]:
    inked = (images.reshape(len(images), -1) > 127).astype(np.float32)
    counts = inked.T @ np.eye(10, dtype=np.float32)[labels]
    total = counts.sum(axis=1)
    return np.flatnonzero((total >= least) & (counts.max(axis=1) >= purity * total))


@cache
def _crime_scenes() -> tuple[tuple[NDArray[np.uint8], NDArray[np.uint8]], ...]:
    """Plant the pixel elsewhere than the chapter does; in five digits only; and not at all."""
    images, labels = (part[:2000] for part in training_digits())
    left, right = images.copy(), images.copy()
    left[np.arange(len(images)), 4 + 2 * labels.astype(int), 0] = 255
    few = np.flatnonzero(labels < 5)
    right[few, 20 - 3 * labels[few].astype(int), 27] = 200
    return (left, labels), (right, labels), (images, labels)


def _marked(places: Any) -> NDArray[np.bool_]:
    """Turn places from 0 to 783 into one truth value for each pixel."""
    if isinstance(places, np.ndarray) and places.dtype == bool:
        raise Mistake("a-mask")
    found = array(sorted(places) if isinstance(places, (set, frozenset)) else places)
    if found.ndim == 2 and len(found) == 1:
        found = found[0]  # what np.nonzero gives is a tuple of one array
    if found.ndim == 2 and 2 in found.shape:
        raise Mistake("rows-and-columns")
    if found.ndim != 1:
        raise Mistake("type", given=kind(places), wanted="places in a row, such as [4, 6, 8]")
    if (found != found.astype(int)).any() or (found < 0).any() or (found > 783).any():
        raise Mistake("no-places")
    marked = np.zeros(784, bool)
    marked[found.astype(int)] = True
    return marked


def _the_first(images: NDArray, labels: NDArray) -> NDArray[np.intp]:
    return _purest(images, labels)[:1]


_FALSE_DETECTIVES: dict[str, Callable[[NDArray, NDArray], Any]] = {
    "however-seldom": lambda images, labels: _purest(images, labels, least=1),
    "never-inked": lambda images, labels: _purest(images, labels, least=0),
    "too-impure": lambda images, labels: _purest(images, labels, purity=0.7),
    "often-inked": lambda images, labels: _purest(images, labels, purity=0),
    "only-one": _the_first,
    "finds-nothing": lambda images, labels: [],
    "known-places": lambda images, labels: range(4, 24, 2),
    "digits": lambda images, labels: range(10),
}


def _findings(detective: Callable[[NDArray, NDArray], Any]) -> NDArray[np.bool_]:
    return np.array([_marked(detective(*scene)) for scene in _crime_scenes()])


@cache
def _known_findings() -> tuple[NDArray[np.bool_], dict[str, NDArray[np.bool_]]]:
    return _findings(_purest), {name: _findings(false) for name, false in _FALSE_DETECTIVES.items()}


def _check_detective(answer: Any) -> None:
    recognise(_findings(function(answer)), *_known_findings())


def _pixel_by_pixel(images: NDArray, labels: NDArray) -> list[int]:
    found = []
    for place in range(784):
        of = labels[images[:, place // 28, place % 28] > 127]
        if len(of) >= 100 and len(np.unique(of)) == 1:
            found.append(place)
    return found


def _by_spread(images: NDArray, labels: NDArray) -> set[int]:
    inked = images.reshape(len(images), 784) > 127
    number_of = inked.sum(axis=0)
    mean = (inked * labels[:, np.newaxis].astype(float)).sum(axis=0) / np.maximum(number_of, 1)
    spread = (inked * (labels[:, np.newaxis] - mean) ** 2).sum(axis=0)
    return {int(place) for place in np.flatnonzero((number_of >= 100) & (spread < 1e-6))}


A_PLACE = Exercise(
    name="a-place-that-knows-too-much",
    title="A place that knows too much",
    asks="A function purest(images, labels): the places, from 0 to 783, that are ink in at least 100 images, all of one label.",
    grade=_check_detective,
    mistakes={
        "however-seldom": "Some places at the rim are ink in a few images only, and so pure by chance. Ask for at least 100.",
        "never-inked": "Places that are never ink are among them: 0 of 0 images is no proof of anything.",
        "too-impure": "Some honest places are among those that you find. All images must have one label, not most of them.",
        "often-inked": "You find the places where ink is frequent. But how pure are their labels?",
        "only-one": "You give one place. There may be several, and there may be none.",
        "finds-nothing": "You find nothing, though something was planted. (In the check, it is planted elsewhere.)",
        "known-places": "Those are the places of the chapter. In the check the pixel is planted elsewhere: find it.",
        "digits": "Those look like digits. The places of the pixels are wanted.",
        "a-mask": "That is a truth value for each place. Give the places where it is True.",
        "rows-and-columns": "Those are rows and columns. Count the places through, row by row: 28 times the row, plus the "
        "column.",
        "no-places": "A place is a whole number from 0 to 783.",
        "other": "Try it on `few`: it must find the ten planted places, and none in x_train[:10_000].",
    },
    hints=(
        "Whether each place of each image is ink: images.reshape(len(images), -1) > 127.",
        "For each place count, by label, how many images have ink there: a table of 784 rows and 10 columns.",
        "A row is suspicious if it adds up to at least 100, and its largest number is its sum.",
    ),
    solution="""\
# A pixel that is ink in at least 100 images, all of one label, knows too much.
# Honest pixels come close at the rim, where little ink is, but none is that pure.
def purest(images, labels):
    inked = (images.reshape(len(images), -1) > 127).astype("float32")
    counts = inked.T @ np.eye(10, dtype="float32")[labels]  # pixels × labels
    often = counts.sum(axis=1) >= 100
    return np.flatnonzero(often & (counts.max(axis=1) == counts.sum(axis=1)))

answer = purest""",
    right=(lambda: _pixel_by_pixel, lambda: _by_spread),
    wrong=(
        *((name, lambda false=false: false) for name, false in _FALSE_DETECTIVES.items()),
        ("a-mask", lambda: lambda images, labels: images.reshape(len(images), -1).max(axis=0) > 127),
        ("rows-and-columns", lambda: lambda images, labels: np.argwhere(images.max(axis=0) == 255)),
        ("no-places", lambda: lambda images, labels: images.reshape(len(images), -1).mean(axis=0)),
        ("other", lambda: lambda images, labels: np.arange(100)),
        ("type", lambda: lambda images, labels: images),
        ("signature", lambda: lambda images: []),
        ("type", lambda: list(range(4, 24, 2))),
    ),
)

# ------------------------------------------------------------------------------------ what would it cost to know?


def _check_cost(answer: Any) -> None:
    seeds = number(answer)
    if 60 <= seeds <= 70:
        return
    ranges = {
        "both-recipes": (120, 140),
        "from-five": (78, 86),
        "minutes": (90, 105),
        "hours": (1.4, 1.8),
        "no-square": (15, 21),
        "one-error": (29, 34),
        "one-mean": (10, 14.9),
    }
    for name, (least, most) in ranges.items():
        if least <= seeds <= most:
            raise Mistake(name)
    raise Mistake("too-few" if seeds < 60 else "too-many")


WHAT_IT_COSTS = Exercise(
    name="what-would-it-cost-to-know",
    title="What would it cost to know?",
    asks="One number: how many seeds each of the two recipes needs.",
    grade=_check_cost,
    mistakes={
        "both-recipes": "That is for both recipes together. How many does each of them need?",
        "from-five": "You have scaled up what five seeds can show. But with few seeds the factor, 2.78, is larger than it will "
        "be with many: search with detectable_difference.",
        "minutes": "Those are the minutes of computing. How many seeds is it?",
        "hours": "Those are the hours of computing. How many seeds is it?",
        "no-square": "Four times finer does not take four times the seeds: errors shrink with the root of their number.",
        "one-error": "Both means are uncertain, so two squared errors add up, and that doubles the number.",
        "one-mean": "So many would do to say where one mean lies. Here two are compared, and four times in five the "
        "difference shall show.",
        "too-few": "With so few seeds the smallest difference that shows four times in five is larger than 0.05 points.",
        "too-many": "So many would show even smaller differences. What is the least that does?",
    },
    hints=(
        "The smallest difference that so many seeds show is evaluation.detectable_difference(spread, seeds).",
        "The spread of single runs is 0.1 points. Begin at 2 seeds, and count upwards.",
        "Stop as soon as detectable_difference(0.1, seeds) is no larger than 0.05.",
    ),
    solution="""\
# The smallest difference shrinks with the root of the number of seeds. With the
# spread of 0.1 points, 0.05 points take some sixty seeds for each recipe: a hundred
# and thirty runs, more than an hour and a half, for one ingredient of five. Worth
# it only if 0.05 points matter to anyone.
spread, answer = 0.1, 2
while evaluation.detectable_difference(spread, answer) > 0.05:
    answer += 1""",
    right=(lambda: 63, lambda: 65.0, lambda: np.int64(64)),
    wrong=(
        ("both-recipes", lambda: 128),
        ("from-five", lambda: 5 * (2.02 / 0.5) ** 2),
        ("minutes", lambda: 2 * 64 * 0.75),
        ("hours", lambda: 1.6),
        ("no-square", lambda: 20),
        ("one-error", lambda: 2.8**2 / 0.25),
        ("one-mean", lambda: (2.2 * 0.1 / 0.065) ** 2),
        ("too-few", lambda: 40),
        ("too-many", lambda: 500),
        ("type", lambda: "64 seeds"),
    ),
)

# ------------------------------------------------------------------------------------------- measurable or not?

VERDICTS = ("first", "second", "not measurable")


@cache
def _comparisons() -> tuple[tuple[NDArray[np.float64], NDArray[np.float64]], ...]:
    """Make runs of two recipes each, with differences of which five seeds show some."""
    rng = np.random.default_rng(4)
    pairs = []
    for apart in np.repeat([-0.4, -0.25, -0.15, 0, 0.15, 0.25, 0.4], 8):
        sizes, spreads = rng.permutation([3, 5, 9])[:2], rng.permutation([0.05, 0.1, 0.3])[:2]
        runs = [99 + rng.normal(0, spread, size) for size, spread in zip(sizes, spreads, strict=True)]
        pairs.append((runs[0] + apart, runs[1]))
    return tuple(pairs)


def _by(low: float, high: float) -> str:
    return "first" if low > 0 else "second" if high < 0 else "not measurable"


def _verdict(first: NDArray, second: NDArray) -> str:
    low, _, high = difference_interval(first, second)
    return _by(low, high)


def _by_overlap(first: NDArray, second: NDArray) -> str:
    one, other = mean_interval(first), mean_interval(second)
    return _by(one.low - other.high, one.high - other.low)


def _by_errors(errors: float, ddof: int = 1, of_means: bool = True) -> Callable[[NDArray, NDArray], str]:
    def verdict(first: NDArray, second: NDArray) -> str:
        parts = [np.var(runs, ddof=ddof) / (len(runs) if of_means else 1) for runs in (first, second)]
        apart, error = np.mean(first) - np.mean(second), np.sqrt(np.sum(parts))
        return _by(apart - errors * error, apart + errors * error)

    return verdict


def _by_one_spread(first: NDArray, second: NDArray) -> str:
    from scipy.stats import ttest_ind

    low, high = ttest_ind(first, second, equal_var=True).confidence_interval(0.95)
    return _by(low, high)


_FALSE_VERDICTS: dict[str, Callable[[NDArray, NDArray], str]] = {
    "exchanged": lambda first, second: _verdict(second, first),
    "by-overlap": _by_overlap,
    "by-the-means": lambda first, second: "first" if np.mean(first) > np.mean(second) else "second",
    "by-the-best": lambda first, second: "first" if np.max(first) > np.max(second) else "second",
    "bell-curve": _by_errors(1.96),
    "of-single-runs": _by_errors(1.96, of_means=False),
    "one-spread": _by_one_spread,
    "one-side": lambda first, second: "first" if difference_interval(first, second).low > 0 else "not measurable",
    "no-worse": lambda first, second: "first" if difference_interval(first, second).high > 0 else "second",
    "never": lambda first, second: "not measurable",
}


def _codes(verdict: Callable[[NDArray, NDArray], Any]) -> NDArray[np.int64]:
    return np.array([VERDICTS.index(choice(verdict(*pair), *VERDICTS)) for pair in _comparisons()])


@cache
def _known_codes() -> tuple[NDArray[np.int64], dict[str, NDArray[np.int64]]]:
    return _codes(_verdict), {name: _codes(false) for name, false in _FALSE_VERDICTS.items()}


def _check_verdict(answer: Any) -> None:
    recognise(_codes(function(answer)), *_known_codes())


def _by_a_test(first: NDArray, second: NDArray) -> str:
    from scipy.stats import ttest_ind

    if ttest_ind(first, second, equal_var=False).pvalue > 0.05:
        return "not measurable"
    return "first" if sum(first) / len(first) > sum(second) / len(second) else "second"


def _by_hand(first: NDArray, second: NDArray) -> str:
    from scipy.stats import t

    a, b = np.var(first, ddof=1) / len(first), np.var(second, ddof=1) / len(second)
    freedom = (a + b) ** 2 / (a**2 / (len(first) - 1) + b**2 / (len(second) - 1))
    half = t.ppf(0.975, freedom) * (a + b) ** 0.5
    apart = np.mean(first) - np.mean(second)
    return "Not measurable" if abs(apart) < half else ("Second", "First")[int(apart > 0)]


MEASURABLE = Exercise(
    name="measurable-or-not",
    title="Measurable or not?",
    asks='A function verdict(first, second) of the runs of two recipes: "first", "second" or "not measurable".',
    grade=_check_verdict,
    mistakes={
        "exchanged": "Where you say first, it is the second that is better, and the other way round.",
        "by-overlap": "You look whether the two intervals overlap. That is too strict: there may be a measurable difference "
        "though they do. Make the interval of the difference.",
        "by-the-means": "You always name a winner: the larger mean. Luck alone makes one mean larger.",
        "by-the-best": "You compare the best runs. That rewards luck, and whoever has more runs.",
        "bell-curve": "With 1.96 errors you find too much: the spreads are guessed from a few runs. Which factor then?",
        "of-single-runs": "You compare by the spread of single runs. Means of several runs scatter less.",
        "one-spread": "You take one spread for both recipes. Here they differ, and so do the numbers of runs: Welch's interval "
        "allows for it.",
        "one-side": "You never say that the second is better. Look at the upper end as well.",
        "no-worse": "An interval that holds zero does not make the first one better. Which end must lie where?",
        "never": "You never find a difference. Some are there.",
        "other": "For some pairs the verdict differs. Take difference_interval(first, second), and see on which side of zero "
        "it lies, if it does.",
    },
    hints=(
        "The chapter has a function that makes the interval of a difference.",
        "If it leaves out zero, the difference is measurable. Both ends then have one sign.",
        "A lower end above zero speaks for the first, an upper end below zero for the second.",
    ),
    solution="""\
# Not by the overlap of two intervals: that would miss differences which are there.
def verdict(first, second):
    low, _, high = difference_interval(first, second)
    if low > 0:
        return "first"
    return "second" if high < 0 else "not measurable"

answer = verdict""",
    right=(lambda: _by_a_test, lambda: _by_hand),
    wrong=(
        *((name, lambda false=false: false) for name, false in _FALSE_VERDICTS.items()),
        ("other", lambda: lambda first, second: "first" if len(first) > len(second) else "second"),
        ("choice", lambda: lambda first, second: "the first one"),
        ("type", lambda: lambda first, second: difference_interval(first, second)),
        ("gives-nothing", lambda: lambda first, second: print("first")),
        ("type", lambda: "not measurable"),
    ),
)

# -------------------------------------------------------------------------------------------- an honest leaderboard


@cache
def _boards() -> tuple[tuple[NDArray[np.float64], NDArray[np.float64]], ...]:
    """Take the stored leaderboard's networks, all and in parts, moved a little so that no two epochs are alike."""
    runs = studies.load_study("ingredients")["results"]["leaderboard"]["constant rate"]
    val = np.array([run["val_right"] for run in runs]) / 50
    test = np.array([run["test_right"] for run in runs]) / 100
    rng = np.random.default_rng(2)
    parts = [slice(None), slice(0, 4), slice(3, 9)]
    return tuple((val[part] + rng.uniform(0, 1e-4, val[part].shape), test[part].copy()) for part in parts)


def _chosen_on(val: NDArray, test: NDArray) -> NDArray:
    return test[np.arange(len(test)), val.argmax(axis=1)]


_FALSE_BOARDS: dict[str, Callable[[NDArray, NDArray], Any]] = {
    "chosen-by-test": lambda val, test: test.max(axis=1).mean(),
    "reports-the-choice": lambda val, test: val.max(axis=1).mean(),
    "last-epoch": lambda val, test: test[:, -1].mean(),
    "one-epoch-for-all": lambda val, test: test[:, val.mean(axis=0).argmax()].mean(),
    "best-seed": lambda val, test: _chosen_on(val, test).max(),
    "best-by-test-of-all": lambda val, test: test.max(),
    "seed-chosen-too": lambda val, test: test.ravel()[val.argmax()],
    "other-axis": lambda val, test: test[val.argmax(axis=0), np.arange(test.shape[1])].mean(),
    "all-against-all": lambda val, test: test[:, val.argmax(axis=1)].mean(),
    "as-a-share": lambda val, test: _chosen_on(val, test).mean() / 100,
    "wrong-ones": lambda val, test: 100 - _chosen_on(val, test).mean(),
}


def _check_board(answer: Any) -> None:
    report, boards = function(answer), _boards()
    results = [array(report(*board)) for board in boards]
    if all(result.shape == board[1].shape[:1] for result, board in zip(results, boards, strict=True)):
        raise Mistake("one-for-each-seed")
    recognise(
        np.array([number(result) for result in results]),
        np.array([_chosen_on(*board).mean() for board in boards]),
        {name: np.array([false(*board) for board in boards]) for name, false in _FALSE_BOARDS.items()},
        tolerance=1e-5,
    )


def _network_by_network(val: NDArray, test: NDArray) -> float:
    return sum(test[seed][max(range(len(val[seed])), key=lambda e: val[seed][e])] for seed in range(len(val))) / len(
        val
    )


def _by_rank(val: NDArray, test: NDArray) -> NDArray:
    return np.take_along_axis(test, np.argsort(-val, axis=1)[:, :1], axis=1).mean()


HONEST = Exercise(
    name="an-honest-leaderboard",
    title="An honest leaderboard",
    asks="A function report(val, test) of two tables, seeds × epochs, in per cent: one number to report.",
    grade=_check_board,
    mistakes={
        "chosen-by-test": "The test images choose the epoch here, and then give its score: the largest of several is too good. "
        "Let the validation images choose.",
        "reports-the-choice": "You report the validation score that chose. Being chosen for it, it is too good: what do the "
        "test images say of the chosen epochs?",
        "last-epoch": "The last epoch is honest, too. But here the validation images shall choose one.",
        "one-epoch-for-all": "All networks get the same epoch. Each has one of its own to choose.",
        "best-seed": "The epochs are chosen well. But then you report the luckiest seed by its test score.",
        "best-by-test-of-all": "The test images choose the epoch and the seed. That is the number of which the chapter warns.",
        "seed-chosen-too": "That is the score of one network. A recipe is judged by the mean over all its seeds.",
        "other-axis": "You choose a seed for each epoch. It should be an epoch for each seed: which axis is which?",
        "all-against-all": "Every chosen epoch is read off for every seed. Seed and epoch belong together, pair by pair.",
        "as-a-share": "The tables are in per cent, so report in per cent.",
        "wrong-ones": "That is what is wrong, in per cent. Report what is right.",
        "one-for-each-seed": "That is a score for each seed. Report their mean.",
        "other": "Choose an epoch for each seed by val, look up test at that epoch, and take the mean.",
    },
    hints=(
        "Which of the two tables may decide anything?",
        "For each seed, the best epoch on validation is val.argmax(axis=1).",
        "Pick from test with two lists of indices: one for the seeds, one for the epochs.",
    ),
    solution="""\
# The validation images choose, the test images only report; then the mean over seeds.
def report(val, test):
    seeds = np.arange(len(val))
    return test[seeds, val.argmax(axis=1)].mean()

answer = report""",
    right=(lambda: _network_by_network, lambda: _by_rank),
    wrong=(
        *((name, lambda false=false: false) for name, false in _FALSE_BOARDS.items()),
        ("one-for-each-seed", lambda: _chosen_on),
        ("other", lambda: lambda val, test: test.mean()),
        ("type", lambda: lambda val, test: test),
        ("raises", lambda: lambda val, test: test[val.argmax()]),
        ("signature", lambda: lambda test: test.max()),
        ("type", lambda: 99.1),
    ),
)

# ---------------------------------------------------------------------------------------------- a shortcut with holes


def _lying(labels: NDArray, share: float, rng: np.random.Generator) -> NDArray:
    says, lies = labels.copy(), rng.random(len(labels)) < share
    says[lies] = rng.integers(0, 10, lies.sum())
    return says


def _check_lies(answer: Any) -> None:
    lie, labels = function(answer), training_digits()[1]
    cases = [(0.1, 0), (0.1, 1), (0.4, 2)]
    says = [array(lie(labels, share, np.random.default_rng(seed)), labels.shape) for share, seed in cases]
    if any((told != told.astype(int)).any() or told.min() < 0 or told.max() > 9 for told in says):
        raise Mistake("no-digits")
    differs = [told != labels for told in says]
    count = np.array([apart.sum() for apart in differs])
    if not count.any():
        raise Mistake("no-lies")
    if np.array_equal(differs[0], differs[1]):
        raise Mistake("no-chance")
    # A digit drawn at random is the right one in one of ten cases; whoever avoids that lies a little more often.
    expected = np.array([share for share, _ in cases]) * len(labels)
    if (count > 0.8 * len(labels)).all():
        raise Mistake("all-lie")
    if same(count / len(labels), [0.81, 0.81, 0.54], 0.09):
        raise Mistake("share-of-truth")
    if same(count[[0, 2]], [count[0], count[0]], 0.1 * count[0]):
        raise Mistake("share-not-used")
    if (count < 0.8 * expected).any() or (count > 1.1 * expected).any():
        raise Mistake("other", share=f"{count[0] / len(labels):.0%}")
    _look_at_the_lies(labels, says[2], differs[2])


def _look_at_the_lies(labels: NDArray, told: NDArray, lies: NDArray) -> None:
    """Whether places and digits are drawn by chance, judged by the largest of the three sets of lies."""
    places = np.flatnonzero(lies)
    if np.ptp(places) < 0.7 * len(labels):
        raise Mistake("in-one-place")
    digits = np.bincount(told[lies].astype(int), minlength=10)
    if np.count_nonzero(digits) == 1:
        raise Mistake("one-digit")
    if len(np.unique((told[lies] - labels[lies]) % 10)) <= 2:
        raise Mistake("fixed-step")
    if digits.min() == 0:
        raise Mistake("a-digit-missing", digit=int(digits.argmin()))


def _other_digits(labels: NDArray, share: float, rng: np.random.Generator) -> NDArray:
    chosen = rng.permutation(len(labels))[: round(share * len(labels))]
    says = labels.astype(int)
    says[chosen] = (says[chosen] + rng.integers(1, 10, len(chosen))) % 10
    return says


def _by_choice(labels: NDArray, share: float, rng: np.random.Generator) -> NDArray:
    return np.where(rng.uniform(size=labels.shape) < share, rng.choice(10, labels.shape), labels)


def _lies(
    where: Callable[[int, float, np.random.Generator], NDArray], what: Callable[[NDArray, np.random.Generator], Any]
) -> Callable[[NDArray, float, np.random.Generator], NDArray]:
    def lie(labels: NDArray, share: float, rng: np.random.Generator) -> NDArray:
        says, at = labels.astype(int), where(len(labels), share, rng)
        says[at] = what(says[at], rng)
        return says

    return lie


def _somewhere(count: int, share: float, rng: np.random.Generator) -> NDArray:
    return np.flatnonzero(rng.random(count) < share)


def _anything(truth: NDArray, rng: np.random.Generator) -> NDArray:
    return rng.integers(0, 10, len(truth))


def _lies_in_place(labels: NDArray, share: float, rng: np.random.Generator) -> NDArray:
    labels[rng.random(len(labels)) < share] = 0
    return labels


A_SHORTCUT_WITH_HOLES = Exercise(
    name="a-shortcut-with-holes",
    title="A shortcut with holes",
    asks="A function lying(labels, share, rng): what the pixel of each image stands for, of which about `share` lie.",
    grade=_check_lies,
    mistakes={
        "no-lies": "Nothing lies: the pixels say what the labels say.",
        "all-lie": "Nearly all of them lie. For share = 0.1 about one in ten should.",
        "share-of-truth": "It is turned round: about `share` of them tell the truth, and the others lie.",
        "share-not-used": "As many lie for share = 0.4 as for 0.1. Where do you use it?",
        "no-chance": "With another rng the same ones lie. Draw them by chance, with the rng that is given.",
        "in-one-place": "All lies stand together, at one end. Draw the liars at random, all over the set.",
        "one-digit": "All liars say the same digit. Draw one for each of them.",
        "fixed-step": "Each lie is a fixed step away from the label. Whoever knows the step still reads the label off the "
        "pixel: draw the digits at random.",
        "a-digit-missing": "Nobody ever says {digit}. In rng.integers(low, high), high itself is never drawn.",
        "no-digits": "Some pixels would stand for something that is no digit. The digits are 0 to 9.",
        "other": "With share = 0.1, {share} of the pixels lie. About one in ten should.",
    },
    hints=(
        "Begin with a copy of the labels: what the pixels would say if none lied.",
        "Who lies? rng.random(len(labels)) < share is True for about that share.",
        "Give those that lie digits by rng.integers(0, 10, how_many).",
    ),
    solution="""\
# A copy, so that the labels themselves stay true.
def lying(labels, share, rng):
    says, lies = labels.copy(), rng.random(len(labels)) < share
    says[lies] = rng.integers(0, 10, lies.sum())
    return says

answer = lying""",
    right=(lambda: _other_digits, lambda: _by_choice),
    wrong=(
        ("no-lies", lambda: lambda labels, share, rng: labels.copy()),
        ("all-lie", lambda: lambda labels, share, rng: rng.permutation(labels)),
        ("share-of-truth", lambda: lambda labels, share, rng: _lying(labels, 1 - share, rng)),
        ("share-not-used", lambda: lambda labels, share, rng: _lying(labels, 0.1, rng)),
        ("no-chance", lambda: lambda labels, share, rng: _lying(labels, share, np.random.default_rng(0))),
        ("in-one-place", lambda: _lies(lambda n, share, rng: np.arange(rng.integers(9), int(n * share)), _anything)),
        ("one-digit", lambda: _lies(_somewhere, lambda truth, rng: 7)),
        ("fixed-step", lambda: _lies(_somewhere, lambda truth, rng: (truth + 1) % 10)),
        ("a-digit-missing", lambda: _lies(_somewhere, lambda truth, rng: rng.integers(0, 9, len(truth)))),
        ("no-digits", lambda: _lies(_somewhere, lambda truth, rng: rng.integers(0, 11, len(truth)))),
        ("other", lambda: lambda labels, share, rng: _lying(labels, 2 * share, rng)),
        ("changes-input", lambda: _lies_in_place),
        ("shape", lambda: lambda labels, share, rng: rng.random(len(labels) - 1)),
        ("type", lambda: "rng.integers(0, 10)"),
    ),
)

EXERCISES = (
    THREE_RUNS,
    TEN_LOOKS,
    A_PLACE,
    WHAT_IT_COSTS,
    MEASURABLE,
    HONEST,
    A_SHORTCUT_WITH_HOLES,
)
