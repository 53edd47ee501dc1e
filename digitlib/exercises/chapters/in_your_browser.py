"""Exercises of the chapter *How this page runs the network*."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitlib.exercises.answers import function, in_one_row, kind, number, recognise, whole
from digitlib.exercises.exercise import Exercise, Mistake
from digitlib.model import PRETRAINED_FILE


def given() -> dict[str, Any]:
    """Return what the chapter has defined when its exercises begin, as far as the solutions use it."""
    length, header = _header()
    return {"np": np, "start": 8 + length, "header": header}


@cache
def _header() -> tuple[int, dict[str, Any]]:
    """Read the header of the shipped weights: its length, and what it says of each array."""
    content = PRETRAINED_FILE.read_bytes()
    length = int.from_bytes(content[:8], "little")
    return length, json.loads(content[8 : 8 + length])


# ------------------------------------------------------------------------------------------------- sixteen bits

SIXTEEN = 0b1_01101_0100000000
VALUE = float(np.uint16(SIXTEEN).view(np.float16))


def _check_sixteen(answer: Any) -> None:
    recognise(
        number(answer),
        VALUE,
        {
            "sign-forgotten": -VALUE,
            "no-leading-1": VALUE + 2**-2,
            "offset-forgotten": -1.25 * 2.0**13,
            "offset-16": VALUE / 2,
            "offset-14": 2 * VALUE,
            "exponent-positive": -1.25 * 4,
            "thousandths": -1.256 / 4,
            "fraction-as-it-is": -257 / 4,
            "whole-number": SIXTEEN,
            "exponent-times": -1.25 * -2,
        },
        tolerance=1e-9,
    )


SIXTEEN_BITS = Exercise(
    name="sixteen-bits",
    title="Sixteen bits by hand",
    asks="One number.",
    grade=_check_sixteen,
    mistakes={
        "sign-forgotten": "Look at the first bit once more.",
        "no-leading-1": "A 1 stands in front of the fraction, though it is not stored.",
        "offset-forgotten": "From the exponent something is subtracted, so that small numbers have exponents, too.",
        "offset-16": "Half too small: how much is subtracted from the exponent?",
        "offset-14": "Twice too large: how much is subtracted from the exponent?",
        "exponent-positive": "The exponent is negative here: 2 to the power of -1 is one half.",
        "thousandths": "The fraction counts parts of 1,024, not of 1,000.",
        "fraction-as-it-is": "The fraction is a share: 256 parts of how many?",
        "whole-number": "That is the pattern read as a whole number. Split it in three parts: 1, 5 and 10 bits.",
        "exponent-times": "The exponent says how often to multiply by 2, or to halve. It is no factor itself.",
        "other": "Write down sign, exponent and fraction as whole numbers first, as the chapter does for 1 10001 1010000000.",
    },
    hints=(
        "Three parts: one bit for the sign, five for the exponent, ten for the fraction.",
        "The exponent 01101 is 8 + 4 + 1. Subtract 15.",
        "The fraction is 256 of 1,024. Add 1, multiply by the power of 2, mind the sign.",
    ),
    solution="""\
