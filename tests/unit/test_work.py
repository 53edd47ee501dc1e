"""The work file: what is kept, what is refused, and that nothing is lost."""

from __future__ import annotations

import json
import subprocess
import sys
from copy import deepcopy
from pathlib import Path

import pytest
from work_examples import ATTEMPT, BAD, BAD_BYTES, EMPTY, FULL, GOOD, GOOD_BYTES, changed

from digitlib import work
from digitlib.work import WORK_FILE, WorkFileError


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder, as a reader does."""
    monkeypatch.delenv("DIGITLIB_STRICT", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def stored() -> dict:
    return json.loads(Path(WORK_FILE).read_text("utf-8"))


def store(content: object) -> None:
    Path(WORK_FILE).write_text(json.dumps(content), "utf-8")


def attempt(name: str = "output-shape", *, solved: bool = False, mistake: str | None = None, answer: str = "a") -> None:
    work.record_attempt(name, solved=solved, mistake=mistake, answer=answer)


# ---------------------------------------------------------------------------------------------------- what is allowed
@pytest.mark.parametrize("case", GOOD)
def test_good_work_is_taken_and_comes_back_the_same(case: str) -> None:
    store(GOOD[case])
    assert work.load() == work.checked(GOOD[case]) == GOOD[case]
    assert json.loads(work.to_bytes()) == GOOD[case]


@pytest.mark.parametrize("case", BAD)
def test_bad_work_is_refused_by_name_and_stays_as_it_is(case: str) -> None:
    content, said = BAD[case]
    with pytest.raises(WorkFileError) as refused:
        work.checked(content)
    assert said in str(refused.value)
    assert len(str(refused.value)) < 300
    store(content)
    before = Path(WORK_FILE).read_bytes()
    with pytest.raises(WorkFileError) as refused:
        work.load()
    assert said in str(refused.value)
    assert str(refused.value).startswith(f"{WORK_FILE}, which keeps your work, cannot be used: ")
    assert Path(WORK_FILE).read_bytes() == before


@pytest.mark.parametrize("case", BAD_BYTES)
def test_bad_bytes_are_refused_and_nothing_changes(case: str) -> None:
    data, said = BAD_BYTES[case]
    store(FULL)
    with pytest.raises(WorkFileError) as refused:
        work.restore(data)
    assert said in str(refused.value)
    assert str(refused.value).endswith("Nothing has been changed.")
    assert stored() == FULL
    Path(WORK_FILE).write_bytes(data)
    with pytest.raises(WorkFileError, match="It has not been changed"):
        work.load()


@pytest.mark.parametrize("case", GOOD_BYTES)
def test_good_bytes_are_taken(case: str) -> None:
    work.restore(GOOD_BYTES[case])
    assert stored() == FULL


# ------------------------------------------------------------------------------------------------------ what is kept
def test_without_a_file_nothing_is_done_yet(folder: Path) -> None:
    assert work.load() == EMPTY
    assert work.solved() == set()
    assert list(folder.iterdir()) == [], "reading writes nothing"


def test_attempts_and_mistakes_are_counted() -> None:
    attempt(mistake="transposed", answer="first")
    attempt(mistake="transposed", answer="second")
    attempt(mistake="off-by-one", answer="third")
    attempt(answer="fourth")
    assert stored()["exercises"] == {
        "output-shape": {
            "attempts": 4,
            "solved": False,
            "mistakes": {"transposed": 2, "off-by-one": 1},
            "hints": 0,
            "answer": "fourth",
        }
    }
    assert work.solved() == set()


def test_solved_stays_solved_with_the_text_that_solved_it() -> None:
    attempt(answer="wrong", mistake="transposed")
    attempt(answer="right", solved=True)
    attempt(answer="wrong again", mistake="transposed")
    entry = stored()["exercises"]["output-shape"]
    assert (entry["solved"], entry["attempts"], entry["answer"]) == (True, 3, "right")
    assert work.solved() == {"output-shape"}
    attempt(answer="right in another way", solved=True)
    assert stored()["exercises"]["output-shape"]["answer"] == "right in another way"


def test_a_long_answer_is_cut_and_says_so() -> None:
    attempt(answer="x" * 10_000)
    answer = work.load()["exercises"]["output-shape"]["answer"]
    assert len(answer) == work.LONGEST_ANSWER
    assert answer.endswith("# (cut here: the work file keeps no longer answers)")
    attempt(answer="\ud83d half a letter")
    assert work.load()["exercises"]["output-shape"]["answer"] == "? half a letter"


def test_hints_go_up_only() -> None:
    for step, kept in ((1, 1), (3, 3), (2, 3)):
        work.record_hint("output-shape", step)
        assert stored()["exercises"]["output-shape"]["hints"] == kept
    assert stored()["exercises"]["output-shape"]["attempts"] == 0


def test_quizzes_and_labs_are_kept_in_place_of_what_was_there() -> None:
    work.keep("quizzes", "03_layers", {"stride": ["2", "4"], "padding": ["0"]})
    work.keep("quizzes", "03_layers", {"stride": ["2", "4"]})
    work.keep("labs", "draw", {"strokes": [[22, 1, 2]], "off": []})
    assert stored()["quizzes"] == {"03_layers": {"stride": ["2", "4"]}}
    assert stored()["labs"] == {"draw": {"strokes": [[22, 1, 2]], "off": []}}


def test_a_pseudonym_is_tidied_and_checked() -> None:
    work.set_pseudonym("  Blue   Fox ")
    assert stored()["pseudonym"] == "Blue Fox"
    for wrong in ("x" * 41, "me@school", "=1+1", None, 7):
        with pytest.raises(WorkFileError, match="the pseudonym should be at most 40 letters"):
            work.set_pseudonym(wrong)
    assert stored()["pseudonym"] == "Blue Fox"
    work.set_pseudonym("")
    assert stored()["pseudonym"] == ""


def test_forgetting_empties_the_file() -> None:
    store(FULL)
    work.forget()
    assert stored() == EMPTY


WRONG_CALLS = {
    "exercise": (lambda: attempt("my exercise"), 'an entry "my exercise", whose name'),
    "mistake": (lambda: attempt(mistake="off by one"), 'an entry "off by one", whose name'),
    "no name": (lambda: attempt(None), "an entry null, whose name"),
    "step": (lambda: work.record_hint("x", 101), "hints should be a whole number from 0 to 100"),
    "part": (lambda: work.keep("exercises", "x", {}), '"quizzes" and "labs", not "exercises"'),
    "key": (lambda: work.keep("labs", ["x"], {}), "an entry a list of 1, whose name"),
    "quiz": (lambda: work.keep("quizzes", "q", {"a": "b"}), "should be a list of at most 20 choices"),
    "state": (lambda: work.keep("labs", "draw", {"x": float("nan")}), "made of numbers up to 9e15"),
    "state of the kernel": (lambda: work.keep("labs", "draw", {"x": b"1"}), "should be a text"),
}


@pytest.mark.parametrize("case", WRONG_CALLS)
def test_what_breaks_a_rule_is_not_kept(case: str) -> None:
    call, said = WRONG_CALLS[case]
    store(FULL)
    with pytest.raises(WorkFileError) as refused:
        call()
    assert said in str(refused.value)
    assert stored() == FULL


def test_a_file_that_would_grow_too_large_stays_as_it_is() -> None:
    for number in range(62):
        attempt(f"e{number}", answer="😀" * 4_000)
    before = Path(WORK_FILE).read_bytes()
    with pytest.raises(WorkFileError, match=r"larger than 1,000,000 bytes\. Save your work"):
        attempt("one-more", answer="😀" * 4_000)
    assert Path(WORK_FILE).read_bytes() == before


def test_while_chapters_are_checked_nothing_is_read_or_written(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store(FULL)
    before = Path(WORK_FILE).read_bytes()
    monkeypatch.setenv("DIGITLIB_STRICT", "1")
    attempt(solved=True)
    work.record_hint("x", 1)
    work.keep("labs", "draw", None)
    work.set_pseudonym("me")
    work.restore(json.dumps(FULL).encode())
    work.forget()
    assert work.load() == EMPTY
    assert [file.name for file in folder.iterdir()] == [WORK_FILE]
    assert Path(WORK_FILE).read_bytes() == before


# --------------------------------------------------------------------------------------------------- nothing is lost
@pytest.mark.parametrize(
    "broken", [b'{"schema": "digitlib-work", "exerc', json.dumps(FULL | {"version": "9"}).encode()]
)
def test_an_unusable_file_is_set_aside_whole_before_anything_is_written(
    broken: bytes, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in (1, 2):
        Path(WORK_FILE).write_bytes(broken + b" " * number)
        attempt(answer=f"after {number}")
        place = f"my-digits-work-set-aside-{number}.json"
        assert (folder / place).read_bytes() == broken + b" " * number
        assert f"It is {place} now" in capsys.readouterr().out
        assert stored()["exercises"]["output-shape"]["answer"] == f"after {number}"
        assert stored()["exercises"]["output-shape"]["attempts"] == 1


def test_an_unusable_file_is_not_moved_for_something_that_is_refused(folder: Path) -> None:
    Path(WORK_FILE).write_bytes(b"broken")
    with pytest.raises(WorkFileError):
        work.keep("quizzes", "q", 7)
    assert Path(WORK_FILE).read_bytes() == b"broken"
    assert list(folder.glob("*set-aside*")) == []


def test_what_was_saved_and_what_is_here_are_merged() -> None:
    here = EMPTY | {
        "pseudonym": "here",
        "exercises": {
            "only-here": ATTEMPT,
            "solved-here": ATTEMPT | {"attempts": 2, "answer": "solved here"},
            "solved-there": ATTEMPT | {"solved": False, "attempts": 9, "hints": 4, "answer": "not yet"},
            "by-neither": ATTEMPT | {"solved": False, "mistakes": {"transposed": 1, "other": 5}, "answer": "newer"},
        },
        "quizzes": {"both": {"q1": ["a"], "q2": ["c", "a"]}, "only-here": {"q": ["a"]}},
        "labs": {"draw": {"strokes": []}, "only-here": 1},
    }
    saved = EMPTY | {
        "pseudonym": "saved",
        "exercises": {
            "only-there": ATTEMPT,
            "solved-here": ATTEMPT | {"solved": False, "attempts": 5, "hints": 2, "answer": "older"},
            "solved-there": ATTEMPT | {"answer": "solved there"},
            "by-neither": ATTEMPT | {"solved": False, "answer": "older"},
        },
        "quizzes": {"both": {"q1": ["a", "b"], "q2": ["b"], "q3": ["a"]}, "only-there": {}},
        "labs": {"draw": {"strokes": [[22, 1, 1]]}},
    }
    store(here)
    work.restore(json.dumps(saved).encode())
    merged = stored()
    assert merged["pseudonym"] == "saved"
    exercises = merged["exercises"]
    assert set(exercises) == {"only-here", "only-there", "solved-here", "solved-there", "by-neither"}
    assert exercises["solved-here"] == ATTEMPT | {"attempts": 5, "hints": 2, "answer": "solved here"}
    assert exercises["solved-there"] == ATTEMPT | {"attempts": 9, "hints": 4, "answer": "solved there"}
    assert exercises["by-neither"]["answer"] == "newer"
    assert exercises["by-neither"]["mistakes"] == {"transposed": 2, "off-by-one": 1, "other": 5}
    assert merged["quizzes"] == {
        "both": {"q1": ["a", "b"], "q2": ["b", "c", "a"], "q3": ["a"]},
        "only-here": {"q": ["a"]},
        "only-there": {},
    }
    assert merged["labs"] == {"draw": {"strokes": [[22, 1, 1]]}, "only-here": 1}
    work.restore(json.dumps(saved).encode())
    assert stored() == merged, "the same file once more adds nothing"


def test_a_pseudonym_is_not_lost_to_a_file_without_one() -> None:
    store(FULL)
    work.restore(json.dumps(EMPTY).encode())
    assert stored() == FULL


def test_what_together_is_too_much_is_refused_and_nothing_changes() -> None:
    here = changed("exercises", to={f"here{i}": ATTEMPT for i in range(150)})
    store(here)
    with pytest.raises(WorkFileError, match="exercises has 300 entries, more than 200"):
        work.restore(json.dumps(changed("exercises", to={f"there{i}": ATTEMPT for i in range(150)})).encode())
    assert stored() == here


def test_two_notebooks_do_not_lose_each_others_records(folder: Path) -> None:
    code = """if True:
        import sys
        from digitlib import work
        for number in range(40):
            work.record_attempt("shared", solved=False, mistake=sys.argv[1], answer="")
            work.record_attempt(f"{sys.argv[1]}-{number}", solved=True, mistake=None, answer="")
    """
    both = [subprocess.Popen([sys.executable, "-c", code, name], cwd=folder) for name in ("first", "second")]
    assert [process.wait(timeout=120) for process in both] == [0, 0]
    exercises = stored()["exercises"]
    assert exercises["shared"]["attempts"] == 80
    assert exercises["shared"]["mistakes"] == {"first": 40, "second": 40}
    assert len(exercises) == 81


def test_a_notebook_that_never_ends_writing_is_waited_for_and_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "PATIENCE", 0.1)
    with work._alone(), pytest.raises(WorkFileError, match=r"cannot be kept in .* \(database is locked\)"):
        attempt()
    attempt()
    assert stored()["exercises"]["output-shape"]["attempts"] == 1


def test_a_notebook_that_crashed_while_writing_does_not_count(folder: Path) -> None:
    code = "import os; from digitlib import work; lock = work._alone(); lock.__enter__(); os._exit(1)"
    subprocess.run([sys.executable, "-c", code], cwd=folder, check=False)
    attempt()
    assert stored()["exercises"]["output-shape"]["attempts"] == 1


def test_a_folder_that_cannot_be_written_is_said(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / work.LOCK_FILE).mkdir()  # a folder stands in the way, which stops even an administrator
    with pytest.raises(WorkFileError, match="May you write into this notebook's folder"):
        attempt()
    (folder / work.LOCK_FILE).rmdir()
    (folder / f"{WORK_FILE}.part").mkdir()
    store(FULL)
    with pytest.raises(WorkFileError, match="May you write into this notebook's folder"):
        attempt()
    assert stored() == FULL


def test_checked_work_is_a_copy() -> None:
    given = deepcopy(FULL)
    copy = work.checked(given)
    copy["labs"]["draw"]["off"].append("crop")
    copy["quizzes"]["03_layers"]["stride"].append("x")
    assert given == FULL
