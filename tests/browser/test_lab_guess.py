"""The lab "Guess the digit": the draw, both rounds, every number against numpy and TensorFlow, by mouse and by keys."""

from __future__ import annotations

import base64
import json
import re
import zlib
from collections.abc import Iterator
from functools import cache

import numpy as np
import pytest
from built_site import served
from engine import SOURCES
from labs import link, open_lab, status, with_state
from numpy.typing import NDArray
from playwright.sync_api import Browser, Locator, Page, expect
from safetensors.numpy import load_file
from test_pages import VIEWS, axe_complaints, overflow_complaints, visiting

import digitlib
from digitlib import evaluation
from digitlib.data import FILES
from digitlib.labs.games import DRAW_SEED, DRAWN_DIGITS, HARD_DIGITS

PAGE = "book/play.html"
COUNT = 20
FILE = FILES / "lab-guess.safetensors"


@cache
def stored() -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8]]:
    """Return the file's images (N, 28, 28), labels (N,) and which of them are hard (N,)."""
    data = load_file(FILE)
    images = np.frombuffer(zlib.decompress(data["images"].tobytes()), np.uint8).reshape(-1, 28, 28)
    return images, data["labels"], data["hard"]


@cache
def of_validation() -> NDArray[np.float32]:
    """Let TensorFlow read all validation digits, float32 (5000, 10)."""
    x_val = digitlib.load_mnist().x_val
    return digitlib.load_pretrained().predict(x_val[..., np.newaxis], batch_size=500, verbose=0)


@cache
def answers() -> NDArray[np.intp]:
    """Let TensorFlow read all images of the file."""
    return digitlib.load_pretrained().predict(stored()[0][..., np.newaxis], batch_size=500, verbose=0).argmax(axis=1)


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 1000})
    yield context.new_page()
    context.close()


@pytest.fixture
def lab(page: Page, address: str) -> Locator:
    return open_lab(page, address + PAGE, "guess")


def press(lab: Locator, name: str) -> None:
    lab.get_by_role("button", name=re.compile(name)).click()


def seen(canvas: Locator) -> bytes:
    """Read the ink of a canvas of 28 × 28 pixels."""
    red = canvas.evaluate("c => [...c.getContext('2d').getImageData(0, 0, 28, 28).data].filter((_, i) => i % 4 === 0)")
    return bytes(255 - np.array(red, np.uint8))


def place_of(image: bytes, hard: bool) -> int:
    """Find an image among the file's hard digits, or among those drawn by lot."""
    return next(i for i, other in enumerate(stored()[0]) if stored()[2][i] == hard and other.tobytes() == image)


def play(lab: Locator, mistakes: int, hard: bool = False) -> tuple[list[int], list[int]]:
    """Play the round that has begun, the first `mistakes` digits wrongly; return the digits' places and the answers."""
    places, given = [], []
    for number in range(COUNT):
        expect(lab.get_by_role("status")).to_contain_text(f"Digit {number + 1} of {COUNT}.")
        place = place_of(seen(lab.locator(".lab-judged")), hard)
        places.append(place)
        given.append((int(stored()[1][place]) + (number < mistakes)) % 10)
        lab.page.keyboard.press(str(given[-1]))
    expect(lab.get_by_role("status")).to_contain_text("You misread")
    return places, given


def rows(lab: Locator, caption: str) -> list[list[str]]:
    """Read the cells of the table with that caption, row by row, with common spaces."""
    table = lab.locator("table").filter(has=lab.page.locator("caption", has_text=caption))
    read = table.locator("tbody tr").evaluate_all("rows => rows.map(row => [...row.cells].map(c => c.textContent))")
    return [[cell.replace("\u00a0", " ") for cell in row] for row in read]


def text(lab: Locator) -> str:
    return lab.inner_text().replace("\u00a0", " ")


def interval(count: int, total: int, decimals: int = 1) -> str:
    low, _, high = evaluation.share_interval(count, total)
    return f"{abs(100 * low):.{decimals}f} % to {100 * high:.{decimals}f} %"


