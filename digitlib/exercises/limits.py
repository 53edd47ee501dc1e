"""Run what a student wrote for a limited time: code that loops for ever is stopped."""

from __future__ import annotations

import contextlib
import ctypes
import io
import threading
from collections.abc import Callable

GRACE = 2.0  # seconds in which running code is asked to stop, again and again
PAUSE = 0.02


class TimeUp(BaseException):
    """Raised inside running code that has taken too long. No `except Exception` catches it by accident."""


class RunsOn(RuntimeError):
    """Code took too long, and could not be stopped."""


def run_limited(work: Callable[[], None], seconds: float) -> None:
    """Call `work` in a thread of its own, and stop it when its time is up. What it prints is not shown.

    Parameters
    ----------
    work
        What to do.
    seconds
        How long it may take.

    Raises
    ------
    TimeUp
        If it was stopped.
    RunsOn
        If it did not stop when told to: it catches everything, or is inside a computation that Python cannot interrupt.
    Exception
        Whatever `work` raises; its own SystemExit or KeyboardInterrupt as RuntimeError.

    Notes
    -----
    A thread, since signals do not exist on Windows, and since a new process could not see the functions of a notebook.
    """
    raised: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except (SystemExit, KeyboardInterrupt) as error:
            # Not the reader's, who can press "interrupt" at any time, but the work's own.
            raised.append(RuntimeError(type(error).__name__))
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=run, daemon=True)
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        thread.start()
        try:
            thread.join(seconds)
        finally:  # the time is up, or the reader has pressed "interrupt"
            late = thread.is_alive()
            _stop(thread)
    if thread.is_alive():
        raise RunsOn(f"it did not stop after {seconds:g} seconds")
    if late:
        raise TimeUp
    if raised:
        raise raised[0]


def _stop(thread: threading.Thread) -> None:
    waited = 0.0
    while thread.is_alive() and waited < GRACE:
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), ctypes.py_object(TimeUp))
        thread.join(PAUSE)
        waited += PAUSE
