"""The lab "Design a filter": maps and closeness against scipy; puzzles and hints; by mouse, keys and finger."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator

import numpy as np
import pytest
from built_site import served
from engine import SOURCES
from labs import link, open_lab, status, with_state
from numpy.typing import NDArray
from playwright.sync_api import Browser, Locator, Page, expect
from safetensors.numpy import load_file
from scipy.signal import correlate2d
from test_pages import VIEWS, axe_complaints, overflow_complaints, visiting

from digitlib.data import FILES

PAGE = "book/play.html"
NAMES = ["Copy", "Shift", "Blur", "Left edge", "Top edge", "Diagonal edge", "Outline", "Sharpen"]
EXAMPLES = load_file(FILES / "lab-digits.safetensors")["images"][::3] / 255.0  # the first of each class


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 1000})
    yield context.new_page()
    context.close()


@pytest.fixture
def lab(page: Page, address: str) -> Locator:
    return open_lab(page, address + PAGE, "design")


@pytest.fixture(scope="module")
def puzzles(browser: Browser) -> dict[str, NDArray[np.float64]]:
    """Read the filters behind the puzzles out of the source."""
    page = browser.new_page()
    with served(SOURCES) as sources:
        page.goto(f"{sources}files/cnn.md")
        found = page.evaluate("import('/labs/src/puzzles.js').then(m => m.PUZZLES.map(p => [p.name, p.filter]))")
    page.close()
    return {name: np.reshape(weights, (3, 3)).astype(float) for name, weights in found}


def map_of(image: NDArray, weights: NDArray, relu: bool = False) -> NDArray[np.float64]:
    made = correlate2d(image, np.reshape(weights, (3, 3)), mode="same")
    return np.maximum(made, 0) if relu else made


def closeness(wanted: NDArray, made: NDArray) -> tuple[float, float]:
    """Return the best factor that is not negative and the closeness that it gives."""
    factor = max((wanted * made).sum() / (made * made).sum(), 0) if made.any() else 0.0
    return factor, 1 - ((wanted - factor * made) ** 2).sum() / (wanted**2).sum()


def choose(lab: Locator, name: str, option: str) -> None:
    lab.get_by_role("combobox", name=name).select_option(option)


def puzzle(lab: Locator, name: str) -> None:
    choose(lab, "Puzzle", str(NAMES.index(name)))


def weight(lab: Locator, row: int, column: int) -> Locator:
    return lab.get_by_role("spinbutton", name=f"Weight in row {row}, column {column}", exact=True)


def enter(lab: Locator, weights: NDArray) -> None:
    for (row, column), value in np.ndenumerate(np.reshape(weights, (3, 3))):
        weight(lab, row, column).fill(f"{value:g}")


def entered(lab: Locator) -> NDArray[np.float64]:
    return np.array([[float(weight(lab, row, column).input_value()) for column in range(3)] for row in range(3)])


def percent(lab: Locator) -> float:
    return float(re.search(r"([\d.]+) %", status(lab))[1])


def number(text: str) -> float:
    return float(text.replace("−", "-"))


def at_pixel(lab: Locator) -> dict[str, float]:
    """Read the table of the pixel that is pointed at."""
    cells = (
        lab.locator(".lab-pixel table")
        .last.locator("tbody tr")
        .evaluate_all("rows => rows.map(row => [...row.cells].map(cell => cell.textContent))")
    )
    return {re.sub(r" [\d.]+$", "", name): number(value) for name, value in cells}


def point(lab: Locator, row: int, column: int) -> None:
    canvas = lab.get_by_role("application", name=re.compile("^Wanted map"))
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    canvas.click(position={"x": (column + 0.5) * box["width"] / 28, "y": (row + 0.5) * box["height"] / 28})


# --------------------------------------------------------------------------------------------------------- numbers
def test_maps_and_closeness_against_scipy(lab: Locator, puzzles: dict[str, NDArray]) -> None:
    rng = np.random.default_rng(3)
    for name, digit, relu in [("Blur", 0, False), ("Left edge", 7, True), ("Outline", 5, False), ("Sharpen", 8, True)]:
        weights, image = np.round(rng.uniform(-2, 3, (3, 3)), 1), EXAMPLES[digit]
        puzzle(lab, name)
        choose(lab, "Picture", str(digit))
        lab.get_by_label("ReLU").set_checked(relu)
        enter(lab, weights)
        wanted, made = map_of(image, puzzles[name], relu), map_of(image, weights, relu)
        factor, close = closeness(wanted, made)
        assert percent(lab) == pytest.approx(100 * close, abs=0.1)
        for row, column in [(4, 15), (13, 9), (20, 17), (14, 14), (0, 0)]:
            point(lab, row, column)
            shown, expected = at_pixel(lab), (wanted[row, column], made[row, column])
            assert shown["wanted"] == pytest.approx(expected[0], abs=6e-4)
            assert shown["yours after ReLU" if relu else "yours: patch times filter, added up"] == pytest.approx(
                expected[1], abs=6e-4
            )
            assert shown["difference"] == pytest.approx(expected[0] - factor * expected[1], abs=1.1e-3)
            patch = lab.locator(".lab-pixel table").first.locator("tbody td").all_text_contents()
            expected_patch = np.pad(image, 1)[row : row + 3, column : column + 3]
            np.testing.assert_allclose([number(cell) for cell in patch], expected_patch.ravel(), atol=0.0051)


def test_the_painted_maps(lab: Locator, puzzles: dict[str, NDArray]) -> None:
    """Zero has the colour in the middle of the scale; the difference is painted on the wanted map's scale."""
    puzzle(lab, "Left edge")
    weights = np.array([0, 0, 0, -1, 0, 1, 0, 0, 0])
    enter(lab, weights)
    wanted, made = map_of(EXAMPLES[4], puzzles["Left edge"]), map_of(EXAMPLES[4], weights)
    rest = wanted - closeness(wanted, made)[0] * made
    green = [0x22, 0x35, 0x49, 0x5D, 0x71, 0x86, 0x9C, 0xB3, 0xCC, 0xE8]  # of the scale's ten colours
    for name, values, size in [("Wanted map", wanted, wanted), ("Your map", made, made), ("Difference", rest, wanted)]:
        painted = lab.locator(f"canvas[aria-label^='{name}']").evaluate(
            "c => [...c.getContext('2d').getImageData(0, 0, 28, 28).data].filter((_, i) => i % 4 === 1)"
        )
        expected = np.interp(values / abs(size).max(), np.linspace(-1, 1, 10), green)
        np.testing.assert_allclose(np.reshape(painted, (28, 28)), expected, atol=2)


