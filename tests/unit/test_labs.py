"""Choices: a still figure where nothing can be computed, and a live one where something can."""

from __future__ import annotations

import base64
import io
import re

import matplotlib.pyplot as plt
import numpy as np
import pytest
from ipywidgets import HTML, IntProgress, IntSlider, ToggleButtons, Widget
from matplotlib.figure import Figure
from PIL import Image

from digitlib.labs import Choice, Progress

VIEW = "application/vnd.jupyter.widget-view+json"


def _figure(brightness: float) -> Figure:
    figure, axis = plt.subplots(figsize=(1.5, 1))
    axis.imshow(np.full((2, 2), brightness), vmin=0, vmax=9)
    plt.close(figure)
    return figure


@pytest.fixture
def drawn() -> list[dict]:
    return []


@pytest.fixture
def choice(drawn: list[dict]) -> Choice:
    def draw(digit: int, mode: str) -> Figure:
        drawn.append({"digit": digit, "mode": mode})
        return _figure(digit)

    controls = {"digit": IntSlider(7, 0, 9), "mode": ToggleButtons(options=["<plain>", "sharp"])}
    return Choice(draw, _figure(0), **controls)


def _box(bundle: dict) -> Widget:
    return next(widget for widget in _all_widgets() if widget.model_id == bundle[VIEW]["model_id"])


def _all_widgets() -> list[Widget]:
    from ipywidgets.widgets.widget import _instances

    return list(_instances.values())


def test_the_text_is_the_same_in_every_run(choice: Choice) -> None:
    assert repr(choice) == "Choice of digit, mode: live in a notebook, a still figure here"


def test_the_bundle_has_the_still_picture_and_the_live_view(choice: Choice) -> None:
    bundle, metadata = choice._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "image/png", VIEW}
    assert bundle["text/plain"] == repr(choice)
    still = Image.open(io.BytesIO(bundle["image/png"]))
    width, height = metadata["image/png"]["width"], metadata["image/png"]["height"]
    assert (width, height) == (150, 100)
    assert still.size == (2 * width, 2 * height), "twice the pixels, for a crisp picture"


def test_the_still_picture_has_the_same_bytes_each_time(choice: Choice) -> None:
    assert choice._repr_mimebundle_()[0]["image/png"] == choice._repr_mimebundle_()[0]["image/png"]


def test_moving_a_control_redraws(choice: Choice, drawn: list[dict]) -> None:
    digit, mode, shown = _box(choice._repr_mimebundle_()[0]).children
    assert isinstance(shown, HTML)
    assert drawn == [{"digit": 7, "mode": "<plain>"}], "drawn once before anything is moved"
    before = shown.value
    digit.value = 3
    assert drawn[-1] == {"digit": 3, "mode": "<plain>"}
    assert shown.value != before
    mode.value = "sharp"
    assert drawn[-1] == {"digit": 3, "mode": "sharp"}


def test_a_control_without_a_description_is_named_after_its_argument(choice: Choice) -> None:
    *controls, _ = _box(choice._repr_mimebundle_()[0]).children
    assert [control.description for control in controls] == ["digit", "mode"]


def test_the_live_picture_is_one_with_an_alternative_text(choice: Choice) -> None:
    digit, _, shown = _box(choice._repr_mimebundle_()[0]).children
    digit.value = 4
    (source,) = re.findall(r'src="data:image/png;base64,([^"]+)"', shown.value)
    assert Image.open(io.BytesIO(base64.b64decode(source))).size == (300, 200)
    assert 'alt="Figure for digit 4, mode &lt;plain&gt;"' in shown.value


def test_progress_counts_and_stores_one_line() -> None:
    progress = Progress(3, "training, 3 epochs")
    bar = progress._bar
    assert isinstance(bar, IntProgress)
    assert (bar.min, bar.max, bar.value) == (0, 3, 0)
    progress.step()
    progress.step()
    assert bar.value == 2
    assert repr(progress) == "[training, 3 epochs]"
    bundle = progress._repr_mimebundle_()
    assert set(bundle) == {"text/plain", VIEW}
    assert bundle["text/plain"] == "[training, 3 epochs]"