# Sign 1: minus. Exponent 01101 = 13, less 15: -2. Fraction 0100000000 = 256 of 1,024.
answer = -(1 + 256 / 1024) * 2.0**-2""",
    right=(lambda: np.float16(VALUE), lambda: -5 / 16),
    wrong=(
        ("sign-forgotten", lambda: 0.3125),
        ("no-leading-1", lambda: -0.0625),
        ("offset-forgotten", lambda: -10_240),
        ("offset-16", lambda: -0.15625),
        ("offset-14", lambda: -0.625),
        ("exponent-positive", lambda: -5.0),
        ("thousandths", lambda: -0.314),
        ("fraction-as-it-is", lambda: -64.25),
        ("whole-number", lambda: 0b1_01101_0100000000),
        ("exponent-times", lambda: 2.5),
        ("other", lambda: -1.25),
        ("type", lambda: "-0.3125"),
    ),
)

# -------------------------------------------------------------------------------------- one weight in the file

AT = (1, 2, 3, 17)  # row, column, channel, filter


@cache
def _bytes_of_a_weight() -> dict[str, int]:
    """Work out the right byte, and where each mistake leads."""
    length, header = _header()
    entry = header["conv2/kernel"]
    shape, offset = entry["shape"], entry["data_offsets"][0]
    place = int(np.ravel_multi_index(AT, shape))
    start = 8 + length
    row, column, channel, number_of_filter = AT
    exchanged = int(np.ravel_multi_index((row, column, number_of_filter, channel), (*shape[:2], shape[3], shape[2])))
    return {
        "right": start + offset + 2 * place,
        "place": place,
        "numbers": start + offset + place,
        "not-the-first": start + 2 * place,
        "without-header": offset + 2 * place,
        "without-length": length + offset + 2 * place,
        "four-bytes": start + offset + 4 * place,
        "channel-and-filter": start + offset + 2 * exchanged,
        "columns-first": start + offset + 2 * int(np.ravel_multi_index(AT, shape, order="F")),
        "second-byte": start + offset + 2 * place + 1,
        "one-weight-on": start + offset + 2 * place + 2,
    }


def _check_byte(answer: Any) -> None:
    places = _bytes_of_a_weight()
    recognise(whole(answer), places["right"], {name: place for name, place in places.items() if name != "right"})


ONE_WEIGHT = Exercise(
    name="one-weight-in-the-file",
    title="One weight in the file",
    asks="A whole number: the first of the weight's two bytes, counted from 0 at the beginning of the file.",
    grade=_check_byte,
    mistakes={
        "place": "That is the weight's number in its array. Where in the file does it begin?",
        "numbers": "Each number takes two bytes, so twice as many lie before it.",
        "not-the-first": "Another array lies before this one. What do data_offsets say?",
        "without-header": "That is counted from the end of the header. Count from the beginning of the file.",
        "without-length": "The length of the header takes room, too: how many bytes?",
        "four-bytes": "Four bytes would be float32. The file holds float16.",
        "channel-and-filter": "Channel and filter are exchanged: the shape is rows, columns, channels, filters.",
        "columns-first": "The last axis is counted fastest, as in the list above, not the first.",
        "second-byte": "That is the second of its two bytes.",
        "one-weight-on": "That is the byte behind it. Places are counted from 0.",
        "other": "Work it out in three steps: the place in the array, the bytes before it in the array, the bytes before the "
        "array in the file.",
    },
    hints=(
        "The place is like the one above, with one axis more: ((row · columns + column) · channels + channel) · filters + "
        "filter.",
        "Two bytes for each number before it.",
        "To these come the array's own offset and `start`, where the numbers begin.",
    ),
    solution="""\
place = ((1 * 5 + 2) * 24 + 3) * 48 + 17
answer = start + header["conv2/kernel"]["data_offsets"][0] + 2 * place""",
    right=(lambda: float(_bytes_of_a_weight()["right"]), lambda: np.int64(_bytes_of_a_weight()["right"])),
    wrong=(
        *(
            (name, lambda name=name: _bytes_of_a_weight()[name])
            for name in (
                "place",
                "numbers",
                "not-the-first",
                "without-header",
                "without-length",
                "four-bytes",
                "channel-and-filter",
                "columns-first",
                "second-byte",
                "one-weight-on",
            )
        ),
        ("other", lambda: _bytes_of_a_weight()["right"] - 96),
        ("type", lambda: _bytes_of_a_weight()["right"] + 0.5),
        ("type", lambda: "conv2/kernel"),
    ),
)

# ------------------------------------------------------------------------------------------------- eight bits


def _eight_bits(array_: NDArray, axis: tuple[int, ...] | None = None, largest: int = 127) -> NDArray:
    """Round to whole numbers times a factor; `axis` is what a factor's largest weight is looked for along."""
    along = tuple(range(array_.ndim - 1)) if axis is None else axis
    factor = np.abs(array_).max(axis=along, keepdims=True) / largest
    return np.round(array_ / factor) * factor


