"""The network of this book: its layers, and the file that its weights travel in.

Introduced in the chapter *Building the network, layer by layer*.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from numbers import Integral, Real
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from digitlib.data import FILES

if TYPE_CHECKING:
    import keras

SCHEMA = "digitlib-network"
SCHEMA_VERSION = "1"
PRETRAINED_FILE = FILES / "cnn.safetensors"
TWIN_FILE = FILES / "cnn-twin.safetensors"

# For each kind of layer that the file can hold, the settings that decide what it computes.
_SETTINGS = {
    "Rescaling": ("scale", "offset"),
    "Conv2D": ("filters", "kernel_size", "strides", "padding", "activation", "use_bias"),
    "MaxPooling2D": ("pool_size", "strides", "padding"),
    "AveragePooling2D": ("pool_size", "strides", "padding"),
    "GlobalAveragePooling2D": (),
    "BatchNormalization": ("momentum", "epsilon", "center", "scale"),
    "ReLU": (),
    "Softmax": (),
    "Activation": ("activation",),
    "Flatten": (),
    "Dropout": ("rate",),
    "Dense": ("units", "activation", "use_bias"),
}
# Settings that the file does not hold, so they must be Keras's own; an axis may be counted from either end.
_FIXED = {
    "dilation_rate": [(1, 1)],
    "groups": [1],
    "data_format": ["channels_last"],
    "keepdims": [False],
    "max_value": [None],
    "negative_slope": [0],
    "threshold": [0],
    "axis": [-1, 1, 3],
}


class WeightsFileError(RuntimeError):
    """A file of weights is missing, damaged, or not one that this version of digitlib reads."""


def build_cnn(
    widths: Sequence[int] = (24, 48), filter_size: int = 5, dropout: float = 0.3, momentum: float = 0.9
) -> keras.Sequential:
    """Build the network of this book, untrained.

    Two times convolution, max pooling, batch normalisation and ReLU, then dropout and one dense layer with softmax.

    Parameters
    ----------
    widths
        How many filters the first and the second convolution have.
    filter_size
        Side of the square filters, in pixels.
    dropout
        Share of the flattened values that are set to zero in each training step, from 0 up to but not including 1.
    momentum
        How much of the moving averages batch normalisation keeps in each training step, between 0 and 1.

    Returns
    -------
    keras.Sequential
        Takes batches of shape (N, 28, 28, 1) with grey values from 0 to 255, uint8 or float; gives probabilities
        of shape (N, 10). Not compiled.

    Raises
    ------
    ValueError
        If a setting is out of its range, or the filters do not fit into the picture.

    Notes
    -----
    The convolutions have no bias: batch normalisation, which follows, would subtract it again.
    Pooling comes straight after the convolution, so that the layers behind it have a quarter of the values to work
    on; ReLU and max pooling can be exchanged without changing the result (chapter *Building the network*).
    """
    check_network_settings(widths, filter_size, dropout, momentum)
    import keras
    from keras import layers

    first, second = widths
    return keras.Sequential(
        [
            keras.Input(shape=(28, 28, 1)),
            layers.Rescaling(1 / 255, name="rescaling"),
            layers.Conv2D(first, filter_size, use_bias=False, name="conv1"),
            layers.MaxPooling2D(2, name="pool1"),
            layers.BatchNormalization(momentum=momentum, name="norm1"),
            layers.ReLU(name="relu1"),
            layers.Conv2D(second, filter_size, use_bias=False, name="conv2"),
            layers.MaxPooling2D(2, name="pool2"),
            layers.BatchNormalization(momentum=momentum, name="norm2"),
            layers.ReLU(name="relu2"),
            layers.Flatten(name="flatten"),
            layers.Dropout(dropout, name="dropout"),
            layers.Dense(10, activation="softmax", name="dense"),
        ]
    )


def check_network_settings(
    widths: Sequence[int], filter_size: int, dropout: float = 0.3, momentum: float = 0.9
) -> None:
    """Refuse what `build_cnn` cannot build, without loading TensorFlow.

    Raises
    ------
    ValueError
        If a setting is out of its range, or the filters do not fit into the picture.
    """
    if np.shape(widths) != (2,) or not all(isinstance(width, Integral) and width >= 1 for width in widths):
        raise ValueError(f"widths must be two whole numbers of filters, such as (24, 48), but is {widths!r}")
    if not isinstance(filter_size, Integral) or not 1 <= filter_size <= 9:
        raise ValueError(
            f"filter_size must be a whole number from 1 to 9, but is {filter_size!r}: larger filters do not fit "
            "into what the first pooling leaves of a 28 x 28 picture"
        )
    if not isinstance(dropout, Real) or not 0 <= dropout < 1:
        raise ValueError(f"dropout must be at least 0 and less than 1, but is {dropout!r}")
    if not isinstance(momentum, Real) or not 0 < momentum < 1:
        raise ValueError(f"momentum must lie between 0 and 1, but is {momentum!r}")


def save_network(model: keras.Sequential, file: Path | str, about: Mapping[str, Any]) -> None:
    """Store a network in one .safetensors file: its weights in float16, its layers and `about` in the metadata.

    Parameters
    ----------
    model
        Any Sequential of the kinds of layers that this book teaches.
    file
        Where to; an older file is replaced only once the new one is complete.
    about
        What a reader should know of the weights, such as recipe, seed and accuracy; anything JSON can hold.

    Raises
    ------
    ValueError
        If the network has a kind of layer that the file cannot hold, or a weight that is not a finite number.
    """
    packed = pack_network(model, about)
    file = Path(file)
    aside = file.with_suffix(".part")
    aside.write_bytes(packed)
    aside.replace(file)


def pack_network(
    model: keras.Sequential, about: Mapping[str, Any], precision: Literal["float16", "float32"] = "float16"
) -> bytes:
    """Put a network into the bytes of a .safetensors file, which the labs read in the browser.

    Parameters
    ----------
    model
        Any Sequential of the kinds of layers that this book teaches.
    about
        What a reader should know of the weights; anything JSON can hold.
    precision
        How exactly the weights are kept; "float32" is twice as large and loses nothing.

    Raises
    ------
    ValueError
        If the network has a kind of layer, or a setting, that the file cannot hold, or a weight that is not a finite
        number.
    """
    from safetensors.numpy import save

    layers = [_describe(layer) for layer in model.layers]
    tensors = _tensors(model, np.dtype(precision))
    metadata = {
        "schema": SCHEMA,
        "version": SCHEMA_VERSION,
        "layers": json.dumps(layers),
        "about": json.dumps(dict(about)),
    }
    metadata["sha256"] = _digest(tensors, metadata)
    return save(tensors, metadata=metadata)


def load_network(file: Path | str) -> keras.Sequential:
    """Build the network that a file describes, and give it the file's weights.

    Raises
    ------
    WeightsFileError
        If the file is missing, damaged, of another schema, or its weights do not fit its layers.
    """
    file = Path(file)
    tensors, metadata = _read(file)
    import keras

    try:
        layers = []
        for entry in json.loads(metadata["layers"]):
            kind = entry["class_name"]
            if kind not in _SETTINGS:
                raise WeightsFileError(_complaint(file, f"it holds a layer of the unknown kind {kind!r}"))
            layers.append(getattr(keras.layers, kind)(name=entry["name"], **entry["config"]))
        model = keras.Sequential([keras.Input(shape=(28, 28, 1)), *layers])
        for layer in model.layers:
            layer.set_weights([tensors.pop(f"{layer.name}/{weight.name}") for weight in _weights(layer)])
        if tensors:
            raise ValueError(f"no layer takes {', '.join(sorted(tensors))}")
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise WeightsFileError(_complaint(file, f"its weights do not fit its layers ({error})")) from error
    return model


def load_pretrained(step: int | None = None) -> keras.Sequential:
    """Load the trained network that ships with the book.

    Parameters
    ----------
    step
        Which checkpoint of its training, one of `checkpoint_steps()`; by default the finished network.

    Returns
    -------
    keras.Sequential
        Takes batches of shape (N, 28, 28, 1) with grey values from 0 to 255, uint8 or float; gives probabilities
        of shape (N, 10). Not compiled. `digitlib/files/cnn.md` says how it was made and how good it is.

    Raises
    ------
    ValueError
        If there is no checkpoint of that step.
    WeightsFileError
        If the file is missing or damaged.
    """
    if step is None:
        return load_network(PRETRAINED_FILE)
    if step not in checkpoint_steps():
        raise ValueError(f"there is no checkpoint of step {step!r}: choose one of {checkpoint_steps()}")
    return load_network(checkpoint_file(step))


def load_twin() -> keras.Sequential:
    """Load the shipped network's twin: same recipe, another seed. For comparisons (chapter *Error analysis*).

    Raises
    ------
    WeightsFileError
        If the file is missing or damaged.
    """
    return load_network(TWIN_FILE)


def checkpoint_steps() -> list[int]:
    """List the training steps at which the shipped network was stored, in order."""
    return sorted(int(file.stem.rpartition("-")[2]) for file in FILES.glob("cnn-step-*.safetensors"))


def checkpoint_file(step: int) -> Path:
    """Name the file that holds the shipped network as it was after `step` training steps."""
    return FILES / f"cnn-step-{step:05d}.safetensors"


def _describe(layer: keras.Layer) -> dict[str, Any]:
    kind = type(layer).__name__
    if kind not in _SETTINGS:
        raise ValueError(f"the layer {layer.name} is a {kind}; a weights file holds only {', '.join(_SETTINGS)}")
    config = layer.get_config()
    for setting, allowed in _FIXED.items():
        if setting in config and config[setting] not in allowed:
            raise ValueError(
                f"the layer {layer.name} has {setting}={config[setting]!r}; a weights file holds only networks with "
                f"{setting}={allowed[0]!r}"
            )
    if kind == "Rescaling" and not all(isinstance(config[key], Real) for key in ("scale", "offset")):
        raise ValueError(
            f"the layer {layer.name} must have one scale and one offset; a weights file holds no lists of them"
        )
    return {"class_name": kind, "name": layer.name, "config": {key: config[key] for key in _SETTINGS[kind]}}


def _weights(layer: keras.Layer) -> list[keras.Variable]:
    # A dropout layer's random state is a variable too, but nothing that was learned.
    return [weight for weight in layer.weights if "seed_generator" not in weight.path]


def _tensors(model: keras.Sequential, precision: np.dtype) -> dict[str, NDArray[np.floating]]:
    tensors = {}
    for layer in model.layers:
        for weight in _weights(layer):
            with np.errstate(over="ignore"):  # refused in the next line
                tensor = np.asarray(weight).astype(precision)
            if not np.isfinite(tensor).all():
                raise ValueError(f"the weights {weight.path} hold values that are not finite in {precision}")
            tensors[f"{layer.name}/{weight.name}"] = tensor
    return tensors


def _digest(tensors: Mapping[str, NDArray[np.floating]], metadata: Mapping[str, str]) -> str:
    digest = hashlib.sha256((metadata["layers"] + metadata["about"]).encode())
    for name in sorted(tensors):
        digest.update(f"{name} {tensors[name].dtype} {tensors[name].shape}".encode())
        digest.update(tensors[name].tobytes())
    return digest.hexdigest()


def _read(file: Path) -> tuple[dict[str, NDArray[np.floating]], dict[str, str]]:
    from safetensors import SafetensorError, safe_open

    if not file.is_file():
        raise WeightsFileError(_complaint(file, "it is missing"))
    try:
        with safe_open(file, framework="numpy") as archive:
            metadata = archive.metadata() or {}
            tensors = {name: archive.get_tensor(name) for name in archive.keys()}  # noqa: SIM118 (not a dict)
    except (SafetensorError, OSError, ValueError, TypeError) as error:
        raise WeightsFileError(_complaint(file, f"it is damaged ({error})")) from error
    if metadata.get("schema") != SCHEMA:
        raise WeightsFileError(_complaint(file, f"its schema is {metadata.get('schema')!r}, not {SCHEMA!r}"))
    if metadata.get("version") != SCHEMA_VERSION:
        raise WeightsFileError(
            _complaint(file, f"its version is {metadata.get('version')!r}, this digitlib reads {SCHEMA_VERSION!r}")
        )
    if not {"layers", "about", "sha256"} <= metadata.keys() or metadata["sha256"] != _digest(tensors, metadata):
        raise WeightsFileError(_complaint(file, "its contents are not those that were stored (SHA-256)"))
    for name, tensor in tensors.items():
        if not np.isfinite(tensor).all():
            raise WeightsFileError(_complaint(file, f"the weights {name} hold values that are not finite"))
    return tensors, metadata


def _complaint(file: Path, what: str) -> str:
    return (
        f"{file.name} cannot be used as a file of weights: {what}. Expected: a network stored by "
        f"digitlib.save_network. A file that ships with the book comes back with 'git checkout -- digitlib/files', or "
        f"train anew with 'make weights'. (Looked for in {file})"
    )
