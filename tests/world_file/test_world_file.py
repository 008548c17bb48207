"""A world that is saved and loaded is the same world; what is no such file is refused."""

from __future__ import annotations

import io
import json
import zipfile
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ReadTimeoutError
from hypothesis import given, settings
from hypothesis import strategies as st

import ddbha
from ddbha.errors import UsageError, WorldFileError
from ddbha.world_file import container
from tests.building import index_on, of_units, on_demand, scaled
from tests.installed import needs

DAY = 24 * 3600


def dynamodb(world: ddbha.World, **where: Any) -> Any:
    return world.client("dynamodb", **{"region_name": "us-east-1", **where})


def make_table(client: Any, name: str = "orders", **more: Any) -> str:
    arn = client.create_table(
        TableName=name,
        **on_demand("customer", "number:N", more=["day:B"]),
        LocalSecondaryIndexes=[index_on("by-day", "customer", "day", projection="KEYS_ONLY")],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "of-day",
                "KeySchema": [{"AttributeName": "day", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["what"]},
            }
        ],
        Tags=[{"Key": "team", "Value": "sales"}],
        **more,
    )["TableDescription"]["TableArn"]
    return str(arn)


def order(customer: str, number: str, **more: Any) -> dict[str, Any]:
    return {"customer": {"S": customer}, "number": {"N": number}, "day": {"B": b"\x00\xff"}, **more}


def everything(client: Any, name: str = "orders") -> list[str]:
    pages = client.get_paginator("scan").paginate(TableName=name, ConsistentRead=True)
    return sorted(repr(sorted(item.items())) for page in pages for item in page["Items"])


def saved(world: ddbha.World, path: Path) -> ddbha.World:
    world.save(path)
    return ddbha.World.load(path)


@pytest.fixture
def world() -> ddbha.World:
    return ddbha.World(seed=7, clock=ddbha.ManualClock("2026-03-01T12:00:00Z"))


