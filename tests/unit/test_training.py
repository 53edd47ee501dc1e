"""The recipe: what it accepts, what it does to the learning rate and to the images, what it reports."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import keras
import numpy as np
import pytest

import digitlib
from digitlib import training


@pytest.fixture
def few() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (24, 28, 28), dtype=np.uint8), np.arange(24, dtype=np.uint8) % 10


def tiny() -> keras.Sequential:
    keras.utils.set_random_seed(0)
    return digitlib.build_cnn(widths=(2, 2))


class Bar:
    """Notes what it is told."""

    def __init__(self) -> None:
        self.notes = []

    def step(self, note: str | None = None) -> None:
        """Note one step."""
        self.notes.append(note)


def test_training_changes_the_weights_and_reports_every_epoch(few) -> None:
    model, bar = tiny(), Bar()
    before = model.get_weights()
    history = training.train(
        model, *few, epochs=2, batch_size=10, validation=few, callbacks=(training.show_progress(bar, every=2),)
    )
    assert set(history) == {"loss", "accuracy", "val_loss", "val_accuracy"}
    assert all(len(values) == 2 for values in history.values())
    assert any((old != new).any() for old, new in zip(before, model.get_weights(), strict=True))
    # Three steps an epoch, done in one call: the bar moves three times, and the numbers stand beside the last.
    assert [note is not None for note in bar.notes] == [False, False, True] * 2
    assert bar.notes[2].startswith("epoch 1: ")
    assert "loss" in bar.notes[-1]
    assert bar.notes[-1].startswith("epoch 2: ")


def test_a_bar_moves_once_for_each_step_of_a_run_that_takes_them_singly(few) -> None:
    model, bar = tiny(), Bar()
    model.compile("adam", "sparse_categorical_crossentropy")
    x, y = few
    model.fit(x[..., np.newaxis], y, batch_size=5, callbacks=[training.show_progress(bar, every=2)], verbose=0)
    assert [note is not None for note in bar.notes] == [True, False, True, False, True]


def test_without_validation_images_no_accuracy_is_computed(few) -> None:
    assert set(training.train(tiny(), *few, epochs=1)) == {"loss"}


def test_a_focused_training_sees_all_images_once_and_then_the_hardest(few, monkeypatch) -> None:
    seen = []
    whole = training._batches
    monkeypatch.setattr(training, "_batches", lambda x, y, *rest: seen.append((x, y)) or whole(x, y, *rest))
    model, (x, y) = tiny(), few
    history = training.train(model, x, y, epochs=3, batch_size=8, focus=0.25, validation=few)
    assert all(len(values) == 3 for values in history.values())
    assert [len(images) for images, _ in seen] == [24, 6]
    shown = [int(np.flatnonzero((x == image[..., 0]).all(axis=(1, 2)))[0]) for image in seen[1][0]]
    assert len(set(shown)) == 6
    np.testing.assert_array_equal(seen[1][1], y[shown])
    # Six steps in all, so the schedule has run down to (nearly) nothing.
    assert int(model.optimizer.iterations) == 3 + 2 * 1
    assert float(model.optimizer.learning_rate) == pytest.approx(0, abs=1e-6)


def test_the_hardest_are_those_whose_label_seems_least_probable() -> None:
    class Sure:
        """Gives the image's first grey value, as a percentage, to the digit 3 and shares out the rest."""

        def predict_on_batch(self, x: np.ndarray) -> np.ndarray:
            of_three = x[:, 0, 0, 0] / 100
            rest = np.repeat((1 - of_three)[:, np.newaxis] / 9, 10, axis=1)
            rest[:, 3] = of_three
            return rest

    x = np.zeros((2500, 28, 28, 1))
    x[:, 0, 0, 0] = 50
    x[[7, 1200, 2400], 0, 0, 0] = [30, 10, 20]
    y = np.full(2500, 3)
    y[5] = 4  # gets (1 - 0.5) / 9, the least of all
    assert training.hardest(Sure(), x, y, 4).tolist() == [5, 1200, 2400, 7]


def test_checkpoints_are_stored_at_the_steps_asked_for(few, tmp_path: Path) -> None:
    model = tiny()
    checkpoints = training.store_checkpoints(tmp_path, (0, 2, 30, 31, 1000))
    x, y = (np.concatenate([part] * 5) for part in few)
    training.train(model, x, y, epochs=2, batch_size=5, callbacks=(checkpoints,))  # 24 steps an epoch
    names = sorted(path.name for path in tmp_path.iterdir())
    # Keras comes back after 10, 20 and 24 steps of each epoch.
    assert names == [f"cnn-step-{step:05d}.safetensors" for step in (0, 10, 34)]
    stored = digitlib.load_network(tmp_path / names[-1])
    assert stored.count_params() == model.count_params()


def test_checkpoints_go_on_counting_in_a_focused_training(few, tmp_path: Path) -> None:
    checkpoints = training.store_checkpoints(tmp_path, range(100))
    training.train(tiny(), *few, epochs=3, batch_size=8, focus=0.25, callbacks=(checkpoints,))
    assert sorted(int(path.stem[-5:]) for path in tmp_path.iterdir()) == [0, 3, 4, 5]


