"""Show on the status page what ``make notebooks`` measured: versions, and seconds and megabytes of each chapter.

Two directives without content, ``{measured-versions}`` and ``{measured-chapters}``, read ``reference/measured.json``.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

MEASURED_FILE = Path(__file__).parents[1] / "reference" / "measured.json"


def _table(header: list[str], rows: list[list[str | nodes.Node]], numeric_from: int) -> nodes.table:
    """Make a table; the columns from `numeric_from` on hold numbers and are set to the right."""
    group = nodes.tgroup(cols=len(header))
    group += [nodes.colspec(colwidth=1) for _ in header]
    for parent, lines in ((nodes.thead(), [header]), (nodes.tbody(), rows)):
        for line in lines:
            row = nodes.row()
            for column, content in enumerate(line):
                classes = ["text-right"] if column >= numeric_from else []
                inline = nodes.Text(content) if isinstance(content, str) else content
                row += nodes.entry("", nodes.paragraph("", "", inline), classes=classes)
            parent += row
        group += parent
    return nodes.table("", group)


class _Measured(SphinxDirective):
    def run(self) -> list[nodes.Node]:
        self.env.note_dependency(str(MEASURED_FILE))
        if not MEASURED_FILE.is_file():
            return [nodes.paragraph("", "Nothing has been measured yet.")]
        return self.render(json.loads(MEASURED_FILE.read_text(encoding="utf-8")))

    def render(self, measured: dict[str, Any]) -> list[nodes.Node]:
        raise NotImplementedError


class MeasuredVersions(_Measured):
    """A table of the versions with which the stored outputs were made."""

    def render(self, measured: dict[str, Any]) -> list[nodes.Node]:
        """Return the table."""
        return [_table(["Software", "Version"], [[name, str(v)] for name, v in measured["versions"].items()], 1)]


class MeasuredChapters(_Measured):
    """A table of how long each chapter ran and how much memory it took, and on how many cores."""

    def render(self, measured: dict[str, Any]) -> list[nodes.Node]:
        """Return a sentence about the machine and the table."""
        rows = [
            [self.link(name), f"{m['seconds']:.0f}", f"{m['peak_mb']:,.0f}"] for name, m in measured["chapters"].items()
        ]
        return [
            nodes.paragraph("", f"Measured on a machine with {measured['machine']['cores']} processor cores."),
            _table(["Chapter", "Seconds to run", "Peak memory (MB)"], rows, 1),
        ]

    def link(self, name: str) -> nodes.Node:
        """Return a link to a chapter; Sphinx fills in its title when it has read all pages."""
        place = {"refdomain": "std", "reftype": "doc", "reftarget": f"/book/{name}", "refexplicit": False}
        return pending_xref("", nodes.inline("", name), refdoc=self.env.docname, **place)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx."""
    app.add_directive("measured-versions", MeasuredVersions)
    app.add_directive("measured-chapters", MeasuredChapters)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
