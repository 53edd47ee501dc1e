"""Exercises of the chapter *Building the network, layer by layer*."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file

import digitlib
from digitlib.data import FILES
from digitlib.exercises.answers import array, function, in_one_row, network, number, recognise, row
from digitlib.exercises.exercise import Exercise, Mistake

if TYPE_CHECKING:
    import keras

TOP_EDGE = np.array([[-1, -1, -1], [0, 0, 0], [1, 1, 1]])


def given() -> dict[str, Any]:
    """Return what the chapter has defined when its exercises begin, as far as the solutions use it."""
    import keras

    x_train, y_train, *_ = digitlib.load_mnist()
    filters = {"left edge": TOP_EDGE.T, "top edge": TOP_EDGE}
    return {
        "np": np,
        "keras": keras,
        "x_train": x_train,
        "y_train": y_train,
        "image": x_train[178],
        "FILTERS": filters,
    }


# ------------------------------------------------------------------------------------------------ one sum by hand


def _check_sums(answer: Any) -> None:
    recognise(
        row(answer, 2),
        np.array([0, 765]),
        {
            "left-edge": np.array([765, 0]),
            "minus-forgotten": np.array([1020, 765]),
            "middle-counted": np.array([510, 1530]),
            "upside-down": np.array([0, -765]),
            "scaled": np.array([0, 3]),
            "one-column": np.array([0, 255]),
            "averaged": np.array([0, 85]),
        },
    )


ONE_SUM = Exercise(
    name="one-sum-by-hand",
    title="One sum by hand",
    asks="Two numbers: what the filter gives on patch B, and what on the other patch.",
    grade=_check_sums,
    mistakes={
        "left-edge": "Are the two exchanged? The left edge filter would give these, too. Which row of weights lies on which "
        "row of pixels?",
        "minus-forgotten": "Here the weights -1 are taken for 1. Ink under a -1 counts against the sum.",
        "middle-counted": "The middle row of weights is 0: what lies under it does not count.",
        "upside-down": "The sign of the second is wrong. Is the filter upside down? Nobody turns it over here: neither this "
        "book nor Keras.",
        "scaled": "That would be right if ink were 1. In these patches ink is 255.",
        "one-column": "The second counts one column only. How many pixels lie under the row of ones?",
        "averaged": "The second is divided by 9. A weighted sum is no mean: leave it as it is.",
        "other": "Write nine products for each patch, three rows of three, and add them up.",
    },
    hints=(
        "Nine products for each patch: pixel times the weight that lies on it.",
        "Only the top row, times -1, and the bottom row, times 1, count.",
        "In patch B the top row and the bottom row are the same. In the other one the top row is paper, 0.",
    ),
    solution="""\
top_edge = np.array([[-1, -1, -1], [0, 0, 0], [1, 1, 1]])
patch_b = image[18:21, 15:18]
other_patch = np.array([[0, 0, 0], [255, 255, 255], [255, 255, 255]])
# In B the top and the bottom row are equal, so they cancel: from top to bottom nothing changes.
answer = (patch_b * top_edge).sum(), (other_patch * top_edge).sum()""",
    right=(lambda: [0.0, 765.0], lambda: np.array([0, 3 * 255])),
    wrong=(
        ("left-edge", lambda: (765, 0)),
        ("minus-forgotten", lambda: (1020, 765)),
        ("middle-counted", lambda: (510, 1530)),
        ("upside-down", lambda: (0, -765)),
        ("scaled", lambda: (0, 3)),
        ("one-column", lambda: (0, 255)),
        ("averaged", lambda: (0, 85)),
        ("other", lambda: (0, 1530)),
        ("count", lambda: (0,)),
        ("type", lambda: 765),
    ),
)

# --------------------------------------------------------------------------------------- the shape of a convolution

PHOTO_MAPS = (30, 22, 16)


def _check_output_shape(answer: Any) -> None:
    if isinstance(answer, (list, tuple)) and len(answer) == 4 and answer[0] is None:
        raise Mistake("batch")
    shape = row(answer)
    if len(shape) == 2 and shape.tolist() == [30, 22]:
        raise Mistake("channels-forgotten")
    if len(shape) == 4:
        raise Mistake("batch")
    if len(shape) != 3:
        raise Mistake("count", given=len(shape))
    recognise(
        shape,
        np.array(PHOTO_MAPS),
        {
            "transposed": np.array([22, 30, 16]),
            "channels-first": np.array([16, 30, 22]),
            "channels-kept": np.array([30, 22, 3]),
            "channels-multiplied": np.array([30, 22, 48]),
            "one-short": np.array([29, 21, 16]),
            "rounded-up": np.array([31, 23, 16]),
            "padded": np.array([32, 24, 16]),
            "stride-forgotten": np.array([60, 44, 16]),
            "divided-first": np.array([28, 20, 16]),
            "square": np.array([30, 30, 16]),
        },
    )


OUTPUT_SHAPE = Exercise(
    name="convolution-output-shape",
    title="The shape of a photograph's maps",
    asks="Three whole numbers: height, width, channels.",
    grade=_check_output_shape,
    mistakes={
        "batch": "That is a batch. What comes out for one photograph?",
        "channels-forgotten": "Height and width are right, but the channels are forgotten: how many feature maps come out?",
        "transposed": "Height and width are exchanged: rows come first.",
        "channels-first": "The numbers are right, but Keras puts the channels last.",
        "channels-kept": "Height and width are right. The 3 are what a filter reaches through; as many maps come out as "
        "there are filters.",
        "channels-multiplied": "Height and width are right. But a filter gives one map, not one for each channel: it adds up "
        "over the channels.",
        "one-short": "Each side is one short. There is a first place, and then so many jumps: count both.",
        "rounded-up": "A jump for which the filter no longer fits is not made: round down.",
        "padded": "That is the size with a frame of zeros around the photograph. There is none here.",
        "stride-forgotten": "That is the size for stride 1. Here the filter moves two pixels at a time.",
        "divided-first": "First take off what the filter needs to fit in, then divide by the stride.",
        "square": "The photograph is not square: work out its height and its width one by one.",
        "other": "Take one side at a time: how many places does the filter have, from the first to the last that fits?",
    },
    hints=(
        "The chapter has a formula for the size. Use it once for the rows and once for the columns.",
        "There are n - k steps of one pixel after the first place; in jumps of s there are fewer. Round down, then add 1.",
        "The channels that go in do not come out: each filter gives one map.",
    ),
    solution="""\
