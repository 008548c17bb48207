"""PutItem, GetItem, UpdateItem and DeleteItem."""

from __future__ import annotations

from ddbha.api.data.item_collections import CollectionLimit, with_metrics
from ddbha.api.data.keys import (
    MAXIMUM_ITEM_SIZE,
    key_of_canonical,
    key_of_item,
    refuse_large_item,
    refuse_paths_into_keys,
)
from ddbha.api.data.placeholders import Expressions, refuse_misplaced
from ddbha.api.data.updating import updated
from ddbha.api.metering import admit_read, admit_unrecorded, admit_write
from ddbha.api.registry import Request, Response, operation
from ddbha.api.wire.wording import of_request
from ddbha.capacity.units import Consumption
from ddbha.errors import ConditionalCheckFailedException, ValidationException
from ddbha.expressions.checks import Values
from ddbha.expressions.evaluate import Condition
from ddbha.expressions.update import Update
from ddbha.region.region import Region
from ddbha.region.table import Table
from ddbha.values.attribute import Item, canonical_item
from ddbha.values.image import Image, pack, size_of, unpack
from ddbha.values.key import ItemKey


@operation("PutItem")
def put_item(region: Region, request: Request) -> Response:
    """Create an item, or replace it whole."""
    try:
        refuse_misplaced(request, "ConditionExpression is null")
        item, size = canonical_item(request["Item"])
        return_old = "ReturnValues" in request and _returns_old(request)
        if size > MAXIMUM_ITEM_SIZE:
            refuse_large_item(size)
        expressions = Expressions(request)
        condition = expressions.condition()
        expressions.finish()
    except ValidationException as error:
        raise of_request(error) from None
    table = region.table(request["TableName"])
    key = key_of_item(table, item, size)
    if condition is not None:
        refuse_paths_into_keys(table, condition)

    partition, image = table.partition(key), pack(item, size)
    if condition is not None:
        old = partition.available_leader().items.images.get(key)
        check_condition(region, table, key, condition, old, image, expressions.values, request)
    if table.local_indexes:
        CollectionLimit(region).admit(table, key, image)
    admit_write(region, table, key, image)
    record = partition.commit(key, image, region.now(), region.name)

    response = {"Attributes": unpack(record.old)} if return_old and record.old is not None else {}
    with_metrics(response, request, table, key, item)
    return _consumed(table, record.old, record.new, response, request)


@operation("DeleteItem")
def delete_item(region: Region, request: Request) -> Response:
    """Remove an item; one that is not there makes no record."""
    try:
        refuse_misplaced(request, "ConditionExpression is null")
        key_attributes, _ = canonical_item(request["Key"])
        return_old = "ReturnValues" in request and _returns_old(request)
        expressions = Expressions(request)
        condition = expressions.condition()
        expressions.finish()
    except ValidationException as error:
        raise of_request(error) from None
    table = region.table(request["TableName"])
    key = key_of_canonical(table, key_attributes)
    refuse_paths_into_keys(table, condition)

    partition = table.partition(key)
    old = partition.available_leader().items.images.get(key)
    if condition is not None:
        check_condition(region, table, key, condition, old, None, expressions.values, request)
    if old is None:
        admit_unrecorded(region, table, key)
    else:
        admit_write(region, table, key, None)
        partition.commit(key, None, region.now(), region.name)

    response = {"Attributes": unpack(old)} if return_old and old is not None else {}
    with_metrics(response, request, table, key, key_attributes)
    return _consumed(table, old, None, response, request)