_FALSE_EIGHT_BITS: dict[str, Callable[[NDArray], NDArray]] = {
    "one-factor": lambda a: a if a.ndim == 1 else _eight_bits(a, tuple(range(a.ndim))),
    "wrong-axis": lambda a: a if a.ndim == 1 else _eight_bits(a, tuple(range(1, a.ndim))),
    "biases-too": lambda a: _eight_bits(a, (0,)) if a.ndim == 1 else _eight_bits(a),
    "whole-numbers": lambda a: a if a.ndim == 1 else np.round(a / (np.abs(a).max(tuple(range(a.ndim - 1))) / 127)),
    "cut-off": lambda a: a if a.ndim == 1 else _cut_off(a),
    "by-128": lambda a: a if a.ndim == 1 else _eight_bits(a, largest=128),
    "by-255": lambda a: a if a.ndim == 1 else _eight_bits(a, largest=255),
    "sign-forgotten": lambda a: a if a.ndim == 1 else _without_sizes(a),
    "as-before": lambda a: a,
    "float16": lambda a: a.astype(np.float16),
}


def _cut_off(weights: NDArray) -> NDArray:
    factor = np.abs(weights).max(axis=tuple(range(weights.ndim - 1))) / 127
    return (weights / factor).astype(np.int8) * factor


def _without_sizes(weights: NDArray) -> NDArray:
    factor = weights.max(axis=tuple(range(weights.ndim - 1))) / 127
    return np.round(weights / factor) * factor


@cache
def _arrays_to_round() -> list[NDArray[np.float32]]:
    """Make filters, a dense layer's weights and a bias; the filters' sizes differ, and so do the inputs'."""
    rng = np.random.default_rng(8)
    arrays = [rng.normal(size=shape) * np.linspace(0.2, 2, shape[-1]) for shape in [(3, 3, 2, 4), (6, 3), (5,)]]
    arrays[0][..., 0] = np.abs(arrays[0][..., 0]) * -1  # a filter without any positive weight but for one
    arrays[0][0, 0, 0, 0] = 0.05
    return [some.astype(np.float32) for some in arrays]


def _check_eight_bits(answer: Any) -> None:
    eight_bits = function(answer)
    arrays = _arrays_to_round()
    recognise(
        in_one_row(eight_bits(some) for some in arrays),
        in_one_row(some if some.ndim == 1 else _eight_bits(some) for some in arrays),
        {name: in_one_row(false(some) for some in arrays) for name, false in _FALSE_EIGHT_BITS.items()},
        tolerance=1e-5,
    )


def _filter_by_filter(weights: NDArray) -> NDArray:
    if weights.ndim == 1:
        return weights
    parts = [weights[..., place].astype(float) for place in range(weights.shape[-1])]
    return np.stack([np.rint(part * 127 / abs(part).max()) * abs(part).max() / 127 for part in parts], axis=-1)


EIGHT_BITS = Exercise(
    name="eight-bits",
    title="Eight bits",
    asks="A function eight_bits(array): the array with each weight rounded to a whole number from -127 to 127, times its "
    "filter's factor.",
    grade=_check_eight_bits,
    mistakes={
        "one-factor": "One factor serves the whole array. Each filter should have its own: which axis tells filters apart?",
        "wrong-axis": "The factors belong to the first axis. Filters are told apart by the last.",
        "biases-too": "Arrays with one axis, such as biases, are to be left alone.",
        "whole-numbers": "These are the whole numbers. Multiply by the factor again, so that the network can use them.",
        "cut-off": "What lies behind the point is cut off. Round to the nearest whole number.",
        "by-128": "The largest weight divided by 127, says the task: from -127 to 127 the steps are the same on both sides.",
        "by-255": "Divided by 255 the largest number would be 255, which does not fit into eight bits with a sign.",
        "sign-forgotten": "The largest weight is meant by size: the one farthest from 0 may be negative.",
        "as-before": "The weights come back as they were. Round them.",
        "float16": "That is float16: sixteen bits. Here each weight gets eight.",
        "other": "Try it on np.array([[1.0, -0.5], [0.3, 0.1]]), which has two filters in its columns, and on paper.",
    },
    hints=(
        "For each filter: its largest weight by size, divided by 127. The maximum runs over all axes but the last.",
        "Divide by the factors, np.round, multiply by the factors.",
        "The axes to run over are tuple(range(array.ndim - 1)). What is array.ndim for a bias?",
    ),
    solution="""\
def eight_bits(array):
    factor = np.abs(array).max(axis=tuple(range(array.ndim - 1))) / 127  # one for each filter
    return array if array.ndim == 1 else np.round(array / factor).astype(np.int8) * factor

answer = eight_bits""",
    right=(
        lambda: _filter_by_filter,
        lambda: lambda array: array if len(array.shape) < 2 else _eight_bits(array).astype(np.float32),
    ),
    wrong=(
        *((name, lambda false=false: false) for name, false in _FALSE_EIGHT_BITS.items()),
        ("other", lambda: lambda a: a if a.ndim == 1 else _eight_bits(a, largest=7)),
        ("signature", lambda: lambda array, factor: array),
        ("gives-nothing", lambda: lambda array: print(array)),
        ("type", lambda: 127),
    ),
)

