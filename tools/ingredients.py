"""Train with and without each ingredient of the book's recipe, on few and on many images, and note what comes out.

Writes `digitlib/files/ingredients.json`, which the chapter *What each ingredient buys* reads. Four studies:

- "ingredients", five seeds: `INGREDIENTS` alone, all together, and all but one, against a plain network;
- "corner pixel", five seeds: 10,000 training images with a pixel in the top row that gives the label away, in all of
  them, in half of them, or in none; judged with the right pixel, without, and with a wrong one;
- "leaderboard", ten seeds: validation and test accuracy after every epoch, at a constant rate. The only study that
  looks at test images, to show what choosing by them does;
- "learning curve", five seeds: 100 to 55,000 images, equally many steps; the network of chapter 4, a deeper one, and
  for few images varied ones.

Stopped, it goes on where it was; `--anew` forgets what was measured. It runs on one thread, so that another study can
run beside it on another core: its seconds compare with each other only. It takes about an hour.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from stored import frame, resume, store

import digitlib
from digitlib.data import FILES
from digitlib.training import rate_schedule, vary

STUDY = FILES / "ingredients.json"
INGREDIENTS = ("batch normalisation", "dropout", "varied images", "schedule", "width")
VARIANTS: dict[str, tuple[str, ...]] = {
    "plain": (),
    "all five": INGREDIENTS,
    **{name: (name,) for name in INGREDIENTS},
    **{f"all but {name}": tuple(other for other in INGREDIENTS if other != name) for name in INGREDIENTS},
}
NARROW, WIDE = (8, 16), (16, 32)
DROPOUT, VARIATION = 0.3, 0.6
RATE, PEAK_RATE = 0.001, 0.01  # a constant one, Adam's default in Keras; and the schedule's highest
PLANTED = {"in all": 1.0, "in half": 0.5, "in none": 0.0}  # share of the images that get the pixel
SETTINGS = {
    "ingredients": {"epochs": 6, "batch_size": 128},
    "corner pixel": {"images": 10_000, "epochs": 5, "batch_size": 128},
    "leaderboard": {"epochs": 8, "batch_size": 128},
    # 1,100 steps of 50: each of 55,000 images is seen once, each of 100 images 550 times.
    "learning curve": {"steps": 1_100, "batch_size": 50},
}
SIZES = (100, 300, 1_000, 3_000, 10_000, 30_000, 55_000)
VARIED_SIZES = SIZES[:4]
JUDGED = 5_000  # so many of the training images, at most, are judged to see how well they were learned

Run = dict[str, Any]
Task = tuple[str, str, int]


def main() -> int:
    """Make every run that the file does not hold yet."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--file", type=Path, default=STUDY)
    parser.add_argument("--anew", action="store_true", help="forget what was measured before")
    asked = parser.parse_args()
    study = frame(settings=SETTINGS, results={})
    if not asked.anew:
        study = resume(study, "results", asked.file)
    for name, variant, seed in plan():
        runs = study["results"].setdefault(name, {}).setdefault(variant, [])
        if seed == len(runs):
            runs.append(RUNNERS[name](variant, seed))
            store(study, asked.file)
            print(name, variant, seed, runs[-1], flush=True)
    return 0


def plan() -> Iterator[Task]:
    """List what is to be run, seed by seed: a study that was stopped has about as many seeds of each variant."""
    for seed in range(5):
        yield from (("ingredients", variant, seed) for variant in VARIANTS)
    for seed in range(5):
        yield from (("corner pixel", variant, seed) for variant in PLANTED)
    for seed in range(10):
        yield "leaderboard", "constant rate", seed
    for seed in range(5):
        yield from (("learning curve", f"{net} {size}", seed) for net in ("standard", "deeper") for size in SIZES)
        yield from (("learning curve", f"varied {size}", seed) for size in VARIED_SIZES)


