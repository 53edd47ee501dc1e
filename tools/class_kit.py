"""Pack what a class gets into two zips: `make class-kit`.

The students' has the chapters and the site without solutions, digitlib, the pinned requirements and a page that says
how to start; the teacher's has the same with solutions, and the quizzes for Moodle and its kin. The same book gives the
same zips, byte for byte.
"""

from __future__ import annotations

import re
import sys
import time
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory

import nbformat
from markdown_it import MarkdownIt
from site_copy import ROOT, BookDoesNotBuild, build_site, chapter, chapter_files, package_files

from digitlib.quizzes import gift, load_quiz, moodle_xml, quiz_names

KITS = ROOT / "_build"
TEXTS = Path(__file__).with_name("kit")
# The tables of pyproject.toml that pip needs to install digitlib from the kit's folder.
PACKAGING = ("build-system", "project", "tool.setuptools", "tool.setuptools.package-data")


def main() -> int:
    """Build both kits and say how large they are and how long it took."""
    for audience in ("student", "teacher"):
        start = time.perf_counter()
        try:
            file = build_kit(KITS / f"class-kit-{audience}.zip", audience)
        except BookDoesNotBuild as error:
            print(error, file=sys.stderr)
            return 1
        seconds = time.perf_counter() - start
        print(f"{file.relative_to(ROOT)}: {file.stat().st_size / 1e6:.1f} MB, built in {seconds:.0f} s", flush=True)
    return 0


def build_kit(target: Path, audience: str) -> Path:
    """Build the kit of the "student" or the "teacher" into a zip, aside, then rename it."""
    solutions = audience == "teacher"
    with TemporaryDirectory() as aside:
        site = Path(aside, "site")
        build_site(site, solutions=solutions)
        content = {f"site/{file.relative_to(site).as_posix()}": file.read_bytes() for file in files_below(site)}
    for name in chapter_files():
        content[f"notebooks/{name}"] = nbformat.writes(chapter(name, solutions=solutions)).encode() + b"\n"
    for file in sorted((ROOT / "book" / "reference").glob("*.md")):  # the chapters link to them
        content[f"notebooks/reference/{file.name}"] = file.read_bytes()
    content |= {file.as_posix(): (ROOT / file).read_bytes() for file in package_files()}
    content["LICENSE"] = (ROOT / "LICENSE").read_bytes()
    content["requirements.txt"] = (ROOT / "requirements-class.txt").read_bytes()
    content["pyproject.toml"] = packaging().encode()
    if solutions:
        for name in quiz_names():
            quiz = load_quiz(name)
            content |= {f"quizzes/{name}.xml": moodle_xml(quiz), f"quizzes/{name}.gift": gift(quiz).encode()}
    content["START.md"], content["START.html"] = (text.encode() for text in start_page(audience))
    write_zip(target, f"digits-book-{audience}", content)
    return target


def files_below(folder: Path) -> list[Path]:
    """List all files of a folder and the folders in it."""
    return [file for file in folder.rglob("*") if file.is_file()]


def packaging() -> str:
    """Cut out of pyproject.toml what the kit needs of it: how digitlib is packed, no settings of the book's tools."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8").replace('"README.md"', '"START.md"')
    tables = re.split(r"^(?=\[)", text, flags=re.MULTILINE)
    return "".join(table for table in tables if table.startswith(tuple(f"[{name}]" for name in PACKAGING)))


def start_page(audience: str) -> tuple[str, str]:
    """Say how to start, as Markdown and as a page for a browser."""
    text = (TEXTS / "start.md").read_text(encoding="utf-8")
    if audience == "teacher":
        text += (TEXTS / "teacher.md").read_text(encoding="utf-8")
    html = MarkdownIt("commonmark").enable("table").render(text)
    return text, (TEXTS / "page.html").read_text(encoding="utf-8").replace("CONTENT", html.strip())


def write_zip(target: Path, folder: str, content: dict[str, bytes]) -> None:
    """Write files into one folder of a zip, sorted, without times, owners or anything else of this machine."""
    aside = target.with_suffix(".part")
    with zipfile.ZipFile(aside, "w") as packed:
        for name in sorted(content):
            entry = zipfile.ZipInfo(f"{folder}/{name}", date_time=(1980, 1, 1, 0, 0, 0))
            entry.create_system, entry.external_attr = 3, 0o100644 << 16
            packed.writestr(entry, content[name], zipfile.ZIP_DEFLATED, compresslevel=9)
    aside.replace(target)


if __name__ == "__main__":
    sys.exit(main())
