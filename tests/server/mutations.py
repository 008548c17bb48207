"""Requests that somebody with bad intentions changed.

`mutated` changes a request in one to three places, as its random generator says.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from random import Random
from typing import Any

#: Text that begins so stands in a body as it is, and not as JSON text; see `body`.
_RAW = "raw JSON: "
#: What stands in place of anything.
_ODD: list[Any] = [
    None, True, False, 0, -1, 1, 2**31, 2**63, -(2**63) - 1, 1.5, "", " ", "x", "\ud800", "a\udfff", "\0",
    "NaN", "-0", "1e999", "9" * 39, "1E+125", "\uff11", "arn:", "arn:aws:dynamodb:::", "=", "eA=",
    "arn:aws:dynamodb:us-east-1:123456789012:table/" + "x" * 300, "a" * 70_000, "[", "#n", ":v",
    [], {}, [[]], [None], [{}], {"": None}, {"\ud800": "\ud800"}, {"S": "x"}, {"N": "1"}, {"B": "eA=="},
    {"M": {}}, {"L": []}, {"NULL": True}, {"S": None}, {"SS": [None]}, [1, "1", True],
    *(_RAW + text for text in (
        "9" * 400, "9" * 4301, "-" + "9" * 5000, "1" + "0" * 308 + ".5", "1e400", "-1e400", "1e-400",
        "NaN", "-0.0", "1" * 20 + "e-19", '{"S":"a","S":"b"}', '{"a":1,"a":{"S":"x"}}', "1e5", "0.1e1",
        '"\\ud83d"', '"\\udc00\\ud83d"', "Infinity",
    )),
]  # fmt: skip
#: What stands in expressions, statements, numbers and names.
_TEXTS = [
    "9" * 4301, "[" + "9" * 4301 + "]", "[99999999999]", "(" * 300, ")", "\ud800", "'", '"', "#", ":",
    ".", ",", "?", " AND ", " OR ", "NOT " * 20, "<<", ">>", "{", "}", "--", "/*", "size(",
    "list_append(",
    "BETWEEN", "IN", " . ", "|", "/stream/", "/index/", "arn:", "-", "e", "E5", "\u2028", "\0", "%",
    "aws-cn",
]  # fmt: skip


def body(request: Any) -> bytes:
    """A request as it is sent, with JSON of all kinds where `_RAW` says so."""
    text = json.dumps(request)
    while (start := text.find(f'"{_RAW}')) >= 0:
        end = start + 1
        while text[end] != '"':
            end += 2 if text[end] == "\\" else 1
        text = text[:start] + str(json.loads(text[start : end + 1])).removeprefix(_RAW) + text[end + 1 :]
    return text.encode()


def mutated(random: Random, request: dict[str, Any]) -> Any:
    """A request that was changed in one to three places."""
    holder = {"request": deepcopy(request)}
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        places = list(_places(holder))
        if not places:
            break
        inside, name = random.choice(places)
        random.choice(_CHANGES)(random, inside, name, random.choice(places))
    return holder.get("request")


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """All containers in a value with each of the names or indexes that they have."""
    names = list(value) if isinstance(value, dict) else range(len(value))
    for name in names:
        yield value, name
        if isinstance(value[name], (dict, list)):
            yield from _places(value[name])


def _replace(random: Random, inside: Any, name: Any, other: Any) -> None:
    inside[name] = deepcopy(random.choice(_ODD))


def _drop(random: Random, inside: Any, name: Any, other: Any) -> None:
    del inside[name]


def _repeat(random: Random, inside: Any, name: Any, other: Any) -> None:
    if isinstance(inside, list):
        inside.extend([deepcopy(inside[name])] * random.choice((1, 2, 120)))
    else:
        inside[name] = [deepcopy(inside[name])] * random.choice((1, 2, 120))


def _swap(random: Random, inside: Any, name: Any, other: Any) -> None:
    # Copies: nothing may come to lie inside itself.
    inside[name] = deepcopy(other[0][other[1]])


def _bury(random: Random, inside: Any, name: Any, other: Any) -> None:
    kind = random.choice(("L", "M", "[", "{"))
    value = inside[name]
    for _ in range(random.choice((1, 2, 40, 200))):
        if kind in "LM":
            value = {"L": [value]} if kind == "L" else {"M": {"a": value}}
        else:
            value = [value] if kind == "[" else {"a": value}
    inside[name] = value


def _rename(random: Random, inside: Any, name: Any, other: Any) -> None:
    if isinstance(inside, dict):
        known = other[1] if isinstance(other[1], str) else "x"
        inside[random.choice(("", "\ud800", "x" * 300, "x" * 70_000, known))] = inside.pop(name)


def _edit(random: Random, inside: Any, name: Any, other: Any) -> None:
    text = inside[name]
    if isinstance(text, str) and not text.startswith(_RAW):
        start = random.randint(0, len(text))
        end = start + random.choice((0, 0, 1, 2, 10))
        inside[name] = text[:start] + random.choice([*_TEXTS, text[end : end + 5]]) + text[end:]
    else:
        _replace(random, inside, name, other)


_CHANGES: list[Callable[[Random, Any, Any, Any], None]] = [
    _replace, _replace, _replace, _drop, _drop, _repeat, _swap, _bury, _rename, _edit, _edit, _edit
]  # fmt: skip
