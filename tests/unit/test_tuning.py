"""A search and its store: what they survive, what they refuse, and that nothing stored is lost."""

from __future__ import annotations

import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import TrialState

import digitlib
from digitlib import tuning
from digitlib.training import train
from digitlib.tuning import DEFAULT, SPACE, OtherSearchError, StoreError, open_search, propose, recipe, run, suggest

ABOUT = {"images": 100, "epochs": 1}


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "searches.db"


def hill(trial: optuna.Trial) -> float:
    """Stands for a training: best at a rate of 0.01 and many filters."""
    chosen = suggest(trial)
    return 1 - abs(chosen["peak_rate"] - 0.01) - 0.001 * (32 - chosen["filters"])


# A process of its own that searches: the store, how many trials, how long each takes.
WORKER = """
import sys, time
from test_tuning import ABOUT, hill
import digitlib
from digitlib import tuning
from digitlib.training import train
tuning.HEARTBEAT = 1
store, trials, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
study = tuning.open_search(store, "shared", ABOUT, sampler="random")
def slow(trial):
    value = hill(trial)
    print("begun", trial.number, flush=True)
    time.sleep(seconds)
    while len(study.trials) < 2:  # nobody ends a trial before the other has begun one
        time.sleep(0.1)
    return value
tuning.run(study, slow, trials)
"""


def worker(store: Path, trials: int, seconds: float) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WORKER, str(store), str(trials), str(seconds)],
        cwd=Path(__file__).parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process: subprocess.Popen[str]) -> str:
    out, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    return out


def test_a_search_survives_a_restart_and_goes_on(store: Path):
    run(open_search(store, "first", ABOUT), hill, 7)
    before = {trial.number: (trial.params, trial.value) for trial in open_search(store, "first", ABOUT).trials}
    run(open_search(store, "first", ABOUT), hill, 12)
    after = {trial.number: (trial.params, trial.value) for trial in open_search(store, "first", ABOUT).trials}
    assert len(after) == 12
    assert {number: after[number] for number in before} == before
    run(open_search(store, "first", ABOUT), hill, 12)
    assert len(open_search(store, "first", ABOUT).trials) == 12


@pytest.mark.parametrize("sampler", ["tpe", "random"])
def test_going_on_does_not_choose_the_same_again(store: Path, sampler: str):
    for trials in (5, 10, 15):
        run(open_search(store, "first", ABOUT, sampler=sampler), hill, trials)
    rates = [trial.params["peak_rate"] for trial in open_search(store, "first", ABOUT).trials]
    assert len(set(rates)) == 15


def test_the_same_seed_begins_with_the_same_choices(tmp_path: Path):
    chosen = []
    for name in ("a.db", "b.db"):
        study = open_search(tmp_path / name, "first", ABOUT, seed=3)
        run(study, hill, 15)
        chosen.append([trial.params for trial in study.trials])
    assert chosen[0] == chosen[1]


def test_tpe_learns_and_random_does_not(store: Path):
    late = {}
    for sampler in ("tpe", "random"):
        study = open_search(store, sampler, ABOUT, sampler=sampler)
        run(study, hill, 45)
        late[sampler] = sum(trial.value for trial in study.trials[25:]) / 20
    assert late["tpe"] > late["random"] + 0.005


def test_one_store_holds_many_searches(store: Path):
    run(open_search(store, "first", ABOUT), hill, 2)
    run(open_search(store, "second", {"images": 5, "epochs": 9}, sampler="random"), hill, 3)
    assert [len(tuning.load_search(name, store).trials) for name in ("first", "second")] == [2, 3]


def test_two_processes_share_a_search(store: Path):
    both = [worker(store, 12, 0.1) for _ in range(2)]
    begun = [finish(process).split("\n") for process in both]
    trials = tuning.load_search("shared", store).trials
    # The one that is in the middle of a trial when the last one ends makes one more.
    assert len(trials) in (12, 13)
    assert all(trial.state == TrialState.COMPLETE for trial in trials)
    assert [trial.number for trial in trials] == list(range(len(trials)))
    assert len({trial.params["peak_rate"] for trial in trials}) == len(trials)
    numbers = [{int(line.split()[1]) for line in lines if line} for lines in begun]
    assert numbers[0] | numbers[1] == set(range(len(trials)))
    assert numbers[0].isdisjoint(numbers[1])
    assert all(numbers), "one of the two did nothing"


