"""A single-table design: airports and states of the USA, read by key and by two indexes.

An airport is stored under its state (`pk`) and city and code (`sk`); the index `by-code` finds it by
code alone, and the sparse index `by-hub` holds only those marked as hubs.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import boto3
from boto3.dynamodb.conditions import Attr, Key

TABLE = "airports"


def create_table() -> Any:
    """The table with its indexes, ready for use."""
    resource = boto3.resource("dynamodb", region_name="us-east-1")
    table = resource.create_table(
        TableName=TABLE,
        AttributeDefinitions=[
            {"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk", "code", "hub")
        ],
        KeySchema=[
            {"AttributeName": "pk", "KeyType": "HASH"},
            {"AttributeName": "sk", "KeyType": "RANGE"},
        ],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by-code",
                "KeySchema": [{"AttributeName": "code", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "ALL"},
            },
            {
                "IndexName": "by-hub",
                "KeySchema": [
                    {"AttributeName": "hub", "KeyType": "HASH"},
                    {"AttributeName": "sk", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["name"]},
            },
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    table.wait_until_exists()
    return table


def load(table: Any, rows: Iterable[dict[str, str]], hubs: Iterable[str]) -> None:
    """Write airports, and for each state how many it has."""
    marked = set(hubs)
    counts: dict[str, int] = {}
    with table.batch_writer() as batch:
        for row in rows:
            counts[row["state"]] = counts.get(row["state"], 0) + 1
            item: dict[str, Any] = {
                "pk": f"STATE#{row['state']}",
                "sk": f"AIRPORT#{row['city']}#{row['iata']}",
                "code": row["iata"],
                "name": row["name"],
                "city": row["city"],
                "latitude": Decimal(row["latitude"]),
                "longitude": Decimal(row["longitude"]),
            }
            if row["iata"] in marked:
                item["hub"] = "HUB"
            batch.put_item(Item=item)
        for state, count in counts.items():
            batch.put_item(Item={"pk": f"STATE#{state}", "sk": "STATE", "airports": count})


def in_city(table: Any, state: str, city: str) -> list[str]:
    """Codes of a city's airports."""
    found = table.query(
        KeyConditionExpression=Key("pk").eq(f"STATE#{state}") & Key("sk").begins_with(f"AIRPORT#{city}#")
    )
    return [item["code"] for item in found["Items"]]


def by_code(table: Any, code: str) -> dict[str, Any]:
    """The airport of a code."""
    found = table.query(IndexName="by-code", KeyConditionExpression=Key("code").eq(code))
    airport: dict[str, Any] = found["Items"][0]
    return airport


def hubs(table: Any) -> list[str]:
    """Names of all hubs, by city."""
    found = table.query(IndexName="by-hub", KeyConditionExpression=Key("hub").eq("HUB"))
    return [item["name"] for item in found["Items"]]


def north_of(table: Any, latitude: str) -> set[str]:
    """Codes of all airports beyond a latitude, by reading everything."""
    codes: set[str] = set()
    more: dict[str, Any] = {}
    while True:
        page = table.scan(FilterExpression=Attr("latitude").gt(Decimal(latitude)), **more)
        codes |= {item["code"] for item in page["Items"]}
        if "LastEvaluatedKey" not in page:
            return codes
        more = {"ExclusiveStartKey": page["LastEvaluatedKey"]}


def close(table: Any, code: str) -> int:
    """Remove an airport and count it out of its state, both or neither; how many are left."""
    airport = by_code(table, code)
    client = table.meta.client
    state = {"pk": airport["pk"], "sk": "STATE"}
    client.transact_write_items(
        TransactItems=[
            {
                "Delete": {
                    "TableName": TABLE,
                    "Key": {"pk": airport["pk"], "sk": airport["sk"]},
                    "ConditionExpression": "attribute_exists(pk)",
                }
            },
            {
                "Update": {
                    "TableName": TABLE,
                    "Key": state,
                    "UpdateExpression": "ADD airports :less",
                    "ExpressionAttributeValues": {":less": -1},
                }
            },
        ]
    )
    return int(table.get_item(Key=state, ConsistentRead=True)["Item"]["airports"])


if __name__ == "__main__":
    import ddbha

    rows = [
        {"iata": "DEN", "name": "Denver", "city": "Denver", "state": "CO", "country": "USA"},
        {"iata": "ASE", "name": "Aspen", "city": "Aspen", "state": "CO", "country": "USA"},
        {"iata": "FAI", "name": "Fairbanks", "city": "Fairbanks", "state": "AK", "country": "USA"},
    ]
    places = {"DEN": ("39.86", "-104.67"), "ASE": ("39.22", "-106.87"), "FAI": ("64.81", "-147.86")}
    with ddbha.mock():
        airports = create_table()
        located = [
            row | dict(zip(("latitude", "longitude"), places[row["iata"]], strict=True)) for row in rows
        ]
        load(airports, located, ["DEN"])
        print("in Aspen:", in_city(airports, "CO", "Aspen"))
        print("hubs:", hubs(airports))
        print("north of 60 degrees:", north_of(airports, "60"))
        print("in Colorado once Aspen is closed:", close(airports, "ASE"))