# --------------------------------------------------------------------------------------------------------- puzzles
def test_there_are_eight_and_each_is_solved_by_its_answer(lab: Locator, puzzles: dict[str, NDArray]) -> None:
    assert list(puzzles) == NAMES
    for name, weights in puzzles.items():
        puzzle(lab, name)
        assert status(lab) == f"{name}: 0 %. Your map is 0 everywhere."
        enter(lab, weights)
        assert status(lab) == f"{name}: solved. It is the wanted map."
        expect(lab.get_by_role("combobox", name="Puzzle").locator("option:checked")).to_have_text(
            f"{NAMES.index(name) + 1}. {name} ✓ solved"
        )
    puzzle(lab, "Copy")
    assert (entered(lab) == puzzles["Copy"]).all(), "each puzzle keeps its filter"


def test_a_multiple_is_a_solution_and_its_opposite_is_not(lab: Locator, puzzles: dict[str, NDArray]) -> None:
    puzzle(lab, "Top edge")
    enter(lab, 2.5 * puzzles["Top edge"])
    assert status(lab) == "Top edge: solved. It is the wanted map. Your map is 2.5 times as large: that does not count."
    enter(lab, -puzzles["Top edge"])
    assert status(lab) == "Top edge: 0.0 %. Nearly the opposite: bright and dark are exchanged."