# 64 - 5 = 59 steps, so 29 jumps of two, and the first place; 48 - 5 = 43, so 21 jumps.
# Each of the 16 filters reaches through all three channels and gives one map.
answer = (64 - 5) // 2 + 1, (48 - 5) // 2 + 1, 16""",
    right=(lambda: [30, 22, 16], lambda: np.array([30.0, 22.0, 16.0])),
    wrong=(
        ("batch", lambda: (None, 30, 22, 16)),
        ("batch", lambda: (1, 30, 22, 16)),
        ("channels-forgotten", lambda: (30, 22)),
        ("transposed", lambda: (22, 30, 16)),
        ("channels-first", lambda: (16, 30, 22)),
        ("channels-kept", lambda: (30, 22, 3)),
        ("channels-multiplied", lambda: (30, 22, 48)),
        ("one-short", lambda: (29, 21, 16)),
        ("rounded-up", lambda: (31, 23, 16)),
        ("padded", lambda: (32, 24, 16)),
        ("stride-forgotten", lambda: (60, 44, 16)),
        ("divided-first", lambda: (28, 20, 16)),
        ("square", lambda: (30, 30, 16)),
        ("other", lambda: (30, 23, 16)),
        ("count", lambda: (30 * 22 * 16,)),
        ("type", lambda: "30 x 22 x 16"),
    ),
)

# ------------------------------------------------------------------------------------- parameters of another network

COUNTS = (320, 0, 18_496, 0, 0, 16_010)

_FALSE_COUNTS: dict[str, dict[int, tuple[int, ...]]] = {
    # For each mistake what it gives at which place of the list.
    "values": {0: (26 * 26 * 32,), 1: (13 * 13 * 32,), 2: (11 * 11 * 64,), 3: (5 * 5 * 64,), 4: (1600,), 5: (10,)},
    "bias-forgotten": {0: (288,), 2: (18_432,), 5: (16_000,)},
    "bias-at-each-place": {0: (288 + 26 * 26 * 32,), 2: (18_432 + 11 * 11 * 64,)},
    "depth-forgotten": {2: (640, 576)},
    "rounded-up": {5: (23_050, 23_040)},
    "padded": {5: (31_370, 31_360)},
    "pooling-forgotten": {5: (77_450, 77_440, 368_650)},
    "flatten-forgotten": {5: (650, 640)},
}


def _check_counts(answer: Any) -> None:
    counts = row(answer, len(COUNTS))
    for name, results in _FALSE_COUNTS.items():
        if any(counts[place] in values for place, values in results.items()):
            raise Mistake(name)
    if counts[[1, 3, 4]].any():
        raise Mistake("nothing-to-learn")
    for place, (count, right) in enumerate(zip(counts, COUNTS, strict=True), start=1):
        if count != right:
            raise Mistake("other", place=place)


def _counts(**changes: int) -> list[int]:
    return [changes.get(f"at_{place}", right) for place, right in enumerate(COUNTS)]


