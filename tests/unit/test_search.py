"""The stored searches: what their trials learned from, and that what is stored is whole."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import search as tool

import digitlib
from digitlib.studies import load_study
from digitlib.tuning import DEFAULT, SPACE, load_search


@pytest.fixture(scope="module")
def mnist() -> digitlib.data.Mnist:
    return digitlib.load_mnist()


def images_of(array: np.ndarray) -> set[bytes]:
    return {image.tobytes() for image in array.reshape(-1, 28, 28)}


def test_no_trial_learns_from_what_it_is_judged_on(mnist: digitlib.data.Mnist, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[str, Any] = {"judged": set()}

    def train(model: object, x: np.ndarray, y: np.ndarray, **settings: Any) -> None:
        seen["learned"], seen["settings"] = images_of(x), settings

    def hits(model: object, images: np.ndarray, labels: np.ndarray) -> np.ndarray:
        seen["judged"] |= images_of(images)
        return np.ones(len(labels), bool)

    monkeypatch.setattr(tool, "train", train)
    monkeypatch.setattr(tool, "hits", hits)
    _, right = tool.train_briefly(mnist, DEFAULT, 7)
    assert len(seen["learned"]) == 10_000
    assert right == {"val": 5_000, "fresh": 10_000}
    assert seen["learned"].isdisjoint(seen["judged"])
    assert seen["judged"].isdisjoint(images_of(mnist.x_test))
    assert seen["settings"]["seed"] == 7
    assert seen["settings"]["validation"][0] is mnist.x_val


def test_the_winners_runs_go_on_where_they_stopped(
    mnist: digitlib.data.Mnist, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tool, "RUNS", tmp_path / "searches.json")
    searches = {
        name: SimpleNamespace(best_trial=SimpleNamespace(params=DEFAULT), best_value=0.98 + place / 1000)
        for place, name in enumerate(tool.TRIALS)
    }
    monkeypatch.setattr(tool, "load_search", searches.__getitem__)
    calls: list[tuple[str, int]] = []

    def briefly(mnist: object, parameters: object, seed: int) -> tuple[None, dict[str, int]]:
        if len(calls) == 7:
            raise KeyboardInterrupt
        calls.append(("again", seed))
        return None, {"val": 4900, "fresh": 9800}

    monkeypatch.setattr(tool, "train_briefly", briefly)
    monkeypatch.setattr(tool, "train_fully", lambda mnist, parameters, seed: calls.append(("full", seed)) or {"val": 1})
    with pytest.raises(KeyboardInterrupt):
        tool.train_winners(mnist)
    calls.append(("interrupted", 0))  # so that `briefly` goes on
    tool.train_winners(mnist)
    stored = json.loads((tmp_path / "searches.json").read_text())
    assert len(calls) - 1 == 10 * len(tool.WINNER_SEEDS) + len(tool.FULL_SEEDS)
    assert {len(runs) for runs in stored["results"]["again"].values()} == {len(tool.WINNER_SEEDS)}
    assert stored["settings"]["best"] == list(tool.TRIALS)[-1]


@pytest.mark.parametrize("name", tool.TRIALS)
def test_a_stored_search_is_whole(name: str) -> None:
    study = load_search(name)
    assert study.user_attrs["search"]["about"] == tool.ABOUT
    assert study.user_attrs["search"]["space"].keys() == SPACE.keys()
    ended = [trial for trial in study.trials if trial.state.is_finished()]
    assert len(ended) >= tool.TRIALS[name]
    assert ended[0].params == DEFAULT
    states = {trial.state.name for trial in ended}
    assert states == ({"COMPLETE"} if name == "control" else {"COMPLETE", "PRUNED"})
    for trial in ended:
        if trial.state.name == "COMPLETE":
            assert trial.intermediate_values[3] == pytest.approx(trial.value, abs=1e-6)
            assert 0 < trial.user_attrs["fresh"] <= tool.ABOUT["fresh"]


def test_the_stored_winners_are_the_searches_winners() -> None:
    study = load_study("searches")
    for name, parameters in study["settings"]["winners"].items():
        assert load_search(name).best_trial.params == parameters
    best = max(study["settings"]["winners"], key=lambda name: load_search(name).best_value)
    assert study["settings"]["best"] == best
    assert {len(runs) for runs in study["results"]["again"].values()} == {len(tool.WINNER_SEEDS)}
    assert len(study["results"]["full"]) == len(tool.FULL_SEEDS)
