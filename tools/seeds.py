"""Train the network of the chapter *Training with Adam* with many seeds, and store what came out.

    .venv/bin/python tools/seeds.py

Three studies go into `STUDY`, and the chapter shows them:

- "full", ten seeds: the chapter's live run on all training images, `digitlib.training.train` with `RECIPE`; and, five
  seeds, the same without dropout;
- "few", five seeds: 400 steps on 500 images, plain and with what is said to help against over-fitting;
- "wrong", five seeds: the same, 800 steps on 2,000 images of which a fifth got a label drawn at random.

Nothing is judged on test images. In "few" and "wrong" the first 1,000 validation images say when to stop, the other
4,000 judge. The file is written after every run: stopped, it goes on where it was; `--anew` forgets what was measured.
On two cores it takes about a quarter of an hour.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
from stored import frame, resume, store

import digitlib
from digitlib.data import FILES, Mnist
from digitlib.training import train, vary

STUDY = FILES / "seeds.json"
WIDTHS = (16, 32)
RECIPE = {"epochs": 5, "batch_size": 128, "peak_rate": 0.01}
STOPPING = 1_000  # of the validation images, for early stopping
SIZES = {"few": (500, 400), "wrong": (2_000, 800)}  # images and steps
VARIANTS = {
    "plain": {},
    "dropout": {"dropout": 0.5},
    "4 times the images": {"factor": 4},
    "varied images": {"variation": 0.6},
}

Run = dict[str, Any]


def main() -> int:
    """Make every run that the file does not hold yet."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--file", type=Path, default=STUDY)
    parser.add_argument("--anew", action="store_true", help="forget what was measured before")
    asked = parser.parse_args()
    mnist = digitlib.load_mnist()
    sizes = {study: list(of_study) for study, of_study in SIZES.items()}
    content = frame(settings={"widths": list(WIDTHS), "recipe": RECIPE, "sizes": sizes}, results={})
    if not asked.anew:
        content = resume(content, "results", asked.file)
    plan = [("full", "plain", 10), *((study, variant, 5) for study in SIZES for variant in VARIANTS)]
    for study, variant, seeds in [*plan, ("full", "no dropout", 5)]:
        runs = content["results"].setdefault(study, {}).setdefault(variant, [])
        for seed in range(len(runs), seeds):
            runs.append(RUNNERS[study](mnist, study, variant, seed))
            store(content, asked.file)
            print(study, variant, seed, runs[-1]["val_accuracy"][-1], flush=True)
    return 0


def full(mnist: Mnist, study: str, variant: str, seed: int) -> Run:
    """Train on all training images; return the accuracy after every epoch and which validation images went wrong."""
    keras.utils.set_random_seed(seed)
    model = digitlib.build_cnn(widths=WIDTHS, dropout=0.0 if variant == "no dropout" else 0.3)
    start = time.process_time()
    history = train(model, mnist.x_train, mnist.y_train, seed=seed, validation=(mnist.x_val, mnist.y_val), **RECIPE)
    seconds = time.process_time() - start
    predictions = model.predict(mnist.x_val[..., np.newaxis], batch_size=1000, verbose=0).argmax(axis=1)
    return {
        "val_accuracy": [round(value, 4) for value in history["val_accuracy"]],
        "wrong": np.flatnonzero(predictions != mnist.y_val).tolist(),
        "processor_seconds": round(seconds, 1),
    }


def small(mnist: Mnist, study: str, variant: str, seed: int) -> Run:
    """Train on few images or partly wrong labels; return accuracies and losses, for "plain" twenty times."""
    settings = VARIANTS[variant]
    count, steps = SIZES[study]
    count *= settings.get("factor", 1)
    rng = np.random.default_rng(seed)
    drawn = rng.permutation(len(mnist.x_train))[:count]
    x, y = mnist.x_train[drawn][..., np.newaxis], mnist.y_train[drawn].copy()
    if study == "wrong":
        y[: count // 5] = rng.integers(0, 10, count // 5)
    keras.utils.set_random_seed(seed)
    model = digitlib.build_cnn(widths=WIDTHS, dropout=settings.get("dropout", 0.0))
    model.compile(keras.optimizers.Adam(0.003), "sparse_categorical_crossentropy", metrics=["accuracy"])
    passes = steps * 50 // count
    rows = []
    for number in range(passes):
        shown = x if "variation" not in settings else np.asarray(vary(x, settings["variation"]))
        model.fit(shown, y, batch_size=50, epochs=1, verbose=0)
        if (variant == "plain" and (number + 1) % (passes // 20) == 0) or number == passes - 1:
            rows.append(judge(model, mnist, x, y))
    names = ("accuracy", "loss", "stop_loss", "val_accuracy", "val_loss")
    return {name: [round(row[column], 4) for row in rows] for column, name in enumerate(names)}


def judge(model: keras.Sequential, mnist: Mnist, x: np.ndarray, y: np.ndarray) -> tuple[float, ...]:
    """Accuracy and loss on the training images, loss on the images to stop by, accuracy and loss on the others."""
    images, labels = mnist.x_val[..., np.newaxis], mnist.y_val
    loss, accuracy = model.evaluate(x, y, batch_size=1000, verbose=0)
    stop_loss, _ = model.evaluate(images[:STOPPING], labels[:STOPPING], batch_size=1000, verbose=0)
    val_loss, val_accuracy = model.evaluate(images[STOPPING:], labels[STOPPING:], batch_size=1000, verbose=0)
    return accuracy, loss, stop_loss, val_accuracy, val_loss


RUNNERS = {"full": full, "few": small, "wrong": small}

if __name__ == "__main__":
    sys.exit(main())
