"""The data set: MNIST as it was published, its split into three parts, and the proof that this copy is the real one.

Introduced in the chapter *Exploring the digits*.
"""

from __future__ import annotations

import hashlib
import struct
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

FILES = Path(__file__).parent / "files"
MNIST_FILE = FILES / "mnist.npz"

VALIDATION_SIZE = 5_000
SPLIT_SEED = 0

# Each array with the shape it must have and the SHA-256 of the original file that it came from:
# train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte, t10k-labels-idx1-ubyte.
_ORIGINALS = {
    "x_train": ((60_000, 28, 28), "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"),
    "y_train": ((60_000,), "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"),
    "x_test": ((10_000, 28, 28), "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"),
    "y_test": ((10_000,), "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"),
}


class Mnist(NamedTuple):
    """The 70,000 digits in three parts: images (N, 28, 28), 0 paper to 255 ink, and labels (N,), all uint8."""

    x_train: NDArray[np.uint8]
    y_train: NDArray[np.uint8]
    x_val: NDArray[np.uint8]
    y_val: NDArray[np.uint8]
    x_test: NDArray[np.uint8]
    y_test: NDArray[np.uint8]


class DataFileError(RuntimeError):
    """A file of the book's data is missing, damaged or not the one that was published."""


def load_mnist(file: Path | str = MNIST_FILE) -> Mnist:
    """Load MNIST and prove that it is the published one.

    Parameters
    ----------
    file
        The .npz file to read; by default the one that ships with the book.

    Returns
    -------
    Mnist
        55,000 training, 5,000 validation and 10,000 test digits. The validation digits are taken from MNIST's
        60,000 training digits, the same share of every class, always the same ones; both parts keep MNIST's order.

    Raises
    ------
    DataFileError
        If the file is missing, cut short or altered. Nothing is returned then.

    Notes
    -----
    The proof: each array, with the header of the original IDX file put in front again, must have that file's
    published SHA-256.
    """
    arrays = _read_proven(Path(file))
    x, y = arrays["x_train"], arrays["y_train"]
    held_out = _validation_indices(y)
    return Mnist(
        np.delete(x, held_out, axis=0),
        np.delete(y, held_out),
        x[held_out],
        y[held_out],
        arrays["x_test"],
        arrays["y_test"],
    )


def _read_proven(file: Path) -> dict[str, NDArray[np.uint8]]:
    if not file.is_file():
        raise DataFileError(_complaint(file, "it is missing"))
    try:
        with np.load(file, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in _ORIGINALS}
    except KeyError as error:
        raise DataFileError(_complaint(file, f"it lacks the array {error}")) from error
    except Exception as error:
        # A damaged archive fails in many ways: bad zip, bad deflate, "encrypted", unknown compression, no archive ...
        raise DataFileError(_complaint(file, "it cannot be read: it is cut short or damaged")) from error
    for name, (shape, digest) in _ORIGINALS.items():
        array = arrays[name]
        if array.shape != shape or array.dtype != np.uint8:
            raise DataFileError(
                _complaint(
                    file, f"{name} should be uint8 of shape {shape}, but is {array.dtype} of shape {array.shape}"
                )
            )
        if hashlib.sha256(_idx_header(shape) + array.tobytes()).hexdigest() != digest:
            raise DataFileError(_complaint(file, f"{name} differs from the published MNIST (SHA-256)"))
    return arrays


def _idx_header(shape: tuple[int, ...]) -> bytes:
    # 0x08 says "unsigned byte", the last byte the number of axes: 2051 for images, 2049 for labels.
    return struct.pack(f">I{len(shape)}I", 0x0800 + len(shape), *shape)


def _complaint(file: Path, what: str) -> str:
    return (
        f"{file.name} is not the MNIST file that ships with this book: {what}. Expected: all 70,000 digits, "
        f"exactly as published. To get it back, run 'git checkout -- digitlib/files/mnist.npz' in the book's folder, "
        f"or download the book anew. (Looked for in {file})"
    )


def _validation_indices(labels: NDArray[np.uint8]) -> NDArray[np.intp]:
    """Draw from each class its share by a fixed seed; return the sorted indices."""
    rng = np.random.default_rng(SPLIT_SEED)
    exact = np.bincount(labels, minlength=10) * VALIDATION_SIZE / labels.size
    counts = np.floor(exact).astype(int)
    # Rounding down leaves a few places free: the classes that lost most by it get them.
    counts[np.argsort(counts - exact)[: VALIDATION_SIZE - counts.sum()]] += 1
    drawn = [rng.permutation(np.flatnonzero(labels == digit))[:count] for digit, count in enumerate(counts)]
    return np.sort(np.concatenate(drawn))
