"""The convolution microscope in chapter 3: every number that it shows, against Keras; every control; its links."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator

import keras
import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from built_site import ROOT, served
from labs import link, open_lab, status, with_state
from numpy.typing import NDArray
from playwright.sync_api import Browser, Locator, Page, expect
from safetensors.numpy import load_file
from test_pages import VIEWS, WCAG, overflow_complaints, visiting

import digitlib
from digitlib import labs
from digitlib.data import FILES
from digitlib.model import pack_network

CHAPTER = "book/03_layers.html"
LAYERS = ("conv1", "conv2")


@pytest.fixture(scope="module")
def mnist() -> digitlib.data.Mnist:
    return digitlib.load_mnist()


@pytest.fixture(scope="module")
def image(mnist: digitlib.data.Mnist) -> NDArray[np.uint8]:
    """Return the 4 that the chapter follows."""
    return mnist.x_train[178]


@pytest.fixture(scope="module")
def model() -> keras.Sequential:
    return digitlib.load_pretrained()


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 1000}, permissions=["clipboard-write"])
    yield context.new_page()
    context.close()


@pytest.fixture
def lab(page: Page, address: str) -> Locator:
    page.goto("about:blank")
    return open_lab(page, address + CHAPTER, "microscope")


def _before(model: keras.Sequential, name: str, images: NDArray) -> NDArray:
    """Compute what a layer gets, (N, rows, columns, channels)."""
    layer = model.get_layer(name)
    return keras.Model(model.inputs, layer.input).predict(np.float32(images)[..., None], verbose=0)


def _maps(model: keras.Sequential, name: str, images: NDArray) -> NDArray:
    """Compute a convolution's maps, (N, rows, columns, maps)."""
    return _convolved(model, name, _before(model, name, images))


def _convolved(model: keras.Sequential, name: str, before: NDArray, **settings: object) -> NDArray:
    """Convolve with a layer's filters, but with other strides or padding if so asked."""
    kernel = model.get_layer(name).get_weights()[0]
    layer = keras.layers.Conv2D(kernel.shape[3], kernel.shape[:2], use_bias=False, **settings)
    layer.build(before.shape)
    layer.set_weights([kernel])
    return layer(before).numpy()


def _number(text: str) -> float:
    return float(text.replace("−", "-").strip("()"))


def _value(lab: Locator) -> tuple[int, int, int, float]:
    """Read row, column, map and value off the status line."""
    found = re.fullmatch(r"Row (\d+), column (\d+) of map (\d+): (−?[\d.]+)", status(lab))
    assert found, status(lab)
    return *map(int, found.groups()[:3]), _number(found[4])


def _painted(lab: Locator) -> Locator:
    """Wait until what was asked for is shown: the lab works once a frame."""
    lab.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    return lab


def _table(lab: Locator, name: str) -> NDArray[np.float64]:
    rows = _painted(lab).get_by_role("table", name=re.compile(name)).locator("tbody tr").all()
    return np.array([[_number(cell) for cell in row.locator("td").all_text_contents()] for row in rows])


def _choose(lab: Locator, name: str, value: str) -> None:
    lab.get_by_role("combobox", name=name, exact=True).select_option(value)


def _enter(lab: Locator, name: str, value: object) -> None:
    lab.get_by_role("spinbutton", name=re.compile(name)).fill(str(value))


def _picker(lab: Locator) -> Locator:
    return lab.get_by_role("application", name=re.compile("^Map"))


def _size(lab: Locator) -> list[int]:
    return _picker(_painted(lab)).evaluate("canvas => [canvas.height, canvas.width]")


def _point(lab: Locator, row: int, column: int) -> None:
    """Click on a pixel of the large map."""
    rows, columns = _size(lab)
    canvas = _picker(lab)
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    place = {"x": (column + 0.5) * box["width"] / columns, "y": (row + 0.5) * box["height"] / rows}
    canvas.click(position=place)


def _linked(address: str, state: dict[str, object], version: int = 1) -> str:
    return address + CHAPTER + with_state("microscope", state, version)