def test_a_filter_with_one_weight_off_solves_nothing(lab: Locator, puzzles: dict[str, NDArray]) -> None:
    said = lab.get_by_role("status")
    for name in NAMES[2:]:  # of the first two, a multiple is only one weight away
        puzzle(lab, name)
        enter(lab, puzzles[name])
        for relu in (True, False):
            lab.get_by_label("ReLU").set_checked(relu)
            expect(said).to_contain_text("solved")
            for row, column in [(0, 0), (1, 1), (1, 2)]:
                weight(lab, row, column).fill(f"{puzzles[name][row, column] - 1:g}")
                expect(said).to_have_text(re.compile(rf"{name}: \d?\d\.\d %"))
                weight(lab, row, column).fill(f"{puzzles[name][row, column]:g}")


def test_the_wanted_map_belongs_to_one_filter_only(puzzles: dict[str, NDArray]) -> None:
    """With or without ReLU, the patches that bear witness leave no freedom but the factor."""
    for image in EXAMPLES:
        patches = np.lib.stride_tricks.sliding_window_view(np.pad(image, 1), (3, 3)).reshape(-1, 9)
        assert np.linalg.matrix_rank(patches) == 9
        for weights in puzzles.values():
            assert np.linalg.matrix_rank(patches[patches @ weights.ravel() > 1e-9]) == 9


def test_hints_come_in_steps_and_the_answer_last(lab: Locator, puzzles: dict[str, NDArray]) -> None:
    for name, weights in puzzles.items():
        puzzle(lab, name)
        hints = lab.locator(".lab-hints")
        expect(hints).to_be_empty()
        for step in ("Hint 1 of 2", "Hint 2 of 2"):
            expect(hints.get_by_role("table")).to_have_count(0)
            lab.get_by_role("button", name=step).click()
            expect(hints.locator("> :last-child")).to_be_focused()
        lab.get_by_role("button", name="Show the answer").click()
        cells = hints.get_by_role("table").locator("tbody td").all_text_contents()
        assert [number(cell) for cell in cells] == weights.ravel().tolist()
        expect(lab.get_by_role("button", name=re.compile("^(Hint|Show the answer)"))).to_have_count(0)
    puzzle(lab, "Copy")
    expect(lab.locator(".lab-hints p")).to_have_count(2)


def test_what_the_hints_say_of_the_sums_is_true(lab: Locator, puzzles: dict[str, NDArray]) -> None:
    for name, weights in puzzles.items():
        puzzle(lab, name)
        lab.get_by_role("button", name="Hint 1 of 2").click()
        says_zero = "add up to 0" in lab.locator(".lab-hints").text_content()
        assert says_zero == (weights.sum() == 0), name
    assert puzzles["Sharpen"].sum() == puzzles["Copy"].sum() == 1
    assert (puzzles["Sharpen"] == puzzles["Copy"] + puzzles["Outline"]).all()
    assert (puzzles["Top edge"] == puzzles["Left edge"].T).all()


# ------------------------------------------------------------------------------------------------------- entering
def test_keyboard_alone(page: Page, lab: Locator) -> None:
    lab.get_by_role("combobox", name="Puzzle").focus()
    page.keyboard.press("ArrowDown")
    assert status(lab).startswith("Shift: ")
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.getAttribute('aria-label')") == "Weight in row 1, column 0":
            break
    page.keyboard.press("ArrowUp")
    assert status(lab) == "Shift: solved. It is the wanted map."
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert entered(lab)[1, 0] == -1
    canvas = lab.get_by_role("application", name=re.compile("^Wanted map"))
    canvas.focus()
    for key in ("ArrowUp", "ArrowUp", "ArrowRight"):
        page.keyboard.press(key)
    expect(lab.locator(".lab-pixel caption").last).to_have_text("At row 11, column 14")


def test_buttons_change_a_weight_by_one_within_the_bounds(lab: Locator) -> None:
    more = lab.get_by_role("button", name="+ 1 for the weight in row 2, column 1")
    for _ in range(7):
        more.click()
    assert entered(lab)[2, 1] == 5
    weight(lab, 2, 1).fill("-4.5")
    lab.get_by_role("button", name="− 1 for the weight in row 2, column 1").click()
    assert entered(lab)[2, 1] == -5
    lab.get_by_role("button", name="All to 0").click()
    assert not entered(lab).any()


