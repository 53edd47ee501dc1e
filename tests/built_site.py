"""The built site as the tests see it: how to build and serve it, and checks of its files that need no browser.

A check returns a list of complaints, so that the same check judges the real site (it must find nothing) and a copy
with a planted fault (it must name it).
"""

from __future__ import annotations

import gzip
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, partial
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

import yaml

ROOT = Path(__file__).resolve().parents[1]


def build(book: Path, output: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Build a book from scratch, as `make book` does, below another folder; the site is then in _build/html there."""
    # Not on top of an earlier build: Sphinx does not repeat the warnings about pages that it need not read again.
    program = Path(sys.executable).with_name("jupyter-book")
    command = [program, "build", book, "--path-output", output, "-W", "-n", "--keep-going"]
    return subprocess.run(command, capture_output=True, text=True, env=os.environ | environment)


def pages(book: Path) -> list[str]:
    """Addresses of all pages, as the table of contents lists them, with the search page at the end."""
    toc = yaml.safe_load((book / "_toc.yml").read_text(encoding="utf-8"))
    listed = [toc["root"], *(name for part in toc["parts"] for name in _files(part["chapters"]))]
    return [f"{name}.html" for name in [*listed, "search"]]


def _files(entries: list[dict[str, Any]]) -> Iterator[str]:
    for entry in entries:
        yield entry["file"]
        yield from _files(entry.get("sections", []))


class Image(NamedTuple):
    """An image of a page, and whether it stands in the text (and not, say, in the theme's header)."""

    src: str
    alt: str | None
    in_text: bool


class Page(HTMLParser):
    """What one built page contains: anchors, links, loaded files and images."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.images: list[Image] = []
        self._in_text = False
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what the tests ask about."""
        given = dict(attrs)
        self._in_text |= tag == "article"
        if anchor := given.get("id"):
            self.anchors.add(anchor)
        if tag in ("a", "area") and (href := given.get("href")):
            self.links.append(href)
        if tag == "link" and given.get("rel") != "canonical" and (href := given.get("href")):
            self.loaded.append(href)
        if tag in ("img", "script", "source", "iframe", "video", "audio", "embed") and (src := given.get("src")):
            self.loaded.append(src)
        if tag == "img":
            self.images.append(Image(given.get("src") or "", given.get("alt"), self._in_text))

    def handle_endtag(self, tag: str) -> None:
        """Note where the text ends."""
        self._in_text &= tag != "article"


def link_complaints(site: Path, names: list[str]) -> list[str]:
    """Links and files of the given pages that lead nowhere within the site, and files asked of other hosts."""
    parsed = cache(Page)
    complaints = []
    for name in names:
        page = parsed(site / name)
        for address in page.links + page.loaded:
            parts = urlsplit(address)
            if parts.scheme or parts.netloc:
                if address in page.loaded and parts.scheme != "data":
                    complaints.append(f"{name} loads {address} from another host")
                continue
            target = (site / name).parent / unquote(parts.path) if parts.path else site / name
            if not target.is_file():
                complaints.append(f"{name} links to {address}: there is no such file")
            elif parts.fragment and target.suffix == ".html" and unquote(parts.fragment) not in parsed(target).anchors:
                complaints.append(f"{name} links to {address}: there is no such anchor")
    return complaints


def alt_complaints(site: Path, names: list[str]) -> list[str]:
    """Images in the text of the given pages whose alternative text does not say what is to be seen."""
    complaints = []
    for name in names:
        for image in Page(site / name).images:
            alt = (image.alt or "").strip()
            if not image.in_text:
                continue
            if not alt or Path(image.src).name in alt or re.search(r"\.(png|svg|jpe?g|gif|webp)$", alt):
                complaints.append(f"{name}: {image.src} has no alternative text, only {image.alt!r}")
            elif len(alt) < 20 or alt.lower().startswith(("image of", "picture of", "figure of")):
                complaints.append(f"{name}: {alt!r} does not say what is to be seen")
    return complaints


class _Handler(SimpleHTTPRequestHandler):
    """Serves files as a web host would: text compressed, and no log on the console."""

    protocol_version = "HTTP/1.1"
    TEXT = (".html", ".js", ".css", ".svg", ".json", ".txt", ".md", ".ipynb")

    def do_GET(self) -> None:
        """Answer one request."""
        path = Path(self.translate_path(self.path))
        path = path / "index.html" if path.is_dir() else path
        if not path.is_file():
            self.send_error(404)
            return
        compressed = path.suffix in self.TEXT
        body = _content(path, compressed)
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(str(path)))
        self.send_header("Content-Length", str(len(body)))
        if compressed:
            self.send_header("Content-Encoding", "gzip")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Stay silent."""


@cache
def _content(path: Path, compressed: bool) -> bytes:
    body = path.read_bytes()
    return gzip.compress(body) if compressed else body


@contextmanager
def served(site: Path) -> Iterator[str]:
    """Serve a folder on this machine; the value is its address, ending in a slash."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, directory=str(site)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
