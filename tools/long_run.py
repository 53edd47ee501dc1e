"""Train networks of the book's kind for long, and see how far that leads: the chapter *What each ingredient buys*.

    .venv/bin/python tools/long_run.py tries            # compare settings on images that are held out
    .venv/bin/python tools/long_run.py seeds            # train the chosen settings with five seeds, on all 60,000
    .venv/bin/python tools/long_run.py look-at-test     # then judge these on the test set, once

The tries decide: each trains on 50,000 images and is judged on 10,000, the 5,000 validation images and as many more
that are drawn from the training images. The chosen settings are trained anew on the 60,000 that MNIST gives for
training; the last epoch counts, and the vote is the mean of the five networks' probabilities. The look at the test set
belongs into `book/reference/test_looks.md`.

Two runs go on at a time, each on one core, and compute in bfloat16 where Keras thinks it safe: a run then takes as long
on one core as in float32 on two. Each is stored when it is finished; interrupted, the command goes on.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
from keras import layers
from numpy.typing import NDArray
from side_by_side import side_by_side
from stored import frame, resume, store

import digitlib
from digitlib.data import FILES
from digitlib.model import load_network, pack_network
from digitlib.training import train

RESULTS = FILES / "long_run.json"
NETWORKS = FILES.parents[1] / "_build" / "long_run"  # too large to ship, and nobody needs them
HELD_OUT = 10_000
SEEDS = range(5)

# For each network its convolutions, as (filters, size, whether pooling follows), and the units of a dense layer before
# the last one, if it has one.
SHAPES: dict[str, tuple[Sequence[tuple[int, int, bool]], int]] = {
    "book": (((24, 5, True), (48, 5, True)), 0),
    "small": (((16, 5, True), (32, 5, True)), 0),
    "smaller": (((12, 5, True), (24, 5, True)), 0),
    "two": (((32, 5, True), (64, 5, True)), 256),
    "three": (((32, 5, True), (64, 3, False), (64, 3, True)), 256),
    "four": (((32, 3, False), (32, 3, True), (64, 3, False), (64, 3, True)), 256),
}
USUAL = {"dropout": 0.3, "epochs": 20, "variation": 0.6, "peak_rate": 0.01, "batch_size": 128}
TRIES: dict[str, dict[str, Any]] = {
    "three, longer": {"shape": "three", "epochs": 60},
    "three, longer, varied more": {"shape": "three", "epochs": 60, "variation": 0.9},
    "small, longer": {"shape": "small", "epochs": 40},
    "smaller, longer": {"shape": "smaller", "epochs": 40},
    "three": {"shape": "three"},
    "four": {"shape": "four"},
    "two": {"shape": "two"},
}
# What the tries chose: the best, and the smallest that still reads 99.5 % of the held-out images.
CHOSEN = ("three, longer, varied more", "smaller, longer")


def main() -> int:
    """Do what the command line names."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("tries", "seeds", "look-at-test"))
    what = parser.parse_args().what
    content = resume(frame(settings={"usual": USUAL, "held_out": HELD_OUT}, results={}), "results", RESULTS)
    results = content["results"]
    if what == "look-at-test":
        results["test"] = {name: look_at_test(name) for name in CHOSEN}
        store(content, RESULTS)
    else:
        jobs = [(name, 0) for name in TRIES] if what == "tries" else [(name, seed) for seed in SEEDS for name in CHOSEN]
        done = results.setdefault(what, {})
        todo = [(name, seed) for name, seed in jobs if str(seed) not in done.get(name, {})]
        for (name, seed), run in side_by_side(try_out if what == "tries" else train_fully, todo, half_precision):
            done.setdefault(name, {})[str(seed)] = run
            store(content, RESULTS)
            print(name, seed, {key: value for key, value in run.items() if key != "loss"}, flush=True)
    return 0


def half_precision() -> None:
    """Compute in bfloat16 where Keras thinks it safe; weights, losses and the last layer stay in float32."""
    keras.mixed_precision.set_global_policy("mixed_bfloat16")