COUNTS_FIRST = Exercise(
    name="count-before-keras",
    title="Count before Keras does",
    asks="A list of six whole numbers: the parameters of each layer, in the order of the task.",
    grade=_check_counts,
    mistakes={
        "values": "That is how many values a layer gives. How many numbers has it to learn?",
        "bias-forgotten": "A layer with a bias has one number more for each filter, or for each unit of a dense layer.",
        "bias-at-each-place": "A filter has one bias, which serves all places, as its weights do.",
        "depth-forgotten": "The second convolution looks at 32 maps, and each of its filters has weights for each of them.",
        "rounded-up": "The second pooling meets maps of 11 × 11. A row that has no partner is dropped.",
        "padded": "The dense layer counts as if each convolution had kept the size. There is no padding here.",
        "pooling-forgotten": "The dense layer counts what comes before the pooling. Each pooling halves height and width.",
        "flatten-forgotten": "The dense layer gets all numbers of all maps in one long row, not one number for each map.",
        "nothing-to-learn": "Pooling and flatten follow a fixed rule: how many numbers are there to learn?",
        "other": "Number {place} of the list is not right yet.",
    },
    hints=(
        "Write down the shape behind each layer first: the counts follow from the shapes.",
        "A convolution has height × width × channels in × filters weights, and a bias for each filter.",
        "The sides are 26, 13, 11 and then: half of 11, rounded down. The dense layer has a weight from each number to each of 10 units.",
    ),
    solution="""\
# 28 - 3 + 1 = 26; half is 13; 13 - 3 + 1 = 11; half is 5, the rest is dropped; 5 · 5 · 64 = 1600.
# One bias for each filter or unit.
answer = [(3 * 3 * 1 + 1) * 32, 0, (3 * 3 * 32 + 1) * 64, 0, 0, 1600 * 10 + 10]""",
    right=(lambda: COUNTS, lambda: np.array(COUNTS, dtype=np.float32)),
    wrong=(
        ("values", lambda: [21_632, 5408, 7744, 1600, 1600, 10]),
        ("bias-forgotten", lambda: [288, 0, 18_432, 0, 0, 16_000]),
        ("bias-forgotten", lambda: _counts(at_5=16_000)),
        ("bias-at-each-place", lambda: _counts(at_0=288 + 26 * 26 * 32)),
        ("depth-forgotten", lambda: _counts(at_2=640)),
        ("rounded-up", lambda: _counts(at_5=6 * 6 * 64 * 10 + 10)),
        ("padded", lambda: _counts(at_5=7 * 7 * 64 * 10 + 10)),
        ("pooling-forgotten", lambda: _counts(at_5=11 * 11 * 64 * 10 + 10)),
        ("flatten-forgotten", lambda: _counts(at_5=64 * 10 + 10)),
        ("nothing-to-learn", lambda: _counts(at_1=4)),
        ("other", lambda: _counts(at_0=832)),
        ("count", lambda: [320, 18_496, 16_010]),
        ("type", lambda: sum(COUNTS)),
    ),
)

# -------------------------------------------------------------------------------------------- build another network

WANTED = ("Conv2D", "MaxPooling2D", "Conv2D", "MaxPooling2D", "Flatten", "Dense")
# What changes neither shapes nor counts may be there, too; a Reshape can do what Flatten does.
HARMLESS = ("InputLayer", "ReLU", "Activation", "Softmax", "Dropout", "Rescaling")


def _check_network(answer: Any) -> None:
    model = network(answer)
    layers = [layer for layer in model.layers if type(layer).__name__ not in HARMLESS]
    kinds = ["Flatten" if type(layer).__name__ == "Reshape" else type(layer).__name__ for layer in layers]
    if tuple(model.input_shape[1:]) != (28, 28, 1):
        raise Mistake("input", given=tuple(model.input_shape[1:]))
    if "Flatten" not in kinds:
        raise Mistake("averaged" if any(kind.startswith("Global") for kind in kinds) else "flatten")
    if tuple(kinds) != WANTED:
        raise Mistake("layers", given=", ".join(kinds))
    for name, wrong in _faults(*layers):
        if wrong:
            raise Mistake(name)
    if model.count_params() != sum(COUNTS):
        raise Mistake("other", given=f"{model.count_params():,}")
    pictures = np.random.default_rng(0).integers(0, 256, (8, 28, 28, 1)).astype("float32")
    probabilities = array(np.asarray(model(pictures)), (8, 10))
    if (probabilities < 0).any() or np.abs(probabilities.sum(axis=1) - 1).max() > 1e-3:
        raise Mistake("softmax")


