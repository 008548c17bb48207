"""The limit on item collections, and `ItemCollectionMetrics`.

Both exist only for tables with local secondary indexes.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/LSI.html#LSI.ItemCollections.SizeLimit
"""

from __future__ import annotations

from typing import Any

from attrs import Factory, define

from ddbha.api.registry import Request, Response
from ddbha.errors import ItemCollectionSizeLimitExceededException
from ddbha.followers.item_collections import collection_sizes
from ddbha.region.region import Region
from ddbha.region.table import Table
from ddbha.values.attribute import Item
from ddbha.values.image import Image, size_of
from ddbha.values.key import ItemKey

_GIGABYTE = 1024**3


@define
class CollectionLimit:
    """Admits the writes of one request one after the other, before any of them is done."""

    region: Region
    _admitted: list[tuple[Table, ItemKey, Image | None]] = Factory(list)
    _most: int = 0

    def admit(self, table: Table, key: ItemKey, new: Image | None) -> None:
        """Raise `ItemCollectionSizeLimitExceededException` if a write makes a collection too large.

        Writes that make no collection larger always pass.
        """
        if not table.local_indexes:
            return
        self._admitted.append((table, key, new))
        if new is None:
            return
        limit = self.region.environment.settings.item_collection_limit
        copies = 1 + len(table.local_indexes)
        self._most += copies * size_of(new)
        partition = table.partition(key)
        leader = partition.leader
        leader.apply_all()
        # No collection is larger than its partition with every item projected whole.
        if copies * leader.items.size + self._most <= limit:
            return
        sizes = collection_sizes(partition, table.local_indexes)
        growth = 0
        total = sizes.size(key[:2])
        for other, position, image in self._admitted:
            if other is table and position[:2] == key[:2]:
                growth = sizes.footprint(image) - sizes.footprint(leader.items.images.get(position))
                total += growth
        if growth > 0 and total > limit:
            raise ItemCollectionSizeLimitExceededException("Collection size exceeded.")


def with_metrics(
    response: Response, request: Request, table: Table, key: ItemKey, attributes: Item
) -> Response:
    """`response` with the metrics of the one collection written to, if the request asks for them.

    `attributes` holds at least the key attributes of the item.
    """
    if request.get("ReturnItemCollectionMetrics", "NONE") == "SIZE" and table.local_indexes:
        response["ItemCollectionMetrics"] = _metrics(table, key, attributes)
    return response


def with_metrics_by_table(
    response: Response, request: Request, writes: list[tuple[Table, ItemKey, Item]]
) -> Response:
    """`response` with the metrics of all collections written to, each once, by table."""
    if request.get("ReturnItemCollectionMetrics", "NONE") == "SIZE":
        collections = {
            (table.name, key[:2]): (table, key, attributes)
            for table, key, attributes in writes
            if table.local_indexes
        }
        by_table: dict[str, list[Any]] = {}
        for table, key, attributes in collections.values():
            by_table.setdefault(table.name, []).append(_metrics(table, key, attributes))
        response["ItemCollectionMetrics"] = by_table
    return response


def _metrics(table: Table, key: ItemKey, attributes: Item) -> dict[str, Any]:
    name = table.schema.partition.name
    sizes = collection_sizes(table.partition(key), table.local_indexes)
    lower = float(sizes.size(key[:2]) // _GIGABYTE)
    return {
        "ItemCollectionKey": {name: attributes[name]},
        "SizeEstimateRangeGB": [lower, lower + 1.0],
    }
