"""Exercises of the chapter *Filters and feature maps*."""

from __future__ import annotations

from digitlib.exercises.exercise import Exercise

EXERCISES: tuple[Exercise, ...] = ()