# ------------------------------------------------------------------------------------------------------- the digits
def test_the_file_holds_what_the_rule_says() -> None:
    images, labels, hard = stored()
    _, _, x_val, y_val, *_ = digitlib.load_mnist()
    drawn = np.random.default_rng(DRAW_SEED).choice(len(y_val), DRAWN_DIGITS, replace=False)
    assert FILE.stat().st_size < 300_000
    assert np.array_equal(images[hard == 0], x_val[drawn])
    assert np.array_equal(labels[hard == 0], y_val[drawn])
    probability = of_validation()[np.arange(len(y_val)), y_val]
    chosen = [next(i for i, other in enumerate(x_val) if np.array_equal(image, other)) for image in images[hard == 1]]
    assert len(set(chosen)) == HARD_DIGITS
    assert np.array_equal(labels[hard == 1], y_val[chosen])
    assert probability[chosen].max() <= np.delete(probability, chosen).min() + 1e-3
    assert load_file(FILE)["misread"].tolist() == [(of_validation().argmax(axis=1) != y_val).sum(), len(y_val)]


def test_a_draw_number_stands_for_twenty_digits(browser: Browser, address: str) -> None:
    shown = {}
    for visitor, number in (("ann", 37), ("ben", 37), ("eve", 38)):
        with visiting(browser, address, "light") as visit:
            lab = open_lab(visit.page, address + PAGE, "guess")
            lab.get_by_label("Draw number").fill(str(number))
            assert status(lab) == f"Draw {number}: 20 digits wait for you."
            press(lab, "Start")
            shown[visitor], _ = play(lab, 0)
    assert shown["ann"] == shown["ben"]
    assert len(set(shown["ann"])) == COUNT, "no digit twice"
    assert len(set(shown["ann"]) & set(shown["eve"])) < COUNT / 2


def test_each_visit_draws_anew(browser: Browser, address: str) -> None:
    numbers = set()
    for _ in range(3):
        with visiting(browser, address, "light") as visit:
            lab = open_lab(visit.page, address + PAGE, "guess")
            numbers.add(lab.get_by_label("Draw number").input_value())
            press(lab, "Draw anew")
            numbers.add(lab.get_by_label("Draw number").input_value())
    assert len(numbers) > 3


@pytest.mark.parametrize("wrong", ["", "-1", "10000", "3.5"])
def test_a_draw_that_there_is_not_cannot_start(lab: Locator, wrong: str) -> None:
    lab.get_by_label("Draw number").fill(wrong)
    assert status(lab) == "A draw has a whole number from 0 to 9999."
    expect(lab.get_by_role("button", name="Start")).to_be_disabled()
    lab.get_by_label("Draw number").fill("9999")
    assert status(lab) == "Draw 9999: 20 digits wait for you."
    expect(lab.get_by_role("button", name="Start")).to_be_enabled()


# ------------------------------------------------------------------------------------------------------ the rounds
def test_round_one_against_numpy_and_tensorflow(lab: Locator) -> None:
    press(lab, "Start")
    places, given = play(lab, 3)
    labels, theirs = stored()[1][places], answers()[places]
    their_mistakes = int((theirs != labels).sum())
    assert status(lab) == f"You misread 3 of 20, the network {their_mistakes}."
    mine, network = rows(lab, "The network’s time was measured")
    assert mine[:3] == ["you", "3 of 20", f"15.0 % ({interval(3, 20)})"]
    assert network[:3] == [
        "the network",
        f"{their_mistakes} of 20",
        f"{100 * their_mistakes / 20:.1f} % ({interval(their_mistakes, 20)})",
    ]
    assert re.fullmatch(r"[\d.]+ m?s", mine[3])
    assert re.fullmatch(r"[\d.]+ m?s", network[3])
    said, (wrong, total) = text(lab), load_file(FILE)["misread"]
    assert f"Any true rate from {interval(3, 20)}" in said
    assert "The two intervals overlap" in said
    assert f"misread {wrong}: {100 * wrong / total:.2f} % ({interval(wrong, total, 2)})" in said
    assert f"an interval up to {interval(0, 20).split(' to ')[1]}" in said
    shown = rows(lab, "The digits that you or the network misread")
    expected = [i for i in range(COUNT) if given[i] != labels[i] or theirs[i] != labels[i]]
    assert [row[1] for row in shown] == [f"1.{i + 1}" for i in expected]
    for (_, _, me, network_says, label), i in zip(shown, expected, strict=True):
        assert (me, network_says[0], label) == (str(given[i]), str(theirs[i]), str(labels[i]))
    pictures = lab.locator("table canvas").all()
    assert [place_of(seen(picture), hard=False) for picture in pictures] == [places[i] for i in expected]


