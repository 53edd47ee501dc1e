"""The stress test on the page of the chapter *Your own digits*, against what numpy, scipy and TensorFlow say."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from built_site import served
from engine import SOURCES
from labs import SEVEN, draw, link, open_lab, status, top_digit, with_state
from playwright.sync_api import Browser, Locator, expect
from safetensors.numpy import load_file
from scipy import ndimage
from test_pages import VIEWS, WCAG, Visit, overflow_complaints, visiting

import digitlib
from digitlib.data import FILES

HOME = "book/09_your_own_digits.html"
PAD = "Drawing pad for the stress test"
SEVENTH = 21  # the first 7 of the thirty, with which the lab begins
NEUTRAL = {
    **{"factor": 1, "degrees": 0, "right": 0, "down": 0, "thickness": 0, "blur": 0, "noise": 0},
    **{"side": 0, "column": 14, "row": 14, "epsilon": 0},
}


@pytest.fixture(scope="module")
def visit(browser: Browser, address: str) -> Iterator[Visit]:
    with visiting(browser, address, "light") as visit:
        yield visit


@pytest.fixture
def lab(visit: Visit, address: str) -> Locator:
    visit.page.goto("about:blank")  # or the same address again would keep what the last test did
    return open_lab(visit.page, address + HOME, "stress")


@cache
def examples() -> tuple[np.ndarray, np.ndarray]:
    data = load_file(FILES / "lab-digits.safetensors")
    return data["images"].astype(np.float32), data["labels"]


@cache
def network():
    return digitlib.load_pretrained()


def answers(images: np.ndarray) -> np.ndarray:
    return network()(images.reshape(-1, 28, 28, 1), training=False).numpy()


@cache
def precise_network():
    """Copy the network with its weights to float64, without its softmax."""
    from keras import Input, Sequential

    def precise(layer):
        linear = {"activation": "linear"} if layer is network().layers[-1] else {}
        return type(layer).from_config(layer.get_config() | {"dtype": "float64"} | linear)

    copy = Sequential([Input((28, 28, 1), dtype="float64"), *map(precise, network().layers)])
    copy.set_weights(network().get_weights())
    return copy


def gradients(images: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Compute how each image's loss changes with its pixels, (N, 28, 28).

    In float64: the gradient begins with "probability minus one", and in float32 nothing is left of that difference
    where the network is sure: for the surest of the thirty examples a third of the signs would be wrong.
    """
    import tensorflow as tf

    x = tf.constant(images.reshape(-1, 28, 28, 1), tf.float64)
    with tf.GradientTape() as tape:
        tape.watch(x)
        loss = tf.nn.sparse_softmax_cross_entropy_with_logits(labels.astype(int), precise_network()(x, training=False))
    return tape.gradient(loss, x).numpy()[..., 0]


def test_gradients_are_those_of_the_shipped_network_where_it_is_not_too_sure() -> None:
    import tensorflow as tf

    images, labels = examples()
    x = tf.constant(images[..., None])
    with tf.GradientTape() as tape:
        tape.watch(x)
        probabilities = network()(x, training=False)
        loss = -tf.math.log(tf.gather(probabilities, labels.astype(int), batch_dims=1))
    direct = tape.gradient(loss, x).numpy()[..., 0]
    doubtful = 1 - probabilities.numpy()[np.arange(30), labels] > 1e-5
    precise = gradients(images, labels)
    clear = np.abs(precise) > 1e-4 * np.abs(precise).max(axis=(1, 2), keepdims=True)
    assert doubtful.sum() >= 5
    assert (np.sign(direct) == np.sign(precise))[doubtful][clear[doubtful]].mean() >= 0.999


# ------------------------------------------------------------------------------------- each change, against scipy


