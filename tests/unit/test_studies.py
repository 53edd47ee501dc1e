"""The stored studies: what bad files get, and that they hold what the chapters read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from digitlib import studies
from digitlib.data import DataFileError
from digitlib.studies import load_study


@pytest.mark.parametrize("name", ["ingredients", "layer_order", "momentum", "seeds"])
def test_every_study_says_what_it_was_made_with(name: str) -> None:
    study = load_study(name)
    assert study["versions"].keys() == {"tensorflow", "keras", "numpy"}
    assert study["machine"].keys() == {"cores", "system"}


def test_the_stored_seeds_say_what_the_chapter_reads() -> None:
    runs = load_study("seeds")["results"]
    assert len(runs["full"]["plain"]) == 10
    for run in runs["full"]["plain"]:
        # The accuracy after the last epoch and the list of what went wrong tell the same story.
        assert run["val_accuracy"][-1] == pytest.approx(1 - len(run["wrong"]) / 5000, abs=1e-4)
    for study in ("few", "wrong"):
        assert all(len(of_variant) == 5 for of_variant in runs[study].values())
        assert all(len(run["stop_loss"]) == len(run["val_accuracy"]) == 20 for run in runs[study]["plain"])


FRAME = {"schema": studies.SCHEMA, "version": studies.SCHEMA_VERSION}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (None, "is missing"),
        ("", "is damaged"),
        ("{", "is damaged"),
        ("[]", "is damaged"),
        ("{}", "'schema'"),
        (json.dumps(FRAME | {"schema": "digitlib-bench"}), "it is digitlib-bench version 1"),
        (json.dumps(FRAME | {"version": "2"}), "version 2, not digitlib-study version 1"),
        (json.dumps(FRAME | {"settings": {}}), "'results'"),
        (json.dumps(FRAME | {"results": {}}), "'settings'"),
    ],
)
def test_a_missing_or_damaged_study_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str | None, problem: str
) -> None:
    monkeypatch.setattr(studies, "FILES", tmp_path)
    if text is not None:
        (tmp_path / "seeds.json").write_text(text)
    with pytest.raises(DataFileError, match=rf"seeds\.json.*{problem}.*git checkout -- digitlib/files/seeds\.json"):
        load_study("seeds")
