"""What is stored of an item: its content, its size, and nothing for the garbage collector to look at."""

from __future__ import annotations

import gc

import pytest

from ddbha.values.attribute import Item, canonical_item
from ddbha.values.image import pack, same_image, size_of, unpack, unpacked

ITEMS: list[Item] = [
    {"id": {"S": "a"}},
    {"id": {"B": b""}, "empty": {"M": {}}},
    {
        "id": {"N": "-1.5"},
        "list": {"L": [{"NULL": True}, {"S": "ä\ud800"}]},
        "set": {"BS": [b"\0", b"1"]},
    },
    {"id": {"S": "big"}, "text": {"S": "x" * 400_000}},
]


@pytest.mark.parametrize("item", ITEMS, ids=lambda item: next(iter(item["id"].values())) or "none")
def test_an_image_has_the_item_and_its_size(item: Item) -> None:
    canonical, size = canonical_item(item)
    image = pack(canonical, size)
    assert unpack(image) == canonical
    assert size_of(image) == size
    assert list(unpacked([image, image])) == [canonical, canonical]


def test_each_reader_has_an_item_of_its_own() -> None:
    image = pack(*canonical_item(ITEMS[2]))
    unpack(image)["list"]["L"].clear()
    assert unpack(image) == ITEMS[2]


def test_sets_have_no_order_and_everything_else_counts() -> None:
    one, other = (pack({"set": {"NS": members}}, 9) for members in (["1", "2"], ["2", "1"]))
    assert same_image(one, other)
    assert not same_image(one, pack({"set": {"NS": ["1", "3"]}}, 9))
    assert not same_image(one, pack({"set": {"SS": ["1", "2"]}}, 5))


def test_the_garbage_collector_looks_at_no_image() -> None:
    assert not gc.is_tracked(pack(*canonical_item(ITEMS[2])))