def random_numbers(seed: int, count: int) -> np.ndarray:
    """Draw numbers from 0 to 1 with the generator "mulberry32"."""
    numbers, whole = [], 2**32 - 1
    for i in range(1, count + 1):
        state = (seed + i * 0x6D2B79F5) & whole
        bits = (state ^ (state >> 15)) * (state | 1) & whole
        bits ^= (bits + ((bits ^ (bits >> 7)) * (bits | 61) & whole)) & whole
        numbers.append(((bits ^ (bits >> 14)) & whole) / 2**32)
    return np.array(numbers)


def placed(image: np.ndarray, factor: float, degrees: float, right: float, down: float) -> np.ndarray:
    angle = np.radians(degrees)
    back = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) / factor
    offset = 13.5 - back @ [13.5 + down, 13.5 + right]
    return ndimage.affine_transform(image, back, offset, order=1, mode="grid-constant")


def thickened(image: np.ndarray, pixels: float) -> np.ndarray:
    cross = ndimage.generate_binary_structure(2, 1)
    change = ndimage.grey_dilation if pixels > 0 else ndimage.grey_erosion
    left = abs(pixels)
    while left > 0:
        image = image + min(left, 1) * (change(image, footprint=cross) - image)
        left -= 1
    return image


def blurred(image: np.ndarray, deviation: float) -> np.ndarray:
    return ndimage.gaussian_filter(image, deviation, mode="constant") if deviation else image


def noisy(image: np.ndarray, deviation: float, seed: int) -> np.ndarray:
    u = random_numbers(seed, 2 * 784).reshape(28, 28, 2)
    normal = np.sqrt(-2 * np.log(1 - u[..., 0])) * np.cos(2 * np.pi * u[..., 1])
    return np.clip(image + deviation * normal, 0, 255)


def covered(image: np.ndarray, side: int, row: int, column: int) -> np.ndarray:
    image = image.copy()
    top, left = row - side // 2, column - side // 2
    image[max(top, 0) : max(top + side, 0), max(left, 0) : max(left + side, 0)] = 0
    return image


def changed(image: np.ndarray, seed: int = 1, **given: float) -> np.ndarray:
    v = NEUTRAL | given
    image = placed(image.astype(np.float64), v["factor"], v["degrees"], v["right"], v["down"])
    image = noisy(blurred(thickened(image, v["thickness"]), v["blur"]), v["noise"], seed)
    return covered(image, v["side"], v["row"], v["column"]).astype(np.float32)


CASES = [
    {},
    *({"degrees": v} for v in (-180, -35, 15, 90)),
    *({"factor": v} for v in (0.4, 1.05, 1.6)),
    {"right": -3},
    {"down": 7},
    *({"thickness": v} for v in (-2, -0.5, 0.5, 1, 2.5)),
    *({"blur": v} for v in (0.1, 1, 2.4)),
    {"noise": 60},
    *({"side": s, "row": r, "column": c} for s, r, c in ((5, 14, 14), (6, 0, 27), (16, 27, 0), (1, 3, 3))),
    {"factor": 1.3, "degrees": 25, "right": 2, "down": -1, "thickness": 0.5, "blur": 0.6, "noise": 20, "side": 4},
]


def test_every_change_is_that_of_scipy(browser: Browser) -> None:
    images, _ = examples()
    page = browser.new_page()
    with served(SOURCES) as address:
        page.goto(f"{address}files/cnn.md")
        ours = page.evaluate(
            """async ({ images, cases }) => {
                const { changed } = await import('/labs/src/transform.js');
                return cases.map((given) => images.map((image) => Array.from(changed(image, given, 1))));
            }""",
            {"images": images[::6].reshape(-1, 784).tolist(), "cases": [NEUTRAL | case for case in CASES]},
        )
    page.close()
    for case, pictures in zip(CASES, ours, strict=True):
        expected = [changed(image, **case) for image in images[::6]]
        assert np.abs(np.reshape(pictures, (-1, 28, 28)) - expected).max() < 1e-2, case


# --------------------------------------------------------------------------------------------------- the lab itself


