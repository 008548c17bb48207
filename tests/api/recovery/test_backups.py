"""On-demand backups and restores from them, after the developer guide and the API reference.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Backup-and-Restore.html
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

import ddbha
from tests.building import index_on
from tests.installed import needs

TABLE: Any = {
    "TableName": "music",
    "AttributeDefinitions": [
        {"AttributeName": name, "AttributeType": kind}
        for name, kind in (("artist", "S"), ("song", "S"), ("year", "N"), ("genre", "S"))
    ],
    "KeySchema": [
        {"AttributeName": "artist", "KeyType": "HASH"},
        {"AttributeName": "song", "KeyType": "RANGE"},
    ],
    "LocalSecondaryIndexes": [index_on("by-year", "artist", "year", projection="KEYS_ONLY")],
    "GlobalSecondaryIndexes": [
        {
            "IndexName": "by-genre",
            "KeySchema": [{"AttributeName": "genre", "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["label"]},
            "ProvisionedThroughput": {"ReadCapacityUnits": 7, "WriteCapacityUnits": 8},
        }
    ],
    "ProvisionedThroughput": {"ReadCapacityUnits": 5, "WriteCapacityUnits": 6},
}
GENRE_INDEX = {
    k: v for k, v in TABLE["GlobalSecondaryIndexes"][0].items() if k != "ProvisionedThroughput"
}


def song(number: int, **more: Any) -> dict[str, Any]:
    return {
        "artist": {"S": f"artist {number % 3}"},
        "song": {"S": f"song {number:03}"},
        "year": {"N": str(1960 + number)},
        "genre": {"S": ("jazz", "rock")[number % 2]},
        "label": {"S": "a label"},
        **more,
    }


@pytest.fixture
def world() -> ddbha.World:
    return ddbha.World(clock=ddbha.ManualClock())


def client_of(world: ddbha.World, region: str = "us-east-1") -> Any:
    return world.client("dynamodb", region_name=region, config=Config(retries={"total_max_attempts": 1}))


@pytest.fixture
def client(world: ddbha.World) -> Any:
    client = client_of(world)
    client.create_table(**TABLE)
    for number in range(30):
        client.put_item(TableName="music", Item=song(number))
    return client


def backup(client: Any, name: str = "before", table: str = "music") -> str:
    arn: str = client.create_backup(TableName=table, BackupName=name)["BackupDetails"]["BackupArn"]
    return arn


def contents(client: Any, table: str, **more: Any) -> list[Any]:
    pages = client.get_paginator("scan").paginate(TableName=table, **more)
    return sorted((item for page in pages for item in page["Items"]), key=str)


def refused(code: str, message: str, call: Any, **params: Any) -> None:
    with pytest.raises(ClientError) as caught:
        call(**params)
    error = caught.value.response["Error"]
    assert (error["Code"], error["Message"]) == (code, message)


def test_what_was_there_at_the_request_comes_back_with_its_indexes(
    client: Any, world: ddbha.World
) -> None:
    before = contents(client, "music")
    arn = backup(client)
    for number in range(0, 30, 2):
        client.put_item(TableName="music", Item=song(number, damaged={"BOOL": True}))
    client.delete_item(TableName="music", Key={k: song(1)[k] for k in ("artist", "song")})
    client.restore_table_from_backup(TargetTableName="restored", BackupArn=arn)
    assert contents(client, "restored") == before
    by_genre = contents(client, "restored", IndexName="by-genre")
    assert len(by_genre) == 30
    assert set(by_genre[0]) == {"artist", "song", "genre", "label"}
    years = client.query(
        TableName="restored",
        IndexName="by-year",
        KeyConditionExpression="artist = :a AND #y < :y",
        ExpressionAttributeNames={"#y": "year"},
        ExpressionAttributeValues={":a": {"S": "artist 0"}, ":y": {"N": "1970"}},
    )["Items"]
    assert [int(item["year"]["N"]) for item in years] == [1960, 1963, 1966, 1969]
    client.put_item(TableName="restored", Item=song(99))
    world.table("restored").partitions[0].split()
    world.verify()


def test_descriptions_of_a_backup(client: Any, world: ddbha.World) -> None:
    client.update_table(
        TableName="music",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"},
    )
    client.update_table(TableName="music", DeletionProtectionEnabled=True)
    table = client.describe_table(TableName="music")["Table"]
    world.clock.advance(seconds=90)
    details = client.create_backup(TableName=table["TableArn"], BackupName="b.1")["BackupDetails"]
    milliseconds, _, suffix = details["BackupArn"].rpartition("/")[2].partition("-")
    assert details["BackupArn"].startswith(f"{table['TableArn']}/backup/")
    assert (int(milliseconds), len(milliseconds)) == (round(world.clock.time() * 1000), 14)
    assert len(suffix) == 8
    assert details["BackupStatus"] == "CREATING"
    assert details["BackupCreationDateTime"] == world.clock.now()
    described = client.describe_backup(BackupArn=details["BackupArn"])["BackupDescription"]
    assert described["BackupDetails"] == {**details, "BackupStatus": "AVAILABLE"}
    assert details["BackupSizeBytes"] == table["TableSizeBytes"] > 0
    assert described["SourceTableDetails"] == {
        "TableName": "music",
        "TableId": table["TableId"],
        "TableArn": table["TableArn"],
        "TableSizeBytes": table["TableSizeBytes"],
        "KeySchema": TABLE["KeySchema"],
        "TableCreationDateTime": table["CreationDateTime"],
        "ProvisionedThroughput": TABLE["ProvisionedThroughput"],
        "ItemCount": 30,
        "BillingMode": "PROVISIONED",
    }
    assert described["SourceTableFeatureDetails"] == {
        "LocalSecondaryIndexes": TABLE["LocalSecondaryIndexes"],
        "GlobalSecondaryIndexes": TABLE["GlobalSecondaryIndexes"],
        "StreamDescription": {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"},
    }


def test_lists_are_filtered_and_paged(client: Any, world: ddbha.World) -> None:
    client.create_table(**{**TABLE, "TableName": "other"})
    arns = []
    for _ in range(5):
        arns.append(backup(client))
        world.clock.advance(minutes=1)
    backup(client, table="other")

    def listed(**filters: Any) -> list[str]:
        pages = client.get_paginator("list_backups").paginate(**filters)
        return [entry["BackupArn"] for page in pages for entry in page["BackupSummaries"]]

    assert listed(TableName="music") == arns
    assert len(listed()) == 6
    assert listed(TableName="none") == []
    assert listed(TableName="music", PaginationConfig={"PageSize": 2}) == arns
    assert "LastEvaluatedBackupArn" not in client.list_backups(TableName="music", Limit=5)
    start = world.clock.now() - timedelta(minutes=5)
    minute = timedelta(minutes=1)
    within = listed(
        TableName="music",
        TimeRangeLowerBound=start + minute,
        TimeRangeUpperBound=start + 3 * minute,
    )
    assert within == arns[1:3]
    assert listed(TableName="music", BackupType="SYSTEM") == []
    client.delete_backup(BackupArn=arns[2])
    assert listed(TableName="music") == arns[:2] + arns[3:]
    after_deleted = client.list_backups(TableName="music", ExclusiveStartBackupArn=arns[2])
    assert [b["BackupArn"] for b in after_deleted["BackupSummaries"]] == arns[3:]
    refused(
        "ValidationException",
        "One or more parameter values were invalid: Time range lower bound must be less than or equal "
        "to upper bound",
        client.list_backups,
        TimeRangeLowerBound=start,
        TimeRangeUpperBound=start - minute,
    )
    refused(
        "ValidationException",
        "Invalid Request: The supplied ExclusiveStartBackupArn does not match the region",
        client.list_backups,
        ExclusiveStartBackupArn=arns[0].replace("us-east-1", "eu-west-1"),
    )


def test_backups_outlive_their_table_and_know_its_incarnation(client: Any) -> None:
    before = contents(client, "music")
    arn = backup(client)
    client.delete_table(TableName="music")
    client.create_table(**TABLE)
    second = backup(client)
    ids = [entry["TableId"] for entry in client.list_backups(TableName="music")["BackupSummaries"]]
    assert len(set(ids)) == 2
    client.restore_table_from_backup(TargetTableName="old-music", BackupArn=arn)
    client.restore_table_from_backup(TargetTableName="new-music", BackupArn=second)
    assert contents(client, "old-music") == before
    assert contents(client, "new-music") == []
    assert client.delete_backup(BackupArn=arn)["BackupDescription"]["BackupDetails"]["BackupStatus"] == (
        "DELETED"
    )
    refused("BackupNotFoundException", f"Backup not found: {arn}", client.delete_backup, BackupArn=arn)
    assert contents(client, "old-music") == before


def test_errors_of_backup_arns(client: Any, world: ddbha.World) -> None:
    arn = backup(client)
    describe = client.describe_backup
    refused(
        "BackupNotFoundException",
        f"Backup not found: {arn}",
        client_of(world, "eu-west-1").describe_backup,
        BackupArn=arn,
    )
    table_arn = client.describe_table(TableName="music")["Table"]["TableArn"]
    for junk in (table_arn, "x" * 40):
        refused("ValidationException", "Invalid Backup ARN", describe, BackupArn=junk)
    for part, wrong in (("us-east-1", "nowhere"), ("aws:", "gws:"), ("dynamodb", "s3")):
        refused(
            "ValidationException",
            "Invalid Request: BackupArn is not valid",
            describe,
            BackupArn=arn.replace(part, wrong, 1),
        )
    refused(
        "AccessDeniedException",
        "Access is denied",
        describe,
        BackupArn=arn.replace("123456789012", "210987654321"),
    )
    refused(
        "TableNotFoundException",
        "Table not found: none",
        client.create_backup,
        TableName="none",
        BackupName="abc",
    )


def test_statuses_take_their_time_and_a_table_is_not_used_while_it_is_restored() -> None:
    world = ddbha.World(clock=ddbha.ManualClock(), timings=ddbha.Timings.aws())
    client = client_of(world)
    client.create_table(**TABLE)
    refused(
        "TableNotFoundException",
        "Table not found: music",
        client.create_backup,
        TableName="music",
        BackupName="abc",
    )
    client.get_waiter("table_exists").wait(TableName="music", WaiterConfig={"Delay": 1})
    refused(
        "ContinuousBackupsUnavailableException",
        "Backups are being enabled for the table: music. Please retry later",
        client.create_backup,
        TableName="music",
        BackupName="abc",
    )
    shown = client.describe_continuous_backups(TableName="music")["ContinuousBackupsDescription"]
    assert shown["ContinuousBackupsStatus"] == "DISABLED"
    world.clock.advance(seconds=10)
    client.put_item(TableName="music", Item=song(1))
    arn = backup(client)
    created = client.describe_backup(BackupArn=arn)["BackupDescription"]["BackupDetails"]
    assert created["BackupStatus"] == "CREATING"
    world.clock.advance(seconds=1)
    answer = client.restore_table_from_backup(TargetTableName="target", BackupArn=arn)
    table = answer["TableDescription"]
    assert table["TableStatus"] == "CREATING"
    assert table["RestoreSummary"] == {
        "SourceBackupArn": arn,
        "SourceTableArn": client.describe_table(TableName="music")["Table"]["TableArn"],
        "RestoreDateTime": created["BackupCreationDateTime"],
        "RestoreInProgress": True,
    }
    assert "IndexStatus" not in table["GlobalSecondaryIndexes"][0]
    not_found = "ResourceNotFoundException"
    for call, params in (
        (client.put_item, {"TableName": "target", "Item": song(2)}),
        (client.scan, {"TableName": "target"}),
        (client.update_table, {"TableName": "target", "DeletionProtectionEnabled": True}),
        (client.tag_resource, {"ResourceArn": table["TableArn"], "Tags": []}),
        (client.describe_time_to_live, {"TableName": "target"}),
        (
            client.update_time_to_live,
            {
                "TableName": "target",
                "TimeToLiveSpecification": {"Enabled": True, "AttributeName": "expires"},
            },
        ),
    ):
        with pytest.raises(ClientError) as caught:
            call(**params)
        assert caught.value.response["Error"]["Code"] == not_found
    in_use = "Table is being used: target"
    refused("ResourceInUseException", in_use, client.delete_table, TableName="target")
    refused("ResourceInUseException", in_use, client.create_table, **{**TABLE, "TableName": "target"})
    no_table = "Table not found: target"
    refused(
        "TableNotFoundException", no_table, client.create_backup, TableName="target", BackupName="abc"
    )
    refused("TableNotFoundException", no_table, client.describe_continuous_backups, TableName="target")
    refused(
        "TableInUseException",
        f"Table: target is already being restored from backup: {arn}",
        client.restore_table_from_backup,
        TargetTableName="target",
        BackupArn=arn,
    )
    refused(
        "BackupInUseException",
        f"Backup is being used to restore another table: {arn}",
        client.restore_table_from_backup,
        TargetTableName="another",
        BackupArn=arn,
    )
    refused(
        "BackupInUseException",
        f"Backup is being used to restore table: {arn}",
        client.delete_backup,
        BackupArn=arn,
    )
    began = world.clock.now()
    client.get_waiter("table_exists").wait(TableName="target")
    assert world.clock.now() - began >= timedelta(minutes=3)
    table = client.describe_table(TableName="target")["Table"]
    assert table["TableStatus"] == "ACTIVE"
    assert "RestoreSummary" not in table
    assert contents(client, "target") == [song(1)]
    client.delete_backup(BackupArn=arn)


def test_what_is_restored_and_what_is_not(client: Any) -> None:
    client.update_table(
        TableName="music",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"},
    )
    client.update_table(TableName="music", DeletionProtectionEnabled=True)
    client.update_table(TableName="music", TableClass="STANDARD_INFREQUENT_ACCESS")
    source = client.describe_table(TableName="music")["Table"]
    client.tag_resource(ResourceArn=source["TableArn"], Tags=[{"Key": "a", "Value": "b"}])
    client.update_continuous_backups(
        TableName="music", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )
    client.restore_table_from_backup(TargetTableName="target", BackupArn=backup_of(client))
    table = client.describe_table(TableName="target")["Table"]
    assert table["KeySchema"] == source["KeySchema"]
    assert table["ProvisionedThroughput"] == source["ProvisionedThroughput"]
    assert [i["IndexName"] for i in table["GlobalSecondaryIndexes"]] == ["by-genre"]
    assert [i["IndexName"] for i in table["LocalSecondaryIndexes"]] == ["by-year"]
    assert table["TableId"] != source["TableId"]
    assert table["DeletionProtectionEnabled"] is False
    assert not {"StreamSpecification", "LatestStreamArn", "TableClassSummary"} & table.keys()
    assert client.list_tags_of_resource(ResourceArn=table["TableArn"])["Tags"] == []
    shown = client.describe_continuous_backups(TableName="target")["ContinuousBackupsDescription"]
    assert shown["PointInTimeRecoveryDescription"] == {"PointInTimeRecoveryStatus": "DISABLED"}


def backup_of(client: Any) -> str:
    """A backup that is available."""
    arn = backup(client)
    client.describe_backup(BackupArn=arn)
    return arn


def test_overrides(client: Any) -> None:
    arn = backup_of(client)

    def restore(name: str, **overrides: Any) -> Any:
        client.restore_table_from_backup(TargetTableName=name, BackupArn=arn, **overrides)
        return client.describe_table(TableName=name)["Table"]

    bare = restore("bare", GlobalSecondaryIndexOverride=[], LocalSecondaryIndexOverride=[])
    assert not {"GlobalSecondaryIndexes", "LocalSecondaryIndexes"} & bare.keys()
    assert {d["AttributeName"] for d in bare["AttributeDefinitions"]} == {"artist", "song"}

    on_demand = restore(
        "on-demand",
        BillingModeOverride="PAY_PER_REQUEST",
        OnDemandThroughputOverride={"MaxReadRequestUnits": 10, "MaxWriteRequestUnits": 20},
        SSESpecificationOverride={"Enabled": True, "SSEType": "KMS"},
    )
    assert on_demand["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    assert on_demand["OnDemandThroughput"]["MaxWriteRequestUnits"] == 20
    assert on_demand["GlobalSecondaryIndexes"][0]["ProvisionedThroughput"]["ReadCapacityUnits"] == 0
    assert on_demand["SSEDescription"]["Status"] == "ENABLED"

    renamed = restore(
        "renamed",
        ProvisionedThroughputOverride={"ReadCapacityUnits": 1, "WriteCapacityUnits": 2},
        GlobalSecondaryIndexOverride=[{**GENRE_INDEX, "IndexName": "genres"}],
    )
    assert renamed["ProvisionedThroughput"]["WriteCapacityUnits"] == 2
    index = renamed["GlobalSecondaryIndexes"][0]
    assert (index["IndexName"], index["ProvisionedThroughput"]["ReadCapacityUnits"]) == ("genres", 7)


@needs("RestoreTableFromBackup.GlobalSecondaryIndexOverride.WarmThroughput")
def test_a_restored_index_may_be_warm(client: Any) -> None:
    warm = {"ReadUnitsPerSecond": 14000, "WriteUnitsPerSecond": 6000}
    client.restore_table_from_backup(
        TargetTableName="target",
        BackupArn=backup_of(client),
        BillingModeOverride="PAY_PER_REQUEST",
        GlobalSecondaryIndexOverride=[{**GENRE_INDEX, "WarmThroughput": warm}],
    )
    (index,) = client.describe_table(TableName="target")["Table"]["GlobalSecondaryIndexes"]
    assert {name: index["WarmThroughput"][name] for name in warm} == warm


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (
            {"GlobalSecondaryIndexOverride": [{**GENRE_INDEX, "Projection": {"ProjectionType": "ALL"}}]},
            "Index by-genre does not match a secondary index that existed in the source table and cannot "
            "be created during the restore operation",
        ),
        (
            {
                "BillingModeOverride": "PAY_PER_REQUEST",
                "ProvisionedThroughputOverride": TABLE["ProvisionedThroughput"],
            },
            "Cannot override ProvisionedThroughput if BillingMode is overridden to PAY_PER_REQUEST",
        ),
        (
            {"BillingModeOverride": "PROVISIONED"},
            "Must override ProvisionedThroughput if BillingMode is overridden to PROVISIONED",
        ),
        (
            {"OnDemandThroughputOverride": {"MaxReadRequestUnits": 5}},
            "Cannot override MaxReadRequestUnits for OnDemandThroughput unless BillingModeOverride is "
            "PAY_PER_REQUEST",
        ),
        (
            {
                "BillingModeOverride": "PAY_PER_REQUEST",
                "OnDemandThroughputOverride": {"MaxReadRequestUnits": 0},
            },
            "Requested MaxReadRequestUnits for OnDemandThroughput is outside of valid range",
        ),
    ],
)
def test_overrides_that_cannot_be(client: Any, overrides: Any, message: str) -> None:
    refused(
        "ValidationException",
        f"Invalid Request: {message}",
        client.restore_table_from_backup,
        TargetTableName="target",
        BackupArn=backup_of(client),
        **overrides,
    )
    assert client.list_tables()["TableNames"] == ["music"]


def test_overrides_of_an_on_demand_source(client: Any) -> None:
    client.update_table(TableName="music", BillingMode="PAY_PER_REQUEST")
    arn = backup_of(client)
    throughput = TABLE["ProvisionedThroughput"]
    refused(
        "ValidationException",
        "Invalid Request: Cannot override ProvisionedThroughput unless BillingMode is PROVISIONED",
        client.restore_table_from_backup,
        TargetTableName="target",
        BackupArn=arn,
        ProvisionedThroughputOverride=throughput,
    )
    refused(
        "ValidationException",
        "Invalid Request: Must specify provisioned throughput for index by-genre",
        client.restore_table_from_backup,
        TargetTableName="target",
        BackupArn=arn,
        BillingModeOverride="PROVISIONED",
        ProvisionedThroughputOverride=throughput,
    )
    client.restore_table_from_backup(
        TargetTableName="target",
        BackupArn=arn,
        BillingModeOverride="PROVISIONED",
        ProvisionedThroughputOverride=throughput,
        GlobalSecondaryIndexOverride=TABLE["GlobalSecondaryIndexes"],
    )
    assert "BillingModeSummary" not in client.describe_table(TableName="target")["Table"]


def test_another_region_needs_an_encryption(client: Any, world: ddbha.World) -> None:
    arn = backup_of(client)
    there = client_of(world, "eu-west-1")
    refused(
        "ValidationException",
        "Invalid Request: sseSpecificationOverride must be provided for cross-region restores",
        there.restore_table_from_backup,
        TargetTableName="target",
        BackupArn=arn,
    )
    there.restore_table_from_backup(
        TargetTableName="target", BackupArn=arn, SSESpecificationOverride={"Enabled": False}
    )
    assert contents(there, "target") == contents(client, "music")
    assert client.list_tables()["TableNames"] == ["music"]


def test_fifty_restores_at_once() -> None:
    world = ddbha.World(
        clock=ddbha.ManualClock(), timings=ddbha.Timings(restore_table=60.0, point_in_time_delay=0)
    )
    client = client_of(world)
    client.create_table(**TABLE)
    client.update_continuous_backups(
        TableName="music", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )
    restore: Any = {"SourceTableName": "music", "UseLatestRestorableTime": True}
    for number in range(50):
        client.restore_table_to_point_in_time(TargetTableName=f"target-{number}", **restore)
    arn = backup_of(client)
    message = "Subscriber limit exceeded: Only 50 restore operations can be done simultaneously"
    refused(
        "LimitExceededException",
        message,
        client.restore_table_from_backup,
        TargetTableName="target",
        BackupArn=arn,
    )
    world.clock.advance(minutes=1)
    client.restore_table_from_backup(TargetTableName="target", BackupArn=arn)


def test_without_a_quorum_there_is_no_backup_and_no_restore_and_no_harm(
    client: Any, world: ddbha.World
) -> None:
    before = contents(client, "music")
    arn = backup_of(client)
    with world.faults.zone_outage("us-east-1a"):
        with world.faults.zone_outage("us-east-1b"):
            for call, params in (
                (client.create_backup, {"TableName": "music", "BackupName": "cut"}),
                (client.restore_table_from_backup, {"TargetTableName": "target", "BackupArn": arn}),
            ):
                refused("InternalServerError", "Internal server error", call, **params)
        assert client.list_tables()["TableNames"] == ["music"]
        client.restore_table_from_backup(TargetTableName="target", BackupArn=arn)
        assert contents(client, "target") == before
    assert len(client.list_backups()["BackupSummaries"]) == 1
    with world.faults.zone_outage("us-east-1c"):
        assert contents(client, "target", ConsistentRead=True) == before
    assert contents(client, "music") == before
    world.verify()


def test_zones_lost_while_a_restore_goes_on_leave_a_table_that_comes_back() -> None:
    world = ddbha.World(clock=ddbha.ManualClock(), timings=ddbha.Timings(restore_table=60.0))
    client = client_of(world)
    client.create_table(**TABLE)
    client.put_item(TableName="music", Item=song(1))
    client.restore_table_from_backup(TargetTableName="target", BackupArn=backup_of(client))
    world.faults.zone_outage("us-east-1a", after=10, duration=100)
    world.faults.zone_outage("us-east-1b", after=20, duration=100)
    world.clock.advance(seconds=70)
    assert client.describe_table(TableName="target")["Table"]["TableStatus"] == "CREATING"
    world.clock.advance(seconds=39)
    assert client.describe_table(TableName="target")["Table"]["TableStatus"] == "CREATING"
    world.clock.advance(seconds=2)
    assert client.describe_table(TableName="target")["Table"]["TableStatus"] == "ACTIVE"
    assert contents(client, "target", ConsistentRead=True) == [song(1)]
    world.verify()


def test_the_checker_knows_what_a_restored_table_began_with() -> None:
    world = ddbha.World(clock=ddbha.ManualClock(), history=True)
    client = client_of(world)
    client.create_table(**TABLE)
    client.put_item(TableName="music", Item=song(1))
    client.restore_table_from_backup(TargetTableName="target", BackupArn=backup_of(client))
    assert contents(client, "target") == [song(1)]
    client.put_item(TableName="target", Item=song(2))
    assert contents(client, "target") == [song(1), song(2)]
    world.verify()
