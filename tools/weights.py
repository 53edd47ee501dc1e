"""Train the networks that ship with the book and store them with their card: `make weights`.

The recipe was chosen on the validation set. Seed 0 becomes the shipped network and seed 1 its twin, whatever they
score; the other seeds only show the spread. The test set is looked at once, by `--look-at-test`, after everything is
stored; that look belongs into `book/reference/test_looks.md`.
"""

from __future__ import annotations

import argparse
import json
import sys
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import keras
import numpy as np
from judged import hits

import digitlib
from digitlib import model as networks
from digitlib.data import FILES, Mnist
from digitlib.training import RECIPES, store_checkpoints, train

RECIPE = RECIPES["shipped"]
SEEDS = range(5)
CHECKPOINT_STEPS = (0, 10, 30, 100, 200, 430, 860, 1720, 3440, 5160)
RESULTS = FILES / "cnn.json"
CARD = FILES / "cnn.md"


def main() -> None:
    """Train all seeds, or look at the test set once."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--look-at-test", action="store_true", help="judge the stored networks on the test set")
    if parser.parse_args().look_at_test:
        look_at_test()
    else:
        train_all()


def train_all() -> None:
    """Train every seed; store the first two, the checkpoints of the first, and all results on validation."""
    with TemporaryDirectory(dir=FILES) as folder:
        results = train_into(Path(folder))
        for old in FILES.glob("cnn-step-*.safetensors"):
            old.unlink()
        for new in Path(folder).iterdir():
            new.replace(FILES / new.name)
    store(results)


def train_into(folder: Path) -> dict[str, Any]:
    """Train every seed; store networks and checkpoints in a folder, so that the old ones stay until all is done."""
    data = digitlib.load_mnist()
    accuracies = {}
    for seed in SEEDS:
        network, history = train_one(data, seed, (store_checkpoints(folder, CHECKPOINT_STEPS),) if seed == 0 else ())
        accuracies[str(seed)] = history["val_accuracy"]
        print(f"seed {seed}: {history['val_accuracy'][-1]:.2%} on validation after the last epoch", flush=True)
        if seed in (0, 1):
            name = (networks.PRETRAINED_FILE if seed == 0 else networks.TWIN_FILE).name
            digitlib.save_network(network, folder / name, {"seed": seed, "recipe": RECIPE})
    return {
        "recipe": RECIPE,
        "parameters": network.count_params(),
        "versions": {package: version(package) for package in ("tensorflow-cpu", "keras", "numpy")},
        "validation_accuracy": accuracies,
    }


def train_one(
    data: Mnist, seed: int, callbacks: tuple[keras.callbacks.Callback, ...]
) -> tuple[keras.Sequential, dict[str, list[float]]]:
    """Train one network by the recipe."""
    keras.utils.set_random_seed(seed)
    network = digitlib.build_cnn(**RECIPE["network"])
    history = train(
        network,
        data.x_train,
        data.y_train,
        **RECIPE["training"],
        seed=seed,
        validation=(data.x_val, data.y_val),
        callbacks=callbacks,
    )
    return network, history


def look_at_test() -> None:
    """Judge the shipped network and its twin, as stored, on the test set; add the result to the results."""
    data = digitlib.load_mnist()
    results = json.loads(RESULTS.read_text())
    results["test_accuracy"] = {
        str(seed): float(hits(network, data.x_test[..., np.newaxis], data.y_test).mean())
        for seed, network in enumerate((digitlib.load_pretrained(), networks.load_twin()))
    }
    store(results)


def store(results: dict[str, Any]) -> None:
    """Write the results and the card made of them, each aside and then renamed."""
    for file, text in ((RESULTS, json.dumps(results, indent=1) + "\n"), (CARD, card(results))):
        aside = file.with_suffix(".part")
        aside.write_text(text, encoding="utf-8")
        aside.replace(file)


def card(results: dict[str, Any]) -> str:
    """Say in Markdown what the shipped weights are, how they were made and how good they are."""
    network, training = results["recipe"]["network"], results["recipe"]["training"]
    last = [curve[-1] for curve in results["validation_accuracy"].values()]
    tested = results.get("test_accuracy")
    test = (
        f"On the 10,000 test images, looked at once: {tested['0']:.2%} (shipped network), {tested['1']:.2%} (twin)."
        if tested
        else "The test set has not been looked at."
    )
    return f"""# The shipped network

`cnn.safetensors` (seed 0), its twin `cnn-twin.safetensors` (seed 1), and checkpoints of seed 0 after
{", ".join(f"{step:,}" for step in CHECKPOINT_STEPS)} steps. Read them with `digitlib.load_pretrained()`.

- **What it is**: `digitlib.build_cnn({network["widths"]}, {network["filter_size"]}, {network["dropout"]})`,
  {results["parameters"]:,} parameters, stored in float16.
- **What it takes and gives**: images of N × 28 × 28 × 1 grey values from 0 (paper) to 255 (ink), prepared as MNIST's
  are; ten probabilities.
- **How it was trained**: on the 55,000 training images for {training["epochs"]} epochs, batches of
  {training["batch_size"]}, Adam with a learning rate that rises to {training["peak_rate"]} and falls to zero,
  images varied at random with strength {training["variation"]} (`digitlib.training.vary`). The last epoch counts.
- **How good it is**: on the 5,000 validation images {np.mean(last):.2%} on average over {len(last)} seeds, from
  {min(last):.2%} to {max(last):.2%}; seed 0 {last[0]:.2%}. {test}
- **What it is not for**: anything but single digits prepared as MNIST's are. It has never seen anything that is not
  a digit, and always answers with one.
- **Make it anew**: `make weights`. Training on several threads adds numbers in varying order, so the new weights
  differ in the last digits and the accuracy within the spread above.
- **Made with**: {", ".join(f"{name} {number}" for name, number in results["versions"].items())}.
- **Licence**: that of the code, MIT. The training images are MNIST's.
"""


if __name__ == "__main__":
    sys.exit(main())
