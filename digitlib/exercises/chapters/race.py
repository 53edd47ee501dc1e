"""Exercises of the chapter *A fast and honest race*."""

from __future__ import annotations

from digitlib.exercises.exercise import Exercise

EXERCISES: tuple[Exercise, ...] = ()
