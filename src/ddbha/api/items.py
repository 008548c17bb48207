"""PutItem, GetItem and DeleteItem."""

from __future__ import annotations

from ddbha.api.keys import key_of_item, key_of_request
from ddbha.api.registry import Request, Response, operation, refuse_unsupported
from ddbha.errors import ValidationException
from ddbha.region import Region
from ddbha.values.attribute import canonical_item
from ddbha.values.image import Image

_CONDITIONS = frozenset(
    {
        "ConditionExpression",
        "Expected",
        "ConditionalOperator",
        "ReturnConsumedCapacity",
        "ReturnItemCollectionMetrics",
    }
)
_PROJECTIONS = frozenset({"ProjectionExpression", "AttributesToGet", "ReturnConsumedCapacity"})


@operation("PutItem")
def put_item(region: Region, request: Request) -> Response:
    """Create an item, or replace it whole."""
    refuse_unsupported(request, _CONDITIONS, "PutItem")
    return_old = _returns_old(request)
    table = region.table(request["TableName"])
    item, size = canonical_item(request["Item"])
    key = key_of_item(table, item, size)

    partition = table.partition(key[0])
    record = partition.commit(key, Image.of(item, size), region.now(), region.name)

    return {"Attributes": record.old.item()} if return_old and record.old is not None else {}


@operation("DeleteItem")
def delete_item(region: Region, request: Request) -> Response:
    """Remove an item; one that is not there makes no record."""
    refuse_unsupported(request, _CONDITIONS, "DeleteItem")
    return_old = _returns_old(request)
    table = region.table(request["TableName"])
    key, _ = key_of_request(table, request["Key"])

    partition = table.partition(key[0])
    old = partition.available_leader().items.images.get(key)
    if old is None:
        return {}
    partition.commit(key, None, region.now(), region.name)

    return {"Attributes": old.item()} if return_old else {}


@operation("GetItem")
def get_item(region: Region, request: Request) -> Response:
    """One item, from the leader if the read is strongly consistent and from any replica otherwise."""
    refuse_unsupported(request, _PROJECTIONS, "GetItem")
    table = region.table(request["TableName"])
    key, _ = key_of_request(table, request["Key"])

    partition = table.partition(key[0])
    if request.get("ConsistentRead"):
        replica = partition.available_leader()
    else:
        replica = partition.reader(region.now())
    image = replica.items.images.get(key)

    return {} if image is None else {"Item": image.item()}


def _returns_old(request: Request) -> bool:
    wanted = request.get("ReturnValues", "NONE")
    if wanted not in ("NONE", "ALL_OLD"):
        raise ValidationException("Return values set to invalid value")
    return bool(wanted == "ALL_OLD")
