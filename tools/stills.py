"""Photograph each lab as it stands on its page, for where no script runs: `make stills`, after `make notebooks`.

The pictures go into `digitlib/labs/static/stills`, one for each lab.
"""

from __future__ import annotations

import io
import tempfile
from pathlib import Path

from browsers import CHROMIUM_ARGUMENTS, chromium_path
from built_site import ROOT, build, pages, served
from labs import SEVEN, draw, open_lab
from PIL import Image
from playwright.sync_api import Locator, Page, sync_playwright

STILLS = ROOT / "digitlib" / "labs" / "static" / "stills"
HEIGHT = 620  # css pixels; the rest of a lab can be guessed
COLOURS = 96


def main() -> None:
    """Build the site, visit every page, photograph every lab that has no picture yet from this run."""
    with tempfile.TemporaryDirectory() as folder:
        done = build(ROOT, Path(folder), BOOK_REPOSITORY="")
        if done.returncode:
            raise SystemExit(f"the book does not build:\n{done.stderr[-2000:]}")
        with sync_playwright() as playwright, served(Path(folder) / "_build" / "html") as address:
            browser = playwright.chromium.launch(executable_path=chromium_path(), args=CHROMIUM_ARGUMENTS)
            taken = {"quiz", "my-work"}  # where these cannot start, words stand in their place
            for name in pages(ROOT):
                page = browser.new_page(viewport={"width": 1280, "height": 2400}, device_scale_factor=2)
                page.goto(address + name)
                places = page.locator("[data-lab]").all()
                for lab in [place.get_attribute("data-lab") for place in places]:
                    if lab not in taken:
                        taken.add(lab)
                        _photograph(page, open_lab(page, address + name, lab), lab)
                page.close()


def _photograph(page: Page, lab: Locator, name: str) -> None:
    if name == "draw":
        draw(page, lab, SEVEN)
    if name == "guess":
        lab.get_by_label("Draw number").fill("37")
        lab.get_by_role("button", name="Start").click()
    if name == "design":
        lab.get_by_role("combobox", name="Puzzle").select_option(label="4. Left edge")
        for row in range(2):
            lab.get_by_role("spinbutton", name=f"Weight in row {row}, column 0").fill("-1")
            lab.get_by_role("spinbutton", name=f"Weight in row {row}, column 2").fill("1")
    page.evaluate("document.activeElement.blur()")
    page.mouse.move(5, 5)
    page.wait_for_timeout(1000)
    # Below the page's own header, and below what sticks there.
    lab.evaluate("lab => scrollBy({ top: lab.getBoundingClientRect().top - 200, behavior: 'instant' })")
    page.wait_for_timeout(200)
    box = lab.bounding_box()
    clip = {"x": box["x"], "y": box["y"], "width": box["width"], "height": min(box["height"], HEIGHT)}
    picture = Image.open(io.BytesIO(page.screenshot(clip=clip)))
    STILLS.mkdir(exist_ok=True)
    file = STILLS / f"{name}.png"
    picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(file, optimize=True)
    print(f"{name}: {file.stat().st_size // 1000} kB")


if __name__ == "__main__":
    main()
