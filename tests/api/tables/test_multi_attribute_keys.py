"""Global secondary indexes whose partition and sort keys have several attributes each.

Rules: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.DesignPattern.MultiAttributeKeys.html
Messages about key schemas are in published lists of the service's messages; that a query lacks a key is
said as it always was.
"""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

import ddbha
from tests.building import index_of, on_demand

#: The tournament of AWS's page: by tournament and region, then round, bracket and number.
MORE = ("tournament", "region", "round", "bracket", "number:N")
BY_ROUND = index_of("by_round", ("tournament", "region"), "round", "bracket", "number")
TEXT = {"tournament": "WINTER2024", "region": "NA-EAST"}
MATCHES = [
    (round_, bracket, number)
    for round_, bracket, number in product(
        ("FINALS", "QUARTERFINALS", "SEMIFINALS"), ("LOWER", "UPPER"), (2, 10, -1)
    )
]


@pytest.fixture
def world() -> ddbha.World:
    return ddbha.World(seed=1)


def match(round_: str, bracket: str, number: int, **changes: str) -> dict[str, Any]:
    text = {**TEXT, "round": round_, "bracket": bracket, **changes}
    item: dict[str, Any] = {name: {"S": value} for name, value in text.items()}
    return {"id": {"S": f"{round_}-{bracket}-{number}"}, "number": {"N": str(number)}, **item}


@pytest.fixture
def client(world: ddbha.World) -> Any:
    client = world.client("dynamodb")
    client.create_table(
        TableName="matches", GlobalSecondaryIndexes=[BY_ROUND], **on_demand("id", more=MORE)
    )
    fill(client)
    return client


def fill(client: Any) -> None:
    for one in MATCHES:
        client.put_item(TableName="matches", Item=match(*one))


def query(client: Any, condition: str = "", **given: Any) -> dict[str, Any]:
    """A query of one tournament and region; the values of a condition on the sort keys are `given`."""
    values = {":t": {"S": TEXT["tournament"]}, ":r": {"S": TEXT["region"]}}
    values |= {
        f":{name}": {"N": str(value)} if isinstance(value, int) else {"S": value}
        for name, value in given.items()
        if name.islower()
    }
    names = {"#region": "region"}
    for name in ("round", "number"):
        if f"#{name}" in condition:
            names[f"#{name}"] = name
    options = {name: value for name, value in given.items() if not name.islower()}
    found: dict[str, Any] = client.query(
        TableName="matches",
        IndexName="by_round",
        KeyConditionExpression="tournament = :t AND #region = :r" + (condition and f" AND {condition}"),
        ExpressionAttributeNames=names,
        ExpressionAttributeValues=values,
        **options,
    )
    return found


def keys(items: list[dict[str, Any]]) -> list[tuple[str, str, int]]:
    return [(i["round"]["S"], i["bracket"]["S"], int(i["number"]["N"])) for i in items]


