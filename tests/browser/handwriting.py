"""Digits as a hand writes them: strokes in several styles, and what makes a hand differ from a template.

Every style is a list of strokes, a stroke an array of points (N, 2) with x to the right and y down, in a box of width
about 0.6 and height 1.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Strokes = list[NDArray[np.float64]]


def _line(*points: tuple[float, float]) -> NDArray[np.float64]:
    return np.array(points, float)


def _arc(cx: float, cy: float, rx: float, ry: float, start: float, end: float) -> NDArray[np.float64]:
    """Part of an ellipse; angles in degrees, 0 to the right, 90 up, 180 to the left."""
    angles = np.radians(np.linspace(start, end, 30))
    return np.stack([cx + rx * np.cos(angles), cy - ry * np.sin(angles)], axis=1)


def _bend(*points: tuple[float, float]) -> NDArray[np.float64]:
    """Draw a smooth curve through the points (Catmull-Rom)."""
    p = np.array([points[0], *points, points[-1]], float)
    t = np.linspace(0, 1, 12)[:, None]
    pieces = [
        0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
        for a, b, c, d in zip(p, p[1:], p[2:], p[3:], strict=False)
    ]
    return np.concatenate(pieces)


def _join(*parts: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.concatenate(parts)


STYLES: dict[int, list[Strokes]] = {
    0: [
        [_arc(0.3, 0.5, 0.3, 0.5, 90, 450)],
        [_arc(0.3, 0.5, 0.22, 0.5, 60, 425)],
        [_arc(0.35, 0.5, 0.38, 0.5, 120, 490)],
    ],
    1: [
        [_line((0.3, 0), (0.3, 1))],
        [_line((0.1, 0.25), (0.3, 0), (0.3, 1))],
        [_line((0.42, 0), (0.25, 1))],
        [_line((0.1, 0.22), (0.3, 0), (0.3, 1)), _line((0.1, 1), (0.5, 1))],
    ],
    2: [
        [_join(_arc(0.3, 0.28, 0.28, 0.28, 165, -20), _line((0.5, 0.45), (0.02, 1), (0.62, 1)))],
        [_bend((0.05, 0.2), (0.3, 0), (0.55, 0.22), (0.35, 0.6), (0.0, 1.0)), _line((0.0, 1), (0.6, 0.97))],
        [
            _bend(
                (0.05, 0.22),
                (0.3, 0),
                (0.55, 0.25),
                (0.3, 0.68),
                (0.05, 0.95),
                (0.02, 0.82),
                (0.2, 0.82),
                (0.4, 0.97),
                (0.65, 0.92),
            )
        ],
    ],
    3: [
        [_join(_arc(0.25, 0.25, 0.28, 0.25, 150, -90), _arc(0.25, 0.75, 0.32, 0.25, 90, -150))],
        [_bend((0.05, 0.1), (0.3, 0), (0.52, 0.2), (0.22, 0.46), (0.56, 0.72), (0.3, 1), (0.0, 0.9))],
        [_join(_line((0.05, 0), (0.52, 0), (0.25, 0.4)), _arc(0.25, 0.7, 0.3, 0.3, 90, -150))],
    ],
    4: [
        [_line((0.1, 0), (0.02, 0.55), (0.6, 0.55)), _line((0.45, 0.05), (0.45, 1))],
        [_line((0.42, 0), (0.0, 0.65), (0.62, 0.65)), _line((0.42, 0), (0.42, 1))],
        [_bend((0.08, 0), (0.03, 0.4), (0.2, 0.52), (0.5, 0.45)), _line((0.52, 0), (0.48, 1))],
    ],
    5: [
        [_join(_line((0.5, 0), (0.08, 0), (0.05, 0.42)), _arc(0.25, 0.68, 0.32, 0.32, 130, -145))],
        [_bend((0.1, 0), (0.08, 0.42), (0.38, 0.4), (0.56, 0.68), (0.3, 1), (0.0, 0.92)), _line((0.1, 0), (0.55, 0))],
        [_bend((0.55, 0.02), (0.15, 0.04), (0.1, 0.42), (0.4, 0.45), (0.52, 0.72), (0.28, 1), (0.02, 0.9))],
    ],
    6: [
        [_bend((0.48, 0), (0.15, 0.35), (0.03, 0.72), (0.28, 1), (0.53, 0.75), (0.3, 0.52), (0.06, 0.72))],
        [_join(_bend((0.4, 0), (0.12, 0.3), (0.02, 0.7)), _arc(0.28, 0.73, 0.26, 0.27, 180, 540))],
        [_bend((0.3, 0), (0.06, 0.4), (0.04, 0.8), (0.3, 1), (0.5, 0.8), (0.35, 0.62), (0.08, 0.78))],
    ],
    7: [
        [_line((0, 0), (0.6, 0), (0.22, 1))],
        [_line((0, 0), (0.6, 0), (0.2, 1)), _line((0.15, 0.5), (0.58, 0.5))],
        [_bend((0.0, 0.06), (0.3, 0.03), (0.58, 0.0), (0.4, 0.4), (0.28, 1))],
        [_line((0.0, 0.15), (0.02, 0), (0.58, 0), (0.28, 1))],
    ],
    8: [
        [_arc(0.3, 0.25, 0.23, 0.25, 270, 630), _arc(0.3, 0.75, 0.29, 0.25, 90, 450)],
        [
            _bend(
                (0.48, 0.12),
                (0.28, 0),
                (0.08, 0.2),
                (0.3, 0.46),
                (0.55, 0.75),
                (0.3, 1),
                (0.04, 0.78),
                (0.3, 0.48),
                (0.52, 0.22),
                (0.46, 0.1),
            )
        ],
        [
            _bend(
                (0.3, 0.48),
                (0.08, 0.22),
                (0.3, 0),
                (0.52, 0.22),
                (0.3, 0.48),
                (0.03, 0.76),
                (0.3, 1),
                (0.57, 0.76),
                (0.3, 0.48),
            )
        ],
    ],
    9: [
        [_join(_arc(0.28, 0.28, 0.26, 0.28, 0, 360), _line((0.54, 0.28), (0.5, 1)))],
        [_bend((0.52, 0.2), (0.28, 0), (0.04, 0.26), (0.26, 0.5), (0.52, 0.24), (0.5, 0.6), (0.42, 1))],
        [_join(_arc(0.28, 0.27, 0.25, 0.27, 20, 360), _bend((0.53, 0.27), (0.5, 0.75), (0.3, 1), (0.08, 0.92)))],
    ],
}


def neat(digit: int, rng: np.random.Generator) -> Strokes:
    """Write a digit carefully: one of its styles, with the little differences of any two copies."""
    strokes = STYLES[digit][rng.integers(len(STYLES[digit]))]
    lean = rng.uniform(-0.1, 0.15)
    width = rng.uniform(0.85, 1.15)
    return [_wobble(_transform(s, width, lean, rng.uniform(-4, 4)), 0.006, rng) for s in strokes]


def careless(digit: int, rng: np.random.Generator) -> Strokes:
    """Write a digit slanted, squeezed or shakily, or all three a little, so that a person still reads it."""
    strokes = STYLES[digit][rng.integers(len(STYLES[digit]))]
    kind = rng.integers(4)
    lean = rng.choice([-1, 1]) * rng.uniform(0.2, 0.4) if kind == 0 else rng.uniform(-0.1, 0.2)
    width = rng.choice([rng.uniform(0.6, 0.75), rng.uniform(1.3, 1.5)]) if kind == 1 else rng.uniform(0.85, 1.2)
    turn = rng.uniform(-12, 12) if kind == 3 else rng.uniform(-5, 5)
    shake = rng.uniform(0.015, 0.025) if kind == 2 else 0.008
    return [_wobble(_transform(s, width, lean, turn), shake, rng) for s in strokes]


def _transform(stroke: NDArray[np.float64], width: float, lean: float, degrees: float) -> NDArray[np.float64]:
    x, y = (stroke - [0.3, 0.5]).T
    x = width * x - lean * y
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return np.stack([c * x - s * y, s * x + c * y], axis=1)


def _wobble(stroke: NDArray[np.float64], size: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """Resample to even steps, then let the hand shake: slow deviations, not noise from point to point."""
    along = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(stroke, axis=0).T))])
    steps = max(int(along[-1] / 0.06), 2)
    places = np.linspace(0, along[-1], steps)
    points = np.stack([np.interp(places, along, stroke[:, i]) for i in (0, 1)], axis=1)
    knots = rng.normal(0, size, (steps // 3 + 2, 2))
    shake = np.stack([np.interp(np.arange(steps) / 3, np.arange(len(knots)), knots[:, i]) for i in (0, 1)], axis=1)
    return points + shake


def on_sheet(strokes: Strokes, side: int, rng: np.random.Generator, smallest: int = 60) -> list[list[tuple[int, int]]]:
    """Put a digit of random height somewhere on a sheet of `side` pixels; whole pixels."""
    points = np.concatenate(strokes)
    low, high = points.min(axis=0), points.max(axis=0)
    scale = rng.uniform(smallest, 0.8 * side) / (high - low).max()
    room = side - scale * (high - low) - 24
    corner = 12 + rng.uniform(0, 1, 2) * room
    return [[(int(x), int(y)) for x, y in np.round((s - low) * scale + corner)] for s in strokes]
