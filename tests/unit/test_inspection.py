"""What is inside a network: activations, randomised copies, stored maps."""

import hashlib
import io
import json
import zipfile

import keras
import numpy as np
import pytest

import digitlib
from digitlib import inspection
from digitlib.model import PRETRAINED_FILE


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(1)
    return digitlib.build_cnn((3, 4))


@pytest.fixture(scope="module")
def batch():
    return np.random.default_rng(1).integers(0, 256, (5, 28, 28, 1), dtype=np.uint8)


def test_activations_of_all_layers_in_order(model, batch):
    found = inspection.activations(model, batch)
    assert list(found) == [layer.name for layer in model.layers]
    assert found["conv1"].shape == (5, 24, 24, 3)
    assert found["relu2"].shape == (5, 4, 4, 4)
    assert all(values.dtype == np.float32 for values in found.values())
    np.testing.assert_allclose(found["dense"], model.predict(batch, verbose=0), atol=1e-6)


def test_activations_are_those_in_use_not_in_training(model, batch):
    found = inspection.activations(model, batch, ["flatten", "dropout"])
    np.testing.assert_array_equal(found["flatten"], found["dropout"])


def test_activations_keeps_only_what_is_named_in_the_networks_order(model, batch):
    assert list(inspection.activations(model, batch, ["dense", "pool1"])) == ["pool1", "dense"]


def test_activations_takes_images_without_channel_axis_and_many_of_them(model, batch, monkeypatch):
    whole = inspection.activations(model, batch, ["relu1"])["relu1"]
    monkeypatch.setattr(inspection, "_AT_ONCE", 2)
    parts = inspection.activations(model, batch[..., 0], ["relu1"])["relu1"]
    np.testing.assert_allclose(parts, whole, atol=1e-5)


@pytest.mark.parametrize(
    ("bad", "error", "says"),
    [
        (np.zeros((2, 27, 28, 1)), ValueError, r"\(2, 27, 28, 1\)"),
        (np.zeros((28, 28)), ValueError, r"\(28, 28\)"),
        (np.zeros((2, 28, 28, 3)), ValueError, r"\(2, 28, 28, 3\)"),
        (np.zeros((0, 28, 28, 1)), ValueError, "no images"),
        (np.full((1, 28, 28, 1), np.nan), ValueError, "finite"),
        (np.full((1, 28, 28, 1), "ink"), TypeError, "numbers"),
    ],
)
def test_activations_refuses_bad_images(model, bad, error, says):
    with pytest.raises(error, match=says):
        inspection.activations(model, bad)


@pytest.mark.parametrize("function", [inspection.activations, inspection.randomised])
def test_layers_must_be_a_list_of_known_names(model, batch, function):
    given = (model, batch) if function is inspection.activations else (model,)
    with pytest.raises(ValueError, match="no layer named 'conv9'"):
        function(*given, ["conv1", "conv9"])
    with pytest.raises(TypeError, match="one string"):
        function(*given, "conv1")


def test_randomised_draws_the_named_layers_anew_and_leaves_the_rest(model):
    before = [weight.numpy().copy() for weight in model.weights]
    copy = inspection.randomised(model, ["conv1"], seed=3)
    for layer in model.layers:
        for old, new in zip(layer.get_weights(), copy.get_layer(layer.name).get_weights(), strict=True):
            assert np.array_equal(old, new) == (layer.name != "conv1")
    for old, now in zip(before, model.weights, strict=True):
        np.testing.assert_array_equal(old, now.numpy())


def test_randomised_follows_its_seed(model):
    first, again, other = (
        inspection.randomised(model, ["dense"], seed).get_layer("dense").get_weights()[0] for seed in (3, 3, 4)
    )
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_randomised_with_no_layers_is_a_copy(model, batch):
    copy = inspection.randomised(model, [])
    np.testing.assert_allclose(copy.predict(batch, verbose=0), model.predict(batch, verbose=0), atol=1e-6)


def test_the_stored_maps_fit_the_validation_digits():
    maps = inspection.load_embedding()
    count = len(maps.indices)
    assert len(np.unique(maps.indices)) == count == 2_000
    assert maps.indices.min() >= 0
    assert maps.indices.max() < 5_000
    for places in maps[1:]:
        assert places.shape == (count, 2)
        assert places.dtype == np.float32
        assert np.isfinite(places).all()


def _archive(file, **changes):
    places = np.zeros((3, 2), np.float16)
    arrays = {"indices": np.arange(3), "pixels": places, "features": places, "features_tampered": places} | changes
    whole = io.BytesIO()
    np.savez(whole, **{name: array for name, array in arrays.items() if array is not None})
    file.write_bytes(whole.getvalue())
    return file


def test_a_small_file_of_maps_is_read(tmp_path):
    assert inspection.load_embedding(_archive(tmp_path / "maps.npz")).pixels.shape == (3, 2)


def test_a_missing_file_of_maps(tmp_path):
    with pytest.raises(inspection.EmbeddingFileError, match="missing"):
        inspection.load_embedding(tmp_path / "maps.npz")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"features": None}, "features"),
        ({"features": np.zeros((2, 2))}, "features is not a map"),
        ({"pixels": np.full((3, 2), np.nan)}, "pixels is not a map"),
        ({"indices": np.zeros((3, 1))}, "is not a map"),
    ],
)
def test_a_file_that_holds_something_else(tmp_path, changes, says):
    with pytest.raises(inspection.EmbeddingFileError, match=says):
        inspection.load_embedding(_archive(tmp_path / "maps.npz", **changes))


def test_a_file_of_maps_cut_short_or_overwritten(tmp_path):
    file = _archive(tmp_path / "maps.npz")
    file.write_bytes(file.read_bytes()[:200])
    with pytest.raises(inspection.EmbeddingFileError, match="damaged"):
        inspection.load_embedding(file)
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("indices.npy", b"not an array")
    with pytest.raises(inspection.EmbeddingFileError, match="damaged"):
        inspection.load_embedding(file)


def test_the_stored_maps_were_made_from_the_shipped_weights():
    with np.load(inspection.EMBEDDING_FILE) as archive:
        settings = json.loads(str(archive["settings"]))
    now = hashlib.sha256(PRETRAINED_FILE.read_bytes()).hexdigest()
    assert settings["weights_sha256"] == now, "the weights have changed: run 'python tools/embedding.py'"


def test_tampered_moves_the_zeros_and_shrinks_the_ones():
    labels = np.array([0, 0, 1, 1, 2, 2])
    features = np.random.default_rng(1).normal(size=(6, 3)).astype(np.float32)
    changed = inspection.tampered(features, labels)

    def spread(rows):
        return np.linalg.norm(rows - rows.mean(axis=0))

    def gap(rows):
        return rows[:2].mean(axis=0) - features[2:].mean(axis=0)

    np.testing.assert_allclose(gap(changed), 10 * gap(features), rtol=1e-4)
    assert spread(changed[:2]) == pytest.approx(spread(features[:2]), rel=1e-4)
    assert spread(changed[2:4]) == pytest.approx(spread(features[2:4]) / 4, rel=1e-4)
    np.testing.assert_array_equal(changed[4:], features[4:])


@pytest.mark.parametrize(
    ("shape", "labels"), [((4,), [0, 1, 2, 3]), ((4, 2), [0, 1, 2]), ((4, 2), [0, 2, 3, 4]), ((0, 2), [])]
)
def test_tampered_refuses_what_it_cannot_move(shape, labels):
    with pytest.raises(ValueError, match="labels"):
        inspection.tampered(np.zeros(shape), np.array(labels))
