"""What is inside a trained network: what each layer makes of a picture, and stored maps of the digits.

Introduced in the chapter *Filters and feature maps*. How to ask what a unit responds to, or which pixels matter, is
written out there.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from digitlib.data import FILES

if TYPE_CHECKING:
    import keras

EMBEDDING_FILE = FILES / "embedding.npz"

# Images that go through the network at once; what they leave in all layers together stays below 50 MB.
_AT_ONCE = 100


class EmbeddingFileError(RuntimeError):
    """The file of the stored two-dimensional maps is missing, damaged, or does not belong to this book."""


class Embedding(NamedTuple):
    """Stored t-SNE maps of some validation digits: `indices` (N,) into `x_val`, and maps (N, 2), all float32.

    `pixels` was made from the grey values and `features` from what the network's dense layer receives, both starting
    from the two principal components. `features_tampered` was made as `features` was, after `tampered`.
    """

    indices: NDArray[np.int64]
    pixels: NDArray[np.float32]
    features: NDArray[np.float32]
    features_tampered: NDArray[np.float32]


def activations(
    model: keras.Sequential, batch: NDArray, layers: Sequence[str] | None = None
) -> dict[str, NDArray[np.float32]]:
    """Send images through a network and keep what the layers put out.

    Parameters
    ----------
    model
        A Sequential whose first layer takes images. Dropout and batch normalisation act as they do in use.
    batch
        Images of shape (N, 28, 28, 1), or (N, 28, 28), with grey values from 0 to 255.
    layers
        Names of the layers whose output is kept; by default all. For many images name the few that you need: one
        image leaves about 60,000 numbers in all layers of the shipped network together.

    Returns
    -------
    dict
        For each of these layers, in the network's order, its name and its output, float32, N along the first axis.

    Raises
    ------
    ValueError
        If there are no images, they have another shape or hold values that are not finite, or the network has no
        layer of such a name.
    TypeError
        If the images do not hold numbers, or `layers` is one string instead of a list of them.

    Notes
    -----
    Introduced in the chapter *Filters and feature maps*.
    """
    images = _checked(batch)
    names = [layer.name for layer in model.layers]
    if isinstance(layers, str):
        raise TypeError(f"layers must be a list of names, such as [{layers!r}], but is one string")
    wanted = names if layers is None else list(layers)
    if unknown := [name for name in wanted if name not in names]:
        raise ValueError(f"the network has no layer named {unknown[0]!r}; its layers are {', '.join(names)}")

    parts: dict[str, list[NDArray]] = {name: [] for name in names if name in wanted}
    for start in range(0, len(images), _AT_ONCE):
        values = images[start : start + _AT_ONCE]
        for layer in model.layers:
            values = layer(values)  # outside of training, dropout and batch normalisation act as in use
            if layer.name in parts:
                parts[layer.name].append(np.asarray(values, dtype=np.float32))
    return {name: np.concatenate(pieces) for name, pieces in parts.items()}


def randomised(model: keras.Sequential, layers: Sequence[str], seed: int = 0) -> keras.Sequential:
    """Copy a network and draw the weights of some of its layers anew, as if they had never been trained.

    Parameters
    ----------
    model
        The network; it stays as it is.
    layers
        Names of the layers to draw anew.
    seed
        Fixes what is drawn.

    Returns
    -------
    keras.Sequential
        The copy. A batch normalisation among `layers` starts with mean 0, variance 1, scale 1 and shift 0.

    Raises
    ------
    ValueError
        If the network has no layer of such a name.
    TypeError
        If `layers` is one string instead of a list of them.

    Notes
    -----
    Introduced in the chapter *Filters and feature maps*.
    """
    import keras

    names = [layer.name for layer in model.layers]
    if isinstance(layers, str):
        raise TypeError(f"layers must be a list of names, such as [{layers!r}], but is one string")
    if unknown := [name for name in layers if name not in names]:
        raise ValueError(f"the network has no layer named {unknown[0]!r}; its layers are {', '.join(names)}")

    keras.utils.set_random_seed(seed)
    copy = keras.models.clone_model(model)  # with fresh weights throughout
    for layer in copy.layers:
        if layer.name not in layers:
            layer.set_weights(model.get_layer(layer.name).get_weights())
    return copy


def tampered(features: NDArray, labels: NDArray) -> NDArray[np.float32]:
    """Move all zeros ten times as far from the other digits, and draw the ones together to a quarter of their size.

    Who is whose neighbour hardly changes by that: it shows what a two-dimensional map makes of distances.

    Parameters
    ----------
    features
        A row of numbers for each digit, shape (N, D).
    labels
        Which digit each row belongs to, shape (N,).

    Returns
    -------
    ndarray
        The changed copy, float32, shape (N, D).

    Raises
    ------
    ValueError
        If the shapes do not match, or there are no zeros or no ones.

    Notes
    -----
    Introduced in the chapter *Filters and feature maps*.
    """
    features, labels = np.asarray(features, dtype=np.float32), np.asarray(labels)
    if features.ndim != 2 or labels.shape != features.shape[:1]:
        raise ValueError(
            f"expected features of shape (N, D) and labels of shape (N,), but have {features.shape} and {labels.shape}"
        )
    zeros, ones = labels == 0, labels == 1
    if not zeros.any() or not ones.any():
        raise ValueError("there must be zeros and ones among the labels")
    changed = features.copy()
    changed[zeros] += 9 * (features[zeros].mean(axis=0) - features[~zeros].mean(axis=0))
    middle = features[ones].mean(axis=0)
    changed[ones] = middle + (features[ones] - middle) / 4
    return changed


def load_embedding(file: Path | str = EMBEDDING_FILE) -> Embedding:
    """Load the stored t-SNE maps; `tools/embedding.py` makes them from the shipped weights.

    Raises
    ------
    EmbeddingFileError
        If the file is missing, damaged, or holds something else.

    Notes
    -----
    Introduced in the chapter *Filters and feature maps*.
    """
    file = Path(file)
    if not file.is_file():
        raise EmbeddingFileError(_complaint(file, "it is missing"))
    try:
        with np.load(file, allow_pickle=False) as archive:
            indices = archive["indices"].astype(np.int64)
            maps = {name: archive[name].astype(np.float32) for name in Embedding._fields[1:]}
    except KeyError as error:
        raise EmbeddingFileError(_complaint(file, f"it lacks the array {error}")) from error
    except Exception as error:
        # A damaged archive fails in many ways: bad zip, bad deflate, an entry that is no array ...
        raise EmbeddingFileError(_complaint(file, "it cannot be read: it is cut short or damaged")) from error
    for name, places in maps.items():
        if indices.ndim != 1 or places.shape != (len(indices), 2) or not np.isfinite(places).all():
            raise EmbeddingFileError(_complaint(file, f"{name} is not a map with two finite numbers for each digit"))
    return Embedding(indices, **maps)


def _checked(batch: NDArray) -> NDArray:
    batch = np.asarray(batch)
    if not (np.issubdtype(batch.dtype, np.number) or batch.dtype == bool):
        raise TypeError(f"the images must hold numbers, but hold {batch.dtype}")
    if batch.ndim == 3:
        batch = batch[..., np.newaxis]
    if batch.ndim != 4 or batch.shape[1:] != (28, 28, 1):
        raise ValueError(f"images must have the shape (N, 28, 28, 1) or (N, 28, 28), but have {batch.shape}")
    if len(batch) == 0:
        raise ValueError("there are no images to look at: the batch is empty")
    if np.issubdtype(batch.dtype, np.floating) and not np.isfinite(batch).all():
        raise ValueError("the images hold values that are not finite numbers (NaN or infinity)")
    return batch


def _complaint(file: Path, what: str) -> str:
    return (
        f"{file.name} cannot be used as the stored maps of the digits: {what}. Expected: a file written by "
        f"tools/embedding.py. It comes back with 'git checkout -- digitlib/files/embedding.npz', or run "
        f"'python tools/embedding.py' in the book's folder. (Looked for in {file})"
    )