def message(call: Any, *arguments: Any, **parameters: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call(*arguments, **parameters)
    assert caught.value.response["Error"]["Code"] == "ValidationException"
    return str(caught.value.response["Error"]["Message"])


def test_descriptions_show_all_key_attributes(client: Any) -> None:
    (index,) = client.describe_table(TableName="matches")["Table"]["GlobalSecondaryIndexes"]
    assert index["KeySchema"] == BY_ROUND["KeySchema"]


def test_items_of_a_collection_are_in_the_order_of_all_sort_keys(client: Any) -> None:
    assert keys(query(client)["Items"]) == sorted(MATCHES)
    assert keys(query(client, ScanIndexForward=False)["Items"]) == sorted(MATCHES, reverse=True)


@pytest.mark.parametrize(
    ("condition", "given", "holds"),
    [
        ("#round = :a", {"a": "FINALS"}, lambda r, b, n: r == "FINALS"),
        ("#round > :a", {"a": "FINALS"}, lambda r, b, n: r > "FINALS"),
        ("#round <= :a", {"a": "FINALS"}, lambda r, b, n: r <= "FINALS"),
        ("begins_with(#round, :a)", {"a": "Q"}, lambda r, b, n: r.startswith("Q")),
        (
            "#round = :a AND bracket < :b",
            {"a": "FINALS", "b": "UPPER"},
            lambda r, b, n: r[0] + b == "FLOWER",
        ),
        (
            "bracket = :b AND #number BETWEEN :c AND :d AND #round = :a",
            {"a": "FINALS", "b": "UPPER", "c": -1, "d": 2},
            lambda r, b, n: r[0] + b == "FUPPER" and n in (-1, 2),
        ),
        (
            "#round = :a AND bracket = :b AND #number = :c",
            {"a": "FINALS", "b": "UPPER", "c": 10},
            lambda r, b, n: (r, b, n) == ("FINALS", "UPPER", 10),
        ),
    ],
)
def test_sort_keys_are_taken_from_left_to_right(
    client: Any, condition: str, given: dict[str, Any], holds: Any
) -> None:
    assert keys(query(client, condition, **given)["Items"]) == sorted(m for m in MATCHES if holds(*m))


@pytest.mark.parametrize(
    ("condition", "given", "text"),
    [
        ("bracket = :b", {"b": "UPPER"}, "Query condition missed key schema element: round"),
        (
            "#round = :a AND #number = :c",
            {"a": "FINALS", "c": 1},
            "Query condition missed key schema element: bracket",
        ),
        ("#round > :a AND bracket = :b", {"a": "F", "b": "UPPER"}, "Query key condition not supported"),
        ("id = :a", {"a": "F"}, "Query condition missed key schema element: round"),
        (
            "#round = :a AND bracket = :b AND #number = :c AND id = :a",
            {"a": "F", "b": "UPPER", "c": 1},
            # As dynamodb-conformance recorded for a table (`queryKeyConditionOperands`).
            "The number of query conditions (6) exceeds the number of key attributes defined in the "
            "schema (5)",
        ),
        (
            "#round = :a",
            {"a": 1},
            "One or more parameter values were invalid: Condition parameter type does not match schema "
            "type",
        ),
    ],
)
def test_queries_that_skip_a_sort_key_are_refused(
    client: Any, condition: str, given: dict[str, Any], text: str
) -> None:
    assert message(query, client, condition, **given) == text


@pytest.mark.parametrize(
    ("condition", "text"),
    [
        ("tournament = :a", "Query condition missed key schema element: region"),
        ("#region = :a", "Query condition missed key schema element: tournament"),
        ("tournament = :a AND #region > :a", "Query key condition not supported"),
    ],
)
def test_queries_need_all_partition_keys(client: Any, condition: str, text: str) -> None:
    names = {"ExpressionAttributeNames": {"#region": "region"}} if "#" in condition else {}
    asked = {
        "TableName": "matches",
        "IndexName": "by_round",
        "KeyConditionExpression": condition,
        **names,
    }
    assert message(client.query, ExpressionAttributeValues={":a": {"S": "a"}}, **asked) == text


def test_a_collection_is_told_by_all_its_partition_keys(client: Any) -> None:
    # The same text, divided elsewhere.
    client.put_item(
        TableName="matches", Item=match("FINALS", "UPPER", 1, tournament="WINTER2024NA", region="-EAST")
    )
    assert len(query(client)["Items"]) == len(MATCHES)


def test_legacy_key_conditions(client: Any) -> None:
    conditions = {
        name: {"AttributeValueList": [{"S": value}], "ComparisonOperator": "EQ"}
        for name, value in TEXT.items()
    }
    found = client.query(TableName="matches", IndexName="by_round", KeyConditions=conditions)
    assert keys(found["Items"]) == sorted(MATCHES)


def test_pages_go_on_where_the_last_one_ended(client: Any) -> None:
    for forward in (True, False):
        seen: list[Any] = []
        start: dict[str, Any] = {}
        while True:
            page = query(client, Limit=4, ScanIndexForward=forward, **start)
            seen += keys(page["Items"])
            if "LastEvaluatedKey" not in page:
                break
            assert page["LastEvaluatedKey"].keys() == {"id", *TEXT, "round", "bracket", "number"}
            start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}
        assert seen == sorted(MATCHES, reverse=not forward)


