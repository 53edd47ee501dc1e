"""Labs to play with: guess digits against a network, and find the filter behind a map."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import traitlets
from numpy.typing import ArrayLike, NDArray
from safetensors.numpy import save

from digitlib.data import load_mnist
from digitlib.labs.widgets import STATIC, Lab

if TYPE_CHECKING:
    import keras

# Written down before the digits were looked at: which validation digits the game draws from.
DRAWN_DIGITS = 600
DRAW_SEED = 6
HARD_DIGITS = 40

LARGEST_WEIGHT = 5
MOST_TARGETS = 12
LONGEST_NAME = 40


def digits_to_guess(model: keras.Sequential) -> dict[str, NDArray]:
    """Choose the validation digits of the game "Guess the digit".

    `DRAWN_DIGITS` are drawn by lot from all 5,000, the same for every network. Then come the `HARD_DIGITS` to whose
    label this network gives the lowest probability, the lowest first; some of them may be among the drawn ones, too.

    Parameters
    ----------
    model
        A network that takes (28, 28, 1) and gives ten probabilities.

    Returns
    -------
    dict
        `images`, the pixels of all chosen digits one after the other, packed by zlib, uint8 (bytes,); `labels` and
        `hard`, which is 1 for the hard ones and else 0, uint8 (640,); `misread`, how many of the validation digits the
        network misreads and how many there are, int32 (2,).

    Notes
    -----
    Introduced in the chapter *Error analysis*.
    """
    _, _, x_val, y_val, *_ = load_mnist()
    probabilities = model.predict(x_val[..., np.newaxis], batch_size=500, verbose=0)
    drawn = np.random.default_rng(DRAW_SEED).choice(len(y_val), DRAWN_DIGITS, replace=False)
    hard = np.argsort(probabilities[np.arange(len(y_val)), y_val], kind="stable")[:HARD_DIGITS]
    chosen = np.concatenate([drawn, hard])
    misread = np.count_nonzero(probabilities.argmax(axis=1) != y_val)
    return {
        "images": np.frombuffer(zlib.compress(x_val[chosen].tobytes(), 9), np.uint8),
        "labels": y_val[chosen],
        "hard": np.repeat(np.array([0, 1], np.uint8), [DRAWN_DIGITS, HARD_DIGITS]),
        "misread": np.array([misread, len(y_val)], np.int32),
    }


class GuessLab(Lab):
    """Guess twenty digits against the clock and against a network, then twenty that it found hard.

    Chapter *Error analysis*. The digits are validation digits; in a notebook the hard ones are those that the given
    network finds hard.

    Parameters
    ----------
    model
        Any Sequential of the kinds of layers that this book teaches; takes (28, 28, 1), gives ten probabilities.

    Raises
    ------
    ValueError
        If the network has other shapes, no softmax at its end, or a layer that the labs cannot compute.
    """

    _esm = STATIC / "guess.js"
    name = "guess"
    title = "Guess the digit"
    still = (
        "A handwritten digit, the first of twenty, with buttons for 0 to 9, the seconds that have passed, and a button "
        "to take an answer back; below them a box to switch the clock off."
    )

    data = traitlets.Bytes(b"").tag(sync=True)

    def __init__(self, model: keras.Sequential) -> None:
        super().__init__(model)
        self.data = save(digits_to_guess(model))


class FilterDesignLab(Lab):
    """Find the 3 × 3 filter that makes a wanted feature map. Chapter *Building the network, layer by layer*.

    Parameters
    ----------
    image
        The picture that the filters slide over, uint8 (28, 28), 0 paper to 255 ink.
    targets
        Puzzles of your own instead of the lab's eight: for each name the filter behind the wanted map, shape (3, 3),
        weights from -5 to 5. At most 12.

    Raises
    ------
    ValueError
        If the image is not uint8 (28, 28); if a target has no name, another shape, weights that are no numbers or too
        large, or a filter of zeros only; or if there are none or too many.
    """

    _esm = STATIC / "design.js"
    name = "design"
    title = "Design a filter"
    still = (
        "A handwritten 4; beside it a wanted feature map, bright at left edges and dark at right ones, the map that a "
        "filter makes, much like it, and the difference of the two; below them how close they are, 94.9 %, and the top "
        "of a table of weights, each with a button for less and one for more."
    )

    def __init__(self, image: NDArray[np.uint8], targets: Mapping[str, ArrayLike] | None = None) -> None:
        image = np.asarray(image)
        if image.shape != (28, 28) or image.dtype != np.uint8:
            raise ValueError(
                "the image should be uint8 of shape (28, 28), such as x_train[0], "
                f"but is {image.dtype} of shape {image.shape}"
            )
        settings = {} if targets is None else {"targets": _checked_targets(targets)}
        super().__init__(image=image.ravel().tolist(), **settings)


def _checked_targets(targets: Mapping[str, ArrayLike]) -> list[tuple[str, list[float]]]:
    if not isinstance(targets, Mapping):
        raise ValueError(f'targets should be a dict such as {{"my edge": [[-1, 0, 1]] * 3}}, but is {targets!r}')
    if not 1 <= len(targets) <= MOST_TARGETS:
        raise ValueError(f"there should be 1 to {MOST_TARGETS} targets, but there are {len(targets)}")
    return [(_checked_name(name), _checked_filter(name, weights)) for name, weights in targets.items()]


def _checked_name(name: object) -> str:
    if not isinstance(name, str) or not 1 <= len(name.strip()) <= LONGEST_NAME:
        raise ValueError(f"a target's name should be a text of 1 to {LONGEST_NAME} letters, but is {name!r}")
    return name


def _checked_filter(name: str, weights: ArrayLike) -> list[float]:
    try:
        given = np.asarray(weights)
    except ValueError:  # rows of different lengths
        given = None
    if given is None or given.dtype.kind not in "iuf":
        raise ValueError(f"the filter of {name!r} should be 3 × 3 numbers, but is {weights!r}")
    weights = given.astype(float)
    if weights.shape != (3, 3):
        raise ValueError(f"the filter of {name!r} should have the shape (3, 3), but has {weights.shape}")
    if not (np.abs(weights) <= LARGEST_WEIGHT).all():
        raise ValueError(f"the weights of {name!r} should be numbers from -5 to 5, but are {weights.tolist()}")
    if not weights.any():
        raise ValueError(f"the filter of {name!r} is all zeros, so its map is 0 everywhere: there is nothing to find")
    return weights.ravel().tolist()
