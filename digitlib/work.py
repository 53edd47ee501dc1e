"""What a reader has done, kept in one file beside the notebooks: exercises, quizzes, what stands in the labs.

The file is small JSON, `my-digits-work.json` in the kernel's current folder. The book's pages keep the same in the
browser (``digitlib/labs/src/work.js``, held to the same rules), so that work moves between both. A pseudonym, which the
reader chooses, is all that it says about a person. Exercises and labs of every chapter write it.

While chapters are stored or checked (environment variable DIGITLIB_STRICT) nothing is read and nothing is written.
"""

from __future__ import annotations

import json
import os
import re
import time
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Literal

WORK_FILE = "my-digits-work.json"
LOCK_FILE = ".my-digits-work.lock"
SCHEMA = "digitlib-work"
VERSION = "1"

# A file may come from anywhere, so everything in it has a bound.
LARGEST_FILE = 1_000_000  # bytes
LONGEST_PSEUDONYM = 40
LONGEST_ANSWER = 4_000  # characters of an exercise's source text
LONGEST_TEXT = 500  # characters of a quiz's choice, or of a text in a lab's state
MOST_EXERCISES, MOST_MISTAKES, MOST_HINTS = 200, 50, 100
MOST_QUIZZES, MOST_QUESTIONS, MOST_TRIED = 50, 100, 20
MOST_LABS, MOST_VALUES, DEEPEST = 20, 30_000, 8  # values and nesting of one lab's state
LARGEST_COUNT = 1_000_000
LARGEST_NUMBER = 9e15  # up to here page and kernel read the same whole numbers

CUT = "\n# (cut here: the work file keeps no longer answers)"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,59}")
PATIENCE = 5.0  # seconds to wait for another notebook that is writing


class WorkFileError(ValueError):
    """The file of saved work, or what should go into it, is not as it should be; the message says what to do."""


# ------------------------------------------------------------------------------------------------ reading and writing


def load() -> dict[str, Any]:
    """Read the work file.

    Returns
    -------
    dict
        "pseudonym", "exercises", "quizzes" and "labs", with "schema" and "version". An empty one if there is no file
        yet, or if the environment variable DIGITLIB_STRICT is set.

    Raises
    ------
    WorkFileError
        If the file is damaged, foreign or of another version. It stays as it is.
    """
    file = Path(WORK_FILE)
    if _strict() or not file.exists():
        return _empty()
    try:
        return from_bytes(_bytes_of(file))
    except WorkFileError as error:
        raise WorkFileError(
            f"{WORK_FILE}, which keeps your work, cannot be used: {error}. It has not been changed. If you have saved "
            "your work to another file, restore it from there. Once something new is kept, it is set aside under "
            "another name."
        ) from error


def to_bytes() -> bytes:
    """Give all that is kept as the bytes of a file, for saving elsewhere.

    Raises
    ------
    WorkFileError
        If the work file cannot be used.
    """
    return _packed(load())


def restore(data: bytes) -> None:
    """Merge a saved file into what is kept here, so that neither loses anything.

    An exercise solved in either is solved; of attempts, hints and mistakes the larger number stays; a quiz keeps the
    choices of both, the file's first; drawings and a pseudonym come from the file.

    Raises
    ------
    WorkFileError
        If the bytes are no file of saved work, or both together are too large. Then nothing is changed.
    """
    try:
        saved = from_bytes(bytes(data))
    except WorkFileError as error:
        raise WorkFileError(f"This file cannot be restored: {error}. Nothing has been changed.") from error

    _change(lambda work: work.update(_merged(work, saved)))


def forget() -> None:
    """Empty the work file. There is no way back but a file that was saved before.

    Raises
    ------
    WorkFileError
        If the file cannot be written.
    """
    _change(lambda work: work.update(_empty()))


def set_pseudonym(text: str) -> None:
    """Choose the name that stands in the file: at most 40 letters, digits, spaces, "-", "_" and ".".

    Raises
    ------
    WorkFileError
        If it has anything else in it, or if the file cannot be written.
    """
    pseudonym = _pseudonym(" ".join(text.split()) if isinstance(text, str) else text)
    _change(lambda work: work.update(pseudonym=pseudonym))


def keep(part: Literal["quizzes", "labs"], key: str, value: object) -> None:
    """Keep a quiz's tried choices or a lab's state, in place of those kept before.

    Parameters
    ----------
    part
        "quizzes" or "labs".
    key
        The quiz's or the lab's name.
    value
        For a quiz, the choices tried for each question, in their order: ``{"same-padding": ["5 × 5", "7 × 7"]}``.
        For a lab, its state: whatever JSON can hold.

    Raises
    ------
    WorkFileError
        If there is no such part, if the value breaks a bound, or if the file cannot be written.
    """
    name = _place(part, key)
    _change(lambda work: work[part].update({name: value}))