def build(ingredients: tuple[str, ...]) -> keras.Sequential:
    """Build the book's network, narrow or wide, with or without dropout and batch normalisation."""
    model = digitlib.build_cnn(
        widths=WIDE if "width" in ingredients else NARROW, dropout=DROPOUT if "dropout" in ingredients else 0.0
    )
    if "batch normalisation" in ingredients:
        return model
    # Its filters have no bias because batch normalisation would subtract it; without the one they need the other.
    kept = [layer for layer in model.layers if "norm" not in layer.name]
    settings = [layer.get_config() | ({"use_bias": True} if "conv" in layer.name else {}) for layer in kept]
    made = [type(layer).from_config(entry) for layer, entry in zip(kept, settings, strict=True)]
    return keras.Sequential([keras.Input((28, 28, 1)), *made])


def build_deeper() -> keras.Sequential:
    """Build the network of chapter 4 with a third convolution, of 64 filters, before the dense layer."""
    from keras import layers

    deeper = digitlib.build_cnn(widths=WIDE, dropout=0.0).layers
    third = [
        layers.Conv2D(64, 3, use_bias=False, name="conv3"),
        layers.BatchNormalization(momentum=0.9, name="norm3"),
        layers.ReLU(name="relu3"),
    ]
    made = [type(layer).from_config(layer.get_config()) for layer in deeper]
    place = [layer.name for layer in made].index("flatten")
    return keras.Sequential([keras.Input((28, 28, 1)), *made[:place], *third, *made[place:]])


def fit(
    model: keras.Sequential,
    x: NDArray,
    y: NDArray,
    *,
    rate: float | keras.optimizers.schedules.LearningRateSchedule,
    steps: int,
    batch_size: int,
    seed: int,
    variation: float = 0.0,
    epochs: int = 1,
    callbacks: tuple[keras.callbacks.Callback, ...] = (),
) -> None:
    """Train with Adam for `epochs` times `steps` steps; unlike `training.train` at any rate and for any steps."""
    images, labels = tf.constant(x[..., np.newaxis]), tf.constant(y)
    data = tf.data.Dataset.range(len(x)).shuffle(len(x), seed=seed).repeat().batch(batch_size)
    data = data.map(lambda chosen: (tf.gather(images, chosen), tf.gather(labels, chosen)))
    if variation:
        data = data.map(lambda batch, of_batch: (vary(batch, variation), of_batch))
    options = tf.data.Options()
    options.autotune.enabled = False
    options.threading.private_threadpool_size = 1
    model.compile(keras.optimizers.Adam(rate, beta_2=0.99), "sparse_categorical_crossentropy", steps_per_execution=10)
    model.fit(
        data.prefetch(4).with_options(options),
        steps_per_epoch=steps,
        epochs=epochs,
        callbacks=list(callbacks),
        shuffle=False,
        verbose=0,
    )


def outcome(model: keras.Sequential, x: NDArray, y: NDArray) -> Run:
    """Judge a network on the validation images and on some of those it learned from, `x` and `y`."""
    mnist = digitlib.load_mnist()
    right, loss = judge(model, mnist.x_val, mnist.y_val)
    train_right, train_loss = judge(model, x[:JUDGED], y[:JUDGED])
    return {"right": right, "loss": loss, "train_right": train_right, "train_loss": train_loss}


def judge(model: keras.Sequential, x: NDArray, y: NDArray) -> tuple[int, float]:
    """Count the right answers, and compute the mean cross-entropy."""
    probabilities = model.predict(x[..., np.newaxis], batch_size=1000, verbose=0)
    of_label = np.maximum(probabilities[np.arange(len(y)), y], 1e-7)
    return int((probabilities.argmax(axis=1) == y).sum()), round(float(-np.log(of_label).mean()), 5)