def _faults(
    conv1: keras.Layer, pool1: keras.Layer, conv2: keras.Layer, pool2: keras.Layer, _: keras.Layer, dense: keras.Layer
) -> Iterator[tuple[str, bool]]:
    convolutions, poolings = (conv1, conv2), (pool1, pool2)
    yield "units", dense.units != 10
    yield "filter-size", any(tuple(layer.kernel_size) != (3, 3) for layer in convolutions)
    yield "filters", (conv1.filters, conv2.filters) != (32, 64)
    yield "stride", any(tuple(layer.strides) != (1, 1) for layer in convolutions)
    yield "padding", any(layer.padding != "valid" for layer in (*convolutions, *poolings))
    yield "pooling", any({tuple(layer.pool_size), tuple(layer.strides)} != {(2, 2)} for layer in poolings)
    yield "bias", not all(layer.use_bias for layer in (*convolutions, dense))


def _network(**changes: Any) -> keras.Model:
    """Build the network of the task, with something changed."""
    from keras import Input, Sequential
    from keras.layers import Conv2D, Dense, Flatten, MaxPooling2D

    settings = {"shape": (28, 28, 1), "conv": {}, "filters": (32, 64), "size": 3, "pool": {}, "dense": {}} | changes
    layers = [
        Conv2D(settings["filters"][0], settings["size"], **settings["conv"]),
        MaxPooling2D(2, **settings["pool"]),
        Conv2D(settings["filters"][1], settings["size"], **settings["conv"]),
        MaxPooling2D(2, **settings["pool"]),
        settings.get("flatten", Flatten)(),
        Dense(**{"units": 10, "activation": "softmax"} | settings["dense"]),
    ]
    without = settings.get("without")
    return Sequential([Input(settings["shape"]), *(layer for place, layer in enumerate(layers) if place != without)])


def _functional_network() -> keras.Model:
    from keras import Input, Model
    from keras.layers import Conv2D, Dense, MaxPooling2D, Reshape, Softmax

    values = pixels = Input((28, 28, 1))
    for filters in (32, 64):
        values = MaxPooling2D()(Conv2D(filters, (3, 3), activation="relu")(values))
    return Model(pixels, Softmax()(Dense(10)(Reshape((-1,))(values))))


def _network_of_the_example() -> keras.Model:
    from keras import Input, Sequential, layers

    model = Sequential([Input((28, 28, 1)), layers.Rescaling(1 / 255)])
    for filters in (32, 64):
        model.add(layers.Conv2D(filters, 3, activation="relu"))
        model.add(layers.MaxPooling2D(pool_size=(2, 2)))
    model.add(layers.Flatten())
    model.add(layers.Dropout(0.5))
    model.add(layers.Dense(10, activation="softmax"))
    return model


def _grouped_network() -> keras.Model:
    from keras import Input, Sequential
    from keras.layers import Conv2D, Dense, Flatten, MaxPooling2D

    return Sequential(
        [
            Input((28, 28, 1)),
            Conv2D(32, 3),
            MaxPooling2D(2),
            Conv2D(64, 3, groups=32),
            MaxPooling2D(2),
            Flatten(),
            Dense(10, activation="softmax"),
        ]
    )


def _averaged_network() -> keras.Model:
    from keras.layers import GlobalAveragePooling2D

    return _network(flatten=GlobalAveragePooling2D)


def _without_input() -> keras.Model:
    from keras import Sequential, layers

    return Sequential([layers.Conv2D(32, 3), layers.Flatten(), layers.Dense(10)])


def _class_of_networks() -> type:
    from keras import Sequential

    return Sequential


