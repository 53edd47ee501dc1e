"""The lab in which the reader chooses hyper-parameters by hand, and sees what becomes of them."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from html import escape
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from digitlib import training, work
from digitlib.evaluation import share_interval
from digitlib.labs.mistakes import check_digits
from digitlib.work import WorkFileError

if TYPE_CHECKING:
    import keras
    from ipywidgets import IntProgress, Widget

LEARNED_FROM, JUDGED_BY = 4_000, 2_000
MOST_RUNS = 200  # that are kept; older ones make room
MANY = 5  # from so many runs on, a word on the best of them
MOST_EPOCHS = 2
SETTINGS = ("peak_rate", "filters", "filter_size", "dropout", "batch_size")
HEADINGS = ("run", *(name.replace("_", " ") for name in SETTINGS), "epochs", "seconds", "right", "95 % interval")
OPEN_IT = "The sliders move when you run this chapter: start it with the rocket button at the top, or at home."


@dataclass(frozen=True)
class Run:
    """One training of the reader's: its number, which is its seed, too; what was set; what came out."""

    number: int
    peak_rate: float
    filters: int
    filter_size: int
    dropout: float
    batch_size: int
    epochs: int
    seconds: float
    right: int
    of: int

    @property
    def settings(self) -> dict[str, Any]:
        """What `digitlib.tuning.recipe` takes."""
        return {name: getattr(self, name) for name in SETTINGS}

    @property
    def interval(self) -> str:
        """The 95 % interval of the share that is right."""
        low, _, high = share_interval(self.right, self.of)
        return f"{100 * low:.1f} to {100 * high:.1f} %"

    @property
    def share(self) -> str:
        """The share that is right."""
        return f"{100 * self.right / self.of:.1f} %"