# -------------------------------------------------------------------------------------------- a layer disappears

EPSILON = 0.001


def _absorbed(filters: NDArray, gamma: NDArray, beta: NDArray, mean: NDArray, variance: NDArray) -> tuple[NDArray, ...]:
    factor = gamma / np.sqrt(variance + EPSILON)
    return filters * factor, beta - mean * factor


def _with_factor(factor: NDArray, filters: NDArray, beta: NDArray, mean: NDArray) -> tuple[NDArray, NDArray]:
    return filters * factor, beta - mean * factor


_FALSE_FOLDS: dict[str, Callable[..., tuple[NDArray, ...]]] = {
    "no-root": lambda f, g, b, m, v: _with_factor(g / (v + EPSILON), f, b, m),
    "no-epsilon": lambda f, g, b, m, v: _with_factor(g / np.sqrt(v), f, b, m),
    "epsilon-outside": lambda f, g, b, m, v: _with_factor(g / (np.sqrt(v) + EPSILON), f, b, m),
    "no-gamma": lambda f, g, b, m, v: _with_factor(1 / np.sqrt(v + EPSILON), f, b, m),
    "only-beta": lambda f, g, b, m, v: (_absorbed(f, g, b, m, v)[0], b),
    "mean-as-it-is": lambda f, g, b, m, v: (_absorbed(f, g, b, m, v)[0], b - m),
    "mean-added": lambda f, g, b, m, v: _absorbed(f, g, b, -m, v),
    "filters-as-before": lambda f, g, b, m, v: (f, _absorbed(f, g, b, m, v)[1]),
    "channels-in": lambda f, g, b, m, v: (
        f * (g / np.sqrt(v + EPSILON))[:, np.newaxis],
        _absorbed(f, g, b, m, v)[1],
    ),
    "exchanged": lambda f, g, b, m, v: _absorbed(f, g, b, m, v)[::-1],
}


@cache
def _layers_to_fold() -> list[tuple[NDArray, ...]]:
    """Make layers with as many channels as filters, so that a mistaken axis fits, too; variances are small."""
    rng = np.random.default_rng(9)
    return [
        (
            rng.normal(size=(size, size, count, count)),
            rng.normal(size=count),
            *rng.normal(size=(2, count)),
            rng.uniform(0.002, 0.5, count),
        )
        for size, count in [(3, 4), (2, 3)]
    ]


def _check_fold(answer: Any) -> None:
    absorb = function(answer)
    layers = _layers_to_fold()

    def folded(layer: tuple[NDArray, ...]) -> tuple[Any, Any]:
        result = absorb(*layer)
        if not isinstance(result, (tuple, list)) or len(result) != 2:
            raise Mistake("type", given=kind(result), wanted="two arrays, filters and bias")
        return result

    recognise(
        in_one_row(part for layer in layers for part in folded(layer)),
        in_one_row(part for layer in layers for part in _absorbed(*layer)),
        {name: in_one_row(part for layer in layers for part in false(*layer)) for name, false in _FALSE_FOLDS.items()},
        tolerance=1e-4,
    )


