"""Importing digitlib is quick, and costs no TensorFlow before something needs it."""

from __future__ import annotations

import subprocess
import sys

import pytest

import digitlib


def _run(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout.strip()


def test_no_tensorflow_before_it_is_needed() -> None:
    heavy = "sorted({'tensorflow', 'keras', 'sklearn', 'scipy'} & set(sys.modules))"
    assert _run(f"import sys, digitlib; print({heavy})") == "[]"
    assert _run(f"import sys, digitlib; digitlib.load_mnist(); print({heavy})") == "[]"
    modules = "claims, data, labs, model, plots, training"
    assert _run(f"import sys; from digitlib import {modules}; print({heavy})") == "[]"


def test_import_takes_at_most_half_a_second() -> None:
    # Processor time, the best of three: the machine may be busy with something else.
    code = "import time; start = time.process_time(); import digitlib; print(time.process_time() - start)"
    assert min(float(_run(code)) for _ in range(3)) < 0.5


def test_a_reader_who_wants_tensorflows_messages_gets_them() -> None:
    level = "os.environ['TF_CPP_MIN_LOG_LEVEL']"
    assert _run(f"import os; {level} = '0'; import digitlib; print({level})") == "0"


@pytest.mark.parametrize("written_for", ["1.0", "1.0.0", "1.0.7"])
def test_the_version_that_a_chapter_was_written_for(written_for: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(digitlib, "__version__", "1.0.3")
    digitlib.expect_version(written_for)


@pytest.mark.parametrize("installed", ["1.1.0", "0.9.0", "2.0.0", "10.0.0"])
def test_another_version_is_refused_with_advice(installed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(digitlib, "__version__", installed)
    with pytest.raises(
        ImportError, match=rf"written for digitlib 1\.0, but digitlib {installed} is installed.*pip install"
    ):
        digitlib.expect_version("1.0")


def test_everything_that_is_offered_is_there() -> None:
    for name in digitlib.__all__:
        assert callable(getattr(digitlib, name))
