"""Tell the style sheet what the parts of a chapter are: the opening, core and optional sections, predictions, claims.

The chapters are plain Markdown and plain output, as JupyterLab shows them; here they get the classes that
`_static/book.css` styles, and a solution's fold gets a label that says what is in it.
"""

from __future__ import annotations

import re
from itertools import groupby
from typing import Any

from book_chapters import CHAPTER
from docutils import nodes
from myst_nb.sphinx_ import HideCodeCellNode
from sphinx.application import Sphinx
from sphinx.writers.html5 import HTML5Translator

SECTION_MARK = re.compile(r"(Core|Optional) · \d+ min")
CLAIM = ("✓", "✗")


def _mark_parts(app: Sphinx, doctree: nodes.document) -> None:
    for paragraph in doctree.findall(nodes.paragraph):
        if SECTION_MARK.fullmatch(paragraph.astext()):
            paragraph["classes"].append("section-mark")
    for quote in doctree.findall(nodes.block_quote):
        if quote.astext().startswith("Predict"):
            quote["classes"].append("predict")
    for block in list(doctree.findall(nodes.literal_block)):
        if "stream" in block["classes"]:
            block.replace_self(_claims_apart(block))
    for cell in doctree.findall(nodes.container):
        if "tag_solution" in cell["classes"]:
            cell["prompt_show"], cell["prompt_hide"] = "Show the solution", "Hide the solution"
    if CHAPTER.match(app.env.docname):
        _wrap_opening(next(doctree.findall(nodes.section)))


def _claims_apart(block: nodes.literal_block) -> list[nodes.literal_block]:
    """Split printed text into blocks of claims and blocks of everything else."""
    parts = []
    for is_claim, lines in groupby(block.astext().splitlines(), lambda line: line.startswith(CLAIM)):
        part = block.deepcopy()
        part.rawsource = "\n".join(lines)
        part.children = [nodes.Text(part.rawsource)]
        part["classes"] += ["claims"] if is_claim else []
        parts.append(part)
    return parts


def _wrap_opening(chapter: nodes.section) -> None:
    """Put what stands between the title and the first cell, questions and objectives, into one box."""
    end = next(i for i, node in enumerate(chapter) if isinstance(node, nodes.container | nodes.section))
    opening = nodes.compound("", *chapter[1:end], classes=["opening"])
    chapter[1:end] = [opening]


def _visit_fold(self: HTML5Translator, node: HideCodeCellNode) -> None:
    # As MyST-NB writes it, but without a second label, of which readers by voice would see nothing.
    self.body.append(f'<details class="admonition hide {" ".join(node["classes"])}">\n<summary>\n')
    for state, label in (("collapsed", node["prompt_show"]), ("expanded", node["prompt_hide"])):
        self.body.append(f'<p class="{state} admonition-title">{self.encode(label)}</p>\n')
    self.body.append("</summary>\n")


def _depart_fold(self: HTML5Translator, node: HideCodeCellNode) -> None:
    self.body.append("</details>\n")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx."""
    app.connect("doctree-read", _mark_parts)
    app.add_node(HideCodeCellNode, override=True, html=(_visit_fold, _depart_fold))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