STATE = {
    "picture": 3, "layer": "conv2", "map": 5, "row": 4, "column": 2, "channel": 7,
    "strides": [1, 1], "padding": "valid", "filters": [], "asking": False,
}  # fmt: skip


# ------------------------------------------------------------------------------------------------------ numbers
def test_it_begins_with_the_chapters_picture(lab: Locator, model: keras.Sequential, image: NDArray) -> None:
    row, column, number, value = _value(lab)
    first = _maps(model, "conv1", image[None])[0, :, :, 0]
    assert number == 0
    assert first[row, column] == first.max() == pytest.approx(value, abs=6e-4)
    ink = lab.get_by_role("img", name=re.compile("receptive field framed")).evaluate(
        "canvas => Array.from(canvas.getContext('2d').getImageData(0, 0, 28, 28).data.filter((_, i) => i % 4 === 0))"
    )
    assert np.array_equal(255 - np.array(ink).reshape(28, 28), image)


def test_every_number_of_a_pixel_of_conv1(lab: Locator, model: keras.Sequential, image: NDArray) -> None:
    _enter(lab, "Feature map", 6)
    _point(lab, 14, 9)
    patch = image[14:19, 9:14] / 255
    weights = model.get_layer("conv1").get_weights()[0][:, :, 0, 6]
    assert np.allclose(_table(lab, "^Patch"), patch, atol=6e-4)
    assert np.allclose(_table(lab, "^Filter"), weights, atol=6e-4)
    assert np.allclose(_table(lab, "^Products"), patch * weights, atol=6e-4)
    assert _value(lab)[3] == pytest.approx((patch * weights).sum(), abs=6e-4)
    sums = lab.get_by_role("table", name="From the products to the value")
    expect(sums.get_by_role("row", name="Bias no bias")).to_be_visible()
    total = sums.get_by_role("row", name="Value of the pixel").get_by_role("cell").text_content()
    assert _number(total) == _value(lab)[3]
    expect(lab.get_by_role("columnheader", name="13").first).to_be_visible()
    expect(lab.get_by_role("spinbutton", name="Input channel")).to_be_hidden()


def test_every_number_of_a_pixel_of_conv2(lab: Locator, model: keras.Sequential, image: NDArray) -> None:
    _choose(lab, "Layer", "conv2")
    _enter(lab, "Feature map", 17)
    _enter(lab, "Input channel", 11)
    _point(lab, 5, 3)
    patch = _before(model, "conv2", image[None])[0, 5:10, 3:8]
    products = patch * model.get_layer("conv2").get_weights()[0][..., 17]
    row, column, number, value = _value(lab)
    assert (row, column, number) == (5, 3, 17)
    assert value == pytest.approx(products.sum(), abs=2e-3)
    assert np.allclose(_table(lab, "^Patch"), patch[..., 11], atol=1e-3)
    assert np.allclose(_table(lab, "^Products"), products[..., 11], atol=1e-3)
    shown = np.concatenate([_table(lab, f"^Sums of channels {first} ")[0] for first in (0, 12)])
    assert np.allclose(shown, products.sum(axis=(0, 1)), atol=6e-3)
    lab.get_by_role("table", name="Sums of channels 12 to 23").locator("td").nth(2).click()
    status(lab)
    expect(lab.get_by_role("spinbutton", name="Input channel")).to_have_value("14")
    assert np.allclose(_table(lab, "^Products"), products[..., 14], atol=1e-3)
    assert _value(lab)[3] == value


def test_the_ten_examples_are_validation_digits(
    lab: Locator, model: keras.Sequential, mnist: digitlib.data.Mnist
) -> None:
    stored = load_file(FILES / "lab-digits.safetensors")
    assert stored["labels"].tolist() == np.repeat(np.arange(10), 3).tolist()
    for digit in range(10):
        assert np.array_equal(stored["images"][3 * digit : 3 * digit + 3], mnist.x_val[mnist.y_val == digit][:3])
    _choose(lab, "Picture", "8")
    row, column, _, value = _value(lab)
    assert value == pytest.approx(_maps(model, "conv1", stored["images"][24:25])[0, row, column, 0], abs=6e-4)


