"""Number the chapters as their files are numbered: ``book/03_layers.ipynb`` is chapter 3, and the first is chapter 0.

Sphinx would count all pages of a numbered part from 1, and the book speaks of "chapter 3" in its prose. Pages without a
number in their name, such as the race and the quizzes that end the parts, have none.
"""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

CHAPTER = re.compile(r"book/(\d\d)_")


def _number_by_file_name(app: Sphinx, env: BuildEnvironment) -> list[str]:
    for docname, secnumbers in env.toc_secnumbers.items():
        match = CHAPTER.match(docname)
        chapter = int(match[1]) if match else None
        for anchor, number in secnumbers.items():
            secnumbers[anchor] = (chapter, *number[1:]) if match and number else None
        # The same numbers stand once more in the entries of the tables of contents and in the title.
        for entry in [*env.tocs[docname].findall(nodes.reference), env.titles[docname]]:
            if entry.get("secnumber"):
                entry["secnumber"] = [chapter, *entry["secnumber"][1:]] if match else None
        for numbers in env.toc_fignumbers.get(docname, {}).values():
            numbers |= {figure: ((chapter,) if match else ()) + number[1:] for figure, number in numbers.items()}
    return []


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx."""
    # Sphinx numbers the sections at this event, too; this comes after it.
    app.connect("env-get-updated", _number_by_file_name, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