class TuneLab:
    """Choose hyper-parameters by hand, train for some seconds, compare on validation images.

    Chapter *Hyper-parameter tuning*. The lab trains on the first 4,000 training images and judges by the first 2,000
    validation images. All runs are kept with the reader's work, and are there again the next time.

    Parameters
    ----------
    x_train, y_train
        Training images, uint8 (N, 28, 28), and their labels 0 to 9.
    x_val, y_val
        Validation images and labels, in the same form.

    Raises
    ------
    ValueError
        If images and labels are none, or do not belong together.
    """

    def __init__(self, x_train: NDArray, y_train: NDArray, x_val: NDArray, y_val: NDArray) -> None:
        for images, labels in ((x_train, y_train), (x_val, y_val)):
            check_digits(np.asarray(images), np.asarray(labels))
        self._learned = np.asarray(x_train)[:LEARNED_FROM], np.asarray(y_train)[:LEARNED_FROM]
        self._judged = np.asarray(x_val)[:JUDGED_BY], np.asarray(y_val)[:JUDGED_BY]
        self._runs, told = _kept_runs()
        self._thread: Thread | None = None
        self._stop = Event()
        self._make_widgets()
        self._show(told or self._greeting())

    def __repr__(self) -> str:
        """Return the same text in every run, as the checks of the stored outputs need it."""
        return "Tune it yourself: live in a notebook"

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        view = "application/vnd.jupyter.widget-view+json"
        page = f'<p class="exercise-card"><b>Tune it yourself.</b> {OPEN_IT}</p>'
        return {"text/plain": repr(self), "text/html": page, view: self._shown._repr_mimebundle_()[view]}

    def _make_widgets(self) -> None:
        from ipywidgets import HTML, Button, HBox, IntProgress, VBox

        self._controls = _controls()
        self._train_button = Button(description="Train", tooltip="Train a network with these settings")
        self._stop_button = Button(description="Stop", tooltip="Stop the training", disabled=True)
        self._bar = IntProgress(0, 0, 1, description="steps", style={"description_width": "initial"})
        self._status, self._table = HTML(), HTML()
        self._train_button.on_click(lambda _: self._begin())
        self._stop_button.on_click(lambda _: self._stop.set())
        buttons = HBox([self._train_button, self._stop_button, self._bar], layout={"flex_flow": "row wrap"})
        self._shown = VBox([*self._controls.values(), buttons, self._status, self._table])

    def _begin(self) -> None:
        """Train in a thread of its own, so that the kernel can hear the stop button."""
        if self._thread is not None and self._thread.is_alive():
            return
        settings = {name: control.value for name, control in self._controls.items()}
        epochs = settings.pop("epochs")
        try:
            recipe = _recipe(settings, epochs)
        except ValueError as error:
            self._show(f"These settings cannot be trained: {error}.")
            return
        self._stop.clear()
        self._train_button.disabled, self._stop_button.disabled = True, False
        number = self._runs[-1].number + 1 if self._runs else 1
        self._show(f"Run {number} trains ...")
        self._thread = Thread(target=self._train, args=(number, settings, epochs, recipe), daemon=True)
        self._thread.start()

    def _train(self, number: int, settings: dict[str, Any], epochs: int, recipe: dict[str, dict[str, Any]]) -> None:
        try:
            begun = time.perf_counter()
            right = self._count_right(number, epochs, recipe)
            took = round(time.perf_counter() - begun, 1)
        except _Stopped:
            said = f"Run {number} was stopped. It does not count."
        except Exception as error:  # whatever TensorFlow may raise; the reader should see it, and the lab go on
            said = f"Run {number} failed, and does not count: {type(error).__name__}: {str(error)[:200]}"
        else:
            run = Run(number, **settings, epochs=epochs, seconds=took, right=right, of=len(self._judged[1]))
            self._runs = [*self._runs, run][-MOST_RUNS:]
            said = f"Run {number}: {run.share} of {run.of:,} validation images are right ({run.interval})."
            said += self._keep()
        self._bar.value = 0
        self._train_button.disabled, self._stop_button.disabled = False, True
        self._show(said)

    def _count_right(self, seed: int, epochs: int, recipe: dict[str, dict[str, Any]]) -> int:
        """Train a network, and count the validation images that it reads rightly."""
        import keras

        import digitlib

        steps = epochs * math.ceil(len(self._learned[1]) / recipe["training"]["batch_size"])
        self._bar.max = steps
        callbacks = training.show_progress(_Steps(self._bar)), _stop_when(self._stop)
        with training.quiet_tracing():
            keras.utils.set_random_seed(seed)
            model = digitlib.build_cnn(**recipe["network"])
            history = training.train(
                model,
                *self._learned,
                epochs=epochs,
                seed=seed,
                validation=self._judged,
                callbacks=callbacks,
                **recipe["training"],
            )
        return round(history["val_accuracy"][-1] * len(self._judged[1]))

    def _keep(self) -> str:
        """Keep the runs with the reader's work; say so if that cannot be done."""
        try:
            work.keep("labs", "tune", {"runs": [asdict(run) for run in self._runs]})
        except WorkFileError as error:
            return f" It is not kept: {error}"
        return ""

    def _greeting(self) -> str:
        if not self._runs:
            return "No run yet. Choose settings, then train."
        return f"{_counted(len(self._runs))} from before {'is' if len(self._runs) == 1 else 'are'} here again."

    def _show(self, said: str) -> None:
        self._status.value = f'<div role="status">{escape(said)}</div>'
        self._table.value = _table(self._runs)


class _Stopped(Exception):
    """The reader has stopped the training."""


class _Steps:
    """Moves a bar on, as `digitlib.training.show_progress` wants it."""

    def __init__(self, bar: IntProgress) -> None:
        self._bar = bar
        bar.value = 0

    def step(self, note: str | None = None) -> None:
        """Count one step."""
        self._bar.value += 1


def _stop_when(asked: Event) -> keras.callbacks.Callback:
    import keras

    class StopWhenAsked(keras.callbacks.Callback):
        def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
            if asked.is_set():
                raise _Stopped

    return StopWhenAsked()