# ------------------------------------------------------------------------------------------------------- pointing
def test_pointing_with_the_mouse_and_choosing_a_map(
    page: Page, lab: Locator, model: keras.Sequential, image: NDArray
) -> None:
    maps = _maps(model, "conv1", image[None])[0]
    overview = _painted(lab).get_by_role("img", name=re.compile("feature maps of conv1"))
    box = overview.bounding_box()  # 12 in a row: map 20 is the ninth of the second
    overview.click(position={"x": box["width"] * 8.5 / 12, "y": box["height"] * 0.75})
    assert _value(lab)[2] == 20
    for row, column in [(0, 0), (23, 23), (10, 3)]:
        _point(lab, row, column)
        assert _value(lab)[:3] == (row, column, 20)
        assert _value(lab)[3] == pytest.approx(maps[row, column, 20], abs=6e-4)
    page.mouse.down()  # and drag
    box = _picker(_painted(lab)).bounding_box()
    page.mouse.move(box["x"] + box["width"] * 4.5 / 24, box["y"] + box["height"] * 12.5 / 24)
    page.mouse.up()
    page.mouse.move(box["x"], box["y"])
    assert _value(lab)[:2] == (12, 4)


def test_pointing_with_a_finger(browser: Browser, address: str) -> None:
    context = browser.new_context(**VIEWS["phone"])
    lab = open_lab(context.new_page(), address + CHAPTER, "microscope")
    canvas = _picker(lab)
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    canvas.tap(position={"x": box["width"] * 5.5 / 24, "y": box["height"] * 2.5 / 24})
    assert _value(lab)[:2] == (2, 5)
    assert box["width"] > 300
    context.close()


def test_by_keyboard_alone(page: Page, lab: Locator, model: keras.Sequential, image: NDArray) -> None:
    lab.get_by_role("combobox", name="Picture").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("End")  # the last layer
    page.keyboard.press("Tab")
    page.keyboard.type("30")
    assert _value(lab)[2] == 30
    reached = []
    for _ in range(5):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.type ?? document.activeElement.getAttribute('role')"))
    assert reached == ["select-one", "range", "select-one", "button", "application"]
    expect(_picker(lab)).to_be_focused()
    row, column, *_ = _value(lab)
    for key, steps in (("ArrowUp", row + 2), ("ArrowLeft", column + 2), ("ArrowDown", 3), ("ArrowRight", 2)):
        for _ in range(steps):
            page.keyboard.press(key)
    assert _value(lab)[:3] == (3, 2, 30)
    assert _value(lab)[3] == pytest.approx(_maps(model, "conv2", image[None])[0, 3, 2, 30], abs=2e-3)
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    expect(lab.get_by_role("textbox", name="Sum of the products")).to_be_visible()


# ------------------------------------------------------------------------------------- stride, padding, receptive field
def _field(lab: Locator) -> list[int]:
    text = lab.get_by_text(re.compile("^Receptive field")).text_content()
    return [int(number) for number in re.findall(r"\d+", text)]


