"""The lab "Judge the label": votes, verdicts and recounts against numpy and TensorFlow, by mouse and by keys alone."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np
import pytest
from labs import link, open_lab, status, with_state
from numpy.typing import NDArray
from playwright.sync_api import Browser, Locator, expect
from safetensors.numpy import load_file
from test_pages import VIEWS, axe_complaints, overflow_complaints, visiting

import digitlib
from digitlib import evaluation, labs
from digitlib.data import FILES

PAGE = "book/06_errors.html"
COUNT = 30
RIGHT = 9_957  # what the shipped network reads as labelled; a test here counts it
DISPUTED = {947, 1621, 1901, 2130, 2462, 2597, 2654, 3520, 3558, 5937, 6651, 6783, 8527, 9679, 9729}
OPEN = {2130, 2654, 3520, 8527, 9679}
UNDISPUTED = {720, 938, 1119, 1364, 2447, 3503, 4176, 4876, 7842, 9888, 582, 1014, 1033, 2043, 3206}


@cache
def stored() -> dict[str, NDArray]:
    return load_file(FILES / "lab-judge.safetensors")


@cache
def network_answers() -> NDArray[np.float64]:
    """Let TensorFlow read the thirty images, float (30, 10)."""
    return digitlib.load_pretrained().predict(stored()["images"][..., np.newaxis], verbose=0)


@cache
def all_answers() -> NDArray[np.intp]:
    """Return the shipped network's answers to all test images, as they are stored, and the thirty computed anew."""
    answers = load_file(FILES / "lab-mistakes.safetensors")["predicted"].astype(int)
    answers[indices()] = network_answers().argmax(axis=1)
    return answers


def indices() -> NDArray[np.intp]:
    return stored()["indices"].astype(int)


@pytest.fixture(scope="module")
def opened(browser: Browser, address: str) -> Iterator[Locator]:
    """Open the lab's page once: loading a chapter takes longer than most tests."""
    with visiting(browser, address, "light") as visit:
        yield open_lab(visit.page, address + PAGE, "judge")


@pytest.fixture
def lab(opened: Locator) -> Locator:
    if opened.locator(".lab-ballot").is_visible():
        press(opened, "Show the verdicts")
    press(opened, "Start again")
    return opened


def press(lab: Locator, name: str) -> None:
    lab.get_by_role("button", name=re.compile(name)).click()


def vote_by_keys(lab: Locator, votes: list[int | str]) -> None:
    lab.get_by_role("button", name="0", exact=True).focus()
    for vote in votes:
        lab.page.keyboard.press("-" if vote == "?" else str(vote))


def rows(lab: Locator, caption: str) -> list[list[str]]:
    """Read the cells of the table with that caption, row by row."""
    table = lab.locator("table").filter(has=lab.page.locator("caption", has_text=caption))
    return table.locator("tbody tr").evaluate_all(
        "rows => rows.map(row => [...row.cells].map(cell => cell.textContent))"
    )


def link_to(state: object, version: int = 1) -> str:
    return PAGE + with_state("judge", state, version)


def recount(changes: dict[int, int | None]) -> evaluation.Interval:
    """Score the network with other labels for some images; None takes an image out."""
    labels, kept = digitlib.load_mnist().y_test.copy(), np.ones(10_000, bool)
    for index, label in changes.items():
        kept[index] = label is not None
        labels[index] = label or 0
    return evaluation.accuracy_interval(labels[kept], all_answers()[kept])


def said(interval: evaluation.Interval) -> str:
    low, share, high = (f"{100 * value:.2f} %" for value in (interval.low, interval.share, interval.high))
    return f"{share} ({low} to {high})"


# ------------------------------------------------------------------------------------------------------- the data
def test_the_file_holds_the_right_images_in_a_mixed_order() -> None:
    data, test = stored(), digitlib.load_mnist()
    assert set(indices()) == DISPUTED | UNDISPUTED
    assert len(indices()) == COUNT
    assert (data["images"] == test.x_test[indices()]).all()
    assert (data["labels"] == test.y_test[indices()]).all()
    assert (data["votes"].sum(axis=1) == 5).all()
    disputed = np.isin(indices(), list(DISPUTED))
    assert (data["votes"][disputed, 0] <= 2).all()
    assert (data["votes"][~disputed, 0] == 5).all()
    assert set(indices()[disputed & (data["votes"][:, 1] < 3)]) == OPEN
    assert 5 <= disputed[:15].sum() <= 10, "well mixed"
    assert (all_answers() == test.y_test).sum() == RIGHT


# ------------------------------------------------------------------------------------------------------- voting
def test_voting_is_blind_and_shows_the_images_in_order(lab: Locator) -> None:
    for number in (1, 2, 3):
        assert f"Image {number} of 30." in status(lab)
        ink = lab.locator(".lab-judged").evaluate(
            "c => [...c.getContext('2d').getImageData(0, 0, 28, 28).data].filter((_, i) => i % 4 === 0)"
        )
        assert (255 - np.array(ink) == stored()["images"][number - 1].ravel()).all()
        text = lab.inner_text()
        assert "label" not in text
        assert "network" not in text
        lab.get_by_role("button", name=str(number), exact=True).click()
        assert status(lab).startswith(f"Noted: {number}.")


