"""Query and Scan, over tables and their indexes.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Query.html
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Scan.html
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from itertools import chain, islice
from typing import Any

from ddbha.api.data.keys import refuse_keys_in_filter, refuse_paths_into_keys
from ddbha.api.data.placeholders import Expressions, refuse_misplaced
from ddbha.api.data.targets import (
    Target,
    behind,
    refuse_start_outside,
    start_in,
    start_key,
    target_of,
)
from ddbha.api.metering import admit_page, charge_page
from ddbha.api.registry import Request, Response, operation
from ddbha.api.wire.wording import ENVELOPE
from ddbha.capacity.units import Consumption, read_units
from ddbha.collector import collector_paused
from ddbha.errors import Reworded, ValidationException
from ddbha.expressions.checks import Values
from ddbha.expressions.evaluate import Condition
from ddbha.expressions.key_condition import KeyCondition, KeyRange
from ddbha.expressions.projection import Projection
from ddbha.followers.secondary_indexes import GlobalIndex, LocalIndex
from ddbha.region.region import Region
from ddbha.storage.items import GREATEST
from ddbha.storage.partition import Partition
from ddbha.storage.partitions import KeyBounds
from ddbha.values.attribute import Item, item_size, order
from ddbha.values.image import Image, size_of, unpack, unpacked
from ddbha.values.key import HASH_SPACE, ItemKey, collection_of

#: Bytes of items that one page may evaluate.
PAGE_SIZE = 1024 * 1024
MAXIMUM_SEGMENTS = 1_000_000
#: Items of a page beyond which it pays to pause the collector.
_MANY = 50
_NOTHING = nullcontext()


@operation("Query")
def query(region: Region, request: Request) -> Response:
    """A page of one item collection, in the order of the sort key."""
    refuse_misplaced(request, "FilterExpression and KeyConditionExpression are null")
    asked = start_key(request)
    expressions = Expressions(request)
    condition = expressions.key_condition()
    if condition is None:
        raise ValidationException(
            "Either the KeyConditions or KeyConditionExpression parameter must be specified in "
            "the request."
        )
    page = _Page(request, expressions, ENVELOPE)
    expressions.finish()
    condition.require_sound()
    target = target_of(region, request)
    key_range = condition.bind(target.schema, expressions.values)
    bounds = bounds_of(key_range)
    start = start_in(target, asked)
    reverse = not request.get("ScanIndexForward", True)
    refuse_paths_into_keys(target.table, page.projection)
    if start is not None:
        whole = key_range.operator is None and len(key_range.sort) == len(target.schema.sort_attributes)
        refuse_start_outside(bounds, start, alone=whole and target.index is None)
        bounds = behind(bounds, start, reverse)
    page.refuse_keys_in_filter(target)
    return _read(region, request, page, target, [bounds], reverse)


def query_collections(region: Region, request: Request, conditions: Sequence[KeyCondition]) -> Response:
    """A page of several item collections, in the order of their partition keys: what PartiQL selects."""
    asked = start_key(request)
    expressions = Expressions(request)
    page = _Page(request, expressions)
    target = target_of(region, request)
    start = start_in(target, asked)
    reverse = not request.get("ScanIndexForward", True)
    found = {bounds.low[:2]: bounds for bounds in _bounds(conditions, target, expressions.values)}
    ordered = sorted(found.values(), key=_partition_key, reverse=reverse)
    if start is not None:
        # Only these very conditions can have led to it, so its collection is among them.
        reached = next(n for n, bounds in enumerate(ordered) if bounds.low[:2] == start[:2])
        ordered = [behind(ordered[reached], start, reverse), *ordered[reached + 1 :]]
    return _read(region, request, page, target, ordered, reverse)


def _bounds(conditions: Sequence[KeyCondition], target: Target, values: Values) -> Iterator[KeyBounds]:
    for condition in conditions:
        condition.condition.check(values)
        yield bounds_of(condition.bind(target.schema, values))


def _partition_key(bounds: KeyBounds) -> Any:
    return bounds.low[1]


@operation("Scan")
def scan(region: Region, request: Request) -> Response:
    """A page of everything, or of one segment, in the order of the hashes."""
    refuse_misplaced(request, "FilterExpression is null")
    asked = start_key(request)
    segment, count = _segment(request)
    expressions = Expressions(request)
    page = _Page(request, expressions)
    expressions.finish()
    target = target_of(region, request)
    refuse_paths_into_keys(target.table, page.filter, page.projection)
    bounds = KeyBounds.hashes(HASH_SPACE * segment // count, HASH_SPACE * (segment + 1) // count)
    start = start_in(target, asked)
    if start is not None:
        if not bounds.low[0] <= start[0] < bounds.high[0]:
            raise ValidationException(
                "The provided starting key is invalid: Invalid ExclusiveStartKey. Please use "
                "ExclusiveStartKey with correct Segment. "
                f"TotalSegments: {count} Segment: {segment}"
            )
        bounds = KeyBounds((*start, GREATEST), bounds.high)
    return _read(region, request, page, target, [bounds], False)


class _Page:
    """What a request wants of each item, and how much of them.

    `prefix` comes before what is said of a wrong `Select`: AWS has one for Query and, in
    its older wording, none for Scan.
    """

    def __init__(self, request: Request, expressions: Expressions, prefix: str = "") -> None:
        self._request = request
        self._values: Values = expressions.values
        self.filter: Condition | None = expressions.condition("FilterExpression")
        self.projection: Projection | None = expressions.projection()
        self._limit: int | None = request.get("Limit")
        select = request.get("Select")
        self._counts = select == "COUNT"
        if self.projection is not None and select not in (None, "SPECIFIC_ATTRIBUTES"):
            parameter = "AttributesToGet" if "AttributesToGet" in request else "ProjectionExpression"
            chosen = "only the Count" if self._counts else select
            said = f"Cannot specify the {parameter} when choosing to get {chosen}"
            raise Reworded(prefix + said, ENVELOPE + said)
        if select == "SPECIFIC_ATTRIBUTES" and self.projection is None:
            said = (
                "Must specify the AttributesToGet or ProjectionExpression when choosing to get "
                "SPECIFIC_ATTRIBUTES"
            )
            raise Reworded(prefix + said, ENVELOPE + said)
        if select == "ALL_PROJECTED_ATTRIBUTES" and "IndexName" not in request:
            raise ValidationException(
                f"{prefix}ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName"
            )
        self._select: str | None = select
        #: Read units of the page that was read.
        self.units = 0.0

    def refuse_keys_in_filter(self, target: Target) -> None:
        """A filter of a query may not name the key attributes of what is queried, nor go into others."""
        if self.filter is None:
            return
        kind = "QueryFilter" if "QueryFilter" in self._request else "Filter Expression"
        refuse_keys_in_filter(target.schema, self.filter, kind)
        refuse_paths_into_keys(target.table, self.filter)

    def read(self, target: Target, entries: Iterator[Image]) -> Response:
        """The response to a query or a scan of `entries`."""
        index, whole = target.index, self._whole(target)
        # What a local index projects is a part of the table's own images.
        part = index.part if isinstance(index, LocalIndex) and index.projected is not None else None
        limit, size = self._limit, 0
        images: list[Image] = []
        parts: list[Item] = []
        for image in islice(entries, limit):
            if size > PAGE_SIZE:
                is_last = False
                break
            images.append(image)
            if part is None:
                size += size_of(image)
            else:
                item = unpack(image)
                entry = part(item)
                size += item_size(entry)
                parts.append(item if whole else entry)
        else:
            # AWS looks no further than the limit, so a full page always names where to go on.
            is_last = len(images) != limit
        response: Response = {"ScannedCount": len(images)}
        if self._counts and self.filter is None:
            response["Count"] = len(images)
        else:
            items = self._shown(self._candidates(images) if part is None else iter(parts))
            if self._counts:
                response["Count"] = sum(1 for _ in items)
            else:
                with collector_paused() if len(images) > _MANY else _NOTHING:
                    response["Items"] = found = list(items)
                response["Count"] = len(found)
        if not is_last:
            as_it_is = part is None and self.filter is None and self.projection is None
            last = response["Items"][-1] if as_it_is and not self._counts else unpack(images[-1])
            response["LastEvaluatedKey"] = target.key(last)
        consistent = bool(self._request.get("ConsistentRead"))
        self.units = read_units(size, consistent=consistent)
        fetched = [size_of(image) for image in images] if part is not None and whole else ()
        if fetched:
            self.units += sum([read_units(one, consistent=consistent) for one in fetched])
        if "ReturnConsumedCapacity" in self._request:
            consumption = Consumption(target.table, self._request["TableName"])
            for one in fetched:
                consumption.read(one, consistent=consistent)
            consumption.read(size, consistent=consistent, index=None if index is None else index.name)
            consumption.into(response, self._request)
        return response

    def _candidates(self, images: list[Image]) -> Iterator[Item]:
        """The items of these images that may meet the filter."""
        for screen in () if self.filter is None else self.filter.screens(self._values):
            images = [image for image in images if screen(image)]
        return unpacked(images)

    def _shown(self, items: Iterator[Item]) -> Iterator[Item]:
        """What is asked for of those that meet the filter."""
        if self.filter is not None:
            items = filter(self.filter.bind(self._values), items)
        return items if self.projection is None or self._counts else map(self.projection.project, items)

    def _whole(self, target: Target) -> bool:
        """Whether attributes beyond those that an index projects are fetched from the table."""
        index = target.index
        if index is None or index.projected is None:
            return True
        asked = self.projection.attributes if self.projection is not None else frozenset[str]()
        beyond = self._select == "ALL_ATTRIBUTES" or not asked <= index.projected
        if beyond and isinstance(index, GlobalIndex):
            if self._select == "ALL_ATTRIBUTES":
                raise ValidationException(
                    "One or more parameter values were invalid: Select type ALL_ATTRIBUTES is not "
                    f"supported for global secondary index {index.name} because its projection type is "
                    "not ALL"
                )
            missing = ", ".join(sorted(asked - index.projected))
            raise ValidationException(
                "One or more parameter values were invalid: Global secondary index "
                f"{index.name} does not project [{missing}]"
            )
        return beyond


def _read(
    region: Region,
    request: Request,
    page: _Page,
    target: Target,
    ranges: Sequence[KeyBounds],
    reverse: bool,
) -> Response:
    """Admit, read and charge a page of one range after the other."""
    table, consistent = target.table, bool(request.get("ConsistentRead"))
    index = target.index if isinstance(target.index, GlobalIndex) else None
    parts = [
        (partition, bounds)
        for bounds in ranges
        for partition in bounds.of(target.partitions)[:: -1 if reverse else 1]
    ]
    # The partition that a page begins in bears all of it; few pages go beyond.
    partition = parts[0][0] if parts else target.partitions[-1 if reverse else 0]
    admit_page(region, table, index, partition, consistent=consistent)
    response = page.read(target, _entries(region, target, parts, consistent=consistent, reverse=reverse))
    low = ranges[0].low
    charge_page(
        region,
        table,
        index,
        partition,
        low[:2] if len(low) > 1 else None,
        page.units,
        consistent=consistent,
        returned=response["Count"],
    )
    return response


def bounds_of(key_range: KeyRange) -> KeyBounds:
    """The positions that a key condition means."""
    prefix = collection_of([order(value) for value in key_range.partition])
    if key_range.sort:
        prefix += tuple([order(value) for value in key_range.sort])
    operator = key_range.operator
    if operator is None:
        return KeyBounds(prefix, (*prefix, GREATEST))
    operands = [order(operand) for operand in key_range.operands]
    low: ItemKey = prefix
    high: ItemKey = (*prefix, GREATEST)
    if operator in (">=", "BETWEEN", "begins_with"):
        low = (*prefix, operands[0])
    elif operator == ">":
        low = (*prefix, operands[0], GREATEST)
    if operator == "<=":
        high = (*prefix, operands[0], GREATEST)
    elif operator == "<":
        high = (*prefix, operands[0])
    elif operator == "BETWEEN":
        high = (*prefix, operands[1], GREATEST)
    elif operator == "begins_with":
        after = _after_prefix(operands[0])
        high = (*prefix, GREATEST if after is None else after)
    return KeyBounds(low, high)


def _after_prefix(prefix: Any) -> Any:
    """The least string or binary greater than all that begin with `prefix`; None if there is none."""
    if isinstance(prefix, bytes):
        kept = prefix.rstrip(b"\xff")
        return kept[:-1] + bytes([kept[-1] + 1]) if kept else None
    kept_text = prefix.rstrip("\U0010ffff")
    return kept_text[:-1] + chr(ord(kept_text[-1]) + 1) if kept_text else None


def _entries(
    region: Region,
    target: Target,
    parts: list[tuple[Partition, KeyBounds]],
    *,
    consistent: bool,
    reverse: bool,
) -> Iterator[Image]:
    """What lies between these bounds of partitions; each partition is read when the page gets to it."""
    now = region.now()
    index = target.index
    if isinstance(index, GlobalIndex):
        index.catch_up(now)
    local = index.name if isinstance(index, LocalIndex) else None

    def read(part: tuple[Partition, KeyBounds]) -> Iterator[Image]:
        partition, bounds = part
        replica = partition.available_leader() if consistent else partition.reader(now)
        return replica.items.walk(bounds.low, bounds.high, reverse=reverse, index=local)

    return chain.from_iterable(map(read, parts))


def _segment(request: Request) -> tuple[int, int]:
    segment, count = request.get("Segment"), request.get("TotalSegments")
    if segment is None and count is None:
        return 0, 1
    if count is None:
        raise ValidationException(
            "The TotalSegments parameter is required but was not present in the request when Segment "
            "parameter is present"
        )
    if segment is None:
        raise ValidationException(
            "The Segment parameter is required but was not present in the request when parameter "
            "TotalSegments is present"
        )
    if segment >= count:
        fault = "The Segment parameter is zero-based and must be less than parameter TotalSegments"
        shown = f"Segment: {segment} is not less than TotalSegments: {count}"
        raise Reworded(f"{fault}: {shown}", fault)
    return segment, count
