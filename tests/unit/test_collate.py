"""A class's saved work in tables: counted rightly, and unharmed by files that are broken or mean."""

from __future__ import annotations

import csv
import json
import os
import random
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from digitlib import collate
from digitlib.work import WORK_FILE

TASK, OTHER = "half-a-turn", next(task.name for task in collate.tasks() if task.name != "half-a-turn")
QUIZ = collate.quizzes()[0]
QUESTIONS = list(QUIZ.questions)


def work(pseudonym: str = "", **content: Any) -> dict[str, Any]:
    """Make saved work, empty but for what is given."""
    empty = {"exercises": {}, "quizzes": {}, "labs": {}}
    return {"schema": "digitlib-work", "version": "1", "pseudonym": pseudonym} | empty | content


def entry(attempts: int, solved: bool, hints: int = 0, **mistakes: int) -> dict[str, Any]:
    return {"attempts": attempts, "solved": solved, "hints": hints, "mistakes": mistakes, "answer": "answer = 1"}


def wrong(question: str) -> str:
    right, choices = QUIZ.questions[question]
    return next(choice for choice in choices if choice != right)


def right(question: str) -> str:
    return QUIZ.questions[question][0]


def hand_in(folder: Path, name: str, content: object) -> Path:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    if not isinstance(content, bytes):
        content = json.dumps(content).encode()
    file.write_bytes(content)
    return file


