"""The study of the ingredients: it varies what it says, it resumes, and what is stored is complete."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import ingredients as tool
import keras
import numpy as np
import pytest

import digitlib
from digitlib.studies import load_study


def test_each_ingredient_is_tried_alone_and_left_out() -> None:
    assert len(tool.VARIANTS) == 12
    sizes = Counter(len(used) for used in tool.VARIANTS.values())
    assert sizes == {0: 1, 1: 5, 4: 5, 5: 1}
    assert all(name not in tool.VARIANTS[f"all but {name}"] for name in tool.INGREDIENTS)


def test_without_normalisation_the_filters_have_a_bias_and_nothing_else_differs() -> None:
    full, bare = tool.build(tool.INGREDIENTS), tool.build(tool.VARIANTS["all but batch normalisation"])
    assert [layer.name for layer in full.layers] == [layer.name for layer in digitlib.build_cnn().layers]
    assert [layer.name for layer in bare.layers] == [layer.name for layer in full.layers if "norm" not in layer.name]
    # Batch normalisation has four numbers for each filter, a bias is one.
    assert full.count_params() - bare.count_params() == 3 * sum(tool.WIDE)


def test_width_and_dropout_come_into_the_network() -> None:
    plain, both = tool.build(()), tool.build(("width", "dropout"))
    assert [plain.get_layer(name).filters for name in ("conv1", "conv2")] == list(tool.NARROW)
    assert [both.get_layer(name).filters for name in ("conv1", "conv2")] == list(tool.WIDE)
    assert (plain.get_layer("dropout").rate, both.get_layer("dropout").rate) == (0, tool.DROPOUT)


def test_the_deeper_network_is_the_standard_one_with_a_third_convolution() -> None:
    names = [layer.name for layer in tool.build_deeper().layers]
    assert [name for name in names if name.startswith("conv")] == ["conv1", "conv2", "conv3"]
    standard = digitlib.build_cnn(widths=tool.WIDE, dropout=0.0)
    assert [name for name in names if "3" not in name] == [layer.name for layer in standard.layers]


def test_a_planted_pixel_says_its_digit_and_leaves_the_original_alone() -> None:
    images = np.zeros((10, 28, 28), np.uint8)
    planted = tool.plant(images, np.arange(10, dtype=np.uint8))
    assert not images.any()
    assert (planted.sum(axis=(1, 2)) == 255).all()
    assert planted[:, 0].argmax(axis=1).tolist() == list(range(4, 24, 2))


def test_it_fits_for_so_many_steps_however_few_the_images() -> None:
    mnist = digitlib.load_mnist()
    keras.utils.set_random_seed(0)
    model = digitlib.build_cnn((2, 2))
    tool.fit(model, mnist.x_train[:30], mnist.y_train[:30], rate=0.01, steps=20, batch_size=10, seed=0, variation=0.5)
    assert int(model.optimizer.iterations) == 20
    found = tool.outcome(model, mnist.x_train[:30], mnist.y_train[:30])
    assert 0 <= found["train_right"] <= 30
    assert 0 <= found["right"] <= 5000


def test_a_stopped_study_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "study.json"
    done: list[tuple[str, int]] = []

    def run(variant: str, seed: int) -> dict[str, int]:
        if len(done) == 15:
            raise KeyboardInterrupt
        done.append((variant, seed))
        return {"seed": seed}

    for name in tool.RUNNERS:
        monkeypatch.setitem(tool.RUNNERS, name, run)
    monkeypatch.setattr("sys.argv", ["ingredients", "--file", str(file)])
    with pytest.raises(KeyboardInterrupt):
        tool.main()
    stored = json.loads(file.read_text())["results"]["ingredients"]
    assert [len(runs) for runs in stored.values()] == [2, 2, 2] + [1] * 9
    for name in tool.RUNNERS:
        monkeypatch.setitem(tool.RUNNERS, name, lambda variant, seed: done.append((variant, seed)) or {"seed": seed})
    assert tool.main() == 0
    assert done == [(variant, seed) for _, variant, seed in tool.plan()]


def test_the_stored_study_is_complete() -> None:
    study = load_study("ingredients")
    assert study["settings"] == tool.SETTINGS
    measured = Counter((name, variant) for name, variant, _ in tool.plan())
    found = {
        (name, variant): len(runs) for name, variants in study["results"].items() for variant, runs in variants.items()
    }
    assert found == measured
    for run in study["results"]["leaderboard"]["constant rate"]:
        assert len(run["val_right"]) == len(run["test_right"]) == tool.SETTINGS["leaderboard"]["epochs"]
