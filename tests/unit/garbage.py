"""Random answers of every kind, many of them hostile: what a check may be given by accident or for fun."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np


class Hostile:
    """All that can be asked of it fails."""

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(name)

    def _fail(self, *_: Any, **__: Any) -> Any:
        raise RuntimeError("no")

    __eq__ = __lt__ = __len__ = __iter__ = __float__ = __int__ = __bool__ = __call__ = __getitem__ = _fail
    __hash__ = __repr__ = __str__ = __format__ = __array__ = __index__ = __contains__ = _fail


class Quitter:
    """Ends the program when it is read."""

    def __array__(self, *_: Any, **__: Any) -> Any:
        raise SystemExit(1)

    def __repr__(self) -> str:
        raise KeyboardInterrupt


class Liar(np.ndarray):
    """An array that gives back something else for every sum."""

    def sum(self, *_: Any, **__: Any) -> Any:
        """Lie."""
        return "much"


class Garbage:
    """A source of random answers; the same seed gives the same ones."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._rng = np.random.default_rng(seed)

    def answer(self, depth: int = 0) -> Any:
        """Return the next random answer."""
        kinds = [self._number, self._text, self._array, self._odd, self._function]
        if depth < 2:
            kinds += [self._list, self._dict]
        return self._random.choice(kinds)(depth)

    @staticmethod
    def might_be_right(answer: Any) -> bool:
        """Whether chance alone may have hit on the answer: one plain number, word, or a few small numbers."""
        if isinstance(answer, (list, tuple, np.ndarray)):
            return np.size(np.asarray(answer, dtype=object)) <= 4
        return isinstance(answer, (int, float, str, bool, np.generic))

    def _number(self, _: int) -> Any:
        huge = [10**400, -(10**30), 1e308, float("nan"), float("inf"), -0.0, 1j, True, np.float16(7), np.int8(-1)]
        return self._random.choice([self._random.randint(-5, 300), self._random.gauss(0, 50), *huge])

    def _text(self, _: int) -> str:
        return self._random.choice(["", "x", "{0}", "{given}", "%s", "\x00", "🙂" * 50, "first", "a" * 10_000, "'; --"])

    def _array(self, _: int) -> Any:
        shape = self._random.choice([(), (0,), (1,), (3,), (10,), (28, 28), (10, 28, 28), (2, 0, 3), (5, 28, 28, 1)])
        values = self._rng.normal(0, 100, shape)
        kind = self._random.choice(["float64", "uint8", "bool", "complex64", "object", "U8", "datetime64[s]"])
        with np.errstate(all="ignore"):
            made = values.astype(np.int64).astype(kind) if kind == "datetime64[s]" else values.astype(kind)
        if kind == "float64" and made.size and self._random.random() < 0.3:
            made.flat[0] = np.nan
        return made.view(Liar) if made.ndim and self._random.random() < 0.1 else made

    def _odd(self, _: int) -> Any:
        return self._random.choice(
            [
                None,
                Hostile(),
                Quitter(),
                object,
                int,
                type,
                NotImplemented,
                iter([1]),
                (n for n in "ab"),
                b"\xff",
                print,
            ]
        )

    def _list(self, depth: int) -> Any:
        made = [self.answer(depth + 1) for _ in range(self._random.randint(0, 4))]
        return self._random.choice([list, tuple])(made)

    def _dict(self, depth: int) -> dict[str, Any]:
        return {"a": self.answer(depth + 1), "shape": (1, 2)}

    def _function(self, depth: int) -> Callable[..., Any]:
        result = None if depth else self.answer(1)

        def fails(*_: Any) -> Any:
            raise self._random.choice([ValueError("{x}"), SystemExit(3), KeyboardInterrupt(), RecursionError()])

        return self._random.choice([fails, lambda *_: result, lambda first=0, *_: first, lambda: 1, sorted])
