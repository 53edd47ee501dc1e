"""How tests use a lab on a page: find it, draw into its pad, read its answer, carry its state to another page."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable

from playwright.sync_api import Locator, Page, expect

SHEET = 280  # units of the drawing pad
SEVEN = [[(80, 70), (200, 70)], [(200, 70), (130, 230)]]


def open_lab(page: Page, address: str, name: str) -> Locator:
    """Open a page, go to its lab of that name and wait until it has started."""
    page.goto(address)
    here = page.locator(f"[data-lab='{name}']")
    here.scroll_into_view_if_needed()
    lab = here.locator(".digits-lab")
    expect(lab).to_have_attribute("data-ready", "true", timeout=15_000)
    return lab


def draw(page: Page, lab: Locator, strokes: Iterable[list[tuple[int, int]]], pad: str = "Drawing pad") -> None:
    """Draw with the mouse; points in units of the pad, whatever its size on the screen."""
    canvas = lab.get_by_label(pad, exact=True)
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    scale = box["width"] / SHEET
    for stroke in strokes:
        for number, (x, y) in enumerate(stroke):
            page.mouse.move(box["x"] + x * scale, box["y"] + y * scale)
            if number == 0:
                page.mouse.down()
        page.mouse.up()


def status(lab: Locator) -> str:
    """Read what the lab's one status line says once it has settled."""
    lab.page.wait_for_timeout(150)
    return lab.get_by_role("status").text_content()


def top_digit(lab: Locator) -> int | None:
    """Return the first digit character of the status line, which is the answer."""
    found = re.search(r"\d", status(lab))
    return found and int(found[0])


def link(page: Page, lab: Locator) -> str:
    """Press "Link to this" and return the address that holds the state."""
    lab.get_by_role("button", name="Link to this").click()
    page.wait_for_function("location.hash.length > 3")
    return page.url


def with_state(lab: str, state: object, version: int = 1) -> str:
    """Write the part of an address that holds a lab's state, as a lab writes it; a text is taken as it is."""
    text = state if isinstance(state, str) else base64.urlsafe_b64encode(json.dumps(state).encode()).decode()
    return f"#{lab}={version}.{text.rstrip('=')}"
