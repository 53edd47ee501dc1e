"""The lab that shows what is kept of the reader's work, saves it to a file and restores it from one."""

from __future__ import annotations

from typing import Any

from digitlib.labs.widgets import STATIC, Lab


class WorkLab(Lab):
    """See what is kept of your work, save all of it to a file, restore it from one. Page *Your work*.

    On the book's pages it shows what this browser keeps, in a notebook what the file beside it holds.
    """

    _esm = STATIC / "my-work.js"
    name = "my-work"
    title = "Your work"

    def __init__(self) -> None:
        super().__init__()

    @classmethod
    def fallback(cls, settings: dict[str, Any]) -> str:
        """Say where the lab is alive; there is nothing to be seen of somebody's work elsewhere."""
        return (
            f"<p><b>{cls.title}.</b> On the book's pages, where scripts may run, and in a notebook once its cell has "
            "run, you see here what is kept of your work, and can save it to a file or restore it from one.</p>"
        )