def test_intervals_apart(lab: Locator) -> None:
    press(lab, "Start")
    play(lab, 20)
    assert "The two intervals do not overlap" in text(lab)
    assert rows(lab, "The network’s time")[0][2] == f"100.0 % ({interval(20, 20)})"


def test_none_misread(lab: Locator) -> None:
    """With this draw, which the network reads without a mistake, there is nothing to show."""
    lab.get_by_label("Draw number").fill("37")
    press(lab, "Start")
    places, _ = play(lab, 0)
    assert (answers()[places] == stored()[1][places]).all(), "take another draw for this test"
    assert status(lab) == "You misread 0 of 20, the network 0."
    assert [row[2] for row in rows(lab, "The network’s time")] == [f"0.0 % ({interval(0, 20)})"] * 2
    assert "All 20 were read by both." in text(lab)


def test_round_two_is_the_networks_worst_and_says_why_that_is_unfair(lab: Locator) -> None:
    press(lab, "Start")
    first, first_given = play(lab, 2)
    press(lab, "Round two")
    second, second_given = play(lab, 5, hard=True)
    images, labels, _ = stored()
    assert {images[i].tobytes() for i in first}.isdisjoint(images[i].tobytes() for i in second), "nothing comes again"
    theirs = answers()[second]
    assert status(lab) == f"You misread 5 of 20, the network {(theirs != labels[second]).sum()}."
    mine, network = rows(lab, "The network’s time")
    assert mine[1:3] == ["5 of 20", "25.0 %"]
    assert network[1] == f"{(theirs != labels[second]).sum()} of 20"
    said = text(lab)
    assert "No intervals: they would speak of digits drawn by lot" in said
    assert "Why this comparison is unfair" in said
    both, given = first + second, np.array(first_given + second_given)
    missed = given != labels[both]
    read = int((answers()[both] == labels[both])[missed].sum())
    assert f"the {missed.sum()} that you misread. Of these you read 0 rightly, by construction, and the network" in said
    assert f"and the network {read}." in said
    expect(lab.get_by_role("button", name=re.compile("Round two"))).to_be_hidden()
    press(lab, "Play again")
    expect(lab.get_by_role("button", name="Start")).to_be_focused()


def test_the_mirror_of_who_misreads_none(lab: Locator) -> None:
    press(lab, "Start")
    play(lab, 0)
    press(lab, "Round two")
    play(lab, 0, hard=True)
    assert "of all 40 digits of both rounds, you misread none" in text(lab)


def test_keyboard_alone(lab: Locator) -> None:
    lab.get_by_label("Draw number").focus()
    tab_to(lab.page, "Start")
    lab.page.keyboard.press("Enter")
    play(lab, 1)
    expect(lab.get_by_text("Round one: digits drawn by lot")).to_be_focused()
    tab_to(lab.page, "Round two: 20 that the network found hard")
    lab.page.keyboard.press("Enter")
    play(lab, 1, hard=True)
    expect(lab.get_by_text("Round two: the network’s hard digits")).to_be_focused()


def tab_to(page: Page, name: str) -> None:
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent") == name:
            return
    raise AssertionError(f"the Tab key does not lead to {name}")


def test_an_answer_can_be_taken_back(lab: Locator) -> None:
    press(lab, "Start")
    expect(lab.get_by_role("button", name="Take back")).to_be_disabled()
    first = seen(lab.locator(".lab-judged"))
    lab.page.keyboard.press("3")
    assert status(lab) == "Digit 2 of 20. Noted: 3."
    assert seen(lab.locator(".lab-judged")) != first
    lab.page.keyboard.press("Backspace")
    assert status(lab) == "Digit 1 of 20. What do you read?"
    assert seen(lab.locator(".lab-judged")) == first
    lab.get_by_role("button", name="8", exact=True).click()
    lab.page.keyboard.press("Control+5")
    lab.page.keyboard.press("x")
    assert status(lab) == "Digit 2 of 20. Noted: 8."
    press(lab, "Take back")
    assert status(lab) == "Digit 1 of 20. What do you read?"
    lab.page.get_by_role("link", name="Skip to main content").focus()
    lab.page.keyboard.press("4")
    assert status(lab) == "Digit 1 of 20. What do you read?", "a key elsewhere on the page is no answer"


