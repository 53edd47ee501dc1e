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
