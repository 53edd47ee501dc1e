"""The network and the file that its weights travel in: whole, or refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import keras
import numpy as np
import pytest
from safetensors.numpy import save

from digitlib import data, model
from digitlib.model import WeightsFileError, build_cnn, load_network, load_pretrained, pack_network, save_network


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    return data.load_mnist().x_train[:64, ..., np.newaxis]


@pytest.fixture(scope="module")
def network() -> keras.Sequential:
    """Build a small network whose every weight differs from what building it gives."""
    small = build_cnn(widths=(2, 3))
    rng = np.random.default_rng(0)
    for layer in small.layers:
        weights = model._weights(layer)
        if weights:
            layer.set_weights([rng.uniform(0.1, 0.9, weight.shape).astype("float32") for weight in weights])
    return small


@pytest.fixture
def stored(network: keras.Sequential, tmp_path: Path) -> Path:
    file = tmp_path / "small.safetensors"
    save_network(network, file, {"recipe": "none", "accuracy": 0.1})
    return file


def test_layers_in_the_books_order() -> None:
    pairs = [f"{kind}{pair}" for pair in (1, 2) for kind in ("conv", "pool", "norm", "relu")]
    assert [layer.name for layer in build_cnn().layers] == ["rescaling", *pairs, "flatten", "dropout", "dense"]


def test_shapes_and_parameters() -> None:
    small = build_cnn(widths=(2, 3), filter_size=5)
    shapes = {layer.name: layer.output.shape[1:] for layer in small.layers}
    assert (shapes["conv1"], shapes["pool1"]) == ((24, 24, 2), (12, 12, 2))
    assert (shapes["conv2"], shapes["pool2"], shapes["dense"]) == ((8, 8, 3), (4, 4, 3), (10,))
    convolutions, norms, dense = 5 * 5 * 1 * 2 + 5 * 5 * 2 * 3, 4 * 2 + 4 * 3, (4 * 4 * 3 + 1) * 10
    assert small.count_params() == convolutions + norms + dense


def test_at_most_100000_parameters() -> None:
    assert build_cnn().count_params() <= 100_000
    assert load_pretrained().count_params() <= 100_000


def test_settings_reach_their_layers() -> None:
    built = build_cnn(widths=[4, 6], filter_size=3, dropout=0.5, momentum=0.8)
    assert built.get_layer("conv1").kernel.shape == (3, 3, 1, 4)
    assert built.get_layer("conv2").kernel.shape == (3, 3, 4, 6)
    assert built.get_layer("dropout").rate == 0.5
    assert {built.get_layer(name).momentum for name in ("norm1", "norm2")} == {0.8}


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"widths": (16,)}, "widths"),
        ({"widths": (16, 32, 64)}, "widths"),
        ({"widths": (0, 32)}, "widths"),
        ({"widths": (16, 32.5)}, "widths"),
        ({"widths": 16}, "widths"),
        ({"widths": ("16", "32")}, "widths"),
        ({"filter_size": 0}, "filter_size"),
        ({"filter_size": 10}, "filter_size"),
        ({"filter_size": 2.5}, "filter_size"),
        ({"filter_size": (5, 5)}, "filter_size"),
        ({"dropout": 1.0}, "dropout"),
        ({"dropout": -0.1}, "dropout"),
        ({"dropout": float("nan")}, "dropout"),
        ({"momentum": 0.0}, "momentum"),
        ({"momentum": 1.0}, "momentum"),
        ({"momentum": float("nan")}, "momentum"),
    ],
    ids=str,
)
def test_bad_settings(settings: dict, named: str) -> None:
    with pytest.raises(ValueError, match=f"^{named} must .*, but is "):
        build_cnn(**settings)


def test_uint8_and_float_give_the_same_probabilities(network: keras.Sequential, images: np.ndarray) -> None:
    from_uint8 = network.predict(images, verbose=0)
    np.testing.assert_allclose(network.predict(images.astype("float32"), verbose=0), from_uint8, atol=1e-6)
    np.testing.assert_allclose(network.predict(images.astype("float64"), verbose=0), from_uint8, atol=1e-6)


def test_ten_probabilities_each(images: np.ndarray) -> None:
    probabilities = load_pretrained().predict(images, verbose=0)
    assert probabilities.shape == (64, 10)
    assert (probabilities >= 0).all()
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)


def test_the_shipped_network_knows_digits() -> None:
    digits = data.load_mnist()
    probabilities = load_pretrained().predict(digits.x_val[:1000, ..., np.newaxis], verbose=0)
    assert (probabilities.argmax(axis=1) == digits.y_val[:1000]).mean() > 0.97


def test_checkpoints(images: np.ndarray) -> None:
    steps = model.checkpoint_steps()
    assert steps == sorted(set(steps))
    assert steps[0] == 0
    first = load_pretrained(steps[0]).predict(images, verbose=0)
    assert not np.allclose(first, load_pretrained(steps[-1]).predict(images, verbose=0), atol=0.1)
    with pytest.raises(ValueError, match=r"no checkpoint of step 7: choose one of \[0, "):
        load_pretrained(7)


def test_the_twin_differs(images: np.ndarray) -> None:
    ours, twin = load_pretrained(), model.load_twin()
    assert [layer.name for layer in ours.layers] == [layer.name for layer in twin.layers]
    assert not np.allclose(ours.predict(images, verbose=0), twin.predict(images, verbose=0), atol=1e-4)


def test_every_weight_comes_back_to_float16(network: keras.Sequential, stored: Path) -> None:
    loaded = load_network(stored)
    for layer, again in zip(network.layers, loaded.layers, strict=True):
        assert type(layer) is type(again)
        for weight, other in zip(model._weights(layer), model._weights(again), strict=True):
            # float16 keeps eleven binary digits.
            np.testing.assert_allclose(np.asarray(other), np.asarray(weight), rtol=2**-11)


def test_the_same_predictions(network: keras.Sequential, stored: Path, images: np.ndarray) -> None:
    expected = network.predict(images, verbose=0)
    np.testing.assert_allclose(load_network(stored).predict(images, verbose=0), expected, atol=0.01)


def test_a_second_round_changes_nothing(stored: Path, tmp_path: Path) -> None:
    save_network(load_network(stored), tmp_path / "again.safetensors", {"recipe": "none", "accuracy": 0.1})
    # Its own seal covers layers, `about` and weights alike.
    assert model._read(tmp_path / "again.safetensors")[1] == model._read(stored)[1]


def test_the_layers_settings_come_back(tmp_path: Path) -> None:
    built = build_cnn(widths=(2, 3), filter_size=3, dropout=0.6, momentum=0.7)
    save_network(built, tmp_path / "other.safetensors", {})
    loaded = load_network(tmp_path / "other.safetensors")
    assert [model._describe(layer) for layer in loaded.layers] == [model._describe(layer) for layer in built.layers]


def test_every_shipped_file_loads() -> None:
    files = sorted(model.FILES.glob("cnn*.safetensors"))
    assert {model.PRETRAINED_FILE, model.TWIN_FILE} < set(files)
    for file in files:
        load_network(file)


@pytest.mark.parametrize("bad", [np.nan, np.inf, 1e6], ids=["NaN", "infinity", "too large for float16"])
def test_weights_that_are_not_finite(stored: Path, bad: float) -> None:
    before = stored.read_bytes()
    broken = build_cnn(widths=(2, 3))
    kernel = np.zeros((5, 5, 1, 2), "float32")
    kernel[2, 2, 0, 1] = bad
    broken.get_layer("conv1").set_weights([kernel])
    with pytest.raises(ValueError, match="conv1/kernel hold values that are not finite in float16"):
        save_network(broken, stored, {})
    assert stored.read_bytes() == before


def test_a_layer_that_the_book_does_not_teach(tmp_path: Path) -> None:
    strange = keras.Sequential([keras.Input((28, 28, 1)), keras.layers.GaussianNoise(0.1, name="noise")])
    with pytest.raises(ValueError, match="layer noise is a GaussianNoise; a weights file holds only Rescaling"):
        save_network(strange, tmp_path / "strange.safetensors", {})
    assert not list(tmp_path.iterdir())


def test_an_interrupted_save_leaves_the_old_file_whole(
    network: keras.Sequential, stored: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = stored.read_bytes()
    write = Path.write_bytes

    def half(file: Path, content: bytes) -> int:
        write(file, content[: len(content) // 2])
        raise OSError("no space left on device")

    monkeypatch.setattr(Path, "write_bytes", half)
    with pytest.raises(OSError, match="no space left"):
        save_network(network, stored, {"recipe": "new"})
    assert stored.read_bytes() == before
    load_network(stored)


def _refusal(file: Path) -> str:
    with pytest.raises(WeightsFileError) as refused:
        load_network(file)
    message = str(refused.value)
    # Which file, what was expected, what to do: whatever is wrong.
    assert file.name in message
    assert str(file) in message
    assert "Expected: a network stored by digitlib.save_network" in message
    assert "make weights" in message
    return message


def test_missing(tmp_path: Path) -> None:
    assert "it is missing" in _refusal(tmp_path / "nothing.safetensors")
    assert "it is missing" in _refusal(tmp_path)


@pytest.mark.parametrize("share", [0.0, 0.001, 0.3, 0.9])
def test_truncated(stored: Path, share: float) -> None:
    content = stored.read_bytes()
    stored.write_bytes(content[: int(share * len(content))])
    assert "it is damaged" in _refusal(stored)


def test_one_flipped_byte_anywhere(stored: Path) -> None:
    content = stored.read_bytes()
    header = 8 + int.from_bytes(content[:8], "little")
    # Every byte of the header with the metadata in it, and a fair share of the weights.
    for offset in [*range(header), *range(header, len(content), 53), len(content) - 1]:
        damaged = bytearray(content)
        damaged[offset] ^= (0x01, 0x20, 0x80, 0xFF)[offset % 4]
        stored.write_bytes(damaged)
        with pytest.raises(WeightsFileError):
            model._read(stored)


def test_a_damaged_file_gives_no_network_at_all(stored: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = bytearray(stored.read_bytes())
    content[-1] ^= 1
    stored.write_bytes(content)
    monkeypatch.setattr(keras, "Sequential", lambda *_: pytest.fail("built from a damaged file"))
    assert "(SHA-256)" in _refusal(stored)


def test_appended_bytes(stored: Path) -> None:
    stored.write_bytes(stored.read_bytes() + b"\0")
    assert "it is damaged" in _refusal(stored)


def test_other_schema(stored: Path) -> None:
    _rewrite(stored, lambda tensors, metadata: metadata.update(schema="digitlib-study"))
    assert "its schema is 'digitlib-study', not 'digitlib-network'" in _refusal(stored)


def test_other_version(stored: Path) -> None:
    _rewrite(stored, lambda tensors, metadata: metadata.update(version="2"))
    assert "its version is '2', this digitlib reads '1'" in _refusal(stored)


def test_foreign_safetensors(tmp_path: Path) -> None:
    file = tmp_path / "foreign.safetensors"
    file.write_bytes(save({"weight": np.ones((3, 3), np.float32)}))
    assert "its schema is None" in _refusal(file)


@pytest.mark.parametrize("kind", ["GaussianNoise", "Lambda", "TFSMLayer", "NoSuchLayer", "__class__"])
def test_unknown_layer(stored: Path, kind: str) -> None:
    def insert(tensors: dict, metadata: dict) -> None:
        layers = json.loads(metadata["layers"])
        layers.insert(1, {"class_name": kind, "name": "strange", "config": {"stddev": 0.1}})
        metadata["layers"] = json.dumps(layers)

    _rewrite(stored, insert)
    assert f"it holds a layer of the unknown kind {kind!r}" in _refusal(stored)


def test_weights_of_another_shape(stored: Path) -> None:
    _rewrite(stored, lambda tensors, metadata: tensors.update({"dense/bias": np.zeros(9, np.float16)}))
    assert "its weights do not fit its layers" in _refusal(stored)


def test_a_missing_weight(stored: Path) -> None:
    _rewrite(stored, lambda tensors, metadata: tensors.pop("dense/bias"))
    assert "its weights do not fit its layers" in _refusal(stored)


def test_a_weight_too_many(stored: Path) -> None:
    _rewrite(stored, lambda tensors, metadata: tensors.update({"conv3/kernel": np.zeros(9, np.float16)}))
    assert "its weights do not fit its layers" in _refusal(stored)


def test_stored_weights_that_are_not_finite(stored: Path) -> None:
    _rewrite(stored, lambda tensors, metadata: tensors["dense/bias"].__setitem__(3, np.nan))
    assert "not finite" in _refusal(stored)


@pytest.mark.parametrize("layers", ["[]", "{}", "7", "null", "[1]", '[{"class_name": "Dense"}]', "no JSON"])
def test_layers_that_are_none(stored: Path, layers: str) -> None:
    _rewrite(stored, lambda tensors, metadata: metadata.update(layers=layers))
    assert "its weights do not fit its layers" in _refusal(stored)


def _rewrite(file: Path, change: Callable[[dict, dict], object]) -> None:
    """Change a file and seal it anew: complete and undamaged, but wrong."""
    tensors, metadata = model._read(file)
    tensors = {name: tensor.copy() for name, tensor in tensors.items()}
    change(tensors, metadata)
    metadata["sha256"] = model._digest(tensors, metadata)
    file.write_bytes(save(tensors, metadata=metadata))


def _of_many_kinds() -> keras.Sequential:
    from keras import Input, Sequential, layers

    return Sequential(
        [
            Input((28, 28, 1)),
            layers.Conv2D(3, 3, strides=2, padding="same", activation="tanh"),
            layers.BatchNormalization(center=False, scale=False),
            layers.AveragePooling2D(2, strides=1, padding="same"),
            layers.Activation("sigmoid"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(10),
            layers.Softmax(),
        ]
    )


@pytest.mark.parametrize("precision", ["float16", "float32"])
def test_a_packed_network_of_many_kinds_computes_the_same(
    images: np.ndarray, tmp_path: Path, precision: Literal["float16", "float32"]
) -> None:
    many = _of_many_kinds()
    file = tmp_path / "many.safetensors"
    file.write_bytes(pack_network(many, {}, precision))
    again = load_network(file)
    expected = many.predict(images.astype(np.float32), verbose=0)
    tolerance = 1e-6 if precision == "float32" else 2e-2
    assert np.abs(again.predict(images.astype(np.float32), verbose=0) - expected).max() <= tolerance


def test_float32_keeps_every_bit(network: keras.Sequential, tmp_path: Path) -> None:
    file = tmp_path / "exact.safetensors"
    file.write_bytes(pack_network(network, {}, "float32"))
    for ours, theirs in zip(network.get_weights(), load_network(file).get_weights(), strict=True):
        assert np.array_equal(ours, theirs)


def test_a_setting_that_the_file_does_not_hold_is_refused() -> None:
    from keras import Input, Sequential, layers

    for layer, said in (
        (layers.Conv2D(2, 3, dilation_rate=2, name="wide"), r"the layer wide has dilation_rate=\(2, 2\)"),
        (layers.ReLU(max_value=6, name="six"), "the layer six has max_value=6"),
        (layers.Rescaling([0.5], name="listed"), "the layer listed must have one scale"),
    ):
        with pytest.raises(ValueError, match=said):
            pack_network(Sequential([Input((28, 28, 1)), layer]), {})