# ------------------------------------------------------------------------------------------------------- the clock
def test_the_clock_counts_the_whole_round(page: Page, address: str) -> None:
    page.clock.install()
    lab = open_lab(page, address + PAGE, "guess")
    press(lab, "Start")
    page.clock.fast_forward(61_000)
    expect(lab.locator(".lab-time")).to_have_text(re.compile(r"^6[1-9] s$"))
    play(lab, 0)
    total = float(re.search(r"You took ([\d.]+) s in all", text(lab))[1])
    assert 61 <= total < 120
    assert rows(lab, "The network’s time")[0][3] == f"{total / 20:.1f} s"


def test_the_clock_can_be_switched_off(lab: Locator) -> None:
    lab.get_by_label("With a clock").uncheck()
    press(lab, "Start")
    expect(lab.locator(".lab-time")).to_be_hidden()
    play(lab, 0)
    mine, network = rows(lab, "You played without a clock.")
    assert mine[3] == "no clock"
    assert network[3].endswith("s")


def test_the_clock_can_be_switched_off_in_the_middle(lab: Locator) -> None:
    press(lab, "Start")
    expect(lab.locator(".lab-time")).to_be_visible()
    lab.get_by_label("With a clock").uncheck()
    expect(lab.locator(".lab-time")).to_be_hidden()
    lab.locator(".lab-ballot").focus()
    play(lab, 0)
    assert "You played without a clock." in text(lab)


# ------------------------------------------------------------------------------------------------ links, what is kept
def test_a_link_brings_the_same_digits_and_no_answers(browser: Browser, page: Page, lab: Locator, address: str) -> None:
    press(lab, "Start")
    places, _ = play(lab, 4)
    shared = link(page, lab)
    state = json.loads(base64.urlsafe_b64decode((part := shared.split("#guess=1.")[1]) + "=" * (-len(part) % 4)))
    assert list(state) == ["draw"]
    with visiting(browser, address, "light") as visit:
        other = open_lab(visit.page, shared, "guess")
        assert status(other) == f"Draw {state['draw']}: 20 digits wait for you."
        press(other, "Start")
        assert play(other, 0)[0] == places


def start_anew(page: Page, address: str, linked: dict | None = None, kept: object = None) -> list[str]:
    """Start the lab's bundle once more, as the page's host would; return its notice and its status line."""
    return page.evaluate(
        """async ([folder, linked, kept]) => {
            const { default: lab } = await import(folder + 'guess.js'), el = document.createElement('div');
            const file = async (name) => (await fetch(`${folder}files/${name}`)).arrayBuffer();
            const work = { kept: async () => kept, keep: async () => {} };
            const close = await lab.render({ model: { get: () => undefined, file, work, linked }, el });
            const told = ['.lab-notice', '[role=status]'].map((part) => el.querySelector(part).textContent);
            close();
            return told;
        }""",
        [address + "_static/labs/", linked, kept],
    )


def test_bad_links_are_refused(page: Page, lab: Locator, address: str) -> None:
    for state, version, words in [
        ({"draw": -1}, 1, "the draw should be a number from 0 to 9999, but is -1"),
        ({"draw": 10_000}, 1, "the draw should be a number from 0 to 9999"),
        ({"draw": 2.5}, 1, "the draw should be a whole number, but is 2.5"),
        ({"draw": "37"}, 1, 'the draw should be a number from 0 to 9999, but is "37"'),
        ({}, 1, "the draw should be a number from 0 to 9999"),
        ({"draw": 37}, 2, "version 2"),
        ("%%%", 1, "it is damaged"),
    ]:
        encoded = with_state("guess", state, version).split(".", 1)[1]
        notice, said = start_anew(page, address, {"version": version, "text": encoded})
        assert words in notice
        assert re.fullmatch(r"Draw \d+: 20 digits wait for you\.", said)