def test_a_start_key_needs_all_key_attributes(client: Any) -> None:
    last = query(client, Limit=1)["LastEvaluatedKey"]
    del last["bracket"]
    assert message(query, client, ExclusiveStartKey=last) == "The provided starting key is invalid"


def test_scans_of_the_index(client: Any) -> None:
    pages = client.get_paginator("scan").paginate(
        TableName="matches", IndexName="by_round", PaginationConfig={"PageSize": 5}
    )
    assert sorted(keys([item for page in pages for item in page["Items"]])) == sorted(MATCHES)


@pytest.mark.parametrize("name", ["tournament", "region", "round", "bracket", "number"])
def test_items_that_lack_any_key_attribute_are_not_in_the_index(client: Any, name: str) -> None:
    client.update_item(
        TableName="matches",
        Key={"id": {"S": "FINALS-UPPER-10"}},
        UpdateExpression="REMOVE #name",
        ExpressionAttributeNames={"#name": name},
    )
    assert keys(query(client)["Items"]) == sorted(set(MATCHES) - {("FINALS", "UPPER", 10)})


def test_writes_move_entries(client: Any, world: ddbha.World) -> None:
    client.update_item(
        TableName="matches",
        Key={"id": {"S": "FINALS-UPPER-10"}},
        UpdateExpression="SET bracket = :b, #number = :n",
        ExpressionAttributeNames={"#number": "number"},
        ExpressionAttributeValues={":b": {"S": "LOWER"}, ":n": {"N": "7"}},
    )
    moved = {*MATCHES, ("FINALS", "LOWER", 7)} - {("FINALS", "UPPER", 10)}
    assert keys(query(client)["Items"]) == sorted(moved)
    world.verify()


def test_a_key_attribute_of_another_type_is_refused(client: Any) -> None:
    item = {**match("FINALS", "UPPER", 1), "bracket": {"N": "1"}}
    assert message(client.put_item, TableName="matches", Item=item) == (
        "One or more parameter values were invalid: Type mismatch for Index Key bracket Expected: S "
        "Actual: N IndexName: by_round"
    )


def test_projections_hold_all_keys(world: ddbha.World) -> None:
    client = world.client("dynamodb")
    index: Any = {**BY_ROUND, "Projection": {"ProjectionType": "KEYS_ONLY"}}
    client.create_table(TableName="matches", GlobalSecondaryIndexes=[index], **on_demand("id", more=MORE))
    item = match("FINALS", "UPPER", 1)
    client.put_item(TableName="matches", Item={**item, "winner": {"S": "ann"}})
    assert query(client)["Items"] == [item]


def create(client: Any, elements: list[tuple[str, str]], *, local: bool = False) -> Any:
    schema = [{"AttributeName": name, "KeyType": kind} for name, kind in elements]
    index = {"IndexName": "new_index", "KeySchema": schema, "Projection": {"ProjectionType": "ALL"}}
    more = dict.fromkeys(name for name, _ in elements if name not in ("id", "at"))
    kind = "LocalSecondaryIndexes" if local else "GlobalSecondaryIndexes"
    return client.create_table(TableName="new", **{kind: [index]}, **on_demand("id", "at", more=more))


INVALID = "One or more parameter values were invalid: "