def test_a_table_comes_back_with_items_settings_and_indexes(world: ddbha.World, tmp_path: Path) -> None:
    client = dynamodb(world)
    make_table(client, StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"})
    for number in range(60):
        client.put_item(
            TableName="orders", Item=order(f"c{number % 7}", f"{number}.5", what={"S": "ä\ud800"})
        )
    client.update_time_to_live(
        TableName="orders", TimeToLiveSpecification={"Enabled": True, "AttributeName": "until"}
    )
    world.table("orders").partitions[0].split()
    world.table("orders").global_indexes["of-day"].partitions[0].split((1 << 60,))
    loaded = saved(world, tmp_path / "w.ddbha")
    copy = dynamodb(loaded)

    assert loaded.clock.now() == world.clock.now()
    assert everything(copy) == everything(client)
    client.scan(TableName="orders", IndexName="of-day")
    before = client.describe_table(TableName="orders")["Table"]
    assert copy.describe_table(TableName="orders")["Table"] == before
    tags = copy.list_tags_of_resource(ResourceArn=before["TableArn"])["Tags"]
    assert tags == [{"Key": "team", "Value": "sales"}]
    assert [(p.low, p.high, p.leader.zone) for p in loaded.table("orders").partitions] == [
        (p.low, p.high, p.leader.zone) for p in world.table("orders").partitions
    ]
    for query in (
        {"IndexName": "of-day", "KeyConditionExpression": "#d = :d"},
        {"IndexName": "by-day", "KeyConditionExpression": "customer = :c AND #d = :d"},
    ):
        values = {":d": {"B": b"\x00\xff"}, ":c": {"S": "c3"}}
        used = {name: value for name, value in values.items() if name in query["KeyConditionExpression"]}
        asked = {"ExpressionAttributeNames": {"#d": "day"}, "ExpressionAttributeValues": used, **query}
        found = copy.query(TableName="orders", **asked)
        assert found["Count"] == client.query(TableName="orders", **asked)["Count"] > 0
    loaded.verify()


def test_settings_of_throughput_and_insights(world: ddbha.World, tmp_path: Path) -> None:
    client = dynamodb(world)
    make_table(client)
    client.update_table(
        TableName="orders",
        BillingMode="PROVISIONED",
        ProvisionedThroughput={"ReadCapacityUnits": 7, "WriteCapacityUnits": 8},
        GlobalSecondaryIndexUpdates=[
            {
                "Update": {
                    "IndexName": "of-day",
                    "ProvisionedThroughput": {"ReadCapacityUnits": 3, "WriteCapacityUnits": 4},
                }
            }
        ],
    )
    for index in ({}, {"IndexName": "of-day"}):
        client.update_contributor_insights(
            TableName="orders", ContributorInsightsAction="ENABLE", **index
        )
    client.list_tables()
    copy = dynamodb(saved(world, tmp_path / "w"))
    asked = {"TableName": "orders"}
    assert copy.describe_table(**asked)["Table"] == client.describe_table(**asked)["Table"]
    for index in ({}, {"IndexName": "of-day"}):
        insights = copy.describe_contributor_insights(TableName="orders", **index)
        before = client.describe_contributor_insights(TableName="orders", **index)
        assert insights["ContributorInsightsStatus"] == "ENABLED"
        for answer in (insights, before):
            answer.pop("ResponseMetadata")
        assert insights == before


def test_what_follows_the_writes_goes_on(world: ddbha.World, tmp_path: Path) -> None:
    client = dynamodb(world)
    make_table(client, StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"})
    client.update_time_to_live(
        TableName="orders", TimeToLiveSpecification={"Enabled": True, "AttributeName": "until"}
    )
    due = str(int(world.clock.time()) + 3600)
    client.put_item(TableName="orders", Item=order("c", "1", until={"N": due}))
    loaded = saved(world, tmp_path / "w.ddbha")

    loaded.clock.advance(hours=2)
    assert everything(dynamodb(loaded)) == []
    streams = loaded.client("dynamodbstreams", region_name="us-east-1")
    arn = streams.list_streams(TableName="orders")["Streams"][0]["StreamArn"]
    assert arn == client.describe_table(TableName="orders")["Table"]["LatestStreamArn"]
    records = []
    for shard in streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]:
        iterator = streams.get_shard_iterator(
            StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        records += streams.get_records(ShardIterator=iterator)["Records"]
    assert [record["eventName"] for record in records] == ["REMOVE"]
    assert everything(client) != []


def test_backups_and_history_come_back(world: ddbha.World, tmp_path: Path) -> None:
    client = dynamodb(world)
    make_table(client)
    client.update_continuous_backups(
        TableName="orders", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )
    moments = []
    for step in range(6):
        world.clock.advance(hours=1)
        client.put_item(TableName="orders", Item=order(f"c{step % 3}", "1", step={"N": str(step)}))
        if step == 3:
            client.delete_item(TableName="orders", Key={"customer": {"S": "c1"}, "number": {"N": "1"}})
            world.table("orders").partitions[0].split()
        moments.append((world.clock.now(), everything(client)))
    backup = client.create_backup(TableName="orders", BackupName="now")["BackupDetails"]["BackupArn"]
    client.describe_backup(BackupArn=backup)
    window = client.describe_continuous_backups(TableName="orders")["ContinuousBackupsDescription"]
    loaded = saved(world, tmp_path / "w.ddbha")
    copy = dynamodb(loaded)

    assert copy.describe_continuous_backups(TableName="orders")["ContinuousBackupsDescription"] == window
    description = client.describe_backup(BackupArn=backup)["BackupDescription"]
    assert copy.describe_backup(BackupArn=backup)["BackupDescription"] == description
    loaded.clock.advance(hours=1)
    copy.put_item(TableName="orders", Item=order("later", "1"))
    moments.append((loaded.clock.now(), everything(copy)))
    for number, (moment, expected) in enumerate(moments):
        copy.restore_table_to_point_in_time(
            SourceTableName="orders", TargetTableName=f"to-{number}", RestoreDateTime=moment
        )
        assert everything(copy, f"to-{number}") == expected
    copy.restore_table_from_backup(BackupArn=backup, TargetTableName="from-backup")
    assert everything(copy, "from-backup") == moments[5][1]
    loaded.clock.advance(days=36)
    earliest = copy.describe_continuous_backups(TableName="orders")["ContinuousBackupsDescription"]
    assert (
        earliest["PointInTimeRecoveryDescription"]["EarliestRestorableDateTime"].timestamp()
        == loaded.clock.time() - 35 * DAY
    )
    loaded.verify()


def test_images_are_stored_once(world: ddbha.World, tmp_path: Path) -> None:
    client = dynamodb(world)
    make_table(client)
    client.update_continuous_backups(
        TableName="orders", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )
    client.put_item(TableName="orders", Item=order("c", "1"))
    client.create_backup(TableName="orders", BackupName="one")
    client.create_backup(TableName="orders", BackupName="two")
    client.list_tables()
    world.save(tmp_path / "w")
    with zipfile.ZipFile(tmp_path / "w") as file:
        lines = file.read("images.jsonl").splitlines()
    assert [json.loads(line) for line in lines] == [
        {"customer": {"S": "c"}, "number": {"N": "1"}, "day": {"B": "AP8="}}
    ]


def test_accounts_regions_policies_and_destinations(world: ddbha.World, tmp_path: Path) -> None:
    here, there = dynamodb(world), dynamodb(world, region_name="eu-west-1", account_id="999999999999")
    arn = make_table(here)
    make_table(there)
    there.put_item(TableName="orders", Item=order("there", "1"))
    policy = json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": {
                "Effect": "Allow",
                "Principal": {"AWS": "999999999999"},
                "Action": "dynamodb:PutItem",
                "Resource": arn,
            },
        }
    )
    here.put_resource_policy(ResourceArn=arn, Policy=policy)
    stream = "arn:aws:kinesis:us-east-1:123456789012:stream/changes"
    here.enable_kinesis_streaming_destination(TableName="orders", StreamArn=stream)
    here.list_tables()
    loaded = saved(world, tmp_path / "w")

    copy = dynamodb(loaded)
    assert everything(copy) == []
    there_too = dynamodb(loaded, region_name="eu-west-1", account_id="999999999999")
    assert everything(there_too) == everything(there)
    kept = copy.get_resource_policy(ResourceArn=arn)
    assert kept["Policy"] == here.get_resource_policy(ResourceArn=arn)["Policy"]
    dynamodb(loaded, account_id="999999999999").put_item(TableName=arn, Item=order("guest", "1"))
    assert [record["eventName"] for record in loaded.kinesis[stream]] == ["INSERT"]


