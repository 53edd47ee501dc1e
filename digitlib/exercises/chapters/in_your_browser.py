"""Exercises of the chapter *How this page runs the network*."""

from __future__ import annotations

from digitlib.exercises.exercise import Exercise

EXERCISES: tuple[Exercise, ...] = ()