def test_what_is_no_weight_is_not_taken(lab: Locator) -> None:
    enter(lab, [[0, 0, 0], [0, 1, 0], [0, 0, 0]])
    said = status(lab)
    for wrong in ("9", "-5.01", "", "1e400"):
        weight(lab, 1, 1).fill(wrong)
        expect(weight(lab, 1, 1)).to_have_attribute("aria-invalid", "true")
        assert status(lab) == said
        weight(lab, 0, 0).focus()
        assert entered(lab)[1, 1] == 1


def test_next_puzzle_goes_round(lab: Locator) -> None:
    for name in [*NAMES[1:], NAMES[0]]:
        lab.get_by_role("button", name="Next puzzle").click()
        assert status(lab).startswith(f"{name}: ")


# ------------------------------------------------------------------------------------------------- links and settings
def test_a_link_brings_puzzle_and_filter_back(browser: Browser, page: Page, lab: Locator, address: str) -> None:
    puzzle(lab, "Diagonal edge")
    choose(lab, "Picture", "8")
    lab.get_by_label("ReLU").check()
    enter(lab, [[-1, 0, 0], [0.5, 0, 0], [0, 0, 2]])
    said, shared = status(lab), link(page, lab)
    state = json.loads(base64.urlsafe_b64decode((part := shared.split("#design=1.")[1]) + "=" * (-len(part) % 4)))
    assert state == {"puzzle": "Diagonal edge", "filter": [-1, 0, 0, 0.5, 0, 0, 0, 0, 2], "relu": True, "picture": 8}
    with visiting(browser, address, "light") as visit:
        other = open_lab(visit.page, shared, "design")
        assert status(other) == said
        assert entered(other).ravel().tolist() == state["filter"]
        expect(other.get_by_label("ReLU")).to_be_checked()
        expect(other.get_by_role("combobox", name="Picture")).to_have_value("8")


def start_anew(page: Page, address: str, **given: object) -> dict[str, object]:
    """Start the lab's bundle once more, as the page's host would, into the page; return its notice and its status."""
    return page.evaluate(
        """async ([folder, { settings = {}, linked, kept }]) => {
            document.querySelectorAll('.anew').forEach((old) => old.remove());
            const { default: lab } = await import(folder + 'design.js'), el = document.createElement('div');
            el.className = 'anew';
            document.querySelector('article').append(el);
            const file = async (name) => (await fetch(`${folder}files/${name}`)).arrayBuffer();
            const work = { kept: async () => kept, keep: async () => {} };
            await lab.render({ model: { get: (key) => ({ settings })[key], file, work, linked }, el });
            const said = (part) => el.querySelector(part).textContent;
            return { notice: said('.lab-notice'), status: said('[role=status]') };
        }""",
        [address + "_static/labs/", given],
    )


def test_bad_links_are_refused(page: Page, lab: Locator, address: str) -> None:
    good = {"puzzle": "Blur", "filter": [1] * 9, "relu": False, "picture": 4}
    for change, version, words in [
        ({"puzzle": "Emboss"}, 1, 'there is no puzzle "Emboss" here'),
        ({"puzzle": None}, 1, "there is no puzzle null here"),
        ({"filter": [1] * 8}, 1, "a filter should be nine weights"),
        ({"filter": "111111111"}, 1, "a filter should be nine weights"),
        ({"filter": [6] + [0] * 8}, 1, "a weight should be a number from -5 to 5, but is 6"),
        ({"filter": [None] * 9}, 1, "a weight should be a number from -5 to 5, but is null"),
        ({"relu": 1}, 1, "ReLU cannot be 1"),
        ({"picture": 10}, 1, "the picture cannot be 10"),
        ({"picture": "given"}, 1, 'the picture cannot be "given"'),
        ({}, 2, "version 2"),
    ]:
        encoded = with_state("design", good | change, version).split(".", 1)[1]
        told = start_anew(page, address, linked={"version": version, "text": encoded})
        assert words in told["notice"]
        assert told["status"] == "Copy: 0 %. Your map is 0 everywhere."


