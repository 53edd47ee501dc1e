"""Exercises of the chapter *Training with Adam*."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

import digitlib
from digitlib import studies
from digitlib.exercises.answers import array, function, number, recognise, row, same, whole
from digitlib.exercises.digits import training_digits, validation_digits
from digitlib.exercises.exercise import Exercise, Mistake
from digitlib.exercises.trainings import answers_of, share_right
from digitlib.training import quiet_tracing

if TYPE_CHECKING:
    import keras

START = np.array([-2.5, 0.0])


def given() -> dict[str, Any]:
    """Return what the chapter has defined when its exercises begin, as far as the solutions use it."""
    data = digitlib.load_mnist()
    pair = np.isin(data.y_train, [1, 7])
    digits = data.x_train[pair][:4000] / 25.5
    is_seven = (data.y_train[pair][:4000] == 7).astype(float)
    features = np.stack([digits[:, 12:16, 12:16].mean(axis=(1, 2)), digits[:, :, 20:].mean(axis=(1, 2))], axis=1)
    features -= features.mean(axis=0)
    rng = np.random.default_rng(0)
    import keras

    def batch_gradient(weights: NDArray, size: int) -> NDArray:
        chosen = rng.integers(0, len(features), size)
        p_seven = 1 / (1 + np.exp(-features[chosen] @ weights))
        return (p_seven - is_seven[chosen]) @ features[chosen] / size

    return {"np": np, "keras": keras, "adam": _adam, "start": START, "batch_gradient": batch_gradient}


def _adam(g: Any, rate: float, memory: dict[str, Any]) -> Any:
    t = memory["t"] = memory.get("t", 0) + 1
    m = memory["m"] = 0.9 * memory.get("m", 0) + 0.1 * g
    v = memory["v"] = 0.999 * memory.get("v", 0) + 0.001 * g**2
    return rate * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-7)


# ------------------------------------------------------------------------------------ two steps of Adam by hand


AFTER_TWO_STEPS = 0.87337


def _check_two_steps(answer: Any) -> None:
    weight = number(answer)
    known = {
        "nine-tenths": 0.9,
        "upwards": 2 - AFTER_TWO_STEPS,
        "uncorrected": 0.57059,
        "no-root": 0.93315,
        "no-momentum": 0.96325,
        "step-not-counted": 0.86421,
        "step-alone": 0.02663,
    }
    if not same(weight, AFTER_TWO_STEPS, 0.01) or same(weight, known["step-not-counted"], 5e-4):
        recognise(weight, AFTER_TWO_STEPS, known, tolerance=5e-4)
    if not same(weight, AFTER_TWO_STEPS, 5e-4):
        raise Mistake("rounded")


TWO_STEPS = Exercise(
    name="two-steps-of-adam",
    title="Two steps of Adam by hand",
    asks="One number: the weight after two steps, to four digits.",
    grade=_check_two_steps,
    mistakes={
        "nine-tenths": "There it stands after the first step, and there plain descent would stand after two. In the second "
        "step, what does m still remember of the first gradient?",
        "upwards": "The step is taken off the weight, not added to it.",
        "uncorrected": "Since m and v start at zero, they are too small at first. Divide each by its share, with t counted "
        "from 1.",
        "no-root": "You divide by v. Divide by its root, which has the unit of a gradient.",
        "no-momentum": "In the second step you use the new gradient alone. Its place is taken by m, an average.",
        "step-not-counted": "In the second step t is 2, so the shares are 1 - 0.9 · 0.9 and 1 - 0.999 · 0.999.",
        "step-alone": "That is how far the second step goes. Where does the weight stand after it?",
        "rounded": "Near, but not to four digits. Keep five in between.",
        "other": "After the first step the weight is 0.9. If you have that, compute m, v and their corrections once more.",
    },
    hints=(
        "Write a table with the columns t, g, m, v, corrected m, corrected v, step, weight, and two rows.",
        "In the first row m is 0.2 and v is 0.004; corrected, they are 2 and 4.",
        "In the second row m is 0.9 · 0.2 + 0.1 · (-1) = 0.08. Correct it by 1 - 0.81.",
    ),
    solution="""\
