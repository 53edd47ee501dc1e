"""The long run: what is trained on, what is judged, and that a stopped command goes on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import keras
import long_run as tool
import numpy as np
import pytest

import digitlib


def images_of(array: np.ndarray) -> set[bytes]:
    return {image.tobytes() for image in array.reshape(-1, 28, 28)}


@pytest.mark.parametrize("shape", tool.SHAPES)
def test_no_network_has_more_than_half_a_million_parameters(shape: str) -> None:
    assert tool.build(shape, 0.3).count_params() <= 500_000


def test_the_shape_called_book_is_the_books_network() -> None:
    ours, books = tool.build("book", 0.3), digitlib.build_cnn()
    assert ours.count_params() == books.count_params()
    assert [type(layer) for layer in ours.layers] == [type(layer) for layer in books.layers]


@pytest.fixture
def no_training(monkeypatch: pytest.MonkeyPatch) -> dict[str, set[bytes]]:
    """Instead of training, note what was to be learned from."""
    seen: dict[str, set[bytes]] = {}

    def fit(name: str, x: np.ndarray, y: np.ndarray, seed: int) -> tuple[keras.Sequential, dict[str, Any]]:
        seen["learned"] = images_of(x)
        return tool.build("smaller", 0.0), {"loss": [0.1], "seconds": 1, "parameters": 1}

    monkeypatch.setattr(tool, "fit", fit)
    return seen


def test_a_try_learns_from_nothing_that_judges_it(
    no_training: dict[str, set[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    judged: set[bytes] = set()

    def predict(self: keras.Sequential, x: np.ndarray, **_: Any) -> np.ndarray:
        judged.update(images_of(x))
        return np.full((len(x), 10), 0.1)

    monkeypatch.setattr(keras.Sequential, "predict", predict)
    run = tool.try_out("two", 0)
    data = digitlib.load_mnist()
    assert len(no_training["learned"]) == 50_000
    assert no_training["learned"].isdisjoint(judged)
    assert images_of(data.x_val) <= judged
    assert judged.isdisjoint(images_of(data.x_test))
    # Ten equal probabilities: always "0", and the loss of knowing nothing.
    assert run["wrong"] == pytest.approx(9_000, abs=150)
    assert run["held_out_loss"] == pytest.approx(np.log(10), abs=1e-4)


def test_the_seeds_learn_from_all_but_the_test_images(
    no_training: dict[str, set[bytes]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tool, "NETWORKS", tmp_path)
    tool.train_fully("two", 3)
    assert len(no_training["learned"]) == 60_000
    assert no_training["learned"].isdisjoint(images_of(digitlib.load_mnist().x_test))
    assert [file.name for file in tmp_path.iterdir()] == ["two-3.safetensors"]


def test_a_stopped_command_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tool, "RESULTS", tmp_path / "long_run.json")
    monkeypatch.setattr(tool, "TRIES", {"one": {}, "other": {}, "third": {}})
    monkeypatch.setattr("sys.argv", ["long_run", "tries"])

    def stop_after_two(work: object, jobs: list, prepare: object) -> Any:
        for job in jobs[:2]:
            yield job, {"wrong": 50}
        raise KeyboardInterrupt

    monkeypatch.setattr(tool, "side_by_side", stop_after_two)
    with pytest.raises(KeyboardInterrupt):
        tool.main()
    asked: list[tuple[str, int]] = []

    def remember(work: object, jobs: list, prepare: object) -> Any:
        asked.extend(jobs)
        return ((job, {"wrong": 60}) for job in jobs)

    monkeypatch.setattr(tool, "side_by_side", remember)
    assert tool.main() == 0
    assert asked == [("third", 0)]
    stored = json.loads(tool.RESULTS.read_text())["results"]["tries"]
    assert {name: runs["0"]["wrong"] for name, runs in stored.items()} == {"one": 50, "other": 50, "third": 60}


def test_misread_names_place_and_answer() -> None:
    probabilities = np.eye(10)[[3, 1, 4, 1]]
    assert tool.misread(probabilities, np.array([3, 7, 4, 2])) == {"1": 1, "3": 1}
