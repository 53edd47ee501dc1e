"""Exercises of the chapter *Your own digits*."""

from __future__ import annotations

from digitlib.exercises.exercise import Exercise

EXERCISES: tuple[Exercise, ...] = ()
