"""How much a full collection of the garbage collector has to look at."""

from __future__ import annotations

import gc
from typing import Any

import ddbha
from tests.building import on_demand

#: Of 25 items: more than there are records in the logs of four partitions, which keep 1024 each.
BATCHES = 400


def test_the_collector_looks_at_no_object_of_an_item() -> None:
    client: Any = ddbha.World(clock=ddbha.ManualClock()).client("dynamodb", region_name="us-east-1")
    client.create_table(TableName="tab", **on_demand("id"))
    write(client, 0)
    gc.collect()
    before = len(gc.get_objects())
    for batch in range(1, BATCHES):
        write(client, batch)
    gc.collect()
    assert len(gc.get_objects()) - before < 4 * 1024 + 200


def write(client: Any, batch: int) -> None:
    puts = [
        {"PutRequest": {"Item": {"id": {"S": f"{batch} {n}"}, "n": {"N": str(n)}}}} for n in range(25)
    ]
    client.batch_write_item(RequestItems={"tab": puts})
