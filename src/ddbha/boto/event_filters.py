"""Which records pass: the patterns of Lambda's event filtering.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any

from ddbha.errors import UsageError

_ABSENT = object()
_OR = "$or"


def check_pattern(pattern: Any) -> None:
    """Raise `UsageError` for what is no pattern, or has a comparison that is not known."""
    if isinstance(pattern, Mapping):
        for name, member in pattern.items():
            if name == _OR:
                _check_alternatives(member)
            else:
                check_pattern(member)
        return
    if not isinstance(pattern, list):
        raise UsageError(f"A filter has lists of values at its ends, like ['INSERT']; not {pattern!r}.")
    for rule in pattern:
        if isinstance(rule, Mapping):
            _check_comparison(rule)


def matches(pattern: Any, value: Any) -> bool:
    """Whether a record, or a part of it, has what a pattern asks for."""
    if not isinstance(pattern, Mapping):
        return any(_fulfils(rule, value) for rule in pattern)
    return all(
        any(matches(alternative, value) for alternative in rule)
        if name == _OR
        else matches(rule, value.get(name, _ABSENT) if isinstance(value, Mapping) else _ABSENT)
        for name, rule in pattern.items()
    )


def _check_alternatives(alternatives: Any) -> None:
    if not isinstance(alternatives, list) or not alternatives:
        raise UsageError(f"{_OR} has a list of patterns; not {alternatives!r}.")
    for alternative in alternatives:
        if not isinstance(alternative, Mapping):
            raise UsageError(f"{_OR} has a list of patterns; {alternative!r} is none.")
        check_pattern(alternative)


def _check_comparison(rule: Mapping[str, Any]) -> None:
    if len(rule) != 1 or not rule.keys() <= _COMPARISONS.keys():
        raise UsageError(f"A filter compares by one of {', '.join(sorted(_COMPARISONS))}; not {rule}.")
    ((comparison, wanted),) = rule.items()
    if comparison == "anything-but" and isinstance(wanted, Mapping):
        _check_comparison(wanted)
        return
    if not _OPERANDS[comparison](wanted):
        raise UsageError(f"{wanted!r} is nothing that {comparison!r} compares with.")


def _fulfils(rule: Any, value: Any) -> bool:
    if isinstance(rule, Mapping) and "exists" in rule:
        # Only what is at an end exists.
        return (value is not _ABSENT and not isinstance(value, Mapping)) == bool(rule["exists"])
    if value is _ABSENT or isinstance(value, Mapping):
        return False
    if isinstance(value, list):
        return any(_fulfils(rule, element) for element in value)
    if isinstance(rule, Mapping):
        ((comparison, wanted),) = rule.items()
        return _COMPARISONS[comparison](value, wanted)
    return bool(value == rule)


def _other(value: Any, wanted: Any) -> bool:
    if isinstance(wanted, Mapping):
        return not _fulfils(wanted, value)
    return value not in (wanted if isinstance(wanted, list) else [wanted])


def _within(value: Any, bounds: list[Any]) -> bool:
    """Whether a number is within bounds; DynamoDB's own numbers are text in records, and are not."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return all(_ORDERS[sign](value, bound) for sign, bound in zip(bounds[::2], bounds[1::2], strict=True))


def _is_text(wanted: Any) -> bool:
    return isinstance(wanted, str)


def _are_bounds(wanted: Any) -> bool:
    return (
        isinstance(wanted, list)
        and len(wanted) in (2, 4)
        and all(sign in _ORDERS for sign in wanted[::2])
        and all(isinstance(bound, int | float) for bound in wanted[1::2])
    )


_ORDERS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "prefix": lambda value, wanted: isinstance(value, str) and value.startswith(wanted),
    "suffix": lambda value, wanted: isinstance(value, str) and value.endswith(wanted),
    "equals-ignore-case": lambda value, wanted: (
        isinstance(value, str) and value.lower() == wanted.lower()
    ),
    "anything-but": _other,
    "numeric": _within,
    "exists": lambda value, wanted: bool(wanted),
}
_OPERANDS: dict[str, Callable[[Any], bool]] = {
    "prefix": _is_text,
    "suffix": _is_text,
    "equals-ignore-case": _is_text,
    "anything-but": lambda wanted: isinstance(wanted, str | int | float | list),
    "numeric": _are_bounds,
    "exists": lambda wanted: isinstance(wanted, bool),
}