def test_chance_goes_on_where_it_was(world: ddbha.World, tmp_path: Path) -> None:
    make_table(dynamodb(world))
    loaded = saved(world, tmp_path / "w")
    for each in (world, loaded):
        make_table(dynamodb(each), "next")
    assert (
        dynamodb(loaded).describe_table(TableName="next")["Table"]["TableId"]
        == dynamodb(world).describe_table(TableName="next")["Table"]["TableId"]
    )


def test_a_clock_may_be_given_unless_it_is_behind(world: ddbha.World, tmp_path: Path) -> None:
    world.save(tmp_path / "w")
    later = ddbha.ManualClock("2030-01-01T00:00:00Z")
    assert ddbha.World.load(tmp_path / "w", clock=later).clock is later
    with pytest.raises(UsageError, match="behind"):
        ddbha.World.load(tmp_path / "w", clock=ddbha.ManualClock("2020-01-01T00:00:00Z"))


def test_what_is_going_on_cannot_be_saved(tmp_path: Path) -> None:
    slow = ddbha.World(clock=ddbha.ManualClock(), timings=ddbha.Timings.aws())
    path = tmp_path / "w"
    make_table(dynamodb(slow))
    with pytest.raises(UsageError, match="CREATING"):
        slow.save(path)
    slow.clock.advance(minutes=5)
    later = slow.faults.zone_outage("us-east-1a", after=60)
    with pytest.raises(UsageError, match="faults"):
        slow.save(path)
    later.end()
    with slow.faults.zone_outage("us-east-1a"), pytest.raises(UsageError, match="faults"):
        slow.save(path)
    assert not list(tmp_path.iterdir())
    slow.save(path)
    assert everything(dynamodb(ddbha.World.load(path))) == []


def test_a_transaction_that_is_prepared_is_over_before_the_world_is_saved(tmp_path: Path) -> None:
    world = ddbha.World(clock=ddbha.ManualClock())
    client = dynamodb(world, config=Config(retries={"total_max_attempts": 1}))
    make_table(client)
    item = {"customer": {"S": "1"}, "number": {"N": "1"}}
    with (
        world.faults.slow_transaction(seconds=30, times=1),
        pytest.raises(ReadTimeoutError),
    ):
        client.transact_write_items(TransactItems=[{"Put": {"TableName": "orders", "Item": item}}])
    with pytest.raises(UsageError, match="ongoing transaction"):
        world.save(tmp_path / "w")
    assert not list(tmp_path.iterdir())
    world.clock.advance(seconds=30)
    world.save(tmp_path / "w")
    assert everything(dynamodb(ddbha.World.load(tmp_path / "w"))) == everything(client) != []


