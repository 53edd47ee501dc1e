"""What a class installs: the book's versions, all that is needed, and wheels of them for every school's systems."""

from __future__ import annotations

import tomllib
from importlib.metadata import distribution
from itertools import product
from pathlib import Path

import pytest
import wheels
from built_site import ROOT
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

BOOK = (ROOT / "requirements.txt").read_text("utf-8").splitlines()
CLASS = (ROOT / "requirements-class.txt").read_text("utf-8").splitlines()
TARGETS = [*product(wheels.SYSTEMS, wheels.PYTHONS)]


def pinned(lines: list[str]) -> set[tuple[str, str]]:
    requirements = [Requirement(line) for line in lines if line != "-e ."]
    return {(one.name, str(one.specifier)) for one in requirements}


# -------------------------------------------------------------------------------------------------------------- pins


def test_a_class_gets_the_books_versions() -> None:
    assert CLASS[-1] == "-e ."
    assert pinned(CLASS) - pinned(BOOK) == set()
    assert len(pinned(CLASS)) < len(pinned(BOOK)) - 20


def test_a_class_gets_all_that_digitlib_and_jupyterlab_need() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    asked = [*settings["project"]["dependencies"], *settings["dependency-groups"]["class"]]
    names, waiting = set(), [*map(Requirement, asked)]
    while waiting:
        one = waiting.pop()
        # A marker that asks for an extra is of no use to anybody here, unless one of these asks for that extra.
        name = canonicalize_name(one.name)
        if name in names or (one.marker and not one.marker.evaluate({"extra": ""})):
            continue
        names.add(name)
        waiting += map(Requirement, distribution(name).requires or [])
    assert names - {canonicalize_name(name) for name, _ in pinned(CLASS)} == set()


# ------------------------------------------------------------------------------------------------------------- wheels


@pytest.mark.parametrize(("system", "python"), TARGETS)
def test_each_system_gets_its_own(system: str, python: str) -> None:
    names = {one.name for one in wheels.requirements(system, python)}
    assert ("tensorflow" in names) is (system == "macos")
    assert ("tensorflow-cpu" in names) is (system != "macos")
    assert ("pywinpty" in names) is (system == "windows")
    assert ("appnope" in names) is (system == "macos")
    versions = {str(one.specifier) for one in wheels.requirements(system, python) if one.name == "contourpy"}
    assert len(versions) == 1


def test_versions_that_depend_on_the_patch_are_both_there() -> None:
    versions = [str(one.specifier) for one in wheels.requirements("linux", "3.11") if one.name == "soupsieve"]
    of_lock = [line for line in CLASS if line.startswith("soupsieve")]
    assert len(versions) == len(of_lock)


def _line(name: str) -> str:
    return next(f"{name}{version}" for pinned_name, version in pinned(CLASS) if pinned_name == name)


def _wheel(folder: Path, line: str, tags: str) -> Path:
    name, version = line.split("==")
    file = folder / f"{name.replace('-', '_')}-{version}-{tags}.whl"
    file.touch()
    return file


def test_of_two_wheels_the_one_that_pip_takes(tmp_path: Path) -> None:
    pure = _wheel(tmp_path, _line("psutil"), "py3-none-any")
    windows = _wheel(tmp_path, _line("psutil"), "cp37-abi3-win_amd64")
    linux = _wheel(tmp_path, _line("psutil"), "cp36-abi3-manylinux_2_12_x86_64.manylinux2010_x86_64")
    macos = _wheel(tmp_path, _line("psutil"), "cp36-abi3-macosx_11_0_arm64")
    line = _line("psutil")
    assert wheels.wheels_for("windows", "3.12", tmp_path)[line] == windows
    assert wheels.wheels_for("linux", "3.12", tmp_path)[line] == linux
    assert wheels.wheels_for("macos", "3.12", tmp_path)[line] == macos
    windows.unlink()
    assert wheels.wheels_for("windows", "3.12", tmp_path)[line] == pure


@pytest.mark.parametrize(
    "tags",
    [
        "cp312-cp312-win32",
        "cp311-cp311-win_amd64",
        "cp313-cp313t-win_amd64",
        "cp312-cp312-manylinux_2_35_x86_64",
        "cp312-cp312-manylinux_2_28_aarch64",
        "cp312-cp312-musllinux_1_2_x86_64",
        "cp312-cp312-macosx_14_0_arm64",
        "cp312-cp312-macosx_11_0_x86_64",
        "cp312-cp312-linux_x86_64",
    ],
)
def test_wheels_for_other_machines_do_not_count(tmp_path: Path, tags: str) -> None:
    _wheel(tmp_path, _line("numpy"), tags)
    for system in wheels.SYSTEMS:
        assert _line("numpy") not in wheels.wheels_for(system, "3.12", tmp_path)


def test_other_versions_and_other_packages_do_not_count(tmp_path: Path) -> None:
    (tmp_path / "numpy-1.0-py3-none-any.whl").touch()
    (tmp_path / "unknown-1.0-py3-none-any.whl").touch()
    assert wheels.wheels_for("linux", "3.12", tmp_path) == {}


def test_what_has_no_wheel_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the three ways that a package can go: a wheel, a pure one that is built here, one for this machine only."""
    asked, pure, native = [], _line("namex"), _line("numpy")

    def pip(arguments: list[str | Path]) -> bool:
        asked.append(arguments)
        lines = [str(word) for word in arguments if "==" in str(word)]
        if arguments[0] == "download" and {pure, native} & {*lines}:
            return False
        folder = Path(arguments[arguments.index("--dest" if arguments[0] == "download" else "--wheel-dir") + 1])
        for line in lines:
            _wheel(folder, line, "cp312-cp312-linux_x86_64" if line == native else "py3-none-any")
        return True

    monkeypatch.setattr(wheels, "pip", pip)
    assert wheels.fetch("windows", "3.12", tmp_path) == [f"{native} has no wheel for windows with Python 3.12"]
    assert all("--only-binary=:all:" in words for words in asked if words[0] == "download")
    asked.clear()
    wheels.fetch("windows", "3.12", tmp_path)
    assert {words[-1] for words in asked} == {native}, "a second call asks only for what is missing"


def test_digitlibs_own_wheel_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copied = []

    def pip(arguments: list[str | Path]) -> bool:
        copied.extend(file.relative_to(arguments[-1]).as_posix() for file in Path(arguments[-1]).rglob("*.*"))
        return bool(copied)

    monkeypatch.setattr(wheels, "pip", pip)
    wheels.build_digitlib(tmp_path)
    assert {"pyproject.toml", "README.md", "digitlib/__init__.py", "digitlib/files/mnist.npz"} <= {*copied}
    monkeypatch.setattr(wheels, "pip", lambda _: False)
    with pytest.raises(SystemExit, match="digitlib's own wheel could not be built"):
        wheels.build_digitlib(tmp_path)
