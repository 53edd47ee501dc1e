"""The data set: the right one, split the same way for ever, or a clear refusal."""

from __future__ import annotations

import hashlib
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from digitlib.data import MNIST_FILE, DataFileError, Mnist, load_mnist

VALIDATION_SHA256 = "3364f5365298933e6018ed93d6b42a307413ea794149278f799ff410b6ce603f"


@pytest.fixture(scope="module")
def data() -> Mnist:
    return load_mnist()


@pytest.fixture(scope="module")
def originals() -> dict[str, np.ndarray]:
    with np.load(MNIST_FILE) as archive:
        return dict(archive)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copy(MNIST_FILE, tmp_path / "mnist.npz"))


def test_the_three_parts_have_their_sizes(data: Mnist) -> None:
    assert [len(part) for part in data] == [55_000, 55_000, 5_000, 5_000, 10_000, 10_000]
    assert {part.shape[1:] for part in (data.x_train, data.x_val, data.x_test)} == {(28, 28)}
    assert {part.dtype for part in data} == {np.dtype(np.uint8)}
    assert data._fields == ("x_train", "y_train", "x_val", "y_val", "x_test", "y_test")


def test_grey_values_and_labels_span_their_ranges(data: Mnist) -> None:
    for images in (data.x_train, data.x_val, data.x_test):
        assert (images.min(), images.max()) == (0, 255)
    for labels in (data.y_train, data.y_val, data.y_test):
        assert set(labels.tolist()) == set(range(10))


def test_validation_holds_the_same_share_of_every_class(data: Mnist) -> None:
    exact = np.bincount(np.concatenate([data.y_train, data.y_val])) * 5_000 / 60_000
    assert (np.abs(np.bincount(data.y_val) - exact) < 1).all()


def test_training_and_validation_are_the_60000_and_share_no_image(data: Mnist, originals: dict) -> None:
    train = {image.tobytes() for image in data.x_train}
    validation = {image.tobytes() for image in data.x_val}
    assert not train & validation
    assert train | validation == {image.tobytes() for image in originals["x_train"]}


def test_each_image_keeps_its_label_and_both_parts_keep_the_order(data: Mnist, originals: dict) -> None:
    held_out = {image.tobytes() for image in data.x_val}
    is_held_out = np.array([image.tobytes() in held_out for image in originals["x_train"]])
    np.testing.assert_array_equal(data.x_val, originals["x_train"][is_held_out])
    np.testing.assert_array_equal(data.y_val, originals["y_train"][is_held_out])
    np.testing.assert_array_equal(data.x_train, originals["x_train"][~is_held_out])
    np.testing.assert_array_equal(data.y_train, originals["y_train"][~is_held_out])


def test_the_split_is_always_the_same_one(data: Mnist) -> None:
    # Another split would make every stored accuracy a number for other images. Never adjust this to a new value.
    assert hashlib.sha256(data.x_val.tobytes() + data.y_val.tobytes()).hexdigest() == VALIDATION_SHA256
    for part, again in zip(data, load_mnist(), strict=True):
        np.testing.assert_array_equal(part, again)


def _refusal(file: Path | str) -> str:
    with pytest.raises(DataFileError) as refused:
        load_mnist(file)
    message = str(refused.value)
    # Which file, what was expected, what to do: whatever is wrong.
    assert Path(file).name in message
    assert str(file) in message
    assert "Expected: all 70,000 digits" in message
    assert "git checkout -- digitlib/files/mnist.npz" in message
    return message


def test_missing_file(tmp_path: Path) -> None:
    assert "it is missing" in _refusal(tmp_path / "mnist.npz")
    assert "it is missing" in _refusal(str(tmp_path / "mnist.npz"))
    assert "it is missing" in _refusal(tmp_path), "a folder is no file"


@pytest.mark.parametrize("kept", [0, 1, 1000, 5_000_000, -1], ids=lambda kept: f"{kept} bytes")
def test_truncated_file(copy: Path, kept: int) -> None:
    copy.write_bytes(copy.read_bytes()[:kept])
    assert "cut short or damaged" in _refusal(copy)


def _offsets() -> dict[str, int]:
    """Places in the archive that fail in ways of their own."""
    content = MNIST_FILE.read_bytes()
    directory = content.index(b"PK\x01\x02")
    return {
        "signature": 0,
        "encryption flag": directory + 8,
        "compression method": directory + 10,
        "name": directory + 46,
        "end of the directory": len(content) - 6,
        "first image": 200,
        "middle": len(content) // 2,
        "last array": directory - 100,
    }


@pytest.mark.parametrize("place", _offsets())
@pytest.mark.parametrize("flipped", [0x01, 0xFF])
def test_a_flipped_byte(copy: Path, place: str, flipped: int) -> None:
    content = bytearray(copy.read_bytes())
    content[_offsets()[place]] ^= flipped
    copy.write_bytes(content)
    _refusal(copy)


Change = Callable[[dict[str, np.ndarray]], object]
CHANGES: dict[str, tuple[Change, str]] = {
    "missing array": (lambda arrays: arrays.pop("y_test"), "lacks the array 'y_test"),
    "wrong dtype": (lambda arrays: arrays.update(y_test=arrays["y_test"].astype(int)), "should be uint8"),
    "wrong shape": (lambda arrays: arrays.update(x_test=arrays["x_test"][:-1]), "(9999, 28, 28)"),
    "one pixel altered": (
        lambda arrays: arrays["x_test"].__setitem__((5, 5, 5), 1),
        "x_test differs from the published",
    ),
    "one label altered": (lambda arrays: arrays["y_train"].__setitem__(0, 6), "y_train differs"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_other_arrays(tmp_path: Path, originals: dict, change: str) -> None:
    arrays = {name: array.copy() for name, array in originals.items()}
    alter, complaint = CHANGES[change]
    alter(arrays)
    np.savez(tmp_path / "mnist.npz", **arrays)
    assert complaint in _refusal(tmp_path / "mnist.npz")


@pytest.mark.parametrize("kind", ["text", "npy", "zip of something else", "pickled objects"])
def test_no_npz(tmp_path: Path, kind: str) -> None:
    file = tmp_path / "mnist.npz"
    if kind == "text":
        file.write_text("<html>404: not found</html>")
    elif kind == "npy":
        with file.open("wb") as stream:
            np.save(stream, np.zeros(3))
    elif kind == "zip of something else":
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("readme.txt", "no arrays here")
    else:
        np.savez(file, x_train=np.array([print], dtype=object))
    _refusal(file)
