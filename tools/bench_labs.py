"""Measure the labs in headless Chromium: `make bench-labs`. Leave the machine alone: it takes ten minutes.

The results go into `digitlib/files/labs.json`, which the chapter *How this page runs the network* quotes: sizes over
the wire, milliseconds, how far the engine is from Keras, and how many digits drawn with the mouse on the built site are
read right. It uses the tests' hands: the same pages, pens and random networks.
"""

from __future__ import annotations

import gzip
import os
import platform
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from browsers import CHROMIUM_ARGUMENTS, chromium_path
from built_site import build, served
from engine import ENGINE, SOURCES, every_output, labels, run
from handwriting import Strokes, careless, neat, on_sheet
from labs import draw, open_lab, top_digit
from playwright.sync_api import Browser, Page, sync_playwright
from random_networks import random_network
from stored import store

import digitlib
from digitlib.data import FILES
from digitlib.inspection import activations
from digitlib.model import PRETRAINED_FILE, pack_network

ROOT = Path(__file__).resolve().parents[1]
RESULTS = FILES / "labs.json"
TEN_MEGABITS = 10e6 / 8  # bytes a second
ROUND_TRIP = 40  # milliseconds, added to every request
RANDOM_NETWORKS = 48
DRAWN = 200  # digits of each kind


def main() -> None:
    """Measure everything and store it."""
    with tempfile.TemporaryDirectory() as folder:
        done = build(ROOT, Path(folder), BOOK_REPOSITORY="")
        if done.returncode:
            raise SystemExit(f"the book does not build:\n{done.stderr[-2000:]}")
        site = Path(folder) / "_build" / "html"
        with sync_playwright() as playwright, served(site) as pages, served(SOURCES) as sources:
            browser = playwright.chromium.launch(executable_path=chromium_path(), args=CHROMIUM_ARGUMENTS)
            first_load = _first_load(browser, pages)
            started = _starting_seconds(browser, pages)
            with _page(browser, f"{sources}files/cnn.md") as page:
                forward = _forward_milliseconds(page)
                parity = _parity(page)
            with _page(browser, f"{pages}index.html") as page:
                pointer = _pointer_milliseconds(page)
                handwriting = {kind.__name__: _handwriting(page, kind) for kind in (neat, careless)}
            chromium = browser.version
    content = {
        "machine": {"cores": os.cpu_count(), "processor": _processor(), "system": platform.system()},
        "versions": {"chromium": chromium, "keras": version("keras")},
        "sizes": {
            "engine_gzip": _engine_size(),
            "first_load": first_load,
            "first_load_total": sum(first_load.values()),
        },
        "milliseconds": {**_summary("forward", forward), **_summary("pointer_to_maps", pointer)},
        **started,
        "parity": parity,
        "handwriting": handwriting,
    }
    store(content, RESULTS)
    print(f"stored in {RESULTS.relative_to(ROOT)}")


@contextmanager
def _page(browser: Browser, address: str) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(address)
    yield page
    page.close()


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.machine())
    return " ".join(model.split()[:2])


def _engine_size() -> int:
    return len(gzip.compress(b"".join((SOURCES / "labs" / "src" / name).read_bytes() for name in ENGINE)))


def _first_load(browser: Browser, pages: str) -> dict[str, int]:
    """Count the bytes over the wire, headers included, that the landing page's lab asks for before it is used."""
    page = browser.new_page()
    received = []
    page.on("requestfinished", lambda request: received.append(request))
    open_lab(page, f"{pages}index.html", "draw")
    page.wait_for_timeout(500)
    sizes = {request.url: request.sizes() for request in received if "/_static/labs/" in request.url}
    page.close()
    return {
        url.rpartition("/")[2].partition("?")[0]: size["responseBodySize"] + size["responseHeadersSize"]
        for url, size in sizes.items()
    }


def _parity(page: Page) -> dict[str, Any]:
    x_test = digitlib.load_mnist()[4]
    model = digitlib.load_pretrained()
    images = x_test[:100]
    kept = activations(model, images)
    worst = dict.fromkeys(kept, 0.0)
    for image, outputs in enumerate(every_output(page, pack_network(model, {}, "float32"), images)):
        for ours, name in zip(outputs, kept, strict=True):
            worst[name] = max(worst[name], float(np.abs(ours - kept[name][image].ravel()).max()))
    differing = 0
    for start in range(0, 10_000, 1_000):
        part = x_test[start : start + 1_000]
        expected = model.predict(part[..., None], verbose=0).argmax(axis=1)
        differing += int((labels(page, PRETRAINED_FILE.read_bytes(), part) != expected).sum())
    return {
        "float32_worst": worst,
        "random_networks": RANDOM_NETWORKS,
        "random_worst_relative": max(_relative_difference(page, seed, x_test) for seed in range(RANDOM_NETWORKS)),
        "labels_compared": 10_000,
        "labels_differing": differing,
    }


