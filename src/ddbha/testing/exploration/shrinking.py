"""Delta debugging: the fewest decisions that still break a scenario.

Zeller and Hildebrandt, Simplifying and Isolating Failure-Inducing Input, 2002.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

Part = TypeVar("Part")


def shrink(
    parts: Sequence[Part], breaks: Callable[[Sequence[Part]], bool], *, attempts: int
) -> list[Part]:
    """As few of `parts`, in their order, as `breaks` is still true of.

    Unless the `attempts` run out, none of them can be left out alone.
    """
    left = list(parts)
    size = len(left)
    while left and attempts > 0:
        shorter = False
        start = 0
        while start < len(left) and attempts > 0:
            candidate = left[:start] + left[start + size :]
            attempts -= 1
            if breaks(candidate):
                left, shorter = candidate, True
            else:
                start += size
        if size > 1:
            size = max(1, min(size // 2, len(left)))
        elif not shorter:
            break
    return left
