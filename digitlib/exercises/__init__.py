"""The exercises of all chapters: they look at an answer, and say what is wrong with it.

They are for learning, not for marks: whoever opens the files of this package can read every answer. In a chapter:

>>> from digitlib import exercises
>>> exercises.check("half-a-turn", ...)
○ half-a-turn: not yet. Put your answer in place of the dots and run the cell again.
"""

from digitlib.exercises.desk import badge, check, hint

__all__ = ["badge", "check", "hint"]
