"""What predictions are worth: intervals, groups of confidence, calibration error."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest, t, ttest_ind

from digitlib.evaluation import (
    Interval,
    accuracy_interval,
    confidence_groups,
    detectable_difference,
    difference_interval,
    expected_calibration_error,
    mean_interval,
    share_interval,
)


@pytest.mark.parametrize(("count", "total"), [(0, 100), (1, 1), (9_950, 10_000), (37, 40), (500, 500)])
def test_the_interval_is_wilsons(count: int, total: int):
    ready_made = binomtest(count, total).proportion_ci(method="wilson")
    ours = share_interval(count, total)
    assert ours.low == pytest.approx(ready_made.low, abs=1e-5)
    assert ours.high == pytest.approx(ready_made.high, abs=1e-5)
    assert 0 <= ours.low <= ours.share <= ours.high <= 1


def test_a_wider_interval_for_more_certainty():
    assert share_interval(90, 100, z=2.58).low < share_interval(90, 100).low


def test_an_interval_reads_as_percentages():
    assert str(Interval(0.9934, 0.995, 0.9962)) == "99.50% (99.34% to 99.62%)"


@pytest.mark.parametrize(
    ("count", "total", "says"),
    [
        (1, 0, "share of nothing"),
        (-1, 10, "between 0 and total"),
        (11, 10, "between 0"),
        (0.5, 10, "whole numbers"),
        (float("nan"), 10, "whole"),
    ],
)
def test_an_impossible_share_is_refused(count: float, total: float, says: str):
    with pytest.raises(ValueError, match=says):
        share_interval(count, total)


def test_accuracy_counts_what_is_right():
    assert accuracy_interval([1, 2, 3, 4], [1, 2, 3, 5]) == share_interval(3, 4)


@pytest.mark.parametrize(
    ("labels", "predictions", "says"),
    [
        ([1, 2], [1], "equal length"),
        ([[1]], [[1]], "equal length"),
        ([], [], "no predictions"),
        ([1, 2], [1.0, np.nan], "predictions must be whole numbers"),
        (["1", "2"], [1, 2], "labels must be whole numbers"),
    ],
)
def test_accuracy_refuses_what_it_cannot_judge(labels: list, predictions: list, says: str):
    with pytest.raises(ValueError, match=says):
        accuracy_interval(labels, predictions)


def test_groups_double_and_hold_everything():
    rng = np.random.default_rng(0)
    confidence = rng.random(1_000)
    right = rng.random(1_000) < confidence
    groups = confidence_groups(confidence, right, smallest=50)
    assert groups.size.tolist() == [50, 100, 200, 650]
    assert groups.right.sum() == right.sum()
    assert (np.diff(groups.confidence) > 0).all()
    assert groups.confidence[0] == pytest.approx(np.sort(confidence)[:50].mean())


def test_few_predictions_make_one_group():
    groups = confidence_groups([0.5, 0.9, 0.7], [True, True, False], smallest=3)
    assert groups.size.tolist() == [3]
    assert groups.right.tolist() == [2]


def test_calibration_error_worked_by_hand():
    # Bin 0.5 to 1: mean confidence 0.8, accuracy 0.5. Bin 0 to 0.5: confidence 0.4, accuracy 1.
    confidence, right = [0.7, 0.9, 0.4], [True, False, True]
    assert expected_calibration_error(confidence, right, bins=2) == pytest.approx((2 * 0.3 + 1 * 0.6) / 3)


def test_a_confidence_of_one_belongs_to_the_last_bin():
    assert expected_calibration_error([1.0, 1.0], [True, True]) == 0
    # A float32 softmax may end a hair above 1.
    assert expected_calibration_error(np.float32([1.0000001]), [True]) == pytest.approx(0)


@pytest.mark.parametrize("judge", [confidence_groups, expected_calibration_error])
@pytest.mark.parametrize(
    ("confidence", "right", "says"),
    [
        ([0.5], [True, False], "equal length"),
        ([[0.5]], [[True]], "equal length"),
        ([], [], "no predictions"),
        ([0.5, np.nan], [True, True], "number from 0 to 1"),
        ([3.2, 0.1], [True, True], "number from 0 to 1"),
        ([-0.1, 0.1], [True, True], "number from 0 to 1"),
        ([0.5, 0.6], [1, 0], "True or False"),
    ],
)
def test_calibration_refuses_what_it_cannot_judge(judge, confidence: list, right: list, says: str):
    with pytest.raises(ValueError, match=says):
        judge(confidence, right)


def test_sizes_of_groups_and_bins_are_checked():
    with pytest.raises(ValueError, match="smallest must be"):
        confidence_groups([0.5], [True], smallest=0)
    with pytest.raises(ValueError, match="only 1"):
        confidence_groups([0.5], [True], smallest=2)
    with pytest.raises(ValueError, match="bins must be"):
        expected_calibration_error([0.5], [True], bins=0)


SEEDS_OF_ONE = [0.9921, 0.9933, 0.9925, 0.9929, 0.9918]
SEEDS_OF_OTHER = [0.9910, 0.9917, 0.9913, 0.9909]


def test_the_interval_of_a_mean_is_students():
    values = np.array(SEEDS_OF_ONE)
    low, high = t.interval(0.9, 4, values.mean(), values.std(ddof=1) / np.sqrt(5))
    assert mean_interval(values, 0.9) == pytest.approx((low, values.mean(), high))


def test_the_interval_of_a_difference_is_welchs():
    ready_made = ttest_ind(SEEDS_OF_ONE, SEEDS_OF_OTHER, equal_var=False).confidence_interval(0.95)
    low, mean, high = difference_interval(SEEDS_OF_ONE, SEEDS_OF_OTHER)
    assert (low, high) == pytest.approx(tuple(ready_made))
    assert mean == pytest.approx(np.mean(SEEDS_OF_ONE) - np.mean(SEEDS_OF_OTHER))


def test_seeds_that_are_all_alike_leave_no_room():
    assert difference_interval([0.5, 0.5], [0.25, 0.25]) == (0.25, 0.25, 0.25)


def test_a_detectable_difference_is_detected_as_often_as_promised():
    spread, seeds = 0.0006, 5
    smallest = detectable_difference(spread, seeds)
    rng = np.random.default_rng(0)
    shown = 0
    for _ in range(2_000):
        better, base = rng.normal(smallest, spread, seeds), rng.normal(0, spread, seeds)
        shown += ttest_ind(better, base).pvalue < 0.05
    # Two thousand tries: 80 % give or take 0.9 %.
    assert 0.77 < shown / 2_000 < 0.83


def test_more_seeds_detect_smaller_differences():
    smallest = [detectable_difference(1.0, seeds) for seeds in (2, 3, 5, 10, 64, 1000)]
    assert sorted(smallest, reverse=True) == smallest
    # Cohen's table: a difference of half a standard deviation needs 64 in each group.
    assert detectable_difference(1.0, 64) == pytest.approx(0.5, abs=0.005)
    assert detectable_difference(0.0, 5) == 0


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: mean_interval([0.99]), "at least two seeds"),
        (lambda: mean_interval([[0.99, 0.98]]), "in one row"),
        (lambda: mean_interval([0.99, np.nan]), "not finite"),
        (lambda: mean_interval([0.99, 0.98], level=95), "level must lie between 0 and 1"),
        (lambda: difference_interval([0.99, 0.98], [0.97]), "at least two seeds"),
        (lambda: detectable_difference(-1, 5), "standard deviation of at least 0"),
        (lambda: detectable_difference(float("nan"), 5), "standard deviation"),
        (lambda: detectable_difference(1, 1), "seeds must be a whole number"),
        (lambda: detectable_difference(1, 5, power=80), "power must lie between 0 and 1"),
    ],
)
def test_what_makes_no_interval_over_seeds_is_refused(call, says: str):
    with pytest.raises(ValueError, match=says):
        call()
