"""Figures: what is drawn is what was given, on the scale that is named."""

from __future__ import annotations

from collections.abc import Iterator

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.figure import Figure

from digitlib import plots


@pytest.fixture(autouse=True)
def no_figure_stays_open() -> Iterator[None]:
    """Look for figures left open: a notebook would show them twice, as the cell's value and once more."""
    yield
    assert plt.get_fignums() == []


@pytest.fixture
def images() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (12, 28, 28), dtype=np.uint8)


def _drawn(figure: Figure) -> list[np.ndarray]:
    return [np.asarray(axis.images[0].get_array()) for axis in figure.axes if axis.images]


def test_pictures_draws_ink_on_paper(images: np.ndarray) -> None:
    figure = plots.pictures(images, range(12), columns=5)
    for drawn, image in zip(_drawn(figure), images, strict=True):
        np.testing.assert_array_equal(drawn, image)
    first = figure.axes[0].images[0]
    assert first.get_clim() == (0, 255)
    assert first.to_rgba(0) == (1, 1, 1, 1), "0 is white"
    assert first.to_rgba(255) == (0, 0, 0, 1), "255 is black"
    assert [axis.get_title() for axis in figure.axes[:12]] == [str(number) for number in range(12)]


def test_a_pale_picture_is_drawn_pale() -> None:
    assert plots.pictures(np.full((28, 28), 40, np.uint8)).axes[0].images[0].get_clim() == (0, 255)


def test_one_picture_needs_no_stack(images: np.ndarray) -> None:
    assert len(_drawn(plots.pictures(images[0]))) == 1
    assert len(_drawn(plots.maps(images[0]))) == 1


def test_maps_share_one_scale_symmetric_about_zero() -> None:
    stack = np.array([[[0.0, -3.0]], [[1.0, 2.0]]])
    figure = plots.maps(stack, ["a", "b"], label="response")
    assert {axis.images[0].get_clim() for axis in figure.axes if axis.images} == {(-3, 3)}
    assert figure.axes[-1].get_ylabel() == "response"


@pytest.mark.parametrize(
    ("stack", "limits", "expected"),
    [([[[1.0, 4.0]]], None, (0, 4)), ([[[0.0, 0.0]]], None, (0, 1)), ([[[1.0, 4.0]]], (-1, 9), (-1, 9))],
)
def test_the_limits_of_maps(stack: list, limits: tuple | None, expected: tuple) -> None:
    assert plots.maps(stack, limits=limits).axes[0].images[0].get_clim() == expected


@pytest.mark.parametrize("draw", [plots.pictures, plots.maps])
@pytest.mark.parametrize("shape", [(28,), (0, 28, 28), (2, 28, 28, 1), ()], ids=str)
def test_what_is_no_stack_of_pictures(draw: object, shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"expected pictures or maps of shape \(N, H, W\), but was given"):
        draw(np.zeros(shape))


@pytest.mark.parametrize("draw", [plots.pictures, plots.maps])
@pytest.mark.parametrize("titles", [["one"], ["1", "2", "3"], []], ids=len)
def test_a_title_for_each_picture(draw: object, titles: list[str], images: np.ndarray) -> None:
    with pytest.raises(ValueError, match=f"2 pictures or maps need 2 titles, but {len(titles)} were given"):
        draw(images[:2], titles)


def test_numbers_writes_every_number_readably() -> None:
    figure = plots.numbers([[0, 255], [7, 128]], rows="row", columns="column")
    texts = figure.axes[0].texts
    assert [text.get_text() for text in texts] == ["0", "255", "7", "128"]
    assert [text.get_color() for text in texts] == ["white", "black", "white", "black"]
    assert figure.axes[0].get_xlabel() == "column"
    assert [text.get_text() for text in plots.numbers(np.array([[0.126]]), fmt=".2f").axes[0].texts] == ["0.13"]


@pytest.mark.parametrize("shape", [(3,), (2, 2, 2), (0, 3)], ids=str)
def test_numbers_needs_a_matrix(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"expected a matrix of shape \(H, W\), but was given"):
        plots.numbers(np.zeros(shape, int))


