"""What waits for a leader or for a transaction does so without end in time and in a few steps."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ReadTimeoutError

import ddbha

ONCE = Config(retries={"total_max_attempts": 1})


@pytest.fixture
def world() -> ddbha.World:
    return ddbha.World(clock=ddbha.ManualClock("2026-01-01T00:00:00Z"), leader_lease=1.5)


@pytest.fixture
def client(world: ddbha.World) -> Any:
    made: Any = world.client("dynamodb", region_name="us-east-1", config=ONCE)
    made.create_table(
        TableName="orders",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    made.update_time_to_live(
        TableName="orders", TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires"}
    )
    return made


def expiring(world: ddbha.World, seconds: float) -> Any:
    return {"id": {"S": "1"}, "expires": {"N": str(int(world.clock.time() + seconds))}}


def names(client: Any) -> list[str]:
    items = client.scan(TableName="orders", ConsistentRead=True)["Items"]
    return sorted(item["id"]["S"] for item in items)


def prepare(world: ddbha.World, client: Any, item: Any, seconds: float) -> None:
    with (
        world.faults.slow_transaction(seconds=seconds, times=1),
        pytest.raises(ReadTimeoutError),
    ):
        client.transact_write_items(TransactItems=[{"Put": {"TableName": "orders", "Item": item}}])


def test_items_that_a_transaction_holds_expire_after_it(world: ddbha.World, client: Any) -> None:
    client.put_item(TableName="orders", Item=expiring(world, 90))
    prepare(world, client, {"id": {"S": "1"}, "kept": {"BOOL": True}}, 600)
    world.clock.advance(seconds=300)
    # Due at 120 s, but prepared: it is there until the transaction has its way, which keeps it.
    assert names(client) == ["1"]
    world.clock.advance(seconds=600)
    assert names(client) == ["1"]
    assert client.get_item(TableName="orders", Key={"id": {"S": "1"}})["Item"]["kept"] == {"BOOL": True}
    world.verify()


def test_years_without_a_quorum_take_a_few_steps(
    world: ddbha.World, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.put_item(TableName="orders", Item=expiring(world, 90))
    prepare(world, client, {"id": {"S": "2"}}, 60)
    steps: list[float | None] = []
    stand_at = world.engine.environment.scheduler.stand_at

    def counted(moment: float | None) -> None:
        steps.append(moment)
        stand_at(moment)

    monkeypatch.setattr(world.engine.environment.scheduler, "stand_at", counted)
    outages = [world.faults.zone_outage(zone) for zone in ("us-east-1a", "us-east-1b")]
    world.clock.advance(days=1000)
    assert client.describe_table(TableName="orders")["Table"]["TableStatus"] == "ACTIVE"
    assert len(steps) < 20
    for outage in outages:
        outage.end()
    world.clock.advance(minutes=2)
    assert names(client) == ["2"]
    world.verify()


def test_a_replica_that_is_deleted_sends_what_it_acknowledged_first(
    world: ddbha.World, client: Any
) -> None:
    client.update_table(TableName="orders", ReplicaUpdates=[{"Create": {"RegionName": "eu-west-1"}}])
    there: Any = world.client("dynamodb", region_name="eu-west-1", config=ONCE)
    there.put_item(TableName="orders", Item={"id": {"S": "before"}})
    cut = world.faults.network_cut("us-east-1", "eu-west-1")
    there.put_item(TableName="orders", Item={"id": {"S": "acknowledged"}})
    client.update_table(TableName="orders", ReplicaUpdates=[{"Delete": {"RegionName": "eu-west-1"}}])
    world.clock.advance(minutes=10)
    assert names(client) == ["before"]
    cut.end()
    world.clock.advance(hours=1)
    assert names(client) == ["acknowledged", "before"]
    assert "Replicas" not in client.describe_table(TableName="orders")["Table"]
