"""Proof that the checks bite: each of four faults, planted in a copy, must turn the run red.

- a changed stored output: here;
- a flipped byte in the weights: here;
- a dead link and a missing alternative text: `test_site.py`, on a copy of the built site. (And in the chapters
  themselves, before the site is built: `test_anatomy.py`.)
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from digitlib.model import PRETRAINED_FILE

HERE = Path(__file__).resolve().parent
BOOK = HERE.parents[1] / "book"
CHAPTER = BOOK / "00_arrays.ipynb"
NBVAL = ("-p", "no:cacheprovider", "--nbval", "--nbval-current-env", f"--nbval-sanitize-with={HERE / 'nbval.ini'}")
LOAD = "from pathlib import Path\n\nfrom digitlib import load_pretrained, model\n\nmodel.PRETRAINED_FILE = Path('{}')"


def _run(folder: Path) -> subprocess.CompletedProcess[str]:
    """Check all notebooks of a folder against a fresh run, as `make test` does."""
    notebooks = sorted(path.name for path in folder.glob("*.ipynb"))
    command = [sys.executable, "-m", "pytest", "-rf", *NBVAL, *notebooks]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def _failed(done: subprocess.CompletedProcess[str]) -> list[str]:
    return re.findall(r"^FAILED (.+?)(?: - .*)?$", done.stdout, re.MULTILINE)


def _change_an_output(notebook: nbformat.NotebookNode, old: str, new: str) -> int:
    """Change one stored text output; return the number of its cell, counted as nbval counts."""
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for number, cell in enumerate(code):
        for output in cell.outputs:
            if re.search(old, output.get("text", "")):
                output.text = re.sub(old, new, output.text, count=1)
                return number
    pytest.fail(f"no cell of the chapter prints {old!r}: choose another output for this test")


def test_a_changed_stored_output(tmp_path: Path) -> None:
    chapter = nbformat.read(CHAPTER, as_version=4)
    # What a claim measured may differ from run to run. It is all that may.
    _change_an_output(chapter, r"\(this run: .*?\)", "(this run: 12 %)")
    nbformat.write(chapter, tmp_path / "sound.ipynb")
    changed = _change_an_output(chapter, "row 7, column 8: 238", "row 7, column 8: 239")
    nbformat.write(chapter, tmp_path / "mutant.ipynb")

    done = _run(tmp_path)
    assert done.returncode == 1, done.stdout
    assert _failed(done) == [f"mutant.ipynb::Cell {changed}"]


def test_a_flipped_byte_in_the_weights(tmp_path: Path) -> None:
    for name in ("sound", "mutant"):
        shutil.copy(PRETRAINED_FILE, tmp_path / f"{name}.safetensors")
        cells = [
            new_code_cell(LOAD.format(f"{name}.safetensors"), execution_count=1),
            new_code_cell("network = load_pretrained()", execution_count=2),
        ]
        nbformat.write(new_notebook(cells=cells), tmp_path / f"{name}.ipynb")
    damaged = tmp_path / "mutant.safetensors"
    content = bytearray(damaged.read_bytes())
    content[len(content) // 2] ^= 1
    damaged.write_bytes(content)

    done = _run(tmp_path)
    assert done.returncode == 1, done.stdout
    assert _failed(done) == ["mutant.ipynb::Cell 1"]
    assert re.search(r"WeightsFileError.*mutant\.safetensors cannot be used as a file of weights", done.stdout)


@pytest.mark.parametrize("fault", ["dead_link", "missing_alt"])
def test_the_faults_of_the_site_are_planted_elsewhere(fault: str) -> None:
    assert re.search(rf"^def test_\w*{fault}", (HERE / "test_site.py").read_text(encoding="utf-8"), re.MULTILINE)