def move(lab: Locator, name: str, value: float) -> None:
    lab.get_by_role("slider", name=re.compile(f"^{name}")).fill(str(value))


def choose(lab: Locator, name: str) -> None:
    lab.get_by_role("radio", name=name, exact=True).check()


def picture(lab: Locator, name: str) -> np.ndarray:
    grey = lab.get_by_role("img", name=name, exact=True).evaluate(
        "canvas => Array.from(canvas.getContext('2d').getImageData(0, 0, 28, 28).data.filter((_, i) => i % 4 === 0))"
    )
    return 255 - np.array(grey, np.float32).reshape(28, 28)


def settled(lab: Locator) -> Locator:
    """Wait until the curve is worked out; return the rows of its table."""
    rows = lab.locator(".lab-curve-side tbody tr")
    status(lab)
    expect(rows.first).to_be_attached(timeout=15_000)
    return rows


def bars(lab: Locator) -> np.ndarray:
    widths = lab.locator(".lab-bar").evaluate_all("bars => bars.map(bar => parseFloat(bar.style.width))")
    return np.array(widths) / 100


def test_begins_with_a_digit_that_is_read(lab: Locator) -> None:
    images, labels = examples()
    assert labels[SEVENTH] == 7
    assert re.fullmatch(r"That is a 7: 99.4 %\..* Before it was 7 \(99.4 %\)\.", status(lab))
    assert (picture(lab, "The picture before the changes") == images[SEVENTH]).all()
    assert (picture(lab, "The picture after the changes") == images[SEVENTH]).all()
    assert np.allclose(bars(lab), answers(images[SEVENTH])[0], atol=1e-4)


def test_combined_changes_in_their_order_and_reset(lab: Locator) -> None:
    images, _ = examples()
    said = status(lab)
    move(lab, "Noise", 40)
    move(lab, "Square 0", 5)
    move(lab, "Square’s column", 9)
    move(lab, "Scale", 1.25)
    move(lab, "Turn", -20)
    status(lab)
    given = {"noise": 40, "side": 5, "column": 9, "factor": 1.25, "degrees": -20}
    expected = changed(images[SEVENTH], **given)
    assert np.abs(picture(lab, "The picture after the changes") - expected).max() <= 1
    assert np.allclose(bars(lab), answers(expected)[0], atol=1e-3)
    lab.get_by_role("button", name="Other random numbers").click()
    status(lab)
    assert np.allclose(
        bars(lab),
        answers(changed(images[SEVENTH], seed=2, **given))[0],
        atol=1e-3,
    )
    lab.get_by_role("button", name="Reset all sliders").click()
    assert status(lab) == said


def test_the_curve_says_what_the_network_reads_at_each_angle(lab: Locator) -> None:
    images, _ = examples()
    move(lab, "Turn", 35)
    rows = settled(lab)
    angles = [*range(-180, 35, 15), 35, *range(45, 181, 15)]
    expected = answers(np.stack([changed(images[SEVENTH], degrees=angle) for angle in angles]))
    told = rows.evaluate_all("rows => rows.map(row => [...row.cells].map(cell => cell.textContent))")
    assert len(told) == len(angles)
    sides = {-1: " left", 0: "", 1: " right"}
    for (place, digit, likely, own), angle, answer in zip(told, angles, expected, strict=True):
        assert place == f"{abs(angle)}°{sides[np.sign(angle)]}"
        assert int(digit) == answer.argmax()
        for text, share in ((likely, answer.max()), (own, answer[7])):
            number = float(re.search(r"[\d.]+", text)[0]) / 100
            assert number == pytest.approx(share, abs=0.006), (angle, text)
    runs = [int(d) for i, d in enumerate(expected.argmax(axis=1)) if i == 0 or d != expected[i - 1].argmax()]
    drawing = lab.locator(".lab-curve")
    assert [int(text) for text in drawing.locator(".lab-run-digit").all_text_contents()] == runs
    assert drawing.locator("circle.lab-dot").count() == (expected.argmax(axis=1) == 7).sum()
    assert drawing.locator("rect.lab-box").count() == (expected.argmax(axis=1) != 7).sum()
    sentence = lab.locator(".lab-curve-side > p").last.text_content()
    assert [int(d) for d in re.findall(r"(?:reads|;) (\d) ", sentence)] == runs