@pytest.mark.parametrize(
    ("elements", "text"),
    [
        (
            [("a", "HASH"), ("b", "HASH"), ("a", "RANGE")],
            "The KeySchema contains multiple key attributes with the same name",
        ),
        (
            [("a", "HASH"), ("b", "RANGE"), ("c", "HASH")],
            INVALID + "All HASH key attributes must precede RANGE key attributes in the KeySchema",
        ),
        (
            [(name, "HASH") for name in "abcde"],
            INVALID + "The KeySchema exceeds the maximum allowed number of HASH key attributes",
        ),
        (
            [("a", "HASH"), *((name, "RANGE") for name in "bcdef")],
            INVALID + "The KeySchema exceeds the maximum allowed number of RANGE key attributes",
        ),
        (
            [("a", "RANGE"), ("b", "RANGE"), ("c", "RANGE")],
            "Invalid KeySchema: The first KeySchemaElement is not a HASH key type",
        ),
    ],
)
def test_key_schemas_that_no_index_has(
    world: ddbha.World, elements: list[tuple[str, str]], text: str
) -> None:
    assert message(create, world.client("dynamodb"), elements) == text


def test_an_index_may_have_four_attributes_of_each_kind(world: ddbha.World) -> None:
    elements = [*((name, "HASH") for name in "abcd"), *((name, "RANGE") for name in "efgh")]
    client = world.client("dynamodb")
    create(client, elements)
    item = {name: {"S": name} for name in ("id", "at", *"abcdefgh")}
    client.put_item(TableName="new", Item=item)
    found = client.query(
        TableName="new",
        IndexName="new_index",
        KeyConditionExpression=" AND ".join(f"{name} = :{name}" for name in "abcdefgh"),
        ExpressionAttributeValues={f":{name}": {"S": name} for name in "abcdefgh"},
    )
    assert found["Items"] == [item]


def test_tables_and_local_indexes_have_one_attribute_of_each_kind(world: ddbha.World) -> None:
    client = world.client("dynamodb")
    assert "Member must have length less than or equal to 2" in message(
        create, client, [("id", "HASH"), ("b", "RANGE"), ("c", "RANGE")], local=True
    )
    assert message(create, client, [("id", "HASH"), ("b", "HASH")], local=True) == (
        "Invalid KeySchema: The second KeySchemaElement is not a RANGE key type"
    )


def test_an_index_is_added_to_a_table_that_has_items(world: ddbha.World) -> None:
    client = world.client("dynamodb")
    client.create_table(TableName="matches", **on_demand("id"))
    fill(client)
    client.put_item(TableName="matches", Item={"id": {"S": "lacks all"}})
    client.put_item(
        TableName="matches", Item={**match("FINALS", "UPPER", 99), "number": {"S": "of a wrong type"}}
    )
    client.update_table(
        TableName="matches",
        AttributeDefinitions=on_demand("id", more=MORE)["AttributeDefinitions"],
        GlobalSecondaryIndexUpdates=[{"Create": BY_ROUND}],
    )
    assert keys(query(client)["Items"]) == sorted(MATCHES)
    world.verify()


def test_a_restore_finds_the_index_that_is_named_in_overrides(client: Any, world: ddbha.World) -> None:
    backup = client.create_backup(TableName="matches", BackupName="one")["BackupDetails"]["BackupArn"]
    (shown,) = client.describe_backup(BackupArn=backup)["BackupDescription"]["SourceTableFeatureDetails"][
        "GlobalSecondaryIndexes"
    ]
    assert shown["KeySchema"] == BY_ROUND["KeySchema"]
    restore = {"TargetTableName": "matches2", "BackupArn": backup}
    shorter = {**BY_ROUND, "KeySchema": BY_ROUND["KeySchema"][:-1]}
    assert "does not match a secondary index that existed" in message(
        client.restore_table_from_backup, GlobalSecondaryIndexOverride=[shorter], **restore
    )
    client.delete_table(TableName="matches")
    client.restore_table_from_backup(
        TargetTableName="matches", BackupArn=backup, GlobalSecondaryIndexOverride=[BY_ROUND]
    )
    assert keys(query(client)["Items"]) == sorted(MATCHES)


def test_a_world_file_keeps_the_index(client: Any, world: ddbha.World, tmp_path: Path) -> None:
    world.save(tmp_path / "world")
    loaded = ddbha.World.load(tmp_path / "world")
    again = loaded.client("dynamodb")
    (index,) = again.describe_table(TableName="matches")["Table"]["GlobalSecondaryIndexes"]
    assert index["KeySchema"] == BY_ROUND["KeySchema"]
    assert keys(query(again, "#round = :a", a="FINALS")["Items"]) == sorted(
        m for m in MATCHES if m[0] == "FINALS"
    )
    loaded.verify()


