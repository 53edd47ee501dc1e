"""The optimiser race: its rules against Keras, its surfaces against TensorFlow, its use by mouse, finger and keys."""

from __future__ import annotations

import base64
import json
import math
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from built_site import ROOT, served
from labs import link, open_lab, status, with_state
from numpy.typing import NDArray
from playwright.sync_api import Browser, Locator, Page, expect
from test_pages import VIEWS, axe_complaints, overflow_complaints, visiting

PAGE = "book/04_adam.html"
LINKED = {
    "surface": "two",
    "start": [3, 2],
    "rates": [1, 0.3, 0.05, 0.1],
    "momentum": 0.8,
    "steps": 100,
    "step": 60,
    "seed": 1,
}

# The surfaces a second time, written down anew; TensorFlow works out their gradients.
LOSSES = {
    "bowl": lambda a, b: (a**2 + b**2) / 2,
    "valley": lambda a, b: 0.02 * a**2 + b**2,
    "saddle": lambda a, b: a**2 / 2 + (b**2 - 4) ** 2 / 32,
    # The integral of 0.15 (a + 2) (a - 0.8) (a - 2.4), from -2 on.
    "two": lambda a, b: 0.15 * (a**4 / 4 - 0.4 * a**3 - 2.24 * a**2 + 3.84 * a + 9.44) + b**2 / 2,
}
LOSSES["noisy"] = LOSSES["bowl"]
STARTS = {"bowl": (-3, 2), "valley": (-3.5, 2), "saddle": (-3, 0.01), "two": (3.6, 2), "noisy": (-3, 2)}
OPTIMIZERS = {
    "sgd": keras.optimizers.SGD,
    "momentum": lambda rate: keras.optimizers.SGD(rate, momentum=0.9),
    "rmsprop": keras.optimizers.RMSprop,
    "adam": keras.optimizers.Adam,
}


