"""The digits that checks try answers on are those that the chapters have under these names."""

from __future__ import annotations

import numpy as np
import pytest

import digitlib
from digitlib.exercises.digits import training_digits, validation_digits


def test_they_are_the_books_own() -> None:
    data = digitlib.load_mnist()
    for (images, labels), wanted in (
        (training_digits(), (data.x_train[:4000], data.y_train[:4000])),
        (validation_digits(), (data.x_val, data.y_val)),
    ):
        assert np.array_equal(images, wanted[0])
        assert np.array_equal(labels, wanted[1])


def test_no_answer_can_change_them() -> None:
    for part in (*training_digits(), *validation_digits()):
        with pytest.raises(ValueError, match="read-only"):
            part[0] = 0
