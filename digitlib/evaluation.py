"""How right, how sure: what a set of predictions is worth.

Everything here works on plain arrays, so it serves any classifier. Introduced in the chapter *Error analysis*.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray


class Interval(NamedTuple):
    """A share and the range in which it plausibly lies, all between 0 and 1."""

    low: float
    share: float
    high: float

    def __str__(self) -> str:
        return f"{self.share:.2%} ({self.low:.2%} to {self.high:.2%})"


def share_interval(count: int, total: int, z: float = 1.96) -> Interval:
    """Share of `count` in `total`, with its Wilson score interval.

    Parameters
    ----------
    count, total
        How many of how many; whole numbers.
    z
        Half-width in standard errors; 1.96 covers 95 %.

    Raises
    ------
    ValueError
        If the numbers are not whole, there is nothing to count, or more are counted than there are.

    Notes
    -----
    The interval assumes that the cases are drawn independently. MNIST's digits are not quite: one writer wrote many.
    Introduced in the chapter *Error analysis*.

    References
    ----------
    E. B. Wilson (1927), "Probable inference, the law of succession, and statistical inference", JASA 22 (158).
    """
    if not float(count).is_integer() or not float(total).is_integer():
        raise ValueError(f"a share needs two whole numbers, but was given {count!r} of {total!r}")
    if total < 1:
        raise ValueError(f"a share of nothing has no value: total is {total!r}")
    if not 0 <= count <= total:
        raise ValueError(f"count must lie between 0 and total, but is {count!r} of {total!r}")
    share, n = float(count / total), int(total)
    centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    # Rounding must not push an end past the share itself, which at 0 and 1 is an end.
    return Interval(min(float(centre - half), share), share, max(float(centre + half), share))


def accuracy_interval(labels: ArrayLike, predictions: ArrayLike, z: float = 1.96) -> Interval:
    """Share of right predictions with its Wilson score interval.

    Parameters
    ----------
    labels, predictions
        Integers of shape (N,): what each digit is, and what it was taken for.
    z
        Half-width in standard errors; 1.96 covers 95 %.

    Raises
    ------
    ValueError
        If the two differ in shape, are not integers, or there is nothing to judge.

    Notes
    -----
    See `share_interval`. Introduced in the chapter *Error analysis*.
    """
    labels, predictions = np.asarray(labels), np.asarray(predictions)
    _check_pair("labels and predictions", labels, predictions)
    for name, array in (("labels", labels), ("predictions", predictions)):
        if not np.issubdtype(array.dtype, np.integer):
            raise ValueError(f"{name} must be whole numbers, one for each digit, but are {array.dtype}")
    return share_interval(int(np.sum(labels == predictions)), labels.size, z)


class Estimate(NamedTuple):
    """A mean over several seeds, or a difference of two, and the range in which the true one plausibly lies."""

    low: float
    mean: float
    high: float


def mean_interval(values: ArrayLike, level: float = 0.95) -> Estimate:
    """Mean of one result for each seed, with Student's interval.

    Parameters
    ----------
    values
        Shape (S,): the result of each seed, such as accuracies.
    level
        How often such an interval holds the true mean, between 0 and 1.

    Raises
    ------
    ValueError
        If there are fewer than two seeds, a result is not a finite number, or `level` is not between 0 and 1.

    Notes
    -----
    The interval says how another set of *seeds* would have come out on the same images, not on other images (for
    those see `share_interval`). Introduced in the chapter *What each ingredient buys*.

    References
    ----------
    Student (1908), "The probable error of a mean", Biometrika 6 (1).
    """
    values = _results(values)
    half = _student(level, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values))
    return Estimate(float(values.mean() - half), float(values.mean()), float(values.mean() + half))


def difference_interval(first: ArrayLike, second: ArrayLike, level: float = 0.95) -> Estimate:
    """How much more the first of two recipes makes than the second, with Welch's interval.

    Parameters
    ----------
    first, second
        Shapes (S,) and (T,): one result for each seed. The seeds of one recipe have nothing to do with the other's.
    level
        How often such an interval holds the true difference, between 0 and 1.

    Raises
    ------
    ValueError
        If a recipe has fewer than two seeds, a result is not a finite number, or `level` is not between 0 and 1.

    Notes
    -----
    Introduced in the chapter *What each ingredient buys*.

    References
    ----------
    B. L. Welch (1947), "The generalization of 'Student's' problem when several different population variances are
    involved", Biometrika 34 (1-2).
    """
    first, second = _results(first), _results(second)
    parts = np.array([values.var(ddof=1) / len(values) for values in (first, second)])
    difference = float(first.mean() - second.mean())
    if parts.sum() == 0:  # all seeds alike: there is no spread to judge by
        return Estimate(difference, difference, difference)
    freedom = parts.sum() ** 2 / (parts**2 / [len(first) - 1, len(second) - 1]).sum()
    half = float(_student(level, freedom) * np.sqrt(parts.sum()))
    return Estimate(difference - half, difference, difference + half)


def detectable_difference(spread: float, seeds: int, level: float = 0.95, power: float = 0.8) -> float:
    """Find the smallest true difference of two recipes that so many seeds of each would probably show.

    Parameters
    ----------
    spread
        Standard deviation of the results over seeds, about the same for both recipes.
    seeds
        How many seeds each recipe gets.
    level
        Level of the interval that must leave out zero.
    power
        With which probability it shall.

    Returns
    -------
    float
        In the unit of `spread`.

    Raises
    ------
    ValueError
        If `spread` is negative, there are fewer than two seeds, or `level` or `power` is not between 0 and 1.

    Notes
    -----
    The root of the power of the two-sided t-test with 2 (seeds - 1) degrees of freedom, by the noncentral t
    distribution. Introduced in the chapter *What each ingredient buys*.

    References
    ----------
    J. Cohen (1988), *Statistical Power Analysis for the Behavioral Sciences*, 2nd edition, chapter 2.
    """
    if not spread >= 0:
        raise ValueError(f"spread must be a standard deviation of at least 0, but is {spread!r}")
    if seeds != int(seeds) or seeds < 2:
        raise ValueError(f"seeds must be a whole number of at least 2, but is {seeds!r}")
    if not 0 < power < 1:
        raise ValueError(f"power must lie between 0 and 1, but is {power!r}")
    from scipy.optimize import brentq
    from scipy.stats import nct

    freedom, error = 2 * (seeds - 1), np.sqrt(2 / seeds)
    bound = _student(level, freedom)

    # The other tail, a difference that shows with the wrong sign, is left out: it adds less than a thousandth.
    shown = brentq(lambda shift: nct.sf(bound, freedom, shift) - power, 0, 100)
    return float(shown * error * spread)


def _student(level: float, freedom: float) -> float:
    """Half-width of Student's interval in standard errors."""
    if not 0 < level < 1:
        raise ValueError(f"level must lie between 0 and 1, but is {level!r}: 95 % is 0.95")
    from scipy.stats import t

    return float(t.ppf((1 + level) / 2, freedom))