# Step 1: one rate against the sign of the gradient, 1 - 0.1 = 0.9.
# Step 2: m = 0.9 * 0.2 + 0.1 * (-1) = 0.08, corrected 0.08 / (1 - 0.81) = 0.4211.
#         v = 0.999 * 0.004 + 0.001 * 1 = 0.004996,
#         corrected 0.004996 / (1 - 0.998001) = 2.4992, its root 1.5809.
# The step is 0.1 * 0.4211 / 1.5809 = 0.0266: momentum still goes on, though the
# gradient has turned round.
memory, answer = {}, 1.0
for g in (2.0, -1.0):
    answer -= adam(g, 0.1, memory)""",
    right=(lambda: 0.8734, lambda: 0.873, lambda: np.array([0.87337])),
    wrong=(
        ("nine-tenths", lambda: 0.9),
        ("upwards", lambda: 1.12663),
        ("uncorrected", lambda: 1 - 0.1 * 0.2 / 0.004**0.5 - 0.1 * 0.08 / 0.004996**0.5),
        ("no-root", lambda: 1 - 0.1 * 2 / 4 - 0.1 * 0.42105 / 2.49925),
        ("no-momentum", lambda: 0.9 + 0.1 / 1.5809),
        ("step-not-counted", lambda: 0.9 - 0.1 * 0.8 / 4.996**0.5),
        ("step-alone", lambda: 0.0266),
        ("rounded", lambda: 0.87),
        ("other", lambda: 0.8),
        ("type", lambda: "0.8734"),
        ("type", lambda: (0.9, 0.8734)),
    ),
)

# ------------------------------------------------------------------------------------------- ten times the loss


def _check_ten_times(answer: Any) -> None:
    recognise(
        row(answer, 4),
        np.array([10, 10, 1, 1]),
        {
            "all-alike": np.array([10, 10, 10, 10]),
            "none": np.array([1, 1, 1, 1]),
            "adam-alone": np.array([10, 10, 10, 1]),
            "rmsprop-alone": np.array([10, 10, 1, 10]),
            "momentum-too": np.array([10, 1, 1, 1]),
            "momentum-more": np.array([10, 100, 1, 1]),
            "root": np.array([10, 10, 10**0.5, 10**0.5]),
            "order": np.array([1, 1, 10, 10]),
        },
        tolerance=0.01,
    )


TEN_TIMES = Exercise(
    name="ten-times-the-loss",
    title="Ten times the loss",
    asks="Four numbers: by which factor the first step of descent, momentum, RMSProp and Adam grows, in this order.",
    grade=_check_ten_times,
    mistakes={
        "all-alike": "Two of the rules divide the gradient by its own size. What does that do to a factor?",
        "none": "Descent multiplies the gradient by the rate, and by nothing else. Does the factor vanish there?",
        "adam-alone": "RMSProp divides by the root of an average of squares, too.",
        "rmsprop-alone": "Adam divides by a root as well, and its average m takes over the factor of g. Put both together.",
        "momentum-too": "The velocity is a sum of gradients. If each is ten times as large, what is the sum?",
        "momentum-more": "The velocity is a sum of gradients: each ten times as large makes the sum ten times as large, once.",
        "root": "You have taken the root of the factor. But the factor stands in the squares: it is squared, then rooted.",
        "order": "Those are the factors in another order: descent, momentum, RMSProp, Adam.",
        "other": "Call each rule once with a gradient, and once with ten times that gradient, each with an empty memory.",
    },
    hints=(
        "Put 10 g in place of g in each of the four rules, and see whether the 10 comes out.",
        "In RMSProp the square becomes 100 times as large, and its root?",
        "Try one: momentum(0.6, 1, {}) / momentum(0.06, 1, {}).",
    ),
    solution="""\
