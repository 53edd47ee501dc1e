"""Build the site from a copy of the book, with or without the solutions: `make book SOLUTIONS=no`, `make class-kit`.

Without solutions means: built from chapters that have none, so that no page, picture, download or search index can hold
a trace of one. That is why this never builds on top of an earlier build.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import nbformat
import yaml
from nbformat import NotebookNode

ROOT = Path(__file__).resolve().parents[1]
SITE = ROOT / "_build" / "html-without-solutions"
NOT_THE_BOOK = shutil.ignore_patterns(".*", "__pycache__", "*.part", "my-digits-work*")


class BookDoesNotBuild(RuntimeError):
    """The site cannot be built without a warning."""


def main() -> int:
    """Build the site without solutions into `SITE`."""
    try:
        build_site(SITE, solutions=False)
    except BookDoesNotBuild as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def chapter_files() -> list[str]:
    """Names of the chapters' files in `book`, such as "03_layers.ipynb", in reading order, as the site lists them."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    names = [Path(entry["file"]).with_suffix(".ipynb").name for part in toc["parts"] for entry in part["chapters"]]
    return [name for name in names if (ROOT / "book" / name).is_file()]


def chapter(name: str, *, solutions: bool) -> NotebookNode:
    """Read a chapter; without solutions, the cells with the tag `solution` are gone, and all others are as stored."""
    notebook = nbformat.read(ROOT / "book" / name, as_version=4)
    if not solutions:
        notebook.cells = [cell for cell in notebook.cells if "solution" not in cell.metadata.get("tags", [])]
    return notebook


def package_files() -> Iterator[Path]:
    """Files that belong to digitlib as pyproject.toml packs it, relative to the repository's root."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
    for package in settings["packages"]:
        folder = ROOT / package.replace(".", "/")
        for pattern in ["*.py", *settings["package-data"].get(package, [])]:
            yield from (file.relative_to(ROOT) for file in sorted(folder.glob(pattern)) if file.is_file())


def copy_book(target: Path, *, solutions: bool) -> None:
    """Copy what the site is built from into an empty folder."""
    shutil.copytree(ROOT / "book", target / "book", ignore=NOT_THE_BOOK)
    for name in chapter_files():
        nbformat.write(chapter(name, solutions=solutions), target / "book" / name)
    for file in [*package_files(), *map(Path, ("_config.yml", "_toc.yml", "index.md"))]:
        (target / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / file, target / file)


def build_site(target: Path, *, solutions: bool) -> None:
    """Build the site aside, then put it in the place of what `target` held.

    It offers no launch on Binder: that would open the repository, which has the solutions, and needs internet.

    Raises
    ------
    BookDoesNotBuild
        If there was a warning; the message holds all of them.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=target.parent, prefix="site-") as folder:
        source, built = Path(folder, "book"), Path(folder, "_build", "html")
        copy_book(source, solutions=solutions)
        program = Path(sys.executable).with_name("jupyter-book")
        command = [program, "build", source, "--path-output", folder, "-W", "-n", "--keep-going", "--quiet"]
        environment = os.environ | {"BOOK_REPOSITORY": "", "BOOK_URL": ""}
        done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
        if done.returncode != 0:
            raise BookDoesNotBuild(f"the book does not build:\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}")
        (built / ".buildinfo").unlink()  # of use only to a build on top of this one
        if target.exists():
            shutil.rmtree(target)
        built.rename(target)


if __name__ == "__main__":
    sys.exit(main())