def test_puzzles_and_picture_of_ones_own(page: Page, lab: Locator, address: str) -> None:
    image = np.zeros((28, 28), np.uint8)
    image[8:20, 10:18] = 255
    targets = [["my edge", [0, 0, 0, -1, 0, 1, 0, 0, 0]], ["the ink, negative", [0, 0, 0, 0, -2, 0, 0, 0, 0]]]
    told = start_anew(page, address, settings={"image": image.ravel().tolist(), "targets": targets})
    assert told["status"] == "my edge: 0 %. Your map is 0 everywhere."
    mine = page.locator(".anew .digits-lab")
    options = mine.get_by_role("combobox", name="Puzzle").locator("option").all_text_contents()
    assert options == ["1. my edge", "2. the ink, negative"]
    expect(mine.get_by_role("combobox", name="Picture")).to_have_value("given")
    for step in ("Hint 1 of 2", "Hint 2 of 2", "Show the answer"):
        mine.get_by_role("button", name=step).click()
    hints = mine.locator(".lab-hints").text_content()
    assert "Here they add up to exactly 0." in hints
    assert "three rows add up to 0, 0, 0; those of its three columns to −1, 0, 1." in hints
    weight(mine, 1, 0).fill("-1")
    weight(mine, 1, 2).fill("1")
    assert status(mine) == "my edge: solved. It is the wanted map."
    mine.get_by_role("button", name="Next puzzle").click()
    mine.get_by_label("ReLU").check()
    assert status(mine) == (
        "the ink, negative: with ReLU the wanted map is 0 everywhere, so there is nothing to find. Switch ReLU off."
    )


def test_solved_puzzles_are_still_there_on_the_next_visit(page: Page, lab: Locator, address: str) -> None:
    puzzle(lab, "Blur")
    enter(lab, np.ones(9))
    page.goto("about:blank")
    again = open_lab(page, address + PAGE, "design")
    options = again.get_by_role("combobox", name="Puzzle").locator("option").all_text_contents()
    assert [option for option in options if "solved" in option] == ["3. Blur ✓ solved"]
    puzzle(again, "Blur")
    assert entered(again).all()


def test_what_was_kept_and_does_not_fit_is_left(page: Page, lab: Locator, address: str) -> None:
    good = {"filter": [1] + [0] * 8, "solved": False}
    for wrong in [{"filter": [1] * 8}, {"filter": [99] * 9}, {"filter": "<b>"}, {}, None, 7]:
        told = start_anew(page, address, kept={"Copy": wrong, "Shift": good})
        assert told == {"notice": "", "status": "Copy: 0 %. Your map is 0 everywhere."}
    mine = page.locator(".anew .digits-lab")
    mine.get_by_role("button", name="Next puzzle").click()
    assert entered(mine)[0, 0] == 1
    assert start_anew(page, address, kept="rubbish")["status"] == "Copy: 0 %. Your map is 0 everywhere."


@pytest.mark.parametrize("view", VIEWS)
def test_accessible_and_within_the_page(browser: Browser, address: str, view: str) -> None:
    with visiting(browser, address, view) as visit:
        lab = open_lab(visit.page, address + PAGE, "design")
        puzzle(lab, "Outline")
        for name in ("+ 1 for the weight in row 1, column 1", "− 1 for the weight in row 0, column 1"):
            button = lab.get_by_role("button", name=name)
            button.tap() if view == "phone" else button.click()
            box = button.bounding_box()
            assert min(box["width"], box["height"]) >= 24
        assert entered(lab).ravel().tolist() == [0, -1, 0, 0, 1, 0, 0, 0, 0]
        for step in ("Hint 1 of 2", "Hint 2 of 2", "Show the answer"):
            lab.get_by_role("button", name=step).click()
        lab.locator("summary").click()
        assert lab.get_by_role("status").count() == 1
        assert overflow_complaints(visit) + axe_complaints(visit) + visit.messages == []