def test_receptive_field_and_size_of_the_map(lab: Locator, model: keras.Sequential, image: NDArray) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (8, 28, 28))
    pictures = [noise]  # as it is, and with each row and each column inverted
    for axis in (1, 2):
        for line in range(28):
            pictures.append(noise.copy())
            inverted = np.moveaxis(pictures[-1], axis, 0)
            inverted[line] = 255 - inverted[line]
    pictures = np.concatenate([image[None], *pictures])
    before = {name: _before(model, name, pictures) for name in LAYERS}
    for name, row, column, stride, padding in (
        ("conv1", 7, 11, 1, "valid"),
        ("conv1", 0, 6, 4, "same"),
        ("conv2", 2, 3, 1, "valid"),
        ("conv2", 1, 5, 2, "same"),
    ):
        _choose(lab, "Layer", name)
        lab.get_by_role("slider", name="Stride").fill(str(stride))
        _choose(lab, "Padding", padding)
        status(lab)
        maps = _convolved(model, name, before[name], strides=stride, padding=padding)
        assert _size(lab) == list(maps.shape[1:3])
        expect(lab.get_by_text(re.compile(rf"Side of the map: .*=\s{maps.shape[1]}\b"))).to_be_visible()
        _point(lab, row, column)
        assert _value(lab)[3] == pytest.approx(maps[0, row, column, 0], abs=2e-3)
        text = lab.get_by_text(re.compile("^Receptive field")).text_content()
        top, bottom, left, right = map(int, re.findall(r"\d+", text))
        values = maps[1:, row, column].reshape(57, -1)
        matters = np.flatnonzero(np.abs(values[1:] - values[0]).max(axis=1) > 1e-4)
        assert matters.tolist() == [*range(top, bottom + 1), *range(28 + left, 28 + right + 1)]


def test_formula_with_its_numbers(lab: Locator) -> None:
    formula = lab.get_by_text(re.compile("Side of the map"))
    expect(formula).to_have_text("Side of the map: ⌊(28 + 0 − 5) / 1⌋ + 1 = 24.")
    _choose(lab, "Padding", "same")
    expect(formula).to_have_text("Side of the map: ⌊(28 + 4 − 5) / 1⌋ + 1 = 28; zeros: 2 before, 2 behind.")
    lab.get_by_role("slider", name="Stride").fill("2")
    expect(formula).to_have_text("Side of the map: ⌊(28 + 3 − 5) / 2⌋ + 1 = 14; zeros: 1 before, 2 behind.")
    _point(lab, 0, 0)
    status(lab)
    expect(lab.get_by_text("(0) lies beyond the edge")).to_be_visible()
    assert lab.get_by_role("table", name=re.compile("^Patch")).get_by_text("(0)").count() == 9
    lab.get_by_role("button", name="Back to the network").click()
    expect(formula).to_have_text("Side of the map: ⌊(28 + 0 − 5) / 1⌋ + 1 = 24.")


# ---------------------------------------------------------------------------------------------------------- filters
def test_presets_do_what_they_say(lab: Locator, image: NDArray) -> None:
    _point(lab, 13, 11)
    patch = image[13:18, 11:16] / 255
    steps = np.array([-1, -1, 0, 1, 1])
    own = _value(lab)[3]
    for preset, expected in (
        ("identity", patch[2, 2]),
        ("blur", patch.mean()),
        ("vertical", (patch * steps).sum()),
        ("horizontal", (patch * steps[:, None]).sum()),
        ("own", own),
    ):
        _choose(lab, "Filter", preset)
        assert _value(lab)[3] == pytest.approx(expected, abs=6e-4), preset


def test_an_edited_weight_changes_the_map_at_once(
    page: Page, lab: Locator, model: keras.Sequential, image: NDArray
) -> None:
    _choose(lab, "Layer", "conv2")
    _enter(lab, "Input channel", 3)
    _point(lab, 4, 4)
    before = _value(lab)[3]
    lab.get_by_label("Edit the filter").check()
    weight = lab.get_by_role("spinbutton", name="Weight in row 1, column 2")
    old = model.get_layer("conv2").get_weights()[0][1, 2, 3, 0]
    patch = _before(model, "conv2", image[None])[0, 5, 6, 3]
    weight.fill("2.5")
    assert _value(lab)[3] == pytest.approx(before + (2.5 - old) * patch, abs=3e-3)
    expect(lab.get_by_role("combobox", name="Filter", exact=True)).to_have_value("hand")
    for nonsense in ("", "1e9"):  # nothing happens, and it does not stay
        weight.fill(nonsense)
        expect(weight).to_have_attribute("aria-invalid", "true")
        assert _value(lab)[3] == pytest.approx(before + (2.5 - old) * patch, abs=3e-3)
    page.keyboard.press("Tab")
    expect(weight).to_have_value("2.5")
    _choose(lab, "Layer", "conv1")
    _choose(lab, "Layer", "conv2")
    expect(lab.get_by_role("spinbutton", name=re.compile("Weight in row"))).to_have_count(25)
    _point(lab, 4, 4)
    assert _value(lab)[3] == pytest.approx(before + (2.5 - old) * patch, abs=3e-3)
    lab.get_by_role("button", name="Back to the network").click()
    assert _value(lab)[3] == before


