"""Vector indexes that UpdateTable creates and deletes.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_VectorIndexUpdate.html
"""

from __future__ import annotations

from collections.abc import Mapping

from attrs import frozen

from ddbha.api.definitions.projections import INVALID
from ddbha.api.registry import Request
from ddbha.api.tables.update_rules import has_index, refuse_second_index
from ddbha.api.tables.vector_indexes import (
    MAXIMUM_VECTOR_INDEXES,
    new_vector_index,
    refuse_vector_indexes,
)
from ddbha.errors import (
    LimitExceededException,
    ResourceInUseException,
    ResourceNotFoundException,
    ValidationException,
)
from ddbha.followers.vector_indexes import VectorIndex
from ddbha.region.region import Region
from ddbha.region.table import Table


@frozen(eq=False)
class VectorIndexChange:
    """A vector index that is created, or one that is deleted."""

    index: VectorIndex
    is_new: bool

    def begin(self, table: Table) -> None:
        """Show the index as CREATING or DELETING."""
        if self.is_new:
            self.index.status, self.index.backfilling = "CREATING", False
            table.vector_indexes[self.index.name] = self.index
        else:
            self.index.status = "DELETING"

    def finish(self, region: Region, table: Table) -> None:
        """Fill the new index, or drop the other one.

        Raises `InternalServerError`, with nothing done, where a partition of the table has no leader.
        """
        index = self.index
        if not self.is_new:
            table.remove_vector_index(index.name)
            return
        table.add_vector_index(index)
        index.backfilling = True

        def filled() -> None:
            # It may have been deleted meanwhile.
            if index.status == "CREATING":
                index.status, index.backfilling = "ACTIVE", None

        region.later(region.environment.timings.backfill_index, filled)


def refuse_early_deletion(table: Table, request: Request) -> None:
    """Raise `ResourceInUseException` for the deletion of a vector index that is not being filled yet."""
    for update in request.get("VectorIndexUpdates", ()):
        name = update.get("Delete", {}).get("IndexName")
        index = table.vector_indexes.get(name)
        if index is not None and index.status == "CREATING" and not index.backfilling:
            raise ResourceInUseException(
                "Attempt to change a resource which is still in use: Index creation is in resource "
                "allocation phase. Retry deletion during backfilling phase or when the index is active. "
                f"Table: {table.name} Index: {name}"
            )


def vector_index_change(
    table: Table, request: Request, types: Mapping[str, str], billing_mode: str
) -> VectorIndexChange | None:
    """The one vector index that a request creates or deletes; `types` are what it defines.

    Raises `ValidationException`, `ResourceNotFoundException` and `LimitExceededException`.
    """
    updates = request.get("VectorIndexUpdates")
    if updates is None:
        refuse_vector_indexes(list(table.vector_indexes.values()), billing_mode)
        return None
    if not updates:
        raise ValidationException(f"{INVALID}List of VectorIndexUpdates is empty")
    for update in updates:
        if len(update.keys() & {"Create", "Delete"}) != 1:
            raise ValidationException(
                f"{INVALID}One of VectorIndexUpdate.Create, VectorIndexUpdate.Delete must be specified"
            )
    if len(updates) > 1 or "GlobalSecondaryIndexUpdates" in request:
        refuse_second_index()
    (update,) = updates
    if "Delete" in update:
        name = update["Delete"]["IndexName"]
        if name not in table.vector_indexes:
            raise ResourceNotFoundException(
                f"Requested resource not found: Index {name} for table {table.name}"
            )
        change = VectorIndexChange(table.vector_indexes[name], False)
    else:
        change = VectorIndexChange(_created(table, update["Create"], types, billing_mode), True)
    if any(i.status != "ACTIVE" and i is not change.index for i in table.following_indexes()):
        refuse_second_index()
    return change


def _created(
    table: Table, definition: Request, types: Mapping[str, str], billing_mode: str
) -> VectorIndex:
    if has_index(table, definition["IndexName"]):
        raise ValidationException("Attempting to create an index which already exists")
    if len(table.vector_indexes) >= MAXIMUM_VECTOR_INDEXES:
        raise LimitExceededException(
            "Subscriber limit exceeded: Number of vector secondary indexes exceeds per-table limit of "
            f"{MAXIMUM_VECTOR_INDEXES}"
        )
    # The request must define the attributes of the search schema even where the table knows them.
    index = new_vector_index(definition, dict(types), table.schema)
    name = index.vector_attribute
    known = table.attribute_types
    if name in known or any(known.get(n, kind) != kind for n, kind in types.items()):
        raise ValidationException(
            f"{INVALID}Attributes cannot be redefined. Please check that your attribute has the same "
            f"type as previously defined. Existing schema: Schema:[{_shown(table)}] New schema: "
            f"VectorIndexSchema:[VectorAttribute: key{{{name}:L:{index.dimensions}}}]"
        )
    refuse_vector_indexes([*table.vector_indexes.values(), index], billing_mode)
    return index


def _shown(table: Table) -> str:
    kinds = table.schema.kinds()
    return ", ".join(f"SchemaElement: key{{{a.name}:{a.type}:{kind}}}" for a, kind in kinds)
