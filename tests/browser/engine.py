"""The engine's own modules in a browser, without a page around them: how tests and `make bench-labs` ask it."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
from built_site import ROOT
from numpy.typing import NDArray
from playwright.sync_api import Page

SOURCES = ROOT / "digitlib"  # what is served: labs/src and files
ENGINE = ("engine.js", "network.js", "backward.js")

# What each call finds in the page: the modules, and numbers as base64, which is the quickest way in and out.
PRELUDE = """
    const [engine, backward, network, drawing] = await Promise.all(
        ['engine', 'backward', 'network', 'drawing'].map(name => import(`/labs/src/${name}.js`)));
    const unpack = text => Uint8Array.from(atob(text), c => c.charCodeAt(0));
    const pack = array => {
        const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength), parts = [];
        for (let i = 0; i < bytes.length; i += 32768) parts.push(String.fromCharCode(...bytes.subarray(i, i + 32768)));
        return btoa(parts.join(''));
    };
"""


def run(page: Page, body: str, argument: Any = None) -> Any:
    """Run JavaScript with the engine's modules at hand; `argument` is what Python hands over."""
    return page.evaluate(f"async argument => {{ {PRELUDE} {body} }}", argument)


def packed(array: NDArray | bytes) -> str:
    """Write bytes or an array's bytes as base64."""
    data = array if isinstance(array, bytes) else np.ascontiguousarray(array).tobytes()
    return base64.b64encode(data).decode()


def floats(text: str, *shape: int) -> NDArray[np.float32]:
    """Read base64 back as float32 numbers of the given shape."""
    return np.frombuffer(base64.b64decode(text), np.float32).reshape(shape)


def every_output(page: Page, network: bytes, images: NDArray[np.uint8]) -> list[list[NDArray[np.float32]]]:
    """Compute each layer's output for each image: a list for each image, a flat array for each layer."""
    body = """
        const net = network.readNetwork(unpack(argument.network).buffer), pixels = unpack(argument.images);
        return Array.from({ length: pixels.length / 784 }, (_, n) =>
            engine.forward(net, pixels.subarray(784 * n, 784 * n + 784)).map(step => pack(step.output.data)));
    """
    answer = run(page, body, {"network": packed(network), "images": packed(images)})
    return [[floats(layer, -1) for layer in image] for image in answer]


def gradients(page: Page, network: bytes, images: NDArray[np.uint8], unit: int, of_loss: bool) -> NDArray[np.float32]:
    """Compute how output `unit`, or the loss for label `unit`, changes with each pixel, (N, 28, 28)."""
    body = """
        const net = network.readNetwork(unpack(argument.network).buffer), pixels = unpack(argument.images);
        return Array.from({ length: pixels.length / 784 }, (_, n) => {
            const steps = engine.forward(net, pixels.subarray(784 * n, 784 * n + 784));
            const ask = argument.ofLoss ? backward.gradientOfLoss : backward.gradientOfOutput;
            return pack(ask(steps, argument.unit).data);
        });
    """
    given = {"network": packed(network), "images": packed(images), "unit": unit, "ofLoss": of_loss}
    return np.stack([floats(image, 28, 28) for image in run(page, body, given)])


def labels(page: Page, network: bytes, images: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Compute the answer for each image."""
    body = """
        const net = network.readNetwork(unpack(argument.network).buffer), pixels = unpack(argument.images);
        return Array.from({ length: pixels.length / 784 }, (_, n) => {
            const { data } = engine.forward(net, pixels.subarray(784 * n, 784 * n + 784)).at(-1).output;
            return data.indexOf(Math.max(...data));
        });
    """
    return np.array(run(page, body, {"network": packed(network), "images": packed(images)}))
