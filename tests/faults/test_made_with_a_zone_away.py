"""With one zone of three away everything can still be made, and works before the zone is back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.config import Config

import ddbha
from tests.building import index_on, of_units, on_demand, vector_index
from tests.installed import needs

HERE, THERE = "us-east-1", "eu-west-1"
PATIENT = Config(retries={"mode": "standard", "total_max_attempts": 15})
ITEMS = [{"id": {"S": str(number)}, "group": {"S": str(number % 3)}} for number in range(12)]


class Scene:
    """A table of twelve items that others are made from, and one of few units that grows."""

    def __init__(self, **options: Any) -> None:
        self.world = ddbha.World(clock=ddbha.ManualClock(), history=True, **options)
        self.client: Any = self.world.client("dynamodb", region_name=HERE, config=PATIENT)
        for name, definition in (("tab", on_demand("id")), ("small", of_units(100, 100, "id"))):
            self.client.create_table(TableName=name, **definition)
            self.world.clock.advance(minutes=1)
            for item in ITEMS:
                self.client.put_item(TableName=name, Item=item)
        self.client.update_continuous_backups(
            TableName="tab", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
        )
        self.world.clock.advance(minutes=10)
        backup = self.client.create_backup(TableName="tab", BackupName="backup")
        self.arn = backup["BackupDetails"]["BackupArn"]
        self.world.clock.advance(minutes=1)
        self.world.objects["imports"] = {
            "all.json": "\n".join(f'{{"Item": {{"id": {{"S": "{n}"}}}}}}' for n in range(12)).encode()
        }

    def names(self, table: str = "tab", region: str = HERE, **more: Any) -> set[str]:
        client: Any = self.world.client("dynamodb", region_name=region, config=PATIENT)
        return {item["id"]["S"] for item in client.scan(TableName=table, **more)["Items"]}

    def status(self, table: str = "tab", region: str = HERE) -> str:
        client: Any = self.world.client("dynamodb", region_name=region, config=PATIENT)
        return str(client.describe_table(TableName=table)["Table"]["TableStatus"])


ALL = {str(number) for number in range(12)}


def create(scene: Scene) -> None:
    scene.client.create_table(
        TableName="new",
        **on_demand("id", more=["group"]),
        GlobalSecondaryIndexes=[index_on("by-group", "group")],
    )
    scene.world.clock.advance(minutes=1)
    for item in ITEMS:
        scene.client.put_item(TableName="new", Item=item)
    assert scene.names("new", ConsistentRead=True) == scene.names("new", IndexName="by-group") == ALL


def restore(scene: Scene) -> None:
    scene.client.restore_table_from_backup(BackupArn=scene.arn, TargetTableName="new")
    scene.world.clock.advance(minutes=10)
    assert scene.names("new", ConsistentRead=True) == ALL


def restore_in_time(scene: Scene) -> None:
    scene.client.restore_table_to_point_in_time(
        SourceTableName="tab", TargetTableName="new", UseLatestRestorableTime=True
    )
    scene.world.clock.advance(minutes=10)
    assert scene.names("new", ConsistentRead=True) == ALL


def import_(scene: Scene) -> None:
    answer = scene.client.import_table(
        S3BucketSource={"S3Bucket": "imports"},
        InputFormat="DYNAMODB_JSON",
        TableCreationParameters={"TableName": "new", **on_demand("id")},
    )
    scene.world.clock.advance(minutes=10)
    arn = answer["ImportTableDescription"]["ImportArn"]
    shown = scene.client.describe_import(ImportArn=arn)["ImportTableDescription"]
    assert shown["ImportStatus"] == "COMPLETED"
    assert scene.names("new", ConsistentRead=True) == ALL


def fill_index(scene: Scene) -> None:
    scene.client.update_table(
        TableName="tab",
        AttributeDefinitions=[{"AttributeName": "group", "AttributeType": "S"}],
        GlobalSecondaryIndexUpdates=[{"Create": index_on("by-group", "group")}],
    )
    scene.world.clock.advance(minutes=30)
    (shown,) = scene.client.describe_table(TableName="tab")["Table"]["GlobalSecondaryIndexes"]
    assert shown["IndexStatus"] == "ACTIVE"
    assert scene.names(IndexName="by-group") == ALL


def index(scene: Scene) -> None:
    fill_index(scene)
    scene.client.put_item(TableName="tab", Item={"id": {"S": "new"}, "group": {"S": "0"}})
    assert scene.names(IndexName="by-group") == {*ALL, "new"}
    scene.client.delete_item(TableName="tab", Key={"id": {"S": "new"}})


def index_vectors(scene: Scene) -> None:
    scene.client.update_table(
        TableName="tab", VectorIndexUpdates=[{"Create": vector_index("by-meaning", 2)}]
    )
    scene.world.clock.advance(minutes=30)
    (shown,) = scene.client.describe_table(TableName="tab")["Table"]["VectorIndexes"]
    assert shown["IndexStatus"] == "ACTIVE"


def grow(scene: Scene) -> None:
    units = {"ReadCapacityUnits": 4000, "WriteCapacityUnits": 4000}
    scene.client.update_table(TableName="small", ProvisionedThroughput=units)
    scene.world.clock.advance(minutes=10)
    assert scene.status("small") == "ACTIVE"
    assert len(scene.world.table("small").partitions) > 4
    assert scene.names("small", ConsistentRead=True) == ALL


def split(scene: Scene) -> None:
    scene.world.clock.advance(seconds=2)
    for half in scene.world.table("small").partitions[0].split():
        assert half.leader.up
    assert scene.names("small", ConsistentRead=True) == ALL


def warm_up(scene: Scene) -> None:
    warm = {"ReadUnitsPerSecond": 30_000, "WriteUnitsPerSecond": 8_000}
    scene.client.update_table(TableName="tab", WarmThroughput=warm)
    scene.world.clock.advance(hours=1)
    shown = scene.client.describe_table(TableName="tab")["Table"]["WarmThroughput"]
    assert shown["Status"] == "ACTIVE"
    assert len(scene.world.table("tab").partitions) >= 10


def replicate(scene: Scene) -> None:
    scene.client.update_table(TableName="tab", ReplicaUpdates=[{"Create": {"RegionName": THERE}}])
    scene.world.clock.advance(hours=1)
    assert scene.status() == scene.status(region=THERE) == "ACTIVE"
    assert scene.names(region=THERE, ConsistentRead=True) == ALL
    scene.client.put_item(TableName="tab", Item={"id": {"S": "new"}})
    assert scene.names(region=THERE) == {*ALL, "new"}


def back_up(scene: Scene) -> None:
    scene.client.create_backup(TableName="tab", BackupName="new")
    scene.world.clock.advance(minutes=1)
    backups = scene.client.list_backups(TableName="tab")["BackupSummaries"]
    assert {backup["BackupStatus"] for backup in backups} == {"AVAILABLE"}
    assert len(backups) == 2


def plan(scene: Scene) -> None:
    made = scene.world.backup_plan("rate(1 hour)", table="tab")
    scene.world.clock.advance(hours=2, seconds=1)
    assert [job.status for job in made.jobs] == ["COMPLETED"] * 2
    made.end()


def export(scene: Scene) -> None:
    scene.world.objects["exports"] = {}
    table = scene.client.describe_table(TableName="tab")["Table"]
    answer = scene.client.export_table_to_point_in_time(TableArn=table["TableArn"], S3Bucket="exports")
    scene.world.clock.advance(minutes=10)
    arn = answer["ExportDescription"]["ExportArn"]
    shown = scene.client.describe_export(ExportArn=arn)["ExportDescription"]
    assert (shown["ExportStatus"], shown["ItemCount"]) == ("COMPLETED", 12)


def expire(scene: Scene) -> None:
    scene.client.update_time_to_live(
        TableName="tab", TimeToLiveSpecification={"Enabled": True, "AttributeName": "until"}
    )
    scene.world.clock.advance(hours=1)
    until = str(int(scene.world.clock.time()) + 100)
    scene.client.put_item(TableName="tab", Item={"id": {"S": "new"}, "until": {"N": until}})
    scene.world.clock.advance(minutes=5)
    assert scene.names(ConsistentRead=True) == ALL


MAKING: list[Any] = [
    create,
    restore,
    restore_in_time,
    import_,
    index,
    pytest.param(index_vectors, marks=needs("UpdateTable.VectorIndexUpdates")),
    grow,
    split,
    pytest.param(warm_up, marks=needs("UpdateTable.WarmThroughput")),
    replicate,
    back_up,
    plan,
    export,
    expire,
]


@pytest.mark.parametrize("options", [{"leader_lease": 1.5}, {"timings": "aws"}], ids=["lease", "aws"])
@pytest.mark.parametrize("make", MAKING, ids=lambda make: make.__name__.strip("_"))
def test_it_is_made_and_works(make: Callable[[Scene], None], options: Any) -> None:
    for zone in "abc":
        scene = Scene(**options)
        with scene.world.faults.zone_outage(f"{HERE}{zone}"):
            # Some of the source's partitions have just lost their leaders.
            make(scene)
            scene.world.verify()
        scene.world.clock.advance(minutes=5)
        assert scene.names(ConsistentRead=True) >= ALL
        scene.world.verify()


@pytest.mark.parametrize(
    ("make", "read"),
    [
        (restore, {"table": "new"}),
        (restore_in_time, {"table": "new"}),
        (import_, {"table": "new"}),
        (fill_index, {"IndexName": "by-group"}),
        (grow, {"table": "small"}),
        (split, {"table": "small"}),
    ],
    ids=lambda one: one.__name__.strip("_") if callable(one) else "",
)
def test_what_is_made_while_a_zone_is_cut_off_is_seen_whole_there(
    make: Callable[[Scene], None], read: dict[str, Any]
) -> None:
    for zone in "abc":
        scene = Scene(leader_lease=1.5)
        others = [other for other in "abc" if other != zone]
        cuts = [scene.world.faults.zone_cut(f"{HERE}{zone}", f"{HERE}{other}") for other in others]
        make(scene)
        # Each reads from a zone that the seed chooses.
        for _ in range(12):
            assert scene.names(**read) == ALL
        scene.world.verify()
        for cut in cuts:
            cut.end()
        assert scene.names(**read) == ALL
        scene.world.verify()