# Descent and momentum hand the factor on. RMSProp and Adam divide by the gradient's
# own size: the factor cancels, but for epsilon.
answer = (10, 10, 1, 1)""",
    right=(lambda: [10.0, 10.0, 1.0, 1.0], lambda: np.array([10, 10, 0.9999995, 1.0000014])),
    wrong=(
        ("all-alike", lambda: (10, 10, 10, 10)),
        ("none", lambda: [1, 1, 1, 1]),
        ("adam-alone", lambda: (10, 10, 10, 1)),
        ("rmsprop-alone", lambda: (10, 10, 1, 10)),
        ("momentum-too", lambda: (10, 1, 1, 1)),
        ("momentum-more", lambda: (10, 100, 1, 1)),
        ("root", lambda: (10, 10, 3.162, 3.162)),
        ("order", lambda: (1, 1, 10, 10)),
        ("other", lambda: (1, 2, 3, 4)),
        ("count", lambda: (10, 1)),
        ("type", lambda: "descent 10, Adam 1"),
    ),
)

# ---------------------------------------------------------------------------------------------- Keras's RMSProp

Rule = Callable[[Any, float, dict[str, Any]], Any]

GRADIENTS = np.array([[1.0, 1e-7], [-0.5, 1e-3], [0.06, -2e-4], [2.0, 1e-5], [-1.0, 1e-7], [1e-7, 3e-4]])


def _steps(rule: Rule) -> NDArray[np.float64]:
    """Collect the steps of a rule along the same gradients, with two rates."""
    steps = []
    for rate in (1.0, 0.05):
        memory: dict[str, Any] = {}
        steps += [array(rule(g.copy(), rate, memory), g.shape) for g in GRADIENTS]
    return np.array(steps)


def _a_rmsprop(
    kept: float = 0.9, epsilon: float = 1e-7, outside: float = 0.0, corrected: bool = False, remembers: bool = True
) -> Rule:
    def rule(g: Any, rate: float, memory: dict[str, Any]) -> Any:
        t = memory["t"] = memory.get("t", 0) + 1
        square = kept * memory.get("square", 0) + (1 - kept) * g**2
        if remembers:
            memory["square"] = square
        share = 1 - kept**t if corrected else 1
        return rate * g / (np.sqrt(square / share + epsilon) + outside)

    return rule


def _with_sign_turned(g: Any, rate: float, memory: dict[str, Any]) -> Any:
    return -_a_rmsprop()(g, rate, memory)


def _without_rate(g: Any, _: float, memory: dict[str, Any]) -> Any:
    return _a_rmsprop()(g, 1.0, memory)


def _unsquared(g: Any, rate: float, memory: dict[str, Any]) -> Any:
    memory["mean"] = 0.9 * memory.get("mean", 0) + 0.1 * np.abs(g)
    return rate * g / np.sqrt(memory["mean"] + 1e-7)


_FALSE_RMSPROPS: dict[str, Rule] = {
    "outside-the-root": _a_rmsprop(epsilon=0, outside=1e-7),
    "no-epsilon": _a_rmsprop(epsilon=0),
    "another-epsilon": _a_rmsprop(epsilon=1e-8),
    "squared-epsilon": _a_rmsprop(epsilon=1e-14),
    "corrected": _a_rmsprop(corrected=True),
    "forgets": _a_rmsprop(remembers=False),
    "another-average": _a_rmsprop(kept=0.99),
    "unsquared": _unsquared,
    "upwards": _with_sign_turned,
    "no-rate": _without_rate,
}


def _check_rmsprop(answer: Any) -> None:
    right = _steps(_a_rmsprop())
    # The steps differ by powers of ten, so they are compared as ratios.
    recognise(
        _steps(function(answer)) / right,
        np.ones_like(right),
        {name: _steps(rule) / right for name, rule in _FALSE_RMSPROPS.items()},
        tolerance=2e-3,
    )


def _rmsprop_in_place(g: Any, rate: float, memory: dict[str, Any]) -> Any:
    memory.setdefault("square", np.zeros_like(g))
    memory["square"] *= 0.9
    memory["square"] += 0.1 * np.square(g)
    return (rate * g.astype(np.float32)) * (memory["square"] + 1e-7) ** -0.5


def _rmsprop_that_changes(g: Any, rate: float, memory: dict[str, Any]) -> Any:
    step = _a_rmsprop()(g, rate, memory)
    g *= 0
    return step


RMSPROP_OF_KERAS = Exercise(
    name="rmsprop-of-keras",
    title="Keras's RMSProp",
    asks="A function rmsprop_of_keras(g, rate, memory) like the chapter's rmsprop, which takes Keras's steps.",
    grade=_check_rmsprop,
    mistakes={
        "outside-the-root": "Epsilon is still added to the root, as in the chapter. For ordinary gradients that is the same; "
        "for 1e-7 it is not.",
        "no-epsilon": "There is no epsilon left. Then even the tiniest gradient makes a long step. Where does Keras put it?",
        "another-epsilon": "The place of epsilon is right, its size is not. Look up Keras's default.",
        "squared-epsilon": "Epsilon goes under the root as it is. Do not square it before.",
        "corrected": "RMSProp does not correct the start of its average. That is Adam's addition.",
        "forgets": "The average of the squares is not kept from step to step. Where does the memory come in?",
        "another-average": "The average keeps another share than nine tenths of itself in each step.",
        "unsquared": "The average is of the gradients' size. It must be of their squares, or the root has no fitting unit.",
        "upwards": "The sign is turned. The function gives what is taken off the weight, so a rising slope gives a step "
        "above zero.",
        "no-rate": "The rate is not used.",
        "other": "Some of the steps differ from Keras's. Begin with the chapter's rmsprop, and change the place of epsilon "
        "alone.",
    },
    hints=(
        "Let Keras take one step with rate 1 from the gradient 1e-7. How long is it? How long is that of rmsprop?",
        "Keras's step is about 0.0003. Which formula gives that, if v is nearly zero?",
        "Try g / sqrt(v + epsilon).",
    ),
    solution="""\
