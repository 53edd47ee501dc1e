"""What moves in a notebook by ipywidgets: choices that are live there and a still picture everywhere else."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ipywidgets import Widget
    from matplotlib.figure import Figure


class Choice:
    """A figure that follows its controls in a live notebook; without a kernel, a still figure stands in its place.

    Parameters
    ----------
    draw
        Called with one keyword argument for each control; returns the figure for these values.
    still
        The figure that is stored with the notebook and shown where nothing can be computed, such as a row of states.
    **controls
        An ipywidgets control for each argument of `draw`, such as `digit=IntSlider(7, 0, 9)`.
    """

    def __init__(self, draw: Callable[..., Figure], still: Figure, **controls: Widget) -> None:
        self._draw, self._still, self._controls = draw, still, controls

    def __repr__(self) -> str:
        """Return the same text in every run, as the checks of the stored outputs need it."""
        return f"Choice of {', '.join(self._controls)}: live in a notebook, a still figure here"

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        width, height = (self._still.get_size_inches() * self._still.dpi).astype(int).tolist()
        bundle = {"text/plain": repr(self), "image/png": _png(self._still), **view(self._live())}
        return bundle, {"image/png": {"width": width, "height": height}}

    def _live(self) -> Widget:
        from ipywidgets import HTML, VBox

        shown = HTML()

        def redraw(_: object = None) -> None:
            values = {name: control.value for name, control in self._controls.items()}
            figure = self._draw(**values)
            width = figure.get_size_inches()[0] * figure.dpi
            source = base64.b64encode(_png(figure)).decode()
            alt = escape(", ".join(f"{name} {value}" for name, value in values.items()))
            shown.value = (
                f'<img style="width: {width:.0f}px; max-width: 100%" alt="Figure for {alt}" '
                f'src="data:image/png;base64,{source}">'
            )

        for name, control in self._controls.items():
            # Without a description a control has no name, neither on the page nor for a screen reader.
            control.description = control.description or name
            control.observe(redraw, names="value")
        redraw()
        return VBox([*self._controls.values(), shown])


class Progress:
    """A bar that counts the steps of a long computation in a live notebook; it stores one line of text.

    Parameters
    ----------
    steps
        How many steps there will be.
    label
        What is counted, such as "training, 3 epochs".
    """

    def __init__(self, steps: int, label: str) -> None:
        from IPython.display import display
        from ipywidgets import HBox, IntProgress, Label

        self._label = label
        self._bar = IntProgress(0, 0, steps, description=label, style={"description_width": "initial"})
        self._note = Label()
        self._shown = HBox([self._bar, self._note])
        display(self)

    def step(self, note: str | None = None) -> None:
        """Count one step; a note, such as the loss so far, stands beside the bar until the next one."""
        self._bar.value += 1
        if note is not None:
            self._note.value = note

    def __repr__(self) -> str:
        """Return the same text in every run, as the checks of the stored outputs need it."""
        return f"[{self._label}]"

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        return {"text/plain": repr(self), **view(self._shown)}


def view(widget: Widget) -> dict[str, Any]:
    """Return the part of a cell's output that shows a widget where there is a kernel."""
    kind = "application/vnd.jupyter.widget-view+json"
    return {kind: widget._repr_mimebundle_()[kind]}


def _png(figure: Figure) -> bytes:
    # Twice the pixels for a high-density screen; no time stamp, so that the same figure gives the same bytes.
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=2 * figure.dpi, metadata={"Software": None})
    return buffer.getvalue()
