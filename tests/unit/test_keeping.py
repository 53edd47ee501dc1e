"""What a lab asks the kernel about the reader's work, and what it is answered."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from work_examples import EMPTY, FULL

from digitlib import labs
from digitlib.work import WORK_FILE


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("DIGITLIB_STRICT", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch):
    """Ask as the front end does, through any lab."""
    answers = []
    monkeypatch.setattr(labs.QuizLab, "send", lambda self, content, buffers=None: answers.append(content))
    lab = labs.QuizLab("03_layers")

    def ask(buffers: tuple = (), **question: object) -> dict:
        lab._handle_custom_msg({"number": 7, **question}, list(buffers))
        answer = answers.pop()
        assert answer.pop("answered") == 7
        assert json.loads(json.dumps(answer)) == answer, "it must go over the wire"
        return answer

    return ask


def stored() -> dict:
    return json.loads(Path(WORK_FILE).read_text("utf-8"))


def test_kept_and_found_again(ask) -> None:
    assert ask(work="kept", part="quizzes", key="03_layers") == {"value": None}
    tried = {"same-padding": ["a", "b"]}
    assert ask(work="keep", part="quizzes", key="03_layers", value=tried) == {"value": None}
    assert ask(work="keep", part="labs", key="draw", value={"strokes": [], "off": []}) == {"value": None}
    assert ask(work="kept", part="quizzes", key="03_layers") == {"value": tried}
    assert stored() == EMPTY | {"quizzes": {"03_layers": tried}, "labs": {"draw": {"strokes": [], "off": []}}}


def test_all_restored_and_forgotten(ask) -> None:
    assert ask(work="all") == {"value": EMPTY}
    assert ask([memoryview(json.dumps(FULL).encode())], work="restore") == {"value": None}
    assert ask(work="all") == {"value": FULL}
    assert ask(work="pseudonym", text=" Blue  Fox ") == {"value": None}
    assert stored() == FULL | {"pseudonym": "Blue Fox"}
    assert ask(work="forget") == {"value": None}
    assert stored() == EMPTY


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ({"work": "keep", "part": "exercises", "key": "x", "value": {}}, '"quizzes" and "labs", not "exercises"'),
        ({"work": "keep", "part": ["labs"], "key": "x"}, '"quizzes" and "labs", not a list'),
        ({"work": "keep", "part": "labs", "key": {"x": 1}}, "whose name is not 1 to 60"),
        ({"work": "keep", "part": "labs", "key": "../x", "value": 1}, "whose name is not 1 to 60"),
        ({"work": "keep", "part": "quizzes", "key": "x"}, "should be a table of named entries, but is null"),
        ({"work": "kept", "part": "labs"}, "whose name is not 1 to 60"),
        ({"work": "restore", "buffers": (b"{}",)}, "This file cannot be restored: it is no file of saved work"),
        ({"work": "restore"}, "This file cannot be restored: it is damaged"),
        ({"work": "pseudonym", "text": "<b>"}, "the pseudonym should be"),
        ({"work": "pseudonym"}, "the pseudonym should be"),
        ({"work": "burn"}, "a lab asked for 'burn'"),
        ({"work": ["all"]}, "a lab asked for ['all']"),
    ],
)
def test_what_cannot_be_done_is_answered_with_a_sentence(ask, question: dict, said: str) -> None:
    ask([json.dumps(FULL).encode()], work="restore")
    (error,) = ask(**question).values()
    assert said in error
    assert stored() == FULL


def test_a_damaged_file_is_told_of_when_something_new_is_kept(ask, folder: Path) -> None:
    Path(WORK_FILE).write_text("broken {")
    assert "cannot be used: it is damaged" in ask(work="kept", part="labs", key="draw")["error"]
    assert "cannot be used: it is damaged" in ask(work="all")["error"]
    assert Path(WORK_FILE).read_text() == "broken {"
    assert "it is set aside under another name" in ask(work="keep", part="labs", key="draw", value=1)["value"]
    assert ask(work="keep", part="labs", key="draw", value=2) == {"value": None}
    assert stored()["labs"] == {"draw": 2}
    assert (folder / "my-digits-work-set-aside-1.json").read_text() == "broken {"


def test_while_chapters_are_checked_nothing_is_kept(ask, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIGITLIB_STRICT", "1")
    assert ask(work="keep", part="labs", key="draw", value=1) == {"value": None}
    assert ask(work="kept", part="labs", key="draw") == {"value": None}
    assert list(folder.iterdir()) == []