# Keras adds epsilon under the root: it matters for gradients of about sqrt(1e-7) = 0.0003.
def rmsprop_of_keras(g, rate, memory):
    memory["square"] = 0.9 * memory.get("square", 0) + 0.1 * g**2
    return rate * g / np.sqrt(memory["square"] + 1e-7)

answer = rmsprop_of_keras""",
    right=(lambda: _rmsprop_in_place, lambda: _a_rmsprop()),
    wrong=(
        *((name, lambda rule=rule: rule) for name, rule in _FALSE_RMSPROPS.items()),
        ("other", lambda: _adam),
        ("changes-input", lambda: _rmsprop_that_changes),
        ("signature", lambda: lambda g, rate: rate * g),
        ("shape", lambda: lambda g, rate, memory: rate * float(g.sum())),
        ("gives-nothing", lambda: lambda g, rate, memory: memory.update(square=g**2)),
        ("type", lambda: 0.0003),
    ),
)

# --------------------------------------------------------------------------------------- the square root, measured


def _check_slope(answer: Any) -> None:
    slope = number(answer)
    if abs(slope + 0.5) <= 0.06:
        return
    places = {"upwards": 0.5, "variance": -1, "exchanged": -2, "no-logarithms": 0, "one-logarithm": -0.03}
    for name, place in places.items():
        if abs(slope - place) <= (0.002 if abs(place) < 0.1 else 0.1):
            raise Mistake(name)
    if abs(slope) < 0.1:
        raise Mistake("one-logarithm")
    raise Mistake("other")


THE_SQUARE_ROOT = Exercise(
    name="the-square-root-measured",
    title="The square root, measured",
    asks="One number: the slope of the line, on logarithmic axes.",
    grade=_check_slope,
    mistakes={
        "upwards": "The sign is wrong: the scatter falls with the size. Is it the logarithm of 1 / scatter, or of 1 / size?",
        "variance": "That is the slope of the variance. The scatter is its root, the standard deviation.",
        "exchanged": "The axes are exchanged: the size belongs to the x axis, the scatter to the y axis.",
        "no-logarithms": "Nearly level: did you fit the numbers themselves? Take the logarithm of both.",
        "one-logarithm": "Only one of the two seems to be a logarithm. Take that of the other as well.",
        "other": "That is not what we measure. For each size, take at least 200 mini-batches, and the standard deviation of "
        "the first of the two numbers.",
    },
    hints=(
        "The slope along middle, from one mini-batch, is batch_gradient(start, size)[0].",
        "For each size 2, 4, 8, ... 1024 take np.std of some hundred of them.",
        "The slope comes first in np.polyfit(np.log(sizes), np.log(scatter), 1).",
    ),
    solution="""\
# One over the square root of the size: on logarithmic axes a line of slope -1/2.
sizes = 2 ** np.arange(1, 11)
scatter = [
    np.std([batch_gradient(start, size)[0] for _ in range(400)]) for size in sizes
]
answer = np.polyfit(np.log(sizes), np.log(scatter), 1)[0]""",
    right=(lambda: -0.5, lambda: np.float32(-0.47), lambda: -0.53),
    wrong=(
        ("upwards", lambda: 0.51),
        ("variance", lambda: -1.02),
        ("exchanged", lambda: -1.98),
        ("no-logarithms", lambda: -0.0007),
        ("one-logarithm", lambda: -0.061),
        ("one-logarithm", lambda: -0.03),
        ("other", lambda: -0.3),
        ("type", lambda: (-0.5, 1.2)),
        ("not-finite", lambda: float("nan")),
    ),
)

# ------------------------------------------------------------------------------------------------ train it yourself

MOST_EPOCHS = 3
ENOUGH = 0.9
JUDGING = 600
NEAR = 2 / JUDGING  # two pictures may fall to either side of a tie


class _Lesson(NamedTuple):
    """What the student's function is given, and what it is judged by."""

    x: NDArray[np.uint8]
    y: NDArray[np.uint8]
    x_judge: NDArray[np.uint8]
    y_judge: NDArray[np.uint8]
    x_fresh: NDArray[np.uint8]
    y_fresh: NDArray[np.uint8]


@cache
def _lesson() -> _Lesson:
    images, labels = training_digits()
    order = np.argsort(labels[:3000], kind="stable")
    val_images, val_labels = validation_digits()
    said = val_labels[:JUDGING].copy()
    # A third of the labels to judge by are wrong, so that a share on these images is unlike any other share.
    said[::3] = (said[::3] + 1) % 10
    parts = images[order], labels[order], val_images[:JUDGING], said, val_images[JUDGING:1600], val_labels[JUDGING:1600]
    return _Lesson(*(part[..., np.newaxis] if part.ndim == 3 else part for part in parts))


