"""What the mistake explorer knows: all answers, and the images that are worth a look."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from safetensors.numpy import load

from digitlib.labs import MistakesLab, TimeMachineLab
from digitlib.labs.mistakes import IMAGES, SUREST, answers_and_images, with_temperature

RNG = np.random.default_rng(5)
LABELS = np.repeat(np.arange(10), 200)
PICTURES = RNG.integers(0, 256, (2_000, 28, 28)).astype(np.uint8)


def _probabilities(mistakes: int) -> np.ndarray:
    """Make answers to LABELS that are all of their own sureness, so many of them wrong."""
    answered = LABELS.copy()
    wrong = RNG.choice(len(LABELS), mistakes, replace=False)
    answered[wrong] = (answered[wrong] + RNG.integers(1, 10, mistakes)) % 10
    sure = RNG.uniform(0.3, 1, len(LABELS))
    made = np.repeat((1 - sure[:, np.newaxis]) / 9, 10, axis=1)
    made[np.arange(len(LABELS)), answered] = sure
    return made


def _network() -> keras.Sequential:
    layers = keras.layers
    dense = layers.Dense(10, activation="softmax", name="dense")
    return keras.Sequential([keras.Input((28, 28, 1)), layers.Rescaling(1 / 255), layers.Flatten(), dense])


def test_all_answers_and_the_images_worth_a_look() -> None:
    probabilities = _probabilities(60)
    data = answers_and_images(PICTURES, LABELS, probabilities, 0.8, 1.0)
    predicted, confidence = probabilities.argmax(axis=1), probabilities.max(axis=1)
    assert (data["label"] == LABELS).all()
    assert (data["predicted"] == predicted).all()
    assert np.allclose(data["confidence"], confidence)
    index = data["index"]
    assert len(index) == IMAGES
    assert (np.diff(index) > 0).all(), "in order, none twice"
    assert (data["images"] == PICTURES[index]).all()
    right = predicted == LABELS
    assert np.isin(np.flatnonzero(~right), index).all(), "every mistake"
    surest = {
        i
        for digit in range(10)
        for i in sorted(np.flatnonzero(right & (digit == LABELS)), key=lambda i: confidence[i])[-SUREST:]
    }
    assert surest <= set(index.tolist())
    rest = np.setdiff1d(index[right[index]], list(surest))
    left_out = np.setdiff1d(np.flatnonzero(right), index)
    assert confidence[rest].max() < confidence[left_out].min(), "and of the others the least sure"


def test_too_many_mistakes_are_taken_evenly_from_all_cells() -> None:
    probabilities = _probabilities(1_500)
    data = answers_and_images(PICTURES, LABELS, probabilities, 0.8, 1.0)
    index = data["index"]
    assert len(index) == IMAGES
    wrong = index[data["label"][index] != data["predicted"][index]]
    held = np.bincount(10 * data["label"][wrong].astype(int) + data["predicted"][wrong], minlength=100).reshape(10, 10)
    off_diagonal = held[~np.eye(10, dtype=bool)]
    assert off_diagonal.min() >= 4
    assert off_diagonal.max() <= 6


def test_few_digits_are_all_there() -> None:
    data = answers_and_images(PICTURES[:30], LABELS[:30], _probabilities(0)[:30], 0.8, 1.0)
    assert data["index"].tolist() == list(range(30))


def test_temperature_changes_confidence_and_no_answer() -> None:
    assert np.allclose(with_temperature(np.array([[0.9, 0.1]]), 2), [[0.75, 0.25]])
    probabilities = _probabilities(60)
    plain, tempered = (answers_and_images(PICTURES, LABELS, probabilities, 0.8, T) for T in (1.0, 1.6))
    assert (plain["predicted"] == tempered["predicted"]).all()
    assert (tempered["confidence"] < plain["confidence"]).all()


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ({"images": PICTURES / 255}, "images must be grey values, uint8"),
        ({"images": PICTURES[..., np.newaxis]}, "of shape"),
        ({"labels": LABELS[:5]}, "labels must be 2,000 whole numbers"),
        ({"labels": LABELS.astype(float)}, "but are float64"),
        ({"labels": LABELS + 1}, "reach from 1 to 10"),
        ({"probabilities": np.ones((2_000, 2))}, r"must have shape \(2000, 10\)"),
        ({"threshold": 97.0}, "threshold must be a confidence from 0 to 1, but is 97.0"),
        ({"threshold": np.nan}, "threshold must be"),
        ({"temperature": 0.0}, "temperature must be a number above 0"),
    ],
)
def test_wrong_input_is_named(wrong: dict, complaint: str) -> None:
    given = {
        "images": PICTURES,
        "labels": LABELS,
        "probabilities": _probabilities(0),
        "threshold": 0.8,
        "temperature": 1.0,
    }
    with pytest.raises(ValueError, match=complaint):
        answers_and_images(**given | wrong)


def test_the_lab_sends_what_its_network_answers() -> None:
    model = _network()
    lab = MistakesLab(model, PICTURES, LABELS, threshold=0.5, temperature=1.2)
    data = load(lab.data)
    answers = model.predict(PICTURES[..., np.newaxis], verbose=0).argmax(axis=1)
    assert (data["predicted"] == answers).mean() > 0.999
    assert data["threshold"] == np.float32(0.5)
    assert data["temperature"] == np.float32(1.2)
    assert lab.network, "the page computes probabilities and maps with this network"
    assert lab.settings == {}, "so that a stored page does not change with the last digits of a threshold"


def test_the_lab_refuses_other_pictures_before_it_asks_the_network() -> None:
    with pytest.raises(ValueError, match="images must be grey values, uint8"):
        MistakesLab(_network(), PICTURES[:, :14], LABELS, threshold=0.5, temperature=1.2)


def test_the_time_machine_needs_nothing() -> None:
    assert "training time machine" in repr(TimeMachineLab()).lower()
