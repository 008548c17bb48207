"""Projection expressions, and the picking of document paths out of items.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.ProjectionExpressions.html
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
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
    #: The parts of an item at the paths; lists close up over what was not asked for.
    project: Callable[[Item], Item]


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
    return Projection(names_used, tuple(paths), attributes, nested, _members_picker(tree))


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


def _members_picker(tree: _Tree) -> Callable[[Item], Item]:
    """What picks the parts that a tree names out of an item, or the members of a map."""
    if not any(tree.values()):
        names = tuple(tree)
        return lambda members: {name: members[name] for name in names if name in members}
    pickers = [(name, None if below is None else _picker(below)) for name, below in tree.items()]

    def pick(members: Item) -> Item:
        picked = {}
        for name, picker in pickers:
            value = members.get(name)
            found = value if value is None or picker is None else picker(value)
            if found is not None:
                picked[name] = found
        return picked

    return pick


def _picker(tree: _Tree) -> Callable[[AttributeValue], AttributeValue | None]:
    """What picks the parts that a tree names out of a list or a map; None if it has none of them."""
    if any(isinstance(part, int) for part in tree):
        return _elements_picker(tree)
    pick_members = _members_picker(tree)

    def pick(value: AttributeValue) -> AttributeValue | None:
        members = value.get("M")
        picked = None if members is None else pick_members(members)
        return {"M": picked} if picked else None

    return pick


def _elements_picker(tree: _Tree) -> Callable[[AttributeValue], AttributeValue | None]:
    pickers = [(place, None if tree[place] is None else _picker(tree[place])) for place in sorted(tree)]

    def pick(value: AttributeValue) -> AttributeValue | None:
        picked = []
        elements = value.get("L", ())
        for place, picker in pickers:
            if place >= len(elements):
                break
            found = elements[place] if picker is None else picker(elements[place])
            if found is not None:
                picked.append(found)
        return {"L": picked} if picked else None

    return pick