def test_curves_differ_in_more_than_colour() -> None:
    series = {name: np.arange(4.0) + number for number, name in enumerate("abcde")}
    axis = plots.curves(series, "epoch", "loss", log="y").axes[0]
    assert len({str(line.get_linestyle()) for line in axis.lines}) >= 4
    assert len({line.get_marker() for line in axis.lines}) == 5
    assert len({line.get_color() for line in axis.lines}) == 5
    assert [text.get_text() for text in axis.get_legend().get_texts()] == list("abcde")
    assert (axis.get_xlabel(), axis.get_ylabel(), axis.get_yscale()) == ("epoch", "loss", "log")


def test_curves_count_from_one_or_take_their_x() -> None:
    axis = plots.curves({"counted": [5.0, 6.0], "given": ([0.1, 0.2, 0.3], [1, 2, 3])}, "x", "y").axes[0]
    np.testing.assert_array_equal(axis.lines[0].get_xdata(), [1, 2])
    np.testing.assert_array_equal(axis.lines[1].get_xdata(), [0.1, 0.2, 0.3])


def test_curves_with_one_name_need_no_legend() -> None:
    assert plots.curves({"loss": [3, 2, 1]}, "epoch", "loss").axes[0].get_legend() is None


def test_too_many_curves() -> None:
    with pytest.raises(ValueError, match="at most 5 curves, but was given 6"):
        plots.curves({str(number): [1, 2] for number in range(6)}, "x", "y")


def test_bars_are_as_high_as_their_values() -> None:
    axis = plots.bars([0.1, 0.9], ["no", "yes"], "answer", "probability").axes[0]
    assert [bar.get_height() for bar in axis.patches] == [0.1, 0.9]
    assert [label.get_text() for label in axis.get_xticklabels()] == ["no", "yes"]
    assert len(plots.bars(np.full(10, 0.1)).axes[0].patches) == 10


def test_figures_are_no_wider_than_a_page(images: np.ndarray) -> None:
    for figure in (plots.curves({"a": [1, 2]}, "x", "y"), plots.bars(np.full(10, 0.1))):
        assert figure.get_size_inches()[0] <= 6.5


def test_the_books_style(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(
        "matplotlib_inline.backend_inline.set_matplotlib_formats",
        lambda *kinds, **options: asked.append((kinds, options)),
    )
    with plt.rc_context():
        plots.use_book_style()
        assert plt.rcParams["figure.facecolor"] == "white", "it must read on the dark page, too"
        assert plt.rcParams["image.interpolation"] == "nearest"
    # No time stamp: the same figure gives the same file.
    assert asked == [(("retina",), {"metadata": {"Software": None}})]


def test_parallel_draws_each_setting_once_and_sets_off_the_chosen() -> None:
    figure = plots.parallel(
        {"rate": [0.001, 0.01, 0.1], "filters": [8, 32, 8], "score": [90.0, 99.0, 95.0]}, [False, True, False], ["rate"]
    )
    lines = [line for line in figure.axes[0].lines if len(line.get_ydata()) == 3]
    heights = {line.get_linewidth(): [] for line in lines}
    for line in lines:
        heights[line.get_linewidth()].append([round(float(value), 3) for value in line.get_ydata()])
    thin, thick = sorted(heights)
    assert heights[thick] == [[0.5, 1.0, 1.0]]  # 0.01 is half-way from 0.001 to 0.1 by factors
    assert heights[thin] == [[0.0, 0.0, 0.0], [1.0, 0.0, 0.556]]
    assert [tick.get_text() for tick in figure.axes[0].get_xticklabels()] == ["rate", "filters", "score"]
    written = [text.get_text() for text in figure.axes[0].texts]
    assert written[:3] == ["0.001", "0.01", "0.1"]
    assert written[3:5] == ["8", "32"]


def test_parallel_bears_a_quantity_that_never_changes() -> None:
    assert plots.parallel({"rate": [0.1, 0.1], "score": [1, 2]}, [True, False]).axes


@pytest.mark.parametrize("axes", [{"rate": [1, 2]}, {"rate": [1, 2], "score": [1, 2, 3]}])
def test_parallel_needs_two_quantities_of_one_length(axes: dict) -> None:
    with pytest.raises(ValueError, match="two or more quantities of 2 values each"):
        plots.parallel(axes, [True, False])
