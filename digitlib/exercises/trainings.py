"""What the checks that train a network have in common. TensorFlow is loaded when the first of them runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import keras

AT_ONCE = 500


def answers_of(model: keras.Sequential, images: NDArray) -> NDArray[np.float32]:
    """Compute the ten probabilities of each image, (N, 10).

    Not by `predict`, which TensorFlow would have to prepare anew for every network: that takes longer than the answers.
    """
    images = images if images.ndim == 4 else images[..., np.newaxis]
    parts = [images[start : start + AT_ONCE] for start in range(0, len(images), AT_ONCE)]
    return np.concatenate([np.asarray(model(part, training=False)) for part in parts])


def share_right(model: keras.Sequential, images: NDArray, labels: NDArray) -> float:
    """Say which share of the images a network reads as they are labelled."""
    return float((answers_of(model, images).argmax(axis=1) == labels).mean())
