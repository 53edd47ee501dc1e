"""Make the files that the labs fetch on the book's pages: `make weights` runs this once the network is trained.

Written into ``digitlib/files``:

    lab-sample.safetensors   a sample of the training images, for "which training digits are most like it?"
    lab-digits.safetensors   three validation digits of each class, as examples to choose from
    lab-mistakes.safetensors what the shipped network answers to the test digits, and the images worth a look
    lab-checkpoints.json     what the network read rightly on its way through training, on the validation digits
    lab-judge.safetensors    test digits with and without a dispute over their label, and what people said of them
    lab-guess.safetensors    validation digits to guess: drawn by lot, and those that the shipped network finds hard
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save

import digitlib
from digitlib.data import FILES
from digitlib.labs.games import digits_to_guess
from digitlib.labs.mistakes import answers_and_images, with_temperature
from digitlib.model import checkpoint_steps

if TYPE_CHECKING:
    import keras

SAMPLE = 1000  # images: large enough to find look-alikes, small enough to fetch on a phone
EXAMPLES = 3  # digits of each class to choose from
STEPS_PER_EPOCH = 430  # 55,000 images in batches of 128

# Test digits with their label, the guess of a program that looked for wrong labels, and how many of five people chose
# the label, the guess, neither.
DISPUTED = [
    (947, 8, 9, 0, 5, 0), (1621, 0, 6, 2, 3, 0), (1901, 9, 4, 2, 3, 0), (2130, 4, 9, 2, 2, 1), (2462, 2, 0, 0, 4, 1),
    (2597, 5, 3, 0, 4, 1), (2654, 6, 1, 0, 2, 3), (3520, 6, 4, 2, 0, 3), (3558, 5, 0, 1, 4, 0), (5937, 5, 3, 1, 3, 1),
    (6651, 0, 6, 0, 5, 0), (6783, 1, 6, 2, 3, 0), (8527, 4, 9, 2, 2, 1), (9679, 6, 3, 2, 0, 3), (9729, 5, 6, 2, 3, 0),
]  # fmt: skip
FLAGGED = [
    (582, 8, 2, 5, 0, 0),
    (1014, 6, 5, 5, 0, 0),
    (1033, 8, 1, 5, 0, 0),
    (2043, 4, 8, 5, 0, 0),
    (3206, 8, 3, 5, 0, 0),
]
# Here the program had no other guess than the label.
CONTROLS = [
    (720, 5, 5, 5, 0, 0), (938, 3, 3, 5, 0, 0), (1119, 7, 7, 5, 0, 0), (1364, 8, 8, 5, 0, 0), (2447, 4, 4, 5, 0, 0),
    (3503, 9, 9, 5, 0, 0), (4176, 2, 2, 5, 0, 0), (4876, 2, 2, 5, 0, 0), (7842, 5, 5, 5, 0, 0), (9888, 6, 6, 5, 0, 0),
]  # fmt: skip


def main() -> None:
    """Write all files."""
    x_train, y_train, *_ = digitlib.load_mnist()
    chosen = np.sort(np.random.default_rng(0).choice(len(x_train), SAMPLE, replace=False))
    store("lab-sample.safetensors", {"images": x_train[chosen], "labels": y_train[chosen]})
    write_digits()
    write_mistakes()
    write_checkpoints()
    write_judge()
    store("lab-guess.safetensors", digits_to_guess(digitlib.load_pretrained()))


def store(name: str, tensors: Mapping[str, NDArray]) -> None:
    """Write one file of arrays; an older one is replaced only once the new one is complete."""
    aside = FILES / f"{name}.part"
    aside.write_bytes(save({key: np.ascontiguousarray(value) for key, value in tensors.items()}))
    aside.replace(FILES / name)


def write_digits() -> None:
    """Write the first three validation digits of each class, in the order 0, 0, 0, 1, 1, 1, ..."""
    _, _, x_val, y_val, *_ = digitlib.load_mnist()
    first = np.concatenate([np.flatnonzero(y_val == digit)[:EXAMPLES] for digit in range(10)])
    store("lab-digits.safetensors", {"images": x_val[first], "labels": y_val[first]})


def write_mistakes() -> None:
    """Write the answers to the test digits, with temperature and threshold fitted on the validation digits."""
    _, _, x_val, y_val, x_test, y_test = digitlib.load_mnist()
    model = digitlib.load_pretrained()
    of_val, of_test = (model.predict(x[..., np.newaxis], batch_size=500, verbose=0) for x in (x_val, x_test))
    temperature = _fitted_temperature(of_val, y_val)
    right = of_val.argmax(axis=1) == y_val
    threshold = _fitted_threshold(with_temperature(of_val, temperature).max(axis=1), right)
    store("lab-mistakes.safetensors", answers_and_images(x_test, y_test, of_test, threshold, temperature))


def _fitted_temperature(probabilities: NDArray[np.floating], labels: NDArray[np.integer]) -> float:
    """Find the temperature with the smallest cross-entropy, as chapter *Error analysis* does."""

    def cross_entropy(temperature: float) -> float:
        given = with_temperature(probabilities, temperature)[np.arange(len(labels)), labels]
        return -np.log(np.maximum(given, 1e-30)).mean()

    return float(min(np.linspace(0.5, 3, 251), key=cross_entropy))


def _fitted_threshold(confidence: NDArray[np.floating], right: NDArray[np.bool_]) -> float:
    """Find the smallest confidence from which on at most 1 in 1,000 is wrong, as chapter *Error analysis* does."""
    order = np.argsort(confidence, kind="stable")
    mistakes_left = np.cumsum((~right)[order][::-1])[::-1]
    digits_left = np.arange(len(order), 0, -1)
    return float(confidence[order][np.argmax(mistakes_left <= 0.001 * digits_left)])


def write_checkpoints() -> None:
    """Write how each checkpoint reads the validation digits.

    `right_with_batches` is how many it reads if batch normalisation uses each batch's own mean and variance, as in
    training: where it is much larger, the moving averages lag behind.
    """
    _, _, x_val, y_val, *_ = digitlib.load_mnist()
    checkpoints = []
    for step in checkpoint_steps():
        model = digitlib.load_pretrained(step)
        answers, in_training = (_answers(model, x_val, training) for training in (False, True))
        confusion = np.zeros((10, 10), int)
        np.add.at(confusion, (y_val, answers), 1)
        right_with_batches = int((in_training == y_val).sum())
        checkpoints.append({"step": step, "right_with_batches": right_with_batches, "confusion": confusion.tolist()})
    text = json.dumps({"steps_per_epoch": STEPS_PER_EPOCH, "checkpoints": checkpoints}) + "\n"
    (FILES / "lab-checkpoints.json").write_text(text, encoding="utf-8")


def _answers(model: keras.Sequential, images: NDArray[np.uint8], batch_statistics: bool) -> NDArray[np.intp]:
    answers = []
    for start in range(0, len(images), 500):
        values = images[start : start + 500, ..., np.newaxis]
        for layer in model.layers:
            # Only batch normalisation is asked to work as in training; dropout is not.
            training = batch_statistics and type(layer).__name__ == "BatchNormalization"
            values = layer(values, training=training) if training else layer(values)
        answers.append(np.asarray(values).argmax(axis=1))
    return np.concatenate(answers)


def write_judge() -> None:
    """Write the test digits to judge, disputed and undisputed, shuffled, with what the study's five people said.

    A row of `votes` counts who chose the label, the program's guess, neither. Where the program had no other guess,
    `guesses` holds the label. Source: Northcutt, Athalye and Mueller (2021), ``mturk/mnist_mturk.json`` in
    github.com/cleanlab/label-errors; chapter *Error analysis* has the full reference.
    """
    *_, x_test, y_test = digitlib.load_mnist()
    index, label, guess, *votes = np.array([*DISPUTED, *FLAGGED, *CONTROLS]).T
    if (y_test[index] != label).any():
        raise ValueError("the study's labels are not those of the data set")
    order = np.random.default_rng(30).permutation(len(index))
    tensors = {"images": x_test[index], "labels": label, "guesses": guess, "votes": np.stack(votes, axis=1)}
    small = {name: values[order].astype(np.uint8) for name, values in tensors.items()}
    store("lab-judge.safetensors", small | {"indices": index[order].astype(np.float32)})


if __name__ == "__main__":
    main()
