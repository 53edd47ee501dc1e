"""Every page of the site in a real browser, as readers have it: light, dark and on a phone."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from axe_playwright_python.sync_playwright import Axe
from built_site import ROOT, pages
from playwright.sync_api import Browser, ConsoleMessage, Page, Request

VIEWS = {
    "light": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "light"},
    "dark": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 390, "height": 844}, "color_scheme": "light", "is_mobile": True, "has_touch": True},
}
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]
HEAVIEST_PAGE = 1_500_000  # bytes over the wire, everything included


class Visit:
    """One page in one view, with all that the browser asked for and complained about on the way."""

    def __init__(self, page: Page, address: str, view: str) -> None:
        self.page = page
        self.address = address
        self.view = view
        self.asked: list[str] = []
        self.received: list[Request] = []
        self.messages: list[str] = []
        page.on("request", lambda request: self.asked.append(request.url))
        page.on("requestfinished", lambda request: self.received.append(request))
        page.on("pageerror", lambda error: self.messages.append(f"script error: {error}"))
        page.on("console", self._note)

    def _note(self, said: ConsoleMessage) -> None:
        if said.type in ("error", "warning"):
            self.messages.append(f"{said.type} from {said.location['url']}: {said.text}")

    def open(self, name: str) -> None:
        """Open a page and wait until its formulas are drawn, or half a minute: then a check says which are not."""
        self.page.goto(self.address + name)
        self.page.evaluate("""() => Promise.race([
            Promise.resolve(window.MathJax?.startup?.promise).then(() => document.fonts.ready.then(() => null)),
            new Promise(resolve => setTimeout(resolve, 30_000))])""")

    def weights(self) -> dict[str, int]:
        """Bytes that came over the wire, by address."""
        sizes = {request.url: request.sizes() for request in self.received}
        return {url: size["responseBodySize"] + size["responseHeadersSize"] for url, size in sizes.items()}


@contextmanager
def visiting(browser: Browser, address: str, view: str) -> Iterator[Visit]:
    context = browser.new_context(**VIEWS[view])
    try:
        yield Visit(context.new_page(), address, view)
    finally:
        context.close()


def request_complaints(visit: Visit) -> list[str]:
    """Files asked of other hosts; those that were not found are among the browser's messages."""
    own = (visit.address, "data:", "blob:")
    return [f"asks another host: {url}" for url in visit.asked if not url.startswith(own)]


def overflow_complaints(visit: Visit) -> list[str]:
    """How far the page can be scrolled sideways, and which elements stick out."""
    sticking_out = """() => {
        const width = document.documentElement.clientWidth;
        if (document.documentElement.scrollWidth <= width) return [];
        const wide = [...document.querySelectorAll("main *")].filter(e => e.getBoundingClientRect().right > width + 1);
        return [`scrolls sideways: ${document.documentElement.scrollWidth} px wide in ${width} px`,
                ...wide.slice(0, 3).map(e => e.outerHTML.slice(0, 120))];
    }"""
    return visit.page.evaluate(sticking_out)


def axe_complaints(visit: Visit) -> list[str]:
    """Violations of WCAG 2.1, levels A and AA, that the accessibility checker axe finds."""
    rules = {
        # axe counts this one as experimental; it is WCAG 2.1 A all the same.
        "label-content-name-mismatch": {"enabled": True},
        # Takes longer than all others together, and a phone shows the same colours as the light view.
        "color-contrast": {"enabled": visit.view != "phone"},
    }
    options = {"runOnly": WCAG, "resultTypes": ["violations"], "rules": rules}
    found = Axe().run(visit.page, options=options).response["violations"]
    return [
        f"axe {rule['id']} ({rule['impact']}): {node['html'][:150]} {node.get('failureSummary', '')[:300]}"
        for rule in found
        for node in rule["nodes"][:3]
    ]


