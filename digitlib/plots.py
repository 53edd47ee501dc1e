"""Figures from plain arrays, in the book's one style. Knows nothing of models.

Every function returns a matplotlib Figure; as the last line of a cell it is shown. Used in every chapter.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator
from numpy.typing import ArrayLike, NDArray

INK = "gray_r"  # pictures of digits: 0 is paper, 255 is ink
SCALE = "cividis"  # everything else: lightness grows with the value, so it reads in grey and colour-blind, too

# Lines differ in colour, in dash and in marker, so that colour is never the only signal.
_LINES = [
    {"color": "#0072b2", "linestyle": "-", "marker": "o"},
    {"color": "#d55e00", "linestyle": "--", "marker": "s"},
    {"color": "#007a5a", "linestyle": "-.", "marker": "^"},
    {"color": "#a0408a", "linestyle": ":", "marker": "D"},
    {"color": "#5a5a5a", "linestyle": (0, (5, 1, 1, 1, 1, 1)), "marker": "v"},
]


def use_book_style() -> None:
    """Draw this notebook's figures in the book's style: crisp, readable on both themes. In every first cell."""
    plt.rcParams.update(
        {
            "figure.facecolor": "white",
            "figure.dpi": 100,
            "figure.constrained_layout.use": True,
            "font.size": 12,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.titlesize": 12,
            "image.interpolation": "nearest",
            "legend.frameon": False,
            "lines.linewidth": 2,
            "lines.markersize": 5,
        }
    )
    from matplotlib_inline.backend_inline import set_matplotlib_formats

    # Twice the pixels for a high-density screen; no time stamp, so that the same figure gives the same file.
    set_matplotlib_formats("retina", metadata={"Software": None})


def pictures(
    images: ArrayLike,
    titles: Sequence[object] | None = None,
    columns: int = 10,
    size: float = 0.85,
) -> Figure:
    """Draw images of digits side by side: paper white, ink black.

    Parameters
    ----------
    images
        Shape (N, 28, 28) or any (N, H, W), grey values from 0 to 255; or one image (H, W).
    titles
        One for each image, written above it.
    columns
        How many stand in a row.
    size
        Width of an image in inches.
    """
    stack = _stack(images)
    named = _titles(titles, len(stack))
    figure, axes = _grid(len(stack), columns, size, room=0.3 if titles is not None else 0.0)
    for axis, image, title in zip(axes, stack, named, strict=True):
        axis.imshow(image, cmap=INK, vmin=0, vmax=255)
        axis.set_title(str(title), fontsize=10)
    return _done(figure)


def maps(
    arrays: ArrayLike,
    titles: Sequence[object] | None = None,
    columns: int = 8,
    size: float = 1.0,
    limits: tuple[float, float] | None = None,
    label: str = "",
) -> Figure:
    """Draw filters or feature maps side by side on one common scale, with its colour bar.

    Parameters
    ----------
    arrays
        Shape (N, H, W), or one map (H, W).
    titles
        One for each map.
    columns, size
        How many stand in a row, and the width of one in inches.
    limits
        The values at the scale's two ends; by default symmetric about zero if there are negative values, else from 0
        to the largest.
    label
        What the colour bar measures.
    """
    stack = _stack(arrays)
    low, high = limits or _limits(stack)
    named = _titles(titles, len(stack))
    figure, axes = _grid(len(stack), columns, size, room=0.3 if titles is not None else 0.0, extra_width=0.9)
    for axis, array, title in zip(axes, stack, named, strict=True):
        drawn = axis.imshow(array, cmap=SCALE, vmin=low, vmax=high)
        axis.set_title(str(title), fontsize=10)
    figure.colorbar(drawn, ax=axes, label=label, shrink=0.9, pad=0.02)
    return _done(figure)


def numbers(matrix: ArrayLike, fmt: str = "d", size: float = 0.45, rows: str = "", columns: str = "") -> Figure:
    """Draw a matrix as a table of coloured cells with the number written in each.

    Parameters
    ----------
    matrix
        Shape (H, W).
    fmt
        How a number is written, as in `format`.
    size
        Side of a cell in inches.
    rows, columns
        What the two axes count; their ticks are shown where this is given.
    """
    matrix = np.asarray(matrix)
    if matrix.ndim != 2 or matrix.size == 0:
        raise ValueError(f"expected a matrix of shape (H, W), but was given {matrix.shape}")
    height, width = matrix.shape
    figure, axis = plt.subplots(figsize=(width * size + 0.8, height * size + 0.8))
    drawn = axis.imshow(matrix, cmap=SCALE)
    middle = drawn.norm.vmin + (drawn.norm.vmax - drawn.norm.vmin) / 2
    for (row, column), value in np.ndenumerate(matrix):
        ink = "black" if value > middle else "white"
        axis.text(column, row, format(value, fmt), ha="center", va="center", color=ink, fontsize=20 * size)
    axis.set_xticks(range(width) if columns else [])
    axis.set_yticks(range(height) if rows else [])
    axis.set_xlabel(columns)
    axis.set_ylabel(rows)
    axis.spines[:].set_visible(False)
    return _done(figure)


def curves(
    series: Mapping[str, ArrayLike | tuple[ArrayLike, ArrayLike]],
    xlabel: str,
    ylabel: str,
    *,
    log: str = "",
    width: float = 6.0,
) -> Figure:
    """Draw up to five curves, each with a name.

    Parameters
    ----------
    series
        For each name its values, counted from 1, or a pair (x, values).
    xlabel, ylabel
        What the axes measure, with the unit.
    log
        "x", "y" or "xy" for logarithmic axes.
    width
        Width in inches.
    """
    if len(series) > len(_LINES):
        raise ValueError(f"one figure shows at most {len(_LINES)} curves, but was given {len(series)}")
    figure, axis = plt.subplots(figsize=(width, 0.6 * width))
    whole = True
    for (name, values), line in zip(series.items(), _LINES, strict=False):
        x, y = values if isinstance(values, tuple) else (np.arange(1, len(np.asarray(values)) + 1), values)
        # At most a dozen markers, or they hide the line.
        whole = whole and np.issubdtype(np.asarray(x).dtype, np.integer)
        axis.plot(x, y, label=name, markevery=max(1, len(np.asarray(y)) // 12), **line)
    axis.set_xlabel(xlabel)
    axis.set_ylabel(ylabel)
    if whole:
        axis.xaxis.get_major_locator().set_params(integer=True)
    if "x" in log:
        axis.set_xscale("log")
    if "y" in log:
        axis.set_yscale("log")
    if len(series) > 1:
        axis.legend()
    axis.grid(alpha=0.3)
    return _done(figure)


def parallel(axes: Mapping[str, ArrayLike], chosen: ArrayLike, log: Sequence[str] = ()) -> Figure:
    """Draw many settings as lines across parallel axes, one axis for each quantity, some of them set off.

    Introduced in the chapter *Hyper-parameter tuning*.

    Parameters
    ----------
    axes
        For each quantity its N values; at least two quantities.
    chosen
        Shape (N,), bool: which of the lines are drawn thick and dark; the others are thin and pale.
    log
        The quantities whose axis is logarithmic.

    Raises
    ------
    ValueError
        If there are fewer than two quantities, or they differ in the number of values.
    """
    columns = {name: np.asarray(values, dtype=float) for name, values in axes.items()}
    chosen = np.asarray(chosen, dtype=bool)
    if len(columns) < 2 or any(values.shape != chosen.shape for values in columns.values()):
        shapes = ", ".join(f"{name} {values.shape}" for name, values in columns.items())
        raise ValueError(f"expected two or more quantities of {len(chosen)} values each, but was given {shapes}")
    figure, axis = plt.subplots(figsize=(6.5, 3.4))
    heights = []
    for place, (name, values) in enumerate(columns.items()):
        scaled, locator = (np.log, LogLocator(subs=(1, 3))) if name in log else (np.asarray, MaxNLocator(4))
        low, high = scaled(values).min(), scaled(values).max()
        heights.append((scaled(values) - low) / ((high - low) or 1))
        axis.axvline(place, color="0.4", linewidth=0.8)
        few = np.unique(values)
        ticks = few if len(few) <= 5 else locator.tick_values(values.min(), values.max())
        for tick in ticks[(ticks >= values.min()) & (ticks <= values.max())]:
            height = (scaled(tick) - low) / ((high - low) or 1)
            backing = {"facecolor": "white", "alpha": 0.8, "edgecolor": "none", "pad": 0.8}
            axis.text(place + 0.05, height, f"{tick:.4g}", va="center", fontsize=10, bbox=backing, zorder=3)
    heights = np.array(heights)
    axis.plot(heights[:, ~chosen], color="#9a9a9a", linewidth=0.7, alpha=0.6)
    axis.plot(heights[:, chosen], color="#0072b2", linewidth=1.8)
    axis.set_xticks(range(len(columns)), list(columns))
    axis.set_yticks([])
    axis.set_xlim(-0.15, len(columns) - 0.55)
    axis.spines[:].set_visible(False)
    axis.tick_params(length=0)
    return _done(figure)


def bars(values: ArrayLike, names: Sequence[object] = range(10), xlabel: str = "", ylabel: str = "") -> Figure:
    """Draw one bar for each value, such as the ten probabilities of a digit."""
    values = np.asarray(values)
    figure, axis = plt.subplots(figsize=(max(4.0, 0.55 * len(values)), 2.6))
    axis.bar([str(name) for name in names], values, color=_LINES[0]["color"])
    axis.set_xlabel(xlabel)
    axis.set_ylabel(ylabel)
    return _done(figure)


def network(layers: Sequence[tuple[str, Sequence[int], int]], width: float = 4.6) -> Figure:
    """Draw a network from top to bottom: for each layer its output to scale, with shape and number of parameters.

    Introduced in the chapter *Building the network, layer by layer*.

    Parameters
    ----------
    layers
        For each layer its name, the shape of its output (height, width, channels) or (values,), and how many
        parameters it has. Layers with parameters are drawn in colour.
    width
        Width in inches.

    Raises
    ------
    ValueError
        If there are no layers, or a shape has neither one nor three sizes.
    """
    if len(layers) == 0:
        raise ValueError("there are no layers to draw")
    for name, shape, _ in layers:
        if len(shape) not in (1, 3):
            raise ValueError(f"the layer {name} must have a shape of one or three sizes, but has {tuple(shape)}")
    figure, axis = plt.subplots()
    look = {"edgecolor": "#333333", "linewidth": 0.8}
    top = 0.0
    for name, shape, parameters in layers:
        look["facecolor"] = "#9ecae8" if parameters else "#f2f2f2"
        side, count = (shape[0], shape[2]) if len(shape) == 3 else (4, min(shape[0], 12))
        # A stack of sheets, each a little behind the last: more channels, more sheets, but far fewer than there are.
        # Values without place stand in a row.
        if len(shape) == 3:
            count = 1 if count == 1 else math.ceil(1.3 * math.sqrt(count))
            right, back = 1.4, 1.4
        else:
            right, back = 4.0, 0.0
        tall, wide = side + back * (count - 1), side + right * (count - 1)
        room = max(tall, 12.0)
        base = top - (room + tall) / 2
        for sheet in reversed(range(count)):
            corner = (right * sheet - wide / 2, base + back * sheet)
            axis.add_patch(plt.Rectangle(corner, side, side, **look))
        sizes = " × ".join(f"{size:,}" for size in shape)
        counted = f"\n{parameters:,} parameters" if parameters else ""
        axis.text(-62, top - room / 2, name, va="center", ha="left", weight="bold", fontsize=11)
        axis.text(62, top - room / 2, sizes + counted, va="center", ha="right", fontsize=11, linespacing=1.2)
        top -= room + 5
    axis.set(xlim=(-64, 64), ylim=(top + 3, 2), aspect="equal")
    axis.axis("off")
    figure.set_size_inches(width, width * (-top - 1) / 128)
    return _done(figure)


def _stack(arrays: ArrayLike) -> NDArray:
    stack = np.asarray(arrays)
    if stack.ndim == 2:
        stack = stack[np.newaxis]
    if stack.ndim != 3 or len(stack) == 0:
        raise ValueError(f"expected pictures or maps of shape (N, H, W), but was given {stack.shape}")
    return stack


def _titles(titles: Sequence[object] | None, count: int) -> Sequence[object]:
    if titles is None:
        return [""] * count
    if len(titles) != count:
        raise ValueError(f"{count} pictures or maps need {count} titles, but {len(titles)} were given")
    return titles


def _limits(stack: NDArray) -> tuple[float, float]:
    largest = float(np.abs(stack).max()) or 1.0
    return (-largest if stack.min() < 0 else 0.0), largest


def _grid(count: int, columns: int, size: float, room: float, extra_width: float = 0.0) -> tuple[Figure, NDArray]:
    columns = min(columns, count)
    rows = math.ceil(count / columns)
    figure, axes = plt.subplots(
        rows, columns, figsize=(columns * size + extra_width, rows * (size + room)), squeeze=False
    )
    for axis in axes.flat:
        axis.axis("off")
    return figure, axes.flatten()[:count]


def _done(figure: Figure) -> Figure:
    # Closed, so that the notebook shows the figure once: as the value of the cell's last line.
    plt.close(figure)
    return figure
