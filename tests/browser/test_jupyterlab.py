"""A lab in JupyterLab, on a live kernel: the reader's network goes to the page, what was drawn comes back."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from built_site import ROOT
from labs import SEVEN, draw, status, top_digit
from playwright.sync_api import Browser, Locator, Page, expect
from work_examples import FULL

from digitlib.quizzes import load_quiz
from digitlib.work import WORK_FILE

# A network of the reader's own, which is not the shipped one: trained for a moment, so that it has an opinion.
CELLS = [
    """\
import digitlib
from digitlib import labs, training

x_train, y_train, *_ = digitlib.load_mnist()
model = digitlib.build_cnn(widths=(8, 16))
training.train(model, x_train[:6000], y_train[:6000], epochs=2, batch_size=64, peak_rate=0.01, seed=0)
lab = labs.DrawingLab(model)
lab""",
    """\
expected = model.predict(lab.pixels[None, ..., None], verbose=0)[0]
print("difference below 1e-4:", abs(expected - lab.probabilities).max() < 1e-4, "answer:", expected.argmax())""",
    """\
print("shape:", lab.pixels.shape, "ink:", lab.pixels.any(), "probabilities:", lab.probabilities)""",
]
OTHERS = {
    "microscope": "labs.MicroscopeLab(model, x_train[0])",
    "time-machine": "labs.TimeMachineLab()",
    "optimiser": "labs.OptimiserLab()",
    "mistakes": "labs.MistakesLab(model, x_train[6000:6500], y_train[6000:6500], 0.9, 1.0)",
    "judge": "labs.JudgeLab(model, 9_000)",
    "stress": "labs.StressLab(model)",
    "guess": "labs.GuessLab(model)",
    "design": 'labs.FilterDesignLab(x_train[0], {"my edge": [[-1, 0, 1]] * 3})',
}
CELLS += OTHERS.values()
KEPT = len(CELLS)  # the first of those that deal with what is kept
CELLS += ['labs.QuizLab("03_layers")', "labs.WorkLab()", "labs.DrawingLab(model)"]
EXERCISE = len(CELLS)  # the first of those that check an answer
CELLS += [
    """\
from digitlib import exercises

def turned(image):
    return image[:, ::-1]

exercises.check("half-a-turn", turned)""",
    """\
def turned(image):
    while True:
        image = image + 1

exercises.check("half-a-turn", turned)""",
    """\
exercises.check("half-a-turn", lambda image: image[::-1, ::-1])""",
    """\
exercises.badge("00_arrays")""",
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the notebook's folder, in which the kernel keeps the reader's work."""
    return tmp_path_factory.mktemp("jupyter")


