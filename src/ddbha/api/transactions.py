"""TransactWriteItems and TransactGetItems.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

from attrs import frozen

from ddbha.api.items import refuse_key_updates
from ddbha.api.keys import MAXIMUM_ITEM_SIZE, key_of_item, key_of_request
from ddbha.api.placeholders import Expressions
from ddbha.api.registry import Request, Response, operation, refuse_unsupported
from ddbha.errors import (
    IdempotentParameterMismatchException,
    TransactionCanceledException,
    ValidationException,
)
from ddbha.expressions.evaluate import Condition
from ddbha.region import Region
from ddbha.storage.partition import Partition
from ddbha.storage.table import Table
from ddbha.values.attribute import Item, canonical_item, same_item
from ddbha.values.image import Image
from ddbha.values.key import ItemKey

MAXIMUM_ACTIONS = 100
#: Seconds for which a client token stands for its request.
TOKEN_LIFETIME = 600.0

_UNSUPPORTED = frozenset({"ReturnConsumedCapacity", "ReturnItemCollectionMetrics"})
_NO_REASON = {"Code": "None"}


@frozen(eq=False)
class _Action:
    table: Table
    key: ItemKey
    condition: Condition | None
    values: Any
    shows_item: bool
    #: The item after the action, given the one before; None for a deletion.
    result: Callable[[Item | None], Item | None]
    writes: bool = True

    @property
    def partition(self) -> Partition:
        return self.table.partition(self.key)


@operation("TransactWriteItems")
def transact_write_items(region: Region, request: Request) -> Response:
    """Up to 100 writes and checks, all or none of them."""
    refuse_unsupported(request, _UNSUPPORTED, "TransactWriteItems")
    token = request.get("ClientRequestToken")
    if token is not None and _is_repeated(region, token, request):
        return {}
    actions = [_action(region, entry) for entry in request["TransactItems"]]
    _refuse_shared_items(actions)

    reasons: list[dict[str, Any]] = []
    commits: list[tuple[_Action, Image | None]] = []
    for action in actions:
        image = action.partition.available_leader().items.images.get(action.key)
        old = None if image is None else image.item()
        if action.condition is not None and not action.condition.holds(old or {}, action.values):
            reason: dict[str, Any] = {
                "Code": "ConditionalCheckFailed",
                "Message": "The conditional request failed",
            }
            if action.shows_item and old is not None:
                reason["Item"] = old
            reasons.append(reason)
            continue
        try:
            change = _change(action, old)
        except ValidationException as error:
            reasons.append({"Code": "ValidationError", "Message": error.message})
            continue
        reasons.append(dict(_NO_REASON))
        if change is not None:
            commits.append((action, change[0]))
    if any(reason["Code"] != "None" for reason in reasons):
        raise TransactionCanceledException(reasons)

    # Every partition had a quorum a moment ago, and nothing can fail between the commits.
    for action, new in commits:
        action.partition.commit(action.key, new, region.now(), region.name)
    if token is not None:
        region.tokens[token] = (region.now() + TOKEN_LIFETIME, deepcopy(request))
    return {}


@operation("TransactGetItems")
def transact_get_items(region: Region, request: Request) -> Response:
    """Up to 100 items as at one moment."""
    refuse_unsupported(request, _UNSUPPORTED, "TransactGetItems")
    reads = []
    for entry in request["TransactItems"]:
        get = entry["Get"]
        expressions = Expressions(get)
        projection = expressions.projection()
        expressions.finish()
        table = region.table(get["TableName"])
        reads.append((table, key_of_request(table, get["Key"])[0], projection))

    responses: list[dict[str, Any]] = []
    for table, key, projection in reads:
        image = table.partition(key).available_leader().items.images.get(key)
        if image is None:
            responses.append({})
        else:
            item = image.item()
            responses.append({"Item": item if projection is None else projection.project(item)})
    return {"Responses": responses}


def _change(action: _Action, old: Item | None) -> tuple[Image | None] | None:
    """What is to be committed, or None where nothing changes."""
    if not action.writes:
        return None
    new = action.result(old)
    if new is None:
        return None if old is None else (None,)
    item, size = canonical_item(new)
    if size > MAXIMUM_ITEM_SIZE:
        raise ValidationException("Item size to update has exceeded the maximum allowed size")
    key_of_item(action.table, item, size)
    return None if same_item(old, item) else (Image.of(item, size),)


def _action(region: Region, entry: dict[str, Any]) -> _Action:
    if len(entry) != 1:
        raise ValidationException("TransactItems can only contain one of Check, Put, Update or Delete")
    kind, body = next(iter(entry.items()))
    expressions = Expressions(body)
    update = expressions.update()
    condition = expressions.condition()
    expressions.finish()
    table = region.table(body["TableName"])
    shows = body.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD"
    if kind == "Put":
        item, size = canonical_item(body["Item"])
        key = key_of_item(table, item, size)
        return _Action(table, key, condition, expressions.values, shows, lambda old: item)
    key, attributes = key_of_request(table, body["Key"])
    if kind == "Update":
        assert update is not None, "the model requires UpdateExpression"
        refuse_key_updates(table, update)
        return _Action(
            table,
            key,
            condition,
            expressions.values,
            shows,
            # What the transaction is checked against stays as it was read.
            lambda old: update.apply(deepcopy(attributes if old is None else old), expressions.values),
        )
    deletes = kind == "Delete"
    return _Action(table, key, condition, expressions.values, shows, lambda old: None, writes=deletes)


def _refuse_shared_items(actions: list[_Action]) -> None:
    if len(actions) > MAXIMUM_ACTIONS:
        raise ValidationException(f"Member must have length less than or equal to {MAXIMUM_ACTIONS}")
    if len({(action.table.name, action.key) for action in actions}) != len(actions):
        raise ValidationException("Transaction request cannot include multiple operations on one item")


def _is_repeated(region: Region, token: str, request: Request) -> bool:
    """Whether this very request succeeded within the last ten minutes."""
    known = region.tokens.get(token)
    if known is None:
        return False
    expires, earlier = known
    if region.now() >= expires:
        del region.tokens[token]
        return False
    if earlier != request:
        raise IdempotentParameterMismatchException(
            "The provided idempotency token was already used with different request parameters"
        )
    return True
