"""Write all quizzes for Moodle and its kin: Moodle's XML and GIFT, one file of each kind a quiz.

    python tools/quiz_exports.py              into _build/quizzes
    python tools/quiz_exports.py FOLDER       into another folder

In Moodle: *Question bank*, *Import*, the format, the file. Each quiz gets a category of its own.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from digitlib.quizzes import gift, load_quiz, moodle_xml, quiz_names

FOLDER = Path(__file__).resolve().parents[1] / "_build" / "quizzes"


def main(arguments: Sequence[str] | None = None) -> None:
    """Write both files of every quiz."""
    parser = argparse.ArgumentParser(description="Write all quizzes as Moodle's XML and as GIFT.")
    parser.add_argument("folder", type=Path, nargs="?", default=FOLDER, help="where to (default: _build/quizzes)")
    folder = parser.parse_args(arguments).folder
    folder.mkdir(parents=True, exist_ok=True)
    for name in quiz_names():
        quiz = load_quiz(name)
        _write(folder / f"{name}.xml", moodle_xml(quiz))
        _write(folder / f"{name}.gift", gift(quiz).encode())
        print(f"{name}: {len(quiz['questions'])} questions -> {name}.xml, {name}.gift")
    print(f"All in {folder}")


def _write(file: Path, content: bytes) -> None:
    aside = file.with_name(f"{file.name}.part")
    aside.write_bytes(content)
    aside.replace(file)


if __name__ == "__main__":
    main()
