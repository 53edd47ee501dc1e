"""What the theme leaves undone on each page: a description and a social card, and no scripts of other hosts.

Also puts the repository's root on ``sys.path``, so that the API page documents the digitlib that lies beside the book.
"""

from __future__ import annotations

import sys
from html import escape
from pathlib import Path
from textwrap import shorten
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.writers.html5 import HTML5Translator

sys.path.insert(0, str(Path(__file__).parents[2]))

SOCIAL_CARD = "_static/social-card.png"
DESCRIPTION_LENGTH = 200
# The theme's own "auto" leaves a page without colours until its scripts have loaded, or for good where there are none.
FOLLOW_SYSTEM = """\
if (!localStorage.getItem("mode")) {
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  Object.assign(document.documentElement.dataset, { mode: "auto", theme: dark ? "dark" : "light" });
}"""

# The search shows a piece of each page that it found, and asks for the page; one opened as a file may not.
NO_EXCERPTS_FROM_FILES = """\
if (location.protocol === "file:") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;"""


def _description(doctree: nodes.document) -> str:
    """Return the page's first paragraph or entry of a list that says something, at the length of a search result."""
    texts = (paragraph.astext() for paragraph in doctree.findall(nodes.paragraph))
    # Shorter ones are labels, such as "Questions".
    return shorten(next((text for text in texts if len(text) >= 40), ""), DESCRIPTION_LENGTH, placeholder=" …")


def _add_description(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    base = app.config.html_baseurl
    description = (_description(doctree) if doctree else "") or app.config.project
    card = {
        "og:site_name": app.config.project,
        "og:type": "book" if pagename == app.config.root_doc else "article",
        "og:title": app.env.titles[pagename].astext() if doctree else app.config.project,
        "og:description": description,
        # Only an absolute address works for most readers of such cards.
        "og:image": base + SOCIAL_CARD if base else context["pathto"](SOCIAL_CARD, resource=True),
        "og:image:alt": "The title of the book beside a mosaic of handwritten digits",
    }
    if base:
        card["og:url"] = base + app.builder.get_target_uri(pagename)
    tags = [f'<meta property="{name}" content="{escape(text)}" />' for name, text in card.items()]
    tags.append('<meta name="twitter:card" content="summary_large_image" />')
    tags.append(f'<meta name="description" content="{escape(description)}" />')
    context["metatags"] = context.get("metatags", "") + "\n".join(tags) + "\n"


def _drop_scripts(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    def text(script: object) -> str:
        return f"{getattr(script, 'filename', script)} {getattr(script, 'attributes', {}).get('body', '')}".lower()

    # sphinx-thebe adds its configuration, twice, even where it is switched off: a script error on every page.
    unwanted = ["thebe"]
    # Sphinx loads MathJax on pages without formulas, too, if they list chapters with formulas.
    if not (doctree and any(doctree.findall(lambda node: isinstance(node, nodes.math | nodes.math_block)))):
        unwanted.append("mathjax")
    context["script_files"] = [s for s in context["script_files"] if not any(word in text(s) for word in unwanted)]


def _search_from_files(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    if pagename == "search":
        app.add_js_file(None, body=NO_EXCERPTS_FROM_FILES)


def _visit_citation(self: HTML5Translator, node: nodes.citation) -> None:
    # docutils puts entries of the role doc-biblioentry into a list, which must hold list items only.
    HTML5Translator.visit_citation(self, node)
    self.body[-1] = self.body[-1].replace('role="doc-biblioentry"', 'role="listitem"')


def _skip_member(app: Sphinx, what: str, name: str, member: object, skip: bool, options: object) -> bool | None:
    # The fields of a named tuple stand in its signature already; Python's own text about them says nothing.
    return True if (getattr(member, "__doc__", None) or "").startswith("Alias for field number") else None


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx."""
    app.add_js_file(None, body=FOLLOW_SYSTEM)
    app.add_node(nodes.citation, override=True, html=(_visit_citation, HTML5Translator.depart_citation))
    app.connect("autodoc-skip-member", _skip_member)
    app.connect("html-page-context", _add_description)
    app.connect("html-page-context", _search_from_files)
    app.connect("html-page-context", _drop_scripts, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
