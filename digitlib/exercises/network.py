"""The shipped network in numpy, for checks: quick, small, and without loading TensorFlow."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file

from digitlib.model import PRETRAINED_FILE


def logits(pictures: NDArray) -> NDArray[np.float32]:
    """Compute the ten scores before softmax, as the chapter *Building the network, layer by layer* does.

    Parameters
    ----------
    pictures
        Shape (N, 28, 28), grey values from 0 to 255.

    Returns
    -------
    ndarray
        Shape (N, 10).
    """
    weights = _weights()
    values = np.asarray(pictures, np.float32)[..., np.newaxis] / np.float32(255)
    for number in "12":
        values = _pooled(_convolved(values, weights[f"conv{number}/kernel"]))
        gamma, beta, mean, variance = (
            weights[f"norm{number}/{part}"] for part in ("gamma", "beta", "moving_mean", "moving_variance")
        )
        values = np.maximum(gamma * (values - mean) / np.sqrt(variance + np.float32(0.001)) + beta, 0)
    return values.reshape(len(values), -1) @ weights["dense/kernel"] + weights["dense/bias"]


def _convolved(values: NDArray, filters: NDArray) -> NDArray[np.float32]:
    patches = np.lib.stride_tricks.sliding_window_view(values, filters.shape[:2], axis=(1, 2))
    return np.tensordot(patches, filters, axes=((4, 5, 3), (0, 1, 2)))


def _pooled(values: NDArray) -> NDArray[np.float32]:
    count, height, width, channels = values.shape
    return values.reshape(count, height // 2, 2, width // 2, 2, channels).max(axis=(2, 4))


@cache
def _weights() -> dict[str, NDArray[np.float32]]:
    return {name: tensor.astype(np.float32) for name, tensor in load_file(PRETRAINED_FILE).items()}