def test_a_finished_game_is_still_there_on_the_next_visit(page: Page, lab: Locator, address: str) -> None:
    press(lab, "Start")
    play(lab, 3)
    said, shown = status(lab), rows(lab, "The digits that you or the network misread")
    page.goto("about:blank")
    again = open_lab(page, address + PAGE, "guess")
    assert status(again) == said
    assert rows(again, "The digits that you or the network misread") == shown
    press(again, "Round two")
    play(again, 1, hard=True)


def test_a_kept_game_that_does_not_fit_is_left(page: Page, lab: Locator, address: str) -> None:
    lab.get_by_label("Draw number").fill("37")
    press(lab, "Start")
    play(lab, 3)
    game = page.evaluate("JSON.parse(localStorage.getItem('digits-book-work')).labs.guess")
    assert start_anew(page, address, kept=game)[1] == "You misread 3 of 20, the network 0."
    (round_one,) = game["rounds"]
    for wrong in [
        {"draw": 1},  # other digits
        {"draw": "x"},
        {"rounds": []},
        {"rounds": None},
        {"rounds": [round_one] * 3},
        {"rounds": [round_one | {"answers": [1]}]},
        {"rounds": [round_one | {"answers": ["<b>"] * 20}]},
        {"rounds": [round_one | {"seconds": "long"}]},
        {"rounds": [{}]},
    ]:
        notice, said = start_anew(page, address, kept=game | wrong)
        assert notice == ""
        assert "digits wait for you" in said
    assert "digits wait for you" in start_anew(page, address, kept=[7])[1]


# ------------------------------------------------------------------------------------------------------ around them
def test_wilsons_interval_for_every_count(page: Page) -> None:
    """The page's formula and digitlib's, for all counts of twenty and for large numbers."""
    cases = [[count, COUNT] for count in range(COUNT + 1)] + [[0, 1], [1, 1], [27, 5_000], [9_957, 10_000]]
    with served(SOURCES) as sources:
        page.goto(f"{sources}files/cnn.md")
        found = page.evaluate(
            """async cases => {
                const { shareInterval } = await import('/labs/src/share.js');
                return cases.map(([count, total]) => shareInterval(count, total));
            }""",
            cases,
        )
    expected = [evaluation.share_interval(*case) for case in cases]
    np.testing.assert_allclose(found, [(low, high) for low, _, high in expected], atol=1e-12)
    assert np.min(found) == 0
    assert np.max(found) == 1


def test_a_damaged_file_is_told(page: Page, address: str) -> None:
    def cut(route) -> None:
        body = bytearray(FILE.read_bytes())
        body[-3000:-2000] = bytes(1000)
        route.fulfill(body=bytes(body))

    page.route("**/lab-guess.safetensors*", cut)
    page.goto(address + PAGE)
    failed = page.locator("[data-lab='guess'] .digits-lab")
    failed.scroll_into_view_if_needed()
    expect(failed).to_have_attribute("data-failed", "true")
    expect(failed).to_contain_text("This lab could not start")


@pytest.mark.parametrize("view", VIEWS)
def test_accessible_and_within_the_page(browser: Browser, address: str, view: str) -> None:
    with visiting(browser, address, view) as visit:
        lab = open_lab(visit.page, address + PAGE, "guess")
        assert overflow_complaints(visit) + axe_complaints(visit) == []
        start, four = (lab.get_by_role("button", name=name, exact=True) for name in ("Start", "4"))
        start.tap() if view == "phone" else start.click()
        for _ in range(3):
            four.tap() if view == "phone" else four.click()
        assert status(lab) == "Digit 4 of 20. Noted: 4."
        assert four.bounding_box()["width"] >= 24
        assert four.bounding_box()["height"] >= 44
        assert overflow_complaints(visit) + axe_complaints(visit) == []
        for _ in range(COUNT - 3):
            four.tap() if view == "phone" else four.click()
        expect(lab.get_by_role("status")).to_contain_text("You misread")
        assert lab.get_by_role("status").count() == 1
        assert overflow_complaints(visit) + axe_complaints(visit) + visit.messages == []
