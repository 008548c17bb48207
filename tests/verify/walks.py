"""Walks of random requests and faults through a world, each made by a seed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from random import Random
from typing import Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

import ddbha

ONCE = Config(retries={"mode": "standard", "total_max_attempts": 1})
HERE = "us-east-1"
ZONES = ["us-east-1a", "us-east-1b", "us-east-1c"]
STEPS = 60
#: Of what answers are lost.
WRITES: list[Any] = ["PutItem", "UpdateItem", "BatchWriteItem", "TransactWriteItems"]


class Walk:
    """A walk of random requests and faults; they find a table `tab` in each of the regions."""

    def __init__(self, seed: int, regions: Sequence[str] = (HERE,), **settings: Any) -> None:
        self.draw = Random(seed)
        self.world = ddbha.World(clock=ddbha.ManualClock(), seed=seed, history=True, **settings)
        self.regions = regions
        self.clients = [self.connected("dynamodb", region) for region in regions]
        self.faults: list[Any] = []
        self.made = 0

    def connected(self, service: str, region: str) -> Any:
        """A client that tries once."""
        connect: Any = self.world.client
        return connect(service, region_name=region, config=ONCE)

    @property
    def client(self) -> Any:
        """A client of any of the regions."""
        return self.draw.choice(self.clients)

    def take(self, steps: Sequence[Callable[[], Any]], most: float) -> ddbha.World:
        """Take steps, with up to so many seconds between them, and end all faults."""
        for _ in range(STEPS):
            with suppress(ClientError, BotoCoreError):
                self.draw.choice(steps)()
            if self.draw.random() < 0.5:
                self.world.clock.advance(seconds=self.draw.random() * self.draw.choice([1, 10, most]))
        self.world.faults.end_all()
        return self.world

    # -- Requests -----------------------------------------------------------------------------------

    def number(self, most: int) -> Any:
        return {"N": str(self.draw.randrange(most))}

    def key(self) -> Any:
        return {"id": {"S": self.draw.choice("ab")}, "seat": self.number(4)}

    def item(self) -> Any:
        """An item that is unlike all others, perhaps in the index, perhaps about to expire."""
        self.made += 1
        until = {"until": {"N": str(int(self.world.clock.time()) + self.draw.randrange(300))}}
        return {
            **self.key(),
            "made": {"N": str(self.made)},
            **(until if self.draw.random() < 0.2 else {}),
            **({"tags": {"SS": ["0", "1"]}, "hits": self.number(3)} if self.draw.random() < 0.3 else {}),
            **({"n": self.number(3)} if self.draw.random() < 0.7 else {}),
        }

    def put(self) -> None:
        self.client.put_item(TableName="tab", Item=self.item(), ReturnValues="ALL_OLD")

    def put_if(self) -> None:
        condition, values = self.draw.choice(
            [
                ("attribute_not_exists(id)", {}),
                ("attribute_exists(n) AND n > :n", {":n": self.number(3)}),
                ("made < :n OR size(tags) > :n", {":n": self.number(9)}),
            ]
        )
        given = {"ExpressionAttributeValues": values} if values else {}
        self.client.put_item(
            TableName="tab",
            Item=self.item(),
            ConditionExpression=condition,
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
            **given,
        )

    def count(self) -> None:
        """A counter that stops at three."""
        self.client.update_item(
            TableName="tab",
            Key=self.key(),
            UpdateExpression="ADD hits :one",
            ConditionExpression="attribute_not_exists(hits) OR hits < :many",
            ExpressionAttributeValues={":one": {"N": "1"}, ":many": {"N": "3"}},
            ReturnValues="UPDATED_NEW",
        )

    def update(self) -> None:
        """Lists, sets, sums, and what is taken away again."""
        self.made += 1
        one = self.number(9)
        text, values = self.draw.choice(
            [
                ("ADD tags :t", {":t": {"SS": [str(self.made % 3)]}}),
                ("DELETE tags :t", {":t": {"SS": ["0", "1"]}}),
                ("SET n = if_not_exists(n, :n) + :n", {":n": {"N": "1"}}),
                (
                    "SET listed = list_append(if_not_exists(listed, :l), :l)",
                    {":l": {"L": [one]}},
                ),
                ("SET listed[3] = :n REMOVE listed[0]", {":n": {"N": str(self.made)}}),
                ("REMOVE n", {}),
            ]
        )
        given = {"ExpressionAttributeValues": values} if values else {}
        self.client.update_item(
            TableName="tab", Key=self.key(), UpdateExpression=text, ReturnValues="ALL_NEW", **given
        )

    def delete(self) -> None:
        self.client.delete_item(TableName="tab", Key=self.key(), ReturnValues="ALL_OLD")

    def batch(self) -> None:
        entries = {str(item["seat"]): item for item in (self.item() for _ in range(3))}
        requests: list[Any] = [
            {"PutRequest": {"Item": {**i, "id": {"S": "a"}}}} for i in entries.values()
        ]
        requests.append({"DeleteRequest": {"Key": {"id": {"S": "b"}, "seat": self.number(4)}}})
        self.client.batch_write_item(RequestItems={"tab": requests})

    def transact(self) -> None:
        """All or nothing, at times asked for again with its token."""
        first, second, third = self.draw.sample(range(4), 3)
        here = {"TableName": "tab"}
        one: Any = {":one": {"N": "1"}}
        self.made += 1
        items: Any = [
            {"Put": {**here, "Item": {**_at(first), "made": {"N": str(self.made)}}}},
            {
                "Update": {
                    **here,
                    "Key": _at(second),
                    "UpdateExpression": "ADD hits :one",
                    "ExpressionAttributeValues": one,
                }
            },
            {
                "Delete": {
                    **here,
                    "Key": _at(third),
                    "ConditionExpression": "attribute_not_exists(hits) OR hits > :one",
                    "ExpressionAttributeValues": one,
                }
            },
        ]
        client = self.client
        for _ in range(self.draw.choice([1, 1, 2])):
            client.transact_write_items(TransactItems=items, ClientRequestToken=f"token-{self.made}")

    def state(self) -> None:
        """PartiQL."""
        key = self.key()
        where = f"WHERE id = '{key['id']['S']}' AND seat = {key['seat']['N']}"
        self.made += 1
        text = self.draw.choice(
            [
                f"INSERT INTO tab VALUE {{'id': 'a', 'seat': {key['seat']['N']}, 'made': {self.made}}}",
                f"UPDATE tab SET made = {self.made} {where} AND made > 3",
                f"DELETE FROM tab {where} RETURNING ALL OLD *",
                f"SELECT * FROM tab {where}",
                f"SELECT * FROM tab WHERE id = 'a' AND made > {self.made // 2} ORDER BY seat DESC",
                'SELECT * FROM tab."by-n" WHERE n = 1',
            ]
        )
        asked: Any = {"Statement": text, **({"Limit": 2} if self.made % 3 == 0 else {})}
        client = self.client
        for _ in range(5):
            token = client.execute_statement(**asked).get("NextToken")
            if token is None:
                break
            asked["NextToken"] = token

    def get(self) -> None:
        self.client.get_item(TableName="tab", Key=self.key(), ConsistentRead=self.draw.random() < 0.5)

    def get_together(self) -> None:
        gets = [{"Get": {"TableName": "tab", "Key": _at(n)}} for n in range(4)]
        self.client.transact_get_items(TransactItems=gets)

    def page(self) -> None:
        """A query or a scan, of a table or an index, whole or in small pages."""
        asked: Any = {"TableName": "tab"}
        values: Any = {":n": self.number(4)}
        kind = self.draw.randrange(4)
        if kind == 0:
            asked.update(IndexName="by-n", KeyConditionExpression="n = :n")
        elif kind == 1:
            asked.update(KeyConditionExpression="id = :i AND seat >= :n")
            values[":i"] = {"S": "a"}
        else:
            asked.update(FilterExpression="n <= :n OR attribute_exists(hits)")
        asked.update(ExpressionAttributeValues=values)
        if kind and self.draw.random() < 0.5:
            asked.update(ConsistentRead=True)
        if kind < 2 and self.draw.random() < 0.5:
            asked.update(ScanIndexForward=False)
        if self.draw.random() < 0.5:
            asked.update(Limit=2)
        # Nothing more is drawn for it, so that walks of a seed stay what they were.
        if self.made % 4 == 1:
            asked.update(Select="COUNT")
        elif self.made % 4 == 2:
            asked.update(ProjectionExpression="n")
        if kind > 1 and self.made % 3 == 1:
            asked.update(IndexName="by-n", ConsistentRead=False)
        client = self.client
        read = client.query if kind < 2 else client.scan
        for _ in range(5):
            last = read(**asked).get("LastEvaluatedKey")
            if last is None:
                break
            asked["ExclusiveStartKey"] = last

    def read_stream(self) -> None:
        """Read one shard from its beginning, in small pages."""
        region = self.draw.choice(self.regions)
        streams = self.connected("dynamodbstreams", region)
        found = streams.list_streams(TableName="tab")["Streams"]
        if not found:
            return
        arn = found[0]["StreamArn"]
        shard = self.draw.choice(streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"])
        iterator = streams.get_shard_iterator(
            StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        while iterator is not None:
            answer = streams.get_records(ShardIterator=iterator, Limit=self.draw.randrange(1, 9))
            iterator = answer.get("NextShardIterator") if answer["Records"] else None

    # -- Faults and changes -------------------------------------------------------------------------

    def fail(self, *kinds: Callable[[], Any]) -> None:
        """Begin a fault of one of these kinds, or end one."""
        if self.faults and self.draw.random() < 0.7:
            self.faults.pop(self.draw.randrange(len(self.faults))).end()
        else:
            self.faults.append(self.draw.choice(kinds)())

    def zones_fail(self) -> None:
        faults = self.world.faults
        self.fail(
            lambda: faults.zone_outage(self.draw.choice(ZONES)),
            lambda: faults.zone_cut(*self.draw.sample(ZONES, 2)),
            lambda: faults.follower_lag(self.draw.choice(ZONES), seconds=3),
            lambda: faults.index_lag("tab", "by-n", seconds=5),
            lambda: faults.timeout(operation=self.draw.choice(WRITES), after_commit=True, times=1),
        )

    def regions_fail(self) -> None:
        faults, (one, other) = self.world.faults, self.draw.sample(list(self.regions), 2)
        late = self.draw.choice([(3.0, 3.0), (0.0, 20.0)])
        self.fail(
            lambda: faults.network_cut(one, other),
            lambda: faults.region_outage(one),
            lambda: faults.replication_lag(one, other, seconds=late),
        )

    def split(self) -> None:
        partitions = self.world.table("tab", region=self.draw.choice(self.regions)).partitions
        if len(partitions) < 8:
            with suppress(ddbha.errors.AwsError, ddbha.errors.UsageError):
                self.draw.choice(partitions).split()

    def back_up(self) -> None:
        self.clients[0].create_backup(TableName="tab", BackupName="by-hand")

    def restore(self) -> None:
        client, self.made = self.clients[0], self.made + 1
        name = f"restored-{self.made}"
        backups = client.list_backups(BackupType="ALL")["BackupSummaries"]
        if backups and self.draw.random() < 0.5:
            arn = self.draw.choice(backups)["BackupArn"]
            client.restore_table_from_backup(TargetTableName=name, BackupArn=arn)
        else:
            client.restore_table_to_point_in_time(
                SourceTableName="tab",
                TargetTableName=name,
                RestoreDateTime=int(self.world.clock.time()) - self.draw.randrange(20),
            )

    def drop(self) -> None:
        """Delete what was restored last, which leaves a backup of the system."""
        client = self.clients[0]
        names = [name for name in client.list_tables()["TableNames"] if name != "tab"]
        if names:
            on: Any = {"PointInTimeRecoveryEnabled": True}
            client.update_continuous_backups(TableName=names[-1], PointInTimeRecoverySpecification=on)
            client.put_item(TableName=names[-1], Item=self.item())
            client.delete_table(TableName=names[-1])

    @property
    def requests(self) -> list[Callable[[], Any]]:
        """What clients do, as often as they do it."""
        often = [self.put, self.get, self.page, self.update]
        seldom = [self.put_if, self.count, self.delete, self.batch, self.state]
        return [*often * 3, *seldom * 2]

    @property
    def recovery(self) -> list[Callable[[], Any]]:
        """What happens to tables, and what is made of them."""
        return [self.split, self.back_up, self.restore, self.drop, self.read_stream]


def _at(place: int) -> Any:
    return {"id": {"S": "a"}, "seat": {"N": str(place)}}
