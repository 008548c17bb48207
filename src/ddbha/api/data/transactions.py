"""TransactWriteItems and TransactGetItems.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, TypeVar

from attrs import frozen

from ddbha.api.data.item_collections import CollectionLimit, with_metrics_by_table
from ddbha.api.data.items import refuse_key_updates
from ddbha.api.data.keys import (
    EmptyKey,
    key_of_canonical,
    key_of_item,
    refuse_large_item,
    refuse_paths_into_keys,
)
from ddbha.api.data.placeholders import Expressions
from ddbha.api.data.updating import updated
from ddbha.api.idempotency import Requested, Tokens
from ddbha.api.metering import admit_transaction_reads, admit_transaction_writes
from ddbha.api.ongoing_transactions import OngoingTransaction, conflicts, refuse_in_progress
from ddbha.api.registry import Request, Response, operation
from ddbha.capacity.units import Consumption, consumed_by_table
from ddbha.errors import (
    ItemCollectionSizeLimitExceededException,
    TransactionCanceledException,
    ValidationException,
)
from ddbha.expressions.checks import Values
from ddbha.expressions.evaluate import Condition
from ddbha.expressions.update import Update
from ddbha.interruptions import whole
from ddbha.region.region import Region
from ddbha.region.table import Table
from ddbha.storage.partition import Partition
from ddbha.values.attribute import Item, canonical_item, value_size
from ddbha.values.image import Image, pack, same_image, size_of, unpack
from ddbha.values.key import ItemKey

#: Bytes of all items that a transaction reads, or of all that the request for its writes brings.
MAXIMUM_SIZE = 4 * 1024 * 1024

_NO_REASON = {"Code": "None"}
_T = TypeVar("_T")


@frozen(eq=False)
class _Action:
    table: Table
    key: ItemKey
    #: At least the key attributes.
    attributes: Item
    condition: Condition | None
    values: Any
    shows_item: bool
    #: The image after the action, given the one before: that itself where nothing changes.
    result: Callable[[Image | None], Image | None]
    writes: bool = True

    @property
    def partition(self) -> Partition:
        return self.table.partition(self.key)


@frozen(eq=False)
class _Effect:
    """What an action makes of its item; both are one image where nothing changes."""

    action: _Action
    old: Image | None
    new: Image | None


@operation("TransactWriteItems")
def transact_write_items(region: Region, request: Request) -> Response:
    """Up to 100 writes and checks, all or none of them."""
    return transact_write(region, request, "TransactItems")


def transact_write(region: Region, request: Request, identity: str) -> Response:
    """What TransactWriteItems does; `identity` is the member that a repeated token must come with."""
    token = request.get("ClientRequestToken")
    tokens = region.parts.the(Tokens)
    done = None if token is None else tokens.effects(token, request[identity], region.now())
    if done is not None:
        return _consumed_again(request, done)
    if token is not None and region.environment.locks:
        refuse_in_progress(region, token, request[identity])
    # Whatever can be seen to be wrong comes before a missing table, also of an earlier action.
    parsed = [_parsed(entry) for entry in request["TransactItems"]]
    _refuse_large(action.brought for action in parsed)
    tables = [_table(region, action.body["TableName"]) for action in parsed]
    actions = _fitting(partial(_action, *pair) for pair in zip(tables, parsed, strict=True))
    _refuse_repeated([(action.table, action.key) for action in actions])

    reasons: list[dict[str, Any]] = []
    effects: list[_Effect] = []
    limit = CollectionLimit(region)
    held = conflicts(region, [(action.table, action.key) for action in actions])
    for number, action in enumerate(actions):
        if held and held[number]["Code"] != "None":
            reasons.append(held[number])
            continue
        old = action.partition.available_leader().items.images.get(action.key)
        reason = _failure(action, old)
        if reason is not None:
            reasons.append(reason)
            continue
        try:
            new = action.result(old)
            if new is not old:
                limit.admit(action.table, action.key, new)
        except EmptyKey:
            raise
        except ValidationException as error:
            reasons.append({"Code": "ValidationError", "Message": error.message})
            continue
        except ItemCollectionSizeLimitExceededException as error:
            reasons.append({"Code": "ItemCollectionSizeLimitExceeded", "Message": error.message})
            continue
        reasons.append(dict(_NO_REASON))
        effects.append(_Effect(action, old, new))
    if any(reason["Code"] != "None" for reason in reasons):
        raise TransactionCanceledException(reasons)
    admit_transaction_writes(
        region, [(effect.action.table, effect.action.key, effect.old, effect.new) for effect in effects]
    )

    requested = Requested.of(request[identity])
    commit = partial(_commit, region, token, requested, effects)
    seconds = region.environment.transaction_seconds
    if seconds:
        items = [(action.table, action.key) for action in actions]
        OngoingTransaction(region, token, requested, items, commit).begin(seconds)
    commit()
    written = [
        (effect.action.table, effect.action.key, effect.action.attributes)
        for effect in effects
        if effect.action.writes
    ]
    return _consumed(with_metrics_by_table({}, request, written), request, effects)


def _commit(region: Region, token: str | None, requested: Requested, effects: list[_Effect]) -> None:
    """Write everything, or raise `InternalServerError` if a partition has no quorum."""
    changes = []
    for effect in effects:
        action = effect.action
        # The table of a transaction that took its time may be gone.
        if effect.new is not effect.old and _exists(region, action.table):
            changes.append((action.partition, action.key, effect.new))
    for partition, _, _ in changes:
        partition.available_leader()
    # Nothing can fail between the commits.  All are of one time, so that no moment of the table's history
    # shows half a transaction.
    now = region.now()

    def write() -> None:
        for partition, key, new in changes:
            # What is there already is done; or the item expired while the transaction took its time.
            if partition.leader.items.images.get(key) is not new:
                partition.commit(key, new, now, region.name)
        if token is not None:
            sizes = [(effect.action.table, _larger(effect.old, effect.new)) for effect in effects]
            region.parts.the(Tokens).keep(token, requested, sizes, now)

    whole(write)


def _exists(region: Region, table: Table) -> bool:
    """Whether the table, which may be of another account, has not been deleted."""
    owner = region.regions.of(table.arn.split(":")[4], region.name)
    return owner.tables.get(table.name) is table


@operation("TransactGetItems")
def transact_get_items(region: Region, request: Request) -> Response:
    """Up to 100 items as at one moment."""
    asked = []
    for entry in request["TransactItems"]:
        get = entry["Get"]
        expressions = Expressions(get)
        projection = expressions.projection()
        expressions.finish()
        attributes, _ = canonical_item(get["Key"])
        asked.append((_table(region, get["TableName"]), attributes, projection))
    keys = _fitting(partial(key_of_canonical, table, attributes) for table, attributes, _ in asked)
    reads = [(table, key, projection) for (table, _, projection), key in zip(asked, keys, strict=True)]

    _refuse_repeated([(table, key) for table, key, _ in reads])

    held = conflicts(region, [(table, key) for table, key, _ in reads])
    if held:
        raise TransactionCanceledException(held)
    images = [table.partition(key).available_leader().items.images.get(key) for table, key, _ in reads]
    admit_transaction_reads(
        region, [(table, key, image) for (table, key, _), image in zip(reads, images, strict=True)]
    )
    sizes = [size_of(image) if image else 0 for image in images]
    _refuse_large(sizes)
    responses: list[dict[str, Any]] = []
    for (_, _, projection), image in zip(reads, images, strict=True):
        if image is None:
            responses.append({})
        else:
            item = unpack(image)
            responses.append({"Item": item if projection is None else projection.project(item)})
    response = {"Responses": responses}
    if "ReturnConsumedCapacity" not in request:
        return response
    consumed: dict[str, Consumption] = {}
    for name, (table, _, _), size in zip(_named(request), reads, sizes, strict=True):
        used = consumed.setdefault(table.arn, Consumption(table, name, "ReadCapacityUnits"))
        used.read(size, consistent=True)
    return consumed_by_table(response, request, consumed.values())


def _failure(action: _Action, old: Image | None) -> dict[str, Any] | None:
    """Why a condition cancels the transaction; None if it does not."""
    if action.condition is None:
        return None
    item = {} if old is None else unpack(old)
    if action.condition.holds(item, action.values):
        return None
    reason: dict[str, Any] = {
        "Code": "ConditionalCheckFailed",
        "Message": "The conditional request failed",
    }
    if action.shows_item and old is not None:
        reason["Item"] = item
    return reason


def _consumed(response: Response, request: Request, effects: list[_Effect]) -> Response:
    """`response` with what the writes consumed, if the request asks for it."""
    if "ReturnConsumedCapacity" not in request:
        return response
    consumed: dict[str, Consumption] = {}
    for name, effect in zip(_named(request), effects, strict=True):
        table = effect.action.table
        used = consumed.setdefault(table.arn, Consumption(table, name, "WriteCapacityUnits"))
        used.write(effect.old, effect.new)
    return consumed_by_table(response, request, consumed.values())


def _consumed_again(request: Request, sizes: list[tuple[Table, int]]) -> Response:
    """The response to a repetition, with the reads that it consumes instead of writes."""
    if "ReturnConsumedCapacity" not in request:
        return {}
    consumed: dict[str, Consumption] = {}
    for name, (table, size) in zip(_named(request), sizes, strict=True):
        used = consumed.setdefault(table.arn, Consumption(table, name, "ReadCapacityUnits"))
        used.read(size, consistent=True)
    return consumed_by_table({}, request, consumed.values())


def _named(request: Request) -> list[str]:
    """The table of each action, as the request names it."""
    return [next(iter(entry.values()))["TableName"] for entry in request["TransactItems"]]


def _larger(old: Image | None, new: Image | None) -> int:
    return max(size_of(old) if old else 0, size_of(new) if new else 0)


@frozen(eq=False)
class _Parsed:
    """An action before its table is looked up."""

    kind: str
    body: dict[str, Any]
    #: The item of a Put, the key of all others.
    attributes: Item
    size: int
    #: Bytes of that and of the values for expressions: what the request brings along.
    brought: int
    update: Update | None
    condition: Condition | None
    values: Any


def _parsed(entry: dict[str, Any]) -> _Parsed:
    if len(entry) != 1:
        raise ValidationException("TransactItems can only contain one of Check, Put, Update or Delete")
    kind, body = next(iter(entry.items()))
    expressions = Expressions(body)
    update = expressions.update()
    condition = expressions.condition()
    expressions.finish()
    attributes, size = canonical_item(body["Item" if kind == "Put" else "Key"])
    refuse_large_item(size)
    brought = size + sum(map(value_size, expressions.values.values()))
    return _Parsed(kind, body, attributes, size, brought, update, condition, expressions.values)


def _fitting(steps: Iterable[Callable[[], _T]]) -> list[_T]:
    """What the steps give; a cancelled transaction if some of their keys do not fit their tables."""
    results: list[_T] = []
    reasons: list[dict[str, Any]] = []
    for step in steps:
        try:
            results.append(step())
            reasons.append(dict(_NO_REASON))
        except EmptyKey:
            raise
        except ValidationException as error:
            reasons.append({"Code": "ValidationError", "Message": error.message})
    if len(results) < len(reasons):
        raise TransactionCanceledException(reasons)
    return results


def _action(table: Table, parsed: _Parsed) -> _Action:
    shows = parsed.body.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD"
    attributes, update, condition, values = (
        parsed.attributes,
        parsed.update,
        parsed.condition,
        parsed.values,
    )
    refuse_paths_into_keys(table, condition, update)
    if parsed.kind == "Put":
        key = key_of_item(table, attributes, parsed.size)
        put = partial(_replaced, pack(attributes, parsed.size))
        return _Action(table, key, attributes, condition, values, shows, put)
    key = key_of_canonical(table, attributes)
    if parsed.kind == "Update":
        assert update is not None, "the model requires UpdateExpression"
        refuse_key_updates(table, update)
        change = partial(_updated, table, update, values, attributes)
        return _Action(table, key, attributes, condition, values, shows, change)
    if parsed.kind == "Delete":
        return _Action(table, key, attributes, condition, values, shows, lambda old: None)
    return _Action(table, key, attributes, condition, values, shows, lambda old: old, writes=False)


def _replaced(new: Image, old: Image | None) -> Image:
    return old if old is not None and same_image(old, new) else new


def _updated(table: Table, update: Update, values: Values, key: Item, old: Image | None) -> Image | None:
    if old is None and not update.creates:
        return None
    return updated(table, update, values, key, old)[1]


def _table(region: Region, name: str) -> Table:
    """A table that takes part in transactions."""
    table = region.table(name)
    if table.consistency == "STRONG":
        raise ValidationException(
            "Transactional operations are not supported for global tables with MultiRegionConsistency "
            "set to STRONG."
        )
    return table


def _refuse_repeated(items: list[tuple[Table, ItemKey]]) -> None:
    if len({(table.arn, key) for table, key in items}) != len(items):
        raise ValidationException("Transaction request cannot include multiple operations on one item")


def _refuse_large(sizes: Iterable[int]) -> None:
    if sum(sizes) > MAXIMUM_SIZE:
        raise ValidationException("The aggregate size of the items in the transaction exceeded 4 MB")