ANOTHER_NETWORK = Exercise(
    name="another-network",
    title="Now build it",
    asks="A Keras network: Sequential, with its Input first.",
    grade=_check_network,
    mistakes={
        "input": "One picture comes in with the shape {given}. Which shape has a grey picture of 28 × 28 pixels, channels "
        "included?",
        "flatten": "Dense wants each picture as one long row. Which layer makes it of the maps?",
        "averaged": "A global pooling leaves one number for each map. Here all numbers of all maps go into the dense layer.",
        "layers": "The layers are {given}. Compare with the task, one by one.",
        "units": "There are ten digits: how many units must the last layer have?",
        "filter-size": "The filters have another size than the task says.",
        "filters": "Count the filters of both convolutions once more. Which of the two has more?",
        "stride": "A convolution moves by more than one pixel at a time. The task wants stride 1.",
        "padding": "There is padding. Compare your shapes on paper with those of answer.summary().",
        "pooling": "A pooling should look at squares of 2 × 2 and move by 2.",
        "bias": "A layer has no bias. This network has no batch normalisation that would undo it, so its layers keep theirs.",
        "softmax": "The ten outputs are not probabilities: for each picture they should be positive and add up to 1.",
        "other": "It has {given} parameters, not as many as your list from the last exercise. Print both layer by layer.",
    },
    hints=(
        "A layer a line, as in *The whole network*; the first line says what comes in.",
        "Conv2D, MaxPooling2D, Conv2D, MaxPooling2D, Flatten, Dense. Padding, stride and bias are as Keras has them by itself.",
        "The last layer needs an activation that turns ten scores into probabilities.",
    ),
    solution="""\
from keras.layers import Conv2D, Dense, Flatten, MaxPooling2D

# No padding, stride 1 and a bias are what Keras does if nobody says otherwise.
answer = keras.Sequential([keras.Input((28, 28, 1)), Conv2D(32, 3), MaxPooling2D(2),
                           Conv2D(64, 3), MaxPooling2D(2), Flatten(),
                           Dense(10, activation="softmax")])""",
    right=(_functional_network, _network_of_the_example),
    wrong=(
        ("input", lambda: _network(shape=(28, 28, 3))),
        ("flatten", lambda: _network(without=4)),
        ("averaged", _averaged_network),
        ("layers", lambda: _network(without=3)),
        ("units", lambda: _network(dense={"units": 1})),
        ("filter-size", lambda: _network(size=5)),
        ("filters", lambda: _network(filters=(64, 32))),
        ("stride", lambda: _network(conv={"strides": 2})),
        ("padding", lambda: _network(conv={"padding": "same"})),
        ("padding", lambda: _network(pool={"padding": "same"})),
        ("pooling", lambda: _network(pool={"strides": 1})),
        ("bias", lambda: _network(conv={"use_bias": False})),
        ("softmax", lambda: _network(dense={"activation": None})),
        ("softmax", lambda: _network(dense={"activation": "sigmoid"})),
        ("other", _grouped_network),
        ("type", _without_input),
        ("type", _class_of_networks),
        ("type", lambda: list(COUNTS)),
    ),
)

# ---------------------------------------------------------------------------------------------- convolution by hand


def _convolution(
    maps: NDArray, filters: NDArray, stride: int, padding: int, frame: str = "constant", sums: str = "rcdij,ijdf->rcf"
) -> NDArray[np.float64]:
    framed = np.pad(maps.astype(float), ((padding, padding), (padding, padding), (0, 0)), mode=frame)
    patches = np.lib.stride_tricks.sliding_window_view(framed, filters.shape[:2], axis=(0, 1))
    return np.einsum(sums, patches[::stride, ::stride], filters)


