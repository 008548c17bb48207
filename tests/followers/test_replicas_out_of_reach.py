"""What is told to a global table while a region is out of reach: all of it arrives, or nothing does.

Statuses: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_ReplicaDescription.html
"""

from __future__ import annotations

from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

import ddbha
from tests.building import index_on, on_demand
from tests.installed import needs

HERE, THERE, FAR = "us-east-1", "eu-west-1", "ap-southeast-2"
ONCE = Config(retries={"total_max_attempts": 1})


def new_world(*others: str, **options: Any) -> tuple[ddbha.World, list[Any]]:
    world = ddbha.World(clock=ddbha.ManualClock(), **options)
    clients: list[Any] = [
        world.client("dynamodb", region_name=name, config=ONCE) for name in (HERE, *others)
    ]
    clients[0].create_table(TableName="tab", **on_demand("id"))
    world.clock.advance(minutes=10)
    for name in others:
        clients[0].update_table(TableName="tab", ReplicaUpdates=[{"Create": {"RegionName": name}}])
        world.clock.advance(hours=1)
    # For a day the region that others were filled from stays.
    world.clock.advance(hours=24)
    return world, clients


def put(client: Any, name: str) -> None:
    client.put_item(TableName="tab", Item={"id": {"S": name}})


def names(client: Any) -> list[str]:
    items = client.scan(TableName="tab", ConsistentRead=True)["Items"]
    return sorted(item["id"]["S"] for item in items)


def described(client: Any) -> Any:
    return client.describe_table(TableName="tab")["Table"]


def statuses(client: Any) -> dict[str, str]:
    return {r["RegionName"]: r["ReplicaStatus"] for r in described(client).get("Replicas", ())}


def indexes(client: Any) -> dict[str, str]:
    found = described(client).get("GlobalSecondaryIndexes", ())
    return {index["IndexName"]: index["IndexStatus"] for index in found}


def create_index(client: Any) -> None:
    client.update_table(
        TableName="tab",
        AttributeDefinitions=[{"AttributeName": "group", "AttributeType": "S"}],
        GlobalSecondaryIndexUpdates=[{"Create": index_on("by-group", "group")}],
    )


def test_settings_reach_a_region_when_it_is_back() -> None:
    world, (here, there) = new_world(THERE)
    put(here, "1")
    outage = world.faults.region_outage(THERE)
    create_index(here)
    here.update_time_to_live(
        TableName="tab", TimeToLiveSpecification={"Enabled": True, "AttributeName": "x"}
    )
    world.clock.advance(hours=1)
    assert indexes(here) == {"by-group": "ACTIVE"}
    assert statuses(here) == {THERE: "UPDATING"}
    outage.end()
    world.clock.advance(hours=1)
    assert indexes(there) == {"by-group": "ACTIVE"}
    assert statuses(here) == {THERE: "ACTIVE"}
    shown = there.describe_time_to_live(TableName="tab")["TimeToLiveDescription"]
    assert shown == {"TimeToLiveStatus": "ENABLED", "AttributeName": "x"}
    world.verify()


def test_a_region_that_is_cut_off_shows_the_settings_that_it_has() -> None:
    world, (here, there) = new_world(THERE)
    with world.faults.network_cut(HERE, THERE):
        create_index(here)
        here.update_time_to_live(
            TableName="tab", TimeToLiveSpecification={"Enabled": True, "AttributeName": "x"}
        )
        world.clock.advance(hours=1)
        assert indexes(there) == {}
        shown = there.describe_time_to_live(TableName="tab")["TimeToLiveDescription"]
        assert shown == {"TimeToLiveStatus": "DISABLED"}
        put(there, "1")
    world.clock.advance(hours=1)
    assert indexes(there) == indexes(here) == {"by-group": "ACTIVE"}
    assert names(here) == ["1"]
    world.verify()


