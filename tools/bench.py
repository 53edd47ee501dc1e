"""Let the book's network run against well-known ones: time to an accuracy, and the accuracy in the end. `make bench`.

    .venv/bin/python tools/bench.py --seeds 5

Every run has a process of its own, sees the same 55,000 images and is judged on the same 5,000 validation images
after every epoch. Its clock runs from the call of `fit` to the end of each epoch, building the graph included, and
stands still while the network is judged. The nets take turns, so that a busy minute of the machine hits all alike;
leave the machine alone meanwhile. Stopped, it goes on where it was; `--anew` forgets what was measured.

The results go into `_build/bench.json`, the trained networks beside it into `_build/bench`. With `--look-at-test` these
are judged on the test set; that is for the finished table, once, and belongs into `book/reference/test_looks.md`. The
chapter *A fast and honest race* shows `digitlib/files/bench.json`, a copy of the authors' results.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import shutil
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
from judged import hits
from peers import LADDER, PEERS, Peer, steps
from stored import resume, store

import digitlib
from digitlib.benchmark import SCHEMA, SCHEMA_VERSION, Runs, crossing, load_benchmark
from digitlib.data import Mnist
from digitlib.training import RECIPES, train

SPRINT = RECIPES["sprint"]
# The ladder's last step but one: the sprint, but both epochs see all images.
ALL_IMAGES = {"the book's train": SPRINT | {"training": SPRINT["training"] | {"epochs": 2, "focus": 1.0}}}
OURS = ALL_IMAGES | {name: RECIPES[name] for name in ("sprint", "lap")}
NETS = [*PEERS, *LADDER, *OURS]
ONE_SEED = ("PyTorch twin",)  # a run takes ten minutes


class Judge(keras.callbacks.Callback):
    """After each epoch: stop the clock, count the validation images that are right, start it again.

    The images are counted in two halves, those at even and those at odd places: the chapter that shows the result
    lets one half choose an epoch and the other judge the choice.
    """

    def __init__(self, images: np.ndarray, labels: np.ndarray) -> None:
        super().__init__()
        self.images, self.labels = images, labels
        self.seconds: list[float] = []
        self.right: list[list[int]] = []
        self.passed = self.worked = 0.0
        self.start_clock()

    def start_clock(self) -> None:
        """Start to count seconds, and seconds of the processor's work."""
        self.start, self.work_start = time.perf_counter(), time.process_time()

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Note seconds and counts."""
        self.passed += time.perf_counter() - self.start
        self.worked += time.process_time() - self.work_start
        self.seconds.append(round(self.passed, 2))
        right = hits(self.model, self.images, self.labels)
        self.right.append([int(right[::2].sum()), int(right[1::2].sum())])
        self.start_clock()


def main() -> int:
    """Make the runs that are missing; look at the test set if asked to."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--images", type=int, default=55_000, help="the first so many training images")
    parser.add_argument("--nets", nargs="+", default=NETS, choices=NETS)
    parser.add_argument("--file", type=Path, default=Path("_build/bench.json"))
    parser.add_argument("--anew", action="store_true", help="forget what was measured before")
    parser.add_argument("--look-at-test", action="store_true", help="judge the finished networks on the test set")
    parser.add_argument("--run", nargs=3, metavar=("NET", "SEED", "FOLDER"), help=argparse.SUPPRESS)  # a child's work
    asked = parser.parse_args()
    if asked.run:
        name, seed, networks = asked.run
        print(json.dumps(measure(name, int(seed), asked.images, Path(networks))))
        return 0
    networks = asked.file.with_suffix("")
    if asked.anew:
        asked.file.unlink(missing_ok=True)
        shutil.rmtree(networks, ignore_errors=True)
    bench = resume(begin(asked.images), "nets", asked.file)
    for seed in range(asked.seeds):
        for turn in range(len(asked.nets)):
            # Each net comes early and late in turn, as nearly as the number of seeds allows.
            name = asked.nets[(seed + turn) % len(asked.nets)]
            runs = bench["nets"].setdefault(name, [])
            if any(run["seed"] == seed for run in runs) or (name in ONE_SEED and seed > 0):
                continue
            runs.append(in_own_process(name, seed, asked.images, networks))
            store(bench, asked.file)
            print(name, seed, runs[-1]["seconds"][-1], sum(runs[-1]["right"][-1]) / 5000, flush=True)
    if asked.look_at_test:
        look_at_test(bench, networks)
        store(bench, asked.file)
    print(table(load_benchmark(asked.file)))
    return 0


def begin(images: int) -> dict[str, Any]:
    """Describe a benchmark without runs: what decides whether two measurements may stand in one file."""
    return {
        "schema": SCHEMA,
        "version": SCHEMA_VERSION,
        "images": images,
        "machine": {"cores": os.cpu_count(), "processor": processor(), "system": platform.system()},
        "versions": {"python": ".".join(platform.python_version_tuple()[:2])}
        | {package: version(package) for package in ("tensorflow-cpu", "keras", "numpy")},
        "nets": {},
    }


