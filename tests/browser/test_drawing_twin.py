"""The same drawing gives the same picture in a browser as in Python, byte for byte."""

from __future__ import annotations

import base64
import itertools
import shutil
from pathlib import Path

import numpy as np
from built_site import ROOT, served
from numpy.typing import NDArray
from playwright.sync_api import Browser

import digitlib
from digitlib.drawing import prepare

SWITCHES = [
    dict(zip(("crop", "smooth", "centre"), values, strict=True))
    for values in itertools.product((True, False), repeat=3)
]

PREPARE_ALL = """async ({ sheets, shapes, steps }) => {
  const { prepare } = await import('./drawing.js');
  const bytes = Uint8Array.from(atob(sheets), (letter) => letter.charCodeAt(0));
  let start = 0;
  let pictures = '';
  const boxes = [];
  for (const [height, width] of shapes) {
    const made = prepare(bytes.subarray(start, start + height * width), width, height, steps);
    pictures += String.fromCharCode(...made.picture);
    boxes.push(made.box);
    start += height * width;
  }
  return { pictures: btoa(pictures), boxes };
}"""


def digits_on_sheets(rng: np.random.Generator) -> list[NDArray[np.uint8]]:
    """Draw 300 digits, enlarged by odd factors, away from the middle of 280 x 280 pixels."""
    sheets = []
    for digit in digitlib.load_mnist().x_val[:300]:
        rows, columns = rng.integers(29, 281, 2)
        index = np.ix_(np.arange(rows) * 28 // rows, np.arange(columns) * 28 // columns)
        top, left = rng.integers(0, 281 - rows), rng.integers(0, 281 - columns)
        sheet = np.zeros((280, 280), np.uint8)
        sheet[top : top + rows, left : left + columns] = digit[index]
        sheets.append(sheet)
    return sheets


def strokes(rng: np.random.Generator) -> list[NDArray[np.uint8]]:
    """Draw 300 random walks with a pen of random width, black or of random greys, on sheets of any shape."""
    sheets = []
    for number in range(300):
        height, width = rng.integers(8, 200, 2)
        walk = np.cumsum(rng.integers(-2, 3, (200, 2)), axis=0) + rng.integers(0, [height, width])
        sheet, pen = np.zeros((height, width), np.uint8), rng.integers(1, 9)
        for y, x in np.clip(walk, 0, [height - 1, width - 1]):
            sheet[y : y + pen, x : x + pen] = 255 if number % 2 else rng.integers(1, 256)
        sheets.append(sheet)
    return sheets


def odd_sheets(rng: np.random.Generator) -> list[NDArray[np.uint8]]:
    """Make sheets at the limits: lines, single pixels, full and nearly empty sheets, ties in every rounding."""
    shapes = [(1, 1), (1, 2), (2, 1), (1, 500), (500, 1), (2, 999), (999, 3), (20, 20), (28, 28), (27, 29), (40, 41)]
    sheets = [np.full(shape, value, np.uint8) for shape in shapes for value in (1, 127, 128, 255)]
    sheets += [rng.integers(0, 256, shape, dtype=np.uint8) | np.eye(*shape, dtype=np.uint8) for shape in shapes]
    for shape in ((280, 280), (28, 28), (31, 77), (300, 20)):
        for y, x in ((0, 0), (shape[0] - 1, shape[1] - 1), (shape[0] // 2, shape[1] // 2), (0, shape[1] - 1)):
            sheet = np.zeros(shape, np.uint8)
            sheet[y, x] = 200
            sheets.append(sheet)
    lost = np.zeros((280, 280), np.uint8)
    lost[0, 0] = lost[-1, -1] = 1  # the box is the whole sheet, and its means round to nothing
    corner = np.zeros((280, 280), np.uint8)
    corner[:3] = corner[:, :3] = 255
    corner[-1, -1] = 1  # the centre of mass lies so far off that the digit is cut
    large = rng.integers(0, 256, (1500, 1100), dtype=np.uint8)
    return [*sheets, lost, corner, large]


def test_python_and_javascript_agree_byte_for_byte(browser: Browser, tmp_path: Path) -> None:
    shutil.copy(ROOT / "digitlib" / "labs" / "src" / "drawing.js", tmp_path)
    (tmp_path / "index.html").write_text("<!doctype html><title>twin</title>", encoding="utf-8")
    rng = np.random.default_rng(0)
    digits, walks, odd = digits_on_sheets(rng), strokes(rng), odd_sheets(rng)
    with served(tmp_path) as address:
        page = browser.new_page()
        page.goto(address)
        for steps in SWITCHES:
            sheets = digits + walks + odd if all(steps.values()) else digits[::5] + walks[::3] + odd
            given = {
                "sheets": base64.b64encode(b"".join(sheet.tobytes() for sheet in sheets)).decode(),
                "shapes": [sheet.shape for sheet in sheets],
                "steps": steps,
            }
            found = page.evaluate(PREPARE_ALL, given)
            pictures = np.frombuffer(base64.b64decode(found["pictures"]), np.uint8).reshape(-1, 28, 28)
            expected = np.array([prepare(sheet, **steps) for sheet in sheets])
            different = np.flatnonzero((pictures != expected).any(axis=(1, 2)))
            assert len(pictures) == len(sheets)
            assert not different.size, f"{steps}: {different.size} of {len(sheets)} differ, first {different[:5]}"
            for sheet, box in zip(sheets, found["boxes"], strict=True):
                assert box == (ink_box(sheet) if steps["crop"] else whole(sheet))
        page.close()


def test_empty_and_wrong_sheets(browser: Browser, tmp_path: Path) -> None:
    shutil.copy(ROOT / "digitlib" / "labs" / "src" / "drawing.js", tmp_path)
    (tmp_path / "index.html").write_text("<!doctype html><title>twin</title>", encoding="utf-8")
    with served(tmp_path) as address:
        page = browser.new_page()
        page.goto(address)
        answers = page.evaluate("""async () => {
          const { prepare } = await import('./drawing.js');
          const answers = [[true, true], [false, true], [true, false]].map(
            ([crop, centre]) => prepare(new Uint8Array(12), 4, 3, { crop, centre }));
          try { prepare(new Uint8Array(11), 4, 3); } catch (error) { answers.push(String(error)); }
          return answers;
        }""")
        page.close()
    assert answers[:3] == [None, None, None]
    assert answers[3:] == ["RangeError: expected 4 x 3 pixels, but was given 11 numbers"]


def ink_box(sheet: NDArray[np.uint8]) -> dict[str, int]:
    """Find the smallest box around the ink."""
    rows, columns = np.nonzero(sheet)
    return {
        "top": int(rows.min()),
        "left": int(columns.min()),
        "width": int(np.ptp(columns)) + 1,
        "height": int(np.ptp(rows)) + 1,
    }


def whole(sheet: NDArray[np.uint8]) -> dict[str, int]:
    """Return the box of the whole sheet."""
    return {"top": 0, "left": 0, "width": sheet.shape[1], "height": sheet.shape[0]}