def _relative_difference(page: Page, seed: int, x_test: np.ndarray) -> float:
    """Compare a random network on two pictures: the worst difference, relative to its layer's largest activation."""
    model, images = random_network(seed), x_test[seed : seed + 2]
    kept = activations(model, images.astype(np.float32))
    outputs = every_output(page, pack_network(model, {}, "float32"), images)
    return max(
        float(np.abs(ours - theirs[image].ravel()).max() / (np.abs(theirs[image]).max() or 1))
        for image, layers in enumerate(outputs)
        for ours, theirs in zip(layers, kept.values(), strict=True)
    )


def _forward_milliseconds(page: Page) -> list[float]:
    body = """
        const net = network.readNetwork(await (await fetch('/files/cnn.safetensors')).arrayBuffer()), times = [];
        for (let n = 0; n < 600; n++) {
            const began = performance.now();
            engine.forward(net, argument[n % argument.length]);
            times.push(performance.now() - began);
        }
        return times.slice(100); // the first ones are compiled on the way
    """
    return run(page, body, digitlib.load_mnist()[2][:50].reshape(50, 784).tolist())


def _pointer_milliseconds(page: Page) -> list[float]:
    """Time from the mouse's event to the moment when all maps of all layers have been painted."""
    lab = open_lab(page, page.url, "draw")
    page.evaluate("""() => {
        window.times = [];
        // At the window the event arrives after the pad has seen it, so this frame's work of the lab comes first.
        addEventListener('pointermove', event => event.buttons &&
            requestAnimationFrame(() => times.push(performance.now() - event.timeStamp)));
    }""")
    rng = np.random.default_rng(11)
    for digit in range(10):
        draw(page, lab, on_sheet(neat(digit, rng), 280, rng))
        lab.get_by_role("button", name="Clear", exact=True).click()
    return page.evaluate("times")


def _handwriting(page: Page, write: Callable[[int, np.random.Generator], Strokes]) -> dict[str, Any]:
    lab = open_lab(page, page.url, "draw")
    rng = np.random.default_rng(2026)
    misread: dict[str, int] = {}
    for number in range(DRAWN):
        digit = number % 10
        draw(page, lab, on_sheet(write(digit, rng), 280, rng))
        if (read := top_digit(lab)) != digit:
            misread[f"{digit} as {read}"] = misread.get(f"{digit} as {read}", 0) + 1
        lab.get_by_role("button", name="Clear", exact=True).click()
    return {"drawn": DRAWN, "right": DRAWN - sum(misread.values()), "misread": misread}


def _starting_seconds(browser: Browser, pages: str) -> dict[str, float]:
    """Median of five cold starts on a slow line: until one can draw, and until one is answered."""
    drawn, answered = [], []
    for _ in range(5):
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        page = context.new_page()
        line = {"offline": False, "latency": ROUND_TRIP, "downloadThroughput": TEN_MEGABITS, "uploadThroughput": -1}
        context.new_cdp_session(page).send("Network.emulateNetworkConditions", line)
        page.add_init_script("""
            new MutationObserver(() => {
                if (document.querySelector('canvas[aria-label="Drawing pad"]')) window.canDraw ??= performance.now();
                if (document.querySelector('.digits-lab[data-ready]')) window.answers ??= performance.now();
            }).observe(document, { childList: true, subtree: true, attributes: true });""")
        open_lab(page, f"{pages}index.html", "draw")
        drawn.append(page.evaluate("canDraw") / 1000)
        answered.append(page.evaluate("answers") / 1000)
        context.close()
    return {
        "first_drawing_seconds": round(float(np.median(drawn)), 2),
        "first_answer_seconds": round(float(np.median(answered)), 2),
    }


def _summary(name: str, milliseconds: list[float]) -> dict[str, float]:
    return {
        f"{name}_median": round(float(np.median(milliseconds)), 2),
        f"{name}_p95": round(float(np.percentile(milliseconds, 95)), 2),
    }


if __name__ == "__main__":
    main()
