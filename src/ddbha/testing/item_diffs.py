"""Where items differ, attribute by attribute: what pytest shows of `assert item == expected`."""

from __future__ import annotations

from typing import Any

from ddbha.testing.wording import TYPES, item, plain

#: Of longer lists as many items are compared.
_MOST_ITEMS = 5


def difference(left: object, right: object) -> list[str] | None:
    """The lines that say how two items, or two lists of items, differ; None if they are none."""
    if _is_item(left) and _is_item(right):
        return ["items are equal", *_lines(left, right)]
    if isinstance(left, list) and isinstance(right, list) and all(map(_is_item, left + right)):
        return _of_lists(left, right) if left + right else None
    return None


def _is_item(value: object) -> bool:
    return (
        isinstance(value, dict)
        and bool(value)
        and all(isinstance(one, dict) and len(one) == 1 and one.keys() <= TYPES for one in value.values())
    )


def _of_lists(left: list[Any], right: list[Any]) -> list[str]:
    lines = [f"{len(left)} items are equal to {len(right)}"]
    unequal = [place for place, pair in enumerate(zip(left, right, strict=False)) if pair[0] != pair[1]]
    for place in unequal[:_MOST_ITEMS]:
        lines.append(f"[{place}] {item(left[place])}")
        lines += [f"    {line}" for line in _lines(left[place], right[place])]
    if len(unequal) > _MOST_ITEMS:
        lines.append(f"and {len(unequal) - _MOST_ITEMS} more pairs that differ")
    for side, own, other in (("left", left, right), ("right", right, left)):
        more = own[len(other) :]
        lines += [f"only on the {side}: {item(one)}" for one in more[:_MOST_ITEMS]]
        if len(more) > _MOST_ITEMS:
            lines.append(f"and {len(more) - _MOST_ITEMS} more only on the {side}")
    return lines


def _lines(left: Any, right: Any) -> list[str]:
    same = [name for name in left if name in right and left[name] == right[name]]
    lines = []
    for name in [*left, *(name for name in right if name not in left)]:
        if name in same:
            continue
        if name not in right:
            lines.append(f"only on the left: {name}={_shown(left[name])}")
        elif name not in left:
            lines.append(f"only on the right: {name}={_shown(right[name])}")
        else:
            lines.append(
                f"{name}: {_shown(left[name], right[name])} != {_shown(right[name], left[name])}"
            )
    if same:
        lines.append(f"equal: {', '.join(same)}")
    return lines


def _shown(value: dict[str, Any], other: dict[str, Any] | None = None) -> str:
    """A value, with its type if that is what differs."""
    (descriptor,) = value
    typed = other is not None and value.keys() != other.keys()
    return f"{descriptor} {plain(value)}" if typed else plain(value)