def test_another_slider_is_examined_and_its_curve_stands_below_it(lab: Locator) -> None:
    images, _ = examples()
    settled(lab)
    choose(lab, "Curve over: Blur")
    rows = settled(lab)
    expect(rows).to_have_count(25)
    expect(lab.locator(".lab-control", has_text="Blur").locator(".lab-curve-side")).to_be_visible()
    assert rows.last.locator("td").all_text_contents()[1] == str(answers(changed(images[SEVENTH], blur=2.4)).argmax())
    expect(lab.locator(".lab-curve-side")).to_have_count(1)
    lab.get_by_text("The same as a table").click()
    expect(lab.get_by_role("columnheader", name="How likely the 7 is")).to_be_visible()


# ------------------------------------------------------------------------------- the fast gradient sign method


def test_one_step_against_tensorflow_for_all_thirty(lab: Locator) -> None:
    images, labels = examples()
    slopes = gradients(images, labels)
    expected = np.clip(images + 20 * np.sign(slopes), 0, 255)
    digits = answers(expected).argmax(axis=1)
    move(lab, "Step", 20)
    same = compared = 0
    for number, image in enumerate(images):
        choose(lab, f"Example {number + 1}: {labels[number]}")
        said = lab.get_by_role("status").text_content()  # at once: nothing waits for the next frame here
        assert re.match(rf"That is an? {digits[number]}:", said), number
        after = picture(lab, "The picture: after the step")
        assert np.abs(after - image).max() == 20
        clear = np.abs(slopes[number]) > 1e-4 * np.abs(slopes[number]).max()
        same += (after == expected[number])[clear].sum()
        compared += clear.sum()
    assert compared > 10_000
    assert same / compared >= 0.999
    assert (digits != labels).sum() == 8


def test_the_direction_counts_not_the_size(lab: Locator) -> None:
    images, labels = examples()
    image = images[SEVENTH + 1]
    choose(lab, f"Example {SEVENTH + 2}: 7")
    expect(lab.get_by_text("the step leads away from the 7")).to_be_visible()
    slopes = gradients(image[None], labels[[SEVENTH + 1]])[0]
    signs = np.where(random_numbers(1001, 784).reshape(28, 28) < 0.5, -1, 1)
    size = next(s for s in range(1, 81) if answers(np.clip(image + s * np.sign(slopes), 0, 255)).argmax() != 7)
    move(lab, "Step", size)
    misled = top_digit(lab)
    assert misled != 7
    expect(lab.get_by_text("it is the direction that makes the difference")).to_be_visible()
    lab.get_by_role("checkbox", name="Random signs instead").check()
    assert top_digit(lab) == 7
    expect(lab.get_by_text("it is the direction that makes the difference")).to_be_visible()
    expected = np.clip(image + size * signs, 0, 255)
    assert (picture(lab, "The picture: after the step") == expected).all()
    # The difference has a scale from -size to size, so its middle colour is "unchanged".
    step = lab.get_by_role("img", name="The picture: the step", exact=True)
    colours = step.evaluate("""canvas => {
        const { data } = canvas.getContext('2d').getImageData(0, 0, 28, 28);
        return Array.from({ length: 784 }, (_, i) => [...data.subarray(4 * i, 4 * i + 3)].join());
    }""")
    change = (expected - image).ravel()
    assert len({colour for colour, by in zip(colours, change, strict=True) if by == 0}) == 1
    assert {colour for colour, by in zip(colours, change, strict=True) if by == size} == {"254,232,56"}
    assert {colour for colour, by in zip(colours, change, strict=True) if by == -size} == {"0,34,78"}