def test_a_template_declares_the_index(world: ddbha.World) -> None:
    # What the CDK's TableV2 makes of partitionKeys and sortKeys.
    table = {"TableName": "matches", "GlobalSecondaryIndexes": [BY_ROUND], **on_demand("id", more=MORE)}
    world.create_from({"Resources": {"Matches": {"Type": "AWS::DynamoDB::Table", "Properties": table}}})
    client = world.client("dynamodb")
    fill(client)
    assert keys(query(client)["Items"]) == sorted(MATCHES)


def test_a_template_of_a_global_table_declares_the_index(world: ddbha.World) -> None:
    properties = {
        "TableName": "matches",
        "GlobalSecondaryIndexes": [BY_ROUND],
        "Replicas": [{"Region": "us-east-1"}, {"Region": "eu-west-1"}],
        "StreamSpecification": {"StreamViewType": "NEW_AND_OLD_IMAGES"},
        **on_demand("id", more=MORE),
    }
    table = {"Type": "AWS::DynamoDB::GlobalTable", "Properties": properties}
    world.create_from({"Resources": {"Matches": table}}, region="us-east-1")
    fill(world.client("dynamodb", region_name="us-east-1"))
    replica = world.client("dynamodb", region_name="eu-west-1")
    assert keys(query(replica)["Items"]) == sorted(MATCHES)
    world.verify()


def test_partitions_of_the_index_split_between_any_keys(client: Any, world: ddbha.World) -> None:
    partitions = world.table("matches").global_indexes["by_round"].partitions
    holder = max(partitions, key=lambda partition: len(partition.leader.items))
    # The first cut may take what lies before the item collection off; the next ones go through it.
    for _ in range(4):
        holder = max(holder.split(), key=lambda half: len(half.leader.items))
    for forward in (True, False):
        found = query(client, ScanIndexForward=forward)["Items"]
        assert keys(found) == sorted(MATCHES, reverse=not forward)
    upper = query(client, "#round = :a AND bracket = :b", a="FINALS", b="UPPER")["Items"]
    assert keys(upper) == [("FINALS", "UPPER", number) for number in (-1, 2, 10)]
    world.verify()


def test_types_of_all_key_attributes_stay(client: Any) -> None:
    wanted = index_of("other", ("bracket", "round"))
    refusal = message(
        client.update_table,
        TableName="matches",
        AttributeDefinitions=on_demand("bracket:N", more=["round"])["AttributeDefinitions"],
        GlobalSecondaryIndexUpdates=[{"Create": wanted}],
    )
    assert "Attributes cannot be redefined" in refusal
    assert "key{bracket:S:RANGE}" in refusal
    assert (
        "New schema: Schema:[SchemaElement: key{bracket:N:HASH}, SchemaElement: key{round:S:HASH}]"
        in refusal
    )


def test_point_in_time_recovery_and_exports(client: Any, world: ddbha.World) -> None:
    client.update_continuous_backups(
        TableName="matches", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )
    client.delete_item(TableName="matches", Key={"id": {"S": "FINALS-UPPER-10"}})
    client.restore_table_to_point_in_time(
        SourceTableName="matches", TargetTableName="again", UseLatestRestorableTime=True
    )
    found = client.scan(TableName="again", IndexName="by_round")["Items"]
    assert sorted(keys(found)) == sorted(set(MATCHES) - {("FINALS", "UPPER", 10)})
    world.objects["drop"]
    arn = client.describe_table(TableName="matches")["Table"]["TableArn"]
    export = client.export_table_to_point_in_time(TableArn=arn, S3Bucket="drop")["ExportDescription"]
    done = client.describe_export(ExportArn=export["ExportArn"])["ExportDescription"]
    assert (done["ExportStatus"], done["ItemCount"]) == ("COMPLETED", len(MATCHES) - 1)
