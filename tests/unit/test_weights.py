"""The tool that makes the shipped weights: its checkpoints fall where Keras looks in; its card tells what is so."""

from __future__ import annotations

import json
import math

import weights

from digitlib import model
from digitlib.training import RECIPES, STEPS_PER_CALL


def test_every_checkpoint_falls_on_a_step_at_which_keras_comes_back() -> None:
    epoch = math.ceil(55_000 / RECIPES["shipped"]["training"]["batch_size"])
    assert all(step % epoch % STEPS_PER_CALL == 0 for step in weights.CHECKPOINT_STEPS)
    assert tuple(model.checkpoint_steps()) == weights.CHECKPOINT_STEPS


def test_the_shipped_card_is_the_one_that_the_results_give() -> None:
    results = json.loads(weights.RESULTS.read_text(encoding="utf-8"))
    assert weights.CARD.read_text(encoding="utf-8") == weights.card(results)
    assert results["recipe"] == RECIPES["shipped"]


def test_the_shipped_network_keeps_the_promises() -> None:
    results = json.loads(weights.RESULTS.read_text(encoding="utf-8"))
    assert results["parameters"] <= 100_000
    assert results["test_accuracy"]["0"] >= 0.995
    assert len(weights.CHECKPOINT_STEPS) >= 10