def table(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8-sig", newline="") as opened:
        return list(csv.DictReader(opened))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Hand in the work of three students, two of them in folders of their own."""
    folder = tmp_path / "handed-in"
    hand_in(
        folder,
        "a.json",
        work(
            "fox",
            exercises={TASK: entry(3, True, 1, transposed=2, mirror=1), OTHER: entry(2, False)},
            quizzes={QUIZ.name: {QUESTIONS[0]: [right(QUESTIONS[0])], QUESTIONS[1]: [wrong(QUESTIONS[1])]}},
        ),
    )
    hand_in(folder, f"student 2/{WORK_FILE}", work("owl", exercises={TASK: entry(12, False, transposed=900_000)}))
    hand_in(
        folder,
        f"student 3/{WORK_FILE}",
        work("Zoë", quizzes={QUIZ.name: {QUESTIONS[1]: [wrong(QUESTIONS[1]), right(QUESTIONS[1])]}}),
    )
    return folder


def run(folder: Path, capsys: pytest.CaptureFixture[str], code: int = 0) -> tuple[Path, str]:
    """Collate, as the command does; return the folder of the results and what was said."""
    out = folder.parent / "results"
    assert collate.main([str(folder), "--out", str(out)]) == code
    return out, capsys.readouterr().out


def test_a_row_for_each_student(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, said = run(folder, capsys)
    fox, owl, zoe = table(out / "results.csv")
    assert [fox["pseudonym"], owl["pseudonym"], zoe["pseudonym"]] == ["fox", "owl", "Zoë"]
    assert (fox["exercises solved"], fox["exercises tried"]) == ("1", "2")
    assert [fox[f"{TASK}: {what}"] for what in ("solved", "attempts", "hints")] == ["yes", "3", "1"]
    assert [owl[f"{TASK}: {what}"] for what in ("solved", "attempts", "hints")] == ["no", "12", "0"]
    assert [zoe[f"{TASK}: {what}"] for what in ("solved", "attempts", "hints")] == ["", "", ""]
    first_try = f"quiz {QUIZ.name}: right at first try of {len(QUESTIONS)}"
    assert [(row[first_try], row[f"quiz {QUIZ.name}: answered"]) for row in (fox, owl, zoe)] == [
        ("1", "2"),
        ("0", "0"),
        ("0", "1"),  # right at the second try
    ]
    assert said.splitlines()[-1].startswith("3 counted, 0 left out.")
    assert (out / "problems.txt").read_text("utf-8") == "Nothing: every file was counted.\n"


def test_exercises_that_nobody_tried_have_no_columns(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, _ = run(folder, capsys)
    named = {column.split(": ")[0] for column in table(out / "results.csv")[0]}
    assert named == {"pseudonym", "exercises solved", "exercises tried", TASK, OTHER, f"quiz {QUIZ.name}"}


def test_a_row_for_each_exercise_counts_students_not_attempts(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, _ = run(folder, capsys)
    rows = {row["exercise"]: row for row in table(out / "exercises.csv")}
    assert list(rows) == [task.name for task in collate.tasks()]
    assert [rows[TASK][key] for key in ("tried", "solved", "saw a hint")] == ["2", "1", "1"]
    assert rows[TASK]["most frequent mistakes"] == "transposed (2); mirror (1)"
    assert [rows[OTHER][key] for key in ("tried", "solved", "most frequent mistakes")] == ["1", "0", ""]


def test_a_row_for_each_question(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, _ = run(folder, capsys)
    rows = {(row["quiz"], row["question"]): row for row in table(out / "questions.csv")}
    second = rows[QUIZ.name, QUESTIONS[1]]
    assert [second["answered"], second["right at first try"], second["chosen by"]] == ["2", "0", "2"]
    assert second["most frequent wrong choice"].lstrip("'") == wrong(QUESTIONS[1])


def test_a_figure_for_each_exercise_and_the_same_in_words(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, _ = run(folder, capsys)
    assert sorted(file.name for file in (out / "figures").iterdir()) == sorted(
        f"{name}.{ending}" for name in (TASK, OTHER) for ending in ("png", "txt")
    )
    for picture in [out / "overview.png", *out.glob("figures/*.png")]:
        with Image.open(picture) as image:
            assert image.width >= 1000
            assert len(image.convert("RGB").getcolors(1 << 20)) > 10
    words = (out / "figures" / f"{TASK}.txt").read_text("utf-8")
    assert "3                   1        0" in words
    assert "10+                 0        1" in words
    assert "transposed: 2\nmirror: 1" in words
    assert f"{TASK} (00_arrays): solved by 1 of 2 who tried" in (out / "overview.txt").read_text("utf-8")


def test_a_second_call_takes_the_first_ones_figures_away(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, _ = run(folder, capsys)
    (out / "figures" / "my notes.txt").write_text("mine")
    (folder / "a.json").unlink()
    run(folder, capsys)
    assert sorted(file.name for file in (out / "figures").iterdir()) == [
        f"{TASK}.png",
        f"{TASK}.txt",
        "my notes.txt",
    ]


def test_the_results_may_lie_among_the_files(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = folder / "results"
    for _ in range(2):
        assert collate.main([str(folder), "--out", str(out)]) == 0
        assert capsys.readouterr().out.startswith("3 counted, 0 left out.")


def test_equal_pseudonyms_are_kept_apart(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hand_in(folder, "b.json", work(" fox", exercises={TASK: entry(1, True)}))
    hand_in(folder, "c.json", work())
    hand_in(folder, "d.json", work())
    out, said = run(folder, capsys)
    names = [row["pseudonym"] for row in table(out / "results.csv")]
    assert names == ["fox", "fox (2)", "no pseudonym", "no pseudonym (2)", "owl", "Zoë"]
    assert 'b.json: counted as "fox (2)", since another file has the same pseudonym' in said
    assert 'd.json: counted as "no pseudonym (2)", since no pseudonym was chosen' in said


def test_what_the_book_does_not_know_is_not_counted(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    exercises = {TASK: entry(2, False, made_up=5), "made-up": entry(1, True)}
    quizzes = {"made-up": {"a": ["b"]}, QUIZ.name: {QUESTIONS[0]: ["=made up"], "unknown": ["x"], QUESTIONS[1]: []}}
    hand_in(folder, "b.json", work("elk", exercises=exercises, quizzes=quizzes))
    out, said = run(folder, capsys)
    elk = next(row for row in table(out / "results.csv") if row["pseudonym"] == "elk")
    assert (elk["exercises tried"], elk[f"quiz {QUIZ.name}: answered"]) == ("1", "0")
    assert "b.json: these are not of this copy of the book and are not counted: made-up, quiz made-up" in said
    written = "".join(file.read_text("utf-8-sig") for file in [*out.glob("*.csv"), *out.glob("figures/*.txt")])
    assert "made" not in written.replace("by hand-made", "")


BAD = {
    "empty.json": (b"", "it is damaged, or no such file at all"),
    "text.json": (b"I forgot to save", "it is damaged, or no such file at all"),
    "utf16.json": (json.dumps(work("elk")).encode("utf-16"), "it is damaged"),
    "latin.json": ('{"pseudonym": "Zoë"}'.encode("latin-1"), "it is damaged"),
    "deep.json": (b"[" * 500_000, "it is damaged"),
    "deep table.json": (b'{"a":' * 150_000, "it is damaged"),
    "long number.json": (b"1" * 900_000, "it is damaged"),
    "nan.json": (json.dumps(work(exercises={TASK: entry(1, True) | {"attempts": float("nan")}})).encode(), "damaged"),
    "huge.json": (b'{"schema": "digitlib-work"}' + b" " * 1_000_000, "it is larger than 1,000,000 bytes"),
    "foreign.json": ({"cells": [], "nbformat": 4}, "it is no file of saved work"),
    "list.json": ([work("elk")], "it is no file of saved work"),
    "newer.json": (work("elk") | {"version": "2"}, 'version "2"'),
    "formula.json": (work('=HYPERLINK("http://example.org")'), "the pseudonym should be"),
    "html.json": (work("<script>alert(1)</script>"), "the pseudonym should be"),
    "many.json": (work(exercises={f"e{number}": entry(1, True) for number in range(300)}), "300 entries"),
    "attempts.json": (work(exercises={TASK: entry(10**30, True)}), "attempts should be a whole number"),
    "infinite.json": (b'{"schema": "digitlib-work", "version": 1e999}', "version"),
    "path.json": (work(exercises={"../../evil": entry(1, True)}), "whose name is not"),
    "notes.txt": (b"hello", "does not end in .json"),
}


def test_each_bad_file_is_named_and_the_others_are_counted(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, (content, _) in BAD.items():
        hand_in(folder, name, content)
    out, said = run(folder, capsys)
    assert [row["pseudonym"] for row in table(out / "results.csv")] == ["fox", "owl", "Zoë"]
    listed = dict(line.split(": ", 1) for line in (out / "problems.txt").read_text("utf-8").splitlines())
    assert {*listed} == {*BAD}
    for name, (_, reason) in BAD.items():
        assert listed[name].startswith("left out, ")
        assert reason in listed[name]
        assert f"{name}: {listed[name]}" in said
    assert f"3 counted, {len(BAD)} left out." in said


def test_what_is_no_file_is_left_out(folder: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    outside = hand_in(tmp_path / "outside", "secret.json", work("outsider"))
    (folder / "folder.json").mkdir()
    hand_in(folder, "folder.json/inside.json", work("inside"))
    hand_in(folder, ".hidden.json", work("hidden"))
    reasons = {"folder.json": "it is a folder or a device"}
    if hasattr(os, "mkfifo"):
        os.mkfifo(folder / "pipe.json")  # would wait for ever if it were opened
        (folder / "link.json").symlink_to(outside)
        (folder / "away").symlink_to(outside.parent)
        (folder / "round.json").symlink_to(folder)
        reasons |= {
            "pipe.json": "it is a folder or a device",
            "link.json": "it is a link",
            "round.json": "it is a link",
        }
        reasons |= {"away": "does not end in .json"}
    out, said = run(folder, capsys)
    assert [row["pseudonym"] for row in table(out / "results.csv")] == ["fox", "owl", "Zoë"]
    for name, reason in reasons.items():
        assert f"{name}: left out, {reason}" in said or f"{name}: left out, its name {reason}" in said


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")
def test_names_of_files_cannot_confuse_a_screen(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("\x1b[2Jred.json", "line\nbreak.json", "left\u202eright.json", b"half\xff.json"):
        Path(os.fsdecode(folder), os.fsdecode(name)).write_bytes(b"no")
    out, said = run(folder, capsys)
    listed = (out / "problems.txt").read_text("utf-8")
    for text in (said, listed):
        assert {"?[2Jred.json", "line?break.json", "left?right.json", "half?.json"} <= {
            line.split(": ")[0] for line in text.splitlines()
        }
        assert all(letter.isprintable() or letter == "\n" for letter in text)


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =1", "\x00=1"])
def test_a_spreadsheet_calculates_with_no_cell(text: str) -> None:
    assert collate.csv_text([[text]]).strip("\r\n").lstrip('"').startswith("'")


def test_harmless_cells_stay_as_they_are() -> None:
    assert collate.csv_text([["fox-1", 3, 'a "b", c', "Zoë (2)", -1]]) == 'fox-1,3,"a ""b"", c",Zoë (2),-1\r\n'


def test_a_pseudonym_that_looks_like_a_sum(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hand_in(folder, "b.json", work("-2 -3"))
    out, _ = run(folder, capsys)
    assert "\r\n'-2 -3," in (out / "results.csv").read_bytes().decode("utf-8-sig")


def test_nothing_to_count(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "empty"
    folder.mkdir()
    out, said = run(folder, capsys, code=1)
    assert not (out / "overview.png").exists()
    assert said.startswith("0 counted, 0 left out.")
    with pytest.raises(SystemExit):
        collate.main([str(tmp_path / "missing"), "--out", str(tmp_path / "results")])
    assert "there is no folder" in capsys.readouterr().err


# ------------------------------------------------------------------------------------------------------------- fuzzing


def garbled(good: bytes, chance: random.Random) -> bytes:
    """Change a good file here and there, as a bad line or a bad joke would."""
    data = bytearray(good)
    for _ in range(chance.randint(1, 6)):
        place = chance.randrange(len(data) + 1)
        match chance.randrange(5):
            case 0:
                del data[place : place + chance.randint(1, 40)]
            case 1:
                data[place:place] = chance.randbytes(chance.randint(1, 8))
            case 2:
                data[place:place] = chance.choice([b"{", b"}", b"[", b'"', b"null", b"NaN", b"1e999", b"-", b"\\u0000"])
            case 3:
                data[place : place + 1] = bytes([chance.randrange(256)])
            case 4:
                data[place:place] = data[place : place + chance.randint(1, 60)]
    return bytes(data)


def made_up(chance: random.Random, depth: int = 0) -> Any:
    """Make up any JSON, with names that saved work has."""
    names = [
        "schema",
        "version",
        "pseudonym",
        "exercises",
        "quizzes",
        "labs",
        TASK,
        QUIZ.name,
        QUESTIONS[0],
        "attempts",
    ]
    values = ["digitlib-work", "1", "fox", "=1", "", None, True, 0, -1, 1e308, 10**40, 0.5, "\ud800", "\x00", "x" * 999]
    match chance.randrange(3 if depth < 4 else 1):
        case 1:
            return {chance.choice(names): made_up(chance, depth + 1) for _ in range(chance.randrange(6))}
        case 2:
            return [made_up(chance, depth + 1) for _ in range(chance.randrange(4))]
    return chance.choice(values)


def fuzz(folder: Path, count: int, seed: int) -> None:
    """Hand in broken files among good ones; all good ones must be counted, and every cell must be harmless."""
    chance = random.Random(seed)
    good = json.dumps(
        work(
            "fox",
            exercises={TASK: entry(3, True, 1, transposed=2), OTHER: entry(2, False)},
            quizzes={QUIZ.name: {QUESTIONS[0]: [right(QUESTIONS[0])]}},
            labs={"draw": {"strokes": [[1, 2, 3]]}},
        )
    ).encode()
    for number in range(count):
        content = garbled(good, chance)
        if number % 3 == 1:
            content = json.dumps(made_up(chance)).encode()
        if number % 3 == 2:
            parts = {
                key: made_up(chance) for key in ("pseudonym", "exercises", "quizzes", "labs") if chance.random() < 0.5
            }
            content = json.dumps(work() | parts).encode()
        hand_in(folder, f"{number}.json", content)
    for number in range(10):
        hand_in(folder, f"good/{number}.json", work(f"good {number}", exercises={TASK: entry(1, True)}))
    students, problems = collate.collect(folder)
    assert {f"good {number}" for number in range(10)} <= {*students}
    assert len(students) + sum(problem.left_out for problem in problems) == count + 10
    assert sum(problem.left_out for problem in problems) > count / 2
    collate.write_results(students, problems, folder.parent / "results")
    for file in (folder.parent / "results").glob("*.csv"):
        with file.open(encoding="utf-8-sig", newline="") as opened:
            for row in csv.reader(opened):
                assert not any(cell.lstrip().startswith(("=", "+", "-", "@")) for cell in row)


def test_broken_files_break_nothing(tmp_path: Path) -> None:
    fuzz(tmp_path / "handed-in", 300, seed=1)


@pytest.mark.long
def test_ten_thousand_broken_files_break_nothing(tmp_path: Path) -> None:
    fuzz(tmp_path / "handed-in", 10_000, seed=2)
