"""Run chapters from top to bottom and store them as the book wants them: `make notebooks`.

Each chapter is executed in a fresh kernel, checked, normalised and only then written; a chapter with an error, a
failed claim or a message on the error stream is left as it was. What was measured goes into `MEASURED`, from which
the status page is made, and into the last line of the chapter's first cell.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import io
import json
import os
import platform
import re
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
BOOK = ROOT / "book"
MEASURED = BOOK / "reference" / "measured.json"
VERSIONS = ("tensorflow-cpu", "keras", "numpy", "scipy", "scikit-learn", "matplotlib", "ipywidgets", "jupyter-book")
SECTION_MARK = re.compile(r"^\*(Core|Optional) · (\d+) min\*$", re.MULTILINE)
MEASURED_LINE = re.compile(r"\n+\*Core .*\*\s*$")
# TensorFlow writes these from native code, past Python; they name the processor, not a problem.
NATIVE_LINE = re.compile(
    r"^(WARNING: All log messages before absl|[IWE]0000 00:00:|\d{4}-\d\d-\d\d .*[IWE] (external|tensorflow)/)"
)
KEPT_METADATA = ("jupyter", "mystnb", "tags")
ASK_PEAK_MEMORY = "import resource; print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"


class ChapterRefused(RuntimeError):
    """A chapter ran, but what came out must not be stored."""


def main() -> int:
    """Execute and store the chapters named on the command line, or all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("chapters", nargs="*", help="such as 03_layers; without any, all chapters")
    names = parser.parse_args().chapters or sorted(path.stem for path in BOOK.glob("*.ipynb"))
    failed = 0
    for name in names:
        try:
            measured = store(BOOK / f"{name}.ipynb")
        except Exception as error:
            failed += 1
            print(f"{name}: NOT STORED. {error}", file=sys.stderr)
        else:
            record(name, measured)
            print(f"{name}: {measured['seconds']} s, {measured['peak_mb']} MB", flush=True)
    return min(failed, 1)


def store(path: Path) -> dict[str, int]:
    """Execute one chapter and write it back, normalised; return its seconds and its peak memory in megabytes."""
    notebook = nbformat.read(path, as_version=4)
    measured = execute(notebook)
    complaints = objections(notebook)
    if complaints:
        raise ChapterRefused("; ".join(complaints))
    normalise(notebook, measured)
    aside = path.with_suffix(".part")
    aside.write_text(nbformat.writes(notebook) + "\n", encoding="utf-8")
    aside.replace(path)
    return measured


def execute(notebook: NotebookNode) -> dict[str, int]:
    """Run all cells in a fresh kernel, claims strict; return seconds and peak memory, rounded to what repeats."""
    os.environ |= {"DIGITLIB_STRICT": "1", "TF_CPP_MIN_LOG_LEVEL": "2"}
    notebook.cells.append(nbformat.v4.new_code_cell(ASK_PEAK_MEMORY))
    client = NotebookClient(
        notebook,
        timeout=600,
        kernel_name="python3",
        coalesce_streams=True,  # or a busy machine splits one cell's output
        resources={"metadata": {"path": str(BOOK)}},
    )
    start = time.perf_counter()
    try:
        client.execute()
    finally:
        asked = notebook.cells.pop()
    seconds = time.perf_counter() - start
    peak_mb = int(asked.outputs[0].text) / 1024
    return {"seconds": max(1, round(seconds)), "peak_mb": round(peak_mb / 10) * 10}


def objections(notebook: NotebookNode) -> list[str]:
    """Say what in the outputs must not be stored."""
    found = []
    for number, cell in enumerate(notebook.cells):
        for output in cell.get("outputs", []):
            if output.output_type == "stream" and output.name == "stderr":
                text = "\n".join(line for line in output.text.splitlines() if not NATIVE_LINE.match(line))
                if text.strip():
                    found.append(f"cell {number} wrote to the error stream: {text.strip()[:300]}")
            if str(ROOT) in json.dumps(output):
                found.append(f"cell {number} shows a path of this machine")
    return found


