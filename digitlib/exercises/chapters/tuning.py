"""Exercises of the chapter *Hyper-parameter tuning*."""

from __future__ import annotations

from digitlib.exercises.exercise import Exercise

EXERCISES: tuple[Exercise, ...] = ()