def test_a_killed_training_leaves_whole_checkpoints(tmp_path: Path) -> None:
    program = (
        "import sys, numpy as np, digitlib\n"
        "from digitlib import training\n"
        "x, y = np.zeros((640, 28, 28), np.uint8), np.arange(640) % 10\n"
        "keep = training.store_checkpoints(sys.argv[1], range(0, 10_000_000, 10))\n"
        "training.train(digitlib.build_cnn(), x, y, epochs=100_000, batch_size=32, callbacks=(keep,))\n"
    )
    with subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], stderr=subprocess.DEVNULL) as run:
        deadline = time.monotonic() + 120
        while len(list(tmp_path.glob("*.safetensors"))) < 20 and run.poll() is None and time.monotonic() < deadline:
            time.sleep(0.01)
        run.kill()
    files = sorted(tmp_path.glob("*.safetensors"))
    assert len(files) >= 20
    for file in files[-3:]:
        digitlib.load_network(file)


@pytest.mark.parametrize("steps", [(), (-1,), (1.5,), ("10",)])
def test_checkpoint_steps_are_whole_numbers(steps: tuple, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="steps must be whole numbers"):
        training.store_checkpoints(tmp_path, steps)


def test_checkpoints_need_a_folder(tmp_path: Path) -> None:
    with pytest.raises(NotADirectoryError, match="make it first"):
        training.store_checkpoints(tmp_path / "none", (1,))


@pytest.mark.parametrize("name", list(training.RECIPES))
def test_every_recipe_is_one_that_network_and_training_accept(name: str, few) -> None:
    recipe = training.RECIPES[name]
    model = digitlib.build_cnn(**recipe["network"])
    history = training.train(model, *few, **recipe["training"])
    assert len(history["loss"]) == recipe["training"]["epochs"]
    assert model.count_params() <= 100_000


def test_images_with_and_without_a_channel_axis_train_alike(few) -> None:
    x, y = few
    runs = [training.train(tiny(), images, y, epochs=1, batch_size=24) for images in (x, x[..., np.newaxis])]
    assert runs[0]["loss"] == pytest.approx(runs[1]["loss"], rel=1e-4)


def test_the_rate_rises_for_a_quarter_of_the_steps_and_falls_to_zero() -> None:
    schedule = training.rate_schedule(0.01, 400)
    rates = np.array([float(schedule(step)) for step in range(0, 401, 20)])
    assert rates[0] == 0
    assert rates[5] == pytest.approx(0.01)
    assert (np.diff(rates[:6]) > 0).all()
    assert (np.diff(rates[5:]) < 0).all()
    assert rates[-1] == pytest.approx(0, abs=1e-9)


def test_a_run_of_one_step_has_a_schedule_too() -> None:
    assert float(training.rate_schedule(0.01, 1)(0)) >= 0


def test_variation_keeps_shape_and_paper_and_changes_ink(few) -> None:
    keras.utils.set_random_seed(0)
    batch = np.zeros((3, 28, 28, 1), np.uint8)
    batch[:2, 10:18, 10:18] = 255
    varied = np.asarray(training.vary(batch, 1.0))
    assert varied.shape == batch.shape
    assert varied.dtype == np.float32
    assert (varied[2] == 0).all()
    assert not np.array_equal(varied[0], varied[1])
    assert varied.min() >= 0
    assert varied.max() <= 255


def test_variation_of_strength_zero_changes_nothing(few) -> None:
    batch = few[0][..., np.newaxis]
    np.testing.assert_allclose(training.vary(batch, 0.0), batch, atol=0.01)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda x, y: (x[:, :20], y), "shape"),
        (lambda x, y: (x.reshape(24, -1), y), "shape"),
        (lambda x, y: (x[:0], y[:0]), "empty"),
        (lambda x, y: (x, y[:5]), "24 images need 24 labels"),
        (lambda x, y: (x, y + 1), "0 to 9"),
        (lambda x, y: (x, y / 2), "whole numbers"),
        (lambda x, y: (np.where(x > 250, np.nan, x / 255), y), "not finite"),
    ],
)
def test_bad_images_and_labels_are_named(few, change, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        training.train(tiny(), *change(*few), epochs=1)


def test_bad_validation_images_are_named(few) -> None:
    with pytest.raises(ValueError, match="24 images need 24 labels"):
        training.train(tiny(), *few, epochs=1, validation=(few[0], few[1][:3]))


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("epochs", 0),
        ("epochs", 1.5),
        ("batch_size", 0),
        ("batch_size", "128"),
        ("peak_rate", 0),
        ("peak_rate", 2),
        ("peak_rate", "0.01"),
        ("peak_rate", float("nan")),
        ("variation", -1),
        ("variation", None),
        ("focus", 0),
        ("focus", 1.1),
        ("focus", 0.5),
    ],
)
def test_settings_out_of_range_are_named(few, setting: str, value: float) -> None:
    with pytest.raises(ValueError, match=setting):
        training.train(tiny(), *few, **({"epochs": 1} | {setting: value}))


def test_a_bar_that_cannot_count_is_refused() -> None:
    with pytest.raises(TypeError, match="step"):
        training.show_progress("no bar")


@pytest.mark.parametrize("every", [0, -1, 1.5])
def test_every_must_be_a_whole_number(every: float) -> None:
    with pytest.raises(ValueError, match="every"):
        training.show_progress(Bar(), every=every)
