"""What an update makes of an item: only the attributes that it names are looked at again.

Everything else of the item is as it was stored, and so is its size.
"""

from __future__ import annotations

from ddbha.api.data.keys import MAXIMUM_ITEM_SIZE, check_item
from ddbha.errors import ValidationException
from ddbha.expressions.checks import Values
from ddbha.expressions.update import Update
from ddbha.region.table import Table
from ddbha.values.attribute import Item, canonical_item, item_size, same_item
from ddbha.values.image import Image, pack, size_of, unpack


def updated(
    table: Table, update: Update | None, values: Values, key: Item, old: Image | None
) -> tuple[Item, Image]:
    """The item after an update, and its image: `old` itself where nothing changes.

    `key` has the attributes of an item that is not there yet.  Raises `ValidationException` where the
    update does not fit the item, or makes one that no table takes.
    """
    item, size = (dict(key), item_size(key)) if old is None else (unpack(old), size_of(old))
    before: Item = {}
    after: Item = {}
    if update is not None:
        before = _named(update, item)
        size -= item_size(before)
        item = update.apply(item, values)
        after, more = canonical_item(_named(update, item))
        item.update(after)
        size += more
    if size > MAXIMUM_ITEM_SIZE:
        raise ValidationException("Item size to update has exceeded the maximum allowed size")
    check_item(table, item, size, updated=True)
    if old is not None and size == size_of(old) and _is_same(update, old, before, after):
        return item, old
    return item, pack(item, size)


def _is_same(update: Update | None, old: Image, before: Item, after: Item) -> bool:
    if update is not None and update.nested:
        nested = update.nested
        if not same_item(_without(nested, before), _without(nested, after)):
            return False
        # What lies within an attribute was changed in its place.
        before = _named(update, unpack(old))
    return same_item(before, after)


def _named(update: Update, item: Item) -> Item:
    """The attributes of an item that an update names."""
    return {name: item[name] for name in update.attributes if name in item}


def _without(names: frozenset[str], item: Item) -> Item:
    return {name: value for name, value in item.items() if name not in names}
