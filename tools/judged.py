"""Judge a trained network: what the tools that train share."""

from __future__ import annotations

import keras
import numpy as np
from numpy.typing import NDArray


def hits(model: keras.Sequential, images: NDArray, labels: NDArray) -> NDArray[np.bool_]:
    """For each image of shape (28, 28, 1), whether its most probable digit is its label; shape (N,)."""
    return model.predict(images, batch_size=1000, verbose=0).argmax(axis=1) == labels