@pytest.fixture(scope="module")
def jupyter(folder: Path) -> Iterator[str]:
    """Start JupyterLab on a folder with one notebook; return the notebook's address."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in CELLS])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, folder / "lab.ipynb")
    settings = {"ServerApp": {"token": "", "password": "", "root_dir": str(folder), "open_browser": False, "port": 0}}
    config = folder / "jupyter_server_config.json"
    config.write_text(json.dumps(settings | {"IdentityProvider": {"token": ""}}))
    command = [sys.executable, "-m", "jupyterlab", f"--config={config}", "--allow-root", "--no-browser"]
    # As a reader has it: while chapters are checked, nothing would be kept.
    environment = {name: value for name, value in os.environ.items() if name != "DIGITLIB_STRICT"}
    server = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=ROOT, env=environment)
    try:
        yield _address(server) + "lab/tree/lab.ipynb?reset"
    finally:
        server.terminate()
        server.wait(timeout=20)


def _address(server: subprocess.Popen[str]) -> str:
    said = []
    for line in server.stderr:
        said.append(line)
        if found := re.search(r"http://(127\.0\.0\.1|localhost):\d+/", line):
            return found[0].replace("localhost", "127.0.0.1")  # the only name that the browser is let out to
    raise AssertionError("JupyterLab did not start:\n" + "".join(said))


@pytest.fixture(scope="module")
def page(browser: Browser, jupyter: str) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": 1280, "height": 1600})
    page.goto(jupyter)
    expect(page.locator(".jp-Notebook .jp-CodeCell")).to_have_count(len(CELLS), timeout=60_000)
    expect(page.locator("#jp-main-statusbar").get_by_text("Python 3 (ipykernel) | Idle")).to_be_visible(timeout=60_000)
    yield page
    page.close()


def _run_cell(page: Page, number: int) -> None:
    cell = page.locator(".jp-Notebook .jp-CodeCell").nth(number)
    cell.locator(".jp-InputArea-editor").click()
    page.keyboard.press("Shift+Enter")
    expect(cell.locator(".jp-InputPrompt")).to_have_text(re.compile(r"\[[*\d]+\]:"))


def _printed(page: Page, number: int) -> str:
    output = page.locator(".jp-Notebook .jp-CodeCell").nth(number).locator(".jp-OutputArea-output pre")
    expect(output).to_be_visible(timeout=60_000)
    return output.text_content()


def test_one_line_shows_the_readers_own_network_and_gives_back_the_drawing(page: Page) -> None:
    _run_cell(page, 0)
    lab = page.locator(".digits-lab")
    expect(lab).to_have_attribute("data-ready", "true", timeout=120_000)
    expect(lab.get_by_role("button", name="Link to this")).to_have_count(0)
    _run_cell(page, 2)
    assert _printed(page, 2).strip() == "shape: (28, 28) ink: False probabilities: None"
    draw(page, lab, SEVEN)
    shown = top_digit(lab)
    expect(lab.locator(".lab-maps figure:visible").nth(1)).to_contain_text("8 filters")
    _run_cell(page, 1)
    assert _printed(page, 1).strip() == f"difference below 1e-4: True answer: {shown}"


def test_the_kernel_sends_files_when_asked(page: Page) -> None:
    lab = page.locator(".digits-lab")
    lab.get_by_role("button", name="Show the most similar").click()
    expect(lab.locator(".lab-strip figcaption")).to_have_count(10, timeout=20_000)


@pytest.mark.parametrize("name", OTHERS)
def test_the_other_labs_start_on_the_readers_network(page: Page, name: str) -> None:
    _run_cell(page, 3 + list(OTHERS).index(name))
    lab = page.locator(f".lab-{name}")
    expect(lab).to_have_attribute("data-ready", "true", timeout=60_000)
    expect(lab.get_by_role("status")).not_to_be_empty()
    assert page.evaluate("document.querySelectorAll('[data-failed]').length") == 0


def test_keys_reach_a_lab_and_not_jupyterlabs_own_commands(page: Page) -> None:
    lab = page.locator(".lab-judge")
    lab.get_by_role("button", name="0", exact=True).focus()
    page.keyboard.press("0")
    page.keyboard.press("0")  # twice, it would restart the kernel
    expect(lab.get_by_role("status")).to_contain_text("Noted: 0. Image 3 of 30.")
    expect(page.get_by_role("dialog")).to_have_count(0)


def _opened(page: Page, number: int, name: str) -> Locator:
    _run_cell(page, KEPT + number)
    lab = page.locator(".jp-Notebook .jp-CodeCell").nth(KEPT + number).locator(f".lab-{name}")
    expect(lab).to_have_attribute("data-ready", "true", timeout=60_000)
    return lab


def _kept(folder: Path) -> dict:
    return json.loads((folder / WORK_FILE).read_text("utf-8"))


def test_a_quiz_is_answered_by_keys_and_kept_in_the_file_beside_the_notebook(page: Page, folder: Path) -> None:
    lab = _opened(page, 0, "quiz")
    questions = load_quiz("03_layers")["questions"]
    first, count = questions[0], len(questions)
    lab.get_by_role("radio").first.focus()
    page.keyboard.press(" ")
    place = [choice["right"] for choice in first["choices"]].index(True)
    for _ in range(place):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(lab.get_by_role("status")).to_contain_text("Question 1: Right.")
    expect(lab.locator(".lab-notice")).to_be_hidden()
    again = _opened(page, 0, "quiz")
    expect(again.locator(".lab-summary")).to_have_text(f"1 of {count} answered, 1 right at the first try.")
    assert _kept(folder)["quizzes"] == {"03_layers": {first["id"]: [first["choices"][place]["text"]]}}


def test_work_is_restored_in_the_kernel_and_saved_from_it(page: Page, folder: Path) -> None:
    lab = _opened(page, 1, "my-work")
    expect(lab.get_by_text("Quiz 03_layers: 1 question tried")).to_be_visible()
    assert status(lab) == "All this is kept in the file my-digits-work.json beside your notebook and nowhere else."
    before = _kept(folder)
    file = {"name": "x.json", "mimeType": "application/json", "buffer": b"[1, 2"}
    lab.get_by_label("Restore from a file").set_input_files([file])
    expect(lab.get_by_role("status")).to_contain_text("This file cannot be restored: it is damaged")
    assert _kept(folder) == before
    lab.get_by_label("Restore from a file").set_input_files([file | {"buffer": json.dumps(FULL).encode()}])
    expect(lab.get_by_text("Quiz 03_layers: 3 questions tried")).to_be_visible()
    assert _kept(folder)["exercises"] == FULL["exercises"]
    assert _kept(folder)["quizzes"]["03_layers"].items() >= before["quizzes"]["03_layers"].items()
    lab.get_by_label("Pseudonym").fill("Blue Fox")
    with page.expect_download() as download:
        lab.get_by_role("button", name="Save all to a file").click()
    assert download.value.suggested_filename == "digits-work-Blue-Fox.json"
    assert json.loads(download.value.path().read_bytes()) == _kept(folder)
    assert _kept(folder)["pseudonym"] == "Blue Fox"


def test_the_drawing_is_there_again(page: Page, folder: Path) -> None:
    lab = _opened(page, 2, "draw")
    expect(lab.get_by_role("status")).to_contain_text(re.compile(r"\d"))  # restored in the test above
    assert lab.get_by_role("button", name="Undo").is_disabled()
    draw(page, lab, [[(20, 20), (30, 30)]])
    expect(lab.get_by_role("button", name="Undo")).to_be_enabled()
    lab.get_by_role("button", name="Clear", exact=True).click()
    expect(lab.get_by_role("status")).to_have_text("Draw a digit.")
    again = _opened(page, 2, "draw")
    expect(again.get_by_role("status")).to_have_text("Draw a digit.")
    assert _kept(folder)["labs"]["draw"]["strokes"] == []


def _output(page: Page, number: int) -> Locator:
    _run_cell(page, EXERCISE + number)
    output = page.locator(".jp-Notebook .jp-CodeCell").nth(EXERCISE + number).locator(".jp-OutputArea-output")
    expect(output).to_be_visible(timeout=30_000)
    return output


def test_an_exercise_answers_and_gives_hints_by_keys(page: Page, folder: Path) -> None:
    before = _kept(folder)["exercises"].get("half-a-turn", {"attempts": 0})["attempts"]
    card = _output(page, 0)
    expect(card.get_by_role("status")).to_contain_text("✗ half-a-turn: Left and right are exchanged")
    expect(card).to_contain_text(f"{before + 1} attempt")
    expect(card).to_contain_text("gives it back turned by 180 degrees")
    button = card.get_by_role("button", name="Hint")
    button.focus()
    page.keyboard.press("Enter")
    expect(card).to_contain_text("Hint 1 of 3: Turn a sheet of paper")
    assert "image[::-1, ::-1]" not in card.text_content()
    assert _kept(folder)["exercises"]["half-a-turn"]["mistakes"]["mirror"] >= 1
    assert "return image[:, ::-1]" in _kept(folder)["exercises"]["half-a-turn"]["answer"]


def test_an_answer_that_never_ends_is_stopped_and_the_notebook_goes_on(page: Page) -> None:
    expect(_output(page, 1).get_by_role("status")).to_contain_text("It was stopped after 5 seconds.")
    expect(_output(page, 2).get_by_role("status")).to_contain_text("✓ half-a-turn: Right.")
    expect(_output(page, 3)).to_contain_text("✓ half-a-turn")