@pytest.mark.parametrize("timings", ["instant", "aws"])
def test_changes_that_wait_for_a_region_are_made_one_after_the_other(timings: Any) -> None:
    world, (here, there) = new_world(THERE, timings=timings)
    with world.faults.network_cut(HERE, THERE):
        create_index(here)
        world.clock.advance(hours=1)
        for units in (1000, 2000):
            here.update_table(
                TableName="tab",
                OnDemandThroughput={"MaxReadRequestUnits": units, "MaxWriteRequestUnits": units},
            )
            world.clock.advance(hours=1)
        here.update_table(
            TableName="tab", GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": "by-group"}}]
        )
        world.clock.advance(hours=1)
        here.update_table(TableName="tab", TableClass="STANDARD_INFREQUENT_ACCESS")
        world.clock.advance(hours=1)
        assert statuses(here) == {THERE: "UPDATING"}
    world.clock.advance(hours=3)
    assert statuses(here) == {THERE: "ACTIVE"}
    for client in (here, there):
        shown = described(client)
        assert shown["TableStatus"] == "ACTIVE"
        assert "GlobalSecondaryIndexes" not in shown
        assert shown["OnDemandThroughput"]["MaxReadRequestUnits"] == 2000
        assert shown["TableClassSummary"]["TableClass"] == "STANDARD_INFREQUENT_ACCESS"
    assert not world.events.of("settings-refused")
    world.verify()


def test_settings_that_change_while_a_replica_is_made_are_its_own_too() -> None:
    world, (here, there) = new_world(THERE, timings="aws")
    far: Any = world.client("dynamodb", region_name=FAR, config=ONCE)
    put(here, "1")
    here.update_table(TableName="tab", ReplicaUpdates=[{"Create": {"RegionName": FAR}}])
    create_index(there)
    there.update_time_to_live(
        TableName="tab", TimeToLiveSpecification={"Enabled": True, "AttributeName": "x"}
    )
    world.clock.advance(hours=3)
    for client in (here, there, far):
        assert indexes(client) == {"by-group": "ACTIVE"}
        shown = client.describe_time_to_live(TableName="tab")["TimeToLiveDescription"]
        assert shown == {"TimeToLiveStatus": "ENABLED", "AttributeName": "x"}
        assert names(client) == ["1"]
        assert set(statuses(client).values()) == {"ACTIVE"}
    world.verify()


@pytest.mark.parametrize("lease", [0, 1.5])
def test_an_index_is_made_everywhere_although_one_region_has_no_quorum(lease: float) -> None:
    world, (here, there) = new_world(THERE, leader_lease=lease)
    put(here, "1")
    with world.faults.zone_outage(f"{THERE}a"), world.faults.zone_outage(f"{THERE}b"):
        create_index(here)
        world.clock.advance(minutes=5)
        assert indexes(here) == {"by-group": "ACTIVE"}
        assert indexes(there) == {"by-group": "CREATING"}
    world.clock.advance(minutes=5)
    assert indexes(there) == {"by-group": "ACTIVE"}
    put(there, "2")
    assert names(here) == ["1", "2"]
    world.verify()


@pytest.mark.parametrize("timings", ["instant", "aws"])
def test_a_table_that_is_deleted_in_its_region_sends_what_it_acknowledged_first(timings: Any) -> None:
    world, (here, there) = new_world(THERE, timings=timings)
    cut = world.faults.network_cut(HERE, THERE)
    put(there, "acknowledged")
    there.delete_table(TableName="tab")
    world.clock.advance(hours=1)
    assert described(there)["TableStatus"] == "DELETING"
    assert statuses(here) == {THERE: "DELETING"}
    assert names(here) == []
    cut.end()
    world.clock.advance(hours=3)
    assert names(here) == ["acknowledged"]
    assert statuses(here) == {}
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        described(there)
    world.verify()


def test_a_deletion_waits_for_all_regions_that_stay() -> None:
    world, (here, there, far) = new_world(THERE, FAR)
    with world.faults.network_cut(THERE, FAR):
        put(there, "1")
        there.delete_table(TableName="tab")
        world.clock.advance(hours=1)
        assert names(here) == ["1"]
        assert names(far) == []
        assert statuses(here) == {THERE: "DELETING", FAR: "ACTIVE"}
    world.clock.advance(hours=3)
    assert names(here) == names(far) == ["1"]
    assert statuses(here) == {FAR: "ACTIVE"}
    world.verify()