def test_a_killed_process_loses_nothing_and_its_trial_is_tried_again(store: Path):
    victim = worker(store, 8, 60)
    assert victim.stdout.readline() == "begun 0\n"
    survivor = worker(store, 8, 0.8)
    assert survivor.stdout.readline() == "begun 1\n"
    victim.send_signal(signal.SIGKILL)
    victim.communicate()
    finish(survivor)
    trials = tuning.load_search("shared", store).trials
    assert trials[0].state == TrialState.FAIL
    again = [trial for trial in trials[1:] if trial.params == trials[0].params]
    assert [trial.state for trial in again] == [TrialState.COMPLETE]
    # The lost one counts only in its repetition.
    assert sum(trial.state == TrialState.COMPLETE for trial in trials) == 8


def test_failing_trials_are_recorded_and_the_search_goes_on(store: Path):
    study = open_search(store, "first", ABOUT)

    def moody(trial: optuna.Trial) -> float:
        suggest(trial)
        if trial.number == 1:
            raise MemoryError("Unable to allocate 40 GiB")
        if trial.number == 2:
            raise FloatingPointError("the loss is nan after epoch 1")
        return float("nan") if trial.number == 3 else 0.9

    run(study, moody, 6)
    trials = tuning.load_search("first", store).trials
    assert [trial.state.name for trial in trials] == ["COMPLETE", "FAIL", "FAIL", "FAIL", "COMPLETE", "COMPLETE"]
    assert trials[1].user_attrs["error"] == "MemoryError: Unable to allocate 40 GiB"
    assert trials[2].user_attrs["error"] == "FloatingPointError: the loss is nan after epoch 1"
    assert all(trial.params.keys() == SPACE.keys() for trial in trials)


def test_a_mistake_in_the_code_ends_the_search_and_keeps_what_there_is(store: Path):
    study = open_search(store, "first", ABOUT)
    run(study, hill, 3)
    with pytest.raises(NameError, match="modle"):
        run(study, lambda trial: modle(trial), 6)  # noqa: F821
    trials = tuning.load_search("first", store).trials
    assert [trial.state.name for trial in trials] == ["COMPLETE"] * 3 + ["FAIL"]
    assert "modle" in trials[3].user_attrs["error"]


def test_a_poor_trial_is_pruned_and_says_where(store: Path):
    study = open_search(store, "first", ABOUT)

    def two_epochs(trial: optuna.Trial) -> float:
        suggest(trial)
        for epoch in (1, 2):
            trial.report(0.1 if trial.number == 8 else 0.9 + epoch / 100 + trial.number / 1000, epoch)
            if trial.should_prune():
                raise optuna.TrialPruned
        return 0.92

    run(study, two_epochs, 9)
    assert study.trials[8].state == TrialState.PRUNED
    assert study.trials[8].intermediate_values == {1: 0.1}
    assert all(trial.state == TrialState.COMPLETE for trial in study.trials[:8])


def test_the_default_can_be_proposed_and_only_once(store: Path):
    study = open_search(store, "first", ABOUT)
    propose(study, DEFAULT)
    propose(study, DEFAULT)
    run(study, hill, 4)
    assert [trial.params == DEFAULT for trial in study.trials] == [True, False, False, False]


@pytest.mark.parametrize(
    ("parameters", "says"),
    [
        (DEFAULT | {"filter_size": 11}, "filter_size must be a whole number from 1 to 9"),
        (DEFAULT | {"dropout": 1.0}, "dropout must be at least 0 and less than 1"),
        (DEFAULT | {"batch_size": 0}, "batch_size must be a whole number"),
        (DEFAULT | {"depth": 3}, "no parameter depth"),
        ({"dropout": 0.1}, "this search chooses batch_size, dropout"),
        (DEFAULT | {"peak_rate": 0.5}, r"peak_rate=0\.5 is not in the space"),
        (DEFAULT | {"batch_size": 100}, "batch_size=100 is not in the space"),
    ],
)
def test_parameters_that_no_network_can_take_are_not_proposed(store: Path, parameters: dict, says: str):
    study = open_search(store, "first", ABOUT)
    with pytest.raises(ValueError, match=says):
        propose(study, parameters)
    assert study.trials == []


