"""What a condition wants to be in an image is in that of every item that meets it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from ddbha.expressions.evaluate import condition
from ddbha.values.attribute import canonical_item
from ddbha.values.image import pack

LONG = "é" * 300 + "\U0001f600\ud800"
#: A value, one that begins with it, and the containers that may hold it.
VALUES: list[tuple[dict[str, Any], dict[str, Any] | None, tuple[str, ...]]] = [
    ({"S": "paid"}, {"S": "paid in full"}, ("SS", "L")),
    ({"S": ""}, {"S": "anything"}, ("L",)),
    ({"S": LONG}, {"S": f"{LONG} and more"}, ("SS", "L")),
    ({"B": b"\x00\xff["}, {"B": b"\x00\xff[\xda"}, ("BS", "L")),
    ({"N": "120"}, None, ("NS", "L")),
    ({"N": "-1.5"}, None, ("NS", "L")),
]


def _found() -> Iterator[tuple[dict[str, Any], str, dict[str, Any]]]:
    """A value, a condition on it, and an attribute that meets it."""
    for value, more, kinds in VALUES:
        for text in ("x = :v", ":v = x", "x = :v AND attribute_exists(x)"):
            yield value, text, value
        if more is not None:
            yield value, "begins_with(x, :v)", more
            yield value, "contains(x, :v)", more
        for kind in kinds:
            yield value, "contains(x, :v)", {kind: [value] if kind == "L" else [*value.values()]}


@pytest.mark.parametrize(("value", "text", "attribute"), list(_found()))
def test_what_is_found_is_in_the_image(
    value: dict[str, Any], text: str, attribute: dict[str, Any]
) -> None:
    values = {":v": value}
    compiled = condition(text)
    compiled.check(values)
    item, size = canonical_item({"pk": {"S": "a"}, "x": attribute})
    assert compiled.holds(item, values)
    contents = compiled.contents(values)
    assert len(contents) == 1
    assert contents[0] in bytes(pack(item, size))


@pytest.mark.parametrize(
    "text",
    [
        "x <> :v",
        "NOT x = :v",
        "NOT (x = :v AND attribute_exists(y))",
        "x = :v OR attribute_exists(y)",
        "x > :v",
        "contains(:v, x)",
        "size(x) = :v",
        "x IN (:v, pk)",
        "x BETWEEN :v AND :v",
    ],
)
def test_what_need_not_be_there_is_not_wanted(text: str) -> None:
    assert condition(text).contents({":v": {"S": "paid"}}) == []