class _Register:
    """Stands at the door of a network's `fit`, and writes down what goes in and what comes out."""

    def __init__(self, model: keras.Sequential, lesson: _Lesson) -> None:
        self.epochs = 0
        self.accuracies: list[float] = []
        self.judged: list[float] = []
        self._fit, self._lesson = type(model).fit.__get__(model), lesson
        self._signature = inspect.signature(self._fit)
        model.fit = self.fit

    def fit(self, *arguments: Any, **settings: Any) -> Any:
        """Fit the network, unless it would go wrong for sure."""
        try:
            given = self._signature.bind(*arguments, **settings)
        except TypeError:
            return self._fit(*arguments, **settings)  # which says what is wrong
        given.apply_defaults()
        self._refuse(given.arguments)
        history = self._fit(*arguments, **settings)
        self.accuracies += history.history.get("accuracy", [])
        self.judged += history.history.get("val_accuracy", [])
        return history

    def _refuse(self, given: dict[str, Any]) -> None:
        self.epochs += given["epochs"] - given["initial_epoch"] if isinstance(given["epochs"], int) else 0
        if self.epochs > MOST_EPOCHS:
            raise Mistake("too-many-epochs", epochs=self.epochs, most=MOST_EPOCHS)
        if isinstance(given["x"], np.ndarray) and not _rows(given["x"]).isdisjoint(_rows(self._lesson.x_judge)):
            raise Mistake("learned-from-the-judge")
        if _is_sorted(given["y"]) and not given["shuffle"]:
            raise Mistake("in-order")
        if _is_sorted(given["y"]) and given["validation_split"]:
            raise Mistake("split-of-a-sorted-set")


def _is_sorted(labels: Any) -> bool:
    plain = isinstance(labels, np.ndarray) and labels.ndim == 1 and labels.dtype.kind in "iuf"
    return plain and bool((labels[1:] >= labels[:-1]).all())


def _rows(images: NDArray) -> set[bytes]:
    """Make pictures comparable, whether their grey values reach to 255 or to 1."""
    flat = images.reshape(len(images), -1).astype(np.float32)
    scaled = np.round(255 * flat / max(float(flat.max(initial=0)), 1e-9)).astype(np.uint8)
    return {picture.tobytes() for picture in scaled}


@cache
def _untrained() -> keras.Sequential:
    return digitlib.build_cnn(widths=(16, 32))


def _check_training(answer: Any) -> None:
    train = function(answer)
    import keras

    lesson = _lesson()
    keras.utils.set_random_seed(0)
    model = _untrained()
    try:
        with quiet_tracing():
            _judge_training(train, model, lesson)
    finally:
        if model.compiled:  # otherwise it serves again: to build one takes longer than most wrong answers
            _untrained.cache_clear()


def _judge_training(train: Callable[..., Any], model: keras.Sequential, lesson: _Lesson) -> None:
    before = model.get_weights()
    register = _Register(model, lesson)
    share = number(train(model, lesson.x, lesson.y, lesson.x_judge, lesson.y_judge))
    if all(np.array_equal(one, other) for one, other in zip(before, model.get_weights(), strict=True)):
        raise Mistake("untrained")
    if abs(share - share_right(model, lesson.x_judge, lesson.y_judge)) > NEAR:
        _explain_share(share, model, register, lesson)
    fresh = share_right(model, lesson.x_fresh, lesson.y_fresh)
    if fresh < ENOUGH:
        rate = _constant_rate(model)
        if rate is not None and rate >= 0.05:
            raise Mistake("rate-too-large", share=f"{fresh:.0%}")
        if rate is not None and rate <= 0.0005:
            raise Mistake("rate-too-small", share=f"{fresh:.0%}")
        raise Mistake("other", share=f"{fresh:.0%}")


def _explain_share(share: float, model: keras.Sequential, register: _Register, lesson: _Lesson) -> None:
    """Find out where a wrong share comes from."""
    count, probabilities = len(lesson.y_judge), answers_of(model, lesson.x_judge)
    right = float((probabilities.argmax(axis=1) == lesson.y_judge).mean())
    loss = -np.log(np.maximum(probabilities[np.arange(count), lesson.y_judge], 1e-7)).mean()
    learned = share_right(model, lesson.x, lesson.y)
    known = {
        "per-cent": (share / 100, [right]),
        "as-a-count": (share / count, [right]),
        "wrong-ones": (1 - share, [right]),
        "gives-the-loss": (share, [loss]),
        "an-earlier-epoch": (share, register.judged[:-1]),
        "judged-by-training": (share, [learned, *register.accuracies]),
    }
    for name, (given, values) in known.items():
        if any(abs(given - value) <= NEAR for value in values):
            raise Mistake(name)
    raise Mistake("another-share")