def kept(part: Literal["quizzes", "labs"], key: str) -> object:
    """Return what `keep` kept, or None.

    Raises
    ------
    WorkFileError
        If there is no such part, or if the work file cannot be used.
    """
    name = _place(part, key)
    return load()[part].get(name)


# ------------------------------------------------------------------------------------------------------- exercises


def record_attempt(name: str, *, solved: bool, mistake: str | None, answer: str) -> None:
    """Enter one check of an exercise.

    Parameters
    ----------
    name
        The exercise's name.
    solved
        Whether this answer is right. What was solved once stays solved.
    mistake
        The name of the mistake that was recognised, or None.
    answer
        Source text of the cell with the answer; what is beyond 4,000 characters is cut. Once the exercise is solved,
        only the text of a right answer takes the place of an earlier one.

    Raises
    ------
    WorkFileError
        If a name is none, or if the file cannot be written.
    """
    _name(name, "exercises")
    if mistake is not None:
        _name(mistake, "mistakes")

    def enter(work: dict[str, Any]) -> None:
        entry = work["exercises"].setdefault(name, _no_attempt())
        entry["attempts"] = min(entry["attempts"] + 1, LARGEST_COUNT)
        if solved or not entry["solved"]:
            entry["answer"] = _cut(answer)
        entry["solved"] = entry["solved"] or bool(solved)
        if mistake is not None:
            entry["mistakes"][mistake] = min(entry["mistakes"].get(mistake, 0) + 1, LARGEST_COUNT)

    _change(enter)


def record_hint(name: str, step: int) -> None:
    """Enter that hints up to this step, from 1 on, were read for an exercise.

    Raises
    ------
    WorkFileError
        If the step is outside 1 to 100, the name is none, or the file cannot be written.
    """
    _name(name, "exercises")
    step = _whole(step, "hints", MOST_HINTS)

    def enter(work: dict[str, Any]) -> None:
        entry = work["exercises"].setdefault(name, _no_attempt())
        entry["hints"] = max(entry["hints"], step)

    _change(enter)


def solved() -> set[str]:
    """Name the exercises that are solved.

    Raises
    ------
    WorkFileError
        If the work file cannot be used.
    """
    return {name for name, entry in load()["exercises"].items() if entry["solved"]}


# ------------------------------------------------------------------------------------------------- what is allowed


def checked(content: object) -> dict[str, Any]:
    """Check that something is saved work, in every part of it: types, names, bounds, version.

    Parameters
    ----------
    content
        What came out of a JSON file.

    Returns
    -------
    dict
        The same content, anew.

    Raises
    ------
    WorkFileError
        If anything is not as it should be; it names what.
    """
    if not isinstance(content, dict) or content.get("schema") != SCHEMA:
        raise WorkFileError("it is no file of saved work of this book")
    if content.get("version") != VERSION:
        raise WorkFileError(
            f"it is of version {_shown(content.get('version'))}, and this copy of the book knows version "
            f'"{VERSION}": take a newer copy of the book'
        )
    _fields(content, _empty(), "the file")
    return {
        "schema": SCHEMA,
        "version": VERSION,
        "pseudonym": _pseudonym(content["pseudonym"]),
        "exercises": _table(content["exercises"], "exercises", MOST_EXERCISES, _exercise),
        "quizzes": _table(content["quizzes"], "quizzes", MOST_QUIZZES, _quiz),
        "labs": _table(content["labs"], "labs", MOST_LABS, _state),
    }


def _empty() -> dict[str, Any]:
    return {"schema": SCHEMA, "version": VERSION, "pseudonym": "", "exercises": {}, "quizzes": {}, "labs": {}}


def _no_attempt() -> dict[str, Any]:
    return {"attempts": 0, "solved": False, "mistakes": {}, "hints": 0, "answer": ""}


def _exercise(value: object, where: str) -> dict[str, Any]:
    entry = _fields(value, _no_attempt(), where)
    if not isinstance(entry["solved"], bool):
        raise _refusal(f"{where} / solved", "true or false", entry["solved"])
    return {
        "attempts": _whole(entry["attempts"], f"{where} / attempts", LARGEST_COUNT),
        "solved": entry["solved"],
        "mistakes": _table(
            entry["mistakes"],
            f"{where} / mistakes",
            MOST_MISTAKES,
            lambda count, there: _whole(count, there, LARGEST_COUNT),
        ),
        "hints": _whole(entry["hints"], f"{where} / hints", MOST_HINTS),
        "answer": _text(entry["answer"], f"{where} / answer", LONGEST_ANSWER),
    }