def run_ingredients(variant: str, seed: int) -> Run:
    """Train on all training images with the ingredients of one variant."""
    mnist, ingredients = digitlib.load_mnist(), VARIANTS[variant]
    settings = SETTINGS["ingredients"]
    steps = -(-len(mnist.x_train) // settings["batch_size"])
    begin(seed)
    model = build(ingredients)
    start = time.perf_counter()
    fit(
        model,
        mnist.x_train,
        mnist.y_train,
        rate=rate_schedule(PEAK_RATE, steps * settings["epochs"]) if "schedule" in ingredients else RATE,
        steps=steps,
        seed=seed,
        variation=VARIATION if "varied images" in ingredients else 0.0,
        **settings,
    )
    seconds = round(time.perf_counter() - start, 1)
    return outcome(model, mnist.x_train, mnist.y_train) | {"seconds": seconds}


def plant(images: NDArray, says: NDArray) -> NDArray:
    """Copy images and set one pixel of the top row in each: the one that stands for the digit of `says`."""
    planted = images.copy()
    planted[np.arange(len(images)), 0, 4 + 2 * says.astype(int)] = 255
    return planted


def run_corner(variant: str, seed: int) -> Run:
    """Train with the pixel planted in a share of the images; count right answers with, without and against it."""
    mnist, settings = digitlib.load_mnist(), SETTINGS["corner pixel"]
    rng = np.random.default_rng(seed)
    drawn = rng.permutation(len(mnist.x_train))[: settings["images"]]
    x, y = mnist.x_train[drawn], mnist.y_train[drawn]
    many = int(PLANTED[variant] * len(x))
    x = np.concatenate([plant(x[:many], y[:many]), x[many:]])
    begin(seed)
    model = digitlib.build_cnn(widths=WIDE, dropout=0.0)
    steps = -(-len(x) // settings["batch_size"])
    rate = rate_schedule(PEAK_RATE, steps * settings["epochs"])
    fit(model, x, y, rate=rate, steps=steps, epochs=settings["epochs"], batch_size=settings["batch_size"], seed=seed)
    wrong = (mnist.y_val + rng.integers(1, 10, len(mnist.y_val))) % 10
    against = plant(mnist.x_val, wrong)
    return {
        "right pixel": judge(model, plant(mnist.x_val, mnist.y_val), mnist.y_val)[0],
        "no pixel": judge(model, mnist.x_val, mnist.y_val)[0],
        "wrong pixel": judge(model, against, mnist.y_val)[0],
        "says what the wrong pixel says": judge(model, against, wrong)[0],
    }


class JudgeEpochs(keras.callbacks.Callback):
    """After every epoch, count the right answers on validation and on test images."""

    def __init__(self) -> None:
        super().__init__()
        self.right: dict[str, list[int]] = {"val_right": [], "test_right": []}

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Judge the network as it is now."""
        mnist = digitlib.load_mnist()
        self.right["val_right"].append(judge(self.model, mnist.x_val, mnist.y_val)[0])
        self.right["test_right"].append(judge(self.model, mnist.x_test, mnist.y_test)[0])


def run_leaderboard(variant: str, seed: int) -> Run:
    """Train at a constant rate, and judge after every epoch."""
    mnist, settings = digitlib.load_mnist(), SETTINGS["leaderboard"]
    begin(seed)
    epochs = JudgeEpochs()
    steps = -(-len(mnist.x_train) // settings["batch_size"])
    model = build(("batch normalisation", "width"))
    fit(model, mnist.x_train, mnist.y_train, rate=RATE, steps=steps, seed=seed, callbacks=(epochs,), **settings)
    return epochs.right


def run_learning_curve(variant: str, seed: int) -> Run:
    """Train one network on the first so many of the shuffled training images; the larger sets hold the smaller."""
    mnist, settings = digitlib.load_mnist(), SETTINGS["learning curve"]
    net, size = variant.split()
    drawn = np.random.default_rng(seed).permutation(len(mnist.x_train))[: int(size)]
    x, y = mnist.x_train[drawn], mnist.y_train[drawn]
    begin(seed)
    model = build_deeper() if net == "deeper" else digitlib.build_cnn(widths=WIDE, dropout=0.0)
    variation = VARIATION if net == "varied" else 0.0
    fit(model, x, y, rate=rate_schedule(PEAK_RATE, settings["steps"]), seed=seed, variation=variation, **settings)
    return outcome(model, x, y)


def begin(seed: int) -> None:
    """Forget the last run's network, and fix what is drawn at random in this one."""
    keras.backend.clear_session()
    keras.utils.set_random_seed(seed)


RUNNERS = {
    "ingredients": run_ingredients,
    "corner pixel": run_corner,
    "leaderboard": run_leaderboard,
    "learning curve": run_learning_curve,
}

if __name__ == "__main__":
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    sys.exit(main())
