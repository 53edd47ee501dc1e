"""The labs' bundles, which are committed, are what esbuild makes of the sources today."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from built_site import ROOT

TOOL = ROOT / "tools" / "labs"
STATIC = ROOT / "digitlib" / "labs" / "static"


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Bundle the labs into another folder, with esbuild as locked."""
    if shutil.which("npm") is None:
        # Only who edits the labs needs Node; where everything is checked it must be there.
        pytest.fail("npm is missing") if os.environ.get("CI") else pytest.skip("npm is missing")
    target = tmp_path_factory.mktemp("bundles")
    if not (TOOL / "node_modules" / "esbuild").is_dir():
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--silent"], cwd=TOOL, check=True)
    subprocess.run(["node", "build.mjs", target], cwd=TOOL, check=True)
    return target


def test_the_bundles_are_fresh(fresh: Path) -> None:
    made = {file.name: file.read_bytes() for file in fresh.iterdir()}
    committed = {file.name: file.read_bytes() for file in STATIC.iterdir() if file.is_file()}
    assert sorted(made) == sorted(committed)
    assert [name for name in made if made[name] != committed[name]] == [], "run 'make labs' and commit what it changed"


def test_a_changed_source_would_be_noticed(fresh: Path, tmp_path: Path) -> None:
    copy = tmp_path / "repository"
    shutil.copytree(ROOT / "digitlib" / "labs" / "src", copy / "digitlib" / "labs" / "src")
    (copy / "tools").mkdir()
    shutil.copytree(TOOL, copy / "tools" / "labs", symlinks=True)
    source = copy / "digitlib" / "labs" / "src" / "answer.js"
    source.write_text(source.read_text("utf-8").replace("That is", "This is"), "utf-8")
    subprocess.run(["node", "build.mjs", tmp_path / "made"], cwd=copy / "tools" / "labs", check=True)
    assert (tmp_path / "made" / "draw.js").read_bytes() != (fresh / "draw.js").read_bytes()
    assert (tmp_path / "made" / "host.js").read_bytes() == (fresh / "host.js").read_bytes()


def test_no_bundle_names_another_host(fresh: Path) -> None:
    for file in fresh.iterdir():
        text = file.read_text("utf-8")
        for own in ("http://www.w3.org/2000/svg", "http://localhost:8000"):  # a name, and the reader's own machine
            text = text.replace(own, "")
        assert "http:" not in text
        assert "https:" not in text
