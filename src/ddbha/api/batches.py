"""BatchGetItem and BatchWriteItem.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html
"""

from __future__ import annotations

from typing import Any

from ddbha.api.item_collections import CollectionLimit, with_metrics_by_table
from ddbha.api.keys import key_of_item, key_of_request
from ddbha.api.placeholders import Expressions
from ddbha.api.registry import Request, Response, operation
from ddbha.capacity import Consumption, consumed_by_table
from ddbha.errors import InternalServerError, ValidationException
from ddbha.region import Region
from ddbha.storage.table import Table
from ddbha.values.attribute import Item, canonical_item
from ddbha.values.image import Image
from ddbha.values.key import ItemKey

MAXIMUM_WRITES = 25
MAXIMUM_KEYS = 100
#: Bytes of items in one answer; the rest comes back as UnprocessedKeys.
MAXIMUM_ANSWER = 16 * 1024 * 1024

_DUPLICATES = "Provided list of item keys contains duplicates"


@operation("BatchWriteItem")
def batch_write_item(region: Region, request: Request) -> Response:
    """Puts and deletes, each on its own; all are checked before the first is done."""
    requested = request["RequestItems"]
    _refuse_empty(requested, "BatchWriteItem")
    if sum(map(len, requested.values())) > MAXIMUM_WRITES:
        raise ValidationException("Too many items requested for the BatchWriteItem call")
    writes: list[tuple[str, Table, ItemKey, Image | None, Item, Any]] = []
    seen: set[tuple[str, ItemKey]] = set()
    for name, entries in requested.items():
        table = region.table(name)
        for entry in entries:
            if len(entry) != 1:
                raise ValidationException(
                    "Supplied AttributeValue has more than one datatypes set, must contain exactly one "
                    "of the supported datatypes"
                    if entry
                    else "Supplied WriteRequest is empty, must contain a PutRequest or a DeleteRequest"
                )
            image: Image | None = None
            if "PutRequest" in entry:
                attributes, size = canonical_item(entry["PutRequest"]["Item"])
                key, image = key_of_item(table, attributes, size), Image.of(attributes, size)
            else:
                key, attributes = key_of_request(table, entry["DeleteRequest"]["Key"])
            if (table.name, key) in seen:
                raise ValidationException(_DUPLICATES)
            seen.add((table.name, key))
            writes.append((name, table, key, image, attributes, entry))
    limit = CollectionLimit(region)
    for _, table, key, image, _, _ in writes:
        limit.admit(table, key, image)

    consumed: dict[str, Consumption] = {}
    unprocessed: dict[str, list[Any]] = {}
    done: list[tuple[Table, ItemKey, Item]] = []
    for name, table, key, image, attributes, entry in writes:
        try:
            partition = table.partition(key)
            leader = partition.available_leader()
            old = leader.items.images.get(key)
            consumed.setdefault(table.name, Consumption(table)).write(old, image)
            if image is not None or old is not None:
                partition.commit(key, image, region.now(), region.name)
            done.append((table, key, attributes))
        except InternalServerError:
            unprocessed.setdefault(name, []).append(entry)
    if sum(map(len, unprocessed.values())) == len(writes):
        raise InternalServerError
    response = with_metrics_by_table({"UnprocessedItems": unprocessed}, request, done)
    return consumed_by_table(response, request, consumed.values())


@operation("BatchGetItem")
def batch_get_item(region: Region, request: Request) -> Response:
    """Items by key from several tables; what is not there is left out."""
    requested = request["RequestItems"]
    _refuse_empty(requested, "BatchGetItem")
    if sum(len(wanted["Keys"]) for wanted in requested.values()) > MAXIMUM_KEYS:
        raise ValidationException("Too many items requested for the BatchGetItem call")
    reads: list[tuple[str, Table, list[tuple[ItemKey, Item]], Any]] = []
    for name, wanted in requested.items():
        expressions = Expressions(wanted)
        projection = expressions.projection()
        expressions.finish()
        table = region.table(name)
        keys = [key_of_request(table, key) for key in wanted["Keys"]]
        if len({key for key, _ in keys}) != len(keys):
            raise ValidationException(_DUPLICATES)
        reads.append((name, table, keys, projection))

    found: dict[str, list[Item]] = {}
    unprocessed: dict[str, Any] = {}
    consumed: dict[str, Consumption] = {}
    size = failures = 0
    for name, table, keys, projection in reads:
        wanted = requested[name]
        items = found.setdefault(name, [])
        for key, attributes in keys:
            partition = table.partition(key)
            try:
                consistent = bool(wanted.get("ConsistentRead"))
                replica = partition.available_leader() if consistent else partition.reader(region.now())
            except InternalServerError:
                failures += 1
                image, full = None, True
            else:
                image = replica.items.images.get(key)
                full = image is not None and size + image.size > MAXIMUM_ANSWER
                if not full:
                    read = consumed.setdefault(table.name, Consumption(table)).read
                    read(image.size if image else 0, consistent=consistent)
            if full:
                rest = unprocessed.setdefault(name, {**wanted, "Keys": []})
                rest["Keys"].append(attributes)
            elif image is not None:
                size += image.size
                item = image.item()
                items.append(item if projection is None else projection.project(item))
    if failures == sum(len(keys) for _, _, keys, _ in reads):
        raise InternalServerError
    response = {"Responses": found, "UnprocessedKeys": unprocessed}
    return consumed_by_table(response, request, consumed.values())


def _refuse_empty(requested: dict[str, Any], name: str) -> None:
    for wanted in requested.values():
        if not wanted or ("Keys" in wanted and not wanted["Keys"]):
            raise ValidationException("The batch request list for a table cannot be null or empty")
    if not requested:
        raise ValidationException("The requestItems parameter is required for " + name)
