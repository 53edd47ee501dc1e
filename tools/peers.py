"""The networks that `tools/bench.py` lets run against the book's own.

`PEERS` are well-known ones, built and trained as their authors do it: the same layers, optimiser, batch size and
number of epochs, and whole arrays given to `fit`. What differs is the data: all see the book's 55,000 training
images, and none is judged on test images while it trains. `LADDER` leads from the first of them to the book's, one
change at a time.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import keras
import numpy as np
from keras import layers
from numpy.typing import NDArray

from digitlib.training import rate_schedule


class Peer(NamedTuple):
    """A network of somebody else's, with what its author does to train it."""

    build: Callable[[int], keras.Sequential]  # from the number of steps that the run will have
    prepare: Callable[[NDArray], NDArray]  # (N, 28, 28) grey values 0 to 255 to what the network takes
    batch_size: int
    epochs: int
    callbacks: Callable[[], list[keras.callbacks.Callback]] = list


def to_unit(images: NDArray) -> NDArray:
    """Bring grey values from 0..255 to 0..1; shape (N, 28, 28, 1), float32."""
    return images[..., np.newaxis].astype("float32") / 255


def standardised(images: NDArray) -> NDArray:
    """Subtract MNIST's mean grey value and divide by its standard deviation, as pytorch/examples does."""
    return (to_unit(images) - np.float32(0.1307)) / np.float32(0.3081)


def keras_io(steps: int) -> keras.Sequential:
    """Build the network of keras.io's "Simple MNIST convnet" (keras-io, examples/vision/mnist_convnet.py)."""
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dropout(0.5),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(keras.optimizers.Adam(0.001), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def trekhleb(steps: int) -> keras.Sequential:
    """Build trekhleb's network (machine-learning-experiments, experiments/digits_recognition_cnn)."""

    def scaled() -> keras.initializers.Initializer:
        return keras.initializers.VarianceScaling()

    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(8, 5, activation="relu", kernel_initializer=scaled()),
            layers.MaxPooling2D(2),
            layers.Conv2D(16, 5, activation="relu", kernel_initializer=scaled()),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dense(128, activation="relu"),
            layers.Dropout(0.2),
            layers.Dense(10, activation="softmax", kernel_initializer=scaled()),
        ]
    )
    model.compile(keras.optimizers.Adam(0.001), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def pytorch_twin(steps: int) -> keras.Sequential:
    """Build a Keras twin of pytorch/examples' network (mnist/main.py).

    Same layers, loss and optimiser; PyTorch's own initial weights and its own code are not in it, so its seconds say
    nothing about PyTorch.
    """
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(32, 3, activation="relu"),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Dropout(0.25),
            layers.Flatten(),
            layers.Dense(128, activation="relu"),
            layers.Dropout(0.5),
            layers.Dense(10, activation="softmax"),
        ]
    )
    # PyTorch's defaults for Adadelta: rho 0.9, epsilon 1e-6.
    adadelta = keras.optimizers.Adadelta(1.0, rho=0.9, epsilon=1e-6)
    model.compile(adadelta, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def falling_rate() -> list[keras.callbacks.Callback]:
    """After each epoch 0.7 of the rate, as pytorch/examples' StepLR."""
    return [keras.callbacks.LearningRateScheduler(lambda epoch: 0.7**epoch)]


PEERS = {
    "keras.io": Peer(keras_io, to_unit, batch_size=128, epochs=15),
    "trekhleb": Peer(trekhleb, to_unit, batch_size=32, epochs=10),
    "PyTorch twin": Peer(pytorch_twin, standardised, batch_size=64, epochs=14, callbacks=falling_rate),
}


def rung(
    *, dropout: float = 0.5, norm: bool = False, peak_rate: float | None = None, widths: tuple[int, int] = (32, 64)
) -> Peer:
    """Describe a network between keras.io's and the book's, trained for two epochs.

    Parameters
    ----------
    dropout
        Share of values that dropout sets to zero.
    norm
        Whether batch normalisation stands between pooling and ReLU, and the convolutions have no bias.
    peak_rate
        The peak of the book's schedule; None means keras.io's 0.001 from first to last.
    widths
        Filters of the two convolutions: (32, 64) of 3 x 3 as keras.io has them, or fewer of 5 x 5.
    """
    size = 3 if widths == (32, 64) else 5

    def stage(width: int) -> list[keras.Layer]:
        between = [layers.BatchNormalization(momentum=0.9)] if norm else []
        return [layers.Conv2D(width, size, use_bias=not norm), layers.MaxPooling2D(2), *between, layers.ReLU()]

    def build(steps: int) -> keras.Sequential:
        end = [layers.Flatten(), layers.Dropout(dropout), layers.Dense(10, activation="softmax")]
        model = keras.Sequential([keras.Input((28, 28, 1)), *stage(widths[0]), *stage(widths[1]), *end])
        adam = keras.optimizers.Adam(rate_schedule(peak_rate, steps), beta_2=0.99) if peak_rate else "adam"
        model.compile(adam, "sparse_categorical_crossentropy", metrics=["accuracy"])
        return model

    return Peer(build, to_unit, batch_size=128, epochs=2)


LADDER = {
    "keras.io's layers": rung(),
    "no dropout": rung(dropout=0.0),
    "batch normalisation": rung(dropout=0.0, norm=True),
    "rate up to 0.02 and back": rung(dropout=0.0, norm=True, peak_rate=0.02),
    "half as many filters, 5 × 5": rung(dropout=0.0, norm=True, peak_rate=0.02, widths=(16, 32)),
}


def steps(peer: Peer, images: int) -> int:
    """How many steps a peer's training on so many images has."""
    return math.ceil(images / peer.batch_size) * peer.epochs
