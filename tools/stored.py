"""Keep measured results: what the tools that measure share."""

from __future__ import annotations

import json
import os
import platform
import re
from importlib.metadata import version
from pathlib import Path
from typing import Any

from digitlib.studies import SCHEMA, SCHEMA_VERSION


def frame(**content: Any) -> dict[str, Any]:
    """Head of a study for `digitlib.studies.load_study`: what it was made with, then the settings and results."""
    return {
        "schema": SCHEMA,
        "version": SCHEMA_VERSION,
        "machine": {"cores": os.cpu_count(), "system": platform.system()},
        "versions": {
            package.removesuffix("-cpu"): version(package) for package in ("tensorflow-cpu", "keras", "numpy")
        },
        **content,
    }


def resume(study: dict[str, Any], results: str, file: Path) -> dict[str, Any]:
    """Return the study that a file holds, or the given one, which has no results yet, if there is no file.

    Parameters
    ----------
    study
        What is about to be measured, and how; without results.
    results
        The key under which the results will stand. All other keys must be the same in both.
    file
        Where the results are kept.

    Raises
    ------
    SystemExit
        If the file's results were measured in another way or on another machine: the two must not mix.
    """
    if not file.exists():
        return study
    stored = json.loads(file.read_text(encoding="utf-8"))
    different = [key for key in study if key != results and stored.get(key) != study[key]]
    if different:
        raise SystemExit(f"{file.name} was measured with another {', '.join(different)}: use --anew, or --file")
    return stored


def store(content: dict[str, Any], file: Path) -> None:
    """Write as JSON aside, a row of numbers in one line, then rename: the file is complete at any time."""
    file.parent.mkdir(parents=True, exist_ok=True)
    aside = file.with_suffix(".part")
    text = re.sub(r"\[[-+.,\deE\s]*\]", lambda row: "".join(row[0].split()), json.dumps(content, indent=1))
    aside.write_text(text + "\n", encoding="utf-8")
    aside.replace(file)