def normalise(notebook: NotebookNode, measured: dict[str, int]) -> None:
    """Leave in the notebook only what the book's authors and its run decide, so that a diff shows only what changed."""
    notebook.metadata = NotebookNode(
        kernelspec={"display_name": "Python 3", "language": "python", "name": "python3"},
        language_info={"name": "python"},
    )
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    seen: dict[str, int] = {}
    for cell in notebook.cells:
        cell.source = cell.source.strip("\n")
        cell.metadata = NotebookNode(
            {key: cell.metadata[key] for key in ("jupyter", "mystnb", "tags") if key in cell.metadata}
        )
        cell.id = _stable_id(cell.source, seen)
        if cell.cell_type == "code":
            cell.outputs = [kept for output in cell.outputs if (kept := _normalised(output, cell))]
    title = notebook.cells[0]
    title.source = MEASURED_LINE.sub("", title.source) + "\n\n" + _measured_line(notebook, measured)


def _stable_id(source: str, seen: dict[str, int]) -> str:
    digest = hashlib.sha256(MEASURED_LINE.sub("", source).encode()).hexdigest()[:12]
    seen[digest] = seen.get(digest, 0) + 1
    return digest if seen[digest] == 1 else f"{digest}-{seen[digest]}"


def _normalised(output: NotebookNode, cell: NotebookNode) -> NotebookNode | None:
    if output.output_type == "stream":
        return None if output.name == "stderr" else output
    output.data.pop("application/vnd.jupyter.widget-view+json", None)
    if "image/png" in output.data:
        output.data["image/png"] = _smaller(output.data["image/png"])
    alt = cell.metadata.get("mystnb", {}).get("image", {}).get("alt")
    if alt and "image/png" in output.data:
        # Once more where nbconvert looks for it; the cell's metadata is where it is written.
        output.metadata.setdefault("image/png", {})["alt"] = alt
    return output


def _smaller(png: str) -> str:
    """Reduce a figure to 256 colours: a third of the bytes, and no difference to be seen."""
    picture = Image.open(io.BytesIO(base64.b64decode(png)))
    if picture.mode == "P":
        return png  # reduced already
    buffer = io.BytesIO()
    picture.convert("RGB").quantize(256, dither=Image.Dither.NONE).save(buffer, format="png", optimize=True)
    return base64.b64encode(buffer.getvalue()).decode()


def _measured_line(notebook: NotebookNode, measured: dict[str, int]) -> str:
    minutes = {"Core": 0, "Optional": 0}
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            for kind, count in SECTION_MARK.findall(cell.source):
                minutes[kind] += int(count)
    optional = f", optional sections {minutes['Optional']} min" if minutes["Optional"] else ""
    return (
        f"*Core sections {minutes['Core']} min{optional}. Running all cells takes about {measured['seconds']} s on two "
        f"processor cores and at most {measured['peak_mb']} MB of memory.*"
    )


def record(name: str, measured: dict[str, int]) -> None:
    """Write a chapter's measurements, and what they were made with, into `MEASURED`."""
    old: dict[str, Any] = json.loads(MEASURED.read_text()) if MEASURED.exists() else {"chapters": {}}
    chapters = {key: value for key, value in old["chapters"].items() if (BOOK / f"{key}.ipynb").exists()}
    chapters[name] = measured
    content = {
        "machine": {"cores": os.cpu_count(), "system": platform.system()},
        "versions": {"python": ".".join(platform.python_version_tuple()[:2])}
        | {package: version(package) for package in VERSIONS},
        "chapters": dict(sorted(chapters.items())),
    }
    aside = MEASURED.with_suffix(".part")
    aside.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    aside.replace(MEASURED)


if __name__ == "__main__":
    sys.exit(main())
