"""What moves on a page: labs that run the network in the browser, and choices that are live in a notebook.

The labs live on the book's pages without a kernel, and in a notebook on the reader's own network. Their front ends are
written in plain JavaScript in `src`, and bundled into `static` by ``make labs``.
"""

from digitlib.labs.choices import Choice, Progress
from digitlib.labs.games import FilterDesignLab, GuessLab
from digitlib.labs.quiz import QuizLab
from digitlib.labs.sources import source
from digitlib.labs.tune import TuneLab
from digitlib.labs.widgets import (
    DrawingLab,
    JudgeLab,
    MicroscopeLab,
    MistakesLab,
    OptimiserLab,
    StressLab,
    TimeMachineLab,
    page_element,
)
from digitlib.labs.work_lab import WorkLab

__all__ = [
    "Choice",
    "DrawingLab",
    "FilterDesignLab",
    "GuessLab",
    "JudgeLab",
    "MicroscopeLab",
    "MistakesLab",
    "OptimiserLab",
    "Progress",
    "QuizLab",
    "StressLab",
    "TimeMachineLab",
    "TuneLab",
    "WorkLab",
    "page_element",
    "source",
]