def test_going_back_and_changing_a_vote(lab: Locator) -> None:
    vote_by_keys(lab, [1, "?"])
    press(lab, "Back")
    assert status(lab) == "Image 2 of 30. Your vote: cannot tell."
    expect(lab.get_by_role("button", name="Cannot tell")).to_have_attribute("aria-pressed", "true")
    lab.page.keyboard.press("ArrowLeft")
    assert status(lab) == "Image 1 of 30. Your vote: 1."
    lab.page.keyboard.press("7")
    assert status(lab) == "Noted: 7. Image 3 of 30. What do you read?"
    lab.page.keyboard.press("ArrowLeft")
    lab.page.keyboard.press("ArrowLeft")
    assert status(lab) == "Image 1 of 30. Your vote: 7."
    expect(lab.locator("[aria-pressed=true]")).to_have_text("7")
    lab.page.keyboard.press("Control+5")
    assert status(lab) == "Image 1 of 30. Your vote: 7."


def test_keys_elsewhere_on_the_page_are_no_votes(lab: Locator) -> None:
    lab.page.get_by_role("link", name="Skip to main content").focus()
    lab.page.keyboard.press("4")
    assert status(lab) == "Image 1 of 30. What do you read?"


def test_keyboard_alone_from_first_vote_to_verdict(lab: Locator) -> None:
    vote_by_keys(lab, list(stored()["labels"]))
    assert "You have judged all of them." in status(lab)
    for _ in range(20):
        if lab.page.evaluate("document.activeElement.textContent") == "Show the verdicts":
            break
        lab.page.keyboard.press("Tab")
    lab.page.keyboard.press("Enter")
    expect(lab.get_by_text("The verdicts", exact=True)).to_be_focused()
    assert "you agree with the label on 15" in status(lab).lower()
    for _ in range(5):
        if lab.page.evaluate("document.activeElement.textContent") == "Start again":
            break
        lab.page.keyboard.press("Tab")
    lab.page.keyboard.press("Enter")
    assert status(lab) == "Image 1 of 30. What do you read?"
    expect(lab.get_by_role("button", name="0", exact=True)).to_be_focused()


# ----------------------------------------------------------------------------------------------------- verdicts
def test_verdict_on_each_image(lab: Locator) -> None:
    rng = np.random.default_rng(1)
    votes = [int(vote) if vote < 10 else "?" for vote in rng.integers(0, 11, COUNT)]
    vote_by_keys(lab, votes)
    press(lab, "Show the verdicts")
    data, probabilities = stored(), network_answers()
    shown = {True: iter(rows(lab, "The disputed digits")), False: iter(rows(lab, "All five people confirmed"))}
    for i, index in enumerate(indices()):
        _, mine, label, network, people = next(shown[index in DISPUTED])
        assert mine == str(votes[i])
        assert label == str(data["labels"][i])
        assert network.startswith(f"{probabilities[i].argmax()} (")
        percent = float(re.search(r"([\d.]+) %", network)[1])
        assert percent == pytest.approx(100 * probabilities[i].max(), abs=0.51)
        for_label, for_guess, for_neither = data["votes"][i]
        five = [str(data["labels"][i])] * for_label + [str(data["guesses"][i])] * for_guess + ["?"] * for_neither
        most = "no majority" if index in OPEN else f"most: {data['guesses' if index in DISPUTED else 'labels'][i]}"
        assert people == " ".join(five) + most
    assert [next(rest, None) for rest in shown.values()] == [None, None]


def test_agreement_and_recount(lab: Locator) -> None:
    """Vote as the crowd does where it agrees, otherwise cannot tell; once for all images, once for a few."""
    data = stored()
    crowd = {
        int(index): None if index in OPEN else int(data["guesses" if index in DISPUTED else "labels"][i])
        for i, index in enumerate(indices())
    }
    vote_by_keys(lab, ["?" if label is None else label for label in crowd.values()])
    press(lab, "Show the verdicts")
    groups = DISPUTED - OPEN, OPEN, UNDISPUTED
    shown = {name: cells for name, *cells in rows(lab, "Of the digits that you judged")}
    assert shown["the label"] == ["0 of 10", "0 of 5", "15 of 15"]
    assert shown["most of the people"] == ["10 of 10", "0 of 5", "15 of 15"]
    assert shown["nobody: “cannot tell”"] == ["0 of 10", "5 of 5", "0 of 15"]
    assert shown["the network"] == [
        f"{sum(all_answers()[i] == crowd[i] for i in group)} of {len(group)}" for group in groups
    ]
    relabelled = recount({i: label for i, label in crowd.items() if i in DISPUTED})
    scores = rows(lab, "The network’s answers never change")
    assert [cells[2] for cells in scores] == [said(recount({})), said(relabelled), said(relabelled)]
    assert [cells[1] for cells in scores] == ["9,957 of 10,000", *[f"{round(relabelled.share * 9995):,} of 9,995"] * 2]


