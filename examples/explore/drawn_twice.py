"""Referees draw players from an index with several key attributes, and one player is drawn twice."""

from __future__ import annotations

from typing import Any

from boto3.dynamodb.conditions import Attr, Key
from botocore.config import Config
from botocore.exceptions import ClientError

from ddbha.exploration import Trial

#: Faults may come one after another: ten attempts, as this mode makes with DynamoDB, outlast them.
PATIENT = Config(retries={"mode": "legacy"})
TYPES = {"id": "S", "tournament": "S", "region": "S", "state": "S", "rating": "N"}
BY_STATE = {
    "IndexName": "by_state",
    "KeySchema": [
        {"AttributeName": "tournament", "KeyType": "HASH"},
        {"AttributeName": "region", "KeyType": "HASH"},
        {"AttributeName": "state", "KeyType": "RANGE"},
        {"AttributeName": "rating", "KeyType": "RANGE"},
    ],
    "Projection": {"ProjectionType": "KEYS_ONLY"},
}


def _draw(players: Any, referee: str, drawn: dict[str, str], condition: Any) -> None:
    """Take the first of those that are free, by their rating."""
    free = players.query(
        IndexName="by_state",
        KeyConditionExpression=Key("tournament").eq("winter")
        & Key("region").eq("north")
        & Key("state").eq("free"),
    )["Items"]
    for player in free:
        more = {} if condition is None else {"ConditionExpression": condition}
        try:
            players.update_item(
                Key={"id": player["id"]},
                UpdateExpression="SET #state = :playing, referee = :me",
                ExpressionAttributeNames={"#state": "state"},
                ExpressionAttributeValues={":playing": "playing", ":me": referee},
                **more,
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            continue
        drawn[referee] = player["id"]
        return


def _two_referees(trial: Trial, checked: bool) -> None:
    players = trial.world.resource("dynamodb", config=PATIENT).create_table(
        TableName="players",
        AttributeDefinitions=[{"AttributeName": n, "AttributeType": t} for n, t in TYPES.items()],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        GlobalSecondaryIndexes=[BY_STATE],
        BillingMode="PAY_PER_REQUEST",
    )
    place = {"tournament": "winter", "region": "north", "state": "free"}
    for rating, name in enumerate(("ann", "bob", "eve")):
        players.put_item(Item={"id": name, "rating": rating, **place})
    drawn: dict[str, str] = {}
    for referee in ("first", "second"):
        # The second part lets an update be repeated whose answer was lost.
        condition = Attr("state").eq("free") | Attr("referee").eq(referee) if checked else None
        trial.client(referee, _draw, players, referee, drawn, condition)
    trial.run()
    names = list(drawn.values())
    assert len(set(names)) == len(names), f"{names[0]} was drawn twice"


def broken(trial: Trial) -> None:
    """Wrong: what the index says may be true no longer when the player is taken."""
    _two_referees(trial, checked=False)


def fixed(trial: Trial) -> None:
    """Right: the table has the last word about who is free."""
    _two_referees(trial, checked=True)


#: boto3 does not try again after a conflict, and neither does this example.
FAULTS = ("stale_reads", "lost_answers", "lost_requests", "errors", "zone_outages")


if __name__ == "__main__":
    from ddbha.exploration import FailingSchedule, explore

    try:
        explore(broken, faults=FAULTS)
    except FailingSchedule as failure:
        print(failure)
    explore(fixed, faults=FAULTS)
    print("fixed: 200 schedules, and none breaks it")
