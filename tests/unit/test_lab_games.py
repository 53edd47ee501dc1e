"""The Python side of the labs to play with: which digits are guessed, which puzzles are taken, what is refused."""

from __future__ import annotations

import json
import zlib

import numpy as np
import pytest
from safetensors.numpy import load

import digitlib
from digitlib import labs
from digitlib.labs.games import DRAWN_DIGITS, HARD_DIGITS, digits_to_guess


@pytest.fixture(scope="module")
def network():
    """Return a network that knows nothing, with weights of its own."""
    from keras import Input, Sequential, layers, utils

    utils.set_random_seed(5)
    return Sequential([Input((28, 28, 1)), layers.Rescaling(1 / 255), layers.Flatten(), layers.Dense(10, "softmax")])


@pytest.fixture(scope="module")
def image():
    return digitlib.load_mnist().x_val[0]


# ----------------------------------------------------------------------------------------------------- guess the digit
def test_the_hard_digits_are_those_of_the_given_network(network) -> None:
    chosen = digits_to_guess(network)
    _, _, x_val, y_val, *_ = digitlib.load_mnist()
    probabilities = network.predict(x_val[..., None], batch_size=500, verbose=0)
    hardest = np.argsort(probabilities[np.arange(len(y_val)), y_val], kind="stable")[:HARD_DIGITS]
    images = np.frombuffer(zlib.decompress(chosen["images"].tobytes()), np.uint8).reshape(-1, 28, 28)
    assert len(images) == len(chosen["labels"]) == len(chosen["hard"]) == DRAWN_DIGITS + HARD_DIGITS
    assert np.array_equal(images[chosen["hard"] == 1], x_val[hardest])
    assert np.array_equal(chosen["labels"][chosen["hard"] == 1], y_val[hardest])
    assert chosen["misread"].tolist() == [(probabilities.argmax(axis=1) != y_val).sum(), 5_000]


def test_the_drawn_digits_are_the_same_for_every_network(network) -> None:
    mine, shipped = (digits_to_guess(model) for model in (network, digitlib.load_pretrained()))
    drawn = [zlib.decompress(chosen["images"].tobytes())[: 784 * DRAWN_DIGITS] for chosen in (mine, shipped)]
    assert drawn[0] == drawn[1]
    assert not np.array_equal(mine["misread"], shipped["misread"])


def test_the_lab_takes_its_digits_along(network) -> None:
    lab = labs.GuessLab(network)
    assert set(load(lab.data)) == {"images", "labels", "hard", "misread"}
    assert lab.network
    assert lab.settings == {}


def test_a_network_that_the_page_cannot_compute_is_refused() -> None:
    from keras import Input, Sequential, layers

    with pytest.raises(ValueError, match=r"takes \(32, 32, 1\)"):
        labs.GuessLab(Sequential([Input((32, 32, 1)), layers.Flatten(), layers.Dense(10, "softmax")]))
    with pytest.raises(ValueError, match="is not a softmax"):
        labs.GuessLab(Sequential([Input((28, 28, 1)), layers.Flatten(), layers.Dense(10)]))


# ----------------------------------------------------------------------------------------------------- design a filter
def test_without_targets_the_labs_own_puzzles_are_shown(image) -> None:
    lab = labs.FilterDesignLab(image)
    assert lab.settings == {"image": image.ravel().tolist()}


def test_targets_keep_their_order_and_can_be_stored(image) -> None:
    targets = {"9": np.eye(3), "my edge": [[-1, 0, 1]] * 3, "1": np.full((3, 3), -5, np.int8)}
    settings = json.loads(json.dumps(labs.FilterDesignLab(image, targets).settings))
    assert settings["targets"] == [
        ["9", [1, 0, 0, 0, 1, 0, 0, 0, 1]],
        ["my edge", [-1, 0, 1, -1, 0, 1, -1, 0, 1]],
        ["1", [-5] * 9],
    ]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (np.zeros((28, 28)), "float64 of shape"),
        (np.zeros((28, 28, 1), np.uint8), r"uint8 of shape \(28, 28, 1\)"),
        (None, "the image should be uint8"),
        ("a 4", "the image should be uint8"),
    ],
)
def test_a_wrong_image_is_refused(wrong: object, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        labs.FilterDesignLab(wrong)


GOOD = np.eye(3)


@pytest.mark.parametrize(
    ("targets", "said"),
    [
        ({}, "1 to 12 targets, but there are 0"),
        ({str(i): GOOD for i in range(13)}, "1 to 12 targets, but there are 13"),
        ([("edge", GOOD)], "targets should be a dict"),
        (GOOD, "targets should be a dict"),
        ({7: GOOD}, "name should be a text of 1 to 40 letters, but is 7"),
        ({"  ": GOOD}, "name should be a text"),
        ({"x" * 41: GOOD}, "name should be a text"),
        ({"edge": [-1, 0, 1]}, r"'edge' should have the shape \(3, 3\), but has \(3,\)"),
        ({"edge": np.ones((5, 5))}, r"has \(5, 5\)"),
        ({"edge": [[-1, 0, 1], [0]]}, "'edge' should be 3 × 3 numbers"),
        ({"edge": "Sobel"}, "'edge' should be 3 × 3 numbers"),
        ({"edge": None}, "'edge' should be 3 × 3 numbers"),
        ({"edge": np.full((3, 3), 5.5)}, "weights of 'edge' should be numbers from -5 to 5"),
        ({"edge": np.full((3, 3), np.nan)}, "weights of 'edge' should be numbers from -5 to 5"),
        ({"edge": np.full((3, 3), -np.inf)}, "weights of 'edge' should be numbers from -5 to 5"),
        ({"edge": np.zeros((3, 3))}, "'edge' is all zeros"),
        ({"edge": GOOD * 1j}, "'edge' should be 3 × 3 numbers"),
    ],
)
def test_wrong_targets_are_refused(image, targets: object, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        labs.FilterDesignLab(image, targets)
