"""What a lab's front end asks about the reader's work, answered from the file beside the notebook."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from digitlib import work
from digitlib.work import WorkFileError


def answer_about_work(question: dict[str, Any], buffers: Sequence[bytes | memoryview]) -> dict[str, Any]:
    """Answer one question of ``kernel_work.js``.

    Parameters
    ----------
    question
        "work" says what to do: "kept", "keep", "all", "restore", "forget" or "pseudonym"; "number" comes back with
        the answer, which may be one of several on their way.
    buffers
        For "restore", the bytes of the file.

    Returns
    -------
    dict
        "answered", the number, with "value": what was asked for, or what the reader should know after a change. Or
        with "error", a sentence for the reader.
    """
    try:
        return {"answered": question.get("number"), "value": _value(question, buffers)}
    except WorkFileError as error:
        return {"answered": question.get("number"), "error": str(error)}


def _value(question: dict[str, Any], buffers: Sequence[bytes | memoryview]) -> object:
    part, key = question.get("part"), question.get("key")
    match question["work"]:
        case "kept":
            return work.kept(part, key)
        case "all":
            return work.load()
        case "keep":
            return _told_after(lambda: work.keep(part, key, question.get("value")))
        case "restore":
            return _told_after(lambda: work.restore(b"".join(buffers)))
        case "forget":
            return _told_after(work.forget)
        case "pseudonym":
            return _told_after(lambda: work.set_pseudonym(question.get("text")))
    raise WorkFileError(f"a lab asked for {question['work']!r}, which this digitlib does not know: restart the kernel")


def _told_after(change: Callable[[], None]) -> str | None:
    """Change what is kept; say so if the file before could not be used and has been set aside."""
    try:
        work.load()
        told = None
    except WorkFileError as error:
        told = str(error)
    change()
    return told
