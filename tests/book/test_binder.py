"""What Binder will do with the repository."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def dockerfile(tmp_path_factory) -> str:
    """Recipe of the image that repo2docker would build from the files at the root."""
    command = Path(sys.executable).with_name("jupyter-repo2docker")
    if not command.exists():
        if os.environ.get("CI"):
            pytest.fail("jupyter-repo2docker is not installed, so Binder's view of the repository was not checked")
        pytest.skip("jupyter-repo2docker is not installed")
    repository = tmp_path_factory.mktemp("binder")
    for name in ("requirements.txt", "runtime.txt", "pyproject.toml", "Makefile", "README.md"):
        shutil.copy(ROOT / name, repository)
    done = subprocess.run([command, "--no-build", "--debug", repository], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def test_binder_takes_a_python_that_tensorflow_supports(dockerfile):
    assert re.search(r"conda environment for python=3\.1[123]\b", dockerfile)


def test_binder_installs_the_locked_versions_after_it_has_copied_digitlib(dockerfile):
    copied = dockerfile.index("COPY --chown=0:0 src/ ${REPO_DIR}/")
    installed = dockerfile.index('pip install --no-cache-dir -r "requirements.txt"')
    assert copied < installed
    assert "-e ." in (ROOT / "requirements.txt").read_text().splitlines()


def test_every_locked_version_is_exact():
    lines = [line for line in (ROOT / "requirements.txt").read_text().splitlines() if line != "-e ."]
    assert len(lines) > 100
    assert [line for line in lines if not re.match(r"[a-z0-9-]+==[\w.]+( ; .+)?$", line)] == []


def test_no_folder_hides_the_files_at_the_root_from_binder():
    assert not (ROOT / "binder").exists()
    assert not (ROOT / ".binder").exists()