def build(shape: str, dropout: float) -> keras.Sequential:
    """Build an untrained network: each convolution with batch normalisation and ReLU, as in `digitlib.build_cnn`."""
    convolutions, units = SHAPES[shape]
    network = [keras.Input(shape=(28, 28, 1)), layers.Rescaling(1 / 255)]
    for filters, size, pool in convolutions:
        network.append(layers.Conv2D(filters, size, use_bias=False))
        network += [layers.MaxPooling2D(2)] if pool else []
        network += [layers.BatchNormalization(momentum=0.9), layers.ReLU()]
    network.append(layers.Flatten())
    if units:
        network += [layers.Dense(units, use_bias=False), layers.BatchNormalization(momentum=0.9), layers.ReLU()]
    return keras.Sequential(
        [*network, layers.Dropout(dropout), layers.Dense(10, activation="softmax", dtype="float32")]
    )


def fit(name: str, x: NDArray, y: NDArray, seed: int) -> tuple[keras.Sequential, dict[str, Any]]:
    """Train the network of one try; return it, and what is known of the run."""
    settings = USUAL | TRIES[name]
    keras.utils.set_random_seed(seed)
    network = build(settings.pop("shape"), settings.pop("dropout"))
    begin = time.monotonic()
    history = train(network, x, y, seed=seed, **settings)
    return network, {
        "parameters": network.count_params(),
        "seconds": round(time.monotonic() - begin),
        "loss": [round(loss, 4) for loss in history["loss"]],
    }


def try_out(name: str, seed: int) -> dict[str, Any]:
    """Train on 50,000 images; count the mistakes on the held-out ones, and their mean loss."""
    data = digitlib.load_mnist()
    order = np.random.default_rng(0).permutation(len(data.x_train))
    more = HELD_OUT - len(data.x_val)
    network, run = fit(name, data.x_train[order[more:]], data.y_train[order[more:]], seed)
    x = np.concatenate([data.x_val, data.x_train[order[:more]]])
    y = np.concatenate([data.y_val, data.y_train[order[:more]]])
    probabilities = network.predict(x[..., np.newaxis], batch_size=1000, verbose=0)
    of_label = probabilities[np.arange(len(y)), y]
    return run | {
        "wrong": int((probabilities.argmax(axis=1) != y).sum()),
        "held_out_loss": round(float(-np.log(np.maximum(of_label, 1e-7)).mean()), 5),
    }


def train_fully(name: str, seed: int) -> dict[str, Any]:
    """Train on all 60,000 images, and keep the network for the look at the test set."""
    data = digitlib.load_mnist()
    x, y = np.concatenate([data.x_train, data.x_val]), np.concatenate([data.y_train, data.y_val])
    network, run = fit(name, x, y, seed)
    NETWORKS.mkdir(parents=True, exist_ok=True)
    (NETWORKS / f"{name}-{seed}.safetensors").write_bytes(pack_network(network, {"seed": seed}, "float32"))
    return run


def look_at_test(name: str) -> dict[str, Any]:
    """Judge the networks of all seeds, and their vote, on the test set: which images each of them misreads as what."""
    data = digitlib.load_mnist()
    each = np.stack(
        [
            load_network(NETWORKS / f"{name}-{seed}.safetensors").predict(
                data.x_test[..., np.newaxis], batch_size=1000, verbose=0
            )
            for seed in SEEDS
        ]
    )
    return {"seeds": [misread(one, data.y_test) for one in each], "vote": misread(each.mean(axis=0), data.y_test)}


def misread(probabilities: NDArray, labels: NDArray) -> dict[str, int]:
    """For each image that is misread, its place and what it is taken for."""
    taken_for = probabilities.argmax(axis=1)
    return {str(place): int(taken_for[place]) for place in np.flatnonzero(taken_for != labels)}


if __name__ == "__main__":
    sys.exit(main())