# ----------------------------------------------------------------------------------------------------- question mode
def _verdict(lab: Locator, answer: object) -> str:
    lab.get_by_role("textbox", name="Sum of the products").fill(str(answer))
    lab.get_by_role("button", name="Check").click()
    return status(lab)


def test_question_mode(lab: Locator, image: NDArray) -> None:
    _point(lab, 12, 11)
    value = _value(lab)[3]
    lab.get_by_label(re.compile("Question mode")).check()
    assert re.fullmatch(r"Row 12, column 11 of map 0: what is the sum of the 9 products\?", status(lab))
    expect(lab.get_by_role("table", name="Products")).to_have_count(0)
    expect(lab.get_by_role("table", name="From the products to the value")).to_be_hidden()
    patch, weights = (_table(lab, f"^{name}$") for name in ("Patch", "Filter"))
    assert patch.shape == weights.shape == (3, 3)
    assert np.allclose(patch, patch.round(1))
    products = patch * weights
    total = products.sum()
    beside = (np.floor(image[13:16, 13:16] / 25.5 + 0.5) / 10 * weights).sum()
    for answer, hint in (
        (-total, "the sign is not"),
        (total / 9, "mean of the products"),
        (np.abs(products).sum(), "left out the minus signs"),
        (total - products[1].sum(), "Row 14 is missing"),
        (total - products[:, 2].sum(), "Column 14 is missing"),
        (total * 10, "the point is not"),
        (beside, "That is the sum for row 12, column 12"),
        (value, "That is the map’s value"),
        (total + 31.4, "The sum is smaller"),
    ):
        assert "not yet" in _verdict(lab, round(answer, 2)), answer
        assert hint in status(lab), (answer, status(lab))
    assert "write your sum as a number" in _verdict(lab, "many")
    assert "right, the sum is" in _verdict(lab, f"{total + 0.015:.3f}".replace(".", ",").replace("-", "−"))
    assert "not yet" in _verdict(lab, f"{total + 0.03:.2f}")
    lab.get_by_role("button", name="Show the solution").click()
    assert np.allclose(_table(lab, "^Products$"), products)
    assert _number(lab.locator(".lab-solution").text_content().split("= ")[1]) == pytest.approx(total)
    lab.get_by_role("button", name="Another pixel").click()
    assert "what is the sum" in status(lab)
    assert "Row 12, column 11 of" not in status(lab)
    expect(lab.get_by_role("table", name="Products")).to_have_count(0)
    assert np.count_nonzero(_table(lab, "^Patch$") * _table(lab, "^Filter$")) >= 4


def test_a_blank_patch_is_not_asked(lab: Locator) -> None:
    _point(lab, 0, 0)
    lab.get_by_label(re.compile("Question mode")).check()
    assert "Row 0, column 0" not in status(lab)
    assert "what is the sum" in status(lab)


# ------------------------------------------------------------------------------------------------------------- links
def test_a_link_holds_the_state(page: Page, lab: Locator, browser: Browser) -> None:
    _choose(lab, "Layer", "conv2")
    _enter(lab, "Feature map", 9)
    _enter(lab, "Input channel", 4)
    _choose(lab, "Filter", "blur")
    lab.get_by_role("slider", name="Stride").fill("2")
    _choose(lab, "Padding", "same")
    _point(lab, 3, 5)
    told, address = status(lab), link(page, lab)
    context = browser.new_context()
    other = open_lab(context.new_page(), address, "microscope")
    assert status(other) == told
    for name, value in (("Layer", "conv2"), ("Filter", "blur"), ("Padding", "same"), ("Picture", "given")):
        expect(other.get_by_role("combobox", name=name, exact=True)).to_have_value(value)
    expect(other.get_by_role("slider", name="Stride")).to_have_value("2")
    expect(other.get_by_role("spinbutton", name="Input channel")).to_have_value("4")
    assert np.allclose(_table(other, "^Filter"), 1 / 25, atol=6e-4)
    context.close()