def _controls() -> dict[str, Widget]:
    """Make a slider for each setting, over the space of the book's searches."""
    from ipywidgets import FloatLogSlider, FloatSlider, IntSlider, SelectionSlider

    from digitlib.tuning import DEFAULT, SPACE

    look = {"style": {"description_width": "6rem"}, "layout": {"width": "min(100%, 26rem)"}}
    rate, filters, dropout = SPACE["peak_rate"], SPACE["filters"], SPACE["dropout"]
    controls = {
        "peak_rate": FloatLogSlider(
            DEFAULT["peak_rate"],
            min=math.log10(rate.low),
            max=math.log10(rate.high),
            step=0.05,
            readout_format=".2g",
            **look,
        ),
        "filters": IntSlider(DEFAULT["filters"], filters.low, filters.high, filters.step, **look),
        "filter_size": SelectionSlider(options=SPACE["filter_size"].choices, value=DEFAULT["filter_size"], **look),
        "dropout": FloatSlider(DEFAULT["dropout"], min=dropout.low, max=dropout.high, step=0.05, **look),
        "batch_size": SelectionSlider(options=SPACE["batch_size"].choices, value=DEFAULT["batch_size"], **look),
        "epochs": IntSlider(MOST_EPOCHS, 1, MOST_EPOCHS, **look),
    }
    for name, control in controls.items():
        control.description = name.replace("_", " ")
    return controls


def _recipe(settings: dict[str, Any], epochs: int) -> dict[str, dict[str, Any]]:
    """Round the sliders' values to what the table shows, in place, and translate them for network and training."""
    from digitlib.tuning import recipe

    settings["peak_rate"] = float(f"{settings['peak_rate']:.2g}")
    settings["dropout"] = round(settings["dropout"], 2)
    if not 1 <= epochs <= MOST_EPOCHS:
        raise ValueError(f"epochs must be 1 or {MOST_EPOCHS}, but is {epochs}")
    return recipe(settings)


def _kept_runs() -> tuple[list[Run], str]:
    """Read the runs that were kept, and what the reader should know if that cannot be done."""
    try:
        state = work.kept("labs", "tune")
    except WorkFileError as error:
        return [], str(error)
    if state is None:
        return [], ""
    try:
        return _read_runs(state), ""
    except (ValueError, TypeError, KeyError) as error:
        return [], f"The runs that were kept cannot be read ({error}). A new table begins here."


def _read_runs(state: Any) -> list[Run]:
    """Turn a kept state into runs, or raise an error that says what is wrong with it."""
    if not isinstance(state, Mapping) or not isinstance(state.get("runs"), Sequence):
        raise ValueError("there is no list of runs")
    runs = []
    for entry in state["runs"][-MOST_RUNS:]:
        run = Run(**entry)
        counts = run.number, run.epochs, run.right, run.of
        if not all(type(count) is int for count in counts) or type(run.seconds) not in (int, float):
            raise ValueError("a run holds something that is no number")
        if not 0 <= run.right <= run.of <= 1_000_000 or run.of < 1:
            raise ValueError(f"a run has {run.right} of {run.of} right")
        if runs and run.number <= runs[-1].number:
            raise ValueError("the runs are not in their order")
        _recipe(run.settings, run.epochs)
        runs.append(run)
    return runs


def _table(runs: Sequence[Run]) -> str:
    """Write the runs as a table; the best is marked in words."""
    if not runs:
        return ""
    best = max(runs, key=lambda run: run.right / run.of)
    rows = []
    for run in runs:
        mark = " ★ best so far" if run is best else ""
        cells = [*map(str, run.settings.values()), str(run.epochs), f"{run.seconds:g}", run.share, run.interval]
        rows.append(f'<tr><th scope="row">{run.number}{mark}</th><td>' + "</td><td>".join(cells) + "</td></tr>")
    head = "".join(f'<th scope="col">{heading}</th>' for heading in HEADINGS)
    warning = ""
    if len(runs) >= MANY:
        warning = (
            f"<p>The best of {len(runs)} runs is too good: a part of its score is luck. Train with its settings again "
            "before you believe it. Each run has a seed of its own, its number.</p>"
        )
    caption = f"Your runs, judged by {runs[-1].of:,} validation images"
    return (
        f'<div style="overflow-x: auto"><table><caption>{caption}</caption><thead><tr>{head}</tr></thead>'
        f'<tbody style="white-space: nowrap">{"".join(rows)}</tbody></table></div>{warning}'
    )


def _counted(count: int) -> str:
    return "1 run" if count == 1 else f"{count} runs"
