"""The stored race of this book's network against well-known ones: what was measured, and how a time is read off it.

Introduced in the chapter *A fast and honest race*. The runs are made by `tools/bench.py`.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from digitlib.data import FILES
from digitlib.studies import explained, read

BENCH_FILE = FILES / "bench.json"
SCHEMA = "digitlib-bench"
SCHEMA_VERSION = "1"


class Runs(NamedTuple):
    """The runs of one network, one for each of S seeds, over E epochs."""

    seconds: NDArray[np.float64]
    """Shape (S, E): from the call of `fit` to the end of each epoch, without the time for judging."""
    processor_seconds: NDArray[np.float64]
    """Shape (S,): how long the processor's cores worked in the whole run; two cores can work two seconds in one."""
    right: NDArray[np.int64]
    """Shape (S, E, 2): after each epoch, how many of the validation images at even and at odd places are right."""
    test_right: NDArray[np.int64] | None
    """Shape (S,): after the last epoch, how many of the 10,000 test images are right; None if nobody looked."""
    peak_mb: NDArray[np.int64]
    """Shape (S,): the most memory that the process held, in MiB."""
    parameters: int
    """How many parameters the network has, those included that are not trained."""

    @property
    def accuracy(self) -> NDArray[np.float64]:
        """Share of the 5,000 validation images that are right after each epoch, from 0 to 1, of shape (S, E)."""
        return self.right.sum(axis=2) / 5000


def load_benchmark(file: Path | str = BENCH_FILE) -> dict[str, Runs]:
    """Load the stored race.

    Returns
    -------
    dict
        For each network's name its `Runs`.

    Raises
    ------
    DataFileError
        If the file is missing, damaged or of another version.
    """
    file = Path(file)
    with explained(file):
        return {name: _runs(runs) for name, runs in read(file, SCHEMA, SCHEMA_VERSION)["nets"].items()}


def _runs(runs: list[dict[str, Any]]) -> Runs:
    looked = all("test_right" in run for run in runs)
    return Runs(
        seconds=np.array([run["seconds"] for run in runs], float),
        processor_seconds=np.array([run["processor_seconds"] for run in runs], float),
        right=np.array([run["right"] for run in runs], int).reshape(len(runs), -1, 2),
        test_right=np.array([run["test_right"] for run in runs], int) if looked else None,
        peak_mb=np.array([run["peak_mb"] for run in runs], int),
        parameters=int(runs[0]["parameters"]),
    )


def crossing(runs: Runs, target: float) -> float:
    """Seconds until the accuracy on validation, averaged over the seeds, first reaches a target.

    Between two epochs it is taken to change along a straight line; before the end of the first nothing is known, so
    no crossing is earlier than that.

    Parameters
    ----------
    runs
        The runs of one network.
    target
        The accuracy to reach, from 0 to 1.

    Returns
    -------
    float
        Seconds, averaged over the seeds like the accuracy; infinite if no epoch's mean reaches the target.

    Raises
    ------
    ValueError
        If the target is not between 0 and 1.
    """
    if not 0 <= target <= 1:
        raise ValueError(f"target must be an accuracy from 0 to 1, but is {target!r}: 99 % is 0.99")
    seconds, accuracy = runs.seconds.mean(axis=0), runs.accuracy.mean(axis=0)
    reached = np.flatnonzero(accuracy >= target)
    if len(reached) == 0:
        return math.inf
    epoch = reached[0]
    if epoch == 0:
        return float(seconds[0])
    return float(np.interp(target, accuracy[epoch - 1 : epoch + 1], seconds[epoch - 1 : epoch + 1]))