@pytest.mark.parametrize(
    "strong", [False, pytest.param(True, marks=needs("UpdateTable.MultiRegionConsistency"))]
)
def test_global_tables_come_back(world: ddbha.World, tmp_path: Path, strong: bool) -> None:
    client = dynamodb(world)
    client.create_table(TableName="orders", **on_demand("customer"))
    if strong:
        client.update_table(
            TableName="orders",
            ReplicaUpdates=[{"Create": {"RegionName": "us-east-2"}}],
            GlobalTableWitnessUpdates=[{"Create": {"RegionName": "us-west-2"}}],
            MultiRegionConsistency="STRONG",
        )
    else:
        client.update_table(TableName="orders", ReplicaUpdates=[{"Create": {"RegionName": "us-east-2"}}])
    client.list_tables()
    client.put_item(TableName="orders", Item=order("a", "1"))
    with world.faults.network_cut("us-east-1", "us-east-2"):
        client.put_item(TableName="orders", Item=order("b", "2"))
        with pytest.raises(UsageError, match="faults"):
            world.save(tmp_path / "w")
    world.save(tmp_path / "w")
    loaded = ddbha.World.load(tmp_path / "w")
    here: Any = loaded.client("dynamodb", region_name="us-east-1")
    there: Any = loaded.client("dynamodb", region_name="us-east-2")
    assert everything(there) == everything(client)
    before = client.describe_table(TableName="orders")["Table"]
    after = here.describe_table(TableName="orders")["Table"]
    for member in ("Replicas", "GlobalTableVersion", "MultiRegionConsistency", "GlobalTableWitnesses"):
        assert after.get(member) == before.get(member)
    there.put_item(TableName="orders", Item=order("c", "3"))
    here.delete_item(TableName="orders", Key={"customer": {"S": "a"}})
    assert everything(here) == everything(there)
    assert len(everything(here)) == 2
    loaded.verify()


def test_a_global_table_of_a_file_that_names_one_account_comes_back(tmp_path: Path) -> None:
    world = ddbha.World(clock=ddbha.ManualClock())
    client = dynamodb(world)
    client.create_table(TableName="orders", **on_demand("customer"))
    client.update_table(TableName="orders", ReplicaUpdates=[{"Create": {"RegionName": "us-east-2"}}])
    world.save(tmp_path / "w")
    with zipfile.ZipFile(tmp_path / "w") as file:
        members = {name: file.read(name) for name in file.namelist() if name != "checksums.json"}
    entry = json.loads(members["global_tables.jsonl"])
    entry["account"] = {member.pop("account") for member in entry["members"]}.pop()
    members["global_tables.jsonl"] = json.dumps(entry).encode()
    container.write(tmp_path / "before", members.items())
    loaded = ddbha.World.load(tmp_path / "before")
    dynamodb(loaded).put_item(TableName="orders", Item=order("a", "1"))
    assert len(everything(dynamodb(loaded, region_name="us-east-2"))) == 1


def test_a_table_that_scales_by_itself_comes_back(world: ddbha.World, tmp_path: Path) -> None:
    client = dynamodb(world)
    client.create_table(TableName="orders", **of_units(5, 5, "customer"))
    scaled(world, "orders", "Write", 5, 50, 70.0)
    world.clock.advance(minutes=2)
    again = saved(world, tmp_path / "w")
    for told in ("describe_scalable_targets", "describe_scaling_policies"):
        before, after = (
            getattr(one.client("application-autoscaling"), told)(ServiceNamespace="dynamodb")
            for one in (world, again)
        )
        del before["ResponseMetadata"], after["ResponseMetadata"]
        assert after == before
    loaded = dynamodb(again)
    loaded.update_table(TableName="orders", ReplicaUpdates=[{"Create": {"RegionName": "eu-west-1"}}])


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    world = ddbha.World(clock=ddbha.ManualClock())
    client = dynamodb(world)
    make_table(client)
    client.put_item(TableName="orders", Item=order("c", "1"))
    client.create_backup(TableName="orders", BackupName="daily")
    client.list_tables()
    path = tmp_path_factory.mktemp("whole") / "w"
    world.save(path)
    return path.read_bytes()


