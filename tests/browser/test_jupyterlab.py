"""A lab in JupyterLab, on a live kernel: the reader's network goes to the page, what was drawn comes back."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator

import nbformat
import pytest
from built_site import ROOT
from labs import SEVEN, draw, top_digit
from playwright.sync_api import Browser, Page, expect

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


@pytest.fixture(scope="module")
def jupyter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start JupyterLab on a folder with one notebook; return the notebook's address."""
    folder = tmp_path_factory.mktemp("jupyter")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in CELLS])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, folder / "lab.ipynb")
    settings = {"ServerApp": {"token": "", "password": "", "root_dir": str(folder), "open_browser": False, "port": 0}}
    config = folder / "jupyter_server_config.json"
    config.write_text(json.dumps(settings | {"IdentityProvider": {"token": ""}}))
    command = [sys.executable, "-m", "jupyterlab", f"--config={config}", "--allow-root", "--no-browser"]
    server = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=ROOT)
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
