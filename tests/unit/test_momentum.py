"""The measurement of batch normalisation's momentum: it judges at the steps it names; what is stored is complete."""

from __future__ import annotations

import momentum

import digitlib
from digitlib.studies import load_study
from digitlib.training import train


def test_it_judges_at_its_steps_and_only_there() -> None:
    data = digitlib.load_mnist()
    judge = momentum.Judge()
    few = data.x_train[:1280], data.y_train[:1280]
    # 10 steps an epoch: after 10 and 20, but neither after 30 nor at the end.
    train(digitlib.build_cnn((2, 2)), *few, epochs=4, callbacks=(judge,))
    assert [step for step in momentum.STEPS if step <= 40] == [10, 20]
    assert len(judge.accuracy) == 2


def test_the_stored_study_is_complete() -> None:
    study = load_study("momentum")
    assert tuple(study["settings"]["steps"]) == momentum.STEPS
    assert study["results"].keys() == {str(kept) for kept in momentum.MOMENTA}
    for runs in study["results"].values():
        assert len(runs) >= len(momentum.SEEDS)
        assert all(len(run) == len(momentum.STEPS) for run in runs)
