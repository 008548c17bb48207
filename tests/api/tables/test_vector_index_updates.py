"""Vector indexes that come and go, and go with their table: UpdateTable, restores, replicas, world files.

Messages are DynamoDB's, as recorded by the authors of ExtendDB and by the conformance suite of dynoxide.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

import ddbha
from ddbha.errors import InvariantError
from tests.building import index_on, on_demand, vector, vector_index
from tests.installed import needs

pytestmark = needs("SearchVectors")

TENANT = [{"AttributeName": "tenant", "AttributeType": "S"}]
SCHEMA = vector_index("schema", 2, "tenant:HASH", function="EUCLIDEAN")


@pytest.fixture
def world() -> ddbha.World:
    return ddbha.World(clock=ddbha.ManualClock(), timings=ddbha.Timings.aws())


@pytest.fixture
def client(world: ddbha.World) -> Any:
    client = world.client("dynamodb", region_name="us-east-1")
    client.create_table(
        TableName="films",
        **on_demand("pk"),
        VectorIndexes=[vector_index("plain", 2, function="EUCLIDEAN")],
    )
    world.clock.advance(hours=1)
    return client


def put(client: Any, pk: str, *numbers: float, **more: str) -> None:
    attributes = {name: {"S": value} for name, value in more.items()}
    client.put_item(
        TableName="films", Item={"pk": {"S": pk}, "embedding": vector(*numbers), **attributes}
    )


def search(client: Any, index: str = "plain", table: str = "films", **more: Any) -> list[str]:
    answer = client.search_vectors(
        TableName=table, IndexName=index, SearchVector=vector(0, 0)["L"], TopK=100, **more
    )
    return [result["Item"]["pk"]["S"] for result in answer["SearchResults"]]


def in_tenant(tenant: str) -> Any:
    return {
        "SearchConditionExpression": "tenant = :t",
        "ExpressionAttributeValues": {":t": {"S": tenant}},
    }


def update(client: Any, **action: Any) -> Any:
    created = {"AttributeDefinitions": TENANT} if "Create" in action else {}
    return client.update_table(TableName="films", VectorIndexUpdates=[action], **created)


def state(client: Any, name: str) -> tuple[str, bool | None]:
    (index,) = (
        index
        for index in client.describe_table(TableName="films")["Table"]["VectorIndexes"]
        if index["IndexName"] == name
    )
    return index["IndexStatus"], index.get("Backfilling")


def refused(code: str, message: str, call: Any, **arguments: Any) -> None:
    with pytest.raises(ClientError) as error:
        call(**arguments)
    assert error.value.response["Error"] == {"Code": code, "Message": message}


def test_an_index_is_created_filled_and_deleted_while_writes_go_on(
    client: Any, world: ddbha.World
) -> None:
    put(client, "before", 1, 0, tenant="t")
    put(client, "elsewhere", 1, 0)
    update(client, Create=SCHEMA)
    assert state(client, "schema") == ("CREATING", False)
    refused(
        "ResourceInUseException",
        "Attempt to change a resource which is still in use: Index creation is in resource allocation "
        "phase. Retry deletion during backfilling phase or when the index is active. Table: films Index: "
        "schema",
        update,
        client=client,
        Delete={"IndexName": "schema"},
    )
    put(client, "meanwhile", 2, 0, tenant="t")
    # Both messages are in AWS's page VectorSearchTroubleshooting; ExtendDB's authors met the first.
    unsearchable = "The table does not have the specified index: schema"
    where = {"client": client, "index": "schema", **in_tenant("t")}
    refused("ValidationException", unsearchable, search, **where)
    while state(client, "schema") != ("CREATING", True):
        world.clock.advance(seconds=30)
    backfilling = "Cannot search backfilling vector index: schema"
    refused("ValidationException", backfilling, search, **where)
    put(client, "late", 3, 0, tenant="t")
    world.clock.advance(hours=1)
    assert state(client, "schema") == ("ACTIVE", None)
    assert search(client, "schema", **in_tenant("t")) == ["before", "meanwhile", "late"]
    world.verify()
    update(client, Delete={"IndexName": "schema"})
    world.clock.advance(hours=1)
    names = [i["IndexName"] for i in client.describe_table(TableName="films")["Table"]["VectorIndexes"]]
    assert names == ["plain"]


def test_what_update_table_refuses(client: Any, world: ddbha.World) -> None:
    invalid = "One or more parameter values were invalid: "
    create: Any = {"TableName": "films", "VectorIndexUpdates": [{"Create": SCHEMA}]}
    # The definition must be in this request.
    refused(
        "ValidationException",
        f"{invalid}One element in SearchSchema is not defined in attribute definitions",
        client.update_table,
        **create,
    )
    refused(
        "ValidationException",
        "Attempting to create an index which already exists",
        update,
        client=client,
        Create={**SCHEMA, "IndexName": "plain"},
    )
    online = (
        "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per "
        "table"
    )
    two = [{"Create": SCHEMA}, {"Delete": {"IndexName": "plain"}}]
    refused(
        "LimitExceededException",
        online,
        client.update_table,
        TableName="films",
        AttributeDefinitions=TENANT,
        VectorIndexUpdates=two,
    )
    refused(
        "ValidationException",
        f"{invalid}Attributes cannot be redefined. Please check that your attribute has the same type as "
        "previously defined. Existing schema: Schema:[SchemaElement: key{pk:S:HASH}] New schema: "
        "VectorIndexSchema:[VectorAttribute: key{pk:L:2}]",
        update,
        client=client,
        Create=vector_index("key", 2, "tenant", attribute="pk"),
    )
    refused(
        "ValidationException",
        f"{invalid}Vector indexes are only supported for PAY_PER_REQUEST tables",
        client.update_table,
        TableName="films",
        BillingMode="PROVISIONED",
        ProvisionedThroughput={"ReadCapacityUnits": 1, "WriteCapacityUnits": 1},
    )
    for number in range(4):
        client.update_table(
            TableName="films", VectorIndexUpdates=[{"Create": vector_index(f"vix-{number}", 2)}]
        )
        refused(
            "ResourceInUseException",
            "Attempt to change a resource which is still in use: Table: films is in the process of being "
            "updated.",
            update,
            client=client,
            Create=SCHEMA,
        )
        world.clock.advance(hours=1)
    refused(
        "LimitExceededException",
        "Subscriber limit exceeded: Number of vector secondary indexes exceeds per-table limit of 5",
        update,
        client=client,
        Create=SCHEMA,
    )


def test_one_index_is_built_at_a_time(client: Any, world: ddbha.World) -> None:
    update(client, Create=SCHEMA)
    while state(client, "schema") != ("CREATING", True):
        world.clock.advance(seconds=30)
    with pytest.raises(ClientError, match="Only 1 online index"):
        client.update_table(
            TableName="films",
            AttributeDefinitions=TENANT,
            GlobalSecondaryIndexUpdates=[{"Create": index_on("by-tenant", "tenant")}],
        )


def test_an_index_lags_behind(client: Any, world: ddbha.World) -> None:
    put(client, "seen", 1, 0)
    with world.faults.index_lag("films", "plain", seconds=60):
        put(client, "late", 2, 0)
        assert search(client) == ["seen"]
        world.clock.advance(seconds=61)
        assert search(client) == ["seen", "late"]
        client.delete_item(TableName="films", Key={"pk": {"S": "seen"}})
        assert search(client) == ["seen", "late"]
    assert search(client) == ["late"]


def test_an_index_follows_a_table_through_splits_and_the_loss_of_a_zone(world: ddbha.World) -> None:
    world = ddbha.World(clock=ddbha.ManualClock(), partition_size=4000)
    client = world.client("dynamodb", region_name="us-east-1")
    client.create_table(
        TableName="films",
        **on_demand("pk"),
        VectorIndexes=[vector_index("plain", 2, function="EUCLIDEAN")],
    )
    names = [f"{number:02}" for number in range(60)]
    for number, name in enumerate(names):
        put(client, name, number, 0, text="x" * 200)
        world.clock.advance(seconds=10)
    with world.faults.zone_outage("us-east-1a"):
        client.delete_item(TableName="films", Key={"pk": {"S": "00"}})
        put(client, "01", 100, 0)
        assert search(client) == [*names[2:], "01"]
    world.verify()


def test_replicas_of_a_global_table_have_indexes_of_their_own(client: Any, world: ddbha.World) -> None:
    put(client, "first", 1, 0, tenant="t")
    client.update_table(TableName="films", ReplicaUpdates=[{"Create": {"RegionName": "eu-west-1"}}])
    world.clock.advance(hours=1)
    there = world.client("dynamodb", region_name="eu-west-1")
    put(there, "second", 2, 0, tenant="t")
    world.clock.advance(minutes=1)
    assert search(client) == search(there) == ["first", "second"]
    update(client, Create=SCHEMA)
    world.clock.advance(hours=2)
    assert search(client, "schema", **in_tenant("t")) == ["first", "second"]
    assert search(there, "schema", **in_tenant("t")) == ["first", "second"]
    with world.faults.network_cut("us-east-1", "eu-west-1"):
        put(client, "here", 3, 0)
        assert search(client) == ["first", "second", "here"]
        assert search(there) == ["first", "second"]
    world.verify()


def test_restores_have_the_indexes_unless_they_are_overridden(client: Any, world: ddbha.World) -> None:
    put(client, "a", 1, 0)
    backup = client.create_backup(TableName="films", BackupName="nightly")["BackupDetails"]["BackupArn"]
    world.clock.advance(minutes=10)
    details = client.describe_backup(BackupArn=backup)["BackupDescription"]
    (shown,) = details["SourceTableFeatureDetails"]["VectorIndexes"]
    assert shown == vector_index("plain", 2, function="EUCLIDEAN")
    renamed = vector_index("renamed", 2, function="EUCLIDEAN")
    overrides: Any = {
        "same": {},
        "none": {"VectorIndexOverride": []},
        "renamed": {"VectorIndexOverride": [renamed]},
    }
    for name, override in overrides.items():
        client.restore_table_from_backup(TargetTableName=name, BackupArn=backup, **override)
        world.clock.advance(hours=5)
    with pytest.raises(ClientError, match="does not match a vector index that existed"):
        client.restore_table_from_backup(
            TargetTableName="other", BackupArn=backup, VectorIndexOverride=[vector_index("plain", 2)]
        )
    assert search(client, "plain", "same") == search(client, "renamed", "renamed") == ["a"]
    assert "VectorIndexes" not in client.describe_table(TableName="none")["Table"]


def test_a_table_goes_back_to_a_point_in_time(client: Any, world: ddbha.World) -> None:
    client.update_continuous_backups(
        TableName="films", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )
    put(client, "a", 1, 0)
    world.clock.advance(hours=1)
    moment = world.clock.now()
    world.clock.advance(hours=1)
    put(client, "a", 3, 0)
    put(client, "b", 2, 0)
    world.clock.advance(hours=1)
    client.restore_table_to_point_in_time(
        SourceTableName="films", TargetTableName="then", RestoreDateTime=moment
    )
    world.clock.advance(hours=5)
    assert search(client, "plain", "then") == ["a"]
    assert search(client) == ["b", "a"]


def test_a_world_file_keeps_vector_indexes(client: Any, world: ddbha.World, tmp_path: Path) -> None:
    update(client, Create=SCHEMA)
    world.clock.advance(hours=1)
    put(client, "a", 1, 0, tenant="t")
    assert search(client, "schema", **in_tenant("t")) == search(client) == ["a"]
    before = client.describe_table(TableName="films")["Table"]["VectorIndexes"]
    world.save(tmp_path / "world.zip")
    loaded = ddbha.World.load(tmp_path / "world.zip")
    client = loaded.client("dynamodb", region_name="us-east-1")
    assert client.describe_table(TableName="films")["Table"]["VectorIndexes"] == before
    put(client, "b", 2, 0, tenant="t")
    assert search(client, "schema", **in_tenant("t")) == ["a", "b"]
    loaded.verify()


def test_an_index_that_has_lost_or_kept_an_entry_is_found_out(client: Any, world: ddbha.World) -> None:
    put(client, "a", 1, 0)
    put(client, "b", 2, 0)
    world.verify()
    index = world.table("films", region="us-east-1").vector_indexes["plain"]
    entry = index.entries()[0]
    index.remove(entry)
    with pytest.raises(InvariantError, match="vector index plain: lacks entry"):
        world.verify()
    index.put(entry)
    world.verify()
    client.delete_item(TableName="films", Key={"pk": {"S": "a"}})
    client.delete_item(TableName="films", Key={"pk": {"S": "b"}})
    world.verify()
    index.put(entry)
    with pytest.raises(InvariantError, match="vector index plain: has a stray entry"):
        world.verify()