def _constant_rate(model: keras.Sequential) -> float | None:
    """Look up the learning rate, if it is one number and no schedule."""
    optimizer = getattr(model, "optimizer", None)
    if optimizer is None or not hasattr(optimizer._learning_rate, "assign"):
        return None
    return float(optimizer.learning_rate)


def _pupil(
    rate: float = 0.003,
    *,
    report: Callable[[dict[str, list[float]]], Any] = lambda history: history["val_accuracy"][-1],
    everything: bool = False,
    part: int = 1,
    **settings: Any,
) -> Callable[..., Any]:
    """Make an answer: the usual training, with something changed, on every image or every `part`-th."""

    def trained(model: keras.Sequential, x: NDArray, y: NDArray, x_judge: NDArray, y_judge: NDArray) -> Any:
        import keras

        # So few steps as a part takes are not worth preparing TensorFlow for.
        settled = {"metrics": ["accuracy"], "run_eagerly": part > 1}
        model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", **settled)
        if everything:
            x, y = np.concatenate([x, x_judge]), np.concatenate([y, y_judge])
        options = {"batch_size": 64, "epochs": 2, "verbose": 0} | settings
        x, y = x[::part], y[::part]
        if "validation_split" not in options:
            options["validation_data"] = (x_judge, y_judge)
        return report(model.fit(x, y, **options).history)

    return trained


def _shuffled_by_hand(model: keras.Sequential, x: NDArray, y: NDArray, x_judge: NDArray, y_judge: NDArray) -> float:
    model.compile("adam", "sparse_categorical_crossentropy")
    rng = np.random.default_rng(3)
    for _ in range(2):
        order = rng.permutation(len(x))
        for start in range(0, len(x), 50):
            model.train_on_batch(x[order[start : start + 50]], y[order[start : start + 50]])
    return (model.predict(x_judge, verbose=0).argmax(axis=1) == y_judge).mean()


def _with_evaluate(model: keras.Sequential, x: NDArray, y: NDArray, x_judge: NDArray, y_judge: NDArray) -> float:
    import keras

    order = np.random.default_rng(0).permutation(len(x))
    optimizer = keras.optimizers.SGD(0.1)
    model.compile(optimizer, loss=keras.losses.SparseCategoricalCrossentropy(), metrics=["accuracy"])
    for _ in range(3):
        model.fit(x[order] / 255.0 * 255.0, y[order], 32, shuffle=False, verbose=0)
    return model.evaluate(x_judge, y_judge, verbose=0)[1]


def _one_batch(model: keras.Sequential, x: NDArray, y: NDArray, x_judge: NDArray, y_judge: NDArray) -> float:
    model.compile("adam", "sparse_categorical_crossentropy")
    model.train_on_batch(x[::30], y[::30])
    return (model.predict(x_judge, verbose=0).argmax(axis=1) == y_judge).mean()


def _other_loss(model: keras.Sequential, x: NDArray, y: NDArray, *_: NDArray) -> float:
    model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    return model.fit(x, y, verbose=0).history["accuracy"][-1]


def _shuffles_what_it_is_given(model: keras.Sequential, x: NDArray, y: NDArray, *_: NDArray) -> float:
    y[:] = y[::-1].copy()
    return 0.5


