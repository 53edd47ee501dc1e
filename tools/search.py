"""Search for hyper-parameters as the chapter *Hyper-parameter tuning* tells it, and store every trial.

    .venv/bin/python tools/search.py

Eleven searches go into `digitlib.tuning.SEARCH_FILE`: "tpe 0" to "tpe 4" and "random 0" to "random 4" with pruning, and
"control", random without pruning, which shows what pruning throws away. Each trial trains on the first 10,000 training
images and is scored on the 5,000 validation images. What it gets right of the last 10,000 training images, "fresh"
because no trial has learned from them or was chosen by them, is noted beside it and chooses nothing.

Then the winner of each of the ten searches is trained again with new seeds, and the best of all winners as the chapter
*Training with Adam* trains: all training images, five epochs. These runs go into `RUNS`. Nothing looks at test images.

A trial has one core to itself, so start the command twice to use two: the processes share the searches. The runs after
them are made two at a time. Interrupted, the command goes on where it stopped. All takes about an hour and a half.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import optuna
from judged import hits
from numpy.typing import NDArray
from side_by_side import one_core, side_by_side
from stored import frame, resume, store

import digitlib
from digitlib.data import FILES, Mnist
from digitlib.training import train
from digitlib.tuning import (
    DEFAULT,
    SEARCH_FILE,
    load_search,
    open_search,
    propose,
    recipe,
    report_epochs,
    run,
    suggest,
)

RUNS = FILES / "searches.json"
ABOUT = {"images": 10_000, "epochs": 3, "fresh": 10_000}
TRIALS = {"control": 60} | {f"{sampler} {seed}": 40 for seed in range(5) for sampler in ("tpe", "random")}
WINNER_SEEDS = range(1000, 1005)
FULL_EPOCHS = 5
FULL_SEEDS = range(10)


def main() -> int:
    """Go on with the searches, then with the runs of their winners."""
    one_core()
    mnist = digitlib.load_mnist()
    for name, trials in TRIALS.items():
        search(mnist, name, trials)
    train_winners()
    return 0


def search(mnist: Mnist, name: str, trials: int) -> None:
    """Go on with one search until it holds so many trials; each begins with the book's default."""
    sampler, _, seed = name.partition(" ")
    study = open_search(
        SEARCH_FILE,
        name,
        ABOUT,
        sampler="tpe" if sampler == "tpe" else "random",
        prune=name != "control",
        seed=int(seed or 99),
    )
    propose(study, DEFAULT)
    run(study, lambda trial: score(mnist, trial), trials)
    print(f"{name}: {study.best_value:.2%} in {len(study.trials)} trials", flush=True)


def score(mnist: Mnist, trial: optuna.Trial) -> float:
    """Train the network that a trial proposes; return its accuracy on the validation images."""
    model, right = train_briefly(mnist, suggest(trial), trial.number, (report_epochs(trial),))
    trial.set_user_attr("fresh", right["fresh"])
    trial.set_user_attr("parameters", model.count_params())
    return right["val"] / len(mnist.x_val)


def train_briefly(
    mnist: Mnist, parameters: Mapping[str, Any], seed: int, callbacks: tuple[keras.callbacks.Callback, ...] = ()
) -> tuple[keras.Sequential, dict[str, int]]:
    """Train as every trial does; count what is right of the validation and of the fresh images."""
    keras.utils.clear_session()  # or the networks of earlier trials stay in memory
    keras.utils.set_random_seed(seed)
    settings = recipe(parameters)
    model = digitlib.build_cnn(**settings["network"])
    images = ABOUT["images"]
    train(
        model,
        mnist.x_train[:images],
        mnist.y_train[:images],
        epochs=ABOUT["epochs"],
        **settings["training"],
        seed=seed,
        validation=(mnist.x_val, mnist.y_val),
        callbacks=callbacks,
    )
    fresh = slice(-ABOUT["fresh"], None)
    return model, {
        "val": right(model, mnist.x_val, mnist.y_val),
        "fresh": right(model, mnist.x_train[fresh], mnist.y_train[fresh]),
    }


def right(model: keras.Sequential, images: NDArray, labels: NDArray) -> int:
    """Count what a network gets right."""
    return int(hits(model, images[..., None], labels).sum())


def train_winners() -> None:
    """Train the ten winners anew with other seeds, and the best of them on all images."""
    studies = {name: load_search(name) for name in TRIALS if name != "control"}
    winners = {name: study.best_trial.params for name, study in studies.items()}
    best = max(studies, key=lambda name: studies[name].best_value)
    settings = {**ABOUT, "full_epochs": FULL_EPOCHS, "winners": winners, "best": best}
    content = resume(frame(settings=settings, results={"again": {}, "full": {}}), "results", RUNS)
    jobs = [("full", best, winners[best], seed) for seed in FULL_SEEDS]
    jobs += [("again", name, parameters, seed) for name, parameters in winners.items() for seed in WINNER_SEEDS]
    results = content["results"]
    todo = [job for job in jobs if str(job[3]) not in results[job[0]].get(job[1], {})]
    for (kind, name, _, seed), result in side_by_side(train_again, todo):
        results[kind].setdefault(name, {})[str(seed)] = result
        store(content, RUNS)
        print(kind, name, seed, result, flush=True)


def train_again(kind: str, name: str, parameters: Mapping[str, Any], seed: int) -> dict[str, float]:
    """Train a winner as its trial was ("again"), or as the chapter *Training with Adam* trains the default ("full")."""
    mnist = digitlib.load_mnist()
    if kind == "again":
        return train_briefly(mnist, parameters, seed)[1]
    keras.utils.set_random_seed(seed)
    settings = recipe(parameters)
    model = digitlib.build_cnn(**settings["network"])
    start = time.process_time()
    train(model, mnist.x_train, mnist.y_train, epochs=FULL_EPOCHS, **settings["training"], seed=seed)
    seconds = time.process_time() - start
    return {"val": right(model, mnist.x_val, mnist.y_val), "processor_seconds": round(seconds, 1)}


if __name__ == "__main__":
    sys.exit(main())
