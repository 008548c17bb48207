"""What each recorded call means: the steps that it took, and what it saw.

This is DynamoDB without replicas: one item before, one item after, and the answer that belongs to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from attrs import frozen

from ddbha.errors import AwsError
from ddbha.faults.requests import named_by
from ddbha.region.table import Table
from ddbha.values.image import Image, unpack
from ddbha.values.key import ItemKey
from ddbha.verify.calls import BackgroundWrite, Call
from ddbha.verify.item_values import packed, unpacked
from ddbha.verify.linearizability import Observation, Step
from ddbha.verify.reads import Sight, Since, read_steps
from ddbha.verify.writes import write_steps


def background_step(write: BackgroundWrite) -> Step:
    """A write without a request."""
    new = packed(None if write.new is None else unpack(write.new))
    key = write.table.id, write.key
    return Step((key,), write.invoked, write.completed, lambda values: (new,), write)


def final_step(table: Table, key: ItemKey, image: Image | None, place: int) -> Step:
    """What is in a table at the end is what a last read would see."""
    found = packed(None if image is None else unpack(image))
    source = f"the final state of table {table.name}, key {key}, is {unpacked(found)}"
    return Step(
        ((table.id, key),),
        place,
        place + 1,
        lambda values: values if values[0] == found else None,
        source,
    )


@frozen(eq=False)
class Meaning:
    """What calls mean, given which keys each table ever had."""

    keys: Mapping[str, Iterable[ItemKey]]
    since: Since

    def of(self, call: Call) -> Iterator[Step | Observation]:
        """The steps and observations of one call; none if it said nothing and did nothing."""
        if not named_by(call.request) <= call.tables.keys():
            return
        try:
            yield from write_steps(call)
            if call.answer is not None:
                yield from read_steps(Sight(self.keys, self.since), call)
        except AwsError:
            # A request that makes no sense did nothing, whatever its client was told.
            assert call.answer is None, "what was answered makes sense"