def test_a_link_can_bring_a_picture_and_a_question(page: Page, address: str, mnist: digitlib.data.Mnist) -> None:
    picture = mnist.x_val[7]
    letters = base64.b64encode(picture.tobytes()).decode()
    state = STATE | {"picture": letters, "layer": "conv1", "channel": 0, "asking": True}
    lab = open_lab(page, _linked(address, state), "microscope")
    assert status(lab) == "Row 4, column 2 of map 5: what is the sum of the 9 products?"
    middle = picture[5:8, 3:6] / 255
    assert np.allclose(_table(lab, "^Patch$"), np.floor(middle * 10 + 0.5) / 10)


DAMAGES = [
    {"layer": "conv3"},
    {"map": 48},
    {"row": 8},
    {"column": 1.5},
    {"channel": -1},
    {"strides": [0, 1]},
    {"strides": 2},
    {"padding": "full"},
    {"picture": 10},
    {"picture": "AAAA"},
    {"picture": None},
    {"filters": [[0, 0, [1, 2]]]},
    {"filters": [[0, 0, [1e9] * 25]]},
    {"filters": {}},
    {"asking": 1},
]


def test_damaged_states_are_refused(browser: Browser) -> None:
    """Ask the module that checks states, without a page around it."""
    check = """async states => {
        const { checkedState } = await import('/labs/src/microscope_state.js');
        const { readNetwork } = await import('/labs/src/network.js');
        const { layers } = readNetwork(await (await fetch('/files/cnn.safetensors')).arrayBuffer());
        const inputs = { conv1: [28, 28, 1], conv2: [12, 12, 24] };
        const known = Object.entries(inputs).map(([name, shape]) => [layers.find(layer => layer.name === name), shape]);
        return states.map(state => { try { checkedState(state, known); } catch (error) { return error.message; } });
    }"""
    with served(ROOT / "digitlib") as address:
        page = browser.new_page()
        page.goto(address + "files/cnn.md")
        accepted, *refused = page.evaluate(check, [STATE, *(STATE | damage for damage in DAMAGES)])
        page.close()
    assert accepted is None
    for damage, said in zip(DAMAGES, refused, strict=True):
        assert said, f"{damage} was taken"
        assert "undefined" not in said


def test_links_that_cannot_be_shown(page: Page, address: str) -> None:
    for linked, says in (
        (_linked(address, STATE, version=9), "made by version 9"),
        (f"{address}{CHAPTER}#microscope=1.!!!", "it is damaged"),
        (_linked(address, STATE | {"map": 48}), "The map should be a number from 0 to 47, but is 48."),
    ):
        page.goto("about:blank")
        lab = open_lab(page, linked, "microscope")
        expect(lab.get_by_text(re.compile(rf"The link's state cannot be shown: .*{says}"))).to_be_visible()
        assert _value(lab)[2] == 0
        expect(lab.get_by_role("combobox", name="Layer", exact=True)).to_have_value("conv1")


