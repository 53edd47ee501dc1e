"""The labs on the site: their files, the script that starts them, and a directive for Markdown pages.

A lab in a chapter is stored as the element that `digitlib.labs.page_element` writes. Here the site gets the bundles,
the network's weights and the labs' data, all under ``_static/labs``, and each page with a lab the host script.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
import sys
from pathlib import Path
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import Directive
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

sys.path.insert(0, str(Path(__file__).parents[2]))

from digitlib import labs
from digitlib.labs.widgets import STATIC, STILLS, Lab, files_for_pages
from digitlib.quizzes import QuizFileError

# The last words of a bundle.
EXPORT = re.compile(r"export\{([\w$]+) as default\};\s*\Z")
LABS = {lab.name: lab for lab in vars(labs).values() if isinstance(lab, type) and issubclass(lab, Lab)}


class LabDirective(Directive):
    """``{lab} draw`` in a Markdown page: the lab of that name; ``{lab} quiz part-1``: that quiz."""

    required_arguments = 1
    optional_arguments = 1
    option_spec: ClassVar[dict[str, Any]] = {}

    def run(self) -> list[nodes.Node]:
        """Return the lab's element."""
        name, *quiz = self.arguments
        if name not in LABS:
            raise self.error(f"there is no lab {name!r}: choose one of {', '.join(LABS)}")
        if bool(quiz) != (name == "quiz"):
            raise self.error("name a quiz, such as '{lab} quiz part-1', and nothing behind any other lab")
        try:
            element = labs.page_element(LABS[name], {"quiz": quiz[0]} if quiz else {})
        except QuizFileError as error:
            raise self.error(str(error)) from error
        return [nodes.raw("", element, format="html")]


def _copy_files(app: Sphinx) -> None:
    target = Path(app.outdir) / "_static" / "labs"
    shutil.copytree(STATIC, target, dirs_exist_ok=True)
    for folder in ("files", "offline"):
        (target / folder).mkdir(exist_ok=True)
    digest = hashlib.sha256()
    for name, file in files_for_pages().items():
        shutil.copy(file, target / "files" / name)
        _write_offline(target, name, json.dumps(base64.b64encode(file.read_bytes()).decode()))
    for name in LABS:
        _write_offline(target, name, _as_expression(STATIC / f"{name}.js"))
    for file in sorted(target.rglob("*.*")):
        digest.update(file.read_bytes())
    # Part of every address that a lab asks for, so that a browser never mixes files of two builds.
    app.labs_version = digest.hexdigest()[:8]


def _write_offline(target: Path, name: str, value: str) -> None:
    """Write a script that a page opened as a file can load where modules and data are refused to it; see host.js."""
    script = f"digitsBook[{json.dumps(name)}] = {value};\n"
    (target / "offline" / f"{name}.js").write_text(script, encoding="utf-8")


def _as_expression(bundle: Path) -> str:
    """Turn a lab's bundle, a module, into an expression whose value is what the module exports."""
    body, exports = EXPORT.subn(r"return \1;", bundle.read_text(encoding="utf-8"))
    if exports != 1:
        raise ExtensionError(f"{bundle.name} does not end as esbuild ends a module: bundle it anew with 'make labs'")
    return f'(() => {{ "use strict"; {body} }})()'


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
