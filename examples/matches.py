"""A tournament with boto3: matches are found by tournament and region, in the order of round and court.

The index has two partition keys and three sort keys, of their own types.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import boto3
from boto3.dynamodb.conditions import ConditionBase, Key

TABLE = "matches"
BY_ROUND = "by_round"
BY_PLAYER = "by_player"


def create_table() -> Any:
    """The table, with an index over tournaments, and one over players and years."""
    text = ["id", "tournament", "region", "bracket", "player"]
    numbers = ["year", "round", "court"]
    return boto3.resource("dynamodb", region_name="us-east-1").create_table(
        TableName=TABLE,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[
            *({"AttributeName": name, "AttributeType": "S"} for name in text),
            *({"AttributeName": name, "AttributeType": "N"} for name in numbers),
        ],
        GlobalSecondaryIndexes=[
            index(BY_ROUND, ["tournament", "region"], ["round", "bracket", "court"]),
            index(BY_PLAYER, ["player", "year"], ["tournament", "round"]),
        ],
        BillingMode="PAY_PER_REQUEST",
    )


def index(name: str, partition_keys: Iterable[str], sort_keys: Iterable[str]) -> Any:
    """An index with several keys of each kind."""
    keys = [*((one, "HASH") for one in partition_keys), *((one, "RANGE") for one in sort_keys)]
    return {
        "IndexName": name,
        "KeySchema": [{"AttributeName": one, "KeyType": kind} for one, kind in keys],
        "Projection": {"ProjectionType": "ALL"},
    }


def schedule(table: Any, matches: Iterable[dict[str, Any]]) -> None:
    """Write matches; one without a court yet is not in the index by round."""
    with table.batch_writer() as batch:
        for match in matches:
            batch.put_item(Item=match)


def of_round(
    table: Any, tournament: str, region: str, number: int, bracket: str | None = None, court: int = 0
) -> list[str]:
    """Ids of the matches of a round, perhaps of one bracket from a court on."""
    condition: ConditionBase = Key("round").eq(number)
    if bracket is not None:
        condition = condition & Key("bracket").eq(bracket) & Key("court").gte(court)
    return ids(table, BY_ROUND, Key("tournament").eq(tournament) & Key("region").eq(region) & condition)


def of_player(table: Any, player: str, year: int) -> list[str]:
    """Ids of a player's matches of a year, the last ones first."""
    return ids(table, BY_PLAYER, Key("player").eq(player) & Key("year").eq(year), ScanIndexForward=False)


def ids(table: Any, name: str, condition: ConditionBase, **options: Any) -> list[str]:
    """All that a query finds, page by page."""
    found: list[str] = []
    while True:
        page = table.query(IndexName=name, KeyConditionExpression=condition, Limit=7, **options)
        found += [item["id"] for item in page["Items"]]
        if "LastEvaluatedKey" not in page:
            return found
        options["ExclusiveStartKey"] = page["LastEvaluatedKey"]


def give_court(table: Any, match: str, court: int) -> None:
    """From now on the match is in the index by round."""
    table.update_item(
        Key={"id": match}, UpdateExpression="SET court = :c", ExpressionAttributeValues={":c": court}
    )


if __name__ == "__main__":
    import ddbha

    with ddbha.mock():
        matches = create_table()
        schedule(
            matches,
            [
                {
                    **{"id": f"{bracket} {court}", "tournament": "winter", "region": "east", "round": 1},
                    **{"bracket": bracket, "court": court, "player": player, "year": 2026},
                }
                for bracket, court, player in (
                    ("upper", 2, "ann"),
                    ("lower", 1, "bob"),
                    ("upper", 10, "ann"),
                )
            ],
        )
        print("round 1:", of_round(matches, "winter", "east", 1))
        print("its upper bracket from court 5 on:", of_round(matches, "winter", "east", 1, "upper", 5))
        print("of ann:", of_player(matches, "ann", 2026))
