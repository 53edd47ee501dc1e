"""Stop with one clear sentence if this Python cannot run the book. Runs on any Python, however old."""

import sys

if not (3, 11) <= sys.version_info[:2] <= (3, 13):
    sys.exit(
        "The book needs Python 3.11, 3.12 or 3.13, because TensorFlow does, but '%s' is Python %d.%d: install one "
        "of these and name it, for example 'make book PYTHON=python3.12'." % ((sys.executable,) + sys.version_info[:2])
    )
