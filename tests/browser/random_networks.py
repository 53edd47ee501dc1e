"""Networks that nobody designed: any layers that the book teaches, in any order that fits."""

from __future__ import annotations

import keras
import numpy as np
from keras import Input, Sequential, layers, utils


def random_network(seed: int) -> keras.Sequential:
    """Any Sequential of the layers that the book teaches, with weights that are not those of a fresh network."""
    utils.set_random_seed(seed)
    rng = np.random.default_rng(seed)
    pick = lambda *options: options[rng.integers(len(options))]  # noqa: E731
    net = [Input((28, 28, 1))]
    if rng.random() < 0.7:
        net.append(layers.Rescaling(pick(1 / 255, 2 / 255), offset=pick(0.0, -1.0)))
    for _ in range(rng.integers(1, 4)):
        own = pick("linear", "relu", "tanh", "sigmoid")
        size, stride = pick(1, 2, 3, (3, 5), 5), pick(1, 1, 2, (1, 2))
        width = int(rng.integers(2, 9))
        net.append(
            layers.Conv2D(width, size, stride, "same", activation=own, use_bias=bool(rng.random() < 0.5))
            if rng.random() < 0.5
            else layers.Conv2D(width, pick(1, 2, 3), pick(1, 2), "valid", activation=own)
        )
        if rng.random() < 0.6:
            flags = {"center": bool(rng.random() < 0.8), "scale": bool(rng.random() < 0.8)}
            net.append(layers.BatchNormalization(epsilon=pick(1e-3, 1e-5), **flags))
        if rng.random() < 0.6:
            net.append(pick(layers.ReLU(), layers.Activation("tanh"), layers.Activation("sigmoid")))
        if rng.random() < 0.6:
            kind = pick(layers.MaxPooling2D, layers.AveragePooling2D)
            net.append(kind(pick(2, 3, (2, 3)), pick(None, 1, 2), "same"))
        if rng.random() < 0.3:
            net.append(layers.Dropout(0.4))
    net.append(pick(layers.Flatten(), layers.GlobalAveragePooling2D()))
    if rng.random() < 0.5:
        net.append(layers.Dense(int(rng.integers(4, 20)), activation=pick("relu", "tanh", "linear")))
        if rng.random() < 0.5:
            net.append(layers.BatchNormalization())
    net += [layers.Dense(10), layers.Softmax()] if rng.random() < 0.5 else [layers.Dense(10, activation="softmax")]
    model = Sequential(net)
    for layer in model.layers:
        if type(layer).__name__ == "BatchNormalization":
            mean, variance = (np.shape(w) for w in layer.get_weights()[-2:])
            shifted = [w + rng.normal(0, 0.3, w.shape) for w in layer.get_weights()[:-2]]
            layer.set_weights([*shifted, rng.normal(0, 0.5, mean), rng.uniform(0.2, 2, variance)])
    return model
