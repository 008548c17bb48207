"""Capacity units: what reads and writes consume.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from attrs import Factory, define

from ddbha.followers.secondary_indexes import SecondaryIndex
from ddbha.region.table import Table
from ddbha.values.image import Image, same_image, size_of
from ddbha.values.key import ItemKey

READ_UNIT = 4096
WRITE_UNIT = 1024


def read_units(size: int, *, consistent: bool) -> float:
    """Units of one read of `size` bytes: one for each started 4 KB, half if eventually consistent."""
    units = 1.0 if size <= READ_UNIT else float(-(-size // READ_UNIT))
    return units if consistent else units / 2


def write_units(old: Image | None, new: Image | None) -> float:
    """Units of one write: one for each started 1 KB of the larger of the old and the new item."""
    size = max(size_of(old) if old else 0, size_of(new) if new else 0)
    return float(max(1, -(-size // WRITE_UNIT)))


def index_writes(
    index: SecondaryIndex, old: Image | None, new: Image | None
) -> list[tuple[ItemKey, float]]:
    """Position (without the table's key) and units of each index entry that a write touches."""
    before, after = index.entry(old), index.entry(new)
    if before is not None and after is not None and before[0] == after[0]:
        if same_image(before[1], after[1]):
            return []
        return [(after[0], write_units(before[1], after[1]))]
    return [(entry[0], write_units(entry[1], None)) for entry in (before, after) if entry]


@define
class Consumption:
    """Units that one request consumes of one table.

    A transaction reads or writes each item twice, its index entries once, and shows the units a second
    time in the member `transaction`: ReadCapacityUnits or WriteCapacityUnits.  The table is shown as the
    request `named` it: by its name or its ARN.
    """

    table: Table
    named: str
    transaction: str | None = None
    units: float = 0.0
    index_units: dict[str, float] = Factory(dict)
    #: Bytes written to vector indexes, which are metered apart from all units.
    vector_bytes: dict[str, float] = Factory(dict)

    def read(self, size: int, *, consistent: bool, index: str | None = None) -> None:
        """Add a read of `size` bytes of the table or an index."""
        units = read_units(size, consistent=consistent) * self._factor
        if index is None:
            self.units += units
        else:
            self.index_units[index] = self.index_units.get(index, 0.0) + units

    def write(self, old: Image | None, new: Image | None) -> None:
        """Add a write of an item and of its index entries."""
        self.units += write_units(old, new) * self._factor
        for index in (*self.table.local_indexes.values(), *self.table.global_indexes.values()):
            units = sum(units for _, units in index_writes(index, old, new))
            if units:
                self.index_units[index.name] = self.index_units.get(index.name, 0.0) + units
        for vector_index in self.table.vector_indexes.values():
            written = vector_index.written_bytes(old, new)
            if written:
                name = vector_index.name
                self.vector_bytes[name] = self.vector_bytes.get(name, 0.0) + written

    def answer(self, wanted: str) -> dict[str, Any]:
        """The `ConsumedCapacity` member, for TOTAL or INDEXES."""
        answer: dict[str, Any] = {"TableName": self.named, **self._shown(self.total)}
        if wanted == "INDEXES":
            answer["Table"] = self._shown(self.units)
            for member, indexes in (
                ("LocalSecondaryIndexes", self.table.local_indexes),
                ("GlobalSecondaryIndexes", self.table.global_indexes),
            ):
                units = {
                    name: self._shown(used) for name, used in self.index_units.items() if name in indexes
                }
                if units:
                    answer[member] = units
            if self.vector_bytes:
                answer["VectorIndexes"] = {
                    name: {"VectorWriteRequestBytes": written}
                    for name, written in self.vector_bytes.items()
                }
        return answer

    def into(self, response: dict[str, Any], request: dict[str, Any]) -> dict[str, Any]:
        """`response` with the consumption, if the request asks for it."""
        wanted = request.get("ReturnConsumedCapacity", "NONE")
        if wanted != "NONE":
            response["ConsumedCapacity"] = self.answer(wanted)
        return response

    @property
    def total(self) -> float:
        """Units of the table and all its indexes."""
        return self.units + sum(self.index_units.values()) if self.index_units else self.units

    @property
    def _factor(self) -> int:
        return 1 if self.transaction is None else 2

    def _shown(self, units: float) -> dict[str, Any]:
        shown = {"CapacityUnits": units}
        if self.transaction is not None:
            shown[self.transaction] = units
        return shown


def consumed_by_table(
    response: dict[str, Any], request: dict[str, Any], consumed: Iterable[Consumption]
) -> dict[str, Any]:
    """`response` with the consumption of several tables, if the request asks for it."""
    wanted = request.get("ReturnConsumedCapacity", "NONE")
    if wanted != "NONE":
        response["ConsumedCapacity"] = [used.answer(wanted) for used in consumed]
    return response
