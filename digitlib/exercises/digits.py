"""Digits that the checks try answers on, kept small: a chapter holds all of MNIST in memory already."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

import digitlib

TRAINING = 4000


def training_digits() -> tuple[NDArray[np.uint8], NDArray[np.integer]]:
    """Return the first 4,000 training images, uint8 (4000, 28, 28), and their labels."""
    images, labels, *_ = _digits()
    return images, labels


def validation_digits() -> tuple[NDArray[np.uint8], NDArray[np.integer]]:
    """Return the 5,000 validation images, uint8 (5000, 28, 28), and their labels."""
    *_, images, labels = _digits()
    return images, labels


@cache
def _digits() -> tuple[NDArray, ...]:
    data = digitlib.load_mnist()
    # Copies: a slice would keep all 55,000 in memory.
    parts = data.x_train[:TRAINING].copy(), data.y_train[:TRAINING].copy(), data.x_val.copy(), data.y_val.copy()
    for part in parts:
        part.flags.writeable = False
    return parts