TRAIN_IT = Exercise(
    name="train-it-yourself",
    title="Train it yourself",
    asks="A function train_it(model, x, y, x_judge, y_judge) that trains the network and gives back a share. The check runs "
    "it once, on 3,000 images, which takes some seconds.",
    grade=_check_training,
    mistakes={
        "untrained": "The network has the same weights as before. Does it come to fit, and to the network that was given?",
        "too-many-epochs": "It trains for {epochs} epochs. {most} at most are allowed, and enough.",
        "learned-from-the-judge": "Images that shall judge were used for training. What was learned from cannot judge: leave "
        "x_judge out of it.",
        "in-order": "The images are sorted by label, and with shuffle=False they stay so: every batch holds one digit only, "
        "and each digit makes the network forget the one before.",
        "split-of-a-sorted-set": "With validation_split the last images judge, and these are sorted by label: the network would "
        "never see a nine. Judge by the images that are given for it.",
        "per-cent": "That is in per cent. A share lies between 0 and 1.",
        "as-a-count": "That is how many are right. Divide by how many there are.",
        "wrong-ones": "That is the share of those that are read wrongly.",
        "gives-the-loss": "That is the loss. The share of right answers is wanted: which measure does compile name?",
        "an-earlier-epoch": "That is the share after an earlier epoch. The network that you hand back is the one after the "
        "last.",
        "judged-by-training": "That is the share of the training images. A network knows these by heart: judge by x_judge.",
        "another-share": "The trained network reads another share of x_judge. Count it once the training is over.",
        "rate-too-large": "It reads {share} of new images. A learning rate as large as yours throws the weights about: try "
        "a tenth or a hundredth of it.",
        "rate-too-small": "It reads {share} of new images. With so small a learning rate it has not come far: try ten times "
        "as much.",
        "other": "It reads {share} of new images, and should read 90 %. Does it take enough steps? How many images make one?",
    },
    hints=(
        "Three steps: compile, fit, read the last validation accuracy from the history.",
        "In compile, name an optimiser with a rate, a loss for plain labels, and metrics=['accuracy'].",
        "Give fit x and y, batch_size, epochs=3 and validation_data=(x_judge, y_judge); it shuffles unless told otherwise.",
        "The history holds 'val_accuracy', a number for each epoch. The last one counts.",
    ),
    solution="""\
# fit shuffles by itself, and judges after each epoch by images that it does not learn from.
def train_it(model, x, y, x_judge, y_judge):
    optimizer = keras.optimizers.Adam(0.003)
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    history = model.fit(x, y, batch_size=64, epochs=3, validation_data=(x_judge, y_judge),
                        verbose=0).history
    return history["val_accuracy"][-1]

answer = train_it""",
    right=(lambda: _with_evaluate, lambda: _shuffled_by_hand),
    wrong=(
        ("untrained", lambda: lambda model, x, y, x_judge, y_judge: 0.95),
        ("too-many-epochs", lambda: _pupil(epochs=20)),
        ("learned-from-the-judge", lambda: _pupil(everything=True)),
        ("in-order", lambda: _pupil(shuffle=False)),
        ("split-of-a-sorted-set", lambda: _pupil(validation_split=0.1)),
        ("per-cent", lambda: _pupil(part=25, report=lambda history: 100 * history["val_accuracy"][-1])),
        ("as-a-count", lambda: _pupil(part=25, report=lambda history: 600 * history["val_accuracy"][-1])),
        ("wrong-ones", lambda: _pupil(part=25, report=lambda history: 1 - history["val_accuracy"][-1])),
        ("gives-the-loss", lambda: _pupil(part=25, report=lambda history: history["val_loss"][-1])),
        ("an-earlier-epoch", lambda: _pupil(part=5, report=lambda history: history["val_accuracy"][0])),
        ("judged-by-training", lambda: _pupil(part=5, report=lambda history: history["accuracy"][-1])),
        ("another-share", lambda: _pupil(part=25, report=lambda history: history["val_accuracy"][-1] - 0.2)),
        ("rate-too-large", lambda: _pupil(1.0)),
        ("rate-too-small", lambda: _pupil(0.00003)),
        ("other", lambda: _one_batch),
        ("type", lambda: _pupil(part=25, report=lambda history: history["val_accuracy"])),
        ("raises", lambda: _other_loss),
        ("changes-input", lambda: _shuffles_what_it_is_given),
        ("type", lambda: "model.fit(x, y)"),
    ),
    trains=True,
)

# ------------------------------------------------------------------------------------------------------ stop in time


def _stop_at(
    accuracies: NDArray[np.float64],
    patience: int,
    *,
    short: int = 0,
    in_total: bool = False,
    ties: bool = False,
    gives: str = "best",
    lowest: bool = False,
) -> int:
    values = -np.asarray(accuracies) if lowest else np.asarray(accuracies)
    best = waited = last = 0
    for epoch in range(1, len(values)):
        last = epoch
        if values[epoch] > values[best] or (ties and values[epoch] == values[best]):
            best = epoch
            waited = waited if in_total else 0
        else:
            waited += 1
            if waited >= patience + short:
                break
    return {"best": best, "last": last, "from one": best + 1}[gives]


def _courses() -> list[tuple[NDArray[np.float64], int]]:
    """Collect what to stop: the courses that chapter 4 shows, and shorter ones with plateaus and ties."""
    runs = studies.load_study("seeds")["results"]["wrong"]["plain"]
    courses = [np.array(run["val_accuracy"]) for run in runs]
    rng = np.random.default_rng(5)
    courses.append(np.array([0.8, 0.85, 0.84, 0.86, 0.84, 0.85, 0.88, 0.87, 0.9, 0.89, 0.91]))
    courses += [np.round(0.9 + rng.normal(0, 0.02, length).cumsum() / 4, 2) for length in (1, 6, 9, 12, 12, 15)]
    return [(course, patience) for course in courses for patience in (1, 2, 3, 4)]