def test_verdict_for_the_impatient(lab: Locator) -> None:
    votes = [3, 0, "?", 7, 2, 6, 1]
    vote_by_keys(lab, votes)
    press(lab, r"Show the verdicts now \(23 not judged\)")
    changes = {
        int(index): (None if vote == "?" else vote)
        for index, vote in zip(indices(), votes, strict=False)
        if index in DISPUTED
    }
    assert f"Disputed digits that you judged: {len(changes)}." in status(lab)
    name, _, score = rows(lab, "The network’s answers never change")[2]
    assert f"the {len(changes)} disputed ones" in name
    assert score == said(recount(changes))
    press(lab, "Start again")
    press(lab, r"Show the verdicts now \(30 not judged\)")
    assert status(lab) == "You have judged none of the disputed digits."


# --------------------------------------------------------------------------------------------- links and settings
def test_link_brings_votes_and_verdict_back(browser: Browser, address: str) -> None:
    state = {"votes": [4, None, "?", *[8] * 27], "at": 2, "shown": True}
    with visiting(browser, address, "light") as visit:
        lab = open_lab(visit.page, address + link_to(state), "judge")
        assert status(lab).startswith("Disputed digits that you judged: ")
        mine = [row[1] for caption in ("The disputed digits", "All five people") for row in rows(lab, caption)]
        assert sorted(mine) == sorted(["4", "–", "?", *["8"] * 27])
        shared = link(visit.page, lab).split("#judge=1.")[1]
        assert json.loads(base64.urlsafe_b64decode(shared + "=" * (-len(shared) % 4))) == state


def start_anew(lab: Locator, address: str, settings: dict[str, Any], state: Any = None, version: int = 1) -> list[str]:
    """Start the lab's bundle once more, as the page's host would; return its notice and its status line."""
    return lab.page.evaluate(
        """async ([folder, settings, version, text]) => {
            const { default: lab } = await import(folder + 'judge.js'), el = document.createElement('div');
            const file = async (name) => (await fetch(`${folder}files/${name}`)).arrayBuffer();
            const model = { get: (key) => ({ settings })[key], file, linked: text && { version, text: btoa(text) } };
            const close = await lab.render({ model, el });
            const told = ['.lab-notice', '[role=status]'].map((part) => el.querySelector(part)?.textContent);
            close();
            return told;
        }""",
        [address + "_static/labs/", settings, version, state and json.dumps(state)],
    )


def test_damaged_links_are_refused(lab: Locator, address: str) -> None:
    good = {"votes": [None] * COUNT, "at": 0, "shown": False}
    for version, change, words in [
        (1, {"votes": [None] * 29}, "there should be 30 votes"),
        (1, {"votes": [10] * COUNT}, "a vote cannot be 10"),
        (1, {"votes": "0" * COUNT}, "there should be 30 votes"),
        (1, {"at": 30}, "the image cannot be 30"),
        (1, {"shown": "yes"}, 'whether verdicts are shown cannot be "yes"'),
        (2, {}, "version 2"),
    ]:
        notice, status_line = start_anew(lab, address, {"right": RIGHT}, good | change, version)
        assert words in notice
        assert status_line == "Image 1 of 30. What do you read?"


def test_wrong_settings_are_refused(lab: Locator, address: str) -> None:
    answers = network_answers().argmax(axis=1)
    agreed = int((answers == stored()["labels"]).sum())
    for right, words in [
        (None, "the number of right answers should be a number from 0 to 10000"),
        (10_001, "the number of right answers should be a number from 0 to 10000"),
        (agreed - 1, f"right on {agreed} of these digits cannot be right on {agreed - 1} of all"),
        (10_000, f"right on {agreed} of these digits cannot be right on 10000 of all"),
    ]:
        notice, _ = start_anew(lab, address, {"right": right})
        assert words in notice


def test_in_a_notebook_it_takes_the_readers_network_and_count() -> None:
    lab = labs.JudgeLab(digitlib.load_pretrained(), np.int64(RIGHT))
    assert lab.settings == {"right": RIGHT}
    assert lab.network
    for wrong in (True, 99.57, "9957", -1, 10_001):
        with pytest.raises(ValueError, match="a whole number from 0 to 10,000"):
            labs.JudgeLab(digitlib.load_pretrained(), wrong)


@pytest.mark.parametrize("view", VIEWS)
def test_accessible_and_within_the_page(browser: Browser, address: str, view: str) -> None:
    with visiting(browser, address, view) as visit:
        lab = open_lab(visit.page, address + PAGE, "judge")
        press_on = lab.get_by_role("button", name="4", exact=True)
        press_on.tap() if view == "phone" else press_on.click()
        assert status(lab).startswith("Noted: 4.")
        assert overflow_complaints(visit) == []
        lab.evaluate(
            "lab => lab.closest('article').replaceChildren(lab.closest('[data-lab]'))"
        )  # the chapter has its own test
        assert axe_complaints(visit) == []
        press(lab, "Show the verdicts")
        lab.locator("summary").click()
        assert lab.get_by_role("status").count() == 1
        assert overflow_complaints(visit) + axe_complaints(visit) + visit.messages == []