A_LAYER_DISAPPEARS = Exercise(
    name="a-layer-disappears",
    title="A layer disappears",
    asks="A function absorb(filters, gamma, beta, mean, variance) that gives two arrays: the new filters and a bias for each.",
    grade=_check_fold,
    mistakes={
        "no-root": "It divides by the variance. The formula divides by its root.",
        "no-epsilon": "The small number below the root is left out. Where a variance is tiny it matters: 0.001.",
        "epsilon-outside": "The small number belongs below the root, added to the variance.",
        "no-gamma": "The new spread is left out: what is multiplied after the division?",
        "only-beta": "The bias is the summand of the formula above. What becomes of the mean?",
        "mean-as-it-is": "The mean is subtracted before the values are multiplied by the factor: it is multiplied, too.",
        "mean-added": "The mean's sign is turned round.",
        "filters-as-before": "The bias is right, the filters are as before. The factor belongs into them.",
        "channels-in": "Each factor belongs to a filter, that is to the last axis. Yours multiply the channels that come in.",
        "exchanged": "The two are exchanged: first the filters, then the bias.",
        "other": "Compare with the formula above: factor and summand of each channel. The filters get the factor, the bias "
        "is the summand.",
    },
    hints=(
        "A weighted sum times a factor is a sum with weights times that factor.",
        "The chapter's `folded` computes factor and summand. What is multiplied by the factor here?",
        "The filters' last axis tells the filters apart, so broadcasting puts each factor to its filter by itself.",
    ),
    solution="""\
# A factor for each filter: broadcasting lines it up with the last axis.
def absorb(filters, gamma, beta, mean, variance):
    factor = gamma / np.sqrt(variance + 0.001)
    return filters * factor, beta - mean * factor

answer = absorb""",
    right=(
        lambda: (
            lambda f, g, b, m, v: [
                np.einsum("ijcf,f->ijcf", f, g * (v + 0.001) ** -0.5),
                b - g * m / (v + 1e-3) ** 0.5,
            ]
        ),
        lambda: lambda *layer: tuple(part.astype(np.float32) for part in _absorbed(*layer)),
    ),
    wrong=(
        *((name, lambda false=false: false) for name, false in _FALSE_FOLDS.items()),
        ("other", lambda: lambda f, g, b, m, v: (f * g, b - m * g)),
        ("type", lambda: lambda *layer: _absorbed(*layer)[0]),
        ("signature", lambda: lambda filters: filters),
        ("type", lambda: "norm1"),
    ),
)

# ------------------------------------------------------------------------------------------ plant one yourself


def _windows(picture: NDArray, frame: str | None = "constant") -> NDArray[np.float64]:
    framed = picture.astype(float) if frame is None else np.pad(picture.astype(float), 1, mode=frame)
    return np.lib.stride_tricks.sliding_window_view(framed, (3, 3))


_FALSE_AVERAGES: dict[str, Callable[[NDArray], NDArray]] = {
    "always-nine": lambda picture: _windows(picture).mean(axis=(2, 3)),
    "edge-repeated": lambda picture: _windows(picture, "edge").mean(axis=(2, 3)),
    "mirrored": lambda picture: _windows(picture, "reflect").mean(axis=(2, 3)),
    "wrapped": lambda picture: _windows(picture, "wrap").mean(axis=(2, 3)),
    "no-padding": lambda picture: _windows(picture, None).mean(axis=(2, 3)),
    "frame-of-zeros": lambda picture: np.pad(_windows(picture, None).mean(axis=(2, 3)), 1),
    "largest": lambda picture: _windows(picture).max(axis=(2, 3)),
    "sums": lambda picture: _windows(picture).sum(axis=(2, 3)),
    "without-paper": lambda picture: (
        _windows(picture).sum(axis=(2, 3)) / np.maximum((_windows(picture) > 0).sum(axis=(2, 3)), 1)
    ),
}


def _averages(picture: NDArray) -> NDArray[np.float64]:
    inside = _windows(np.ones(picture.shape)).sum(axis=(2, 3))
    return _windows(picture).sum(axis=(2, 3)) / inside


@cache
def _pictures_to_average() -> list[NDArray[np.float64]]:
    rng = np.random.default_rng(10)
    pictures = [rng.uniform(0, 1, shape) for shape in [(4, 6), (7, 5), (28, 28)]]
    for picture in pictures:
        picture[rng.random(picture.shape) < 0.2] = 0  # some paper, inside and at the edge
    return pictures


def _check_averages(answer: Any) -> None:
    averages = function(answer)
    pictures = _pictures_to_average()
    recognise(
        in_one_row(averages(picture) for picture in pictures),
        in_one_row(_averages(picture) for picture in pictures),
        {name: in_one_row(false(picture) for picture in pictures) for name, false in _FALSE_AVERAGES.items()},
        tolerance=1e-5,
    )