def _results(values: ArrayLike) -> NDArray[np.float64]:
    values = np.asarray(values, dtype=np.float64)
    if values.ndim != 1 or len(values) < 2:
        raise ValueError(
            f"an interval over seeds needs the results of at least two seeds in one row, but was given {values.shape}"
        )
    if not np.isfinite(values).all():
        raise ValueError("the results of the seeds hold values that are not finite numbers (NaN or infinity)")
    return values


class Groups(NamedTuple):
    """Predictions in groups of like confidence, from the least to the most sure; each array has shape (groups,)."""

    size: NDArray[np.intp]
    confidence: NDArray[np.float64]
    right: NDArray[np.intp]


def confidence_groups(confidence: ArrayLike, right: ArrayLike, smallest: int = 50) -> Groups:
    """Group predictions by confidence, so that every group holds enough to be judged.

    The `smallest` least sure predictions form the first group; each further group is twice as large as the one
    before, and the last takes all that remain. So the groups are small where confidence varies, and large where
    nearly all are sure.

    Parameters
    ----------
    confidence
        Shape (N,): the probability that was given to each answer, between 0 and 1.
    right
        Shape (N,), bool: whether the answer was right.
    smallest
        How many predictions the first group holds.

    Returns
    -------
    Groups
        For each group its size, the mean confidence, and how many were right.

    Raises
    ------
    ValueError
        If the two differ in shape, a confidence is not a number from 0 to 1, `right` is not bool, or there are fewer
        predictions than one group needs.

    Notes
    -----
    Introduced in the chapter *Error analysis*, for its reliability diagrams.
    """
    confidence, right = _checked(confidence, right)
    if smallest != int(smallest) or smallest < 1:
        raise ValueError(f"smallest must be a whole number of at least 1, but is {smallest!r}")
    if len(confidence) < smallest:
        raise ValueError(f"a group needs {smallest} predictions, but there are only {len(confidence)}")
    order = np.argsort(confidence, kind="stable")
    edges, width = [], int(smallest)
    while (edges[-1] if edges else 0) + 3 * width <= len(order):
        edges.append((edges[-1] if edges else 0) + width)
        width *= 2
    groups = np.split(order, edges)
    return Groups(
        np.array([len(group) for group in groups]),
        np.array([confidence[group].mean() for group in groups]),
        np.array([int(right[group].sum()) for group in groups]),
    )