@pytest.mark.parametrize(
    ("space", "says"),
    [
        ({"filter_size": CategoricalDistribution([3, 11])}, "allows filter_size=11.*from 1 to 9"),
        ({"dropout": FloatDistribution(0, 1)}, r"allows dropout=1\.0.*less than 1"),
        ({"peak_rate": FloatDistribution(0.1, 10)}, r"allows peak_rate=10\.0"),
        ({"batch_size": IntDistribution(0, 64)}, "allows batch_size=0"),
        ({"momentum": FloatDistribution(0, 1)}, "no parameter momentum"),
        ({}, "at least one parameter"),
    ],
)
def test_a_space_that_the_network_cannot_take_is_refused_before_anything_is_made(store: Path, space: dict, says: str):
    with pytest.raises(ValueError, match=says):
        open_search(store, "first", ABOUT, space=space)
    assert not store.exists()


def test_a_search_chooses_from_its_own_space(store: Path):
    space = {"filters": IntDistribution(2, 8, step=2), "filter_size": CategoricalDistribution([5])}
    study = open_search(store, "small", ABOUT, space=space)
    chosen = []
    run(study, lambda trial: chosen.append(suggest(trial)) or 0.9, 6)
    assert all(values["filters"] in (2, 4, 6, 8) and values["filter_size"] == 5 for values in chosen)
    assert [trial.params for trial in study.trials] == chosen


def test_a_recipe_is_what_the_network_and_its_training_take():
    assert recipe({"filters": 20, "batch_size": 32}) == {
        "network": {"widths": [20, 40], "filter_size": 5, "dropout": 0.3},
        "training": {"batch_size": 32, "peak_rate": 0.01},
    }


@pytest.mark.parametrize(
    ("about", "space", "says"),
    [
        ({"images": 500, "epochs": 1}, SPACE, "images: 100 there, 500 here"),
        ({"images": 100}, SPACE, "epochs: 1 there, nothing here"),
        (ABOUT, SPACE | {"dropout": FloatDistribution(0, 0.9)}, "dropout: .*0.6.* there, .*0.9.* here"),
    ],
)
def test_another_search_of_the_same_name_is_refused_and_kept(store: Path, about: dict, space: dict, says: str):
    run(open_search(store, "first", ABOUT), hill, 2)
    before = store.read_bytes()
    with pytest.raises(OtherSearchError, match=says):
        open_search(store, "first", about, space=space)
    assert store.read_bytes() == before


def test_a_study_that_optuna_made_without_us_is_refused(store: Path, monkeypatch: pytest.MonkeyPatch):
    optuna.create_study(storage=f"sqlite:///{store}", study_name="theirs").optimize(lambda trial: 0.5, n_trials=1)
    monkeypatch.setattr(tuning.time, "sleep", lambda seconds: None)
    with pytest.raises(OtherSearchError, match="'theirs' was not made by"):
        open_search(store, "theirs", ABOUT)


def test_a_locked_store_is_named_and_nothing_is_lost(store: Path, monkeypatch: pytest.MonkeyPatch):
    run(open_search(store, "first", ABOUT), hill, 2)
    monkeypatch.setattr(tuning, "PATIENCE", 1)
    with closing(sqlite3.connect(store)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StoreError, match=r"searches\.db .*another process has kept it to itself for 1 seconds"):
            open_search(store, "first", ABOUT)
    assert len(open_search(store, "first", ABOUT).trials) == 2


