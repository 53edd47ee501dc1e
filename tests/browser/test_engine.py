"""The network in JavaScript against Keras and TensorFlow: every layer, forwards and backwards, and what it refuses."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pytest
from built_site import served
from engine import ENGINE, SOURCES, every_output, gradients, labels, run
from playwright.sync_api import Browser, Error, Page
from random_networks import random_network
from safetensors.numpy import load, save

import digitlib
from digitlib.inspection import activations
from digitlib.model import PRETRAINED_FILE, pack_network

TOLERANCE = 1e-4


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    with served(SOURCES) as address:
        page = browser.new_page()
        page.goto(f"{address}files/cnn.md")  # any page of this server: the modules are imported into it
        yield page
        page.close()


@pytest.fixture(scope="module")
def x_test() -> np.ndarray:
    return digitlib.load_mnist()[4]


def test_every_activation_of_100_test_images(page: Page, x_test: np.ndarray) -> None:
    model = digitlib.load_pretrained()
    network = pack_network(model, {}, "float32")
    kept = activations(model, x_test[:100])
    worst = 0.0
    for image, outputs in enumerate(every_output(page, network, x_test[:100])):
        assert len(outputs) == len(kept)
        for ours, (name, theirs) in zip(outputs, kept.items(), strict=True):
            worst = max(worst, float(np.abs(ours - theirs[image].ravel()).max()))
            assert worst <= TOLERANCE, f"{name} of image {image} differs by {worst}"
    assert worst > 0, "computed by two programs, they cannot agree to the last bit everywhere"


@pytest.mark.parametrize("seed", range(48))
def test_random_networks(page: Page, x_test: np.ndarray, seed: int) -> None:
    model, images = random_network(seed), x_test[seed : seed + 2]
    kept = activations(model, images.astype(np.float32))
    for image, outputs in enumerate(every_output(page, pack_network(model, {}, "float32"), images)):
        for ours, (name, theirs) in zip(outputs, kept.items(), strict=True):
            expected = theirs[image].ravel()
            largest = np.abs(expected).max() or 1
            assert ours.shape == expected.shape, name
            assert np.abs(ours - expected).max() / largest <= TOLERANCE, name


def _tensorflow_gradients(model, images: np.ndarray, unit: int, of_loss: bool) -> np.ndarray:
    import tensorflow as tf

    pixels = tf.constant(images[..., None], tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(pixels)
        output = model(pixels, training=False)[:, unit]
        asked = -tf.math.log(output) if of_loss else output
    return tape.gradient(asked, pixels).numpy()[..., 0]


@pytest.mark.parametrize("seed", range(24))
def test_gradients_of_random_networks(page: Page, x_test: np.ndarray, seed: int) -> None:
    # Even seeds ask for an output, odd ones for the loss. Grey values are scattered a little, or pooling finds many
    # ties, and each program may choose another of the equal pixels.
    rng = np.random.default_rng(seed)
    model = random_network(seed)
    images = np.clip(x_test[seed : seed + 2] // 2 + rng.integers(0, 120, (2, 28, 28)), 0, 255).astype(np.uint8)
    unit, of_loss = int(rng.integers(10)), bool(seed % 2)
    expected = _tensorflow_gradients(model, images, unit, of_loss)
    ours = gradients(page, pack_network(model, {}, "float32"), images, unit, of_loss)
    for mine, theirs in zip(ours, expected, strict=True):
        assert np.abs(mine - theirs).max() <= 1e-3 * np.abs(theirs).max() + 1e-12


def test_gradients_of_the_shipped_network(page: Page, x_test: np.ndarray) -> None:
    model = digitlib.load_pretrained()
    network = pack_network(model, {}, "float32")
    for unit in range(10):
        images = x_test[10 * unit : 10 * unit + 10]
        expected = _tensorflow_gradients(model, images, unit, of_loss=False)
        ours = gradients(page, network, images, unit, of_loss=False)
        # Where a probability is nearly 0 or 1, its slope is what is left of a difference of nearly equal numbers.
        assert np.abs(ours - expected).max() <= 1e-3 * np.abs(expected).max() + 1e-8


def test_the_loss_of_a_sure_network_still_has_a_gradient(page: Page, x_test: np.ndarray) -> None:
    # Where the probability is 1 to the last bit, "p - 1" is 0 in float32, and the right digit's part is lost.
    model = digitlib.load_pretrained()
    answers = model.predict(x_test[:200, ..., None], verbose=0)
    sure = int(answers.max(axis=1).argmax())
    label = int(answers[sure].argmax())
    ours = gradients(page, pack_network(model, {}, "float32"), x_test[[sure]], label, of_loss=True)
    assert np.count_nonzero(ours) > 300


def test_float16_weights_give_the_same_answers(page: Page, x_test: np.ndarray) -> None:
    # All 10,000 are compared by `make bench-labs`; what it found stands in labs.json.
    expected = digitlib.load_pretrained().predict(x_test[:1000, ..., None], verbose=0).argmax(axis=1)
    assert (labels(page, PRETRAINED_FILE.read_bytes(), x_test[:1000]) == expected).all()


def test_the_engine_is_small() -> None:
    text = b"".join((SOURCES / "labs" / "src" / name).read_bytes() for name in ENGINE)
    assert len(gzip.compress(text)) <= 10_000, "with all its comments"


def _renamed(change) -> bytes:
    """Return the shipped file with another description of its layers."""
    data = PRETRAINED_FILE.read_bytes()
    start = 8 + int.from_bytes(data[:8], "little")
    metadata = json.loads(data[8:start])["__metadata__"]
    described = json.loads(metadata["layers"])
    change(described, metadata)
    return save(load(data), metadata=metadata | {"layers": json.dumps(described)})


def _set(index: int, **values):
    return lambda layers, _: layers[index].update(values)


REFUSED = {
    "unknown layer": (_set(4, class_name="GaussianNoise"), "relu1 is a GaussianNoise"),
    "name of JavaScript's own": (_set(4, class_name="constructor"), "relu1 is a constructor"),
    "unknown activation": (_set(11, config={"units": 10, "activation": "gelu"}), "dense has the activation gelu"),
    "unknown padding": (
        _set(1, config={"kernel_size": [5, 5], "strides": [1, 1], "padding": "causal", "activation": "linear"}),
        "conv1 has the padding causal",
    ),
    "no weights": (_set(1, name="elsewhere"), "elsewhere has no weights"),
    "no statistics": (_set(3, name="elsewhere"), "elsewhere has no weights"),
    "other schema": (lambda _, metadata: metadata.update(schema="other"), "schema is other"),
    "other version": (lambda _, metadata: metadata.update(version="2"), "version is 2"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refuses_by_name(page: Page, x_test: np.ndarray, case: str) -> None:
    change, said = REFUSED[case]
    with pytest.raises(Error, match=said):
        every_output(page, _renamed(change), x_test[:1])


@pytest.mark.parametrize("cut", [0, 7, 100, 5000, 70_000])
def test_a_damaged_file_is_refused(page: Page, x_test: np.ndarray, cut: int) -> None:
    with pytest.raises(Error, match="damaged"):
        every_output(page, PRETRAINED_FILE.read_bytes()[:cut], x_test[:1])


def test_no_loss_without_softmax(page: Page, x_test: np.ndarray) -> None:
    from keras import Input, Sequential, layers

    model = Sequential([Input((28, 28, 1)), layers.Flatten(), layers.Dense(10, name="scores")])
    with pytest.raises(Error, match="scores, is not a softmax"):
        gradients(page, pack_network(model, {}), x_test[:1], 3, of_loss=True)


def test_one_pixel_explained_by_the_functions_of_the_forward_pass(page: Page, x_test: np.ndarray) -> None:
    body = """
        const net = network.readNetwork(await (await fetch('/files/cnn.safetensors')).arrayBuffer());
        const steps = engine.forward(net, argument), step = steps.find(({ layer }) => layer.name === 'conv2');
        return [[0, 0, 0], [3, 5, 17], [7, 7, 47]].map(([row, column, f]) => {
            const told = engine.explainPixel(step.layer, step.input, row, column, f);
            const value = step.output.data[(row * 8 + column) * 48 + f];
            return { sum: told.sum, value, products: Array.from(told.products), bias: told.bias, shape: told.shape,
                     top: told.top, left: told.left };
        });
    """
    for told, place in zip(run(page, body, x_test[0].ravel().tolist()), [(0, 0), (3, 5), (7, 7)], strict=True):
        assert told["sum"] == pytest.approx(told["value"], abs=1e-4)
        assert sum(told["products"]) + told["bias"] == pytest.approx(told["value"], abs=1e-4)
        assert told["shape"] == [5, 5, 24]
        assert (told["top"], told["left"]) == place


def test_shapes_follow_each_other(page: Page, x_test: np.ndarray) -> None:
    body = """
        const net = network.readNetwork(await (await fetch('/files/cnn.safetensors')).arrayBuffer());
        return engine.forward(net, argument).map(({ input, output }) => [input.shape, output.shape]);
    """
    shapes = run(page, body, x_test[0].ravel().tolist())
    assert shapes[0][0] == [28, 28, 1]
    assert all(before[1] == after[0] for before, after in pairwise(shapes))
    assert shapes[-1][1] == [10]
