"""The lab *Tune it yourself*: real trainings, started, stopped and kept, driven as a reader would."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import digitlib
from digitlib import training, work
from digitlib.evaluation import share_interval
from digitlib.labs import TuneLab, tune

VIEW = "application/vnd.jupyter.widget-view+json"
PATIENCE = 60.0  # seconds for a training of a moment; other programs may keep the cores busy


@pytest.fixture(scope="module")
def digits() -> tuple[np.ndarray, ...]:
    data = digitlib.load_mnist()
    return data.x_train[:1000].copy(), data.y_train[:1000].copy(), data.x_val[:400].copy(), data.y_val[:400].copy()


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work where a notebook would, with nothing kept yet."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DIGITLIB_STRICT", raising=False)
    return tmp_path


@pytest.fixture
def lab(digits: tuple[np.ndarray, ...]) -> TuneLab:
    return TuneLab(*digits)


def choose(lab: TuneLab, **settings: Any) -> None:
    for name, value in settings.items():
        lab._controls[name].value = value


def train(lab: TuneLab, **settings: Any) -> str:
    """Choose, press Train, wait for the end; return what the status line says."""
    choose(lab, **settings)
    lab._train_button.click()
    if lab._thread is not None:
        lab._thread.join(PATIENCE)
        assert not lab._thread.is_alive()
    return status(lab)


def status(lab: TuneLab) -> str:
    return lab._status.value.removeprefix('<div role="status">').removesuffix("</div>")


def kept_run(number: int, right: int = 300, **changed: Any) -> dict[str, Any]:
    settings = {"peak_rate": 0.01, "filters": 16, "filter_size": 5, "dropout": 0.3, "batch_size": 128}
    return {"number": number, **settings, "epochs": 2, "seconds": 2.5, "right": right, "of": 400} | changed


# ------------------------------------------------------------------------------------------------------- one run
def test_a_run_is_a_real_training_judged_on_validation_images(lab: TuneLab, digits: tuple[np.ndarray, ...]) -> None:
    said = train(lab, batch_size=32, filters=8, filter_size=3, epochs=1)
    (run,) = lab._runs
    import keras

    keras.utils.set_random_seed(1)
    model = digitlib.build_cnn(widths=(8, 16), filter_size=3)
    x_train, y_train, x_val, y_val = digits
    training.train(model, x_train, y_train, epochs=1, batch_size=32, peak_rate=0.01, seed=1)
    right = int((model.predict(x_val[..., np.newaxis], verbose=0).argmax(axis=1) == y_val).sum())
    assert abs(run.right - right) <= 3, "the same settings and the same seed, but for the last digits"
    assert run.of == 400
    assert 0 < run.seconds < PATIENCE
    low, share, high = share_interval(run.right, 400)
    interval = f"{100 * low:.1f} to {100 * high:.1f} %"
    assert said == f"Run 1: {100 * share:.1f} % of 400 validation images are right ({interval})."
    for text in (
        "1 ★ best so far",
        "<td>32</td>",
        "<td>8</td>",
        f"<td>{100 * share:.1f} %</td>",
        f"<td>{interval}</td>",
    ):
        assert text in lab._table.value


def test_a_second_run_with_the_same_settings_draws_another_seed(lab: TuneLab, monkeypatch: pytest.MonkeyPatch) -> None:
    seeds, real = [], training.train
    monkeypatch.setattr(training, "train", lambda *given, **more: seeds.append(more["seed"]) or real(*given, **more))
    train(lab, epochs=1, batch_size=256)
    assert train(lab).startswith("Run 2: ")
    one, other = lab._runs
    assert one.settings == other.settings
    assert [one.number, other.number] == seeds == [1, 2]


def test_the_bar_counts_the_steps_and_the_buttons_change_places(lab: TuneLab, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    lab._bar.observe(
        lambda change: seen.append((change["new"], lab._train_button.disabled, lab._stop_button.disabled)), "value"
    )
    train(lab, epochs=2, batch_size=128)
    assert lab._bar.max == 16
    assert max(count for count, *_ in seen) == 16
    assert {(off, stop) for count, off, stop in seen if count} == {(True, False)}
    assert (lab._train_button.disabled, lab._stop_button.disabled, lab._bar.value) == (False, True, 0)


def test_a_stopped_run_does_not_count(lab: TuneLab) -> None:
    # Pressed in the middle: when the bar has begun to move.
    lab._bar.observe(lambda change: lab._stop_button.click() if change["new"] == 1 else None, "value")
    assert train(lab, batch_size=32) == "Run 1 was stopped. It does not count."
    assert lab._runs == []
    assert lab._table.value == ""
    assert not (Path("my-digits-work.json")).exists()


def test_after_a_stop_the_next_run_goes_to_its_end(lab: TuneLab) -> None:
    lab._bar.observe(lambda change: lab._stop_button.click() if change["new"] == 1 else None, "value")
    train(lab, batch_size=32)
    lab._bar.unobserve_all()
    assert train(lab, epochs=1, batch_size=256).startswith("Run 1: ")


def test_train_pressed_twice_trains_once(lab: TuneLab) -> None:
    choose(lab, epochs=1, batch_size=128)
    lab._train_button.click()
    first = lab._thread
    lab._train_button.click()
    assert lab._thread is first
    first.join(PATIENCE)
    assert len(lab._runs) == 1


# ------------------------------------------------------------------------------------------------- what goes wrong
@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("peak_rate", 3.0, "peak_rate must be a number above 0 and at most 1, but is 3.0"),
        ("dropout", 1.0, "dropout must be at least 0 and less than 1, but is 1.0"),
        ("filters", 0, "widths must be two whole numbers of filters"),
        ("epochs", 40, "epochs must be 1 or 2, but is 40"),
    ],
)
def test_wrong_settings_are_refused_in_a_sentence(lab: TuneLab, name: str, value: float, said: str) -> None:
    control = lab._controls[name]
    if name == "peak_rate":
        control.max = 1
    control.min, control.max = min(control.min, value), max(control.max, value)
    assert f"These settings cannot be trained: {said}" in train(lab, **{name: value})
    assert lab._thread is None
    assert not lab._train_button.disabled


def test_a_training_that_fails_is_told_and_the_next_one_goes_on(lab: TuneLab, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(training, "train", lambda *_, **__: (_ for _ in ()).throw(MemoryError("no <room>")))
        assert train(lab) == "Run 1 failed, and does not count: MemoryError: no &lt;room&gt;"
    assert lab._runs == []
    assert train(lab, epochs=1, batch_size=256).startswith("Run 1: ")


def test_images_that_are_none_are_refused(digits: tuple[np.ndarray, ...]) -> None:
    x_train, y_train, x_val, y_val = digits
    with pytest.raises(ValueError, match="images must be grey values, uint8"):
        TuneLab(x_train / 255, y_train, x_val, y_val)
    with pytest.raises(ValueError, match="labels must be 400 whole numbers"):
        TuneLab(x_train, y_train, x_val, y_train)


# ----------------------------------------------------------------------------------------------------- what is kept
def test_runs_are_kept_and_there_again(lab: TuneLab, digits: tuple[np.ndarray, ...]) -> None:
    train(lab, epochs=1, batch_size=256)
    stored = json.loads(Path("my-digits-work.json").read_text())["labs"]["tune"]
    assert list(stored) == ["runs"]
    again = TuneLab(*digits)
    assert again._runs == lab._runs
    assert again._table.value == lab._table.value
    assert status(again) == "1 run from before is here again."
    assert train(again, epochs=1).startswith("Run 2: ")


def test_the_table_marks_one_best_and_warns_of_it_after_several_runs(digits: tuple[np.ndarray, ...]) -> None:
    work.keep(
        "labs", "tune", {"runs": [kept_run(number, right) for number, right in enumerate((300, 350, 340, 350), 1)]}
    )
    table = TuneLab(*digits)._table.value
    assert table.count("★ best so far") == 1
    assert "2 ★ best so far" in table, "of two alike, the earlier one"
    assert "too good" not in table
    work.keep("labs", "tune", {"runs": [kept_run(number) for number in range(1, 6)]})
    assert "The best of 5 runs is too good" in TuneLab(*digits)._table.value


def test_old_runs_make_room(digits: tuple[np.ndarray, ...]) -> None:
    work.keep("labs", "tune", {"runs": [kept_run(number) for number in range(1, 251)]})
    lab = TuneLab(*digits)
    assert [lab._runs[0].number, lab._runs[-1].number, len(lab._runs)] == [51, 250, 200]
    train(lab, epochs=1, batch_size=512)
    assert [lab._runs[0].number, lab._runs[-1].number, len(lab._runs)] == [52, 251, 200]


FOREIGN = {
    "a list": [1, 2],
    "another lab's": {"strokes": []},
    "a text for the runs": {"runs": "many"},
    "an entry too many": {"runs": [kept_run(1, author=3)]},
    "an entry missing": {"runs": [{"number": 1}]},
    "a text for a number": {"runs": [kept_run(1, right="<script>")]},
    "a fraction of an image": {"runs": [kept_run(1, right=2.5)]},
    "a setting that cannot be": {"runs": [kept_run(1, filter_size=99)]},
    "a text for a setting": {"runs": [kept_run(1, peak_rate="<b>")]},
    "more than all right": {"runs": [kept_run(1, right=401)]},
    "out of order": {"runs": [kept_run(2), kept_run(1)]},
}


@pytest.mark.parametrize("case", FOREIGN)
def test_foreign_runs_are_told_of_and_break_nothing(case: str, digits: tuple[np.ndarray, ...]) -> None:
    work.keep("labs", "tune", FOREIGN[case])
    lab = TuneLab(*digits)
    assert lab._runs == []
    assert status(lab).startswith("The runs that were kept cannot be read (")
    assert "<script>" not in lab._shown.children[-2].value + lab._table.value


def test_a_damaged_work_file_is_told_of(digits: tuple[np.ndarray, ...]) -> None:
    Path("my-digits-work.json").write_text("{")
    assert "cannot be used" in status(TuneLab(*digits))


def test_a_run_that_cannot_be_kept_still_counts(lab: TuneLab, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise work.WorkFileError("no room")

    monkeypatch.setattr(work, "keep", full)
    assert train(lab, epochs=1, batch_size=512).endswith("It is not kept: no room")
    assert len(lab._runs) == 1


# ------------------------------------------------------------------------------------------- what a notebook stores
def test_what_is_stored_is_the_same_in_every_run(lab: TuneLab, digits: tuple[np.ndarray, ...]) -> None:
    work.keep("labs", "tune", {"runs": [kept_run(1)]})
    bundles = [made._repr_mimebundle_() for made in (lab, TuneLab(*digits))]
    assert set(bundles[0]) == {"text/plain", "text/html", VIEW}
    assert repr(lab) == bundles[0]["text/plain"] == "Tune it yourself: live in a notebook"
    assert bundles[0]["text/html"] == bundles[1]["text/html"]
    assert "rocket button" in bundles[0]["text/html"]


def test_while_chapters_are_checked_nothing_is_read(
    digits: tuple[np.ndarray, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    work.keep("labs", "tune", {"runs": [kept_run(1)]})
    monkeypatch.setenv("DIGITLIB_STRICT", "1")
    assert TuneLab(*digits)._runs == []


def test_every_control_has_a_name_and_the_ranges_of_the_books_searches(lab: TuneLab) -> None:
    from digitlib.tuning import DEFAULT, SPACE

    assert [control.description for control in lab._controls.values()] == [
        "peak rate",
        "filters",
        "filter size",
        "dropout",
        "batch size",
        "epochs",
    ]
    assert {name: lab._controls[name].value for name in DEFAULT} == pytest.approx(DEFAULT)
    assert tuple(SPACE) == tune.SETTINGS
    assert 10 ** lab._controls["peak_rate"].max == pytest.approx(SPACE["peak_rate"].high)