@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_a_damaged_or_truncated_file_is_refused_or_whole(
    data: st.DataObject, whole: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    at = data.draw(st.integers(0, len(whole) - 1))
    if data.draw(st.booleans()):
        broken = whole[:at]
    else:
        broken = whole[:at] + bytes([whole[at] ^ data.draw(st.integers(1, 255))]) + whole[at + 1 :]
    path = tmp_path_factory.getbasetemp() / "broken"
    path.write_bytes(broken)
    try:
        loaded = ddbha.World.load(path)
    except WorldFileError:
        return
    # Some bytes of a ZIP file say nothing, such as its times.
    assert len(broken) == len(whole)
    assert len(everything(dynamodb(loaded))) == 1


def rewritten(whole: bytes, **changed: bytes) -> bytes:
    """The file with members changed, and checksums that agree."""
    with zipfile.ZipFile(io.BytesIO(whole)) as file:
        members = {name: file.read(name) for name in file.namelist()}
    members.update({name.replace("__", "."): data for name, data in changed.items()})
    del members["checksums.json"]
    sums = {name: sha256(data).hexdigest() for name, data in members.items()}
    result = io.BytesIO()
    with zipfile.ZipFile(result, "w") as file:
        for name, data in {**members, "checksums.json": json.dumps(sums).encode()}.items():
            file.writestr(name, data)
    return result.getvalue()


def test_json_may_be_written_with_escapes(tmp_path: Path) -> None:
    world = ddbha.World()
    client = dynamodb(world)
    client.create_table(TableName="table", **on_demand("pk"))
    item = {"pk": {"B": b"key"}, "set": {"BS": [b"one", b"two"]}}
    client.put_item(TableName="table", Item={**item, "pk": {"S": "key"}, "inner": {"M": item}})
    path = tmp_path / "world"
    world.save(path)
    with zipfile.ZipFile(path) as file:
        images = file.read("images.jsonl")
    escaped = images.replace(b'"B"', rb'"\u0042"').replace(b'"BS"', rb'"\u0042\u0053"')
    assert escaped != images
    path.write_bytes(rewritten(path.read_bytes(), images__jsonl=escaped))
    again = dynamodb(ddbha.World.load(path))
    assert again.scan(TableName="table")["Items"] == client.scan(TableName="table")["Items"]


def test_foreign_files_are_refused(whole: bytes, tmp_path: Path) -> None:
    path = tmp_path / "w"
    other = io.BytesIO()
    with zipfile.ZipFile(other, "w") as file:
        file.writestr("a.txt", "hello")
    foreign = [
        b"",
        b"hello",
        other.getvalue(),
        rewritten(whole, world__json=b"{}"),
        rewritten(whole, world__json=b"[]"),
        rewritten(whole, world__json=b'{"format":"ddbha-world","version":99}'),
        rewritten(whole, world__json=b'{"format":"ddbha-world","version":1}'),
        rewritten(whole, images__jsonl=b""),
        rewritten(whole, images__jsonl=b'{"customer":{"S":"c"}}\n'),
        rewritten(whole, tables__jsonl=b"{}\n"),
        rewritten(whole, tables__jsonl=b"?\n"),
    ]
    for content in foreign:
        path.write_bytes(content)
        with pytest.raises(ddbha.DdbhaError):
            ddbha.World.load(path)
    with pytest.raises(WorldFileError, match="no file"):
        ddbha.World.load(tmp_path / "missing")


def test_progress_is_shown_on_a_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr("ddbha.world_file.container._QUICK", 1)
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    world = ddbha.World(clock=ddbha.ManualClock())
    client = dynamodb(world)
    make_table(client)
    for number in range(200):
        client.put_item(TableName="orders", Item=order("c", str(number)))
    saved(world, tmp_path / "w")
    shown = capsys.readouterr().err
    assert "saving orders: 50 %" in shown
    assert "loading items: 100 %" in shown


def test_a_symbolic_link_stays_one(tmp_path: Path) -> None:
    kept, link = tmp_path / "kept.zip", tmp_path / "link.zip"
    ddbha.World().save(kept)
    kept.chmod(0o640)
    link.symlink_to(kept)
    world = ddbha.World(seed=8)
    world.save(link)
    assert link.is_symlink()
    assert kept.stat().st_mode & 0o777 == 0o640
    assert ddbha.World.load(kept).seed == 8
    assert sorted(path.name for path in tmp_path.iterdir()) == ["kept.zip", "link.zip"]


def test_many_may_save_to_one_file_at_once(tmp_path: Path) -> None:
    """Whoever reads meanwhile finds a whole world."""
    path = tmp_path / "world.zip"
    ddbha.World().save(path)
    seeds = range(4)

    def save(seed: int) -> None:
        world = ddbha.World(seed=seed)
        for _ in range(10):
            world.save(path)
            assert ddbha.World.load(path).seed in seeds

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(save, seeds))
    assert [one.name for one in tmp_path.iterdir()] == ["world.zip"]


def test_what_cannot_be_written_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "world.zip"
    ddbha.World(seed=4).save(path)

    def fail(*_: Any) -> None:
        raise OSError("no space left")

    monkeypatch.setattr("zipfile.ZipFile.writestr", fail)
    with pytest.raises(OSError, match="no space"):
        ddbha.World(seed=5).save(path)
    assert ddbha.World.load(path).seed == 4
    assert [one.name for one in tmp_path.iterdir()] == ["world.zip"]
