"""The measurement of the layers' order: it compares what it says, it resumes, and what is stored is complete."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import layer_order as tool
import pytest

import digitlib
from digitlib.studies import load_study


def test_the_last_order_is_the_books_network() -> None:
    names = [layer.name for layer in tool.build(tool.ORDERS[-1]).layers]
    assert names == [layer.name for layer in digitlib.build_cnn().layers]


def test_orders_differ_in_nothing_but_order_and_needed_biases() -> None:
    usual, relu_first, ours = (tool.build(order) for order in tool.ORDERS)
    assert sorted(layer.name for layer in usual.layers) == sorted(layer.name for layer in ours.layers)
    assert usual.count_params() == ours.count_params()
    biases = sum(layer.filters for layer in ours.layers if "conv" in layer.name)
    assert relu_first.count_params() == ours.count_params() + biases


def _measured(order: str, seed: int, epochs: int, images: int) -> dict[str, Any]:
    return {"order": order, "seed": seed, "seconds": [1.0] * epochs, "val_accuracy": 0.99}


def test_a_stopped_measurement_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "study.json"
    calls: list[tuple[str, int]] = []

    def measure(order: str, seed: int, epochs: int, images: int) -> dict[str, Any]:
        if len(calls) == 4:
            raise KeyboardInterrupt
        calls.append((order, seed))
        return _measured(order, seed, epochs, images)

    monkeypatch.setattr(tool, "measure", measure)
    monkeypatch.setattr("sys.argv", ["layer_order", "--seeds", "2", "--epochs", "1", "--file", str(file)])
    with pytest.raises(KeyboardInterrupt):
        tool.main()
    assert len(json.loads(file.read_text())["results"]) == 4
    monkeypatch.setattr(tool, "measure", lambda *setting: calls.append(setting[:2]) or _measured(*setting))
    assert tool.main() == 0
    assert sorted(calls) == sorted((order, seed) for order in tool.ORDERS for seed in range(2))
    assert [path.name for path in tmp_path.iterdir()] == ["study.json"]


def test_other_settings_do_not_mix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "study.json"
    monkeypatch.setattr(tool, "measure", _measured)
    monkeypatch.setattr("sys.argv", ["layer_order", "--seeds", "1", "--epochs", "1", "--file", str(file)])
    assert tool.main() == 0
    monkeypatch.setattr("sys.argv", ["layer_order", "--seeds", "1", "--epochs", "2", "--file", str(file)])
    with pytest.raises(SystemExit, match="another settings"):
        tool.main()


def test_the_stored_measurement_is_complete() -> None:
    study = load_study("layer_order")
    measured = {(run["order"], run["seed"]) for run in study["results"]}
    assert measured >= {(order, seed) for order in tool.ORDERS for seed in range(5)}
    assert all(len(run["seconds"]) == study["settings"]["epochs"] for run in study["results"])
