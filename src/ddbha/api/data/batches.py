"""BatchGetItem and BatchWriteItem.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html
"""

from __future__ import annotations

from typing import Any

from ddbha.api.data.item_collections import CollectionLimit, with_metrics_by_table
from ddbha.api.data.keys import (
    DUPLICATE_KEYS,
    NO_MATCH,
    key_of_canonical,
    key_of_item,
    refuse_large_item,
    refuse_paths_into_keys,
)
from ddbha.api.data.placeholders import Expressions
from ddbha.api.metering import admit_read, admit_unrecorded, admit_write
from ddbha.api.registry import Request, Response, operation
from ddbha.capacity.throttling import THROTTLED
from ddbha.capacity.units import Consumption, consumed_by_table
from ddbha.errors import (
    AwsError,
    InternalServerError,
    Reworded,
    TransactionConflictException,
    ValidationException,
)
from ddbha.region.region import Region
from ddbha.region.table import Table
from ddbha.values.attribute import SEVERAL_TYPES, Item, canonical_item
from ddbha.values.image import Image, pack, size_of, unpack
from ddbha.values.key import ItemKey

MAXIMUM_WRITES = 25
MAXIMUM_KEYS = 100
#: Bytes of items in one answer; the rest comes back as UnprocessedKeys.
MAXIMUM_ANSWER = 16 * 1024 * 1024


@operation("BatchWriteItem")
def batch_write_item(region: Region, request: Request) -> Response:
    """Puts and deletes, each on its own; all are checked before the first is done."""
    requested = request["RequestItems"]
    if not requested:
        raise ValidationException("The requestItems parameter is required for BatchWriteItem")
    if sum(map(len, requested.values())) > MAXIMUM_WRITES:
        raise ValidationException("Too many items requested for the BatchWriteItem call")
    # Every value is looked at before any table is.
    read = [(name, entry, *_read(entry)) for name, entries in requested.items() for entry in entries]
    tables = {name: region.table(name) for name in requested}
    writes: list[tuple[str, Table, ItemKey, Image | None, Item, Any]] = []
    seen: set[tuple[str, ItemKey]] = set()
    for name, entry, attributes, size in read:
        table = tables[name]
        if size is None:
            key, image = key_of_canonical(table, attributes), None
        else:
            key, image = _key_of_put(table, attributes, size), pack(attributes, size)
        if (table.arn, key) in seen:
            raise ValidationException(DUPLICATE_KEYS)
        seen.add((table.arn, key))
        writes.append((name, table, key, image, attributes, entry))
    limit = CollectionLimit(region)
    for _, table, key, image, _, _ in writes:
        if table.local_indexes:
            limit.admit(table, key, image)
        # An item that another region is writing has the whole request refused, before anything is done.
        if table.membership is not None:
            guard = table.partition(key).guard
            if guard is not None:
                guard.admit(key)

    unprocessed: dict[str, list[Any]] = {}
    done: list[tuple[Table, ItemKey, Item]] = []
    changes: list[tuple[str, Table, Image | None, Image | None]] = []
    failure: AwsError | None = None
    for name, table, key, image, attributes, entry in writes:
        try:
            partition = table.partition(key)
            old = partition.available_leader().items.images.get(key)
            if image is None and old is None:
                admit_unrecorded(region, table, key)
            else:
                admit_write(region, table, key, image)
                partition.commit(key, image, region.now(), region.name)
            changes.append((name, table, old, image))
            done.append((table, key, attributes))
        except TransactionConflictException:
            # No error of BatchWriteItem: the item comes back, whatever became of the others.
            unprocessed.setdefault(name, []).append(entry)
        except (InternalServerError, *THROTTLED) as error:
            failure = error
            unprocessed.setdefault(name, []).append(entry)
    if failure is not None and not done:
        raise failure
    response = with_metrics_by_table({"UnprocessedItems": unprocessed}, request, done)
    if "ReturnConsumedCapacity" not in request:
        return response
    consumed: dict[str, Consumption] = {}
    for name, table, old, image in changes:
        consumed.setdefault(table.arn, Consumption(table, name)).write(old, image)
    return consumed_by_table(response, request, consumed.values())


@operation("BatchGetItem")
def batch_get_item(region: Region, request: Request) -> Response:
    """Items by key from several tables; what is not there is left out."""
    requested = request["RequestItems"]
    if not requested:
        raise Reworded(
            "The requestItems parameter is required for BatchGetItem",
            "1 validation error detected: Value at 'RequestItems' failed to satisfy constraint: "
            "Member must have length greater than or equal to 1",
        )
    if sum(len(wanted["Keys"]) for wanted in requested.values()) > MAXIMUM_KEYS:
        raise ValidationException("Too many items requested for the BatchGetItem call")
    asked = {
        name: [canonical_item(key)[0] for key in wanted["Keys"]] for name, wanted in requested.items()
    }
    reads: list[tuple[str, Table, list[tuple[ItemKey, Item]], Any]] = []
    for name, wanted in requested.items():
        expressions = Expressions(wanted)
        projection = expressions.projection()
        expressions.finish()
        table = region.table(name)
        keys = [(key_of_canonical(table, key), key) for key in asked[name]]
        refuse_paths_into_keys(table, projection)
        if len({key for key, _ in keys}) != len(keys):
            raise ValidationException(DUPLICATE_KEYS)
        reads.append((name, table, keys, projection))

    found: dict[str, list[Item]] = {}
    unprocessed: dict[str, Any] = {}
    consumed: dict[str, Consumption] = {}
    metered = "ReturnConsumedCapacity" in request
    size = failures = 0
    failure: AwsError | None = None
    for name, table, keys, projection in reads:
        wanted = requested[name]
        consistent = bool(wanted.get("ConsistentRead"))
        items = found.setdefault(name, [])
        for key, attributes in keys:
            partition = table.partition(key)
            try:
                replica = partition.available_leader() if consistent else partition.reader(region.now())
                image = replica.items.images.get(key)
                found_size = 0 if image is None else size_of(image)
                full = size + found_size > MAXIMUM_ANSWER
                if not full:
                    admit_read(region, table, partition, key, found_size, consistent=consistent)
            except (InternalServerError, *THROTTLED) as error:
                failure = error
                failures += 1
                full = True
            if full:
                rest = unprocessed.setdefault(name, {**wanted, "Keys": []})
                rest["Keys"].append(attributes)
                continue
            if metered:
                used = consumed.setdefault(table.arn, Consumption(table, name))
                used.read(found_size, consistent=consistent)
            if image is not None:
                size += found_size
                item = unpack(image)
                items.append(item if projection is None else projection.project(item))
    if failure is not None and failures == sum(len(keys) for _, _, keys, _ in reads):
        raise failure
    response = {"Responses": found, "UnprocessedKeys": unprocessed}
    return consumed_by_table(response, request, consumed.values())


def _read(entry: dict[str, Any]) -> tuple[Item, int | None]:
    """The item of a put with its size, or the key of a deletion."""
    if len(entry) != 1:
        # AWS says so of an empty entry as well.
        raise ValidationException(SEVERAL_TYPES)
    if "DeleteRequest" in entry:
        return canonical_item(entry["DeleteRequest"]["Key"])[0], None
    item, size = canonical_item(entry["PutRequest"]["Item"])
    refuse_large_item(size)
    return item, size


def _key_of_put(table: Table, item: Item, size: int) -> ItemKey:
    """As for PutItem, but for what AWS says of missing and mistyped keys."""
    for attribute in table.schema.attributes:
        if attribute.type not in item.get(attribute.name, ()):
            raise ValidationException(NO_MATCH)
    return key_of_item(table, item, size)
