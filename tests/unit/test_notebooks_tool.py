"""`make notebooks`: stores what ran cleanly, in one form; leaves alone what did not."""

from __future__ import annotations

import base64
import importlib.util
import io
import json
import sys
from pathlib import Path
from types import ModuleType

import nbformat
import numpy as np
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
TITLE = "# A chapter\n\n**Questions**\n\n- Is it?"
SECTION = "## A section\n\n*Core · 4 min*\n\nText."
OPTIONAL = "## Another\n\n*Optional · 3 min*\n\nText."
NATIVE = """\
WARNING: All log messages before absl::InitializeLog() is called are written to STDERR
I0000 00:00:1795370341.577639    7686 port.cc:153] oneDNN custom operations are on.
2026-11-22 17:29:46.123456: I external/local_xla/xla/tsl/cuda/cudart_stub.cc:31] Could not find cuda drivers
2026-11-22 17:29:46.123456: I tensorflow/core/platform/cpu_feature_guard.cc:210] This binary is optimized
"""


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("notebooks_tool", ROOT / "tools" / "notebooks.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def book(tool: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make an empty book, apart from the real one."""
    monkeypatch.setattr(tool, "BOOK", tmp_path)
    monkeypatch.setattr(tool, "MEASURED", tmp_path / "measured.json")
    return tmp_path


def _write(path: Path, *sources: str) -> Path:
    cells = [new_markdown_cell(TITLE), *map(new_code_cell, sources), new_markdown_cell(SECTION)]
    nbformat.write(new_notebook(cells=cells), path)
    return path


def _run(tool: ModuleType, monkeypatch: pytest.MonkeyPatch, *names: str) -> int:
    monkeypatch.setattr(sys, "argv", ["notebooks.py", *names])
    return tool.main()


def test_a_chapter_that_runs_is_stored_and_measured(
    tool: ModuleType, book: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = _write(book / "good.ipynb", "print('seven')", "import digitlib\n\ndigitlib.claim('7 is odd', True)")
    assert _run(tool, monkeypatch) == 0
    assert capsys.readouterr().out.startswith("good: ")
    notebook = nbformat.read(file, as_version=4)
    assert notebook.cells[1].outputs[0].text == "seven\n"
    assert notebook.cells[2].outputs[0].text == "✓ 7 is odd\n"
    measured = json.loads((book / "measured.json").read_text())
    seconds, peak_mb = measured["chapters"]["good"]["seconds"], measured["chapters"]["good"]["peak_mb"]
    assert seconds >= 1
    # No upper bound: a process that a large one starts counts the large one's memory as its own peak.
    assert peak_mb >= 20
    assert measured["versions"]["numpy"] == np.__version__
    assert notebook.cells[0].source == (
        f"{TITLE}\n\n*Core sections 4 min. Running all cells takes about {seconds} s on two processor cores and at "
        f"most {peak_mb} MB of memory.*"
    )
    assert not list(book.glob("*.part"))


def test_what_must_not_be_stored_leaves_the_file_as_it_was(
    tool: ModuleType, book: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _write(book / "claim.ipynb", "import digitlib\n\ndigitlib.claim('8 is odd', 8 % 2 == 1)")
    _write(book / "error.ipynb", "1 / 0")
    _write(book / "stderr.ipynb", "import warnings\n\nwarnings.warn('this is deprecated')")
    before = {file: file.read_bytes() for file in book.iterdir()}
    assert _run(tool, monkeypatch, "claim", "error", "stderr") == 1
    assert {file: file.read_bytes() for file in book.iterdir()} == before
    complaints = capsys.readouterr().err
    assert "claim: NOT STORED" in complaints
    assert "✗ 8 is odd" in complaints
    assert "error: NOT STORED" in complaints
    assert "ZeroDivisionError" in complaints
    assert "stderr: NOT STORED. cell 1 wrote to the error stream" in complaints
    assert "this is deprecated" in complaints


def _png(colours: int = 2000) -> str:
    pixels = np.random.default_rng(0).integers(0, 256, (colours // 40, 40, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format="png")
    return base64.b64encode(buffer.getvalue()).decode()


def _ran() -> nbformat.NotebookNode:
    """Build a notebook as it comes out of a run in some editor."""
    figure = new_output(
        "display_data",
        {"image/png": _png(), "text/plain": "<Figure>", "application/vnd.jupyter.widget-view+json": {"model_id": "9f"}},
    )
    cells = [
        new_markdown_cell(TITLE),
        new_code_cell(
            "\nimport keras\n\n",
            metadata={"tags": ["hide-input"], "execution": {"iopub.status.busy": "2026-11-22"}, "scrolled": True},
            outputs=[new_output("stream", name="stderr", text=NATIVE), new_output("stream", name="stdout", text="7\n")],
            execution_count=1,
        ),
        new_code_cell(
            "draw()",
            metadata={"mystnb": {"figure": {"caption": "A digit."}, "image": {"alt": "A handwritten seven."}}},
            outputs=[figure],
            execution_count=2,
        ),
        new_code_cell("draw()", metadata={"vscode": {"languageId": "python"}}, execution_count=3),
        new_markdown_cell(SECTION),
        new_markdown_cell(OPTIONAL),
    ]
    metadata = {
        "kernelspec": {"name": "my-env", "display_name": "Python (my-env)"},
        "language_info": {"name": "python", "version": "3.11.7"},
        "widgets": {"application/vnd.jupyter.widget-state+json": {"state": {"9f": {}}}},
    }
    return new_notebook(cells=cells, metadata=metadata)


def test_only_what_authors_and_run_decide_is_kept(tool: ModuleType) -> None:
    notebook = _ran()
    tool.normalise(notebook, {"seconds": 7, "peak_mb": 640})
    assert notebook.metadata == {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    assert [dict(cell.metadata) for cell in notebook.cells[1:4]] == [
        {"tags": ["hide-input"]},
        {"mystnb": {"figure": {"caption": "A digit."}, "image": {"alt": "A handwritten seven."}}},
        {},
    ]
    assert notebook.cells[1].source == "import keras"
    (figure,) = notebook.cells[2].outputs
    assert set(figure.data) == {"image/png", "text/plain"}
    assert figure.metadata["image/png"]["alt"] == "A handwritten seven."
    assert notebook.cells[0].source.endswith(
        "*Core sections 4 min, optional sections 3 min. Running all cells takes about 7 s on two processor cores "
        "and at most 640 MB of memory.*"
    )


def test_figures_are_stored_in_256_colours(tool: ModuleType) -> None:
    notebook = _ran()
    before = notebook.cells[2].outputs[0].data["image/png"]
    tool.normalise(notebook, {"seconds": 7, "peak_mb": 640})
    after = notebook.cells[2].outputs[0].data["image/png"]
    pictures = [Image.open(io.BytesIO(base64.b64decode(png))) for png in (before, after)]
    assert pictures[0].size == pictures[1].size
    assert len(pictures[1].convert("RGB").getcolors(10_000)) <= 256
    assert len(after) < len(before)


def test_tensorflows_native_lines_are_dropped_and_no_others(tool: ModuleType) -> None:
    notebook = _ran()
    assert tool.objections(notebook) == []
    tool.normalise(notebook, {"seconds": 7, "peak_mb": 640})
    assert [output.name for output in notebook.cells[1].outputs] == ["stdout"]

    notebook = _ran()
    notebook.cells[1].outputs[0].text += "UserWarning: the rate is high\n"
    (complaint,) = tool.objections(notebook)
    assert complaint == "cell 1 wrote to the error stream: UserWarning: the rate is high"


def test_a_path_of_this_machine_is_refused(tool: ModuleType) -> None:
    notebook = _ran()
    notebook.cells[1].outputs[1].text = f"read {ROOT / 'digitlib' / 'data.py'}\n"
    assert tool.objections(notebook) == ["cell 1 shows a path of this machine"]


def test_normalising_twice_changes_nothing(tool: ModuleType) -> None:
    notebook = _ran()
    tool.normalise(notebook, {"seconds": 7, "peak_mb": 640})
    once = nbformat.writes(notebook)
    tool.normalise(notebook, {"seconds": 7, "peak_mb": 640})
    assert nbformat.writes(notebook) == once


def test_ids_are_stable_and_unique(tool: ModuleType) -> None:
    first, second = _ran(), _ran()
    assert [cell.id for cell in first.cells] != [cell.id for cell in second.cells], "as editors give them"
    tool.normalise(first, {"seconds": 7, "peak_mb": 640})
    second.cells.insert(1, new_markdown_cell("A new paragraph."))
    tool.normalise(second, {"seconds": 9, "peak_mb": 700})
    ids = [cell.id for cell in first.cells]
    assert len(set(ids)) == len(ids), "the two cells draw() too"
    # Neither a new paragraph nor another measurement changes the ids of the other cells.
    assert [cell.id for cell in second.cells if cell.source != "A new paragraph."] == ids
    nbformat.validate(first)


def test_a_removed_chapter_leaves_the_measurements(tool: ModuleType, book: Path) -> None:
    _write(book / "old.ipynb")
    tool.record("old", {"seconds": 3, "peak_mb": 100})
    (book / "old.ipynb").unlink()
    _write(book / "new.ipynb")
    tool.record("new", {"seconds": 4, "peak_mb": 200})
    assert json.loads((book / "measured.json").read_text())["chapters"] == {"new": {"seconds": 4, "peak_mb": 200}}
