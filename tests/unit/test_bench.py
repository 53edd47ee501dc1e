"""The race's tool: the peers are who they are said to be, the clock is fair, a stopped race goes on."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import bench
import keras
import numpy as np
import pytest

import digitlib


@pytest.mark.parametrize(
    ("name", "parameters", "batch_size", "epochs"),
    [
        ("keras.io", 34_826, 128, 15),
        ("trekhleb", 37_610, 32, 10),
        ("PyTorch twin", 1_199_882, 64, 14),
    ],
)
def test_a_peer_is_the_published_network(name: str, parameters: int, batch_size: int, epochs: int) -> None:
    peer = bench.PEERS[name]
    assert peer.build(1).count_params() == parameters
    assert (peer.batch_size, peer.epochs) == (batch_size, epochs)


def test_peers_see_what_their_authors_feed() -> None:
    images = digitlib.load_mnist().x_train
    unit = bench.PEERS["keras.io"].prepare(images)
    assert (unit.shape[1:], unit.dtype, unit.min(), unit.max()) == ((28, 28, 1), np.float32, 0, 1)
    standardised = bench.PEERS["PyTorch twin"].prepare(images)
    assert abs(standardised.mean()) < 0.01
    assert abs(standardised.std() - 1) < 0.01


def test_the_ladder_leads_from_keras_io_to_the_sprint() -> None:
    first, *_, last = (peer.build(10) for peer in bench.LADDER.values())
    assert first.count_params() == bench.PEERS["keras.io"].build(1).count_params()
    sprint = digitlib.build_cnn(**bench.OURS["sprint"]["network"])
    assert last.count_params() == sprint.count_params()
    assert {peer.epochs for peer in bench.LADDER.values()} == {2}


def test_each_rung_changes_something() -> None:
    described = [json.dumps([layer.get_config() for layer in peer.build(10).layers]) for peer in bench.LADDER.values()]
    rates = [str(peer.build(10).optimizer.get_config()["learning_rate"]) for peer in bench.LADDER.values()]
    assert len(set(zip(described, rates, strict=True))) == len(bench.LADDER)


def test_the_clock_stands_still_while_the_network_is_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0

    def judging(*_: Any) -> np.ndarray:
        nonlocal now
        now += 100
        return np.array([True, True, True, False])

    monkeypatch.setattr(bench, "hits", judging)
    monkeypatch.setattr(bench.time, "perf_counter", lambda: now)
    judge = bench.Judge(np.zeros((4, 28, 28, 1)), np.zeros(4))
    for epoch in range(3):
        now += 5
        judge.on_epoch_end(epoch)
    assert judge.seconds == [5, 10, 15]
    assert judge.right == [[2, 1]] * 3


def _run(name: str, seed: int, images: int, networks: Path) -> dict[str, Any]:
    """Stand for a measured run."""
    return {
        "seed": seed,
        "parameters": 7,
        "seconds": [1.0, 2.0],
        "processor_seconds": 3.0,
        "right": [[2400, 2400], [2480, 2481]],
        "peak_mb": 900,
    }


def test_a_stopped_race_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "bench.json"
    calls: list[tuple[str, int]] = []

    def stopped(name: str, seed: int, images: int, networks: Path) -> dict[str, Any]:
        if len(calls) == 4:
            raise KeyboardInterrupt
        calls.append((name, seed))
        return _run(name, seed, images, networks)

    monkeypatch.setattr(bench, "in_own_process", stopped)
    monkeypatch.setattr("sys.argv", ["bench", "--seeds", "2", "--file", str(file)])
    with pytest.raises(KeyboardInterrupt):
        bench.main()
    assert sum(map(len, json.loads(file.read_text())["nets"].values())) == 4
    monkeypatch.setattr(bench, "in_own_process", lambda *run: calls.append(run[:2]) or _run(*run))
    assert bench.main() == 0
    assert sorted(calls) == sorted((n, s) for n in bench.NETS for s in range(2) if (n, s) != ("PyTorch twin", 1))
    assert [path.name for path in tmp_path.iterdir()] == ["bench.json"]
    assert "| sprint | 2 | 7 | 2 | 1.0 | 2.0 | 2.0 | 99.22 (99.22 to 99.22) | – | 900 |" in capsys.readouterr().out


def test_other_settings_do_not_mix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "in_own_process", _run)
    setting = ["bench", "--seeds", "1", "--file", str(tmp_path / "bench.json")]
    monkeypatch.setattr("sys.argv", [*setting, "--images", "256"])
    assert bench.main() == 0
    monkeypatch.setattr("sys.argv", [*setting, "--images", "512"])
    with pytest.raises(SystemExit, match="another images"):
        bench.main()


def test_a_real_run_in_its_own_process_and_the_look_at_what_it_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "bench.json"
    setting = ["--seeds", "1", "--images", "256", "--nets", "sprint", "--file", str(file)]
    monkeypatch.setattr("sys.argv", ["bench", *setting])
    assert bench.main() == 0
    [run] = json.loads(file.read_text())["nets"]["sprint"]
    assert "test_right" not in run
    assert len(run["seconds"]) == bench.OURS["sprint"]["training"]["epochs"]
    assert run["peak_mb"] > 100
    # The validation images stand in for the test images: this test must not look at those.
    data = digitlib.load_mnist()
    monkeypatch.setattr(digitlib, "load_mnist", lambda: data._replace(x_test=data.x_val, y_test=data.y_val))
    monkeypatch.setattr("sys.argv", ["bench", *setting, "--look-at-test"])
    assert bench.main() == 0
    [looked] = json.loads(file.read_text())["nets"]["sprint"]
    assert looked["test_right"] == sum(run["right"][-1])


def test_steps_count_the_last_unfilled_batch() -> None:
    peer = bench.PEERS["keras.io"]
    assert bench.steps(peer, 130) == 2 * peer.epochs
    assert bench.steps(peer, 55_000) == math.ceil(55_000 / 128) * 15


def test_the_twin_rate_falls_as_in_the_source() -> None:
    [schedule] = bench.PEERS["PyTorch twin"].callbacks()
    assert isinstance(schedule, keras.callbacks.LearningRateScheduler)
    assert [schedule.schedule(epoch) for epoch in range(3)] == pytest.approx([1, 0.7, 0.49])
