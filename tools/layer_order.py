"""Measure what the order of the layers costs and brings: seconds per epoch and validation accuracy.

Writes `digitlib/files/layer_order.json`, which the chapter *Building the network, layer by layer* reads. Runs take
turns, so that a busy minute of the machine hits all orders alike. Stopped, it goes on where it was; `--anew` forgets
what was measured. For times worth reading, leave the machine alone meanwhile.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from judged import hits
from stored import frame, resume, store

import digitlib
from digitlib.data import FILES

if TYPE_CHECKING:
    import keras

STUDY = FILES / "layer_order.json"
# Each order as the book names it; the last is the network's own.
ORDERS = ("conv norm relu pool", "conv relu pool norm", "conv pool norm relu")


def main() -> int:
    """Train every order with every seed that is not measured yet."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--images", type=int, default=55_000, help="the first so many training images")
    parser.add_argument("--file", type=Path, default=STUDY)
    parser.add_argument("--anew", action="store_true", help="forget what was measured before")
    asked = parser.parse_args()
    study = frame(settings={"images": asked.images, "epochs": asked.epochs}, results=[])
    if not asked.anew:
        study = resume(study, "results", asked.file)
    done = {(run["order"], run["seed"]) for run in study["results"]}
    for seed in range(asked.seeds):
        for turn in range(len(ORDERS)):
            # Each order comes first, second and last equally often (as nearly as the number of seeds allows).
            order = ORDERS[(seed + turn) % len(ORDERS)]
            if (order, seed) not in done:
                study["results"].append(measure(order, seed, asked.epochs, asked.images))
                store(study, asked.file)
    return 0


def build(order: str) -> keras.Sequential:
    """Build the book's network with the layers of both its stages in another order."""
    import keras

    book = {layer.name: layer for layer in digitlib.build_cnn().layers}
    stages = [book[f"{name}{stage}"] for stage in (1, 2) for name in order.split()]
    layers = [book["rescaling"], *stages, book["flatten"], book["dropout"], book["dense"]]
    # Made anew from their settings: the book's layers are already built for the shapes of the book's order. Where a
    # ReLU stands between a filter and its normalisation, the bias is not subtracted again, so the filter gets one.
    needs_bias = order.index("relu") < order.index("norm")
    settings = [layer.get_config() for layer in layers]
    settings = [entry | {"use_bias": needs_bias} if "filters" in entry else entry for entry in settings]
    made = [type(layer).from_config(entry) for layer, entry in zip(layers, settings, strict=True)]
    return keras.Sequential([keras.Input((28, 28, 1)), *made])


def measure(order: str, seed: int, epochs: int, images: int) -> dict[str, Any]:
    """Train one order with one seed; return the seconds of each epoch and the validation accuracy after the last."""
    import keras

    from digitlib.training import train

    class Clock(keras.callbacks.Callback):
        def __init__(self) -> None:
            super().__init__()
            self.seconds: list[float] = []

        def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
            self.start = time.perf_counter()

        def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
            self.seconds.append(round(time.perf_counter() - self.start, 3))

    data = digitlib.load_mnist()
    keras.backend.clear_session()
    keras.utils.set_random_seed(seed)
    model, clock = build(order), Clock()
    train(model, data.x_train[:images], data.y_train[:images], epochs=epochs, seed=seed, callbacks=(clock,))
    right = hits(model, data.x_val[..., None], data.y_val)
    run = {"order": order, "seed": seed, "seconds": clock.seconds, "val_accuracy": round(float(right.mean()), 4)}
    print(run, flush=True)
    return run


if __name__ == "__main__":
    sys.exit(main())
