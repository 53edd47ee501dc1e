"""The diagram of a network: every layer is drawn and named, with its shape and its count."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pytest
from matplotlib.patches import Rectangle

from digitlib import plots

LAYERS = [("input", (28, 28, 1), 0), ("conv1", (24, 24, 16), 400), ("flatten", (9216,), 0), ("dense", (10,), 92_170)]


def test_every_layer_is_named_with_shape_and_parameters() -> None:
    written = [text.get_text() for text in plots.network(LAYERS).axes[0].texts]
    assert written[0::2] == ["input", "conv1", "flatten", "dense"]
    assert written[1::2] == ["28 × 28 × 1", "24 × 24 × 16\n400 parameters", "9,216", "10\n92,170 parameters"]


def test_a_picture_is_one_sheet_and_a_stack_several() -> None:
    def drawn(*layers: tuple) -> list[Rectangle]:
        return [patch for patch in plots.network(layers).axes[0].patches if isinstance(patch, Rectangle)]

    assert len(drawn(LAYERS[0])) == 1
    assert len(drawn(LAYERS[1])) > 1
    assert {sheet.get_width() for sheet in drawn(LAYERS[1])} == {24}


def test_layers_with_parameters_have_another_colour() -> None:
    with_and_without = [plots.network([layer]).axes[0].patches[0].get_facecolor() for layer in LAYERS[:2]]
    assert with_and_without[0] != with_and_without[1]


def test_the_figure_fits_the_page_and_is_closed() -> None:
    assert plots.network(LAYERS).get_size_inches()[0] <= 6.5
    assert plt.get_fignums() == []


@pytest.mark.parametrize("shape", [(), (28, 28), (None, 28, 28, 1)])
def test_a_shape_that_cannot_be_drawn(shape: tuple) -> None:
    with pytest.raises(ValueError, match="the layer odd must have a shape of one or three sizes"):
        plots.network([("odd", shape, 0)])


def test_no_layers() -> None:
    with pytest.raises(ValueError, match="no layers to draw"):
        plots.network([])
