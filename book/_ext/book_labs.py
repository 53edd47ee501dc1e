"""The labs on the site: their files, the script that starts them, and a directive for Markdown pages.

A lab in a chapter is stored as the element that `digitlib.labs.page_element` writes. Here the site gets the bundles,
the network's weights and the labs' data, all under ``_static/labs``, and each page with a lab the host script.
"""

from __future__ import annotations

import hashlib
import shutil
import sys
from pathlib import Path
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import Directive
from sphinx.application import Sphinx

sys.path.insert(0, str(Path(__file__).parents[2]))

from digitlib import labs
from digitlib.labs.widgets import STATIC, STILLS, files_for_pages

LABS = {lab.name: lab for lab in vars(labs).values() if hasattr(lab, "still")}


class LabDirective(Directive):
    """``{lab} draw`` in a Markdown page: the lab of that name."""

    required_arguments = 1
    option_spec: ClassVar[dict[str, Any]] = {}

    def run(self) -> list[nodes.Node]:
        """Return the lab's element."""
        name = self.arguments[0]
        if name not in LABS:
            raise self.error(f"there is no lab {name!r}: choose one of {', '.join(LABS)}")
        return [nodes.raw("", labs.page_element(LABS[name], {}), format="html")]


def _copy_files(app: Sphinx) -> None:
    target = Path(app.outdir) / "_static" / "labs"
    shutil.copytree(STATIC, target, dirs_exist_ok=True)
    (target / "files").mkdir(exist_ok=True)
    digest = hashlib.sha256()
    for name, file in files_for_pages().items():
        shutil.copy(file, target / "files" / name)
    for file in sorted(target.rglob("*.*")):
        digest.update(file.read_bytes())
    # Part of every address that a lab asks for, so that a browser never mixes files of two builds.
    app.labs_version = digest.hexdigest()[:8]


def _add_host(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    body = context.get("body", "")
    if "digits-lab-here" not in body:
        return
    stills = context["pathto"]("_static/labs/stills", resource=True)
    context["body"] = body.replace(f'src="{STILLS}/', f'src="{stills}/')
    app.add_css_file("labs/labs.css")
    app.add_js_file("labs/host.js", defer="defer", **{"data-version": app.labs_version})


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx."""
    app.add_directive("lab", LabDirective)
    app.connect("builder-inited", _copy_files)
    app.connect("html-page-context", _add_host)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