def expected_calibration_error(confidence: ArrayLike, right: ArrayLike, bins: int = 15) -> float:
    """Mean gap between confidence and accuracy, over bins of equal width, each weighted by how many it holds.

    Parameters
    ----------
    confidence
        Shape (N,): the probability that was given to each answer, between 0 and 1.
    right
        Shape (N,), bool: whether the answer was right.
    bins
        Into how many equal parts the range from 0 to 1 is cut.

    Raises
    ------
    ValueError
        If the two differ in shape, there are none, a confidence is not a number from 0 to 1, `right` is not bool, or
        `bins` is not a whole number of at least 1.

    Notes
    -----
    Introduced in the chapter *Error analysis*, with its weakness.

    References
    ----------
    M. P. Naeini, G. F. Cooper and M. Hauskrecht (2015), "Obtaining well calibrated probabilities using Bayesian
    binning", AAAI. C. Guo, G. Pleiss, Y. Sun and K. Q. Weinberger (2017), "On calibration of modern neural networks",
    ICML.
    """
    confidence, right = _checked(confidence, right)
    if bins != int(bins) or bins < 1:
        raise ValueError(f"bins must be a whole number of at least 1, but is {bins!r}")
    which = np.minimum((confidence * bins).astype(int), int(bins) - 1)
    # In each bin, size times |confidence - accuracy| is the absolute sum of (confidence - right).
    gaps = np.bincount(which, weights=confidence - right, minlength=int(bins))
    return float(np.abs(gaps).sum() / len(confidence))


def _check_pair(names: str, first: NDArray, second: NDArray) -> None:
    if first.shape != second.shape or first.ndim != 1:
        raise ValueError(
            f"{names} must be two lists of equal length, but have the shapes {first.shape} and {second.shape}"
        )
    if first.size == 0:
        raise ValueError("there are no predictions to judge")


def _checked(confidence: ArrayLike, right: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    confidence, right = np.asarray(confidence, dtype=np.float64), np.asarray(right)
    _check_pair("confidence and right", confidence, right)
    if right.dtype != np.bool_:
        raise ValueError(f"right must say True or False for each prediction, but is {right.dtype}")
    # Written so that NaN fails, too. A float32 softmax may exceed 1 by its last digit.
    if not np.all((confidence >= 0) & (confidence <= 1 + 1e-6)):
        raise ValueError("a confidence must be a number from 0 to 1; some are not (NaN, or raw scores?)")
    return np.minimum(confidence, 1.0), right