@operation("UpdateItem")
def update_item(region: Region, request: Request) -> Response:
    """Change attributes of an item, or create it; an update that changes nothing makes no record."""
    wanted = request.get("ReturnValues", "NONE")
    try:
        refuse_misplaced(
            request,
            "UpdateExpression and ConditionExpression are null",
            "UpdateExpression is null and ConditionExpression is null",
        )
        key_attributes, _ = canonical_item(request["Key"])
        expressions = Expressions(request)
        update = expressions.update()
        condition = expressions.condition()
        expressions.finish()
    except ValidationException as error:
        raise of_request(error) from None
    table = region.table(request["TableName"])
    key = key_of_canonical(table, key_attributes)
    refuse_paths_into_keys(table, condition, update)
    if update is not None:
        refuse_key_updates(table, update)

    partition = table.partition(key)
    old = partition.available_leader().items.images.get(key)
    if condition is not None:
        check_condition(region, table, key, condition, old, None, expressions.values, request)
    if old is None and update is not None and not update.creates:
        admit_unrecorded(region, table, key)
        response = with_metrics({}, request, table, key, key_attributes)
        return _consumed(table, None, None, response, request)
    item, image = updated(table, update, expressions.values, key_attributes, old)
    if image is not old:
        if table.local_indexes:
            CollectionLimit(region).admit(table, key, image)
        admit_write(region, table, key, image)
        partition.commit(key, image, region.now(), region.name)
    else:
        admit_unrecorded(region, table, key, old, image)

    response = with_metrics(_returned(wanted, update, old, item), request, table, key, item)
    return _consumed(table, old, image, response, request)


@operation("GetItem")
def get_item(region: Region, request: Request) -> Response:
    """One item, from the leader if the read is strongly consistent and from any replica otherwise."""
    refuse_misplaced(request)
    key_attributes, _ = canonical_item(request["Key"])
    expressions = Expressions(request)
    projection = expressions.projection()
    expressions.finish()
    table = region.table(request["TableName"])
    key = key_of_canonical(table, key_attributes)
    if projection is not None:
        refuse_paths_into_keys(table, projection)

    partition = table.partition(key)
    consistent = bool(request.get("ConsistentRead"))
    replica = partition.available_leader() if consistent else partition.reader(region.now())
    image = replica.items.images.get(key)
    size = 0 if image is None else size_of(image)
    admit_read(region, table, partition, key, size, consistent=consistent)

    response: Response = {}
    if image is not None:
        item = unpack(image)
        response["Item"] = item if projection is None else projection.project(item)
    if "ReturnConsumedCapacity" in request:
        consumption = Consumption(table, request["TableName"])
        consumption.read(size, consistent=consistent)
        consumption.into(response, request)
    return response


def _consumed(
    table: Table, old: Image | None, new: Image | None, response: Response, request: Request
) -> Response:
    if "ReturnConsumedCapacity" not in request:
        return response
    consumption = Consumption(table, request["TableName"])
    consumption.write(old, new)
    return consumption.into(response, request)


def check_condition(
    region: Region,
    table: Table,
    key: ItemKey,
    condition: Condition,
    old: Image | None,
    new: Image | None,
    values: Values,
    request: Request,
) -> None:
    """Raise `ConditionalCheckFailedException`, with the item if the request wants it.

    A failure costs what a write of the larger of `old` and `new` does, as far as they are known.
    """
    if condition.holds({} if old is None else unpack(old), values):
        return
    admit_unrecorded(region, table, key, old, new)
    show = request.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD" and old is not None
    raise ConditionalCheckFailedException(item=unpack(old) if show and old is not None else None)


def refuse_key_updates(table: Table, update: Update) -> None:
    """Raise `ValidationException` if an update touches the key."""
    for name in table.schema.names:
        if name in update.attributes:
            raise ValidationException(
                f"One or more parameter values were invalid: Cannot update attribute {name}. "
                "This attribute is part of the key"
            )


def _returned(wanted: str, update: Update | None, old: Image | None, item: Item) -> Response:
    if wanted == "ALL_NEW":
        return {"Attributes": item}
    if wanted == "ALL_OLD":
        return {} if old is None else {"Attributes": unpack(old)}
    if wanted == "NONE" or update is None:
        return {}
    if wanted == "UPDATED_OLD":
        item = {} if old is None else unpack(old)
    touched = update.select(item)
    return {"Attributes": touched} if touched else {}


def _returns_old(request: Request) -> bool:
    if request["ReturnValues"] not in ("NONE", "ALL_OLD"):
        raise ValidationException("ReturnValues can only be ALL_OLD or NONE")
    return bool(request["ReturnValues"] == "ALL_OLD")
