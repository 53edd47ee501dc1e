"""The small shared module behind the digits book: import it from any chapter.

`import digitlib` is quick and does not load TensorFlow; what needs it loads it when first used.
"""

from __future__ import annotations

import os

# TensorFlow greets with several lines on the error stream, which a notebook shows in red. Errors still come through.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from digitlib.claims import claim
from digitlib.data import load_mnist
from digitlib.model import build_cnn, load_network, load_pretrained, save_network

__version__ = "1.0.0"

__all__ = [
    "build_cnn",
    "claim",
    "expect_version",
    "load_mnist",
    "load_network",
    "load_pretrained",
    "save_network",
]


def expect_version(written_for: str) -> None:
    """Stop with advice if this digitlib is not the one that a chapter was written for. First cell of every chapter.

    Raises
    ------
    ImportError
        If the first two numbers of the versions differ.
    """
    if __version__.split(".")[:2] != written_for.split(".")[:2]:
        raise ImportError(
            f"this chapter was written for digitlib {written_for}, but digitlib {__version__} is installed. Take "
            "chapters and module from the same copy of the book: in its folder, run 'pip install -r requirements.txt' "
            "and restart the kernel."
        )