def _averages_place_by_place(picture: NDArray) -> list[list[float]]:
    rows, columns = picture.shape
    return [[picture[max(r - 1, 0) : r + 2, max(c - 1, 0) : c + 2].mean() for c in range(columns)] for r in range(rows)]


PLANT_ONE = Exercise(
    name="plant-one-yourself",
    title="Plant one yourself",
    asks="A function averages(picture): the picture's average pooling as Keras does it, window 3, stride 1, padding same.",
    grade=_check_averages,
    mistakes={
        "always-nine": "That is the tempting rule: it always divides by nine. Ask Keras about a picture of ones, in a corner.",
        "edge-repeated": "The edge is repeated outside. Keras puts nothing there: ask it about a picture with one bright edge.",
        "mirrored": "The picture is mirrored outside. Keras puts nothing there.",
        "wrapped": "What leaves on one side comes in on the other: that is no padding. Did you roll the picture?",
        "no-padding": "The result is smaller than the picture. With padding same it stays as large.",
        "frame-of-zeros": "Inside it is right, at the edge there is nothing. Windows that hang over the edge count, too.",
        "largest": "That is max pooling.",
        "sums": "These are the sums. By what does Keras divide them?",
        "without-paper": "You divide by the number of pixels with ink. Paper inside the picture counts, too.",
        "other": "Compare with keras.layers.AveragePooling2D(3, strides=1, padding='same') on np.ones((4, 4)), then on "
        "np.arange(16.0).reshape(4, 4).",
    },
    hints=(
        "Ask Keras first: AveragePooling2D(3, strides=1, padding='same') on a picture of ones. What stands in its corners?",
        "A window in the corner holds four pixels of the picture, one at an edge six.",
        "Pool a picture of ones in the same way, by sums: that counts the pixels inside for each place.",
    ),
    solution="""\
# A picture of ones, framed and added up in the same way, counts the pixels inside.
def averages(picture):
    sums, inside = (np.lib.stride_tricks.sliding_window_view(np.pad(array, 1), (3, 3)).sum(axis=(2, 3))
                    for array in (picture, np.ones(picture.shape)))
    return sums / inside

answer = averages""",
    right=(
        lambda: _averages_place_by_place,
        lambda: (
            lambda picture: np.nanmean(
                np.lib.stride_tricks.sliding_window_view(np.pad(picture, 1, constant_values=np.nan), (3, 3)),
                axis=(2, 3),
            )
        ),
    ),
    wrong=(
        *((name, lambda false=false: false) for name, false in _FALSE_AVERAGES.items()),
        ("other", lambda: lambda picture: np.asarray(_averages(picture)) / 2),
        ("not-finite", lambda: lambda picture: picture * np.nan),
        ("signature", lambda: lambda picture, window, stride: picture),
        ("type", lambda: np.ones((28, 28))),
    ),
)

# ------------------------------------------------------------------------------- how large may a network be?


def _count(
    first: int,
    second: int,
    size: int,
    *,
    depth: bool = True,
    pooling: bool = True,
    less: int = 1,
    places: bool = True,
    dense: bool = True,
    small: bool = True,
    pooled_norms: bool = True,
) -> int:
    """Count multiplications, rightly or with one thing forgotten."""
    side_1 = 28 - size + less
    pooled_1 = side_1 // 2 if pooling else side_1
    side_2 = pooled_1 - size + less
    pooled_2 = side_2 // 2 if pooling else side_2
    conv_1, conv_2 = first * size**2, second * size**2 * (first if depth else 1)
    if places:
        conv_1, conv_2 = conv_1 * side_1**2, conv_2 * side_2**2
    norms = (pooled_1**2 * first + pooled_2**2 * second) if pooled_norms else (side_1**2 * first + side_2**2 * second)
    return conv_1 + conv_2 + dense * 10 * pooled_2**2 * second + small * (28**2 + norms)


