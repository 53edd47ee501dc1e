"""Stored measurements: what longer runs brought, for the chapters to show.

Each study is one file of `digitlib/files`, written by the tool of the same name in `tools`, whose docstring says what
was measured. Introduced in the chapter *Building the network, layer by layer*.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from digitlib.data import FILES, DataFileError

SCHEMA = "digitlib-study"
SCHEMA_VERSION = "1"


def load_study(name: str) -> dict[str, Any]:
    """Load a stored study.

    Parameters
    ----------
    name
        "ingredients", "layer_order", "long_run", "momentum" or "seeds": the file's name without its ending.

    Returns
    -------
    dict
        "results", the "settings" they were made with, and the "machine" and "versions" that made them.

    Raises
    ------
    DataFileError
        If the file is missing, damaged or of another version.
    """
    file = FILES / f"{name}.json"
    with explained(file):
        study = read(file, SCHEMA, SCHEMA_VERSION)
        study["results"], study["settings"]  # a file without them is damaged, too
    return study


def read(file: Path, schema: str, version: str) -> dict[str, Any]:
    """Read a file of stored measurements; a ValueError if it is of another schema or version."""
    content = json.loads(file.read_text(encoding="utf-8"))
    found = content["schema"], content["version"]
    if found != (schema, version):
        raise ValueError(f"it is {found[0]} version {found[1]}, not {schema} version {version}")
    return content


@contextmanager
def explained(file: Path) -> Iterator[None]:
    """Turn whatever goes wrong in reading a file of stored measurements into a `DataFileError` with advice."""
    try:
        yield
    except (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        what = "is missing" if not file.is_file() else f"is damaged ({error!r})"
        raise DataFileError(
            f"{file.name}, which holds stored measurements, {what}. To get it back, run "
            f"'git checkout -- digitlib/files/{file.name}' in the book's folder; what measures it anew, 'make help' "
            f"tells. (Looked for in {file})"
        ) from error