# --------------------------------------------------------------------------------------------- the reader's drawing


def test_nothing_drawn_predicts_nothing(lab: Locator) -> None:
    settled(lab)
    choose(lab, "My drawing")
    for _ in range(2):
        assert status(lab) == "Draw a digit on the pad, or choose one of the thirty."
        assert set(lab.locator(".lab-bar-text").all_text_contents()) == {"–"}
        expect(lab.locator(".lab-curve-side")).to_be_hidden()
        move(lab, "Step", 30)
    move(lab, "Step", 0)
    draw(lab.page, lab, SEVEN, PAD)
    assert top_digit(lab) == 7
    settled(lab)
    lab.get_by_role("button", name="Clear", exact=True).click()
    assert top_digit(lab) is None
    choose(lab, "Example 1: 0")
    assert top_digit(lab) == 0
    expect(lab.get_by_label(PAD, exact=True)).to_be_hidden()


def test_a_drawing_is_led_away_from_what_was_read_at_first(lab: Locator) -> None:
    choose(lab, "My drawing")
    draw(lab.page, lab, SEVEN, PAD)
    assert top_digit(lab) == 7
    own = picture(lab, "The picture before the changes")
    move(lab, "Step", 40)
    status(lab)
    expected = np.clip(own + 40 * np.sign(gradients(own[None], np.array([7]))[0]), 0, 255)
    assert (picture(lab, "The picture: after the step") == expected).mean() >= 0.999
    assert top_digit(lab) == answers(expected).argmax()


# ------------------------------------------------------------------------------------------------ links and keys


def test_a_link_carries_everything(lab: Locator, browser: Browser) -> None:
    choose(lab, "My drawing")
    draw(lab.page, lab, SEVEN, PAD)
    move(lab, "Noise", 60)
    move(lab, "Step", 12)
    lab.get_by_role("button", name="Other random numbers").click()
    lab.get_by_role("checkbox", name="Random signs instead").check()
    choose(lab, "Curve over: Noise")
    settled(lab)
    said, shown = status(lab), picture(lab, "The picture after the changes")
    handed_out = link(lab.page, lab)
    page = browser.new_page()
    there = open_lab(page, handed_out, "stress")
    settled(there)
    assert status(there) == said
    assert (picture(there, "The picture after the changes") == shown).all()
    expect(there.get_by_role("radio", name="Curve over: Noise")).to_be_checked()
    expect(there.get_by_role("checkbox", name="Random signs instead")).to_be_checked()
    expect(there.locator(".lab-notice")).to_be_hidden()
    page.close()


STATE = {"source": 3, "strokes": [], "values": NEUTRAL, "examined": "degrees", "seed": 1, "random": False}


def _address_with(state: object, version: int = 1) -> str:
    return HOME + with_state("stress", state, version)


BAD_LINKS = {
    "unknown version": (_address_with(STATE, version=7), "version 7"),
    "damaged": (_address_with("e30x*"), "damaged"),
    "nothing in it": (_address_with(None), "sliders are missing"),
    "too far": (_address_with(STATE | {"values": NEUTRAL | {"blur": 99}}), "“Blur” should be a number from 0 to 2.4"),
    "a slider less": (_address_with(STATE | {"values": {"blur": 1}}), "“Scale” should be a number"),
    "no such example": (_address_with(STATE | {"source": 30}), "example should be a number from 0 to 29"),
    "no drawing": (_address_with(STATE | {"source": "drawing", "strokes": 5}), "a drawing is none"),
    "unknown change": (_address_with(STATE | {"examined": "constructor"}), "the examined change cannot be"),
}


@pytest.mark.parametrize("case", BAD_LINKS)
def test_a_bad_link_says_so_and_the_lab_works(visit: Visit, address: str, case: str) -> None:
    bad, said = BAD_LINKS[case]
    visit.page.goto("about:blank")
    lab = open_lab(visit.page, address + bad, "stress")
    expect(lab.locator(".lab-notice")).to_contain_text(said)
    assert top_digit(lab) == 7, "as if there was no link"


