"""Projection expressions, and the picking of document paths out of items.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.ProjectionExpressions.html
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from attrs import frozen

from ddbha.errors import ValidationException
from ddbha.expressions.parser import Parser
from ddbha.expressions.syntax import Path, written
from ddbha.values.attribute import AttributeValue, Item

#: Paths as a tree: a part leads to the parts below it, and to None where a path ends.
_Tree = dict[Any, Any]


@frozen(eq=False)
class Projection:
    """Paths to pick out of items."""

    names_used: frozenset[str]
    paths: tuple[Path, ...]
    attributes: frozenset[str]
    #: Those attributes of which only a part is named.
    nested: frozenset[str]
    _tree: _Tree

    def project(self, item: Item) -> Item:
        """The parts of `item` at the paths; lists close up over what was not asked for."""
        return _pick_members(item, self._tree)


def projection(text: str, names: Mapping[str, str] | None = None) -> Projection:
    """Compile a projection expression; compiled ones are kept by text and names."""
    return _projection(text, tuple(names.items()) if names else ())


@lru_cache(maxsize=1024)
def _projection(text: str, names: tuple[tuple[str, str], ...]) -> Projection:
    parser = Parser(text, dict(names), "ProjectionExpression")
    paths = parser.projection()
    refuse_overlaps(paths, "ProjectionExpression")
    return of_paths(paths, frozenset(parser.names_used))


def of_paths(paths: Sequence[Path], names_used: frozenset[str] = frozenset()) -> Projection:
    """A projection of paths that are known already."""
    tree: _Tree = {}
    for path in paths:
        below = tree
        for part in path[:-1]:
            below = below.setdefault(part, {})
            if below is None:
                break
        else:
            below[path[-1]] = None
    attributes = frozenset(str(path[0]) for path in paths)
    nested = frozenset(str(path[0]) for path in paths if len(path) > 1)
    return Projection(names_used, tuple(paths), attributes, nested, tree)


def refuse_overlaps(paths: Sequence[Path], parameter: str) -> None:
    """Raise `ValidationException` if one path lies within another, or they disagree on what is a list."""
    # Only paths that begin with the same attribute can meet.
    following: dict[str | int, deque[Path]] = {}
    for path in paths:
        following.setdefault(path[0], deque()).append(path)
    for first in paths:
        following[first[0]].popleft()
        for second in following[first[0]]:
            shared = min(len(first), len(second))
            if first[:shared] == second[:shared]:
                fault = "overlap"
            else:
                split = next(i for i in range(shared) if first[i] != second[i])
                if isinstance(first[split], int) is isinstance(second[split], int):
                    continue
                fault = "conflict"
            raise ValidationException(
                f"Invalid {parameter}: Two document paths {fault} with each other; must remove or "
                f"rewrite one of these paths; path one: {written(first)}, path two: {written(second)}"
            )


def _pick_members(members: dict[str, AttributeValue], tree: _Tree) -> dict[str, AttributeValue]:
    picked: dict[str, AttributeValue] = {}
    for name, below in tree.items():
        value = members.get(name)
        if value is not None:
            found = value if below is None else _pick(value, below)
            if found is not None:
                picked[name] = found
    return picked


def _pick(value: AttributeValue, tree: _Tree) -> AttributeValue | None:
    if any(isinstance(part, int) for part in tree):
        elements = value.get("L")
        if elements is None:
            return None
        picked = []
        for position in sorted(tree):
            if position < len(elements):
                below = tree[position]
                found = elements[position] if below is None else _pick(elements[position], below)
                if found is not None:
                    picked.append(found)
        return {"L": picked} if picked else None
    if "M" not in value:
        return None
    members = _pick_members(value["M"], tree)
    return {"M": members} if members else None