def _quiz(value: object, where: str) -> dict[str, list[str]]:
    return _table(value, where, MOST_QUESTIONS, _tried)


def _tried(value: object, where: str) -> list[str]:
    if not isinstance(value, list) or len(value) > MOST_TRIED:
        raise _refusal(where, f"a list of at most {MOST_TRIED} choices", value)
    return [_text(choice, where, LONGEST_TEXT) for choice in value]


def _state(value: object, where: str) -> object:
    """Check a lab's state: any JSON, as long as it is small."""
    left = MOST_VALUES

    def copied(part: object, depth: int) -> object:
        nonlocal left
        left -= 1
        if left < 0 or depth > DEEPEST:
            raise WorkFileError(f"{where} holds more than {MOST_VALUES:,} values, or more than {DEEPEST} in each other")
        if part is None or isinstance(part, bool):
            return part
        if isinstance(part, int | float):
            if not abs(part) <= LARGEST_NUMBER:
                raise _refusal(where, "made of numbers up to 9e15", part)
            return part
        if isinstance(part, list):
            return [copied(each, depth + 1) for each in part]
        if isinstance(part, dict):
            return {_name(key, where): copied(each, depth + 1) for key, each in part.items()}
        return _text(part, where, LONGEST_TEXT)

    return copied(value, 1)


def _fields(value: object, fields: dict[str, Any], where: str) -> dict[str, Any]:
    """Check that a table has exactly these entries."""
    if not isinstance(value, dict):
        raise _refusal(where, "a table of named entries", value)
    for field in fields:
        if field not in value:
            raise WorkFileError(f"{where} lacks the entry {field}")
    for key in value:
        if key not in fields:
            raise WorkFileError(f"{where} has an entry {_shown(key)}, which does not belong there")
    return value


def _table(value: object, where: str, most: int, check: Callable[[object, str], Any]) -> dict[str, Any]:
    """Check a table from names to entries, and each of them."""
    if not isinstance(value, dict):
        raise _refusal(where, "a table of named entries", value)
    if len(value) > most:
        raise WorkFileError(f"{where} has {len(value):,} entries, more than {most}")
    return {_name(key, where): check(entry, f"{where} / {key}") for key, entry in value.items()}


def _name(key: object, where: str) -> str:
    if not isinstance(key, str) or not NAME.fullmatch(key):
        raise WorkFileError(
            f"{where} has an entry {_shown(key)}, whose name is not 1 to 60 of a-z, A-Z, 0-9, - and _, "
            "beginning with a letter or a digit"
        )
    return key


def _place(part: object, key: object) -> str:
    if part not in ("quizzes", "labs"):
        raise WorkFileError(f'what is kept is one of "quizzes" and "labs", not {_shown(part)}')
    return _name(key, part)


def _whole(value: object, where: str, largest: int) -> int:
    good = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= largest
    if not good or value != int(value):
        raise _refusal(where, f"a whole number from 0 to {largest:,}", value)
    return int(value)


def _text(value: object, where: str, longest: int) -> str:
    # A half of a letter, as broken software leaves it, could not be written again.
    if not isinstance(value, str) or len(value) > longest or re.search("[\ud800-\udfff]", value):
        raise _refusal(where, f"a text of at most {longest:,} characters", value)
    return value


def _pseudonym(value: object) -> str:
    def allowed(letter: str) -> bool:
        return letter in " -_." or unicodedata.category(letter)[0] in "LM" or unicodedata.category(letter) == "Nd"

    if not isinstance(value, str) or len(value) > LONGEST_PSEUDONYM or not all(map(allowed, value)):
        raise _refusal("the pseudonym", f'at most {LONGEST_PSEUDONYM} letters, digits, spaces, "-", "_" and "."', value)
    return value


def _refusal(where: str, expected: str, value: object) -> WorkFileError:
    return WorkFileError(f"{where} should be {expected}, but is {_shown(value)}")


def _shown(value: object) -> str:
    """Show a value of a foreign file in few letters, none of which can do harm."""
    if isinstance(value, dict | list):
        return f"a {'table' if isinstance(value, dict) else 'list'} of {len(value):,}"
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"{value:.16g}" if abs(value) < 1e300 else "no such number"
    text = json.dumps(value) if value is None or isinstance(value, str | bool) else type(value).__name__
    return text if len(text) <= 50 else f"{text[:47]}..."


# ---------------------------------------------------------------------------------------------- one file, two notebooks


def _strict() -> bool:
    return bool(os.environ.get("DIGITLIB_STRICT"))


