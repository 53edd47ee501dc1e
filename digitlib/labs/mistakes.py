"""What the mistake explorer knows of a set of digits: every answer, and the images that are worth looking at.

One home for the shipped file (``tools/lab_files.py``) and for the reader's own network (`MistakesLab`).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

IMAGES = 500  # as many as travel to a phone; 784 bytes each
SUREST = 5  # of each digit, among those that were read rightly


def answers_and_images(
    images: NDArray[np.uint8],
    labels: NDArray[np.integer],
    probabilities: NDArray[np.floating],
    threshold: float,
    temperature: float,
) -> dict[str, NDArray]:
    """Put together what the mistake explorer shows: all answers with their confidence, and some of the images.

    The images, at most `IMAGES` of them, are those of the mistakes (where there are too many, as evenly from all
    cells of the confusion matrix as can be, the least sure first), of the `SUREST` surest of each digit that were
    read rightly, and of the least sure of those that were read rightly.

    Parameters
    ----------
    images, labels
        The digits: uint8 (N, 28, 28) and whole numbers from 0 to 9 (N,).
    probabilities
        What the network says of them, shape (N, 10).
    threshold
        The confidence below which a digit is rejected, from 0 to 1.
    temperature
        By what the logits are divided before softmax; confidence is the largest probability after that.

    Returns
    -------
    dict
        `label` and `predicted`, uint8 (N,); `confidence`, float32 (N,); `index`, the place of each image among the
        digits, int32 (M,), and `images`, uint8 (M, 28, 28); `threshold` and `temperature`, float32 (1,).

    Raises
    ------
    ValueError
        If the arrays do not belong together, or a number is outside its range.

    Notes
    -----
    Introduced in the chapter *Error analysis*, which fits threshold and temperature on the validation set.
    """
    images, labels, probabilities = np.asarray(images), np.asarray(labels), np.asarray(probabilities)
    check_digits(images, labels)
    if probabilities.shape != (len(images), 10):
        raise ValueError(
            f"probabilities must have shape {(len(images), 10)}, ten for each image, but have {probabilities.shape}"
        )
    if not 0 <= threshold <= 1:
        raise ValueError(f"threshold must be a confidence from 0 to 1, but is {threshold!r}")
    if not 0 < temperature < np.inf:
        raise ValueError(f"temperature must be a number above 0, but is {temperature!r}")
    predicted = probabilities.argmax(axis=1)
    confidence = with_temperature(probabilities, temperature).max(axis=1)
    index = _worth_a_look(labels, predicted, confidence)
    return {
        "label": labels.astype(np.uint8),
        "predicted": predicted.astype(np.uint8),
        "confidence": confidence.astype(np.float32),
        "index": index.astype(np.int32),
        "images": images[index],
        "threshold": np.array([threshold], np.float32),
        "temperature": np.array([temperature], np.float32),
    }


def with_temperature(probabilities: NDArray[np.floating], temperature: float) -> NDArray[np.float64]:
    """Divide the logits behind probabilities (N, 10) by a temperature, as the chapter *Error analysis* does."""
    # The logarithm of a probability serves as its logit; one that was rounded to 0 has none.
    logits = np.log(np.maximum(probabilities, 1e-30, dtype=np.float64)) / temperature
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def _worth_a_look(
    labels: NDArray[np.integer], predicted: NDArray[np.integer], confidence: NDArray[np.floating]
) -> NDArray[np.intp]:
    order = np.argsort(confidence, kind="stable")  # the least sure first
    right = (labels == predicted)[order]
    surest = np.concatenate([order[right & (labels[order] == digit)][-SUREST:] for digit in range(10)])
    wrong = order[~right]
    # How many less sure mistakes lie in the same cell: so every cell gets one image before any gets a second.
    cells = 10 * labels[wrong].astype(int) + predicted[wrong]
    before = np.array([np.count_nonzero(cells[:place] == cell) for place, cell in enumerate(cells)], int)
    wanted = np.concatenate([surest, wrong[np.argsort(before, kind="stable")], order[right]])
    _, first = np.unique(wanted, return_index=True)
    return np.sort(wanted[np.sort(first)[:IMAGES]])


def check_digits(images: NDArray, labels: NDArray) -> None:
    """Refuse, by a ValueError, images and labels that are none or do not belong together."""
    if images.dtype != np.uint8 or images.ndim != 3 or images.shape[1:] != (28, 28) or not len(images):
        raise ValueError(
            f"images must be grey values, uint8 of shape (N, 28, 28), but are {images.dtype} of shape {images.shape}"
        )
    if labels.shape != images.shape[:1] or not np.issubdtype(labels.dtype, np.integer):
        raise ValueError(
            f"labels must be {len(images):,} whole numbers, one for each image, but are {labels.dtype} of shape "
            f"{labels.shape}"
        )
    if labels.min() < 0 or labels.max() > 9:
        raise ValueError(f"labels must be digits from 0 to 9, but reach from {labels.min()} to {labels.max()}")
