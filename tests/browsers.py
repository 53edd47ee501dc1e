"""The browsers of this machine, and how they are started."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

FIREFOX_BRIDGE = Path(__file__).parent / "browser" / "firefox_bridge.py"
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
    # Nothing leaves this machine, so that a forgotten address fails the same way everywhere.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]


def chromium_path() -> str | None:
    """Find the system's Chromium."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)


def firefox_path() -> str | None:
    """Find Firefox, as Debian calls it or as others do."""
    return shutil.which("firefox-esr") or shutil.which("firefox")


def start_script(firefox: str, folder: Path) -> Path:
    """Write the script that starts Firefox behind the bridge that Playwright needs."""
    script = folder / "start"
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{FIREFOX_BRIDGE}" "{firefox}" "$@"\n')
    script.chmod(0o755)
    return script
