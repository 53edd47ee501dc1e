"""The built site's files: every link leads somewhere, every image says what it shows, and planted faults are found."""

from __future__ import annotations

import json
import re
import shutil
import sys
from pathlib import Path

import pytest
from built_site import ROOT, Page, alt_complaints, build, link_complaints, pages

sys.path.insert(0, str(ROOT / "book" / "_ext"))
from book_repository import https_address, site_address

NAMES = pages(ROOT)


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Build a copy of the book with planted faults, as if it lay on GitHub; return the site and the messages."""
    book = tmp_path_factory.mktemp("faulty")
    for name in ("book", "digitlib"):
        shutil.copytree(ROOT / name, book / name, ignore=shutil.ignore_patterns("*.npz", "__pycache__"))
    for name in ("_config.yml", "_toc.yml", "index.md"):
        shutil.copy(ROOT / name, book)
    page = book / "book" / "reference" / "test_looks.md"
    page.write_text(page.read_text("utf-8") + '\n[gone](../gone.md) <a href="status.html#gone">gone</a>\n', "utf-8")
    chapter = book / f"{_chapter_with_figure(book)}.ipynb"
    notebook = json.loads(chapter.read_text("utf-8"))
    del next(cell for cell in notebook["cells"] if _alt(cell))["metadata"]["mystnb"]["image"]["alt"]
    chapter.write_text(json.dumps(notebook), "utf-8")
    done = build(book, book, BOOK_REPOSITORY="git@github.com:Owner/digits.git")
    assert done.returncode != 0
    return book / "_build" / "html", done.stdout + done.stderr


def _alt(cell: dict) -> str | None:
    return cell["metadata"].get("mystnb", {}).get("image", {}).get("alt")


def _chapter_with_figure(book: Path) -> str:
    """Return the name, without ending, of the first chapter that has a figure."""
    notebooks = (book / name.replace(".html", ".ipynb") for name in NAMES)
    found = next(file for file in notebooks if file.is_file() and any(map(_alt, json.loads(file.read_text())["cells"])))
    return found.relative_to(book).with_suffix("").as_posix()


def test_all_pages_are_built(site: Path) -> None:
    assert [name for name in NAMES if not (site / name).is_file()] == []


def test_links_and_anchors_hold(site: Path) -> None:
    assert link_complaints(site, NAMES) == []


def test_images_have_alternative_texts(site: Path) -> None:
    assert alt_complaints(site, NAMES) == []


def test_dead_link_stops_the_build(faulty: tuple[Path, str]) -> None:
    assert re.search(r"test_looks\.md.*gone\.md", faulty[1])


def test_dead_links_are_found(faulty: tuple[Path, str]) -> None:
    complaints = link_complaints(faulty[0], NAMES)
    assert len(complaints) == 2
    assert all(complaint.startswith("book/reference/test_looks.html links to ") for complaint in complaints)
    assert "gone.md" in complaints[0]
    assert "status.html#gone: there is no such anchor" in complaints[1]


def test_missing_alternative_text_is_found(faulty: tuple[Path, str]) -> None:
    complaints = alt_complaints(faulty[0], NAMES)
    assert len(complaints) == 1
    assert f"{_chapter_with_figure(ROOT)}.html" in complaints[0]
    assert "has no alternative text" in complaints[0]


def test_every_module_is_on_the_api_page(site: Path) -> None:
    modules = {f"module-digitlib.{file.stem}" for file in (ROOT / "digitlib").glob("[!_]*.py")}
    assert modules - Page(site / "book/reference/api.html").anchors == set()


def test_no_widget_scripts_and_no_machine_paths(site: Path) -> None:
    for name in NAMES:
        text = (site / name).read_text("utf-8")
        assert "vnd.jupyter.widget" not in text, f"{name} holds a widget that needs a kernel"
        assert str(ROOT) not in text, f"{name} shows a path of this machine"


def test_pages_describe_themselves(site: Path) -> None:
    descriptions = {}
    for name in NAMES:
        text = (site / name).read_text("utf-8")
        assert '<html lang="en"' in text
        assert re.search(r"<title>[^<]{5,}</title>", text)
        assert 'property="og:title"' in text
        descriptions[name] = re.search(r'<meta name="description" content="([^"]{10,})" />', text)[1]
    assert len(set(descriptions.values())) == len(NAMES), descriptions


def test_without_repository_no_buttons(site: Path) -> None:
    assert [name for name in NAMES if "mybinder.org" in (site / name).read_text("utf-8")] == []


def test_with_repository_binder_opens_the_chapter(faulty: tuple[Path, str]) -> None:
    name = _chapter_with_figure(ROOT)
    text = (faulty[0] / f"{name}.html").read_text("utf-8")
    assert f"https://mybinder.org/v2/gh/Owner/digits/main?urlpath=lab/tree/{name}.ipynb" in text
    assert 'content="https://owner.github.io/digits/_static/social-card.png"' in text


@pytest.mark.parametrize(
    ("remote", "expected"),
    [
        ("https://github.com/owner/repo.git", "https://github.com/owner/repo"),
        ("https://token:x@github.com/owner/repo", "https://github.com/owner/repo"),
        ("git@github.com:owner/repo.git", "https://github.com/owner/repo"),
        ("ssh://git@gitlab.example.org:2222/group/sub/repo.git", "https://gitlab.example.org/group/sub/repo"),
        ("http://gitlab.com/owner/repo/", "https://gitlab.com/owner/repo"),
        ("/srv/git/repo.git", None),
        ("../repo.git", None),
        ("file:///srv/git/repo.git", None),
        ("C:/books/repo.git", None),
        ("", None),
    ],
)
def test_remote_becomes_an_address(remote: str, expected: str | None) -> None:
    assert https_address(remote) == expected


def test_site_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BOOK_URL", raising=False)
    assert site_address("https://github.com/Owner/repo") == "https://owner.github.io/repo/"
    assert site_address("https://gitlab.com/owner/repo") == ""
    assert site_address(None) == ""
    monkeypatch.setenv("BOOK_URL", "https://book.example.org")
    assert site_address(None) == "https://book.example.org/"
