"""Digits that the checks try answers on, kept small: a chapter holds all of MNIST in memory already."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from digitlib.data import MNIST_FILE, _validation_indices

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
    # load_mnist proves the file, which takes copies of all 70,000. The chapter has done that, and is short of memory.
    with np.load(MNIST_FILE, allow_pickle=False) as archive:
        labels = archive["y_train"]
        held_out = _validation_indices(labels)
        first = np.delete(np.arange(len(labels)), held_out)[:TRAINING]
        images = archive["x_train"]
        parts = images[first], labels[first], images[held_out], labels[held_out]
    for part in parts:
        part.flags.writeable = False
    return parts
