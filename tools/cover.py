"""Draw the landing page's mosaic of digits and the card that is shown where someone shares a link to the book.

Run it again only to change them: `.venv/bin/python tools/cover.py`. Both pictures are stored in the repository.
"""

from __future__ import annotations

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from numpy.typing import NDArray

from digitlib import load_mnist

STATIC = Path(__file__).resolve().parents[1] / "book" / "_static"
BLUE = "#1d4e89"
INK = LinearSegmentedColormap.from_list("book", ["white", BLUE])
NO_SOFTWARE = {"Software": None}  # so that the same picture gives the same file


def mosaic(rows: int, columns: int) -> NDArray[np.uint8]:
    """Return the first training digits of each class, one class a row, as one picture."""
    digits = load_mnist()
    chosen = [digits.x_train[digits.y_train == digit][:columns] for digit in range(rows)]
    return np.vstack([np.hstack(row) for row in chosen])


def draw_mosaic(file: Path) -> None:
    """Draw twice as many pixels as the page shows, for high-density screens."""
    enlarged = mosaic(10, 24).repeat(2, axis=0).repeat(2, axis=1)
    plt.imsave(file, enlarged, cmap=INK, metadata=NO_SOFTWARE)


def draw_social_card(file: Path) -> None:
    """Draw 1200 × 630 pixels, the size that such cards have."""
    figure = plt.figure(figsize=(12, 6.3), dpi=100, facecolor=BLUE)
    axis = figure.add_axes((0.5, 0, 0.5, 1))
    axis.imshow(mosaic(10, 10), cmap=INK, aspect="auto", interpolation="nearest")
    axis.axis("off")
    figure.text(0.05, 0.60, "The Digits Book", color="white", fontsize=40, weight="bold")
    subtitle = "How a convolutional network\nreads handwritten digits,\nwith nothing hidden"
    figure.text(0.05, 0.53, subtitle, color="white", fontsize=23, va="top", linespacing=1.5)
    figure.savefig(file, facecolor=BLUE, metadata=NO_SOFTWARE)


if __name__ == "__main__":
    draw_mosaic(STATIC / "digits.png")
    draw_social_card(STATIC / "social-card.png")
