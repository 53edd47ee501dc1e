"""The labs' own source, to be shown beside what it computes: nothing in a chapter is a copy of it."""

from __future__ import annotations

import re
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from IPython.display import Markdown

SRC = Path(__file__).parent / "src"

# A function, class or constant of the file, or an entry of one of its tables, such as LAYERS.
_DEFINITION = re.compile(
    r"(?:export )?(?:default )?(?:async )?(?:function\*? |class |const |let )(?P<own>[\w$]+)"
    r"|  (?P<entry>[\w$]+)(?:: |\(.*\) \{)"
)
_COMMENT = re.compile(r"\s*(?://|/\*|\*)")
_RULE = re.compile(r"\s*//\s*-{10,}")  # the line that heads a part of a file


def source(file: str, name: str) -> Markdown:
    """Cut one definition out of the labs' JavaScript, with the comment above it, as highlighted text for a cell.

    Parameters
    ----------
    file
        A file of `digitlib/labs/src`, such as "engine.js".
    name
        A function or a constant of that file, or an entry of one of its tables, such as "Conv2D" in `LAYERS`.

    Returns
    -------
    IPython.display.Markdown
        The definition as it stands in the file, moved to the left edge.

    Raises
    ------
    ValueError
        If there is no such file, or the file defines nothing of that name.

    Notes
    -----
    It goes by the indentation that all these files keep. Introduced in the chapter *How this page runs the network*.
    """
    from IPython.display import Markdown

    files = sorted(path.name for path in SRC.glob("*.js"))
    if file not in files:
        raise ValueError(f"the labs have no source file {file!r}; there are {', '.join(files)}")
    lines = (SRC / file).read_text(encoding="utf-8").splitlines()
    places = _definitions(lines)
    if name not in places:
        raise ValueError(f"{file} defines nothing named {name!r}; it defines {', '.join(places)}")
    return Markdown(f"```javascript\n{_cut(lines, places[name])}\n```")


def _definitions(lines: list[str]) -> dict[str, int]:
    """List what a file defines, each with the number of its first line; of several, the first."""
    places: dict[str, int] = {}
    for number, line in enumerate(lines):
        if found := _DEFINITION.match(line):
            places.setdefault(found["own"] or found["entry"], number)
    return places


def _cut(lines: list[str], place: int) -> str:
    depth = _indent(lines[place])
    first = _comment_above(lines, place)
    if first == place > 1 and not lines[place - 1]:
        # The comment that heads a part of a file tells of the first definition in it.
        heading = _comment_above(lines, place - 1)
        if heading < place - 1 and heading > 0 and _RULE.match(lines[heading - 1]):
            first = heading
    last = place
    # All that is further to the right belongs to it, and the bracket that closes it.
    while last + 1 < len(lines) and (not lines[last + 1].strip() or _indent(lines[last + 1]) > depth):
        last += 1
    if last + 1 < len(lines) and lines[last + 1].strip()[0] in "})]" and _indent(lines[last + 1]) == depth:
        last += 1
    return dedent("\n".join(lines[first : last + 1])).strip("\n")


def _comment_above(lines: list[str], place: int) -> int:
    """Find the first line of the comment that ends right above a line; without one, that line itself."""
    while place > 0 and _COMMENT.match(lines[place - 1]) and not _RULE.match(lines[place - 1]):
        place -= 1
    return place


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())
