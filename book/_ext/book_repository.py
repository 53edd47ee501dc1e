"""Find out which repository the site is built from, and offer "run it on Binder" only if the world can reach it.

The address comes from the environment variable ``BOOK_REPOSITORY`` or from the git remote ``origin``; a remote that
is a path on this machine counts as none. The site's own address, which social cards need, comes from ``BOOK_URL``
or, for a repository on GitHub, is that of its GitHub Pages.
"""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sphinx.application import Sphinx
from sphinx.config import Config

# git@host:owner/repo.git, ssh://git@host:22/owner/repo.git, https://token@host/owner/repo.git
REMOTE = re.compile(
    r"(?:(?:ssh|git|https?)://)?(?:[^@/]+@)?(?P<host>[\w-]+(?:\.[\w-]+)+)(?::\d+/|[:/])(?P<path>[^?#]+)"
)


def https_address(remote: str) -> str | None:
    """Return the https address of a git remote, or None if it is not one that others can reach."""
    match = REMOTE.fullmatch(remote.strip())
    # A remote without a scheme is a path, unless it is of the form user@host:path.
    if not match or not re.search(r"://|@", remote):
        return None
    path = match["path"].strip("/").removesuffix(".git")
    return f"https://{match['host']}/{path}" if path.count("/") >= 1 else None


def repository_address(folder: Path) -> str | None:
    """Return the https address of the repository that `folder` belongs to, or None if there is none to offer."""
    if "BOOK_REPOSITORY" in os.environ:
        return https_address(os.environ["BOOK_REPOSITORY"])
    try:
        command = ["git", "-C", str(folder), "remote", "get-url", "origin"]
        return https_address(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    except (OSError, subprocess.CalledProcessError):
        return None


def site_address(repository: str | None) -> str:
    """Return the address at which the site will be published, ending in a slash, or "" if it is not known."""
    if "BOOK_URL" in os.environ:
        return os.environ["BOOK_URL"].rstrip("/") + "/"
    if repository and (parts := urlsplit(repository)).hostname == "github.com":
        owner, name = parts.path.strip("/").split("/")[:2]
        return f"https://{owner.lower()}.github.io/{name}/"
    return ""


def _configure(app: Sphinx, config: Config) -> None:
    repository = repository_address(Path(app.srcdir))
    config.html_baseurl = site_address(repository)
    options = config.html_theme_options
    # Set even when empty: Jupyter Book's default is its own repository.
    options["repository_url"] = repository or ""
    options["repository_branch"] = "main"
    options["use_repository_button"] = bool(repository)
    options["launch_buttons"] = options["launch_buttons"] | {
        "binderhub_url": "https://mybinder.org" if repository else ""
    }
    if repository and not re.search("github|gitlab|bitbucket", repository):
        # The theme refuses to guess. "gitlab" decides only about the icon; Binder gets the plain address.
        options["repository_provider"] = "gitlab"


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx."""
    app.connect("config-inited", _configure)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