def processor() -> str:
    """Name the processor where Linux tells it, otherwise its architecture."""
    info = Path("/proc/cpuinfo")
    names = [line for line in info.read_text().splitlines() if line.startswith("model name")] if info.exists() else []
    return names[0].partition(":")[2].strip() if names else platform.machine()


def in_own_process(name: str, seed: int, images: int, networks: Path) -> dict[str, Any]:
    """Measure one run in a new process: none finds memory in use or graphs built by another."""
    setting = ["--run", name, str(seed), str(networks), "--images", str(images)]
    done = subprocess.run([sys.executable, __file__, *setting], stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def measure(name: str, seed: int, images: int, networks: Path) -> dict[str, Any]:
    """Train one network; keep it in `networks`, and return what was measured on the way."""
    data = digitlib.load_mnist()
    keras.utils.set_random_seed(seed)
    if name in OURS:
        model, judge = train_ours(OURS[name], data, images, seed)
    else:
        model, judge = train_peer((PEERS | LADDER)[name], data, images)
    networks.mkdir(parents=True, exist_ok=True)
    model.save_weights(networks / weights_file(name, seed))
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # kilobytes, but on macOS bytes
    return {
        "seed": seed,
        "parameters": model.count_params(),
        "seconds": judge.seconds,
        "processor_seconds": round(judge.worked, 2),
        "right": judge.right,
        "peak_mb": round(most / (2**20 if sys.platform == "darwin" else 2**10)),
    }


def train_peer(peer: Peer, data: Mnist, images: int) -> tuple[keras.Sequential, Judge]:
    """Train a network as its author does."""
    model, x = peer.build(steps(peer, images)), peer.prepare(data.x_train[:images])
    judge = Judge(peer.prepare(data.x_val), data.y_val)
    model.fit(
        x,
        data.y_train[:images],
        batch_size=peer.batch_size,
        epochs=peer.epochs,
        callbacks=[*peer.callbacks(), judge],
        verbose=0,
    )
    return model, judge


def train_ours(recipe: dict[str, Any], data: Mnist, images: int, seed: int) -> tuple[keras.Sequential, Judge]:
    """Train the book's network by one of its recipes."""
    model = digitlib.build_cnn(**recipe["network"])
    judge = Judge(data.x_val[..., np.newaxis], data.y_val)
    x, y = data.x_train[:images], data.y_train[:images]
    train(model, x, y, seed=seed, callbacks=(judge,), **recipe["training"])
    return model, judge


def look_at_test(bench: dict[str, Any], networks: Path) -> None:
    """Judge the finished networks on the test set that were not yet; those of the ladder stay on validation images."""
    data = digitlib.load_mnist()
    for name in bench["nets"].keys() - LADDER.keys() - ALL_IMAGES.keys():
        peer = PEERS.get(name)
        images = peer.prepare(data.x_test) if peer else data.x_test[..., np.newaxis]
        for run in bench["nets"][name]:
            if "test_right" not in run:
                model = peer.build(1) if peer else digitlib.build_cnn(**OURS[name]["network"])
                model.load_weights(networks / weights_file(name, run["seed"]))
                run["test_right"] = int(hits(model, images, data.y_test).sum())


def weights_file(name: str, seed: int) -> str:
    """Name the file of a trained network's weights."""
    return f"{NETS.index(name)}-{seed}.weights.h5"


def table(nets: dict[str, Runs]) -> str:
    """Return the result as a Markdown table; where a run of ours ends above a target, its whole time counts."""
    titles = "network", "seeds", "parameters", "epochs", "s an epoch", "s to 99.0 %", "s to 99.2 %"
    head = f"| {' | '.join((*titles, 'validation %', 'test %', 'MiB'))} |"
    rows = [row(name, runs) for name, runs in nets.items()]
    return "\n".join([head, "|---" * 10 + "|", *rows, "", "All seconds include the building of TensorFlow's graph."])


def row(name: str, runs: Runs) -> str:
    """Return one network's row of the table."""
    last, total = 100 * runs.accuracy[:, -1], runs.seconds[:, -1].mean()
    if name in OURS:
        times = [total if last.mean() >= 100 * target else np.inf for target in (0.99, 0.992)]
    else:
        times = [crossing(runs, target) for target in (0.99, 0.992)]
    seeds, epochs = runs.seconds.shape
    cells = [
        name,
        seeds,
        f"{runs.parameters:,}",
        epochs,
        f"{total / epochs:.1f}",
        *(f"{seconds:.1f}" if np.isfinite(seconds) else "never" for seconds in times),
        f"{last.mean():.2f} ({last.min():.2f} to {last.max():.2f})",
        f"{runs.test_right.mean() / 100:.2f}" if runs.test_right is not None else "–",
        round(runs.peak_mb.mean()),
    ]
    return f"| {' | '.join(map(str, cells))} |"


if __name__ == "__main__":
    sys.exit(main())
