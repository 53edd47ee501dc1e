"""The class kit, unpacked elsewhere and worked through: what is in it, what is not, and that its chapters run."""

from __future__ import annotations

import base64
import html
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

import class_kit
import nbformat
import pytest
import site_copy
import wheels
from built_site import ROOT, Page, link_complaints, pages
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode

from digitlib.exercises.chapters import of_chapter
from digitlib.work import WORK_FILE

LARGEST_ZIP = 40_000_000  # bytes
AUDIENCES = ("student", "teacher")
NAMES = site_copy.chapter_files()
LIGHT = ["00_arrays.ipynb", "10_in_your_browser.ipynb"]
COLOUR = r"\x1b\[[\d;]*m"
TEXTS = (".html", ".ipynb", ".md", ".txt", ".js", ".css", ".toml", ".json", ".py", ".svg", ".inv")


@pytest.fixture(scope="module")
def zips(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Build both kits."""
    folder = tmp_path_factory.mktemp("zips")
    return {audience: class_kit.build_kit(folder / f"class-kit-{audience}.zip", audience) for audience in AUDIENCES}


@pytest.fixture(scope="module")
def kits(zips: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Unpack both kits elsewhere; return the folders in which their START.html lies."""
    unpacked = {}
    for audience, file in zips.items():
        elsewhere = tmp_path_factory.mktemp(audience)
        with zipfile.ZipFile(file) as packed:
            packed.extractall(elsewhere)
        (unpacked[audience],) = elsewhere.iterdir()
    return unpacked


@pytest.fixture
def student(kits: dict[str, Path], tmp_path: Path) -> Path:
    """Copy the students' kit for one student, who may change it; links stand for the large parts."""
    folder = tmp_path / "kit"
    shutil.copytree(kits["student"] / "notebooks", folder / "notebooks")
    (folder / "digitlib").symlink_to(kits["student"] / "digitlib")
    return folder


# -------------------------------------------------------------------------------------------------------- what is in it


@pytest.mark.parametrize("audience", AUDIENCES)
def test_a_zip_is_small_and_tells_nothing_of_this_machine(zips: dict[str, Path], audience: str) -> None:
    assert zips[audience].stat().st_size <= LARGEST_ZIP
    with zipfile.ZipFile(zips[audience]) as packed:
        entries = packed.infolist()
    assert [entry.filename for entry in entries] == sorted(entry.filename for entry in entries)
    assert {entry.filename.split("/")[0] for entry in entries} == {f"digits-book-{audience}"}
    assert {(entry.date_time, entry.create_system, entry.external_attr >> 16) for entry in entries} == {
        ((1980, 1, 1, 0, 0, 0), 3, 0o100644)
    }
    # Windows gives a path 260 letters, and the folder of an unpacked zip may have a long name itself.
    assert max(len(entry.filename) for entry in entries) < 140
    assert list(zips[audience].parent.glob("*.part")) == []


@pytest.mark.parametrize("audience", AUDIENCES)
def test_no_path_of_this_machine(kits: dict[str, Path], audience: str) -> None:
    paths = {str(ROOT), str(Path.home()), str(zips_folder := kits[audience].parent), f"{tempfile.gettempdir()}/site-"}
    assert zips_folder.is_dir()
    for file in kits[audience].rglob("*"):
        if file.suffix in TEXTS:
            text = file.read_text("utf-8", errors="replace")
            assert [path for path in paths if len(path) > 5 and path in text] == [], file


@pytest.mark.parametrize("audience", AUDIENCES)
def test_what_a_kit_holds(kits: dict[str, Path], audience: str) -> None:
    kit = kits[audience]
    folders = {"digitlib", "notebooks", "site"} | ({"quizzes"} if audience == "teacher" else set())
    files = {"LICENSE", "START.html", "START.md", "pyproject.toml", "requirements.txt"}
    assert {path.name for path in kit.iterdir()} == folders | files
    assert sorted(path.name for path in kit.glob("notebooks/*.ipynb")) == sorted(NAMES)
    assert [name for name in pages(ROOT) if not (kit / "site" / name).is_file()] == []
    assert [path for path in kit.rglob("*") if path.name.startswith(".") or path.name == "__pycache__"] == []
    tracked = subprocess.run(["git", "ls-files", "digitlib"], cwd=ROOT, capture_output=True, text=True, check=True)
    packed = {path.relative_to(kit).as_posix() for path in kit.glob("digitlib/**/*") if path.is_file()}
    assert [name for name in tracked.stdout.splitlines() if name not in packed] == []


@pytest.mark.parametrize("audience", AUDIENCES)
def test_all_links_lead_somewhere(kits: dict[str, Path], audience: str) -> None:
    kit = kits[audience]
    assert link_complaints(kit / "site", pages(ROOT)) == []
    assert link_complaints(kit, ["START.html"]) == []
    places = [*kit.glob("notebooks/*.ipynb"), *kit.glob("notebooks/reference/*.md"), kit / "START.md"]
    gone = [f"{place.name}: {target}" for place in places for target in _targets(place) if not _there(place, target)]
    assert gone == []


def _targets(place: Path) -> list[str]:
    """List the addresses that the Markdown and the stored HTML of a file name."""
    text = place.read_text("utf-8")
    if place.suffix == ".ipynb":
        cells = nbformat.reads(text, as_version=4).cells
        outputs = [out.data.get("text/html", "") for cell in cells for out in cell.get("outputs", []) if "data" in out]
        text = "\n".join([*(cell.source for cell in cells if cell.cell_type == "markdown"), *outputs])
    text = re.sub(r"(`+).*?\1|<!--.*?-->", "", text, flags=re.DOTALL)
    return [*re.findall(r"\]\(([^)\s]+)\)", text), *re.findall(r'(?:src|href)="([^"]+)"', text)]


def _there(place: Path, target: str) -> bool:
    parts = urlsplit(target)
    return bool(parts.scheme) or not parts.path or (place.parent / unquote(parts.path)).is_file()


def test_the_start_page_asks_no_other_host_and_tells_the_teacher_more(kits: dict[str, Path]) -> None:
    for audience, kit in kits.items():
        assert Page(kit / "START.html").loaded == []
        text = (kit / "START.html").read_text("utf-8")
        assert "CONTENT" not in text
        assert ("For teachers" in text) is (audience == "teacher")
        for command in ("pip install -r requirements.txt", "--no-index --find-links wheels", "jupyter lab notebooks"):
            assert command in text
            assert command in (kit / "START.md").read_text("utf-8")


def test_the_teachers_kit_has_every_quiz_in_both_formats(kits: dict[str, Path]) -> None:
    quizzes = {file.stem.removeprefix("quiz-") for file in (ROOT / "digitlib" / "files").glob("quiz-*.json")}
    made = {file.name for file in (kits["teacher"] / "quizzes").iterdir()}
    assert made == {f"{name}.{ending}" for name in quizzes for ending in ("xml", "gift")}


# ------------------------------------------------------------------------------------------------- no solution anywhere


@cache
def _cells() -> tuple[list[NotebookNode], list[NotebookNode]]:
    """Return all cells of the book's chapters: the solutions, and the others."""
    cells = [cell for name in NAMES for cell in nbformat.read(ROOT / "book" / name, as_version=4).cells]
    solutions = [cell for cell in cells if "solution" in cell.metadata.get("tags", [])]
    return solutions, [cell for cell in cells if cell not in solutions]


def _written(cells: list[NotebookNode]) -> str:
    """Return the sources and the text outputs of cells."""
    parts = [cell.source for cell in cells]
    for cell in cells:
        for output in cell.get("outputs", []):
            parts.append(output.get("text", ""))
            parts += [text for kind, text in output.get("data", {}).items() if kind == "text/plain"]
    return "\n".join(parts)


def _pictures(cells: list[NotebookNode]) -> set[bytes]:
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    return {base64.b64decode(out.data["image/png"]) for out in outputs if "image/png" in out.get("data", {})}


def _plain(line: str) -> str:
    return " ".join(line.split())


def solution_lines() -> set[str]:
    """Lines that stand in solutions only, and are long enough to be no accident."""
    solutions, others = _cells()
    pages = [file.read_text("utf-8") for file in (ROOT / "book").rglob("*.md")]
    elsewhere = _plain("\n".join([_written(others), *pages]))
    lines = map(_plain, _written(solutions).splitlines())
    return {line for line in lines if len(line) >= 25 and line not in elsewhere}


def solution_words() -> set[str]:
    """Words that stand in solutions only."""
    solutions, others = _cells()
    code = [file.read_text("utf-8") for file in [*(ROOT / "book").rglob("*.md"), *ROOT.glob("digitlib/**/*.py")]]
    words = [{*re.findall(r"\w{5,}", text.lower())} for text in (_written(solutions), _written(others), *code)]
    return words[0].difference(*words[1:])


def _texts(kit: Path) -> Iterator[tuple[Path, str]]:
    """Give the text of each notebook and each page of a kit, as a reader sees it."""
    for file in [*kit.glob("notebooks/**/*"), *kit.glob("site/**/*")]:
        if file.suffix == ".ipynb":
            yield file, _plain(_written(nbformat.read(file, as_version=4).cells))
        elif file.suffix == ".html":
            yield file, _plain(html.unescape(re.sub(r"<[^>]+>", "", file.read_text("utf-8"))))
        elif file.suffix in TEXTS and "labs" not in file.parts and "mathjax" not in file.parts:
            yield file, _plain(file.read_text("utf-8", errors="replace"))


def found_lines(kit: Path) -> set[str]:
    """Lines of solutions that stand in a kit."""
    lines = solution_lines()
    return {line for _, text in _texts(kit) for line in lines if line in text}


def indexed_words(kit: Path) -> set[str]:
    """Words that the search of a kit's site finds."""
    index = (kit / "site" / "searchindex.js").read_text("utf-8")
    content = json.loads(index.removeprefix("Search.setIndex(").removesuffix(")"))
    return {*content["terms"], *content["titleterms"]}


def found_pictures(kit: Path) -> set[bytes]:
    """Pictures that solutions made and that lie in a kit's site or its notebooks."""
    solutions, others = _cells()
    made = _pictures(solutions) - _pictures(others)
    inside = {file.read_bytes() for file in kit.glob("site/**/*.png")}
    for file in kit.glob("notebooks/*.ipynb"):
        inside |= _pictures(nbformat.read(file, as_version=4).cells)
    return made & inside


def test_the_students_kit_has_no_trace_of_a_solution(kits: dict[str, Path]) -> None:
    assert found_lines(kits["student"]) == set()
    assert indexed_words(kits["student"]) & solution_words() == set()
    assert found_pictures(kits["student"]) == set()
    for file in kits["student"].glob("site/**/*.html"):
        assert "tag_solution" not in file.read_text("utf-8")


def test_the_teachers_kit_has_all_of_them(kits: dict[str, Path]) -> None:
    """The same search finds what is there: it would find it in the students' kit, too."""
    lines = solution_lines()
    assert len(lines) > 100
    assert found_lines(kits["teacher"]) == lines
    assert len(indexed_words(kits["teacher"]) & solution_words()) > 10
    solutions, others = _cells()
    assert found_pictures(kits["teacher"]) == _pictures(solutions) - _pictures(others)


@pytest.mark.parametrize("name", NAMES)
def test_all_other_cells_are_as_stored(kits: dict[str, Path], name: str) -> None:
    book = nbformat.read(ROOT / "book" / name, as_version=4)
    for audience, kit in kits.items():
        cells = nbformat.read(kit / "notebooks" / name, as_version=4).cells
        kept = [c for c in book.cells if audience == "teacher" or "solution" not in c.metadata.get("tags", [])]
        assert cells == kept
        assert len([cell for cell in cells if "exercise" in cell.metadata.get("tags", [])]) >= 4


# ----------------------------------------------------------------------------------------------- the chapters run there


def run(folder: Path, name: str, monkeypatch: pytest.MonkeyPatch, solve: bool = False) -> dict[str, str]:
    """Run a chapter of an unpacked kit from top to bottom as a student does; return what each check says.

    With `solve`, each exercise's cell gets the solution first, as if the student had written it.
    """
    monkeypatch.delenv("DIGITLIB_STRICT", raising=False)
    monkeypatch.setenv("PYTHONPATH", str(folder))
    notebook = nbformat.read(folder / "notebooks" / name, as_version=4)
    if solve:
        solutions = {exercise.name: exercise.solution for exercise in of_chapter(Path(name).stem)}
        for cell, exercise in _exercises(notebook):
            cell.source = f'{solutions[exercise]}\nexercises.check("{exercise}", answer)'
    place = nbformat.v4.new_code_cell("print(digitlib.__file__)")
    notebook.cells.append(place)
    client = NotebookClient(
        notebook, timeout=600, kernel_name="python3", resources={"metadata": {"path": str(folder / "notebooks")}}
    )
    try:
        client.execute()
    except CellExecutionError as error:
        pytest.fail(f"{name} stops: {re.sub(COLOUR, '', str(error))[-3000:]}", pytrace=False)
    assert place.outputs[0].text.strip() == str(folder / "digitlib" / "__init__.py")
    return {exercise: _said(cell) for cell, exercise in _exercises(notebook)}


def _exercises(notebook: NotebookNode) -> list[tuple[NotebookNode, str]]:
    """List the cells for the reader's answers, each with the name of its exercise."""
    cells = [cell for cell in notebook.cells if "exercise" in cell.metadata.get("tags", [])]
    return [(cell, re.search(r'exercises\.check\("([\w-]+)"', cell.source)[1]) for cell in cells]


def _said(cell: NotebookNode) -> str:
    return "\n".join(out.data["text/plain"] for out in cell.outputs if "text/plain" in out.get("data", {}))


def unsolved_says_not_yet(student: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    said = run(student, name, monkeypatch)
    assert {*said} == {exercise.name for exercise in of_chapter(Path(name).stem)}
    assert [text for exercise, text in said.items() if not text.startswith(f"○ {exercise}: not yet")] == []


def solved_passes(student: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    said = run(student, name, monkeypatch, solve=True)
    assert [text for exercise, text in said.items() if not text.startswith(f"✓ {exercise}")] == []
    kept = json.loads((student / "notebooks" / WORK_FILE).read_text("utf-8"))["exercises"]
    assert {exercise for exercise, entry in kept.items() if entry["solved"]} == {*said}


@pytest.mark.parametrize("name", LIGHT)
def test_an_unsolved_chapter_runs_to_its_end(student: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    unsolved_says_not_yet(student, name, monkeypatch)


def test_a_solved_chapter_passes_its_checks(student: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    solved_passes(student, LIGHT[0], monkeypatch)


@pytest.mark.long
@pytest.mark.parametrize("name", NAMES)
def test_every_unsolved_chapter_runs_to_its_end(student: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    unsolved_says_not_yet(student, name, monkeypatch)


@pytest.mark.long
@pytest.mark.parametrize("name", NAMES)
def test_every_solved_chapter_passes_its_checks(student: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    solved_passes(student, name, monkeypatch)


# ----------------------------------------------------------------------------------------------- longer, and elsewhere


@pytest.mark.long
def test_the_same_book_gives_the_same_zips(zips: dict[str, Path], tmp_path: Path) -> None:
    for audience, file in zips.items():
        again = class_kit.build_kit(tmp_path / "again.zip", audience)
        assert again.read_bytes() == file.read_bytes()


@pytest.mark.long
def test_a_new_student_installs_without_internet(kits: dict[str, Path], tmp_path: Path) -> None:
    """As START.html says: wheels beside the kit, a new environment, a chapter from top to bottom."""
    kit, own = shutil.copytree(kits["student"], tmp_path / "kit"), tmp_path / "kit" / "wheels"
    own.mkdir()
    python = ".".join(map(str, sys.version_info[:2]))
    assert wheels.fetch("linux", python, own) == []
    subprocess.run([sys.executable, "-m", "venv", ".venv"], cwd=kit, check=True)
    no_internet = {"PIP_CONFIG_FILE": os.devnull, "PIP_INDEX_URL": "http://127.0.0.1:9/", "PYTHONPATH": ""}
    environment = os.environ | no_internet
    environment.pop("DIGITLIB_STRICT", None)
    install = [".venv/bin/python", "-m", "pip", "install", "--quiet", "--no-index", "--find-links", "wheels"]
    subprocess.run([*install, "-r", "requirements.txt"], cwd=kit, env=environment, check=True)
    execute = [".venv/bin/jupyter", "nbconvert", "--execute", "--to", "notebook", "--stdout", f"notebooks/{LIGHT[0]}"]
    done = subprocess.run(execute, cwd=kit, env=environment, capture_output=True, text=True, check=True)
    notebook = nbformat.reads(done.stdout, as_version=4)
    assert all("not yet" in _said(cell) for cell, _ in _exercises(notebook))
    (kit / "handed-in").mkdir()
    collate = [".venv/bin/python", "-m", "digitlib.collate", "handed-in", "--out", "results"]
    done = subprocess.run(collate, cwd=kit, env=environment, capture_output=True, text=True, check=False)
    assert done.stdout.startswith("0 counted"), done.stderr