def test_a_store_that_gets_locked_during_the_search_is_named(store: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(tuning, "PATIENCE", 1)
    study = open_search(store, "first", ABOUT)
    run(study, hill, 2)
    with closing(sqlite3.connect(store)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StoreError, match=r"store of the search 'first' .*kept it to itself"):
            run(study, hill, 4)
    run(open_search(store, "first", ABOUT), hill, 4)
    assert len(tuning.load_search("first", store).trials) >= 4


@pytest.mark.parametrize("damage", ["cut", "overwritten", "text"])
def test_a_damaged_store_is_named_and_left_as_it_is(store: Path, damage: str):
    run(open_search(store, "first", ABOUT), hill, 20)
    whole = store.read_bytes()
    noise = random.Random(0).randbytes(len(whole) // 2)
    damaged = {
        "cut": whole[: len(whole) // 2],
        "overwritten": whole[: len(whole) // 4] + noise + whole[len(whole) // 4 + len(noise) :],
        "text": b"number,score\n1,0.99\n",
    }[damage]
    store.write_bytes(damaged)
    for look in (lambda: open_search(store, "first", ABOUT), lambda: tuning.load_search("first", store)):
        with pytest.raises(StoreError, match=r"searches\.db .*it is damaged, or no SQLite file"):
            look()
    assert store.read_bytes() == damaged


def test_a_database_of_something_else_is_refused_and_left_as_it_is(store: Path):
    with closing(sqlite3.connect(store)) as other:
        other.execute("CREATE TABLE recipes (cake TEXT)")
        other.commit()
    before = store.read_bytes()
    with pytest.raises(StoreError, match="no store of searches: it holds recipes"):
        open_search(store, "first", ABOUT)
    assert store.read_bytes() == before


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("nowhere/searches.db", "needs an existing folder"),
        (
            "postgresql://ada:secret@localhost:1/searches",
            r"@localhost:1/searches does not serve.*module named 'psycopg'",
        ),
        ("elephant://host/searches", "elephant.*does not serve"),
        ("://", "neither a file nor the address of a database"),
    ],
)
def test_a_store_out_of_reach_is_named_without_its_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, address: str, says: str
):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(StoreError, match=says) as caught:
        open_search(address, "first", ABOUT)
    assert "secret" not in str(caught.value)


def test_an_unknown_sampler_and_no_trials_are_refused(store: Path):
    with pytest.raises(ValueError, match="'tpe' or 'random'"):
        open_search(store, "first", ABOUT, sampler="grid")
    with pytest.raises(ValueError, match="trials must be a whole number"):
        run(open_search(store, "first", ABOUT), hill, 0)


def test_a_finished_search_is_read_without_being_touched(store: Path, tmp_path: Path):
    run(open_search(store, "first", ABOUT), hill, 3)
    shelf = tmp_path / "a shelf"
    shelf.mkdir()
    copy = shutil.copy(store, shelf)
    Path(copy).chmod(0o444)
    before = Path(copy).read_bytes()
    assert len(tuning.load_search("first", copy).trials) == 3
    assert Path(copy).read_bytes() == before
    assert [file.name for file in shelf.iterdir()] == ["searches.db"]


def test_a_missing_store_or_search_is_named(store: Path):
    with pytest.raises(StoreError, match=r"searches\.db, which holds stored searches, is missing"):
        tuning.load_search("first", store)
    run(open_search(store, "first", ABOUT), hill, 1)
    with pytest.raises(StoreError, match="holds no search 'second', but first"):
        tuning.load_search("second", store)


def test_waiting_for_a_short_lock_is_no_error(store: Path):
    run(open_search(store, "first", ABOUT), hill, 1)
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sqlite3, sys, time; other = sqlite3.connect(sys.argv[1]); other.execute('BEGIN EXCLUSIVE'); "
            "print('held', flush=True); time.sleep(2)",
            str(store),
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout.readline() == "held\n"
    begin = time.monotonic()
    run(open_search(store, "first", ABOUT), hill, 2)
    assert time.monotonic() - begin > 0.5
    holder.wait()


def trained(trial: optuna.Trial, **settings: object) -> float:
    """Train a small network on a few digits, and report."""
    mnist = digitlib.load_mnist()
    model = digitlib.build_cnn(widths=(2, 2))
    judge = {"validation": (mnist.x_val[:200], mnist.y_val[:200])}
    return train(
        model,
        mnist.x_train[:300],
        mnist.y_train[:300],
        epochs=2,
        callbacks=(tuning.report_epochs(trial),),
        **(judge | settings),
    )["val_accuracy"][-1]


def test_a_real_training_reports_every_epoch(store: Path):
    study = open_search(store, "first", ABOUT)
    run(study, trained, 1)
    [trial] = study.trials
    assert list(trial.intermediate_values) == [1, 2]
    assert trial.intermediate_values[2] == pytest.approx(trial.value)


def test_a_loss_that_is_no_number_fails_the_trial(store: Path, monkeypatch: pytest.MonkeyPatch):
    study = open_search(store, "first", ABOUT)

    def exploding(trial: optuna.Trial) -> float:
        tuning.report_epochs(trial).on_epoch_end(0, {"loss": float("inf"), "val_accuracy": 0.1})
        return 0.1

    run(study, exploding, 2)
    assert [trial.user_attrs["error"] for trial in study.trials] == [
        "FloatingPointError: the loss is inf after epoch 1"
    ] * 2


def test_a_trial_without_validation_images_is_told_so(store: Path):
    with pytest.raises(KeyError, match="call train with validation"):
        run(open_search(store, "first", ABOUT), lambda trial: trained(trial, validation=None), 1)
