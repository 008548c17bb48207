"""A table that several accounts share: each has a replica in a region of its own, and all write."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from attrs import frozen

TABLE = "MusicTable"


@frozen
class Place:
    """An account and the region of its replica."""

    account: str
    region: str

    @property
    def arn(self) -> str:
        """The ARN of the replica."""
        return f"arn:aws:dynamodb:{self.region}:{self.account}:table/{TABLE}"


def policy(own: Place, everybody: Iterable[Place]) -> str:
    """Let DynamoDB replicate between all places, and let the accounts of the others join."""
    places = list(everybody)
    replicate = {
        "Effect": "Allow",
        "Principal": {"Service": "replication.dynamodb.amazonaws.com"},
        "Action": [
            "dynamodb:ReadDataForReplication",
            "dynamodb:WriteDataForReplication",
            "dynamodb:ReplicateSettings",
        ],
        "Resource": own.arn,
        "Condition": {
            "StringEquals": {
                "aws:SourceAccount": [place.account for place in places],
                "aws:SourceArn": [place.arn for place in places],
            }
        },
    }
    join = {
        "Effect": "Allow",
        "Principal": {"AWS": [place.account for place in places if place != own]},
        "Action": "dynamodb:AssociateTableReplica",
        "Resource": own.arn,
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [replicate, join]})


def create(client: Any, own: Place, everybody: Iterable[Place]) -> None:
    """The first replica."""
    client.create_table(
        TableName=TABLE,
        AttributeDefinitions=[
            {"AttributeName": "Artist", "AttributeType": "S"},
            {"AttributeName": "SongTitle", "AttributeType": "S"},
        ],
        KeySchema=[
            {"AttributeName": "Artist", "KeyType": "HASH"},
            {"AttributeName": "SongTitle", "KeyType": "RANGE"},
        ],
        BillingMode="PAY_PER_REQUEST",
        GlobalTableSettingsReplicationMode="ENABLED",
        ResourcePolicy=policy(own, everybody),
    )
    client.get_waiter("table_exists").wait(TableName=TABLE)


def join(client: Any, own: Place, source: Place, everybody: Iterable[Place]) -> None:
    """A replica in another account, with keys and settings of the source, and with its items."""
    client.create_table(
        TableName=TABLE,
        GlobalTableSourceArn=source.arn,
        GlobalTableSettingsReplicationMode="ENABLED",
        ResourcePolicy=policy(own, everybody),
    )
    client.get_waiter("table_exists").wait(TableName=TABLE)


def keep_apart(client: Any, own: Place) -> None:
    """Stop replication to and from a replica, because another account is not trusted any more."""
    client.delete_resource_policy(ResourceArn=own.arn)


def replicas(client: Any) -> dict[str, str]:
    """What a replica knows of the others: their status by ARN."""
    found = client.describe_table(TableName=TABLE)["Table"].get("Replicas", [])
    return {replica["ReplicaArn"]: replica["ReplicaStatus"] for replica in found}


if __name__ == "__main__":
    import boto3

    import ddbha

    home, away = Place("111122223333", "us-east-2"), Place("444455556666", "us-east-1")
    with ddbha.mock():
        here, there = (
            boto3.client(
                "dynamodb",
                region_name=place.region,
                aws_access_key_id=place.account,
                aws_secret_access_key="secret",
            )
            for place in (home, away)
        )
        create(here, home, [home, away])
        join(there, away, home, [home, away])
        there.put_item(TableName=TABLE, Item={"Artist": {"S": "a band"}, "SongTitle": {"S": "a song"}})
        print(f"account {home.account} has {here.scan(TableName=TABLE)['Count']} song")
        print("its replicas:", replicas(here))
        keep_apart(there, away)
        print("once the other account lets it in no more:", replicas(here))
