"""Keep measured results: what the tools that measure share."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def store(content: dict[str, Any], file: Path) -> None:
    """Write as JSON aside, then rename: the file is complete at any time."""
    aside = file.with_suffix(".part")
    aside.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    aside.replace(file)