def image_complaints(visit: Visit) -> list[str]:
    """Images in the text that are broken, distorted, or too coarse for a screen with twice the pixels."""
    measured = visit.page.evaluate("""() => [...document.querySelectorAll("article img")].map(image => ({
        src: image.src.split("/").pop(), vector: image.src.endsWith(".svg"),
        width: parseFloat(getComputedStyle(image).width), height: parseFloat(getComputedStyle(image).height),
        naturalWidth: image.naturalWidth, naturalHeight: image.naturalHeight,
        shown: image.checkVisibility()}))""")
    complaints = []
    for image in measured:
        if not image["naturalWidth"]:
            complaints.append(f"{image['src']} is broken")
        elif image["shown"]:
            distortion = image["width"] / image["height"] / (image["naturalWidth"] / image["naturalHeight"])
            # A whole pixel of rounding is more than 1 % of a small icon.
            if abs(distortion - 1) > 0.01 and image["height"] > 100:
                complaints.append(f"{image['src']} is distorted by {distortion - 1:.1%}")
            if not image["vector"] and image["naturalWidth"] < 1.8 * image["width"]:
                complaints.append(f"{image['src']}: {image['naturalWidth']} pixels drawn {image['width']:.0f} px wide")
    return complaints


def math_complaints(visit: Visit) -> list[str]:
    """Formulas that were left as TeX or could not be read."""
    return visit.page.evaluate("""() => [...document.querySelectorAll("article .math")]
        .filter(e => !e.querySelector("mjx-container") || e.querySelector("[data-mjx-error], mjx-merror"))
        .map(e => `formula not drawn: ${e.textContent.slice(0, 80)}`)""")


def weight_complaints(visit: Visit) -> list[str]:
    """Pages that take too long on a slow line."""
    weights = visit.weights()
    if (total := sum(weights.values())) <= HEAVIEST_PAGE:
        return []
    return [f"weighs {total:,} bytes, most of it {sorted(weights, key=weights.get, reverse=True)[:5]}"]


CHECKS = [
    request_complaints,
    overflow_complaints,
    image_complaints,
    math_complaints,
    weight_complaints,
    axe_complaints,
]


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("name", pages(ROOT))
def test_page_is_sound(browser: Browser, address: str, name: str, view: str) -> None:
    with visiting(browser, address, view) as visit:
        visit.open(name)
        complaints = [complaint for check in CHECKS for complaint in check(visit)]
        assert complaints + visit.messages == []


def test_checks_find_planted_faults(browser: Browser, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each check of this file, given something to complain about, does."""
    monkeypatch.setattr(sys.modules[__name__], "HEAVIEST_PAGE", 100_000)
    faults = """() => {
        const article = document.querySelector("article");
        article.insertAdjacentHTML("beforeend", `
            <img id="dot" style="width: 200px; height: 150px !important"
                 src="data:image/gif;base64,R0lGODlhAQABAIAAAAUEBAAAACwAAAAAAQABAAACAkQBADs=">
            <span class="math">$x$</span> <div style="width: 3000px">wide</div>`);
        console.error("a planted message");
        return document.getElementById("dot").decode();
    }"""
    with visiting(browser, address, "light") as visit:
        visit.open("index.html")
        visit.page.evaluate(faults)
        visit.page.evaluate("fetch('https://example.org/far.js').catch(() => {})")
        visit.page.evaluate("fetch('missing.js')")
        found = "\n".join(complaint for check in CHECKS for complaint in check(visit))
        assert "asks another host: https://example.org/far.js" in found
        assert "scrolls sideways" in found
        assert "is distorted" in found
        assert "1 pixels drawn 200 px wide" in found
        assert "formula not drawn" in found
        assert "axe image-alt" in found
        assert re.search(r"weighs [\d,]+ bytes", found)
        messages = "\n".join(visit.messages)
        assert "a planted message" in messages
        assert re.search(r"error from .*missing\.js: .*404", messages)
