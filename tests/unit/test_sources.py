"""The labs' source, cut out to be shown: what is shown stands in the file, and is the whole of it."""

from __future__ import annotations

import re
from textwrap import dedent

import pytest

from digitlib.labs import source
from digitlib.labs.sources import SRC

FENCE = re.compile(r"```javascript\n(.*)\n```", re.DOTALL)


def _shown(file: str, name: str) -> str:
    return FENCE.fullmatch(source(file, name).data)[1]


def _balanced(code: str) -> bool:
    code = re.sub(r"//.*|'[^'\n]*'|`[^`]*`", "", code)
    return all(code.count(opening) == code.count(closing) for opening, closing in ("()", "[]", "{}"))


def _entries(file: str, table: str) -> list[str]:
    inside = re.search(rf"const {table} = {{\n(.*?)\n}};", (SRC / file).read_text(encoding="utf-8"), re.DOTALL)[1]
    return re.findall(r"^  (\w+)[:(]", inside, re.MULTILINE)


def test_a_function_with_the_comment_above_it_but_not_the_files_dividing_line() -> None:
    shown = _shown("engine.js", "windows")
    assert shown.startswith("// Where the window lies for each output pixel.")
    assert "\nexport function windows(x, [height, width], { strides, padding }) {\n" in shown
    assert shown.endswith("\n}")
    assert "cutPatch" not in shown


def test_an_entry_of_a_table_moved_to_the_left_edge() -> None:
    shown = _shown("engine.js", "Conv2D")
    assert shown.startswith("// Slide a window over the picture;")
    assert "\nConv2D(x, settings, { filters, bias }) {\n  const grid" in shown
    assert shown.endswith("\n  return y;\n},")


@pytest.mark.parametrize(
    ("file", "name", "shown"),
    [
        ("engine.js", "ReLU", "ReLU: (x) => activated(x, 'relu'),"),
        ("engine.js", "Dropout", "Dropout: (x) => x, // does something during training only"),
        ("backward.js", "Flatten", "Flatten: (step, gradient) => gradient,"),
        ("network.js", "SCHEMA", "const SCHEMA = 'digitlib-network', VERSION = '1';"),
    ],
)
def test_what_fits_into_a_line(file: str, name: str, shown: str) -> None:
    assert _shown(file, name) == shown


def test_an_entry_that_goes_on_below_without_a_bracket() -> None:
    shown = _shown("backward.js", "BatchNormalization")
    assert [line[:2] for line in shown.split("\n")] == ["Ba", "  "]


@pytest.mark.parametrize("file", ["engine.js", "network.js", "backward.js", "drawing.js"])
def test_every_function_can_be_shown_whole(file: str) -> None:
    text = (SRC / file).read_text(encoding="utf-8")
    for name in re.findall(r"^(?:export )?function (\w+)", text, re.MULTILINE):
        shown = _shown(file, name)
        assert shown in text
        assert _balanced(shown), name
        assert len(re.findall(r"^(?:export )?function ", shown, re.MULTILINE)) == 1, name


@pytest.mark.parametrize(
    ("file", "table"), [("engine.js", "LAYERS"), ("engine.js", "ACTIVATIONS"), ("backward.js", "BACKWARD")]
)
def test_every_entry_can_be_shown_whole(file: str, table: str) -> None:
    entries = _entries(file, table)
    text = dedent("\n".join(line[2:] for line in (SRC / file).read_text(encoding="utf-8").splitlines()))
    assert len(entries) >= 5
    for name in entries:
        shown = _shown(file, name)
        assert shown in text, name
        assert _balanced(shown), name


def test_a_whole_table() -> None:
    shown = _shown("network.js", "NUMBERS")
    assert shown.startswith("const NUMBERS = {")
    assert shown.endswith("};")


def test_the_text_that_is_stored_is_the_same_in_every_run() -> None:
    assert repr(source("engine.js", "dot")) == repr(source("engine.js", "run"))


@pytest.mark.parametrize("file", ["engine", "motor.js", "../src/engine.js", "", "labs.css"])
def test_an_unknown_file_is_refused_by_name(file: str) -> None:
    with pytest.raises(ValueError, match=rf"no source file '{re.escape(file)}'; there are .*engine\.js"):
        source(file, "dot")


@pytest.mark.parametrize("name", ["conv2d", "patch", "if", "", "return"])
def test_an_unknown_name_is_refused_with_what_there_is(name: str) -> None:
    with pytest.raises(ValueError, match=rf"engine\.js defines nothing named '{name}'; it defines tensor, .*Conv2D"):
        source("engine.js", name)
