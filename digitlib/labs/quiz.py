"""The lab that asks a chapter's quiz."""

from __future__ import annotations

from html import escape
from typing import Any

from digitlib.labs.widgets import STATIC, Lab
from digitlib.quizzes import as_html, load_quiz


class QuizLab(Lab):
    """Ask the questions of a quiz; each choice explains itself once it is tried. At the end of each chapter.

    What was tried is kept, in this browser or in the file beside the notebook, and is there again the next time.

    Parameters
    ----------
    quiz
        A chapter's file name without its ending, such as "03_layers", or "part-1", "part-2", "part-3".

    Raises
    ------
    digitlib.quizzes.QuizFileError
        If there is no such quiz, or if its file is not as it should be.
    """

    _esm = STATIC / "quiz.js"
    name = "quiz"
    title = "Quiz"

    def __init__(self, quiz: str) -> None:
        load_quiz(quiz)
        super().__init__(quiz=quiz)

    @classmethod
    def fallback(cls, settings: dict[str, Any]) -> str:
        """Write the questions with their choices, and nothing that tells which are right."""
        quiz = load_quiz(settings["quiz"])
        questions = "".join(
            f"<li><p>{as_html(question['ask'])}</p><ul>"
            + "".join(f"<li>{as_html(choice['text'])}</li>" for choice in question["choices"])
            + "</ul></li>"
            for question in quiz["questions"]
        )
        return (
            f"<p><b>{escape(quiz['title'], quote=False)}</b></p><p>On the book's pages, where scripts may run, and in "
            f"a notebook once its cell has run, you can check your answers here.</p><ol>{questions}</ol>"
        )
