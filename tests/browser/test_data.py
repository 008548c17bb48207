"""The console's view of the data, in a real browser; all it does are ordinary operations."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from ddbha import World
from tests.browser.browsing import Page
from tests.building import index_of, index_on, on_demand
from tests.installed import needs

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

ORDERS = "data/123456789012/us-east-1/orders"


@pytest.fixture
def full(client: DynamoDBClient) -> DynamoDBClient:
    """A table with 60 items: more than are shown at once."""
    client.create_table(TableName="visits", **on_demand("page", "time"))
    for number in range(60):
        item: Any = {"page": {"S": f"p{number % 2}"}, "time": {"S": f"{number:03}"}}
        client.put_item(TableName="visits", Item={**item, "seconds": {"N": str(number)}})
    return client


def test_a_table_is_created_and_deleted(browser: Any, world: World) -> None:
    with world.serve() as url:
        page = Page(browser, url, "data")
        page.press("Create table")
        page.press("Indexes, and all else that CreateTable takes")
        keys: Any = [
            {"AttributeName": "id", "KeyType": "HASH"},
            {"AttributeName": "by", "KeyType": "RANGE"},
        ]
        index = {"IndexName": "local", "KeySchema": keys, "Projection": {"ProjectionType": "ALL"}}
        more = {
            "LocalSecondaryIndexes": [index],
            "AttributeDefinitions": [{"AttributeName": "by", "AttributeType": "S"}],
        }
        page.fill("Create table", name="made", region="eu-west-1", hash="id", range="at", range_type="N")
        page.send("Create table", more=json.dumps(more))
        page.shows("made", "#data h2")
        page.shows("0 items by Scan", "#data")
        page.keep("created")
        client = world.client("dynamodb", region_name="eu-west-1")
        assert client.describe_table(TableName="made")["Table"]["KeySchema"] == [
            {"AttributeName": "id", "KeyType": "HASH"},
            {"AttributeName": "at", "KeyType": "RANGE"},
        ]
        page.press("Schema and indexes")
        page.shows("by (sort key, S)", "#data")
        page.press("Settings")
        page.send("Delete the table", name="other")
        page.shows("That is not the name of this table.", "#data")
        page.send("Delete the table", name="made")
        page.shows("0 tables", "#tables")
        assert client.list_tables()["TableNames"] == []


def test_items_are_made_changed_and_deleted(browser: Any, world: World, client: DynamoDBClient) -> None:
    client.put_item(TableName="orders", Item={"id": {"S": "a"}, "total": {"N": "12345678901234567890.5"}})
    with world.serve() as url:
        page = Page(browser, url, ORDERS)
        page.shows("12345678901234567890.5", "#data")
        page.press("Edit {id: a}")
        page.keep("editor")
        page.send("Item of orders", item='{"id": {"S": "a"}, "total": {"N": "7"}, "new": {"BOOL": true}}')
        page.shows("true BOOL", "#data")
        page.press("New item")
        page.send("New item of orders", item='{"id": {"S": "a"}}')
        page.shows("ConditionalCheckFailedException", "dialog")
        page.fill("New item of orders", item='{"id": {"S": "b"}')
        page.send("New item of orders")
        page.shows("This is no JSON", "dialog")
        # Plain, with more digits than a JavaScript number has.
        page.send(
            "New item of orders", item='{"id": "b", "total": 0.12345678901234567890123, "tags": [null]}'
        )
        page.shows("2 items by Scan", "#data")
        page.shows("0.12345678901234567890123", "#data")
        stored = client.get_item(TableName="orders", Key={"id": {"S": "b"}})["Item"]
        assert stored["total"] == {"N": "0.12345678901234567890123"}
        assert stored["tags"] == {"L": [{"NULL": True}]}
        page.press("Delete {id: b}")
        page.agree()
        page.shows("1 item by Scan", "#data")
    assert client.scan(TableName="orders")["Items"] == [
        {"id": {"S": "a"}, "total": {"N": "7"}, "new": {"BOOL": True}}
    ]


def test_items_are_queried_and_filtered(browser: Any, world: World, full: DynamoDBClient) -> None:
    with world.serve() as url:
        page = Page(browser, url, "data/123456789012/us-east-1/visits")
        page.shows("50 items by Scan", "#data")
        page.press("More")
        page.shows("60 items by Scan", "#data")
        page.send("Search items", **{"key:page": "p1"})
        page.shows("30 items by Query", "#data")
        page.send("Search items", **{"how:time": "begins_with", "key:time": "05"})
        page.shows("5 items by Query", "#data")
        page.keep("queried")
        page.send("Search items", attribute="seconds", filter=">", type="N", value="55")
        page.shows("2 items by Query", "#data")


def test_an_index_is_added_and_queried(browser: Any, world: World, client: DynamoDBClient) -> None:
    client.put_item(TableName="orders", Item={"id": {"S": "a"}, "customer": {"S": "c"}})
    client.put_item(TableName="orders", Item={"id": {"S": "b"}})
    with world.serve() as url:
        page = Page(browser, url, f"{ORDERS}/schema")
        page.press("Add a global index")
        page.send("Add a global index", name="by-customer", hash="customer")
        page.shows("customer (partition key, S)", "#data table")
        page.keep("schema")
        page.press("Items")
        page.fill("Search items", index="by-customer")
        page.send("Search items", **{"key:customer": "c"})
        page.shows("1 item by Query", "#data")
        page.press("Schema and indexes")
        page.press("Delete index by-customer")
        page.agree()
        page.shows("none", "#data table")
    assert "GlobalSecondaryIndexes" not in client.describe_table(TableName="orders")["Table"]


def test_an_index_with_several_key_attributes(browser: Any, world: World, client: DynamoDBClient) -> None:
    index: Any = index_of("by-round", ["league", "season"], "round", "rating")
    keys = on_demand("id", more=["league", "season", "round", "rating:N"])
    client.create_table(TableName="matches", **keys, GlobalSecondaryIndexes=[index])
    for number in range(3):
        item: Any = {"id": str(number), "league": "a", "season": "2026", "round": "final"}
        typed: Any = {name: {"S": value} for name, value in item.items()}
        client.put_item(TableName="matches", Item={**typed, "rating": {"N": str(number)}})
    with world.serve() as url:
        page = Page(browser, url, "data/123456789012/us-east-1/matches/schema")
        listed = "league (partition key, S), season (partition key, S), round (sort key, S), rating (sort"
        page.shows(listed, "#data table")
        page.press("Items")
        page.fill("Search items", index="by-round")
        page.send("Search items", **{"key:league": "a"})
        page.shows("3 items by Scan", "#data")
        values = {"key:league": "a", "key:season": "2026", "key:round": "final"}
        page.send("Search items", **values, **{"how:rating": ">", "key:rating": "0"})
        page.shows("2 items by Query", "#data")


def test_a_statement(browser: Any, world: World, client: DynamoDBClient) -> None:
    with world.serve() as url:
        page = Page(browser, url, "data/partiql")
        page.send("PartiQL statement", statement="INSERT INTO orders VALUE {'id': 'a', 'total': 3}")
        page.shows("Done: it answers no items.", "#data")
        page.send("PartiQL statement", statement="SELECT * FROM orders WHERE total > 2")
        page.shows("1 item", "#data")
        page.keep("partiql")
        page.send("PartiQL statement", statement="SELECT")
        page.shows("ValidationException", "#data")


def test_a_stream_and_expiry(browser: Any, world: World, client: DynamoDBClient) -> None:
    with world.serve() as url:
        page = Page(browser, url, f"{ORDERS}/settings")
        page.send("Stream", view="NEW_AND_OLD_IMAGES")
        page.shows("Disable stream", "#data")
        page.send("Time to live", attribute="until")
        page.shows("ENABLED by the attribute until", "#data")
        page.keep("settings")
        soon = str(int(world.clock.time()) + 60)
        page.press("Stream")
        page.shows("0 records", "#data")
        client.put_item(TableName="orders", Item={"id": {"S": "a"}, "until": {"N": soon}})
        page.shows("1 record in", "#data")
        world.clock.advance(minutes=5)
        page.shows("REMOVE by DynamoDB", "#data")
        page.shows("INSERT", "#data")
        page.shows("{id: a, until: ", "#data")
        page.keep("stream")


def test_backups_and_the_table_as_it_was(browser: Any, world: World, client: DynamoDBClient) -> None:
    client.put_item(TableName="orders", Item={"id": {"S": "kept"}})
    with world.serve() as url:
        page = Page(browser, url, f"{ORDERS}/settings")
        page.send("Point-in-time recovery")
        page.shows("ENABLED from 2026-01-01 00:00:00.000", "#data")
        world.clock.advance(minutes=10)
        client.delete_item(TableName="orders", Key={"id": {"S": "kept"}})
        world.clock.advance(minutes=10)
        page.press("Backups")
        page.send("Restore to a time", time="2026-01-01 00:05:00", target="as-it-was")
        page.shows("Restored into as-it-was.", "#data")
        page.send("Back up", name="mine")
        page.shows("AVAILABLE", "#data")
        page.send("Restore backup mine", target="from-backup")
        page.shows("Restored into from-backup.", "#data")
        page.keep("backups")
        page.press("Delete backup mine")
        page.agree()
        page.shows("There are none.", "#data")
        page.press("as-it-was")
        page.shows("1 item by Scan", "#data")
    assert client.scan(TableName="as-it-was")["Items"] == [{"id": {"S": "kept"}}]
    assert client.scan(TableName="from-backup")["Items"] == []


def test_a_table_goes_global(browser: Any, world: World, client: DynamoDBClient) -> None:
    client.put_item(TableName="orders", Item={"id": {"S": "a"}})
    with world.serve() as url:
        page = Page(browser, url, f"{ORDERS}/settings")
        page.send("Add a replica", region="eu-west-1")
        page.shows("eu-west-1", "#tables")
        page.shows("EVENTUAL consistency between regions", "#data")
        away = world.client("dynamodb", region_name="eu-west-1")
        assert away.scan(TableName="orders")["Count"] == 1
        page.keep("global")
        page.press("Remove the replica in eu-west-1")
        page.agree()
        page.shows("The table is in one region only.", "#data")


@needs("UpdateTable.GlobalTableWitnessUpdates")
def test_a_table_becomes_strongly_consistent(browser: Any, world: World, client: DynamoDBClient) -> None:
    with world.serve() as url:
        page = Page(browser, url, f"{ORDERS}/settings")
        page.press("Strong consistency between regions")
        page.send("Strong consistency", region="us-east-2", other="us-west-2", how="witness")
        page.shows("STRONG consistency between regions", "#data")
        page.shows("us-west-2 is the witness, ACTIVE", "#data")
    assert client.describe_table(TableName="orders")["Table"]["MultiRegionConsistency"] == "STRONG"


@needs("CreateTable.VectorIndexes")
def test_a_vector_index(browser: Any, world: World, client: DynamoDBClient) -> None:
    index: Any = {
        "IndexName": "by-meaning",
        "VectorAttribute": {"AttributeName": "embedding"},
        "Dimensions": 3,
        "DistanceFunction": "COSINE",
        "Projection": {"ProjectionType": "ALL"},
    }
    client.create_table(TableName="articles", **on_demand("id"), VectorIndexes=[index])
    with world.serve() as url:
        page = Page(browser, url, "data/123456789012/us-east-1/articles/schema")
        page.shows("embedding, 3 dimensions, COSINE", "#data")
        page.press("Delete index by-meaning")
        page.agree()
        page.shows_no("by-meaning", "#data table")


def test_a_region_that_does_not_answer(browser: Any, world: World, client: DynamoDBClient) -> None:
    with world.serve() as url:
        page = Page(browser, url, ORDERS)
        page.shows("0 items by Scan", "#data")
        with world.faults.region_outage("us-east-1"):
            page.press("New item")
            page.send("New item of orders", item='{"id": {"S": "a"}}')
            page.shows("us-east-1 does not answer", "dialog")
        page.send("New item of orders")
        page.shows("1 item by Scan", "#data")


def test_an_index_that_lags_and_the_item_itself(
    browser: Any, world: World, client: DynamoDBClient
) -> None:
    client.delete_table(TableName="orders")
    client.create_table(
        TableName="orders",
        **on_demand("id", more=["customer"]),
        GlobalSecondaryIndexes=[index_on("by-customer", "customer")],
    )
    client.put_item(TableName="orders", Item={"id": {"S": "a"}, "customer": {"S": "c"}, "n": {"N": "1"}})
    world.faults.index_lag("orders", "by-customer", seconds=60)
    client.put_item(TableName="orders", Item={"id": {"S": "a"}, "customer": {"S": "c"}, "n": {"N": "2"}})
    with world.serve() as url:
        page = Page(browser, url, ORDERS)
        page.fill("Search items", index="by-customer")
        page.send("Search items", **{"key:customer": "c"})
        page.shows("1 item by Query", "#data")
        page.press("Edit {id: a}")
        value = "return document.querySelector('dialog textarea')?.value ?? ''"
        page.until(lambda: browser.execute_script(value), lambda: "no item")
        assert '"2"' in browser.execute_script(value)