def test_by_keyboard_alone(lab: Locator) -> None:
    page = lab.page

    def tab_to(asked: str) -> None:
        for _ in range(40):
            page.keyboard.press("Tab")
            name = "e => e.getAttribute('aria-label') ?? e.closest('label')?.textContent ?? e.textContent"
            if page.evaluate(f"({name})(document.activeElement)").startswith(asked):
                return
        pytest.fail(f"Tab does not lead to {asked}")

    lab.get_by_role("radio", name="Example 22: 7").focus()
    page.keyboard.press("ArrowLeft")
    assert top_digit(lab) == 6
    page.keyboard.press("ArrowRight")
    tab_to("Curve over: Turn")
    page.keyboard.press("ArrowDown")
    expect(lab.get_by_role("radio", name="Curve over: Shift right")).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(lab.get_by_role("radio", name="Curve over: Turn")).to_be_focused()
    tab_to("Turn")
    for _ in range(7):
        page.keyboard.press("ArrowRight")
    assert lab.get_by_role("slider", name="Turn").get_attribute("aria-valuetext") == "35° right"
    assert status(lab).startswith("That is a 2")
    tab_to("Random signs instead")
    page.keyboard.press("Space")
    expect(lab.get_by_role("checkbox", name="Random signs instead")).to_be_checked()
    assert visible_below_the_answer(lab)


def visible_below_the_answer(lab: Locator) -> bool:
    """Whether what has the focus is in sight, not hidden by the answer that stays at the top."""
    return lab.page.evaluate("""() => {
        const { left, top, width, height } = document.activeElement.getBoundingClientRect();
        const there = document.elementFromPoint(left + width / 2, top + height / 2);
        return document.activeElement.closest('label').contains(there);
    }""")


@pytest.mark.parametrize("view", VIEWS)
def test_no_complaint_in_any_view(browser: Browser, address: str, view: str) -> None:
    with visiting(browser, address, view) as visit:
        lab = open_lab(visit.page, address + HOME, "stress")
        choose(lab, "My drawing")
        draw(visit.page, lab, SEVEN, PAD)
        move(lab, "Turn", 35)
        move(lab, "Step", 20)
        settled(lab)
        lab.get_by_text("The same as a table").click()
        assert lab.get_by_role("status").count() == 1
        # The lab alone: the rest of the page has a test of its own.
        rules = {"color-contrast": {"enabled": view != "phone"}}  # a phone shows the colours of the light view
        options = {"runOnly": WCAG, "resultTypes": ["violations"], "rules": rules}
        found = Axe().run(visit.page, context=".lab-stress", options=options)
        assert [(rule["id"], rule["nodes"][0]["html"]) for rule in found.response["violations"]] == []
        assert overflow_complaints(visit) == []
        assert visit.messages == []


def test_curve_is_seen_in_forced_colours(browser: Browser, address: str) -> None:
    context = browser.new_context(forced_colors="active", color_scheme="dark", reduced_motion="reduce")
    lab = open_lab(context.new_page(), address + HOME, "stress")
    settled(lab)
    line = lab.locator(".lab-answer-line").evaluate("line => getComputedStyle(line).stroke")
    ground = lab.evaluate("lab => getComputedStyle(lab).backgroundColor")
    assert line != ground
    context.close()


def test_without_the_examples_the_lab_says_so(visit: Visit, address: str) -> None:
    visit.page.route("**/lab-digits.safetensors*", lambda route: route.abort())
    visit.page.goto("about:blank")
    visit.page.goto(address + HOME)
    here = visit.page.locator("[data-lab='stress']")
    here.scroll_into_view_if_needed()
    expect(here.locator(".lab-notice")).to_contain_text("could not start")
    visit.page.unroute("**/lab-digits.safetensors*")
