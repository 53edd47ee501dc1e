"""Measure when batch normalisation's momentum misleads: accuracy in use, in the course of short runs.

Writes `digitlib/files/momentum.json`, which the chapter *A fast and honest race* reads: for each momentum and each of
five seeds the accuracy on validation images after the steps of `STEPS`. In training, batch normalisation uses the
batch's own mean and variance, so the runs of one seed learn the same; they differ in the moving averages only, which
are used when the network is judged.
"""

from __future__ import annotations

import sys
from typing import Any

import keras
import numpy as np
from judged import hits
from stored import frame, store

import digitlib
from digitlib.data import FILES
from digitlib.training import RECIPES, train

STUDY = FILES / "momentum.json"
MOMENTA = (0.9, 0.99)
SEEDS = range(5)
STEPS = (10, 20, 50, 100, 200, 430, 560)  # 430 are an epoch, 560 the whole sprint


class Judge(keras.callbacks.Callback):
    """Note the accuracy on the validation images after the steps of `STEPS`."""

    def __init__(self) -> None:
        super().__init__()
        data = digitlib.load_mnist()
        self.images, self.labels = data.x_val[..., np.newaxis], data.y_val
        self.before = self.step = 0
        self.accuracy: list[float] = []

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Count on from the last epoch."""
        self.before = self.step

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """Judge the network if this is one of the steps."""
        self.step = self.before + min(batch + 1, self.params["steps"])
        if self.step in STEPS:
            right = hits(self.model, self.images, self.labels)
            self.accuracy.append(round(float(right.mean()), 4))


def main() -> int:
    """Train with every momentum and seed, and store what came out."""
    study: dict[str, Any] = frame(settings={"steps": STEPS}, results={})
    for momentum in MOMENTA:
        runs = study["results"][str(momentum)] = []
        for seed in SEEDS:
            runs.append(measure(momentum, seed))
            print(momentum, seed, runs[-1], flush=True)
    store(study, STUDY)
    return 0


def measure(momentum: float, seed: int) -> list[float]:
    """Return the accuracy after each of `STEPS` in one run of the sprint."""
    data, recipe = digitlib.load_mnist(), RECIPES["sprint"]
    keras.backend.clear_session()
    keras.utils.set_random_seed(seed)
    model, judge = digitlib.build_cnn(**recipe["network"], momentum=momentum), Judge()
    train(model, data.x_train, data.y_train, seed=seed, callbacks=(judge,), **recipe["training"])
    return judge.accuracy


if __name__ == "__main__":
    sys.exit(main())
