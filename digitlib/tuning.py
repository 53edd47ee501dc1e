"""A search for good hyper-parameters: its space, its store, and how it goes on after a restart, a crash, in company.

Optuna proposes the parameters and keeps the results. Introduced in the chapter *Hyper-parameter tuning*.
"""

from __future__ import annotations

import json
import logging
import math
import sqlite3
import sys
import time
import warnings
from collections.abc import Callable, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
    distribution_to_json,
    json_to_distribution,
)
from optuna.exceptions import DuplicatedStudyError, ExperimentalWarning, StorageInternalError, UpdateFinishedTrialError
from optuna.storages import RDBStorage, RetryHeartbeatStaleTrialCallback
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, SQLAlchemyError

from digitlib.data import FILES
from digitlib.model import check_network_settings
from digitlib.training import check_training_settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    import keras

SEARCH_FILE = FILES / "searches.db"
DESCRIPTION = "search"
DESCRIPTION_VERSION = 1

# How long to wait for a store that another process is writing to, in seconds.
PATIENCE = 30
# A process says every so many seconds that its trial is alive; after four times silence, others take it for dead.
HEARTBEAT = 15

SPACE: dict[str, BaseDistribution] = {
    "peak_rate": FloatDistribution(1e-3, 1e-1, log=True),
    "filters": IntDistribution(8, 32, step=4),
    "filter_size": CategoricalDistribution([3, 5, 7]),
    "dropout": FloatDistribution(0.0, 0.6),
    "batch_size": CategoricalDistribution([32, 64, 128, 256, 512]),
}
"""What the book's searches may choose from; the first convolution has `filters` filters, the second twice as many."""

DEFAULT: dict[str, float] = {"peak_rate": 0.01, "filters": 16, "filter_size": 5, "dropout": 0.3, "batch_size": 128}
"""The settings of the chapter *Training with Adam*, chosen without a search."""


class StoreError(RuntimeError):
    """A store of searches is locked, damaged, out of reach, or holds something else."""


class OtherSearchError(StoreError):
    """The store holds, under this name, a search for something else."""