def _bytes_of(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            return opened.read(LARGEST_FILE + 1)
    except OSError as error:
        raise WorkFileError(f"it cannot be read ({error.strerror})") from error


def from_bytes(data: bytes) -> dict[str, Any]:
    """Read the bytes of a file of saved work.

    Returns
    -------
    dict
        As `checked` gives it.

    Raises
    ------
    WorkFileError
        If they are none, are too many, or hold anything that is not as it should be.
    """
    if len(data) > LARGEST_FILE:
        raise WorkFileError(f"it is larger than {LARGEST_FILE:,} bytes")
    try:
        content = json.loads(data.decode("utf-8-sig"), parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise WorkFileError("it is damaged, or no such file at all") from error
    return checked(content)


def _no_number(text: str) -> float:
    raise ValueError(f"{text} is no number of JSON")


def _packed(work: dict[str, Any]) -> bytes:
    data = (json.dumps(checked(work), ensure_ascii=False) + "\n").encode()
    if len(data) > LARGEST_FILE:
        raise WorkFileError(
            f"there is no room for this: the work file would be larger than {LARGEST_FILE:,} bytes. Save your work "
            "to a file, then forget what is kept here."
        )
    return data


def _change(change: Callable[[dict[str, Any]], None]) -> None:
    """Read the file anew, change what it holds, and write it; no other notebook comes in between."""
    if _strict():
        return
    with _alone():
        try:
            work = load()
        except WorkFileError:
            work = _empty()
            change(work)
            data = _packed(work)
            _set_aside()
        else:
            change(work)
            data = _packed(work)
        _write(data)


@contextmanager
def _alone() -> Iterator[None]:
    """Wait until no other notebook of this folder writes; a crashed one does not count.

    SQLite brings a lock that works alike on all systems: an empty database, of which only the lock is used.
    """
    import sqlite3

    try:
        lock = sqlite3.connect(LOCK_FILE, timeout=PATIENCE, isolation_level=None)
        try:
            lock.execute("BEGIN EXCLUSIVE")
            yield
        finally:
            lock.close()
    except (sqlite3.Error, OSError) as error:
        raise WorkFileError(
            f"your work cannot be kept in {WORK_FILE} ({error}). May you write into this notebook's folder, and does "
            "no other program hold the file? What you did is still on the page."
        ) from error


def _write(data: bytes) -> None:
    aside = Path(f"{WORK_FILE}.part")
    aside.write_bytes(data)
    # On Windows a file cannot be replaced in the very moment in which another program reads it.
    for _ in range(20):
        with suppress(PermissionError):
            aside.replace(WORK_FILE)
            return
        time.sleep(0.05)
    aside.replace(WORK_FILE)


def _set_aside() -> None:
    """Give an unusable file another name, so that nothing in it is lost, and say so."""
    stem, number = WORK_FILE.removesuffix(".json"), 1
    while (place := Path(f"{stem}-set-aside-{number}.json")).exists():
        number += 1
    Path(WORK_FILE).rename(place)
    print(f"{WORK_FILE} could not be read. It is {place} now, and a new file has been begun.")


# ------------------------------------------------------------------------------------------------------------ merging


def _merged(here: dict[str, Any], saved: dict[str, Any]) -> dict[str, Any]:
    """Put saved work and the work of this folder together."""
    return {
        "schema": SCHEMA,
        "version": VERSION,
        "pseudonym": saved["pseudonym"] or here["pseudonym"],
        "exercises": _union(here["exercises"], saved["exercises"], _merged_exercise),
        "quizzes": _union(here["quizzes"], saved["quizzes"], _merged_quiz),
        "labs": here["labs"] | saved["labs"],
    }


def _union(here: dict[str, Any], saved: dict[str, Any], merge: Callable[[Any, Any], Any]) -> dict[str, Any]:
    both = {name: merge(here[name], saved[name]) for name in here if name in saved}
    return here | saved | both


def _merged_exercise(here: dict[str, Any], saved: dict[str, Any]) -> dict[str, Any]:
    from_file = not here["answer"] or (saved["solved"] and not here["solved"])
    return {
        "attempts": max(here["attempts"], saved["attempts"]),
        "solved": here["solved"] or saved["solved"],
        "mistakes": _union(here["mistakes"], saved["mistakes"], max),
        "hints": max(here["hints"], saved["hints"]),
        "answer": saved["answer"] if from_file else here["answer"],
    }


def _merged_quiz(here: dict[str, list[str]], saved: dict[str, list[str]]) -> dict[str, list[str]]:
    # What was saved was tried earlier.
    return _union(here, saved, lambda now, before: list(dict.fromkeys([*before, *now]))[:MOST_TRIED])


def _cut(answer: str) -> str:
    whole = answer.encode("utf-8", "replace").decode("utf-8")
    return whole if len(whole) <= LONGEST_ANSWER else whole[: LONGEST_ANSWER - len(CUT)] + CUT
