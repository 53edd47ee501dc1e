"""Fill `_build/wheels` with all that a class needs, for machines without internet: `make wheels`.

What the students' kit installs stands in requirements-class.txt. Each of its lines is fetched as a wheel for every
system and Python that is named, whatever this machine is, and digitlib's own wheel is added. With the folder beside
the unpacked kit, `pip install --no-index --find-links wheels -r requirements.txt` asks no other host. A second call
fetches only what the first one did not.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from packaging.requirements import Requirement
from packaging.tags import Tag, compatible_tags, cpython_tags, mac_platforms
from packaging.utils import canonicalize_name, parse_wheel_filename
from site_copy import ROOT, package_files

WHEELS = ROOT / "_build" / "wheels"
REQUIREMENTS = ROOT / "requirements-class.txt"
PYTHONS = ("3.11", "3.12", "3.13")
# What wheels for the oldest machine are called that TensorFlow runs on, and what pip's markers see there.
SYSTEMS = {
    "windows": (
        ["win_amd64"],
        {"sys_platform": "win32", "os_name": "nt", "platform_system": "Windows", "platform_machine": "AMD64"},
    ),
    "macos": (
        [*mac_platforms((12, 0), "arm64")],
        {"sys_platform": "darwin", "os_name": "posix", "platform_system": "Darwin", "platform_machine": "arm64"},
    ),
    "linux": (
        [
            *(f"manylinux_2_{minor}_x86_64" for minor in range(28, 4, -1)),
            *(f"manylinux{year}_x86_64" for year in (2014, 2010, 1)),
        ],
        {"sys_platform": "linux", "os_name": "posix", "platform_system": "Linux", "platform_machine": "x86_64"},
    ),
}


def main() -> int:
    """Fetch the wheels for the systems and Pythons of the command line, and say how large they are."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--systems", nargs="+", choices=SYSTEMS, default=[*SYSTEMS])
    parser.add_argument("--pythons", nargs="+", choices=PYTHONS, default=[*PYTHONS])
    asked = parser.parse_args()
    WHEELS.mkdir(parents=True, exist_ok=True)
    build_digitlib(WHEELS)
    missing = []
    for system in asked.systems:
        for python in asked.pythons:
            missing += fetch(system, python, WHEELS)
            size = sum(file.stat().st_size for file in wheels_for(system, python, WHEELS).values())
            print(f"{system}, Python {python}: {size / 1e6:,.0f} MB", flush=True)
    total = sum(file.stat().st_size for file in WHEELS.glob("*.whl"))
    print(f"In all {total / 1e6:,.0f} MB in {WHEELS.relative_to(ROOT)}; many files serve several of them.")
    for line in missing:
        print(f"MISSING: {line}", file=sys.stderr)
    return min(len(missing), 1)


def requirements(system: str, python: str) -> list[Requirement]:
    """Lines of requirements-class.txt that hold on a system with a Python such as "3.12", of any of its patches."""
    lines = REQUIREMENTS.read_text(encoding="utf-8").splitlines()
    pinned = [Requirement(line) for line in lines if not line.startswith("-e")]
    markers = {
        **SYSTEMS[system][1],
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
        "python_version": python,
    }
    patches = [markers | {"python_full_version": f"{python}.{patch}"} for patch in (0, 99)]
    return [one for one in pinned if not one.marker or any(map(one.marker.evaluate, patches))]


def tags_for(system: str, python: str) -> dict[Tag, int]:
    """Tags of the wheels that can be installed there, each with its rank: of two wheels, pip takes the lower."""
    version, interpreter = tuple(map(int, python.split("."))), f"cp{python.replace('.', '')}"
    platforms = SYSTEMS[system][0]
    tags = [
        *cpython_tags(version, abis=[interpreter], platforms=platforms),
        *compatible_tags(version, interpreter, platforms),
    ]
    return {tag: rank for rank, tag in reversed([*enumerate(tags)])}


def wheels_for(system: str, python: str, folder: Path) -> dict[str, Path]:
    """Find in a folder the wheel of each requirement, by its line without the marker, and digitlib's own."""
    ranks = tags_for(system, python)
    wanted = {
        (canonicalize_name(one.name), str(one.specifier)): f"{one.name}{one.specifier}"
        for one in requirements(system, python)
    }
    found: dict[str, tuple[int, Path]] = {}
    for file in folder.glob("*.whl"):
        name, version, _, tags = parse_wheel_filename(file.name)
        line = "digitlib" if name == "digitlib" else wanted.get((name, f"=={version}"))
        rank = min((ranks[tag] for tag in tags if tag in ranks), default=None)
        if line and rank is not None:
            found[line] = min(found.get(line, (rank, file)), (rank, file))
    return {line: file for line, (_, file) in found.items()}


def fetch(system: str, python: str, folder: Path) -> list[str]:
    """Fetch what a folder lacks for a system and a Python; return a sentence for each that cannot be had."""
    lines = {f"{one.name}{one.specifier}" for one in requirements(system, python)}
    platforms = [word for tag in SYSTEMS[system][0] for word in ("--platform", tag)]
    download = ["download", "--no-deps", "--only-binary=:all:", "--python-version", f"{python}.99", *platforms]
    lacking = sorted(lines - wheels_for(system, python, folder).keys())
    if lacking and not pip([*download, "--dest", folder, *lacking]):
        # One of them has no wheel. All others are fetched, and that one is built.
        for line in lacking:
            if not pip([*download, "--dest", folder, line]):
                build_pure(line, folder)
    lacking = sorted(lines - wheels_for(system, python, folder).keys())
    return [f"{line} has no wheel for {system} with Python {python}" for line in lacking]


def build_pure(line: str, folder: Path) -> None:
    """Build a wheel here and keep it if it is pure Python, which serves every system."""
    with TemporaryDirectory() as aside:
        if pip(["wheel", "--no-deps", "--wheel-dir", aside, line]):
            for wheel in Path(aside).glob("*-none-any.whl"):
                shutil.copy(wheel, folder)


def build_digitlib(folder: Path) -> None:
    """Build digitlib's wheel from a copy, which leaves nothing in the repository."""
    with TemporaryDirectory() as copy:
        for file in [*package_files(), Path("pyproject.toml"), Path("README.md")]:
            Path(copy, file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / file, Path(copy, file))
        if not pip(["wheel", "--no-deps", "--wheel-dir", folder, copy]):
            raise SystemExit("digitlib's own wheel could not be built; 'pip wheel --no-deps .' says why")


def pip(arguments: list[str | Path]) -> bool:
    """Run pip; return whether it succeeded."""
    command = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


if __name__ == "__main__":
    sys.exit(main())