_FALSE_CONVOLUTIONS: dict[str, Callable[[NDArray, NDArray, int, int], NDArray]] = {
    "flipped": lambda m, f, s, p: _convolution(m, f[::-1, ::-1], s, p),
    "filter-transposed": lambda m, f, s, p: _convolution(m, f.transpose(1, 0, 2, 3), s, p),
    "map-transposed": lambda m, f, s, p: _convolution(m, f, s, p).transpose(1, 0, 2),
    "one-short": lambda m, f, s, p: _convolution(m, f, s, p)[:-1, :-1],
    "padding-ignored": lambda m, f, s, p: _convolution(m, f, s, 0),
    "always-same": lambda m, f, s, p: _convolution(m, f, s, len(f) // 2),
    "edge-repeated": lambda m, f, s, p: _convolution(m, f, s, p, frame="edge"),
    "stride-ignored": lambda m, f, s, p: _convolution(m, f, 1, p),
    "stride-for-rows": lambda m, f, s, p: _convolution(m, f, 1, p)[::s],
    "channels-apart": lambda m, f, s, p: _convolution(m, f, s, p, sums="rcdij,ijdf->rcdf"),
    "one-channel": lambda m, f, s, p: _convolution(m[..., :1], f[:, :, :1], s, p),
    "one-map": lambda m, f, s, p: _convolution(m, f, s, p).sum(axis=-1),
    "averaged": lambda m, f, s, p: _convolution(m, f, s, p) / f[..., 0].size,
}


@cache
def _convolutions_to_try() -> list[tuple[NDArray, NDArray, int, int]]:
    """Make maps, filters, strides and paddings that tell the mistakes apart; whole numbers, so nothing is rounded."""
    rng = np.random.default_rng(3)
    shapes = [
        ((7, 9, 2), (3, 3, 2, 4), 1, 0),
        ((8, 6, 3), (3, 3, 3, 2), 2, 1),
        ((9, 9, 1), (5, 5, 1, 3), 1, 1),
        ((11, 8, 4), (2, 2, 4, 3), 3, 0),
    ]
    return [
        (rng.integers(-4, 5, maps).astype(float), rng.integers(-4, 5, filters).astype(float), stride, padding)
        for maps, filters, stride, padding in shapes
    ]


def _check_convolution(answer: Any) -> None:
    convolution = function(answer)
    tried = _convolutions_to_try()
    recognise(
        in_one_row(convolution(*case) for case in tried),
        in_one_row(_convolution(*case) for case in tried),
        {name: in_one_row(false(*case) for case in tried) for name, false in _FALSE_CONVOLUTIONS.items()},
        tolerance=1e-3,
    )


def _by_places(maps: NDArray, filters: NDArray, stride: int, padding: int) -> NDArray[np.float64]:
    """Convolve in another way: go through the filter's weights instead of the places."""
    size = len(filters)
    framed = np.pad(maps, ((padding, padding), (padding, padding), (0, 0)))
    height, width = ((side - size) // stride + 1 for side in framed.shape[:2])
    result = np.zeros((height, width, filters.shape[3]))
    for i in range(size):
        for j in range(size):
            moved = framed[i : i + stride * height : stride, j : j + stride * width : stride]
            result += moved[:height, :width] @ filters[i, j]
    return result


def _pads_channels(maps: NDArray, filters: NDArray, stride: int, padding: int) -> NDArray[np.float64]:
    framed = np.pad(maps, padding)
    return np.tensordot(framed[: len(filters), : len(filters)], filters, axes=3)


CONVOLUTION = Exercise(
    name="convolution-by-hand",
    title="A convolution with everything",
    asks="A function convolution(maps, filters, stride, padding): maps (H, W, C) and filters (k, k, C, F) give feature maps "
    "with F channels.",
    grade=_check_convolution,
    mistakes={
        "flipped": "The filter is turned upside down and left to right first. Mathematics does that, Keras does not.",
        "filter-transposed": "Rows and columns of the filter are exchanged.",
        "map-transposed": "The result's rows and columns are exchanged.",
        "one-short": "The last row and the last column are missing. How many places does a filter of 3 have on 5 pixels?",
        "padding-ignored": "It takes no notice of padding: that many rows and columns of zeros belong on each side.",
        "always-same": "It frames the maps so that they keep their size, whatever padding says. With padding 0 there is no "
        "frame.",
        "edge-repeated": "The frame repeats the edge. It should hold zeros.",
        "stride-ignored": "It takes no notice of stride: the filter should move by that many pixels.",
        "stride-for-rows": "The stride is right from row to row, but not from column to column.",
        "channels-apart": "There is one map for each channel and each filter. A filter adds up over all channels.",
        "one-channel": "Only the first channel counts. Each filter reaches through all of them.",
        "one-map": "All filters are added up into one map. Each filter has a map of its own.",
        "averaged": "That is the mean of the products. Their sum is wanted.",
        "other": "Some values differ. Try maps of 3 × 3 × 1 and one filter of 2 × 2, stride 1, padding 0, and compare with "
        "paper.",
    },
    hints=(
        "The chapter's convolve_layer does nearly all of it. What is missing is the frame and the stride.",
        "For each axis np.pad takes a pair, (before, behind). The channels get (0, 0).",
        "A place of the result lies stride times as far from the corner of the framed maps. The formula says how many "
        "places there are.",
    ),
    solution="""\
# A frame around rows and columns, none around channels. Then at each place all filters at once.
def convolution(maps, filters, stride, padding):
    size = len(filters)
    framed = np.pad(maps, ((padding, padding), (padding, padding), (0, 0)))
    height, width = ((side - size) // stride + 1 for side in framed.shape[:2])
    result = np.zeros((height, width, filters.shape[3]))
    for r in range(height):
        for c in range(width):
            patch = framed[stride * r : stride * r + size, stride * c : stride * c + size]
            result[r, c] = (patch[..., np.newaxis] * filters).sum(axis=(0, 1, 2))
    return result

answer = convolution""",
    right=(
        lambda: lambda m, f, s, p: _convolution(m, f, s, p).astype(np.float32),
        lambda: lambda m, f, s, p: _convolution(m, f, 1, p)[::s, ::s].tolist(),
        lambda: _by_places,
    ),
    wrong=(
        *((name, lambda false=false: false) for name, false in _FALSE_CONVOLUTIONS.items()),
        ("other", lambda: lambda m, f, s, p: np.maximum(_convolution(m, f, s, p), 0)),
        ("raises", lambda: _pads_channels),
        ("signature", lambda: lambda maps, filters: maps),
        ("gives-nothing", lambda: lambda m, f, s, p: print(m)),
        ("type", lambda: _convolution(*_convolutions_to_try()[0])),
    ),
)

# ------------------------------------------------------------------------------------------ one pixel to the right

_FALSE_CHANGES: dict[str, Callable[[NDArray, NDArray], Any]] = {
    "signed": lambda a, b: (a - b).sum() / np.abs(a).sum(),
    "signed-size": lambda a, b: np.abs(a - b).sum() / a.sum(),
    "sizes-first": lambda a, b: np.abs(np.abs(a) - np.abs(b)).sum() / np.abs(a).sum(),
    "not-normalised": lambda a, b: np.abs(a - b).sum(),
    "mean-change": lambda a, b: np.abs(a - b).mean(),
    "by-after": lambda a, b: np.abs(a - b).sum() / np.abs(b).sum(),
    "squared": lambda a, b: ((a - b) ** 2).sum() / (a**2).sum(),
    "lengths": lambda a, b: np.linalg.norm(a - b) / np.linalg.norm(a),
    "mean-of-ratios": lambda a, b: np.mean(np.abs(a - b) / np.abs(a)),
    "per-cent": lambda a, b: 100 * np.abs(a - b).sum() / np.abs(a).sum(),
    "likeness": lambda a, b: 1 - np.abs(a - b).sum() / np.abs(a).sum(),
}


def _relative_change(before: NDArray, after: NDArray) -> float:
    return float(np.abs(before - after).sum() / np.abs(before).sum())


@cache
def _outputs_to_compare() -> list[tuple[NDArray, NDArray]]:
    rng = np.random.default_rng(4)
    return [tuple(rng.normal(0.3, 1, (2, *shape))) for shape in [(3, 4, 4, 2), (5, 10), (7,)]]


def _check_change(answer: Any) -> None:
    relative_change = function(answer)
    pairs = _outputs_to_compare()
    recognise(
        np.array([number(relative_change(*pair)) for pair in pairs]),
        np.array([_relative_change(*pair) for pair in pairs]),
        {name: np.array([false(*pair) for pair in pairs]) for name, false in _FALSE_CHANGES.items()},
        tolerance=1e-5,
    )


ONE_PIXEL = Exercise(
    name="one-pixel-to-the-right",
    title="One pixel to the right",
    asks="A function relative_change(before, after) of two arrays of one shape, whatever shape that is: one number.",
    grade=_check_change,
    mistakes={
        "signed": "Differences above and below zero cancel each other. Take the size of each before you add.",
        "signed-size": "Below the line the signs are left: positive and negative values cancel, and the sum says little.",
        "sizes-first": "The size is taken before the difference: 1 and -1 would count as unchanged.",
        "not-normalised": "That is the sum of all changes. Without the size of the output beside it, layers cannot be compared.",
        "mean-change": "That is the mean change. Compare it with the size of the output, or layers cannot be compared.",
        "by-after": "It is divided by the size of what came out after the move. Divide by what was there before.",
        "squared": "These are sums of squares. The task wants sums of sizes.",
        "lengths": "These are lengths, roots of sums of squares. The task wants sums of sizes.",
        "mean-of-ratios": "Each value is divided by its own size, so that the tiniest values count most. Add up first, then "
        "divide.",
        "per-cent": "That is per cent. Leave it as a share.",
        "likeness": "That says how much stays. How much changes is wanted.",
        "other": "Try it on before = np.array([1, -2]) and after = np.array([0, -1]), and work the same out on paper.",
    },
    hints=(
        "Two sums, one divided by the other. In both the sign must go first.",
        "With np.abs you get the size of each value of an array.",
        "Above the line: the sizes of the differences, added up over all axes. Below: the sizes of before, added up.",
    ),
    solution="""\
def relative_change(before, after):
    return np.abs(before - after).sum() / np.abs(before).sum()

answer = relative_change""",
    right=(
        lambda: lambda before, after: np.abs(after - before).mean() / np.abs(before).mean(),
        lambda: lambda a, b: sum(abs(x - y) for x, y in zip(a.ravel(), b.ravel(), strict=True)) / sum(abs(a.ravel())),
    ),
    wrong=(
        *((name, lambda false=false: false) for name, false in _FALSE_CHANGES.items()),
        ("other", lambda: lambda before, after: np.abs(before - after).max() / np.abs(before).max()),
        ("type", lambda: lambda before, after: np.abs(before - after) / np.abs(before).sum()),
        ("signature", lambda: lambda name: 0.5),
        ("type", lambda: 0.55),
    ),
)

# ---------------------------------------------------------------------------------------- a network without learning

ENOUGH = 0.8


@cache
def _zeros_and_ones() -> tuple[NDArray[np.uint8], NDArray[np.integer]]:
    """Return 80 zeros and 80 ones, mixed, from the labs' sample of training images: this chapter is short of memory."""
    sample = load_file(FILES / "lab-sample.safetensors")
    images, labels = sample["images"], sample["labels"]
    chosen = np.sort(np.concatenate([np.flatnonzero(labels == digit)[:80] for digit in (0, 1)]))
    return images[chosen], labels[chosen]


def _check_zero_or_one(answer: Any) -> None:
    zero_or_one = function(answer)
    pictures, labels = _zeros_and_ones()
    answers = array(zero_or_one(pictures))
    if answers.shape != labels.shape:
        raise Mistake("not-one-each", given=answers.shape)
    if not np.isin(answers, (0, 1)).all():
        raise Mistake("no-digits")
    if np.ptp(answers) == 0:
        raise Mistake("always-the-same", digit=int(answers[0]))
    ones = labels == 1
    alone = array(zero_or_one(pictures[ones]), (int(ones.sum()),))
    if np.mean(alone != answers[ones]) > 0.1:
        raise Mistake("depends-on-the-others")
    share = (answers == labels).mean()
    if share < 1 - ENOUGH:
        raise Mistake("exchanged")
    if share < ENOUGH:
        raise Mistake("other", share=f"{share:.0%}")


def _edges(pictures: NDArray) -> tuple[NDArray, NDArray]:
    """Add up left edges and top edges, by differences of neighbours."""
    scaled = pictures.astype(float)
    return (
        np.maximum(np.diff(scaled, axis=2), 0).sum(axis=(1, 2)),
        np.maximum(np.diff(scaled, axis=1), 0).sum(axis=(1, 2)),
    )


def _top_share(pictures: NDArray) -> NDArray:
    left, top = _edges(pictures)
    return top / (left + top)


A_NETWORK_WITHOUT_LEARNING = Exercise(
    name="a-network-without-learning",
    title="A network without learning",
    asks="A function zero_or_one(pictures): for pictures (N, 28, 28), uint8, of 0s and 1s an array of N numbers, 0 or 1. At "
    "least 80 % must be right.",
    grade=_check_zero_or_one,
    mistakes={
        "not-one-each": "It gives back the shape {given}. One answer for each of the N pictures is wanted, shape (N,).",
        "no-digits": "There are other numbers than 0 and 1 among the answers. Compare what you measured with a threshold.",
        "always-the-same": "All pictures are called {digit}. Look at what you measure for some 0s and some 1s: where does "
        "your threshold lie?",
        "depends-on-the-others": "Its answer to a picture changes with the other pictures in the batch. Take the threshold "
        "from training images, once, not from the pictures to be judged.",
        "exchanged": "Nearly all 0s are called 1, and the 1s 0.",
        "other": "Only {share} are right. Draw what you measure for 0s and for 1s side by side. (In uint8, differences wrap "
        "around.)",
    },
    hints=(
        "Think of a number that is small for a 1 and large for a 0, or the other way round.",
        "A 1 has long left edges and hardly any top edge. Convolve, keep what is positive, add up each map.",
        "Which share of the two sums is top edge? Take the middle between the averages of training 0s and 1s as threshold.",
    ),
    solution="""\
left_top = np.stack([FILTERS["left edge"], FILTERS["top edge"]], axis=-1)[:, :, np.newaxis]

def top_share(pictures):  # keras.ops.conv is what a Conv2D does, with weights that you hand in
    maps = keras.ops.conv(np.float32(pictures[..., np.newaxis]), np.float32(left_top))
    sums = np.maximum(maps, 0).sum(axis=(1, 2))
    return sums[:, 1] / sums.sum(axis=1)

known = [top_share(x_train[y_train == digit][:1000]).mean() for digit in (0, 1)]

def zero_or_one(pictures):
    return np.where(top_share(pictures) < np.mean(known), 1, 0)

answer = zero_or_one""",
    right=(
        lambda: lambda pictures: (_top_share(pictures) < 0.39).astype(int),
        lambda: lambda pictures: pictures[:, 12:16, 12:16].mean(axis=(1, 2)) > 80,
        lambda: lambda pictures: [int(ink < 35) for ink in pictures.mean(axis=(1, 2))],
    ),
    wrong=(
        ("not-one-each", lambda: lambda pictures: 1),
        ("not-one-each", lambda: lambda pictures: np.stack(_edges(pictures), axis=1)),
        ("no-digits", lambda: _top_share),
        ("always-the-same", lambda: lambda pictures: (_top_share(pictures) < 50).astype(int)),
        ("always-the-same", lambda: lambda pictures: np.zeros(len(pictures))),
        ("depends-on-the-others", lambda: lambda pictures: _top_share(pictures) < _top_share(pictures).mean()),
        ("exchanged", lambda: lambda pictures: (_top_share(pictures) > 0.39).astype(int)),
        ("other", lambda: lambda pictures: _top_share(pictures) < 0.53),
        ("type", lambda: lambda pictures: ["one"] * len(pictures)),
        ("type", lambda: [0, 1, 1]),
    ),
)

EXERCISES = (
    ONE_SUM,
    OUTPUT_SHAPE,
    COUNTS_FIRST,
    ANOTHER_NETWORK,
    CONVOLUTION,
    ONE_PIXEL,
    A_NETWORK_WITHOUT_LEARNING,
)
