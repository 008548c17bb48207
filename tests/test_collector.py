"""The collector is paused where much is made at once, and goes on afterwards."""

from __future__ import annotations

import gc
from typing import Any

import pytest

import ddbha
from ddbha.collector import collector_paused


def _break_off_within_two() -> None:
    with collector_paused():
        with collector_paused():
            assert not gc.isenabled()
        assert not gc.isenabled()
        raise ValueError("broken off")


@pytest.mark.parametrize("enabled", [True, False])
def test_pauses_end_as_they_began_also_one_within_another(enabled: bool) -> None:
    was = gc.isenabled()
    try:
        (gc.enable if enabled else gc.disable)()
        with pytest.raises(ValueError, match="broken off"):
            _break_off_within_two()
        assert gc.isenabled() is enabled
    finally:
        (gc.enable if was else gc.disable)()


def test_large_pages_and_files_of_worlds_leave_the_collector_on(tmp_path: Any) -> None:
    world = ddbha.World(clock=ddbha.ManualClock())
    client: Any = world.client("dynamodb", region_name="us-east-1")
    client.create_table(
        TableName="many",
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "N"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    for start in range(0, 200, 25):
        puts = [{"PutRequest": {"Item": {"pk": {"N": str(n)}}}} for n in range(start, start + 25)]
        client.batch_write_item(RequestItems={"many": puts})
    assert client.scan(TableName="many")["Count"] == 200
    assert gc.isenabled()
    world.save(tmp_path / "world.ddbha")
    loaded: Any = ddbha.World.load(tmp_path / "world.ddbha").client("dynamodb", region_name="us-east-1")
    assert loaded.scan(TableName="many")["Count"] == 200
    assert gc.isenabled()
