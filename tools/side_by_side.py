"""Run many trainings two at a time, each on one core: twice the work of one training on two cores in the same time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from typing import Any

import tensorflow as tf


def side_by_side(
    work: Callable[..., Any], jobs: Sequence[tuple[Any, ...]], prepare: Callable[[], None] | None = None
) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Call `work(*job)` for each job, in two processes of their own; yield each job with its result when it is done.

    Parameters
    ----------
    work
        A function of a module, since it must be found from another process.
    jobs
        Its arguments.
    prepare
        What each process does first, such as choosing how it computes.
    """
    with ProcessPoolExecutor(2, get_context("spawn"), initializer=_begin, initargs=(prepare,)) as pool:
        running = {pool.submit(work, *job): job for job in jobs}
        for finished in as_completed(running):
            yield running[finished], finished.result()


def one_core() -> None:
    """Keep TensorFlow in this process to one core."""
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)


def _begin(prepare: Callable[[], None] | None) -> None:
    one_core()
    if prepare:
        prepare()