def loss_and_gradient(surface: str, place: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
    weights = tf.constant(place, tf.float64)
    with tf.GradientTape() as tape:
        tape.watch(weights)
        loss = LOSSES[surface](weights[0], weights[1])
    return float(loss), tape.gradient(loss, weights).numpy()


@cache
def keras_walk(surface: str, rule: str, rate: float, steps: int = 40) -> NDArray[np.float64]:
    optimizer = OPTIMIZERS[rule](rate)
    path = [np.array(STARTS[surface], float)]
    weights = keras.Variable(path[0], dtype="float64")
    for _ in range(steps):
        _, gradient = loss_and_gradient(surface, path[-1])
        optimizer.apply([tf.constant(gradient)], [weights])
        path.append(weights.value.numpy())
    return np.array(path)


@pytest.fixture(scope="module")
def sources(browser: Browser) -> Iterator[Page]:
    """Open a page from which the lab's own modules can be imported."""
    page = browser.new_page()
    with served(ROOT / "digitlib") as address:
        page.goto(address + "labs/src/updates.js")
        yield page
    page.close()


def js_walk(sources: Page, surface: str, rule: str, **settings: Any) -> tuple[NDArray[np.float64], NDArray, float]:
    """Walk in the browser; return the path, the losses on it, and the step at which it diverged (or infinity)."""
    settings = {"start": STARTS[surface], "steps": 40, "seed": 1, "rate": 0.3, "momentum": 0.9} | settings
    path, losses, diverged = sources.evaluate(
        """async ([surface, rule, settings]) => {
            const { SURFACES } = await import('/labs/src/surfaces.js');
            const { RULES, walk } = await import('/labs/src/updates.js');
            const { path, diverged } = walk(RULES[rule], SURFACES[surface], settings);
            return [path, path.map(SURFACES[surface].loss), diverged];
        }""",
        [surface, rule, settings],
    )
    return np.array(path), np.array(losses), diverged


# ------------------------------------------------------------------------------------------------- the arithmetic
@pytest.mark.parametrize("rule", OPTIMIZERS)
@pytest.mark.parametrize("surface", ["bowl", "valley", "saddle", "two"])
def test_every_step_is_that_of_keras(sources: Page, surface: str, rule: str) -> None:
    (path, losses, diverged), theirs = js_walk(sources, surface, rule), keras_walk(surface, rule, 0.3)
    np.testing.assert_allclose(np.diff(path, axis=0), np.diff(theirs, axis=0), rtol=0, atol=1e-5)
    # Keras keeps 0.999 as float32, so its 1 - 0.999 is off by a 100,000th; over forty steps that adds up.
    np.testing.assert_allclose(path, theirs, rtol=0, atol=5e-5)
    np.testing.assert_allclose(losses, LOSSES[surface](*path.T), rtol=0, atol=1e-9)
    assert math.isinf(diverged)


def test_lowest_points_are_lowest(sources: Page) -> None:
    lowest = sources.evaluate("""async () => Object.entries((await import('/labs/src/surfaces.js')).SURFACES)
        .map(([key, { lowest }]) => [key, lowest])""")
    places = np.stack(np.meshgrid(np.linspace(-4, 4, 161), np.linspace(-3, 3, 121)), axis=-1).reshape(-1, 2)
    for surface, points in lowest:
        assert LOSSES[surface](*places.T).min() >= -1e-9
        for point in points:
            loss, gradient = loss_and_gradient(surface, np.array(point))
            assert abs(loss) < 1e-9
            assert np.abs(gradient).max() < 1e-9


def test_noise_is_normal_seeded_and_the_same_for_all(sources: Page) -> None:
    seeds = range(1, 21)
    noises = []
    for seed in seeds:
        path, *_ = js_walk(sources, "noisy", "sgd", steps=200, seed=seed, rate=0.1)
        noises.append((path[:-1] - path[1:]) / 0.1 - path[:-1])  # what was added to the slope
    noise = np.concatenate(noises)
    assert np.abs(noise.mean(axis=0)).max() < 0.06
    assert np.abs(noise.std(axis=0) - 1).max() < 0.05
    assert abs(np.corrcoef(noise.T)[0, 1]) < 0.06
    assert not np.allclose(noises[0], noises[1])
    path, *_ = js_walk(sources, "noisy", "momentum", steps=200, rate=0.1)
    velocity = np.diff(path, axis=0)
    met = -(velocity - 0.9 * np.vstack([np.zeros((1, 2)), velocity[:-1]])) / 0.1 - path[:-1]
    np.testing.assert_allclose(met, noises[0], atol=1e-9)


def test_what_the_notices_say(sources: Page) -> None:
    """The sentences under "What to notice", at the rates, starts and steps that they speak of."""

    def ends(surface: str, **settings: Any) -> dict[str, NDArray[np.float64]]:
        return {rule: js_walk(sources, surface, rule, **settings)[0][-1] for rule in OPTIMIZERS}

    def leaves(rule: str) -> int:
        return int(np.argmax(np.abs(js_walk(sources, "saddle", rule)[0][:, 1]) > 1))

    for rule in ("momentum", "adam"):
        assert (js_walk(sources, "bowl", rule)[0][:, 0] > 0.3).any(), "shoots past the bottom"
    sizes = np.hypot(*js_walk(sources, "bowl", "sgd", rate=2.5)[0][:10].T)
    assert (np.diff(sizes) > 0).all()

    valley = ends("valley")
    assert valley["sgd"][0] < -2, "creeps"
    assert all(np.hypot(*valley[rule]) < 0.7 for rule in ("momentum", "rmsprop", "adam"))
    assert np.abs(js_walk(sources, "valley", "sgd", rate=1.2)[0][-1, 1]) > 3

    assert leaves("sgd") > 30
    assert max(leaves("rmsprop"), leaves("adam")) <= 5
    assert all(place[1] == 0 for place in ends("saddle", start=(-3, 0)).values())

    assert {rule: place[0] < 0 for rule, place in ends("two").items()} == {
        "sgd": False, "momentum": True, "rmsprop": False, "adam": False,
    }  # fmt: skip
    assert ends("two", start=(3, 2))["momentum"][0] > 2
    assert ends("two", rate=1)["sgd"][0] == pytest.approx(-2, abs=0.01)

    for rule in OPTIMIZERS:
        fast, slow = (js_walk(sources, "noisy", rule, steps=200, rate=rate)[1][-50:].mean() for rate in (0.3, 0.03))
        assert slow < 0.5 * fast
    seeds = [{rule: js_walk(sources, "noisy", rule, seed=seed)[1][-1] for rule in OPTIMIZERS} for seed in range(1, 6)]
    assert len({min(losses, key=losses.get) for losses in seeds}) > 1, "who is lowest depends on the mini-batches"


def test_a_valley_that_runs_askew_helps_less() -> None:
    """The notice's last sentence on the valley, by Keras alone: turn the valley by 45 degrees."""
    turn = np.array([[1, 1], [-1, 1]]) / 2**0.5
    excess = {}
    for name, basis in (("along", np.eye(2)), ("askew", turn)):
        optimizer, place = keras.optimizers.Adam(0.3), basis.T @ STARTS["valley"]
        weights, losses = keras.Variable(place, dtype="float64"), []
        for _ in range(40):
            loss, gradient = loss_and_gradient("valley", basis @ place)
            losses.append(loss)
            optimizer.apply([tf.constant(basis.T @ gradient)], [weights])
            place = weights.value.numpy()
        excess[name] = np.mean(losses[-5:])
    assert excess["askew"] > 5 * excess["along"]


# ------------------------------------------------------------------------------------------------------- in use
@pytest.fixture(scope="module")
def opened(browser: Browser, address: str) -> Iterator[Locator]:
    """Open the lab's page once: loading a chapter takes longer than most tests."""
    with visiting(browser, address, "light") as visit:
        yield open_lab(visit.page, address + PAGE, "optimiser")


@pytest.fixture
def lab(opened: Locator) -> Locator:
    opened.get_by_label("Surface").select_option("valley")
    for name in ("SGD", "Momentum", "RMSProp", "Adam"):
        set_slider(opened, f"rate of {name}", 25)  # the place of 0.3
    set_slider(opened, "Number of steps", 40)
    return opened


def table(lab: Locator) -> dict[str, tuple[str, ...]]:
    status(lab)
    rows = lab.locator("tbody tr").all()
    return {row.locator("th").inner_text().strip(): tuple(row.locator("td").all_inner_texts()) for row in rows}


def set_slider(lab: Locator, name: str, value: float) -> None:
    lab.get_by_role("slider", name=re.compile(f"^{name}")).fill(str(value))


def linked(state: object, version: int = 1) -> str:
    return PAGE + with_state("optimiser", state, version)


def test_table_and_status_say_what_keras_says(lab: Locator) -> None:
    names = dict(zip(OPTIMIZERS, ("SGD", "Momentum", "RMSProp", "Adam"), strict=True))
    lowest = {"bowl": (0, 0), "saddle": (0, 2), "two": (-2, 0), "valley": (0, 0)}
    for surface, point in lowest.items():
        lab.get_by_label("Surface").select_option(surface)
        shown, losses = table(lab), {}
        for rule, name in names.items():
            end = keras_walk(surface, rule, 0.3)[-1]
            losses[name] = loss_and_gradient(surface, end)[0]
            loss, distance = shown[name]
            if losses[name] < 1e-6:
                assert loss == "<\u00a00.000001"
            else:
                assert float(loss) == pytest.approx(losses[name], rel=0.01)
            assert float(distance) == pytest.approx(np.hypot(*(end - point)), abs=0.01)
        best = min(losses, key=losses.get)
        assert "lowest" in status(lab)
        assert best in status(lab)


def test_divergence_is_told_in_words(lab: Locator) -> None:
    lab.get_by_label("Surface").select_option("two")
    set_slider(lab, "rate of Momentum", 40)  # the last place: 10
    loss, distance = table(lab)["Momentum"]
    assert loss.startswith("diverged at step ")
    assert distance == "–"
    assert "Diverged: Momentum." in status(lab)
    set_slider(lab, "Step", int(loss.split()[-1]) - 1)
    assert float(table(lab)["Momentum"][0].replace(",", "")) > 0
    lab.get_by_label("Surface").select_option("bowl")
    set_slider(lab, "rate of SGD", 34)
    set_slider(lab, "Number of steps", 10)
    assert table(lab)["SGD"][1].endswith(", off the map")
    for name in ("SGD", "Momentum"):
        set_slider(lab, f"rate of {name}", 40)
    set_slider(lab, "Number of steps", 200)
    assert "Diverged: SGD, Momentum." in status(lab)


def test_start_by_click_and_by_keys(lab: Locator) -> None:
    canvas = lab.get_by_label("Map of the loss")
    box = canvas.bounding_box()
    canvas.click(position={"x": 0.75 * box["width"], "y": 0.25 * box["height"]})
    assert status(lab).startswith("From (2, 1.5), after 40 steps:")
    canvas.focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowDown", "Shift+ArrowLeft"):
        lab.page.keyboard.press(key)
    assert status(lab).startswith("From (1.2, 1.4), after 40 steps:")
    for _ in range(9):
        lab.page.keyboard.press("Shift+ArrowUp")
    assert status(lab).startswith("From (1.2, 3),"), "the start stays on the map"


def test_saddle_start_can_be_put_on_the_ridge_by_keys(lab: Locator) -> None:
    lab.get_by_label("Surface").select_option("saddle")
    lab.get_by_label("Map of the loss").focus()
    lab.page.keyboard.press("ArrowDown")
    lab.page.keyboard.press("ArrowUp")
    assert status(lab).startswith("From (−3, 0),")
    assert all(float(loss) >= 0.5 for loss, _ in table(lab).values())


def test_step_slider_play_and_stop(lab: Locator) -> None:
    set_slider(lab, "Step", 0)
    assert len({loss for loss, _ in table(lab).values()}) == 1
    before = status(lab)
    lab.get_by_role("button", name="Play", exact=True).click()
    expect(lab.locator("caption")).to_contain_text(re.compile(r"After step ([5-9]|[12]\d) of 40"))
    assert lab.get_by_role("status").text_content() == before, "the status line keeps silent while it moves"
    lab.get_by_role("button", name="Stop").click()
    assert "after 40" not in status(lab)
    lab.get_by_role("button", name="Play", exact=True).click()
    expect(lab.get_by_role("status")).to_contain_text("after 40 steps", timeout=8000)
    expect(lab.get_by_role("button", name="Play", exact=True)).to_be_visible()


def test_play_jumps_to_the_end_where_motion_is_reduced(lab: Locator) -> None:
    lab.page.emulate_media(reduced_motion="reduce")
    set_slider(lab, "Step", 3)
    lab.get_by_role("button", name="Play", exact=True).click()
    assert "after 40 steps" in status(lab)
    lab.page.emulate_media(reduced_motion="no-preference")


def test_other_mini_batches(lab: Locator) -> None:
    deal = lab.get_by_role("button", name="Deal other mini-batches")
    expect(deal).to_be_hidden()
    lab.get_by_label("Surface").select_option("noisy")
    before = table(lab)
    deal.click()
    after = table(lab)
    assert all(before[name] != after[name] for name in before)
    lab.get_by_label("Surface").select_option("noisy")
    expect(lab.get_by_label("Surface")).to_have_value("noisy")


def test_paths_can_be_told_apart_on_the_map(lab: Locator) -> None:
    """All four colours are drawn, and the legend names colour, dash and marker."""
    status(lab)
    colours = ("0072b2", "d55e00", "007a5a", "a0408a")
    drawn = lab.get_by_label("Map of the loss").evaluate(
        """(c, colours) => {
            const pixels = new Uint32Array(c.getContext('2d').getImageData(0, 0, c.width, c.height).data.buffer);
            return colours.map(colour => pixels.filter(pixel => pixel === colour).length);
        }""",
        [int.from_bytes(bytes.fromhex(colour), "little") | 255 << 24 for colour in colours],
    )
    assert min(drawn) > 100
    text = lab.inner_text()
    for words in (
        "blue, solid, circles",
        "orange, dashed, squares",
        "green, dash-dotted, triangles",
        "purple, dotted, diamonds",
    ):
        assert words in text


def test_link_brings_the_state_back(browser: Browser, address: str) -> None:
    with visiting(browser, address, "light") as visit:
        lab = open_lab(visit.page, address + linked(LINKED), "optimiser")
        assert status(lab).startswith("From (3, 2), after 60 steps:")
        expect(lab.locator("caption")).to_contain_text("After step 60 of 100")
        shared = link(visit.page, lab).split("#optimiser=1.")[1]
        assert json.loads(base64.urlsafe_b64decode(shared + "=" * (-len(shared) % 4))) == LINKED


def test_damaged_links_are_refused(lab: Locator, address: str) -> None:
    """Start the lab's bundle anew with each link, as the page's host would."""
    changes = {
        'the surface cannot be "hill"': {"surface": "hill"},
        "weight 1 should be a number from -4 to 4, but is 9": {"start": [9, 0]},
        "the start should hold 2 numbers": {"start": [0]},
        "a rate cannot be 0.31": {"rates": [1, 1, 1, 0.31]},
        "the momentum should be a number from 0 to 0.99": {"momentum": 1},
        "the number of steps should be a number from 10 to 200": {"steps": 1e9},
        "the step should be a number from 0 to 100": {"step": 101},
        "the step should be a whole number": {"step": 0.5},
        "the seed of the mini-batches should be a whole number": {"seed": None},
    }
    links = [(1, json.dumps(LINKED | change)) for change in changes.values()] + [(2, json.dumps(LINKED)), (1, "{")]
    told = lab.page.evaluate(
        """async ([bundle, links]) => {
            const { default: lab } = await import(bundle), told = [];
            for (const [version, text] of links) {
                const el = document.createElement('div'), linked = { version, text: btoa(text) };
                const close = await lab.render({ model: { get: () => ({}), linked }, el });
                await new Promise(requestAnimationFrame);
                await new Promise(requestAnimationFrame);
                told.push([el.querySelector('.lab-notice').textContent, el.querySelector('[role=status]').textContent]);
                close();
            }
            return told;
        }""",
        [address + "_static/labs/optimiser.js", links],
    )
    for (notice, status_line), said in zip(told, [*changes, "version 2", "damaged"], strict=True):
        assert said in notice
        assert status_line.startswith("From (−3.5, 2), after 40 steps:"), "the lab begins as without a link"


@pytest.mark.parametrize("view", VIEWS)
def test_accessible_and_within_the_page(browser: Browser, address: str, view: str) -> None:
    with visiting(browser, address, view) as visit:
        lab = open_lab(visit.page, address + PAGE, "optimiser")
        lab.get_by_label("Surface").select_option("two")
        set_slider(lab, "rate of Momentum", 40)
        status(lab)
        assert lab.get_by_role("status").count() == 1
        assert overflow_complaints(visit) == []
        for surface in ("two", "valley"):  # with "diverged at step 7", with "< 0.000001"
            lab.get_by_label("Surface").select_option(surface)
            status(lab)
            ends = lab.evaluate("lab => [...lab.querySelectorAll('td, th')].map(e => e.getBoundingClientRect().right)")
            assert max(ends) < lab.evaluate("lab => lab.getBoundingClientRect().right - 8"), "the table sticks out"
        if view == "phone":
            canvas = lab.get_by_label("Map of the loss")
            box = canvas.bounding_box()
            canvas.tap(position={"x": 0.5 * box["width"], "y": 0.25 * box["height"]})
            assert status(lab).startswith("From (0, 1.5),"), "a finger chooses the start"
        lab.evaluate(
            "lab => lab.closest('article').replaceChildren(lab.closest('[data-lab]'))"
        )  # the chapter has its own test
        assert axe_complaints(visit) + visit.messages == []
