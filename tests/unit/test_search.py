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


def test_the_winners_runs_go_on_where_they_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tool, "RUNS", tmp_path / "searches.json")
    searches = {
        name: SimpleNamespace(best_trial=SimpleNamespace(params=DEFAULT), best_value=0.98 + place / 1000)
        for place, name in enumerate(tool.TRIALS)
    }
    monkeypatch.setattr(tool, "load_search", searches.__getitem__)
    made: list[tuple] = []

    def stop_after(count: int) -> Any:
        def side_by_side(work: object, jobs: list) -> Any:
            for job in jobs[:count]:
                made.append((job[0], job[1], job[3]))
                yield job, {"val": 4900}
            if count < len(jobs):
                raise KeyboardInterrupt

        return side_by_side

    monkeypatch.setattr(tool, "side_by_side", stop_after(7))
    with pytest.raises(KeyboardInterrupt):
        tool.train_winners()
    monkeypatch.setattr(tool, "side_by_side", stop_after(1000))
    tool.train_winners()
    assert len(made) == len(set(made)) == 10 * len(tool.WINNER_SEEDS) + len(tool.FULL_SEEDS)
    stored = json.loads((tmp_path / "searches.json").read_text())
    best = list(tool.TRIALS)[-1]
    assert stored["settings"]["best"] == best
    assert {len(runs) for runs in stored["results"]["again"].values()} == {len(tool.WINNER_SEEDS)}
    assert list(stored["results"]["full"]) == [best]


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
    assert len(study["results"]["full"][best]) == len(tool.FULL_SEEDS)
