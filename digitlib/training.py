"""How the network of this book is trained: the schedule, the varied images, the run.

Introduced in the chapter *Training with Adam*.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from numbers import Integral, Real
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from digitlib.model import checkpoint_file, save_network

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

# TensorFlow runs so many steps before it comes back to Python: an eighth faster than one at a time.
STEPS_PER_CALL = 10

# The book's recipes, all chosen on validation images: what `build_cnn` and `train` are called with.
RECIPES: dict[str, dict[str, dict[str, Any]]] = {
    # As fast as possible to 99.0 %.
    "sprint": {
        "network": {"widths": [16, 32], "filter_size": 5, "dropout": 0.0},
        "training": {"epochs": 3, "batch_size": 128, "peak_rate": 0.02, "variation": 0.0, "focus": 0.15},
    },
    # As fast as possible to 99.2 %.
    "lap": {
        "network": {"widths": [24, 48], "filter_size": 5, "dropout": 0.0},
        "training": {"epochs": 4, "batch_size": 128, "peak_rate": 0.02, "variation": 0.0, "focus": 0.2},
    },
    # The network that ships with the book.
    "shipped": {
        "network": {"widths": [24, 48], "filter_size": 5, "dropout": 0.3},
        "training": {"epochs": 20, "batch_size": 128, "peak_rate": 0.01, "variation": 0.6, "focus": 1.0},
    },
}


def train(
    model: keras.Sequential,
    x: NDArray,
    y: NDArray,
    *,
    epochs: int,
    batch_size: int = 128,
    peak_rate: float = 0.01,
    seed: int = 0,
    variation: float = 0.0,
    focus: float = 1.0,
    validation: tuple[NDArray, NDArray] | None = None,
    callbacks: tuple[keras.callbacks.Callback, ...] = (),
) -> dict[str, list[float]]:
    """Train a network with Adam: the learning rate rises, then falls to zero; the last epoch counts.

    Parameters
    ----------
    model
        A network that gives ten probabilities; trained in place.
    x, y
        Training images of shape (N, 28, 28) or (N, 28, 28, 1), grey values 0 to 255, and their labels 0 to 9.
    epochs, batch_size
        How often each image is used, and how many make one step.
    peak_rate
        The highest learning rate, reached after a quarter of the steps.
    seed
        Fixes the order of the images, dropout and variations. (Two runs on the same machine still differ in the last
        digits where the processor adds in another order.) Set it before building the network, too, with
        `keras.utils.set_random_seed`, to fix the initial weights.
    variation
        How strongly the images are varied at random, see `vary`; 0 leaves them as they are.
    focus
        After the first epoch, train only on this share of the images: those whose label the network then found least
        probable. 1 keeps all.
    validation
        Images and labels to judge the network on after every epoch. Without them no accuracy is computed, not on the
        training images either: to count the right answers of every step takes a tenth of the time.
    callbacks
        Further Keras callbacks. Keras calls their `on_train_batch_end` after every tenth step and the epoch's last.

    Returns
    -------
    dict
        For each measure ("loss" and, with `validation`, "accuracy", "val_loss", "val_accuracy") its value after every
        epoch.

    Raises
    ------
    ValueError
        If there are no images, labels and images do not match, a label is not 0 to 9, or a setting is out of range.
    """
    images, labels = _checked(x, y)
    if validation is not None:
        validation = _checked(*validation)
    check_training_settings(epochs, batch_size, peak_rate, variation, focus)
    import keras

    keras.utils.set_random_seed(seed)
    count = math.ceil(focus * len(images))
    steps = math.ceil(len(images) / batch_size) + (epochs - 1) * math.ceil(count / batch_size)
    model.compile(
        optimizer=keras.optimizers.Adam(rate_schedule(peak_rate, steps), beta_2=0.99),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"] if validation else [],
        steps_per_execution=STEPS_PER_CALL,
    )

    def fit(images: NDArray, labels: NDArray, first: int, last: int) -> dict[str, list[float]]:
        return model.fit(
            _batches(images, labels, batch_size, variation, seed),
            initial_epoch=first,
            epochs=last,
            validation_data=validation,
            validation_batch_size=250 if validation else None,
            callbacks=list(callbacks),
            shuffle=False,  # the batches come shuffled
            verbose=0,
        ).history

    if focus == 1:
        return fit(images, labels, 0, epochs)
    begun = fit(images, labels, 0, 1)
    chosen = hardest(model, images, labels, count)
    ended = fit(images[chosen], labels[chosen], 1, epochs)
    return {name: values + ended[name] for name, values in begun.items()}


def hardest(model: keras.Sequential, x: NDArray, y: NDArray, count: int) -> NDArray[np.int64]:
    """Find the images whose label a network gives the least probability.

    Parameters
    ----------
    model
        A network that gives ten probabilities.
    x, y
        Images of shape (N, 28, 28, 1), grey values 0 to 255, and their labels 0 to 9.
    count
        How many to find.

    Returns
    -------
    numpy.ndarray
        Shape (count,): their places among the N, the hardest first.

    Notes
    -----
    Introduced in the chapter *A fast and honest race*. The idea is known as hard example mining.
    """
    # Not `predict`, whose own feeding of the batches takes two fifths longer here.
    parts = [model.predict_on_batch(x[start : start + 1000]) for start in range(0, len(x), 1000)]
    of_label = np.concatenate(parts)[np.arange(len(y)), y]
    return np.argsort(of_label, kind="stable")[:count]


class Counter(Protocol):
    """What can count steps: `digitlib.labs.Progress`, for example."""

    def step(self, note: str | None = None) -> None:
        """Count one step, and show a note beside the count."""


def show_progress(bar: Counter, every: int = 20) -> keras.callbacks.Callback:
    """Keras callback that moves a bar on by one after each step, with epoch, loss and accuracy so far beside it.

    Parameters
    ----------
    bar
        A `digitlib.labs.Progress` made for as many steps as the run will have.
    every
        After how many steps the numbers are written anew; to write them after every step would cost time.

    Raises
    ------
    TypeError
        If `bar` cannot count steps.
    ValueError
        If `every` is not a whole number of at least 1.

    Notes
    -----
    Introduced in the chapter *Training with Adam*.
    """
    if not callable(getattr(bar, "step", None)):
        raise TypeError(f"bar must have a method 'step', as digitlib.labs.Progress has, but is {bar!r}")
    if every != int(every) or every < 1:
        raise ValueError(f"every must be a whole number of at least 1, but is {every!r}")
    import keras

    class ShowProgress(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
            self.epoch, self.done = epoch + 1, 0

        def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
            done = _steps_done(self, batch)
            so_far = ", ".join(f"{name} {value:.3f}" for name, value in (logs or {}).items())
            due = (done - 1) // every > (self.done - 1) // every
            for _ in range(self.done, done - 1):
                bar.step()
            bar.step(f"epoch {self.epoch}: {so_far}" if due else None)
            self.done = done

    return ShowProgress()


def store_checkpoints(folder: Path | str, steps: Iterable[int]) -> keras.callbacks.Callback:
    """Keras callback that stores the network at certain steps of its training, for `load_network` to read.

    Each file is complete or not there at all, so whatever ends the run, the last checkpoint is whole.

    Parameters
    ----------
    folder
        Where to; step 100 becomes `cnn-step-00100.safetensors`.
    steps
        After which steps; 0 is the untrained network. Where Keras runs several steps at once, the network is stored
        when it comes back, under the number of steps done by then.

    Raises
    ------
    NotADirectoryError
        If the folder does not exist.
    ValueError
        If there are no steps, or one is not a whole number of at least 0.

    Notes
    -----
    Introduced in the chapter *Training with Adam*.
    """
    folder, wanted = Path(folder), list(steps)
    if not folder.is_dir():
        raise NotADirectoryError(f"checkpoints need an existing folder, but there is none at {folder}: make it first")
    if not wanted or not all(isinstance(step, Integral) and step >= 0 for step in wanted):
        raise ValueError(f"steps must be whole numbers of at least 0, such as (0, 100, 430), but is {steps!r}")
    import keras

    class StoreCheckpoints(keras.callbacks.Callback):
        def __init__(self) -> None:
            super().__init__()
            self.left, self.step = sorted(wanted), 0

        def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
            self.store_if_due()

        def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
            self.before = self.step

        def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
            self.step = self.before + _steps_done(self, batch)
            self.store_if_due()

        def store_if_due(self) -> None:
            if self.left and self.left[0] <= self.step:
                self.left = [step for step in self.left if step > self.step]
                save_network(self.model, folder / checkpoint_file(self.step).name, {"step": self.step})

    return StoreCheckpoints()


@contextmanager
def quiet_tracing() -> Iterator[None]:
    """Keep TensorFlow from warning, in red, that it prepares itself anew for each of several small networks."""
    logger = logging.getLogger("tensorflow")
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(before)


def rate_schedule(peak_rate: float, steps: int) -> keras.optimizers.schedules.LearningRateSchedule:
    """Learning rate over a run of `steps` steps: up to the peak in the first quarter, then down to zero on a cosine."""
    import keras

    warm_up = max(steps // 4, 1)
    return keras.optimizers.schedules.CosineDecay(
        0.0, max(steps - warm_up, 1), warmup_target=peak_rate, warmup_steps=warm_up
    )


def vary(batch: tf.Tensor, strength: float) -> tf.Tensor:
    """Turn, scale, slant and shift each image of a batch a little, at random.

    Parameters
    ----------
    batch
        Images of shape (N, 28, 28, 1), any numeric dtype.
    strength
        1 turns by up to 15 degrees, scales by up to 12 %, slants by up to 0.2 (pixels per pixel) and shifts by up to
        2.5 pixels, each drawn uniformly; 0.5 does half of each.

    Returns
    -------
    tf.Tensor
        float32, same shape; paper (0) comes in from outside.
    """
    import tensorflow as tf

    n = tf.shape(batch)[0]

    def up_to(most: float) -> tf.Tensor:
        return tf.random.uniform([n], -most * strength, most * strength)

    turn, slant = up_to(math.radians(15)), up_to(0.2)
    width, height = 1 + up_to(0.12), 1 + up_to(0.12)
    a, b = tf.cos(turn) / width, (tf.sin(turn) + slant) / width
    c, d = -tf.sin(turn) / height, tf.cos(turn) / height
    # The four numbers act about the picture's middle, so the corner that TensorFlow counts from moves along.
    middle = 13.5
    right = middle - a * middle - b * middle + up_to(2.5)
    down = middle - c * middle - d * middle + up_to(2.5)
    zero = tf.zeros([n])
    return tf.raw_ops.ImageProjectiveTransformV3(
        images=tf.cast(batch, tf.float32),
        transforms=tf.stack([a, b, right, c, d, down, zero, zero], axis=1),
        output_shape=[28, 28],
        fill_value=0.0,
        interpolation="BILINEAR",
        fill_mode="CONSTANT",
    )


def _steps_done(callback: keras.callbacks.Callback, batch: int) -> int:
    """How many steps of this epoch are done: Keras counts its last call as if it had been a full one."""
    return min(batch + 1, callback.params["steps"] or batch + 1)


def _batches(images: NDArray, labels: NDArray, batch_size: int, variation: float, seed: int) -> tf.data.Dataset:
    import tensorflow as tf

    all_images, all_labels = tf.constant(images), tf.constant(labels)
    data = tf.data.Dataset.range(len(images)).shuffle(len(images), seed=seed).batch(batch_size)
    data = data.map(lambda chosen: (tf.gather(all_images, chosen), tf.gather(all_labels, chosen)))
    if variation:
        data = data.map(lambda batch, y: (vary(batch, variation), y), num_parallel_calls=2)
    # The thread with which TensorFlow would tune these numbers itself sleeps ever longer between its measurements, and
    # the end of an epoch can wait up to five seconds for it to wake.
    options = tf.data.Options()
    options.autotune.enabled = False
    return data.prefetch(4).with_options(options)


def _checked(x: NDArray, y: NDArray) -> tuple[NDArray, NDArray]:
    """Images as (N, 28, 28, 1) and labels as (N,), or a ValueError that says what is wrong with them."""
    x, y = np.asarray(x), np.asarray(y)
    if x.ndim == 3:
        x = x[..., np.newaxis]
    if x.shape[1:] != (28, 28, 1):
        raise ValueError(f"images must have the shape (N, 28, 28) or (N, 28, 28, 1), but have {x.shape}")
    if not (np.issubdtype(x.dtype, np.integer) or np.issubdtype(x.dtype, np.floating)):
        raise ValueError(f"images must be numbers, grey values from 0 to 255, but are {x.dtype}")
    if len(x) == 0:
        raise ValueError("there are no images to learn from or to judge by: the data set is empty")
    if y.shape != (len(x),):
        raise ValueError(f"{len(x)} images need {len(x)} labels in one row, but the labels have the shape {y.shape}")
    if not np.issubdtype(y.dtype, np.integer):
        raise ValueError(f"labels must be whole numbers from 0 to 9, but are {y.dtype}")
    if y.min() < 0 or y.max() > 9:
        raise ValueError(f"labels must be whole numbers from 0 to 9, but are {y.dtype} from {y.min()} to {y.max()}")
    if np.issubdtype(x.dtype, np.floating) and not np.isfinite(x).all():
        raise ValueError("the images hold values that are not finite numbers (NaN or infinity)")
    return x, y


def check_training_settings(
    epochs: int = 1, batch_size: int = 128, peak_rate: float = 0.01, variation: float = 0.0, focus: float = 1.0
) -> None:
    """Refuse what `train` cannot do, without loading TensorFlow.

    Raises
    ------
    ValueError
        If a setting is out of its range.
    """
    for name, count in (("epochs", epochs), ("batch_size", batch_size)):
        if not isinstance(count, Integral) or count < 1:
            raise ValueError(f"{name} must be a whole number of at least 1, but is {count!r}")
    if not isinstance(peak_rate, Real) or not 0 < peak_rate <= 1:
        raise ValueError(f"peak_rate must be a number above 0 and at most 1, but is {peak_rate!r}")
    if not isinstance(variation, Real) or not 0 <= variation <= 2:
        raise ValueError(f"variation must be a number from 0 to 2, but is {variation!r}")
    if not isinstance(focus, Real) or not 0 < focus <= 1:
        raise ValueError(f"focus must be a share above 0 and at most 1, but is {focus!r}")
    if focus < 1 and epochs == 1:
        raise ValueError(f"focus={focus!r} has no effect in a single epoch: give at least 2 epochs, or leave it out")
