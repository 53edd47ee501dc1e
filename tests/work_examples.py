"""Saved work, good and bad: kernel and page must agree on every one of these files."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

EMPTY = {"schema": "digitlib-work", "version": "1", "pseudonym": "", "exercises": {}, "quizzes": {}, "labs": {}}
ATTEMPT = {
    "attempts": 3,
    "solved": True,
    "mistakes": {"transposed": 2, "off-by-one": 1},
    "hints": 1,
    "answer": 'shape = (24, 24, 8)\nexercises.check("output-shape", shape)',
}
FULL = EMPTY | {
    "pseudonym": "Änne-Löwe_7.b",
    "exercises": {"output-shape": ATTEMPT, "00_warm-up": ATTEMPT | {"solved": False, "mistakes": {}, "answer": ""}},
    "quizzes": {"03_layers": {"same-padding": ["It stays 28 × 28.", "😀 `24 × 24`"], "stride": []}, "part-1": {}},
    "labs": {"draw": {"strokes": [[22, 80, 70, 200, 70], [22, 200, 70, 130, 230]], "off": ["pen"]}, "other": None},
}


def changed(*path: str, to: Any) -> dict[str, Any]:
    """Give `FULL` with one value replaced, or added."""
    work = deepcopy(FULL)
    place = work
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = to
    return work


def without(*path: str) -> dict[str, Any]:
    """Give `FULL` with one entry taken out."""
    work = deepcopy(FULL)
    place = work
    for step in path[:-1]:
        place = place[step]
    del place[path[-1]]
    return work


def nested(depth: int) -> Any:
    """Give lists in lists."""
    return [nested(depth - 1)] if depth else []


_COUNT = ("exercises", "output-shape", "attempts")
_MISTAKES = ("exercises", "output-shape", "mistakes")
_TRIED = ("quizzes", "03_layers", "same-padding")

GOOD = {
    "nothing done yet": EMPTY,
    "all parts": FULL,
    "forty letters and digits of many scripts": changed("pseudonym", to=("Fuchs ñ हिन्दी 汉字 1٣ -_." + "x" * 40)[:40]),
    "forty letters outside the first plane": changed("pseudonym", to="𠮷" * 40),
    "the longest answer": changed("exercises", "output-shape", "answer", to="😀" * 4_000),
    "the largest counts": changed(*_COUNT, to=1_000_000),
    "a whole number with a point": changed(*_COUNT, to=3.0),
    "as many exercises as may be": changed("exercises", to={f"e{i}": ATTEMPT for i in range(200)}),
    "a name with all signs": changed("labs", to={"Aa0-_" * 12: {}}),
    "names that every object has": changed("quizzes", to={"constructor": {"toString": ["a"]}, "hasOwnProperty": {}}),
    "a large drawing": changed("labs", "draw", "strokes", to=[[22, *range(280)]] * 100),
    "a state of plain values": changed("labs", to={"a": 1.5, "b": "text", "c": True, "d": None, "e": [-9e15, 9e15]}),
    "lists as deep as may be": changed("labs", "draw", to=nested(7)),
}

# What the refusal must say, in both languages.
BAD = {
    "a list": ([FULL], "it is no file of saved work of this book"),
    "a number": (7, "it is no file of saved work of this book"),
    "nothing": (None, "it is no file of saved work of this book"),
    "a lab's file": ({"schema": "digitlib-quiz", "version": "1"}, "it is no file of saved work of this book"),
    "a newer version": (
        changed("version", to="2"),
        'it is of version "2", and this copy of the book knows version "1"',
    ),
    "a version that is a number": (changed("version", to=1), "it is of version 1,"),
    "no version": (without("version"), "it is of version"),
    "no labs": (without("labs"), "the file lacks the entry labs"),
    "no hints": (without("exercises", "output-shape", "hints"), "exercises / output-shape lacks the entry hints"),
    "more than belongs there": (changed("email", to="a@b.c"), 'the file has an entry "email", which does not belong'),
    "more in an exercise": (
        changed("exercises", "output-shape", "name", to="Ann"),
        'exercises / output-shape has an entry "name", which does not belong there',
    ),
    "a long pseudonym": (changed("pseudonym", to="x" * 41), "the pseudonym should be at most 40 letters"),
    "a pseudonym with tags": (changed("pseudonym", to="<b>me</b>"), 'but is "<b>me</b>"'),
    "a pseudonym over two lines": (changed("pseudonym", to="a\nb"), "the pseudonym should be"),
    "a pseudonym that turns the line": (changed("pseudonym", to="a\u202eb"), "the pseudonym should be"),
    "a pseudonym of the wrong type": (changed("pseudonym", to=["x"]), "but is a list of 1"),
    "exercises as a list": (changed("exercises", to=[]), "exercises should be a table of named entries, but is a list"),
    "an exercise as a number": (changed("exercises", "x", to=3), "exercises / x should be a table of named entries"),
    "too many exercises": (
        changed("exercises", to={f"e{i}": ATTEMPT for i in range(201)}),
        "exercises has 201 entries, more than 200",
    ),
    "a name with a space": (changed("exercises", to={"my exercise": ATTEMPT}), 'an entry "my exercise", whose name'),
    "a name with a line's end": (changed("exercises", to={"ab\n": ATTEMPT}), "whose name is not 1 to 60"),
    "a name that begins below": (changed("labs", to={"__proto__": {}}), '"__proto__", whose name is not 1 to 60'),
    "a name within a state": (changed("labs", to={"draw": {"__proto__": {}}}), "labs / draw has an entry"),
    "an empty name": (changed("quizzes", to={"": {}}), "whose name is not 1 to 60"),
    "a long name": (changed("quizzes", to={"x" * 61: {}}), "whose name is not 1 to 60"),
    "a count in letters": (
        changed(*_COUNT, to="3"),
        'attempts should be a whole number from 0 to 1,000,000, but is "3"',
    ),
    "a count that is no count": (changed(*_COUNT, to=True), "attempts should be a whole number"),
    "a count below zero": (changed(*_COUNT, to=-1), "but is -1"),
    "half an attempt": (changed(*_COUNT, to=2.5), "but is 2.5"),
    "a huge count": (changed(*_COUNT, to=1_000_001), "attempts should be a whole number from 0 to 1,000,000"),
    "a count without end": (changed(*_COUNT, to=1e300), "attempts should be a whole number from 0 to 1,000,000"),
    "too many mistakes": (changed(*_MISTAKES, to={f"m{i}": 1 for i in range(51)}), "mistakes has 51 entries"),
    "a mistake without a count": (changed(*_MISTAKES, to={"transposed": None}), "but is null"),
    "solved, perhaps": (
        changed("exercises", "output-shape", "solved", to=1),
        "solved should be true or false, but is 1",
    ),
    "too many hints": (changed("exercises", "output-shape", "hints", to=101), "a whole number from 0 to 100"),
    "a long answer": (
        changed("exercises", "output-shape", "answer", to="x" * 4_001),
        "answer should be a text of at most 4,000 characters",
    ),
    "no answer": (changed("exercises", "output-shape", "answer", to=None), "answer should be a text"),
    "too many quizzes": (changed("quizzes", to={f"q{i}": {} for i in range(51)}), "quizzes has 51 entries"),
    "too many questions": (
        changed("quizzes", "03_layers", to={f"q{i}": [] for i in range(101)}),
        "quizzes / 03_layers has 101 entries, more than 100",
    ),
    "a choice for a list": (changed(*_TRIED, to="24 × 24"), "same-padding should be a list of at most 20 choices"),
    "too many choices": (changed(*_TRIED, to=["a"] * 21), "same-padding should be a list of at most 20 choices"),
    "a number for a choice": (changed(*_TRIED, to=[24]), "should be a text of at most 500 characters, but is 24"),
    "a long choice": (changed(*_TRIED, to=["😀" * 501]), "should be a text of at most 500 characters"),
    "half a letter": (changed(*_TRIED, to=["\ud83d"]), "should be a text of at most 500 characters"),
    "too many labs": (changed("labs", to={f"l{i}": 1 for i in range(21)}), "labs has 21 entries"),
    "a huge state": (changed("labs", "draw", to=[0] * 30_000), "labs / draw holds more than 30,000 values"),
    "a deep state": (
        changed("labs", "draw", to=nested(8)),
        "labs / draw holds more than 30,000 values, or more than 8",
    ),
    "a huge number in a state": (changed("labs", "draw", to=[1e16]), "made of numbers up to 9e15"),
    "a long text in a state": (changed("labs", "draw", to={"t": "x" * 501}), "should be a text of at most 500"),
}

DAMAGED = "it is damaged, or no such file at all"
_WRITTEN = json.dumps(FULL)
# Bytes that are no such file, whatever their JSON would hold.
BAD_BYTES = {
    "empty": (b"", DAMAGED),
    "cut short": (_WRITTEN[:-9].encode(), DAMAGED),
    "a picture": (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", DAMAGED),
    "another encoding": (json.dumps(FULL, ensure_ascii=False).encode("latin-1", "replace"), DAMAGED),
    "not a number": (_WRITTEN.replace('"hints": 1', '"hints": NaN', 1).encode(), DAMAGED),
    "a number beyond all": (_WRITTEN.replace('"hints": 1', '"hints": 1e999', 1).encode(), "hints should be a whole"),
    "brackets without end": (b"[" * 200_000, DAMAGED),
    "too large": (_WRITTEN.encode() + b" " * 1_000_000, "it is larger than 1,000,000 bytes"),
}
GOOD_BYTES = {
    "as written": _WRITTEN.encode(),
    "with the mark that some editors put in front": b"\xef\xbb\xbf" + _WRITTEN.encode(),
    "an entry twice, of which the last counts": _WRITTEN.replace("{", '{"pseudonym": 7, ', 1).encode(),
}