def _first_fall(accuracies: NDArray[np.float64], _: int) -> int:
    return _stop_at(accuracies, 1)


_FALSE_STOPS: dict[str, Callable[[NDArray[np.float64], int], Any]] = {
    "looks-ahead": lambda accuracies, _: int(np.argmax(accuracies)),
    "where-it-ends": lambda accuracies, patience: _stop_at(accuracies, patience, gives="last"),
    "from-one": lambda accuracies, patience: _stop_at(accuracies, patience, gives="from one"),
    "as-for-a-loss": lambda accuracies, patience: _stop_at(accuracies, patience, lowest=True),
    "too-patient": lambda accuracies, patience: _stop_at(accuracies, patience, short=1),
    "no-patience": _first_fall,
    "in-total": lambda accuracies, patience: _stop_at(accuracies, patience, in_total=True),
    "ties": lambda accuracies, patience: _stop_at(accuracies, patience, ties=True),
    "gives-accuracy": lambda accuracies, patience: float(accuracies[_stop_at(accuracies, patience)]),
}


def _check_stop(answer: Any) -> None:
    stop, courses = function(answer), _courses()
    recognise(
        np.array([number(stop(course, patience)) for course, patience in courses]),
        np.array([_stop_at(course, patience) for course, patience in courses]),
        {name: np.array([false(*course) for course in courses]) for name, false in _FALSE_STOPS.items()},
    )
    # What is given must be an epoch, not a fraction that happens to be near one.
    whole(stop(*courses[0]))


def _by_the_best_so_far(accuracies: NDArray[np.float64], patience: int) -> int:
    best_at = [int(np.argmax(accuracies[: epoch + 1])) for epoch in range(len(accuracies))]
    waiting = [epoch for epoch, best in enumerate(best_at) if epoch - best >= patience]
    return best_at[waiting[0]] if waiting else best_at[-1]


def _by_a_window(accuracies: NDArray[np.float64], patience: int) -> np.int64:
    values, best = list(accuracies), 0
    while ahead := [e for e in range(best + 1, min(best + patience, len(values) - 1) + 1) if values[e] > values[best]]:
        best = ahead[0]
    return np.int64(best)


STOP_IN_TIME = Exercise(
    name="stop-in-time",
    title="Stop in time",
    asks="A function stop_at(accuracies, patience): the epoch, counted from 0, whose network counts.",
    grade=_check_stop,
    mistakes={
        "looks-ahead": "That is the best of all epochs. But whoever stops in time never sees those after the stop.",
        "where-it-ends": "That is where the training ends. The best network until then counts, and it is an earlier one.",
        "from-one": "You count from 1. The first accuracy is that of epoch 0.",
        "as-for-a-loss": "A loss is good if it is low. These are accuracies.",
        "too-patient": "It waits for one epoch too many: with patience 2 it ends at the second epoch without a new best.",
        "no-patience": "It ends at the first epoch that brings no new best. How many may there be in a row?",
        "in-total": "Epochs without a new best count in a row. After a new best, begin to count anew.",
        "ties": "An epoch that is only as good as the best so far brings nothing new: the earlier one stays the best.",
        "gives-accuracy": "That is the accuracy of the right epoch. Give its number.",
        "other": "For some courses another epoch counts. Try stop_at([0.8, 0.9, 0.85, 0.88, 0.95], 2) on paper, epoch by "
        "epoch.",
    },
    hints=(
        "Walk through the epochs as the training does, and remember the best one so far.",
        "How long ago was the best one? Once that is patience epochs, it is over.",
        "The chapter's own stopped does the same for losses. What has to change?",
    ),
    solution="""\
# As the chapter's `stopped`, but higher is better, and the patience is asked for.
def stop_at(accuracies, patience):
    best = 0
    for epoch, accuracy in enumerate(accuracies):
        if accuracy > accuracies[best]:
            best = epoch
        elif epoch - best >= patience:
            break
    return best

answer = stop_at""",
    right=(lambda: _by_the_best_so_far, lambda: _by_a_window),
    wrong=(
        *((name, lambda false=false: false) for name, false in _FALSE_STOPS.items()),
        ("other", lambda: lambda accuracies, patience: patience),
        ("raises", lambda: lambda accuracies, patience: accuracies[len(accuracies)]),
        ("signature", lambda: lambda accuracies: 0),
        ("type", lambda: lambda accuracies, patience: accuracies > 0.9),
        ("gives-nothing", lambda: lambda accuracies, patience: print(int(np.argmax(accuracies)))),
    ),
)

EXERCISES = (TWO_STEPS, TEN_TIMES, RMSPROP_OF_KERAS, THE_SQUARE_ROOT, TRAIN_IT, STOP_IN_TIME)