def recipe(parameters: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Translate a trial's parameters into what `digitlib.build_cnn` and `digitlib.training.train` are called with.

    Parameters
    ----------
    parameters
        Any of the names in `SPACE`, each with a value; for the others `DEFAULT` holds.

    Returns
    -------
    dict
        "network": the settings for `build_cnn`; "training": those for `train`.

    Raises
    ------
    ValueError
        If a name is unknown, or the network or its training cannot take a value.
    """
    unknown = sorted(parameters.keys() - DEFAULT.keys())
    if unknown:
        raise ValueError(f"there is no parameter {', '.join(unknown)}: choose from {', '.join(DEFAULT)}")
    chosen = DEFAULT | dict(parameters)
    filters = chosen["filters"]
    network = {"widths": [filters, 2 * filters], "filter_size": chosen["filter_size"], "dropout": chosen["dropout"]}
    training = {"batch_size": chosen["batch_size"], "peak_rate": chosen["peak_rate"]}
    check_network_settings(**network)
    check_training_settings(**training)
    return {"network": network, "training": training}


def suggest(trial: optuna.Trial) -> dict[str, Any]:
    """Let a trial choose a value for every parameter of its search's space.

    Returns
    -------
    dict
        For each name of the space the value chosen.
    """
    chosen: dict[str, Any] = {}
    for name, of in _space(trial.study).items():
        if isinstance(of, FloatDistribution):
            chosen[name] = trial.suggest_float(name, of.low, of.high, step=of.step, log=of.log)
        elif isinstance(of, IntDistribution):
            chosen[name] = trial.suggest_int(name, of.low, of.high, step=of.step, log=of.log)
        else:
            chosen[name] = trial.suggest_categorical(name, of.choices)
    return chosen


def open_search(
    store: Path | str,
    name: str,
    about: Mapping[str, Any],
    *,
    space: Mapping[str, BaseDistribution] = SPACE,
    sampler: Literal["tpe", "random"] = "tpe",
    prune: bool = True,
    seed: int = 0,
) -> optuna.Study:
    """Begin a search, or go on with one, in a store that several processes may share.

    Parameters
    ----------
    store
        An SQLite file, made if it does not exist, or the address of a database server, such as
        "postgresql://user:password@host/searches", for processes on many machines.
    name
        Of the search in the store, which can hold many.
    about
        What all its trials have in common, such as {"images": 5000, "epochs": 2}: whoever goes on with the search must
        give the same, or its trials could not be compared. Anything JSON can hold.
    space
        What may be chosen.
    sampler
        Who chooses: "tpe" learns from the trials so far, "random" does not.
    prune
        Whether a trial ends when, after some epoch, it is worse than the median of the trials before it.
    seed
        Fixes the choices of the process that begins the search. One that goes on, or joins, draws its own, or it would
        choose the same again.

    Returns
    -------
    optuna.Study
        To be maximised by `run`.

    Raises
    ------
    ValueError
        If the network or its training cannot take some value of the space, or `sampler` is unknown.
    StoreError
        If the store is locked for longer than `PATIENCE`, damaged, not to be written to, or no store of searches.
        Nothing in it is changed then.
    OtherSearchError
        If the store holds another search under this name; the message says how it differs.
    """
    _check_space(space)
    if sampler not in ("tpe", "random"):
        raise ValueError(f"sampler must be 'tpe' or 'random', but is {sampler!r}")
    description = {
        "version": DESCRIPTION_VERSION,
        "space": {key: json.loads(distribution_to_json(space[key])) for key in sorted(space)},
        "about": dict(about),
    }
    # As it will be read back: JSON knows no tuples.
    description = json.loads(json.dumps(description))
    with _translated(_shown(store)), _quiet():
        storage = _connect(store)
        try:
            study = optuna.create_study(storage=storage, study_name=name, direction="maximize")
            study.set_user_attr(DESCRIPTION, description)
        except DuplicatedStudyError:
            study = optuna.load_study(storage=storage, study_name=name)
            _check_same(name, _description(study), description)
            seed = None
    samplers = {"tpe": optuna.samplers.TPESampler, "random": optuna.samplers.RandomSampler}
    study.sampler = samplers[sampler](seed=seed)
    study.pruner = optuna.pruners.MedianPruner(n_startup_trials=5) if prune else optuna.pruners.NopPruner()
    return study


def propose(study: optuna.Study, parameters: Mapping[str, Any]) -> None:
    """Have a search try certain parameters next, unless it has them already.

    Raises
    ------
    ValueError
        If the parameters are not those of the search's space, or the network cannot take them. The store stays as it
        is.
    """
    recipe(parameters)
    space = _space(study)
    if parameters.keys() != space.keys():
        raise ValueError(f"this search chooses {', '.join(space)}, but was given {', '.join(parameters) or 'nothing'}")
    for name, of in space.items():
        value = parameters[name]
        if value not in of.choices if isinstance(of, CategoricalDistribution) else not of.low <= value <= of.high:
            raise ValueError(f"{name}={value!r} is not in the space of this search: {of}")
    study.enqueue_trial(dict(parameters), skip_if_exists=True)


def run(study: optuna.Study, objective: Callable[[optuna.Trial], float], trials: int) -> None:
    """Go on with a search until it holds so many trials that came to an end, whoever made them.

    A trial that runs out of memory, or whose loss is not a number, is recorded as failed, with the error as its user
    attribute "error", and the search goes on. Any other error is recorded and raised. A trial whose process died is
    recorded as failed once it has been silent for four times `HEARTBEAT`, and its parameters are tried once more.

    Parameters
    ----------
    study
        From `open_search`.
    objective
        Takes a trial, trains a network, and returns its accuracy on validation images.
    trials
        How many. Pruned and failed ones count, a repeated one once. With P processes there can be up to P - 1 more.

    Raises
    ------
    ValueError
        If `trials` is not a whole number of at least 1.
    StoreError
        If the store cannot be written to any more. What it holds stays.
    """
    if trials != int(trials) or trials < 1:
        raise ValueError(f"trials must be a whole number of at least 1, but is {trials!r}")

    def recorded(trial: optuna.Trial) -> float:
        try:
            return objective(trial)
        except optuna.TrialPruned:
            raise
        except Exception as error:
            trial.set_user_attr("error", f"{type(error).__name__}: {error}"[:500])
            raise

    with _translated(f"the store of the search {study.study_name!r}"), _quiet():
        while _ended(study) < trials:
            # A trial that others took for dead, because this machine slept, is no reason to stop.
            with suppress(UpdateFinishedTrialError):
                study.optimize(recorded, n_trials=1, catch=_failures())


def report_epochs(trial: optuna.Trial) -> keras.callbacks.Callback:
    """Keras callback that tells the search how a trial is getting on after each epoch, and ends it if it must.

    A trial that the search gives up ends with the exception `optuna.TrialPruned`, which `run` understands.

    Raises
    ------
    FloatingPointError
        In the training, if the loss is not a finite number.
    KeyError
        In the training, if there are no validation images to judge by.
    """
    import keras

    class ReportEpochs(keras.callbacks.Callback):
        def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
            if not math.isfinite(logs["loss"]):
                raise FloatingPointError(f"the loss is {logs['loss']} after epoch {epoch + 1}")
            if "val_accuracy" not in logs:
                raise KeyError("a trial is judged on validation images: call train with validation=(x_val, y_val)")
            trial.report(logs["val_accuracy"], epoch + 1)
            if trial.should_prune():
                raise optuna.TrialPruned(f"after epoch {epoch + 1}")

    return ReportEpochs()


def load_search(name: str, file: Path | str = SEARCH_FILE) -> optuna.Study:
    """Load a finished search for reading only.

    Parameters
    ----------
    name
        Of the search in the store.
    file
        An SQLite store; by default the searches that ship with the book.

    Raises
    ------
    StoreError
        If the file is missing, damaged, or no store of searches, or holds no search of this name.
    """
    file = Path(file)
    if not file.is_file():
        raise StoreError(
            f"{file.name}, which holds stored searches, is missing. One that ships with the book comes back with "
            f"'git checkout -- digitlib/files' in the book's folder. (Looked for in {file})"
        )
    _check_file(file)
    with _translated(str(file)):
        storage = RDBStorage(f"sqlite:///{file.resolve().as_uri()}?mode=ro&uri=true", skip_table_creation=True)
        names = optuna.get_all_study_names(storage)
        if name not in names:
            raise StoreError(f"{file.name} holds no search {name!r}, but {', '.join(sorted(names)) or 'none at all'}")
        return optuna.load_study(storage=storage, study_name=name)


def _check_space(space: Mapping[str, BaseDistribution]) -> None:
    """Try both ends of every range, and every choice, so that no training starts that the network cannot take."""
    if not space:
        raise ValueError("the space of a search needs at least one parameter")
    for name, of in space.items():
        for value in of.choices if isinstance(of, CategoricalDistribution) else (of.low, of.high):
            try:
                recipe({name: value})
            except ValueError as error:
                raise ValueError(f"the space allows {name}={value!r}, which no trial can take: {error}") from error


def _shown(store: Path | str) -> str:
    """Name the store without its password."""
    try:
        return make_url(str(store)).render_as_string() if "://" in str(store) else str(store)
    except ArgumentError as error:
        raise StoreError(f"{store!r} is neither a file nor the address of a database: {error}") from error


def _connect(store: Path | str) -> RDBStorage:
    if "://" in str(store):
        url, options = str(store), {}
    else:
        file = Path(store)
        if not file.parent.is_dir():
            raise StoreError(f"the store {file} needs an existing folder, but there is no {file.parent}: make it first")
        if file.exists():
            _check_file(file, write=True)
        url, options = f"sqlite:///{file}", {"connect_args": {"timeout": PATIENCE}}

    def connected() -> RDBStorage:
        return RDBStorage(
            url,
            engine_kwargs=options,
            heartbeat_interval=HEARTBEAT,
            grace_period=4 * HEARTBEAT,
            # Once only: parameters that killed their process twice would kill it again.
            heartbeat_stale_trial_callback=RetryHeartbeatStaleTrialCallback(max_retry=1),
        )

    try:
        return connected()
    except (DatabaseError, StorageInternalError):
        # Two processes that make the same store at the same moment get in each other's way, but only then.
        time.sleep(1)
        return connected()


def _check_file(file: Path, write: bool = False) -> None:
    """Refuse an SQLite file that is damaged, locked, not to be written to, or of something else."""
    address = f"{file.resolve().as_uri()}?mode={'rw' if write else 'ro'}"
    try:
        with closing(sqlite3.connect(address, uri=True, timeout=PATIENCE)) as database:
            found = database.execute("PRAGMA quick_check(1)").fetchone()[0]
            if found != "ok":
                raise sqlite3.DatabaseError(found)
            tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            if write:
                database.execute("BEGIN IMMEDIATE")
                database.rollback()
    except sqlite3.Error as error:
        raise StoreError(_complaint(str(file), str(error))) from error
    if (tables or not write) and "studies" not in tables:
        raise StoreError(
            f"{file} is a database, but no store of searches: it holds {', '.join(sorted(tables)) or 'nothing'}. Give "
            "another file; this one is left as it is."
        )


@contextmanager
def _translated(store: str) -> Iterator[None]:
    """Say in one sentence what is wrong with a store, whichever library noticed."""
    try:
        yield
    except (SQLAlchemyError, StorageInternalError, ImportError) as error:
        # Optuna wraps what the database, or the import of its driver, said.
        cause = error.__cause__ if isinstance(error, (StorageInternalError, ImportError)) and error.__cause__ else error
        raise StoreError(_complaint(store, str(getattr(cause, "orig", None) or cause))) from error


def _complaint(store: str, error: str) -> str:
    if "locked" in error or "busy" in error:
        advice = (
            f"another process has kept it to itself for {PATIENCE} seconds. Close what has the file open, or wait; "
            "nothing in it is lost"
        )
    elif "readonly" in error or "unable to open" in error:
        advice = "it cannot be opened for writing. Check who may write to the file and its folder"
    elif "malformed" in error or "not a database" in error or "quick_check" in error or "***" in error:
        advice = (
            "it is damaged, or no SQLite file. It is left as it is: put back a copy of it, try 'sqlite3 FILE .recover' "
            "on a copy, or begin the search anew in another file"
        )
    else:
        advice = "it cannot be used. Check its address, and that the server runs and its driver is installed"
    return f"{store} does not serve as a store of searches: {advice}. (It says: {error})"


def _description(study: optuna.Study) -> dict[str, Any]:
    """Read what the search is for. The process that has just made it may still be about to write it down."""
    for _ in range(50):
        if DESCRIPTION in study.user_attrs:
            return study.user_attrs[DESCRIPTION]
        time.sleep(0.1)
    raise OtherSearchError(
        f"the study {study.study_name!r} was not made by digitlib.tuning.open_search, so what its trials have in "
        "common is not known. Give the search another name."
    )


def _space(study: optuna.Study) -> dict[str, BaseDistribution]:
    return {name: json_to_distribution(json.dumps(of)) for name, of in _description(study)["space"].items()}


def _check_same(name: str, stored: dict[str, Any], given: dict[str, Any]) -> None:
    if stored == given:
        return
    different = [
        f"{key}: {stored.get(part, {}).get(key, 'nothing')} there, {given[part].get(key, 'nothing')} here"
        for part in ("space", "about")
        for key in sorted(stored.get(part, {}).keys() | given[part].keys())
        if stored.get(part, {}).get(key) != given[part].get(key)
    ] or [f"version {stored.get('version')} there, {given['version']} here"]
    raise OtherSearchError(
        f"the store holds another search under the name {name!r}, whose trials cannot be compared with this one's "
        f"({'; '.join(different)}). Give the same settings to go on with it, or another name to begin anew."
    )


def _ended(study: optuna.Study) -> int:
    trials = study.get_trials(deepcopy=False)
    ended = sum(trial.state.is_finished() for trial in trials)
    with _quiet():
        return ended - sum(RetryHeartbeatStaleTrialCallback.retried_trial_number(trial) is not None for trial in trials)


def _failures() -> tuple[type[Exception], ...]:
    """List what may befall a trial without ending the search."""
    failures: tuple[type[Exception], ...] = (MemoryError, FloatingPointError)
    tensorflow = sys.modules.get("tensorflow")  # not loaded for searches that do without it
    return (*failures, tensorflow.errors.ResourceExhaustedError) if tensorflow else failures


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep from the reader what is meant for nobody here, all of it in red.

    Optuna calls heartbeats experimental and reports every trial; TensorFlow warns that every trial's network is traced
    anew.
    """
    tensorflow = logging.getLogger("tensorflow")
    before = optuna.logging.get_verbosity(), tensorflow.level
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    tensorflow.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ExperimentalWarning)
            yield
    finally:
        optuna.logging.set_verbosity(before[0])
        tensorflow.setLevel(before[1])