def test_a_region_that_is_cut_off_does_not_know_that_its_replica_is_to_be_deleted() -> None:
    world, (here, there) = new_world(THERE)
    with world.faults.network_cut(HERE, THERE):
        here.update_table(TableName="tab", ReplicaUpdates=[{"Delete": {"RegionName": THERE}}])
        world.clock.advance(hours=1)
        assert statuses(here) == {THERE: "DELETING"}
        assert described(there)["TableStatus"] == "ACTIVE"
        put(there, "acknowledged")
    world.clock.advance(hours=3)
    assert names(here) == ["acknowledged"]
    assert described(here)["TableStatus"] == "ACTIVE"
    assert statuses(here) == {}
    assert there.list_tables()["TableNames"] == []
    world.verify()


def test_a_replica_is_deleted_by_both_regions() -> None:
    world, (here, there) = new_world(THERE)
    with world.faults.network_cut(HERE, THERE):
        here.update_table(TableName="tab", ReplicaUpdates=[{"Delete": {"RegionName": THERE}}])
        put(there, "1")
        there.delete_table(TableName="tab")
        world.clock.advance(hours=1)
    world.clock.advance(hours=3)
    assert names(here) == ["1"]
    assert described(here)["TableStatus"] == "ACTIVE"
    assert statuses(here) == {}
    assert there.list_tables()["TableNames"] == []
    world.verify()


def test_overrides_reach_a_replica_when_its_region_is_back() -> None:
    world, (here, there) = new_world(THERE)
    change: Any = {"RegionName": THERE, "TableClassOverride": "STANDARD_INFREQUENT_ACCESS"}
    with world.faults.network_cut(HERE, THERE):
        here.update_table(TableName="tab", ReplicaUpdates=[{"Update": change}])
        world.clock.advance(minutes=1)
        assert described(here)["TableStatus"] == "ACTIVE"
        assert statuses(here) == {THERE: "UPDATING"}
        assert "TableClassSummary" not in described(there)
    assert described(there)["TableClassSummary"]["TableClass"] == "STANDARD_INFREQUENT_ACCESS"
    assert statuses(here) == {THERE: "ACTIVE"}


def test_a_replica_that_is_changed_may_be_deleted_meanwhile() -> None:
    world, (here, there) = new_world(THERE, timings=ddbha.Timings(update_table=100))
    change: Any = {"RegionName": THERE, "TableClassOverride": "STANDARD_INFREQUENT_ACCESS"}
    here.update_table(TableName="tab", ReplicaUpdates=[{"Update": change}])
    there.delete_table(TableName="tab")
    world.clock.advance(hours=1)
    assert described(here)["TableStatus"] == "ACTIVE"
    assert statuses(here) == {}


def test_a_replica_that_is_being_deleted_is_not_deleted_again() -> None:
    world, (here, there) = new_world(THERE)
    with world.faults.network_cut(HERE, THERE):
        put(there, "1")
        there.delete_table(TableName="tab")
        world.clock.advance(minutes=1)
        with pytest.raises(ClientError, match="while the replica is being deleted"):
            here.update_table(TableName="tab", ReplicaUpdates=[{"Delete": {"RegionName": THERE}}])
    world.clock.advance(hours=1)
    assert names(here) == ["1"]
    assert described(here)["TableStatus"] == "ACTIVE"


@needs("UpdateTable.ReplicaUpdates.Disassociate")
def test_a_replica_is_disassociated_although_the_last_other_one_goes_meanwhile() -> None:
    world, (here, there) = new_world(THERE, timings=ddbha.Timings(update_table=100))
    here.update_table(TableName="tab", DisassociationProtectionEnabled=False)
    world.clock.advance(hours=1)
    mode = {"RegionName": HERE, "DisassociationMode": "WAIT_FOR_REPLICATION"}
    here.update_table(TableName="tab", ReplicaUpdates=[{"Disassociate": mode}])
    there.delete_table(TableName="tab")
    world.clock.advance(hours=1)
    assert described(here)["TableStatus"] == "ACTIVE"
    assert statuses(here) == {}
    put(here, "1")
    world.verify()


def test_tables_that_are_deleted_in_all_regions_do_not_wait_for_each_other() -> None:
    world, (here, there) = new_world(THERE)
    with world.faults.network_cut(HERE, THERE):
        put(here, "1")
        put(there, "2")
        here.delete_table(TableName="tab")
        there.delete_table(TableName="tab")
        world.clock.advance(hours=1)
        assert here.list_tables()["TableNames"] == there.list_tables()["TableNames"] == []
    world.verify()