# ------------------------------------------------------------------------------------------------ the reader's network
def test_a_network_with_biases_and_activations(browser: Browser, address: str, image: NDArray) -> None:
    """In a notebook the lab gets the reader's own network; here a page gets one in place of the book's."""
    keras.utils.set_random_seed(0)
    conv, initial = keras.layers.Conv2D, keras.initializers
    start = {"kernel_initializer": initial.RandomNormal(stddev=0.5), "bias_initializer": initial.Constant(1.37)}
    other = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            keras.layers.Rescaling(1 / 255),
            conv(4, 3, activation="relu", padding="same", strides=2, **start, name="first"),
            conv(3, (2, 4), activation="tanh", **start, name="second"),
            keras.layers.Flatten(),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    context = browser.new_context()
    context.route("**/cnn.safetensors*", lambda route: route.fulfill(body=pack_network(other, {}, "float32")))
    lab = open_lab(context.new_page(), address + CHAPTER, "microscope")
    batch = np.float32(image)[None, ..., None]
    for name in ("first", "second"):
        _choose(lab, "Layer", name)
        row, column, _, value = _value(lab)
        expected = keras.Model(other.inputs, other.get_layer(name).output).predict(batch, verbose=0)[0, :, :, 0]
        assert _size(lab) == list(expected.shape)
        assert value == pytest.approx(expected[row, column], abs=6e-4)
        sums = lab.get_by_role("table", name="From the products to the value").locator("td").all_text_contents()
        bias = other.get_layer(name).get_weights()[1][0]
        assert _number(sums[-4]) == pytest.approx(bias, abs=6e-4)
        assert _number(sums[-3]) == pytest.approx(_number(sums[-5]) + bias, abs=1.2e-3)
        assert sums[-2] == {"first": "relu", "second": "tanh"}[name]
    assert _table(lab, "^Filter").shape == (2, 4)
    _choose(lab, "Layer", "first")
    lab.get_by_label(re.compile("Question mode")).check()
    total = (_table(lab, "^Patch$") * _table(lab, "^Filter$")).sum()
    assert "You added the bias already" in _verdict(lab, round(total + 1.37, 2))
    assert "right, the sum is" in _verdict(lab, round(total, 2))
    context.close()


# ----------------------------------------------------------------------------------------------------- for everybody
@pytest.mark.parametrize(("view", "asking"), [("light", False), ("dark", True), ("phone", False), ("phone", True)])
def test_accessible_and_narrow_enough(browser: Browser, address: str, view: str, asking: bool) -> None:
    """Look at the lab only: the page around it has tests of its own."""
    with visiting(browser, address, view) as visit:
        lab = open_lab(visit.page, address + CHAPTER, "microscope")
        _choose(lab, "Layer", "conv2")
        if asking:
            lab.get_by_label(re.compile("Question mode")).check()
            lab.get_by_role("button", name="Show the solution").click()
        else:
            lab.get_by_label("Edit the filter").check()
        status(lab)
        if view != "phone":
            found = Axe().run(visit.page, context=".lab-microscope", options={"runOnly": WCAG}).response["violations"]
            assert [(rule["id"], node["html"]) for rule in found for node in rule["nodes"]] == []
        assert overflow_complaints(visit) == []
        sticking_out = """lab => [...lab.querySelectorAll('table, canvas, button, select, input')]
            .filter(e => e.getBoundingClientRect().right > lab.getBoundingClientRect().right)
            .map(e => e.outerHTML.slice(0, 100))"""
        assert lab.evaluate(sticking_out) == []
        assert visit.page.get_by_role("status").count() == 1
        assert visit.messages == []


# ------------------------------------------------------------------------------------------------------ from Python
def test_python_side(model: keras.Sequential, image: NDArray) -> None:
    lab = labs.MicroscopeLab(model, image)
    assert lab.settings == {"image": image.ravel().tolist()}
    json.dumps(lab.settings)


@pytest.mark.parametrize("bad", [np.zeros((28, 28)), np.zeros((784,), np.uint8), np.zeros((1, 28, 28), np.uint8)])
def test_images_that_are_none_are_refused(model: keras.Sequential, bad: NDArray) -> None:
    with pytest.raises(ValueError, match=r"the image should be uint8 of shape \(28, 28\)"):
        labs.MicroscopeLab(model, bad)


def test_a_network_without_a_convolution_is_refused(image: NDArray) -> None:
    dense = keras.Sequential(
        [keras.Input((28, 28, 1)), keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")]
    )
    with pytest.raises(ValueError, match="no Conv2D layer"):
        labs.MicroscopeLab(dense, image)