_FALSE_MULTIPLICATIONS: dict[str, Callable[[int, int, int], int]] = {
    "depth-forgotten": lambda first, second, size: _count(first, second, size, depth=False),
    "pooling-forgotten": lambda first, second, size: _count(first, second, size, pooling=False),
    "one-short": lambda first, second, size: _count(first, second, size, less=0),
    "used-once": lambda first, second, size: _count(first, second, size, places=False),
    "weights": lambda first, second, size: _count(first, second, size, places=False, small=False),
    "dense-forgotten": lambda first, second, size: _count(first, second, size, dense=False),
    "small-ones-forgotten": lambda first, second, size: _count(first, second, size, small=False),
    "convolutions-only": lambda first, second, size: _count(first, second, size, small=False, dense=False),
    "norm-before-pooling": lambda first, second, size: _count(first, second, size, pooled_norms=False),
}


def _check_multiplications(answer: Any) -> None:
    multiplications = function(answer)
    networks = [(24, 48, 5), (8, 16, 3), (6, 10, 4), (12, 5, 7), (1, 1, 2)]
    recognise(
        np.array([number(multiplications(*some)) for some in networks]),
        np.array([_count(*some) for some in networks]),
        {name: np.array([false(*some) for some in networks]) for name, false in _FALSE_MULTIPLICATIONS.items()},
        tolerance=0.5,
    )


def _layer_by_layer(first: int, second: int, size: int) -> int:
    side, channels, total = 28, 1, 28 * 28
    for filters in (first, second):
        side += 1 - size
        total += side * side * filters * size * size * channels
        side, channels = side // 2, filters
        total += side * side * filters
    return total + side * side * channels * 10


HOW_LARGE = Exercise(
    name="how-large-may-a-network-be",
    title="How large may a network be?",
    asks="A function multiplications(first, second, size): how many the book's network takes with so many filters of that size.",
    grade=_check_multiplications,
    mistakes={
        "depth-forgotten": "A filter of the second convolution reaches through all maps of the first.",
        "pooling-forgotten": "Each pooling halves height and width for all that comes behind it.",
        "one-short": "Each convolution's maps are a row and a column too small: 28 - size + 1.",
        "used-once": "A convolution's weights are counted once. Each is used at every place of the map.",
        "weights": "That is the number of weights. Each weight of a convolution is used at every place of the map.",
        "dense-forgotten": "The dense layer multiplies, too.",
        "small-ones-forgotten": "Rescaling and batch normalisation multiply once for each value. They are few, but the table "
        "counts them.",
        "convolutions-only": "That is the two convolutions. What else multiplies?",
        "norm-before-pooling": "Batch normalisation comes behind the pooling here, where a quarter of the values is left.",
        "other": "For (24, 48, 5) it should count as the table in the text. Print each layer's share and compare.",
    },
    hints=(
        "Follow the sides first: 28, behind conv1, behind pool1, behind conv2, behind pool2. Odd sides are rounded down.",
        "Each output of a convolution takes size · size · channels in. How many outputs are there?",
        "To the convolutions and the dense layer come 28 · 28 for rescaling, and one for each value behind a pooling.",
    ),
    solution="""\
def multiplications(first, second, size):
    side_1 = 28 - size + 1
    pooled_1 = side_1 // 2
    side_2 = pooled_1 - size + 1
    pooled_2 = side_2 // 2
    convolutions = first * (side_1 * size) ** 2 + second * first * (side_2 * size) ** 2
    others = 28**2 + pooled_1**2 * first + pooled_2**2 * second  # rescaling, norm1, norm2
    return convolutions + others + pooled_2**2 * second * 10

answer = multiplications""",
    right=(lambda: _layer_by_layer, lambda: lambda first, second, size: float(_count(first, second, size))),
    wrong=(
        *((name, lambda false=false: false) for name, false in _FALSE_MULTIPLICATIONS.items()),
        ("other", lambda: lambda first, second, size: 2 * _count(first, second, size)),
        ("signature", lambda: lambda widths, size: 0),
        ("type", lambda: lambda first, second, size: (first, second)),
        ("type", lambda: 2_201_488),
    ),
)

EXERCISES = (
    SIXTEEN_BITS,
    ONE_WEIGHT,
    EIGHT_BITS,
    A_LAYER_DISAPPEARS,
    PLANT_ONE,
    HOW_LARGE,
)
