"""Claims: they pass, fail hard where the book is checked, and explain themselves to a student."""

from __future__ import annotations

import re
from configparser import ConfigParser
from pathlib import Path

import numpy as np
import pytest

from digitlib.claims import ClaimFailed, claim

NBVAL_INI = Path(__file__).parents[1] / "book" / "nbval.ini"


@pytest.fixture
def at_home(monkeypatch: pytest.MonkeyPatch) -> None:
    """Run as a student does, where a failed claim must not stop the chapter."""
    monkeypatch.delenv("DIGITLIB_STRICT", raising=False)


def test_what_holds_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    claim("seven is odd", 7 % 2 == 1)
    claim("half are right", np.float64(0.5) >= 0.5, this_run="50 %", otherwise="never printed here")
    assert capsys.readouterr().out == "✓ seven is odd\n✓ half are right (this run: 50 %)\n"


def test_what_fails_is_an_error_where_the_book_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIGITLIB_STRICT", "1")
    with pytest.raises(ClaimFailed, match=re.escape("✗ eight is odd (this run: 8)")):
        claim("eight is odd", 8 % 2 == 1, this_run="8")


@pytest.mark.usefixtures("at_home")
def test_what_fails_is_explained_to_a_student(capsys: pytest.CaptureFixture[str]) -> None:
    claim("99 % are right", False, this_run="98.8 %", otherwise="over five seeds we saw 98.9 % to 99.2 %")
    assert capsys.readouterr().out == (
        "✗ Not in this run: 99 % are right (this run: 98.8 %). Over five seeds we saw 98.9 % to 99.2 %. "
        "The chapter goes on all the same.\n"
    )


@pytest.mark.usefixtures("at_home")
def test_an_explanation_is_not_needed(capsys: pytest.CaptureFixture[str]) -> None:
    claim("99 % are right", False)
    assert capsys.readouterr().out == "✗ Not in this run: 99 % are right. The chapter goes on all the same.\n"


@pytest.mark.parametrize("holds", [np.array([True, True]), np.array([]), np.array([[True]])], ids=str)
def test_an_array_is_no_truth_value(holds: np.ndarray) -> None:
    with pytest.raises(TypeError, match=r"one truth value.*use .all()"):
        claim("all are right", holds)


@pytest.mark.parametrize("nothing", [None, float("nan"), "yes", 0.7], ids=repr)
def test_only_a_truth_value_is_a_truth_value(nothing: object) -> None:
    # NaN and a forgotten comparison count as true in Python: such a claim could not fail.
    with pytest.raises(TypeError, match="one truth value"):
        claim("all are right", nothing)


def test_a_measured_value_is_passed_over_when_outputs_are_compared(capsys: pytest.CaptureFixture[str]) -> None:
    ini = ConfigParser()
    ini.read(NBVAL_INI)
    for measured in ("99.12 %", "98.90 %"):
        claim("most are right", measured > "98", this_run=measured)
    first, second = (
        re.sub(ini["this-run"]["regex"], ini["this-run"]["replace"], line)
        for line in capsys.readouterr().out.splitlines()
    )
    assert first == second == "✓ most are right (this run)"
