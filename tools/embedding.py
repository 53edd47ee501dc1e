"""Make the t-SNE maps that the chapter *Filters and feature maps* shows: `python tools/embedding.py`.

They depend on the shipped weights, so run this again after `make weights`. The same weights, versions and machine give
the same file. Another machine adds in another order; t-SNE magnifies the last digit, so points may lie elsewhere there.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from importlib.metadata import version

import numpy as np
from numpy.typing import NDArray
from sklearn.manifold import TSNE
from threadpoolctl import threadpool_limits

import digitlib
from digitlib.inspection import EMBEDDING_FILE, activations, tampered
from digitlib.model import PRETRAINED_FILE

DIGITS = 2_000
SEED = 0
PERPLEXITY = 30


def main() -> None:
    """Compute the maps and store them with their settings, aside first and then renamed."""
    data = digitlib.load_mnist()
    indices = np.sort(np.random.default_rng(SEED).permutation(len(data.x_val))[:DIGITS])
    images = data.x_val[indices]
    features = activations(digitlib.load_pretrained(), images, ["flatten"])["flatten"]
    pixels = images.reshape(DIGITS, -1) / np.float32(255)
    maps = {
        "pixels": tsne(pixels),
        "features": tsne(features),
        "features_tampered": tsne(tampered(features, data.y_val[indices])),
    }
    settings = {
        "digits": DIGITS,
        "seed": SEED,
        "perplexity": PERPLEXITY,
        "weights_sha256": hashlib.sha256(PRETRAINED_FILE.read_bytes()).hexdigest(),
        "versions": {package: version(package) for package in ("numpy", "scikit-learn", "keras")},
    }
    arrays = {"indices": indices.astype(np.int16), **maps, "settings": np.array(json.dumps(settings))}
    aside = EMBEDDING_FILE.with_suffix(".part")
    aside.write_bytes(archive(arrays))
    aside.replace(EMBEDDING_FILE)
    print(f"{EMBEDDING_FILE.name}: {len(maps)} maps of {DIGITS} digits, {EMBEDDING_FILE.stat().st_size // 1000} kB")


def tsne(values: NDArray) -> NDArray[np.float16]:
    """Place rows of numbers in two dimensions by t-SNE, starting from their principal components."""
    # One thread, so that the sums are always added in the same order.
    with threadpool_limits(1):
        places = TSNE(init="pca", perplexity=PERPLEXITY, random_state=SEED, n_jobs=1).fit_transform(values)
    return places.astype(np.float16)


def archive(arrays: dict[str, NDArray]) -> bytes:
    """Write arrays as an .npz file without the time of writing, so that equal arrays give equal bytes."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as file:
        for name, array in arrays.items():
            one = io.BytesIO()
            np.save(one, array, allow_pickle=False)
            file.writestr(zipfile.ZipInfo(f"{name}.npy"), one.getvalue(), zipfile.ZIP_DEFLATED)
    return whole.getvalue()


if __name__ == "__main__":
    main()
