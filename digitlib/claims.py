"""What the prose states, checked where it is stated. Used in every chapter."""

from __future__ import annotations

import os

import numpy as np


class ClaimFailed(AssertionError):
    """A sentence of the book does not hold, in a run that must not let that pass."""


def claim(sentence: str, holds: bool | np.bool_, this_run: str = "", otherwise: str = "") -> None:
    """Print what the book states if it holds in this run; say kindly that it does not if it does not.

    Parameters
    ----------
    sentence
        What is stated, the same in every run, for example "more than 99 % of the validation digits are right".
    holds
        Whether this run bears it out.
    this_run
        What this run measured, for example "99.12 %". It may differ from run to run, so the checks of the stored
        outputs pass over it.
    otherwise
        What to make of it where it does not hold, for example "over five seeds we saw 98.9 % to 99.2 %".

    Raises
    ------
    ClaimFailed
        If the sentence does not hold and the environment variable DIGITLIB_STRICT is set, as it is when the
        chapters are stored or checked. A reader's own run goes on instead.
    TypeError
        If `holds` is not a single truth value.

    Examples
    --------
    >>> claim("seven is odd", 7 % 2 == 1)
    ✓ seven is odd
    >>> claim("at least 98.9 % are right", 0.991 >= 0.989, this_run="99.10 %")
    ✓ at least 98.9 % are right (this run: 99.10 %)
    """
    if getattr(holds, "shape", ()) != ():
        raise TypeError(f"a claim needs one truth value, but was given an array of shape {holds.shape}: use .all()")
    if np.asarray(holds).dtype != bool:
        raise TypeError(f"a claim needs one truth value, True or False, but was given {holds!r}: compare it")
    measured = f" (this run: {this_run})" if this_run else ""
    if holds:
        print(f"✓ {sentence}{measured}")
        return
    if os.environ.get("DIGITLIB_STRICT"):
        raise ClaimFailed(f"✗ {sentence}{measured}")
    advice = f" {otherwise[0].upper()}{otherwise[1:]}." if otherwise else ""
    print(f"✗ Not in this run: {sentence}{measured}.{advice} The chapter goes on all the same.")
