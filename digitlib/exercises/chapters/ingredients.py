"""Exercises of the chapter *What each ingredient buys*."""

from __future__ import annotations

from digitlib.exercises.exercise import Exercise

EXERCISES: tuple[Exercise, ...] = ()
